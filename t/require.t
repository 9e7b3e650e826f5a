# Require jwt-claim and jwt-scope: what each operator says to each kind of claim, from the tables of
# conf/README.md; who is never let in by them; what clients are told; and lines that no server starts
# with, in .htaccess files as well.
#
# Runs beside others: it has servers of its own.
use strict;
use warnings;
use Test::More;
use JWTTest;
use JWTTest::Connection;
use MIME::Base64 qw(encode_base64);
use Time::HiRes qw(time);

my $dir = scratch('pages');
mkdir $dir;
spew("$dir/page", "A PAGE\n");

# ---- the table ---------------------------------------------------------------------------
# Claims as members of a JSON object, what is required, and whether that is met. Written from the
# documentation of the operators, with the types of JSON in the order string, number, boolean, null,
# array, object, and no claim at all.

my $table = <<'TABLE';
# eq, a string
"c":"admin"                   :: jwt-claim c eq admin          :: yes
"c":"admin"                   :: jwt-claim c eq "admin"        :: yes
"c":"admin"                   :: jwt-claim c eq 'admin'        :: yes
"c":"Admin"                   :: jwt-claim c eq admin          :: no
"c":"ADMIN"                   :: jwt-claim c eq admin          :: no
"c":"ad min"                  :: jwt-claim c eq admin          :: no
"c":"admin "                  :: jwt-claim c eq admin          :: no
"c":" admin"                  :: jwt-claim c eq admin          :: no
"c":"admin\n"                 :: jwt-claim c eq admin          :: no
"c":"admin\t"                 :: jwt-claim c eq admin          :: no
"c":"A d min"                 :: jwt-claim c eq admin          :: no
"c":"admi"                    :: jwt-claim c eq admin          :: no
"c":"admins"                  :: jwt-claim c eq admin          :: no
"c":""                        :: jwt-claim c eq admin          :: no
"c":"ad min"                  :: jwt-claim c eq "ad min"       :: yes
"c":"ad  min"                 :: jwt-claim c eq "ad min"       :: no
"c":""                        :: jwt-claim c eq ""             :: yes
"c":" "                       :: jwt-claim c eq ""             :: no
"c":null                      :: jwt-claim c eq ""             :: no
"c":false                     :: jwt-claim c eq ""             :: no
"c":0                         :: jwt-claim c eq ""             :: no
"c":[]                        :: jwt-claim c eq ""             :: no
"c":{}                        :: jwt-claim c eq ""             :: no
"d":""                        :: jwt-claim c eq ""             :: no
"c":"\u00e9"                  :: jwt-claim c eq é              :: yes
"c":"é"                       :: jwt-claim c eq é              :: yes
"c":"e\u0301"                 :: jwt-claim c eq é              :: no
"c":"É"                       :: jwt-claim c eq é              :: no
"c":"e"                       :: jwt-claim c eq é              :: no
"c":"\ud83d\ude00"            :: jwt-claim c eq 😀             :: yes
"c":"\u0430dmin"              :: jwt-claim c eq admin          :: no
"c":"admin\u200b"             :: jwt-claim c eq admin          :: no
"c":"ſ"                       :: jwt-claim c eq s              :: no
"c":"a\"b"                    :: jwt-claim c eq "a\"b"         :: yes
"c":"a\\b"                    :: jwt-claim c eq a\\b           :: yes
"c":"a\\b"                    :: jwt-claim c eq a\b            :: yes
"c":"it's"                    :: jwt-claim c eq it's           :: yes
# eq, a number
"c":1                         :: jwt-claim c eq 1              :: yes
"c":1.0                       :: jwt-claim c eq 1              :: yes
"c":1                         :: jwt-claim c eq 1.0            :: yes
"c":1e0                       :: jwt-claim c eq 1              :: yes
"c":100                       :: jwt-claim c eq 1e2            :: yes
"c":"1"                       :: jwt-claim c eq 1              :: no
"c":1                         :: jwt-claim c eq "1"            :: no
"c":1                         :: jwt-claim c eq '1'            :: no
"c":"1"                       :: jwt-claim c eq "1"            :: yes
"c":"1.0"                     :: jwt-claim c eq "1"            :: no
"c":true                      :: jwt-claim c eq 1              :: no
"c":false                     :: jwt-claim c eq 0              :: no
"c":null                      :: jwt-claim c eq 0              :: no
"c":[1]                       :: jwt-claim c eq 1              :: no
"c":{"c":1}                   :: jwt-claim c eq 1              :: no
"d":0                         :: jwt-claim c eq 0              :: no
"c":1.5                       :: jwt-claim c eq 1              :: no
"c":1.0000000000000002        :: jwt-claim c eq 1              :: no
"c":0                         :: jwt-claim c eq -0             :: yes
"c":-0.0                      :: jwt-claim c eq 0              :: yes
"c":-5                        :: jwt-claim c eq -5             :: yes
"c":5                         :: jwt-claim c eq -5             :: no
"c":9007199254740993          :: jwt-claim c eq 9007199254740993      :: yes
"c":9007199254740992          :: jwt-claim c eq 9007199254740993      :: no
"c":9007199254740994          :: jwt-claim c eq 9007199254740993      :: no
"c":9007199254740992.0        :: jwt-claim c eq 9007199254740992      :: yes
"c":9007199254740992.0        :: jwt-claim c eq 9007199254740993      :: no
"c":9223372036854775807       :: jwt-claim c eq 9223372036854775807   :: yes
"c":9223372036854775806       :: jwt-claim c eq 9223372036854775807   :: no
"c":9223372036854775808.0     :: jwt-claim c eq 9223372036854775807   :: no
"c":-9223372036854775808      :: jwt-claim c eq -9223372036854775808  :: yes
"c":-9223372036854775808.0    :: jwt-claim c eq -9223372036854775808  :: yes
"c":-9223372036854775807      :: jwt-claim c eq -9223372036854775808  :: no
"c":"9007199254740993"        :: jwt-claim c eq "9007199254740993"    :: yes
"c":0.1                       :: jwt-claim c eq 0.1            :: yes
"c":"01"                      :: jwt-claim c eq 01             :: yes
"c":1                         :: jwt-claim c eq 01             :: no
"c":"+1"                      :: jwt-claim c eq +1             :: yes
"c":".5"                      :: jwt-claim c eq .5             :: yes
"c":0.5                       :: jwt-claim c eq .5             :: no
"c":"5x"                      :: jwt-claim c eq 5x             :: yes
"c":"0x10"                    :: jwt-claim c eq 0x10           :: yes
"c":16                        :: jwt-claim c eq 0x10           :: no
# eq, a boolean and null
"c":true                      :: jwt-claim c eq true           :: yes
"c":false                     :: jwt-claim c eq true           :: no
"c":"true"                    :: jwt-claim c eq true           :: no
"c":1                         :: jwt-claim c eq true           :: no
"c":[true]                    :: jwt-claim c eq true           :: no
"c":false                     :: jwt-claim c eq false          :: yes
"c":null                      :: jwt-claim c eq false          :: no
"d":1                         :: jwt-claim c eq false          :: no
"c":"true"                    :: jwt-claim c eq "true"         :: yes
"c":true                      :: jwt-claim c eq "true"         :: no
"c":"True"                    :: jwt-claim c eq True           :: yes
"c":true                      :: jwt-claim c eq True           :: no
"c":null                      :: jwt-claim c eq null           :: yes
"c":"null"                    :: jwt-claim c eq null           :: no
"c":false                     :: jwt-claim c eq null           :: no
"c":[]                        :: jwt-claim c eq null           :: no
"c":{}                        :: jwt-claim c eq null           :: no
"d":null                      :: jwt-claim c eq null           :: no
# ne: there, of the same type, and another
"c":"user"                    :: jwt-claim c ne admin          :: yes
"c":"ad min"                  :: jwt-claim c ne admin          :: yes
"c":"admin"                   :: jwt-claim c ne admin          :: no
"c":1                         :: jwt-claim c ne admin          :: no
"c":true                      :: jwt-claim c ne admin          :: no
"c":null                      :: jwt-claim c ne admin          :: no
"c":["admin"]                 :: jwt-claim c ne admin          :: no
"c":["user"]                  :: jwt-claim c ne admin          :: no
"c":{}                        :: jwt-claim c ne admin          :: no
"d":"user"                    :: jwt-claim c ne admin          :: no
"c":2                         :: jwt-claim c ne 1              :: yes
"c":1.0                       :: jwt-claim c ne 1              :: no
"c":"1"                       :: jwt-claim c ne 1              :: no
"c":9007199254740992          :: jwt-claim c ne 9007199254740993 :: yes
"c":false                     :: jwt-claim c ne true           :: yes
"c":true                      :: jwt-claim c ne true           :: no
"c":"false"                   :: jwt-claim c ne true           :: no
# gt, ge, lt, le
"c":6                         :: jwt-claim c gt 5              :: yes
"c":5                         :: jwt-claim c gt 5              :: no
"c":5.0                       :: jwt-claim c gt 5              :: no
"c":5.1                       :: jwt-claim c gt 5              :: yes
"c":10                        :: jwt-claim c gt 9              :: yes
"c":"6"                       :: jwt-claim c gt 5              :: no
"c":true                      :: jwt-claim c gt 0              :: no
"c":null                      :: jwt-claim c gt -1             :: no
"c":[6]                       :: jwt-claim c gt 5              :: no
"c":{"c":6}                   :: jwt-claim c gt 5              :: no
"d":6                         :: jwt-claim c gt 5              :: no
"c":-1                        :: jwt-claim c gt -2             :: yes
"c":-3                        :: jwt-claim c gt -2             :: no
"c":9007199254740993          :: jwt-claim c gt 9007199254740992   :: yes
"c":9007199254740992          :: jwt-claim c gt 9007199254740992   :: no
"c":9223372036854775808.0     :: jwt-claim c gt 9223372036854775807 :: yes
"c":1e300                     :: jwt-claim c gt 9223372036854775807 :: yes
"c":-1e300                    :: jwt-claim c gt 9223372036854775807 :: no
"c":5                         :: jwt-claim c ge 5              :: yes
"c":5.0                       :: jwt-claim c ge 5              :: yes
"c":4.999                     :: jwt-claim c ge 5              :: no
"c":"5"                       :: jwt-claim c ge 5              :: no
"d":5                         :: jwt-claim c ge 0              :: no
"c":4                         :: jwt-claim c lt 5              :: yes
"c":5                         :: jwt-claim c lt 5              :: no
"c":-1e300                    :: jwt-claim c lt -9223372036854775808 :: yes
"c":"4"                       :: jwt-claim c lt 5              :: no
"c":null                      :: jwt-claim c lt 5              :: no
"c":false                     :: jwt-claim c lt 5              :: no
"d":4                         :: jwt-claim c lt 5              :: no
"c":5                         :: jwt-claim c le 5              :: yes
"c":5.5                       :: jwt-claim c le 5              :: no
"c":-5.5                      :: jwt-claim c le -5             :: yes
"c":[]                        :: jwt-claim c le 5              :: no
"d":4                         :: jwt-claim c le 5              :: no
"c":"2026-11-02"              :: jwt-claim c ge 2026-11-01     :: yes
"c":"2026-10-31"              :: jwt-claim c ge 2026-11-01     :: no
"c":"10"                      :: jwt-claim c lt "9"            :: yes
"c":10                        :: jwt-claim c lt "9"            :: no
"c":"b"                       :: jwt-claim c gt a              :: yes
"c":"B"                       :: jwt-claim c gt a              :: no
"c":"aa"                      :: jwt-claim c gt a              :: yes
"c":""                        :: jwt-claim c gt a              :: no
"c":"é"                       :: jwt-claim c gt z              :: yes
# in
"c":"b"                       :: jwt-claim c in a b            :: yes
"c":"c"                       :: jwt-claim c in a b            :: no
"c":"a b"                     :: jwt-claim c in a b            :: no
"c":"A"                       :: jwt-claim c in a b            :: no
"c":["a"]                     :: jwt-claim c in a b            :: no
"c":{"a":"a"}                 :: jwt-claim c in a b            :: no
"d":"a"                       :: jwt-claim c in a b            :: no
"c":1                         :: jwt-claim c in "1" 2          :: no
"c":2.0                       :: jwt-claim c in "1" 2          :: yes
"c":"1"                       :: jwt-claim c in "1" 2          :: yes
"c":null                      :: jwt-claim c in null true      :: yes
"c":true                      :: jwt-claim c in null true      :: yes
"c":false                     :: jwt-claim c in null true      :: no
# any
"c":["user","admin"]          :: jwt-claim c any admin         :: yes
"c":["user"]                  :: jwt-claim c any admin         :: no
"c":["Admin"," admin","ad min"] :: jwt-claim c any admin       :: no
"c":["user, admin"]           :: jwt-claim c any admin         :: no
"c":"admin"                   :: jwt-claim c any admin         :: yes
"c":"user admin"              :: jwt-claim c any admin         :: no
"c":[]                        :: jwt-claim c any admin         :: no
"c":[["admin"]]               :: jwt-claim c any admin         :: no
"c":[{"admin":"admin"}]       :: jwt-claim c any admin         :: no
"c":{"admin":"admin"}         :: jwt-claim c any admin         :: no
"c":{"0":"admin"}             :: jwt-claim c any admin         :: no
"c":null                      :: jwt-claim c any admin         :: no
"c":[null]                    :: jwt-claim c any admin         :: no
"d":["admin"]                 :: jwt-claim c any admin         :: no
"c":["b"]                     :: jwt-claim c any a b           :: yes
"c":["c"]                     :: jwt-claim c any a b           :: no
"c":[1,2]                     :: jwt-claim c any 2             :: yes
"c":["2"]                     :: jwt-claim c any 2             :: no
"c":2.0                       :: jwt-claim c any 2             :: yes
"c":[9007199254740992]        :: jwt-claim c any 9007199254740993 :: no
"c":[false,true]              :: jwt-claim c any true          :: yes
"c":["true"]                  :: jwt-claim c any true          :: no
"c":[null]                    :: jwt-claim c any null          :: yes
"c":null                      :: jwt-claim c any null          :: yes
"c":[]                        :: jwt-claim c any null          :: no
# all
"c":["a","b"]                 :: jwt-claim c all a b           :: yes
"c":["b","x","a"]             :: jwt-claim c all a b           :: yes
"c":["a","a"]                 :: jwt-claim c all a b           :: no
"c":["a"]                     :: jwt-claim c all a b           :: no
"c":"a"                       :: jwt-claim c all a b           :: no
"c":"a"                       :: jwt-claim c all a             :: yes
"c":"a b"                     :: jwt-claim c all a b           :: no
"c":[]                        :: jwt-claim c all a             :: no
"c":{}                        :: jwt-claim c all a             :: no
"c":{"a":"a"}                 :: jwt-claim c all a             :: no
"c":null                      :: jwt-claim c all a             :: no
"d":["a"]                     :: jwt-claim c all a             :: no
"c":[1,"1"]                   :: jwt-claim c all 1 "1"         :: yes
"c":[1,1.0]                   :: jwt-claim c all 1 "1"         :: no
# match
"c":"alice@example.com"       :: jwt-claim c match @example\.com$      :: yes
"c":"alice@example.com.evil"  :: jwt-claim c match @example\.com$      :: no
"c":"alice@exampleXcom"       :: jwt-claim c match @example\.com$      :: no
"c":"alice@example.com\n"     :: jwt-claim c match @example\.com$      :: no
"c":"x\nalice@example.com"    :: jwt-claim c match ^alice@             :: no
"c":"xadminx"                 :: jwt-claim c match admin               :: yes
"c":"xadminx"                 :: jwt-claim c match ^admin$             :: no
"c":"Admin"                   :: jwt-claim c match ^admin$             :: no
"c":"Admin"                   :: jwt-claim c match (?i)^admin$         :: yes
"c":""                        :: jwt-claim c match ^$                  :: yes
"c":"a b"                     :: jwt-claim c match "^a b$"             :: yes
"c":"12"                      :: jwt-claim c match "^\d+$"             :: yes
"c":12                        :: jwt-claim c match "^\d+$"             :: no
"c":true                      :: jwt-claim c match true                :: no
"c":null                      :: jwt-claim c match .*                  :: no
"c":["admin"]                 :: jwt-claim c match admin               :: no
"c":{"admin":1}               :: jwt-claim c match admin               :: no
"d":"admin"                   :: jwt-claim c match .*                  :: no
"c":"1"                       :: jwt-claim c match 1                   :: yes
"c":"étage"                   :: jwt-claim c match ^é                  :: yes
# exists
"c":"x"                       :: jwt-claim c exists            :: yes
"c":""                        :: jwt-claim c exists            :: yes
"c":0                         :: jwt-claim c exists            :: yes
"c":false                     :: jwt-claim c exists            :: yes
"c":null                      :: jwt-claim c exists            :: yes
"c":[]                        :: jwt-claim c exists            :: yes
"c":{}                        :: jwt-claim c exists            :: yes
"d":1                         :: jwt-claim c exists            :: no
"C":1                         :: jwt-claim c exists            :: no
"c ":1                        :: jwt-claim c exists            :: no
"":1                          :: jwt-claim c exists            :: no
# paths
"a":{"b":"x"}                 :: jwt-claim a.b eq x            :: yes
"a":{"b":{"c":1}}             :: jwt-claim a.b.c eq 1          :: yes
"a":{"b":{"c":1}}             :: jwt-claim a.b exists          :: yes
"a":{"B":"x"}                 :: jwt-claim a.b eq x            :: no
"a.b":"x"                     :: jwt-claim a.b eq x            :: no
"a.b":"x"                     :: jwt-claim a\.b eq x           :: yes
"a":{"b":"x"}                 :: jwt-claim a\.b eq x           :: no
"https://example.com/roles":["admin"] :: jwt-claim https://example\.com/roles any admin :: yes
"a":["x","y"]                 :: jwt-claim a[0] eq x           :: yes
"a":["x","y"]                 :: jwt-claim a[1] eq y           :: yes
"a":["x","y"]                 :: jwt-claim a[2] exists         :: no
"a":[]                        :: jwt-claim a[0] exists         :: no
"a":"x"                       :: jwt-claim a[0] exists         :: no
"a":{"0":"x"}                 :: jwt-claim a[0] exists         :: no
"a":{"0":"x"}                 :: jwt-claim a.0 eq x            :: yes
"a":["x"]                     :: jwt-claim a.0 exists          :: no
"a":[["x","y"]]               :: jwt-claim a[0][1] eq y        :: yes
"a":[{"b":["x"]}]             :: jwt-claim a[0].b[0] eq x      :: yes
"a[0]":"x"                    :: jwt-claim a\[0\] eq x          :: yes
"a":["x"]                     :: jwt-claim a\[0\] eq x          :: no
"a\\b":"x"                    :: jwt-claim "a\\\\b" eq x       :: yes
"a":null                      :: jwt-claim a.b exists          :: no
"a":{"b":null}                :: jwt-claim a.b exists          :: yes
"a b":"x"                     :: jwt-claim "a b" eq x          :: yes
"é":"x"                       :: jwt-claim é eq x              :: yes
"a":{"":"x"}                  :: jwt-claim a exists            :: yes
"c":1                         :: jwt-claim user_id eq "1"      :: yes
"c":1                         :: jwt-claim exp gt 1700000000   :: yes
"c":1                         :: jwt-claim token_type eq access :: yes
# scopes
"scope":"read write"          :: jwt-scope read                :: yes
"scope":"read write"          :: jwt-scope read write          :: yes
"scope":"write read"          :: jwt-scope read write          :: yes
"scope":"read"                :: jwt-scope read write          :: no
"scope":"reader"              :: jwt-scope read                :: no
"scope":"Read"                :: jwt-scope read                :: no
"scope":"xread"               :: jwt-scope read                :: no
"scope":"  read  "            :: jwt-scope read                :: yes
"scope":"read\twrite"         :: jwt-scope read                :: no
"scope":"read,write"          :: jwt-scope read                :: no
"scope":""                    :: jwt-scope read                :: no
"scope":["read"]              :: jwt-scope read                :: no
"scope":{"read":true}         :: jwt-scope read                :: no
"scope":null                  :: jwt-scope read                :: no
"scp":["read","write"]        :: jwt-scope read write          :: yes
"scp":["read write"]          :: jwt-scope read                :: no
"scp":[]                      :: jwt-scope read                :: no
"scp":"read"                  :: jwt-scope read                :: no
"scp":[1,null,["read"]]       :: jwt-scope read                :: no
"scope":"read","scp":["write"] :: jwt-scope read write         :: yes
"scopes":"read"               :: jwt-scope read                :: no
"scope":"https://x.test/r a:b" :: jwt-scope https://x.test/r a:b :: yes
TABLE

my @rows = map { [ split / +:: +/ ] } grep { /\S/ && !/^#/ } split /\n/, $table;
cmp_ok scalar(@rows), '>=', 150, 'the table has at least 150 rows';

# One location for each requirement, and one that wants the opposite.
my (%place, $locations);
for my $line (map { $_->[1] } @rows) {
    next if $place{$line};
    my $name = $place{$line} = 'r' . keys %place;
    $locations .= <<"CONF";
<Location "/$name">
    Require $line
</Location>
<Location "/not-$name">
    <RequireAll>
        Require valid-user
        Require not $line
    </RequireAll>
</Location>
<Location "/none-$name">
    <RequireAll>
        Require valid-user
        <RequireNone>
            Require $line
        </RequireNone>
    </RequireAll>
</Location>
CONF
}

# ---- the server --------------------------------------------------------------------------

spew("$dir/users", 'alice:' . password_hash('$6$', 'basic pass phrase') . "\n");
secret('basic pass phrase');
my $basic = 'Basic ' . encode_base64('alice:basic pass phrase', '');
mkdir "$dir/bad";
spew("$dir/bad/page", "A PAGE\n");
spew("$dir/parts.shtml", "[<!--#include virtual=\"/role/page\" -->]\n");

my $server = httpd_start(<<"CONF");
DBDriver sqlite3
DBDParams "\${T_DIR}/db/site.db"
AuthJWTKey - HS256 "\${T_DIR}/keys/site.key"
AliasMatch "^/[\\w-]+(/[^/]+)\$" "$dir\$1"
Alias "/files" "$dir"
<Directory "$dir">
    AuthType JWT
    AuthName here
    AuthUserFile "$dir/users"
    AuthBasicProvider file
    Require all denied
    Options +IncludesNoExec
    AddOutputFilter INCLUDES .shtml
    AddType text/html .shtml
</Directory>
<Directory "$dir/bad">
    AllowOverride AuthConfig
</Directory>
$locations
<Location "/role">
    Require jwt-claim role eq admin
</Location>
<Location "/scope">
    Require jwt-scope read write
</Location>
<Location "/any-of-two">
    Require jwt-scope read
    Require jwt-claim role eq admin
</Location>
<Location "/user-or-scope">
    Require jwt-scope read
    Require user alice
</Location>
<Location "/all-of-two">
    <RequireAll>
        Require user bob
        Require jwt-scope read
    </RequireAll>
</Location>
<Location "/elsewhere">
    <RequireAll>
        Require jwt-claim role eq admin
        Require ip 192.0.2.1
    </RequireAll>
</Location>
<Location "/not-banned">
    <RequireAll>
        Require valid-user
        Require not jwt-claim banned eq true
    </RequireAll>
</Location>
<Location "/slow">
    Require jwt-claim c match "^(a+)+\$"
</Location>
<Location "/not-slow">
    <RequireAll>
        Require valid-user
        Require not jwt-claim c match "^(a+)+\$"
    </RequireAll>
</Location>
<Location "/none-slow">
    <RequireAll>
        Require valid-user
        <RequireNone>
            Require jwt-claim c match "^(a+)+\$"
        </RequireNone>
    </RequireAll>
</Location>
<Location "/slow-or-alice">
    Require jwt-claim c match "^(a+)+\$"
    Require user alice
</Location>
<LocationMatch "^/basic-">
    AuthType Basic
</LocationMatch>
<Location "/basic-claim">
    Require jwt-claim user_id exists
    Require jwt-scope read
</Location>
<Location "/basic-not">
    <RequireAll>
        Require valid-user
        Require not jwt-claim banned eq true
    </RequireAll>
</Location>
<Location "/basic-none">
    <RequireAll>
        Require valid-user
        <RequireNone>
            Require jwt-scope banned
        </RequireNone>
    </RequireAll>
</Location>
<Location "/basic-page">
    Require valid-user
</Location>
CONF

# With the bytes of its claims as they are written here.
sub token_with
{
    my ($members) = @_;
    return token({}, payload => sprintf '{"token_type":"access","exp":%d,"jti":"%032x","user_id":"1",%s}',
        time + 300, int rand 1e15, $members);
}

sub page
{
    my ($path, $members, %option) = @_;
    return request($option{method} || 'GET', "$path/" . ($option{page} || 'page'), port => $server->port,
        defined $members ? (token => token_with($members)) : (), headers => $option{headers} || []);
}

sub challenge { return join ' / ', $_[0]->header('WWW-Authenticate') }

for my $row (@rows) {
    my ($members, $line, $answer) = @$row;
    my $met = $answer eq 'yes';
    is page("/$place{$line}", $members)->code, $met ? 200 : 403, "{$members}: $line: $answer";
}

# The opposite is the opposite, for every row.
for my $form (qw(not none)) {
    my @wrong = grep { my ($members, $line, $answer) = @$_;
        page("/$form-$place{$line}", $members)->code != ($answer eq 'yes' ? 403 : 200) } @rows;
    is join("\n", map { "{$_->[0]}: $_->[1]" } @wrong), '', "in a $form each row has the other answer";
}

# ---- what clients are told ---------------------------------------------------------------

my $FORBIDDEN = '{"detail":"You do not have permission to perform this action."}';
my $SCOPE = 'Bearer realm="here", error="insufficient_scope"';
for (
    [ 'a claim', '/role', '"role":"x"', $SCOPE ],
    [ 'scopes', '/scope', '"scope":"read"', "$SCOPE, scope=\"read write\"" ],
    [ 'a scope or a claim', '/any-of-two', '"role":"x"', "$SCOPE, scope=\"read\"" ],
    [ 'a user, before the scope was asked for', '/all-of-two', '"scope":"x"', '' ],
    [ 'a claim that must not be', '/not-banned', '"banned":true', $SCOPE ],
) {
    my ($why, $path, $members, $challenge) = @$_;
    my $answer = page($path, $members);
    is $answer->code, 403, "refused by $why";
    is $answer->content, $FORBIDDEN, "$why: what is told";
    is challenge($answer), $challenge, "$why: the challenge";
    like $answer->header('Cache-Control'), qr/\bno-store\b/, "$why: for nobody's cache";
}
{
    my $answer = page('/elsewhere', '"role":"admin"');
    is $answer->code . challenge($answer), 403, 'where the address refuses nobody is told of scopes';
}
for (
    [ 'a claim', '/role', '"role":"admin"' ],
    [ 'the second alternative', '/any-of-two', '"role":"admin"' ],
    [ 'the user, whom no scope was needed for', '/user-or-scope', '"scope":"x"' ],
    [ 'a claim that is not there', '/not-banned', '"x":1' ],
) {
    my ($why, $path, $members) = @$_;
    my $answer = page($path, $members);
    is $answer->code, 200, "let in by $why";
    is $answer->content, "A PAGE\n", "$why: with the page";
    is challenge($answer), '', "$why: no challenge";
}
for my $path (qw(/role /scope /any-of-two /not-banned /slow)) {
    for ([ 'no token', undef, 'Bearer realm="here"' ],
        [ 'a bad one', '"exp":1', 'Bearer realm="here", error="invalid_token"' ]) {
        my ($why, $members, $challenge) = @$_;
        my $answer = request(GET => "$path/page", port => $server->port,
            $members ? (token => token({ exp => 1 })) : ());
        is $answer->code, 401, "$path: $why";
        is challenge($answer), $challenge, "$path: $why: the challenge";
    }
}
{
    my $mark = $server->log_mark;
    page('/role', '"role":"x"');
    ok wait_until(3, sub { $server->log_since($mark) =~
        /JWT0101: refused \(claim_refused\): .*'jwt-claim role eq admin'/ }), 'the log has the line';
    $mark = $server->log_mark;
    page('/not-banned', '"banned":true');
    ok wait_until(3, sub { $server->log_since($mark) =~
        /JWT0101: refused \(claim_refused\): the Require lines want 'not jwt-claim banned eq true'/ }),
        'and says so where one has what nobody may have';
    for my $method (qw(HEAD POST OPTIONS DELETE)) {
        is page('/role', '"role":"x"', method => $method)->code, 403, "$method is refused, too";
        is page('/role', '"role":"admin"', method => 'HEAD')->code, 200, '... not HEAD with the claim';
    }
}

# ---- one after the other on one connection ------------------------------------------------

{
    my $connection = JWTTest::Connection->new($server->port);
    my %token = map { $_ => token({ role => $_, groups => [ $_, { of => [$_] } ] }) } qw(admin x);
    my @answers = map {
        my ($path, $role) = @$_;
        $connection->ask(GET => "$path/page", headers => [ Authorization => "Bearer $token{$role}" ])->code
    } ([ '/role', 'admin' ], [ '/role', 'admin' ], [ '/role', 'x' ], [ '/role', 'x' ], [ '/role', 'admin' ],
        [ '/scope', 'admin' ], [ '/role', 'x' ], [ '/role', 'admin' ]);
    is_deeply \@answers, [ 200, 200, 403, 403, 200, 403, 403, 200 ], 'each has the claims of its own token';
    is $connection->opened, 1, '... on one connection';
}

# ---- nobody else's users -----------------------------------------------------------------

my @basic = (headers => [ Authorization => $basic ]);
is page('/basic-page', undef, @basic)->code, 200, 'a Basic user sees a page of his';
is page($_, undef, @basic)->code, 401, "$_: but has no claims" for qw(/basic-claim /basic-not /basic-none);
{
    my $answer = page('/basic-page', undef, @basic, page => 'parts.shtml');
    is $answer->code, 200, 'a page for Basic users';
    unlike $answer->content, qr/A PAGE/, '... cannot include one for a claim';
    unlike page('/basic-page', '"role":"admin"', page => 'parts.shtml')->content, qr/A PAGE/,
        '... nor does a token open it';
}

# ---- expressions that take for ever ------------------------------------------------------

my $bomb = '"c":"' . 'a' x 60 . '!"';
for my $path (qw(/slow /not-slow /none-slow)) {
    my $mark = $server->log_mark;
    my $before = time;
    is page($path, $bomb)->code, 403, "$path: an expression that takes too long refuses";
    cmp_ok time - $before, '<', 5, "$path: ... in a moment";
    ok wait_until(3, sub { $server->log_since($mark) =~ /JWT0122: 'jwt-claim c match "\^\(a\+\)\+\$"'/ }),
        "$path: ... and says so";
}
is page('/slow-or-alice', $bomb)->code, 200, 'another line may still let in';
is page('/slow', '"c":"aaaa"')->code, 200, 'what ends in time is judged';
is page('/not-slow', '"c":"b"')->code, 200, '... and its opposite';

# ---- .htaccess ---------------------------------------------------------------------------

sub htaccess
{
    my ($lines, $members) = @_;
    spew("$dir/bad/.htaccess", "$lines\n");
    return page('/files/bad', $members);
}

my $admin = '"role":"admin"';
is htaccess('Require jwt-claim role eq admin', $admin)->code, 200, '.htaccess: a claim';
is htaccess('Require jwt-claim role eq admin', '"role":"x"')->code, 403, '... another one';
is challenge(htaccess('Require jwt-scope read', $admin)), "$SCOPE, scope=\"read\"", '... a scope';
is htaccess('Require jwt-claim role eq admin')->code, 401, '... no token';
my $negative = "<RequireAll>\n%s\nRequire not jwt-claim role eq x\n</RequireAll>";
is htaccess(sprintf($negative, 'Require valid-user'), $admin)->code, 200, '.htaccess: not';
is htaccess(sprintf($negative, 'Require valid-user'))->code, 401, '... without a token';
for (
    [ 'an operator', 'Require jwt-claim role is admin', qr/'is' is no operator/ ],
    [ 'an expression', 'Require jwt-claim role match (', qr/'\(' is no regular expression/ ],
    [ 'not, for everybody', sprintf($negative, 'Require all granted'), qr/add: Require valid-user/ ],
) {
    my ($why, $lines, $message) = @$_;
    my $mark = $server->log_mark;
    is htaccess($lines, $admin)->code, 500, ".htaccess: a bad line: $why";
    is htaccess($lines)->code, 500, '... also without a token';
    ok wait_until(3, sub { $server->log_since($mark) =~ $message }), '... and the log has it';
}

# ---- lines that stop the start -----------------------------------------------------------

my $top = qq(DBDriver sqlite3\nDBDParams "\${T_DIR}/db/site.db"\nAuthJWTKey - HS256 keys/site.key\n);

sub said
{
    my ($lines) = @_;
    my ($status, $output) = configtest("$top<Location \"/x\">\nAuthType JWT\n$lines\n</Location>\n");
    return $status ? (split /\n/, $output)[1] =~ s/\\\\/\\/gr : 'passes';
}

my $usage = 'Require jwt-claim: takes PATH OP VALUE, such as: Require jwt-claim roles any admin';
my $operators = 'write one of: eq ne gt ge lt le in any all match exists';
for (
    [ 'Require jwt-claim', $usage ],
    [ 'Require jwt-claim role', $usage ],
    [ 'Require jwt-claim role is admin', "Require jwt-claim: 'is' is no operator; $operators" ],
    [ 'Require jwt-claim role EQ admin', "Require jwt-claim: 'EQ' is no operator; $operators" ],
    [ 'Require jwt-claim role = admin', "Require jwt-claim: '=' is no operator; $operators" ],
    [ 'Require jwt-claim role=admin', $usage ],
    [ 'Require jwt-claim role eq', 'Require jwt-claim: eq takes one value, here are 0; write it behind the '
        . 'operator, in quotation marks if it has blanks' ],
    [ 'Require jwt-claim role eq ad min', 'Require jwt-claim: eq takes one value, here are 2; write it behind '
        . 'the operator, in quotation marks if it has blanks' ],
    [ 'Require jwt-claim role match a b', 'Require jwt-claim: match takes one value, here are 2; write it '
        . 'behind the operator, in quotation marks if it has blanks' ],
    [ 'Require jwt-claim role any', 'Require jwt-claim: any takes values; write one or more behind it' ],
    [ 'Require jwt-claim role exists now', 'Require jwt-claim: exists takes no value; leave \'now\' out' ],
    [ 'Require jwt-claim c eq 9223372036854775808', "Require jwt-claim: the number '9223372036854775808' does "
        . 'not fit 64 bits; write it in quotation marks if the claim is a string' ],
    [ 'Require jwt-claim c eq 1e400', "Require jwt-claim: the number '1e400' does not fit 64 bits; write it "
        . 'in quotation marks if the claim is a string' ],
    [ 'Require jwt-claim c eq ["a"]', q(Require jwt-claim: '["a"]' would be an array or object, which no )
        . 'operator compares; write it in quotation marks if the claim is a string' ],
    [ 'Require jwt-claim c in a {}', q(Require jwt-claim: '{}' would be an array or object, which no operator )
        . 'compares; write it in quotation marks if the claim is a string' ],
    [ 'Require jwt-claim c gt true', "Require jwt-claim: gt compares numbers and strings; 'true' is neither" ],
    [ 'Require jwt-claim c le null', "Require jwt-claim: le compares numbers and strings; 'null' is neither" ],
    [ 'Require jwt-claim c ne null', "Require jwt-claim: ne null would never be true, as no other value has "
        . 'its type; write exists, and Require not with eq null' ],
    [ "Require jwt-claim c eq \xff", 'Require jwt-claim: a value is no UTF-8, which claims are in; write it in '
        . 'UTF-8' ],
    [ "Require jwt-claim \xff eq x", 'Require jwt-claim: the path is no UTF-8, which claims are in; write it '
        . 'in UTF-8' ],
    [ 'Require jwt-claim c match (', "Require jwt-claim: '(' is no regular expression; write one as for "
        . 'LocationMatch, such as ^admin' ],
    (map { [ "Require jwt-claim $_ exists", "Require jwt-claim: '$_' is no path; write names with dots "
        . 'between them and elements as [0], such as realm_access.roles[0]' ] }
        qw(. a. .a a..b [0] a[ a] a[] a[x] a[-1] a[0 a[0]b a[01] a\\ a\\b a[100000])),
    [ 'Require jwt-claim https://x.test/roles any a', "Require jwt-claim: 'https://x.test/roles' has dots that "
        . 'seem to belong to a name; write a backslash in front of each of them' ],
    [ 'Require jwt-scope', 'Require jwt-scope: takes names of scopes, such as: Require jwt-scope orders.read' ],
    [ 'Require jwt-scope "read write"', "Require jwt-scope: 'read write' is no scope; write each by itself, "
        . 'without quotation marks and backslashes in it' ],
    [ 'Require jwt-scope "a\"b"', "Require jwt-scope: 'a\"b' is no scope; write each by itself, without "
        . 'quotation marks and backslashes in it' ],
    [ 'Require jwt-scope ""', "Require jwt-scope: '' is no scope; write each by itself, without quotation "
        . 'marks and backslashes in it' ],
) {
    my ($line, $message) = @$_;
    is said($line), $message, "'$line' stops the start";
}

# ---- not, where nobody need be known -----------------------------------------------------

sub alone
{
    my ($line) = @_;
    return "$line: decides nothing before there is a user, and nothing here asks for one; add: "
        . 'Require valid-user (in a <RequireAll> around it)';
}

my $not = 'Require not jwt-claim banned eq true';
my $not_said = alone('Require not jwt-claim banned eq true');
my $none_said = alone('<RequireNone> Require jwt-scope banned');
sub all  { return join "\n", '<RequireAll>', @_, '</RequireAll>' }
sub any  { return join "\n", '<RequireAny>', @_, '</RequireAny>' }
sub none { return join "\n", '<RequireNone>', @_, '</RequireNone>' }
sub limit { return join "\n", '<Limit POST>', @_, '</Limit>' }
my $scope = 'Require jwt-scope banned';
my $valid = 'Require valid-user';
my $granted = 'Require all granted';
for (
    [ 'beside valid-user', all($valid, $not), 'passes' ],
    [ '... in the other order', all($not, $valid), 'passes' ],
    [ 'beside a user', all('Require user alice', $not), 'passes' ],
    [ 'beside a claim', all('Require jwt-claim role eq x', $not), 'passes' ],
    [ 'beside a scope', all('Require jwt-scope x', $not), 'passes' ],
    [ 'beside a group', all('Require group x', $not), 'passes' ],
    [ 'beside an address', all('Require ip 192.0.2.1', $not), $not_said ],
    [ 'beside all granted', all($granted, $not), $not_said ],
    [ 'beside another not', all($granted, 'Require not user x', $not), $not_said ],
    [ 'beside an expression', all(q(Require expr "%{REMOTE_USER} != 'x'"), $not), $not_said ],
    [ 'beside alternatives that all want a user', all(any($valid, 'Require user x'), $not), 'passes' ],
    [ 'beside alternatives that do not', all(any($valid, 'Require ip 192.0.2.1'), $not), $not_said ],
    [ 'beside no alternatives of its own kind', all(none('Require user x'), $granted, $not), $not_said ],
    [ 'beside all of two', all(all($granted, $valid), $not), 'passes' ],
    [ 'in a group within', all($valid, any(all($granted, $not), 'Require user x')), 'passes' ],
    [ 'where the group around has alternatives', any($valid, all($granted, $not)), $not_said ],
    [ 'beside one for a method alone', all($granted, limit($valid), $not), $not_said ],
    [ 'for a method, beside one for all', all($valid, limit($not)), 'passes' ],
    [ 'none, beside valid-user', all($valid, none($scope)), 'passes' ],
    [ 'none, beside all granted', all($granted, none($scope)), $none_said ],
    [ 'none, with more', all($granted, none('Require ip 192.0.2.1', $scope)), $none_said ],
    [ 'none, within', all($granted, none(any('Require ip 192.0.2.1', $scope))), $none_said ],
) {
    my ($why, $lines, $message) = @$_;
    is said($lines), $message, "not, $why";
}
{
    my ($status, $output) = configtest($top . "<AuthzProviderAlias jwt-claim admins \"role eq admin\">\n"
        . "</AuthzProviderAlias>\n");
    like $output, qr/Require jwt-claim: in <AuthzProviderAlias> nobody sees where it stands; write the line /,
        'no alias';
}

done_testing;
