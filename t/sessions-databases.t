# Sessions on each database that is installed, with the rights and the connection strings of
# conf/README.md: what the tables hold and are searched by, what is ended for every child, what the
# contents are good for, and what clients see while the database fails.
#
# Runs beside others: it has servers of its own.
use strict;
use warnings;
use utf8;
use Test::More;
use HTTP::Response;
use IO::Select;
use JSON::PP ();
use JWTTest;
use JWTTest::Client;
use JWTTest::Connection;
use JWTTest::Database;
use JWTTest::Process qw(patience);
use JWTTest::Sessions;
use Time::HiRes qw(time sleep);

only_under(qw(event));

use constant CHILDREN => 4;

# ---- the site ----------------------------------------------------------------------------

my $password = user('alice')->{password};
my $hash = password_hash('$5$', $password);
my $other_hash = password_hash('$5$', 'another password of the same');
secret($hash, $other_hash, 'another password of the same');

# Ids of a table that is not the module's own.
my %id = (
    quotes     => q{o'Brien "the" `third`},
    backslash  => 'a\\',
    percent    => '%s%n',
    statement  => q{1'; DROP TABLE auth_jwt_session; --},
    long       => 'x' x 255,
    widest     => "\x{1f600}" x 255,
    accents    => 'Zoë Ünïcôde',
    upper      => 'TWIN',
    lower      => 'twin',
    blank      => 'twin ',
    number     => '4711',
);

sub people
{
    my ($driver) = @_;
    my $type = $driver eq 'mysql' ? 'VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin' : 'TEXT';
    my $sql = "CREATE TABLE people(id $type, username TEXT, password TEXT, is_active INTEGER);";
    for my $name (sort keys %id) {
        (my $id = $id{$name}) =~ s/'/''/g;
        $id =~ s/\\/\\\\/g if $driver eq 'mysql';
        $sql .= "INSERT INTO people VALUES('$id', '$name', '$hash', 1);";
    }
    $sql .= 'GRANT SELECT ON people TO auth_jwt;' if $driver eq 'pgsql';
    $sql .= "GRANT SELECT ON people TO auth_jwt\@localhost; GRANT SELECT ON people TO auth_jwt\@'127.0.0.1';"
        if $driver eq 'mysql';
    utf8::encode($sql);
    return $sql;
}

my $users = 'INSERT INTO auth_jwt_user(username, password) VALUES'
    . join(', ', map { "('$_', '$hash')" } qw(alice loggedout inactive deleted changed)) . ';';
my @databases = map {
    JWTTest::Database->start($_, port => port($_ eq 'pgsql' ? 4 : 5), sql => $users . people($_))
} JWTTest::Database::usable();

my (%port, $small);
my $hosts = '';
for my $database (@databases) {
    my $port = port(1 + keys %port);
    $port{ $database->driver } = $port;
    $hosts .= host($port, $database, '');
    $small = $database if $database->driver ne 'sqlite3';
}
$hosts .= host(port(6), $small, "DBDMin 1\nDBDKeep 2\nDBDMax 2\n") if $small;

sub host
{
    my ($port, $database, $more) = @_;
    return "Listen 127.0.0.1:$port\n<VirtualHost 127.0.0.1:$port>\n" . $database->conf . "$more</VirtualHost>\n";
}

my $threads = 25;
my $server = httpd_start(<<"CONF" . $hosts);
AuthJWTSessions On
AuthJWTKey - HS256 \${T_DIR}/keys/site.key
AuthJWTEndpoints /auth
<Location "/members">
    AuthType JWT
    Require valid-user
</Location>
<Location "/people">
    AuthType JWT
    Require valid-user
    AuthJWTAudience people
    AuthJWTUserQuery     "SELECT id, username, password, is_active FROM people WHERE username = %s"
    AuthJWTUserByIdQuery "SELECT id, username, password, is_active FROM people WHERE id = %s"
</Location>
<Location "/people/login">
    SetHandler jwt-obtain
</Location>
<Location "/people/refresh">
    SetHandler jwt-refresh
</Location>
<Location "/people/logout">
    SetHandler jwt-logout
</Location>
<Location "/people/sessions">
    SetHandler jwt-sessions
</Location>
LimitRequestFieldSize 20000
CustomLog "\${SERVER_DIR}/logs/children" "%{X-Probe}i %P"
MaxKeepAliveRequests 0
KeepAliveTimeout 30
<IfModule !mpm_prefork_module>
    StartServers @{[ CHILDREN ]}
    ServerLimit @{[ CHILDREN ]}
    ThreadsPerChild $threads
    MaxRequestWorkers @{[ CHILDREN * $threads ]}
    MaxSpareThreads @{[ CHILDREN * $threads ]}
</IfModule>
<IfModule mpm_prefork_module>
    StartServers 30
    MaxSpareServers 100
    MaxRequestWorkers 100
</IfModule>
CONF
mkdir $server->dir . "/htdocs/$_" for qw(members people);
spew($server->dir . "/htdocs/$_", 'x') for qw(public.txt members/index.html people/index.html);
spew($server->dir . '/htdocs/members/large', 'x' x 50_000_000);

my $where;    # the port of the database that is tested

sub log_in
{
    my ($name, %option) = @_;
    my $answer = post_json($option{path} || '/auth/token', { username => $name,
        password => $option{password} || $password }, port => $where, headers => $option{headers});
    return $answer->code == 200 ? json($answer) : { code => $answer->code };
}

sub page { my ($token, $path) = @_; return get_with($path || '/members/', $token, port => $where)->code }

# ---- tables ------------------------------------------------------------------------------

# What rows are looked up by, and the index that has to serve it.
my %search = (
    "sid = 'SID'" => qr/PRIMARY|pkey/,
    "user_id = 'x' AND revoked_at = 0 AND expires_at > 5" => qr/auth_jwt_session_user/,
    "expires_at < 5" => qr/auth_jwt_session_end/,
);

sub test_indexes
{
    my ($database) = @_;
    my ($session) = begin_sessions($database, 1000);
    # All of one user's so far; the rows of many others make an index worth its while.
    $database->sql('UPDATE auth_jwt_session SET user_id = sid');
    $database->sql($database->driver eq 'mysql' ? 'ANALYZE TABLE auth_jwt_session' : 'ANALYZE');
    my $explain = $database->driver eq 'sqlite3' ? 'EXPLAIN QUERY PLAN' : 'EXPLAIN';
    for my $by (sort keys %search) {
        (my $where_clause = $by) =~ s/SID/$session->{sid}/;
        my $plan = join "\n", $database->rows("$explain SELECT * FROM auth_jwt_session WHERE $where_clause;");
        like $plan, $search{$by}, "found by an index: $by";
    }
    is scalar($database->complaints), 0, 'the table is whole';
}

sub test_user_agents
{
    my %agent = ('10,000 bytes' => 'x' x 10_000, 'beyond ASCII' => "Zo\xc3\xab \xf0\x9f\x98\x80 \xff",
        'quotes' => q{'"`\\ %s '); --}, 'a tab' => "a\tb", 'none' => '');
    my %seen = ('10,000 bytes' => 'x' x 255, 'beyond ASCII' => 'Zo?? ???? ?', 'quotes' => q{'"`\\ %s '); --},
        'a tab' => 'a?b', 'none' => '');
    for my $name (sort keys %agent) {
        my $connection = JWTTest::Connection->new($where);
        my $answer = $connection->ask(POST => '/auth/token', headers => [ 'User-Agent' => $agent{$name} ],
            body => JSON::PP::encode_json({ username => 'alice', password => $password }));
        is $answer->code, 200, "a user agent of $name";
        my $access = (json($answer) || {})->{access} // next;
        my ($session) = grep { $_->{current} }
            @{ json(get_with('/auth/sessions', $access, port => $where))->{sessions} };
        is $session->{user_agent}, $seen{$name}, 'as far as it fits and can be shown';
    }
}

sub test_ids
{
    my %pair;
    for my $name (sort keys %id) {
        my $pair = $pair{$name} = log_in($name, path => '/people/login');
        ok $pair->{access}, "a login of the id '$name'" or next;
        is decode($pair->{access})->{user_id}, $id{$name}, 'which the token has';
        is page($pair->{access}, '/people/'), 200, 'and is let in with';
        my $next = post_json('/people/refresh', { refresh => $pair->{refresh} }, port => $where);
        is $next->code, 200, 'and is refreshed with';
        my $list = json(get_with('/people/sessions', $pair->{access}, port => $where)) || {};
        is scalar @{ $list->{sessions} || [] }, 1, 'and has a session of its own';
    }
    for my $name (sort keys %id) {
        is post_json('/people/logout', { everywhere => JSON::PP::true() }, port => $where,
            token => $pair{$name}{access})->code, 200, "'$name' logs out everywhere";
        is page(delete($pair{$name})->{access}, '/people/'), 401, 'and is outside';
        is scalar(grep { page($_->{access}, '/people/') != 200 } values %pair), 0, 'but nobody else is';
    }
}

# ---- every child -------------------------------------------------------------------------

# One connection to each child, by what they write into their log.
sub connections_to_children
{
    my %to;
    for my $try (1 .. 200) {
        my $connection = JWTTest::Connection->new($where);
        my $probe = "$where-$try";
        $connection->ask(GET => '/public.txt', headers => [ 'X-Probe' => $probe ]);
        my $pid;
        wait_until(2, sub { ($pid) = slurp($server->dir . '/logs/children') =~ /^$probe (\d+)$/m });
        $to{$pid} ||= $connection;
        last if keys %to == CHILDREN;
    }
    return values %to;
}

sub test_children
{
    my ($database) = @_;
    my @kept = connections_to_children();
    is scalar @kept, CHILDREN, 'a connection to each child';
    my %end = (
        loggedout => sub { post_json('/auth/logout', { refresh => $_[0]{refresh} }, port => $where) },
        inactive  => sub { $database->sql("UPDATE auth_jwt_user SET is_active = FALSE WHERE username = 'inactive'") },
        deleted   => sub { $database->sql("DELETE FROM auth_jwt_user WHERE username = 'deleted'") },
        changed   => sub { $database->sql("UPDATE auth_jwt_user SET password = '$other_hash' WHERE username = 'changed'") },
    );
    for my $name (sort keys %end) {
        my $pair = log_in($name);
        my $codes = sub {
            return join ' ', map { $_->ask(GET => '/members/',
                headers => [ Authorization => "Bearer $pair->{access}" ])->code } @kept;
        };
        is $codes->(), join(' ', (200) x CHILDREN), "$name: before, all children let in";
        $end{$name}->($pair);
        is $codes->(), join(' ', (401) x CHILDREN), 'then none does';
        is post_json('/auth/token/refresh', { refresh => $pair->{refresh} }, port => $where)->code, 401,
            'nor is there a refresh';
    }
}

# ---- a dump ------------------------------------------------------------------------------

sub test_dump
{
    my ($database) = @_;
    my $pair = log_in('alice');
    post_json('/auth/token/refresh', { refresh => $pair->{refresh} }, port => $where);
    my $sid = decode($pair->{access})->{sid};
    my %value;
    for my $row ($database->rows("SELECT * FROM auth_jwt_user; SELECT * FROM auth_jwt_session WHERE sid = '$sid'")) {
        $value{$_} = 1 for grep { length } split /\t/, $row;
    }
    cmp_ok scalar(keys %value), '>', 15, 'values of every column';
    my ($head, $claims, $signature) = split /\./, $pair->{refresh};
    my %now = (sid => $sid, user_id => '1', auth_time => int time, exp => int(time) + 300);
    # This client does not take what it sends for secrets: ids of sessions and tokens are none.
    my $client = JWTTest::Client->new(port => $where);
    my (@good, $tried);
    for my $value (sort keys %value) {
        my @tokens = ($value, "$head.$claims.$value", "$head.$value.$signature", "$value.$claims.$signature",
            "$value.$value.$value",
            $value ? map { token({ %now, token_type => $_ }, key => $value) } qw(access refresh) : ());
        for my $token (@tokens) {
            my %answer = (
                refresh => $client->post('/auth/token/refresh', { refresh => $token }),
                verify => $client->post('/auth/token/verify', { token => $token }),
                page => $client->get('/members/', $token),
            );
            $tried++;
            push @good, grep { $answer{$_}{code} != 401 } sort keys %answer;
        }
    }
    is scalar @good, 0, "$tried tokens made of them are refused everywhere" or diag "@good";
    is page($pair->{access}), 200, 'the real one is not';
}

# ---- failing databases -------------------------------------------------------------------

# A client that goes on until it is told to stop, and writes down: what it asked, the answer's code,
# when, and how long it took.
sub keep_asking
{
    my ($driver, $end, $number, $file, @sessions) = @_;
    my $client = JWTTest::Client->new(port => $port{$driver}, id => $number);
    open my $notes, '>', $file or die "$file: $!\n";
    my $ended = pop @sessions;
    my ($good, $forged) = ($sessions[0]{access}, forged($sessions[0]{access}));
    my $round = 0;
    until (-e $end) {
        my $session = $sessions[ $round++ % @sessions ];
        my %ask = (
            refresh => sub { $client->post('/auth/token/refresh', { refresh => $session->{refresh} }) },
            good    => sub { $client->get('/members/', $session->{access}) },
            forged  => sub { $client->get('/members/', $forged) },
            ended   => sub { $client->get('/members/', $ended->{access}) },
            reused  => sub { $client->post('/auth/token/refresh', { refresh => $ended->{refresh} }) },
            public  => sub { $client->get('/public.txt') },
        );
        for my $what (sort keys %ask) {
            my $began = time;
            my $code = $ask{$what}->()->{code};
            printf $notes "%s %d %.3f %.3f\n", $what, $code, $began, time - $began;
        }
        sleep 0.02;
    }
    close $notes;
    return $client;
}

sub forged
{
    my ($token) = @_;
    $token =~ s/\.(.)([^.]*)$/'.' . ($1 eq 'A' ? 'B' : 'A') . $2/e;
    secret($token);
    return $token;
}

# {what, code, at, took} of each request.
sub read_notes
{
    my ($driver) = @_;
    my @seen;
    for my $file (glob scratch("load-$driver-*")) {
        push @seen, map { my %one; @one{qw(what code at took)} = split / /; \%one } split /\n/, slurp($file);
    }
    return @seen;
}

my %may = (refresh => '200 503', good => '200 503', forged => '401', ended => '401 503', reused => '401 503',
    public => '200');

# SQLite has no server: its directory is away instead, with all that belongs to the file.
sub take_away
{
    my ($database, $how) = @_;
    return $database->$how if $database->driver ne 'sqlite3';
    rename $database->dir, $database->dir . '.away' or die "rename: $!\n";
}

sub bring_back
{
    my ($database) = @_;
    return $database->up if $database->driver ne 'sqlite3';
    rename $database->dir . '.away', $database->dir or die "rename: $!\n";
}

sub test_load
{
    my $end = scratch('end');
    my (%sessions, @away, %back);
    for my $database (@databases) {
        my @sessions = begin_sessions($database, 6);
        $database->sql("UPDATE auth_jwt_session SET revoked_at = 1 WHERE sid = '$sessions[-1]{sid}'");
        $sessions{ $database->driver } = \@sessions;
    }
    my $notes = scratch('load');    # named by the process that asks
    my $all = JWTTest::Client::crowd(2 * @databases, sub {
        my $driver = $databases[ $_[0] % @databases ]->driver;
        return keep_asking($driver, $end, $_[0], "$notes-$driver-$_[0]", @{ $sessions{$driver} });
    }, sub {
        for my $how (qw(down quit)) {
            sleep 0.4;
            my $began = time;
            take_away($_, $how) for @databases;
            sleep 1.2;
            for my $database (@databases) {
                bring_back($database);
                push @{ $back{ $database->driver } }, [ $began, time ];
            }
            sleep 1.2;
        }
        spew($end, '');
    });
    is_deeply $all->{wrong}, [], 'the clients lived to the end';
    is_right($_->driver, @{ $back{ $_->driver } }) for @databases;
}

sub is_right
{
    my ($driver, @away) = @_;
    my @seen = read_notes($driver);
    my %count;
    $count{"$_->{what} $_->{code}"}++ for @seen;
    note join ', ', map { "$_: $count{$_}" } sort keys %count;
    is_deeply [ grep { my ($what, $code) = split / /; $may{$what} !~ /$code/ } sort keys %count ], [],
        "$driver: nobody bad is let in, nobody good refused, no error";
    my @sorry = grep { $_->{code} == 503 } @seen;
    cmp_ok scalar @sorry, '>', 10, 'while it is away there is 503';
    my ($longest) = sort { $b <=> $a } map { $_->{took} } @sorry;
    cmp_ok $longest, '<', 2, 'within two seconds';
    my ($public) = sort { $b <=> $a } map { $_->{took} } grep { $_->{what} eq 'public' } @seen;
    cmp_ok $public, '<', 1, 'other pages are as ever';
    for my $time (@away) {
        my ($began, $back) = @$time;
        my @late = sort { $b <=> $a } map { $_->{at} + $_->{took} } grep { $_->{at} < $back + 1.1 && $_->{at} > $began } @sorry;
        note sprintf '%s: away for %.2f s, last 503 %.2f s after its return, the longest %.2f s, public %.2f s',
            $driver, $back - $began, ($late[0] // $back) - $back, $longest, $public;
        is scalar(grep { $_ > $back + patience(1) } @late), 0, 'right again within a second';
    }
}

# ---- frozen ------------------------------------------------------------------------------

# Requests that are sent at once: {code, took} of those that are answered in so many seconds, in order
# of their answers, and the sockets of the others.
sub send_all
{
    my ($port, $seconds, @requests) = @_;
    my $began = time;
    my @sockets = map {
        my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port) or die "connect: $!\n";
        syswrite $socket, $_;
        $socket;
    } @requests;
    return collect($began, $seconds, @sockets);
}

sub collect
{
    my ($began, $seconds, @sockets) = @_;
    my $waiting = IO::Select->new(@sockets);
    my @answers;
    while ($waiting->count && time < $began + $seconds) {
        for my $socket ($waiting->can_read($began + $seconds - time)) {
            $waiting->remove($socket);
            sysread $socket, my $text, 65536;
            push @answers, { code => ($text // '') =~ m{^HTTP/1.1 (\d+)} ? $1 : 0, took => time - $began };
        }
    }
    return (\@answers, $waiting->handles);
}

use constant CALLS => 10;    # the default of DBDMax

sub test_frozen
{
    my ($database) = @_;
    plan skip_all => 'a process of this MPM has one caller only' if var('mpm') eq 'prefork';
    my @sessions = begin_sessions($database, 80);
    my @requests = map {
        my $body = JSON::PP::encode_json({ refresh => $_->{refresh} });
        "POST /auth/token/refresh HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: "
            . length($body) . "\r\nConnection: close\r\n\r\n$body";
    } @sessions;
    $database->freeze;
    my ($answers, @hanging) = send_all($where, 2, @requests);
    # With a time-out of its own a call that waits may end by that.
    my ($more, @late) = send_all($where, 1.5, @requests[0 .. 9]);
    my @quick = grep { $_->{took} < 2 } @$answers, @$more;
    my $waiting = @requests + 10 - @quick;
    my ($longest) = sort { $b <=> $a } map { $_->{took} } @quick;
    note sprintf '%s: %d wait, %d do not, the longest of them %.2f s', $database->driver, $waiting,
        scalar @quick, $longest;
    cmp_ok $waiting, '<=', CHILDREN * CALLS, 'no more wait than may ask at once';
    is scalar(grep { $_->{code} != 503 } @$answers, @$more), 0, 'every other one is 503 within two seconds';
    my ($public) = send_all($where, 1, ("GET /public.txt HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n") x 10);
    is scalar(grep { $_->{code} == 200 } @$public), 10, 'other pages are as ever';
    my $thawed = time;
    $database->thaw;
    ($answers, @hanging) = collect(time, 5, @hanging, @late);
    is scalar(@hanging), 0, 'nobody is forgotten';
    is scalar(grep { $_->{code} !~ /^(?:200|503)$/ } @$answers), 0, 'nor refused';
    ok wait_until(3, sub {
        my ($now) = send_all($where, 2, @requests);
        return @$now == @requests && !grep { $_->{code} != 200 } @$now;
    }), 'and all is well again';
    note sprintf '%s: well %.2f s after it thawed', $database->driver, time - $thawed;
}

# ---- slow downloads ----------------------------------------------------------------------

sub test_downloads
{
    plan skip_all => 'no database with a server of its own here' unless $small;
    my ($port) = $where = port(6);
    my ($session) = begin_sessions($small, 1);
    my @slow = map {
        my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port) or die "connect: $!\n";
        $socket->setsockopt(Socket::SOL_SOCKET(), Socket::SO_RCVBUF(), 4096);
        print $socket "GET /members/large HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer $session->{access}\r\n\r\n";
        $socket->sysread(my $begin, 1000);
        $begin =~ m{^HTTP/1.1 200 } ? $socket : ();
    } 1 .. 50;
    is scalar @slow, 50, 'fifty slow downloads, from a pool of two connections in each child';
    my $began = time;
    my @codes = map { log_in('alice')->{code} // 200 } 1 .. 12;
    is scalar(grep { $_ != 200 } @codes), 0, 'logins go on meanwhile';
    cmp_ok time - $began, '<', patience(3), 'without waiting';
    is post_json('/auth/token/refresh', { refresh => $session->{refresh} }, port => $port)->code, 200,
        'and refreshes';
}

# ---- all of it ---------------------------------------------------------------------------

for my $database (@databases) {
    my $driver = $database->driver;
    $where = $port{$driver};
    subtest "$driver: $_->[0]" => sub { $_->[1]->($database) }
        for [ 'user agents' => \&test_user_agents ], [ 'ids' => \&test_ids ], [ 'every child' => \&test_children ],
            $database == $databases[0] ? [ 'a dump' => \&test_dump ] : (), [ 'indexes' => \&test_indexes ];
}
unlike $server->log, qr/JWT0201/, 'so far no database was taken for a failing one';
subtest 'slow downloads' => \&test_downloads;
subtest 'databases that go and come' => \&test_load;
for my $database (grep { $_->driver ne 'sqlite3' } @databases) {
    $where = $port{ $database->driver };
    subtest $database->driver . ': frozen' => sub { test_frozen($database) };
}
# A child that is stopped while a thread closes its connection can crash, which is httpd's own doing.
sleep 0.5;
$server->stop;
$_->down for @databases;

done_testing;
