# Tokens go both ways between the module and others that have the key: what it issues is good for
# Crypt::JWT, what Crypt::JWT and Django's PyJWT make is good for it, and what Crypt::JWT refuses
# it refuses, too. By every algorithm with openssl and with Debian's jose as well.
use strict;
use warnings;
use Crypt::JWT qw(decode_jwt encode_jwt);
use Crypt::PK::ECC;
use Crypt::PK::RSA;
use Digest::SHA qw(hmac_sha256);
use JSON::PP ();
use MIME::Base64 qw(decode_base64url encode_base64url);
use Test::More;
use JWTTest;

only_under('event');

(my $other_key = slurp(var('t_dir') . '/keys/other.key')) =~ s/\n\z//;

# Two sites: a key without a name, and one with a name, an issuer and an audience.
my %bare = (port => var('port'), key => site_key(), header => '{"alg":"HS256","typ":"JWT"}',
    tail => '', verify => []);
my %named = (port => port(1), key => $other_key,
    header => '{"alg":"HS256","typ":"JWT","kid":"2026-11"}',
    tail => ',"aud":"members","iss":"https://site.example"',
    verify => [ verify_iss => 'https://site.example', verify_aud => 'members' ]);

sub parts { return map { decode_base64url($_) } split /\./, $_[0] }

# ---- ours for others ---------------------------------------------------------------------

sub read_by_others
{
    my ($site, $token, $type, $lifetime) = @_;
    my $is = "$type token of port $site->{port}";
    my @common = (token => $token, key => $site->{key}, accepted_alg => 'HS256');

    my ($header, $claims) = eval {
        decode_jwt(@common, decode_header => 1, verify_exp => 1, verify_iat => 1, @{ $site->{verify} });
    };
    is $@, '', "$is: the signature, the times, who it is for";
    is $claims->{exp} - $claims->{iat}, $lifetime, "$is: its lifetime";
    cmp_ok abs(time - $claims->{iat}), '<', 30, "$is: made now";

    my ($header_text, $payload) = parts($token);
    is $header_text, $site->{header}, "$is: the header, byte for byte";
    (my $form = $payload) =~ s/"(exp|iat)":\d{10}\b/"$1":0/g;
    $form =~ s/"jti":"[0-9a-f]{32}"/"jti":""/;
    # SimpleJWT does not know this one, and copies it as any other.
    ok $form =~ s/("user_id":"1"),"password_mark":"[0-9a-f]{32}"/$1/, "$is: a mark of the password";
    is $form, qq({"token_type":"$type","exp":0,"iat":0,"jti":"","user_id":"1"$site->{tail}}),
        "$is: the claims, in SimpleJWT's order and types";

    ok !eval { decode_jwt(@common, key => 'another key of more than 32 bytes') }, "$is: no other key fits";
    ok !eval { decode_jwt(@common, accepted_alg => 'HS512') }, "$is: no other algorithm";
    return $claims->{jti};
}

my %seen;
for my $site (\%bare, \%named) {
    my $pair = login('alice', port => $site->{port});
    my $answer = json(post_json('/auth/token/refresh', { refresh => $pair->{refresh} }, port => $site->{port}));
    $seen{ read_by_others($site, $pair->{access}, 'access', 300) }++;
    $seen{ read_by_others($site, $pair->{refresh}, 'refresh', 86400) }++;
    $seen{ read_by_others($site, $answer->{access}, 'access', 300) }++;
}
is scalar(keys %seen), 6, 'no jti came twice';

my $pair = login('alice', port => $named{port});
my $ring = { keys => [
    { kid => 'old', kty => 'oct', k => encode_base64url('k' x 32) },
    { kid => '2026-11', kty => 'oct', k => encode_base64url($other_key) } ] };
is eval { decode_jwt(token => $pair->{access}, kid_keys => $ring)->{user_id} }, '1',
    'the kid finds the key in a JWK set';

# ---- others' for us ----------------------------------------------------------------------

my $now = time;
my %access = (token_type => 'access', exp => $now + 300, iat => $now - 5, user_id => '1');
my %strict = (iss => 'https://site.example', aud => 'members');
my $serial = 0;

sub jti { return sprintf '%s-%d', 'of-another-maker', ++$serial }

sub by_crypt_jwt
{
    my ($claims, %option) = @_;
    my $token = encode_jwt(payload => { %access, jti => jti(), %$claims }, alg => 'HS256',
        key => site_key(), %option);
    secret($token);
    return $token;
}

# Byte for byte as wanted: the texts of header and payload.
sub by_hand
{
    my ($header, $payload, $key) = @_;
    my $signed = join '.', map { encode_base64url($_) } $header, $payload;
    my $token = "$signed." . encode_base64url(hmac_sha256($signed, $key // site_key()));
    secret($token);
    return $token;
}

# As PyJWT writes it: no blanks, SimpleJWT's order. Version 5.2.2 wrote the id as a number.
sub django
{
    my ($user_id, $more, $header) = @_;
    return by_hand($header // '{"alg":"HS256","typ":"JWT"}', sprintf
        '{"token_type":"access","exp":%d,"iat":%d,"jti":"%s","user_id":%s%s}',
        $now + 300, $now - 5, '0123456789abcdef0123456789abcdef', $user_id, $more // '');
}

my $claims = JSON::PP->new->encode({ %access, jti => jti() });
my $pretty = JSON::PP->new->pretty->canonical->encode({ %access, jti => jti() });

my @welcome = (
    [ 'Crypt::JWT', by_crypt_jwt({}) ],
    [ 'Crypt::JWT, an integer user_id', by_crypt_jwt({ user_id => 1 }) ],
    [ 'Crypt::JWT, typ in the header', by_crypt_jwt({}, extra_headers => { typ => 'JWT' }) ],
    [ 'Crypt::JWT, an access token of RFC 9068', by_crypt_jwt({}, extra_headers => { typ => 'at+jwt' }) ],
    [ 'Crypt::JWT, headers of no concern', by_crypt_jwt({}, extra_headers => { cty => 'x', x5t => 'y' }) ],
    [ 'Crypt::JWT, nbf', by_crypt_jwt({ nbf => $now - 5 }) ],
    [ 'Crypt::JWT, iss where none is asked for', by_crypt_jwt({ iss => 'anybody' }) ],
    [ 'Crypt::JWT, more claims', by_crypt_jwt({ role => [ 'a', { b => undef } ], name => "J\x{fc}rgen \x{1f600}",
        sub => 'not the user', n => 1e15, yes => JSON::PP::true() }) ],
    [ 'Crypt::JWT, a long one', by_crypt_jwt({ pad => 'x' x 5500 }) ],
    [ 'SimpleJWT', django('"1"') ],
    [ 'SimpleJWT 5.2.2, the id is a number', django('1') ],
    [ 'PyJWT 1, typ comes first', django('1', '', '{"typ":"JWT","alg":"HS256"}') ],
    [ 'SimpleJWT, hash_password and claims of a subclass',
      django('"1"', ',"hash_password":"0123456789ABCDEF","role":"editor","n":[1,{"a":null}]') ],
    [ 'blanks in the header', by_hand("{\"alg\": \"HS256\",\r\n \"typ\": \"JWT\"}", $claims) ],
    [ 'an indented payload', by_hand('{"alg":"HS256"}', $pretty) ],
    [ 'exp with a fraction', by_hand('{"alg":"HS256"}', $claims =~ s/"exp":\d+/$& . '.75'/er) ],
    [ 'escaped names and values', by_hand('{"\u0061lg":"\u0048S256"}', $claims =~ s/user_id/user\\u005fid/r) ],
);

for (@welcome) {
    my ($name, $token) = @$_;
    my $answer = get_with('/interchange', $token);
    is $answer->code, 200, "welcome: $name";
    like $answer->content, qr/^AUTH_JWT_USER_ID=1$/m, "welcome: $name: as user 1";
}
like get_with('/interchange', django('1'))->content, qr/^REMOTE_USER=alice$/m, 'the row gives the name';

my @named = (
    [ 'with kid, issuer and audience', { %strict }, 200 ],
    [ 'the second audience', { %strict, aud => 'second' }, 200 ],
    [ 'two audiences', { %strict, aud => [ 'x', 'members' ] }, 200 ],
    [ 'another audience', { %strict, aud => 'x' }, 401 ],
    [ 'another issuer', { %strict, iss => 'https://site.example/' }, 401 ],
    [ 'no issuer', { aud => 'members' }, 401 ],
);
for (@named) {
    my ($name, $more, $code) = @$_;
    my $token = by_crypt_jwt($more, key => $other_key, extra_headers => { kid => '2026-11' });
    is get_with('/interchange', $token, port => $named{port})->code, $code, "a named key: $name";
}
is get_with('/interchange', by_crypt_jwt({%strict}, key => $other_key), port => $named{port})->code, 401,
    'a named key: a token without kid';

# ---- their refresh token, our access token -----------------------------------------------

my $refresh = by_crypt_jwt({ token_type => 'refresh', exp => $now + 3600, user_id => 1,
    role => 'editor', list => [ 1, { a => undef } ], name => "J\x{fc}rgen" });
my $got = json(post_json('/auth/token/refresh', { refresh => $refresh }));
my $read = eval { decode_jwt(token => $got->{access}, key => site_key(), verify_exp => 1) } || {};
my ($old) = eval { decode_jwt(token => $refresh, key => site_key()) };
is_deeply { map { $_ => $read->{$_} } qw(role list name) }, { map { $_ => $old->{$_} } qw(role list name) },
    'its claims are carried over';
like((parts($got->{access}))[1], qr/"user_id":"1"/, 'the id is a string now');
isnt $read->{jti}, $old->{jti}, 'a jti of its own';
is $read->{token_type}, 'access', 'an access token';
cmp_ok $read->{iat}, '>=', $now, 'made now, not when the refresh token was';
is $read->{exp} - $read->{iat}, 300, 'with a lifetime of its own';

secret(my $again = encode_jwt(payload => $read, alg => 'HS256', key => site_key()));
is get_with('/interchange', $again)->code, 200, 'its claims, signed by Crypt::JWT, are good again';

# ---- what others refuse ------------------------------------------------------------------

sub others_take
{
    my ($token) = @_;
    return !!eval { decode_jwt(token => $token, key => site_key(), accepted_alg => 'HS256',
        verify_exp => 1, verify_iat => 1, leeway => 10) };
}

my $good = by_crypt_jwt({});
my ($head, $body, $signature) = split /\./, $good;
my @refused = (
    [ 'another key', by_crypt_jwt({}, key => $other_key) ],
    [ 'HS512', by_crypt_jwt({}, alg => 'HS512') ],
    [ 'alg none', by_crypt_jwt({}, alg => 'none', allow_none => 1) ],
    [ 'expired', by_crypt_jwt({ exp => $now - 60 }) ],
    [ 'not yet valid', by_crypt_jwt({ nbf => $now + 60 }) ],
    [ 'made in the future', by_crypt_jwt({ iat => $now + 60 }) ],
    [ 'no signature', "$head.$body." ],
    [ 'two parts', "$head.$body" ],
    [ 'another payload', join('.', $head, (split /\./, by_crypt_jwt({ user_id => '4' }))[1], $signature) ],
);

# The same numbers in every run.
my $random = 1;
sub below { $random = ($random * 1103515245 + 12345) % 2**31; return int($random / 65536) % $_[0] }

for my $n (1 .. 200) {
    my $token = $good;
    my @letters = ('A' .. 'Z', 'a' .. 'z', 0 .. 9, '-', '_');
    substr $token, below(length $token), 1 + below(2), $letters[ below(64) ] for 0 .. below(2);
    push @refused, [ "mutation $n", $token ] unless $token eq $good;
}

my @wrong;
for (@refused) {
    my ($name, $token) = @$_;
    next if others_take($token);
    my $code = get_with('/interchange', $token)->code;
    push @wrong, "$name: $code" if $code != 401;
}
is_deeply \@wrong, [], 'what Crypt::JWT refuses is refused: ' . @refused . ' tokens';
ok others_take($good), 'the token that they were made of is good for Crypt::JWT';
is get_with('/interchange', $good)->code, 200, 'and for the module';

# ---- every algorithm ------------------------------------------------------------------------

# Keys by openssl, one of each kind that signs here and one of a stranger. Each algorithm has a
# place of its own, where its key alone counts; the last word is how its key is made.
my @rows = (
    (map { [ $_, 'secret', '' ] } qw(HS256 HS384 HS512)),
    (map { [ $_, 'rsa', 'RSA -pkeyopt rsa_keygen_bits:2048' ] } qw(RS256 RS384 RS512 PS256 PS384 PS512)),
    [ 'ES256', 'p256', 'EC -pkeyopt ec_paramgen_curve:P-256' ],
    [ 'ES384', 'p384', 'EC -pkeyopt ec_paramgen_curve:P-384' ],
    [ 'ES512', 'p521', 'EC -pkeyopt ec_paramgen_curve:P-521' ],
    [ 'EdDSA', 'ed25519', 'ed25519' ],
    [ 'EdDSA', 'ed448', 'ed448' ],
);
my $dir = scratch('algorithms');
mkdir $dir;
spew("$dir/page.txt", 'open');

# What a command prints, or undef when it fails.
sub run
{
    my ($command) = @_;
    my $output = `cd '$dir' && { $command; } 2>>errors`;
    return $? ? undef : $output;
}

sub make_key
{
    my ($name, $how) = @_;
    return if -e "$dir/$name.pem";
    if (!$how) {
        my $secret = join '', map { ('a' .. 'z', 0 .. 9)[ rand 36 ] } 1 .. 64;
        secret($secret);
        spew("$dir/$name.pem", $secret, 0600);
        return spew("$dir/$name.jwk", JSON::PP::encode_json({ kty => 'oct', k => encode_base64url($secret) }), 0600);
    }
    run("umask 077; openssl genpkey -algorithm $how -out $name.pem && openssl pkey -in $name.pem -pubout -out $name.pub")
        // die "no key $name\n";
    secret(slurp("$dir/$name.pem") =~ /-----\n(.*?)\n/);
    my $class = $how =~ /^RSA/ ? 'Crypt::PK::RSA' : $how =~ /^EC/ ? 'Crypt::PK::ECC' : return;
    spew("$dir/$name.jwk", $class->new("$dir/$name.pem")->export_key_jwk('private'), 0600);
}

for (@rows) {
    my ($alg, $kind, $how) = @$_;
    make_key("$_-$kind", $how) for qw(our stranger);
}

my $server = httpd_start(<<"CONF" . join '', map { my ($alg, $kind) = @$_; <<"ROW" } @rows);
DBDriver  sqlite3
DBDParams "\${T_DIR}/db/site.db"
AliasMatch "^/page/" "$dir/page.txt"
CONF
AuthJWTKey $alg-$kind $alg "$dir/our-$kind.pem"
<Location "/login/$alg-$kind">
    SetHandler jwt-obtain
    AuthJWTSigningKey $alg-$kind
</Location>
<Location "/page/$alg-$kind">
    AuthType JWT
    Require valid-user
    AuthJWTVerifyKeys $alg-$kind
</Location>
ROW

# JWS has the two numbers of an ECDSA signature side by side, openssl in DER.
sub to_der
{
    my ($pair) = @_;
    my $half = length($pair) / 2;
    my $numbers = join '', map { "\x02" . pack 'C/a', ord > 127 ? "\0$_" : $_ }
        map { s/^\0+(?=.)//sr } substr($pair, 0, $half), substr $pair, $half;
    return "\x30" . (length $numbers > 127 ? "\x81" : '') . pack 'C/a', $numbers;
}

sub from_der
{
    my ($der, $half) = @_;
    my @numbers = unpack((substr($der, 1, 1) eq "\x81" ? 'x3' : 'x2') . ' x C/a x C/a', $der);
    return join '', map { substr "\0" x $half . $_, -$half } @numbers;
}

my %half = (ES256 => 32, ES384 => 48, ES512 => 66);

# openssl's words for signing ("-sign", "-out") and verifying ("-verify", "-signature").
sub openssl
{
    my ($alg, $mode, $key, $file) = @_;
    my ($family, $bits) = $alg =~ /^(..)(\d*)/;
    return "openssl pkeyutl $mode -rawin -in data " . ($mode eq '-sign' ? '-out' : '-sigfile') . " $file"
        . ($mode eq '-sign' ? '' : ' -pubin') . " -inkey $key" if $alg eq 'EdDSA';
    return "openssl dgst -sha$bits " . ($family eq 'PS'
        ? "-sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest -sigopt rsa_mgf1_md:sha$bits " : '')
        . "$mode $key " . ($mode eq '-sign' ? '-out' : '-signature') . " $file data";
}

# The signature of a text by openssl, as JWS has it.
sub openssl_signature
{
    my ($alg, $name, $text) = @_;
    spew("$dir/data", $text);
    return pack 'H*', run("openssl dgst -sha$1 -mac HMAC -macopt key:\$(cat $name.pem) -r data") =~ s/ .*//sr
        if $alg =~ /^HS(\d+)/;
    run(openssl($alg, '-sign', "$name.pem", 'signature')) // die "openssl cannot sign by $alg\n";
    my $signature = slurp("$dir/signature");
    return $half{$alg} ? from_der($signature, $half{$alg}) : $signature;
}

sub openssl_takes
{
    my ($alg, $name, $token) = @_;
    my ($text, $signature) = $token =~ /^(.*)\.(.*)/;
    $signature = decode_base64url($signature);
    return openssl_signature($alg, $name, $text) eq $signature if $alg =~ /^HS/;
    spew("$dir/data", $text);
    spew("$dir/signature", $half{$alg} ? to_der($signature) : $signature);
    return defined run(openssl($alg, '-verify', "$name.pub", 'signature'));
}

# Others that make and read tokens: [ name, maker, reader ]. A maker gets the algorithm, the name
# of the key, header and payload; a reader, the token in place of both, says what it thinks of it.
sub crypt_jwt_key { my ($alg, $name) = @_; my $text = slurp("$dir/$name.pem"); return $alg =~ /^HS/ ? $text : \$text }

my %others = (
    openssl => [
        sub {
            my ($alg, $name, $header, $payload) = @_;
            my $text = join '.', map { encode_base64url($_) } $header, $payload;
            return "$text." . encode_base64url(openssl_signature($alg, $name, $text));
        },
        \&openssl_takes,
    ],
    'Crypt::JWT' => [
        sub {
            my ($alg, $name, $header, $payload) = @_;
            return encode_jwt(payload => $payload, alg => $alg, key => crypt_jwt_key($alg, $name),
                extra_headers => JSON::PP::decode_json($header));
        },
        sub {
            my ($alg, $name, $token) = @_;
            return !!eval { decode_jwt(token => $token, key => crypt_jwt_key($alg, $name), accepted_alg => $alg,
                verify_exp => 1) };
        },
    ],
    jose => [
        sub {
            my ($alg, $name, $header, $payload) = @_;
            spew("$dir/data", $payload);
            my $template = JSON::PP::encode_json({ protected => JSON::PP::decode_json($header) });
            return run("jose jws sig -I data -k $name.jwk -s '$template' -c");
        },
        sub {
            my ($alg, $name, $token) = @_;
            spew("$dir/token", $token);
            return defined run("jose jws ver -i token -k $name.jwk -O /dev/null");
        },
    ],
);

my $has_jose = defined run('jose alg');
sub why_not
{
    my ($other, $alg, $kind) = @_;
    return $other eq 'Crypt::JWT' && $kind eq 'ed448' ? 'Crypt::JWT has no Ed448'
         : $other ne 'jose'                           ? ''
         : !$has_jose                                 ? 'jose is not installed'
         : $alg eq 'EdDSA'                            ? 'jose has no EdDSA'
         :                                              '';
}

for (@rows) {
    my ($alg, $kind) = @$_;
    my $name = "$alg-$kind";
    my $is = $kind =~ /^ed/ ? "$alg, $kind" : $alg;
    my @at = (port => $server->port);
    my $ours = login('alice', path => "/login/$name", @at);
    my $header = JSON::PP->new->canonical->encode({ alg => $alg, kid => $name });

    is_deeply [ peek($ours->{access}) ]->[0], { alg => $alg, typ => 'JWT', kid => $name }, "$is: its header";
    for my $other (sort keys %others) {
        my ($make, $takes) = @{ $others{$other} };
        SKIP: {
            my $why = why_not($other, $alg, $kind);
            skip $why, 5 if $why;
            my $payload = JSON::PP->new->canonical->encode({ %access, jti => jti() });
            my %theirs = map { $_ => $make->($alg, "$_-$kind", $header, $payload) } qw(our stranger);
            secret(values %theirs);
            ok $takes->($alg, "our-$kind", $ours->{$_}), "$is: our $_ token is good for $other" for qw(access refresh);
            ok !$takes->($alg, "stranger-$kind", $ours->{access}), "$is: but not with another key";
            is get_with("/page/$name", $theirs{our}, @at)->content, 'open', "$is: a token by $other opens the page";
            is get_with("/page/$name", $theirs{stranger}, @at)->code, 401, "$is: one by $other with another key does not";
        }
    }
}

done_testing;
