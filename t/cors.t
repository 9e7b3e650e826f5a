# Pages of other origins: exactly those of AuthJWTCORSOrigin may ask, and read what they are told,
# refusals too; everybody else is told nothing that a browser would let them read.
#
# Runs beside others: it has servers of its own.
use strict;
use warnings;
use Test::More;
use JWTTest;
use JWTTest::Recorder;
use JWTTest::Site;

only_under('event');

my $backend = JWTTest::Recorder->start(port(1), scratch('backend'));
my $site = site_start(sprintf(<<'CONF', port(1)), pages => [qw(members open plain)]);
ServerName www.site.test:80
AuthJWTClient spa
AuthJWTCORSOrigin https://front.test http://localhost:3000
AuthJWTCORSMaxAge 20min
Header always set X-Always yes
<Location "/members">
    AuthType JWT
    Require valid-user
</Location>
<Location "/admin">
    AuthType JWT
    Require user nobody
</Location>
<Location "/open">
    AuthType JWT
    Require all granted
</Location>
<Location "/closed">
    AuthType JWT
    Require all denied
</Location>
<Location "/none">
    AuthType JWT
    AuthJWTCORSOrigin none
    Require valid-user
</Location>
<Location "/proxied">
    AuthType JWT
    Require valid-user
    ProxyPass "http://127.0.0.1:%d/proxied"
</Location>
<Location "/moved">
    AuthType JWT
    Require valid-user
    <IfModule rewrite_module>
        RewriteEngine On
        RewriteRule ^ https://elsewhere.test/ [R=301,L]
    </IfModule>
</Location>
<Location "/cgi-bin/members">
    AuthType JWT
    Require valid-user
</Location>
CONF

my ($jar, $login) = $site->enter('anne', headers => [ Origin => 'https://front.test' ]);
my @bearer = (Authorization => 'Bearer ' . json($login)->{access});
my @preflight = ('Access-Control-Request-Method' => 'POST', 'Access-Control-Request-Headers' => 'authorization,x-csrftoken');

sub cors { my ($answer) = @_; return join ' | ', map { join ',', $answer->header("Access-Control-$_") } qw(Allow-Origin Allow-Credentials) }
sub vary { my ($answer) = @_; return scalar grep { /\bOrigin\b/ } $answer->header('Vary') }

# ---- preflights -----------------------------------------------------------------------------------

my @places = qw(/auth/token /auth/token/refresh /auth/logout /auth/user /members/ /members /members/absent /open/ /open /moved /proxied/x /admin /cgi-bin/members/env);
for my $place (@places) {
    for my $origin ('https://front.test', 'http://localhost:3000') {
        my $answer = $site->ask('OPTIONS', $place, undef, headers => [ Origin => $origin, @preflight ]);
        is $answer->code, 204, "$place: a preflight from $origin needs no token";
        is cors($answer), "$origin | true", '... and is told that it may';
        like $answer->header('Access-Control-Allow-Methods'), qr/\bPOST\b|\bGET\b/, '... which methods';
        is $answer->header('Access-Control-Allow-Headers'), 'authorization,x-csrftoken', '... which fields';
        is $answer->header('Access-Control-Max-Age'), '1200', '... and for how long';
        is length $answer->content, 0, '... and nothing of the resource';
        ok vary($answer), '... for this origin alone';
    }
    for my $origin ('https://evil.test', 'https://front.test.evil.test', 'https://evil-front.test', 'http://front.test', 'https://front.test:8443',
        'null', 'https://FRONT.test', 'https://front.test https://evil.test', '*') {
        my $answer = $site->ask('OPTIONS', $place, undef, headers => [ Origin => $origin, @preflight ]);
        is cors($answer), ' | ', "$place: a preflight from '$origin' is told nothing";
        isnt $answer->code, 204, '... and is none';
    }
}
is $site->ask('OPTIONS', '/members', undef, headers => [@bearer])->code, 301, 'what is no preflight is sent on by mod_dir';
is $site->fetch('/moved', undef, headers => \@bearer)->code, 301, '... and by others' if JWTTest::has_module('rewrite');
is $site->ask('OPTIONS', '/members', undef, headers => [ Origin => 'https://front.test', @preflight ])->header('X-Always'), 'yes',
    "a preflight has the administrator's own fields";
unlike $backend->text, qr/^OPTIONS/m, 'no preflight reaches the application behind';
is $site->ask('OPTIONS', '/closed', undef, headers => [ Origin => 'https://front.test', @preflight ])->code, 403, 'other requirements hold for preflights';
is $site->ask('OPTIONS', '/members/', undef, headers => [ Origin => 'https://front.test' ])->code, 401, 'OPTIONS that is no preflight needs a token';
my $odd = $site->ask('OPTIONS', '/members/', undef, headers => [ Origin => 'https://front.test', 'Access-Control-Request-Method' => "GET<x>",
    'Access-Control-Request-Headers' => 'a;b' ]);
is $odd->header('Access-Control-Allow-Methods') // $odd->header('Access-Control-Allow-Headers'), undef, 'what is no list of names is not repeated';

# ---- answers --------------------------------------------------------------------------------------

my %ask = (
    'a login'             => sub { ($site->enter('anne', headers => \@_))[1] },
    'a failed login'      => sub { $site->send('/auth/token', undef, json => { username => 'anne', password => 'x' }, headers => \@_) },
    'an unreadable one'   => sub { $site->send('/auth/token', undef, body => '{', type => 'application/json', headers => \@_) },
    'a wrong method'      => sub { $site->fetch('/auth/token', undef, headers => \@_) },
    'a page'              => sub { $site->fetch('/members/', undef, headers => [ @bearer, @_ ]) },
    'no token'            => sub { $site->fetch('/members/', undef, headers => \@_) },
    'a bad token'         => sub { $site->fetch('/members/', undef, headers => [ Authorization => 'Bearer x', @_ ]) },
    'another user'        => sub { $site->fetch('/admin', undef, headers => [ @bearer, @_ ]) },
    'a page that is not there' => sub { $site->fetch('/members/absent', undef, headers => [ @bearer, @_ ]) },
    'an open page'        => sub { $site->fetch('/open/', undef, headers => \@_) },
    'a proxied one'       => sub { $site->fetch('/proxied/x', undef, headers => [ @bearer, @_ ]) },
    'who I am'            => sub { $site->fetch('/auth/user', undef, headers => [ @bearer, @_ ]) },
);
for my $what (sort keys %ask) {
    my $answer = $ask{$what}->(Origin => 'https://front.test');
    is cors($answer), 'https://front.test | true', "$what: the front end may read it (" . $answer->code . ')';
    is $answer->header('Access-Control-Expose-Headers'), 'WWW-Authenticate', '... and why it was refused';
    ok vary($answer), '... and caches keep it apart';
    is $answer->header('X-Always'), 'yes', "... beside the administrator's own fields";
    for my $origin ('https://evil.test', 'null', undef) {
        $answer = $ask{$what}->($origin ? (Origin => $origin) : ());
        is cors($answer), ' | ', "$what: not " . ($origin // 'who has no origin');
        ok vary($answer), '... and caches keep it apart';
    }
}
is cors($site->fetch($_, undef, headers => [ Origin => 'https://front.test', @bearer ])), ' | ', "$_: no word of ours" for '/none', '/', '/plain/';

# ---- an application with fields of its own ----------------------------------------------------------

my $open_handed = site_start(<<'CONF', pages => [qw(members)]);
AuthJWTCORSOrigin https://front.test
<Location "/members">
    AuthType JWT
    Require all granted
    Header set Access-Control-Allow-Origin "*"
    Header always set Access-Control-Allow-Credentials "true"
    Header set Access-Control-Allow-Methods "DELETE"
    Header append Vary "Accept-Language"
</Location>
CONF
for (['https://front.test', 'https://front.test | true'], ['https://evil.test', ' | '], [undef, ' | ']) {
    my ($origin, $expect) = @$_;
    my $answer = $open_handed->fetch('/members/', undef, headers => [ $origin ? (Origin => $origin) : () ]);
    is cors($answer), $expect, 'ours replace those of others: ' . ($origin // 'no origin');
    is $answer->header('Access-Control-Allow-Methods'), undef, '... all of them';
    like join(',', $answer->header('Vary')), qr/Accept-Language.*Origin|Origin.*Accept-Language/, '... but Vary, which is longer';
}

done_testing;
