# httpd's authn provider for LDAP, with a directory of the test's own: its users and no others log in,
# whatever their names are made of, and a directory that does not answer is no wrong password.
#
# Runs beside others: it has servers of its own.
use strict;
use warnings;
use Test::More;
use JWTTest;
use JWTTest::Directory;
use JWTTest::Process qw(patience);
use Time::HiRes qw(time);

JWTTest::Directory::installed() or plan skip_all => 'no slapd here';
can_load($_) or plan skip_all => "no mod_$_ here" for qw(ldap authnz_ldap);

only_under('event');

# ---- the directory -----------------------------------------------------------------------

my ($good, $other) = ('correct horse battery', 'another good password');
my @odd = ('a*b', '(both)', 'back\\slash', '*', 'a)(b', "gr\xc3\xb6\xc3\x9fer \xe2\x98\x83", 'x,y=z', '"q"');
secret($good, $other);
my @users = (
    map({ { uid => $_, userPassword => $good } } qw(ada eve lost), @odd),
    { uid => 'off', userPassword => $good, description => 'disabled' },
    { uid => 'bare' });
my $ldap = JWTTest::Directory->start(\@users, port => port(1));
my ($url, $admin, $admins) = ($ldap->url, $ldap->admin);
secret($admins);

# What a directory is asked for its users: whose entry says "disabled" is none.
my $who = 'uid?one?(!(description=disabled))';
my $bounds = "LDAPCacheEntries 0\nLDAPConnectionTimeout 1\nLDAPTimeout 1\nLDAPRetries 1";

my $dir = scratch('site');
mkdir $dir or die "$dir: $!\n";
sqlite('PRAGMA journal_mode=WAL; CREATE TABLE members(id INTEGER PRIMARY KEY, username TEXT, is_active INTEGER);'
    . "INSERT INTO members VALUES(7, 'ada', 1), (8, 'eve', 0), (9, 'rowonly', 1), (10, 'off', 1), (11, '*', 1);",
    "$dir/site.db");
chown((getpwnam var('user'))[2, 3], $dir, glob "$dir/site.db*") unless $>;

my $server = httpd_start(<<"CONF", with => [qw(ldap authnz_ldap)]);
$bounds
DBDriver sqlite3
DBDParams "$dir/site.db"
AuthJWTKey - HS256 \${T_DIR}/keys/site.key
AuthJWTSessions Off
AuthJWTEndpoints /auth
AuthJWTProvider ldap
LogLevel authnz_ldap:info
<AuthnProviderAlias ldap people>
    AuthLDAPURL "$url?$who"
</AuthnProviderAlias>
<Location "/auth">
    AuthLDAPURL "$url?$who"
</Location>
ScriptAlias "/members" "\${T_DIR}/cgi-bin/env/"
<Location "/members">
    AuthType JWT
    Require valid-user
</Location>
<Location "/unset">
    SetHandler jwt-obtain
</Location>
<Location "/own-name">
    SetHandler jwt-obtain
    AuthJWTAudience own-name
    AuthLDAPURL "$url?$who"
    AuthLDAPRemoteUserAttribute uid
</Location>
<Location "/bound">
    SetHandler jwt-obtain
    AuthJWTAudience bound
    AuthLDAPURL "$url?$who"
    AuthLDAPBindDN "$admin"
    AuthLDAPBindPassword "$admins"
</Location>
<Location "/badly-bound">
    SetHandler jwt-obtain
    AuthJWTAudience bound
    AuthLDAPURL "$url?$who"
    AuthLDAPBindDN "$admin"
    AuthLDAPBindPassword "not $admins"
</Location>
<Location "/alias">
    SetHandler jwt-obtain
    AuthJWTAudience alias
    AuthJWTProvider people
</Location>
<Location "/both">
    SetHandler jwt-obtain
    AuthJWTAudience both
    AuthJWTUserQuery "SELECT id, username, is_active FROM members WHERE username = %s"
    AuthJWTUserByIdQuery "SELECT id, username, is_active FROM members WHERE id = %s"
    AuthLDAPURL "$url?$who"
    AuthLDAPRemoteUserAttribute uid
</Location>
CONF

sub obtain
{
    my ($name, $password, $path) = @_;
    utf8::decode(my $text = $name);
    return post_json($path // '/auth/token', { username => $text, password => $password // $good },
        port => $server->port);
}

sub id_of
{
    my ($answer) = @_;
    my $id = ((peek((json($answer) || {})->{access} // '.'))[1] || {})->{user_id} // $answer->code;
    utf8::encode($id);
    return $id;
}

sub looks
{
    my ($answer) = @_;
    return $answer->as_string =~ s/^(?:Date|Client-\w+(?:-\w+)*): .*\n//mgr;
}

# ---- alone -------------------------------------------------------------------------------

is id_of(obtain('ada')), 'ldap:ada', 'the id is of the provider and the name';
my $pair = json(obtain('ada'));
like get_with('/members', $pair->{access}, port => $server->port)->content, qr/^REMOTE_USER=ada$/m,
    'REMOTE_USER is the name';
my $wrong = obtain('ada', 'not hers');
is $wrong->code, 401, 'a wrong password';
is looks(obtain(@$_)), looks($wrong), "the same answer: $_->[0]"
    for [ 'nobody', $good ], [ 'off', $good ], [ 'bare', $good ], [ 'bare', ' ' ], [ "a\x01da", $good ];
is obtain('ada', $_)->code, 401, 'no other password: ' . length
    for "$good ", uc $good, '*', ' ', 'x' x 3000;
is obtain('bare', '')->code, 400, 'none at all, though the directory takes it for a good one';
is obtain('ada', "\0$good")->code, 400, 'a NUL byte in front of the password';
is id_of(obtain('ada', $good, '/bound')), 'ldap:ada', 'a directory that wants to know who asks';
is obtain('ada', $good, '/badly-bound')->code, 401, '... lets nobody in when it is told wrong';
is id_of(obtain('ada', $good, '/alias')), 'people:ada', 'an alias has a name of its own';

# Directories do not look at case: who wants one user for one entry says so.
is id_of(obtain('ADA')), 'ldap:ADA', 'another spelling is another name';
is id_of(obtain($_, $good, '/own-name')), 'ldap:ada', "... or that of the entry: '$_'"
    for 'ada', 'ADA', ' Ada ';

# ---- names that mean something in a filter -----------------------------------------------

is id_of(obtain($_)), "ldap:$_", "a user called $_" for @odd;
is id_of(obtain($_, $good, '/own-name')), "ldap:$_", "... whose entry says so" for @odd;
is looks(obtain($_)), looks($wrong), "nobody is called $_"
    for 'a*', '*a', '**', 'ad?', 'ada*', 'ada)(uid=*', 'ada)(uid=ada', '*)(uid=*))(|(uid=*', ')', '(', '\\',
    'ada\\', '\\61da', '\\2a', '\\\\2a', 'ada)', '(ada', 'ada))(|(description=disabled', 'off)(!(description=x)',
    'off))(|(uid=off', '*))%00', "gr\xc3\xb6\xc3\x9fer *", 'uid=ada', 'uid=ada,cn=site', 'x, y=z', ',', '=', '&', '!';
is obtain($_)->code, 400, 'a NUL byte in a name' for "ada\0", "\0", "*\0)", "ada)\0(";
is obtain('*', 'not his')->code, 401, 'nor does the password of another do for *';
my $long = obtain('*' x 9000);
like $long->code, qr/^(?:401|503)$/, 'a name that is too long for a filter';
is post_form('/auth/token', { username => "ada\xff", password => $good }, port => $server->port)->code, 400,
    'a name that is no UTF-8';

# ---- beside a table of users -------------------------------------------------------------

is id_of(obtain('ada', $good, '/both')), '7', "in both: the row's id";
is id_of(obtain('ADA', $good, '/both')), '7', '... by any spelling';
is id_of(obtain('*', $good, '/both')), '11', '... a user called *';
is looks(obtain(@$_, '/both')), looks($wrong), "not in both: $_->[0]"
    for [ 'nobody', $good ], [ 'ada', 'not hers' ], [ 'rowonly', $good ], [ 'eve', $good ], [ 'off', $good ],
    [ 'lost', $good ], [ 'a*b', $good ];
like $server->log, qr/the authn provider 'ldap' knows the user, the table of users does not/, 'the log tells which';

# ---- a directory that does not answer ----------------------------------------------------

# A bind and a search, each tried twice for a second, and some ease.
my $soon = patience(15);

sub is_unavailable
{
    my ($what, @login) = @_;
    my ($mark, $began) = ($server->log_mark, time);
    my $answer = obtain(@login);
    my $passed = time - $began;
    is $answer->code, 503, "$what: 503";
    is json($answer)->{code}, 'unavailable', '... to be tried again';
    cmp_ok $passed, '<', $soon, '... soon';
    like $server->log_since($mark), qr/AH(?:01695|02558)\b.*\n.*JWT0201: answered 503 \(provider\): the authn provider 'ldap' failed/,
        '... and the log names the provider, below its reason';
}

is_unavailable('no AuthLDAPURL', 'ada', $good, '/unset');
$ldap->down;
is_unavailable("the directory is down, $_->[0]", @{$_}[1, 2])
    for [ 'a right password', 'ada', $good ], [ 'a wrong one', 'ada', 'not hers' ], [ 'an unknown user', 'nobody', $good ];
is_unavailable('... beside a table', 'ada', $good, '/both');
is get_with('/members', $pair->{access}, port => $server->port)->code, 200, 'tokens need no directory';
is post_json('/auth/token/refresh', { refresh => $pair->{refresh} }, port => $server->port)->code, 200,
    '... nor does a refresh';

# It comes back with another password for one and without the other.
$ldap->change([ { uid => 'ada', userPassword => $other } ]);
$ldap->up;
is id_of(obtain('ada', $other)), 'ldap:ada', 'it is there again, and is asked at once';
is obtain('ada', $good)->code, 401, '... a password that was changed';
is obtain('eve', $good)->code, 401, '... a user who was deleted';

$ldap->freeze;
is_unavailable('the directory is stuck', 'ada', $other);
is_unavailable('... a wrong password', 'ada', $good);
$ldap->thaw;
is id_of(obtain('ada', $other)), 'ldap:ada', 'it goes on';
is obtain('ada', $good)->code, 401, '... and refuses';

# ---- what configtest says ----------------------------------------------------------------

sub tested
{
    my ($first, $second) = @_;
    return configtest(<<"CONF", with => [qw(ldap authnz_ldap)]);
AuthJWTKey - HS256 \${T_DIR}/keys/site.key
AuthJWTSessions Off
AuthJWTProvider ldap
<Location /x>
    SetHandler jwt-obtain
    AuthLDAPURL "$first"
</Location>
<Location /y>
    SetHandler jwt-obtain
    AuthLDAPURL "$second"
</Location>
CONF
}

my ($status, $said) = tested("$url?uid", "$url?uid");
is $status, 0, 'one directory' or diag $said;
($status, $said) = tested("$url?uid", "$url?description");
isnt $status, 0, 'two ways to name its users under one key';
like $said, qr/AuthJWTProvider: other providers, or other users of theirs, at another place/, '... is refused';

done_testing;
