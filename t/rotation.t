# Refresh tokens under pressure, on each database that is installed: exactly one of many requests at
# once makes the successor, an honest client with several tabs and lost answers keeps its session,
# and a child that is killed in the midst of it leaves nothing behind that could be used twice.
#
#   JWT_SESSIONS=full make test TESTS=t/rotation.t     64 clients, 200 tokens, 10,000 refreshes with
#                                                      kills, and honest clients in real time
#
# Runs beside others: it has servers of its own.
use strict;
use warnings;
use Test::More;
use HTTP::Response;
use IO::Select;
use JSON::PP ();
use JWTTest;
use JWTTest::Burst;
use JWTTest::Connection;
use JWTTest::Database;
use JWTTest::Process qw(on_valgrind);
use JWTTest::Sessions;
use POSIX ();
use Time::HiRes qw(time sleep);

my $full = ($ENV{JWT_SESSIONS} || '') eq 'full';
# Under valgrind more at once would wait for the database longer than the module lets them.
my ($clients, $tokens) = $full ? (64, 200) : (on_valgrind() ? 4 : 16, 12);

# ---- the site ----------------------------------------------------------------------------

my $hash = password_hash('$5$', user('alice')->{password});
secret($hash);

# Every rotation is written down by the database itself, with the rights of the table's owner.
my %audit = (
    sqlite3 => 'CREATE TRIGGER audit AFTER UPDATE ON auth_jwt_session '
        . 'WHEN OLD.current_jti <> NEW.current_jti BEGIN INSERT INTO rotation '
        . 'VALUES(OLD.sid, OLD.current_jti, NEW.current_jti); END;',
    mysql => 'CREATE TRIGGER audit AFTER UPDATE ON auth_jwt_session FOR EACH ROW '
        . 'INSERT INTO rotation SELECT OLD.sid, OLD.current_jti, NEW.current_jti FROM DUAL '
        . 'WHERE OLD.current_jti <> NEW.current_jti;',
    pgsql => 'CREATE FUNCTION audit() RETURNS trigger SECURITY DEFINER LANGUAGE plpgsql AS '
        . '$$ BEGIN INSERT INTO rotation VALUES(OLD.sid, OLD.current_jti, NEW.current_jti); '
        . 'RETURN NULL; END $$; CREATE TRIGGER audit AFTER UPDATE ON auth_jwt_session FOR EACH ROW '
        . 'WHEN (OLD.current_jti <> NEW.current_jti) EXECUTE FUNCTION audit();',
);

my @databases = map {
    JWTTest::Database->start($_, port => port($_ eq 'pgsql' ? 4 : 5), life => 3600,
        sql => "INSERT INTO auth_jwt_user(username, password) VALUES('alice', '$hash');"
            . 'CREATE TABLE rotation(sid VARCHAR(32), spent VARCHAR(255), successor VARCHAR(255));'
            . $audit{$_})
} JWTTest::Database::usable();

# A host for each database. Of prefork's children each has one connection.
my $spare = 6 + $clients;
my ($server, %port);
{
    my $hosts = '';
    for my $index (0 .. $#databases) {
        my $port = port(1 + $index);
        $port{ $databases[$index]->driver } = $port;
        $hosts .= "Listen 127.0.0.1:$port\n<VirtualHost 127.0.0.1:$port>\n" . $databases[$index]->conf
            . "</VirtualHost>\n";
    }
    $server = httpd_start(<<"CONF" . $hosts, life => 3600);
AuthJWTSessions On
AuthJWTKey - HS256 \${T_DIR}/keys/site.key
AuthJWTEndpoints /auth
<Location "/once">
    AuthJWTReuseGrace 0
</Location>
<Location "/once/refresh">
    SetHandler jwt-refresh
</Location>
<Location "/members">
    AuthType JWT
    Require valid-user
</Location>
LogLevel warn
MaxKeepAliveRequests 0
KeepAliveTimeout 30
<IfModule !mpm_prefork_module>
    StartServers 4
    ServerLimit 8
    ThreadsPerChild 25
    MaxRequestWorkers 200
    MaxSpareThreads 200
</IfModule>
<IfModule mpm_prefork_module>
    StartServers $spare
    MinSpareServers 4
    MaxSpareServers 200
    ServerLimit 200
    MaxRequestWorkers 200
</IfModule>
CONF
    mkdir $server->dir . '/htdocs/members';
    spew($server->dir . '/htdocs/members/index.html', 'x');
}

# ---- sessions ----------------------------------------------------------------------------

# Rotations of these sessions: sid => number of successors that were made.
sub rotations
{
    my ($database, @sessions) = @_;
    my %of = map { $_->{sid} => 0 } @sessions;
    for ($database->rows('SELECT sid FROM rotation')) {
        $of{$_}++ if exists $of{$_};
    }
    return %of;
}

# ---- at the same instant -----------------------------------------------------------------

sub test_race
{
    my ($database) = @_;
    my @sessions = begin_sessions($database, $tokens);
    my $burst = JWTTest::Burst->new($port{ $database->driver }, $clients);
    my ($answered, $alike, $recorded) = (0, 0, 0);
    my %odd;
    for my $session (@sessions) {
        my @answers = $burst->post('/auth/token/refresh', { refresh => $session->{refresh} });
        $odd{ $_->code }++ for grep { $_->code != 200 } @answers;
        $answered += @answers;
        my %seen = map { (successor($_) // 'none') => 1 } @answers;
        $alike++ if keys %seen == 1 && !$seen{none};
        ($session->{successor}) = keys %seen;
    }
    is $answered, $clients * $tokens, "$tokens tokens, $clients clients each";
    is_deeply \%odd, {}, 'all are answered with 200';
    is $alike, $tokens, 'and with the same successor';
    my %rotations = rotations($database, @sessions);
    is scalar(grep { $_ != 1 } values %rotations), 0, 'one rotation of each' or diag explain \%rotations;
    my %current = map { split /\t/, $_, 2 }
        $database->rows('SELECT sid, current_jti FROM auth_jwt_session');
    is scalar(grep { $current{ $_->{sid} } ne $_->{successor} } @sessions), 0,
        'whose successor is the one that was given';
}

sub test_race_without_grace
{
    my ($database) = @_;
    my @sessions = begin_sessions($database, $tokens);
    my $burst = JWTTest::Burst->new($port{ $database->driver }, $clients);
    my %codes;
    for my $session (@sessions) {
        my @answers = $burst->post('/once/refresh', { refresh => $session->{refresh} });
        $codes{ join ' ', sort map { $_->code } @answers }++;
    }
    is_deeply \%codes, { join(' ', 200, (401) x ($clients - 1)) => $tokens },
        'without a grace one is answered, all others are refused';
    my %rotations = rotations($database, @sessions);
    is scalar(grep { $_ != 1 } values %rotations), 0, 'one rotation of each' or diag explain \%rotations;
}

# ---- an honest client --------------------------------------------------------------------
# Tabs that share what they know of the session, but may have read it a moment ago; each asks in its
# time, loses an answer now and then, and asks again. In the ordinary run the time between two
# rounds passes in the database only.

my %time = $full ? (delay => 4, sessions => 400) : (delay => 0.3, sessions => 60);

sub let_the_grace_pass
{
    my ($database) = @_;
    return sleep 31 if $full;
    $database->sql('UPDATE auth_jwt_session SET refreshed_at = refreshed_at - 31 WHERE refreshed_at > 0');
}

# One round of a session as (when, what) pairs; what gets the session and gives more of them.
sub tab
{
    my ($session, $at) = @_;
    my $token = $session->{refresh};    # as it was when the round began
    my $tries = 0;
    my $ask;
    $ask = sub {
        my ($now, $connection) = @_;
        my $answer = $connection->ask(POST => '/auth/token/refresh',
            body => JSON::PP::encode_json({ refresh => $token }));
        $session->{refused}++ if $answer->code != 200;
        # An answer that is lost tells the client nothing.
        return ([ $now + rand $time{delay}, $ask ]) if $tries++ == 0 && rand() < 0.3;
        $session->{next} = json($answer)->{refresh};
        $session->{access} = json($answer)->{access};
        return ();
    };
    return [ $at, $ask ];
}

sub run_round
{
    my ($connection, @sessions) = @_;
    my $began = time;
    my @events;
    for my $session (@sessions) {
        $session->{refresh} = $session->{next} // $session->{refresh};
        push @events, map { tab($session, $began + rand $time{delay}) } 1 .. 1 + int rand 3;
    }
    while (@events) {
        @events = sort { $a->[0] <=> $b->[0] } @events;
        my ($at, $do) = @{ shift @events };
        sleep($at - time) if $at > time;
        push @events, $do->($at, $connection);
    }
}

sub test_honesty
{
    my ($database) = @_;
    my $port = $port{ $database->driver };
    my @sessions = begin_sessions($database, $time{sessions});
    my $connection = JWTTest::Connection->new($port);
    for (1 .. 3) {
        run_round($connection, @sessions);
        let_the_grace_pass($database);
    }
    is scalar(grep { $_->{refused} } @sessions), 0, "$time{sessions} honest clients lose no session";
    my %rotations = rotations($database, @sessions);
    is scalar(grep { $_ != 3 } values %rotations), 0, 'each of which rotated three times';
    my $session = $sessions[0];
    my $page = sub {
        $connection->ask(GET => '/members/',
            headers => [ Authorization => "Bearer $session->{access}" ])->code;
    };
    is $page->(), 200, 'an access token is good';
    is post_json('/auth/token/refresh', { refresh => refresh_token($session->{sid}, $session->{jti}) },
        port => $port)->code, 401, 'the first refresh token, replayed long after, is refused';
    is $page->(), 401, 'and with it the access token';
    is post_json('/auth/token/refresh', { refresh => $session->{next} }, port => $port)->code, 401,
        'and the refresh token that was good';
}

# ---- children that are killed ------------------------------------------------------------

# A client of its own process: {done, lost, wrong}.
sub spend_all
{
    my ($port, $end, @sessions) = @_;
    my %seen = (done => 0, lost => 0, wrong => []);
    my $connection = JWTTest::Connection->new($port);
    for my $session (@sessions) {
        last if -e $end;
        my ($first, $lost);
        for my $try (1 .. 100) {
            my $answer = eval {
                my $raw = $connection->exchange(request_of($session->{refresh}), 'POST');
                $raw && JWTTest::Connection::is_complete($raw, 'POST') ? HTTP::Response->parse($raw) : undef;
            };
            if (!$answer) {
                $lost = 1;
                delete $connection->{socket};
                sleep 0.02;
                next;
            }
            # A child that has just begun may find the database busy with those that died.
            if ($answer->code == 503) {
                sleep 0.1;
                next;
            }
            push @{ $seen{wrong} }, $answer->code . ' ' . $answer->content if $answer->code != 200;
            $first = successor($answer);
            last;
        }
        push @{ $seen{wrong} }, 'no answer at all' unless $first;
        $seen{lost}++ if $lost;
        $seen{done}++;
        $session->{successor} = $first;
    }
    return { %seen, given => { map { $_->{sid} => $_->{successor} } grep { $_->{successor} } @sessions } };
}

sub request_of
{
    my ($token) = @_;
    my $body = JSON::PP::encode_json({ refresh => $token });
    return "POST /auth/token/refresh HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        . 'Content-Length: ' . length($body) . "\r\n\r\n$body";
}

sub in_background
{
    my ($code) = @_;
    pipe my $reader, my $writer or die "pipe: $!\n";
    defined(my $pid = fork) or die "fork: $!\n";
    return $reader if $pid;
    print $writer JSON::PP::encode_json(eval { $code->() } || { wrong => ["$@"] });
    close $writer;
    POSIX::_exit(0);
}

sub test_kills
{
    only_under(qw(event prefork));
    my $each = int(($full ? 10_000 : 3000) / @databases / 2);
    my $end = scratch('end');
    my (%sessions, %reader);
    for my $database (@databases) {
        my $driver = $database->driver;
        my @own = begin_sessions($database, 2 * $each);
        $sessions{$driver} = [@own];
        push @{ $reader{$driver} }, map {
            my @half = splice @own, 0, $each;
            in_background(sub { return spend_all($port{$driver}, $end, @half) });
        } 1 .. 2;
    }
    # Under valgrind a child takes its time to start, and shall do something in its life.
    my $pause = on_valgrind() ? 1 : 0.2;
    my $kills = 0;
    my $waiting = IO::Select->new(map { @$_ } values %reader);
    # A client that has done all can be read from; the others still ask.
    while (($full || $kills < 10) && (() = $waiting->can_read(0)) < $waiting->count) {
        my @children = $server->children;
        $kills += kill KILL => $children[rand @children] if @children;
        sleep $pause;
    }
    spew($end, '') unless $full;
    for my $database (@databases) {
        my $driver = $database->driver;
        my %sum = (done => 0, lost => 0, wrong => []);
        my %given;
        for my $reader (@{ $reader{$driver} }) {
            local $/;
            my $one = JSON::PP::decode_json(readline $reader);
            $sum{$_} += $one->{$_} || 0 for qw(done lost);
            push @{ $sum{wrong} }, @{ $one->{wrong} };
            %given = (%given, %{ $one->{given} || {} });
        }
        note "$driver: $sum{done} refreshes, $sum{lost} of them after a lost answer, $kills kills";
        cmp_ok $sum{done}, '>=', $full ? 2 * $each : 20, "$driver: many refreshes while children die";
        is_deeply $sum{wrong}, [], "$driver: all are answered in the end" or next;
        my %rotations = rotations($database, @{ $sessions{$driver} });
        is scalar(grep { $_ > 1 } values %rotations), 0, "$driver: no token has two successors";
        my %current = map { split /\t/, $_, 2 }
            $database->rows('SELECT sid, current_jti FROM auth_jwt_session');
        is scalar(grep { $current{$_} ne $given{$_} } keys %given), 0, "$driver: clients have the right one";
        is_deeply [ $database->complaints ], [], "$driver: the database is whole";
    }
    cmp_ok $kills, '>=', 5, 'children were killed';
}

# ---- all of it ---------------------------------------------------------------------------

for my $database (@databases) {
    my $driver = $database->driver;
    subtest "$driver: at the same instant" => sub { test_race($database) };
    subtest "$driver: at the same instant, no grace" => sub { test_race_without_grace($database) };
}
subtest 'honest clients' => sub {
    only_under('event');
    test_honesty($databases[-1]);
};
subtest 'killed children' => \&test_kills;
is scalar(() = $server->log =~ /:(?:crit|alert|emerg)\]/g), 0, 'no complaint in the log';
$server->stop;
$_->down for @databases;

done_testing;
