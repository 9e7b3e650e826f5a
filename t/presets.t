# The users of a live Django, WordPress or Laravel site log in where they are; t/databases.t does the
# same on PostgreSQL and MariaDB.
use strict;
use warnings;
use Test::More;
use JWTTest;
use JWTTest::Users qw(application_tables);

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
my $server = httpd_start(<<"CONF" . join '', map { <<"PLACE" } sort keys %preset);
DBDriver sqlite3
DBDParams "$dir/site.db"
AuthJWTKey - HS256 \${T_DIR}/keys/site.key
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
    is obtain("/$place/login", $name, 'another password')->code, 401, '... another password does not';
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

# Whoever the application shuts out, this server does as well.
my $access = json(obtain('/django/login', 'ada'))->{access};
sqlite("UPDATE auth_user SET is_active = FALSE WHERE id = 11", "$dir/site.db");
is get_with('/django/page', $access, port => $server->port)->code, 401, 'deactivated in Django: at once';
$access = json(obtain('/wordpress/login', 'ada'))->{access};
sqlite("DELETE FROM blog_users WHERE ID = 21", "$dir/site.db");
is get_with('/wordpress/page', $access, port => $server->port)->code, 401, 'deleted in WordPress: at once';

is scalar(grep { /JWT0011/ } split /\n/, $server->log), 3, 'each was tried at start';

done_testing;
