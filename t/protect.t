# Protected places: who is let in, what the others are told, that not a byte of what is protected
# gets out in any other way, and what applications and caches see of those who are let in. Spellings of
# a path are those of t/paths.t.
use strict;
use warnings;
use Test::More;
use JWTTest;
use JWTTest::Connection;
use JWTTest::Recorder;
use MIME::Base64 qw(encode_base64 encode_base64url);

my $other_key = slurp(var('t_dir') . '/keys/other.key') =~ s/\n\z//r;
my $backend = JWTTest::Recorder->start(port(9), scratch('backend'));
my $MARK = qr/SECRET_MARK/;

sqlite("INSERT INTO auth_jwt_user VALUES(8301, 'protect-user', '!', 1), (8302, 'protect-off', '!', 0),"
    . " (8303, 'Zo\xc3\xab', '!', 1), (8304, 'two words', '!', 1)");
secret('basic pass phrase');
spew(var('t_dir') . '/conf/protect.users', 'alice:' . password_hash('$6$', 'basic pass phrase') . "\n");
my $basic = 'Basic ' . encode_base64('alice:basic pass phrase', '');

# ---- helpers ------------------------------------------------------------------------------

sub ask
{
    my ($method, $path, %option) = @_;
    my $host = delete $option{host};
    return request($method, $path, port => port($option{on} || 1), %option,
        headers => [ @{ $option{headers} || [] }, $host ? (Host => "$host.test") : () ]);
}

sub raw
{
    my ($head, $fields, $body) = @_;
    $body //= '';
    my $length = length $body ? sprintf "Content-Length: %d\r\n", length $body : '';
    return raw_request("$head\r\nHost: 127.0.0.1\r\nConnection: close\r\n$fields$length\r\n$body", port => port(1));
}

my %user_id = (alice => 1, bob => 2, carol => 3, dave => 4);
sub token_of { return token({ user_id => "$user_id{$_[0]}" }) }

my $alice = token_of('alice');
my $carol = token_of('carol');

sub fields { my ($response, $name) = @_; return join ' / ', $response->header($name) }

# NAME=value lines of a script's answer.
sub variables
{
    my ($response) = @_;
    return { map { /^(\w+)=(.*)$/ ? ($1 => $2) : () } split /\n/, $response->content };
}

my $NOT_PROVIDED = '{"detail":"Authentication credentials were not provided."}';
my $BAD_HEADER = '{"detail":"Authorization header must contain two space-delimited values",'
    . '"code":"bad_authorization_header"}';
my $FORBIDDEN = '{"detail":"You do not have permission to perform this action."}';
my $NO_USER_ID = '{"detail":"Token contained no recognizable user identification","code":"token_not_valid"}';
my $NOT_FOUND = '{"detail":"User not found","code":"user_not_found"}';
my $INACTIVE = '{"detail":"User is inactive","code":"user_inactive"}';

sub bad_token
{
    my ($message) = @_;
    return '{"detail":"Given token not valid for any token type","code":"token_not_valid","messages":'
        . qq([{"token_class":"AccessToken","token_type":"access","message":"$message"}]});
}

my $REFUSED = 'Bearer realm="api"';
my $REFUSED_TOKEN = 'Bearer realm="api", error="invalid_token"';
my $REFUSED_HEADER = 'Bearer realm="api", error="invalid_request"';

sub is_refused
{
    my ($response, $body, $challenge, $why) = @_;
    is $response->code, $body eq $BAD_HEADER ? 400 : 401, $why;
    is $response->content, $body, "$why: what is told";
    is fields($response, 'WWW-Authenticate'), $challenge, "$why: the challenge";
    is fields($response, 'Content-Type'), 'application/json', "$why: in JSON";
    is fields($response, 'Cache-Control'), 'no-store', "$why: for nobody's cache";
}

# ---- who may ------------------------------------------------------------------------------

for (
    #                                              alice carol nobody
    [ 'valid-user',                     '/may/valid', 200, 200, 401 ],
    [ 'user',                            '/may/user', 200, 403, 401 ],
    [ 'two users',                      '/may/users', 200, 200, 401 ],
    [ 'group',                          '/may/group', 200, 403, 401 ],
    [ 'an expression',                   '/may/expr', 200, 403, 401 ],
    [ 'an expression that nobody fulfils, too', '/may/expr-not', 200, 200, 200 ],
    [ 'not',                              '/may/not', 200, 403, 401 ],
    [ 'all of two',                       '/may/all', 200, 200, 401 ],
    [ 'all, but from elsewhere',   '/may/all-elsewhere', 403, 403, 403 ],
    [ 'a user, or from elsewhere',        '/may/any', 200, 403, 401 ],
    [ 'a user, or from here',        '/may/any-here', 200, 200, 200 ],
    [ 'everybody',                    '/may/granted', 200, 200, 200 ],
    [ 'nobody',                        '/may/denied', 403, 403, 403 ],
) {
    my ($why, $path, @code) = @$_;
    my @answer = map { ask(GET => "$path/", defined $_ ? (token => $_) : ()) } $alice, $carol, undef;
    for my $i (0 .. 2) {
        is $answer[$i]->code, $code[$i], "$why: " . (qw(alice carol nobody))[$i];
        is $answer[$i]->content, "A PAGE\n", "$why: with the page" if $code[$i] == 200;
        is fields($answer[$i], 'WWW-Authenticate'), '', "$why: no challenge" if $code[$i] != 401;
    }
    # Where the address alone refuses, it does so before anybody is asked for a token.
    next unless $code[1] == 403 && $code[2] == 401;
    is $answer[1]->content, $FORBIDDEN, "$why: what is told";
    is fields($answer[1], 'Content-Type'), 'application/json', "$why: in JSON";
    like fields($answer[1], 'Cache-Control'), qr/\bno-store\b/, "$why: for nobody's cache";
}
is ask(GET => '/may/403-page/', token => $carol)->content, 'Not you', 'an ErrorDocument 403 wins';
is ask(GET => '/may/403-page/', token => $carol)->code, 403, 'and stays a 403';

# ---- the shape of a header ----------------------------------------------------------------

for (
    [ 'none', undef, $NOT_PROVIDED, $REFUSED ],
    [ 'an empty one', '', $NOT_PROVIDED, $REFUSED ],
    [ 'blanks', " \t", $NOT_PROVIDED, $REFUSED ],
    [ 'as it should be', "Bearer $alice" ],
    [ 'a scheme has no case', "bearer $alice" ],
    [ 'in capitals', "BEARER $alice" ],
    [ 'blanks and tabs', "  Bearer \t  $alice  " ],
    [ 'another scheme', $basic, $NOT_PROVIDED, $REFUSED ],
    [ 'an unknown scheme', "Token $alice", $NOT_PROVIDED, $REFUSED ],
    [ 'no blank', "Bearer$alice", $NOT_PROVIDED, $REFUSED ],
    [ 'the token alone', $alice, $NOT_PROVIDED, $REFUSED ],
    [ 'the scheme alone', 'Bearer', $BAD_HEADER, $REFUSED_HEADER ],
    [ 'the scheme and blanks', 'Bearer  ', $BAD_HEADER, $REFUSED_HEADER ],
    [ 'more words', "Bearer $alice x", $BAD_HEADER, $REFUSED_HEADER ],
    [ 'the token twice', "Bearer $alice $alice", $BAD_HEADER, $REFUSED_HEADER ],
    [ 'two values', "Bearer $alice, Bearer $carol", $BAD_HEADER, $REFUSED_HEADER ],
    [ 'a list', "Bearer $alice,$carol", bad_token('Token is invalid'), $REFUSED_TOKEN ],
    [ 'a comma', "Bearer $alice,", bad_token('Token is invalid'), $REFUSED_TOKEN ],
    [ 'quotes', "Bearer \"$alice\"", bad_token('Token is invalid'), $REFUSED_TOKEN ],
    [ 'a very long token', 'Bearer ' . 'x' x 7000, bad_token('Token is invalid'), $REFUSED_TOKEN ],
) {
    my ($why, $header, $body, $challenge) = @$_;
    my $response = raw('GET /may/valid/ HTTP/1.1', defined $header ? "Authorization: $header\r\n" : '');
    if ($body) {
        is_refused($response, $body, $challenge, "header: $why");
    }
    else {
        is $response->code, 200, "header: $why";
    }
}
is_refused(raw('GET /may/valid/ HTTP/1.1', "Authorization: Bearer $alice\r\nAuthorization: Bearer $alice\r\n"),
    $BAD_HEADER, $REFUSED_HEADER, 'two headers, though of one user');
{
    my $token = token();
    secret_in_url($token);
    is_refused(raw("GET /may/valid/?access_token=$token HTTP/1.1", "Cookie: __Host-jwt=$token; jwt=$token\r\n"
        . "X-Authorization: Bearer $token\r\nProxy-Authorization: Bearer $token\r\n"),
        $NOT_PROVIDED, $REFUSED, 'a token in every other place');
}

for (
    [ 'an own scheme', "JWT $alice", 200 ],
    [ 'the second one', "token $alice", 200 ],
    [ 'not the usual one', "Bearer $alice", 401 ],
    [ 'an own scheme, alone', 'jwt', 400, 'JWT realm="api", error="invalid_request"' ],
) {
    my ($why, $header, $code, $challenge) = @$_;
    my $response = ask(GET => '/set/schemes/', headers => [ Authorization => $header ]);
    is $response->code, $code, $why;
    is fields($response, 'WWW-Authenticate'), $challenge || 'JWT realm="api"', "$why: challenge" if $code != 200;
}

# ---- what a token must be -----------------------------------------------------------------

my ($header_part, $payload_part, $signature) = split /\./, $alice;
my $INVALID = bad_token('Token is invalid');
my %issuer = (iss => 'https://issuer.example');
my @tokens = (
    # why, token, AUTH_JWT_ERROR (none: it is good), body, path
    [ 'a good one', token() ],
    [ 'an id that is a number', token({ user_id => 1 }) ],
    [ 'more claims', token({ iss => 'somebody', sub => 'x', roles => ['admin'], nested => { a => [1] } }) ],
    [ 'typ at+jwt', token({}, header => { typ => 'at+jwt' }) ],
    [ 'typ in lower case', token({}, header => { typ => 'jwt' }) ],
    [ 'no iat', token({ iat => undef }) ],

    [ 'another typ', token({}, header => { typ => 'logout+jwt' }), 'malformed', $INVALID ],
    [ 'a refresh token', token({ token_type => 'refresh' }), 'wrong_type', bad_token('Token has wrong type') ],
    [ 'a sliding token', token({ token_type => 'sliding' }), 'wrong_type', bad_token('Token has wrong type') ],
    [ 'no type', token({ token_type => undef }), 'wrong_type', bad_token('Token has no type') ],
    [ 'no exp', token({ exp => undef }), 'malformed', bad_token(q(Token has no 'exp' claim)) ],
    [ 'no jti', token({ jti => undef }), 'malformed', bad_token('Token has no id') ],
    [ 'expired', token({ exp => time - 1 }), 'expired', bad_token('Token is expired') ],
    [ 'expires now', token({ exp => time }), 'expired', bad_token('Token is expired') ],
    [ 'expired long ago', token({ exp => 1 }), 'expired', bad_token('Token is expired') ],
    [ 'not yet valid', token({ nbf => time + 60 }), 'not_yet_valid', $INVALID ],
    [ 'of the future', token({ iat => time + 60 }), 'not_yet_valid', $INVALID ],
    [ 'valid in a moment', token({ nbf => time + 8, iat => time + 8 }) ],
    [ 'an audience where none is configured', token({ aud => 'first' }), 'wrong_audience', $INVALID ],
    [ 'an empty list of audiences', token({ aud => [] }), 'wrong_audience', $INVALID ],
    [ 'another key', token({}, key => $other_key), 'bad_signature', $INVALID ],
    [ 'another key, another fault', token({ exp => 1, user_id => '99' }, key => $other_key),
        'bad_signature', $INVALID ],
    [ 'another algorithm', token({}, alg => 'HS384'), 'bad_signature', $INVALID ],
    [ 'no algorithm', token({}, alg => 'none', key => undef), 'malformed|bad_signature', $INVALID ],
    [ 'an unknown kid', token({}, header => { kid => 'x' }), 'unknown_key', $INVALID ],
    [ 'another payload', join('.', $header_part, encode_base64url('{"user_id":"2"}'), $signature),
        'bad_signature', $INVALID ],
    [ 'one part', 'garbage', 'malformed', $INVALID ],
    [ 'two parts', "$header_part.$payload_part", 'malformed', $INVALID ],
    [ 'an empty signature', "$header_part.$payload_part.", 'malformed', $INVALID ],
    [ 'five parts', "$alice.x.y", 'malformed', $INVALID ],
    [ 'padding', "$alice=", 'malformed', $INVALID ],
    [ 'a payload that is no JSON', token({}, payload => 'x'), 'malformed', $INVALID ],
    [ 'a claim twice', token({}, payload => sprintf
        '{"token_type":"access","exp":%d,"jti":"x","user_id":"2","user_id":"1"}', time + 60), 'malformed', $INVALID ],
    [ 'exp as text', token({ exp => time + 60 . '' . ' ' }), 'malformed', $INVALID ],
    [ 'no user', token({ user_id => undef }), 'malformed', $NO_USER_ID ],
    [ 'a list of users', token({ user_id => [1] }), 'malformed', $NO_USER_ID ],
    [ 'an empty user', token({ user_id => '' }), 'malformed', $NO_USER_ID ],
    [ 'an unknown user', token({ user_id => '99' }), 'user_not_found', $NOT_FOUND ],
    [ 'the name in place of the id', token({ user_id => 'alice' }), 'user_not_found', $NOT_FOUND ],
    [ 'another spelling of the id', token({ user_id => '01' }), 'user_not_found', $NOT_FOUND ],
    [ 'an id with a blank', token({ user_id => '1 ' }), 'user_not_found', $NOT_FOUND ],
    [ 'an inactive user', token({ user_id => '8302' }), 'user_inactive', $INACTIVE ],

    [ 'the issuer', token({%issuer}), '', '', 'issuer' ],
    [ 'no issuer', token(), 'wrong_issuer', $INVALID, 'issuer' ],
    [ 'another issuer', token({ iss => 'https://issuer.example/' }), 'wrong_issuer', $INVALID, 'issuer' ],
    [ 'a list of issuers', token({ iss => [ values %issuer ] }), 'malformed', $INVALID, 'issuer' ],
    [ 'the first audience', token({ aud => 'first' }), '', '', 'audience' ],
    [ 'the second audience', token({ aud => 'second' }), '', '', 'audience' ],
    [ 'a list with one of them', token({ aud => [ 'x', 'second' ] }), '', '', 'audience' ],
    [ 'no audience', token(), 'wrong_audience', $INVALID, 'audience' ],
    [ 'another audience', token({ aud => 'third' }), 'wrong_audience', $INVALID, 'audience' ],
    [ 'a list without them', token({ aud => [ 'x', 'First' ] }), 'wrong_audience', $INVALID, 'audience' ],
    [ 'both in one word', token({ aud => 'first second' }), 'wrong_audience', $INVALID, 'audience' ],
    [ 'an audience that is a number', token({ aud => 1 }), 'malformed', $INVALID, 'audience' ],
    [ 'expired within the leeway', token({ exp => time - 40 }), '', '', 'leeway' ],
    [ 'expired before it', token({ exp => time - 61 }), 'expired', bad_token('Token is expired'), 'leeway' ],
    [ 'valid within the leeway', token({ nbf => time + 40, iat => time + 40 }), '', '', 'leeway' ],
    [ 'valid after it', token({ nbf => time + 90 }), 'not_yet_valid', $INVALID, 'leeway' ],
    [ 'issued after it', token({ iat => time + 90 }), 'not_yet_valid', $INVALID, 'leeway' ],
    [ 'valid in a moment, without leeway', token({ nbf => time + 8 }), 'not_yet_valid', $INVALID, 'no-leeway' ],
    [ 'issued in a moment, without leeway', token({ iat => time + 8 }), 'not_yet_valid', $INVALID, 'no-leeway' ],
    [ 'the id in another claim', token({ user_id => undef, sub => '1' }), '', '', 'subject' ],
    [ 'the id in the usual claim', token(), 'malformed', $NO_USER_ID, 'subject' ],
);
{
    my $mark = log_mark();
    for my $i (0 .. $#tokens) {
        my ($why, $token, $error, $body, $path) = @{ $tokens[$i] };
        my $response = ask(GET => '/set/' . ($path || 'plain') . "/?row=$i.", token => $token);
        if ($error) {
            is_refused($response, $body, $REFUSED_TOKEN, $why);
        }
        else {
            is $response->code, 200, $why;
        }
    }
    my $log = access_log_since($mark, qr/row=$#tokens\./);
    for my $i (0 .. $#tokens) {
        my ($why, undef, $error) = @{ $tokens[$i] };
        $error ||= '-';
        like $log, qr/\?row=$i\. .* error=(?:$error)$/m, "$why: AUTH_JWT_ERROR in the log";
        like $log, qr/\?row=$i\. .* id=@{[ $error eq '-' ? 1 : '-' ]} /, "$why: AUTH_JWT_USER_ID in the log";
    }
    like $log, qr/^\S+ alice "GET \S+row=0\. /m, 'the log has the name of the user';
    like $log, qr/^\S+ - "GET \S+row=6\. /m, 'and none where none was let in';
}
is_refused(ask(GET => '/realm/named/'), $NOT_PROVIDED, 'Bearer realm="Members only"', 'the realm is AuthName');
is_refused(ask(GET => '/realm/quoted/', token => 'x'), $INVALID,
    'Bearer realm="The \"inner\" circle", error="invalid_token"', 'a realm with quotes');

# ---- users come and go --------------------------------------------------------------------

{
    my $token = token({ user_id => '8301' });
    my $checked = sub { ask(GET => '/may/valid/', token => $token) };
    my $unchecked = sub { ask(GET => '/set/unchecked/', token => $token)->code };
    is $checked->()->code, 200, 'a user';
    is $unchecked->(), 200, 'unchecked, too';
    sqlite('UPDATE auth_jwt_user SET is_active = 0 WHERE id = 8301');
    is_refused($checked->(), $INACTIVE, $REFUSED_TOKEN, 'deactivated: the next request is refused');
    is $unchecked->(), 200, 'but not where nobody looks';
    sqlite('UPDATE auth_jwt_user SET is_active = 1 WHERE id = 8301');
    is $checked->()->code, 200, 'activated again: let in again';
    sqlite('DELETE FROM auth_jwt_user WHERE id = 8301');
    is_refused($checked->(), $NOT_FOUND, $REFUSED_TOKEN, 'deleted: the next request is refused');
    is $unchecked->(), 200, 'but not where nobody looks';
}

# What was found out belongs to a request, not to its connection.
{
    sqlite("INSERT INTO auth_jwt_user VALUES(8301, 'protect-user', '!', 1)");
    my $connection = JWTTest::Connection->new(port(1));
    my $user = token({ user_id => '8301' });
    my @turns = (
        [ '/may/user/', $alice, 200 ], [ '/may/user/', $carol, 403 ], [ '/may/user/', undef, 401 ],
        [ '/may/user/', $alice, 200 ], [ '/secret/page.html', undef, 401 ], [ '/secret/page.html', $alice, 200 ],
        [ '/may/valid/', $user, 200 ],
        [ '/may/valid/', $user, 401, 'UPDATE auth_jwt_user SET is_active = 0 WHERE id = 8301' ],
        [ '/page.html', undef, 200 ], [ '/page.html', $alice, 200 ], [ '/may/valid/', 'x', 401 ],
    );
    for my $i (0 .. $#turns) {
        my ($path, $token, $code, $sql) = @{ $turns[$i] };
        sqlite($sql) if $sql;
        my $response = $connection->ask(GET => $path,
            headers => [ defined $token ? (Authorization => "Bearer $token") : () ]);
        is $response->code, $code, "two users in turn on one connection, request $i";
    }
    is $connection->opened, 1, 'it was one connection';
}
{
    my @requests = map { "GET $_->[0] HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer $_->[1]\r\n" }
        [ '/cgi/a', $alice ], [ '/cgi/b', $carol ], [ '/cgi/c', 'x' ], [ '/page.html', $carol ];
    my $raw = raw_request(join("\r\n", @requests) . "Connection: close\r\n\r\n", port => port(1))->{raw};
    is_deeply [ $raw =~ m{HTTP/1\.1 (\d+) }g ], [ 200, 200, 401, 200 ], 'requests sent at once are answered in order';
    is_deeply [ $raw =~ /^REMOTE_USER=(.*)$/mg ], [qw(alice carol)], 'each for its own user';
}

# ---- not a byte ---------------------------------------------------------------------------

my @ways = (
    # why, path, code without a token, what leads there with one
    [ 'the file itself', '/secret/page.html', 401 ],
    [ 'its directory', '/secret/', 401 ],
    [ 'its directory, without a slash', '/secret', 401, 301 ],
    [ 'a listing', '/secret/bare/', 401, 200, qr/file\.txt/ ],
    [ 'a tree closed by Location', '/area/page.html', 401 ],
    [ 'a tree closed by .htaccess', '/ht/page.html', 401 ],
    [ 'MultiViews', '/secret/page', 401 ],
    [ 'an Alias', '/alias/page.html', 401 ],
    [ 'a rewrite of the server', '/passed-through', 401 ],
    [ 'a rewrite of an open .htaccess', '/open/rewritten', 401 ],
    [ 'DirectoryIndex', '/index-into/', 401 ],
    [ 'FallbackResource', '/fallback-into/x', 401 ],
    [ 'ErrorDocument 404', '/missing/x', '40[14]', 404 ],
    [ 'ErrorDocument 401', '/errdoc/closed/', 401, 200, qr/A PAGE/ ],
    [ 'Location of a script', '/redirects/x', 401 ],
    [ 'Action', '/open/acted', 401 ],
    [ 'an include', '/open/include.shtml', 200 ],
    [ 'an include of an include', '/open/nested.shtml', 200 ],
    [ 'a proxy', '/backend/page', 401, 200, qr/BACKEND/ ],
    [ 'path information', '/secret/page.html/x', 401 ],
);
my @credentials = (
    [ 'no token', '' ],
    [ 'a bad token', 'Authorization: Bearer ' . token({ exp => 1 }) . "\r\n" ],
    [ 'another scheme', "Authorization: $basic\r\n" ],
);
for (@ways) {
    my ($why, $path, $code, $good_code, $content) = @$_;
    my $good = ask(GET => $path, token => $alice, timeout => 10);
    is $good->code, $good_code || 200, "$why: leads there";
    like $good->content, $content || $MARK, "$why: with a token" unless ($good_code || 200) == 301;

    for my $credential (@credentials) {
        my ($what, $field) = @$credential;
        my $response = raw("GET $path HTTP/1.1", $field);
        like $response->code, qr/^$code$/, "$why, $what: refused";
        unlike $response->{raw}, qr/$MARK|file\.txt|^BACKEND/m, "$why, $what: nothing of it";
    }
    for my $method (qw(HEAD POST PUT PATCH DELETE OPTIONS TRACE PROPFIND ODD)) {
        my $has_body = $method =~ /^P(?!R)/;
        my @body = $has_body ? ("Content-Type: text/plain\r\n", 'x=y') : ('', '');
        my $response = raw("$method $path HTTP/1.1", @body);
        unlike $response->{raw}, qr/$MARK|file\.txt|^BACKEND/m, "$why: $method has nothing of it";
        # httpd answers TRACE before it asks who is there, with what it was sent.
        is $response->code, 401, "$why: $method" if $code eq '401' && $method ne 'TRACE';
    }
    for (
        [ 'a range', "Range: bytes=0-5\r\n" ],
        [ 'the last bytes', "Range: bytes=-5\r\n" ],
        [ 'many ranges', "Range: bytes=0-1,2-3,4-20\r\n" ],
        [ 'a condition', "If-Modified-Since: Sat, 01 Jan 2000 00:00:00 GMT\r\nIf-None-Match: \"x\"\r\n" ],
        [ 'If-None-Match: *', "If-None-Match: *\r\n" ],
        [ 'an override', "X-HTTP-Method-Override: TRACE\r\n"
            . "X-Original-URL: /page.html\r\nX-Rewrite-URL: /page.html\r\n" ],
        [ 'an upgrade', "Connection: Upgrade\r\nUpgrade: websocket\r\n" ],
    ) {
        my ($what, $field) = @$_;
        my $response = raw("GET $path HTTP/1.1", $field);
        # A script has its conditions looked at before it is seen where it leads.
        like $response->code, $what eq 'If-None-Match: *' ? qr/^(?:$code|304)$/ : qr/^$code$/, "$why: $what";
        unlike $response->{raw}, qr/$MARK|SECRE|MARK\n|file\.txt|^BACKEND/m, "$why: $what has nothing of it";
    }
    for ("GET $path HTTP/1.0\r\n\r\n", "GET $path\r\n", "HEAD $path HTTP/1.0\r\n\r\n") {
        my $raw = raw_request($_, port => port(1))->{raw};
        unlike $raw, qr/$MARK|file\.txt|^BACKEND/m, "$why: nor has old HTTP";
    }
}

# ---- pages within pages -------------------------------------------------------------------

is ask(GET => '/open/include.shtml', token => $carol)->content, "OPEN SECRET_MARK\n END\n",
    'an open page includes a closed one for who may see it';
for (
    [ 'a Basic user', $basic, '/basic/include.shtml', 200 ],
    [ 'a token at a page for Basic users', "Bearer $alice", '/basic/include.shtml', 401 ],
) {
    my ($why, $header, $path, $code) = @$_;
    my $response = ask(GET => $path, headers => [ Authorization => $header ]);
    is $response->code, $code, $why;
    unlike $response->content, $MARK, "$why: gets nothing that needs a token";
}
{
    my $response = ask(GET => '/secret/include.shtml', token => $alice);
    like $response->content, qr/^JWT /, 'a page with a token includes';
    unlike $response->content, qr/BASIC_MARK/, 'nothing that needs a password';
    like $response->content, qr/^REMOTE_USER=alice$/m, 'but what its own token opens';
    like $response->content, qr/^AUTH_JWT_USER_ID=1$/m, 'with its identity';
}
{
    my $response = ask(GET => '/open/shared.shtml', token => $alice);
    like $response->content, $MARK, 'an open page that shows a closed one';
    like fields($response, 'Cache-Control'), qr/\bprivate\b/, 'belongs to its user, then';
    unlike fields($response, 'Cache-Control'), qr/\bpublic\b/, 'whatever it says itself';
}

# ---- an administrator's own pages ---------------------------------------------------------

for (
    [ 'a file', '/errdoc/file/', "LOG IN\n" ],
    [ 'a text', '/errdoc/text/', 'Log in first' ],
) {
    my ($why, $path, $body) = @$_;
    for (
        [ 'no token', $REFUSED ],
        [ 'a bad token', $REFUSED_TOKEN, token => 'x' ],
        [ 'a POST', $REFUSED, form => { a => 1 } ],
    ) {
        my ($what, $challenge, @option) = @$_;
        my $response = ask($what eq 'a POST' ? 'POST' : 'GET', $path, @option);
        is $response->code, 401, "ErrorDocument, $why, $what";
        is $response->content, $body, "$why, $what: it is shown";
        is fields($response, 'WWW-Authenticate'), $challenge, "$why, $what: one challenge";
        like fields($response, 'Content-Type'), qr{^text/html}, "$why, $what: its type";
    }
}
{
    my $response = ask(GET => '/errdoc/script/', token => token({ exp => 1 }));
    is $response->code, 401, 'ErrorDocument, a script';
    is fields($response, 'WWW-Authenticate'), $REFUSED_TOKEN, 'one challenge';
    my $env = variables($response);
    is $env->{REDIRECT_STATUS}, 401, 'it is called for the refusal';
    is $env->{REDIRECT_AUTH_JWT_ERROR}, 'expired', 'and told the reason';
    ok !exists $env->{$_}, "and no $_" for qw(REMOTE_USER AUTH_JWT_USER_ID REDIRECT_AUTH_JWT_USER_ID);
}

# ---- what applications see ----------------------------------------------------------------

my %FORGED = map { ($_ => 'forged') } qw(
    AUTH-JWT-USER-ID Auth_Jwt_User_Id AUTH_JWT_JTI Auth-Jwt-Jti AUTH-JWT-SID AUTH_JWT_ERROR REMOTE-USER REMOTE_USER
    Remote-User AUTH-TYPE AUTH_TYPE REDIRECT-REMOTE-USER REDIRECT_AUTH_JWT_USER_ID X-Env-Id);

sub sees_identity
{
    my ($why, $path, @option) = @_;
    for (
        [ '', () ],
        [ ', forged headers', headers => [%FORGED] ],
    ) {
        my ($what, @more) = @$_;
        my $jti = unpack 'H*', pack 'd', rand;
        my $response = ask(GET => $path, token => token({ jti => $jti, user_id => '3' }), @option, @more);
        my $env = variables($response);
        is $env->{REMOTE_USER}, 'carol', "$why$what: REMOTE_USER";
        is $env->{AUTH_TYPE}, 'JWT', "$why$what: AUTH_TYPE";
        # What the environment of the run itself has is no news.
        my %ours = map { $_ => $env->{$_} } grep { /^AUTH_JWT_/ && !exists $ENV{$_} } keys %$env;
        is_deeply \%ours, { AUTH_JWT_USER_ID => 3, AUTH_JWT_JTI => $jti }, "$why$what: AUTH_JWT_*";
        is_deeply [ grep { !/^(?:HTTP_|REDIRECT_)/ && $env->{$_} eq 'forged' } keys %$env ], [],
            "$why$what: nothing forged";
        ok !exists $env->{HTTP_AUTHORIZATION}, "$why$what: not the token";
    }
}

for (
    [ 'a script', '/cgi/x' ],
    [ 'a script behind a rewrite of .htaccess', '/pretty/some/page' ],
    [ 'a script that is a DirectoryIndex', '/pretty/' ],
    [ 'a script behind a rewrite of an open .htaccess', '/open/to-cgi' ],
    [ 'a script that is an Action', '/acted/file.act' ],
) {
    sees_identity(@$_);
}
{
    my $env = variables(ask(GET => '/open-cgi/x', token => $alice, headers => [ %{ { %FORGED, 'X-Env-Id' => '' } } ]));
    ok $env->{SERVER_PROTOCOL}, 'an open script';
    is_deeply [ grep { /^(?:AUTH_JWT_|REMOTE_USER$|AUTH_TYPE$)/ } keys %$env ], [], 'sees nobody, whatever was sent';
}
{
    my $mark = log_mark();
    is ask(GET => '/cgi/x?env', headers => [ 'X-Env-Id' => 'forged' ])->code, 401, 'SetEnvIf makes no user';
    like access_log_since($mark, qr/\?env/), qr/\?env .* id=- error=no_token$/m, 'nor lines in the log';
}

for (
    [ 'an id', '/cgi/id', {}, '1' ],
    [ 'a claim', '/cgi/claim', { email => 'a@example.org' }, 'a@example.org' ],
    [ 'a claim beyond ASCII', '/cgi/claim', { email => "zo\x{eb}\@example.org" }, "zo\xc3\xab\@example.org" ],
    [ 'a claim of a user who is not looked up', '/cgi/unchecked-claim', { email => 'x', user_id => '99' }, 'x' ],
    [ 'no claim', '/cgi/claim', {} ],
    [ 'an empty claim', '/cgi/claim', { email => '' } ],
    [ 'a number', '/cgi/claim', { email => 1 } ],
    [ 'a list', '/cgi/claim', { email => ['alice'] } ],
    [ 'an object', '/cgi/claim', { email => { name => 'alice' } } ],
    [ 'a line break', '/cgi/claim', { email => "alice\nX: y" } ],
    [ 'another control character', '/cgi/claim', { email => "alice\x7f" } ],
    [ 'a name', '/cgi/x', { user_id => '8303' }, "Zo\xc3\xab" ],
    [ 'a name of two words', '/cgi/x', { user_id => '8304' }, 'two words' ],
) {
    my ($why, $path, $claims, $user) = @$_;
    my $mark = log_mark();
    my $response = ask(GET => $path, token => token($claims));
    if (defined $user) {
        is variables($response)->{REMOTE_USER}, $user, "AuthJWTRemoteUser: $why";
        is variables($response)->{AUTH_JWT_USER_ID}, $claims->{user_id} || 1, "$why: the id is the id";
    }
    else {
        is $response->code, 403, "AuthJWTRemoteUser: $why";
        is $response->content, $FORBIDDEN, "$why: what is told";
        is fields($response, 'WWW-Authenticate'), '', "$why: no challenge";
        like access_log_since($mark, qr{$path}), qr{$path .* error=claim_refused$}m, "$why: the log's word";
    }
}

{
    my $mark = $backend->mark;
    my $response = ask(GET => '/backend/page', token => $carol,
        headers => [ 'X-User' => 'forged', 'X-User-Id' => '1' ]);
    like $response->content, qr/BACKEND/, 'a backend';
    like $backend->text_since($mark), qr/^X-User: carol\r$/m, 'sees the user';
    like $backend->text_since($mark), qr/^X-User-Id: 3\r$/m, 'and the id';
    unlike $backend->text_since($mark), qr/forged/, 'and nothing else in those fields';
}

subtest 'PHP' => sub {
    plan skip_all => 'no mod_proxy_fcgi here' unless has_module('proxy_fcgi');
    php_fpm_start();
    sees_identity('a PHP page', '/php/index.php');
    sees_identity('a PHP page behind a rewrite', '/php/some/page');
    sees_identity('a PHP page that is a DirectoryIndex', '/php/');
    my $response = raw('GET /php/index.php HTTP/1.1', '');
    is $response->code, 401, 'no token, no PHP';
    unlike $response->{raw}, qr/SERVER_PROTOCOL|<\?php/, 'neither its output nor its text';
};

# ---- what caches see ----------------------------------------------------------------------

my $changed = ask(GET => '/area/page.html', token => $alice)->header('Last-Modified');
my $PUBLIC = 'Cache-Control: public, max-age=60, s-maxage=99 | Vary: Accept-Encoding';
for (
    # why, path, code, what Cache-Control keeps, what Vary keeps, options
    [ 'a file', '/area/page.html', 200 ],
    [ 'a directory', '/area/', 200 ],
    [ 'HEAD', '/area/page.html', 200, undef, undef, method => 'HEAD' ],
    [ 'a part of a file', '/area/page.html', 206, undef, undef, headers => [ Range => 'bytes=0-3' ] ],
    [ 'a file that did not change', '/area/page.html', 304, undef, undef,
        headers => [ 'If-Modified-Since' => $changed ] ],
    [ 'a file that is not there', '/area/none', 404 ],
    [ 'a script', '/cgi-public/x', 200, 'max-age=60', 'Accept-Encoding' ],
    [ 'a backend', '/backend/x', 200, 'max-age=60', 'Accept-Encoding', headers => [ 'X-Answer' => $PUBLIC ] ],
    [ 'a backend without a word', '/backend/x', 200 ],
    [ 'a backend with two fields', '/backend/x', 200, 'max-age=60', undef,
        headers => [ 'X-Answer' => 'Cache-Control: Public | Cache-Control: max-age=60 | Cache-Control: S-MaxAge=99' ] ],
    [ 'a backend that keeps it for itself', '/backend/x', 200, 'no-store', undef,
        headers => [ 'X-Answer' => 'Cache-Control: no-store' ] ],
    [ 'a backend that says so in the second field', '/backend/x', 200, 'no-store', 'Cookie',
        headers => [ 'X-Answer' =>
            'Cache-Control: max-age=60 | Cache-Control: no-store | Vary: Accept | Vary: Cookie' ] ],
    [ 'a private field', '/backend/x', 200, 'max-age=60', undef,
        headers => [ 'X-Answer' => 'Cache-Control: private="Set-Cookie", max-age=60' ] ],
    [ 'Header set', '/area/header-set', 200, 'max-age=60' ],
    [ 'Header always set', '/area/header-always', 200, 'max-age=60' ],
    [ 'both', '/area/header-both', 200, undef, 'Accept' ],
    [ 'mod_expires', '/area/expires', 200, 'max-age=60' ],
    [ 'Vary: *', '/area/star', 200, undef, '*' ],
    [ 'a rewrite', '/area/rewritten', 200 ],
    [ 'DirectoryIndex from outside', '/index-into/', 200 ],
    [ 'a rewrite from outside', '/open/rewritten', 200 ],
) {
    my ($why, $path, $code, $keeps, $vary, %option) = @$_;
    my $response = ask(delete $option{method} || 'GET', $path, token => $alice, %option);
    is $response->code, $code, "caches: $why";
    my @field = $response->header('Cache-Control');
    is @field, 1, "$why: one Cache-Control";
    my %directive = map { lc($_) => 1 } map { split /\s*,\s*/ } @field;
    ok $directive{private}, "$why: private" or diag "@field";
    ok !(grep { /^(?:public|s-maxage)/ } keys %directive), "$why: and nothing wider" or diag "@field";
    ok $directive{$keeps}, "$why: still $keeps" or diag "@field" if $keeps;
    my %vary = map { lc($_) => 1 } map { split /\s*,\s*/ } $response->header('Vary');
    ok $vary{authorization} || $vary{'*'}, "$why: Vary names Authorization" or diag fields($response, 'Vary');
    ok $vary{ lc $vary }, "$why: still $vary" if $vary;
}
is fields(ask(GET => '/open-public/x', token => $alice), 'Cache-Control'), 'public, max-age=60, s-maxage=99',
    'what is open stays as it is';

SKIP: {
    skip 'no mod_cache_socache here', 1 unless has_module('cache_socache');
    for my $host (qw(quick late)) {
        my @at = (on => 2, host => $host);
        my ($first, $second) = map { ask(GET => '/shared/x', @at)->content } 1 .. 2;
        like $first, qr/^user= run=\d+\z/, "$host: an open page";
        is $second, $first, "$host: is cached";

        for (
            [ 'a script', '/closed/x' ],
            [ 'a rewrite', '/passed-through' ],
        ) {
            my ($why, $path) = @$_;
            is ask(GET => $path, @at)->code, 401, "$host, $why: nobody, before";
            like ask(GET => $path, @at, token => $alice)->content, qr/^user=alice /, "$host, $why: alice";
            my $response = ask(GET => $path, @at);
            is $response->code, 401, "$host, $why: nobody, after";
            unlike $response->content, qr/alice/, "$host, $why: gets nothing of hers";
            like ask(GET => $path, @at, token => $carol)->content, qr/^user=carol /, "$host, $why: carol";
            like ask(GET => $path, @at, token => $alice)->content, qr/^user=alice /, "$host, $why: alice again";
            is ask(GET => $path, @at, token => token({ exp => 1 }))->code, 401, "$host, $why: an old token";
        }
        for (
            [ 'a file', '/secret/page.html', 401, $MARK ],
            [ 'a rewrite from outside', '/open/rewritten', 401, $MARK ],
            [ 'a backend', '/backend/x', 401, qr/^BACKEND/, 'X-Answer' => $PUBLIC ],
        ) {
            my ($why, $path, $code, $content, @fields) = @$_;
            my @more = (@at, headers => \@fields);
            like ask(GET => $path, @more, token => $alice)->content, $content, "$host, $why: alice";
            my $response = ask(GET => $path, @more);
            is $response->code, $code, "$host, $why: nobody";
            unlike $response->content, $content, "$host, $why: nobody gets what was hers";
        }
    }
}

# ---- endpoints within closed sites --------------------------------------------------------

my $login = { username => 'alice', password => user('alice')->{password} };
for (
    [ 'valid', 'valid-user', 200 ],
    [ 'user', 'a user who does not exist', 200 ],
    [ 'expr', 'an expression', 200 ],
    [ 'here', 'an address that is right', 200 ],
    [ 'none', 'no AuthType', 200 ],
    [ 'elsewhere', 'an address that is wrong', 403 ],
    [ 'both', 'a user and an address that is wrong', 403 ],
    [ 'not-here', 'a user and not this address', 403 ],
    [ 'denied', 'nobody', 403 ],
    [ 'basic', 'AuthType Basic', 401 ],
) {
    my ($host, $why, $code) = @$_;
    for my $path ('/auth/token', '/auth/token/', '/by-hand') {
        my $response = ask(POST => $path, on => 3, host => $host, json => $login);
        is $response->code, $code, "an endpoint behind $why: $path";
        is defined((json($response) || {})->{access}), $code == 200, "$why: " . ($code == 200 ? 'tokens' : 'no token');
        like fields($response, 'WWW-Authenticate'), qr/^Basic realm="around"/, "$why: its challenge" if $code == 401;
    }
    is ask(GET => '/page', on => 3, host => $host)->code, { valid => 401, user => 401, expr => 401, here => 401,
        none => 404, basic => 401 }->{$host} || 403, "what is around it behind $why";
}
for my $path ('/auth/token', '/by-hand') {
    my $response = ask(POST => $path, on => 3, host => 'basic', json => $login, headers => [ Authorization => $basic ]);
    is $response->code, 200, "a Basic user gets through to the endpoint: $path";
}

done_testing;
