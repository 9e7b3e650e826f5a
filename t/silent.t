# An access cookie that is over, and a good refresh cookie: the request is answered as if the client
# had refreshed before, once for all that come together, and never for who may not.
#
# Runs beside others: it has servers of its own.
use strict;
use warnings;
use Test::More;
use Crypt::JWT qw(encode_jwt);
use JWTTest;
use JWTTest::Jar;
use JWTTest::Site;

only_under(qw(event prefork));

my $pages = <<'CONF';
ServerName www.site.test:80
DirectoryIndex index.html
AuthJWTClient browser
AuthJWTRememberLifetime 14d
AuthJWTClaim name "%{REMOTE_USER}"
AuthJWTClaim active column:is_active:bool
<Location "/members">
    AuthType JWT
    Require valid-user
</Location>
<Location "/cgi-bin/members">
    AuthType JWT
    Require valid-user
</Location>
<Location "/young">
    AuthType JWT
    AuthJWTMaxTokenAge 10min
    Require valid-user
</Location>
<Location "/off">
    AuthType JWT
    AuthJWTSilentRefresh Off
    Require valid-user
</Location>
CONF
my $site = site_start($pages, pages => [qw(members young off)]);
my @same = ('Sec-Fetch-Site' => 'same-origin');

# ---- helpers --------------------------------------------------------------------------------------

# The jar with an access token that was good until a minute ago, as the module would have made it.
sub expired
{
    my ($jar, %claims) = @_;
    my $old = $jar->copy;
    my %all = (%{ decode($jar->value('__Host-jwt')) }, exp => time - 60, %claims);
    return $old->put('__Host-jwt' => token(\%all));
}

# Half of the session's idle time is over: seconds are taken off in its row.
sub age
{
    my ($where, $jar, $seconds) = @_;
    my $sid = decode($jar->value('__Host-jwt-refresh'))->{sid};
    $where->sql("UPDATE auth_jwt_session SET created_at = created_at - $seconds, "
        . "refreshed_at = CASE WHEN refreshed_at > 0 THEN refreshed_at - $seconds ELSE 0 END WHERE sid = '$sid'");
}

sub row
{
    my ($where, $jar) = @_;
    my $sid = decode($jar->value('__Host-jwt-refresh'))->{sid};
    my ($refreshed, $current, $revoked) = split /\|/, $where->sql("SELECT refreshed_at, current_jti, revoked_at FROM auth_jwt_session WHERE sid = '$sid'");
    return { refreshed => $refreshed, current => $current, revoked => $revoked };
}

# ---- what is renewed ------------------------------------------------------------------------------

my ($jar) = $site->enter('anne');
my $old = expired($jar);
my $new = $old->copy;
my $mark = $site->server->log_mark;
my $answer = $new->take($site->fetch('/members/', $old));
is $answer->code, 200, 'an expired access cookie with a good refresh cookie: the page';
is $answer->content, 'page of members', '... itself';
like $answer->header('Cache-Control'), qr/private/, '... for this client alone';
like $answer->header('Vary'), qr/Cookie/, '... and its cookies';
my $claims = decode($new->value('__Host-jwt'));
is $claims->{sid}, decode($jar->value('__Host-jwt'))->{sid}, 'the new one is of the same session';
cmp_ok $claims->{exp}, '>', time, '... and good';
isnt $claims->{jti}, decode($old->value('__Host-jwt'))->{jti}, '... and another one';
is $claims->{name}, 'anne', '... with the claims of an expression';
ok $claims->{active}, '... and of a column';
is $new->attributes('__Host-jwt'), 'HttpOnly; Path=/; SameSite=Lax; Secure', '... as a login sets it';
is $new->value('__Host-jwt-refresh'), $jar->value('__Host-jwt-refresh'), 'the refresh token stays for half of its time';
is $new->value('__Host-jwt-csrf'), $jar->value('__Host-jwt-csrf'), '... and what goes with it';
like $site->server->log_since($mark), qr/JWT0117: silent refresh for the user with the id '1', refresh token \w+, access token $claims->{jti}/, 'the log tells';
is $site->fetch('/members/', $new)->header('Set-Cookie'), undef, 'the next request needs nothing';

my $env = $site->fetch('/cgi-bin/members/env', $old)->content;
like $env, qr/^REMOTE_USER=anne$/m, 'an application has the user';
like $env, qr/^AUTH_JWT_SID=$claims->{sid}$/m, '... and the session';
unlike $env, qr/__Host-jwt/, '... and no cookie of ours';
my $made = $old->copy;
$env = $made->take($site->fetch('/cgi-bin/members/env', $old))->content;
my ($jti) = $env =~ /^AUTH_JWT_JTI=(\w+)$/m;
is $jti, decode($made->value('__Host-jwt'))->{jti}, 'identity and cookie are of one token';

is $site->fetch('/members/', $old->copy->drop('__Host-jwt'))->code, 200, 'an access cookie that the browser has dropped';
my $aged = expired($jar, iat => time - 601, exp => time + 60);
is $site->fetch('/members/', $aged)->header('Set-Cookie'), undef, 'a token of ten minutes is good elsewhere';
my $young = $aged->copy;
is $young->take($site->fetch('/young/', $aged))->code, 200, 'one that is older than AuthJWTMaxTokenAge';
cmp_ok decode($young->value('__Host-jwt'))->{iat}, '>', time - 60, '... is renewed';

my ($remembered) = $site->enter('anne', more => { remember_me => 'on' });
my $renewed = expired($remembered);
$renewed->take($site->fetch('/members/', $renewed));
like $renewed->attributes('__Host-jwt'), qr/Max-Age=12095\d\d|Max-Age=1209600/, 'who is remembered stays so';

# ---- what is not ----------------------------------------------------------------------------------

my ($bert) = $site->enter('bert');
for (
    ['no refresh cookie', 401, $old->copy->drop('__Host-jwt-refresh')],
    ['a junk one', 401, $old->copy->put('__Host-jwt-refresh' => 'junk')],
    ['an access token in its place', 401, $old->copy->put('__Host-jwt-refresh' => $jar->value('__Host-jwt'))],
    ['one that has expired', 401, $old->copy->put('__Host-jwt-refresh' => token({ %{ decode($jar->value('__Host-jwt-refresh')) }, exp => time - 1 }))],
    ['one of another key', 401, $old->copy->put('__Host-jwt-refresh' => token(decode($jar->value('__Host-jwt-refresh')), key => 'x' x 40))],
    ['an access cookie that is forged', 401, $old->copy->put('__Host-jwt' => token({ exp => time - 1 }, key => 'x' x 40))],
    ['... or junk', 401, $old->copy->put('__Host-jwt' => 'junk')],
) {
    my ($what, $code, $cookies) = @$_;
    my $got = $site->fetch('/members/', $cookies);
    is $got->code, $code, $what;
    is $got->header('Set-Cookie'), undef, '... sets no cookie';
    unlike $got->content, qr/page of members/, '... and shows nothing';
}
is $site->fetch('/off/', $old)->code, 401, 'AuthJWTSilentRefresh Off';
is $site->fetch('/members/', $old, headers => [ Authorization => 'Bearer ' . $old->value('__Host-jwt') ])->code, 401,
    'an expired token in the header is not renewed by a cookie';
is $site->fetch('/members/', undef, headers => [ Authorization => 'Bearer ' . $old->value('__Host-jwt'), Cookie => '__Host-jwt-refresh=' . $jar->value('__Host-jwt-refresh') ])->code, 401,
    '... nor with the refresh cookie alone';
is $site->fetch('/members/', undef, headers => [ Cookie => join '; ', ('__Host-jwt-refresh=' . $jar->value('__Host-jwt-refresh')) x 2 ])->code, 401,
    'a refresh cookie that stands there twice';
my ($anne_again) = $site->enter('anne');
for (['another user', $bert], ['another session', $anne_again]) {
    my ($whose, $from) = @$_;
    my $mixed = $old->copy->put('__Host-jwt-refresh' => $from->value('__Host-jwt-refresh'));
    my $got = $site->fetch('/members/', $mixed);
    is $got->code, 401, "the refresh cookie of $whose";
    is $got->header('Set-Cookie'), undef, '... renews nothing';
    like $site->server->log, qr/JWT0101: refused \(two_tokens\): .*the request has tokens of the users '\d' and '1', or of two sessions/, '... as the log says';
}
is $site->fetch('/young/?x', $young)->code, 200, 'all is well with the own one';
$site->sql('UPDATE auth_jwt_user SET is_active = 0 WHERE id = 2');
is $site->fetch('/members/', expired($bert))->code, 401, 'a user who is shut out';
$site->sql('UPDATE auth_jwt_user SET is_active = 1 WHERE id = 2');

# ---- forms ----------------------------------------------------------------------------------------

for (
    ['a form of this site', [@same], 200], ['an older browser', [Origin => 'http://www.site.test'], 200],
    ['a program with the token', ['X-CSRFToken' => $jar->value('__Host-jwt-csrf')], 200],
    ['a page of another site', ['Sec-Fetch-Site' => 'cross-site'], 403], ['a program without', [], 403],
) {
    my ($what, $headers, $code) = @$_;
    for my $cookies ($old, $old->copy->drop('__Host-jwt')) {
        my $got = $site->send('/cgi-bin/members/env', $cookies, form => { typed => 'for twenty minutes' }, headers => $headers);
        is $got->code, $code, "a POST from $what";
        is !!$got->header('Set-Cookie'), $code == 200, '... renews, or does not';
    }
}

# ---- rotation -------------------------------------------------------------------------------------

my ($half) = $site->enter('anne');
my $first = $half->value('__Host-jwt-refresh');
age($site, $half, 43201);
my $late = expired($half);
my $after = $late->copy;
is $after->take($site->fetch('/members/', $late))->code, 200, 'half of the idle time is over';
isnt $after->value('__Host-jwt-refresh'), $first, '... a new refresh token';
is decode($after->value('__Host-jwt-refresh'))->{jti}, row($site, $after)->{current}, '... which is the current one';
my $behind = $late->copy;
is $behind->take($site->fetch('/members/', $late))->code, 200, 'who comes with the one before';
is decode($behind->value('__Host-jwt-refresh'))->{jti}, decode($after->value('__Host-jwt-refresh'))->{jti}, '... is told of it';
age($site, $half, 60);
is $site->fetch('/members/', $late)->code, 401, 'past the grace it is taken for stolen';
is $site->fetch('/members/', expired($after))->code, 401, '... and the session has ended';
isnt row($site, $after)->{revoked}, 0, '... in the database';

# Sixty images of a page that is opened after the night.
sub at_once
{
    my ($count, $ask) = @_;
    my @pids;
    my @readers = map {
        pipe my $reader, my $writer or die "pipe: $!\n";
        defined(my $pid = fork) or die "fork: $!\n";
        if (!$pid) {
            my $got = $ask->();
            print $writer join "\n", $got->code, map { /^__Host-jwt-refresh=([^;]+)/ ? $1 : () } $got->header('Set-Cookie');
            close $writer;
            POSIX::_exit(0);
        }
        push @pids, $pid;
        $reader;
    } 1 .. $count;
    my @said = map { local $/; [ split /\n/, readline $_ ] } @readers;
    waitpid $_, 0 for @pids;
    return @said;
}
my ($many) = $site->enter('anne');
age($site, $many, 50000);
$site->sql('CREATE TABLE rotations(sid TEXT, jti TEXT); CREATE TRIGGER count_them AFTER UPDATE OF current_jti ON auth_jwt_session '
    . 'BEGIN INSERT INTO rotations VALUES(NEW.sid, NEW.current_jti); END');
my $images = expired($many);
my @said = at_once(60, sub { $site->fetch('/members/', $images) });
is scalar(grep { $_->[0] == 200 } @said), 60, 'sixty at once: each is answered';
my $sid = decode($many->value('__Host-jwt-refresh'))->{sid};
is $site->sql("SELECT COUNT(*) FROM rotations WHERE sid = '$sid'") + 0, 1, '... by one rotation';
my %successor = map { decode($_->[1])->{jti} => 1 } grep { $_->[1] } @said;
is scalar(keys %successor), 1, '... and all are told of one successor';

# ---- logout wins ----------------------------------------------------------------------------------

my ($leaving) = $site->enter('anne');
my $gone = expired($leaving);
is $site->send('/auth/logout', $leaving, headers => [@same])->code, 200, 'a logout';
is $site->fetch('/members/', $gone)->code, 401, '... is not undone by a silent refresh';
is $site->fetch('/members/', $leaving)->code, 401, '... nor does the token before go on';
my ($racing) = $site->enter('anne');
my $race = expired($racing);
my @race = at_once(12, sub { int rand 3 ? $site->fetch('/members/', $race) : $site->send('/auth/logout', $race, headers => [@same]) });
$site->send('/auth/logout', $race, headers => [@same]);
is $site->fetch('/members/', $race)->code, 401, 'whoever was first: after a logout it is over';
for my $left (map { $_->[1] // () } @race) {
    is $site->fetch('/members/', JWTTest::Jar->new->put('__Host-jwt-refresh' => $left))->code, 401, '... for tokens that were given meanwhile, too';
}

# ---- sub-requests and redirects -------------------------------------------------------------------

my $inside = site_start(<<'CONF', pages => [qw(members parts)]);
AuthJWTClient browser
DirectoryIndex index.html
<Directory "${SERVER_DIR}/htdocs/members">
    AuthType JWT
    Require valid-user
    RewriteEngine On
    RewriteRule ^nice$ /members/page.html [L]
    ErrorDocument 404 /members/page.html
</Directory>
<Directory "${SERVER_DIR}/htdocs/parts">
    Options +Includes
    AddType text/html .shtml
    AddOutputFilter INCLUDES .shtml
</Directory>
<Files "index.html">
    AuthJWTMaxTokenAge 1h
</Files>
CONF
my $root = $inside->server->dir . '/htdocs';
spew("$root/members/page.html", 'page of members');
spew("$root/parts/x.shtml", 'public <!--#include virtual="/members/page.html" -->');
my ($reader) = $inside->enter('anne');
my $stale = expired($reader);
for my $path (qw(/members/ /members/nice /members/page.html /members/absent)) {
    my $got = $inside->fetch($path, $stale);
    like $got->content, qr/page of members/, "$path: renewed once for the request and what follows from it";
    is scalar(() = $got->header('Set-Cookie')), 2, '... with one access cookie, and that against CSRF';
}
my $included = $inside->fetch('/parts/x.shtml', $stale);
is $included->code, 200, 'an open page that includes a protected one';
unlike $included->content, qr/page of members/, '... does not renew for its part';
is $included->header('Set-Cookie'), undef, '... nor set a cookie';
like $inside->fetch('/parts/x.shtml', $reader)->content, qr/page of members/, '... which a good cookie opens';

# ---- other ways to keep sessions ------------------------------------------------------------------

for my $mode (qw(Off blacklist migrate)) {
    my $other = site_start("AuthJWTSessions $mode\n$pages", pages => [qw(members young off)]);
    my ($visitor) = $other->enter('anne', more => { remember_me => 1 });
    my $over = expired($visitor);
    my $next = $over->copy;
    is $next->take($other->fetch('/members/', $over))->code, 200, "AuthJWTSessions $mode: renewed";
    like $next->attributes('__Host-jwt'), qr/Max-Age=12095\d\d|Max-Age=1209600/, '... and remembered';
    is $next->value('__Host-jwt-refresh'), $visitor->value('__Host-jwt-refresh'), '... by the same refresh token';
    my %was = %{ decode($visitor->value('__Host-jwt-refresh')) };
    my $long_ago = $over->copy->put('__Host-jwt-refresh' => token({ %was, iat => $was{iat} - 700000, exp => $was{exp} - 700000 }));
    my @all = at_once(20, sub { $other->fetch('/members/', $long_ago) });
    is scalar(grep { $_->[0] == 200 } @all), 20, '... many at once, late: each is answered';
}

# ---- nobody else is shown what was renewed --------------------------------------------------------

SKIP: {
    skip 'mod_cache is not here', 4 unless has_module('cache') && has_module('cache_socache') && has_module('socache_shmcb');
    my $cached = site_start("CacheEnable socache /\nCacheSocache shmcb\nCacheIgnoreNoLastMod On\nCacheDefaultExpire 600\nCacheStoreExpired On\n$pages");
    my ($owner) = $cached->enter('anne');
    is $cached->fetch('/members/', $_)->code, 200, 'a page that a cache could keep' for $owner, expired($owner);
    is $cached->fetch('/members/', undef)->code, 401, '... is not shown to who has no cookie';
    is $cached->fetch('/members/', undef, headers => [ Cookie => 'a=b' ])->code, 401, '... or another one';
}

done_testing;
