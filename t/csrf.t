# Who may act with somebody's cookies: pages of this site, and of the origins that are trusted like
# it; and that a page of somebody else can neither log a visitor in, nor out, nor refresh.
#
# Runs beside others: it has servers of its own.
use strict;
use warnings;
use Test::More;
use JWTTest;
use JWTTest::Jar;
use JWTTest::Site;

only_under('event');

my $site = site_start(<<'CONF', pages => [qw(members off)]);
ServerName www.site.test:80
AuthJWTClient browser
AuthJWTCORSOrigin https://front.test
<Location "/cgi-bin/members">
    AuthType JWT
    Require valid-user
</Location>
<Location "/cgi-bin/off">
    AuthType JWT
    AuthJWTCSRF Off
    Require valid-user
</Location>
<Location "/cgi-bin/header">
    AuthType JWT
    AuthJWTTokenSource header
    Require valid-user
</Location>
CONF

my ($jar, $login) = $site->enter('anne');
my ($other) = $site->enter('anne');
my ($bert) = $site->enter('bert');
my $csrf = json($login)->{csrf_token};
my @bearer = (Authorization => 'Bearer ' . $jar->value('__Host-jwt'));

my %came = (
    'a page of this site'        => ['Sec-Fetch-Site' => 'same-origin', Origin => 'http://www.site.test'],
    'the address bar'            => ['Sec-Fetch-Site' => 'none'],
    'a sibling host'             => ['Sec-Fetch-Site' => 'same-site', Origin => 'http://blog.site.test'],
    'another site'               => ['Sec-Fetch-Site' => 'cross-site', Origin => 'https://evil.test'],
    'another site, without Origin' => ['Sec-Fetch-Site' => 'cross-site'],
    'another site that knows our Origin' => ['Sec-Fetch-Site' => 'cross-site', Origin => 'http://www.site.test'],
    'the front end'              => ['Sec-Fetch-Site' => 'cross-site', Origin => 'https://front.test'],
    'an older browser here'      => [Origin => 'http://www.site.test'],
    'an older browser at the front end' => [Origin => 'https://front.test'],
    'an older browser elsewhere' => [Origin => 'https://evil.test'],
    'a frame without an origin'  => [Origin => 'null'],
    'a longer name'              => [Origin => 'http://www.site.test.evil.test'],
    'another scheme'             => [Origin => 'https://www.site.test'],
    'another port'               => [Origin => 'http://www.site.test:8080'],
    'a word unknown'             => ['Sec-Fetch-Site' => 'same-Origin'],
    'a program'                  => [],
    'a program with the token'   => ['X-CSRFToken' => $csrf],
    'a program with the token of another session' => ['X-CSRFToken' => $other->value('__Host-jwt-csrf')],
    'a program with the token of another user' => ['X-CSRFToken' => $bert->value('__Host-jwt-csrf')],
    'a program with a wrong token' => ['X-CSRFToken' => 'x' x 32],
    'a program with a short token' => ['X-CSRFToken' => substr $csrf, 0, 31],
    'a program with an empty token' => ['X-CSRFToken' => ''],
    'another site with the token' => ['Sec-Fetch-Site' => 'cross-site', 'X-CSRFToken' => $csrf],
);
my %good = map { $_ => 1 } 'a page of this site', 'the address bar', 'the front end', 'an older browser here',
    'an older browser at the front end';
my %token = ('a program with the token' => 1);
my %program = map { $_ => 1 } grep { /^a program/ } keys %came;

# What is judged: NAME => [whether programs without a word pass, how it is asked].
my %act = (
    'a POST by cookie'       => [0, sub { $site->send('/cgi-bin/members/env', $jar, headers => \@_) }],
    'a DELETE by cookie'     => [0, sub { $site->ask('DELETE', '/cgi-bin/members/env', $jar, headers => \@_) }],
    'a PUT by cookie'        => [0, sub { $site->ask('PUT', '/cgi-bin/members/env', $jar, headers => \@_) }],
    'a method of its own by cookie' => [0, sub { $site->ask('FROB', '/cgi-bin/members/env', $jar, headers => \@_) }],
    'a WebSocket by cookie'  => [0, sub { $site->fetch('/cgi-bin/members/env', $jar, headers => [ Upgrade => 'h2c, WebSocket', Connection => 'upgrade', @_ ]) }],
    'a refresh by cookie'    => [0, sub { $site->send('/auth/token/refresh', $jar, headers => \@_) }],
    'sessions by cookie'     => [0, sub { $site->ask('DELETE', '/auth/sessions/' . '0' x 32, $jar, headers => \@_) }, 404],
    'a login'                => [1, sub { ($site->enter('anne', headers => \@_))[1] }],
    "a refresh of the caller's own token" => [1, sub { $site->send('/auth/token/refresh', undef, json => { refresh => $bert->value('__Host-jwt-refresh') }, headers => \@_) }],
    "a logout of the caller's own token" => [1, sub { $site->send('/auth/logout', undef, json => { refresh => ($site->enter('bert'))[0]->value('__Host-jwt-refresh') }, headers => \@_) }],
);
for my $act (sort keys %act) {
    my ($passes, $ask, $code) = @{ $act{$act} };
    for my $from (sort keys %came) {
        my $is_good = $good{$from} || $token{$from} || ($passes && $program{$from});
        my $answer = $ask->(@{ $came{$from} });
        is $answer->code, $is_good ? $code || 200 : 403, "$act, from $from";
        next if $is_good;
        is_deeply json($answer), { detail => 'CSRF Failed: the request does not come from this site.', code => 'csrf_failed' }, '... is told';
        is scalar(() = $answer->header('Set-Cookie')), 0, '... and no cookie is set or cleared';
    }
}

# Whatever says of itself where it comes from, it may look, and what a header opens needs nothing else.
for my $from (sort keys %came) {
    my @from = @{ $came{$from} };
    is $site->ask($_, '/cgi-bin/members/env', $jar, headers => \@from)->code, 200, "$_ by cookie, from $from" for qw(GET HEAD);
    is $site->send('/cgi-bin/members/env', undef, headers => [ @bearer, @from ])->code, 200, "POST by header, from $from";
    is $site->send('/cgi-bin/off/env', $jar, headers => \@from)->code, 200, "AuthJWTCSRF Off, from $from";
    is $site->send('/cgi-bin/header/env', $jar, headers => \@from)->code, 401, "no cookie is looked for, from $from";
}

# ---- logout ---------------------------------------------------------------------------------------

for my $from (sort keys %came) {
    my ($leaving) = $site->enter('anne');
    my @from = $from eq 'a program with the token' ? ('X-CSRFToken' => $leaving->value('__Host-jwt-csrf')) : @{ $came{$from} };
    my $answer = $site->send('/auth/logout', $leaving, headers => \@from);
    my $is_good = $good{$from} || $token{$from};
    is $answer->code, $is_good ? 200 : 403, "logout by cookie, from $from";
    $leaving->take($answer);
    is $leaving->names, $is_good ? '' : '__Host-jwt __Host-jwt-csrf __Host-jwt-refresh', '... clears all cookies, or none';
}

# ---- junk locks nobody out ------------------------------------------------------------------------

my $junk = JWTTest::Jar->new;
$junk->put($_ => 'junk') for '__Host-jwt', '__Host-jwt-refresh', '__Host-jwt-csrf';
my @here = @{ $came{'a page of this site'} };
is $site->fetch('/', $junk)->code, 200, 'junk cookies: public pages';
is $site->send('/auth/token', $junk, json => { username => 'anne', password => JWTTest::Site::PASSWORD }, headers => \@here)->code, 200, '... a login';
my $left = $junk->copy;
is $left->take($site->send('/auth/logout', $junk, headers => \@here))->code, 401, '... a logout, which says so';
is $left->names, '', '... and clears them all the same';
my $twice = $site->send('/auth/logout', undef, headers => [ @here, Cookie => '__Host-jwt-refresh=a; __Host-jwt-refresh=b' ]);
is $twice->code, 401, 'a cookie that stands there twice';
like join('', $twice->header('Set-Cookie')), qr/^__Host-jwt-refresh=; .*Max-Age=0/, '... is cleared by a logout';

# ---- two refresh tokens ---------------------------------------------------------------------------

my %refresh = (json => { refresh => $bert->value('__Host-jwt-refresh') });
is $site->send('/auth/token/refresh', $jar, %refresh, headers => \@here)->code, 400, 'a refresh token in the body, another in the cookie';
is_deeply json($site->send('/auth/token/refresh', $jar, %refresh, headers => \@here)), { detail => 'The request has two different refresh tokens.' }, '... is told';
is $site->send('/auth/token/refresh', $bert, %refresh, headers => \@here)->code, 200, 'twice the same one is fine';
is $site->send('/auth/token/refresh', undef, headers => \@here)->code, 401, 'none at all';
is $site->send('/auth/token/refresh', $junk, headers => \@here)->code, 401, 'junk';

# ---- our own origin -------------------------------------------------------------------------------

sub post_from
{
    my ($where, $origin) = @_;
    my ($visitor) = $where->enter('anne');
    return $where->send('/cgi-bin/members/env', $visitor, headers => [ Origin => $origin ])->code;
}

my $protected = <<'CONF';
AuthJWTClient browser
<Location "/cgi-bin/members">
    AuthType JWT
    Require valid-user
</Location>
CONF
my $plain = site_start("ServerName name.test\n$protected");
my $port = $plain->server->port;
is post_from($plain, "http://name.test:$port"), 200, 'a ServerName without a port: that of the connection';
is post_from($plain, 'http://name.test'), 403, '... and no other';
my $proxied = site_start("ServerName https://public.test\n$protected");
is post_from($proxied, 'https://public.test'), 200, 'a ServerName with a scheme, behind a proxy that has TLS';
is post_from($proxied, $_), 403, "... and not $_" for 'http://public.test', "https://public.test:$port", "http://public.test:$port";
my $named = site_start("ServerName name.test\nAuthJWTOrigin https://www.example.com HTTPS://Example.com:443\n$protected");
is post_from($named, $_), 200, "AuthJWTOrigin: $_" for 'https://www.example.com', 'https://example.com';
is post_from($named, "http://name.test:" . $named->server->port), 403, '... in place of ServerName';
like $named->server->log, qr/JWT0101: refused \(csrf\): Origin is 'http:\/\/name\.test:\d+', and this site is 'https:\/\/www\.example\.com https:\/\/example\.com'; .*needs AuthJWTOrigin/,
    'the log names cause and cure';

# ---- tokens without a session ---------------------------------------------------------------------

my $stateless = site_start("AuthJWTSessions Off\n$protected");
my ($one, $told) = $stateless->enter('anne');
my ($two) = $stateless->enter('bert');
for (['its own', $one, 200], ["another user's", $two, 403]) {
    my ($whose, $from, $code) = @$_;
    is $stateless->send('/cgi-bin/members/env', $one, headers => [ 'X-CSRFToken' => $from->value('__Host-jwt-csrf') ])->code, $code,
        "without sessions the token goes with the user: $whose";
}

done_testing;
