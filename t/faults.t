# What clients and the log see when the database fails: 503 in bounded time, never a refusal, and
# all is well again by itself. Each fault is made under a server that runs, and mended under it.
#
# Runs beside others: it has servers of its own.
use strict;
use warnings;
use Test::More;
use File::Copy qw(copy);
use IO::Handle;
use JSON::PP ();
use JWTTest;
use Time::HiRes qw(time);

only_under(qw(event prefork));

my $alice = user('alice');
my $schema = slurp(var('src_dir') . '/conf/schema/sqlite.sql');
my ($server, %file, %row);

# ---- databases ---------------------------------------------------------------------------

# A directory that the server's children may write, with a database in it.
sub database
{
    my ($name, %option) = @_;
    my $dir = scratch($name);
    mkdir $dir or die "$dir: $!\n";
    fill("$dir/site.db", %option);
    return "$dir/site.db";
}

sub fill
{
    my ($file, %option) = @_;
    (my $tables = $schema) =~ s/^PRAGMA.*$//m;
    my $hash = password_hash('$5$', $option{password} // $alice->{password});
    secret($option{password} // (), $hash);
    sqlite(sprintf("PRAGMA journal_mode=%s;\n%s", $option{journal} || 'WAL', $tables)
        . "INSERT INTO auth_jwt_user(id, username, password) VALUES(1, 'alice', '$hash');"
        . ($option{sql} || ''), $file);
    give("$file", glob "$file-*");
    return $file;
}

sub give
{
    my @files = @_;
    return if $>;
    my ($uid, $gid) = (getpwnam var('user'))[2, 3];
    s{/[^/]*$}{} for my @dirs = @files;
    chown $uid, $gid, @files, @dirs;
}

# Another program that holds a lock until it is told to let go; for 20 seconds at most.
sub lock_database
{
    my ($file) = @_;
    pipe my $heard, my $said or die "pipe: $!\n";
    defined(my $pid = open my $sqlite, '|-') or die "fork: $!\n";
    if (!$pid) {
        open STDOUT, '>&', $said;
        exec 'timeout', 20, 'sqlite3', '-bail', $file or POSIX::_exit(127);
    }
    close $said;
    $sqlite->autoflush(1);
    print $sqlite "BEGIN EXCLUSIVE;\nSELECT 'locked';\n";
    is scalar <$heard>, "locked\n", 'another program holds the lock';
    return $sqlite;
}

# ---- servers -----------------------------------------------------------------------------

# All children are there from the start: one that is told to end while it begins may crash, which
# is httpd's own doing, and would be taken for ours.
sub serve
{
    my ($hosts, %option) = @_;
    my $children = $option{children} || 3;
    my $made = httpd_start(<<"CONF" . $hosts, env => $option{env});
AuthJWTKey - HS256 @{[ $option{key} || '${T_DIR}/keys/site.key' ]}
<IfModule !mpm_prefork_module>
    ServerLimit 1
    ThreadsPerChild 40
    MaxRequestWorkers 40
</IfModule>
<IfModule mpm_prefork_module>
    StartServers $children
    MinSpareServers 1
    MaxSpareServers 20
</IfModule>
CONF
    my $root = $made->dir . '/htdocs';
    mkdir "$root/$_" for qw(members basic);
    spew("$root/public.txt", 'public');
    spew("$root/$_/index.html", $_) for qw(members basic);
    return $made;
}

# One host, one database: what goes on in one never shows in another.
sub host
{
    my ($port, $file, $more) = @_;
    return <<"CONF";
<VirtualHost 127.0.0.1:\${$port}>
    DBDriver sqlite3
    DBDParams "$file"
    AuthJWTAudience $port
    AuthJWTEndpoints /auth
    <Location "/members">
        AuthType JWT
        Require valid-user
    </Location>
    $more
</VirtualHost>
CONF
}

sub start_server
{
    %file = (PORT => database('wal'), PORT_1 => database('delete', journal => 'DELETE'),
             PORT_2 => database('mixed', sql => odd_rows()));
    return serve("Listen 127.0.0.1:\${PORT_1}\nListen 127.0.0.1:\${PORT_2}\n"
        . host('PORT', $file{PORT}, '') . host('PORT_1', $file{PORT_1}, '')
        . host('PORT_2', $file{PORT_2}, mixed()));
}

sub where
{
    my ($host) = @_;
    return $server->port($host =~ /_(\d)/ ? $1 : 0);
}

# ---- what is asked -----------------------------------------------------------------------

my %question = (
    login => sub {
        post_json('/auth/token', { username => 'alice', password => $_[2] // $alice->{password} },
            port => $_[0]);
    },
    refresh => sub {
        post_json('/auth/token/refresh',
            { refresh => token({ token_type => 'refresh', aud => $_[1] }) }, port => $_[0]);
    },
    protected => sub { get_with('/members/', token({ aud => $_[1] }), port => $_[0]) },
);

# The answers of all three, asked at once, and how long a public page took in the meantime.
sub ask_all
{
    my ($host) = @_;
    my $port = where($host);
    my %answer = in_parallel(map {
        my $ask = $question{$_};
        $_ => sub { $ask->($port, $host) };
    } keys %question);
    return \%answer;
}

# in_parallel(NAME => CODE, ...): {code, retry, type, body, seconds} of each CODE's response.
sub in_parallel
{
    my %code = @_;
    my %reader;
    for my $name (keys %code) {
        pipe $reader{$name}, my $writer or die "pipe: $!\n";
        defined(my $pid = fork) or die "fork: $!\n";
        next if $pid;
        my $began = time;
        my $r = $code{$name}->();
        print $writer JSON::PP::encode_json({ code => $r->code, body => $r->content,
            retry => scalar $r->header('Retry-After'), type => scalar $r->content_type,
            seconds => time - $began });
        close $writer;
        POSIX::_exit(0);
    }
    my %result;
    for my $name (keys %code) {
        local $/;
        my $text = readline $reader{$name};
        $result{$name} = JSON::PP::decode_json($text || '{"code":0}');
    }
    1 while waitpid(-1, POSIX::WNOHANG()) > 0;
    return %result;
}

sub public_is_quick
{
    my ($host, $when) = @_;
    my $began = time;
    my $code = get('/public.txt', port => where($host))->code;
    my $took = time - $began;
    ok $code == 200 && $took < 1, "public pages are as ever, $when" or diag "$code, $took s";
}

sub is_down
{
    my ($host, $name, %expect) = @_;
    my $mark = $server->log_mark;
    my $answer = ask_all($host);
    for my $question (sort keys %$answer) {
        my $a = $answer->{$question};
        is $a->{code}, 503, "$name: $question is 503";
        is $a->{retry}, 5, 'with Retry-After';
        is_deeply eval { JSON::PP::decode_json($a->{body}) },
            { detail => 'Try again later.', code => 'unavailable' }, 'and a body that tells no more';
        cmp_ok $a->{seconds}, '<', $expect{seconds} || 3, 'in time';
    }
    public_is_quick($host, $name);
    my $log = $server->log_since($mark);
    my @lines = grep { /JWT0201/ } split /\n/, $log;
    is scalar @lines, 3, "$name: one line each in the log";
    # A connection may still have its pause of the fault before this one.
    my @new = grep { !/less than a second ago/ } @lines;
    my @told = grep { /$expect{log}/ } @new;
    my @else = $expect{or} ? grep { !/$expect{log}/ && /$expect{or}/ } @new : ();
    # The first to ask always meets the fault itself.
    ok @told + @else == @new && @told >= ($expect{first} ? 1 : 0) && @new, 'with cause and cure' or diag $log;
    unlike $log, qr/JWT0(?:101|111|112|121)/, 'nobody was refused or admitted';
}

# Each child has connections of its own, and each may take its second to try again: of children
# that a few questions need not all reach, that second has passed first.
sub is_up
{
    my ($host, $name) = @_;
    select undef, undef, undef, 1.1 if var('mpm') eq 'prefork';
    my $in_a_row = 0;
    my $last;
    my $up = wait_until(10, sub {
        $last = ask_all($host);
        $in_a_row = (grep { $_->{code} != 200 } values %$last) ? 0 : $in_a_row + 1;
        return $in_a_row >= (var('mpm') eq 'prefork' ? 8 : 4);
    });
    ok $up, "$name: all is well again"
        or diag join ', ', map { "$_ $last->{$_}{code} $last->{$_}{body}" } sort keys %$last;
}

# ---- the schema --------------------------------------------------------------------------

$server = start_server();
is_up('PORT', 'at first');

sqlite('ALTER TABLE auth_jwt_user ADD COLUMN nickname TEXT', $file{PORT});
is $question{login}->(where('PORT'), 'PORT')->code, 200, 'a column is added: nobody notices';
is $question{protected}->(where('PORT'), 'PORT')->code, 200, 'at protected places neither';
is $question{refresh}->(where('PORT'), 'PORT')->code, 200, 'nor when refreshing';

my $missing = qr/no such column: is_active.*check that the table/;
sqlite('ALTER TABLE auth_jwt_user RENAME COLUMN is_active TO enabled', $file{PORT});
# Of a connection that the pool opens only now mod_dbd tells before the module looks at the file,
# and who asks two seconds after another one that still waits is not kept waiting.
my $no_connection = qr/no connection to the database.*check DBDParams/;
my $waiting = qr/has not answered an earlier call for more than 2 seconds/;
is_down('PORT', 'a column is renamed', log => $missing);
sqlite('ALTER TABLE auth_jwt_user RENAME COLUMN enabled TO is_active', $file{PORT});
is_up('PORT', 'a column renamed back');

my $no_table = qr/no such table: auth_jwt_user.*check that the table/;
sqlite('ALTER TABLE auth_jwt_user RENAME TO kept; ', $file{PORT});
is_down('PORT', 'the table is gone', log => $no_table);
sqlite("CREATE TABLE auth_jwt_user AS SELECT * FROM kept; DROP TABLE kept; "
    . 'UPDATE auth_jwt_user SET id = CAST(id AS TEXT)', $file{PORT});
is_up('PORT', 'the table is made anew');

# ---- the file ----------------------------------------------------------------------------

my $dir = scratch('wal');

rename $file{PORT}, "$file{PORT}.away";
is_down('PORT', 'the file is gone', log => qr/\Q$file{PORT}\E: No such file.*put it there again/,
    or => $no_connection);
ok !-e $file{PORT}, 'nobody makes an empty one instead';
rename "$file{PORT}.away", $file{PORT};
is_up('PORT', 'the file is back');

rename $dir, "$dir.away";
is_down('PORT', 'the directory is gone', log => qr/No such file.*put it there again/, or => $no_connection);
rename "$dir.away", $dir;
is_up('PORT', 'the directory is back');

# As rsync and backups do it.
my %new = (password => 'a password of the new file', sql =>
    'INSERT INTO auth_jwt_user SELECT 2, "bob", password, 0 FROM auth_jwt_user;');
unlink glob "$file{PORT}-*";
rename fill("$dir/new.db", %new), $file{PORT};
unlink glob "$dir/new.db-*";
is $question{login}->(where('PORT'), 'PORT')->code, 401, 'the file is replaced: it counts at once';
is $question{login}->(where('PORT'), 'PORT', $new{password})->code, 200, 'its password is right';
is get_with('/members/', token({ aud => 'PORT', user_id => '2' }), port => where('PORT'))->code, 401,
    'who is inactive in it stays outside';
is get_with('/members/', token({ aud => 'PORT' }), port => where('PORT'))->code, 200,
    'who is active is let in';

sub replace
{
    my ($with) = @_;
    give($with);
    unlink glob "$file{PORT}-*";
    rename $with, $file{PORT} or die "$with: $!\n";
}

replace(spew("$dir/empty", ''));
is_down('PORT', 'an empty file', log => $no_table);
replace(spew("$dir/garbage", "this is no database\n" x 500));
is_down('PORT', 'a file of another kind', log => qr/file is not a database.*check what DBDParams names/);
replace(fill("$dir/good"));
is_up('PORT', 'a good file');

# A directory that nobody can enter, for the server's own user too unless it is root.
chmod 0000, $dir;
is_down('PORT', 'the directory is closed', log => qr/Permission denied.*enter its directory/, or => $no_connection);
chmod 0755, $dir;
is_up('PORT', 'the directory is open');

# ---- locks -------------------------------------------------------------------------------

my $lock = lock_database($file{PORT});
is $question{login}->(where('PORT'), 'PORT')->code, 200,
    'with write-ahead logging nobody notices a lock';
is $question{protected}->(where('PORT'), 'PORT')->code, 200, 'at protected places neither';
close $lock;

is_up('PORT_1', 'without it, at first');
$lock = lock_database($file{PORT_1});
is_down('PORT_1', 'locked', seconds => 4, log => qr/database is locked.*write briefly/,
    or => $waiting, first => 1);

# More callers than may call at once: none waits for long, and others are served all the while.
SKIP: {
    skip 'each process of this MPM has one caller', 3 if var('mpm') eq 'prefork';
    my $mark = $server->log_mark;
    my $watch = sub {
        my ($worst, $worst_took) = (0, 0);
        for (1 .. 20) {
            my $began = time;
            my $r = get('/public.txt', port => where('PORT_1'));
            $worst_took = time - $began if time - $began > $worst_took;
            select undef, undef, undef, 0.05;
        }
        return HTTP::Response->new($worst_took < 1 ? 200 : 500, undef, [], "$worst_took s");
    };
    my %answer = in_parallel(public => $watch,
        map { $_ => sub { $question{login}->(where('PORT_1'), 'PORT_1') } } 1 .. 24);
    my $public = delete $answer{public};
    is $public->{code}, 200, 'public pages are quick throughout' or diag $public->{body};
    is scalar(grep { $_->{code} != 503 || $_->{seconds} > 4.5 } values %answer), 0,
        'two dozen at once: all get their 503' or diag explain \%answer;
    ok $server->log_since($mark) =~ /JWT0201.*all calls to the database that are allowed at once/,
        'some without waiting for the lock';
}
close $lock;
is_up('PORT_1', 'the lock is gone');

# ---- rights ------------------------------------------------------------------------------

chmod 0444, $file{PORT_1};
chmod 0555, scratch('delete');
is_up('PORT_1', 'what can only be read is read');
chmod 0755, scratch('delete');
chmod 0644, $file{PORT_1};

# ---- rows that are no users --------------------------------------------------------------

# The key is what is asked for; the rest is what comes back.
sub odd_rows
{
    my $hash = password_hash('$5$', $alice->{password});
    %row = (
        good    => [ "'good', 'good name', '$hash'", 200, 200 ],
        no_id   => [ "NULL, 'x', '$hash'", 503, 503, qr/no id; every user needs one/ ],
        empty   => [ "'', 'x', '$hash'", 503, 503, qr/no id; every user needs one/ ],
        unnamed => [ "'unnamed', NULL, '$hash'", 503, 503, qr/no username.*\(id 'unnamed'\)/ ],
        blank   => [ "'blank', '', '$hash'", 503, 503, qr/no username/ ],
        newline => [ "'newline', 'x' || char(10) || 'y', '$hash'", 503, 503, qr/control character/ ],
        delete  => [ "'delete', 'x' || char(127), '$hash'", 503, 503, qr/control character/ ],
        nul     => [ "'nul', 'good name' || char(0) || 'x', '$hash'", 503, 503, qr/no username/ ],
        other   => [ "'Other', 'x', '$hash'", 200, 401, qr/another id than the one asked for/ ],
        no_hash => [ "'no_hash', 'x', NULL", 401, 200, qr/no usable password/ ],
        bang    => [ "'bang', 'x', '!'", 401, 200, qr/no usable password/ ],
        plain   => [ "'plain', 'x', '$alice->{password}'", 401, 200, qr/cannot be checked/ ],
        absent  => [ undef, 401, 401, qr/no such user|no row/ ],
    );
    my $sql = 'CREATE TABLE odd(key, id, username, password); CREATE TABLE twice(key, id, '
        . "username, password); INSERT INTO twice VALUES('t', 't', 't', '$hash');"
        . "INSERT INTO twice SELECT * FROM twice;";
    $sql .= "INSERT INTO odd VALUES('$_', $row{$_}[0]);" for grep { $row{$_}[0] } keys %row;
    return $sql;
}

# A path with its own idea of where users are.
sub place
{
    my ($name, $by_name, $by_id) = @_;
    $by_id //= $by_name;
    return <<"CONF";
    <Location "/$name">
        AuthJWTAudience $name
        AuthJWTUserQuery     "$by_name"
        AuthJWTUserByIdQuery "$by_id"
    </Location>
    <Location "/$name/login">
        SetHandler jwt-obtain
    </Location>
    <Location "/$name/in">
        AuthType JWT
        Require valid-user
    </Location>
CONF
}

sub mixed
{
    my $all = 'id, username, password FROM odd WHERE key = %s';
    return place('odd', "SELECT $all")
        . place('twice', 'SELECT * FROM twice WHERE key = %s')
        . place('noid', 'SELECT username, password FROM odd WHERE key = %s')
        . place('noname', 'SELECT id, password FROM odd WHERE key = %s')
        . place('nopassword', 'SELECT id, username FROM odd WHERE key = %s', "SELECT $all")
        . place('wrong', 'SELECT id, username, password FROM absent WHERE key = %s')
        . <<'CONF';
    <Location "/basic">
        AuthType Basic
        AuthName members
        AuthBasicProvider dbd
        AuthDBDUserPWQuery "SELECT password FROM auth_jwt_user WHERE username = %s"
        Require valid-user
    </Location>
    <Location "/odd/in/">
        SetHandler server-status
    </Location>
CONF
}

sub login_at
{
    my ($place, $name) = @_;
    return post_json("/$place/login", { username => $name, password => $alice->{password} },
        port => where('PORT_2'))->code;
}

sub enter_at
{
    my ($place, $id) = @_;
    return get_with("/$place/in/", token({ aud => $place, user_id => $id }),
        port => where('PORT_2'))->code;
}

for my $key (sort keys %row) {
    my (undef, $login, $enter, $reason) = @{ $row{$key} };
    my $mark = $server->log_mark;
    is login_at('odd', $key), $login, "row '$key': login";
    is enter_at('odd', $key), $enter, "row '$key': token";
    like $server->log_since($mark), $reason, 'the log says why' if $reason;
}

my %place = (
    twice      => [ 't', 503, 503, qr/more than one row; let a UNIQUE column/ ],
    noid       => [ 'good', 503, 503, qr/the query gives no column id; add it, or/ ],
    noname     => [ 'good', 503, 503, qr/the query gives no column username/ ],
    nopassword => [ 'good', 503, 404, qr/the query gives no column password/ ],
    wrong      => [ 'good', 503, 503, qr/no such table: absent/ ],
);
for my $place (sort keys %place) {
    my ($key, $login, $enter, $reason) = @{ $place{$place} };
    my $mark = $server->log_mark;
    is login_at($place, $key), $login, "SQL of '$place': login";
    is enter_at($place, $key), $enter, "SQL of '$place': token";
    like $server->log_since($mark), $reason, 'the log says why';
}

# One wrong statement is nobody else's trouble.
my $basic = 'Basic ' . MIME::Base64::encode_base64("alice:$alice->{password}", '');
secret($basic =~ /(\S+)$/);
is get('/basic/', port => where('PORT_2'), headers => [ Authorization => $basic ])->code, 200,
    'mod_authn_dbd goes on in the same virtual host';
is login_at('odd', 'good'), 200, 'and so do we at other places';

# ---- what was said at the start ----------------------------------------------------------

# A source is a set of queries in a virtual host: three by default, and five of SQL of their own.
sub trials
{
    my ($since) = @_;
    return grep { /JWT001[12]/ } split /\n/, $server->log_since($since);
}

sub check_trials
{
    my ($since, $when) = @_;
    my @trials;
    wait_until(10, sub { (@trials = trials($since)) >= 9 });
    select undef, undef, undef, 0.3;
    @trials = trials($since);
    is scalar(grep { /JWT0011: the users' table answers: AuthJWTUserQuery auth_jwt \(the default\)/ }
        @trials), 3, "$when: one line for each host";
    is scalar(grep { /JWT0011: the users' table answers: \S+ \(line \d+ of \S+\)/ } @trials), 5,
        "$when: and one for each SQL that can be tried";
    is scalar(grep { /JWT0012: .*line \d+ of \S+: sqlite3 says: no such table: absent.*answer 503/ }
        @trials), 1, "$when: the wrong one is named, with its place";
    is scalar(@trials), 9, "$when: no other line" or diag join "\n", @trials;
}

check_trials(0, 'at the start');
my $mark = $server->log_mark;
ok $server->graceful, 'a graceful restart';
ask_all('PORT') for 1 .. 3;
check_trials($mark, 'then');
is_up('PORT', 'after a graceful restart');
$server->stop;

# ---- nothing there at the start ----------------------------------------------------------

my $late = scratch('late');
mkdir $late or die "$late: $!\n";
give("$late/site.db");
$file{PORT} = "$late/absent/site.db";
$server = serve(host('PORT', $file{PORT}, ''));
ok wait_until(5, sub { $server->log =~ /JWT0012: .*no connection.*check DBDParams/ }),
    'no directory at the start: it starts, and says so';
unlike $server->log, qr/htjwt init/, '... without a word on how tables are made';
is_down('PORT', 'no directory', log => qr/no connection to the database.*check DBDParams/);
mkdir "$late/absent" or die "$late: $!\n";
give("$late/absent/site.db");
ok wait_until(5, sub { ask_all('PORT')->{login}{code} == 503 && -e $file{PORT} }),
    'SQLite makes an empty file there';
select undef, undef, undef, 1.1;
is_down('PORT', 'an empty file since the start', log => $no_table);
rename fill("$late/site.db"), $file{PORT};
unlink glob "$late/site.db-*";
is_up('PORT', 'a good file since then');
is scalar(() = $server->log =~ /JWT001[12]/g), 1, 'one line about it in all';
$server->stop;

# ---- replaced before the first question --------------------------------------------------

# mod_dbd opens connections ahead; none of them may show the users of yesterday.
my $ahead = database('ahead', password => 'the password of yesterday');
$server = serve("AuthJWTHashConcurrency 16\n" . host('PORT', $ahead, "DBDMin 4\nDBDKeep 4\nDBDMax 10\n"),
    children => 8);
wait_until(5, sub { $server->log =~ /JWT0011/ });
select undef, undef, undef, 0.5;
unlink glob "$ahead-*";
rename fill("$ahead.new"), $ahead;
unlink glob "$ahead.new-*";
my %early = in_parallel(map { $_ => sub { $question{login}->(where('PORT'), 'PORT') } } 1 .. 16);
is scalar(grep { $_->{code} != 200 } values %early), 0, 'a file replaced before the first question'
    or diag explain \%early;
$server->stop;

# ---- connections -------------------------------------------------------------------------

# Write-ahead logging needs a directory that can be written.
chmod 0555, "$late/absent";
# One connection in a process, and a client that reads slowly: it does not hold the connection.
$server = serve(host('PORT', $file{PORT}, "DBDMin 1\nDBDKeep 1\nDBDMax 1\n"), children => 8);
spew($server->dir . '/htdocs/members/large', 'x' x 50_000_000);
is_down('PORT', 'nothing can be written', log => qr/readonly database.*may write the file and its/);
chmod 0755, "$late/absent";
is_up('PORT', 'now it can');

my $token = token({ aud => 'PORT' });
my @slow = map { slow_download($_) } 1 .. 3;
is scalar(grep { $_ } @slow), 3, 'three slow downloads of a protected file';
for my $question (sort keys %question) {
    my $began = time;
    is $question{$question}->(where('PORT'), 'PORT')->code, 200, "$question meanwhile";
    cmp_ok time - $began, '<', 3, 'without waiting';
}
close $_ for grep { $_ } @slow;

sub slow_download
{
    my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => where('PORT'))
        or return;
    $socket->setsockopt(Socket::SOL_SOCKET(), Socket::SO_RCVBUF(), 4096);
    print $socket "GET /members/large HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer $token\r\n\r\n";
    $socket->sysread(my $begin, 1000);
    return $begin =~ m{^HTTP/1.1 200 } ? $socket : undef;
}
$server->stop;

# ---- a key from the environment ----------------------------------------------------------

my $key = 'k3y-of-the-environment-' . 'x' x 24;
secret($key);
$server = serve('ScriptAlias /cgi-bin/ ${T_DIR}/cgi-bin/' . "\n" . host('PORT', $file{PORT},
    'Header always set X-Seen "expr=%{osenv:JWT_TEST_KEY}"'),
    key => 'env:JWT_TEST_KEY', env => { JWT_TEST_KEY => $key });
my $pair = json($question{login}->(where('PORT'), 'PORT'));
ok decode($pair->{access}, key => $key), 'a key of the environment signs';
my $seen = get('/cgi-bin/env', port => where('PORT'));
is $seen->code, 200, 'a CGI program';
unlike $seen->content, qr/JWT_TEST_KEY|\Q$key\E/, 'does not have it in its environment';
is $seen->header('X-Seen') || '', '', 'nor has the server that answers';

done_testing;
