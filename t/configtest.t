# What "httpd -t" says to every mistake: each message names the directive, what it saw and the
# cure; and what is no mistake passes without a word.
#
# Runs beside others: it reads configurations, and has servers of its own.
use strict;
use warnings;
use JWTTest;
use MIME::Base64 qw(encode_base64 encode_base64url);
use POSIX ();
use Test::More;

only_under('event');

my $root = $> == 0;
my $dir = scratch('keys');
my $t_dir = var('t_dir');

my $algorithms = 'HS256 HS384 HS512 RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA';

sub key_of
{
    my ($algorithm) = @_;
    return scalar `openssl genpkey -algorithm $algorithm 2>/dev/null`;
}

sub filter_key
{
    my ($pem, $options) = @_;
    spew("$dir/filter", $pem, 0600);
    return scalar `openssl pkey -in '$dir/filter' $options`;
}

sub public_of { return filter_key($_[0], '-pubout') }
# As PKCS #1 has it, without the name of the algorithm.
sub rsa_der_of
{
    spew("$dir/filter", key_of('RSA -pkeyopt rsa_keygen_bits:2048'), 0600);
    return `openssl rsa -in '$dir/filter' -RSAPublicKey_out -outform DER 2>/dev/null` . "\n";
}

sub encrypted { return filter_key($_[0], '-aes256 -passout pass:x') }

# ---- what the snippets name --------------------------------------------------------------

my $secret = slurp("$t_dir/keys/site.key");
my $certificate = slurp("$t_dir/keys/cert.pem");
my $public = `openssl pkey -in '$t_dir/keys/key.pem' -pubout`;
my $jwk = '{"kty":"EC","crv":"P-256","x":"' . 'A' x 43 . '","y":"' . 'A' x 43 . '"}';
my $der = `openssl pkey -in '$t_dir/keys/key.pem' -pubout -outform DER`;
my $other = key_of('EC -pkeyopt ec_paramgen_curve:P-384');
my $pair = key_of('EC -pkeyopt ec_paramgen_curve:P-256');
my $of_server_group = $root ? (getgrnam var('group'))[2] : $);

my %files = (
    'same.key' => [$secret], 'others-read.key' => [ $secret, 0644 ],
    'others-write.key' => [ $secret, 0602 ], 'closed.key' => [ $secret, 0 ],
    'empty.key' => [''], 'newline.key' => ["\n"], 'short.key' => [ 'x' x 31 . "\n" ],
    'just.key' => [ 'y' x 32 ], 'large.key' => [ 'x' x 65537 ],
    'owned.key' => [$secret], 'group-read.key' => [ $secret, 0640 ], 'group-write.key' => [ $secret, 0620 ],
    'public.pem' => [$public], 'certificate.pem' => [$certificate],
    'blank.pem' => ["  \t$public"], 'newline.pem' => ["\r\n\n$certificate"],
    'bom.pem' => ["\xef\xbb\xbf$public"], 'blank-bom.pem' => [" \xef\xbb\xbf\n$public"],
    'text.pem' => ["Bag Attributes\n$public"], 'key.der.pem' => [$der],
    'newline.der.pem' => ["$der\n"], 'blanks.der.pem' => ["\n$der\r\n\n"],
    'newline.rsa.pem' => [ rsa_der_of() ], 'base64.der.pem' => [ encode_base64("$der\n") ],
    'url.der.pem' => [ 'data:application/x-x509-ca-cert;base64,' . encode_base64($der, '') ],
    'quoted.der.pem' => [ '"' . encode_base64($der, '') . '"' ],
    'hex.der.pem' => [ join ':', unpack '(H2)*', $der ], '0x.der.pem' => [ '0x' . unpack 'H*', $der ],
    'printed.pem' => [ filter_key($public, '-pubin -noout -text') ],
    'ssh2.pem' => ["---- BEGIN SSH2 PUBLIC KEY ----\nAAAA" . 'A' x 64 . "\n---- END SSH2 PUBLIC KEY ----\n"],
    'blob.ssh.pem' => [ encode_base64("\0\0\0\7ssh-rsa" . 'A' x 270) ],
    'quoted.jwk' => [ '"' . $jwk =~ s/"/\\"/gr . '"' ],
    'ssh.pem' => [ 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI' . 'A' x 43 . "\n" ],
    'array.jwk' => ["[$jwk]"],
    'bom.jwk' => ["\xef\xbb\xbf$jwk"], 'base64.jwk' => [ encode_base64($jwk) ],
    'point.json' => [$jwk], 'oct.json' => ['{"kty":"oct","k":"' . 'A' x 43 . '","kid":"o"}'],
    'two.json' => [ '{"keys":[' . join(',', map { qq({"kty":"oct","kid":"$_","k":") . 'A' x 42
        . $_ . '"}' } qw(A E)) . ']}' ],
    # y, little-endian: orders 1, 2, 4, 4, 8, 8; y beyond the field; no square; and of Ed448.
    map({ my ($name, $crv, $hex) = @$_; ("$name.okp" => [ sprintf '{"kty":"OKP","crv":"%s","x":"%s"}',
            $crv, encode_base64url(pack 'H*', $hex) ]) }
        [ 'order1', 'Ed25519', '01' . '00' x 31 ], [ 'order1-sign', 'Ed25519', '01' . '00' x 30 . '80' ],
        [ 'order2', 'Ed25519', 'ec' . 'ff' x 30 . '7f' ], [ 'order4', 'Ed25519', '00' x 32 ],
        [ 'order4-sign', 'Ed25519', '00' x 31 . '80' ],
        [ 'order8', 'Ed25519', '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05' ],
        [ 'order8-other', 'Ed25519', 'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a' ],
        [ 'beyond', 'Ed25519', 'ee' . 'ff' x 30 . '7f' ], [ 'off-curve', 'Ed25519', '02' . '00' x 31 ],
        [ 'order1-448', 'Ed448', '01' . '00' x 56 ], [ 'order4-448', 'Ed448', '00' x 57 ],
        [ 'order2-448', 'Ed448', 'fe' . 'ff' x 27 . 'fe' . 'ff' x 27 . '00' ],
        [ 'beyond-448', 'Ed448', 'ff' x 56 . '00' ], [ 'odd-448', 'Ed448', '03' . '00' x 55 . '01' ]),
    'p256.key' => [$pair], 'p384.key' => [$other],
    'p256.pub' => [ public_of($pair), 0644 ], 'open.pub' => [ public_of($pair), 0666 ],
    'encrypted.key' => [ encrypted($pair) ], 'rsa1024.key' => [ key_of('RSA -pkeyopt rsa_keygen_bits:1024') ],
);
spew("$dir/$_", $files{$_}[0], 0600) && chmod($files{$_}[1] // 0600, "$dir/$_") for keys %files;
chown -1, (split ' ', $of_server_group)[0], glob "$dir/group-*.key";
chown +(getpwnam var('user'))[2], -1, "$dir/owned.key" if $root;
mkdir "$dir/$_" for qw(empty secrets mixed nested nested/inner open pairs);
chmod 0777, "$dir/open";
spew("$dir/open/site.key", $secret, 0600);
spew("$dir/secrets/$_.key", "$_" x 40, 0600) for qw(a b);
spew("$dir/secrets/.hidden", 'short', 0600);
spew("$dir/mixed/a.key", 'a' x 40, 0600);
spew("$dir/mixed/b.key", 'short', 0600);
spew("$dir/pairs/2026-11.pem", $pair, 0600);
spew("$dir/pairs/2026-12.pub", $files{'p256.pub'}[0], 0644);
spew("$dir/anybodys", "#!/bin/sh\ncat '$dir/just.key'\n", 0777);
chmod 0777, "$dir/anybodys";
symlink '/bin/echo', "$dir/open/echo";
spew("$dir/open/echoes", "#!/bin/sh\nexec echo \"\$@\"\n", 0755);
symlink "$dir/open/echoes", "$dir/to-open";
spew("$dir/fails", "#!/bin/sh\ncat '$dir/just.key'\nexit 1\n", 0755);
POSIX::mkfifo("$dir/fifo", 0600);

# The beginning of most snippets, two lines; the host's lines are counted from the third.
my $database = "DBDriver sqlite3\nDBDParams \"\${T_DIR}/db/site.db\"\n";
my $key  = "AuthJWTKey - HS256 keys/site.key\n";
my $site = $database . $key . "AuthJWTEndpoints /auth\n";

sub in_location { return "<Location \"/x\">\n$_[0]\n</Location>\n" }
sub protected   { return in_location("AuthType JWT\nRequire valid-user\n$_[0]") }
sub in_host     { return "<VirtualHost *:80>\n$_[0]\n</VirtualHost>\n" }

# ---- directives --------------------------------------------------------------------------
# [reason, snippet, message]: the message is a whole line of the output. In it CONF, T_DIR and
# KEYS stand for paths, and lines are counted from the snippet's first.

my $no_secret = "AuthJWTKey: key '-': a PEM or JSON key is no secret, and whoever reads a "
    . 'public key could sign; HS256 needs random bytes (openssl rand -base64 48)';
sub no_time
{
    my ($name, $value) = @_;
    return "$name: '$value' is not a time; write a number above 0 with a unit, such as 5min, 1h, "
        . '14d or 900s';
}
sub placeholders
{
    my ($name, $count) = @_;
    return "$name: the SQL has $count placeholders; it needs exactly one %s (a percent sign of "
        . 'the SQL is written %%)';
}
# As httpd writes what is not printable.
sub shown { return $_[0] =~ s/([^ -~])/sprintf '\\x%02x', ord $1/ger }
my $twice = 'users are configured twice in this section; keep one AuthJWTUserTable, or one of '
    . 'each query';
my $by_id = "AuthJWTUserByIdQuery \"SELECT id, username, password FROM u WHERE id = %s\"\n";

my $stray = '(each file of the directory is a key; move others away)';
my $by_hand = 'see what it wrote to standard error, above or in the error log, and run it by hand';
my $no_script = "failed; $by_hand (a script begins with #!/bin/sh)";

my @bad_values = (
    # keys
    [ 'no arguments', 'AuthJWTKey', 'AuthJWTKey: takes KID ALG SOURCE and optionally sign or '
        . 'verify, such as: AuthJWTKey 2026-11 HS256 jwt/site.key' ],
    [ 'an argument too many', 'AuthJWTKey - HS256 keys/site.key sign now', 'AuthJWTKey: takes KID '
        . 'ALG SOURCE and optionally sign or verify, such as: AuthJWTKey 2026-11 HS256 '
        . 'jwt/site.key' ],
    [ 'an unknown algorithm', 'AuthJWTKey - HS257 keys/site.key',
        "AuthJWTKey: unknown algorithm 'HS257' in KID ALG SOURCE; known are: $algorithms" ],
    [ 'an algorithm in lower case', 'AuthJWTKey - hs256 keys/site.key',
        "AuthJWTKey: unknown algorithm 'hs256' in KID ALG SOURCE; known are: $algorithms" ],
    [ 'the algorithm none', 'AuthJWTKey - none keys/site.key',
        "AuthJWTKey: unknown algorithm 'none' in KID ALG SOURCE; known are: $algorithms" ],
    [ 'neither sign nor verify', 'AuthJWTKey - HS256 keys/site.key both',
        "AuthJWTKey: 'both' is neither sign nor verify; write one of them, or nothing for both" ],
    [ 'a missing key file', 'AuthJWTKey - HS256 KEYS/none.key',
        "AuthJWTKey: key '-': cannot read KEYS/none.key: No such file or directory; make it with: "
        . '(umask 077; openssl rand -base64 48 > KEYS/none.key)' ],
    [ 'a missing key pair', 'AuthJWTKey - ES384 KEYS/none.pem',
        "AuthJWTKey: key '-': cannot read KEYS/none.pem: No such file or directory; make it with: "
        . '(umask 077; openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 > '
        . 'KEYS/none.pem)' ],
    [ 'a missing public key', 'AuthJWTKey - ES256 KEYS/none.pub verify', "AuthJWTKey: key '-': "
        . 'cannot read KEYS/none.pub: No such file or directory; name a file or directory that is '
        . 'there' ],
    [ 'a missing directory', 'AuthJWTKey * ES256 KEYS/none', "AuthJWTKey: key '*': cannot read "
        . 'KEYS/none: No such file or directory; name a file or directory that is there' ],
    [ 'a URL', 'AuthJWTKey * ES256 https://idp.test/jwks.json verify', "AuthJWTKey: key '*': "
        . "'https://idp.test/jwks.json' is no file, and keys are not fetched; save it to a file, and "
        . 'name that' ],
    [ 'a file within a file', 'AuthJWTKey - HS256 KEYS/just.key/x',
        "AuthJWTKey: key '-': cannot read KEYS/just.key/x: Not a directory; name a file that can "
        . 'be read' ],
    [ 'an empty directory', 'AuthJWTKey * HS256 KEYS/empty',
        "AuthJWTKey: key '*': the directory KEYS/empty has no file; put a key into it" ],
    [ 'a directory under one name', 'AuthJWTKey - HS256 KEYS/secrets',
        "AuthJWTKey: key '-': the source is a directory; write * in place of a name, so that each "
        . 'key is named like its file' ],
    [ 'a directory with a file that has no key', 'AuthJWTKey * HS256 KEYS/mixed',
        "AuthJWTKey: key '*': KEYS/mixed/b.key: the secret has 5 bytes, HS256 needs 32 or more "
        . "(openssl rand -base64 48) $stray" ],
    [ 'a directory in a directory', 'AuthJWTKey * HS256 KEYS/nested',
        "AuthJWTKey: key '*': KEYS/nested/inner is no regular file; name the file that has the key "
        . $stray ],
    [ 'a directory that others can write', 'AuthJWTKey * HS256 KEYS/open',
        "AuthJWTKey: key '*': KEYS/open can be written by every user of this machine; run: chmod "
        . 'go-w KEYS/open' ],
    [ 'a pipe as key file, which nobody writes to', 'AuthJWTKey - HS256 KEYS/fifo',
        "AuthJWTKey: key '-': KEYS/fifo is no regular file; name the file that has the key" ],
    [ 'a closed key file', 'AuthJWTKey - HS256 KEYS/closed.key',
        "AuthJWTKey: key '-': cannot read KEYS/closed.key: Permission denied; start httpd as root, "
        . 'or give the file to the user who starts it', $root && 'root reads every file' ],
    [ 'a program that says nothing', 'AuthJWTKey - HS256 exec:/bin/true',
        "AuthJWTKey: key '-': the secret has 0 bytes, HS256 needs 32 or more (openssl rand "
        . '-base64 48)' ],
    [ 'a program that fails', 'AuthJWTKey - HS256 exec:/bin/false',
        "AuthJWTKey: key '-': the program /bin/false $no_script" ],
    [ 'a program that fails after it has written', 'AuthJWTKey - HS256 "exec:KEYS/fails"',
        "AuthJWTKey: key '-': the program KEYS/fails $no_script" ],
    [ 'a program that sleeps', 'AuthJWTKey - HS256 "exec:/bin/sleep 60"',
        "AuthJWTKey: key '-': the program /bin/sleep did not end within 10 seconds; $by_hand" ],
    [ 'a program that writes for ever', 'AuthJWTKey - HS256 "exec:/bin/cat /dev/zero"',
        "AuthJWTKey: key '-': the program /bin/cat wrote more than 65536 bytes; $by_hand" ],
    [ 'a program that others can change', 'AuthJWTKey - HS256 exec:KEYS/anybodys',
        "AuthJWTKey: key '-': the program KEYS/anybodys does not belong to root alone; run: chown "
        . 'root KEYS/anybodys; chmod go-w KEYS/anybodys' ],
    map({ [ "a program that others can replace: $_", "AuthJWTKey - HS256 \"exec:KEYS/$_ x\"",
            "AuthJWTKey: key '-': the program KEYS/$_ is in a directory that another user than root "
            . 'can write; move it, such as to /usr/local/sbin' ] } 'open/echo', 'to-open'),
    [ 'no such program', 'AuthJWTKey - HS256 exec:/nonexistent/program',
        "AuthJWTKey: key '-': cannot look at the program /nonexistent/program: No such file or "
        . 'directory; name one that is there' ],
    [ 'a directory as program', 'AuthJWTKey - HS256 exec:KEYS/secrets',
        "AuthJWTKey: key '-': KEYS/secrets is no program; name the file that is to run" ],
    [ 'a program that cannot be run', 'AuthJWTKey - HS256 exec:KEYS/just.key',
        "AuthJWTKey: key '-': the program KEYS/just.key cannot be run; run: chmod u+x "
        . 'KEYS/just.key' ],
    [ 'a program with arguments and without quotes', 'AuthJWTKey - HS256 exec:/bin/cat KEYS/just.key',
        "AuthJWTKey: 'KEYS/just.key' is neither sign nor verify; put a program and its arguments "
        . 'into quotes: "exec:/bin/cat KEYS/just.key"' ],
    [ 'a program without its path', 'AuthJWTKey - HS256 "exec:cat KEYS/just.key"',
        "AuthJWTKey: key '-': 'exec:cat KEYS/just.key' names no program; write its whole path, "
        . 'such as exec:/usr/local/sbin/site-key' ],
    [ 'a secret in place of a key pair', 'AuthJWTKey - RS256 keys/site.key',
        "AuthJWTKey: key '-': it is neither PEM nor JWK, and RS256 takes no other; make a key "
        . '(openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:3072), or PEM of DER (openssl '
        . 'pkey -inform DER -in OLD -out NEW)' ],
    [ 'a key on another curve', 'AuthJWTKey - ES256 KEYS/p384.key',
        "AuthJWTKey: key '-': it is a key on the curve P-384, and ES256 needs one on P-256; "
        . 'write ES384, or name another key' ],
    [ 'a key of another kind', 'AuthJWTKey - RS256 KEYS/p384.key',
        "AuthJWTKey: key '-': it is a key on the curve P-384, and RS256 needs an RSA key; "
        . 'write ES384, or name another key' ],
    [ 'a weak RSA key', 'AuthJWTKey - RS256 KEYS/rsa1024.key',
        "AuthJWTKey: key '-': it is an RSA key of 1024 bits; take one of 2048 to 8192 (openssl "
        . 'genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:3072)' ],
    [ 'a key with a pass phrase', 'AuthJWTKey - ES256 KEYS/encrypted.key',
        "AuthJWTKey: key '-': it is encrypted and nobody is there to type the pass phrase; write "
        . 'it without one (openssl pkey -in OLD -out NEW)' ],
    [ 'a public key that shall sign', 'AuthJWTKey - ES256 KEYS/p256.pub sign',
        "AuthJWTKey: key '-': it cannot sign; write verify, or name a private key" ],
    [ 'a public key that others can write', 'AuthJWTKey - ES256 KEYS/open.pub',
        "AuthJWTKey: key '-': KEYS/open.pub can be written by every user of this machine; run: "
        . 'chmod go-w KEYS/open.pub' ],
    [ 'no point on the curve', 'AuthJWTKey - ES256 KEYS/point.json', "AuthJWTKey: key '-': its x "
        . 'and y are no point on the curve, or its d is out of range' ],
    map({ [ "no key of an Edwards curve: $_", "AuthJWTKey - EdDSA KEYS/$_", "AuthJWTKey: key '-': its x "
            . 'is no point on the curve, or one of those few for which everybody can sign; make a '
            . 'new one' ] } grep { /\.okp$/ } sort keys %files),
    [ 'a public JWK as secret', 'AuthJWTKey - HS256 KEYS/point.json',
        "AuthJWTKey: key '-': its kty is EC, and HS256 needs oct; name a key of that kind, or "
        . 'another algorithm' ],
    [ 'a JWK under another name', 'AuthJWTKey x HS256 KEYS/oct.json',
        "AuthJWTKey: key 'x': its kid is 'o'; write that name, or * for it" ],
    [ 'a set under one name', 'AuthJWTKey x HS256 KEYS/two.json', "AuthJWTKey: key 'x': it is a "
        . 'JWK set of several keys; write * in place of a name, so that each has its own' ],
    [ 'a secret without a name of its own', 'AuthJWTKey * HS256 keys/site.key',
        "AuthJWTKey: key '*': a secret has no name of its own; give it one in place of *" ],
    [ 'the secret in place of its file', "AuthJWTKey a HS256 " . 'c2VjcmV0' x 6,
        "AuthJWTKey: key 'a': SOURCE is no file that can be read, and is not shown, as it may be "
        . 'the secret itself; write the name of a file, or env:NAME' ],
    [ 'a name that means all keys', 'AuthJWTKey all HS256 keys/site.key',
        "AuthJWTKey: key 'all': the key's name 'all' means something else where keys are named; "
        . 'take another name' ],
    map({ [ "all keys and some: $_", "AuthJWTVerifyKeys $_", 'AuthJWTVerifyKeys: all and none '
            . 'stand alone; write one of them, or names of keys' ] } 'all a', 'a all', 'none a',
        'a none', 'all none'),
    [ 'a key in a directory that others can write', 'AuthJWTKey a HS256 KEYS/open/site.key',
        "AuthJWTKey: key 'a': KEYS/open can be written by every user of this machine; run: chmod "
        . 'go-w KEYS/open' ],
    [ 'permissions, neither', 'AuthJWTKeyPermissions lax', # read early, so in httpd's other words
        qr/: Syntax error on line 1 of CONF: AuthJWTKeyPermissions: 'lax' is neither strict nor warn; write one of them$/ ],
    [ 'a token length that is none', 'AuthJWTMaxTokenLength 8k', "AuthJWTMaxTokenLength: '8k' is "
        . 'not a size; write a number of bytes from 256 to 1048576' ],
    [ 'a secret that others can read', 'AuthJWTKey - HS256 KEYS/others-read.key',
        "AuthJWTKey: key '-': KEYS/others-read.key can be read or written by every user of this "
        . 'machine; run: chmod 600 KEYS/others-read.key' ],
    [ 'a secret that others can write', 'AuthJWTKey - HS256 KEYS/others-write.key',
        "AuthJWTKey: key '-': KEYS/others-write.key can be read or written by every user of this "
        . 'machine; run: chmod 600 KEYS/others-write.key' ],
    [ 'a secret of 31 bytes', 'AuthJWTKey - HS256 KEYS/short.key',
        "AuthJWTKey: key '-': the secret has 31 bytes, HS256 needs 32 or more (openssl rand "
        . '-base64 48)' ],
    [ 'an empty key file', 'AuthJWTKey - HS256 KEYS/empty.key',
        "AuthJWTKey: key '-': the secret has 0 bytes, HS256 needs 32 or more (openssl rand "
        . '-base64 48)' ],
    [ 'a key file of one newline', 'AuthJWTKey - HS256 KEYS/newline.key',
        "AuthJWTKey: key '-': the secret has 0 bytes, HS256 needs 32 or more (openssl rand "
        . '-base64 48)' ],
    [ 'a file larger than any key', 'AuthJWTKey - HS256 KEYS/large.key',
        "AuthJWTKey: key '-': KEYS/large.key has more than 65536 bytes; name a file that has the "
        . 'key and nothing else' ],
    map({ [ "no secret: $_", "AuthJWTKey - HS256 KEYS/$_", $no_secret ] }
        grep { /\.(?:pem|jwk)$/ } sort keys %files),
    [ 'a variable that is not set', 'AuthJWTKey - HS256 env:JWT_NOT_SET',
        "AuthJWTKey: key '-': the environment has no variable JWT_NOT_SET; set it where httpd is "
        . 'started (on Debian /etc/apache2/envvars), or name a file' ],
    [ 'a variable without a name', 'AuthJWTKey - HS256 env:',
        "AuthJWTKey: key '-': 'env:' names no variable; write one such as env:JWT_KEY" ],
    [ 'a short variable', 'AuthJWTKey - HS256 env:JWT_SHORT',
        "AuthJWTKey: key '-': the secret has 5 bytes, HS256 needs 32 or more (openssl rand "
        . '-base64 48)' ],
    [ 'an empty variable', 'AuthJWTKey - HS256 env:JWT_EMPTY',
        "AuthJWTKey: key '-': the secret has 0 bytes, HS256 needs 32 or more (openssl rand "
        . '-base64 48)' ],
    [ 'a public key in a variable', 'AuthJWTKey - HS256 env:JWT_PUBLIC', $no_secret ],
    [ 'one kid twice', "AuthJWTKey a HS256 keys/site.key\nAuthJWTKey a HS256 keys/other.key",
        "AuthJWTKey: key 'a': the kid 'a' stands twice; give each key its own name" ],
    [ 'a kid with a blank', 'AuthJWTKey "a b" HS256 keys/site.key',
        "AuthJWTKey: key 'a b': the key's name 'a b' has a character other than letters, digits "
        . 'and -._~:/+=@' ],
    [ 'a kid with a quote', q(AuthJWTKey "a\"b" HS256 keys/site.key),
        q(AuthJWTKey: key 'a"b': the key's name 'a"b' has a character other than letters, digits )
        . 'and -._~:/+=@' ],
    [ 'an empty kid', 'AuthJWTKey "" HS256 keys/site.key',
        "AuthJWTKey: key '': the key's name is empty; write - for a key without kid" ],

    # endpoints
    [ 'endpoints without a path', 'AuthJWTEndpoints',
        "AuthJWTEndpoints: '' is no path; write one that begins with a slash, such as /auth" ],
    [ 'a relative path', 'AuthJWTEndpoints auth',
        "AuthJWTEndpoints: 'auth' is no path; write one that begins with a slash, such as /auth" ],
    [ 'a URL as path', 'AuthJWTEndpoints http://localhost/auth', "AuthJWTEndpoints: "
        . "'http://localhost/auth' is no path; write one that begins with a slash, such as /auth" ],
    [ 'a path with a query', 'AuthJWTEndpoints /auth?x',
        "AuthJWTEndpoints: '/auth?x' is no path; write one that begins with a slash, such as "
        . '/auth' ],
    [ 'endpoints twice', "AuthJWTEndpoints /a\nAuthJWTEndpoints /b",
        'AuthJWTEndpoints: stands twice in one server; use SetHandler jwt-obtain in a Location for '
        . 'further ones' ],
    [ 'an unknown endpoint', 'AuthJWTEndpoints /auth token nonsense',
        "AuthJWTEndpoints: there is no endpoint 'nonsense'; known are token, "
            . 'token/refresh, login, sliding, sliding/refresh, token/verify, token/blacklist, logout, sessions, user, '
            . 'jwks.json' ],
    [ 'endpoints in a section', in_location('AuthJWTEndpoints /auth'),
        'AuthJWTEndpoints not allowed in <Location> context' ],
    [ 'a key in a section', in_location($key), 'AuthJWTKey not allowed in <Location> context' ],

    # users
    [ 'a table without a name', 'AuthJWTUserTable',
        'AuthJWTUserTable: takes a table and its columns, such as: members password=pw_hash' ],
    map({ [ "an odd table name: $_", "AuthJWTUserTable \"$_\"", "AuthJWTUserTable: '$_' is no "
            . 'plain table name; write AuthJWTUserQuery and AuthJWTUserByIdQuery for it' ] }
        '1st', 'mem bers', 'members;', 'a.b.c', 'a.', "mem'bers", 'x--'),
    map({ [ "an odd column name: $_", "AuthJWTUserTable members \"password=$_\"",
            "AuthJWTUserTable: '$_' is no plain column name; write AuthJWTUserQuery and "
            . 'AuthJWTUserByIdQuery for it' ] }
        '1pw', 'pw hash', 'm.pw', '-', '', 'pw)'),
    map({ [ "an unknown column: $_", "AuthJWTUserTable members $_", "AuthJWTUserTable: '$_' is no "
            . "column; write id=, username=, password= or is_active= and the table's own name "
            . 'for it' ] }
        'email=mail', 'password', 'Password=pw', '=pw'),
    [ 'a table twice', "AuthJWTUserTable a\nAuthJWTUserTable b", "AuthJWTUserTable: $twice" ],
    [ 'a table and a query', "AuthJWTUserTable a\n$by_id", "AuthJWTUserByIdQuery: $twice" ],
    [ 'a query and a table', "${by_id}AuthJWTUserTable a", "AuthJWTUserTable: $twice" ],
    [ 'a preset and a query', "AuthJWTUserQuery auth_jwt\n$by_id", "AuthJWTUserByIdQuery: $twice" ],
    [ 'a placeholder in quotes', q{AuthJWTUserQuery "SELECT id FROM u WHERE name = '%s'"},
        'AuthJWTUserQuery: the SQL has %s in quotes, where it is no placeholder but text; write it '
        . 'without' ],
    map({ [ "a query that is none: $_", "AuthJWTUserQuery \"$_ u SET x = 1 WHERE username = %s\"",
        'AuthJWTUserQuery: the SQL changes rows; write one that finds a user, such as SELECT' ] }
        'UPDATE', ' update', "\tDELETE FROM", 'insert into', 'REPLACE INTO'),
    [ 'one query twice', $by_id . $by_id, "AuthJWTUserByIdQuery: $twice" ],
    map({ [ "an unknown preset: '$_'", "AuthJWTUserQuery \"$_\"", "AuthJWTUserQuery: there is no "
            . "preset '$_'; write auth_jwt, django, laravel, wordpress, wordpress:PREFIX or SQL text "
            . 'in quotes' ] }
        'joomla', 'auth-jwt', 'django:x', 'wordpres', 'wordpressx', ':', 'SELECT'),
    map({ [ "an odd prefix: '$_'", "AuthJWTUserQuery \"wordpress:$_\"", "AuthJWTUserQuery: '$_' is no "
            . "prefix of a table's name; write the \$table_prefix of wp-config.php, such as "
            . 'wordpress:blog_' ] }
        '', 'wp-', '1_', 'a;', 'a.b.c', 'wp_%s'),
    [ 'another preset and a query', "AuthJWTUserQuery django\n$by_id", "AuthJWTUserByIdQuery: $twice" ],
    map({
        my $name = $_;
        map({ [ "$name with $_->[0] placeholders: $_->[1]", "$name \"SELECT 1 FROM u WHERE $_->[1]\"",
                placeholders($name, $_->[0]) ] }
            [ 0, 'id = 1' ], [ 2, 'id = %s OR name = %s' ], [ 0, 'name = %%s' ],
            [ 2, q(id = %s AND name LIKE '%foo') ], [ 3, q(id = %d AND x = '%s' OR y = %s) ]),
    } qw(AuthJWTUserQuery AuthJWTUserByIdQuery)),
    [ 'an unknown provider', 'AuthJWTProvider file nonsense', qr/^AuthJWTProvider: there is no authn provider 'nonsense'; load its module in front of this line, as authn_file_module for file; loaded are: .*\bfile\b/ ],
    [ 'a provider with a colon', "<AuthnProviderAlias file a:b>\nAuthUserFile x\n</AuthnProviderAlias>\n"
        . 'AuthJWTProvider a:b', "AuthJWTProvider: 'a:b' has a colon, which ends a provider's name in the ids of "
        . 'its users; give it another name' ],
    map({ [ "last login by '$_'", "AuthJWTLastLoginQuery $_", "AuthJWTLastLoginQuery: there is no "
            . "preset '$_'; write django or SQL text in quotes" ] }
        'wordpress', 'Off', 'django:x'),
    [ 'a last login of everybody', 'AuthJWTLastLoginQuery "UPDATE u SET seen = 1"',
        placeholders('AuthJWTLastLoginQuery', 0) ],
    [ 'a last login that only reads', 'AuthJWTLastLoginQuery " (select note(%s))"', 'AuthJWTLastLoginQuery: '
        . 'the SQL gives rows; write one that changes some, such as UPDATE' ],
    [ 'a last login with two values', 'AuthJWTLastLoginQuery "UPDATE u SET seen = %s WHERE id = %s"',
        placeholders('AuthJWTLastLoginQuery', 2) ],
    map({ [ "an age of answers that is none: $_", "AuthJWTCheckUser $_", "AuthJWTCheckUser: '$_' is neither "
            . 'On nor Off nor a time from 1s to 5min; write one of them, such as 5s' ] }
        qw(sometimes 0 0s -1 301 301s 6min 1h 500ms 1.5s yes)),
    [ 'one field only', 'AuthJWTLoginFields user', qr/^AuthJWTLoginFields takes two or three arguments, names of a login's fields/ ],
    [ 'one field for both', 'AuthJWTLoginFields name name',
        "AuthJWTLoginFields: user name and password cannot both be 'name'" ],
    map({ [ "the user id in the claim $_", "AuthJWTUserIdClaim $_", "AuthJWTUserIdClaim: '$_' has a "
            . 'meaning of its own in a token; write another name, such as user_id or sub' ] }
        qw(token_type exp iat nbf jti iss aud sid auth_time refresh_exp hash_password)),
    map({ [ "the token's id in the claim $_", "AuthJWTJtiClaim $_", "AuthJWTJtiClaim: '$_' has a "
            . 'meaning of its own in a token; write another name, such as jti or token_id' ] }
        qw(token_type exp iat nbf sub iss aud sid auth_time refresh_exp hash_password)),
    map({ [ "the token's type in the claim $_", "AuthJWTTokenTypeClaim $_", "AuthJWTTokenTypeClaim: '$_' "
            . 'has a meaning of its own in a token; write another name, such as token_type or kind' ] }
        qw(jti exp iat nbf sub iss aud sid auth_time refresh_exp hash_password)),
    map({ [ "REMOTE_USER from '$_'", "AuthJWTRemoteUser \"$_\"", "AuthJWTRemoteUser: '$_' is no "
            . 'source of a name; write username, id or claim:NAME' ] }
        'email', 'claim:', 'claim', ' id'),
    map({ [ "no scheme: '$_'", "AuthJWTHeaderTypes Bearer \"$_\"", "AuthJWTHeaderTypes: '$_' is no "
            . 'authentication scheme; write one such as Bearer or JWT' ] }
        'Bea rer', 'JWT,', 'a(b', '<x>'),
    map({ [ "no field: '$_'", "AuthJWTHeaderName \"$_\"", "AuthJWTHeaderName: '$_' is no name of a "
            . 'header field; write one such as Authorization or X-Access-Token' ] }
        'X Token', 'X-Token:', 'X(Token)', 'X,Token'),
    map({ [ "a variable for a field: $_->[0]", "AuthJWTHeaderName $_->[0]", "AuthJWTHeaderName: "
            . "'$_->[0]' is a variable's name; write that of the header field: $_->[1]" ] }
        [ 'HTTP_X_ACCESS_TOKEN', 'X-Access-Token' ], [ 'HTTP_AUTHORIZATION', 'Authorization' ]),
    map({ [ "another's field: $_", "AuthJWTHeaderName $_", "AuthJWTHeaderName: '$_' has a meaning of its "
            . 'own in a request; write another name, such as Authorization or X-Access-Token' ] }
        qw(Accept Connection Content-Length Content-Type Cookie cookie Expect Host Origin Referer
            Sec-Fetch-Site Transfer-Encoding Upgrade User-Agent)),

    # browsers
    map({ [ "a client '$_'", "AuthJWTClient $_", "AuthJWTClient: '$_' is no kind of client; write api, spa or "
            . 'browser' ] } qw(web apis cookie none)),
    map({
        my $name = $_;
        map { [ "$name '$_'", "$name $_", "$name: '$_' is no way to a client; write body, cookie or both" ] }
            ('header', 'cookies', 'none', 'body,cookie')
    } qw(AuthJWTAccessDelivery AuthJWTRefreshDelivery)),
    [ 'two ways', 'AuthJWTAccessDelivery body cookie', 'AuthJWTAccessDelivery takes one argument, where access '
        . 'tokens go: body, cookie or both (default by client)' ],
    map({ [ "a token in '$_'", "AuthJWTTokenSource \"$_\"", "AuthJWTTokenSource: '$_' is no place of a token; "
            . 'write header, cookie, cookie:NAME or query:NAME' ] }
        'body', 'header:X-Token', 'header:', 'cookie:', 'cookie:a b', 'cookie:a=b', 'cookie;x', 'query', 'query:',
        'query:a b', 'none', 'cookies', ':', ':x'),
    map({ [ "a token twice in '$_->[1]'", "AuthJWTTokenSource $_->[0] $_->[1]", "AuthJWTTokenSource: '$_->[1]' "
            . 'comes a second time; write header, each cookie and one query:NAME once' ] }
        [ 'header', 'header' ], [ 'cookie header', 'Cookie' ], [ 'cookie:a', 'cookie:a' ],
        [ 'query:a header', 'query:a' ], [ 'query:a header', 'query:b' ]),
    [ 'a token twice, on two lines', "AuthJWTTokenSource header cookie\nAuthJWTTokenSource cookie",
        "AuthJWTTokenSource: 'cookie' comes a second time; write header, each cookie and one query:NAME once" ],
    map({
        my $name = $_;
        (map { [ "$name '$_'", qq($name "$_"), "$name: '@{[ shown($_) ]}' is no name of a cookie; write one such as __Host-jwt" ] }
            'a b', 'a;b', 'a=b', "\xc3\xa4", 'a,b', '(a)'),
        $name eq 'AuthJWTCSRFCookie' ? () : (
            [ "$name without a name", $name, "$name: '' is no name of a cookie; write one such as __Host-jwt" ],
            map({ [ "$name with $_", qq($name jwt "$_"), "$name: '$_' is no attribute that can be written; these are "
                    . "Path=/path, Domain=example.com, SameSite=Strict, SameSite=Lax, SameSite=None, Secure=Off and "
                    . 'Partitioned (Secure is set without a word, HttpOnly always)' ] }
                'Secure', 'Secure=On', 'HttpOnly', 'HttpOnly=Off', 'Max-Age=60', 'Expires=never', 'Path', 'Path=',
                'Path=x', 'Path=/a;b', 'Path=/a b', 'Domain=', 'Domain=com', 'Domain=.example.com',
                'Domain=a.b;c', 'SameSite', 'SameSite=Maybe', 'Partitioned=On', 'x'),
            map({ [ "$name with $_->[1] twice", "$name jwt $_->[0] $_->[1]", "$name: '$_->[1]' comes a second time; "
                    . 'write each attribute once' ] }
                [ 'Path=/a', 'Path=/b' ], [ 'SameSite=Lax', 'samesite=None' ], [ 'Secure=Off', 'Secure=Off' ]),
            map({ [ "$name that no browser keeps: $_->[0]", "$name $_->[0]", "$name: a cookie whose name begins with "
                    . "__Host- has Path=/, Secure and no Domain; write another name, such as $_->[1]" ] }
                [ '__Host-jwt Path=/x', '__Secure-jwt' ], [ '__host-jwt Domain=example.com', '__Secure-jwt' ],
                [ '__Host-jwt Secure=Off', 'jwt' ]),
            [ "$name that no browser keeps: __Secure-", "$name __Secure-jwt Secure=Off", "$name: a cookie whose name "
                . 'begins with __Secure- is Secure; write a name without a prefix, or leave Secure=Off away' ],
            map({ [ "$name that no browser keeps: $_", "$name jwt Secure=Off $_", "$name: browsers keep a cookie with "
                    . 'SameSite=None or Partitioned only if it is Secure; leave Secure=Off away' ] }
                'SameSite=None', 'Partitioned')),
    } qw(AuthJWTAccessCookie AuthJWTRefreshCookie AuthJWTCSRFCookie)),
    [ 'attributes of the cookie against CSRF', 'AuthJWTCSRFCookie csrf Path=/', 'AuthJWTCSRFCookie takes one '
        . 'argument, cookie with the token against CSRF (default __Host-jwt-csrf)' ],
    map({ [ "no field against CSRF: '$_'", "AuthJWTCSRFHeader \"$_\"", "AuthJWTCSRFHeader: '$_' is no name of a "
            . 'header field; write one such as X-CSRFToken' ] } 'X Token', 'X-Token:', 'X(Token)'),
    [ 'a variable for the field against CSRF', 'AuthJWTCSRFHeader HTTP_X_CSRFTOKEN', "AuthJWTCSRFHeader: "
        . "'HTTP_X_CSRFTOKEN' is a variable's name; write that of the header field: X-Csrftoken" ],
    map({ [ "another's field against CSRF: $_", "AuthJWTCSRFHeader $_", "AuthJWTCSRFHeader: '$_' has a meaning of "
            . 'its own in a request; write another name, such as X-CSRFToken' ] } qw(Origin cookie Sec-Fetch-Site)),
    map({ [ "$_ sometimes", "$_ sometimes", qr/^$_ must be On or Off/ ] } qw(AuthJWTCSRF AuthJWTOptional AuthJWTSilentRefresh)),
    map({
        my $name = $_;
        map { [ "$name '$_'", qq($name https://a.example "$_"), "$name: '@{[ shown($_) ]}' is no origin; write scheme, host and port "
                . 'as browsers do, such as https://www.example.com or http://localhost:3000' ] }
            '*', 'null', 'https://*.example.com', 'https://www.example.com/', 'https://www.example.com/app',
            'www.example.com', '//www.example.com', 'https:www.example.com', 'https://user@example.com',
            'https://example.com:0', 'https://example.com:65536', 'https://example.com:', 'https://[::1',
            'https://', 'https://exa mple.com', "https://b\xc3\xbccher.example"
    } qw(AuthJWTOrigin AuthJWTCORSOrigin)),
    [ 'an origin of a section', in_location('AuthJWTOrigin https://a.example'),
        'AuthJWTOrigin not allowed in <Location> context' ],
    map({
        my $name = $_;
        map { [ "$name '$_'", qq($name "$_"), "$name: '@{[ shown($_) ]}' is no place to go to; write a path that begins with one "
                . 'slash, or a URL of http or https' ] }
            'auth/login', '//example.com', '//example.com/login', 'https://', 'https:///login', 'http://?x', 'https:/login',
            'javascript:alert(1)', 'data:text/html,x', 'ftp://example.com/', '/a b', "/a\x01", '/<b>',
            "/\xc3\xa4", '?x', '#x', ('none') x ($name eq 'AuthJWTAfterLogin')
    } qw(AuthJWTLoginURL AuthJWTAfterLogin AuthJWTAfterLogout)),

    # nothing at all, also in quotes: httpd's own words with our help text
    [ 'an empty time', 'AuthJWTAccessLifetime ""', 'AuthJWTAccessLifetime takes one argument, how '
        . 'long access tokens issued here are valid (default 5min)' ],
    [ 'an empty list', 'AuthJWTAudience ""', 'AuthJWTAudience requires at least one argument, aud '
        . 'to write (the first) and to require (any), or none (default none)' ],
    [ 'an empty query', 'AuthJWTUserQuery ""', 'AuthJWTUserQuery takes one argument, SQL that '
        . 'finds a user by login name, or a preset (default auth_jwt)' ],

    # names
    map({ [ "$_ with a control character", "$_ \"a\x01b\"",
            "$_: the value has a control character; write it without" ] }
        qw(AuthJWTIssuer AuthJWTAudience AuthJWTSigningKey AuthJWTUserIdClaim AuthJWTJtiClaim
            AuthJWTTokenTypeClaim)),

    # numbers
    map({
        my $name = $_;
        map { [ "$name '$_'", "$name \"$_\"", no_time($name, $_) ] }
            '0', '-1', '5x', '1e3', '99999999d', '99999999999999999999999', '5 min', ' 5min',
            '5min ', 'min', '1.5h', '0s', '+5', '5ms', ('none') x ($name =~ /Access|Refresh|Sliding|CORS/)
    } qw(AuthJWTAccessLifetime AuthJWTRefreshLifetime AuthJWTMaxTokenAge AuthJWTMaxLoginAge
        AuthJWTSessionLifetime AuthJWTSlidingLifetime AuthJWTSlidingRefreshLifetime
        AuthJWTRememberLifetime AuthJWTCORSMaxAge)),
    [ 'two words for a time', 'AuthJWTAccessLifetime 5 min',
        qr/^AuthJWTAccessLifetime takes one argument, how long access tokens issued here are valid/ ],
    map({ [ "a grace of '$_'", "AuthJWTReuseGrace \"$_\"", "AuthJWTReuseGrace: '$_' is not a grace; "
            . 'write a time from 0 to 5min, such as 30s' ] }
        '-1', '5x', '6min', '301', '1h', ' 5s', 'none'),
    map({ [ "AuthJWTMaxSessions '$_'", "AuthJWTMaxSessions \"$_\"", "AuthJWTMaxSessions: '$_' is not a "
            . 'number of sessions; write one from 1 to 1000, or none' ] }
        '0', '-1', '1001', '5x', ' 5', 'all'),
    map({ [ "AuthJWTTokenTypes '$_'", "AuthJWTTokenTypes access $_", "AuthJWTTokenTypes: '$_' is no type "
            . 'of tokens that opens pages; write access, sliding or both' ] } qw(refresh none any x)),
    map({ [ "AuthJWTEndOnPasswordChange '$_'", "AuthJWTEndOnPasswordChange \"$_\"",
        "AuthJWTEndOnPasswordChange: '$_' is none of its values; write On, Off, simplejwt or simplejwt:CLAIM" ] }
        'yes', '1', 'simple', 'simplejwtx'),
    map({ [ "the password's claim '$_'", "AuthJWTEndOnPasswordChange simplejwt:$_",
        "AuthJWTEndOnPasswordChange: '$_' has a meaning of its own in a token; write another name, such as hash_password" ] }
        qw(exp jti token_type sub sid refresh_exp password_mark)),
    [ "the password's claim without a name", 'AuthJWTEndOnPasswordChange simplejwt:',
        'AuthJWTEndOnPasswordChange: the value is empty; write a name' ],
    map({ [ "AuthJWTSessions '$_'", "AuthJWTSessions \"$_\"", "AuthJWTSessions: '$_' is no way to keep "
            . 'sessions; write On, migrate, blacklist or Off' ] } 'yes', '1', 'database'),
    map({ [ "a leeway of '$_'", "AuthJWTLeeway \"$_\"", "AuthJWTLeeway: '$_' is not a leeway; write "
            . 'a time from 0 to 10min, such as 30s' ] }
        '-1', '5x', '11min', '1h', ' 5s', '1e2'),
    map({ [ "hashes at once: '$_'", "AuthJWTHashConcurrency \"$_\"", "AuthJWTHashConcurrency: '$_' is "
            . 'not a number of hashes; write one from 1 to 1000' ] }
        '0', '-1', '1001', '4x', ' 4', 'Off', '99999999999999999999'),
    [ 'hashes at once in a virtual host', in_host('AuthJWTHashConcurrency 4'),
        'AuthJWTHashConcurrency cannot occur within <VirtualHost> section' ],
    [ 'hashes at once in a section', in_location('AuthJWTHashConcurrency 4'),
        qr/^AuthJWTHashConcurrency not allowed in <Location> context/ ],
    [ 'weak hashes, sometimes', 'AuthJWTLegacyHashes sometimes',
        qr/^AuthJWTLegacyHashes must be On or Off/ ],
    map({ [ "a body of '$_'", "AuthJWTMaxBody \"$_\"", "AuthJWTMaxBody: '$_' is not a size; write a "
            . 'number of bytes from 256 to 1048576' ] }
        '0', '-1', '255', '1048577', '16k', ' 300', '99999999999999999999', '0x200'),
);

# ---- directives together -----------------------------------------------------------------
# Here the message is "JWT0001: TEXT", with the place as its end.

my $no_key = 'there is no key; add one to the server, such as: AuthJWTKey 2026-11 HS256 '
    . 'jwt/site.key';
my $only_verify = 'every AuthJWTKey here is for verify or a public key, so nothing can be issued; add '
    . 'a secret or a private key';
my $no_signer = 'is no key of this server, or one that only verifies; name an AuthJWTKey that can '
    . 'sign, of:';
my $no_verifier = 'is no key of this server; name keys that an AuthJWTKey has, of:';
my $no_database = 'users are looked up in SQL, and there is no %s; add to the server, for '
    . 'example: DBDriver sqlite3, DBDParams /var/lib/auth_jwt/site.db';
my $confusion = 'under one key, so that user 1 of the one would be user 1 of the other; give this '
    . 'place an AuthJWTAudience of its own, or its virtual host a key of its own; the other is';
my $no_name = "AuthJWTCheckUser: with Off the user's name is not known; name what becomes "
    . 'REMOTE_USER, such as: AuthJWTRemoteUser id';
my $both = 'own SQL needs both, in one section';
my $mounted = '(in AuthJWTEndpoints, line 4 of CONF)';
my $in_x = '(in <Location "/x">, line 5 of CONF)';
my $by_name = "AuthJWTUserQuery \"SELECT id, username, password FROM u WHERE username = %s\"\n";

sub too_long
{
    my ($access, $refresh, $where) = @_;
    return "AuthJWTAccessLifetime: $access is longer than AuthJWTRefreshLifetime, $refresh, so a "
        . "refresh token would end before what it renews; make the first the shorter one $where";
}

my $remembered = 'AuthJWTRememberLifetime: is longer than AuthJWTSessionLifetime (30d, if nothing is written; 12h '
    . 'with AuthJWTProvider alone), which ends every session; make it the shorter one';
my $no_cookie = 'AuthJWTSilentRefresh: renews the access cookie, and tokens are not looked for in it here; add '
    . 'AuthJWTTokenSource header cookie, or AuthJWTClient browser';

my @bad_sums = (
    # claims
    [ 'one claim for both ids', "${site}AuthJWTUserIdClaim id\nAuthJWTJtiClaim id",
        "AuthJWTJtiClaim: 'id' is the claim of AuthJWTUserIdClaim, too; write another name "
        . '(in AuthJWTJtiClaim, line 6 of CONF)' ],
    [ 'the user id in the claim of the type, which the server named',
        "${site}AuthJWTTokenTypeClaim user\n" . protected('AuthJWTUserIdClaim user'),
        "AuthJWTTokenTypeClaim: 'user' is the claim of AuthJWTUserIdClaim, too; write another name "
        . '(in <Location "/x">, line 6 of CONF)' ],
    [ 'the password in the claim of the user id',
        "${site}AuthJWTUserIdClaim id\nAuthJWTEndOnPasswordChange simplejwt:id",
        "AuthJWTEndOnPasswordChange: 'id' is the claim of AuthJWTUserIdClaim, too; write another name "
        . '(in AuthJWTEndOnPasswordChange, line 6 of CONF)' ],
    [ 'type and id in one claim, where nothing else is of ours', $key . in_location("AuthJWTJtiClaim x\n"
        . 'AuthJWTTokenTypeClaim x'),
        "AuthJWTTokenTypeClaim: 'x' is the claim of AuthJWTJtiClaim, too; write another name "
        . '(in <Location "/x">, line 2 of CONF)' ],

    # browsers
    map({ [ "one name for two cookies: $_->[0]", "$site$_->[0]", "$_->[1]: '$_->[3]' is the cookie of $_->[2], too; "
            . "write another name (in $_->[4], line $_->[5] of CONF)" ] }
        [ 'AuthJWTRefreshCookie __Host-jwt', 'AuthJWTRefreshCookie', 'AuthJWTAccessCookie', '__Host-jwt',
            'AuthJWTRefreshCookie', 5 ],
        [ 'AuthJWTAccessCookie __Host-jwt-refresh', 'AuthJWTRefreshCookie', 'AuthJWTAccessCookie',
            '__Host-jwt-refresh', 'AuthJWTAccessCookie', 5 ],
        [ "AuthJWTAccessCookie a\nAuthJWTCSRFCookie a", 'AuthJWTCSRFCookie', 'AuthJWTAccessCookie', 'a',
            'AuthJWTCSRFCookie', 6 ],
        [ "AuthJWTCSRFCookie __Host-jwt-refresh", 'AuthJWTCSRFCookie', 'AuthJWTRefreshCookie',
            '__Host-jwt-refresh', 'AuthJWTCSRFCookie', 5 ]),
    [ 'one name for two cookies in a section', "${site}AuthJWTRefreshCookie a\n" . protected('AuthJWTAccessCookie a'),
        "AuthJWTRefreshCookie: 'a' is the cookie of AuthJWTAccessCookie, too; write another name "
        . '(in <Location "/x">, line 6 of CONF)' ],
    map({ [ "no Secure where the name asks for it: $_", "${site}AuthJWTRefreshCookie r Secure=Off\nAuthJWTCSRFCookie $_",
            "AuthJWTCSRFCookie: '$_' is as little Secure as that of AuthJWTRefreshCookie with its Secure=Off, and browsers "
            . 'drop such a cookie by its prefix; write a name without one, such as csrftoken (in AuthJWTCSRFCookie, line 6 of '
            . 'CONF)' ] }
        '__Host-jwt-csrf', '__Secure-csrf', '__host-x'),
    [ 'no Secure where the default name asks for it', "${site}AuthJWTRefreshCookie r Secure=Off",
        "AuthJWTCSRFCookie: '__Host-jwt-csrf' is as little Secure as that of AuthJWTRefreshCookie with its Secure=Off, and "
        . 'browsers drop such a cookie by its prefix; write a name without one, such as csrftoken (in AuthJWTRefreshCookie, '
        . 'line 5 of CONF)' ],
    map({ [ "an old token in a query: $_", $site . protected("AuthJWTTokenSource header query:token\n$_"),
            'AuthJWTTokenSource: tokens in queries are written down in many places, so they must be young; add '
            . "AuthJWTMaxTokenAge 5min, or less $in_x" ] }
        '', 'AuthJWTMaxTokenAge none', 'AuthJWTMaxTokenAge 301s'),
    [ 'remembered for longer than a session lasts', "${site}AuthJWTRememberLifetime 31d",
        "$remembered (in AuthJWTRememberLifetime, line 5 of CONF)" ],
    [ 'remembered for longer than its session lasts', "${site}AuthJWTSessionLifetime 12h\n"
            . in_location("SetHandler jwt-login\nAuthJWTRememberLifetime 13h"),
        "$remembered (in <Location \"/x\">, line 6 of CONF)" ],
    [ 'remembered for longer than those of a provider', "${database}${key}AuthJWTProvider file\n"
            . in_location("SetHandler jwt-obtain\nAuthJWTRememberLifetime 14d"),
        "$remembered (in <Location \"/x\">, line 5 of CONF)" ],
    [ 'remembered for shorter than an access token', "${site}AuthJWTRememberLifetime 4min",
        'AuthJWTRememberLifetime: is shorter than AuthJWTAccessLifetime, so a refresh token would end before what it '
        . "renews; make it the longer one (in AuthJWTRememberLifetime, line 5 of CONF)" ],
    [ 'a silent refresh of what is not looked for', $site . protected('AuthJWTSilentRefresh On'),
        "$no_cookie $in_x" ],
    [ 'a silent refresh that a server asks for', "${site}AuthJWTSilentRefresh On",
        "$no_cookie (in AuthJWTSilentRefresh, line 5 of CONF)" ],
    [ 'a silent refresh of a cookie that logins do not set', $site
            . protected("AuthJWTClient browser\nAuthJWTTokenSource cookie:theirs\nAuthJWTSilentRefresh On"),
        "$no_cookie $in_x" ],
    [ 'a silent refresh by a cookie that stays at home', "${site}AuthJWTClient browser\n"
            . "AuthJWTRefreshCookie __Host-r SameSite=Strict\n" . protected(''),
        'AuthJWTSilentRefresh: a refresh cookie with SameSite=Strict does not come along when somebody follows a link '
        . 'to this site; write SameSite=Lax, or AuthJWTSilentRefresh Off (in <Location "/x">, line 7 of CONF)' ],
    map({ [ "a silent refresh by a cookie of $_", "${site}AuthJWTClient browser\n"
            . "AuthJWTRefreshCookie __Secure-r Path=$_\n" . protected(''),
        "AuthJWTSilentRefresh: browsers do not send a refresh cookie with Path=$_ to /x; give it a path around both, or "
            . 'write AuthJWTSilentRefresh Off (in <Location "/x">, line 7 of CONF)' ] } '/auth', '/x/y', '/xy'),
    [ 'a silent refresh without grace', "${site}AuthJWTClient browser\nAuthJWTReuseGrace 0\n" . protected(''),
        'AuthJWTReuseGrace: with 0 the images of one page, which ask at once, would end its session; write a grace such '
        . 'as 30s, or AuthJWTSilentRefresh Off (in <Location "/x">, line 7 of CONF)' ],

    # keys
    [ 'AuthType JWT without a key', $database . protected(''),
        "AuthType JWT: $no_key (in <Location \"/x\">, line 3 of CONF)" ],
    [ 'endpoints without a key', "${database}AuthJWTEndpoints /auth",
        "AuthJWTEndpoints /auth: $no_key (in AuthJWTEndpoints, line 3 of CONF)" ],
    [ 'an endpoint by hand without a key', $database . in_location('SetHandler jwt-refresh'),
        "SetHandler jwt-refresh: $no_key (in <Location \"/x\">, line 3 of CONF)" ],
    [ 'AuthType JWT in a virtual host without a key',
        $database . in_host(protected('')) . in_host($key),
        "AuthType JWT: $no_key (in <Location \"/x\">, line 4 of CONF)" ],
    [ 'AuthType JWT of the server in a virtual host without a key',
        $database . protected('') . in_host($key) . in_host('AuthJWTIssuer here'),
        "AuthType JWT: $no_key (in <Location \"/x\">, line 3 of CONF, for <VirtualHost *:80>, "
        . 'line 12 of CONF)' ],
    [ 'endpoints with verify keys only', $site =~ s/site\.key/site.key verify/r,
        "AuthJWTEndpoints /auth: $only_verify $mounted" ],
    [ 'an endpoint by hand with verify keys only',
        $database . $key =~ s/\n/ verify\n/r . in_location('SetHandler jwt-obtain'),
        "SetHandler jwt-obtain: $only_verify (in <Location \"/x\">, line 4 of CONF)" ],
    [ 'a signing key that does not exist', "${site}AuthJWTSigningKey b",
        "AuthJWTSigningKey: 'b' $no_signer - (in AuthJWTSigningKey, line 5 of CONF)" ],
    [ 'a signing key that only verifies',
        "${site}AuthJWTKey b HS256 keys/other.key verify\nAuthJWTSigningKey b",
        "AuthJWTSigningKey: 'b' $no_signer - b (in AuthJWTSigningKey, line 6 of CONF)" ],
    [ 'a signing key in a section that does not exist', $site . in_location('AuthJWTSigningKey b'),
        "AuthJWTSigningKey: 'b' $no_signer - $in_x" ],
    [ 'a signing key of the server where a host has another ring',
        $site . in_host("AuthJWTKey b HS256 keys/other.key\n" . in_location('AuthJWTSigningKey -')),
        "AuthJWTSigningKey: '-' $no_signer b (in <Location \"/x\">, line 7 of CONF)" ],
    [ 'a refresh key that is none', $site . in_location('AuthJWTRefreshSigningKey b'),
        "AuthJWTRefreshSigningKey: 'b' $no_signer - $in_x" ],
    [ 'an accepted key that is none', $site . in_location('AuthJWTVerifyKeys - b'),
        "AuthJWTVerifyKeys: 'b' $no_verifier - $in_x" ],
    [ 'an accepted key of another server', $site . in_host("AuthJWTKey b HS256 keys/other.key\n"
            . in_location('AuthJWTVerifyKeys -')),
        "AuthJWTVerifyKeys: '-' $no_verifier b (in <Location \"/x\">, line 7 of CONF)" ],
    [ 'a signing key that is not accepted where it signs', "${database}AuthJWTKey a HS256 "
        . "keys/site.key\nAuthJWTKey b HS256 keys/other.key\n"
        . in_location("SetHandler jwt-refresh\nAuthJWTVerifyKeys b"),
        "AuthJWTVerifyKeys: 'a', which signs here, is not among them, so what is issued here would "
        . 'be refused here; add it, or name another one by AuthJWTSigningKey (in <Location '
        . '"/x">, line 5 of CONF)' ],
    [ 'a signing key and no key at all', 'AuthJWTSigningKey b',
        "AuthJWTSigningKey: 'b' $no_signer none (in AuthJWTSigningKey, line 1 of CONF)" ],
    [ 'a secret that the server\'s group can read', ($root ? sprintf("User %s\nGroup %s\n",
            var('user'), var('group')) : '') . 'AuthJWTKey - HS256 KEYS/group-read.key',
        "AuthJWTKey: KEYS/group-read.key can be read or written by the server's group, so by every "
        . 'script of the site; run: chmod 600 KEYS/group-read.key' ],
    [ 'a secret that the server\'s group can write, with Group behind it',
        'AuthJWTKey - HS256 KEYS/group-write.key' . ($root ? sprintf("\nUser %s\nGroup %s\n",
            var('user'), var('group')) : ''),
        "AuthJWTKey: KEYS/group-write.key can be read or written by the server's group, so by "
        . 'every script of the site; run: chmod 600 KEYS/group-write.key' ],
    $root ? [ 'a secret that belongs to the server\'s user', sprintf("User %s\n", var('user'))
        . 'AuthJWTKey - HS256 KEYS/owned.key', "AuthJWTKey: KEYS/owned.key belongs to the server's "
        . 'user, so every script of the site can read it; run: chown root KEYS/owned.key' ] : (),

    # endpoints
    [ 'an unknown handler', $site . in_location('SetHandler jwt-xyz'),
        "SetHandler: 'jwt-xyz' is no endpoint; known are jwt-obtain, jwt-refresh, jwt-login, "
            . 'jwt-obtain-sliding, jwt-refresh-sliding, jwt-verify, jwt-blacklist, jwt-logout, jwt-sessions, jwt-user, '
            . "jwt-jwks $in_x" ],
    map({ [ "no path of a request: $_", $database . $key . "AuthJWTEndpoints $_",
            "AuthJWTEndpoints $_: no request has such a path when it is looked at; write it "
            . "without //, /. and %, such as /auth $mounted" ] }
        '//auth', '/a//b', '/a/../b', '/a/./b', '/%61uth'),

    # the database
    [ 'no mod_dbd', "${key}AuthJWTEndpoints /auth", 'AuthJWTEndpoints /auth: users are looked up in '
        . 'SQL, which needs mod_dbd; load dbd_module (a2enmod dbd) (in AuthJWTEndpoints, line 2 of '
        . 'CONF)', undef, ['dbd'] ],
    [ 'no database for endpoints', "${key}AuthJWTEndpoints /auth", 'AuthJWTEndpoints /auth: '
        . sprintf($no_database, 'DBDriver') . ' (in AuthJWTEndpoints, line 2 of CONF)' ],
    [ 'no database for protected places', $key . protected(''), 'AuthType JWT: '
        . sprintf($no_database, 'DBDriver') . ' (in <Location "/x">, line 2 of CONF)' ],
    [ 'no DBDParams', "DBDriver sqlite3\n$key" . protected(''), 'AuthType JWT: '
        . sprintf($no_database, 'DBDParams') . ' (in <Location "/x">, line 3 of CONF)' ],
    [ 'no DBDriver', "DBDParams x\n$key" . protected(''), 'AuthType JWT: '
        . sprintf($no_database, 'DBDriver') . ' (in <Location "/x">, line 3 of CONF)' ],
    [ 'the database of another virtual host',
        $key . in_host($database) . in_host(protected('')), 'AuthType JWT: '
        . sprintf($no_database, 'DBDriver') . ' (in <Location "/x">, line 8 of CONF)' ],

    # users
    [ 'the query by id is missing', $database . $key . $by_name,
        "AuthJWTUserQuery: AuthJWTUserByIdQuery is missing; $both (in AuthJWTUserQuery, line 4 of "
        . 'CONF)' ],
    [ 'the query by name is missing', $site . in_location($by_id),
        "AuthJWTUserByIdQuery: AuthJWTUserQuery is missing; $both $in_x" ],
    [ 'one query in the server, one in a section', $site . $by_name . in_location($by_id),
        "AuthJWTUserQuery: AuthJWTUserByIdQuery is missing; $both (in AuthJWTUserQuery, line 5 of "
        . 'CONF)' ],
    [ 'a query by id that leaves out the password', $site . $by_name
            . "AuthJWTUserByIdQuery \"SELECT id, username FROM u WHERE id = %s\"",
        'AuthJWTUserByIdQuery: gives no column password, by which tokens end when the password '
        . 'changes; add it, or write AuthJWTEndOnPasswordChange Off (in AuthJWTUserByIdQuery, line 6 of CONF)' ],
    [ 'a name that is not known', $site . protected('AuthJWTCheckUser Off'), "$no_name $in_x" ],
    [ 'a name that is not known, by the server', "${site}AuthJWTCheckUser Off\n" . protected(''),
        "$no_name (in <Location \"/x\">, line 6 of CONF)" ],
    [ 'a name that is explicitly not known',
        $site . protected("AuthJWTCheckUser Off\nAuthJWTRemoteUser username"), "$no_name $in_x" ],

    # lifetimes
    [ 'a sliding token that cannot slide', $site . in_location("SetHandler jwt-obtain-sliding\n"
            . 'AuthJWTSlidingLifetime 2d'),
        'AuthJWTSlidingLifetime: 2d is longer than AuthJWTSlidingRefreshLifetime, 1d, so a sliding '
        . "token could not be refreshed; make the first the shorter one $in_x" ],
    [ 'lifetimes that contradict each other',
        "${site}AuthJWTAccessLifetime 2h\nAuthJWTRefreshLifetime 90min",
        too_long('2h', '90min', '(in AuthJWTAccessLifetime, line 5 of CONF)') ],
    [ 'a lifetime against the default', "${site}AuthJWTAccessLifetime 90000",
        too_long('25h', '1d', '(in AuthJWTAccessLifetime, line 5 of CONF)') ],
    [ 'lifetimes of a section against each other',
        $site . in_location("SetHandler jwt-obtain\nAuthJWTAccessLifetime 61s\n"
            . 'AuthJWTRefreshLifetime 1m'), too_long('61s', '1min', $in_x) ],
    [ 'a lifetime of a section against the server\'s',
        "${site}AuthJWTRefreshLifetime 1h\n"
            . in_location("SetHandler jwt-obtain\nAuthJWTAccessLifetime 2h"),
        too_long('2h', '1h', '(in <Location "/x">, line 6 of CONF)') ],
    [ 'a lifetime of a mounted endpoint against the server\'s', $site
            . "<Location \"/auth/token\">\nAuthJWTRefreshLifetime 1m\n</Location>",
        too_long('5min', '1min', '(in <Location "/auth/token">, line 5 of CONF)') ],
    [ 'a lifetime of a virtual host against the server\'s',
        $site . in_host('AuthJWTAccessLifetime 2d'),
        too_long('2d', '1d', '(in AuthJWTAccessLifetime, line 6 of CONF)') ],
    [ 'a lifetime of the server against a virtual host\'s, which is not named first', "${site}AuthJWTAccessLifetime 90min\n"
            . in_host('AuthJWTRefreshLifetime 1h'),
        too_long('90min', '1h', '(in AuthJWTAccessLifetime, line 5 of CONF, for <VirtualHost *:80>, line 6 of CONF)') ],
    [ 'a lifetime of a virtual host against the default of the other', $site . in_host('AuthJWTRefreshLifetime 1min'),
        too_long('5min', '1min', '(in AuthJWTRefreshLifetime, line 6 of CONF)') ],
    [ 'a lifetime of a section of the server against a virtual host\'s',
        "${database}${key}AuthJWTRefreshLifetime 2d\n"
            . in_location("SetHandler jwt-obtain\nAuthJWTAccessLifetime 25h")
            . in_host('AuthJWTRefreshLifetime 1d'),
        too_long('25h', '1d', '(in <Location "/x">, line 5 of CONF, for <VirtualHost *:80>, line 9 '
            . 'of CONF)') ],

    # two tables of users under one key
    [ 'another table in a section', $site . protected('AuthJWTUserTable members'),
        "AuthJWTUserTable members: another table of users $confusion AuthJWTEndpoints, line 4 of "
        . "CONF $in_x" ],
    [ 'a provider in a section', $site . in_location("SetHandler jwt-obtain\nAuthJWTProvider file"),
        "AuthJWTProvider: other providers, or other users of theirs, at another place $confusion AuthJWTEndpoints, line 4 of CONF $in_x" ],
    [ 'another provider in a section', "${key}AuthJWTSessions Off\nAuthJWTProvider file\n" . protected('')
        . "<Location /y>\nSetHandler jwt-obtain\nAuthJWTProvider dbd\n</Location>", "AuthJWTProvider: other providers, or other users of theirs, at another place "
        . "$confusion <Location \"/x\">, line 4 of CONF (in <Location /y>, line 9 of CONF)" ],
    [ 'other users of one provider', "${key}AuthJWTSessions Off\nAuthJWTProvider file\n"
            . "<Location /x>\nSetHandler jwt-obtain\nAuthUserFile a.users\n</Location>\n"
            . "<Location /y>\nSetHandler jwt-obtain\nAuthUserFile b.users\n</Location>",
        'AuthJWTProvider: other providers, or other users of theirs, at another place '
        . "$confusion <Location /x>, line 4 of CONF (in <Location /y>, line 8 of CONF)" ],
    map({ [ "a cache $_->[0]", "${key}AuthJWTEndpoints /auth\nAuthJWTProvider $_->[1]\n", 'AuthJWTProvider: socache '
            . "cannot say which provider's user it has found; write it in front of exactly one, such as: "
            . 'AuthJWTProvider socache file (in AuthJWTProvider, line 3 of CONF)' ] }
        [ 'alone', 'socache' ], [ 'of two', 'socache file dbd' ], [ 'behind', 'file socache' ]),
    [ 'a last login without a database', "${key}AuthJWTEndpoints /auth\nAuthJWTProvider file\nAuthJWTLastLoginQuery django",
        'AuthJWTEndpoints /auth: ' . sprintf($no_database, 'DBDriver') . ' (in AuthJWTEndpoints, line 2 of CONF)' ],
    [ 'other SQL in a section', $site . protected($by_name . $by_id), 'AuthJWTUserQuery: another '
        . "table of users $confusion AuthJWTEndpoints, line 4 of CONF $in_x" ],
    [ 'another table for an endpoint',
        $site . in_location("SetHandler jwt-obtain\nAuthJWTUserTable members"),
        "AuthJWTUserTable members: another table of users $confusion AuthJWTEndpoints, line 4 of "
        . "CONF $in_x" ],
    [ 'another table around mounted endpoints', $site . protected('') . "<Location \"/auth\">\n"
            . "AuthJWTUserTable members\n</Location>", 'AuthJWTUserTable members: another table of '
        . "users $confusion AuthJWTEndpoints, line 4 of CONF $in_x" ],
    [ 'another table in a virtual host with the inherited key',
        $site . in_host('AuthJWTUserTable members'), 'AuthJWTUserTable members: another table of '
        . "users $confusion AuthJWTEndpoints, line 4 of CONF (in AuthJWTUserTable, line 6 of CONF)" ],
    [ 'another table in a virtual host with the same secret in another file',
        $site . in_host("AuthJWTKey - HS256 KEYS/same.key\nAuthJWTUserTable members"),
        "AuthJWTUserTable members: another table of users $confusion AuthJWTEndpoints, line 4 of "
        . 'CONF (in AuthJWTUserTable, line 7 of CONF)' ],
    [ 'another database in a virtual host', $site . in_host("DBDParams other.db\n" . protected('')),
        "DBDParams: another database $confusion AuthJWTEndpoints, line 4 of CONF (in "
        . 'DBDParams, line 6 of CONF)' ],
    [ 'another database for a section of the server', $database . $key . protected('')
            . in_host("DBDParams other.db\nAuthJWTMaxBody 300"),
        "DBDParams: another database $confusion <Location \"/x\">, line 4 of CONF (in <Location "
        . '"/x">, line 4 of CONF, for <VirtualHost *:80>, line 9 of CONF)' ],
    [ 'two virtual hosts, each with its database, and one key',
        $key . in_host($database . protected('')) . in_host("DBDriver sqlite3\nDBDParams other.db\n"
            . protected('')), "DBDParams: another database $confusion <Location \"/x\">, line 5 of "
        . 'CONF (in <Location "/x">, line 15 of CONF)' ],
    [ 'another table under the same audience', "${site}AuthJWTAudience a\n"
            . protected("AuthJWTAudience b a\nAuthJWTUserTable members"), 'AuthJWTUserTable members: '
        . "another table of users $confusion AuthJWTEndpoints, line 4 of CONF (in <Location \"/x\">, "
        . 'line 6 of CONF)' ],
    [ 'another table under an issuer that only one place requires',
        $site . protected("AuthJWTIssuer b\nAuthJWTUserTable members"), 'AuthJWTUserTable members: '
        . "another table of users $confusion AuthJWTEndpoints, line 4 of CONF $in_x" ],
    [ 'one of several keys is the same', $site . in_host("AuthJWTKey new HS256 KEYS/just.key\n"
            . "AuthJWTKey - HS256 keys/other.key\nAuthJWTKey - HS256 KEYS/same.key verify\n"
            . 'AuthJWTUserTable members'), 'AuthJWTUserTable members: another table of users '
        . "$confusion AuthJWTEndpoints, line 4 of CONF (in AuthJWTUserTable, line 9 of CONF)" ],

    # groups
    map({ [ "within $_", $site . in_location("$_>\nAuthJWTAccessLifetime 1h\n</"
                . ($_ =~ /^<(\w+)/)[0] . '>'),
            "AuthJWTAccessLifetime 1h: $_> around it has no effect on it; write it outside "
            . '(in AuthJWTAccessLifetime, line 7 of CONF)' ] }
        '<Limit POST', '<LimitExcept GET'),
);

# ---- what passes -------------------------------------------------------------------------
# Without a word, unless a third element has the warnings: "JWT0002: TEXT", or another code and TEXT.

my $acts = 'acts where tokens are issued, and no endpoint is here; where tokens are accepted use '
    . 'AuthJWTMaxTokenAge';
my $other_database = "DBDParams other.db\n";
my $unheard = 'the access token goes into the cookie __Host-jwt here, and no place under AuthType JWT looks for it; write '
    . 'AuthJWTClient browser outside of sections, or AuthJWTTokenSource header cookie there';
my $not_renewed = 'stands where tokens are issued, and not here, where AuthJWTSilentRefresh makes them without it; write '
    . 'it outside of sections, or here as well';
sub in_auth { return in_location($_[0]) =~ s{/x}{/auth}r }

my @good = (
    [ 'nothing of ours', '' ],
    [ 'the smallest site', $site . protected('') ],

    # keys of other kinds and from other places
    [ 'a key pair', "${database}AuthJWTKey a ES256 KEYS/p256.key\nAuthJWTEndpoints /auth\n" ],
    [ 'only a public key, that anybody may read', "${database}AuthJWTKey a ES256 KEYS/p256.pub\n"
        . protected('') ],
    [ 'an open secret, and a line below it that lets it be', "AuthJWTKey - HS256 KEYS/others-read.key\n"
        . 'AuthJWTKeyPermissions warn', 'JWT0004: KEYS/others-read.key can be read or written by '
        . 'every user of this machine; run: chmod 600 KEYS/others-read.key' ],
    [ 'a secret open to the server\'s group, and a line that lets it be', 'AuthJWTKeyPermissions warn'
        . ($root ? sprintf("\nUser %s\nGroup %s", var('user'), var('group')) : '') . "\nAuthJWTKey - "
        . 'HS256 KEYS/group-read.key', 'JWT0004: AuthJWTKey: KEYS/group-read.key can be read or '
        . 'written by the server\'s group, so by every script of the site; run: chmod 600 '
        . 'KEYS/group-read.key' ],
    [ 'a key pair that only verifies', "AuthJWTKey a ES384 KEYS/p384.key verify\nAuthJWTKey - HS256 "
        . 'keys/site.key' ],
    [ 'a JWK by its name, and by its own', "AuthJWTKey o HS256 KEYS/oct.json\nAuthJWTKey * HS256 "
        . 'KEYS/two.json' ],
    [ 'a JWK without its name', 'AuthJWTKey - HS256 KEYS/oct.json' ],
    [ 'a directory of secrets', 'AuthJWTKey * HS256 KEYS/secrets' . "\nAuthJWTSigningKey b" ],
    [ 'a directory of keys', 'AuthJWTKey * ES256 KEYS/pairs' . "\nAuthJWTSigningKey 2026-11\n"
        . 'AuthJWTVerifyKeys 2026-11 2026-12' ],
    [ 'a key by its thumbprint', 'AuthJWTKey * ES256 KEYS/p256.pub' ],
    [ 'a program', 'AuthJWTKey - HS256 "exec:/bin/cat KEYS/just.key"' ],
    [ 'a program with a name relative to ServerRoot', 'AuthJWTKey - HS256 "exec:/bin/cat '
        . 'keys/site.key"' ],
    [ 'keys of which some are accepted', "${database}AuthJWTKey a HS256 keys/site.key\nAuthJWTKey "
        . "b HS256 keys/other.key\nAuthJWTEndpoints /auth\n" . protected('AuthJWTVerifyKeys b')
        . protected('AuthJWTVerifyKeys none') =~ s{/x}{/y}r . protected('AuthJWTVerifyKeys all')
            =~ s{/x}{/z}r ],
    [ 'another key for refresh tokens', "${database}AuthJWTKey a HS256 keys/site.key\nAuthJWTKey "
        . "b HS256 keys/other.key\nAuthJWTRefreshSigningKey b\nAuthJWTEndpoints /auth\n" ],
    [ 'only public keys, shown', "AuthJWTKey a ES256 KEYS/p256.pub\nAuthJWTEndpoints /auth "
        . 'jwks.json' ],
    [ 'another table under other keys', "${database}AuthJWTKey a HS256 keys/site.key\nAuthJWTKey b "
        . "HS256 keys/other.key\nAuthJWTVerifyKeys a\nAuthJWTEndpoints /auth\n"
        . protected("AuthJWTVerifyKeys b\nAuthJWTUserTable members") ],
    [ 'no Require beside AuthType', $site . in_location('AuthType JWT'),
        'AuthType JWT: no Require is here, so that of the surrounding place holds, which may let '
        . 'everybody in; add: Require valid-user (in <Location "/x">, line 5 of CONF)' ],
    [ 'no Require on a public page', $site . in_location("AuthType JWT\nAuthJWTOptional On"),
        'AuthType JWT: no Require is here, so that of the surrounding place holds, which may let '
        . 'everybody in; add: Require all granted, for a public page, or Require valid-user '
        . '(in <Location "/x">, line 5 of CONF)' ],
    [ 'claims where nothing is issued', $site . protected("AuthJWTClaim email column:email"),
        'AuthJWTClaim: acts where tokens are issued, and no endpoint is here; write it outside of '
        . 'sections, or where the endpoints are (in <Location "/x">, line 5 of CONF)' ],
    [ 'roles where nothing is issued', $site . protected('AuthJWTRolesQuery "SELECT r FROM t WHERE u = %s"'),
        'AuthJWTRolesQuery: acts where tokens are issued, and no endpoint is here; write it outside of '
        . 'sections, or where the endpoints are (in <Location "/x">, line 5 of CONF)' ],
    [ 'a claim in <If>', $site . in_location(qq(AuthType JWT\nRequire valid-user\n<If "%{JWT:a} == 'b'">\n</If>)),
        '<If: httpd looks at it before it knows any token, so claims are empty there; write Require '
        . 'jwt-claim, or RewriteCond expr in a <Directory> (in <If "%{JWT:a} == \'b\'">, line 8 of CONF)' ],
    [ 'a claim in SetEnvIfExpr', qq(${site}SetEnvIfExpr "jwt('a') == 'b'" c=d\n),
        'SetEnvIfExpr: httpd looks at it before it knows any token, so claims are empty there; write Require '
        . 'jwt-claim, or RewriteCond expr in a <Directory> (in SetEnvIfExpr, line 5 of CONF)' ],
    [ 'Require in a group', $site
        . in_location("AuthType JWT\n<RequireAny>\nRequire valid-user\n</RequireAny>") ],
    [ 'the smallest site in another order',
        protected('') . "AuthJWTEndpoints /auth\n" . $key . $database ],
    [ 'keys of all kinds', "AuthJWTKey 2026-11 HS256 keys/site.key\nAuthJWTKey - HS256 "
        . "KEYS/just.key verify\nAuthJWTKey - HS256 keys/other.key VERIFY\nAuthJWTKey a.b-c_~:/+=\@9 "
        . "HS256 env:JWT_LONG sign\n" ],
    [ 'names of other spelling', "authjwtkey - HS256 keys/site.key\n$database"
        . in_location("authtype jwt\nRequire valid-user") ],
    [ 'endpoints at the root', $database . $key . "AuthJWTEndpoints / token\n" ],
    [ 'endpoints by hand', $database . $key . in_location('SetHandler jwt-obtain') ],
    [ 'times of all kinds', $site . "AuthJWTAccessLifetime 90\nAuthJWTRefreshLifetime 2w\n"
        . in_location("SetHandler jwt-obtain\nAuthJWTAccessLifetime 36500d\n"
            . 'AuthJWTRefreshLifetime 36500D')
        . join('', map { in_location("AuthJWTMaxTokenAge $_") =~ s{/x}{/y}r } qw(1 1s 1mi 1min 1m 1H none)) ],
    [ 'a leeway of nothing', 'AuthJWTLeeway 0' ],
    [ 'own SQL', $database . $key . $by_name . $by_id . protected('') ],
    [ 'own SQL with other placeholders and percent signs', $site
        . "AuthJWTUserQuery \"SELECT 1 FROM u WHERE n = CAST(%lld AS BIGINT) AND m LIKE '%%x'\"\n"
        . $by_id ],
    [ 'a table without a column for is_active', $site . 'AuthJWTUserTable app.members '
        . "id=nr username=mail password=pw is_active=-\n" ],
    [ 'the preset by name', $site . protected('AuthJWTUserQuery auth_jwt') ],
    [ 'one provider at two places, and a page', "${key}AuthJWTSessions Off\nAuthJWTProvider file\n" . protected('')
            . "<Location /v>\nSetHandler jwt-obtain\nAuthUserFile a.users\n</Location>\n"
            . "<Location /w>\nSetHandler jwt-obtain\nAuthUserFile a.users\n</Location>" ],
    [ 'other users of one provider for another audience', "${key}AuthJWTSessions Off\nAuthJWTProvider file\n"
            . "<Location /v>\nSetHandler jwt-obtain\nAuthUserFile a.users\n</Location>\n"
            . "<Location /w>\nSetHandler jwt-obtain\nAuthJWTAudience w\nAuthUserFile b.users\n</Location>" ],
    [ 'providers without a database', "${key}AuthJWTSessions Off\nAuthJWTEndpoints /auth\nAuthJWTProvider socache file\n" . protected('') ],
    [ 'providers, and nobody looked up', "${key}AuthJWTProvider file\n" . protected('AuthJWTCheckUser Off') ],
    [ 'providers beside a table', $site . "AuthJWTProvider socache file dbd\nAuthJWTUserTable members\n" . protected('') ],
    [ 'a provider of another audience', $site . in_location("SetHandler jwt-obtain\nAuthJWTProvider file\n"
        . 'AuthJWTAudience staff') ],
    map({ [ "last login: $_", $site . protected("AuthJWTLastLoginQuery $_") ] }
        'django', 'none', '"UPDATE u SET seen = strftime(\'%%s\') WHERE id = %s"'),
    [ 'a preset for all', $site . protected('') . 'AuthJWTUserQuery Django' ],
    [ 'the same one twice', $site . protected('AuthJWTUserQuery wordpress:blog_')
        . "AuthJWTUserQuery WordPress:blog_" ],
    [ 'the preset as a table', $site . protected('AuthJWTUserTable auth_jwt_user') ],
    [ 'AuthJWTCheckUser Off with another name',
        $site . protected("AuthJWTCheckUser Off\nAuthJWTRemoteUser claim:email") ],
    [ 'AuthJWTCheckUser Off by the server, the other name by the section',
        "${site}AuthJWTCheckUser Off\n" . protected('AuthJWTRemoteUser id') ],
    [ 'AuthJWTCheckUser Off and no mod_dbd',
        $key . protected("AuthJWTCheckUser Off\nAuthJWTRemoteUser id"), undef, ['dbd'] ],
    [ 'none takes a setting back', "${site}AuthJWTIssuer a\nAuthJWTAudience a b\n"
        . in_location("AuthJWTIssuer none\nAuthJWTAudience none") ],

    # names
    [ 'claims of other names', "${site}AuthJWTUserIdClaim sub\nAuthJWTJtiClaim id\nAuthJWTTokenTypeClaim kind" ],
    [ 'the usual names written out',
        "${site}AuthJWTUserIdClaim user_id\nAuthJWTJtiClaim jti\nAuthJWTTokenTypeClaim token_type" ],
    map({ [ "a token in $_", $site . protected("AuthJWTHeaderName $_") ] }
        'Authorization', 'X-Access-Token', 'x_token', 'Proxy-Authorization'),

    # browsers
    map({ [ "a client: $_", "${site}AuthJWTClient $_\n" . protected('') ] } qw(api spa browser Browser)),
    map({ [ "delivery: $_", "${site}AuthJWTAccessDelivery $_\nAuthJWTRefreshDelivery $_\n" . protected('') ] }
        qw(body both BOTH)),
    [ 'delivery in cookies that are looked for', "${site}AuthJWTAccessDelivery cookie\nAuthJWTRefreshDelivery cookie\n"
        . protected('AuthJWTTokenSource cookie') ],
    map({ [ "a token in: $_", $site . protected("AuthJWTTokenSource $_\nAuthJWTMaxTokenAge 5min") ] }
        'header', 'cookie', 'header cookie', 'Cookie Header', 'cookie:a cookie cookie:b', 'query:token header',
        'query:access_token', "header\nAuthJWTTokenSource cookie"),
    map({ [ "a cookie: $_", "${site}AuthJWTAccessCookie $_\nAuthJWTRefreshCookie other-$_\nAuthJWTCSRFCookie csrf" ] }
        'jwt', 'jwt Path=/a', 'jwt Domain=example.com SameSite=Strict', 'jwt SameSite=None Partitioned',
        'jwt secure=off samesite=lax'),
    [ 'cookies of this host alone', "${site}AuthJWTAccessCookie __Host-a Path=/ SameSite=Strict\n"
        . "AuthJWTRefreshCookie __host-b\nAuthJWTCSRFCookie __Secure-c" ],
    [ 'a refresh cookie without TLS', "${site}AuthJWTRefreshCookie r Secure=Off\nAuthJWTCSRFCookie __csrf" ],
    map({ [ "remembered: $_->[0]", "${site}AuthJWTRememberLifetime $_->[0]\n$_->[1]" ] }
        [ '14d', '' ], [ '30d', '' ], [ 'none', '' ], [ '5min', '' ], [ '10000d', 'AuthJWTSessionLifetime none' ],
        [ '60d', 'AuthJWTSessions Off' ], [ '60d', 'AuthJWTSessions blacklist' ]),
    [ 'remembered longer than its server lets, where nobody logs in', "${key}AuthJWTRememberLifetime 60d\n$database"
        . in_location("SetHandler jwt-obtain\nAuthJWTSessionLifetime 90d") ],
    map({ [ "against CSRF: $_", "$site$_" ] } 'AuthJWTCSRF Off', 'AuthJWTCSRF On', 'AuthJWTCSRFHeader X-CSRF-Token',
        'AuthJWTCSRFCookie csrftoken', 'AuthJWTCSRFHeader Authorization'),
    map({ [ "origins: $_", "$site$_" ] } 'AuthJWTOrigin https://www.example.com HTTPS://Example.com:443',
        "AuthJWTOrigin https://a.example\nAuthJWTOrigin http://[::1]:8080", 'AuthJWTOrigin none',
        'AuthJWTCORSOrigin http://localhost:3000 capacitor://localhost', 'AuthJWTCORSOrigin none',
        in_location("AuthJWTCORSOrigin https://app.example\nAuthJWTCORSMaxAge 1d"),
        in_host('AuthJWTOrigin https://a.example')),
    map({
        my $name = $_;
        map { [ "$name: $_", $site . protected("$name $_") ] } '/', '/login', '/login.html?x=1#y', 'https://login.example.com',
            'http://127.0.0.1:8080/login?a=b', ('none') x ($name ne 'AuthJWTAfterLogin')
    } qw(AuthJWTLoginURL AuthJWTAfterLogin AuthJWTAfterLogout)),
    map({ [ "what is optional: $_", $site . protected("AuthJWTOptional $_") ] } qw(On Off)),
    [ 'a silent refresh', "${site}AuthJWTClient browser\n" . protected('AuthJWTSilentRefresh On') ],
    [ 'a silent refresh of cookies that are named', $site . protected("AuthJWTTokenSource cookie:a\n"
        . "AuthJWTAccessCookie a\nAuthJWTSilentRefresh On") ],
    [ 'what a silent refresh could not do, where there is none', "${site}AuthJWTClient browser\n"
        . "AuthJWTRefreshCookie __Secure-r Path=/auth SameSite=Strict\nAuthJWTReuseGrace 0\n"
        . protected('AuthJWTSilentRefresh Off') . protected('AuthJWTClient spa') =~ s{/x}{/y}r ],
    [ 'a silent refresh by a cookie of a path around it', "${site}AuthJWTClient browser\n"
        . "AuthJWTRefreshCookie __Secure-r Path=/x/\n" . protected('') . protected('') =~ s{/x}{/x/y}r ],
    [ 'a silent refresh in a directory, whose URL nobody knows', "${site}AuthJWTClient browser\n"
        . "AuthJWTRefreshCookie __Secure-r Path=/members\n<Directory /srv/members>\nAuthType JWT\n"
        . "Require valid-user\n</Directory>\n" ],
    [ 'a silent refresh without grace, where nothing rotates', "${site}AuthJWTClient browser\nAuthJWTReuseGrace 0\n"
        . "AuthJWTRotateRefresh Off\n" . protected('') ],
    [ 'a lifetime where tokens are renewed', "${site}AuthJWTClient browser\n" . protected('AuthJWTAccessLifetime 2min') ],

    # endpoints, and places that live on their cookies
    [ 'access tokens in a cookie that nobody looks for', "${site}AuthJWTAccessDelivery cookie\n" . protected(''),
        "AuthJWTAccessDelivery cookie: $unheard (in AuthJWTAccessDelivery, line 5 of CONF)" ],
    [ 'a client of the endpoints alone', $site . in_auth('AuthJWTClient browser') . protected(''),
        "AuthJWTClient browser: $unheard (in AuthJWTClient, line 6 of CONF)" ],
    [ 'a client of an endpoint by hand alone', $site . protected('')
            . in_location("SetHandler jwt-login\nAuthJWTClient browser") =~ s{/x}{/login}r,
        "AuthJWTClient browser: $unheard (in <Location \"/login\">, line 10 of CONF)" ],
    [ 'a client of the endpoints alone, but one of them, once', $site . in_auth('AuthJWTClient browser')
            . in_auth('AuthJWTMaxBody 300') =~ s{/auth}{/auth/token}r . protected(''),
        "AuthJWTClient browser: $unheard (in AuthJWTClient, line 6 of CONF)" ],
    [ 'a cookie of another name than the one looked for', "${site}AuthJWTClient browser\n"
            . in_auth('AuthJWTAccessCookie a') . protected('AuthJWTAccessCookie b'),
        'AuthJWTClient browser: ' . $unheard =~ s/__Host-jwt/a/r . ' (in AuthJWTClient, line 5 of CONF)' ],
    [ 'a client of the endpoints, where nothing is protected', $site . in_auth('AuthJWTClient browser') ],
    [ 'a client of the endpoints, and a page of many that looks for its cookie', $site . in_auth('AuthJWTClient browser')
            . protected('AuthJWTTokenSource cookie') . protected('') =~ s{/x}{/y}r ],
    [ 'single-page applications, at endpoints alone', $site . in_auth('AuthJWTClient spa') . protected('') ],
    [ 'a client of a page alone', $site . protected('AuthJWTClient browser'), 'AuthJWTClient browser: tokens are looked for '
            . 'in the cookie __Host-jwt here, and no endpoint puts one there; write it outside of sections, where endpoints '
            . "hear it, too $in_x" ],
    [ 'single-page applications, of a page alone', $site . protected('AuthJWTClient spa'), 'AuthJWTClient spa: says where '
            . "endpoints put refresh tokens, and none of them hears it here; write it outside of sections $in_x" ],
    [ 'pages of one that has its refresh token in a cookie', $site . in_auth('AuthJWTClient spa')
            . protected('AuthJWTClient browser') ],
    [ 'a cookie that another site sets', $site . protected('AuthJWTTokenSource header cookie:theirs') ],
    [ 'a client of pages, and endpoints elsewhere', $database . $key . protected('AuthJWTClient browser') ],
    [ 'a path that covers no page', "${site}AuthJWTClient browser\nAuthJWTAccessCookie __Secure-a Path=/app\n"
            . protected('') . protected('') =~ s{/x}{/apple}r, 'AuthJWTAccessCookie __Secure-a: with Path=/app browsers send it to no '
            . 'place under AuthType JWT that looks for it, such as /x; give it a path around these (in AuthJWTAccessCookie, '
            . 'line 6 of CONF)' ],
    map({ [ "a path that may cover a page: $_->[0]", "${site}AuthJWTClient browser\nAuthJWTAccessCookie __Secure-a Path=/app\n"
            . protected('') . "$_->[0]\nAuthType JWT\nRequire valid-user\n$_->[1]\n" ] }
        [ '<Location "/app">', '</Location>' ], [ '<Location /app/x/>', '</Location>' ], [ '<Location />', '</Location>' ],
        [ '<Directory /srv/members>', '</Directory>' ], [ '<LocationMatch "^/m">', '</LocationMatch>' ]),
    map({ [ "a domain of others: $_->[0]", in_host("$database${key}AuthJWTEndpoints /auth\nAuthJWTClient browser\n"
            . "ServerName www.example.com\nServerAlias example.com *.example.net\n$_->[0] Domain=$_->[1]\n" . protected('')),
        "$_->[0]: browsers drop a cookie with Domain=$_->[1] of this site, which is www.example.com; name that or a domain "
            . "around it, or leave Domain away (in @{[ $_->[0] =~ /(\w+)/ ]}, line 9 of CONF)" ] }
        [ 'AuthJWTAccessCookie a', 'example.org' ], [ 'AuthJWTRefreshCookie a', 'app.example.com' ],
        [ 'AuthJWTAccessCookie a', 'ample.com' ]),
    map({ [ "a domain of this site: $_->[0]", in_host("$database${key}AuthJWTEndpoints /auth\nAuthJWTClient browser\n"
            . "$_->[1]\nAuthJWTAccessCookie a Domain=$_->[0]\n" . protected('')) ] }
        [ 'www.example.com', 'ServerName www.example.com' ], [ 'Example.com', 'ServerName https://www.example.com:443' ],
        [ 'example.net', "ServerName a.example.com\nServerAlias b.example.net" ],
        [ 'example.net', "ServerName a.example.com\nServerAlias *.example.net" ],
        [ 'example.org', "ServerName a.example.com\nAuthJWTOrigin https://www.example.org:8443" ],
        [ 'example.org', '' ]),
    [ 'a domain that the server names for its hosts', "${site}AuthJWTClient browser\nAuthJWTAccessCookie a Domain=example.com\n"
            . protected('') . in_host('ServerName www.example.com') ],
    [ 'a claim of the endpoints alone', "${site}AuthJWTClient browser\n" . in_auth('AuthJWTClaim email column:username')
            . protected(''), "AuthJWTClaim email: $not_renewed (in <Location \"/x\">, line 9 of CONF)" ],
    [ 'roles of the endpoints alone', "${site}AuthJWTClient browser\n"
            . in_auth('AuthJWTRolesQuery "SELECT r FROM t WHERE id = %s"') . protected(''),
        "AuthJWTRolesQuery: $not_renewed (in <Location \"/x\">, line 9 of CONF)" ],
    [ 'another claim of the endpoints', "${site}AuthJWTClient browser\n" . in_auth('AuthJWTClaim email column:username')
            . protected('AuthJWTClaim mail column:username'),
        "AuthJWTClaim email: $not_renewed (in <Location \"/x\">, line 9 of CONF)" ],
    [ 'claims of the endpoints, and the same of pages', "${site}AuthJWTClient browser\n"
            . in_auth('AuthJWTClaim email column:username') . protected('AuthJWTClaim email column:username') ],
    [ 'claims of the server', "${site}AuthJWTClient browser\nAuthJWTClaim email column:username\n" . protected('') ],
    [ 'a claim of the endpoints, where nothing is renewed', "${site}AuthJWTClient browser\n"
            . in_auth('AuthJWTClaim email column:username') . protected('AuthJWTSilentRefresh Off') ],
    map({ [ "a login page that is shut: $_->[0]", "${site}AuthJWTLoginURL $_->[0]\n" . protected('')
            . protected('') =~ s{/x}{/y}r, "AuthJWTLoginURL $_->[0]: the page is under AuthType JWT itself, so nobody sees it "
            . "who is not logged in; add <Location \"$_->[1]\"> with: Require all granted (in <Location \"/x\">, line 6 of CONF)" ] }
        [ '/x/login.html', '/x/login.html' ], [ '/x', '/x' ], [ '/y/login?a=b#c', '/y/login' ]),
    [ 'a login page below a page that opens a part', "${site}AuthJWTLoginURL /x/login\n" . protected('')
            . "<Location /x/login>\n<RequireAny>\nRequire user a\nRequire group b\n</RequireAny>\n</Location>",
        'AuthJWTLoginURL /x/login: the page is under AuthType JWT itself, so nobody sees it who is not logged in; add '
            . '<Location "/x/login"> with: Require all granted (in <Location "/x">, line 6 of CONF)' ],
    map({ [ "a login page that is open: $_->[0]", "${site}AuthJWTLoginURL /x/login\n" . protected('')
            . "<Location /x/login>\n$_->[1]\n</Location>" ] }
        [ 'all granted', 'Require all granted' ], [ 'some addresses', "Require ip 10\nRequire valid-user" ],
        [ 'a group', "<RequireAny>\nRequire valid-user\nRequire all granted\n</RequireAny>" ],
        [ 'an endpoint', 'SetHandler jwt-login' ], [ 'another AuthType', 'AuthType Basic' ]),
    map({ [ "a login page elsewhere: $_", "${site}AuthJWTLoginURL $_\n" . protected('') ] }
        '/xy', '/auth/login', '/', 'https://login.example.com/x'),
    [ 'a login page in a directory, whose URL nobody knows', "${site}AuthJWTLoginURL /login\n<Directory /srv>\n"
            . "AuthType JWT\nRequire valid-user\n</Directory>" ],

    # modules, files and macros around sections
    [ 'sections within IfModule', "<IfModule auth_jwt_module>\n$site<IfModule dbd_module>\n"
        . protected("<IfModule !no_module>\nAuthJWTMaxTokenAge 1h\n</IfModule>")
        . "</IfModule>\n</IfModule>\n" ],
    [ 'a section and its lines from other files', "${site}Include KEYS/section.conf\n"
        . in_location("Include KEYS/lines.conf\nAuthJWTAudience x\nAuthJWTUserTable members") ],
    [ 'hosts by a macro', "<Macro Host \$key \$file>\n" . in_host($database =~ s/site/\$file/r
            . "AuthJWTKey - HS256 \$key\nAuthJWTEndpoints /auth\n" . protected(''))
        . "</Macro>\nUse Host keys/site.key a\nUse Host keys/other.key b\n" ],
    [ 'hosts by one file, included twice', "Define HOST site\nInclude KEYS/host.conf\n"
        . "UnDefine HOST\nDefine HOST other\nInclude KEYS/host.conf\n" ],

    # virtual hosts
    [ 'a virtual host that uses the server\'s', $site . in_host(protected('')) ],
    [ 'a virtual host with a database for something else',
        $site . protected('') . in_host($other_database . in_location('Require all granted')) ],
    [ 'a virtual host with everything of its own', $site . in_host($other_database
        . "AuthJWTKey - HS256 keys/other.key\nAuthJWTUserTable members\n" . protected('')) ],
    [ 'a virtual host with its own audience', $site . protected('')
        . in_host("${other_database}AuthJWTAudience b\n" . protected('')) ],
    [ 'two virtual hosts with their own issuers', $database . $key
        . in_host("AuthJWTIssuer a\nAuthJWTEndpoints /auth")
        . in_host("AuthJWTIssuer b\n${other_database}AuthJWTEndpoints /auth") ],
    [ 'the same secret under another kid', $site . in_host("AuthJWTKey b HS256 KEYS/same.key\n"
        . 'AuthJWTUserTable members') ],
    [ 'keys and databases in virtual hosts only',
        "AuthJWTEndpoints /auth\nAuthJWTSigningKey a\n" . protected('')
        . in_host("${database}AuthJWTKey a HS256 keys/site.key")
        . in_host("${database}AuthJWTKey a HS256 keys/other.key") ],
    [ 'a signing key of the server beside a host with a ring of its own',
        "${site}AuthJWTSigningKey -\n" . in_host('AuthJWTKey b HS256 keys/other.key') ],

    # tables
    [ 'another table with its own audience', $site . protected('')
        . protected("AuthJWTAudience shop\nAuthJWTUserTable members") =~ s{/x}{/shop}r ],
    [ 'a login by hand below the section with the table', $site
        . protected("AuthJWTAudience shop\nAuthJWTUserTable members") . "<Location \"/x/login/\">\n"
        . "SetHandler jwt-obtain\n</Location>\n" ],
    [ 'the same for directories, the shorter path behind', $site . "<Directory /srv/a/b>\n"
        . "AuthType JWT\nRequire valid-user\n</Directory>\n<Directory '/srv/a/'>\nAuthJWTAudience a\n"
        . "AuthJWTUserTable members\n<Files login>\nSetHandler jwt-obtain\n</Files>\n</Directory>\n" ],
    [ 'a section that asks no users, where the database is another', $site . in_host($other_database
        . "AuthJWTAudience b\n" . protected("AuthJWTAudience none\nAuthJWTCheckUser Off\n"
            . 'AuthJWTRemoteUser id')) ],
    [ 'a table where nothing is asked', $site . in_location('AuthJWTUserTable members') ],

    # lifetimes
    [ 'a lifetime of the server that sections mend', "${database}${key}AuthJWTAccessLifetime 2d\n"
        . in_location("SetHandler jwt-obtain\nAuthJWTRefreshLifetime 2d") ],
    [ 'a lifetime around mounted endpoints',
        $site . protected('AuthJWTAccessLifetime 10min') =~ s{/x}{/}r ],
    [ 'a lifetime around endpoints by hand', $database . $key
        . protected('AuthJWTRefreshLifetime 2d') . "<Location /x/login>\nSetHandler jwt-obtain\n"
        . "</Location>\n" ],
    [ 'a lifetime by a pattern, which may be around endpoints',
        $site . "<LocationMatch \"^/a\">\nAuthType JWT\nAuthJWTAccessLifetime 1h\n"
        . "Require valid-user\n</LocationMatch>\n" ],
    [ 'lifetimes where nothing is issued',
        $site . protected("AuthJWTRefreshLifetime 2d\nAuthJWTAccessLifetime 36h"),
        "AuthJWTAccessLifetime 36h: $acts $in_x", "AuthJWTRefreshLifetime 2d: $acts $in_x" ],
    [ 'a lifetime beside mounted endpoints', $site
        . protected('AuthJWTAccessLifetime 1h') =~ s{/x}{/authors}r,
        "AuthJWTAccessLifetime 1h: $acts (in <Location \"/authors\">, line 5 of CONF)" ],
    [ 'an age where nothing is accepted',
        $site . in_location("SetHandler jwt-obtain\nAuthJWTMaxTokenAge 1h"),
        'AuthJWTMaxTokenAge 1h: acts where tokens are accepted, and an endpoint is here; where '
        . "tokens are issued use AuthJWTAccessLifetime $in_x" ],
    [ 'a warning of a section comes once, not for each host',
        $site . protected('AuthJWTAccessLifetime 1h') . in_host('AuthJWTMaxBody 300'),
        "AuthJWTAccessLifetime 1h: $acts $in_x" ],
);
spew("$dir/section.conf", protected(''));
spew("$dir/lines.conf", "AuthType JWT\nRequire valid-user\n");
spew("$dir/host.conf", in_host("DBDriver sqlite3\nDBDParams \${HOST}.db\nAuthJWTKey - HS256 "
    . "keys/\${HOST}.key\n" . protected('')));

# ---- running them ------------------------------------------------------------------------

my %environment = (JWT_EMPTY => '', JWT_SHORT => 'short', JWT_LONG => 'l' x 32,
    JWT_PUBLIC => $public);
my $start = '# the snippet';

# in_parallel(CODE, ITEM...): what CODE says to each, in their order, by some processes at once.
sub in_parallel
{
    my ($code, @items) = @_;
    my (@answers, @pipes);
    my $workers = 4;
    for my $worker (0 .. $workers - 1) {
        my $pid = open my $pipe, '-|';
        die "fork: $!\n" unless defined $pid;
        push @pipes, $pipe;
        next if $pid;
        for (my $i = $worker; $i < @items; $i += $workers) {
            syswrite STDOUT, JSON::PP::encode_json([ $i, $code->($items[$i]) ]) . "\n";
        }
        POSIX::_exit(0);
    }
    for my $pipe (@pipes) {
        while (my $line = <$pipe>) {
            my ($i, @answer) = @{ JSON::PP::decode_json($line) };
            $answers[$i] = \@answer;
        }
    }
    return @answers;
}

# (exit status, output line...), with CONF, KEYS and T_DIR in place of what differs.
sub try
{
    my ($snippet, $without) = @_;
    $snippet =~ s/KEYS/$dir/g;
    my ($status, $output) = configtest("$start\n$snippet", env => \%environment,
        without => $without || []);
    my $file = scratch('configtest.conf');
    my ($before) = slurp($file) =~ /\A(.*?^\Q$start\E\n)/ms;
    my $lines = $before =~ tr/\n//;
    $output =~ s/\Q$dir\E/KEYS/g;
    $output =~ s/\bline (\d+) of \Q$file\E/'line ' . ($1 - $lines) . ' of CONF'/ge;
    $output =~ s/\Q$t_dir\E/T_DIR/g;
    $output =~ s/^\[[^\n]*?\] (?=JWT\d{4}:)//mg;
    return ($status, split /\n/, $output);
}

sub tests_of
{
    my (@rows) = @_;
    my @answers = in_parallel(sub { try($_[0][1], $_[0][4]) }, grep { !$_->[3] } @rows);
    return map { [ $_, $_->[3] ? () : @{ shift @answers } ] } @rows;
}

sub check_refusals
{
    my ($prefix, @rows) = @_;
    for (tests_of(@rows)) {
        my ($row, $status, @lines) = @$_;
        my ($reason, $snippet, $message, $skip) = @$row;
        SKIP: {
            skip "$reason: $skip", 1 if $skip;
            my $seen = grep { ref $message ? $_ =~ $message : $_ eq $prefix . $message } @lines;
            ok $status == 1 && $seen == 1, "refused: $reason"
                or diag "status $status, not once:\n$prefix$message\n", map { "  $_\n" } @lines;
        }
    }
}

check_refusals('', @bad_values);
check_refusals('JWT0001: ', @bad_sums);

my @passes = in_parallel(sub { try($_[0][1], ref $_[0][3] ? $_[0][3] : undef) }, @good);
for my $row (@good) {
    my ($reason, $snippet, @warnings) = @$row;
    my ($status, @lines) = @{ shift @passes };
    is_deeply [ $status, sort @lines ],
        [ 0, sort 'Syntax OK', map { /^JWT/ ? $_ : "JWT0002: $_" } grep { defined && !ref } @warnings ],
        "passes: $reason" or diag map { "  $_\n" } @lines;
}

# ---- a program whose end nobody is told of -------------------------------------------------

SKIP: {
    skip 'the server does not run without its wrapper', 1 if $ENV{AUTH_JWT_WRAP};
    try('AuthJWTKey - HS256 "exec:KEYS/fails"');
    # Not by way of the shell in var('httpd'), which would hear of its children again.
    my ($program) = slurp(var('httpd')) =~ /^exec "([^"]+)"/m;
    my @command = ($^X, '-e', '$SIG{CHLD} = "IGNORE"; exec @ARGV', $program, '-t', '-d', $t_dir,
        '-f', scratch('configtest.conf'));
    my $said = `@{[ map { "'$_'" } @command ]} 2>&1`;
    like $said, qr/the program \S+ failed/, 'refused: a program that fails where SIGCHLD is ignored';
}

# ---- .htaccess ---------------------------------------------------------------------------

my %context = httpd('-L') =~ /^(AuthJWT\w+) \(mod_auth_jwt\.c\)\n\t.*\n\t(.*)/mg;
cmp_ok scalar(keys %context), '>', 10, 'the server lists our directives';
my @in_htaccess = grep { $context{$_} =~ /\.htaccess/ } sort keys %context;
is_deeply \@in_htaccess, [qw(AuthJWTLoginURL AuthJWTMaxLoginAge AuthJWTMaxTokenAge AuthJWTOptional)],
    'four directives may stand in .htaccess';

my $server = httpd_start(<<'CONF');
DBDriver  sqlite3
DBDParams "${T_DIR}/db/site.db"
AuthJWTKey       - HS256 "${T_DIR}/keys/site.key"
AuthJWTEndpoints /auth
<Directory "${SERVER_DIR}/htdocs">
    AllowOverride All
</Directory>
<Directory "${SERVER_DIR}/htdocs/hour">
    AuthType JWT
    Require valid-user
    AuthJWTMaxTokenAge 1h
</Directory>
<Directory "${SERVER_DIR}/htdocs/any">
    AuthType JWT
    Require valid-user
    AuthJWTLeeway 5s
</Directory>
<VirtualHost *:${PORT}>
    ServerName 127.0.0.1
</VirtualHost>
<VirtualHost *:${PORT}>
    ServerName wiki.example
    DBDParams "${SERVER_DIR}/wiki.db"
</VirtualHost>
CONF

# htaccess(PATH, TEXT): a directory with a page, and TEXT as its .htaccess file.
sub htaccess
{
    my ($path, $text) = @_;
    spew($server->dir . "/htdocs/$path/page.txt", 'a page');
    spew($server->dir . "/htdocs/$path/.htaccess", "$text\n") if length $text;
    return $server->url("/$path/page.txt");
}

for my $name (grep { $context{$_} !~ /\.htaccess/ } sort keys %context) {
    my $mark = $server->log_mark;
    is get(htaccess("no/$name", "$name x y z"))->code, 500, "$name in .htaccess gives 500";
    like $server->log_since($mark), qr{/no/$name/\.htaccess: $name not allowed here},
        '... and the log says so';
}
my $mark = $server->log_mark;
is get(htaccess('no/time', 'AuthJWTMaxTokenAge 5x'))->code, 500, 'a bad value in .htaccess, too';
like $server->log_since($mark),
    qr{/no/time/\.htaccess: \Q@{[ no_time('AuthJWTMaxTokenAge', '5x') ]}\E}, '... with its message';

# [path, its .htaccess, whether a token is good there that is 5 seconds, 10 minutes, 2 hours old]
my @ages = (
    [ 'hour', '', 1, 1, 0 ],
    [ 'hour/same', 'AuthJWTMaxTokenAge 1h', 1, 1, 0 ],
    [ 'hour/short', 'AuthJWTMaxTokenAge 5min', 1, 0, 0 ],
    [ 'hour/long', 'AuthJWTMaxTokenAge 1d', 1, 1, 0 ],
    [ 'hour/none', 'AuthJWTMaxTokenAge none', 1, 1, 0 ],
    [ 'hour/short/long', 'AuthJWTMaxTokenAge 30min', 1, 0, 0 ],
    [ 'hour/long/short', 'AuthJWTMaxTokenAge 5min', 1, 0, 0 ],
    [ 'hour/file', "<Files page.txt>\nAuthJWTMaxTokenAge none\n</Files>", 1, 1, 0 ],
    [ 'hour/own', "AuthType JWT\nRequire valid-user\nAuthJWTMaxTokenAge none", 1, 1, 0 ],
    [ 'any', '', 1, 1, 1 ],
    [ 'any/short', 'AuthJWTMaxTokenAge 5min', 1, 0, 0 ],
    [ 'any/none', 'AuthJWTMaxTokenAge none', 1, 1, 1 ],
    [ 'any/none/short', 'AuthJWTMaxTokenAge 5min', 1, 0, 0 ],
    [ 'any/none/short/none', 'AuthJWTMaxTokenAge none', 1, 0, 0 ],
);
for (@ages) {
    my ($path, $text, @good_at) = @$_;
    my $url = htaccess($path, $text);
    my @codes = map { get_with($url, token({ iat => time - $_ }))->code } 5, 600, 7200;
    is_deeply \@codes, [ map { $_ ? 200 : 401 } @good_at ], "the age that $path accepts";
}

# A virtual host with a database of its own and no word of ours takes no part.
is post_json($server->url('/auth/token'), {})->code, 400, 'the server\'s endpoints, in its host';
is post_json($server->url('/auth/token'), {}, headers => [ Host => 'wiki.example' ])->code, 404,
    '... and not in a host that has another database';
is get_with($server->url('/any/page.txt'), token(), headers => [ Host => 'wiki.example' ])->code,
    401, '... where its protected places accept no token';
unlike slurp($server->dir . '/wiki.db'), qr/./, '... and nobody asked that database';
like $server->log, qr/JWT0003: the server's keys and endpoints do not hold in this virtual host, /,
    '... as the log says';
ok wait_until(5, sub { $server->log =~ /JWT0011/ }), 'the users\' table was tried at start';
is scalar(() = $server->log =~ /JWT001[12]/g), 1, '... once, though two hosts use it';

# What configtest cannot see: our AuthType in a .htaccess file of a server without a key.
my $bare = httpd_start(<<'CONF');
<Directory "${SERVER_DIR}/htdocs">
    AllowOverride All
</Directory>
CONF
spew($bare->dir . '/htdocs/page.txt', 'a page');
spew($bare->dir . '/htdocs/.htaccess', "AuthType JWT\nRequire valid-user\n");
is get_with($bare->url('/page.txt'), token())->code, 401, 'no key: no token is good';
is get($bare->url('/page.txt'))->code, 401, '... and none is none';

# ---- anything at all ---------------------------------------------------------------------
# Whatever the arguments: httpd ends in good order, and a refusal names the directive.

my @pieces = ('', qw(- none On Off /auth /../ ~ %s %%s %d %lld %1$s %n % ${T_DIR} ${NONE} =a a= a=b
    id=x username= is_active=- SELECT auth_jwt token jwt-obtain Bearer claim:x claim: id username
    HS256 RS256 keys/site.key env:PATH env:JWT_LONG exec:/bin/true /dev/null /dev/zero / . .. sign
    verify 5min 1h 0 -1 256 99999999999999999999 1e9 0x10 18446744073709551616), 'a b', "a\tb",
    '\\"', q('), '\\\\', ';', '#', '<', '>', "\xff\xfe", "\xc3\xa4", "\x01", "\x7f", 'x' x 300,
    'x' x 9000, '%s' x 50, "SELECT id FROM u WHERE id = %s");

my $seed = $ENV{AUTH_JWT_SEED} // time;
srand $seed;
my @names = sort keys %context;
my @random = map {
    my $quote = int rand 4;
    my $pick = sub { join '', map { $pieces[ rand @pieces ] } 0 .. int rand 2 };
    join ' ', $names[ $_ % @names ], map { $quote ? '"' . $pick->() . '"' : $pick->() }
        1 .. int rand 5;
} 1 .. 200;

my $began = time;
my @results = in_parallel(sub { try($_[0] . "\n") }, @random);
my @odd = grep {
    my ($status, @lines) = @{ $results[$_] };
    my ($name) = $random[$_] =~ /^(\w+)/;
    $status == 0 ? !grep { $_ eq 'Syntax OK' } @lines
        : $status != 1 || !grep { /\b\Q$name\E\b/ } @lines;
} 0 .. $#random;
is scalar(@odd), 0, 'no argument makes httpd fall over'
    or diag "AUTH_JWT_SEED=$seed\n",
        map { "$random[$_]\n" . join '', map { "  $_\n" } @{ $results[$_] } } @odd[ 0 .. ($#odd > 4 ? 4 : $#odd) ];
note 'two hundred tries took ', time - $began, ' s';

done_testing;
