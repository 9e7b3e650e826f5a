# Where keys come from, which of them a place accepts, which one signs there, and what
# jwks.json tells of them.
#
# Runs beside others: it has a server of its own.
use strict;
use warnings;
use Crypt::JWT qw(decode_jwt encode_jwt);
use JSON::PP ();
use MIME::Base64 qw(encode_base64url);
use Test::More;
use JWTTest;
use JWTTest::Connection;
use JWTTest::Process qw(on_valgrind wait_until);

only_under('event');

my $dir = scratch('keys');
mkdir $dir;
mkdir "$dir/pairs";

# ---- the keys ----------------------------------------------------------------------------

sub openssl
{
    my ($arguments) = @_;
    my $output = `openssl $arguments 2>/dev/null`;
    die "openssl $arguments\n" if $?;
    return $output;
}

sub pair
{
    my ($name, $algorithm) = @_;
    spew("$dir/$name.pem", openssl("genpkey -algorithm $algorithm"), 0600);
    spew("$dir/$name.pub", openssl("pkey -in '$dir/$name.pem' -pubout"), 0644);
    secret(slurp("$dir/$name.pem") =~ /-----\n(.*?)\n/);
    return slurp("$dir/$name.pem");
}

my %key = (
    es => pair('es', 'EC -pkeyopt ec_paramgen_curve:P-256'),
    'pairs/2026-11' => pair('pairs/2026-11', 'ed25519'),
    'pairs/2026-12' => pair('pairs/2026-12', 'ed448'),
    certified => pair('certified', 'RSA -pkeyopt rsa_keygen_bits:2048'),
    pss => pair('pss', 'RSA -pkeyopt rsa_keygen_bits:2048'),
    partner => pair('partner', 'EC -pkeyopt ec_paramgen_curve:P-384'),
    # Of no server here.
    stranger => pair('stranger', 'EC -pkeyopt ec_paramgen_curve:P-256'),
    env => 'a secret from the environment, long enough',
    program => 'a secret that a program writes, and longer than others',
    set => 'a secret of a set of keys, of more than 32 bytes',
);
secret(@key{qw(env program set)});
unlink "$dir/pairs/2026-11.pub", "$dir/pairs/2026-12.pem"; # one private key, one public
spew("$dir/certified.crt", openssl("req -x509 -new -key '$dir/certified.pem' -subj /CN=test"), 0644);
spew("$dir/program.key", $key{program}, 0600);
spew("$dir/set.json", JSON::PP::encode_json({ keys => [
    { kty => 'oct', kid => 'first', k => encode_base64url($key{set}), alg => 'HS256', use => 'sig' },
    { kty => 'oct', kid => 'second', k => encode_base64url("$key{set}!"), key_ops => ['verify'] },
] }), 0600);

spew("$dir/page.txt", 'open');

# ---- the server --------------------------------------------------------------------------

my $server = httpd_start(<<"CONF", env => { JWT_TEST_SECRET => $key{env} });
Listen 127.0.0.1:\${PORT_1}
<VirtualHost 127.0.0.1:\${PORT_1}>
    DBDriver  sqlite3
    DBDParams "\${T_DIR}/db/site.db"
    AuthJWTKey es      ES256 "$dir/es.pem"
    AuthJWTKey env     HS256 env:JWT_TEST_SECRET
    AuthJWTKey program HS384 "exec:/bin/cat '$dir/program.key'"
    AuthJWTKey *       EdDSA "$dir/pairs"
    AuthJWTKey *       RS256 "$dir/certified.crt"
    AuthJWTKey *       HS256 "$dir/set.json"
    AuthJWTKey -       PS512 "$dir/pss.pem" verify
    AuthJWTKey partner ES384 "$dir/partner.pub"
    AuthJWTRefreshSigningKey env
    AuthJWTEndpoints /auth
    <Location "/auth/token/refresh">
        AuthJWTSigningKey program
    </Location>
    <Location "/by-2026-11">
        SetHandler jwt-obtain
        AuthJWTSigningKey 2026-11
        AuthJWTRefreshSigningKey first
    </Location>
    <Location "/some.json">
        SetHandler jwt-jwks
        AuthJWTVerifyKeys partner - env
    </Location>
    <Location "/closed">
        AuthType JWT
        Require valid-user
    </Location>
    <Location "/closed/jwks">
        SetHandler jwt-jwks
    </Location>

    AliasMatch "^/open/" "$dir/page.txt"
    <LocationMatch "^/open/">
        AuthType JWT
        Require valid-user
    </LocationMatch>
    <Location "/open/partners">
        AuthJWTVerifyKeys partner es
    </Location>
    <Location "/open/partners/only">
        AuthJWTVerifyKeys partner
    </Location>
    <Location "/open/partners/all">
        AuthJWTVerifyKeys all
    </Location>
    <Location "/open/nameless">
        AuthJWTVerifyKeys -
    </Location>
    <Location "/open/none">
        AuthJWTVerifyKeys none
    </Location>
    <Location "/open/short">
        AuthJWTMaxTokenLength 256
    </Location>
</VirtualHost>
CONF
my @at = (port => $server->port(1));

# ---- jwks.json ---------------------------------------------------------------------------

my $answer = get('/auth/jwks.json', @at);
is $answer->code, 200, 'the public keys';
is $answer->header('Content-Type'), 'application/json', 'in JSON';
is $answer->header('Cache-Control'), 'public, max-age=300', 'to be kept for five minutes';
ok !defined $answer->header('Pragma') && !defined $answer->header('WWW-Authenticate')
    && !defined $answer->header('Vary'), 'by anybody';
my $set = json($answer);
my %public = map { $_->{kid} => $_ } @{ $set->{keys} };

my %members = (RSA => 'alg e kid kty n use', EC => 'alg crv kid kty use x y', OKP => 'alg crv kid kty use x');
is join(' ', sort keys %$set), 'keys', 'it is a JWK set';
is scalar(@{ $set->{keys} }), 6, 'of the six key pairs, and no secret';
for my $jwk (@{ $set->{keys} }) {
    is join(' ', sort keys %$jwk), $members{ $jwk->{kty} }, "$jwk->{kid}: public members only";
    is $jwk->{use}, 'sig', "$jwk->{kid}: for signatures";
}

# The thumbprint by somebody else: RFC 7638 section 3.
sub thumbprint { return Crypt::PK::RSA->new("$dir/$_[0].pem")->export_key_jwk_thumbprint('SHA256') }
my %kid = map { $_ => thumbprint($_) } qw(certified pss);
is join(' ', map { $_->{kid} } @{ $set->{keys} }),
    "es 2026-11 2026-12 $kid{certified} $kid{pss} partner",
    'in the order of the configuration; who has no name has the thumbprint';

my $etag = $answer->header('ETag');
like $etag, qr/^"[0-9a-f]{32}"$/, 'it has an ETag';
for (
    [ 'the same',     [ 'If-None-Match' => $etag ],      304 ],
    [ 'any',          [ 'If-None-Match' => '*' ],        304 ],
    [ 'another',      [ 'If-None-Match' => '"0"' ],      200 ],
    [ 'not that one', [ 'If-Match' => '"0"' ],           412 ],
    [ 'a part',       [ Range => 'bytes=0-9' ],          206 ],
    [ 'no part',      [ Range => 'bytes=99999-' ],       416 ],
) {
    my ($why, $headers, $code) = @$_;
    my $response = get('/auth/jwks.json', @at, headers => $headers);
    is $response->code, $code, "a condition: $why";
    is $response->content, '', "$why: without a body" if $code == 304;
    is $response->header('Cache-Control'), $code < 400 ? 'public, max-age=300' : undef,
        "$why: " . ($code < 400 ? 'to be kept, too' : 'not to be kept for others');
}
{
    my $response = request(HEAD => '/auth/jwks.json', @at);
    is $response->code, 200, 'HEAD';
    is $response->header('Content-Length'), length $answer->content, 'has the length';
    is $response->content, '', 'and no body';
    for my $method (qw(POST PUT DELETE)) {
        $response = request($method => '/auth/jwks.json', @at);
        is $response->code, 405, $method;
        is $response->header('Allow'), 'GET, HEAD, OPTIONS', "$method: what is allowed";
        is $response->header('Cache-Control'), 'no-store', "$method: not to be kept";
    }
    $response = request(OPTIONS => '/auth/jwks.json', @at);
    is $response->code, 200, 'OPTIONS';
}
is get('/auth/jwks.json/', @at)->content, $answer->content, 'with a slash at its end';
is get('/closed/jwks', @at)->content, $answer->content, 'in a protected place it is open';
is get('/closed/other', @at)->code, 401, 'which the place is not';
is_deeply [ map { $_->{kid} } @{ json(get('/some.json', @at))->{keys} } ], [ $kid{pss}, 'partner' ],
    'a place shows the keys that it accepts';
is get('/auth/jwks.json', port => var('port'))->content, '{"keys":[]}', 'a site with a secret alone has none';

# ---- who signs ---------------------------------------------------------------------------

my $pair = json(post_json('/auth/token', { map { $_ => user('alice')->{$_} } qw(username password) }, @at));
my $renewed = json(post_json('/auth/token/refresh', { refresh => $pair->{refresh} }, @at));
my $other = json(post_json('/by-2026-11', { map { $_ => user('alice')->{$_} } qw(username password) }, @at));
for (
    [ 'access: the first that can sign', $pair->{access}, 'es', 'ES256' ],
    [ 'refresh: its own key', $pair->{refresh}, 'env', 'HS256' ],
    [ 'refreshed: by the key of that place', $renewed->{access}, 'program', 'HS384' ],
    [ 'another place, another key', $other->{access}, '2026-11', 'EdDSA' ],
    [ 'and another one for refresh', $other->{refresh}, 'first', 'HS256' ],
) {
    my ($why, $token, $kid, $alg) = @$_;
    my ($header) = peek($token);
    is_deeply $header, { alg => $alg, typ => 'JWT', kid => $kid }, $why;
}
is decode_jwt(token => $pair->{access}, kid_keys => $set, accepted_alg => 'ES256')->{user_id}, '1',
    'Crypt::JWT finds the key in jwks.json';
is decode_jwt(token => $other->{access}, kid_keys => $set, accepted_alg => 'EdDSA')->{user_id}, '1',
    'and that of EdDSA';
is get_with('/open/', $_, @at)->code, 200, 'what was issued here is good here'
    for $pair->{access}, $renewed->{access}, $other->{access};
is get_with('/open/', $pair->{refresh}, @at)->code, 401, 'but a refresh token is not';

# ---- which keys a place accepts ----------------------------------------------------------

sub token_by
{
    my ($key, $alg, $kid) = @_;
    return token({}, alg => $alg, key => $alg =~ /^HS/ ? $key : \$key,
        header => defined $kid ? { kid => $kid } : {});
}

my %token = (
    es => token_by($key{es}, 'ES256', 'es'),
    env => token_by($key{env}, 'HS256', 'env'),
    program => token_by($key{program}, 'HS384', 'program'),
    directory => token_by($key{'pairs/2026-11'}, 'EdDSA', '2026-11'),
    certified => token_by($key{certified}, 'RS256', $kid{certified}),
    first => token_by($key{set}, 'HS256', 'first'),
    second => token_by("$key{set}!", 'HS256', 'second'),
    nameless => token_by($key{pss}, 'PS512'),
    partner => token_by($key{partner}, 'ES384', 'partner'),
);
my @all = sort keys %token;
for (
    [ '/open/', @all ],
    [ '/open/partners', 'partner', 'es' ],
    [ '/open/partners/only', 'partner' ],
    [ '/open/partners/all', @all ],
    [ '/open/nameless', 'nameless' ],
    [ '/open/none' ],
) {
    my ($path, @good) = @$_;
    my %good = map { $_ => 1 } @good;
    for my $name (@all) {
        my $response = get_with($path, $token{$name}, @at);
        is $response->code, $good{$name} ? 200 : 401, "$path, the key $name";
        like $response->content, qr/"Token is invalid"/, "$path, $name: and no more is told"
            unless $good{$name};
    }
}

# ---- the key decides, never the token ------------------------------------------------------

for (
    [ 'by a stranger under our name', token_by($key{stranger}, 'ES256', 'es') ],
    [ 'by a stranger', token_by($key{stranger}, 'ES256', 'stranger') ],
    [ 'without a name, by a key that has one', token_by($key{es}, 'ES256') ],
    [ 'under another name', token_by($key{env}, 'HS256', 'first') ],
    [ 'by the thumbprint of a key without a name', token_by($key{pss}, 'PS512', $kid{pss}) ],
    [ 'RS256 by a key for PS512', token_by($key{pss}, 'RS512') ],
    [ 'PS256 by a key for RS256', token_by($key{certified}, 'PS256', $kid{certified}) ],
    [ 'HS512 by a secret for HS384', token_by($key{program}, 'HS512', 'program') ],
    [ 'a public key as secret', token_by(slurp("$dir/es.pub"), 'HS256', 'es') ],
    [ 'a public key as secret, less its last line break', token_by(slurp("$dir/es.pub") =~ s/\n\z//r,
        'HS256', 'es') ],
    [ 'a certificate as secret', token_by(slurp("$dir/certified.crt"), 'HS256', $kid{certified}) ],
    [ 'a public JWK as secret', token_by(JSON::PP::encode_json($public{es}), 'HS256', 'es') ],
) {
    my ($why, $token) = @$_;
    my $response = get_with('/open/', $token, @at);
    is $response->code, 401, "refused: $why";
    unlike $response->content, qr/^open/, "$why: and shown nothing";
}

# ---- again and again on one connection -------------------------------------------------------

# What was computed for one request is not computed again for the next; all else is looked at.
for my $name (@all) {
    my $connection = JWTTest::Connection->new($server->port(1));
    my $ask = sub {
        my ($path, $token) = @_;
        return $connection->ask(GET => $path, headers => [ Authorization => "Bearer $token" ])->code;
    };
    my $token = $token{$name};
    my ($input, $signature) = $token =~ /^(.*)\.(.*)$/;
    my $changed = $signature =~ s/^(.{9})(.)/$1 . ($2 eq 'A' ? 'B' : 'A')/er;
    my ($header) = $input =~ /^(.*)\./;
    my ($other) = token({ user_id => '2' }) =~ /\.(.*)\./;
    is_deeply [ map { $ask->(@$_) } [ '/open/', $token ], [ '/open/', $token ], [ '/open/', "$input.$changed" ],
        [ '/open/', "$header.$other.$signature" ], [ '/open/none', $token ], [ '/open/', $token ],
        [ '/open/', $token{ $name eq 'es' ? 'env' : 'es' } ], [ '/open/none', $token ], [ '/open/', $token ] ],
        [ 200, 200, 401, 401, 401, 200, 200, 401, 200 ], "the key $name, on one connection";
    is $connection->opened, 1, '... which it was';
}
{
    my $connection = JWTTest::Connection->new($server->port(1));
    my $token = token({ exp => time + 2 }, alg => 'HS256', key => $key{env}, header => { kid => 'env' });
    my $ask = sub { $connection->ask(GET => '/open/', headers => [ Authorization => "Bearer $token" ])->code };
    is $ask->(), 200, 'a token of two seconds opens';
    ok wait_until(20, sub { $ask->() == 401 }), '... and is over on the same connection';
    is $connection->opened, 1, '... which it was';
}

# ---- the length --------------------------------------------------------------------------

{
    my $short = token({ exp => time + 300 }, alg => 'HS256', key => $key{env}, header => { kid => 'env' });
    my %padded = map { $_ => token({ x => 'x' x $_ }, alg => 'HS256', key => $key{env},
        header => { kid => 'env' }) } 1 .. 60;
    my ($fits) = sort { length $b <=> length $a } grep { length() <= 256 } values %padded, $short;
    my ($long) = sort { length $a <=> length $b } grep { length() > 256 } values %padded;
    SKIP: {
        skip 'no token is that short', 1 unless $fits;
        is get_with('/open/short', $fits, @at)->code, 200, length($fits) . ' bytes are looked at';
    }
    is get_with('/open/short', $long, @at)->code, 401, length($long) . ' bytes are not';
    is get_with('/open/', $long, @at)->code, 200, 'where they are not limited they are';
}

# ---- what the children have --------------------------------------------------------------

SKIP: {
    # What the system shows is the environment with which valgrind itself was started.
    skip 'valgrind has an environment of its own', 2 if on_valgrind();
    my @pids = $server->children;
    my @environments = map { -r "/proc/$_/environ" ? slurp("/proc/$_/environ") : () } @pids;
    skip 'the environment of a process cannot be read here', 2 unless @environments;
    is scalar(grep { /\Q$key{env}\E/ } @environments), 0, 'no child has the secret in its environment';
    cmp_ok scalar(grep { /PATH=/ } @environments), '>', 0, 'which was really looked at';
}

ok $server->graceful, 'restarted';
is get_with('/open/', $token{env}, @at)->code, 200, 'the secret is still known';

done_testing;
