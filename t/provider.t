# httpd's authn providers check names and passwords: alone, where no database is asked at all, and
# beside a table of users, which then says who may come in.
#
# Runs beside others: it has servers of its own.
use strict;
use warnings;
use Test::More;
use JWTTest;
use JWTTest::Process qw(first_executable);

my $good = 'correct horse battery';
my $other = 'another good password';
secret($good, $other);
my $dir = scratch('site');
mkdir $dir or die "$dir: $!\n";
my %hash = map { $_ => password_hash('$6$', $_) } $good, $other;
secret(values %hash);
spew("$dir/customers", join '', map { "$_->[0]:$hash{$_->[1]}\n" }
    [ ada => $good ], [ eve => $good ], [ both => $good ], [ 'gone' => $good ]);
spew("$dir/staff", join '', map { "$_->[0]:$hash{$_->[1]}\n" } [ boss => $good ], [ both => $other ]);

sub obtain
{
    my ($server, $path, $name, $password) = @_;
    return post_json($path, { username => $name, password => $password // $good }, port => $server->port);
}

# An answer without what tells two from each other anyway.
sub looks
{
    my ($answer) = @_;
    return $answer->as_string =~ s/^(?:Date|Client-\w+(?:-\w+)*): .*\n//mgr;
}

sub claims_of
{
    my ($answer) = @_;
    return (peek((json($answer) || {})->{access} // '.'))[1] || {};
}

# ---- providers alone ---------------------------------------------------------------------

my $server = httpd_start(<<"CONF");
AuthJWTKey - HS256 \${T_DIR}/keys/site.key
AuthJWTSessions Off
AuthJWTEndpoints /auth
AuthJWTProvider file
<AuthnProviderAlias file staff>
    AuthUserFile "$dir/staff"
</AuthnProviderAlias>
<Location "/auth">
    AuthUserFile "$dir/customers"
</Location>
ScriptAlias "/members" "\${T_DIR}/cgi-bin/env/"
<Location "/members">
    AuthType JWT
    Require valid-user
</Location>
<Location "/unset">
    SetHandler jwt-obtain
</Location>
<Location "/missing">
    SetHandler jwt-obtain
    AuthJWTAudience missing
    AuthUserFile "$dir/no such file"
</Location>
<Location "/several">
    AuthJWTAudience several
    AuthJWTProvider staff file
    AuthUserFile "$dir/customers"
</Location>
<Location "/several/login">
    SetHandler jwt-obtain
</Location>
<Location "/several/one">
    SetHandler jwt-obtain
    AuthJWTProvider staff
    AuthJWTAudience one
</Location>
ScriptAlias "/several/page" "\${T_DIR}/cgi-bin/env/"
<Location "/several/page">
    AuthType JWT
    Require valid-user
</Location>
<IfModule mod_authn_socache.c>
    AuthnCacheEnable
    AuthnCacheSOCache shmcb
    <Location "/cached">
        SetHandler jwt-obtain
        AuthJWTAudience cached
        AuthJWTProvider socache file
        AuthnCacheProvideFor file
        AuthUserFile "$dir/customers"
    </Location>
</IfModule>
CONF

my $pair = json(obtain($server, '/auth/token', 'ada'));
is claims_of(obtain($server, '/auth/token', 'ada'))->{user_id}, 'file:ada', 'the id is of the provider and the name';
my $page = get_with('/members', $pair->{access}, port => $server->port)->content;
like $page, qr/^REMOTE_USER=ada$/m, 'REMOTE_USER is the name';
like $page, qr/^AUTH_JWT_USER_ID=file:ada$/m, '... beside the id';
is post_json('/auth/token/refresh', { refresh => $pair->{refresh} }, port => $server->port)->code, 200,
    'a refresh asks nobody';

my $wrong = obtain($server, '/auth/token', 'ada', 'not hers');
is $wrong->code, 401, 'a wrong password';
is looks(obtain($server, '/auth/token', @$_)), looks($wrong), "the same answer: $_->[0]"
    for [ 'nobody', $good ], [ 'ada:x', $good ], [ 'Ada', $good ], [ "a\x01da", $good ];
is obtain($server, '/auth/token', 'ada', $_)->code, 401, 'no other password: ' . length
    for "$good ", $hash{$good}, 'x' x 5000;
is obtain($server, '/auth/token', 'ada', '')->code, 400, 'none at all';

is get_with('/members', token({ user_id => $_ }), port => $server->port)->code, 401, "an id of elsewhere: '$_'"
    for '1', 'ada', 'ldap:ada', 'fil:ada', 'files:ada', 'File:ada', ':ada', ' file:ada';
is get_with('/members', token({ user_id => 'file:' }), port => $server->port)->code, 403, 'an id without a name';
is post_json('/auth/token/refresh', { refresh => token({ token_type => 'refresh', user_id => 'ldap:ada' }) },
    port => $server->port)->code, 401, 'nor is one refreshed';

# A provider that fails is no wrong password.
for ([ '/unset', 'AH01619: AuthUserFile not specified' ], [ '/missing', 'AH01620: Could not open password file' ]) {
    my ($path, $cause) = @$_;
    my $mark = $server->log_mark;
    my $answer = obtain($server, $path, 'ada');
    is $answer->code, 503, "$path: 503";
    is json($answer)->{code}, 'unavailable', '... to be tried again';
    my $line = "JWT0201: answered 503 (provider): the authn provider 'file' failed (its line above has the reason, of "
        . 'some only with LogLevel info); its own directives, such as AuthUserFile for file, must stand where this endpoint is';
    like $server->log_since($mark), qr/\Q$cause\E.*\n.*\Q$line\E/,
        '... and the log names provider and cure';
}

# Several: the first that knows the name decides.
is claims_of(obtain($server, '/several/login', 'boss'))->{user_id}, 'staff:boss', 'an alias has a name of its own';
is claims_of(obtain($server, '/several/login', 'ada'))->{user_id}, 'file:ada', 'unknown to the first: the second';
is claims_of(obtain($server, '/several/login', 'both', $other))->{user_id}, 'staff:both', 'known to both: the first';
is obtain($server, '/several/login', 'both', $good)->code, 401, '... whose password alone is good';
is obtain($server, '/several/login', 'nobody')->code, 401, 'known to none';
is obtain($server, '/several/one', 'ada')->code, 401, 'a section has its own list';
my $boss = json(obtain($server, '/several/login', 'boss'))->{access};
like get_with('/several/page', $boss, port => $server->port)->content, qr/^REMOTE_USER=boss$/m, 'a page of both';
is get_with('/members', $boss, port => $server->port)->code, 401, '... not one of another audience';

SKIP: {
    skip 'no mod_authn_socache', 3 unless has_module('authn_socache');
    is claims_of(obtain($server, '/cached', 'ada'))->{user_id}, 'file:ada', 'in front of it a cache';
    rename "$dir/customers", "$dir/away";
    is claims_of(obtain($server, '/cached', 'ada'))->{user_id}, 'file:ada', '... which answers with the same id';
    rename "$dir/away", "$dir/customers";
    is obtain($server, '/cached', 'ada', 'not hers')->code, 401, '... and its wrong password';
}
$server->stop;

# ---- alone, with sessions ----------------------------------------------------------------

mkdir "$dir/sessions" or die "$dir: $!\n";
sqlite(' ' . slurp(var('src_dir') . '/conf/schema/sqlite.sql'), "$dir/sessions/site.db");
chown((getpwnam var('user'))[2, 3], "$dir/sessions", glob "$dir/sessions/*") unless $>;
$server = httpd_start(<<"CONF");
DBDriver sqlite3
DBDParams "$dir/sessions/site.db"
AuthJWTKey - HS256 \${T_DIR}/keys/site.key
AuthJWTSessions On
AuthJWTEndpoints /auth
AuthJWTProvider file
<Location "/auth">
    AuthUserFile "$dir/customers"
</Location>
ScriptAlias "/members" "\${T_DIR}/cgi-bin/env/"
<Location "/members">
    AuthType JWT
    Require valid-user
</Location>
CONF
$pair = json(obtain($server, '/auth/token', 'ada'));
is scalar sqlite('SELECT user_id FROM auth_jwt_session', "$dir/sessions/site.db"), 'file:ada', 'a session of the provider\'s user';
my @site = ('-f', $server->dir . '/httpd.conf', '--httpd', var('httpd'));
sub htjwt
{
    my ($token, @arguments) = @_;
    my $words = join ' ', map { "'$_'" } var('htjwt'), @arguments;
    spew(scratch('token'), $token, 0600);
    return scalar `$words 2>&1 < '@{[ scratch('token') ]}'`;
}
my $provided = decode($pair->{access})->{sid};
like htjwt($pair->{access}, 'verify', @site), qr/^Good: access token \w+ of the user with the id file:ada, ada, session $provided,/,
    'htjwt: a token is good that the server takes';
like htjwt('', 'sessions', @site), qr/^1  ada \(id file:ada\)$/m, 'htjwt: whose sessions there are';
like htjwt('', 'sessions', @site, 'file:ada'), qr/^$provided  begun /, 'htjwt: the sessions of one';
like htjwt('', 'sessions', @site, 'ada'), qr/^htjwt: .*name one with his provider, such as file:ada$/, 'htjwt: a name without its provider';
chmod 0600, glob "$dir/sessions/site.db*";
like htjwt('', 'check', @site), qr/^tables +good +auth_jwt_session\nstatements +good +users are the providers', sessions by sid\ngrants +good/m,
    'htjwt: what a site of providers needs';
like htjwt('', 'disable', @site, 'ada'), qr/^htjwt: the users of this site are those of AuthJWTProvider; /, 'htjwt: users are changed elsewhere';
like htjwt('', 'token', @site, 'file:ada', '30d'), qr/^htjwt: the users of this site are those of AuthJWTProvider, and nobody can ask/,
    'htjwt: nor has one a token for scripts';
my $third = json(obtain($server, '/auth/token', 'ada'));
like htjwt('', 'logout', @site, 'file:ada'), qr/^Ended 2 sessions of user ada\.$/, 'htjwt: a logout by name';
is get_with('/members', $third->{access}, port => $server->port)->code, 401, '... is seen';
$pair = json(obtain($server, '/auth/token', 'ada'));
is get_with('/members', $pair->{access}, port => $server->port)->code, 200, '... opens a page';
my $next = json(post_json('/auth/token/refresh', { refresh => $pair->{refresh} }, port => $server->port));
ok $next->{access}, '... is refreshed';
is post_json('/auth/logout', { refresh => $next->{refresh} }, port => $server->port)->code, 200, '... is ended';
is get_with('/members', $_->{access}, port => $server->port)->code, 401, '... with its tokens' for $pair, $next;
$server->stop;

# ---- a DBM file --------------------------------------------------------------------------

# Made by httpd's own tool, in a name that stands for one file or two.
my $htdbm = first_executable('htdbm');
sub htdbm
{
    my ($password, @words) = @_;
    spew(scratch('typed'), $password, 0600);
    system('sh', '-c', 'exec "$@" <"$0" >/dev/null 2>&1', scratch('typed'), $htdbm, @words) == 0
        or die "htdbm @words: $?\n";
}

sub test_dbm
{
    htdbm($good, '-ciBt', '-TSDBM', "$dir/dbm", 'ada', 'her comment');
    htdbm($_->[1], '-iB', '-TSDBM', "$dir/dbm", $_->[0]) for [ eve => $good ], [ both => $other ], [ '*' => $good ];
    chmod 0644, glob "$dir/dbm*";
    my $server = httpd_start(<<"CONF", with => ['authn_dbm']);
AuthJWTKey - HS256 \${T_DIR}/keys/site.key
AuthJWTSessions Off
AuthJWTEndpoints /auth
AuthJWTProvider dbm
<Location "/auth">
    AuthDBMType SDBM
    AuthDBMUserFile "$dir/dbm"
</Location>
<Location "/unset">
    SetHandler jwt-obtain
</Location>
<Location "/several">
    SetHandler jwt-obtain
    AuthJWTAudience several
    AuthJWTProvider dbm file
    AuthDBMType SDBM
    AuthDBMUserFile "$dir/dbm"
    AuthUserFile "$dir/customers"
</Location>
<IfModule mod_authn_socache.c>
    AuthnCacheEnable
    AuthnCacheSOCache shmcb
    <Location "/cached">
        SetHandler jwt-obtain
        AuthJWTAudience cached
        AuthJWTProvider socache dbm
        AuthnCacheProvideFor dbm
        AuthDBMType SDBM
        AuthDBMUserFile "$dir/dbm"
    </Location>
</IfModule>
ScriptAlias "/members" "\${T_DIR}/cgi-bin/env/"
<Location "/members">
    AuthType JWT
    Require valid-user
</Location>
CONF
    my $answer = obtain($server, '/auth/token', 'ada');
    is claims_of($answer)->{user_id}, 'dbm:ada', 'DBM: the id is of the provider and the name';
    like get_with('/members', json($answer)->{access}, port => $server->port)->content, qr/^REMOTE_USER=ada$/m,
        '... opens a page';
    is claims_of(obtain($server, '/auth/token', '*'))->{user_id}, 'dbm:*', '... of a user called *';
    is looks(obtain($server, '/auth/token', @$_)), looks($wrong), "... the same answer: $_->[0]"
        for [ 'ada', 'not hers' ], [ 'nobody', $good ], [ 'Ada', $good ], [ 'ad', $good ], [ 'ada:', $good ],
        [ 'ada', 'her comment' ], [ "a\x01da", $good ];
    is obtain($server, '/unset', 'ada')->code, 503, '... without AuthDBMUserFile: 503';
    is claims_of(obtain($server, '/several', 'both', $other))->{user_id}, 'dbm:both', '... in front of a file';
    is obtain($server, '/several', 'both', $good)->code, 401, '... whose password is not asked for';
    is claims_of(obtain($server, '/several', 'gone'))->{user_id}, 'file:gone', '... but for who is not in it';

    SKIP: {
        skip 'no mod_authn_socache', 4 unless has_module('authn_socache');
        is claims_of(obtain($server, '/cached', 'ada'))->{user_id}, 'dbm:ada', 'DBM: in front of it a cache';
        htdbm('', '-x', '-TSDBM', "$dir/dbm", 'ada');
        is obtain($server, '/auth/token', 'ada')->code, 401, '... a user who was taken out';
        is claims_of(obtain($server, '/cached', 'ada'))->{user_id}, 'dbm:ada', '... whom the cache still knows';
        is obtain($server, '/cached', 'ada', 'not hers')->code, 401, '... with her password';
    }
    my $mark = $server->log_mark;
    unlink glob "$dir/dbm*";
    is obtain($server, '/auth/token', 'eve')->code, 503, '... a file that is missing: 503';
    like $server->log_since($mark), qr/JWT0201: answered 503 \(provider\): the authn provider 'dbm' failed/,
        '... says the log';
    $server->stop;
}

SKIP: {
    skip 'no htdbm, or no mod_authn_dbm', 1 unless $htdbm && can_load('authn_dbm');
    test_dbm();
}

# ---- beside a table of users -------------------------------------------------------------

sqlite('PRAGMA journal_mode=WAL; CREATE TABLE members(id INTEGER PRIMARY KEY, username TEXT, is_active INTEGER);'
    . "INSERT INTO members VALUES(7, 'ada', 1), (8, 'eve', 0), (9, 'rowonly', 1), (10, 'both', 1);", "$dir/site.db");
chown((getpwnam var('user'))[2, 3], $dir, glob "$dir/site.db*") unless $>;
$server = httpd_start(<<"CONF");
DBDriver sqlite3
DBDParams "$dir/site.db"
AuthJWTKey - HS256 \${T_DIR}/keys/site.key
AuthJWTSessions Off
AuthJWTEndpoints /auth
AuthJWTUserQuery "SELECT id, username, is_active FROM members WHERE username = %s"
AuthJWTUserByIdQuery "SELECT id, username, is_active FROM members WHERE id = %s"
AuthJWTProvider file
<Location "/">
    AuthUserFile "$dir/customers"
</Location>
<Location "/by-row">
    SetHandler jwt-obtain
    AuthJWTProvider none
    AuthJWTEndOnPasswordChange Off
</Location>
ScriptAlias "/members" "\${T_DIR}/cgi-bin/env/"
<Location "/members">
    AuthType JWT
    Require valid-user
</Location>
CONF
my $answer = obtain($server, '/auth/token', 'ada');
is claims_of($answer)->{user_id}, '7', "in both: the row's id";
$pair = json($answer);
like get_with('/members', $pair->{access}, port => $server->port)->content, qr/^REMOTE_USER=ada$/m, '... opens a page';
is obtain($server, '/auth/token', 'ada', 'not hers')->code, 401, 'a wrong password';
is obtain($server, '/auth/token', $_)->code, 401, $_ for 'nobody', 'gone', 'rowonly', 'eve';
like $server->log, qr/the authn provider 'file' knows the user, the table of users does not/, 'the log tells which';
like $server->log, qr/the user with the id '8' is inactive/, '... and which';
is get_with('/members', token({ user_id => 'file:ada' }), port => $server->port)->code, 401,
    "a provider's id is no row's";
is obtain($server, '/by-row', 'ada')->code, 503, 'without a provider the rows need passwords';
like $server->log, qr/the query gives no column password/, '... says the log';
sqlite('UPDATE members SET is_active = 0 WHERE id = 7', "$dir/site.db");
is get_with('/members', $pair->{access}, port => $server->port)->code, 401, 'the row shuts out at once';
is post_json('/auth/token/refresh', { refresh => $pair->{refresh} }, port => $server->port)->code, 401,
    '... and ends refreshing';

done_testing;
