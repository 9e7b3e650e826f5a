# The users of a live Django, WordPress or Laravel site log in where they are; t/databases.t does the
# same on PostgreSQL and MariaDB.
#
# Runs beside others: it has a server of its own.
use strict;
use warnings;
use Test::More;
use JWTTest;
use JWTTest::Users qw(application_tables);
use JWTTest::Process qw(spawn);
use POSIX ();
use Time::HiRes qw(time);

only_under('event');

my $good = 'correct horse battery';
my %password = (
    wordpress => [ 'of WordPress 6.8', '$wp$2y$04$4Vp3WFUhvnxA4iHHs/RAp.Z/yQ7cQxqPjXbx76DRdMtIwk53n.5me' ],
    older     => [ 'of an older one', '$P$5saltsaltLXiSyRIe9pB/KHk/Q4vRp1' ],
);
secret($good, map { $_->[1] } values %password);

my $dir = scratch('db');
mkdir $dir or die "$dir: $!\n";
sqlite('PRAGMA journal_mode=WAL;' . application_tables('sqlite3', $good) . join('', map {
    "INSERT INTO blog_users VALUES(" . length($_) . ", '$_', '$password{$_}[1]', '', 0);" } keys %password),
    "$dir/site.db");
chown((getpwnam var('user'))[2, 3], $dir, glob "$dir/*") unless $>;

# Each with an audience of its own, since all have one key.
my %preset = (django => 'django', wordpress => 'wordpress:blog_', laravel => 'laravel');
my %note = (django => 'django', wordpress => '"UPDATE blog_users SET user_status = user_status + 1 WHERE ID = %s"',
    laravel => '"UPDATE gone SET seen = 1 WHERE id = %s"');
my $server = httpd_start(<<"CONF" . join '', map { <<"PLACE" } sort keys %preset);
DBDriver sqlite3
DBDParams "$dir/site.db"
AuthJWTKey - HS256 \${T_DIR}/keys/site.key
AuthJWTSessions Off
CONF
<Location "/$_">
    AuthJWTUserQuery $preset{$_}
    AuthJWTAudience $_
</Location>
<Location "/$_/login">
    SetHandler jwt-obtain
</Location>
<Location "/$_/refresh">
    SetHandler jwt-refresh
</Location>
<Location "/$_/noted">
    SetHandler jwt-obtain
    AuthJWTLastLoginQuery $note{$_}
</Location>
<Location "/$_/noted/not">
    AuthJWTLastLoginQuery none
</Location>
<Location "/$_/by-mail">
    SetHandler jwt-obtain
    AuthJWTLoginFields email password remember
</Location>
ScriptAlias "/$_/page" "\${T_DIR}/cgi-bin/env/"
<Location "/$_/page">
    AuthType JWT
    Require valid-user
</Location>
PLACE

sub obtain
{
    my ($path, $name, $password, $field) = @_;
    return post_json($path, { $field || 'username' => $name, password => $password // $good },
        port => $server->port);
}

# [application, name, id, who comes in]
for ([ 'django', 'ada', 11 ], [ 'wordpress', 'ada', 21 ], [ 'laravel', 'ada@example.org', 31 ]) {
    my ($place, $name, $id) = @$_;
    my $pair = json(obtain("/$place/login", $name));
    my (undef, $claims) = peek($pair->{access});
    is $claims->{user_id}, $id, "$place: the id in the token";
    like get_with("/$place/page", $pair->{access}, port => $server->port)->content,
        qr/^REMOTE_USER=\Q$name\E$/m, '... opens a page';
    is post_json("/$place/refresh", { refresh => $pair->{refresh} }, port => $server->port)->code, 200,
        '... is refreshed';
    is obtain("/$place/login", $name, 'a wrong password of theirs')->code, 401, '... another password does not';
    is obtain("/$place/login", "nobody-$name")->code, 401, '... nor another name';
}
is obtain('/laravel/by-mail', 'ada@example.org', undef, 'email')->code, 200, 'the fields of a form by e-mail';
is obtain('/laravel/login', 'Ada')->code, 401, 'the display name of Laravel opens nothing';
my (undef, $claims) = peek(json(obtain('/laravel/login', 'ada@example.org'))->{access});
is $claims->{user_id}, 31, '... so who takes a name like an address is still somebody else';
is obtain('/django/login', 'eve')->code, 401, 'inactive in Django';
is obtain('/django/login', 'none', '!x')->code, 401, 'without a usable password';
is obtain('/wordpress/login', 'eve')->code, 200, 'user_status, which WordPress does not look at either';
is obtain('/wordpress/login', $_)->code, 200, "a hash $password{$_}[0]" for sort keys %password;

# ---- the last login -----------------------------------------------------------------------
# The answer does not wait for it.

sub column
{
    my ($sql) = @_;
    return scalar sqlite($sql, "$dir/site.db");
}

my $when = 'SELECT last_login FROM auth_user WHERE id = 11';
my $status = 'SELECT user_status FROM blog_users WHERE ID = 21';
is column($when), '', 'no login was noted before';
my $mark = $server->log_mark;
is obtain('/django/noted', $_)->code, 401, "a refused login: $_" for qw(eve none nobody);
is obtain('/django/noted', 'ada', 'a wrong password of theirs')->code, 401, 'a wrong password';
is obtain('/django/noted/not', 'ada')->code, 200, 'none: it is not noted';
is obtain('/wordpress/noted', 'ada')->code, 200, 'own SQL';
ok wait_until(5, sub { column($status) == 1 }), '... is done, once';
is column($when), '', 'none of these was noted';
my @before = gmtime(time - 1);
is obtain('/django/noted', 'ada')->code, 200, 'a good login';
ok wait_until(5, sub { column($when) ne '' }), '... is noted';
my $noted = column($when);
like $noted, qr/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}$/, '... as Django reads it';
my $from = POSIX::strftime('%Y-%m-%d %H:%M:%S', @before);
my $to = POSIX::strftime('%Y-%m-%d %H:%M:%S', gmtime(time + 1));
ok $noted gt $from && $noted lt $to, '... in UTC' or diag "$noted, not between $from and $to";
is column("SELECT last_login FROM auth_user WHERE id = 12"), '2001-02-03 04:05:06', '... for nobody else';
unlike $server->log_since($mark), qr/JWT0203/, 'no word of it in the log';
is obtain('/laravel/noted', 'ada@example.org')->code, 200, 'one that fails refuses no login';
my $failed = qr/JWT0203: AuthJWTLastLoginQuery failed for the user with the id '31', who is logged in all the same: /;
ok wait_until(5, sub { $server->log_since($mark) =~ /$failed.*no such table: gone.*check that the table/ }),
    '... and the log says why' or diag $server->log_since($mark);

# Somebody else holds the database's write lock, for a second.
{
    my $locked = scratch('locked');
    my $pid = spawn([ 'sqlite3', "$dir/site.db", 'BEGIN IMMEDIATE', ".shell touch $locked; sleep 1", 'ROLLBACK' ]);
    ok wait_until(5, sub { -e $locked }), 'the database is locked';
    my $began = time;
    is obtain('/wordpress/noted', 'ada')->code, 200, '... which refuses no login';
    cmp_ok time - $began, '<', 0.7, '... nor holds it up';
    is column($status), 1, '... it is noted afterwards:';
    ok wait_until(5, sub { column($status) == 2 }), '... now';
    waitpid $pid, 0;
}

# Whoever the application shuts out, this server does as well.
my $access = json(obtain('/django/login', 'ada'))->{access};
sqlite("UPDATE auth_user SET is_active = FALSE WHERE id = 11", "$dir/site.db");
is get_with('/django/page', $access, port => $server->port)->code, 401, 'deactivated in Django: at once';
$access = json(obtain('/wordpress/login', 'ada'))->{access};
sqlite("DELETE FROM blog_users WHERE ID = 21", "$dir/site.db");
is get_with('/wordpress/page', $access, port => $server->port)->code, 401, 'deleted in WordPress: at once';

is scalar(grep { /JWT0011: the users' table/ } split /\n/, $server->log), 3, 'each was tried at start';
is scalar(grep { /JWT0011: the statement answers: AuthJWTLastLoginQuery \(line / } split /\n/, $server->log), 2,
    '... and what notes a login';

done_testing;
