# A site behind a server that has the TLS, as behind a load balancer: with ServerName, AuthJWTOrigin
# and mod_remoteip it works as if the TLS were its own. And cookies of HTTP/2, which come in crumbs.
#
# Runs beside others: it has servers of its own.
use strict;
use warnings;
use Test::More;
use JWTTest;
use JWTTest::Jar;
use JWTTest::Process qw(first_executable);
use JWTTest::Site;

only_under('event');
has_module($_) or plan skip_all => "mod_$_ is not here" for qw(ssl proxy proxy_http remoteip http2 socache_shmcb);

my $behind = <<'CONF';
AuthJWTClient browser
AuthJWTLoginURL /auth/login
AuthJWTRememberLifetime 14d
RemoteIPHeader X-Forwarded-For
RemoteIPInternalProxy 127.0.0.1
<Location "/members">
    AuthType JWT
    Require valid-user
</Location>
<Location "/cgi-bin/members">
    AuthType JWT
    Require valid-user
</Location>
CONF

# The front has the name localhost, which is in the certificate of the tests.
sub front_of
{
    my ($site) = @_;
    my $front = httpd_start(sprintf <<'CONF', $site->server->port);
Listen 127.0.0.1:${PORT_1}
<VirtualHost 127.0.0.1:${PORT_1}>
    ServerName localhost
    SSLEngine On
    SSLCertificateFile "${T_DIR}/keys/cert.pem"
    SSLCertificateKeyFile "${T_DIR}/keys/key.pem"
    Protocols h2 http/1.1
    ProxyPass / "http://127.0.0.1:%d/"
    ProxyPreserveHost On
</VirtualHost>
CONF
    return $front;
}

# The ports are known only when both run, so the site is told its origin by what it includes.
my $site = site_start("ServerName https://localhost\nIncludeOptional \${SERVER_DIR}/origin[.]conf*\n$behind");
my $front = front_of($site);
my $origin = 'https://localhost:' . $front->port(1);
spew($site->server->dir . '/origin.conf', "AuthJWTOrigin $origin\n");
ok $site->server->graceful, 'the site knows its origin';

sub ask
{
    my ($method, $path, $jar, %option) = @_;
    my @headers = (($jar ? $jar->fields : ()), @{ delete $option{headers} || [] });
    return request($method, $path, scheme => 'https', host => 'localhost', port => $front->port(1), %option, headers => \@headers);
}

my @page = ('Sec-Fetch-Mode' => 'navigate', Accept => 'text/html');
my $to_login = ask('GET', '/members/?a=b', undef, headers => [@page]);
is $to_login->code . ' ' . ($to_login->header('Location') // ''), '303 /auth/login?next=%2fmembers%2f%3fa%3db', 'a page load goes to the login, by a path of this host';
my $jar = JWTTest::Jar->new;
my %form = (username => 'anne', password => JWTTest::Site::PASSWORD, next => '/members/', remember_me => 'on');
my $in = $jar->take(ask('POST', '/auth/login', $jar, form => {%form}, headers => [ @page, Origin => $origin ]));
is $in->code . ' ' . ($in->header('Location') // ''), '303 /members/', 'a login by an older browser, which sends its Origin';
is $jar->names, '__Host-jwt __Host-jwt-csrf __Host-jwt-refresh', '... with cookies';
is ask('GET', '/members/', $jar)->content, 'page of members', 'they open the page';
is ask('POST', '/cgi-bin/members/env', $jar, headers => [ Origin => $origin ])->code, 200, 'a form of this site';
is ask('POST', '/cgi-bin/members/env', $jar, headers => [ Origin => $_ ])->code, 403, "... not of $_"
    for 'https://localhost', 'http://localhost:' . $front->port(1), 'http://127.0.0.1:' . $site->server->port;
is ask('POST', '/auth/token/refresh', $jar, headers => [ Origin => $origin ])->code, 200, 'a refresh';
ask('POST', '/auth/login', undef, form => {%form}, headers => [ @page, Origin => $origin, 'X-Forwarded-For' => '203.0.113.9' ]);
like $site->sql('SELECT DISTINCT address FROM auth_jwt_session ORDER BY address'), qr/^127\.0\.0\.1$/m, 'a session has the address of the client';
is ask('POST', '/auth/logout', $jar, form => {}, headers => [ @page, Origin => $origin ])->header('Location'), '/auth/login', 'a logout';
is ask('GET', '/members/', $jar)->code, 401, '... ends it';

# ---- crumbs ---------------------------------------------------------------------------------------

SKIP: {
    my $nghttp = first_executable('nghttp') or skip 'nghttp is not installed', 6;
    my ($visitor) = $site->enter('anne');
    my $direct = site_start("Protocols h2c http/1.1\n$behind");
    my ($guest) = $direct->enter('anne');
    my $crumbs = sub {
        my ($path, @cookies) = @_;
        my $url = 'http://127.0.0.1:' . $direct->server->port . $path;
        open my $out, '-|', 'timeout', 20, $nghttp, '-v', (map { ('-H', "cookie: $_") } @cookies), $url or die "$nghttp: $!\n";
        local $/;
        my $said = readline $out;
        close $out;
        return $said;
    };
    my $access = $guest->value('__Host-jwt');
    like $crumbs->('/members/', 'a=1', "__Host-jwt=$access", 'b=2'), qr/:status: 200/, 'HTTP/2: a cookie among crumbs';
    like $crumbs->('/members/', 'a=1', 'b=2'), qr/:status: 401/, '... or none';
    like $crumbs->('/members/', "__Host-jwt=$access", "__Host-jwt=$access"), qr/:status: 401/, '... or two';
    my $seen = $crumbs->('/cgi-bin/members/env', 'a=1', "__Host-jwt=$access", "__Host-jwt-refresh=x", 'b=2');
    like $seen, qr/HTTP_COOKIE=a=1; b=2$/m, 'an application has the crumbs that are its own';
    unlike $seen =~ s/.*send HEADERS.*?recv//sr, qr/\Q$access\E/, '... and none of ours';
    unlike $direct->server->log, qr/\Q$access\E/, '... nor has the log';
}

done_testing;
