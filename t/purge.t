# Rows of the module's own that expired more than a day ago go away by themselves, and no others do.
#
# Runs beside others: it has servers of its own.
use strict;
use warnings;
use Test::More;
use JWTTest;
use JWTTest::Connection;
use JWTTest::Database;
use Time::HiRes qw(time sleep);

only_under(qw(event prefork));

plan skip_all => 'the library for it was not built; use make' unless var('pretend_so');
plan skip_all => 'a checker of memory must be loaded before the library' if $ENV{AUTH_JWT_WRAP};

use constant { DAY => 86_400, HOUR => 3600 };

my $password = 'of nobody in particular';
my $hash = password_hash('$5$', $password);
secret($hash);
my $user = "INSERT INTO auth_jwt_user(username, password) VALUES('anne', '$hash');";

# The server's time of day is ahead by as many seconds as this file has bytes.
my $ahead = spew(scratch('ahead'), '');
sub seconds_pass { open my $file, '>>', $ahead or die "$ahead: $!\n"; print $file ' ' x $_[0]; close $file }

my $number = 0;

# Sessions of a kind, which expired so many seconds ago; in one statement, as it has to be quick.
sub rows
{
    my ($kind, $count, $age, $revoked) = @_;
    my $now = time;
    return 'INSERT INTO auth_jwt_session(sid, user_source, user_id, current_jti, previous_jti, password_mark, address, '
        . 'user_agent, created_at, auth_time, refreshed_at, idle_seconds, expires_at, absolute_until, '
        . 'revoked_at, remember) VALUES' . join(',', map {
            sprintf "('%032x', '', '1', '%s', '', '', '', '', 0, 0, 0, 60, %d, %d, %d, 0)",
                ++$number, $kind, $now - $age, $now - $age, $revoked || 0
        } 1 .. $count) . ';';
}

my $MIXED = rows('old', 250, DAY + 1000) . rows('ancient', 1, 1000 * DAY) . rows('recent', 3, DAY - 4 * HOUR)
    . rows('good', 2, -30 * DAY) . rows('ended', 2, -30 * DAY, 1)
    . 'CREATE TABLE shop_session(sid VARCHAR(40), expires_at BIGINT); '
    . "INSERT INTO shop_session VALUES('a', 1), ('b', 1);";

my $COUNTS = "SELECT count(*) FROM auth_jwt_session WHERE current_jti IN ('old', 'ancient')";
my $OTHERS = "SELECT count(*) FROM auth_jwt_session WHERE current_jti IN ('recent', 'good', 'ended')";

sub start
{
    my ($database, %option) = @_;
    spew($ahead, '');
    my $made = httpd_start(<<"CONF", env => { LD_PRELOAD => var('pretend_so'), PRETEND_AHEAD => $ahead, %option });
$database->{conf}
AuthJWTKey - HS256 \${T_DIR}/keys/site.key
AuthJWTSessions On
AuthJWTRotateRefresh Off
AuthJWTEndpoints /auth
$database->{more}
<IfModule !mpm_prefork_module>
    StartServers 2
    ServerLimit 8
    ThreadsPerChild 8
    MinSpareThreads 16
    MaxSpareThreads 16
    MaxRequestWorkers 16
</IfModule>
CONF
    return $made;
}

# The value that a query gives in the end, or after some seconds.
sub becomes
{
    my ($ask, $sql, $expected, $name) = @_;
    wait_until(20, sub { $ask->($sql) eq $expected });
    return is $ask->($sql), $expected, $name;
}

sub lines { my ($server, $pattern) = @_; return scalar(() = $server->log =~ /$pattern/g) }

# ---- by mod_watchdog -------------------------------------------------------------------------

my $dir = scratch('db');
mkdir $dir or die "$dir: $!\n";
(my $tables = slurp(var('src_dir') . '/conf/schema/sqlite.sql')) =~ s/^PRAGMA.*$//m;
for (qw(one two)) {
    sqlite("PRAGMA journal_mode=WAL; $tables $user $MIXED", "$dir/$_.db");
}
chown((getpwnam var('user'))[2, 3], $dir, glob "$dir/*") unless $>;
my ($one, $two) = map { my $file = "$dir/$_.db"; sub { scalar sqlite($_[0], $file) } } qw(one two);

my %both = (conf => qq(DBDriver sqlite3\nDBDParams "$dir/one.db"), more => <<"CONF");
Listen 127.0.0.1:\${PORT_1}
<VirtualHost 127.0.0.1:\${PORT_1}>
    DBDParams "$dir/two.db"
    AuthJWTAudience two
    AuthJWTEndpoints /auth
</VirtualHost>
Listen 127.0.0.1:\${PORT_2}
<VirtualHost 127.0.0.1:\${PORT_2}>
    AuthJWTEndpoints /auth
</VirtualHost>
Listen 127.0.0.1:\${PORT_3}
<VirtualHost 127.0.0.1:\${PORT_3}>
    DBDParams "$dir/two.db"
    AuthJWTAudience two
    AuthJWTSessions blacklist
    AuthJWTEndpoints /auth
</VirtualHost>
CONF
my $ENDED = 'SELECT count(*) FROM auth_jwt_blacklist';
for my $ask ($one, $two) {
    $ask->(sprintf "INSERT INTO auth_jwt_blacklist(jti, expires_at) VALUES('old', %d), ('recent', %d)",
        time - DAY - 1000, time - 10);
}
my $server = start(\%both);
sleep 3;
is $one->($COUNTS), 251, 'nothing is deleted while the server starts';
seconds_pass(320);
becomes($_->[1], $COUNTS, 0, "some minutes later: what expired is deleted from $_->[0]")
    for [ one => $one ], [ two => $two ];
for ($one, $two) {
    is $_->($OTHERS), 7, 'what expired less than a day ago, or not yet, stays';
    is $_->('SELECT count(*) FROM shop_session'), 2, 'tables of others are left alone';
}
wait_until(5, sub { lines($server, qr/JWT0021/) == 3 });
becomes($two, $ENDED, 1, 'ended tokens that expired go as well');
is $one->($ENDED), 2, 'but not where there is no such list';
is lines($server, qr/JWT0021: 251 rows of auth_jwt_session that expired more than a day ago were deleted/), 2,
    'a line for each database, once, and not for each virtual host';

$_->(rows('old', 3, 2 * DAY)) for $one, $two;
seconds_pass(HOUR - 400);
sleep 3;
is $one->($COUNTS), 3, 'less than an hour later: not again';
ok $server->graceful, 'a graceful restart';
sleep 3;
is $one->($COUNTS), 3, 'is no reason to do it earlier';
$one->('ALTER TABLE auth_jwt_session RENAME TO elsewhere');
seconds_pass(500);
becomes($two, $COUNTS, 0, 'an hour later it is done');
wait_until(5, sub { $server->log =~ /JWT0021: 3 rows/ && $server->log =~ /JWT0022/ });
is lines($server, qr/JWT0022: expired rows of auth_jwt_session cannot be deleted.*no such table/), 1,
    'a fault is told once, and concerns its own database only';
is lines($server, qr/JWT0021: 3 rows/), 1, 'what was deleted is told';
$server->stop;
unlike $server->log, qr/JWT0024|AH00052|AH00045/, 'all children have ended by themselves';

# ---- without it ------------------------------------------------------------------------------

$one->('ALTER TABLE elsewhere RENAME TO auth_jwt_session');
$one->(rows('old', 250 - 3, 2 * DAY));
$server = start({ %both, more => '' }, PRETEND_WITHOUT => 'ap_watchdog_');
my $pair = json(post_json('/auth/token', { username => 'anne', password => $password }, port => $server->port));
my $connection = JWTTest::Connection->new($server->port);
my $body = JSON::PP::encode_json({ refresh => $pair->{refresh} });
my %code;
my $refreshes = sub { $code{ $connection->ask(POST => '/auth/token/refresh', body => $body)->code }++ for 1 .. $_[0] };
seconds_pass(2 * HOUR);
$refreshes->(10);
becomes($one, $COUNTS, 150, 'without mod_watchdog some refresh deletes a hundred');
$refreshes->(245);
is $one->($COUNTS), 150, 'the next some hundred do not';
$refreshes->(2);
becomes($one, $COUNTS, 50, 'and then one does again');
is $one->($OTHERS), 7, 'the others stay';
$one->('DROP TRIGGER IF EXISTS never; CREATE TRIGGER never BEFORE DELETE ON auth_jwt_session '
    . "BEGIN SELECT RAISE(ABORT, 'never'); END");
$refreshes->(257);
is_deeply \%code, { 200 => 10 + 245 + 2 + 257 }, 'each refresh is answered as ever, also when that fails';
wait_until(5, sub { $server->log =~ /JWT0022/ });
is lines($server, qr/JWT0022: .*never/), 1, 'which the log tells';
$server->stop;

# ---- databases that are servers --------------------------------------------------------------

for my $driver ('pgsql', 'mysql') {
    SKIP: {
        skip "no server for $driver here", 1 unless JWTTest::Database::installed($driver);
        my $database = JWTTest::Database->start($driver, port => port($driver eq 'pgsql' ? 1 : 2),
            sql => $user . $MIXED);
        $server = eval { start({ conf => $database->conf, more => '' }) }
            or skip "APR has no driver for $driver here", 1;
        my $ask = sub { $database->ask($_[0]) };
        seconds_pass(320);
        becomes($ask, $COUNTS, 0, "$driver: what expired is deleted");
        is $ask->($OTHERS), 7, "$driver: the others stay";

        # Frozen in the middle of it: both ends of a child come in time.
        for my $end ('graceful', 'stop') {
            $database->sql(rows('old', 3000, 2 * DAY));
            seconds_pass(HOUR + 1);
            wait_until(20, sub { my $left = $ask->($COUNTS); $left > 0 && $left < 3000 });
            cmp_ok $ask->($COUNTS), '>', 500, "$driver, $end: it has just begun";
            my @children = $server->children;
            $database->freeze;
            sleep 1;
            my $began = time;
            $end eq 'stop' ? $server->signal('TERM') : $server->signal('USR1');
            my $ended = wait_until(25, sub { !grep { kill 0 => $_ } @children });
            my $took = time - $began;
            ok $ended, "$driver, $end: no child is left";
            cmp_ok $took, '<', 8, "$driver, $end: in time";
            note sprintf '%s, %s: %.1f s', $driver, $end, $took;
            is lines($server, qr/JWT0024/), $end eq 'stop' ? 2 : 1, "$driver, $end: the log tells of the one that hung";
            $database->thaw;
            becomes($ask, 'SELECT 1', 1, "$driver, $end: the database is back");
            $database->sql("DELETE FROM auth_jwt_session WHERE current_jti = 'old'");
        }
        $server->stop;
        unlike $server->log, qr/AH00052|AH00051|AH00045|AH00046/, "$driver: no child crashed or was killed";
        $database->down;
    }
}

done_testing;
