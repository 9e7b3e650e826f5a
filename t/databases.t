# PostgreSQL and MariaDB, where they are installed: the same answers as with SQLite, and what a
# server in a process of its own adds to the ways in which a database can fail. Each is started
# here, on loopback, with a directory of its own, and stopped at the end.
#
# Runs beside others: it has servers of its own.
use strict;
use warnings;
use Test::More;
use JWTTest;
use JWTTest::Database;
use JWTTest::Users qw(application_tables blacklist_tables);
use POSIX ();
use Time::HiRes qw(time);

only_under(qw(event prefork));

my $alice = user('alice');
my $hash = password_hash('$5$', $alice->{password});
secret($hash);

my $users = "INSERT INTO auth_jwt_user(username, password, is_active) "
    . "VALUES('alice', '$hash', TRUE), ('bob', '$hash', FALSE), ('Zo\xc3\xab \xf0\x9f\x98\x80', '$hash', TRUE);";

# ---- what is asked -----------------------------------------------------------------------

my ($server, $database);

sub obtain
{
    my ($name, $password) = @_;
    return post_json('/auth/token', { username => $name, password => $password // $alice->{password} },
        port => $server->port)->code;
}

sub refresh
{
    my ($id) = @_;
    return post_json('/auth/token/refresh',
        { refresh => token({ token_type => 'refresh', user_id => $id // '1' }) },
        port => $server->port)->code;
}

sub page
{
    my ($id) = @_;
    return get_with('/members/', token({ user_id => $id // '1' }), port => $server->port)->code;
}

sub all_are
{
    my ($code, $name) = @_;
    is join(' ', obtain('alice'), refresh(), page()), "$code $code $code", $name;
}

# Within a second or two, since a statement that could not be prepared waits for one; and in each
# child, which has connections and statements of its own.
sub heals
{
    my ($name) = @_;
    my $began = time;
    my $in_a_row = 0;
    my $up = wait_until(10, sub {
        my $good = obtain('alice') == 200 && refresh() == 200 && page() == 200;
        $in_a_row = $good ? $in_a_row + 1 : 0;
        return $in_a_row >= (var('mpm') eq 'prefork' ? 20 : 1);
    });
    my $took = time - $began;
    ok $up && $took < 5, "$name: all is well again" or diag $server->log;
    note sprintf '%s: healed after %.2f s', $name, $took;
}

sub timed
{
    my ($code) = @_;
    my $began = time;
    my $answer = $code->();
    return ($answer, time - $began);
}

sub refuses_quickly
{
    my ($name, $seconds) = @_;
    for my $ask ([ 'login', sub { obtain('alice') } ], [ 'page', \&page ]) {
        my ($code, $took) = timed($ask->[1]);
        is $code, 503, "$name: $ask->[0] is 503";
        cmp_ok $took, '<', $seconds, 'in time';
    }
    my ($code, $took) = timed(sub { get('/public.txt', port => $server->port)->code });
    ok $code == 200 && $took < 0.5, "$name: public pages are as ever" or diag "$code, $took s";
}

sub start_server
{
    my ($more) = @_;
    my $made = httpd_start($database->conf($more) . <<"CONF", may_fail => 1) or return;
AuthJWTKey - HS256 \${T_DIR}/keys/site.key
AuthJWTEndpoints /auth
<Location "/members">
    AuthType JWT
    Require valid-user
</Location>
@{[ key_sites($database->{driver}) ]}
<IfModule !mpm_prefork_module>
    ServerLimit 1
    ThreadsPerChild 40
    MaxRequestWorkers 40
</IfModule>
<IfModule mpm_prefork_module>
    StartServers 8
</IfModule>
CONF
    mkdir $made->dir . '/htdocs/members';
    spew($made->dir . "/htdocs/$_", 'x') for qw(public.txt members/index.html);
    return $made;
}

# A server that asks the tables of applications, each by its preset.
sub start_presets
{
    my ($presets) = @_;
    my $places = join '', map { <<"PLACE" } sort keys %$presets;
<Location "/$_">
    AuthJWTUserQuery $presets->{$_}[0]
    AuthJWTAudience $_
</Location>
<Location "/$_/login">
    SetHandler jwt-obtain
</Location>
<Location "/$_/refresh">
    SetHandler jwt-refresh
</Location>
PLACE
    $places .= "<Location \"/django\">\nAuthJWTLastLoginQuery django\n</Location>\n";
    return httpd_start($database->conf . <<"CONF");
AuthJWTKey - HS256 \${T_DIR}/keys/site.key
AuthJWTSessions Off
$places
CONF
}

# ---- the tests ---------------------------------------------------------------------------

sub test_answers
{
    ok wait_until(5, sub { $server->log =~ /JWT0011: the users' table answers/ }),
        'the statements are good';
    all_are(200, 'a good user');
    is obtain('alice', 'wrong password of hers'), 401, 'a wrong password';
    is obtain('Alice'), 401, 'another case of the name';
    is obtain('bob'), 401, 'an inactive user';
    is obtain("Zo\x{eb} \x{1f600}"), 200, 'a name beyond ASCII';
    is obtain($_), 401, 'nobody, and no error: ' . join ' ', map { sprintf '%x', ord } split //
        for "x' OR '1'='1", 'x\\', "\x{1f600}", "\x{ffff}", 'x' x 5000, '%s';
    is page('2'), 401, 'a token of an inactive user';
    is page($_), 401, 'an id that is none: ' . join ' ', map { sprintf '%x', ord } split //
        for '01', '1.0', '1abc', '-1', 'abc', "1'", "\x{1f600}", '9223372036854775808', '1' x 200, '+1',
        ' 1', '1 ', '1e0', '0x1', '--1', '-0', "\x{ff11}", '18446744073709551617', '', '1 OR 1=1';
    $database->sql("UPDATE auth_jwt_user SET is_active = FALSE WHERE username = 'alice'");
    all_are(401, 'deactivated: at once');
    $database->sql("UPDATE auth_jwt_user SET is_active = TRUE WHERE username = 'alice'");
    all_are(200, 'active again');
    unlike $server->log, qr/JWT0201/, 'none of these was taken for a failing database';
}

# Ids of every type that tables have: a column of its own makes no difference to who it is, what is
# no value of the type is nobody, and the index is used. Some numbers are so large that two of them
# are the same where they are compared as doubles.
my @key_types = (
    [ small => 'SMALLINT', '5', '6' ],
    [ large => 'BIGINT', '9007199254740992', '9007199254740993' ],
    [ least => 'BIGINT', '-9223372036854775808', '9223372036854775807' ],
    [ texts => 'VARCHAR(40)', 'alice', 'Alice' ],
    [ names => 'VARCHAR(40)', "Zo\xc3\xab \xf0\x9f\x98\x80", 'x%s' ],
    [ padded => 'CHAR(8)', 'abc', 'abcd' ],
    [ uuids => 'UUID', '6ccd780c-baba-1026-9564-5b8c656024db', '6ccd780c-baba-1026-9564-5b8c656024dc' ],
    [ exact => 'NUMERIC(30)', '9007199254740992', '9007199254740993' ],
);
my %key_type = (
    pgsql => [ @key_types, [ free => 'TEXT', '', 'a' x 300 ], [ free2 => 'TEXT', '1', '01' ] ],
    mysql => [ @key_types,
        [ unsigned => 'BIGINT UNSIGNED', '18446744073709551614', '18446744073709551615' ] ],
);
my @nobody = ('0', '5.0', '05', '5abc', '9007199254740992.0', '9007199254740993abc', '9007199254740994',
    'ALICE', 'bob', 'alice ', '6CCD780C-BABA-1026-9564-5B8C656024DB', '6ccd780cbaba102695645b8c656024db',
    '{6ccd780c-baba-1026-9564-5b8c656024db}', '6ccd780c-baba-1026-9564-5b8c656024d', 'abcde', "a'b", 'x');

sub key_tables
{
    my ($driver) = @_;
    my $made = '';
    for (@{ $key_type{$driver} }) {
        my ($name, $type, @ids) = @$_;
        $type .= ' CHARACTER SET utf8mb4 COLLATE utf8mb4_bin' if $driver eq 'mysql' && $type =~ /CHAR/;
        $made .= "DROP TABLE IF EXISTS key_$name;\n"
            . "CREATE TABLE key_$name(nr $type PRIMARY KEY, login VARCHAR(40), pw VARCHAR(200));\n";
        $made .= "INSERT INTO key_$name VALUES('$ids[$_]', 'user$_', '$hash');\n" for 0 .. $#ids;
    }
    return $made;
}

sub key_sites
{
    my ($driver) = @_;
    return join '', map { my $name = $_->[0]; <<"CONF" } @{ $key_type{$driver} };
<Location "/key/$name">
    AuthJWTUserTable key_$name id=nr username=login password=pw is_active=-
    AuthJWTAudience $name
</Location>
<Location "/key/$name/login">
    SetHandler jwt-obtain
</Location>
<Location "/key/$name/page">
    AuthType JWT
    Require valid-user
</Location>
CONF
}

sub key_page
{
    my ($name, $id) = @_;
    utf8::decode($id);
    return get_with("/key/$name/page/x", token({ user_id => $id, aud => $name }), port => $server->port)->code;
}

sub test_keys
{
    for my $row (@{ $key_type{ $database->{driver} } }) {
        my ($name, $type, @ids) = @$row;
        for my $i (grep { length $ids[$_] } 0 .. $#ids) {
            my $is = "$type $ids[$i]";
            my $answer = json(post_json("/key/$name/login",
                { username => "user$i", password => $alice->{password} }, port => $server->port)) || {};
            my $access = $answer->{access} // '';
            is get_with("/key/$name/page/x", $access, port => $server->port)->code, 404,
                "$is: logs in, and is let in with that token";
            my $written = (peek($access || '.'))[1]{user_id} // '';
            utf8::encode($written);
            is $written =~ s/ +\z//r, $ids[$i], "$is: the id in it";
            is key_page($name, $written), 404, "$is: and with another";
        }
        my %is = map { $_ => 1 } @ids;
        is join(' ', grep { key_page($name, $_) != 401 } grep { !$is{$_} } @nobody), '', "$type: the others are nobody";
    }
    unlike $server->log, qr/JWT0201/, 'none of these was taken for a failing database';
}

# The same beside a session: its row is found with its user's, or without.
sub key_session_page
{
    my ($name, $id, $sid) = @_;
    utf8::decode($id);
    my $answer = get_with("/key/$name/page/x", token({ user_id => $id, aud => $name, sid => $sid }),
        port => $server->port);
    return $answer->code . ' ' . ((json($answer) || {})->{code} // '');
}

sub test_keys_with_sessions
{
    my $now = time;
    for my $row (@{ $key_type{ $database->{driver} } }) {
        my ($name, $type, @ids) = @$row;
        # PostgreSQL gives it back with its blanks, and an id has one spelling.
        @ids = map { $type eq 'CHAR(8)' && $database->{driver} eq 'pgsql' ? sprintf '%-8s', $_ : $_ } grep { length } @ids;
        my @all = (@ids, @nobody);
        my @sids = map { sprintf '%032x', $_ } 1 .. @all;
        $database->sql('DELETE FROM auth_jwt_session;' . join '', map {
            my $text = $all[$_] =~ s/'/''/gr;
            "INSERT INTO auth_jwt_session VALUES('$sids[$_]', 'key_$name.nr', '$text', 'c', 'p', '', '', '', $now, $now, 0, "
                . "600, $now + 600, $now + 600, 0, 0);";
        } 0 .. $#all);
        my %got = map { ($all[$_] => key_session_page($name, $all[$_], $sids[$_])) } 0 .. $#all;
        is join(' ', grep { $got{$_} ne '404 ' } @ids), '', "$type: all with their sessions";
        my %is = map { $_ => 1 } @ids;
        is join(' ', grep { !$is{$_} && $got{$_} ne '401 user_not_found' } @nobody), '',
            "$type: nobody, whose session goes on all the same";
        is key_session_page($name, $ids[0], $sids[1]), '401 token_not_valid', "$type: the session of another";
        is key_session_page($name, $ids[0], 'f' x 32), '401 token_not_valid', "$type: none";
        is key_session_page($name, 'x', 'f' x 32), '401 token_not_valid', "$type: none of nobody";
        $database->sql("UPDATE auth_jwt_session SET revoked_at = $now");
        is key_session_page($name, $_, $sids[0]), '401 token_not_valid', "$type: ended" for $ids[0], 'x';
    }
    unlike $server->log, qr/JWT0201/, 'none of these was taken for a failing database';
}

# As the server asks, by a prepared statement with texts.
sub test_index
{
    my ($name, $type, $id) = @{ $key_types[1] };
    my %rows = (uuids => $key_types[6][2], large => $id, texts => 'alice');
    for my $table (sort keys %rows) {
        $database->sql("INSERT INTO key_$table SELECT $_->[1], 'x', 'x' FROM $_->[0]") for {
            pgsql => { uuids => [ 'generate_series(1, 3000)', 'gen_random_uuid()' ],
                large => [ 'generate_series(1, 3000) g', 'g' ], texts => [ 'generate_series(1, 3000) g', 'g' ] },
            mysql => { map { $_ => [ 'seq_1_to_3000', $_ eq 'uuids' ? 'UUID()' : 'seq' ] } keys %rows },
        }->{ $database->{driver} }{$table};
    }
    my %where = (uuids => 'nr = CAST($1 AS UUID)', large => 'nr = CAST($1 AS BIGINT)', texts => 'CAST(nr AS TEXT) = $1');
    for my $table (sort keys %rows) {
        my $plan = join "\n", $database->{driver} eq 'pgsql'
            ? $database->rows("ANALYZE key_$table; PREPARE s(varchar) AS SELECT * FROM key_$table "
                . "WHERE $where{$table}; EXPLAIN EXECUTE s('$rows{$table}')")
            : $database->rows("ANALYZE TABLE key_$table; SET \@id = '$rows{$table}'; PREPARE s FROM 'EXPLAIN "
                . "SELECT * FROM key_$table WHERE nr = ? AND CAST(nr AS CHAR) = ?'; EXECUTE s USING \@id, \@id");
        like $plan, qr/Index Scan using key_${table}_pkey|\bconst\tPRIMARY\tPRIMARY\b/, "key_$table: by the primary key";
    }
}

sub test_schema
{
    $database->sql('ALTER TABLE auth_jwt_user ADD COLUMN nickname VARCHAR(20)');
    all_are(200, 'a column is added');
    $database->sql($database->{driver} eq 'pgsql'
        ? 'ALTER TABLE auth_jwt_user ALTER COLUMN username TYPE VARCHAR(200)'
        : 'ALTER TABLE auth_jwt_user MODIFY username VARCHAR(200) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin');
    all_are(200, 'a column has another type');
    $database->sql('ALTER TABLE auth_jwt_user RENAME TO elsewhere');
    all_are(503, 'the table is gone');
    like $server->log, qr/JWT0201.*\Q$database->{driver}\E says: .*auth_jwt_user.*check that the table/,
        'cause and cure';
    $database->sql('ALTER TABLE elsewhere RENAME TO auth_jwt_user');
    heals('the table is back');
    $database->sql('ALTER TABLE auth_jwt_user DROP COLUMN nickname');
    all_are(200, 'a column is dropped');
    $database->sql($database->{driver} eq 'pgsql'
        ? 'ALTER TABLE key_small ALTER COLUMN nr TYPE TEXT' : 'ALTER TABLE key_small MODIFY nr VARCHAR(40)');
    $database->sql("INSERT INTO key_small VALUES('new-id', 'new', 'x')");
    is key_page('small', 'new-id'), 404, 'ids have another type: a new one, at once' or diag $server->log;
    ok wait_until(5, sub { key_page('small', '5') == 404 && key_page('small', '6') == 404 }), '... and the old ones';
}

sub test_restart
{
    $database->down;
    $database->up;
    all_are(200, 'restarted in the meantime: nobody notices') for 1 .. 3;
    $database->down;
    refuses_quickly('killed', 3);
    $database->up;
    heals('started again');
}

# Who has asked already waits until it goes on: there is no way to give up on a server that takes
# what is sent and never answers. Nobody else waits behind them.
sub test_frozen
{
    plan skip_all => 'a process of this MPM has one caller only' if var('mpm') eq 'prefork';
    $database->freeze;
    my @waiting = map { ask_in_background() } 1 .. 4;
    select undef, undef, undef, 2.5;
    refuses_quickly('frozen', 1.5);
    like $server->log, qr/JWT0201.*has not answered an earlier call for more than 2 seconds/, 'said so';
    $database->thaw;
    is scalar(grep { read_line($_) !~ /^(?:200|503)$/ } @waiting), 0, 'nobody is refused or forgotten';
    heals('thawed');
}

sub test_presets
{
    my %presets = (django => [ 'django', 'ada', 11 ], wordpress => [ 'wordpress:blog_', 'ada', 21 ],
        laravel => [ 'laravel', 'ada@example.org', 31 ]);
    my $password = $alice->{password};
    $database->sql(application_tables($database->{driver}, $password));
    $database->grant("SELECT ON $_") for qw(auth_user blog_users users);
    $database->grant('UPDATE (last_login) ON auth_user');
    my $made = start_presets(\%presets);
    for my $place (sort keys %presets) {
        my (undef, $name, $id) = @{ $presets{$place} };
        my $login = sub {
            post_json("/$place/login", { username => $_[0], password => $_[1] // $password },
                port => $made->port);
        };
        my $pair = json($login->($name));
        my (undef, $claims) = peek($pair->{access});
        is $claims->{user_id}, $id, "$place: the id in the token";
        is post_json("/$place/refresh", { refresh => $pair->{refresh} }, port => $made->port)->code, 200,
            '... found by it';
        is $login->($name, 'a wrong password of theirs')->code, 401, '... another password';
        is $login->("no $name")->code, 401, '... another name';
    }
    my $is_noted = $database->{driver} eq 'pgsql'
        ? "last_login BETWEEN now() - interval '1 minute' AND now()"
        : 'last_login BETWEEN UTC_TIMESTAMP(6) - INTERVAL 1 MINUTE AND UTC_TIMESTAMP(6)';
    ok wait_until(5, sub { $database->ask("SELECT COUNT(*) FROM auth_user WHERE id = 11 AND $is_noted") eq '1' }),
        'the last login is noted, in UTC';
    unlike $made->log, qr/JWT0203/, '... without a complaint';
    is post_json('/django/login', { username => 'eve', password => $password }, port => $made->port)->code,
        401, 'inactive';
    is scalar(grep { /JWT0011: the users' table/ } split /\n/, $made->log), 3, 'each was tried at start';
    like $made->log, qr/JWT0011: the statement answers: AuthJWTLastLoginQuery \(line /, '... and what notes a login';
    $made->stop;
}

# Both blacklists: the module's own, and Django's tables, where the times must be what Django reads.
sub test_blacklist
{
    $database->sql(blacklist_tables($database->{driver}));
    $database->grant("SELECT, INSERT ON token_blacklist_$_") for qw(outstandingtoken blacklistedtoken);
    my $made = httpd_start($database->conf . <<"CONF");
AuthJWTKey - HS256 \${T_DIR}/keys/site.key
AuthJWTSessions blacklist
AuthJWTEndpoints /auth
<Location "/own">
    AuthType JWT
    Require valid-user
</Location>
<Location "/django">
    AuthJWTUserQuery django
    AuthJWTAudience django
    AuthType JWT
    Require valid-user
</Location>
<Location "/django/refresh">
    SetHandler jwt-refresh
</Location>
<Location "/django/logout">
    SetHandler jwt-logout
</Location>
CONF
    ok wait_until(5, sub { 4 == grep { /JWT0011/ } split /\n/, $made->log }), 'all tables answer at start';
    for my $place ([ '/own', '/auth/token/refresh', '/auth/logout', '1', undef ],
        [ '/django', '/django/refresh', '/django/logout', '11', 'django' ]) {
        my ($page, $refresh, $logout, $id, $aud) = @$place;
        my $jwt = sub { token({ user_id => $id, aud => $aud, @_ }) };
        my $code = sub { get_with("$page/", $_[0], port => $made->port)->code };
        my ($access, $other) = map { $jwt->() } 1, 2;
        is $code->($access), 404, "$page: a good token";
        for my $time ('once', 'twice') {
            is post_json($logout, {}, token => $access, port => $made->port)->code, 200, "... logout $time";
        }
        is $code->($access), 401, '... is refused at once';
        is $code->($other), 404, '... another is not';
        my $token = $jwt->(token_type => 'refresh', exp => 2000000000);
        my @codes = map { post_json($refresh, { refresh => $token }, port => $made->port)->code } 1, 2;
        is "@codes", '200 401', '... a refresh token is good once';
        is post_json($logout, {}, token => $jwt->(user_id => $_), port => $made->port)->code, 200,
            "... logout of a user who is none: $_" for '999', 'x';
        is post_json($logout, {}, token => $jwt->(exp => 9e15), port => $made->port)->code, 200,
            '... of a token for all times';
    }
    my $sql = 'SELECT COUNT(*) FROM token_blacklist_outstandingtoken o JOIN token_blacklist_blacklistedtoken b '
        . 'ON b.token_id = o.id WHERE ';
    my %is = (
        "user_id = 11 AND token = ''" => 3,
        'user_id IS NULL' => 2,
        $database->{driver} eq 'pgsql'
            ? ("expires_at = TIMESTAMP WITH TIME ZONE '2033-05-18 03:33:20+00'" => 1,
                "abs(extract(epoch FROM created_at - now())) < 60 AND abs(extract(epoch FROM blacklisted_at - now())) < 60" => 5)
            : ("expires_at = '2033-05-18 03:33:20'" => 1,
                "abs(timestampdiff(SECOND, created_at, utc_timestamp())) < 60 AND abs(timestampdiff(SECOND, blacklisted_at, utc_timestamp())) < 60" => 5),
    );
    is $database->ask("$sql$_"), $is{$_}, $_ for sort keys %is;
    unlike $made->log, qr/JWT0201/, 'nothing of it was a fault';
    $made->stop;
}

sub ask_in_background
{
    pipe my $reader, my $writer or die "pipe: $!\n";
    defined(my $pid = fork) or die "fork: $!\n";
    return $reader if $pid;
    print $writer page(), "\n";
    close $writer;
    POSIX::_exit(0);
}

sub read_line
{
    my ($handle) = @_;
    chomp(my $line = readline($handle) // '');
    return $line;
}

for my $driver ('pgsql', 'mysql') {
    SKIP: {
        skip "no server for $driver here", 1 unless JWTTest::Database::installed($driver);
        $database = JWTTest::Database->start($driver, port => port($driver eq 'pgsql' ? 1 : 2), sql => $users);
        for my $more ($driver eq 'mysql' ? ('', 'reconnect=0') : ('')) {
            $database->sql(key_tables($driver));
            $database->grant("SELECT ON key_$_->[0]") for @{ $key_type{$driver} };
            $server = start_server($more)
                or skip "APR has no driver for $driver here: $JWTTest::Server::error", 1;
            subtest "$driver $more: $_->[0]" => $_->[1]
                for [ answers => \&test_answers ], [ keys => \&test_keys ],
                [ sessions => \&test_keys_with_sessions ], [ index => \&test_index ],
                [ schema => \&test_schema ],
                    [ restart => \&test_restart ], [ freezing => \&test_frozen ];
            $server->stop;
        }
        subtest "$driver: presets" => \&test_presets;
        subtest "$driver: blacklists" => \&test_blacklist;
        $database->down;
    }
}

done_testing;
