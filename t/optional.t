# AuthJWTOptional: a page for everybody knows who is logged in. A cookie that is no good counts as none,
# and nothing that is wrong with it shuts anybody out or gives anybody a name; it opens nothing.
#
# Runs beside others: it has servers of its own.
use strict;
use warnings;
use Test::More;
use JWTTest;
use JWTTest::Jar;
use JWTTest::Site;

only_under(qw(event prefork));
skip_without(qw(include rewrite headers));
my @compat = grep { can_load($_) } 'access_compat';

my $conf = <<'CONF';
ServerName www.site.test:80
DirectoryIndex index.html
AuthJWTClient browser
AuthJWTClaimEnv user_id EXPORTED
AuthJWTClaimHeader user_id X-Exported
SetEnvIf Request_Method "." AUTH_JWT_USER_ID=forged EXPORTED=forged
<LocationMatch "^/cgi-bin/(?:open|here|elsewhere|old|other|quiet|away|satisfied|script)/">
    AuthType JWT
    AuthJWTOptional On
    Require all granted
    Header set X-Claim "expr=%{JWT:user_id}"
</LocationMatch>
<Location "/cgi-bin/off/">
    AuthType JWT
    Require all granted
</Location>
<Location "/cgi-bin/here/">
    Require ip 127.0.0.1 ::1
    AuthMerging Off
</Location>
<Location "/cgi-bin/elsewhere/">
    Require ip 192.0.2.1
    Require user anne
</Location>
<Location "/cgi-bin/old/">
    AuthJWTMaxLoginAge 1min
</Location>
<Location "/cgi-bin/other/">
    AuthJWTAudience other
</Location>
<Location "/cgi-bin/quiet/">
    AuthJWTSilentRefresh Off
</Location>
<Location "/cgi-bin/script/">
    AuthJWTCORSOrigin https://app.example
</Location>
<IfModule access_compat_module>
<Location "/cgi-bin/satisfied/">
    Require valid-user
    Order allow,deny
    Allow from 127.0.0.1
    Satisfy Any
</Location>
</IfModule>
<Location "/cgi-bin/needed/">
    AuthType JWT
    AuthJWTOptional On
    Require valid-user
</Location>
<Location "/cgi-bin/basic/">
    AuthType Basic
    AuthName here
    AuthJWTOptional On
    Require all granted
</Location>
<Location "/cgi-bin/not/">
    AuthType JWT
    AuthJWTOptional On
    <RequireAll>
        Require all granted
        Require not user bert
    </RequireAll>
</Location>
<Location "/auth">
    AuthType JWT
    AuthJWTOptional On
    Require all granted
</Location>
<Directory "${SERVER_DIR}/htdocs/open">
    AuthType JWT
    AuthJWTOptional On
    Require all granted
    Options +Includes
    AddType text/html .shtml
    AddOutputFilter INCLUDES .shtml
    RewriteEngine On
    RewriteRule ^again$ /open/ [L]
</Directory>
<Directory "${SERVER_DIR}/htdocs/file">
    AllowOverride AuthConfig
    Require all granted
</Directory>
CONF
my $site = site_start($conf, pages => [qw(open file)], server => { with => \@compat });
my $root = $site->server->dir . '/htdocs';
spew("$root/open/x.shtml", '[<!--#echo var="REMOTE_USER" -->]');
spew("$root/file/.htaccess", "AuthType JWT\nAuthJWTOptional On\n");
my $page = '/cgi-bin/open/env';
my @same = ('Sec-Fetch-Site' => 'same-origin');

# ---- helpers --------------------------------------------------------------------------------------

# Who a script was told the user is: each of the names that may say so.
sub told
{
    my ($answer) = @_;
    my %env = $answer->content =~ /^(\w+)=(.*)$/mg;
    return join ' ', map { defined $env{$_} ? "$_=$env{$_}" : () }
        qw(REMOTE_USER AUTH_TYPE AUTH_JWT_USER_ID EXPORTED HTTP_X_EXPORTED AUTH_JWT_ERROR);
}

sub is_anonymous
{
    my ($answer, $error, $why) = @_;
    is $answer->code, 200, $why;
    is told($answer), $error ? "AUTH_JWT_ERROR=$error" : '', "$why: as anybody";
    is $answer->header('X-Claim') // '', '', "$why: without claims";
}

# NAME of the cookies that an answer clears.
sub cleared
{
    my ($answer) = @_;
    return join ' ', sort map { /^([^=]+)=;.*Max-Age=0/ ? $1 : /^([^=]+)=/ ? "$1!" : () } $answer->header('Set-Cookie');
}

sub private { my ($answer) = @_; return ($answer->header('Cache-Control') // '') =~ /private/ ? 1 : 0 }

sub with_claims
{
    my ($jar, %claims) = @_;
    return $jar->copy->put('__Host-jwt' => token({ %{ decode($jar->value('__Host-jwt')) }, %claims }));
}

my $ANNE = 'REMOTE_USER=anne AUTH_TYPE=JWT AUTH_JWT_USER_ID=1 EXPORTED=1 HTTP_X_EXPORTED=1';
my ($anne) = $site->enter('anne');
my ($bert) = $site->enter('bert');
my $access = $anne->value('__Host-jwt');
my $junk = JWTTest::Jar->new->put('__Host-jwt' => 'junk');

# ---- who has a token ------------------------------------------------------------------------------

for (
    [ 'a cookie', $anne, [], 'Cookie' ],
    [ 'a header field', undef, [ Authorization => "Bearer $access" ], 'Authorization' ],
    [ 'both', $anne, [ Authorization => "Bearer $access" ], 'Authorization' ],
) {
    my ($what, $jar, $headers, $vary) = @$_;
    for my $place (qw(open here)) {
        my $answer = $site->fetch("/cgi-bin/$place/env", $jar, headers => $headers);
        is told($answer), $ANNE, "$place, $what: the user";
        is $answer->header('X-Claim'), 1, '... in expressions';
        ok private($answer), '... in an answer for him alone';
        like $answer->header('Vary'), qr/\b$vary\b/, "... by $vary";
    }
    is told($site->fetch('/cgi-bin/off/env', $jar, headers => $headers)), 'AUTH_JWT_USER_ID=forged EXPORTED=forged',
        "$what without AuthJWTOptional: nobody looks";
    is $site->fetch('/cgi-bin/basic/env', $jar, headers => $headers)->code, 200, "$what under another AuthType: nobody looks";
}
is told($site->send($page, $anne, form => { a => 1 }, headers => [@same])), $ANNE, 'a form of this site';
like $site->fetch('/open/x.shtml', $anne)->content, qr/\[anne\]/, 'a page with SSI';
like $site->fetch('/open/x.shtml', undef)->content, qr/\[\(none\)\]/, '... for everybody';

# ---- who has none ---------------------------------------------------------------------------------

for (
    [ 'nothing', undef ],
    [ 'a cookie of somebody', undef, Cookie => 'a=b' ],
    [ 'an empty cookie', undef, Cookie => '__Host-jwt=' ],
    [ 'another scheme', undef, Authorization => 'Basic YTpi' ],
    [ 'forged fields', undef, 'X-Exported' => 2, 'X_Exported' => 2, 'Auth-JWT-User-Id' => 2 ],
) {
    my ($what, $jar, @headers) = @$_;
    my $answer = $site->fetch($page, $jar, headers => \@headers);
    is_anonymous($answer, '', $what);
    is private($answer), 0, "$what: an answer for everybody";
    is cleared($answer), '', "$what: no cookie is cleared";
    is $answer->header('WWW-Authenticate'), undef, "$what: no challenge";
}

# ---- a header field that is no good ---------------------------------------------------------------

for (
    [ 'junk', 'Bearer junk', 401 ], [ 'no token', 'Bearer', 400 ],
    [ 'expired', 'Bearer ' . token({ exp => time - 1 }), 401 ],
    [ 'of another key', 'Bearer ' . token({}, key => 'x' x 40), 401 ],
) {
    my ($what, $header, $code) = @$_;
    for my $jar (undef, $anne, $junk) {
        my $answer = $site->fetch($page, $jar, headers => [ Authorization => $header ]);
        is $answer->code, $code, "$what in a header field is refused" . ($jar ? ', whatever cookie comes along' : '');
        unlike $answer->content, qr/GATEWAY_INTERFACE/, '... and shows nothing';
        is cleared($answer), '', '... nor clears a cookie';
    }
}
is $site->fetch($page, $bert, headers => [ Authorization => "Bearer $access" ])->code, 401, 'a header of one, a cookie of another';

# ---- a cookie that is no good ---------------------------------------------------------------------

my $stale = with_claims($anne, exp => time - 60);
my %cookie = (access => '__Host-jwt', all => '__Host-jwt __Host-jwt-csrf __Host-jwt-refresh');
for (
    [ 'junk', $junk, 'malformed', $cookie{access} ],
    [ 'another key', $anne->copy->put('__Host-jwt' => token({}, key => 'x' x 40)), 'bad_signature', $cookie{access} ],
    [ 'a refresh token', $anne->copy->put('__Host-jwt' => $anne->value('__Host-jwt-refresh')), 'wrong_type', $cookie{access} ],
    [ 'a user who does not exist', with_claims($anne, user_id => '99', sid => undef), 'session_ended', $cookie{access} ],
    [ 'expired, no refresh cookie', $stale->copy->drop('__Host-jwt-refresh'), 'expired', $cookie{access} ],
    [ 'expired, a bad refresh cookie', $stale->copy->put('__Host-jwt-refresh' => 'junk'), 'expired', $cookie{all} ],
    [ 'a bad refresh cookie alone', $anne->copy->drop('__Host-jwt')->put('__Host-jwt-refresh' => 'junk'), 'no_token',
        '__Host-jwt-csrf __Host-jwt-refresh' ],
    [ 'expired, no silent refresh', $stale, 'expired', $cookie{access}, 'quiet' ],
    [ 'a login too old here', with_claims($anne, auth_time => time - 120), 'login_too_old', '', 'old' ],
    [ 'another audience', $anne, 'wrong_audience', '', 'other' ],
) {
    my ($what, $jar, $error, $clears, $place) = @$_;
    my $mark = $site->server->log_mark;
    my $answer = $site->fetch('/cgi-bin/' . ($place || 'open') . '/env', $jar);
    is_anonymous($answer, $error, $what);
    is cleared($answer), $clears, "$what: what is cleared";
    ok private($answer), "$what: no cache keeps what is said to this browser";
    is $answer->header('WWW-Authenticate'), undef, "$what: no challenge";
    like $site->server->log_since($mark), qr/JWT0124: the cookie counts as none \($error\)/, "$what: the log says why";
}
{
    my $answer = $site->fetch($page, undef, headers => [ Cookie => "__Host-jwt=$access; __Host-jwt=junk" ]);
    is_anonymous($answer, 'two_tokens', 'two cookies of one name');
}
is_anonymous($site->fetch('/cgi-bin/open/env', undef), '', 'the next request, without');
my $once = $site->fetch('/open/again', $junk);
is $once->content, 'page of open', 'a redirect from such a page to another';
is cleared($once), '__Host-jwt', '... clears once';
is cleared($site->fetch('/open/', $junk)), '__Host-jwt', 'a DirectoryIndex clears once';

# ---- silent refresh -------------------------------------------------------------------------------

my $renewed = $site->fetch($page, $stale);
is told($renewed), $ANNE, 'an expired access cookie, a good refresh cookie: the user';
like cleared($renewed), qr/^__Host-jwt! __Host-jwt-csrf!/, '... and new cookies';
ok private($renewed), '... for this browser';
is told($site->fetch($page, $stale->copy->drop('__Host-jwt'))), $ANNE, 'the refresh cookie alone, too';

# ---- pages of other sites -------------------------------------------------------------------------

for my $jar ($anne, $stale) {
    my $answer = $site->send($page, $jar, form => { a => 1 }, headers => [ 'Sec-Fetch-Site' => 'cross-site' ]);
    is_anonymous($answer, 'csrf', 'a form of another site');
    is cleared($answer), '', '... which logs nobody out';
    is $site->send($page, $jar, form => { a => 1 }, headers => [ Origin => 'https://evil.example' ])->code, 200, '... nor an older browser';
}
is told($site->fetch($page, $anne, headers => [ 'Sec-Fetch-Site' => 'cross-site' ])), $ANNE, 'a link from there is followed';

# ---- what is needed stays needed ------------------------------------------------------------------

for my $place (qw(needed elsewhere)) {
    my $path = "/cgi-bin/$place/env";
    is $site->fetch($path, undef)->code, 401, "$place: nobody";
    is $site->fetch($path, $junk)->code, 401, "$place: a bad cookie";
    is $site->send($path, $anne, form => { a => 1 }, headers => [ 'Sec-Fetch-Site' => 'cross-site' ])->code, 403, "$place: another site";
    is told($site->fetch($path, $anne)), $ANNE, "$place: the user";
}
is $site->fetch('/cgi-bin/elsewhere/env', $bert)->code, 403, 'elsewhere: another user';
is $site->fetch('/cgi-bin/not/env', undef)->code, 200, 'a user who may not: nobody';
is $site->fetch('/cgi-bin/not/env', $anne)->code, 200, '... another';
is $site->fetch('/cgi-bin/not/env', $bert)->code, 403, '... he himself';
is_anonymous($site->fetch('/cgi-bin/not/env', $junk), 'malformed', '... a bad cookie');
is $site->fetch('/auth/user', undef)->code, 401, 'an endpoint: nobody';
is $site->fetch('/auth/user', $junk)->code, 401, '... a bad cookie';
is $site->fetch('/auth/user', $anne)->code, 200, '... the user';
SKIP: {
    skip 'no mod_access_compat', 3 unless @compat;
    is $site->fetch('/cgi-bin/satisfied/env', $_)->code, 200, 'Satisfy Any: who comes from here' for undef, $junk, $anne;
}

# ---- other origins --------------------------------------------------------------------------------

my @app = (Origin => 'https://app.example');
my $preflight = $site->ask(OPTIONS => '/cgi-bin/script/env', undef, headers => [ @app,
    'Access-Control-Request-Method' => 'PUT', 'Access-Control-Request-Headers' => 'authorization' ]);
is $preflight->code, 204, 'a preflight is answered';
is $preflight->header('Access-Control-Allow-Headers'), 'authorization', '... so that the token may come';
is told($site->ask(PUT => '/cgi-bin/script/env', undef, headers => [ @app, Authorization => "Bearer $access" ])), $ANNE, '... and comes';

# ---- .htaccess ------------------------------------------------------------------------------------

is $site->fetch('/file/', undef, headers => [ Authorization => 'Bearer junk' ])->code, 401, 'in a .htaccess file';
is $site->fetch('/file/', undef)->code, 200, '... for everybody';

# ---- what ended, and a database that is away ------------------------------------------------------

$site->send('/auth/logout', $bert, headers => [@same]);
is_anonymous($site->fetch('/cgi-bin/quiet/env', $bert), 'session_ended', 'who logged out');
$site->sql('ALTER TABLE auth_jwt_session RENAME TO gone');
{
    my $answer = $site->fetch($page, $anne);
    is_anonymous($answer, 'database', 'a fault with a cookie');
    is cleared($answer), '', '... which stays';
    ok private($answer), '... and no cache keeps it';
    is $site->fetch($page, undef, headers => [ Authorization => "Bearer $access" ])->code, 503, 'a fault with a header field';
    is_anonymous($site->fetch($page, $stale), 'database', 'a fault of a silent refresh');
    is $site->fetch('/cgi-bin/needed/env', $anne)->code, 503, 'a fault where a token is needed';
}
$site->sql('ALTER TABLE gone RENAME TO auth_jwt_session');
ok wait_until(10, sub { told($site->fetch($page, $anne)) eq $ANNE }), 'when it is back the cookie is good';

done_testing;
