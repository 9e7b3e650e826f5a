# Inheritance: every setting goes from the server to its virtual hosts and from each section to
# those within, until a section says otherwise, be it with the value that is the default.
#
# Runs beside others: it has servers of its own.
use strict;
use warnings;
use Test::More;
use JWTTest;
use JWTTest::Connection;
use JWTTest::Users qw(insert_users);
use JSON::PP qw(encode_json);

only_under('event');

my $keys = var('t_dir') . '/keys';
my $other_key = slurp("$keys/other.key") =~ s/\n\z//r;

# ---- the directives -----------------------------------------------------------------------
# Each has two values, its default written out, and a probe that tells at a URL which of the
# three is in force; the other settings at that URL are in %$world, by name of directive.
# kind: what stands at the URL, a page behind a token or an endpoint.

my @DIRECTIVES = (
    {   name => 'AuthJWTAccessLifetime', kind => 'issue', probe => \&lifetime_of_access,
        value => { a => '60s', b => '2min', default => '5min' },
        shows => { a => 60, b => 120, default => 300 } },
    {   name => 'AuthJWTRefreshLifetime', kind => 'issue', probe => \&lifetime_of_refresh,
        value => { a => '1h', b => '2h', default => '1d' },
        shows => { a => 3600, b => 7200, default => 86400 } },
    {   name => 'AuthJWTSigningKey', kind => 'issue', probe => \&kid,
        value => { a => 'second', b => 'third', default => 'first' },
        shows => { a => 'second', b => 'third', default => 'first' } },
    {   name => 'AuthJWTIssuer', kind => 'issue', probe => \&claim_iss,
        value => { a => 'issuer-a', b => 'issuer-b', default => 'none' },
        shows => { a => 'issuer-a', b => 'issuer-b', default => '' } },
    {   name => 'AuthJWTIssuer', kind => 'page', probe => \&accepted_issuers,
        shows => { a => 'issuer-a', b => 'issuer-b', default => 'none issuer-a issuer-b' } },
    {   name => 'AuthJWTAudience', kind => 'issue', probe => \&claim_aud,
        value => { a => 'aud-a', b => 'aud-b aud-c', default => 'none' },
        shows => { a => 'aud-a', b => 'aud-b', default => '' } },
    {   name => 'AuthJWTAudience', kind => 'page', probe => \&accepted_audiences,
        shows => { a => 'aud-a', b => 'aud-b aud-c', default => 'none' } },
    {   name => 'AuthJWTUserIdClaim', kind => 'issue', probe => \&claim_of_id,
        value => { a => 'uid', b => 'sub', default => 'user_id' },
        shows => { a => 'uid', b => 'sub', default => 'user_id' } },
    {   name => 'AuthJWTUserIdClaim', kind => 'page', probe => \&accepted_ids,
        shows => { a => 'uid', b => 'sub', default => 'user_id' } },
    {   name => 'AuthJWTJtiClaim', kind => 'issue', probe => \&claim_of_jti,
        value => { a => 'id', b => 'token_id', default => 'jti' },
        shows => { a => 'id', b => 'token_id', default => 'jti' } },
    {   name => 'AuthJWTJtiClaim', kind => 'page', probe => \&accepted_jtis,
        shows => { a => 'id', b => 'token_id', default => 'jti' } },
    {   name => 'AuthJWTTokenTypeClaim', kind => 'issue', probe => \&claim_of_type,
        value => { a => 'kind', b => 'type', default => 'token_type' },
        shows => { a => 'kind', b => 'type', default => 'token_type' } },
    {   name => 'AuthJWTTokenTypeClaim', kind => 'page', probe => \&accepted_types,
        shows => { a => 'kind', b => 'type', default => 'token_type' } },
    {   name => 'AuthJWTLoginFields', kind => 'issue', probe => \&required_fields,
        value => { a => 'login_a pass_a', b => 'login_b pass_b', default => 'username password remember_me' },
        shows => { a => 'login_a pass_a', b => 'login_b pass_b', default => 'password username' } },
    {   name => 'AuthJWTLastLoginQuery', kind => 'issue', probe => \&note_of_login,
        value => { a => q("UPDATE merge_note SET note = 'a' WHERE %s IS NOT NULL"),
            b => q("UPDATE merge_note SET note = 'b' WHERE %s IS NOT NULL"), default => 'none' },
        shows => { a => 'a', b => 'b', default => '-' } },
    {   name => 'AuthJWTClaim', kind => 'issue', probe => \&claims_added,
        value => { a => 'role a', b => "rank b\nAuthJWTClaim role c", default => 'none' },
        shows => { a => 'role=a', b => 'rank=b role=c', default => '' } },
    {   name => 'AuthJWTRolesQuery', kind => 'issue', probe => \&claim_roles,
        value => { a => q("SELECT 'a' WHERE %s IS NOT NULL"), b => q("SELECT 'b' WHERE %s IS NOT NULL"),
            default => 'none' },
        shows => { a => 'a', b => 'b', default => '' } },
    {   name => 'AuthJWTUserColumns', kind => 'issue', probe => \&user_told,
        value => { a => 'id', b => 'username is_active:bool', default => 'none' },
        shows => { a => 'id', b => 'is_active username', default => '' } },
    {   name => 'AuthJWTMaxBody', kind => 'issue', probe => \&accepted_sizes,
        value => { a => 300, b => 600, default => 16384 },
        shows => { a => '299', b => '299 599', default => '299 599 9999' } },
    {   name => 'AuthJWTLeeway', kind => 'page', probe => \&accepted_delays,
        value => { a => '60s', b => '2min', default => '0' },
        shows => { a => '30', b => '30 90', default => '' } },
    {   name => 'AuthJWTMaxTokenAge', kind => 'page', probe => \&accepted_ages,
        value => { a => '60s', b => '10min', default => 'none' },
        shows => { a => '20', b => '20 300', default => '20 300 3000 none' } },
    {   name => 'AuthJWTRemoteUser', kind => 'page', probe => \&remote_user,
        value => { a => 'id', b => 'claim:email', default => 'username' },
        shows => { a => '1', b => 'a@example.org', default => 'alice' } },
    {   name => 'AuthJWTClaimEnv', kind => 'page', probe => \&claims_in_env,
        value => { a => 'email', b => "email A\nAuthJWTClaimEnv exp B", default => 'none' },
        shows => { a => 'AUTH_JWT_CLAIM_EMAIL', b => 'A B', default => '' } },
    {   name => 'AuthJWTClaimHeader', kind => 'page', probe => \&claims_in_headers,
        value => { a => 'email X-A', b => "email X-B\nAuthJWTClaimHeader exp X-C", default => 'none' },
        shows => { a => 'X_A', b => 'X_B X_C', default => '' } },
    {   name => 'AuthJWTHeaderTypes', kind => 'page', probe => \&accepted_schemes,
        value => { a => 'JWT', b => 'Token Own', default => 'Bearer' },
        shows => { a => 'JWT: JWT', b => 'Token: Token Own', default => 'Bearer: Bearer' } },
    {   name => 'AuthJWTHeaderName', kind => 'page', probe => \&accepted_fields,
        value => { a => 'X-Token', b => 'X-Other', default => 'Authorization' },
        shows => { a => 'X-Token', b => 'X-Other', default => 'Authorization' } },
);

# In a world of their own, since with them most tokens of the others would not do. "with" is what
# else holds at the URL, over @CALM and over what the hosts have.
my @CALM = ('AuthJWTSessions Off', 'AuthJWTEndOnPasswordChange Off', 'AuthJWTTokenTypes access',
    "AuthJWTProvider none\nAuthJWTAudience none", 'AuthJWTMaxLoginAge none', 'AuthJWTMaxSessions none', 'AuthJWTVerifyKeys all',
    'AuthJWTRotateRefresh On', 'AuthJWTReuseGrace 30s', 'AuthJWTMaxTokenLength 8190', 'AuthJWTClient api',
    'AuthJWTTokenSource header');
my @OF_SESSIONS = (
    {   name => 'AuthJWTSessions', kind => 'issue', probe => \&has_sid,
        value => { a => 'Off', b => 'blacklist', default => 'On' },
        shows => { a => 'no sid', b => 'no sid', default => 'sid' } },
    {   name => 'AuthJWTSessions', kind => 'page', probe => \&accepted_without_session,
        shows => { a => 'ended other', b => 'other', default => '' } },
    {   name => 'AuthJWTRotateRefresh', kind => 'renew', probe => \&gives_successor, with => 'AuthJWTSessions On',
        value => { a => 'Off', b => 'On', default => 'On' },
        shows => { a => 'no successor', b => 'successor', default => 'successor' } },
    {   name => 'AuthJWTReuseGrace', kind => 'renew', probe => \&accepted_reuse, with => 'AuthJWTSessions On',
        value => { a => '0', b => '5min', default => '30s' },
        shows => { a => '', b => '10 60', default => '10' } },
    {   name => 'AuthJWTSessionLifetime', kind => 'issue', probe => \&lifetime_of_session,
        with => 'AuthJWTSessions On', value => { a => '48h', b => '72h', default => '30d' },
        shows => { a => 172_800, b => 259_200, default => 2_592_000 } },
    {   name => 'AuthJWTMaxSessions', kind => 'issue', probe => \&open_sessions, with => 'AuthJWTSessions On',
        value => { a => 1, b => 2, default => 'none' }, shows => { a => 1, b => 2, default => 3 } },
    {   name => 'AuthJWTMaxLoginAge', kind => 'page', probe => \&accepted_login_ages,
        value => { a => '60s', b => '10min', default => 'none' },
        shows => { a => '20', b => '20 300', default => '20 300 3000 none' } },
    {   name => 'AuthJWTEndOnPasswordChange', kind => 'issue', probe => \&claim_of_password,
        value => { a => 'Off', b => 'simplejwt', default => 'On' },
        shows => { a => '', b => 'hash_password', default => 'password_mark' } },
    {   name => 'AuthJWTSlidingLifetime', kind => 'sliding', probe => sub { lifetime_of_sliding('exp', @_) },
        value => { a => '60s', b => '2min', default => '5min' },
        shows => { a => 60, b => 120, default => 300 } },
    {   name => 'AuthJWTSlidingRefreshLifetime', kind => 'sliding',
        probe => sub { lifetime_of_sliding('refresh_exp', @_) },
        value => { a => '1h', b => '2h', default => '1d' },
        shows => { a => 3600, b => 7200, default => 86400 } },
    {   name => 'AuthJWTTokenTypes', kind => 'page', probe => \&accepted_kinds,
        value => { a => 'sliding', b => 'access sliding', default => 'access' },
        shows => { a => 'sliding', b => 'access sliding', default => 'access' } },
    {   name => 'AuthJWTLegacyHashes', kind => 'issue', probe => sub { who_may_log_in('weak', @_) },
        value => { a => 'On', b => 'Off', default => 'Off' },
        shows => { a => 'weak', b => '', default => '' } },
    {   name => 'AuthJWTProvider', kind => 'issue', probe => sub { who_may_log_in('ann ben alice', @_) },
        # Other users need another audience.
        value => { a => "from_a\nAuthJWTAudience of-a", b => "from_b\nAuthJWTAudience of-b",
            default => "none\nAuthJWTAudience none" },
        shows => { a => 'ann', b => 'ben', default => 'alice' } },
    {   name => 'AuthJWTRefreshSigningKey', kind => 'issue', probe => \&kid_of_refresh,
        value => { a => 'second', b => 'third', default => 'first' },
        shows => { a => 'second', b => 'third', default => 'first' } },
    {   name => 'AuthJWTVerifyKeys', kind => 'page', probe => \&accepted_keys,
        value => { a => 'second', b => 'first third', default => 'all' },
        shows => { a => 'second', b => 'first third', default => 'first second third' } },
    {   name => 'AuthJWTMaxTokenLength', kind => 'page', probe => \&accepted_lengths,
        value => { a => 512, b => 1024, default => 8190 },
        shows => { a => '400', b => '400 900', default => '400 900 4000' } },
    {   name => 'AuthJWTClient', kind => 'issue', probe => sub { delivered('access', @_) . ', ' . delivered('refresh', @_) },
        value => { a => 'spa', b => 'browser', default => 'api' },
        shows => { a => 'body, cookie', b => 'cookie, cookie', default => 'body, body' } },
    {   name => 'AuthJWTTokenSource', kind => 'page', probe => \&accepted_sources,
        value => { a => 'cookie', b => 'cookie:theirs header', default => 'header' },
        shows => { a => '__Host-jwt', b => 'header theirs', default => 'header' } },
);

# A third world, since cookies and the like change what the others look at.
my @CALM_OF_BROWSERS = ('AuthJWTSilentRefresh Off',
    'AuthJWTAccessDelivery both', 'AuthJWTRefreshDelivery both', 'AuthJWTAccessCookie __Host-jwt',
    'AuthJWTRefreshCookie __Host-jwt-refresh', 'AuthJWTRememberLifetime none', 'AuthJWTCSRF On',
    'AuthJWTCSRFCookie __Host-jwt-csrf', 'AuthJWTCORSOrigin none', 'AuthJWTLoginURL none', 'AuthJWTAfterLogout none');
my @OF_BROWSERS = (
    {   name => 'AuthJWTAccessDelivery', kind => 'issue', probe => sub { delivered('access', @_) },
        value => { a => 'both', b => 'cookie', default => 'body' },
        shows => { a => 'body cookie', b => 'cookie', default => 'body' } },
    {   name => 'AuthJWTRefreshDelivery', kind => 'issue', probe => sub { delivered('refresh', @_) },
        value => { a => 'both', b => 'cookie', default => 'body' },
        shows => { a => 'body cookie', b => 'cookie', default => 'body' } },
    {   name => 'AuthJWTAccessCookie', kind => 'issue', probe => sub { cookie_of('access', @_) },
        value => { a => 'jwt-a', b => '__Secure-b Path=/b SameSite=Strict', default => '__Host-jwt' },
        shows => { a => 'jwt-a Path=/ SameSite=Lax', b => '__Secure-b Path=/b SameSite=Strict',
            default => '__Host-jwt Path=/ SameSite=Lax' } },
    {   name => 'AuthJWTRefreshCookie', kind => 'issue', probe => sub { cookie_of('refresh', @_) },
        value => { a => 'refresh-a', b => '__Secure-refresh-b SameSite=None', default => '__Host-jwt-refresh' },
        shows => { a => 'refresh-a Path=/ SameSite=Lax', b => '__Secure-refresh-b Path=/ SameSite=None',
            default => '__Host-jwt-refresh Path=/ SameSite=Lax' } },
    {   name => 'AuthJWTCSRFCookie', kind => 'issue', probe => sub { cookie_of('csrf', @_) },
        value => { a => 'csrf-a', b => '__Secure-csrf-b', default => '__Host-jwt-csrf' },
        shows => { a => 'csrf-a Path=/ SameSite=Lax', b => '__Secure-csrf-b Path=/ SameSite=Lax',
            default => '__Host-jwt-csrf Path=/ SameSite=Lax' } },
    {   name => 'AuthJWTRememberLifetime', kind => 'issue', probe => \&lifetime_if_remembered,
        value => { a => '2d', b => '3d', default => 'none' },
        shows => { a => 172_800, b => 259_200, default => 86_400 } },
    {   name => 'AuthJWTCSRF', kind => 'issue', probe => \&login_from_elsewhere,
        value => { a => 'Off', b => 'On', default => 'On' }, shows => { a => 200, b => 403, default => 403 } },
    {   name => 'AuthJWTCSRFHeader', kind => 'page', probe => \&accepted_csrf_fields,
        value => { a => 'X-A', b => 'X-B', default => 'X-CSRFToken' },
        shows => { a => 'X-A', b => 'X-B', default => 'X-CSRFToken' } },
    {   name => 'AuthJWTSilentRefresh', kind => 'page', probe => \&renewed,
        value => { a => 'On', b => 'Off', default => 'Off' },
        shows => { a => 'renewed', b => 'refused', default => 'refused' } },
    {   name => 'AuthJWTOptional', kind => 'page', probe => \&looked_at, with => 'Require all granted',
        value => { a => 'On', b => 'Off', default => 'Off' },
        shows => { a => 'looked at', b => 'not', default => 'not' } },
    {   name => 'AuthJWTCORSOrigin', kind => 'page', probe => \&accepted_origins,
        value => { a => 'https://a.example', b => 'https://b.example https://c.example', default => 'none' },
        shows => { a => 'https://a.example', b => 'https://b.example https://c.example', default => '' } },
    {   name => 'AuthJWTCORSMaxAge', kind => 'page', probe => \&age_of_preflight, with => 'AuthJWTCORSOrigin https://a.example',
        value => { a => '60s', b => '2min', default => '10min' }, shows => { a => 60, b => 120, default => 600 } },
    {   name => 'AuthJWTLoginURL', kind => 'page', probe => sub { led_to(GET => @_) },
        value => { a => '/login-a', b => 'https://login.example/b', default => 'none' },
        shows => { a => '401 /login-a', b => '401 https://login.example/b', default => '401' } },
    {   name => 'AuthJWTAfterLogin', kind => 'login', probe => \&login_leads_to,
        value => { a => '/a', b => 'https://www.example/b', default => '/' },
        shows => { a => '/a', b => 'https://www.example/b', default => '/' } },
    {   name => 'AuthJWTAfterLogout', kind => 'logout', probe => \&logout_leads_to, with => 'AuthJWTLoginURL /login',
        value => { a => '/a', b => 'https://www.example/b', default => 'none' },
        shows => { a => '/a', b => 'https://www.example/b', default => '/login' } },
);
$_->{calm} = \@CALM for @OF_SESSIONS;
$_->{calm} = \@CALM_OF_BROWSERS for @OF_BROWSERS;
my @ALL = (@DIRECTIVES, @OF_SESSIONS, @OF_BROWSERS);
my %value = map { $_->{name} => $_->{value} } grep { $_->{value} } @ALL;

# What has no row, and why.
my %ELSEWHERE = (
    AuthJWTKey => 'several make one ring: by hosts, below',
    AuthJWTEndpoints => 'of a server or host, never of a section: below',
    AuthJWTUserTable => 'three ways to say one thing: below',
    AuthJWTUserQuery => 'the same',
    AuthJWTUserByIdQuery => 'the same',
    AuthJWTCheckUser => 'a user who does not exist: below',
    AuthJWTOrigin => 'of a server or host, never of a section: below',
    AuthJWTHashConcurrency => 'one number for the process: t/hashes.t',
    AuthJWTKeyPermissions => 'for the whole server, wherever it stands: t/configtest.t',
);
my @known = httpd('-L') =~ /^(AuthJWT\w+) \(/mg;
is_deeply [ sort keys %value, keys %ELSEWHERE ], [ sort @known ],
    'each directive has a row, or is asked elsewhere';

# ---- the same at the server's own sections ------------------------------------------------
# What a host sets for all directives, and the two values that sections in it set otherwise; of the
# last two only what differs from the others is asked.

my %HOSTS = (
    main      => { has => 'a', sets => undef, one => 'b', other => 'default' },
    inherits  => { has => 'a', sets => undef, one => 'default', other => 'b' },
    overrides => { has => 'b', sets => 'b', one => 'a', other => 'default', few => 1 },
    defaults  => { has => 'default', sets => 'default', one => 'a', other => 'b', few => 1 },
);

# [ why, path below /NAME-KIND, which of the host's values is in force, asked of every host ]
my @PLACES = (
    [ 'what the host has',              '/plain/page',      'has', 1 ],
    [ 'a Location',                     '/own/page',        'one', 1 ],
    [ 'a Location within a Location',   '/own/within/page', 'other' ],
    [ 'within that, back again',        '/own/within/again/page', 'one' ],
    [ 'within that, the default',       '/own/within/default/page', 'default', 1 ],
    [ 'an If within a Location',        '/own/if/page',     'other' ],
    [ 'a Directory',                    '/dir/page',        'one' ],
    [ 'a Directory within a Directory', '/dir/deep/page',   'other' ],
    [ 'Files in a Directory',           '/dir/named',       'other' ],
    [ 'a Location over a Directory',    '/dir/located/page', 'other' ],
    [ 'what a Directory inherits',      '/bare/page',       'has', 1 ],
);
my $tree = scratch('tree');
my %USE = (page => "AuthType JWT\nRequire valid-user", issue => 'SetHandler jwt-obtain',
    renew => 'SetHandler jwt-refresh', sliding => 'SetHandler jwt-obtain-sliding',
    login => 'SetHandler jwt-login', logout => 'SetHandler jwt-logout');

sub sections
{
    my ($directive, $host) = @_;
    my ($name, $kind) = @$directive{qw(name kind)};
    my $root = "$name-$kind";
    my %set = map { $_ => "$name $value{$name}{ $host->{$_} || $_ }" } qw(one other default);
    my $use = $USE{$kind};
    my ($with) = split ' ', $directive->{with} || 'nothing';
    $use = join "\n", (grep { !/^(?:$name|$with) / } @{ $directive->{calm} }), $directive->{with} || (), $use
        if $directive->{calm};
    return <<"CONF";
Alias "/$root" "$tree/$root"
<Location "/$root">
$use
</Location>
<Location "/$root/own">
$set{one}
</Location>
<Location "/$root/own/within">
$set{other}
</Location>
<Location "/$root/own/within/again">
$set{one}
</Location>
<Location "/$root/own/within/default">
$set{default}
</Location>
<Location "/$root/own/if">
<If "true">
$set{other}
</If>
</Location>
<Directory "$tree/$root/dir">
$set{one}
<Files "named">
$set{other}
</Files>
</Directory>
<Directory "$tree/$root/dir/deep">
$set{other}
</Directory>
<Location "/$root/dir/located">
$set{other}
</Location>
CONF
}

sub host_conf
{
    my ($name, @directives) = @_;
    my $host = $HOSTS{$name};
    my $own = $host->{sets} ? all_of($host->{sets}, @directives) : '';
    my $all = $own . join '', map { sections($_, $host) } @directives;
    return $name eq 'main' ? $all : <<"CONF";
<VirtualHost 127.0.0.1:\${PORT}>
ServerName $name.test
$all
</VirtualHost>
CONF
}

# Each directive once, with this one of its values.
sub all_of
{
    my ($which, @directives) = @_;
    return join '', map { "$_->{name} $_->{value}{$which}\n" } grep { $_->{value} } @directives;
}

sub world
{
    my @directives = @_;
    return join '', all_of('a', @directives), map { host_conf($_, @directives) } qw(main inherits overrides defaults);
}

for my $directive (@ALL) {
    for my $place (@PLACES) {
        spew("$tree/$directive->{name}-$directive->{kind}$place->[1]", "A PAGE\n");
    }
}

# Before, as a statement that failed at start rests for a second.
sqlite("CREATE TABLE merge_note(note TEXT); INSERT INTO merge_note VALUES('-')");
my $server = httpd_start(<<"CONF" . world(@DIRECTIVES));
Listen 127.0.0.1:\${PORT_1}
DBDriver sqlite3
DBDParams "\${T_DIR}/db/site.db"
AuthJWTKey first  HS256 "$keys/site.key"
AuthJWTKey second HS256 "$keys/other.key"
AuthJWTKey third  HS256 "$keys/other.key"
Header set X-User "expr=%{REMOTE_USER}"
Header set X-Envs "expr=%{reqenv:AUTH_JWT_CLAIM_EMAIL}:%{reqenv:A}:%{reqenv:B}"
Header set X-Heads "expr=%{req:X-A}:%{req:X-B}:%{req:X-C}"
<Directory "$tree">
    Require all granted
</Directory>
# Which endpoints a host has, and where.
AuthJWTEndpoints /login-a
<VirtualHost 127.0.0.1:\${PORT}>
    ServerName endpoints-inherited.test
    AuthJWTLoginFields username password
    AuthJWTAudience none
</VirtualHost>
<VirtualHost 127.0.0.1:\${PORT}>
    ServerName endpoints-own.test
    AuthJWTLoginFields username password
    AuthJWTAudience none
    AuthJWTEndpoints /login-b token
</VirtualHost>
CONF

# ---- probes -------------------------------------------------------------------------------

my %connection;
sub ask
{
    my ($method, $host, $path, %option) = @_;
    my $port = $server->port($host eq 'main' ? 1 : 0);
    my @fields = $host eq 'main' ? () : (Host => "$host.test");
    push @fields, @{ $option{fields} || [] };
    my $body = $option{json} ? encode_json($option{json}) : $option{body};
    $connection{$port} ||= JWTTest::Connection->new($port);
    return $connection{$port}->ask($method, $path, headers => \@fields, body => $body, type => $option{type});
}

# A login that fits all settings in force at the place.
sub tokens_at
{
    my ($host, $path, $world) = @_;
    my ($username, $password) = split ' ', $value{AuthJWTLoginFields}{ $world->{AuthJWTLoginFields} || 'default' };
    my $response = ask(POST => $host, $path,
        json => { $username => 'alice', $password => user('alice')->{password} });
    return json($response) || {};
}

sub claims_at
{
    my ($type, @place) = @_;
    return (peek(tokens_at(@place)->{$type} // '.'))[1] || {};
}

sub lifetime_of_access  { my $claims = claims_at('access', @_); return ($claims->{exp} || 0) - ($claims->{iat} || 0) }
sub lifetime_of_refresh { my $claims = claims_at('refresh', @_); return ($claims->{exp} || 0) - ($claims->{iat} || 0) }
sub claim_iss { return claims_at('access', @_)->{iss} || '' }
sub claim_aud { return claims_at('access', @_)->{aud} || '' }
sub kid { return ((peek(tokens_at(@_)->{access} // '.'))[0] || {})->{kid} }
sub claims_of { my ($names, @place) = @_; my $claims = claims_at('access', @place); return join ' ', grep { $claims->{$_} } @$names }
sub claim_of_id   { return claims_of([qw(uid sub user_id)], @_) }
sub claim_of_jti  { return claims_of([qw(id token_id jti)], @_) }
sub claim_of_type { return claims_of([qw(kind type token_type)], @_) }
sub claims_added
{
    my $claims = claims_at('access', @_);
    return join ' ', map { "$_=$claims->{$_}" } grep { exists $claims->{$_} } qw(rank role);
}
sub user_told { return join ' ', sort keys %{ tokens_at(@_)->{user} || {} } }
sub claim_roles { return join ' ', @{ claims_at('access', @_)->{roles} || [] } }
sub required_fields { return join ' ', sort keys %{ json(ask(POST => @_[0, 1], json => {})) || {} } }

# It is written after the answer, and before another request of the same connection is read.
sub note_of_login
{
    sqlite("UPDATE merge_note SET note = '-'");
    tokens_at(@_);
    ask(POST => @_[0, 1], body => '{}');
    return scalar sqlite('SELECT note FROM merge_note');
}

sub accepted_sizes
{
    my ($host, $path) = @_;
    return join ' ', grep {
        ask(POST => $host, $path, body => '{}' . ' ' x ($_ - 2))->code == 400
    } 299, 599, 9999;
}

# A token that fits, but for the claims given, and the page that it opens.
sub page_with
{
    my ($claims, $host, $path, $world, $scheme, $field) = @_;
    my %in_force = map { $_ => (split ' ', $value{$_}{ $world->{$_} })[0] } keys %$world;
    my %claims = (user_id => undef, $in_force{AuthJWTUserIdClaim} => '1', email => 'a@example.org',
        jti => undef, $in_force{AuthJWTJtiClaim} => 'x', token_type => undef,
        $in_force{AuthJWTTokenTypeClaim} => 'access', %$claims);
    $claims{iss} = $in_force{AuthJWTIssuer} if $in_force{AuthJWTIssuer} ne 'none' && !exists $claims{iss};
    $claims{aud} = $in_force{AuthJWTAudience} if $in_force{AuthJWTAudience} ne 'none' && !exists $claims{aud};
    my $token = token(\%claims, header => { kid => 'first' });
    $scheme ||= $in_force{AuthJWTHeaderTypes};
    $field ||= $in_force{AuthJWTHeaderName};
    return ask(GET => $host, $path, fields => [ $field => "$scheme $token" ]);
}

# Which of the values of a claim are good at the place.
sub accepted
{
    my ($name, $values, @place) = @_;
    return join ' ', grep {
        my $is_good = page_with({ $name => $_ eq 'none' ? undef : $_ }, @place)->code;
        die "$name $_ at @place[0, 1]: $is_good\n" unless $is_good =~ /^(?:200|401)$/;
        $is_good == 200;
    } @$values;
}

sub accepted_issuers   { return accepted('iss', [qw(none issuer-a issuer-b)], @_) }
sub accepted_audiences { return accepted('aud', [qw(none aud-a aud-b aud-c)], @_) }
sub accepted_ids   { return accepted_claims('1', [qw(uid sub user_id)], @_) }
sub accepted_jtis  { return accepted_claims('x', [qw(id token_id jti)], @_) }
sub accepted_types { return accepted_claims('access', [qw(kind type token_type)], @_) }

# Which of some claims must hold a value, so that the others need not.
sub accepted_claims
{
    my ($value, $names, @place) = @_;
    my %none = map { $_ => undef } @$names;
    return join ' ', grep { page_with({ %none, $_ => $value }, @place)->code == 200 } @$names;
}

sub accepted_delays
{
    my @place = @_;
    return join ' ', grep { page_with({ exp => time - $_ }, @place)->code == 200 } 30, 90;
}

sub accepted_ages
{
    my @place = @_;
    return join ' ', grep {
        page_with({ iat => $_ eq 'none' ? undef : time - $_ }, @place)->code == 200
    } 20, 300, 3000, 'none';
}

# The names among some under which something is shown.
sub shown
{
    my ($field, $names, @place) = @_;
    my @values = split /:/, page_with({ email => 'e' }, @place)->header($field) // '', -1;
    return join ' ', map { $names->[$_] } grep { length $values[$_] } 0 .. $#values;
}
sub claims_in_env     { return shown('X-Envs', [qw(AUTH_JWT_CLAIM_EMAIL A B)], @_) }
sub claims_in_headers { return shown('X-Heads', [qw(X_A X_B X_C)], @_) }

sub remote_user { return page_with({}, @_)->header('X-User') }

sub accepted_fields
{
    my ($host, $path, $world) = @_;
    return join ' ', grep {
        page_with({}, $host, $path, $world, undef, $_)->code == 200
    } qw(Authorization X-Token X-Other);
}

# The scheme of the challenge, and those that are accepted.
sub accepted_schemes
{
    my ($host, $path, $world) = @_;
    my ($first) = (ask(GET => $host, $path)->header('WWW-Authenticate') || '') =~ /^(\S+)/;
    return "$first: " . join ' ', grep {
        page_with({}, $host, $path, $world, $_)->code == 200
    } qw(Bearer JWT Token Own);
}

# ---- probes in the world of sessions -------------------------------------------------------

my $made = 0;
my $database = scratch('db') . '/site.db';

sub has_sid { return claims_at('access', @_)->{sid} ? 'sid' : 'no sid' }
sub kid_of_refresh { return ((peek(tokens_at(@_)->{refresh} // '.'))[0] || {})->{kid} }
sub claim_of_password { return claims_of([qw(hash_password password_mark)], @_) }

# Which of some tokens are good at the place: [ NAME, CLAIMS, KID ]...
sub good_ones
{
    my ($tokens, $host, $path) = @_;
    return join ' ', map { $_->[0] } grep {
        my $token = token($_->[1], header => { kid => $_->[2] || 'first' },
            key => ($_->[2] || 'first') eq 'first' ? site_key() : $other_key);
        ask(GET => $host, $path, fields => [ Authorization => "Bearer $token" ])->code == 200;
    } @$tokens;
}

sub accepted_without_session { return good_ones([ [ 'ended', { jti => 'ended' } ], [ 'other', {} ] ], @_) }
sub accepted_keys { return good_ones([ map { [ $_, {}, $_ ] } qw(first second third) ], @_) }
sub accepted_lengths { return good_ones([ map { [ $_, { x => 'x' x (3 / 4 * $_ - 200) } ] } 400, 900, 4000 ], @_) }

sub accepted_login_ages
{
    return good_ones([ [ none => {} ], map { [ $_, { auth_time => time - $_ } ] } 20, 300, 3000 ], @_)
        =~ s/^none (.*)/$1 none/r;
}

sub accepted_kinds
{
    return good_ones([ map { [ $_, { token_type => $_, refresh_exp => time + 3000 } ] } qw(access sliding) ], @_);
}

# The refresh token of a session in the database: the current one, or the one before.
sub session_token
{
    my ($which, $refreshed) = @_;
    my ($sid, $now) = (sprintf('%032x', ++$made), time);
    sqlite("INSERT INTO auth_jwt_session VALUES('$sid', 'auth_jwt_user.id', '1', 'current', 'before', '', '', '', "
        . "$now - 1000, $now - 1000, $refreshed, 86400, $now + 86400, $now + 86400, 0, 0)", $database);
    return token({ token_type => 'refresh', sid => $sid, jti => $which, auth_time => $now - 1000 },
        header => { kid => 'first' });
}

sub gives_successor
{
    my $answer = ask(POST => @_[0, 1], json => { refresh => session_token('current', 0) });
    return $answer->code == 200 ? json($answer)->{refresh} ? 'successor' : 'no successor' : $answer->code;
}

# After how many seconds the token before is still given its successor.
sub accepted_reuse
{
    my @place = @_[0, 1];
    return join ' ', grep {
        ask(POST => @place, json => { refresh => session_token('before', time - $_) })->code == 200
    } 10, 60;
}

sub lifetime_of_session
{
    my $sid = claims_at('access', @_)->{sid} // '';
    return scalar sqlite("SELECT absolute_until - auth_time FROM auth_jwt_session WHERE sid = '$sid'", $database);
}

sub open_sessions
{
    sqlite("UPDATE auth_jwt_session SET revoked_at = 1 WHERE user_id = '1'", $database);
    tokens_at(@_) for 1 .. 3;
    return scalar sqlite("SELECT count(*) FROM auth_jwt_session WHERE user_id = '1' AND revoked_at = 0", $database);
}

sub lifetime_of_sliding
{
    my ($claim, @place) = @_;
    my $claims = claims_at('token', @place);
    return ($claims->{$claim} || 0) - ($claims->{iat} || 0);
}

sub who_may_log_in
{
    my ($names, @place) = @_;
    return join ' ', grep {
        ask(POST => @place[0, 1], json => { username => $_, password => user('alice')->{password} })->code == 200
    } split ' ', $names;
}

sub accepted_sources
{
    my @place = @_[0, 1];
    my $token = token({}, header => { kid => 'first' });
    my %fields = (header => [ Authorization => "Bearer $token" ],
        map { $_ => [ Cookie => "$_=$token" ] } qw(__Host-jwt theirs));
    return join ' ', grep { ask(GET => @place, fields => $fields{$_})->code == 200 } sort keys %fields;
}

# ---- probes in the world of browsers -------------------------------------------------------

# A login with all that is needed, and what it was given: its body, and cookies by what they hold.
sub login_of_browser
{
    my ($host, $path, %option) = @_;
    my $answer = ask(POST => $host, $path, fields => $option{fields},
        json => { username => 'alice', password => user('alice')->{password}, %{ $option{more} || {} } });
    my %cookie;
    for ($answer->header('Set-Cookie')) {
        my ($name, $text) = /^([^=]+)=([^;]+)/;
        my $claims = $text =~ /\./ ? (peek($text))[1] : undef;
        $cookie{ $claims ? $claims->{token_type} : 'csrf' } = $_;
    }
    return ($answer, json($answer) || {}, \%cookie);
}

sub delivered
{
    my ($type, @place) = @_;
    my (undef, $body, $cookie) = login_of_browser(@place[0, 1]);
    return join ' ', $body->{$type} ? 'body' : (), $cookie->{$type} ? 'cookie' : ();
}

sub cookie_of
{
    my ($type, @place) = @_;
    my $text = (login_of_browser(@place[0, 1]))[2]{$type} // '';
    my ($name) = $text =~ /^([^=]*)/;
    return join ' ', $name, $text =~ /; (Path=[^;]*)/, $text =~ /; (SameSite=[^;]*)/;
}

sub lifetime_if_remembered
{
    my (undef, $body) = login_of_browser(@_[0, 1], more => { remember_me => JSON::PP::true() });
    my $claims = (peek($body->{refresh} // '.'))[1] || {};
    return ($claims->{exp} || 0) - ($claims->{iat} || 0);
}

sub login_from_elsewhere
{
    return (login_of_browser(@_[0, 1], fields => [ 'Sec-Fetch-Site' => 'cross-site' ]))[0]->code;
}

# The tokens of one login, good at all these places.
my $alice;
sub tokens_of_alice { return $alice ||= (login_of_browser('main', '/AuthJWTCSRF-issue/plain/page'))[1] }

# A page is served to POST as well.
sub accepted_csrf_fields
{
    my @place = @_[0, 1];
    my $tokens = tokens_of_alice();
    return join ' ', grep {
        my $code = ask(POST => @place, body => 'x', fields => [ Cookie => "__Host-jwt=$tokens->{access}",
            $_ => $tokens->{csrf_token} ])->code;
        die "$_ at @place: $code\n" unless $code =~ /^(?:403|200)$/;
        $code == 200;
    } qw(X-A X-B X-CSRFToken);
}

sub renewed
{
    my $answer = ask(GET => @_[0, 1], fields => [ Cookie => '__Host-jwt-refresh=' . tokens_of_alice()->{refresh} ]);
    return $answer->code == 200 && $answer->header('Set-Cookie') ? 'renewed' : $answer->code == 401 ? 'refused' : $answer->code;
}

# A bad token at a page that is granted to everybody.
sub looked_at
{
    my $code = ask(GET => @_[0, 1], fields => [ Authorization => 'Bearer junk' ])->code;
    return $code == 401 ? 'looked at' : $code == 200 ? 'not' : $code;
}

sub accepted_origins
{
    my @place = @_[0, 1];
    return join ' ', grep {
        (ask(GET => @place, fields => [ Origin => $_ ])->header('Access-Control-Allow-Origin') // '') eq $_
    } map { "https://$_.example" } qw(a b c d);
}

sub age_of_preflight
{
    return ask(OPTIONS => @_[0, 1], fields => [ Origin => 'https://a.example', 'Access-Control-Request-Method' => 'GET' ])
        ->header('Access-Control-Max-Age');
}

# What a page load without a token is told, and where it is sent.
sub led_to
{
    my ($method, @place) = @_;
    my $script = ask($method => @place[0, 1])->code;
    my ($url) = split /\?/, ask($method => @place[0, 1], fields => [ Accept => 'text/html' ])->header('Location') // '';
    return join ' ', $script, $url || ();
}

sub login_leads_to
{
    my $form = 'username=alice&password=' . user('alice')->{password} =~ s/ /+/gr;
    my $answer = ask(POST => @_[0, 1], body => $form, type => 'application/x-www-form-urlencoded');
    return $answer->header('Location');
}

sub logout_leads_to
{
    return ask(POST => @_[0, 1], body => '{}', fields => [ Accept => 'text/html' ])->header('Location');
}

# ---- every directive at every place -------------------------------------------------------

sub test_world
{
    my @directives = @_;
    for my $name (qw(main inherits overrides defaults)) {
        my $host = $HOSTS{$name};
        my %world = map { $_->{name} => $host->{has} } @directives;
        for my $directive (@directives) {
            for my $place (@PLACES) {
                my ($why, $path, $which, $everywhere) = @$place;
                next if $host->{few} && !$everywhere;
                my $in_force = $host->{$which} || $which;
                my $got = $directive->{probe}->($name, "/$directive->{name}-$directive->{kind}$path",
                    { %world, $directive->{name} => $in_force });
                is $got, $directive->{shows}{$in_force}, "$name, $directive->{name} ($directive->{kind}): $why";
            }
        }
    }
}

test_world(@DIRECTIVES);

for (
    [ 'endpoints-inherited', '/login-a/token', 200 ],
    [ 'endpoints-inherited', '/login-b/token', 404 ],
    [ 'endpoints-own', '/login-a/token', 404 ],
    [ 'endpoints-own', '/login-b/token', 200 ],
    [ 'endpoints-own', '/login-b/token/refresh', 404 ],
    [ 'main', '/login-b/token', 404 ],
) {
    my ($host, $path, $code) = @$_;
    my $response = ask(POST => $host, $path,
        json => { username => 'alice', password => user('alice')->{password} });
    is $response->code, $code, "AuthJWTEndpoints: $host, $path";
}
%connection = ();
$server->stop;

# ---- the same with sessions ---------------------------------------------------------------

mkdir scratch('db') or die "no directory: $!\n";
# A weak hash of the same password.
my $weak = '{SHA}mN7MYuzjmaIu0w1JDvMzvn/ec4U=';
secret($weak);
sqlite(join('', slurp(var('src_dir') . '/conf/schema/sqlite.sql') =~ s/^--.*$//gmr, insert_users(),
    "INSERT INTO auth_jwt_user(username, password) VALUES('weak', '$weak');",
    "INSERT INTO auth_jwt_blacklist VALUES('ended', 4000000000);"), $database);
chown((getpwnam var('user'))[2, 3], scratch('db'), glob scratch('db') . '/*') unless $>;
for ([ a => 'ann' ], [ b => 'ben' ]) {
    my ($file, $name) = @$_;
    my $hash = password_hash('$5$', user('alice')->{password});
    secret($hash);
    spew(scratch("users_$file"), "$name:$hash\n");
}
$server = httpd_start(<<"CONF" . world(@OF_SESSIONS));
Listen 127.0.0.1:\${PORT_1}
DBDriver sqlite3
DBDParams "$database"
AuthJWTKey first  HS256 "$keys/site.key"
AuthJWTKey second HS256 "$keys/other.key"
AuthJWTKey third  HS256 "$keys/other.key"
<AuthnProviderAlias file from_a>
    AuthUserFile "@{[ scratch('users_a') ]}"
</AuthnProviderAlias>
<AuthnProviderAlias file from_b>
    AuthUserFile "@{[ scratch('users_b') ]}"
</AuthnProviderAlias>
<Directory "$tree">
    Require all granted
</Directory>
CONF
test_world(@OF_SESSIONS);
%connection = ();
$server->stop;

# ---- the same with browsers ---------------------------------------------------------------

$server = httpd_start(<<"CONF" . world(@OF_BROWSERS));
Listen 127.0.0.1:\${PORT_1}
DBDriver sqlite3
DBDParams "$database"
AuthJWTKey first HS256 "$keys/site.key"
AuthJWTEndpoints /login token
AuthJWTOrigin https://one.example https://two.example
AuthJWTTokenSource header cookie
<VirtualHost 127.0.0.1:\${PORT}>
    ServerName origins-inherited.test
    AuthJWTAccessDelivery cookie
    AuthJWTCSRF On
</VirtualHost>
<VirtualHost 127.0.0.1:\${PORT}>
    ServerName origins-own.test
    AuthJWTAccessDelivery cookie
    AuthJWTCSRF On
    AuthJWTOrigin https://three.example
</VirtualHost>
<VirtualHost 127.0.0.1:\${PORT}>
    ServerName origins-none.test
    AuthJWTAccessDelivery cookie
    AuthJWTCSRF On
    AuthJWTOrigin none
</VirtualHost>
<Directory "$tree">
    Require all granted
</Directory>
CONF
test_world(@OF_BROWSERS);

for (
    [ 'origins-inherited', 'https://one.example https://two.example' ],
    [ 'origins-own', 'https://three.example' ],
    [ 'origins-none', 'http://origins-none.test:' . $server->port(0) ],
) {
    my ($host, $own) = @$_;
    my @good = grep { (login_of_browser($host, '/login/token', fields => [ Origin => $_ ]))[0]->code == 200 }
        (map { "https://$_.example" } qw(one two three)), map { "http://$_.test:" . $server->port(0) } qw(origins-none origins-own);
    is "@good", $own, "AuthJWTOrigin: $host";
}
%connection = ();
$server->stop;

# ---- keys, users, names of hosts ----------------------------------------------------------

for ([ merge_a => 1000 ], [ merge_b => 2000 ]) {
    my ($table, $first) = @$_;
    sqlite("CREATE TABLE $table(id INTEGER PRIMARY KEY, username TEXT, password TEXT, is_active INTEGER);"
        . "INSERT INTO $table SELECT id + $first, username, password, is_active FROM auth_jwt_user WHERE id < 5");
}

my $PLACE = <<'CONF';
<Location "/page">
    AuthType JWT
    Require valid-user
</Location>
CONF
# What a host sets, and what its tokens then have: key, issuer, the audiences it accepts (the
# first is written), and the id that alice has there.
my @NAMED = (
    [ plain => '', 'first', '', '', 1 ],
    [ 'own-keys' => "AuthJWTKey mine HS256 \"$keys/other.key\"", 'mine', '', '', 1 ],
    [ 'own-keys-same-name' => "AuthJWTKey first HS256 \"$keys/other.key\"", 'the other first', '', '', 1 ],
    [ 'no-name' => "AuthJWTKey - HS256 \"$keys/other.key\"", '-', '', '', 1 ],
    [ 'issuer-one' => 'AuthJWTIssuer one', 'first', 'one', '', 1 ],
    [ 'issuer-two' => 'AuthJWTIssuer two', 'first', 'two', '', 1 ],
    [ 'audience-one' => 'AuthJWTAudience one', 'first', '', 'one', 1 ],
    [ 'audience-two' => 'AuthJWTAudience two three', 'first', '', 'two three', 1 ],
    [ 'audience-both' => 'AuthJWTAudience one two', 'first', '', 'one two', 1 ],
    [ 'users-a' => "AuthJWTUserTable merge_a\nAuthJWTAudience users-a", 'first', '', 'users-a', 1001 ],
    [ 'users-b' => "AuthJWTUserQuery \"SELECT id, username, password, is_active FROM merge_b WHERE username = %s\"\n"
        . "AuthJWTUserByIdQuery \"SELECT id, username, password, is_active FROM merge_b WHERE id = %s\"\n"
        . 'AuthJWTAudience users-b', 'first', '', 'users-b', 2001 ],
    [ 'unchecked' => 'AuthJWTCheckUser Off', 'first', '', '', 1 ],
    [ 'checked' => 'AuthJWTCheckUser On', 'first', '', '', 1 ],
    [ 'remembered' => 'AuthJWTCheckUser 5min', 'first', '', '', 1 ],
);
my $named = join '', map {
    sprintf "<VirtualHost 127.0.0.1:\${PORT}>\nServerName %s.test\n%s\n%s</VirtualHost>\n", @$_[0, 1], $PLACE
} @NAMED;

# Below the table of a host, sections have tables of their own, and the preset again.
my $users = <<"CONF";
<VirtualHost 127.0.0.1:\${PORT}>
    ServerName users-below.test
    AuthJWTUserTable merge_a
    AuthJWTAudience users-a
    $PLACE
    <Location "/b">
        SetHandler jwt-obtain
        AuthJWTUserTable merge_b id=id
        AuthJWTAudience users-b-below
    </Location>
    <Location "/b/preset">
        AuthJWTUserQuery auth_jwt
        AuthJWTAudience users-preset
    </Location>
    <Location "/a">
        SetHandler jwt-obtain
    </Location>
</VirtualHost>
<VirtualHost 127.0.0.1:\${PORT}>
    ServerName unchecked-below.test
    AuthJWTCheckUser Off
    $PLACE
    <Location "/page/checked">
        AuthJWTCheckUser On
    </Location>
    <Location "/page/checked/not">
        AuthJWTCheckUser Off
    </Location>
    <Location "/page/checked/not/remembered">
        AuthJWTCheckUser 5min
    </Location>
    <Location "/page/checked/not/remembered/checked">
        AuthJWTCheckUser On
    </Location>
</VirtualHost>
CONF

$server = httpd_start(<<"CONF");
Listen 127.0.0.1:\${PORT_1}
DBDriver sqlite3
DBDParams "\${T_DIR}/db/site.db"
AuthJWTKey first HS256 "$keys/site.key"
# Of no meaning in a host with keys of its own.
AuthJWTSigningKey first
AuthJWTEndpoints /auth
AuthJWTRemoteUser id
$PLACE
$named
$users
CONF

sub page_code
{
    my ($host, $token, $path) = @_;
    return ask(GET => $host, $path || '/page/x', fields => [ Authorization => "Bearer $token" ])->code;
}

sub login_at
{
    my ($host, $path) = @_;
    my $answer = json(ask(POST => $host, $path || '/auth/token',
        json => { username => 'alice', password => user('alice')->{password} }));
    return $answer->{access} // '.';
}

# 404 is what those find who are let in.
for my $from ([ main => undef, 'first', '', '', 1 ], @NAMED) {
    my ($host, undef, $key, $issuer, $audience, $id) = @$from;
    my $token = login_at($host);
    for my $at ([ main => undef, 'first', '', '', 1 ], @NAMED) {
        my ($there, undef, $its_key, $its_issuer, $its_audience, $its_id) = @$at;
        my ($written) = split ' ', $audience;
        my $is_good = $key eq $its_key && $id == $its_id
            && ($its_issuer eq '' || $issuer eq $its_issuer)
            && (defined $written ? scalar grep { $_ eq $written } split ' ', $its_audience : $its_audience eq '');
        is page_code($there, $token), $is_good ? 404 : 401, "a token of $host at $there";
    }
}

for (
    [ 'own-keys', token({}, key => $other_key, header => { kid => 'mine' }), 404, 'the key of the host' ],
    [ 'own-keys', token({}, header => { kid => 'first' }), 401, 'the key of the server' ],
    [ 'own-keys', token({}, header => { kid => 'mine' }), 401, 'its name, another key' ],
    [ 'own-keys', token({}, key => $other_key), 401, 'its key without its name' ],
    [ 'own-keys-same-name', token({}, header => { kid => 'first' }), 401, 'the name of both, the key of the server' ],
    [ 'own-keys-same-name', token({}, key => $other_key, header => { kid => 'first' }), 404,
        'the name of both, its key' ],
    [ 'main', token({}, key => $other_key, header => { kid => 'first' }), 401, 'the same at the server' ],
    [ 'main', token({}, key => $other_key, header => { kid => 'mine' }), 401, 'the key of the host at the server' ],
    [ 'no-name', token({}, key => $other_key), 404, 'no name' ],
    [ 'no-name', token({}, header => { kid => 'first' }), 401, 'the name of the server where none has one' ],
    [ 'audience-both', token({ aud => [ 'x', 'two' ] }, header => { kid => 'first' }), 404, 'one audience of many' ],
    [ 'audience-two', token({ aud => 'three' }, header => { kid => 'first' }), 404, 'the second audience' ],
) {
    my ($host, $token, $code, $why) = @$_;
    is page_code($host, $token), $code, "$host: $why";
}

for (
    [ 'users-a', '/auth/token', '1001' ],
    [ 'users-b', '/auth/token', '2001' ],
    [ 'plain', '/auth/token', '1' ],
    [ 'users-below', '/auth/token', '1001' ],
    [ 'users-below', '/a', '1001' ],
    [ 'users-below', '/b', '2001' ],
    [ 'users-below', '/b/preset', '1' ],
) {
    my ($host, $path, $id) = @$_;
    is +(peek(login_at($host, $path)))[1]{user_id}, $id, "the users of $host at $path";
}
for (
    [ 'users-a', '1001', 404 ], [ 'users-a', '1', 401 ], [ 'users-b', '2001', 404 ], [ 'users-b', '1001', 401 ],
) {
    my ($host, $id, $code) = @$_;
    is page_code($host, token({ user_id => $id, aud => $host }, header => { kid => 'first' })), $code,
        "user $id among the users of $host";
}

my $nobody = token({ user_id => '99' }, header => { kid => 'first' });
for (
    [ 'main', '/page/x', 401 ], [ 'plain', '/page/x', 401 ], [ 'checked', '/page/x', 401 ],
    [ 'remembered', '/page/x', 401 ], [ 'unchecked-below', '/page/checked/not/remembered/x', 401 ],
    [ 'unchecked', '/page/x', 404 ], [ 'unchecked-below', '/page/x', 404 ],
    [ 'unchecked-below', '/page/checked/x', 401 ], [ 'unchecked-below', '/page/checked/not/x', 404 ],
) {
    my ($host, $path, $code) = @$_;
    is page_code($host, $nobody, $path), $code, "AuthJWTCheckUser: $host, $path";
}

# ---- .htaccess ----------------------------------------------------------------------------

my %in_htaccess = (map({ $_ => "$_ $value{$_}{b}" } keys %value), AuthJWTProvider => 'AuthJWTProvider file');
my @LINES = (
    (map { [ $_, $in_htaccess{$_} ] } sort keys %in_htaccess),
    [ AuthJWTKey => 'AuthJWTKey x HS256 env:PATH' ],
    [ AuthJWTEndpoints => 'AuthJWTEndpoints /auth' ],
    [ AuthJWTUserTable => 'AuthJWTUserTable merge_b' ],
    [ AuthJWTUserQuery => 'AuthJWTUserQuery auth_jwt' ],
    [ AuthJWTUserByIdQuery => 'AuthJWTUserByIdQuery "SELECT 1 AS id WHERE 1 = %s"' ],
    [ AuthJWTCheckUser => 'AuthJWTCheckUser Off' ],
);
for (@LINES) {
    my ($name, $line) = @$_;
    for my $allowed ('all', 'none') {
        spew("$tree/$allowed/$name/.htaccess", "$line\n");
        spew("$tree/$allowed/$name/page.html", "A PAGE\n");
    }
}
%connection = ();
$server->stop;
$server = httpd_start(<<"CONF");
DBDriver sqlite3
DBDParams "\${T_DIR}/db/site.db"
AuthJWTKey - HS256 "$keys/site.key"
DocumentRoot "$tree"
<Directory "$tree">
    AllowOverride All
    AuthType JWT
    Require valid-user
</Directory>
<Directory "$tree/none">
    AllowOverride FileInfo
</Directory>
CONF
for (@LINES) {
    my ($name) = @$_;
    my $get = sub { get_with("/$_[0]/$name/page.html", token({ iat => time - $_[1], auth_time => time - $_[1] }),
        port => $server->port)->code };
    if ($name eq 'AuthJWTLoginURL') {
        my $answer = get("/all/$name/page.html", port => $server->port, headers => [ Accept => 'text/html' ]);
        is $answer->code, 303, "$name in .htaccess: page loads are sent on";
        is $answer->header('Location'), "https://login.example/b?next=%2fall%2f$name%2fpage.html", '... there';
        is $get->('all', 0), 200, '... and with a token they are not';
    }
    elsif ($name =~ /^AuthJWTMax(?:Token|Login)Age\z/) {
        is $get->('all', 300), 200, "$name in .htaccess: young enough";
        is $get->('all', 3000), 401, "$name in .htaccess: too old";
    }
    elsif ($name eq 'AuthJWTOptional') {
        is $get->('all', 0), 200, "$name in .htaccess: the page";
        is get("/all/$name/page.html", port => $server->port)->code, 401, '... is not opened by it';
    }
    else {
        is $get->('all', 0), 500, "$name is none for .htaccess";
    }
    is $get->('none', 0), 500, "$name in .htaccess where AuthConfig is not allowed";
}

done_testing;
