# AuthJWTHeaderName: the token in another field than Authorization. It is read there and nowhere
# else, by the same rules; caches are told of that field; and programs that httpd would hand it to
# can be kept from it.
use strict;
use warnings;
use Test::More;
use JWTTest;

my $dir = scratch('pages');
mkdir $dir;
spew("$dir/page.html", "A PAGE\n");
spew("$dir/parts.shtml", "<!--#include virtual=\"/own/page.html\" -->\n");
mkdir "$dir/index";
my $env = var('t_dir') . '/cgi-bin/env';

my $rewrites = has_module('rewrite') ? <<'CONF' : '';
RewriteEngine On
RewriteRule "^/outside/rewritten$" "/own/page.html" [PT]
CONF
my $cache = has_module('cache_socache') ? <<'CONF' : '';
CacheEnable socache /
CacheSocache shmcb
CacheIgnoreNoLastMod On
CacheDefaultExpire 3600
CONF

my $server = httpd_start(<<"CONF");
DBDriver sqlite3
DBDParams "\${T_DIR}/db/site.db"
AuthJWTKey - HS256 "\${T_DIR}/keys/site.key"
<Directory "$dir">
    Require all granted
    Options +IncludesNoExec
    AddOutputFilter INCLUDES .shtml
    AddType text/html .shtml
</Directory>
$rewrites
$cache
Alias "/own" "$dir"
Alias "/usual" "$dir"
Alias "/outside/index" "$dir/index"
Alias "/outside" "$dir"
ScriptAlias "/program" "$env"
ScriptAlias "/kept" "$env"
<LocationMatch "^/(?:own|usual|program|kept)">
    AuthType JWT
    Require valid-user
</LocationMatch>
<LocationMatch "^/(?:own|program|kept)">
    AuthJWTHeaderName X-Access-Token
</LocationMatch>
<Location "/kept">
    RequestHeader unset X-Access-Token
</Location>
<Location "/outside/index">
    DirectoryIndex /own/page.html
</Location>
CONF
my $mark = $server->log_mark;

sub page
{
    my ($path, @fields) = @_;
    return get($path, port => $server->port, headers => \@fields);
}

sub vary { return join ', ', sort map { split /\s*,\s*/ } $_[0]->header('Vary') }

# ---- where it is read --------------------------------------------------------------------

my ($token, $bad) = (token(), token({ exp => 1 }));
for (
    [ 'in its field', 200, 'X-Access-Token' => "Bearer $token" ],
    [ 'its name in another case', 200, 'x-access-TOKEN' => "Bearer $token" ],
    [ 'its scheme in another case, more blanks', 200, 'X-Access-Token' => "bearer \t $token" ],
    [ 'in Authorization', 401, 'Authorization' => "Bearer $token" ],
    [ 'nowhere', 401 ],
    [ 'without a scheme', 401, 'X-Access-Token' => $token ],
    [ 'by another scheme', 401, 'X-Access-Token' => "Basic $token" ],
    [ 'two words', 400, 'X-Access-Token' => "Bearer $token $token" ],
    [ 'no token', 400, 'X-Access-Token' => 'Bearer' ],
    [ 'the field twice', 400, 'X-Access-Token' => "Bearer $token", 'X-Access-Token' => "Bearer $token" ],
    [ 'another one in Authorization', 200, 'X-Access-Token' => "Bearer $token", Authorization => "Bearer $bad" ],
    [ 'an old one, and a good one in Authorization', 401, 'X-Access-Token' => "Bearer $bad",
        Authorization => "Bearer $token" ],
) {
    my ($why, $code, @fields) = @$_;
    my $answer = page('/own/page.html', @fields);
    is $answer->code, $code, $why;
    is $answer->content =~ /A PAGE/ ? 'shown' : 'not shown', $code == 200 ? 'shown' : 'not shown', '... the page';
    like $answer->header('WWW-Authenticate') // '', $code == 200 ? qr/^$/ : qr/^Bearer realm="api"/, '... the challenge';
}
is page('/usual/page.html', Authorization => "Bearer $token")->code, 200, 'elsewhere it is Authorization';
is page('/usual/page.html', 'X-Access-Token' => "Bearer $token")->code, 401, '... and nothing else';
like $server->log_since($mark), qr/JWT0101: refused \(no_token\): no X-Access-Token header/, 'the log names the field';
like page('/own/page.html', 'X-Access-Token' => 'Bearer')->content,
    qr/^\{"detail":"Authorization header must contain two space-delimited values"/, 'the answer has SimpleJWT\'s words';

# ---- what caches are told ----------------------------------------------------------------

for (
    [ 'a page', '/own/page.html', 'X-Access-Token' ],
    [ 'a page of the usual kind', '/usual/page.html', 'Authorization' ],
    [ 'a page that shows such a page', '/outside/parts.shtml', 'X-Access-Token' ],
    [ 'a DirectoryIndex', '/outside/index/', 'X-Access-Token' ],
    $rewrites ? [ 'a rewrite', '/outside/rewritten', 'X-Access-Token' ] : (),
) {
    my ($why, $path, $field) = @$_;
    my $nobody = page($path);
    unlike $nobody->content, qr/A PAGE/, "$why: nobody, before";
    for my $more ([], [ Other => 'field' ]) {
        my $answer = page($path, $field => "Bearer $token", @$more);
        like $answer->content, qr/A PAGE/, "$why: alice";
        is vary($answer), $field, '... Vary';
        like $answer->header('Cache-Control'), qr/\bprivate\b/, '... is hers';
    }
    unlike page($path)->content, qr/A PAGE/, "$why: nobody, after";
}
is vary(page('/outside/parts.shtml', 'X-Access-Token' => "Bearer $token", Authorization => "Bearer $token")),
    'Authorization, X-Access-Token', 'parts may be of either kind';
is vary(page('/outside/page.html', 'X-Access-Token' => "Bearer $token")), '', 'what is open stays as it is';

# ---- what programs see -------------------------------------------------------------------

my @both = ('X-Access-Token' => "Bearer $token", Authorization => 'Basic eDp5');
my $seen = page('/program/x', @both)->content;
like $seen, qr/^REMOTE_USER=alice$/m, 'a program knows who it is';
like $seen, qr/^HTTP_X_ACCESS_TOKEN=Bearer \Q$token\E$/m, '... and finds the field, as any other';
unlike $seen, qr/AUTHORIZATION/, '... but Authorization';
my $kept = page('/kept/x', @both)->content;
like $kept, qr/^REMOTE_USER=alice$/m, 'RequestHeader unset: it knows who it is';
unlike $kept, qr/ACCESS_TOKEN|\Q$token\E/, '... and finds no token';
is vary(page('/kept/x', @both)), 'X-Access-Token', '... and caches are told all the same';

done_testing;
