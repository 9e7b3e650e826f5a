# Tokens in cookies and queries: how they are set and cleared, where they are looked for, and that
# nobody else ever sees them.
#
# Runs beside others: it has a server of its own.
use strict;
use warnings;
use Test::More;
use JWTTest;
use JWTTest::Recorder;
use JWTTest::Site;

only_under(qw(event prefork));

my $backend = JWTTest::Recorder->start(port(1), scratch('backend'));
my $site = site_start('Define BACKEND ' . port(1) . "\n" . <<'CONF', pages => [qw(members query other-name)]);
AuthJWTClient browser
AuthJWTRememberLifetime 14d
<Location "/members">
    AuthType JWT
    Require valid-user
</Location>
<Location "/cgi-bin/members">
    AuthType JWT
    Require valid-user
</Location>
<Location "/query">
    AuthType JWT
    AuthJWTTokenSource query:token header
    AuthJWTMaxTokenAge 5min
    Require valid-user
</Location>
<Location "/cgi-bin/query">
    AuthType JWT
    AuthJWTTokenSource query:token header
    AuthJWTMaxTokenAge 5min
    Require valid-user
</Location>
<Location "/status">
    SetHandler server-status
</Location>
ExtendedStatus On
ProxyPass "/raw" "http://127.0.0.1:${BACKEND}/raw" nocanon
RewriteEngine On
RewriteRule "^/rewritten/(.*)$" "http://127.0.0.1:${BACKEND}/rewritten/$1" [P,NE]
ErrorDocument 404 /query/absent
<Location "/other-name">
    AuthType JWT
    AuthJWTTokenSource cookie:elsewhere header
    Require valid-user
</Location>
<Location "/spa">
    AuthJWTClient spa
</Location>
<Location "/spa/login">
    SetHandler jwt-obtain
</Location>
<Location "/spa/refresh">
    SetHandler jwt-refresh
</Location>
<Location "/both/login">
    SetHandler jwt-obtain
    AuthJWTAccessDelivery both
    AuthJWTRefreshDelivery both
    AuthJWTAccessCookie __Secure-a Path=/both Domain=example.com SameSite=Strict
    AuthJWTRefreshCookie plain Secure=Off SameSite=Strict Path=/both
    AuthJWTCSRFCookie csrf
</Location>
<Location "/api/login">
    AuthJWTClient api
    SetHandler jwt-obtain
</Location>
CONF

my $server = $site->server;
my @here = (port => $server->port);

sub enter { return $site->enter(@_) }
sub page { my ($jar) = @_; return $site->fetch('/members/', $jar) }

# ---- what a login sets ----------------------------------------------------------------------

my ($jar, $answer) = enter('anne');
is $answer->code, 200, 'a login';
is_deeply [ sort keys %{ json($answer) } ], ['csrf_token'], 'what goes into cookies leaves the body';
is $jar->names, '__Host-jwt __Host-jwt-csrf __Host-jwt-refresh', 'three cookies';
is $jar->attributes("__Host-jwt$_"), 'HttpOnly; Path=/; SameSite=Lax; Secure', "__Host-jwt$_ is as safe as can be, and of the browser's session"
    for '', '-refresh';
is $jar->attributes('__Host-jwt-csrf'), 'Path=/; SameSite=Lax; Secure', 'scripts read the token against CSRF';
is $jar->value('__Host-jwt-csrf'), json($answer)->{csrf_token}, '... which the body has, too';
is decode($jar->value('__Host-jwt'))->{token_type}, 'access', 'an access token';
is decode($jar->value('__Host-jwt-refresh'))->{token_type}, 'refresh', 'a refresh token';
is page($jar)->code, 200, 'they open a page';
like page($jar)->header('Cache-Control'), qr/private/, '... which is private';
like page($jar)->header('Vary'), qr/Cookie/, '... and depends on cookies';
is get('/members/', @here)->code, 401, 'without them it stays closed';

my ($remembered) = enter('anne', more => { remember_me => JSON::PP::true() });
for (['__Host-jwt', 'HttpOnly; '], ['__Host-jwt-refresh', 'HttpOnly; '], ['__Host-jwt-csrf', '']) {
    my ($name, $flag) = @$_;
    is $remembered->attributes($name), "${flag}Max-Age=1209600; Path=/; SameSite=Lax; Secure", "remembered: $name";
}
my $claims = decode($remembered->value('__Host-jwt-refresh'));
is $claims->{exp} - $claims->{iat}, 1209600, 'and so long lives the token';
for my $no (undef, JSON::PP::false(), 0, 'no', '', 'false') {
    my ($forgotten) = enter('anne', more => { remember_me => $no });
    unlike $forgotten->attributes('__Host-jwt'), qr/Max-Age/, 'remember_me ' . ($no // 'null') . ' is no';
}

my ($spa, $spa_answer) = enter('anne', path => '/spa/login');
is_deeply [ sort keys %{ json($spa_answer) } ], [qw(access csrf_token)], 'spa: the access token in the body';
is $spa->names, '__Host-jwt-csrf __Host-jwt-refresh', '... the refresh token in a cookie';

my ($both, $both_answer) = enter('anne', path => '/both/login');
is_deeply [ sort keys %{ json($both_answer) } ], [qw(access csrf_token refresh)], 'both: all in the body';
is $both->attributes('__Secure-a'), 'Domain=example.com; HttpOnly; Path=/both; SameSite=Strict; Secure', '... and as configured';
is $both->attributes('plain'), 'HttpOnly; Path=/both; SameSite=Strict', '... Secure=Off';
is $both->attributes('csrf'), 'Path=/; SameSite=Strict', '... and the cookie against CSRF goes with it';

my ($api, $api_answer) = enter('anne', path => '/api/login');
is $api->names, '', 'api: no cookie';
is_deeply [ sort keys %{ json($api_answer) } ], [qw(access refresh)], '... and a body as ever';

is((enter('anne', headers => [ 'Sec-Fetch-Site' => 'cross-site' ]))[0]->names, '', 'a page of another site logs nobody in');

# ---- where a token is looked for --------------------------------------------------------------

my ($bert) = enter('bert');
my ($anne2) = enter('anne');
my $access = $jar->value('__Host-jwt');
for (
    ['the cookie', 200, [ $jar->fields ]],
    ['the header', 200, [ Authorization => "Bearer $access" ]],
    ['both, of one session', 200, [ Authorization => "Bearer $access", $jar->fields ]],
    ['both, of two users', 401, [ Authorization => "Bearer $access", $bert->fields ]],
    ['both, of two sessions of one user', 401, [ Authorization => "Bearer $access", $anne2->fields ]],
    ['a good header and a junk cookie', 200, [ Authorization => "Bearer $access", Cookie => '__Host-jwt=junk' ]],
    ['a good header and a forged cookie', 200, [ Authorization => "Bearer $access", Cookie => '__Host-jwt=' . token({ user_id => '2' }, key => 'x' x 40) ]],
    ['a bad header and a good cookie', 401, [ Authorization => 'Bearer junk', $jar->fields ]],
    ['half a header and a good cookie', 400, [ Authorization => 'Bearer', $jar->fields ]],
    ['another scheme is no token', 200, [ Authorization => 'Basic YTpi', $jar->fields ]],
    ['the cookie twice', 401, [ Cookie => "__Host-jwt=$access; __Host-jwt=$access" ]],
    ['the cookie twice, one of them another', 401, [ Cookie => "__Host-jwt=$access; x=y; __Host-jwt=z" ]],
    ['no name', 401, [ Cookie => "=__Host-jwt=$access" ]],
    ['a name in another case', 401, [ Cookie => "__host-jwt=$access" ]],
    ['a longer name', 401, [ Cookie => "__Host-jwt2=$access" ]],
    ['quotes', 401, [ Cookie => "__Host-jwt=\"$access\"" ]],
    ['within another value', 401, [ Cookie => "x=__Host-jwt=$access" ]],
    ['an empty one', 401, [ Cookie => '__Host-jwt=' ]],
    ['a refresh token', 401, [ Cookie => '__Host-jwt=' . $jar->value('__Host-jwt-refresh') ]],
    ['among many', 200, [ Cookie => join '; ', (map { "c$_=$_" } 1 .. 100), "__Host-jwt=$access", 'z="; "' ]],
    ['two fields', 401, [ Cookie => 'a=b', Cookie => "__Host-jwt=$access" ]],
) {
    my ($name, $code, $headers) = @$_;
    is get('/members/', @here, headers => $headers)->code, $code, $name;
}
is get('/members/', @here, headers => [ Authorization => "Bearer $access", $bert->fields ])->header('WWW-Authenticate'),
    'Bearer realm="api", error="invalid_token"', 'two users: an invalid token, and no more is told';
is get('/other-name/', @here, headers => [ Cookie => "elsewhere=$access" ])->code, 200, 'a cookie of another name';
is get('/other-name/', @here, headers => [ Cookie => "__Host-jwt=$access" ])->code, 401, '... and that one alone';

# ---- queries ------------------------------------------------------------------------------------

for (
    ['the query', 200, 'GET', "token=$access"],
    ['among others', 200, 'GET', "a=b&token=$access&c=d"],
    ['HEAD', 200, 'HEAD', "token=$access"],
    ['twice', 401, 'GET', "token=$access&token=$access"],
    ['another name', 401, 'GET', "tokens=x"],
    ['a bad one', 401, 'GET', 'token=junk'],
    ['POST', 401, 'POST', "token=$access"],
) {
    my ($name, $code, $method, $query) = @$_;
    is request($method, "/query/?$query", @here)->code, $code, "query: $name";
}
is get("/members/?token=$access", @here)->code, 401, 'no query where none is configured';
my $seen = get("/cgi-bin/query/env?a=b&token=$access&%74oken%32=x&c", @here);
is $seen->code, 200, 'an application behind it';
like $seen->content, qr/^QUERY_STRING=a=b&%74oken%32=x&c$/m, '... has the query without the token';
unlike $seen->content, qr/\Q$access\E/, '... and the token nowhere';
# Whoever maps the URL, or never gets to: the token is gone before.
my @ways = ("GET /raw/env?a=b&token=$access HTTP/1.1", "GET /rewritten/env?a=b&token=$access HTTP/1.1", "GET /query/index.html?token=$access",
    "TRACE /query/?token=$access HTTP/1.1", "GET /query/a%2fb?token=$access HTTP/1.1", "GET /nowhere?token=$access HTTP/1.1",
    "POST /members/?token=$access HTTP/1.1", "GET /members/?x=1&token=$access HTTP/1.1", "GET /?%74oken=$access HTTP/1.1");
for my $way (@ways) {
    my $raw = raw_request("$way\r\n" . ($way =~ /HTTP/ ? "Host: x\r\nConnection: close\r\n\r\n" : ''), @here)->{raw};
    (my $shown = $way) =~ s/\Q$access\E/TOKEN/;
    ok length $raw, "answered: $shown";
    unlike $raw, qr/\Q$access\E/, '... without the token';
}
like $backend->text, qr{^GET /$_/env\?a=b HTTP}m, "a backend has the rest of the query: $_" for qw(raw rewritten);
unlike $backend->text, qr/\Q$access\E/, '... and not the token';
raw_request("GET /query/?token=$access HTTP/1.1\r\nHost: x\r\nExpect: foo\r\nConnection: close\r\n\r\n", @here);
raw_request("GET /query/?token=$access HTTP/1.1\r\nConnection: close\r\n\r\n", @here);
like get('/cgi-bin/env?token=short&a=b', @here)->content, qr/^QUERY_STRING=token=short&a=b$/m, "an application's own parameter of that name stays";
unlike get('/status', @here)->content, qr/cgi-bin\/query\/env\?[^ ]*token=ey/, '... nor does the server show it in its status';
is $seen->header('Referrer-Policy'), 'no-referrer', '... and no link tells of it';
is get('/query/?token=' . token({ iat => time - 301, exp => time + 300, sid => decode($access)->{sid}, user_id => '1' }), @here)->code, 401,
    'an older token is too old for a query';

# ---- what applications see ----------------------------------------------------------------------

for my $path (qw(/cgi-bin/env /cgi-bin/members/env)) {
    my $env = raw_request("GET $path HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer $access\r\nCookie: a=1\r\nCookie: __Host-jwt=$access\r\n"
        . "Cookie: b=2\r\nConnection: close\r\n\r\n", @here)->content;
    like $env, qr/^HTTP_COOKIE=a=1, b=2$/m, "$path: a cookie in a field of its own is taken out, too";
    unlike $env, qr/\Q$access\E/, '... and the token nowhere';
}
my @cookies = (Cookie => 'a=1; ' . $jar->field . '; elsewhere=x; b=2');
for my $path (qw(/cgi-bin/env /cgi-bin/members/env)) {
    my $env = get($path, @here, headers => [@cookies])->content;
    like $env, qr/^HTTP_COOKIE=a=1; b=2$/m, "$path: an application has its own cookies";
    unlike $env, qr/\Q$_\E/, '... and none of ours' for map { $jar->value($_) } '__Host-jwt', '__Host-jwt-refresh', '__Host-jwt-csrf';
}
unlike get('/cgi-bin/env', @here, headers => [ $jar->fields ])->content, qr/^HTTP_COOKIE/m, 'nothing left: no field';
like get('/cgi-bin/env', @here, headers => [ Cookie => 'a=1 ; b="2;3"; =c; d' ])->content, qr/^HTTP_COOKIE=a=1 ; b="2;3"; =c; d$/m,
    'cookies of others are as they were';
$server->stop;
my $logs = join '', map { slurp($_) } glob $server->dir . '/logs/*';
unlike $logs, qr/\Q$_\E/, 'no log has a token' for map { $jar->value($_) } '__Host-jwt', '__Host-jwt-refresh', '__Host-jwt-csrf';
like $logs, qr{"GET /cgi-bin/query/env\?a=b&%74oken%32=x&c HTTP/1.1"}, 'the access log has the query without it';

done_testing;
