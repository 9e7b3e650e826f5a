# What was ended is refused: on the next request in every child when this server has ended it, and
# what somebody else ended within the time that AuthJWTCheckUser allows answers to be remembered.
#
# Runs beside others: it has a server of its own.
use strict;
use warnings;
use Test::More;
use JWTTest;
use JWTTest::Connection;
use Time::HiRes qw(time sleep);

only_under(qw(event prefork));

use constant { AGE => 5, CHILDREN => 4 };

my $dir = scratch('db');
mkdir $dir or die "$dir: $!\n";
my $password = 'no secret of anybody';
my $hash = password_hash('$5$', $password);
secret($hash);
(my $tables = slurp(var('src_dir') . '/conf/schema/sqlite.sql')) =~ s/^PRAGMA.*$//m;
sub sql { return sqlite($_[0], "$dir/site.db") }
sql('PRAGMA journal_mode=WAL;' . $tables . join '', map {
    "INSERT INTO auth_jwt_user(username, password) VALUES('$_', '$hash');"
} qw(anne bert cleo dora emil));
chown((getpwnam var('user'))[2, 3], $dir, glob "$dir/*") unless $>;

my $server = httpd_start(<<"CONF");
DBDriver sqlite3
DBDParams "$dir/site.db"
LogFormat "%P %U" pid
CustomLog "logs/pids" pid
KeepAliveTimeout 60
MaxKeepAliveRequests 0
AuthJWTKey - HS256 \${T_DIR}/keys/site.key
AuthJWTSessions On
AuthJWTReuseGrace 0
AuthJWTEndpoints /auth
AuthJWTCheckUser @{[AGE]}s
<Location "/remembered">
    AuthType JWT
    Require valid-user
</Location>
<Location "/asked">
    AuthType JWT
    AuthJWTCheckUser On
    Require valid-user
</Location>
<IfModule !mpm_prefork_module>
    StartServers @{[CHILDREN]}
    ServerLimit @{[3 * CHILDREN]}
    ThreadsPerChild 16
    MinSpareThreads 64
    MaxSpareThreads 64
    MaxRequestWorkers 64
</IfModule>
<IfModule mpm_prefork_module>
    StartServers 8
    MinSpareServers 5
    MaxRequestWorkers 32
</IfModule>
CONF
for (qw(remembered asked)) {
    mkdir $server->dir . "/htdocs/$_";
    spew($server->dir . "/htdocs/$_/index.html", 'x');
}

# ---- clients ---------------------------------------------------------------------------------

my @kept;

sub post
{
    my ($path, $data, %option) = @_;
    return post_json("/auth/$path", $data, port => $server->port, %option);
}

sub log_in
{
    my ($name) = @_;
    return json(post('token', { username => $name, password => $password }));
}

sub refresh { return post('token/refresh', { refresh => $_[0]{refresh} }) }
sub sid { return decode($_[0]{access})->{sid} }

# The answers on all kept connections, each once: "200", or "200 401" where they differ.
sub codes
{
    my ($pair, $path) = @_;
    my %seen = map {
        $_->ask(GET => $path || '/remembered/', headers => [ Authorization => "Bearer $pair->{access}" ])->code => 1
    } @kept;
    return join ' ', sort keys %seen;
}

# Two connections to each of four children. Many are opened at once, or one child takes them all.
sub connect_to_all
{
    my (%of, $number);
    for my $try (1 .. 20) {
        my @new = map { JWTTest::Connection->new($server->port) } 1 .. 12;
        $_->open for @new;
        for my $connection (@new) {
            my $name = sprintf '/which/%d-%s', ++$number, time;
            $connection->ask(GET => $name);
            my $pid;
            wait_until(5, sub { ($pid) = slurp($server->dir . '/logs/pids') =~ /^(\d+) \Q$name\E$/m })
                or die "no line for $name\n";
            push @{ $of{$pid} }, $connection if @{ $of{$pid} || [] } < (var('mpm') eq 'prefork' ? 1 : 2);
        }
        last if keys %of >= CHILDREN;
        sleep 0.5; # after a graceful restart children come one by one
    }
    @kept = map { @$_ } values %of;
    cmp_ok scalar(keys %of), '>=', CHILDREN, 'there are connections to ' . CHILDREN . ' children'
        or die "the rest would show nothing\n";
}

sub opened { my $sum = 0; $sum += $_->opened for @kept; return $sum }

# ---- ended by this server --------------------------------------------------------------------

my %ENDING = (
    'a logout' => sub { post('logout', { refresh => $_[0]{refresh} }) },
    'a logout by access token' => sub { post('logout', {}, token => $_[0]{access}) },
    'the blacklist' => sub { post('token/blacklist', { refresh => $_[0]{refresh} }) },
    'a logout everywhere' => sub { post('logout', { everywhere => JSON::PP::true() }, token => log_in('anne')->{access}) },
    'the list of sessions' => sub {
        request('DELETE', '/auth/sessions/' . sid($_[0]), port => $server->port, token => log_in('anne')->{access})
    },
);

sub ends_at_once
{
    my ($when) = @_;
    for my $name (sort keys %ENDING) {
        my ($pair, $other) = (log_in('anne'), log_in('bert'));
        is codes($_), '200', "$when: let in by all children" for $pair, $pair, $other;
        is $ENDING{$name}->($pair)->code, 200, "$when: $name";
        is codes($pair), '401', 'is refused at once by all children';
        is codes($other), '200', "another user's session goes on";
    }
    my $pair = log_in('anne');
    my $next = json(refresh($pair));
    is codes($next), '200', "$when: a session that was refreshed";
    is refresh($pair)->code, 401, 'a token that was spent';
    is codes($next), '401', 'ends it at once for all children';
}

connect_to_all();
ends_at_once('first');
ok $server->graceful, 'a graceful restart';
connect_to_all();
ends_at_once('after a graceful restart');

# ---- ended by somebody else ------------------------------------------------------------------

my %sql = (
    anne => [ 'a session that is ended', sub { "UPDATE auth_jwt_session SET revoked_at = 1 WHERE sid = '$_[0]'" } ],
    bert => [ 'a user who is deactivated', sub { "UPDATE auth_jwt_user SET is_active = 0 WHERE username = 'bert'" } ],
    cleo => [ 'a user who is deleted', sub { "DELETE FROM auth_jwt_user WHERE username = 'cleo'" } ],
    dora => [ 'another password', sub { "UPDATE auth_jwt_user SET password = '\$5\$x' WHERE username = 'dora'" } ],
    emil => [ 'a session that is deleted', sub { "DELETE FROM auth_jwt_session WHERE sid = '$_[0]'" } ],
);
my %pair = map { $_ => log_in($_) } sort keys %sql;
is codes($pair{$_}, '/asked/'), '200', "AuthJWTCheckUser On: $_ is let in" for sort keys %sql;
my $first = time;
is codes($pair{$_}), '200', AGE . "s: $_ is let in" for sort keys %sql;
my $last = time;
sql(join ';', map { $sql{$_}[1]->(sid($pair{$_})) } sort keys %sql);
for (sort keys %sql) {
    is codes($pair{$_}, '/asked/'), '401', "$sql{$_}[0], by SQL: On refuses on the very next request";
    isnt post('token/verify', { token => $pair{$_}{access} })->code, 200, 'endpoints always ask';
}
# Nobody may rely on this, but without it the rest would show nothing.
my @still = map { codes($pair{$_}) } sort keys %sql;
SKIP: {
    skip 'the machine is too slow to see what is remembered', 1 if time - $first > AGE - 0.5;
    is "@still", join(' ', ('200') x keys %sql), AGE . 's: answers are remembered';
}
my $left = $last + AGE - time;
sleep $left if $left > 0;
is codes($pair{$_}), '401', "$sql{$_}[0]: refused when the time is over, by all children" for sort keys %sql;

# A 503 closes a connection, so that this is asked now.
is opened(), scalar @kept, 'all that was asked on connections that were kept';

# ---- the database is away --------------------------------------------------------------------

my $pair = log_in('anne');
my $began = time;
is codes($pair), '200', 'let in while the database is there';
rename $dir, "$dir.away" or die "$dir: $!\n";
is get_with('/asked/', $pair->{access}, port => $server->port)->code, 503, 'a database that is away: On answers 503';
my $now = codes($pair);
SKIP: {
    skip 'the machine is too slow to see what is remembered', 1 if time - $began > AGE - 0.5;
    is $now, '200', 'what is remembered is still good';
}
sleep AGE;
is codes($pair), '503', 'and 503 when the time is over';
rename "$dir.away", $dir or die "$dir: $!\n";
is codes($pair), '200', 'the database is back';

done_testing;
