# The refresh endpoint: a refresh token becomes a new access token, with the claims that it
# carries, as long as its user has an account.
use strict;
use warnings;
use Test::More;
use JWTTest;
use JSON::PP ();
use MIME::Base64 qw(decode_base64url encode_base64url);

my $REFRESH = '/auth/token/refresh';
my $other_key = slurp(var('t_dir') . '/keys/other.key') =~ s/\n\z//r;

sqlite("INSERT INTO auth_jwt_user VALUES(8201, 'refresh-user', '!', 1), (8202, 'refresh-off', '!', 0)");

# A refresh token for alice; an access token's options.
sub refresh_token
{
    my ($claims, %option) = @_;
    return token({ token_type => 'refresh', exp => time + 3600, %{ $claims || {} } }, %option);
}

sub refresh
{
    my ($token, %option) = @_;
    return post_json(delete $option{path} || $REFRESH, { refresh => $token }, %option);
}

sub payload { return decode_base64url((split /\./, $_[0])[1]) }
sub header  { return decode_base64url((split /\./, $_[0])[0]) }

sub one_field
{
    my ($response, $name, $value, $why) = @_;
    is_deeply [ $response->header($name) ], [ defined $value ? $value : () ], "$why: $name";
}

sub headers_of_every_answer
{
    my ($response, $why) = @_;
    one_field($response, 'Cache-Control', 'no-store', $why);
    one_field($response, 'Pragma', 'no-cache', $why);
    one_field($response, 'Content-Type', 'application/json', $why);
    one_field($response, 'X-Content-Type-Options', 'nosniff', $why);
    my $allow = join ', ', sort map { split /,\s*/ } $response->header('Allow');
    is $allow, 'OPTIONS, POST', "$why: Allow";
}

# The new access token, or undef.
sub new_token
{
    my ($response, $why) = @_;
    is $response->code, 200, $why;
    my ($token) = $response->content =~ /\A\{"access":"([\w.-]+)"\}\z/;
    ok $token, "$why: an access token and nothing else";
    return $token;
}

# ---- a refresh ----------------------------------------------------------------------------

{
    my $pair = login('alice');
    my $from = time;
    my $response = refresh($pair->{refresh});
    my $to = time;
    headers_of_every_answer($response, 'a refresh');
    one_field($response, 'WWW-Authenticate', undef, 'a refresh');
    one_field($response, 'Set-Cookie', undef, 'a refresh');
    my $token = new_token($response, 'a refresh') // '.';
    is header($token), '{"alg":"HS256","typ":"JWT"}', 'header without kid';
    like payload($token),
        qr/\A\{"token_type":"access","exp":\d+,"iat":\d+,"jti":"[0-9a-f]{32}","user_id":"1","password_mark":"[0-9a-f]{32}"\}\z/,
        'claims, in order and of the right types';
    my $claims = decode($token) || {};
    ok $claims->{iat} >= $from && $claims->{iat} <= $to, 'iat is now';
    is $claims->{exp} - $claims->{iat}, 300, 'the lifetime of an access token';
    isnt $claims->{jti}, decode($pair->{$_})->{jti}, "another jti than the $_ token's" for qw(access refresh);
    is get_with('/members/', $token)->code, 200, 'it opens the door';
    isnt decode(new_token(refresh($pair->{refresh}), 'another refresh'))->{jti}, $claims->{jti},
        'gives another jti';
}

# ---- what is carried over -----------------------------------------------------------------

{
    my %custom = (
        name => "Zo\x{eb} \"Z\"", roles => [ 'editor', 7, { deep => [ undef ] } ], age => 41,
        ratio => 0.5, admin => JSON::PP::true, nothing => undef, empty => {}, big => 9007199254740993,
        hash_password => 'ABCDEF', sub => 'somebody',
    );
    my $old = refresh_token({ user_id => 1, iat => time - 1000, exp => time + 77 }, payload =>
        JSON::PP->new->utf8->encode({ token_type => 'refresh', exp => time + 77, iat => time - 1000,
            jti => 'old-jti', user_id => 1, %custom }));
    my $token = new_token(refresh($old), 'a token with claims of its own') // '.';
    my ($header, $claims) = peek($token);
    is_deeply { map { $_ => $claims->{$_} } keys %custom }, \%custom, 'they are all in the new one';
    is_deeply [ sort keys %$claims ], [ sort keys %custom, qw(token_type exp iat jti user_id password_mark) ],
        'and no other but that of the password';
    is $claims->{token_type}, 'access', 'but its type is new';
    like $claims->{jti}, qr/\A[0-9a-f]{32}\z/, 'and jti';
    ok abs($claims->{iat} - time) < 30, 'and iat';
    is $claims->{exp} - $claims->{iat}, 300, 'and exp';
    like payload($token), qr/\A\{"token_type":"access","exp":\d+,"iat":\d+,"jti":"\w+","user_id":"1",/,
        'the id that was a number is written as text, at its place';
    like payload($token), qr/"big":9007199254740993\b/, 'no number loses a digit';
}

for (
    [ 'issuer and audience', '/refresh/named', { iss => 'issuer', aud => 'first' },
        '"user_id":"1","aud":"first","iss":"issuer"' ],
    [ 'a token stays with its audience, though another would be written first', '/refresh/named',
        { iss => 'issuer', aud => [ 'x', 'second' ] }, '"user_id":"1","aud":["x","second"],"iss":"issuer"' ],
    [ 'claims stand in front of them', '/refresh/named',
        { iss => 'issuer', aud => 'first', color => 'red' },
        '"user_id":"1","color":"red","aud":"first","iss":"issuer"' ],
    [ 'another name of the id', '/refresh/subject', { user_id => undef, sub => '1' }, '"sub":"1"' ],
) {
    my ($why, $path, $claims, $written) = @$_;
    my ($id, $end) = $written =~ /\A("\w+":"1")(.*)\z/;
    my $token = new_token(refresh(refresh_token($claims), path => $path), $why) // '.';
    like payload($token),
        qr/\A\{"token_type":"access","exp":\d+,"iat":\d+,"jti":"[0-9a-f]{32}",\Q$id\E,"password_mark":"[0-9a-f]{32}"\Q$end\E\}\z/, "$why: claims";
}

for (
    [ 'a key that only verifies', { kid => 'second' }, $other_key ],
    [ 'the key that signs', { kid => 'first' }, site_key() ],
) {
    my ($why, $header, $key) = @$_;
    my $response = refresh(refresh_token({}, header => $header, key => $key), port => port(1));
    my $token = new_token($response, $why) // '.';
    is header($token), '{"alg":"HS256","typ":"JWT","kid":"first"}', "$why: the new one has the signing key's";
    ok decode($token), "$why: and its signature";
}

# ---- what a request may look like ---------------------------------------------------------

{
    my $token = refresh_token();
    my $json = qq({"refresh":"$token"});
    my $chunks = join '', map { sprintf "%x\r\n%s\r\n", length, $_ } unpack '(a50)*', $json;
    my %answer = (
        'a form'       => post_form($REFRESH, { refresh => $token }),
        'multipart'    => request('POST', $REFRESH, multipart => [ refresh => $token ]),
        'chunks'       => raw_request("POST $REFRESH HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
            . "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}0\r\n\r\n"),
        'blanks around the token' => refresh(" $token\n"),
        'more members'            => post_json($REFRESH, { refresh => $token, access => 'x', token => [] }),
        'a slash behind the path' => refresh($token, path => "$REFRESH/"),
        'an Authorization header that is garbage' => refresh($token, headers => [ Authorization => 'Bearer garbage' ]),
        'an expired token in that header'         => refresh($token, token => token({ exp => time - 9 })),
        'another scheme in it'                    => refresh($token, headers => [ Authorization => 'Basic eDp5' ]),
    );
    new_token($answer{$_}, $_) for sort keys %answer;

    for (
        [ 'no member', {}, '{"refresh":["This field is required."]}' ],
        [ 'its token in the header only', {}, '{"refresh":["This field is required."]}', token => $token ],
        [ 'another name', { token => $token }, '{"refresh":["This field is required."]}' ],
        [ 'null', { refresh => undef }, '{"refresh":["This field may not be null."]}' ],
        [ 'blank', { refresh => '  ' }, '{"refresh":["This field may not be blank."]}' ],
        [ 'a list', { refresh => [$token] }, '{"refresh":["Not a valid string."]}' ],
        [ 'true', { refresh => JSON::PP::true }, '{"refresh":["Not a valid string."]}' ],
        [ 'NUL', { refresh => "$token\0" }, '{"refresh":["Null characters are not allowed."]}' ],
        [ 'an array', [], '{"non_field_errors":["Invalid data. Expected a dictionary, but got list."]}' ],
    ) {
        my ($why, $data, $expected, %option) = @$_;
        my $response = post_json($REFRESH, $data, %option);
        is $response->code, 400, $why;
        is $response->content, $expected, "$why: what is told";
        headers_of_every_answer($response, $why);
    }

    for my $method (qw(GET PUT DELETE)) {
        my $response = request($method, $REFRESH);
        is $response->code, 405, "$method is not allowed";
        is $response->content, qq({"detail":"Method \\"$method\\" not allowed."}), "$method: what is told";
        headers_of_every_answer($response, $method);
    }
    is post_json("$REFRESH?refresh=not.a.token", {})->code, 400, 'a query is not read';
    is request('POST', $REFRESH, body => $json, type => 'text/plain')->code, 415, 'another media type';
    is refresh('x' x 300, path => '/refresh/small')->code, 413, 'too large a body';
}

# ---- tokens that are not good -------------------------------------------------------------

sub bad
{
    my ($detail) = @_;
    return qq({"detail":"$detail","code":"token_not_valid"});
}

my $INVALID = bad('Token is invalid');
my $good = refresh_token();
my ($header_part, $payload_part, $signature) = split /\./, $good;
# A last letter whose unused bits are not zero decodes to the same bytes.
my $loose = $good =~ s/(.)\z/$1 =~ tr{AEIMQUYcgkosw048}{BFJNRVZdhlptx159}r/er;
isnt $loose, $good, 'the other spelling differs';

for (
    [ 'an access token', token(), bad('Token has wrong type') ],
    [ 'a sliding token', refresh_token({ token_type => 'sliding' }), bad('Token has wrong type') ],
    [ 'another case of the type', refresh_token({ token_type => 'Refresh' }), bad('Token has wrong type') ],
    [ 'no type', refresh_token({ token_type => undef }), bad('Token has no type') ],
    [ 'expired', refresh_token({ exp => time - 1 }), bad('Token is expired') ],
    [ 'expires now', refresh_token({ exp => time }), bad('Token is expired') ],
    [ 'no exp', refresh_token({ exp => undef }), bad(q(Token has no 'exp' claim)) ],
    [ 'no jti', refresh_token({ jti => undef }), bad('Token has no id') ],
    [ 'no exp comes before no jti', refresh_token({ exp => undef, jti => undef }), bad(q(Token has no 'exp' claim)) ],
    [ 'no jti comes before no type', refresh_token({ jti => undef, token_type => undef }), bad('Token has no id') ],
    [ 'no user', refresh_token({ user_id => undef }), bad('Token contained no recognizable user identification') ],
    [ 'the user in another claim', refresh_token({ user_id => undef, sub => '1' }),
        bad('Token contained no recognizable user identification') ],
    [ 'not yet valid', refresh_token({ nbf => time + 60 }), $INVALID ],
    [ 'of the future', refresh_token({ iat => time + 60 }), $INVALID ],
    [ 'an audience that nobody here has', refresh_token({ aud => 'first' }), $INVALID ],
    [ 'another key', refresh_token({}, key => $other_key), $INVALID ],
    [ 'another key and expired: no word of that', refresh_token({ exp => 1 }, key => $other_key), $INVALID ],
    [ 'another algorithm with the key', refresh_token({}, alg => 'HS512'), $INVALID ],
    [ 'no algorithm', refresh_token({}, alg => 'none', key => undef), $INVALID ],
    [ 'an unknown kid', refresh_token({}, header => { kid => 'x' }), $INVALID ],
    [ 'an empty kid', refresh_token({}, header => { kid => '' }), $INVALID ],
    [ 'a critical extension', refresh_token({}, header => { crit => ['exp'] }), $INVALID ],
    [ 'garbage', 'garbage', $INVALID ],
    [ 'two parts', "$header_part.$payload_part", $INVALID ],
    [ 'four parts', "$good.x", $INVALID ],
    [ 'no signature', "$header_part.$payload_part.", $INVALID ],
    [ 'a signature cut short', substr($good, 0, -2), $INVALID ],
    [ 'a padded signature', "$good=", $INVALID ],
    [ 'another spelling of the signature', $loose, $INVALID ],
    [ 'the payload of another',
        join('.', $header_part, encode_base64url('{"token_type":"refresh"}'), $signature), $INVALID ],
    [ 'a payload that is no JSON', refresh_token({}, payload => 'refresh'), $INVALID ],
    [ 'a payload that is a list', refresh_token({}, payload => '["refresh"]'), $INVALID ],
    [ 'a type that is no text', refresh_token({ token_type => ['refresh'] }), $INVALID ],
    [ 'exp as text', refresh_token({ exp => '' . (time + 60) . ' ' }), $INVALID ],
    [ 'exp beyond all times', refresh_token({}, payload =>
        '{"token_type":"refresh","exp":1e300,"jti":"x","user_id":"1"}'), $INVALID ],
    [ 'exp is null', refresh_token({}, payload =>
        '{"token_type":"refresh","exp":null,"jti":"x","user_id":"1"}'), $INVALID ],
) {
    my ($why, $token, $expected) = @$_;
    my $response = refresh($token);
    is $response->code, 401, $why;
    is $response->content, $expected, "$why: what is told";
    one_field($response, 'WWW-Authenticate', 'Bearer realm="api"', $why);
}
headers_of_every_answer(refresh('garbage'), 'refused');

for (
    [ 'no audience', {} ],
    [ 'another audience', { aud => 'third' } ],
    [ 'other audiences', { aud => [ 'third', 'firs' ] } ],
    [ 'no issuer', { iss => undef } ],
    [ 'another issuer', { iss => 'Issuer' } ],
) {
    my ($why, $claims) = @$_;
    my %names = ($why =~ /audience/ ? (iss => 'issuer') : (aud => 'first', iss => 'issuer'));
    my $response = refresh(refresh_token({ %names, %$claims }), path => '/refresh/named');
    is $response->code, 401, $why;
    is $response->content, $INVALID, "$why: what is told";
}

# ---- the user -----------------------------------------------------------------------------

my $NO_ACCOUNT = '{"detail":"No active account found for the given token."}';
sub no_account
{
    my ($token, $why) = @_;
    my $response = refresh($token);
    is $response->code, 401, $why;
    is $response->content, $NO_ACCOUNT, "$why: what is told";
    one_field($response, 'WWW-Authenticate', 'Bearer realm="api"', $why);
}

{
    my $token = refresh_token({ user_id => '8201' });
    new_token(refresh($token), 'an active user');
    sqlite('UPDATE auth_jwt_user SET is_active = 0 WHERE id = 8201');
    no_account($token, 'a user deactivated since');
    sqlite('UPDATE auth_jwt_user SET is_active = 1 WHERE id = 8201');
    new_token(refresh($token), 'and activated again');
    sqlite('DELETE FROM auth_jwt_user WHERE id = 8201');
    no_account($token, 'a user deleted since');
    no_account(refresh_token({ user_id => '8202' }), 'a user who never was active');
}

# Of each of these a database could make user 1.
for my $id ('01', '1.0', ' 1', '1 ', '+1', '1e0', '0x1', 'alice', "1' OR 'a'='a", '9' x 30) {
    no_account(refresh_token({ user_id => $id }), "the id '$id' is nobody's");
}
for my $id ('[1]', '{"id":1}', 'true', '1.0', '1e0', 'null', '""', '1' . '0' x 30) {
    my $token = refresh_token({}, payload =>
        sprintf '{"token_type":"refresh","exp":%d,"jti":"x","user_id":%s}', time + 60, $id);
    is refresh($token)->code, 401, "an id that is neither text nor a whole number: $id";
}

done_testing;
