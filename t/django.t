# A live Django site moves to this module, step by step, with its database as Django and SimpleJWT left
# it: conf/README.md, "Moving from SimpleJWT". What SimpleJWT answers is in t/simplejwt.t.
#
# Runs beside others: it has a server of its own.
use strict;
use warnings;
use Test::More;
use JWTTest;

only_under('event');

use constant KEY => 'peer-secret-key-0123456789-0123456789-0123456789-ab';

mkdir scratch('db');
my $database = scratch('db/django.db');
sqlite(".read '" . var('t_dir') . "/data/simplejwt.sql'", $database);
(my $tables = slurp(var('src_dir') . '/conf/schema/sqlite.sql')) =~ s/^PRAGMA.*$//m;
spew(scratch('schema.sql'), $tables);
sqlite(".read '" . scratch('schema.sql') . "'", $database);

# A user for each kind of hash that Django has had, beside those who are there.
my %hash;
for (grep { !/^#/ } split /\n/, slurp(var('t_dir') . '/data/django.txt')) {
    my (undef, $kind, $hash, $password) = split /\t/;
    $hash{$kind} ||= [ $hash, $password ] if defined $password && $password eq 'correct horse battery';
}
sqlite(join('', map {
    "INSERT INTO auth_user(password, is_superuser, username, last_name, email, is_staff, is_active, "
        . "date_joined, first_name) VALUES('$hash{$_}[0]', 0, '$_', '', '', 0, 1, '2026-11-22 08:10:19', '');"
} sort keys %hash), $database);
chown((getpwnam var('user'))[2, 3], scratch('db'), $database) if !$>;
secret(KEY, map { split /\|/ } sqlite('SELECT password FROM auth_user', $database));
spew(scratch('django.key'), KEY . "\n", 0600);

my $key = scratch('django.key');
my %step = (
    front => "AuthJWTSessions blacklist\n",
    both  => "AuthJWTSessions blacklist\nAuthJWTRotateRefresh Off\nAuthJWTEndOnPasswordChange simplejwt\n"
        . "AuthJWTLegacyHashes On\n",
    own   => "AuthJWTSessions migrate\n",
    last  => "AuthJWTSessions On\n",
);
my $server = httpd_start(<<"CONF" . join '', map { <<"PLACE" } sort keys %step);
DBDriver         sqlite3
DBDParams        "$database"
AuthJWTKey       - HS256 "$key"
AuthJWTUserQuery django
CONF
<Location "/$_">
    $step{$_}
</Location>
<Location "/$_/token">
    SetHandler jwt-obtain
</Location>
<Location "/$_/token/refresh">
    SetHandler jwt-refresh
</Location>
<Location "/$_/logout">
    SetHandler jwt-logout
</Location>
<Location "/$_/page">
    AuthType JWT
    Require valid-user
</Location>
PLACE

my %at = (port => $server->port);
sub page { my ($step, $token) = @_; return get_with("/$step/page/", $token, %at)->code }
sub refresh { my ($step, $token) = @_; return post_json("/$step/token/refresh", { refresh => $token }, %at) }
sub log_in
{
    my ($step, $name, $password) = @_;
    return post_json("/$step/token", { username => $name, password => $password // 'correct horse battery' }, %at);
}
sub claims { return decode($_[0], key => KEY) }
my $tables_of = 'token_blacklist_outstandingtoken o JOIN token_blacklist_blacklistedtoken b ON b.token_id = o.id';
sub django_token { my ($type, %claims) = @_; return token({ token_type => $type, %claims }, key => KEY) }
sub django_ends
{
    my ($token) = @_;
    my $jti = claims($token)->{jti};
    sqlite("INSERT OR IGNORE INTO token_blacklist_outstandingtoken(token, created_at, expires_at, user_id, jti) "
        . "VALUES('x', '2026-11-22 08:10:20.496845', '2036-11-22 08:10:20', 1, '$jti'); INSERT INTO "
        . "token_blacklist_blacklistedtoken(token_id, blacklisted_at) SELECT id, '2026-11-22 08:11:00' FROM "
        . "token_blacklist_outstandingtoken WHERE jti = '$jti'", $database);
}

# ---- the server in front: Django issues, httpd checks ------------------------------------------

my $access = django_token('access');
is page(front => $access), 404, "Django's access token opens a page";
is page(front => django_token('access', user_id => 1)), 404, 'so does one of SimpleJWT 5.2, with a number';
is page(front => django_token('access', hash_password => '0' x 32)), 404, 'claims of its own do not matter';
is page(front => django_token('access', user_id => '2')), 401, 'an inactive user is out';
is page(front => django_token('refresh')), 401, 'a refresh token opens nothing';
django_ends($access);
is page(front => $access), 401, 'what Django has ended is ended';

# ---- endpoints of both: tokens go both ways ------------------------------------------------------

cmp_ok scalar(keys %hash), '>=', 10, 'ten kinds of hashes';
for my $kind (sort keys %hash) {
    is log_in(both => $kind)->code, 200, "a login by a hash of $kind";
}
is log_in(both => 'pbkdf2_sha256', 'wrong')->code, 401, 'but not by another password';
my $pair = json(log_in(both => 'alice'));
my $hash = sqlite("SELECT password FROM auth_user WHERE username = 'alice'", $database);
is_deeply [ map { join ' ', sort keys %{ claims($pair->{$_}) } } qw(access refresh) ],
    [ ('exp hash_password iat jti token_type user_id') x 2 ], "our tokens have SimpleJWT's claims and no other";
is claims($pair->{access})->{user_id}, '1', 'and its form of the id';
is_deeply [ peek($pair->{access}) ]->[0], { alg => 'HS256', typ => 'JWT' }, 'and its header';
is refresh(both => $pair->{refresh})->code, 200, 'a client that keeps its refresh token refreshes once';
is refresh(both => $pair->{refresh})->code, 200, 'and again';
is post_json('/both/logout', { refresh => $pair->{refresh} }, %at)->code, 200, 'a logout here';
my $jti = claims($pair->{refresh})->{jti};
is sqlite("SELECT count(*) FROM $tables_of WHERE o.jti = '$jti'", $database), 1, "is in Django's tables";
is sqlite("SELECT count(*) FROM token_blacklist_outstandingtoken WHERE token LIKE 'eyJ%'", $database), 0,
    'without the token';
my $theirs = django_token('refresh', hash_password => claims($pair->{refresh})->{hash_password}, role => 'editor');
my $new = json(refresh(both => $theirs));
is claims($new->{access})->{role}, 'editor', "Django's refresh token is refreshed here, with its claims";
is page(both => $new->{access}), 404, 'into a good one';
django_ends($theirs);
is refresh(both => $theirs)->code, 401, 'until Django ends it';
is sqlite('SELECT count(*) FROM auth_jwt_session', $database), 0, 'and no session was opened';
sqlite("UPDATE auth_user SET password = password || 'x' WHERE username = 'alice'", $database);
is page(both => $new->{access}), 401, 'a password that Django changes ends the tokens of both';
sqlite("UPDATE auth_user SET password = '$hash' WHERE username = 'alice'", $database);

# ---- sessions of this module -----------------------------------------------------------------

my $old = django_token('refresh');
is page(own => django_token('access')), 404, 'migrate: tokens that are out are good';
my $session = json(refresh(own => $old));
ok claims($session->{refresh})->{sid}, 'and their first refresh opens a session';
is page(own => $session->{access}), 404, 'which is good';
is page(last => $session->{access}), 404, 'also when the last step is done';
is page(last => django_token('access')), 401, 'where tokens without one are over';
is refresh(last => $session->{refresh})->code, 200, 'nobody with a session logs in again';
sqlite("UPDATE auth_user SET password = 'pbkdf2_sha256\$1\$x\$y' WHERE username = 'alice'", $database);
is page(last => $session->{access}), 404, "a new hash by Django's own login ends nothing, by default";
$server->stop;

done_testing;
