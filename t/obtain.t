# The obtain endpoint: a user name and a password become a pair of tokens, and everything else an
# answer that says what is wrong and nothing more.
use strict;
use warnings;
use Test::More;
use JWTTest;
use JSON::PP ();
use MIME::Base64 qw(decode_base64url);

my $TOKEN = '/auth/token';
my $alice = user('alice');
my $other_key = slurp(var('t_dir') . '/keys/other.key') =~ s/\n\z//r;
my $FAILED = '{"detail":"No active account found with the given credentials"}';
my $REQUIRED = '{"username":["This field is required."],"password":["This field is required."]}';

# ---- users of this test -------------------------------------------------------------------

my %password = (
    'obtain padded'   => ' blanks belong to it ',
    '8150'            => '13572468',
    "J\xc3\xbcrgen"   => "\xd0\xbf\xd0\xb0\xd1\x80\xd0\xbe\xd0\xbb\xd1\x8c",
    'obtain-disabled' => 'switched off yesterday',
    'obtain-unusable' => 'there is no such password',
);
{
    my $id = 8100;
    for my $name (sort keys %password) {
        my $hash = $name eq 'obtain-unusable' ? '!unusable' : password_hash('$6$', $password{$name});
        sqlite(sprintf "INSERT INTO auth_jwt_user VALUES(%d, '%s', '%s', %d)",
            ++$id, $name, $hash, $name ne 'obtain-disabled');
    }
    secret(values %password);
}

# ---- helpers ------------------------------------------------------------------------------

sub quoted { return JSON::PP->new->latin1->allow_nonref->encode($_[0]) }

sub credentials
{
    my ($username, $password) = @_;
    return sprintf '{"username": %s, "password": %s}', map { quoted($_) } $username, $password;
}

sub post_body
{
    my ($path, $body, %option) = @_;
    return request('POST', $path, type => 'application/json', body => $body, %option);
}

# The payload's own text: its order is part of what is promised.
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

sub gives_tokens
{
    my ($response, $id, $why) = @_;
    is $response->code, 200, $why;
    my $pair = json($response) || {};
    is_deeply [ sort keys %$pair ], [qw(access refresh)], "$why: two tokens";
    my $claims = $pair->{access} && decode($pair->{access});
    is $claims && $claims->{user_id}, $id, "$why: of this user";
    return $pair;
}

# ---- a login ------------------------------------------------------------------------------

{
    my $from = time;
    my $response = post_json($TOKEN, { username => 'alice', password => $alice->{password} });
    my $to = time;
    is $response->code, 200, 'a login';
    like $response->content, qr/\A\{"refresh":"[\w.-]+","access":"[\w.-]+"\}\z/,
        'exactly the two tokens, in this order';
    headers_of_every_answer($response, 'a login');
    one_field($response, 'WWW-Authenticate', undef, 'a login');
    one_field($response, 'Set-Cookie', undef, 'a login');

    my $pair = json($response);
    for ([ access => 300 ], [ refresh => 86400 ]) {
        my ($type, $lifetime) = @$_;
        my $token = $pair->{$type};
        is header($token), '{"alg":"HS256","typ":"JWT"}', "$type: header without kid";
        like payload($token),
            qr/\A\{"token_type":"$type","exp":\d+,"iat":\d+,"jti":"[0-9a-f]{32}","user_id":"1","password_mark":"[0-9a-f]{32}"\}\z/,
            "$type: claims, in order and of the right types";
        my $claims = decode($token);
        ok $claims, "$type: signed with the site's key" or next;
        ok $claims->{iat} >= $from && $claims->{iat} <= $to, "$type: iat is now";
        is $claims->{exp} - $claims->{iat}, $lifetime, "$type: the default lifetime";
    }
    is get_with('/members/', $pair->{access})->code, 200, 'the access token opens the door';
    is get_with('/members/', $pair->{refresh})->code, 401, 'the refresh token does not';

    my %jti = map { decode($_)->{jti} => 1 } map { @{ login('alice') }{qw(access refresh)} } 1 .. 3;
    $jti{ decode($_)->{jti} } = 1 for values %$pair;
    is keys %jti, 8, 'every token has a jti of its own';
}

# ---- bodies -------------------------------------------------------------------------------

sub multipart_body
{
    my @parts = @_;
    return join '', map({ "--limit\r\n$_->[0]\r\n\r\n$_->[1]\r\n" } @parts), "--limit--\r\n";
}

sub part { return [ "Content-Disposition: form-data; name=\"$_[0]\"", $_[1] ] }

sub chunked
{
    my ($path, $body, $size) = @_;
    my $chunks = join '', map { sprintf "%x\r\n%s\r\n", length, $_ } unpack "(a$size)*", $body;
    return raw_request("POST $path HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
        . "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}0\r\n\r\n");
}

my $FORM = 'application/x-www-form-urlencoded';
my $MULTIPART = 'multipart/form-data; boundary=limit';
for my $name (qw(alice carol dave)) {
    my ($user, %field) = user($name);
    @field{qw(username password)} = ($name, $user->{password});
    my %answer = (
        JSON       => post_body($TOKEN, credentials(@field{qw(username password)})),
        urlencoded => post_form($TOKEN, \%field),
        multipart  => request('POST', $TOKEN, multipart => [%field]),
        chunked    => chunked($TOKEN, credentials(@field{qw(username password)}), 7),
    );
    gives_tokens($answer{$_}, $user->{id}, "$name, $_") for sort keys %answer;
}

my $good = credentials('alice', $alice->{password});
for (
    [ 'a charset parameter', 'application/json; charset=utf-8', $good ],
    [ 'media types have no case', 'Application/JSON', $good ],
    [ 'white space around the object', 'application/json', "\r\n\t $good \n" ],
    [ 'escapes in JSON', 'application/json', $good =~ s/alice/\\u0061l\\u0069ce/r ],
    [ 'further members', 'application/json', $good =~ s/\}/, "next": "\/", "remember_me": true}/r ],
    [ 'charset of a form', "$FORM; charset=UTF-8", 'username=alice&password=correct+horse+battery' ],
    [ 'escapes in a form', $FORM, 'password=correct%20horse%20batter%79&username=%61lice' ],
    [ 'empty pairs in a form', $FORM, '&&username=alice&=&x&password=correct+horse+battery&' ],
    [ 'quoted boundary', 'multipart/form-data; boundary="limit"',
        multipart_body(part(username => 'alice'), part(password => $alice->{password})) ],
    [ 'headers of a part', $MULTIPART,
        multipart_body([ "Content-Type: text/plain; charset=utf-8\r\n"
            . 'content-disposition: form-data; name="username"', 'alice' ],
            part(password => $alice->{password})) ],
    [ 'text around the parts', $MULTIPART, "preamble\r\n"
        . multipart_body(part(username => 'alice'), part(password => $alice->{password})) . 'epilogue' ],
    [ 'a file beside the fields', $MULTIPART,
        multipart_body([ 'Content-Disposition: form-data; name="photo"; filename="a.png"', "\x00\x89PNG" ],
            part(username => 'alice'), part(password => $alice->{password})) ],
) {
    my ($why, $type, $body) = @$_;
    gives_tokens(post_body($TOKEN, $body, type => $type), 1, $why);
}

for (
    [ 'an Authorization header that is garbage', 'Bearer garbage' ],
    [ 'one without a token', 'Bearer' ],
    [ 'an expired token', 'Bearer ' . token({ exp => time - 60 }) ],
    [ 'another scheme', 'Basic YWxpY2U6eA==' ],
) {
    gives_tokens(post_body($TOKEN, $good, headers => [ Authorization => $_->[1] ]), 1, "$_->[0] is ignored");
}

# ---- names and passwords ------------------------------------------------------------------

for (
    [ 'a name is trimmed', 200, " \t\r\n\x0balice \x0c", $alice->{password} ],
    [ 'of every white space that Python knows', 200, "\xc2\xa0alice\xe3\x80\x80", $alice->{password} ],
    [ 'blanks inside a name count', 401, 'al ice', $alice->{password} ],
    [ 'a password is not trimmed', 401, 'alice', " $alice->{password}" ],
    [ 'at its end neither', 401, 'alice', "$alice->{password} " ],
    [ 'nor is it cut to match', 401, 'obtain padded', 'blanks belong to it' ],
    [ 'its blanks count', 200, 'obtain padded', $password{'obtain padded'} ],
    [ 'names have a case', 401, 'Alice', $alice->{password} ],
    [ 'passwords have a case', 401, 'alice', uc $alice->{password} ],
    [ 'the beginning of a password', 401, 'alice', substr $alice->{password}, 0, -1 ],
    [ 'more than the password', 401, 'alice', "$alice->{password}!" ],
    [ 'letters beyond ASCII', 200, "J\xc3\xbcrgen", $password{"J\xc3\xbcrgen"} ],
    [ 'the same letters composed otherwise', 401, "Ju\xcc\x88rgen", $password{"J\xc3\xbcrgen"} ],
    [ 'SQL in the name', 401, "' OR 1=1 --", "' OR '1'='1" ],
    [ 'a pattern in the name', 401, 'a%', $alice->{password} ],
    [ 'a very long name', 401, 'u' x 4000, 'x' ],
    [ 'a very long password', 401, 'alice', 'x' x 4000 ],
) {
    my ($why, $code, $name, $password) = @$_;
    secret($password) if $code == 200;
    my $response = post_body($TOKEN, sprintf '{"username":"%s","password":"%s"}',
        map { s/([\x00-\x1f])/sprintf '\\u%04x', ord $1/ger } $name, $password);
    is $response->code, $code, $why;
    is $response->content, $FAILED, "$why: refused" if $code == 401;
}

gives_tokens(post_body($TOKEN, '{"username": 8150, "password": 13572468}'), 8101,
    'numbers are taken for their digits');

# ---- refused ------------------------------------------------------------------------------

sub refused_login
{
    my ($username, $password) = @_;
    my $response = post_body($TOKEN, credentials($username, $password));
    $response->remove_header(qw(Date Client-Date Client-Peer Client-Response-Num));
    return $response->as_string;
}

my $wrong = refused_login('alice', 'a wrong password');
like $wrong, qr{\AHTTP/1\.1 401 }, 'a wrong password';
like $wrong, qr/\n\n\Q$FAILED\E\n?\z/, 'what it is told';
like $wrong, qr/^WWW-Authenticate: Bearer realm="api"$/m, 'the challenge has no error';
for (
    [ 'an unknown user', 'nobody', 'a wrong password' ],
    [ 'an inactive user, right password', 'obtain-disabled', $password{'obtain-disabled'} ],
    [ 'an inactive user, wrong password', 'obtain-disabled', 'a wrong password' ],
    [ 'a user without a usable password', 'obtain-unusable', $password{'obtain-unusable'} ],
    [ 'a password that is the stored text', 'obtain-unusable', '!unusable' ],
) {
    my ($why, @login) = @$_;
    is refused_login(@login), $wrong, "$why: the same answer as to a wrong password";
}
{
    my $response = post_body($TOKEN, credentials('alice', 'a wrong password'));
    headers_of_every_answer($response, 'refused');
    one_field($response, 'WWW-Authenticate', 'Bearer realm="api"', 'refused');
}

# ---- what is wrong with a request ---------------------------------------------------------

my $BLANK = 'This field may not be blank.';
my $NULL = 'This field may not be null.';
my $TEXT = 'Not a valid string.';
my $NUL = 'Null characters are not allowed.';
for (
    [ 'nothing', '{}', $REQUIRED ],
    [ 'no name', '{"password":"x"}', '{"username":["This field is required."]}' ],
    [ 'no password', '{"username":"alice"}', '{"password":["This field is required."]}' ],
    [ 'empty name', '{"username":"","password":"x"}', qq({"username":["$BLANK"]}) ],
    [ 'empty password', '{"username":"alice","password":""}', qq({"password":["$BLANK"]}) ],
    [ 'a name of blanks', '{"username":" \t ","password":"x"}', qq({"username":["$BLANK"]}) ],
    [ 'null', '{"username":null,"password":null}', qq({"username":["$NULL"],"password":["$NULL"]}) ],
    [ 'true', '{"username":true,"password":"x"}', qq({"username":["$TEXT"]}) ],
    [ 'a list', '{"username":["alice"],"password":"x"}', qq({"username":["$TEXT"]}) ],
    [ 'an object', '{"username":"alice","password":{"a":1}}', qq({"password":["$TEXT"]}) ],
    [ 'NUL in the name', '{"username":"ali\u0000ce","password":"x"}', qq({"username":["$NUL"]}) ],
    [ 'NUL behind the password', $good =~ s/"\}/\\u0000"}/r, qq({"password":["$NUL"]}) ],
    [ 'half of a pair of surrogates', '{"username":"a\ud800","password":"x"}',
        '{"detail":"JSON parse error - Surrogate characters are not allowed: line 1 column 13 (char 12)"}' ],
    [ 'every field its own fault', '{"username":[],"password":""}',
        qq({"username":["$TEXT"],"password":["$BLANK"]}) ],
    [ 'names of fields have a case', '{"Username":"alice","PASSWORD":"x"}', $REQUIRED ],
    [ 'an array', '["alice"]', '{"non_field_errors":["Invalid data. Expected a dictionary, but got list."]}' ],
    [ 'a string', '"alice"', '{"non_field_errors":["Invalid data. Expected a dictionary, but got str."]}' ],
    [ 'a number', '1', '{"non_field_errors":["Invalid data. Expected a dictionary, but got int."]}' ],
    [ 'no data', 'null', '{"non_field_errors":["No data provided"]}' ],
    [ 'an empty body', '', $REQUIRED ],
    [ 'an empty form', '', $REQUIRED, $FORM ],
    [ 'a form without a value', 'username&password=x', qq({"username":["$BLANK"]}), $FORM ],
    [ 'NUL in a form', 'username=ali%00ce&password=x', qq({"username":["$NUL"]}), $FORM ],
    [ 'JSON that says it is a form', $good, $REQUIRED, $FORM ],
    [ 'multipart without a boundary', $good,
        '{"detail":"Multipart form parse error - Invalid boundary in multipart: None"}', 'multipart/form-data' ],
    [ 'a file in place of a field', multipart_body(part(username => 'alice'),
            [ 'Content-Disposition: form-data; name="password"; filename="p"', $alice->{password} ]),
        qq({"password":["$TEXT"]}), $MULTIPART ],
    [ 'NUL in a part', multipart_body(part(username => "ali\0ce"), part(password => 'x')),
        qq({"username":["$NUL"]}), $MULTIPART ],
) {
    my ($why, $body, $expected, $type) = @$_;
    my $response = post_body($TOKEN, $body, type => $type || 'application/json');
    is $response->code, 400, $why;
    is $response->content, $expected, "$why: what is told";
    one_field($response, 'Cache-Control', 'no-store', $why);
}
headers_of_every_answer(post_body($TOKEN, '{}'), 'field errors');

for (
    [ 'JSON that breaks off', substr $good, 0, -1 ],
    [ 'a form that says it is JSON', 'username=alice&password=correct+horse+battery' ],
    [ 'NaN', '{"username":NaN,"password":"x"}' ],
    [ 'single quotes', "{'username':'alice','password':'x'}" ],
    [ 'more than one object', $good . $good ],
    [ 'a name that stands twice', $good =~ s/"\}/","username":"alice"}/r ],
    [ 'a byte order mark', "\xef\xbb\xbf$good" ],
    [ 'bytes that are not UTF-8', "{\"username\":\"al\xffice\",\"password\":\"x\"}" ],
    [ 'eight thousand brackets', '{"username":' . '[' x 8000 ],
    [ 'deep, and closed', '{"username":' . '[' x 4000 . ']' x 4000 . ',"password":"x"}' ],
) {
    my ($why, $body) = @$_;
    my $response = post_body($TOKEN, $body);
    is $response->code, 400, $why;
    like +(json($response) || {})->{detail}, qr/\AJSON parse error - ./, "$why: a parse error";
}

for (
    [ 'a form with two names', $FORM, 'username=nobody&password=correct+horse+battery&username=alice' ],
    [ 'a form with two passwords', $FORM, 'username=alice&password=x&password=correct+horse+battery' ],
    [ 'the same, escaped', $FORM, 'username=alice&password=x&p%61ssword=correct+horse+battery' ],
    [ 'two parts of one name', $MULTIPART, multipart_body(part(username => 'nobody'),
        part(username => 'alice'), part(password => $alice->{password})) ],
    [ 'a part and a file of one name', $MULTIPART, multipart_body(part(username => 'alice'),
        [ 'Content-Disposition: form-data; name="password"; filename="p"', 'x' ],
        part(password => $alice->{password})) ],
    [ 'parts that break off', $MULTIPART,
        multipart_body(part(username => 'alice'), part(password => $alice->{password})) =~ s/--\r\n\z//r ],
    [ 'another boundary', 'multipart/form-data; boundary=other',
        multipart_body(part(username => 'alice'), part(password => $alice->{password})) ],
) {
    my ($why, $type, $body) = @$_;
    my $response = post_body($TOKEN, $body, type => $type);
    is $response->code, 400, "$why: two readers could read two users from it";
    like +(json($response) || {})->{detail}, qr/parse error/, "$why: what is told";
}

{
    my $response = request('POST', "$TOKEN?username=alice&password=not+read");
    is $response->content, $REQUIRED, 'a query is not read';
}

# ---- types, sizes, methods ----------------------------------------------------------------

for (
    [ 'text', 'text/plain' ],
    [ 'a parameter is repeated too', 'text/plain; charset=utf-8' ],
    [ 'JSON of a vendor', 'application/vnd.api+json' ],
    [ 'the beginning of a good one', 'application/jso' ],
    [ 'more than a good one', 'application/json5' ],
) {
    my ($why, $type) = @$_;
    my $response = post_body($TOKEN, $good, type => $type);
    is $response->code, 415, "media type: $why";
    is $response->content, qq({"detail":"Unsupported media type \\"$type\\" in request."}), "$why: what is told";
    headers_of_every_answer($response, "media type: $why");
}
{
    my $response = raw_request("POST $TOKEN HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
        . 'Content-Length: ' . length($good) . "\r\n\r\n$good");
    is $response->code, 415, 'a body without a type';
    is $response->content, '{"detail":"Unsupported media type \"\" in request."}', 'what it is told';
}

sub padded { my ($size) = @_; return $good . ' ' x ($size - length $good) }

for (
    [ 'just as large as allowed', $TOKEN, 16384, 200 ],
    [ 'one byte more', $TOKEN, 16385, 413 ],
    [ 'just as large as a section allows', '/obtain/small', 300, 200 ],
    [ 'one byte more than it allows', '/obtain/small', 301, 413 ],
) {
    my ($why, $path, $size, $code) = @$_;
    for (
        [ 'by its length', post_body($path, padded($size)) ],
        [ 'in chunks', chunked($path, padded($size), 1000) ],
    ) {
        my ($how, $response) = @$_;
        is $response->code, $code, "a body $why, $how";
        headers_of_every_answer($response, "a body $why, $how");
        next if $code == 200;
        ok length +(json($response) || {})->{detail}, 'a reason in JSON';
        unlike $response->content, qr/access|refresh/, 'and no token';
    }
}
{
    my $response = raw_request("POST $TOKEN HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
        . "Content-Type: application/json\r\nContent-Length: 99999999\r\nExpect: 100-continue\r\n\r\n");
    like $response->{raw}, qr{\AHTTP/1\.1 413 }, 'too large a body is not asked for';
}

for my $method (qw(GET PUT PATCH DELETE TRACE PROPFIND QUERY)) {
    my $response = request($method, $TOKEN, $method eq 'PUT' ? (type => 'application/json', body => $good) : ());
    is $response->code, 405, "$method is not allowed";
    is $response->content, qq({"detail":"Method \\"$method\\" not allowed."}), "$method: what is told";
    headers_of_every_answer($response, $method);
}
{
    my $response = raw_request("HEAD $TOKEN HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
    is $response->code, 405, 'HEAD is not allowed';
    like $response->{raw}, qr/\r\n\r\n\z/, 'HEAD: no body';
    headers_of_every_answer($response, 'HEAD');
    $response = request('OPTIONS', $TOKEN);
    is $response->code, 200, 'OPTIONS';
    headers_of_every_answer($response, 'OPTIONS');
    $response = request('POST', $TOKEN, body => $good, type => 'application/json',
        headers => [ 'X-HTTP-Method-Override' => 'GET' ]);
    is $response->code, 200, 'a method is not overridden';
}

for (
    [ 'a slash behind it', 200, "$TOKEN/" ],
    [ 'a query', 200, "$TOKEN?next=/" ],
    [ 'two parts behind it', 404, "$TOKEN/x" ],
    [ 'more letters', 404, "${TOKEN}s" ],
    [ 'fewer letters', 404, '/auth/toke' ],
    [ 'another case', 404, '/auth/Token' ],
    [ 'the mount alone', 404, '/auth' ],
    [ 'elsewhere', 404, '/token' ],
    [ 'an endpoint that was never there', 404, '/auth/logout2' ],
) {
    my ($why, $code, $path) = @$_;
    is post_body($path, $good)->code, $code, "$why: $path";
}

# ---- settings -----------------------------------------------------------------------------

gives_tokens(post_json('/obtain/fields', { 'e-mail' => 'alice', secret_word => $alice->{password} }), 1,
    'fields with other names');
is post_body('/obtain/fields', $good)->content,
    '{"e-mail":["This field is required."],"secret_word":["This field is required."]}',
    'the usual names are unknown there';
is post_json('/obtain/fields', { 'e-mail' => ' ', secret_word => '' })->content,
    qq({"e-mail":["$BLANK"],"secret_word":["$BLANK"]}), 'and errors have the other names';

for (
    [ 'issuer and audience', '/obtain/named', '"user_id":"1","aud":"first","iss":"https://issuer.example/"' ],
    [ 'an issuer alone', '/obtain/issuer', '"user_id":"1","iss":"issuer"' ],
    [ 'another name of the id', '/obtain/subject', '"sub":"1"' ],
) {
    my ($why, $path, $claims) = @$_;
    my ($id, $end) = $claims =~ /\A("\w+":"1")(.*)\z/;
    my $pair = json(post_body($path, $good)) || {};
    for my $type (qw(access refresh)) {
        like payload($pair->{$type} // '.'),
            qr/\A\{"token_type":"$type","exp":\d+,"iat":\d+,"jti":"[0-9a-f]{32}",\Q$id\E,"password_mark":"[0-9a-f]{32}"\Q$end\E\}\z/,
            "$why: $type";
    }
}

for (
    [ 'the first key signs', '/auth/token', '{"alg":"HS256","typ":"JWT","kid":"first"}', site_key() ],
    [ 'a section names another', '/obtain/second', '{"alg":"HS256","typ":"JWT","kid":"second"}', $other_key ],
    [ 'or the one without a name', '/obtain/nameless', '{"alg":"HS256","typ":"JWT"}', $other_key ],
) {
    my ($why, $path, $header, $key) = @$_;
    my $pair = json(post_body($path, $good, port => port(1))) || {};
    for my $type (qw(access refresh)) {
        is header($pair->{$type} // '.'), $header, "$why: $type";
        ok decode($pair->{$type} // '.', key => $key), "$why: $type, by that key";
    }
}

done_testing;
