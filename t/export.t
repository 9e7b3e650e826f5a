# AuthJWTClaimEnv and AuthJWTClaimHeader: what applications are told of claims, before and after
# redirects and in includes; and that whatever a client sends under these names reaches nobody, at
# protected places, elsewhere, and on every answer.
#
# Runs beside others: it has servers of its own.
use strict;
use warnings;
use Test::More;
use JWTTest;
use JWTTest::Recorder;
use MIME::Base64 qw(encode_base64);

skip_without(qw(headers rewrite include proxy_http setenvif actions));

my $dir = scratch('pages');
mkdir $dir;
mkdir "$dir/$_" for qw(rewritten index);
spew("$dir/page.html", "A PAGE\n");
spew("$dir/rewritten/page.html", "A PAGE\n");
spew("$dir/own.shtml", '[<!--#include virtual="/program" -->]');
spew("$dir/other.shtml", '[<!--#include virtual="/open/program" -->]');
spew("$dir/users", 'alice:' . password_hash('$6$', 'basic pass phrase') . "\n");
secret('basic pass phrase');
my $basic = 'Basic ' . encode_base64('alice:basic pass phrase', '');
my $env = var('t_dir') . '/cgi-bin/env';
my $backend = JWTTest::Recorder->start(port(9), scratch('backend'));
my $behind = port(9);

my $server = httpd_start(<<"CONF");
DBDriver sqlite3
DBDParams "\${T_DIR}/db/site.db"
AuthJWTKey - HS256 "\${T_DIR}/keys/site.key"
<Directory "$dir">
    Require all granted
    Options +IncludesNoExec +FollowSymLinks
    AddOutputFilter INCLUDES .shtml
    AddType text/html .shtml
</Directory>
SetEnvIf X-Role "(.+)" SEEN=\$1
SetEnvIf Request_Method "." AUTH_JWT_CLAIM_ROLE=forged PLAN=forged
Alias "/pages" "$dir"
ScriptAlias "/program" "$env"
ScriptAlias "/plain" "$env"
ScriptAlias "/basic" "$env"
ScriptAlias "/open/program" "$env"
ProxyPass "/app" "http://127.0.0.1:$behind/app"
ProxyPass "/public" "http://127.0.0.1:$behind/public"
<LocationMatch "^/(?:program|plain|app|pages)">
    AuthType JWT
    Require valid-user
</LocationMatch>
<LocationMatch "^/(?:program|app|pages)">
    AuthJWTClaimEnv role
    AuthJWTClaimEnv org.plan PLAN
    AuthJWTClaimEnv roles ROLES
    AuthJWTClaimEnv number NUMBER
    AuthJWTClaimHeader role X-Role
    AuthJWTClaimHeader roles X-Roles
    AuthJWTClaimHeader org.plan X-Plan
</LocationMatch>
<Location "/by-query">
    AuthType JWT
    AuthJWTTokenSource header query:token
    AuthJWTMaxTokenAge 1min
    Require valid-user
</Location>
<Location "/basic">
    AuthType Basic
    AuthName here
    AuthUserFile "$dir/users"
    AuthBasicProvider file
    Require valid-user
</Location>
<Directory "$dir/rewritten">
    RewriteEngine On
    RewriteCond "%{ENV:AUTH_JWT_CLAIM_ROLE}" "^admin\$"
    RewriteRule "^page\\.html\$" "/program" [PT,L]
    RewriteRule "^out\\.html\$" "/open/program" [PT,L]
</Directory>
<Directory "$dir/index">
    DirectoryIndex /program
</Directory>
Action to-program "/program" virtual
<Location "/pages/action">
    SetHandler to-program
</Location>
ErrorDocument 404 /open/program
<Location "/program/refused">
    Require all denied
    ErrorDocument 403 /open/program
</Location>
CONF

sub token_with
{
    my ($members) = @_;
    return token({}, payload => sprintf '{"token_type":"access","exp":%d,"jti":"%032x","user_id":"1",%s}',
        time + 300, int rand 1e15, $members);
}

sub ask
{
    my ($method, $path, $members, @fields) = @_;
    return request($method, $path, port => $server->port, headers => \@fields,
        defined $members ? (token => token_with($members)) : ());
}

# What a program saw of the names that are exported somewhere.
sub seen
{
    my ($answer) = @_;
    return join ' ', sort $answer->content =~
        /^((?:HTTP_X_\w+|HTTP_AUTH\w*|AUTH_JWT_CLAIM_\w+|PLAN|ROLES|NUMBER|SEEN)=.*)$/mg;
}

my $claims = '"role":"admin","roles":["a","b"],"org":{"plan":"team"},"number":5';
my $all = 'AUTH_JWT_CLAIM_ROLE=admin HTTP_X_PLAN=team HTTP_X_ROLE=admin HTTP_X_ROLES=["a","b"] NUMBER=5 PLAN=team '
    . 'ROLES=["a","b"]';

# ---- who is told -------------------------------------------------------------------------

is seen(ask(GET => '/program', $claims)), $all, 'a program';
is seen(ask(GET => '/program', '"role":"x"')), 'AUTH_JWT_CLAIM_ROLE=x HTTP_X_ROLE=x', '... what there is';
is seen(ask(GET => '/program', '"role":""')), 'AUTH_JWT_CLAIM_ROLE= HTTP_X_ROLE=', '... an empty text, too';
is seen(ask(GET => '/plain', $claims)), '', '... and nothing where nothing is exported';
is seen(ask(GET => '/pages/rewritten/page.html', $claims)), $all, 'behind a rewrite that saw it';
is ask(GET => '/pages/rewritten/page.html', '"role":"x"')->content, "A PAGE\n", '... and one that did not';
is seen(ask(GET => '/pages/index/', $claims)), $all, 'behind a DirectoryIndex';
is seen(ask(GET => '/pages/action', $claims)), $all, 'behind an Action';
like ask(GET => '/pages/own.shtml', $claims)->content, qr/^\[?AUTH_JWT_CLAIM_ROLE=admin$/m, 'an include';
{
    my $mark = $backend->mark;
    is ask(GET => '/app', $claims)->code, 200, 'an application behind ProxyPass';
    my $sent = $backend->text_since($mark);
    is join(' ', sort $sent =~ /^(X-(?:Plan|Roles?): .*)\r$/mg), 'X-Plan: team X-Role: admin X-Roles: ["a","b"]',
        '... is told';
}
# What Connection names is for the next hop alone, and mod_proxy takes it out.
for my $names ('close, X-Role, x-roles', 'X-PLAN', ' x-role ,close,X-Roles,x-plan', 'close, X_Role',
    'close; X-Role', 'close;X-Role;x-roles', 'close X-Role', "close\tX-Role", 'foo X-Role X-Plan', '(X-Role, X-Roles',
    '"a", (x, X-Role, y)', 'close, \,X-Role', 'close,"x" X-Plan', '"X-Role"', 'X-Role') {
    my $mark = $backend->mark;
    my $token = token_with($claims);
    raw_request("GET /app HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer $token\r\nX-Hop: 1\r\nConnection: $names\r\nConnection: X-Hop, close\r\n\r\n",
        port => $server->port);
    my $sent = $backend->text_since($mark);
    is join(' ', sort $sent =~ /^(X-(?:Plan|Roles?): .*)\r$/mg), 'X-Plan: team X-Role: admin X-Roles: ["a","b"]',
        "no client takes a claim away by Connection: $names";
    unlike $sent, qr/^X-Hop/m, '... but fields of its own';
}

{
    my $mark = $backend->mark;
    my $log = $server->log_mark;
    is ask(GET => '/app', '"role":" admin","org":{"plan":"team "}')->code, 200, 'blanks around a claim';
    unlike $backend->text_since($mark), qr/^X-(?:Plan|Role):/m, '... would be dropped by who reads it, and nothing is told';
    ok wait_until(3, sub { $server->log_since($log) =~
        /JWT0123: the claim role of the user with the id '1' has a blank at an end, so X-Role is not set/ }), '... says the log';
}

# ---- what anybody may send does not fill the memory ----------------------------------------

SKIP: {
    skip 'a checker of memory is in the way', 2 if $ENV{AUTH_JWT_WRAP};
    my $memory = sub { my $sum = 0; $sum += slurp("/proc/$_/status") =~ /^RssAnon:\s+(\d+)/m ? $1 : 0
        for $server->children; return $sum };
    for ([ 'Connection', '/', 'Connection: ' . join ',', ('a') x 4000 ],
        [ 'a query', '/?' . join('&', ('a') x 4000), 'X-Other: a' ]) {
        my ($why, $target, $field) = @$_;
        my $before = $memory->();
        my @open = map {
            my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $server->port) or die "$!\n";
            syswrite $socket, "POST $target HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n$field\r\n\r\nx";
            $socket;
        } 1 .. 6;
        select undef, undef, undef, 1;
        cmp_ok $memory->() - $before, '<', 24_000, "six requests with thousands of words in $why take little memory";
        close $_ for @open;
    }
}

# ---- who is not --------------------------------------------------------------------------

is seen(ask(GET => '/pages/rewritten/out.html', $claims)), '', 'an open place that a protected one redirects to';
unlike ask(GET => '/pages/other.shtml', $claims)->content, qr/^(?:HTTP_X_\w+|ROLES|NUMBER)=|=(?:admin|team)$/m,
    'nor does an include of an open place';
unlike ask(GET => '/program/refused', $claims)->content, qr/^(?:HTTP_X_\w+|ROLES|NUMBER)=|^\w+=admin$/m,
    'nor the ErrorDocument of a refusal';

for (
    [ 'a line break', '"role":"a\r\nX-Evil: 1"' ],
    [ 'a tab', '"role":"a\tb"' ],
    [ 'DEL', '"role":"a\u007f"' ],
) {
    my ($why, $members) = @$_;
    my $mark = $server->log_mark;
    is seen(ask(GET => '/program', $members)), '', "$why is not handed on";
    ok wait_until(3, sub { $server->log_since($mark) =~
        /JWT0123: the claim role of the user with the id '1' has a control character, so X-Role is not set/ }),
        '... and the log says so';
    $mark = $backend->mark;
    ask(GET => '/app', $members);
    unlike $backend->text_since($mark), qr/Evil|X-Role/i, '... nor to an application behind ProxyPass';
}

# ---- forged ------------------------------------------------------------------------------
# Each spelling, at each kind of place, on each answer.

my @forged = map { ($_ => 'forged') } qw(X-Role x-role X_Role x_ROLE X-Roles X_Roles X-Plan X_Plan AUTH-JWT-USER-ID
    Auth_Jwt_User_Id AUTH-JWT-CLAIM-ROLE auth-jwt-whatever), ('X-Role') x 20;
for my $method (qw(GET POST OPTIONS DELETE)) {
    for (
        [ '/program', $claims, $all ],
        [ '/program', '"x":1', '' ],
        [ '/plain', $claims, '' ],
        [ '/open/program', undef, 'AUTH_JWT_CLAIM_ROLE=forged PLAN=forged' ],
        [ '/open/program', $claims, 'AUTH_JWT_CLAIM_ROLE=forged PLAN=forged' ],
        [ '/basic', undef, 'AUTH_JWT_CLAIM_ROLE=forged PLAN=forged', Authorization => $basic ],
        [ '/nowhere', undef, '' ],
    ) {
        my ($path, $members, $seen, @more) = @$_;
        my $answer = ask($method => $path, $members, @forged, @more);
        my $name = "$method $path" . ($members ? " with {$members}" : '');
        # What SetEnvIf sets by itself stays where no section of ours is.
        is seen($answer), $seen, "$name: what the program sees"
            if $answer->content =~ /^GATEWAY_INTERFACE/m;
        unlike $answer->content, qr/^HTTP_\w*=forged|SEEN=/m, "$name: nothing forged";
    }
    for ([ '/app', $claims ], [ '/app', '"x":1' ], [ '/public' ], [ '/public', $claims ]) {
        my ($path, $members) = @$_;
        my $mark = $backend->mark;
        is ask($method => $path, $members, @forged)->code, 200, "$method $path: an answer";
        my $sent = $backend->text_since($mark);
        unlike $sent, qr/forged/, '... nothing forged is sent on';
        unlike $sent, qr/^X-Role: admin/m, '... and no claim to an open place' if $path eq '/public';
    }
}
is ask(GET => '/program', undef, @forged)->code, 401, 'a forged field is no token';

# ---- what stops the start ----------------------------------------------------------------

my $top = qq(DBDriver sqlite3\nDBDParams "\${T_DIR}/db/site.db"\nAuthJWTKey - HS256 keys/site.key\n);

sub said
{
    my ($lines) = @_;
    my ($status, $output) = configtest("$top$lines\n");
    return 'passes' unless $status;
    my @lines = split /\n/, $output;
    return $lines[0] =~ /(JWT0001: .*)/ ? $1 : $lines[1];
}

my $env_name = 'is no name of a variable; write one of letters, digits and _, such as ROLES';
my $env_taken = 'has a meaning of its own for programs; write another name, such as ROLES';
my $field_name = 'is no name of a header field that reaches every application; write one of letters, digits and -, '
    . 'such as X-Roles';
my $field_taken = 'has a meaning of its own in a request; write another name, such as X-Roles';
for (
    (map { [ "AuthJWTClaimEnv role $_", "AuthJWTClaimEnv: '$_' $env_name" ] } qw(A-B 1A A.B A=B)),
    (map { [ "AuthJWTClaimEnv role $_", "AuthJWTClaimEnv: '$_' $env_taken" ] } qw(REMOTE_USER remote_user HTTP_X_ROLE
        HTTP_PROXY SERVER_NAME SCRIPT_NAME PATH PATH_INFO QUERY_STRING REQUEST_METHOD CONTENT_LENGTH AUTH_TYPE HTTPS
        LD_PRELOAD PHP_VALUE AUTH_JWT_USER_ID GATEWAY_INTERFACE DOCUMENT_ROOT REDIRECT_STATUS)),
    [ 'AuthJWTClaimEnv a..b', "AuthJWTClaimEnv: 'a..b' is no path; write names with dots between them and elements as "
        . '[0], such as realm_access.roles[0]' ],
    [ "AuthJWTClaimEnv a X\nAuthJWTClaimEnv b x", "AuthJWTClaimEnv: 'x' is here twice; keep one of them" ],
    [ 'AuthJWTClaimHeader role', 'AuthJWTClaimHeader: takes a claim and the field\'s name, such as: roles X-Roles' ],
    (map { [ "AuthJWTClaimHeader role $_", "AuthJWTClaimHeader: '$_' $field_name" ] } qw(X_Role X.Role 1X X:Y)),
    (map { [ "AuthJWTClaimHeader role $_", "AuthJWTClaimHeader: '$_' $field_taken" ] } qw(Authorization authorization
        Cookie Host Content-Length Content-Type Transfer-Encoding Connection X-Forwarded-For Proxy-Authorization
        If-None-Match Sec-Fetch-Site Origin)),
    [ "AuthJWTClaimHeader a X-A\nAuthJWTClaimHeader b x-a", "AuthJWTClaimHeader: 'x-a' is here twice; keep one of them" ],
) {
    my ($lines, $message) = @$_;
    is said($lines), $message, $lines =~ s/\n/, /r;
}
like said("AuthJWTHeaderName X-Token\nAuthJWTClaimHeader role x-token"),
    qr/^JWT0001: AuthJWTHeaderName: 'X-Token' is taken out of each request, as AuthJWTClaimHeader sets it; /,
    'the field of the token';
like said('AuthJWTHeaderName Auth-JWT-Token'), qr/^JWT0001: AuthJWTHeaderName: 'Auth-JWT-Token' is taken out of each /,
    '... and one that looks like a variable of ours';
for (
    'MergeTrailers On', 'mergetrailers "on"', "<VirtualHost *>\n    MergeTrailers On\n</VirtualHost>",
) {
    like said("AuthJWTClaimHeader role X-Role\n$_"), qr/^JWT0001: MergeTrailers: 'On' puts fields from behind a request's body among the others, when those of AuthJWTClaimHeader are no longer taken out; write: MergeTrailers Off \(in MergeTrailers, line \d+ of /,
        s/\n\s*/, /gr;
}
is said($_), 'passes', s/\n/, /gr for ('MergeTrailers On', "AuthJWTClaimHeader role X-Role\nMergeTrailers Off",
    "AuthJWTClaimEnv role\nMergeTrailers On",
    'AuthJWTClaimEnv none', 'AuthJWTClaimHeader none', 'AuthJWTClaimEnv a.b[0]',
    "AuthJWTClaimEnv role ROLE\nAuthJWTClaimHeader role X-Role");

done_testing;
