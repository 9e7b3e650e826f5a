# %{JWT:PATH} and jwt('PATH') in httpd's expressions: what they are as text and as a list, where
# claims are seen and where they are not, and that nobody else's user has any.
#
# Runs beside others: it has servers of its own.
use strict;
use warnings;
use Test::More;
use JWTTest;
use MIME::Base64 qw(encode_base64);

skip_without(qw(headers rewrite include));

my $dir = scratch('pages');
mkdir $dir;
mkdir "$dir/$_" for qw(rewritten htaccess);
spew("$dir/page.html", "A PAGE\n");
spew("$dir/parts.shtml", qq([<!--#if expr="%{JWT:role} == 'admin'" -->ADMIN<!--#else -->NONE<!--#endif -->]));
spew("$dir/rewritten/admin.html", "FOR ADMINS\n");
spew("$dir/rewritten/page.html", "FOR ALL\n");
spew("$dir/htaccess/page.html", "A PAGE\n");
spew("$dir/users", 'alice:' . password_hash('$6$', 'basic pass phrase') . "\n");
secret('basic pass phrase');
my $basic = 'Basic ' . encode_base64('alice:basic pass phrase', '');
my $env = var('t_dir') . '/cgi-bin/env';

my $server = httpd_start(<<"CONF");
DBDriver sqlite3
DBDParams "\${T_DIR}/db/site.db"
AuthJWTKey - HS256 "\${T_DIR}/keys/site.key"
AliasMatch "^/own/may-[a-z]+/(.*)" "$dir/\$1"
Alias "/text" "$dir"
Alias "/own" "$dir"
Alias "/basic" "$dir"
Alias "/open" "$dir"
Alias "/page" "$dir"
ScriptAlias "/program" "$env"
<Directory "$dir">
    Require all granted
    Options +IncludesNoExec +FollowSymLinks
    AddOutputFilter INCLUDES .shtml
    AddType text/html .shtml
    AllowOverride AuthConfig FileInfo
</Directory>
<LocationMatch "^/(?:text|own|program|page)">
    AuthType JWT
    Require valid-user
</LocationMatch>
<Location "/text">
    Header always set X-Text "expr=[%{JWT:c}]"
    Header always set X-Call "expr=[%{tolower:%{JWT:c}}]"
    Header always set X-Path "expr=[%{JWT:a.b[1]}]"
</Location>
<Location "/open">
    Header always set X-Text "expr=[%{JWT:c}]"
</Location>
<Location "/basic">
    AuthType Basic
    AuthName here
    AuthUserFile "$dir/users"
    AuthBasicProvider file
    Require valid-user
    Header always set X-Text "expr=[%{JWT:user_id}]"
</Location>
<Location "/program">
    RequestHeader set X-Role "expr=%{JWT:role}"
    RequestHeader set X-Roles "expr=%{JWT:roles}"
</Location>
<Location "/own/may-string">
    Require expr "%{REMOTE_USER} != '' && %{JWT:role} == 'admin'"
</Location>
<Location "/own/may-list">
    Require expr "%{REMOTE_USER} != '' && 'admin' -in jwt('roles')"
</Location>
<Location "/own/may-call">
    Require expr "%{REMOTE_USER} != '' && jwt('org.plan') == 'team'"
</Location>
<Location "/own/may-name">
    Require expr "%{REMOTE_USER} != '' && jwt(%{QUERY_STRING}) == 'team'"
</Location>
<Directory "$dir/rewritten">
    RewriteEngine On
    RewriteCond expr "%{JWT:role} == 'admin'"
    RewriteRule "^page\\.html\$" "admin.html"
</Directory>
RewriteEngine On
RewriteCond expr "%{JWT:role} == 'admin'"
RewriteRule "^/own/server\$" "/own/rewritten/admin.html" [PT]
<If "%{JWT:role} == 'admin'">
    Header always set X-If seen
</If>
CustomLog "\${SERVER_DIR}/logs/admins" "%U" "expr=%{JWT:role} == 'admin'"
CONF

sub token_with
{
    my ($members) = @_;
    return token({}, payload => sprintf '{"token_type":"access","exp":%d,"jti":"%032x","user_id":"1",%s}',
        time + 300, int rand 1e15, $members);
}

sub page
{
    my ($path, $members, @fields) = @_;
    return request(GET => $path, port => $server->port, headers => \@fields,
        defined $members ? (token => token_with($members)) : ());
}

# ---- as text -----------------------------------------------------------------------------

for (
    [ '"c":"x"', 'x' ],
    [ '"c":"two words"', 'two words' ],
    [ '"c":"é"', "\xc3\xa9" ],
    [ '"c":""', '' ],
    [ '"c":5', '5' ],
    [ '"c":-5', '-5' ],
    [ '"c":9007199254740993', '9007199254740993' ],
    [ '"c":0.1', '0.1' ],
    [ '"c":1.0', '1.0' ],
    [ '"c":true', 'true' ],
    [ '"c":false', 'false' ],
    [ '"c":null', 'null' ],
    [ '"c":["a", "b"]', '["a","b"]' ],
    [ '"c":[]', '[]' ],
    [ '"c":{"a": [1]}', '{"a":[1]}' ],
    [ '"d":1', '' ],
    [ '"c":"a\r\nX-Evil: 1"', '' ],
    [ '"c":"a\u0009b"', '' ],
    [ '"c":"a\u007f"', '' ],
    [ '"c":["a\nb"]', '["a\nb"]' ],
) {
    my ($members, $text) = @$_;
    my $answer = page('/text/page.html', $members);
    is $answer->header('X-Text'), "[$text]", "{$members} as text";
    is $answer->header('X-Evil'), undef, '... and nothing more';
}
is page('/text/page.html', '"c":"AB"')->header('X-Call'), '[ab]', 'as an argument';
is page('/text/page.html', '"a":{"b":["x","y"]}')->header('X-Path'), '[y]', 'by a path';
is page('/text/page.html')->code, 401, 'no token';
is page('/text/page.html')->header('X-Text'), '[]', '... no claims';
is page('/open/page.html', '"c":"x"')->header('X-Text'), '[]', 'a place without AuthType has none';
{
    my $answer = page('/basic/page.html', undef, Authorization => $basic);
    is $answer->code, 200, 'a Basic user';
    is $answer->header('X-Text'), '[]', '... has none';
}

# ---- who may -----------------------------------------------------------------------------

for (
    [ 'string', '"role":"admin"', 200 ],
    [ 'string', '"role":"Admin"', 403 ],
    [ 'string', '"role":"ad min"', 403 ],
    [ 'string', '"x":1', 403 ],
    [ 'string', undef, 401 ],
    [ 'list', '"roles":["x","admin"]', 200 ],
    [ 'list', '"roles":["x","Admin"]', 403 ],
    [ 'list', '"roles":["x, admin"]', 403 ],
    [ 'list', '"roles":[]', 403 ],
    [ 'list', '"roles":"admin"', 200 ],
    [ 'list', '"roles":{"admin":"admin"}', 403 ],
    [ 'list', '"x":1', 403 ],
    [ 'list', undef, 401 ],
    [ 'call', '"org":{"plan":"team"}', 200 ],
    [ 'call', '"org":{"plan":"x"}', 403 ],
    [ 'call', '"org":"team"', 403 ],
    [ 'call', undef, 401 ],
    [ 'name', '"a":{"b":"team"}', 200, '?a.b' ],
    [ 'name', '"a":{"b":"team"}', 403, '?a..b' ],
    [ 'name', '"a":{"b":"team"}', 403 ],
) {
    my ($place, $members, $code, $query) = @$_;
    is page("/own/may-$place/page.html" . ($query // ''), $members)->code, $code,
        "Require expr, $place: " . ($members // 'nobody') . ($query // '');
}

# ---- where they are seen -----------------------------------------------------------------

my $admin = '"role":"admin","roles":["a","b"]';
{
    my $seen = page('/program', $admin, 'X-Role' => 'root')->content;
    like $seen, qr/^HTTP_X_ROLE=admin$/m, 'RequestHeader: a program sees the claim';
    like $seen, qr/^HTTP_X_ROLES=\["a","b"\]$/m, '... and a list';
    unlike page('/program', '"role":"x\r\nX-Evil: 1"', 'X-Role' => 'root')->content,
        qr/EVIL|HTTP_X_ROLE=root/i, '... no second header, and not what the client sent';
}
is page('/own/rewritten/page.html', $admin)->content, "FOR ADMINS\n", 'a rewrite of the directory sees it';
is page('/own/rewritten/page.html', '"role":"x"')->content, "FOR ALL\n", '... another one, too';
is page('/own/parts.shtml', $admin)->content, '[ADMIN]', 'SSI sees it';
is page('/own/parts.shtml', '"role":"x"')->content, '[NONE]', '... another one, too';
page('/page/page.html', '"role":"x"');
page('/page/page.html', $admin);
ok wait_until(3, sub { slurp("$server->{dir}/logs/admins") =~ m{^/page/page\.html$}m }), 'the log sees it';
is scalar(() = slurp("$server->{dir}/logs/admins") =~ m{^/page/page}mg), 1, '... and nothing else';

is page('/own/page.html', $admin)->header('X-If'), undef, '<If> does not';
is page('/own/server', $admin)->code, 404, '... nor does a rewrite of the server';

# ---- .htaccess ---------------------------------------------------------------------------

sub htaccess
{
    my ($line, $members) = @_;
    spew("$dir/htaccess/.htaccess", "AuthType JWT\n$line\n");
    return page('/open/htaccess/page.html', $members)->code;
}
my $line = q(Require expr "%{REMOTE_USER} != '' && 'a' -in jwt('roles')");
is htaccess($line, $admin), 200, '.htaccess: a list';
is htaccess($line, '"role":"a"'), 403, '... without the element';
is htaccess($line), 401, '... without a token';
is htaccess(q(Require expr "%{REMOTE_USER} != '' && %{JWT:a..b} == ''"), $admin), 500, '... and a bad path';

# ---- what stops the start ----------------------------------------------------------------

my $top = qq(DBDriver sqlite3\nDBDParams "\${T_DIR}/db/site.db"\nAuthJWTKey - HS256 keys/site.key\n);

sub said
{
    my ($lines) = @_;
    my ($status, $output) = configtest("$top<Location \"/x\">\nAuthType JWT\n$lines\n</Location>\n");
    return $status ? $output : 'passes';
}

for (
    q("%{JWT:role} == 'admin'"),
    q("'admin' -in jwt('roles')"),
    q("'admin' -in JWT ('roles')"),
    q("tolower(%{jwt:role}) == 'admin'"),
) {
    my $message = "Require expr $_: httpd decides this before it looks at the token, when no claim is there, "
        . "unless it names REMOTE_USER; put in front: %{REMOTE_USER} != '' && (in ";
    like said("Require expr $_"), qr/JWT0001: \Q$message\E/, "Require expr $_ stops the start";
    like said("<RequireAll>\nRequire valid-user\nRequire expr $_\n</RequireAll>"), qr/JWT0001: \Q$message\E/,
        '... within a group, too';
}
like said("<RequireAll>\nRequire valid-user\nRequire not expr \"%{JWT:role} == 'x'\"\n</RequireAll>"),
    qr/JWT0001: Require not expr /, '... and with not';
is said($_), 'passes', "$_ passes" for (
    q(Require expr "%{REMOTE_USER} != '' && %{JWT:role} == 'admin'"),
    q(Require expr "%{HTTP:X-JWT} == 'x'"),
    q(Require expr "%{QUERY_STRING} == 'jwt'"),
    q(Header set X "expr=%{JWT:role}"),
);
like said(qq(Header set X "expr=%{JWT:$_}")), qr/JWT: '\Q$_\E' is no path/, "$_ is no path" for qw(a..b a[ a]);
like said(q(Header set X "expr=%{JWT:https://x.test/a}")), qr/JWT: 'https:\/\/x\.test\/a' has dots/,
    'a name with dots';

done_testing;
