# What the documentation says is what the server has: directives, contexts, defaults, variables
# and log codes are compared both ways, and every example is read by httpd.
#
# Runs beside others: it has servers of its own.
use strict;
use warnings;
use JWTTest;
use JWTTest::Jar;
use JWTTest::Process qw(first_executable);
use Test::More;

only_under('event');

my $src = var('src_dir');
my $readme = slurp("$src/README.md");
my $reference = slurp("$src/conf/README.md");
my $recipes = slurp("$src/conf/recipes.md");
my @examples = map { "$_.conf" } qw(auth_jwt existing-table lifetimes login-form php-site
    proxied-application proxied-login public-keys single-page-application static-site virtual-hosts);

# ---- directives --------------------------------------------------------------------------

my %help = httpd('-L') =~ /^(AuthJWT\w+) \(mod_auth_jwt\.c\)\n((?:\t.*\n?)+)/mg;
my %entry = $reference =~ /^### (AuthJWT\w+)\n(.*?)(?=^### |\z)/msg;
my @headings = $reference =~ /^### (AuthJWT\w+)$/mg;

is_deeply [ sort keys %entry ], [ sort keys %help ], 'the reference has all directives';
is_deeply \@headings, [ sort @headings ], '... from A to Z, each once';

# The table at the head of an entry.
sub field
{
    my ($name, $field) = @_;
    my ($value) = ($entry{$name} || '') =~ /^\| \Q$field\E: \| (.+) \|$/m;
    return $value // '';
}

# httpd -L does not tell what only the main server may have.
my %of_main = map { $_ => 1 } qw(AuthJWTHashConcurrency);

sub contexts
{
    my ($help, $name) = @_;
    return 'server config' if $of_main{$name};
    return 'server config, virtual host' if $help =~ /only outside <Directory>/;
    return 'server config, virtual host, directory'
        . ($help =~ /and in \.htaccess/ ? ', .htaccess' : '') if $help =~ /Allowed in \*\.conf anywhere/;
    return "unknown: $help";
}

for my $name (sort keys %help) {
    my ($words) = $help{$name} =~ /^\t(.*)/;
    my ($default) = $words =~ /\(default (.*)\)$/;
    my $said = field($name, 'Default');
    is field($name, 'Context'), contexts($help{$name}, $name), "$name: context";
    if (defined $default) {
        my @missing = grep { index($said, $_) < 0 } $default =~ /[\w-]+/g;
        is "@missing", '', "$name: default '$default'" or diag $said;
    }
    else {
        like $said, qr/^none\b/, "$name: no default";
    }
    is field($name, 'Override'), $help{$name} =~ /AuthConfig/ ? 'AuthConfig' : '', "$name: override";
    like field($name, 'Syntax'), qr/^`\Q$name\E /, "$name: syntax";
    ok length field($name, 'Description'), "$name: description";
    is field($name, 'Module'), 'mod_auth_jwt', "$name: module";
    like $entry{$name}, qr/^```apache\n.*?^ *\Q$name\E /ms, "$name: example";
}

# A name that is no directive of ours is a slip, or a directive that went.
my %text = ('README.md' => $readme, 'conf/README.md' => $reference, 'conf/recipes.md' => $recipes,
    map { ("conf/$_" => slurp("$src/conf/$_")) } @examples);
for my $file (sort keys %text) {
    my %named = map { $_ => 1 } $text{$file} =~ /\b(AuthJWT\w+)\b/g;
    is join(' ', grep { !$help{$_} } sort keys %named), '', "$file names existing directives only";
}

# ---- links -------------------------------------------------------------------------------

# As the anchors of headings are made where Markdown is shown.
sub slug
{
    my ($heading) = @_;
    (my $slug = lc $heading) =~ s/[^\w\- ]//g;
    $slug =~ tr/ /-/;
    return $slug;
}

my %anchors = map { my $file = $_; $file => { map { slug($_) => 1 } $text{$file} =~ /^#+ (.*)$/mg } }
    grep { /\.md$/ } keys %text;

sub leads_nowhere
{
    my ($link, $file) = @_;
    my ($path, $anchor) = $link =~ /^([^#]*)#?(.*)/;
    my $dir = $file =~ m{^(.*/)} ? $1 : '';
    my $place = length $path ? "$dir$path" =~ s{[^/]+/\.\./}{}r : $file;
    return !-e "$src/$place" || length $anchor && $anchors{$place} && !$anchors{$place}{$anchor};
}

for my $file (sort keys %anchors) {
    my @dead = grep { !/^https?:/ && leads_nowhere($_, $file) } $text{$file} =~ /\]\(([^)\s]+)\)/g;
    is "@dead", '', "$file: links lead somewhere";
}

# ---- examples ----------------------------------------------------------------------------
# They name a site's own paths and drivers; here they get what the tests have.

my $dir = scratch('site');
spew("$dir/$_.key", slurp(var('t_dir') . "/keys/site.key") . $_, 0600)
    for qw(site shop portal refresh django 2026-11 2027-05);
for my $file (map { "$dir/$_.pem" } qw(2026-11 2027-05 partners)) {
    system "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out '$file' 2>/dev/null";
    chmod 0600, $file;
}
mkdir "$dir/htdocs";

sub mapped
{
    my ($conf) = @_;
    my $keys = var('t_dir') . '/keys';
    $conf =~ s{(?:\bjwt|/run/secrets)/(?=[\w-]+\.(?:key|pem))}{$dir/}g;
    $conf =~ s{/etc/ssl/example\.com/fullchain\.pem}{$keys/cert.pem}g;
    $conf =~ s{/etc/ssl/example\.com/privkey\.pem}{$keys/key.pem}g;
    $conf =~ s{/var/www/[\w-]+}{$dir/htdocs}g;
    $conf =~ s{/var/lib/(?:auth_jwt|wiki)/}{$dir/}g;
    $conf =~ s{^( *DBDriver +)(?:mysql|pgsql)}{$1sqlite3}mg;
    $conf =~ s{^ *SSL.*\n}{}mg unless has_module('ssl');
    return $conf;
}

# What needs modules that are not loaded as a rule is read where httpd has them.
sub passes
{
    my ($conf, $name) = @_;
    my @with = $conf =~ /^ *AuthLDAPURL /m ? qw(ldap authnz_ldap) : ();
    my ($status, $output) = configtest(mapped($conf), with => [ grep { can_load($_) } @with ]);
    return pass("$name needs mod_authnz_ldap") if @with && !can_load('authnz_ldap');
    is_deeply [ $status, $output ], [ 0, "Syntax OK\n" ], "$name passes configtest";
}

is_deeply [ sort map { s{.*/}{}r } glob "$src/conf/*.conf" ], [ sort @examples ],
    'the examples are those of this test';
for my $file (@examples) {
    like $reference, qr/\Q$file\E/, "conf/README.md names $file";
    passes($text{"conf/$file"}, "conf/$file");
    my $live = $text{"conf/$file"} =~ s/^(\s*)# (?=\s*(?:AuthJWT|DBD|<|AuthType|Require))/$1/mgr;
    passes($live, "conf/$file, with its comments in force") if $file eq 'auth_jwt.conf';
}

# A block is a part of a site: what it lacks is put around it.
my $blocks = 0;
for ([ 'README.md', $readme ], [ 'conf/README.md', $reference ]) {
    my ($file, $text) = @$_;
    while ($text =~ /^ *```apache\n(.*?)^ *```$/msg) {
        my ($block, $line) = ($1, 1 + substr($text, 0, $-[0]) =~ tr/\n//);
        my $site = '';
        $site .= "DBDriver sqlite3\nDBDParams x\n" unless $block =~ /^DBDriver/m;
        $site .= "AuthJWTKey - HS256 jwt/site.key\n" unless $block =~ /^AuthJWTKey/m;
        passes($site . $block, "the block on line $line of $file");
        $blocks++;
    }
}
cmp_ok $blocks, '>=', keys %help, 'there is a block for each directive';

# ---- examples at work --------------------------------------------------------------------

# started(FILE, MORE): a server with that example, without TLS, its database the tests'.
sub started
{
    my ($file, $more) = @_;
    my $conf = mapped($text{"conf/$file"});
    my $database = var('t_dir') . '/db/site.db';
    $conf =~ s{^ *SSL.*\n}{}mg;
    $conf =~ s{<VirtualHost \*:80>.*?</VirtualHost>\n}{}s;
    $conf =~ s{<VirtualHost \*:443>}{<VirtualHost 127.0.0.1:\${PORT}>}g;
    $conf =~ s{^( *DBDParams ).*}{$1"file:$database?mode=rw"}mg;
    return httpd_start($conf . ($more || ''));
}

# codes(SERVER, HOST, TOKEN, PATH...): a file that is not there is a page that one may see.
sub codes
{
    my ($server, $host, $token, @paths) = @_;
    return join ' ', map {
        get($server->url($_), headers => [ Host => $host ], token => $token)->code } @paths;
}

sub tokens
{
    my ($server, $host, $path, %fields) = @_;
    my $answer = post_json($server->url($path), { username => 'alice',
        password => user('alice')->{password}, %fields }, headers => [ Host => $host ]);
    return json($answer) || {};
}

{
    my $server = started('static-site.conf');
    my $pair = tokens($server, 'www.example.com', '/auth/token');
    is codes($server, 'www.example.com', undef, '/x', '/members/x'), '404 401', 'static-site.conf: no token';
    is codes($server, 'www.example.com', $pair->{access}, '/members/x'), '404', '... and alice\'s';
}
SKIP: {
    skip 'no php-fpm', 2 unless first_executable(qw(php-fpm php-fpm8* php-fpm7*));
    my $socket = php_fpm_start(socket => scratch('php.sock'));
    local $text{'conf/php-site.conf'} = $text{'conf/php-site.conf'} =~ s{unix:[^|]+}{unix:$socket}r;
    spew("$dir/htdocs/members/index.php", q(<?php echo "$_SERVER[REMOTE_USER] ",
        "$_SERVER[AUTH_JWT_USER_ID] $_SERVER[REQUEST_URI]"; ?>));
    my $server = started('php-site.conf');
    my $access = tokens($server, 'www.example.com', '/auth/token')->{access};
    is get($server->url('/members/a/b'), token => $access, headers => [ Host => 'www.example.com' ])
        ->content, 'alice 1 /members/a/b', 'php-site.conf: PHP sees who it is';
    is codes($server, 'www.example.com', undef, '/members/', '/members/index.php', '/members/a/b'),
        '401 401 401', '... and nobody comes in without a token';
}
{
    my $server = started('lifetimes.conf');
    my $host = 'www.example.com';
    my ($web, $app) = map { tokens($server, $host, $_) } qw(/auth/token /app/login);
    my $lasts = sub { my ($header, $claims) = peek($_[0]); $claims->{exp} - $claims->{iat} };
    is join(' ', map { $lasts->($_->{access}), $lasts->($_->{refresh}) } $web, $app),
        '600 32400 3600 2592000', 'lifetimes.conf: two places issue different tokens';
    my $again = post_json($server->url('/app/refresh'), { refresh => $app->{refresh} },
        headers => [ Host => $host ]);
    is $lasts->(json($again)->{access}), 3600, '... and refresh them';
    for ([ 60, '404 404 404' ], [ 300, '404 404 401' ], [ 1200, '404 401 401' ]) {
        my ($age, $codes) = @$_;
        my $token = token({ iat => time - $age }, header => { kid => '2026-11' },
            key => slurp("$dir/site.key"));
        is codes($server, $host, $token, '/news/x', '/account/x', '/account/payment/x'),
            $codes, "... and three accept one that is $age s old";
    }
}

{
    my $server = started('virtual-hosts.conf');
    my $access = tokens($server, 'www.example.com', '/auth/token')->{access};
    is codes($server, 'www.example.com', $access, '/members/x'), '404', 'virtual-hosts.conf: at home';
    is codes($server, 'club.example.com', $access, '/players/x'), '401', '... not next door';
    is post_json($server->url('/auth/token'), {}, headers => [ Host => 'wiki.example.com' ])->code,
        404, '... and the wiki has no endpoints';
}
SKIP: {
    skip 'no mod_proxy_http', 7 unless has_module('proxy_http');
    my $shown = mapped($text{'conf/proxied-application.conf'}) =~ s/127\.0\.0\.1:3000/127.0.0.1:\${PORT_1}/gr;
    local $text{'conf/proxied-application.conf'} = $shown;
    my $server = started('proxied-application.conf', <<'CONF');
Listen 127.0.0.1:${PORT_1}
<VirtualHost 127.0.0.1:${PORT_1}>
    ScriptAlias "/" "${T_DIR}/cgi-bin/env/"
</VirtualHost>
CONF
    my @forged = ('X-Auth-User' => 'root', 'X_Auth_User' => 'root', 'X-Auth-User-Id' => '0');
    my $access = tokens($server, 'app.example.com', '/auth/token')->{access};
    my $seen = sub {
        my ($path, $token) = @_;
        return get($server->url($path), token => $token,
            headers => [ Host => 'app.example.com', @forged ])->content;
    };
    my $page = $seen->('/orders', $access);
    is join(' ', sort $page =~ /^HTTP_(X_AUTH_USER\w*=.*)$/mg), 'X_AUTH_USER=alice X_AUTH_USER_ID=1',
        'proxied-application.conf: the application sees who it is';
    unlike $page, qr/AUTHORIZATION|\Q$access\E/, '... and no token';
    like raw_request("GET /orders HTTP/1.1\r\nHost: app.example.com\r\nAuthorization: Bearer $access\r\n"
        . "Connection: close, x-auth-user, X-Auth-User-Id\r\n\r\n", port => $server->port)->content,
        qr/^HTTP_X_AUTH_USER=alice\nHTTP_X_AUTH_USER_ID=1$/m, '... whatever Connection names';
    is get($server->url('/auth/user'), token => $access, headers => [ Host => 'app.example.com' ])->code, 200,
        '... and the endpoints get theirs';
    my $public = $seen->('/login');
    like $public, qr/^REQUEST_URI=\/login$/m, '... it has pages for everybody';
    unlike $public, qr/X_AUTH_USER/, '... and nobody can claim to be somebody there';
    is codes($server, 'app.example.com', undef, '/orders'), '401', '... the others need a token';
}

{
    my $server = started('login-form.conf');
    my @here = (Host => 'www.example.com');
    my $jar = JWTTest::Jar->new;
    my $form = sub {
        my ($path, $more, %fields) = @_;
        return $jar->take(post_form($server->url($path), { username => 'alice', %fields },
            headers => [ @here, Accept => 'text/html', $jar->fields, @$more ]));
    };
    my $page = sub { get($server->url($_[0]), headers => [ @here, Accept => 'text/html', $jar->fields ]) };
    is $page->('/members/x')->header('Location'), '/login.html?next=%2fmembers%2fx', 'login-form.conf: a page leads to the login';
    my $from = 'http://www.example.com/login.html?next=%2fmembers%2fx';
    is $form->('/auth/login', [ Referer => $from ], password => 'no')->header('Location'),
        '/login.html?error=login_failed&next=%2fmembers%2fx', '... which comes back when it fails';
    is $form->('/auth/login', [ Referer => $from ], password => user('alice')->{password}, remember_me => 'on')
        ->header('Location'), '/members/x', '... and leads on when it does not';
    like $jar->attributes('__Host-jwt-refresh'), qr/Max-Age=1209600/, '... for two weeks';
    is $page->('/members/x')->code, 404, '... from where one may see pages';
    is $form->('/auth/logout', [ 'Sec-Fetch-Site' => 'same-origin' ])->header('Location'), '/', '... until the logout';
    is $page->('/members/x')->code, 303, '... after which one may not';
}
SKIP: {
    skip 'no mod_proxy_http', 10 unless has_module('proxy_http');
    my $application = <<'CONF';
Listen 127.0.0.1:${PORT_1}
<VirtualHost 127.0.0.1:${PORT_1}>
    ScriptAlias "/" "${T_DIR}/cgi-bin/env/"
</VirtualHost>
CONF
    local @text{'conf/single-page-application.conf', 'conf/proxied-login.conf'} = map {
        mapped($text{"conf/$_.conf"}) =~ s/127\.0\.0\.1:3000/127.0.0.1:\${PORT_1}/gr =~ s/<VirtualHost \*:80>/<VirtualHost *:443>/r
    } qw(single-page-application proxied-login);
    my $server = started('single-page-application.conf', $application);
    my $jar = JWTTest::Jar->new;
    my @here = (Host => 'api.example.com', Origin => 'https://app.example.com', 'Sec-Fetch-Site' => 'same-site');
    my $login = $jar->take(post_form($server->url('/auth/token'), { username => 'alice', password => user('alice')->{password} },
        headers => [@here]));
    is $login->header('Access-Control-Allow-Origin'), 'https://app.example.com', 'single-page-application.conf: the page reads the answer';
    is $jar->names, '__Host-jwt-csrf __Host-jwt-refresh', '... and the refresh token is in a cookie';
    my $again = request(POST => $server->url('/auth/token/refresh'), headers => [ @here, $jar->fields ]);
    my $access = (json($again) || {})->{access};
    ok $access, '... which alone gives a new access token';
    my $seen = get($server->url('/orders'), token => $access, headers => [@here])->content;
    like $seen, qr/^HTTP_X_AUTH_USER=alice$/m, '... that opens what it calls';
    is get($server->url('/auth/user'), token => $access, headers => [@here])->code, 200, '... and says who it is';
    is get($server->url('/orders'), headers => [@here])->header('Access-Control-Allow-Origin'), 'https://app.example.com',
        '... and a refusal is told to the page, too';
    is request(POST => $server->url('/auth/token/refresh'), headers => [ Host => 'api.example.com',
        Origin => 'https://other.example.com', 'Sec-Fetch-Site' => 'same-site', $jar->fields ])->code, 403, '... and to no other';

    $server = started('proxied-login.conf', $application);
    $jar = JWTTest::Jar->new;
    @here = (Host => 'app.example.com', Accept => 'text/html');
    is get($server->url('/orders'), headers => [@here])->header('Location'), '/auth/login?next=%2forders', 'proxied-login.conf: people get the page';
    is get($server->url('/api/x'), headers => [@here])->code, 401, '... and programs an answer';
    $jar->take(post_form($server->url('/auth/login'), { username => 'alice', password => user('alice')->{password} },
        headers => [ @here, Origin => 'https://app.example.com' ]));
    $seen = get($server->url('/orders'), headers => [ @here, Cookie => 'own=1; ' . $jar->field ])->content;
    is join(' ', sort $seen =~ /^HTTP_((?:X_AUTH_USER|COOKIE)=.*)$/mg), 'COOKIE=own=1 X_AUTH_USER=alice',
        '... and the application sees who it is, and its own cookies';
    local $text{'conf/proxied-login.conf'} = $text{'conf/proxied-login.conf'} =~ s/^ *AuthJWTOrigin.*\n//mr;
    $server = started('proxied-login.conf', $application);
    is join(' ', map { post_form($server->url('/auth/login'), { username => 'alice', password => 'no' },
        headers => [ @here, Origin => $_ ])->code } 'https://app.example.com', 'http://app.example.com',
        'https://app.example.com:' . $server->port, 'null'), '303 403 403 403', '... ServerName alone says where it is, too';
}

# ---- words that the server says ----------------------------------------------------------

my $code = join '', map { slurp($_) } "$src/mod_auth_jwt.c", glob "$src/src/*/*.c";
sub words_of
{
    my ($pattern, $text) = @_;
    my %seen = map { $_ => 1 } $text =~ /$pattern/g;
    return join ' ', sort keys %seen;
}

is words_of(qr/\b(JWT\d{4})\b/, $readme), words_of(qr/\b(JWT\d{4})\b/, $code),
    'README.md explains the log codes that there are';
my ($errors) = $reference =~ /^(`AUTH_JWT_ERROR` is one of: .*?)\n\n/ms;
my ($verdicts) = slurp("$src/src/auth/verdict.c") =~ /table\[VERDICT_COUNT\] = \{(.*?)^\};/ms;
is words_of(qr/`([a-z_]+)`/, $errors // ''), words_of(qr/\{\s*\d+,\s*"(\w+)"/, $verdicts // ''),
    'conf/README.md has the values of AUTH_JWT_ERROR';
my ($mounts) = slurp("$src/src/http/mount.c") =~ /\btable\[\] = \{(.*?)^\};/ms;
is words_of(qr/^\| `\/auth\/[\w\/.]+` \| `(jwt-[\w-]+)`/m, $reference),
    words_of(qr/"(jwt-[\w-]+)"/, $mounts // ''), '... and the endpoints';

# All of SimpleJWT's, that none is forgotten: of its settings.py, and those that it took out.
my ($settings) = $readme =~ /^### Settings of SimpleJWT\n(.*?)^## /ms;
my $names = join ' ', sort map { /`([A-Z_]+)`/g } ($settings // '') =~ /^\| (`.*?) \|/mg;
my @family = grep { /^(?:TOKEN_FAMILY|SJWT|CACHE)_/ } split ' ', $names;
is join(' ', grep { !/^(?:TOKEN_FAMILY|SJWT|CACHE)_/ } split ' ', $names), join(' ', sort qw(
    ACCESS_TOKEN_LIFETIME REFRESH_TOKEN_LIFETIME ROTATE_REFRESH_TOKENS BLACKLIST_AFTER_ROTATION
    UPDATE_LAST_LOGIN ALGORITHM SIGNING_KEY VERIFYING_KEY AUDIENCE ISSUER JSON_ENCODER JWK_URL LEEWAY
    AUTH_HEADER_TYPES AUTH_HEADER_NAME USER_ID_FIELD USER_ID_CLAIM USER_AUTHENTICATION_RULE
    ON_LOGIN_SUCCESS ON_LOGIN_FAILED AUTH_TOKEN_CLASSES TOKEN_TYPE_CLAIM JTI_CLAIM TOKEN_USER_CLASS
    SLIDING_TOKEN_REFRESH_EXP_CLAIM SLIDING_TOKEN_LIFETIME SLIDING_TOKEN_REFRESH_LIFETIME
    TOKEN_OBTAIN_SERIALIZER TOKEN_REFRESH_SERIALIZER TOKEN_VERIFY_SERIALIZER
    TOKEN_BLACKLIST_SERIALIZER SLIDING_TOKEN_OBTAIN_SERIALIZER SLIDING_TOKEN_REFRESH_SERIALIZER
    CHECK_REVOKE_TOKEN REVOKE_TOKEN_CLAIM CHECK_USER_IS_ACTIVE
    AUTH_HEADER_TYPE AUTH_TOKEN_CLASS SECRET_KEY TOKEN_BACKEND_CLASS)),
    'README.md has a line for each setting of SimpleJWT';
is scalar(@family), 10, '... and for those that are proposed';

like $readme, qr/^make $_\b/m, "README.md names make $_" for qw(demo test);

done_testing;
