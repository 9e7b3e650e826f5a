# A real browser at the demo's two sites for browsers, over http on loopback and over TLS with
# HTTP/2: what it stores, what its scripts see, what pages of others achieve. The scenarios are in
# t/browser/, the sites are those of conf/demo/.
#
# Runs alone: both processors are full.
use strict;
use warnings;
use JSON::PP ();
use JWTTest;
use JWTTest::Process qw(command_line first_executable spawn stop_process);
use POSIX ();
use Test::More;

only_under('event');    # the browser sees no difference
plan skip_all => 'a browser would not wait for a server under a wrapper' if $ENV{AUTH_JWT_WRAP};
skip_without(qw(sqlite3 proxy_fcgi headers ssl http2));
my $chromium = first_executable(qw(chromium chromium-browser))
    or plan skip_all => 'chromium is not installed; build/deps test does it';
my $node = first_executable('node') or plan skip_all => 'node is not installed; build/deps test does it';
my ($version) = `'$node' --version` =~ /^v(\d+)/;
plan skip_all => 'node is older than 18' if ($version || 0) < 18;
-d var('npm') . '/playwright-core' or plan skip_all => 'playwright-core is not there; build/deps test fetches it';

my $demo = var('src_dir') . '/conf/demo';
my $password = 'a password of browsers';
my @users = qw(lena remy linus imke stella anna vera mallory corin);
my $has_php = first_executable(qw(php-fpm php-fpm8* php-fpm7*));
my $socket = $has_php ? php_fpm_start() : '';
secret($password);

# ---- the sites of the demo, with tokens that live two seconds ------------------------------

my %database = map { $_ => database($_) } qw(http tls);

# Each rotation of a session is written down.
sub database
{
    my ($name) = @_;
    my $dir = scratch("$name-db");
    mkdir $dir or die "$dir: $!\n";
    (my $tables = slurp(var('src_dir') . '/conf/schema/sqlite.sql')) =~ s/^PRAGMA.*$//m;
    my $hash = password_hash('$5$', $password);
    secret($hash);
    sqlite("PRAGMA journal_mode=WAL;$tables" . join('', map {
        "INSERT INTO auth_jwt_user(username, password) VALUES('$_', '$hash');" } @users) . <<'SQL', "$dir/site.db");
CREATE TABLE rotation (sid TEXT NOT NULL);
CREATE TRIGGER rotated AFTER UPDATE OF current_jti ON auth_jwt_session
WHEN old.current_jti <> new.current_jti BEGIN INSERT INTO rotation VALUES (new.sid); END;
SQL
    chown((getpwnam var('user'))[2, 3], $dir, glob "$dir/*") unless $>;
    return "$dir/site.db";
}

# As conf/demo/run does it; and what the scenarios need beside it.
sub pages
{
    my ($dir, $api) = @_;
    mkdir $dir or die "$dir: $!\n";
    system('cp', '-R', map({ "$demo/$_" } qw(site app api)), $dir) == 0 or die "cannot copy $demo\n";
    system('cp', "$demo/htdocs/demo.css", "$demo/htdocs/icon.svg", "$dir/$_") for qw(site app);
    system('chmod', '-R', 'u+w,go+rX', $dir);
    spew("$dir/app/index.html", slurp("$demo/app/index.html") =~ s{http://localhost:\@API_PORT\@}{$api}r);
    unlink "$dir/site/members/index.php" unless $has_php;

    spew("$dir/site/members/img/$_.svg", slurp("$demo/htdocs/icon.svg")) for 1 .. 60;
    spew("$dir/site/gallery.html", join '', "<!DOCTYPE html>\n", map { qq(<img src="/members/img/$_.svg" alt="">\n) } 1 .. 60);
    spew("$dir/site/members/form.html", form('/members/echo'));
    spew("$dir/site/leave.html", form('/auth/logout'));
}

sub form { return qq(<!DOCTYPE html>\n<form method="post" action="$_[0]"><button>Send</button></form>\n) }

# conf/demo/sites.conf.in, by addresses and ports.
sub sites
{
    my ($dir) = @_;
    my $conf = slurp("$demo/sites.conf.in");
    my %port = (SITE => 1, APP => 2, API => 3);
    $conf =~ s{(?=</VirtualHost>)}{    AuthJWTAccessLifetime 2s\n}g;
    $conf =~ s{\@DIR\@}{$dir}g;
    $conf =~ s/\@(SITE|APP|API)_PORT\@/\${PORT_$port{$1}}/g;
    return $conf;
}

# The same by names, on one port with TLS, whose settings are in a file.
sub sites_by_name
{
    my ($dir, $tls) = @_;
    my @names = qw(site app api);
    my $conf = sites($dir);
    $conf =~ s{^Listen .*\n}{}mg;
    $conf =~ s{<VirtualHost .*\n}{<VirtualHost address>\n    Include "$tls"\n}g;
    $conf =~ s/(?:127\.0\.0\.1|localhost):\$\{PORT_(\d)\}/$names[$1 - 1].site.test:\${PORT_1}/g;
    $conf =~ s/http:/https:/g;
    $conf =~ s/<VirtualHost address>/<VirtualHost 127.0.0.1:\${PORT_1}>/g;
    return $conf;
}

# All but the addresses of the sites; the main server's own pages are the attacker's.
sub surroundings
{
    my ($name) = @_;
    my $common = join '', slurp("$demo/httpd.conf.in") =~ /^((?:Header|AddType|AddDefaultCharset) .*\n)/mg;
    return <<"CONF" . ($has_php ? <<"PHP" : '');
$common
DBDriver  sqlite3
DBDParams "$database{$name}"
AuthJWTKey - HS256 \${T_DIR}/keys/site.key
AuthJWTSessions On
ScriptAlias "/members/echo" "\${T_DIR}/cgi-bin/env"
<Directory "\${T_DIR}/cgi-bin">
    Require all granted
</Directory>
<Directory "\${SERVER_DIR}/htdocs">
    Header always unset Content-Security-Policy
</Directory>
DirectoryIndex index.html
CONF
<FilesMatch "\\.php\$">
    SetHandler "proxy:unix:$socket|fcgi://localhost"
</FilesMatch>
PHP
}

sub place
{
    my ($name, $server, %place) = @_;
    spew($server->dir . '/htdocs/index.html', "<!DOCTYPE html>\n<title>Elsewhere</title>\n");
    pages(scratch($name), $place{api});
    return { name => $name, db => $database{$name}, password => $password, %place };
}

# Another port of an address is another origin of the same site: what is a sibling of the one site
# of the demo is another site to the other one.
sub place_http
{
    my $server = httpd_start(surroundings('http') . sites(scratch('http')));
    my ($elsewhere, $site, $app, $api) = map { $server->port($_) } 0 .. 3;
    return place('http', $server, protocol => 'http/1.1', site => "http://127.0.0.1:$site",
        app => "http://localhost:$app", api => "http://localhost:$api",
        sibling => "http://127.0.0.1:$elsewhere", foreign => "http://localhost:$elsewhere");
}

sub place_tls
{
    my $tls = spew(scratch('tls.conf'), <<'CONF');
SSLEngine on
SSLCertificateFile    "${T_DIR}/keys/cert.pem"
SSLCertificateKeyFile "${T_DIR}/keys/key.pem"
Protocols h2 http/1.1
CONF
    my $server = httpd_start(surroundings('tls') . sites_by_name(scratch('tls'), $tls) . <<"CONF");
Listen 127.0.0.1:\${PORT_1}
SSLSessionCache none
<VirtualHost 127.0.0.1:\${PORT_1}>
    ServerName evil.test
    ServerAlias sibling.site.test
    Include "$tls"
</VirtualHost>
CONF
    return place('tls', $server, protocol => 'h2', foreign => 'https://evil.test:' . $server->port(1),
        map { $_ => "https://$_.site.test:" . $server->port(1) } qw(site app api sibling));
}

# ---- the browser ---------------------------------------------------------------------------

my $pid;

# Chromium is the child of node, and ends with the pipe between them however node ends.
END {
    local $?;
    stop_process($pid, 'run.js', 20) if $pid;
}

my $home = scratch('home');
mkdir $home or die "$home: $!\n";

# Its profile is in that folder, whose name is in the command line. They are counted, never killed.
sub browsers
{
    return grep { command_line($_) =~ m{\Q$home\E/} } map { m{/proc/(\d+)} } glob '/proc/[0-9]*';
}

my $config = spew(scratch('config.json'), JSON::PP->new->encode({
    chromium => $chromium, php => $has_php ? JSON::PP::true() : JSON::PP::false(),
    places => [ place_http(), place_tls() ] }), 0600);
my $output = scratch('output');
$pid = spawn([ $node, var('t_dir') . '/browser/run.js', $config ], output => $output, life => 240,
    env => { NODE_PATH => var('npm'), HOME => $home, TMPDIR => $home, XDG_RUNTIME_DIR => $home });
my $status;
wait_until(250, sub { waitpid($pid, POSIX::WNOHANG()) == $pid and defined($status = $?) });
undef $pid if defined $status;

my ($is_bad, $ended);
for (split /\n/, slurp($output)) {
    if (/^(ok|not) (.*)/) { $is_bad = !ok $1 eq 'ok', $2 }
    elsif (/^# (.*)/)     { $is_bad ? diag $1 : note $1 }
    elsif (/^end\b/)      { $ended = 1 }
    else                  { diag $_ }
}
is $status, 0, 'the scenarios came to their end in time';
ok $ended, '... all of them';
ok wait_until(20, sub { !browsers() }), 'no browser is left';

# The driver looks for what tests have seen; what the browser has seen is known by its form.
my @lines = map { split /^/, slurp($_) } glob var('run_dir') . "/private/$$-*/logs/*_log";
ok scalar(grep { /JWT0117: silent refresh/ } @lines), 'the logs tell of silent refreshes';
is join('', grep { /eyJ|\Q$password\E/ } @lines), '', '... and have no token and no password';
is join('', grep { /JWT0101: refused \((?!csrf|no_token|login_failed|malformed|bad_signature|unknown_key|session_ended|expired)/ } @lines), '',
    '... and nobody was refused for another reason than was to be';

done_testing;
