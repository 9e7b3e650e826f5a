# What pages are told of the user who is logged in: the endpoint user, and the same in the answer to a
# login once AuthJWTUserColumns is written.
#
# Runs beside others: it has servers of its own.
use strict;
use warnings;
use Test::More;
use JWTTest;
use JWTTest::Site;

only_under('event');

my $site = site_start(<<'CONF');
AuthJWTClient browser
<Location "/plain/login">
    SetHandler jwt-obtain
</Location>
<Location "/plain/user">
    SetHandler jwt-user
</Location>
<LocationMatch "^/typed/">
    AuthJWTUserColumns id:int username email is_active:bool teams:list data:json nickname
</LocationMatch>
<Location "/typed/login">
    SetHandler jwt-obtain
</Location>
<Location "/typed/user">
    SetHandler jwt-user
</Location>
<Location "/typed/sliding">
    SetHandler jwt-obtain-sliding
</Location>
<Location "/absent/user">
    AuthJWTUserColumns nowhere
    SetHandler jwt-user
</Location>
<Location "/api/user">
    AuthJWTClient api
    SetHandler jwt-user
</Location>
CONF
$site->sql(q(ALTER TABLE auth_jwt_user ADD COLUMN email TEXT; ALTER TABLE auth_jwt_user ADD COLUMN teams TEXT;
    ALTER TABLE auth_jwt_user ADD COLUMN data TEXT; ALTER TABLE auth_jwt_user ADD COLUMN nickname TEXT;
    UPDATE auth_jwt_user SET email = username || '@example.com', teams = 'staff, "x" <y>', data = '{"a":[1,null]}'));

my ($jar, $login) = $site->enter('anne');
is_deeply json($site->fetch('/auth/user', $jar)), { user => { id => '1', username => 'anne' }, csrf_token => json($login)->{csrf_token} },
    'by default id and name, and the token against CSRF';
is_deeply [ sort keys %{ json(($site->enter('anne', path => '/plain/login'))[1]) } ], ['csrf_token'], '... and no word in a login';
my $typed = { id => 1, username => 'anne', email => 'anne@example.com', is_active => JSON::PP::true(), teams => [ 'staff', '"x" <y>' ], data => { a => [ 1, undef ] } };
is_deeply json($site->fetch('/typed/user', $jar))->{user}, $typed, 'columns with their types, and none for NULL';
unlike $site->fetch('/typed/user', $jar)->content, qr/[<>]/, '... without markup in the text';
is_deeply json(($site->enter('anne', path => '/typed/login'))[1])->{user}, $typed, 'a login tells the same';
is json(($site->enter('anne', path => '/typed/sliding'))[1])->{user}, undef, "SimpleJWT's sliding tokens come alone";
is $site->fetch('/auth/user')->code, 401, 'who has no token is told nothing';
is $site->fetch('/auth/user', undef, headers => [ Authorization => 'Bearer junk' ])->code, 401, '... nor who has a bad one';
is_deeply json($site->fetch('/api/user', undef, headers => [ Authorization => 'Bearer ' . $jar->value('__Host-jwt') ])), { user => { id => '1', username => 'anne' } },
    'a client without cookies needs no token against CSRF';
is $site->fetch('/api/user', $jar)->code, 401, '... and its cookies are no credential';
like $site->fetch('/auth/user', $jar)->header('Cache-Control'), qr/no-store/, 'nobody keeps it';
is $site->ask('HEAD', '/auth/user', $jar)->code, 200, 'HEAD';
is $site->send('/auth/user', $jar)->code, 405, 'POST is no way to ask';

my $mark = $site->server->log_mark;
is $site->fetch('/absent/user', $jar)->code, 503, 'a column that is not there';
like $site->server->log_since($mark), qr/JWT0201: answered 503 \(database\): AuthJWTUserColumns nowhere: sqlite3 says: no such column: nowhere/, '... is named in the log';
for my $column (['teams', '[1', 'the column teams'], ['data', '{', 'the column data is no JSON'], ['is_active', '7', 'the column is_active']) {
    my ($name, $value, $why) = @$column;
    my $was = $site->sql("SELECT $name FROM auth_jwt_user WHERE id = 1") =~ s/\n\z//r;
    $site->sql("UPDATE auth_jwt_user SET $name = '$value' WHERE id = 1");
    $mark = $site->server->log_mark;
    my $answer = $site->fetch('/typed/user', $jar);
    is $answer->code, $name eq 'is_active' ? 401 : 503, "a bad value of $name is not told";
    like $site->server->log_since($mark), qr/AuthJWTUserColumns, for the user with the id '1': \Q$why\E/, '... and the log says whose' if $answer->code == 503;
    $was =~ s/'/''/g;
    $site->sql("UPDATE auth_jwt_user SET $name = '$was' WHERE id = 1");
}
is $site->fetch('/typed/user', $jar)->code, 200, 'all is well again';

# ---- what configtest says ------------------------------------------------------------------------

my $key = var('t_dir') . '/keys/site.key';
for (
    ['AuthJWTUserColumns password', qr/AuthJWTUserColumns: a password's hash is nothing that leaves this server; name another column/],
    ['AuthJWTUserColumns id id:int', qr/AuthJWTUserColumns: 'id:int' is here twice; keep one of them/],
    ['AuthJWTUserColumns "a b"', qr/AuthJWTUserColumns: 'a b' is no plain column name/],
    ['AuthJWTUserColumns id:number', qr/AuthJWTUserColumns: 'number' is no type; write string, int, bool, list or json/],
    ["AuthJWTUserTable members password=pw\nAuthJWTUserColumns pw", qr/AuthJWTUserColumns: 'pw' is the column of the password, whose hash is nothing that leaves this server; name another column/],
    ["AuthJWTProvider file\nAuthJWTSessions Off\nAuthJWTUserColumns email", qr/AuthJWTUserColumns: 'email' comes from a column, and users of AuthJWTProvider alone have no row; leave it away/],
) {
    my ($lines, $message) = @$_;
    my ($status, $said) = configtest("DBDriver sqlite3\nDBDParams /dev/null\nAuthJWTKey - HS256 \"$key\"\nAuthJWTEndpoints /auth\n$lines");
    is $status, 1, "refused: $lines" or diag $said;
    like $said, $message, '... and why';
}
my ($status, $said) = configtest("DBDriver sqlite3\nDBDParams /dev/null\nAuthJWTKey - HS256 \"$key\"\nAuthJWTEndpoints /auth\nAuthJWTUserColumns none");
is $status, 0, 'none is good' or diag $said;

done_testing;
