package JWTTest::Site;

# A site for browsers, with a database of its own: the users anne and bert, endpoints at /auth, an
# application that shows its environment at /cgi-bin/env, and pages.
#
#   my $site = site_start($conf, pages => [qw(members)]);
#   my ($jar, $answer) = $site->enter('anne', %option);    JSON at /auth/token; option path, more
#   $site->fetch($path, $jar, %option)  send($path, $jar, %option)  ask($method, ...)  sql($statement)
#
# Options of requests are those of JWTTest; headers of the jar come first.

use strict;
use warnings;
use Exporter 'import';
use JWTTest;
use JWTTest::Jar;

our @EXPORT = qw(site_start);
my $made = 0;

use constant PASSWORD => 'a password of cookies';

sub site_start
{
    my ($conf, %option) = @_;
    my $dir = scratch('db' . ++$made);
    mkdir $dir or die "$dir: $!\n";
    (my $tables = slurp(var('src_dir') . '/conf/schema/sqlite.sql')) =~ s/^PRAGMA.*$//m;
    my $hash = password_hash('$5$', PASSWORD);
    secret($hash, PASSWORD);
    sqlite("PRAGMA journal_mode=WAL;$tables" . join('', map {
        "INSERT INTO auth_jwt_user(username, password) VALUES('$_', '$hash');" } qw(anne bert)), "$dir/site.db");
    chown((getpwnam var('user'))[2, 3], $dir, glob "$dir/*") unless $>;
    my $sessions = $conf =~ /AuthJWTSessions/ ? '' : 'AuthJWTSessions On';
    my $server = httpd_start(<<"CONF", %{ $option{server} || {} });
DBDriver sqlite3
DBDParams "$dir/site.db"
AuthJWTKey - HS256 \${T_DIR}/keys/site.key
$sessions
AuthJWTEndpoints /auth
ScriptAliasMatch "^/cgi-bin/[a-z]+/env\$" "\${T_DIR}/cgi-bin/env"
ScriptAlias "/cgi-bin/" "\${T_DIR}/cgi-bin/"
<Directory "\${T_DIR}/cgi-bin">
    Require all granted
</Directory>
$conf
CONF
    my $root = $server->dir . '/htdocs';
    spew("$root/index.html", 'page of everybody');
    for (@{ $option{pages} || ['members'] }) {
        mkdir "$root/$_" or die "$root/$_: $!\n";
        spew("$root/$_/index.html", "page of $_");
    }
    return bless { server => $server, db => "$dir/site.db" }, __PACKAGE__;
}

sub server { return $_[0]{server} }
sub sql { return sqlite($_[1], $_[0]{db}) }

sub ask
{
    my ($self, $method, $path, $jar, %option) = @_;
    my @headers = (($jar ? $jar->fields : ()), @{ delete $option{headers} || [] });
    return request($method, $path, port => $self->{server}->port, %option, headers => \@headers);
}

sub fetch { my ($self, @rest) = @_; return $self->ask('GET', @rest) }
sub send { my ($self, @rest) = @_; return $self->ask('POST', @rest) }

sub enter
{
    my ($self, $name, %option) = @_;
    my $path = delete $option{path} || '/auth/token';
    my $more = delete $option{more} || {};
    my $jar = JWTTest::Jar->new;
    my $answer = $self->send($path, undef, json => { username => $name, password => PASSWORD, %$more }, %option);
    $jar->take($answer);
    return ($jar, $answer);
}

1;
