# Another password ends the tokens of before, also where no sessions are kept: by a mark that only the
# server can make, or by the claim that SimpleJWT has for it.
#
# Runs beside others: it has servers of its own.
use strict;
use warnings;
use Digest::MD5 qw(md5_hex);
use Test::More;
use JWTTest;

only_under('event');

mkdir scratch('db');
my $database = scratch('db/django.db');
sqlite(".read '" . var('t_dir') . "/data/simplejwt.sql'", $database);
sqlite('CREATE TABLE auth_jwt_blacklist(jti TEXT PRIMARY KEY, expires_at INTEGER)', $database);
chown((getpwnam var('user'))[2, 3], scratch('db'), $database) if !$>;
secret(map { split /\|/ } sqlite('SELECT password FROM auth_user', $database));
my $password = 'correct horse battery';

my %place = (
    off    => 'AuthJWTSessions Off',
    list   => "AuthJWTSessions blacklist\nAuthJWTRotateRefresh On",
    simple => "AuthJWTSessions blacklist\nAuthJWTEndOnPasswordChange simplejwt",
    named  => "AuthJWTSessions Off\nAuthJWTEndOnPasswordChange simplejwt:pw",
    django => "AuthJWTSessions Off\nAuthJWTUserQuery django",
    pair   => "AuthJWTSessions Off\nAuthJWTVerifyKeys pair\nAuthJWTSigningKey pair",
);
my $keys = scratch('keys');
mkdir $keys;
system("openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out $keys/pair.pem 2>/dev/null "
    . "&& openssl pkey -in $keys/pair.pem -pubout -out $keys/public.pem && chmod 600 $keys/*") == 0 or die;
my $server = httpd_start(<<"CONF" . join '', map { <<"PLACE" } sort keys %place);
DBDriver         sqlite3
DBDParams        "$database"
AuthJWTKey       - HS256 \${T_DIR}/keys/site.key
AuthJWTKey       pair ES256 "$keys/pair.pem"
AuthJWTUserTable auth_user
CONF
<Location "/$_">
    $place{$_}
</Location>
<Location "/$_/login">
    SetHandler jwt-obtain
</Location>
<Location "/$_/refresh">
    SetHandler jwt-refresh
</Location>
<Location "/$_/page">
    AuthType JWT
    Require valid-user
</Location>
PLACE
my $other = httpd_start(<<"CONF");
DBDriver         sqlite3
DBDParams        "$database"
AuthJWTKey       pair ES256 "$keys/public.pem"
AuthJWTKey       - HS256 \${T_DIR}/keys/site.key
AuthJWTUserTable auth_user
AuthJWTSessions  Off
<Location "/page">
    AuthType JWT
    Require valid-user
</Location>
<Location "/refresh">
    SetHandler jwt-refresh
</Location>
CONF

sub at { return (port => $server->port) }
sub log_in
{
    my ($place) = @_;
    return json(post_json("/$place/login", { username => 'alice', password => $password }, at()));
}
sub page { my ($place, $token) = @_; return get_with("/$place/page/", $token, at()) }
sub refresh { my ($place, $token) = @_; return post_json("/$place/refresh", { refresh => $token }, at()) }
sub claims { return (peek($_[0]))[1] }
sub set_password { sqlite("UPDATE auth_user SET password = '$_[0]' WHERE id = 1", $database) }

my $hash = sqlite('SELECT password FROM auth_user WHERE id = 1', $database);
(my $md5 = uc md5_hex($hash));
my %changed = (detail => "The user's password has been changed.");
my %pair = map { $_ => log_in($_) } sort keys %place;

for my $place (qw(off list pair)) {
    like claims($pair{$place}{$_})->{password_mark}, qr/\A[0-9a-f]{32}\z/, "$place: a mark in $_"
        for qw(access refresh);
}
is claims($pair{$_}{access})->{password_mark}, claims($pair{off}{refresh})->{password_mark},
    "$_: the mark is of user, password and key" for qw(off list);
isnt claims($pair{pair}{access})->{password_mark}, claims($pair{off}{access})->{password_mark},
    'pair: that of another key is another one';
unlike claims($pair{off}{access})->{password_mark}, qr/\Q$md5\E/i, 'it is no MD5 of the column';
is claims($pair{simple}{$_})->{hash_password}, $md5, "simple: SimpleJWT's claim in $_" for qw(access refresh);
is claims($pair{named}{access})->{pw}, $md5, 'named: of another name';
ok !(grep { /password|pw/ } keys %{ claims($pair{django}{access}) }), 'django: none, by default';
for my $place (sort keys %place) {
    is page($place, $pair{$place}{access})->code, 404, "$place: a good token";
    my $new = json(refresh($place, $pair{$place}{refresh}));
    is page($place, $new->{access})->code, 404, '... and a refreshed one';
    $pair{$place} = { %{ $pair{$place} }, %$new };
}
is get_with('/page/', $pair{pair}{access}, port => $other->port)->code, 404, 'where the public key is';

my $foreign = token();
is page($_, $foreign)->code, 404, "$_: a token that another program made" for qw(off list django);
is page($_, $foreign)->code, 401, "$_: the same" for qw(simple named);
is page(simple => token({ hash_password => $md5 }))->code, 404, "simple: one by Django";
is page(simple => token({ hash_password => lc $md5 }))->code, 401, 'simple: byte for byte';
is page(simple => token({ hash_password => [$md5] }))->code, 401, 'simple: a list is no such claim';

set_password('!x');
my $mark = $server->log_mark;
for my $place (qw(off list pair simple named)) {
    my $answer = page($place, $pair{$place}{access});
    is $answer->code, 401, "$place: another password";
    is_deeply json($answer), { %changed, code => 'password_changed' }, '... the body';
    $answer = refresh($place, $pair{$place}{refresh});
    is $answer->code, 401, '... a refresh';
    is_deeply json($answer), \%changed, '... its body';
}
like $server->log_since($mark), qr/JWT0101: refused \(password_changed\): the user with the id '1' has had another password since the token [0-9a-f]{32} began/,
    'the log tells which token';
is page(django => $pair{django}{access})->code, 404, 'django: the password does not matter';
is page(off => $foreign)->code, 404, 'nor where a token has no mark';
is get_with('/page/', $pair{pair}{access}, port => $other->port)->code, 404,
    'a server with the public key alone cannot tell';
is post_json('/refresh', { refresh => $pair{pair}{refresh} }, port => $other->port)->code, 401,
    'and makes nothing of such a token';
like $other->log, qr/JWT0101: refused \(password_changed\): password_mark is of a key whose private half is not here/,
    'for this reason';

set_password($hash);
is page(off => $pair{off}{access})->code, 404, 'off: the mark is of the column';
is refresh(off => $pair{off}{refresh})->code, 200, 'off: for both tokens';
for my $place (qw(list simple)) {
    my $answer = refresh($place, $pair{$place}{refresh});
    is $answer->code, 401, "$place: a refresh token that was refused does not come back";
    is json($answer)->{detail}, 'Token is blacklisted', '... it was blacklisted';
}
$_->stop for $server, $other;

done_testing;
