# AuthJWTClaim and AuthJWTRolesQuery: what columns, roles and expressions become in tokens, on each
# database; that a refresh makes them anew; and that what cannot be made makes no token, spends no
# refresh token and is named in the log.
#
# Runs beside others: it has servers of its own.
use strict;
use warnings;
use utf8;
use Test::More;
use JWTTest;
use JWTTest::Database;
use MIME::Base64 qw(decode_base64url);

only_under('event');

my $password = 'correct horse battery';
my $hash = password_hash('$5$', $password);
secret($password, $hash);

# ---- the site ----------------------------------------------------------------------------

sub members
{
    my ($driver) = @_;
    my $sql = 'CREATE TABLE members(member_id INTEGER PRIMARY KEY, login VARCHAR(60), pw_hash VARCHAR(200), '
        . 'enabled INTEGER, email VARCHAR(100), level INTEGER, is_staff '
        . ($driver eq 'pgsql' ? 'BOOLEAN' : 'INTEGER')
        . ', teams VARCHAR(200), data TEXT, note TEXT);'
        . 'CREATE TABLE member_roles(member_id INTEGER, role VARCHAR(60));';
    my %yes = (pgsql => 'TRUE');
    my $yes = $yes{$driver} || 1;
    $sql .= "INSERT INTO members VALUES(7, 'alice', '$hash', 1, 'zoë\@example.org', 5, $yes, "
        . "'red, blue team,green', '{\"a\": [1, true, null, \"x\"]}', '');"
        . "INSERT INTO members VALUES(8, 'bob', '$hash', 1, NULL, NULL, NULL, NULL, NULL, NULL);"
        . "INSERT INTO members VALUES(9, 'carol', '$hash', 1, 'c', -3, $yes, '', '5', 'x');"
        . "INSERT INTO member_roles VALUES(7, 'user'), (7, 'admin'), (7, NULL), (9, 'user');";
    $sql .= 'GRANT SELECT ON members TO auth_jwt; GRANT SELECT ON member_roles TO auth_jwt;' if $driver eq 'pgsql';
    # MariaDB looks at rights as soon as a statement is prepared.
    $sql .= join '', map { "GRANT SELECT, UPDATE ON members TO $_; GRANT SELECT ON member_roles TO $_;" }
        "auth_jwt\@localhost", "auth_jwt\@'127.0.0.1'" if $driver eq 'mysql';
    utf8::encode($sql);
    return $sql;
}

my @databases = map {
    JWTTest::Database->start($_, port => port($_ eq 'pgsql' ? 4 : 5), sql => members($_))
} JWTTest::Database::usable();

my ($hosts, %number) = ('');
for my $database (@databases) {
    my $driver = $database->driver;
    my $n = $number{$driver} = 1 + keys %number;
    my $id = $driver eq 'pgsql' ? 'CAST(%s AS INTEGER)' : '%s';
    my $select = 'SELECT member_id AS id, login AS username, pw_hash AS password, enabled AS is_active';
    $hosts .= <<"CONF";
Listen 127.0.0.1:\${PORT_$n}
<VirtualHost 127.0.0.1:\${PORT_$n}>
    ServerName $driver.test
    @{[ $database->conf =~ s/\n/\n    /r ]}
    AuthJWTKey $driver HS256 "\${T_DIR}/keys/site.key"
    AuthJWTEndpoints /auth token token/refresh sliding sliding/refresh
    AuthJWTUserTable members id=member_id username=login password=pw_hash is_active=enabled
    AuthJWTSessions On
    AuthJWTReuseGrace 0
    AuthJWTIssuer $driver
    AuthJWTClaim email column:email
    AuthJWTClaim level column:level:int
    AuthJWTClaim staff column:is_staff:bool
    AuthJWTClaim site  %{SERVER_NAME}
    AuthJWTClaim teams column:teams:list
    AuthJWTClaim data  column:data:json
    AuthJWTClaim who   "%{REMOTE_USER} at %{HTTP:X-Place}"
    AuthJWTClaim never "%{HTTP:X-Never}"
    AuthJWTClaim login column:username:string
    AuthJWTClaim note  column:note
    AuthJWTRolesQuery "SELECT role FROM member_roles WHERE member_id = $id ORDER BY role"
    <Location "/page">
        AuthType JWT
        AuthJWTTokenTypes access sliding
        Require jwt-claim roles any admin
    </Location>
    <Location "/own">
        AuthJWTAudience own
        AuthJWTUserQuery "$select FROM members WHERE login = %s"
        AuthJWTUserByIdQuery "$select, level, 'x' AS extra FROM members WHERE member_id = $id"
        AuthJWTRolesQuery none
    </Location>
    <Location "/own/token">
        SetHandler jwt-obtain
        AuthJWTClaim extra column:extra
        AuthJWTClaim level column:level
    </Location>
    <Location "/missing">
        AuthJWTAudience missing
        SetHandler jwt-obtain
        AuthJWTUserByIdQuery "$select, 1 AS \\"*\\" FROM members WHERE member_id = $id"
        AuthJWTUserQuery "$select FROM members WHERE login = %s"
        AuthJWTClaim level column:level
    </Location>
    <Location "/column">
        SetHandler jwt-obtain
        AuthJWTClaim x column:nowhere
    </Location>
    <Location "/query">
        SetHandler jwt-obtain
        AuthJWTRolesQuery "SELECT role FROM nowhere WHERE member_id = %s"
    </Location>
    <Location "/shown">
        SetHandler jwt-user
        AuthJWTUserColumns id phone
    </Location>
    <Location "/note">
        SetHandler jwt-obtain
        AuthJWTLastLoginQuery "UPDATE nowhere SET seen = 1 WHERE member_id = $id"
    </Location>
    <Location "/noted">
        SetHandler jwt-obtain
        AuthJWTLastLoginQuery "UPDATE members SET note = 'seen' WHERE member_id = $id"
    </Location>
    <Location "/short">
        SetHandler jwt-obtain
        AuthJWTMaxTokenLength 300
    </Location>
    <Location "/none">
        SetHandler jwt-obtain
        AuthJWTClaim none
        AuthJWTRolesQuery none
    </Location>
</VirtualHost>
CONF
}
my $server = httpd_start($hosts);

# ---- tried at start ----------------------------------------------------------------------

# trials(CODE): what a child said at start to what is asked beside users and sessions, without the
# database's own words and the places of the lines.
sub trials
{
    my ($code, $driver) = @_;
    return map { s/ \(line \d+ of [^)]+\)//r =~ s/(?<=: )\Q$driver\E says: .*?(nowhere|phone).*?(?=; until)/$1/r }
        $server->log =~ /$code: (the (?:column|statement) .*)/g;
}

my $table_cure = 'until it does, what wants it answers 503 (name a column that the users\' table has, or add it there)';
my %failed = (
    'the column level does not answer: AuthJWTClaim: AuthJWTUserByIdQuery gives no column level; until it does, what '
        . 'wants it answers 503 (add it to AuthJWTUserByIdQuery, or "AS" it there)' => 1,
    "the column nowhere does not answer: AuthJWTClaim: nowhere; $table_cure" => 1,
    "the column phone does not answer: AuthJWTUserColumns: phone; $table_cure" => 1,
    'the statement does not answer: AuthJWTRolesQuery: nowhere; until it does, logins and refreshes answer 503 '
        . '(mend its SQL)' => 1,
    'the statement does not answer: AuthJWTLastLoginQuery: nowhere; until it does, logins are not noted (mend its SQL)' => 1,
);
wait_until(20, sub { trials('JWT0012', 'x') >= keys(%failed) * @databases });
for my $driver (map { $_->driver } @databases) {
    my %seen;
    $seen{$_}++ for grep { !/ says: / } trials('JWT0012', $driver);
    delete $seen{$_} for grep { /gives no column/ } keys %seen;
    my %expected = map { $_ => 1 } grep { !/gives no column/ } keys %failed;
    is_deeply \%seen, \%expected, "$driver: what does not answer is told at start, once and with the cure";
}
{
    my ($own) = grep { /gives no column/ } keys %failed;
    is scalar(trials('JWT0012', '')), keys(%failed) * @databases, 'no other line says so';
    is scalar(grep { $_ eq $own } trials('JWT0012', '')), @databases, 'so is a column that SQL of one\'s own does not give';
    my %good;
    $good{$_}++ for trials('JWT0011', '');
    is_deeply \%good, { 'the column level answers: AuthJWTClaim' => 2 * @databases, map { $_ => scalar @databases } 'the statement answers: AuthJWTRolesQuery',
        'the statement answers: AuthJWTLastLoginQuery', 'the column id answers: AuthJWTUserColumns',
        map { "the column $_ answers: AuthJWTClaim" } qw(email is_staff teams data username note extra) },
        '... and what answers is told, too';
    is $_->ask("SELECT count(*) FROM members WHERE note = 'seen'"), 0, $_->driver . ': no row was changed by that'
        for @databases;
    my ($line) = $server->log =~ /column nowhere does not answer: AuthJWTClaim \(line (\d+) of /;
    my ($file) = $server->log =~ /column nowhere does not answer: AuthJWTClaim \(line \d+ of (\S+)\)/;
    is((split /\n/, slurp($file))[ $line - 1 ], '        AuthJWTClaim x column:nowhere', '... with its line');
}

# ---- helpers -----------------------------------------------------------------------------

my $port;

sub obtain
{
    my ($name, %option) = @_;
    return post_json($option{path} || '/auth/token', { username => $name, password => $password },
        port => $port, headers => [ 'X-Place' => 'home', @{ $option{headers} || [] } ]);
}

sub refresh
{
    my ($token, %option) = @_;
    return post_json($option{path} || '/auth/token/refresh', { $option{field} || 'refresh' => $token },
        port => $port, headers => [ 'X-Place' => 'work' ]);
}

# The bytes of the claims that a site has added, or all of them.
sub text_of
{
    my ($token) = @_;
    return decode_base64url((split /\./, $token // '..')[1] // '');
}

sub added
{
    my ($token) = @_;
    my $text = text_of($token);
    return $text =~ /"(?:auth_time|user_id|sid|refresh_exp)":(?:\d+|"[^"]*"),("email".*|"level".*|"staff".*|"site".*),"iss":/ ? $1 : "none in $text";
}

sub is_503
{
    my ($answer, $pattern, $mark, $why) = @_;
    is $answer->code, 503, "$why: 503";
    is $answer->content, '{"detail":"Try again later.","code":"unavailable"}', "$why: what is told";
    ok $answer->header('Retry-After'), "$why: and when to come back";
    ok wait_until(3, sub { $server->log_since($mark) =~ $pattern }), "$why: the log names it"
        or diag $server->log_since($mark);
}

# ---- each database -----------------------------------------------------------------------

for my $database (@databases) {
    my $driver = $database->driver;
    my $true = $driver eq 'pgsql' ? 'TRUE' : '1';
    $port = $server->port($number{$driver});

    # As they are.
    my $pair = json(obtain('alice'));
    is added($pair->{access}), qq("email":"zo\xc3\xab\@example.org","level":5,"staff":true,"site":"127.0.0.1",)
        . '"teams":["red","blue team","green"],"data":{"a":[1,true,null,"x"]},"who":"alice at home",'
        . '"login":"alice","note":"","roles":["admin","user"]', "$driver: each type, in order";
    like text_of($pair->{access}), qr/^\{"token_type":"access","exp":\d+,"iat":\d+,"jti":"\w+","user_id":"7",
        "sid":"\w+","auth_time":\d+,"email":/x, "$driver: behind what tokens have anyway";
    unlike text_of($pair->{refresh}), qr/email|roles|level|site/, "$driver: a refresh token has none";
    is added(json(obtain('bob'))->{access}), qq("site":"127.0.0.1","who":"bob at home","login":"bob","roles":[]),
        "$driver: NULL is no claim, and an empty expression neither";
    is added(json(obtain('carol'))->{access}), qq("email":"c","level":-3,"staff":true,"site":"127.0.0.1",)
        . '"teams":[],"data":5,"who":"carol at home","login":"carol","note":"x","roles":["user"]',
        "$driver: an empty list, and JSON that is no object";
    is get('/page/x', port => $port, token => $pair->{access})->code, 404, "$driver: the role opens the page";
    is text_of(json(obtain('alice', path => '/none'))->{access}) =~ /email|roles|site/, '', "$driver: none takes them back";
    like text_of(json(obtain('alice', path => '/own/token'))->{access}), qr/"extra":"x","level":"5","aud":"own"/,
        "$driver: from SQL of one's own, as strings";

    # A refresh makes them anew.
    $database->sql("UPDATE members SET level = 6, email = NULL, teams = '[\"a\", 1]' WHERE member_id = 7;"
        . "DELETE FROM member_roles WHERE role = 'admin';");
    my $next = json(refresh($pair->{refresh}));
    is added($next->{access}), qq("level":6,"staff":true,"site":"127.0.0.1","teams":["a",1],)
        . '"data":{"a":[1,true,null,"x"]},"who":"alice at work","login":"alice","note":"","roles":["user"]',
        "$driver: a refresh reads the row again";
    is get('/page/x', port => $port, token => $next->{access})->code, 403, "$driver: the role is lost";

    # Sliding tokens have theirs made anew, too.
    my $sliding = json(obtain('alice', path => '/auth/sliding'))->{token};
    like text_of($sliding), qr/"level":6,.*"roles":\["user"\]/, "$driver: a sliding token";
    $database->sql("UPDATE members SET level = 7, is_staff = NULL WHERE member_id = 7;"
        . "INSERT INTO member_roles VALUES(7, 'admin')");
    my $slid = json(refresh($sliding, path => '/auth/sliding/refresh', field => 'token'))->{token};
    like text_of($slid), qr/"level":7,"site".*"roles":\["admin","user"\]/, "$driver: ... that slid";
    unlike text_of($slid), qr/staff/, "$driver: ... without what is NULL by now";
    is scalar(() = text_of($slid) =~ /"level"/g), 1, "$driver: ... and once only";
    is get('/page/x', port => $port, token => $slid)->code, 404, "$driver: ... opens the page";

    # What cannot be made.
    for (
        [ 'a list that is JSON of another kind', "teams = '{\"a\":1}'",
            qr/AuthJWTClaim teams, for the user with the id '7': the column teams is no list; /, "teams = ''" ],
        [ 'broken JSON', "data = '{'",
            qr/AuthJWTClaim data, for the user with the id '7': the column data is no JSON .*mend it/, "data = '1'" ],
        [ 'JSON with a NUL', "data = '\"\\u0000\"'" =~ s/\\/$driver eq 'mysql' ? '\\\\' : '\\'/er,
            qr/the column data is no JSON/, "data = '1'" ],
        [ 'more than may be', "note = '" . 'x' x 5000 . "'",
            qr/for the user with the id '7' have \d+ bytes, more than 4095, half of AuthJWTMaxTokenLength/, "note = ''" ],
        [ 'JSON with too many values', "data = '[" . join(',', (1) x 201) . "]'",
            qr/for the user with the id '7' are more than 200 values, or deeper than 16/, "data = '1'" ],
        [ 'JSON that is too deep', "data = '" . '[' x 17 . ']' x 17 . "'", qr/or deeper than 16/, "data = '1'" ],
    ) {
        my ($why, $set, $pattern, $mend) = @$_;
        my $mark = $server->log_mark;
        my $refresh = json(obtain('alice'))->{refresh};
        my $rows = $database->ask('SELECT count(*) FROM auth_jwt_session');
        $database->sql("UPDATE members SET $set WHERE member_id = 7");
        is_503(obtain('alice'), $pattern, $mark, "$driver: $why");
        is $database->ask('SELECT count(*) FROM auth_jwt_session'), $rows, "$driver: $why: no session begins";
        is_503(refresh($refresh), $pattern, $mark, "$driver: $why, at a refresh");
        is obtain('carol')->code, 200, "$driver: $why: others log in";
        $database->sql("UPDATE members SET $mend WHERE member_id = 7");
        is refresh($refresh)->code, 200, "$driver: $why: mended, and the refresh token was not spent";
    }
    $database->sql('INSERT INTO member_roles SELECT 9, login FROM members');
    {
        my $mark = $server->log_mark;
        my $many = 'INSERT INTO member_roles VALUES ' . join ', ', map { "(9, 'role$_')" } 1 .. 201;
        $database->sql($many);
        is_503(obtain('carol'), qr/for the user with the id '9' are more than 200 values/, $mark, "$driver: 201 roles");
        is_503(obtain('alice', path => '/column'), qr/AuthJWTClaim, by the columns nowhere: $driver says: .*nowhere.*; where the users' table has no such column add it there, or name another one in AuthJWTClaim/,
            $mark, "$driver: no such column");
        my $user = get('/shown', port => $port, token => json(obtain('bob'))->{access});
        is_503($user, qr/AuthJWTUserColumns id phone: $driver says: .*phone.*; where the users' table has no such column add it there, or name another one/,
            $mark, "$driver: no such column to show");
        is_503(obtain('alice', path => '/query'), qr/AuthJWTRolesQuery: .*nowhere/, $mark, "$driver: no such table");
        is_503(obtain('alice', path => '/missing'), qr/AuthJWTUserByIdQuery gives no column level; add it/,
            $mark, "$driver: a column that SQL of one's own does not give") if $driver eq 'sqlite3';
        is_503(obtain('bob', path => '/short'), qr/have \d+ bytes, more than 150|longer than AuthJWTMaxTokenLength/,
            $mark, "$driver: longer than a token may be");
        is obtain('alice')->code, 200, "$driver: who has nothing to do with it logs in";
    }
}

# Types that only SQLite has in columns of any type.
{
    my ($sqlite) = grep { $_->driver eq 'sqlite3' } @databases;
    $port = $server->port($number{sqlite3});
    for (
        [ 'a number that is none', "level = 'five'", qr/the column level is no whole number of 64 bits; mend it/ ],
        [ 'a number with a fraction', "level = 1.5", qr/the column level is no whole number/ ],
        [ 'a number beyond 64 bits', "level = '9223372036854775808'", qr/the column level is no whole number/ ],
        [ 'a boolean that is none', "is_staff = 2", qr/the column is_staff is neither true nor false; mend it/ ],
        [ 'an empty boolean', "is_staff = ''", qr/the column is_staff is neither true nor false/ ],
        [ 'bytes that are no UTF-8', "note = CAST(x'ff' AS TEXT)", qr/the column note is no UTF-8/ ],
    ) {
        my ($why, $set, $pattern) = @$_;
        my $mark = $server->log_mark;
        $sqlite->sql("UPDATE members SET $set WHERE member_id = 8");
        is_503(obtain('bob'), $pattern, $mark, $why);
        $sqlite->sql('UPDATE members SET level = NULL, is_staff = NULL, note = NULL WHERE member_id = 8');
    }
    $sqlite->sql("INSERT INTO member_roles VALUES(8, CAST(x'ff' AS TEXT))");
    my $mark = $server->log_mark;
    is_503(obtain('bob'), qr/AuthJWTRolesQuery, for the user with the id '8': a role is no UTF-8/, $mark,
        'a role that is no UTF-8');
    $sqlite->sql('DELETE FROM member_roles WHERE member_id = 8');
    $sqlite->sql("UPDATE members SET level = '9223372036854775807', is_staff = 'No' WHERE member_id = 8");
    like text_of(json(obtain('bob'))->{access}), qr/"level":9223372036854775807,"staff":false,/, 'the largest number';
    is_503(obtain('alice', headers => [ 'X-Place' => "\xff" ]),
        qr/AuthJWTClaim who, for the user with the id '7': the expression's text is no UTF-8/, $mark,
        'an expression whose text is no UTF-8');
}

# ---- users of providers ------------------------------------------------------------------

my $dir = scratch('providers');
mkdir $dir;
spew("$dir/users", "ada:$hash\n");
my $alone = httpd_start(<<"CONF");
AuthJWTKey - HS256 \${T_DIR}/keys/site.key
AuthJWTSessions Off
AuthJWTEndpoints /auth token token/refresh sliding sliding/refresh
AuthJWTProvider file
AuthJWTClaim name "%{REMOTE_USER}"
AuthJWTClaim site "%{SERVER_NAME}"
<Location "/auth">
    AuthUserFile "$dir/users"
</Location>
CONF
$port = $alone->port;
{
    my $pair = json(obtain('ada'));
    like text_of($pair->{access}), qr/"user_id":"file:ada","name":"ada","site":"127\.0\.0\.1"\}$/, 'a user of a provider';
    like text_of(json(refresh($pair->{refresh}))->{access}), qr/"name":"ada","site":"127\.0\.0\.1"/, '... after a refresh';
    like text_of(json(obtain('ada', path => '/auth/sliding'))->{token}), qr/"name":"ada","site"/, '... sliding';
}
{
    # A token of another issuer with claims of the same names.
    my $refresh = token({ token_type => 'refresh', user_id => 'file:ada', name => 'root', kept => 'x' });
    my $text = text_of(json(refresh($refresh))->{access});
    like $text, qr/"name":"ada"/, 'a claim of the refresh token does not win';
    unlike $text, qr/root/, '... nor stays beside';
    like $text, qr/"kept":"x"/, '... but an unknown one is copied';
}

# ---- what stops the start ----------------------------------------------------------------

my $top = qq(DBDriver sqlite3\nDBDParams "\${T_DIR}/db/site.db"\nAuthJWTKey - HS256 keys/site.key\n);
my $mount = "AuthJWTEndpoints /auth\n";

sub said
{
    my ($lines) = @_;
    my ($status, $output) = configtest($top . $lines . "\n");
    return 'passes' unless $status;
    my @lines = split /\n/, $output;
    return $lines[0] =~ /(JWT0001: .*)/ ? $1 : $lines[1];
}

my $sql = 'SELECT id, username, password FROM u WHERE';
my $meaning = 'has a meaning of its own in a token; write another name, such as email or role';
for (
    [ 'AuthJWTClaim email', 'AuthJWTClaim: takes a name and where it comes from, such as: email column:email' ],
    (map { [ "AuthJWTClaim $_ column:x", "AuthJWTClaim: '$_' $meaning" ] }
        qw(iss sub aud exp nbf iat jti sid auth_time refresh_exp token_type password_mark hash_password)),
    [ "AuthJWTClaim a column:a\nAuthJWTClaim a column:b", "AuthJWTClaim: 'a' is here twice; keep one of them" ],
    [ 'AuthJWTClaim a colum:b', "AuthJWTClaim: 'colum:b' would be the same text for every user; write column:b" ],
    [ 'AuthJWTClaim a Columns:b', "AuthJWTClaim: 'Columns:b' would be the same text for every user; write column:b" ],
    [ 'AuthJWTClaim a "%{JWT:b}"', "AuthJWTClaim: '%{JWT:b}' asks for a claim, and there is no token yet where one "
        . 'is made; write column:NAME' ],
    [ 'AuthJWTClaim a column:a:text', "AuthJWTClaim: 'text' is no type; write string, int, bool, list or json" ],
    [ 'AuthJWTClaim a column:', "AuthJWTClaim: '' is no plain column name; write one, and \"AS\" it in "
        . 'AuthJWTUserByIdQuery where the table has another' ],
    [ 'AuthJWTClaim a "column:a b"', "AuthJWTClaim: 'a b' is no plain column name; write one, and \"AS\" it in "
        . 'AuthJWTUserByIdQuery where the table has another' ],
    [ 'AuthJWTClaim a column:Password', "AuthJWTClaim: a password's hash is nothing that leaves this server; "
        . 'name another column' ],
    [ 'AuthJWTRolesQuery "SELECT role FROM roles"', 'AuthJWTRolesQuery: the SQL has 0 placeholders; it needs exactly '
        . 'one %s (a percent sign of the SQL is written %%)' ],
    [ 'AuthJWTRolesQuery "DELETE FROM roles WHERE id = %s"', 'AuthJWTRolesQuery: the SQL changes rows; write one that '
        . 'finds a user, such as SELECT' ],
) {
    my ($lines, $message) = @$_;
    is said($lines), $message, $lines =~ s/\n/, /r;
}
like said('AuthJWTClaim a "%{"'), qr/^AuthJWTClaim: '%\{' is no expression: /, 'a broken expression';
for (
    [ "${mount}AuthJWTClaim user_id column:x", "JWT0001: AuthJWTClaim: 'user_id' is the claim of AuthJWTUserIdClaim, too; "
        . 'write another name' ],
    [ "${mount}AuthJWTUserIdClaim uid\nAuthJWTClaim uid column:x",
        "JWT0001: AuthJWTClaim: 'uid' is the claim of AuthJWTUserIdClaim, too; write another name" ],
    [ "${mount}AuthJWTClaim roles column:x\nAuthJWTRolesQuery \"SELECT r FROM t WHERE id = %s\"",
        "JWT0001: AuthJWTClaim: 'roles' is the claim of AuthJWTRolesQuery, too; write another name" ],
    [ "${mount}AuthJWTUserTable u password=pw\nAuthJWTClaim x column:pw", "JWT0001: AuthJWTClaim: 'pw' is the column of "
        . 'the password, whose hash is nothing that leaves this server; name another column' ],
    [ "${mount}AuthJWTProvider file\nAuthJWTClaim x column:y", "JWT0001: AuthJWTClaim: 'x' comes from a column, and users "
        . 'of AuthJWTProvider alone have no row; write an expression' ],
    [ "${mount}AuthJWTUserQuery \"$sql username = %s\"\nAuthJWTUserByIdQuery \"$sql id = %s\"\nAuthJWTClaim x column:email",
        'JWT0001: AuthJWTUserByIdQuery: gives no column email, which AuthJWTClaim wants; add it' ],
) {
    my ($lines, $message) = @$_;
    my $said = said($lines);
    is substr($said, 0, length $message), $message, $lines =~ s/\n/, /gr;
}
is said($_), 'passes', s/\n/, /gr for ("${mount}AuthJWTClaim user column:username\nAuthJWTClaim scope column:scope:string",
    'AuthJWTClaim none', "AuthJWTClaim user_idx column:user_id:INT", 'AuthJWTRolesQuery none');

done_testing;
