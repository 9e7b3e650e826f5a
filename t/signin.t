# Page loads without a good token go to the login, by way of a form without scripts, and on to the
# place they came from, never to another site; logout likewise.
#
# Runs beside others: it has servers of its own.
use strict;
use warnings;
use Test::More;
use JWTTest;
use JWTTest::Jar;
use JWTTest::Site;

only_under('event');

my $site = site_start(<<'CONF', pages => [qw(members own plain fresh)]);
ServerName www.site.test:80
AuthJWTClient browser
AuthJWTLoginURL /auth/login
AuthJWTAfterLogin /welcome
AuthJWTRememberLifetime 14d
<Location "/members">
    AuthType JWT
    Require valid-user
</Location>
<Location "/query">
    AuthType JWT
    AuthJWTTokenSource query:token header cookie
    AuthJWTMaxTokenAge 5min
    Require valid-user
</Location>
<Location "/elsewhere">
    AuthType JWT
    AuthJWTAudience elsewhere
    Require valid-user
</Location>
<Location "/fresh">
    AuthType JWT
    Require valid-user
    AuthJWTMaxLoginAge 1s
</Location>
<Location "/cgi-bin/members">
    AuthType JWT
    Require valid-user
</Location>
<Location "/own">
    AuthJWTLoginURL "/login.html?style=own#form"
    AuthType JWT
    Require valid-user
</Location>
<Location "/own-login">
    AuthJWTLoginURL "/login.html?style=own#form"
    AuthJWTAfterLogout none
    SetHandler jwt-login
</Location>
<Location "/own-logout">
    AuthJWTLoginURL /login.html
    SetHandler jwt-logout
</Location>
<Location "/plain">
    AuthType JWT
    AuthJWTLoginURL none
    Require valid-user
</Location>
<Location "/admin">
    AuthType JWT
    Require user nobody
</Location>
<Location "/circle">
    AuthType JWT
    Require valid-user
    AuthJWTLoginURL /circle/login
</Location>
<Location "/circle/whole">
    AuthJWTLoginURL http://www.site.test/circle/whole?x
</Location>
<Location "/circle/address">
    AuthJWTLoginURL http://127.0.0.1:${PORT}/circle/address
</Location>
<Location "/circle/other">
    AuthJWTLoginURL http://login.test/circle/other
</Location>
<Location "/circle/two%20words/">
    AuthJWTLoginURL "/circle/two%20words/?x#y"
</Location>
<Location "/circle/two words/">
    AuthJWTLoginURL "/circle/two%20words/?x#y"
</Location>
<Location "/circle/a">
    AuthJWTLoginURL /circle/b
</Location>
<Location "/circle/b">
    AuthJWTLoginURL /circle/c?x=1
</Location>
<Location "/circle/c">
    AuthJWTLoginURL /circle/a
</Location>
<IfModule rewrite_module>
    RewriteEngine On
    RewriteRule ^/circle/short$ /circle/app/long [PT]
    <Location "/circle/app">
        AuthJWTLoginURL /circle/short
    </Location>
</IfModule>
<LocationMatch "pattern-login">
    AuthJWTLoginURL none
    SetHandler jwt-login
</LocationMatch>
<Location "/api-login">
    AuthJWTClient api
    SetHandler jwt-login
</Location>
CONF

my @browser = ('Sec-Fetch-Mode' => 'navigate', 'Sec-Fetch-Site' => 'same-origin', Accept => 'text/html,*/*;q=0.8');
my @older = (Accept => 'text/html,application/xhtml+xml', Origin => 'http://www.site.test');
my @script = ('Sec-Fetch-Mode' => 'cors', 'Sec-Fetch-Site' => 'same-origin', Accept => '*/*');

sub goes { my ($answer) = @_; return join ' ', $answer->code, $answer->header('Location') // '-' }
sub form { my ($path, $fields, %option) = @_; return $site->send($path, delete $option{jar}, form => $fields, headers => [@browser], %option) }
my %right = (username => 'anne', password => JWTTest::Site::PASSWORD);

# ---- a login page that is protected itself --------------------------------------------------------

# Where a browser ends that goes on for at most ten times, and how often it went.
sub ends
{
    my ($path) = @_;
    my ($answer, $steps);
    for ($steps = 0; $steps < 10; $steps++) {
        $answer = $site->fetch($path, undef, headers => [@browser]);
        last unless $answer->code == 303;
        $path = $answer->header('Location');
        return "away" if $path =~ m{^http://login\.test/};
    }
    return $answer->code . " after $steps";
}

for (
    ['the login page', '/circle/login', '401 after 0', '/circle/login'],
    ['a page before it', '/circle/x', '401 after 1', '/circle/login'],
    ['... with a slash behind it, as mod_dir sends to', '/circle/login/', '401 after 0', '/circle/login'],
    ['... spelled by its bytes', '/circle/l%6fgin', '401 after 0', '/circle/login'],
    ['... by its whole URL', '/circle/whole', '401 after 0', 'http://www.site.test/circle/whole?x'],
    ['... by that of the address', '/circle/address', '401 after 0', $site->server->url('/circle/address')],
    ['... of another host, with the same path', '/circle/other', 'away'],
    ['... with a blank', '/circle/two%20words/', '401 after 0', '/circle/two%20words/?x#y'],
    ['three that send to each other', '/circle/a', '401 after 3', '/circle/b'],
    ['... from elsewhere', '/circle/c', '401 after 3', '/circle/a'],
    JWTTest::has_module('rewrite') ? ['... that is rewritten', '/circle/short', '401 after 0', '/circle/short'] : (),
) {
    my ($what, $path, $expect, $url) = @$_;
    my $mark = $site->server->log_mark;
    is ends($path), $expect, "no circle: $what";
    my @said = $site->server->log_since($mark) =~ /(JWT0125: .*)/g;
    s/, referer: .*// for @said;
    is "@said", $url ? "JWT0125: AuthJWTLoginURL $url leads to a page that asks for a login itself, so the answer is 401 in place "
        . 'of redirections without end; open that page to everybody: Require all granted, in a <Location> of its own' : '',
        '... as the log says';
}
is $site->fetch('/circle/login', undef, headers => [@script])->code, 401, 'a script is told as ever';

# ---- who is sent there ----------------------------------------------------------------------------

my ($jar) = $site->enter('anne', headers => [@browser]);
for (
    ['a page load', '/members/', [@browser], '303 /auth/login?next=%2fmembers%2f'],
    ['with its query', '/members/x?a=b&c=%20d', [@browser], '303 /auth/login?next=%2fmembers%2fx%3fa%3db%26c%3d%2520d'],
    ['an older browser', '/members/', [@older], '303 /auth/login?next=%2fmembers%2f'],
    ["one's own page", '/own/', [@browser], '303 /login.html?style=own&next=%2fown%2f'],
    ['a script', '/members/', [@script], '401 -'],
    ['an older script', '/members/', [@older, 'X-Requested-With' => 'XMLHttpRequest'], '401 -'],
    ['an image', '/members/', ['Sec-Fetch-Mode' => 'no-cors', Accept => 'image/png,*/*'], '401 -'],
    ['a program', '/members/', [], '401 -'],
    ['where it is none', '/plain/', [@browser], '401 -'],
    ['a bad token', '/members/', [@browser, Cookie => '__Host-jwt=junk'], '303 /auth/login?next=%2fmembers%2f'],
    ['a bad header', '/members/', [@browser, Authorization => 'Bearer junk'], '303 /auth/login?next=%2fmembers%2f'],
    ['half a header', '/members/', [@browser, Authorization => 'Bearer'], '400 -'],
    ['another user', '/admin', [@browser, $jar->fields], '403 -'],
    ['a place that could lead elsewhere', '//evil.test/../members/', [@browser], undef],
) {
    my ($what, $path, $headers, $expect) = @$_;
    my $answer = $site->fetch($path, undef, headers => $headers);
    is goes($answer), $expect, $what if $expect;
    unlike $answer->header('Location') // '', qr/evil/, 'never elsewhere';
    next unless $answer->code == 303;
    is $answer->header('Cache-Control'), 'no-store', '... and nobody keeps that';
    is $answer->header('WWW-Authenticate'), undef, '... nor is it a challenge';
}
is goes($site->send('/members/', undef, form => { a => 'b' }, headers => [@browser])), '401 -', 'a form that was sent is not lost silently';
is goes($site->ask('HEAD', '/members/', undef, headers => [@browser])), '303 /auth/login?next=%2fmembers%2f', 'HEAD as GET';

my $stale = JWTTest::Jar->new;
$stale->put($_ => 'junk') for '__Host-jwt', '__Host-jwt-refresh', '__Host-jwt-csrf', 'theirs';
$stale->take($site->fetch('/members/', $stale, headers => [@browser]));
is $stale->names, '__Host-jwt-csrf __Host-jwt-refresh theirs', 'what was tried and is no good is cleared on the way';
$stale->take($site->fetch('/members/', $stale, headers => [@browser]));
is $stale->names, 'theirs', '... and the refresh cookie when its turn has come';
for (
    ['a bad token in the query', '/query/?token=junk', []],
    ['a bad token in the header', '/members/', [ Authorization => 'Bearer junk' ]],
    ['a place for another audience', '/elsewhere/', []],
) {
    my ($what, $path, $headers) = @$_;
    my ($visitor) = $site->enter('anne', headers => [@browser]);
    my $answer = $site->fetch($path, $visitor, headers => [ @browser, 'Sec-Fetch-Site' => 'cross-site', @$headers ]);
    is $answer->code, 303, "a link with $what";
    is $answer->header('Set-Cookie'), undef, '... logs nobody out';
}
select undef, undef, undef, 2.2;
my $before = $jar->copy;
is goes($jar->take($site->fetch('/fresh/', $jar, headers => [@browser]))), '303 /auth/login?error=login_too_old&next=%2ffresh%2f', 'a login that is too old';
is $jar->names, $before->names, '... stays good for other places';
is $site->fetch('/members/', $jar, headers => [@browser])->code, 200, '... indeed';

# ---- the page -------------------------------------------------------------------------------------

my $page = $site->fetch('/auth/login?next=%2fmembers%2f%3fa%3d%22%3e%3cb%3e', undef, headers => [@browser]);
is $page->code, 200, 'the page';
is $page->content_type, 'text/html', '... is HTML';
like $page->header('Content-Security-Policy'), qr/^default-src 'none';.*frame-ancestors 'none'/, '... that runs and loads nothing, in no frame';
is $page->header('X-Frame-Options'), 'DENY', '... for older browsers, too';
is $page->header('Cache-Control'), 'no-store', '... and is not kept';
like $page->content, qr{<form method="post">}, '... a form, which goes where the page came from';
like $page->content, qr{<input type="text" name="username" autocomplete="username" required>}, '... with a name';
like $page->content, qr{<input type="password" name="password" autocomplete="current-password" required>}, '... a password';
like $page->content, qr{<input type="checkbox" name="remember_me" value="on">}, '... and whether to stay';
like $page->content, qr{<input type="hidden" name="next" value="/members/\?a=&quot;&gt;&lt;b&gt;">}, '... and the way back, escaped';
unlike $page->content, qr/<script|<b>|role="alert"/, '... without a script';
like $site->fetch("/auth/login?error=$_->[0]", undef)->content, qr/role="alert">.*$_->[1]/, "... which tells of $_->[0]"
    for ['login_failed', 'The name or the password is wrong'], ['invalid', 'Please fill in'], ['unavailable', 'later'], ['login_too_old', 'again'];
unlike $site->fetch("/auth/login?error=$_", undef)->content, qr/role="alert"|evil/, "... and of nothing else: $_" for qw(evil login_failedx <evil>), '';
unlike $site->fetch('/auth/login?next=//evil.test', undef)->content, qr/evil/, '... and leads nowhere else';
is $site->fetch('/api-login', undef)->code, 404, 'where no cookies are used there is no page';
is_deeply json($site->send('/auth/login', undef, json => {%right}, headers => [@browser])),
    { detail => 'This is for HTML forms; send JSON to the endpoint token.' }, 'JSON is for another endpoint';

# ---- the form -------------------------------------------------------------------------------------

my $in = JWTTest::Jar->new;
is goes($in->take(form('/auth/login', { %right, next => '/members/?x=y' }))), '303 /members/?x=y', 'a login goes where it came from';
is $in->names, '__Host-jwt __Host-jwt-csrf __Host-jwt-refresh', '... with cookies';
unlike $in->attributes('__Host-jwt'), qr/Max-Age/, '... of the browser';
is $site->fetch('/members/', $in, headers => [@browser])->code, 200, '... which open the page';
like $in->take(form('/auth/login', { %right, remember_me => 'on' }))->header('Set-Cookie'), qr/Max-Age=1209600/, 'remembered when asked to';
my $again = $in->copy;
$again->take(form('/auth/login', { username => 'bert', password => $right{password} }, jar => $in));
is decode($again->value('__Host-jwt'))->{user_id}, '2', 'another user while logged in: is that user';
isnt decode($again->value('__Host-jwt'))->{sid}, decode($in->value('__Host-jwt'))->{sid}, '... in a session of his own';
is decode($in->take(form('/auth/login', {%right}, jar => $in->copy) ) && $in->value('__Host-jwt'))->{user_id}, '1', 'and so again';
for (
    ['nowhere', {%right}, {}, '/welcome'],
    ['the query', {%right}, { path => '?next=%2fq' }, '/q'],
    ['the field before the query', { %right, next => '/f' }, { path => '?next=%2fq' }, '/f'],
    ['the page that sent the form', {%right}, { headers => [ @browser, Referer => 'http://www.site.test/login.html?next=%2fr&x#y', Host => 'www.site.test' ] }, '/r'],
    ['a page of another site', {%right}, { headers => [ @browser, Referer => 'http://evil.test/?next=%2fr', Host => 'www.site.test' ] }, '/welcome'],
    ['an empty field', { %right, next => '' }, {}, '/welcome'],
) {
    my ($what, $fields, $option, $to) = @$_;
    is goes(form('/auth/login' . (delete $option->{path} || ''), $fields, %$option)), "303 $to", "back to: $what";
}
for (
    ['a wrong password', { %right, password => 'wrong', next => '/members/' }, 'login_failed&next=%2fmembers%2f'],
    ['an unknown user', { %right, username => 'nobody' }, 'login_failed'],
    ['no password', { username => 'anne' }, 'invalid'],
    ['nothing', { x => 'y' }, 'invalid'],
) {
    my ($what, $fields, $query) = @$_;
    my $answer = form('/auth/login', $fields);
    is goes($answer), "303 /auth/login?error=$query", "$what: back to the page";
    is $answer->header('Set-Cookie'), undef, '... without a cookie';
    is goes(form('/own-login', $fields)), "303 /login.html?style=own&error=$query", "... or to one's own";
}
is $site->send('/auth/login', undef, form => {%right}, headers => [ 'Sec-Fetch-Site' => 'cross-site', Origin => 'https://evil.test' ])->code, 403,
    "another site's form logs nobody in";
is $site->send('/auth/login', undef, multipart => [%right], headers => [@browser])->code, 303, 'multipart is as good';
is $site->send('/auth/login', undef, form => {%right})->code, 303, 'so is a program';

# ---- open redirects -------------------------------------------------------------------------------

my @elsewhere = ('//evil.test', '///evil.test', '////evil.test', '/\\evil.test', '\\/evil.test', '\\\\evil.test', '/\\/evil.test',
    'http://evil.test', 'https://evil.test/', 'http:evil.test', 'http:/evil.test', 'https:\\evil.test', 'HTTP://evil.test', 'evil.test', 'evil.test/members/',
    "/\tevil.test", "/\t/evil.test", "\t//evil.test", " //evil.test", "/ /evil.test", "/\n/evil.test", "/\r/evil.test", "/\r\nLocation: //evil.test",
    "/\x00/evil.test", "/\x01/evil.test", "/\x0b/evil.test", "/\x7f/evil.test", '/.//evil.test', '/..//evil.test', '/a/..//evil.test', '/./\\evil.test',
    '/%09/evil.test', '/%0a/evil.test', '/%0d%0aLocation:%20//evil.test', '/%2fevil.test', '/%2f%2fevil.test', '/%5cevil.test', '/%5c%5cevil.test',
    '%2f%2fevil.test', '/%2e%2e//evil.test', '/%00/evil.test', '//evil.test@www.site.test', '//www.site.test@evil.test', 'http://www.site.test@evil.test',
    '//www.site.test.evil.test', '//evil.test/www.site.test', '//evil%2etest', '//xn--evl-qla.test', "//ev\xc3\xadl.test", "/\xef\xbc\x8fevil.test",
    "/\xe2\x81\x84/evil.test", "\xe2\x80\xae//evil.test", 'javascript:alert(1)//evil', 'JaVaScRiPt:evil()', 'data:text/html,evil', 'vbscript:evil', '@evil.test', ':evil.test',
    '.evil.test', '?next=//evil.test', '#//evil.test', '/;//evil.test', '//;@evil.test', '//[::1]evil.test', '/' . 'ab' x 1500 . 'evil', '//evil.test:80', '//0x7f.1/evil',
    "/x\x85//evil.test", '//google.com/evil', '/x//evil.test', '<>//evil.test', "/\xc0\xafevil.test");
for my $place (@elsewhere) {
    (my $shown = $place) =~ s/([^ -~])/sprintf '<%02x>', ord $1/ge;
    $shown = substr $shown, 0, 60;
    is goes(form('/auth/login', { %right, next => $place })), '303 /welcome', "the field leads nowhere else: $shown";
    (my $escaped = $place) =~ s/([^\w])/sprintf '%%%02x', ord $1/ge;
    is goes(form("/auth/login?next=$escaped", {%right})), '303 /welcome', '... nor does the query';
    unlike form('/auth/login', { %right, password => 'x', next => $place })->header('Location'), qr/next=/, '... nor is it handed on';
}
my $from_referer = form('/auth/login', {%right}, headers => [ @browser, Host => 'www.site.test', Referer => 'http://www.site.test/?next=//evil.test' ]);
is goes($from_referer), '303 /welcome', '... nor the page that sent the form';

for my $path ('//evil.test/pattern-login', '/%0d%0aX-Evil:%20/pattern-login', '/\\evil.test/pattern-login', '/%5cevil.test/pattern-login') {
    my $answer = raw_request("POST $path HTTP/1.1\r\nHost: www.site.test\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        . "Content-Length: 3\r\n\r\na=b", port => $site->server->port);
    like goes($answer), qr{^303 /(?:[^/\\\s][^\\\s]*)?\?error=invalid$}, "an endpoint by a pattern leads nowhere else: $path" if $answer->code != 404;
    unlike $answer->{raw}, qr/^X-Evil/m, '... nor into the header';
    unlike raw_request("GET $path HTTP/1.1\r\nHost: www.site.test\r\nConnection: close\r\n\r\n", port => $site->server->port)->{raw}, qr/action=/, '... nor does its form';
}

# ---- logout ---------------------------------------------------------------------------------------

my ($out) = $site->enter('anne', headers => [@browser]);
my $kept = $out->copy;
is goes($out->take(form('/auth/logout', {}, jar => $out))), '303 /auth/login', 'a logout leads to the login';
is $out->names, '', '... without cookies';
is $site->fetch('/members/', $kept, headers => [@script])->code, 401, '... and the session is over';
is $site->send('/auth/token/refresh', $kept, headers => [@script])->code, 401, '... and cannot be refreshed';
is goes(form('/auth/logout', {}, jar => $kept)), '303 /auth/login', 'a second time is the same to a person';
is goes(form('/auth/logout', {})), '303 /auth/login', 'so is a first one without cookies';
is goes(form('/own-logout', {})), '303 /login.html', "to one's own page";
my ($spoken) = $site->enter('anne', headers => [@browser]);
is $site->send('/auth/logout', $spoken, json => {}, headers => [@script])->code, 200, 'a script is answered';

# ---- the database is away -------------------------------------------------------------------------

my ($waiting) = $site->enter('anne', headers => [@browser]);
$site->sql('ALTER TABLE auth_jwt_user RENAME TO away');
is goes(form('/auth/login', { %right, next => '/members/' })), '303 /auth/login?error=unavailable&next=%2fmembers%2f', 'a fault: the page says so';
my $fault = $site->fetch('/members/', $waiting, headers => [@browser]);
is $fault->code, 503, 'a page load is no login';
is $fault->header('Set-Cookie'), undef, '... and no cookie is cleared';
$site->sql('ALTER TABLE away RENAME TO auth_jwt_user');
select undef, undef, undef, 1.1;
is $site->fetch('/members/', $waiting, headers => [@browser])->code, 200, '... they are good later';

done_testing;
