# A token beside what else decides in httpd: groups in a file, in a database and in a directory, addresses,
# sections within sections, methods, conditions, virtual hosts, and users of another kind.
#
# Runs beside others: it has servers of its own.
use strict;
use warnings;
use Test::More;
use JWTTest;
use JWTTest::Directory;
use MIME::Base64 qw(encode_base64);

only_under(qw(event prefork));
skip_without(qw(include rewrite actions));

my $dir = scratch('pages');
mkdir $dir;
mkdir "$dir/$_" for qw(jwt basic from-jwt from-basic);
secret('basic pass phrase');
spew("$dir/users", 'alice:' . password_hash('$6$', 'basic pass phrase') . "\n");
spew("$dir/groups", "staff: alice\nguests: carol\nnobody:\n");
spew("$dir/$_/page.html", uc . "_MARK\n") for qw(jwt basic);
for my $from (qw(jwt basic)) {
    spew("$dir/from-$from/$_.shtml", qq([<!--#include virtual="/pages/$_/page.html" -->])) for qw(jwt basic);
}
my $basic = 'Basic ' . encode_base64('alice:basic pass phrase', '');
my $env = var('t_dir') . '/cgi-bin/env';

# Groups for mod_authz_dbd, in a database of their own, as nothing else here may be changed.
my $db = scratch('db');
mkdir $db;
sqlite("PRAGMA journal_mode=WAL; CREATE TABLE members(name TEXT, team TEXT); INSERT INTO members VALUES('alice', 'staff'),"
    . "('carol', 'guests'), ('dave', 'staff');" . slurp(var('src_dir') . '/conf/schema/sqlite.sql') =~ s/^PRAGMA.*$//mr
    . JWTTest::Users::insert_users(), "$db/site.db");
chown((getpwnam var('user'))[2, 3], $db, glob "$db/*") unless $>;

# Members of a group in a directory, by name and by DN.
my %can = map { $_ => can_load($_) } qw(authz_dbd ldap authnz_ldap access_compat);
my $has_ldap = $can{ldap} && $can{authnz_ldap} && JWTTest::Directory::installed();
my $ldap = $has_ldap && JWTTest::Directory->start([ map({ { uid => $_ } } qw(alice carol)),
    { uid => 'by-name', description => 'alice' }, { uid => 'by-dn', description => 'uid=alice,cn=site' } ], port => port(1));
my @more = (($has_ldap ? qw(ldap authnz_ldap) : ()), grep { $can{$_} && !has_module($_) } qw(authz_dbd access_compat));
my $ldap_url = $has_ldap ? $ldap->url : '';

my $server = httpd_start(<<"CONF", with => \@more);
DBDriver sqlite3
DBDParams "$db/site.db"
AuthJWTKey - HS256 "\${T_DIR}/keys/site.key"
AuthJWTTokenSource header cookie:token
AuthJWTCSRF Off
ScriptAliasMatch "^/at/" "$env"
Alias "/pages" "$dir"
<Directory "$dir">
    Require all granted
    Options +Includes +FollowSymLinks
    AddType text/html .html .shtml
    AddOutputFilter INCLUDES .shtml
</Directory>
<Location "/at">
    AuthType JWT
    AuthGroupFile "$dir/groups"
</Location>

<Location "/at/group">
    Require group staff
</Location>
<Location "/at/two-groups">
    Require group staff guests
</Location>
<Location "/at/no-group">
    Require group nobody
</Location>
<Location "/at/group-and-claim">
    <RequireAll>
        Require group staff guests
        Require jwt-claim role eq admin
    </RequireAll>
</Location>
<Location "/at/group-or-claim">
    Require group guests
    Require jwt-claim role eq admin
</Location>
<Location "/at/not-group">
    <RequireAll>
        Require valid-user
        Require not group staff
    </RequireAll>
</Location>
<IfModule authz_dbd_module>
    <LocationMatch "^/at/dbd-">
        AuthzDBDQuery "SELECT team FROM members WHERE name = %s"
    </LocationMatch>
    <Location "/at/dbd-group">
        Require dbd-group staff
    </Location>
    <Location "/at/dbd-and-file">
        <RequireAll>
            Require dbd-group staff
            Require group staff
        </RequireAll>
    </Location>
    <Location "/at/dbd-not">
        <RequireAll>
            Require valid-user
            Require not dbd-group staff
        </RequireAll>
    </Location>
</IfModule>
<IfModule authnz_ldap_module>
    LDAPConnectionTimeout 1
    LDAPTimeout 1
    LDAPRetries 1
    LDAPCacheEntries 0
    LDAPOpCacheEntries 0
    <LocationMatch "^/at/ldap-">
        AuthLDAPURL "$ldap_url?uid?one"
        AuthLDAPGroupAttribute description
    </LocationMatch>
    <Location "/at/ldap-name">
        AuthLDAPGroupAttributeIsDN Off
        Require ldap-group uid=by-name,cn=site
    </Location>
    <Location "/at/ldap-dn">
        Require ldap-group uid=by-dn,cn=site
    </Location>
    <Location "/at/ldap-not">
        <RequireAll>
            Require valid-user
            Require not ldap-group uid=by-dn,cn=site
        </RequireAll>
    </Location>
</IfModule>

<Location "/at/here">
    <RequireAll>
        Require ip 127.0.0.1
        Require user alice
    </RequireAll>
</Location>
<Location "/at/here-or-token">
    Require ip 127.0.0.1
    Require valid-user
</Location>
<Location "/at/elsewhere-or-token">
    Require ip 192.0.2.1
    Require user alice
</Location>
<IfModule access_compat_module>
    # It merges nothing: a section has all of its lines, or those of another.
@{[ map { my $satisfy = $_; map { my ($place, $address) = @$_; <<"SATISFY" } [ here => '127.0.0.1' ], [ elsewhere => '192.0.2.1' ] } qw(any all) ]}
    <Location "/at/$satisfy-$place">
        Require user alice
        Order deny,allow
        Deny from all
        Allow from $address
        Satisfy $satisfy
    </Location>
SATISFY
    <Location "/at/any-here/optional">
        AuthJWTOptional On
    </Location>
</IfModule>

<Location "/at/outer">
    Require user alice dave
</Location>
<Location "/at/outer/off">
    Require user carol
</Location>
<Location "/at/outer/off-explicit">
    AuthMerging Off
    Require user carol
</Location>
<Location "/at/outer/and">
    AuthMerging And
    Require jwt-claim role eq admin
</Location>
<Location "/at/outer/and/or">
    AuthMerging Or
    Require user carol
</Location>
<Location "/at/outer/or">
    AuthMerging Or
    Require user carol
</Location>
<Location "/at/outer/or-elsewhere">
    AuthMerging Or
    Require ip 192.0.2.1
</Location>
<Location "/at/outer/and-elsewhere">
    AuthMerging And
    Require ip 192.0.2.1
</Location>
<Location "/at/outer/and-here">
    AuthMerging And
    Require ip 127.0.0.1
</Location>
<Location "/at/outer/open">
    Require all granted
</Location>
<Location "/at/outer/basic">
    AuthType Basic
    AuthName here
    AuthBasicProvider file
    AuthUserFile "$dir/users"
</Location>

<Location "/at/limit">
    <Limit POST PUT>
        Require user alice
    </Limit>
</Location>
<Location "/at/limit-get">
    <Limit GET>
        Require user alice
    </Limit>
    <LimitExcept GET>
        Require user carol
    </LimitExcept>
</Location>
<Location "/at/limit-except">
    <LimitExcept GET>
        Require user alice
    </LimitExcept>
</Location>

<Location "/at/if">
    Require user alice dave
    <If "%{HTTP:X-If} == 'carol'">
        Require user carol
    </If>
    <ElseIf "%{HTTP:X-If} == 'and'">
        AuthMerging And
        Require jwt-claim role eq admin
    </ElseIf>
    <Else>
        AuthJWTMaxTokenAge 10min
    </Else>
</Location>
<Location "/at/if-open">
    AuthType None
    Require all granted
    <If "%{HTTP:X-If} == 'closed'">
        AuthType JWT
        Require user alice
    </If>
</Location>

<Directory "$dir/jwt">
    AuthType JWT
    Require user alice
</Directory>
<Directory "$dir/from-jwt">
    AuthType JWT
    Require user alice
</Directory>
<DirectoryMatch "^$dir/(?:from-)?basic">
    AuthType Basic
    AuthName here
    AuthBasicProvider file
    AuthUserFile "$dir/users"
    Require user alice
</DirectoryMatch>
# An Action has the path that was asked for behind its own.
<DirectoryMatch "^$dir/(?:jwt|basic)">
    AcceptPathInfo On
</DirectoryMatch>
<DirectoryMatch "^$dir/from-">
    RewriteEngine On
    RewriteRule "rewritten-(jwt|basic)\$" "/pages/\$1/page.html" [PT,L]
</DirectoryMatch>
Action show-jwt /pages/jwt/page.html virtual
Action show-basic /pages/basic/page.html virtual
@{[ map { my $to = $_; map { <<"WAYS" } qw(from-jwt from-basic) } qw(jwt basic) ]}
<Location "/pages/$_/index-$to/">
    DirectoryIndex /pages/$to/page.html
</Location>
<Location "/pages/$_/missing-$to">
    ErrorDocument 404 /pages/$to/page.html
</Location>
<Location "/pages/$_/acted-$to">
    SetHandler show-$to
</Location>
<Location "/pages/$_/fallback-$to">
    FallbackResource /pages/$to/page.html
</Location>
WAYS

Listen 127.0.0.1:\${PORT_1}
<VirtualHost 127.0.0.1:\${PORT_1}>
    AuthJWTAudience one shared
    AuthJWTEndpoints /auth
    <Location "/at">
        Require valid-user
    </Location>
</VirtualHost>
Listen 127.0.0.1:\${PORT_2}
<VirtualHost 127.0.0.1:\${PORT_2}>
    AuthJWTAudience two shared
    AuthJWTEndpoints /auth
    <Location "/at">
        Require valid-user
    </Location>
</VirtualHost>
CONF
mkdir "$dir/$_" for map { my $to = $_; map { "$_/index-$to" } qw(from-jwt from-basic) } qw(jwt basic);

sub ask
{
    my ($method, $path, @option) = @_;
    return request($method, $path, port => $server->port, @option);
}

# ---- what decides beside a token ---------------------------------------------------------------------------

my @who = ([ nobody => undef ], [ alice => 'Bearer ' . token({ role => 'admin' }) ], [ carol => 'Bearer ' . token({ user_id => '3' }) ],
    [ dave => 'Bearer ' . token({ user_id => '4', role => 'admin' }) ], [ 'a Basic user' => $basic ],
    [ 'an old token' => 'Bearer ' . token({ exp => 1 }) ]);

sub is_table
{
    my ($method, $headers, @rows) = @_;
    for (@rows) {
        my ($why, $path, @codes) = @$_;
        for my $i (0 .. $#who) {
            my ($who, $credential) = @{ $who[$i] };
            my $answer = ask($method, "/at/$path/x", headers => [ @$headers, $credential ? (Authorization => $credential) : () ]);
            my $name = join ' ', "$why:", $method, @$headers, $who;
            is $answer->code, $codes[$i], $name;
            is !!($answer->content =~ /^GATEWAY_INTERFACE/m), $codes[$i] == 200, "$name: the page, or nothing of it" if $method ne 'HEAD';
            next unless $codes[$i] == 200 && $method ne 'HEAD';
            # Who is let in without a question has no name.
            my ($name_told) = $answer->content =~ /^REMOTE_USER=(.*)$/m;
            like $name_told // 'nobody', qr/^(?:\Q$who\E|nobody)$/, "$name: as nobody else" if $who ne 'a Basic user';
            isnt $name_told, 'alice', "$name: not as a user with a token" if $who eq 'a Basic user' && $path !~ /basic/;
        }
    }
}

#                                            nobody alice carol dave Basic old
is_table(GET => [],
    [ 'group', 'group',                         401, 200, 403, 403, 401, 401 ],
    [ 'one of two groups', 'two-groups',        401, 200, 200, 403, 401, 401 ],
    [ 'a group of nobody', 'no-group',          401, 403, 403, 403, 401, 401 ],
    [ 'a group and a claim', 'group-and-claim', 401, 200, 403, 403, 401, 401 ],
    [ 'a group or a claim', 'group-or-claim',   401, 200, 200, 200, 401, 401 ],
    [ 'not a group', 'not-group',               401, 403, 200, 200, 401, 401 ],
    [ 'an address and a user', 'here',          401, 200, 403, 403, 401, 401 ],
    [ 'this address or a token', 'here-or-token',           200, 200, 200, 200, 200, 200 ],
    [ 'another address or a token', 'elsewhere-or-token',   401, 200, 403, 403, 401, 401 ]);
is_table(GET => [],
    [ 'dbd-group', 'dbd-group',                 401, 200, 403, 200, 401, 401 ],
    [ 'dbd-group and group', 'dbd-and-file',    401, 200, 403, 403, 401, 401 ],
    [ 'not dbd-group', 'dbd-not',               401, 403, 200, 403, 401, 401 ]) if $can{authz_dbd};
if ($has_ldap) {
    is_table(GET => [],
        [ 'ldap-group', 'ldap-dn',              401, 200, 403, 403, 401, 401 ],
        [ 'not ldap-group', 'ldap-not',         401, 403, 200, 200, 401, 401 ]);
    # mod_authnz_ldap knows a name by itself of its own users alone.
    is ask(GET => '/at/ldap-name/x', headers => [ Authorization => $who[$_][1] ])->code, 403, "ldap-group by name: $who[$_][0]"
        for 2, 3;
    $ldap->down;
    is ask(GET => '/at/ldap-dn/x', headers => [ Authorization => $who[1][1] ])->code, 403, 'ldap-group: a directory that is down lets nobody in';
}

# As of mod_access_compat: with Any an address that may is not asked for a user; with All both decide.
is_table(GET => [],
    [ 'Satisfy Any, from here', 'any-here',             200, 200, 200, 200, 200, 200 ],
    [ '... where a token is optional', 'any-here/optional', 200, 200, 200, 200, 200, 200 ],
    [ 'Satisfy Any, from elsewhere', 'any-elsewhere',   401, 200, 403, 403, 401, 401 ],
    [ 'Satisfy All, from here', 'all-here',             401, 200, 403, 403, 401, 401 ],
    [ 'Satisfy All, from elsewhere', 'all-elsewhere',   403, 403, 403, 403, 403, 403 ]) if $can{access_compat};
if ($can{access_compat}) {
    for my $path (qw(any-here any-here/optional)) {
        unlike ask(GET => "/at/$path/x", headers => [ Authorization => $who[1][1] ])->content, qr/^(?:REMOTE_USER|AUTH_JWT_USER_ID)=/m,
            "Satisfy Any: who is not asked has no name, $path";
    }
}

# ---- sections ---------------------------------------------------------------------------------------------

is_table(GET => [],
    [ 'the outer section', 'outer',                     401, 200, 403, 200, 401, 401 ],
    [ 'an inner one takes its place', 'outer/off',      401, 403, 200, 403, 401, 401 ],
    [ 'AuthMerging Off', 'outer/off-explicit',          401, 403, 200, 403, 401, 401 ],
    [ 'AuthMerging And', 'outer/and',                   401, 200, 403, 200, 401, 401 ],
    [ 'AuthMerging Or within it', 'outer/and/or',       401, 200, 200, 200, 401, 401 ],
    [ 'AuthMerging Or', 'outer/or',                     401, 200, 200, 200, 401, 401 ],
    [ 'Or an address that is wrong', 'outer/or-elsewhere',      401, 200, 403, 200, 401, 401 ],
    [ 'And an address that is wrong', 'outer/and-elsewhere',    403, 403, 403, 403, 403, 403 ],
    [ 'And one that is right', 'outer/and-here',        401, 200, 403, 200, 401, 401 ],
    [ 'open to all', 'outer/open',                      200, 200, 200, 200, 200, 200 ],
    [ 'another AuthType', 'outer/basic',                401, 401, 401, 401, 200, 401 ]);

is_table($_ => [], [ 'Limit, another method', 'limit', (200) x 6 ]) for qw(GET HEAD DELETE);
is_table($_ => [], [ 'Limit', 'limit', 401, 200, 403, 403, 401, 401 ]) for qw(POST PUT);
is_table($_ => [], [ 'Limit GET', 'limit-get', 401, 200, 403, 403, 401, 401 ]) for qw(GET HEAD);
is_table($_ => [], [ '... and the others', 'limit-get', 401, 403, 200, 403, 401, 401 ]) for qw(POST DELETE PROPFIND ODD);
is_table($_ => [], [ 'LimitExcept, a method that it leaves out', 'limit-except', (200) x 6 ]) for qw(GET HEAD);
is_table($_ => [], [ 'LimitExcept', 'limit-except', 401, 200, 403, 403, 401, 401 ]) for qw(POST OPTIONS PATCH ODD);

is_table(GET => [], [ 'If: the section', 'if',                          401, 200, 403, 200, 401, 401 ]);
is_table(GET => [ 'X-If' => 'carol' ], [ 'If: another user', 'if',      401, 403, 200, 403, 401, 401 ]);
is_table(GET => [ 'X-If' => 'and' ], [ 'If: a claim, too', 'if',        401, 200, 403, 200, 401, 401 ]);
is_table(GET => [], [ 'If: not closed', 'if-open',                      (200) x 6 ]);
is_table(GET => [ 'X-If' => 'closed' ], [ 'If: closed', 'if-open',      401, 200, 403, 403, 401, 401 ]);

# ---- users of two kinds ---------------------------------------------------------------------------------------
# One name in both; the way from a page of one to a page of the other, with the first credential alone and with both.

my %credential = (jwt => [ Cookie => 'token=' . token() ], basic => [ Authorization => $basic ]);
my %other = (jwt => 'basic', basic => 'jwt');
for my $from (qw(jwt basic)) {
    for (
        [ 'a rewrite', 'rewritten-TO', 401 ],
        [ 'a DirectoryIndex', 'index-TO/', 401 ],
        [ 'an ErrorDocument', 'missing-TO', 404 ],
        [ 'an Action', 'acted-TO', 401 ],
        [ 'a FallbackResource', 'fallback-TO', 401 ],
        [ 'an include', 'TO.shtml', 200 ],
    ) {
        my ($why, $way, $code) = @$_;
        my $to = $other{$from};
        my ($path, $mark) = ("/pages/from-$from/" . $way =~ s/TO/$to/r, uc "${to}_MARK");
        my $answer = ask(GET => $path, headers => $credential{$from});
        like $answer->code, $code == 404 ? qr/^40[14]$/ : qr/^$code$/, "$why, from $from to $to";
        unlike $answer->as_string, qr/$mark/, '... shows nothing of it';
        is ask(GET => $path)->code, 401, '... nor to nobody';
        my $both = ask(GET => $path, headers => [ map { @$_ } values %credential ]);
        like $both->content, qr/$mark/, "... but with both credentials: $why";
    }
}

# ---- virtual hosts with one key --------------------------------------------------------------------------------

sub at { my ($host, $token) = @_; return request(GET => '/at/x', port => $server->port($host), token => $token) }
for (
    [ 'the first', 'one', 200, 401 ],
    [ 'the second', 'two', 401, 200 ],
    [ 'what both accept', 'shared', 200, 200 ],
    [ 'both', [qw(one two)], 200, 200 ],
    [ 'none', undef, 401, 401 ],
    [ 'a third', 'three', 401, 401 ],
    [ 'another case', 'One', 401, 401 ],
) {
    my ($why, $audience, @codes) = @$_;
    my $token = token({ aud => $audience });
    is at($_, $token)->code, $codes[ $_ - 1 ], "audience, $why, at host $_" for 1, 2;
}
my @pair = map { login('alice', port => $server->port($_)) } 1, 2;
for my $host (1, 2) {
    for my $of (1, 2) {
        my $name = "what host $of issued, at host $host";
        is at($host, $pair[ $of - 1 ]{access})->code, $host == $of ? 200 : 401, $name;
        is post_json('/auth/token/refresh', { refresh => $pair[ $of - 1 ]{refresh} }, port => $server->port($host))->code,
            $host == $of ? 200 : 401, "$name: a refresh";
    }
}

done_testing;
