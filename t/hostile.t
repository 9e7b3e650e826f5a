# What an attacker sends is refused: with a 4xx, at once, without a line in the error log above
# level info, without a connection to anywhere, and without harm to the server's processes.
#
# T: is a class of tokens, each sent to a protected place and, with a refresh token's claims, to
# the refresh endpoint. H: is a class of requests. Of many classes some tokens are good, so that
# a server which refuses everything fails, too. Most of what is sent is in t/data/hostile.txt.
#
# Runs beside others: it has a server of its own.
use strict;
use warnings;
use Crypt::PK::ECC ();
use Crypt::PK::Ed25519 ();
use Crypt::PK::RSA ();
use Digest::SHA qw(hmac_sha256 hmac_sha384 hmac_sha512 sha1 sha256 sha384);
use IO::Select ();
use IO::Socket::INET ();
use JWTTest::Process qw(first_executable);
use Math::BigInt ();
use MIME::Base64 qw(decode_base64 decode_base64url encode_base64 encode_base64url);
use Test::More;
use Time::HiRes ();
use JWTTest;

only_under(qw(event prefork));

use constant { AT_ONCE => 0.050, PROTECTED => 'members only', MB => 1 << 20 };

# A wrapped server (valgrind, a sanitizer) is too slow for any clock, and keeps what it freed.
my $wrapped = $ENV{AUTH_JWT_WRAP};

my $key = site_key();
(my $other_key = slurp(var('t_dir') . '/keys/other.key')) =~ s/\n\z//;
my $public_key = `openssl x509 -in '@{[ var('t_dir') ]}/keys/cert.pem' -noout -pubkey`;

# ---- key pairs: of the server, and of a stranger -----------------------------------------

my @pairs = map { { kid => $_->[0], alg => $_->[1], class => "Crypt::PK::$_->[2]", make => $_->[3] } }
    [ 'rs', 'RS256', 'RSA', 'RSA -pkeyopt rsa_keygen_bits:2048' ],
    [ 'ps', 'PS256', 'RSA', 'RSA -pkeyopt rsa_keygen_bits:2048' ],
    [ 'es256', 'ES256', 'ECC', 'EC -pkeyopt ec_paramgen_curve:P-256' ],
    [ 'es384', 'ES384', 'ECC', 'EC -pkeyopt ec_paramgen_curve:P-384' ],
    [ 'es512', 'ES512', 'ECC', 'EC -pkeyopt ec_paramgen_curve:P-521' ],
    [ 'ed', 'EdDSA', 'Ed25519', 'ed25519' ];
my $pair_lines = '';

sub make_pem { return scalar(`openssl genpkey -algorithm $_[0] 2>/dev/null`) || die "openssl: $!\n" }

# What a token is worth does not depend on the MPM: all but one try a part of them.
my $tries_all = var('mpm') eq 'event';
@pairs = grep { $_->{alg} =~ /^(?:RS256|ES256|EdDSA)$/ } @pairs unless $tries_all;
for my $pair (@pairs) {
    my $file = scratch("$pair->{kid}.pem");
    my ($pem, $their_pem) = map { make_pem($pair->{make}) } 1, 2;
    secret($pem =~ /-----\n(.*?)\n/);
    spew($file, $pem, 0600);
    $pair->{key} = $pair->{class}->new(\$pem);
    $pair->{public} = `openssl pkey -in '$file' -pubout`;
    $pair->{der} = `openssl pkey -in '$file' -pubout -outform DER`;
    $pair->{jwk} = $pair->{key}->export_key_jwk('public');
    $pair->{theirs} = { %$pair, key => $pair->{class}->new(\$their_pem) };
    $pair_lines .= "AuthJWTKey $pair->{kid} $pair->{alg} \"$file\"\n";
}
(my $nameless_lines = $pair_lines) =~ s/^AuthJWTKey \K\w+/-/mg;

# As few processes as can be, and always the same ones.
my $server = httpd_start(<<'CONF' . <<"CONF" . <<'CONF' . <<"CONF" . <<'CONF');
<IfModule !mpm_prefork_module>
    ServerLimit 1
    ThreadsPerChild 10
    MinSpareThreads 1
    MaxSpareThreads 10
    MaxRequestWorkers 10
</IfModule>
<IfModule mpm_prefork_module>
    StartServers 3
    MinSpareServers 1
    MaxSpareServers 3
    MaxRequestWorkers 3
</IfModule>
Timeout 10
DocumentRoot "${T_DIR}/htdocs"
DBDriver     sqlite3
DBDParams    "${T_DIR}/db/site.db"
AuthJWTKey   -  HS256 "${T_DIR}/keys/site.key"
AuthJWTKey   k1 HS256 "${T_DIR}/keys/other.key"
CONF
$pair_lines
CONF
AuthJWTEndpoints /auth
<Location "/members">
    AuthType JWT
    Require valid-user
</Location>
Alias "/strict" "${T_DIR}/htdocs/members"
<Location "/strict">
    AuthType JWT
    Require valid-user
    AuthJWTIssuer https://site.example
    AuthJWTAudience members second
</Location>
ScriptAlias "/env" "${T_DIR}/cgi-bin/env"
ScriptAlias "/private-env" "${T_DIR}/cgi-bin/env"
<Location "/private-env">
    AuthType JWT
    Require valid-user
</Location>
<IfModule http2_module>
    Protocols h2c http/1.1
</IfModule>
# The same keys without names, so that each is tried with what its header fits.
Listen 127.0.0.1:${PORT_1}
<VirtualHost 127.0.0.1:${PORT_1}>
    AuthJWTKey - HS256 "${T_DIR}/keys/site.key"
CONF
    $nameless_lines
CONF
</VirtualHost>
# The same keys, another audience.
Listen 127.0.0.1:${PORT_2}
<VirtualHost 127.0.0.1:${PORT_2}>
    AuthJWTAudience second
</VirtualHost>
CONF

# ---- tokens ------------------------------------------------------------------------------

my %hmac = (256 => \&hmac_sha256, 384 => \&hmac_sha384, 512 => \&hmac_sha512);
my $HEADER = '{"alg":"HS256","typ":"JWT"}';

sub sign
{
    my ($input, $with, $bits) = @_;
    return encode_base64url($hmac{ $bits || 256 }->($input, $with // $key));
}

# The members of a good payload; claims(TYPE, CLAIM => JSON TEXT, or undef to leave it out).
sub claims
{
    my ($type, %change) = @_;
    my %claim = (token_type => qq("$type"), exp => time + 300, iat => time - 1,
        jti => '"0123456789abcdef0123456789abcdef"', user_id => '"1"', %change);
    return join ',', map { qq("$_":$claim{$_}) } grep { defined $claim{$_} } sort keys %claim;
}

# jws(HEADER, PAYLOAD, key => BYTES, bits => 384, signature => TEXT)
sub jws
{
    my ($header, $payload, %option) = @_;
    my $input = encode_base64url($header) . '.' . encode_base64url($payload);
    return "$input." . ($option{signature} // sign($input, $option{key}, $option{bits}));
}

sub with_header
{
    my ($type, $header, %option) = @_;
    return jws($header, '{' . claims($type) . '}', %option);
}

sub with_claims
{
    my ($type, @change) = @_;
    return jws($HEADER, '{' . claims($type, @change) . '}');
}

sub good { return with_claims($_[0] // 'access') }

# The signature of a key pair, by its own algorithm or by another one that it could be used for.
sub pair_signature
{
    my ($pair, $input, $alg) = @_;
    my ($kind, $bits) = ($alg // $pair->{alg}) =~ /^(.{2})(\d*)/;
    my $key = $pair->{key};
    return $kind eq 'RS' ? $key->sign_message($input, "SHA$bits", 'v1.5')
        : $kind eq 'PS' ? $key->sign_message($input, "SHA$bits", 'pss', $bits / 8)
        : $kind eq 'ES' ? $key->sign_message_rfc7518($input, "SHA$bits")
                        : $key->sign_message($input);
}

# The header of a pair's tokens; without its name for the host where keys have none.
sub pair_header
{
    my ($pair, $named, $alg) = @_;
    my $kid = $named ? qq(,"kid":"$pair->{kid}") : '';
    return sprintf '{"alg":"%s","typ":"JWT"%s}', $alg // $pair->{alg}, $kid;
}

# A token; CODE makes the signature of what is to be signed.
sub pair_jws
{
    my ($type, $header, $code, @change) = @_;
    my $input = join '.', map { encode_base64url($_) } $header, '{' . claims($type, @change) . '}';
    return "$input." . encode_base64url($code->($input));
}

sub pair_good
{
    my ($pair, $named, @change) = @_;
    return pair_jws('access', pair_header($pair, $named), sub { pair_signature($pair, $_[0]) }, @change);
}

# ---- what is sent ------------------------------------------------------------------------

my $listener = IO::Socket::INET->new(Listen => 1000, LocalAddr => '127.0.0.1') or die "listen: $!\n";
my $our_url = 'http://127.0.0.1:' . $listener->sockport;

my (%section, %is_sent);
for my $part (split /^== /m, slurp(var('t_dir') . '/data/hostile.txt')) {
    my ($name, @lines) = split /\n/, $part;
    $name =~ s/:.*//;
    $section{$name} = [ grep { length } @lines ];
}

# The lines of a section, for a type of token.
sub lines
{
    my ($name, $type) = @_;
    my @lines = @{ $section{$name} || die "no section '$name'\n" };
    $is_sent{$name} = 1;
    $type ||= 'access';
    my $token = good($type);
    my %text = ('' => '', url => $our_url, token => $token, claims => claims($type),
        type => $type, other => $type eq 'access' ? 'refresh' : 'access',
        map { ("but $_" => claims($type, $_ => undef)) } qw(user_id jti exp));
    @text{qw(h p s)} = split /\./, $token;
    my $names = join '|', map { quotemeta } sort { length $b <=> length $a } keys %text;
    for (@lines) {
        s/<([^<>]*)\*(\d+)>/$1 x $2/ge;
        s/<((?:[0-9a-f]{2})+)>/pack 'H*', $1/ge;
        s/<($names)>/$text{$1}/g;
        s/^(.*)\.<sign>$/"$1." . sign($1)/se;
    }
    return @lines;
}

# One token for each line: as a member of the header, as a claim, as a whole header or payload.
sub members
{
    my ($type, $name, @values) = @_;
    return map { [ "$name $_", with_header($type, qq({"alg":"HS256","$name":$_})) ] } @values;
}

sub with_claim
{
    my ($type, $name, @values) = @_;
    return map { [ "$name $_", with_claims($type, $name => $_) ] } @values;
}

sub headers
{
    my ($type, $name) = @_;
    return map { [ "header $_", with_header($type, $_) ] } lines($name, $type);
}

sub payloads
{
    my ($type, $name) = @_;
    return map { [ "payload $_", jws($HEADER, $_) ] } lines($name, $type);
}

sub http
{
    my ($method, $path, %option) = @_;
    my $body = $option{body};
    my @lines = ("$method $path HTTP/1.1", 'Host: 127.0.0.1', 'Connection: close');
    push @lines, @{ $option{headers} } if $option{headers};
    push @lines, "Content-Type: $option{type}" if defined $option{type};
    push @lines, 'Content-Length: ' . length $body if defined $body && !$option{no_length};
    return join("\r\n", @lines, '', '') . ($body // '');
}

sub obtain
{
    my ($body, %option) = @_;
    return http('POST', '/auth/token', body => $body, type => 'application/json', %option);
}

sub to_refresh
{
    my ($body) = @_;
    return http('POST', '/auth/token/refresh', body => $body, type => 'application/json');
}

# A token as a JSON string: some have quotation marks and control characters.
sub refresh
{
    my ($token) = @_;
    $token =~ s/([^ !#-\[\]-~])/sprintf '\\u%04x', ord $1/ge;
    return to_refresh(qq({"refresh":"$token"}));
}

sub see    { return http('GET', '/members/', headers => \@_) }
sub bearer { return http('GET', $_[1] || '/members/', headers => ["Authorization: Bearer $_[0]"]) }
sub form   { return obtain($_[0], type => 'application/x-www-form-urlencoded') }
sub framed { return obtain(shift, headers => [@_], no_length => 1) }
sub multipart { return obtain($_[0], type => $_[1] // 'multipart/form-data; boundary=b') }

# Parts of a multipart body: parts([PARAMETERS, VALUE]...)
sub parts
{
    return join '', map { "--b\r\nContent-Disposition: form-data; $_->[0]\r\n\r\n$_->[1]\r\n" } @_;
}

# ---- what comes back ---------------------------------------------------------------------

# (status, text, seconds). With half_close the server is told that no more comes.
sub answer_to
{
    my ($bytes, %option) = @_;
    my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
        PeerPort => $server->port($option{host}))
        or die "the server is gone: $!\n";
    local $SIG{PIPE} = 'IGNORE';
    $socket->blocking(0);
    my ($began, $sent, $text) = (Time::HiRes::time(), 0, '');
    my $select = IO::Select->new($socket);
    while (Time::HiRes::time() - $began < 60) {
        my $writing = $sent < length $bytes ? $select : undef;
        my ($in, $out) = IO::Select->select($select, $writing, undef, 10);
        if ($out && @$out) {
            my $count = syswrite $socket, $bytes, 1 << 18, $sent;
            # The server has heard enough; what it says is still to be read.
            $sent = defined $count ? $sent + $count : length $bytes;
            shutdown $socket, 1 if $sent >= length $bytes && $option{half_close};
        }
        next unless $in && @$in;
        my $count = sysread $socket, $text, 65536, length $text;
        last unless defined $count ? $count : $!{EAGAIN};
    }
    my ($status) = $text =~ m{^HTTP/1\.[01] (\d+)};
    return ($status // 0, $text, Time::HiRes::time() - $began);
}

sub status_of { return (answer_to(@_))[0] }

# What is wrong with one answer; nothing is.
sub fault_of
{
    my ($status, $text, %option) = @_;
    return "status $status" unless $status =~ ($option{status} // qr/^4/);
    return 'what is protected came along' if index($text, PROTECTED) >= 0 || $text =~ /"access":/;
    return 'no challenge' if $status == 401 && $text !~ /^WWW-Authenticate: Bearer realm="/m;
    return;
}

# Who is slow is asked again: then the middle one of three tries counts, twice, as the machine may
# be busy.
sub judge
{
    my ($name, $bytes, %option) = @_;
    my $fastest;
    for my $round (1 .. 3) {
        my @seconds;
        for (1 .. ($round == 1 ? 1 : 3)) {
            my ($status, $text, $took) = answer_to($bytes, %option);
            my $fault = fault_of($status, $text, %option);
            return substr($name, 0, 60) . ": $fault" if $fault;
            push @seconds, $took;
        }
        my $middle = (sort { $a <=> $b } @seconds)[ @seconds / 2 ];
        $fastest = $middle if !defined $fastest || $middle < $fastest;
        return if $wrapped || $fastest < AT_ONCE;
    }
    return sprintf '%.60s: %.0f ms', $name, 1000 * $fastest;
}

my @children;

sub harm_since
{
    my ($mark) = @_;
    my @harm = grep { /^\[[^]]*\] \[\w+:(?!info|debug|trace)\w+\]/ }
        split /\n/, $server->log_since($mark);
    push @harm, 'a child has gone' unless "@{[ sort $server->children ]}" eq "@children";
    my $status = status_of(bearer(good()));
    push @harm, "a good token gets $status" unless $status == 200;
    return @harm;
}

# class(NAME, [WHAT, BYTES, %option]...): options of fault_of, half_close
sub class
{
    my ($name, @requests) = @_;
    my $mark = $server->log_mark;
    my @wrong = map { judge(@$_) } @requests;
    push @wrong, harm_since($mark);
    splice @wrong, 20;
    is join("\n", @wrong), '', "$name: " . @requests . ' refused';
}

# tokens(NAME, CODE, PATH, HOST): CODE gives [WHAT, TOKEN]... for a type of token.
my @over_http2;

sub tokens
{
    my ($name, $make, $path, $host) = @_;
    my @access = $make->('access');
    my @refresh = $path || $host ? () : $make->('refresh');
    # A few stand for all, which would take the search of the logs a minute.
    my @noted = grep { /^[\w-]+\.[\w-]{16,}\.[\w-]/ } map { $_->[1] } @refresh, @access;
    secret(splice @noted, 0, 4);

    my @status = (status => qr/^40[01]$/, host => $host);
    push @over_http2, [ $name, $path || '/members/', $host, map { $_->[1] } @access ];
    my @requests = map { [ $_->[0], bearer($_->[1], $path), @status ] }
        grep { $_->[1] !~ /[\0\r\n]/ } @access;
    push @requests, map { [ "refresh: $_->[0]", refresh($_->[1]), @status ] } @refresh;
    class("T:$name", @requests);
}

# These must be let in: welcome(NAME, PATH, [WHAT, TOKEN, HOST]...)
sub welcome
{
    my ($name, $path, @tokens) = @_;
    my @wrong;
    for (@tokens) {
        my ($what, $token, $host) = @$_;
        secret($token);
        my $status = status_of(bearer($token, $path), host => $host);
        push @wrong, "$what: $status" unless $status == 200;
    }
    is join("\n", @wrong), '', "T:$name: " . @tokens . ' let in';
}

# ---- the server is up, and has seen a login ----------------------------------------------

secret($key, $other_key);
my $alice = obtain(sprintf '{"username":"alice","password":"%s"}', user('alice')->{password});
# Also teaches it what a hash costs here: the first unknown user would cost the default.
is status_of($alice), 200, 'a login';
is status_of(bearer(good())), 200, 'a good token';
@children = sort $server->children;

# ---- T: the header -----------------------------------------------------------------------

tokens('alg-none', sub {
    my ($type) = @_;
    return map {
        my $header = qq({"alg":$_,"typ":"JWT"});
        [ "$_, no signature", with_header($type, $header, signature => '') ],
        [ "$_, signed", with_header($type, $header) ],
        [ "$_, a signature of one byte", with_header($type, $header, signature => 'AA') ],
    } lines('alg-none');
});

tokens('alg-odd', sub {
    my ($type) = @_;
    return (
        map({ [ "alg $_", with_header($type, qq({"alg":$_,"typ":"JWT"})) ] } lines('alg-odd')),
        [ 'HS384', with_header($type, '{"alg":"HS384"}', bits => 384) ],
        [ 'HS512', with_header($type, '{"alg":"HS512"}', bits => 512) ],
        [ 'HS512 by name only', with_header($type, '{"alg":"HS512"}') ],
        [ 'HS256 by name only', with_header($type, $HEADER, bits => 512) ]);
});

tokens('key-confusion', sub {
    my ($type) = @_;
    (my $bare = $public_key) =~ s/-----[^-]+-----|\n//g;
    my @forms = ($public_key, "$public_key\n", "\n$public_key", $bare, decode_base64($bare));
    my $long = encode_base64url('x' x 256);
    return (
        map({ [ "HS256 with a public key", with_header($type, $HEADER, key => $_) ] } @forms),
        map {
            my $header = qq({"alg":"$_"});
            [ "$_, signed with the secret", with_header($type, $header) ],
            [ "$_, signed with a public key", with_header($type, $header, key => $public_key) ],
            [ "$_, any signature", with_header($type, $header, signature => $long) ],
        } lines('key-confusion'));
});

tokens('weak-key', sub {
    my ($type) = @_;
    my @keys = ('', "\0", "\0" x 32, "\0" x 64, 'secret', 'null', 'undefined', '-', "$key\n",
        $key . $key, substr($key, 0, 32), decode_base64($key), encode_base64($key, ''),
        unpack('H*', $key), var('t_dir') . '/keys/site.key');
    return map { [ "key number $_", with_header($type, $HEADER, key => $keys[$_]) ] } 0 .. $#keys;
});

my $other = '{"alg":"HS256","kid":"k1"}';
tokens('wrong-key', sub {
    my ($type) = @_;
    return (
        [ 'the other key of the ring', with_header($type, $HEADER, key => $other_key) ],
        [ 'the same, in other words', with_header($type, '{"alg":"HS256"}', key => $other_key) ],
        [ 'its kid, our key', with_header($type, $other) ],
        [ 'the key of a stranger', with_header($type, $HEADER, key => 'x' x 48) ]);
});
welcome('wrong-key', '', [ 'kid and its key', with_header('access', $other, key => $other_key) ]);

tokens('kid', sub {
    my ($type) = @_;
    return (
        members($type, 'kid', lines('kid')),
        map({ [ "kid $_, the key of k1",
                with_header($type, qq({"alg":"HS256","kid":$_}),
                key => $other_key) ] } lines('kid')),
        [ 'no key', with_header($type, '{"alg":"HS256","kid":"/dev/null"}', key => '') ]);
});

tokens('crit', sub { return members($_[0], 'crit', lines('crit')) });
tokens('zip', sub { return members($_[0], 'zip', lines('zip')) });
tokens('typ', sub { return members($_[0], 'typ', lines('typ')) });
welcome('typ', '', members('access', 'typ', '"JWT"', '"jwt"', '"at+jwt"', '"AT+JWT"'));

tokens('b64-false', sub {
    my ($type) = @_;
    my $header = encode_base64url('{"alg":"HS256","b64":false,"crit":["b64"]}');
    my $payload = '{' . claims($type) . '}';
    my $signature = sign("$header.$payload");
    return (
        members($type, 'b64', lines('b64')),
        [ 'an unencoded payload', "$header.$payload.$signature" ],
        [ 'a detached payload', "$header..$signature" ]);
});

# ---- T: keys that the token brings along -------------------------------------------------

my $theirs = 'the key of somebody who would like to be in';
my $k = encode_base64url($theirs);
my %brought = (jku => qq("$our_url/jwks.json"), x5u => qq("$our_url/cert.pem"), k => qq("$k"),
    jwk => qq({"kty":"oct","alg":"HS256","k":"$k"}), x5t => qq("$k"),
    x5c => sprintf('["%s"]', encode_base64($public_key, '')));
tokens('embedded-key', sub {
    my ($type) = @_;
    my @tokens;
    for my $kid ('', ',"kid":"k1"', ',"kid":"brought"', qq(,"kid":"$our_url/k1")) {
        for my $name (sort keys %brought) {
            my $header = qq({"alg":"HS256","$name":$brought{$name}$kid});
            push @tokens, [ "$name$kid", with_header($type, $header, key => $theirs) ];
        }
    }
    return @tokens;
});
# Not even looked at.
welcome('embedded-key', '', map { members('access', $_, $brought{$_}) } sort keys %brought);

# ---- T: key pairs ------------------------------------------------------------------------
# Once with their names, and once at the host where they have none.

my @hosts = ([ 'named', 1, 0 ], $tries_all ? [ 'nameless', 0, 1 ] : ());
for (@hosts) {
    my ($word, $named, $host) = @$_;
    welcome("key pairs, $word", '', map { [ $_->{alg}, pair_good($_, $named), $host ] } @pairs);
}

# Whatever anybody may take the public half of a pair for. Also with other line ends.
my ($jwks) = (answer_to(http('GET', '/auth/jwks.json')))[1] =~ /\r\n\r\n(.*)/s;
my %shown = map { /"kid":"(\w+)"/ ? ($1 => $_) : () } $jwks =~ /\{"[^{}]*\}/g;
is join(' ', sort keys %shown), join(' ', sort map { $_->{kid} } @pairs), 'jwks.json has them all';

sub encodings
{
    my ($pair) = @_;
    (my $bare = $pair->{public}) =~ s/-----[^-]+-----|\n//g;
    my @numbers = map { $_ => decode_base64url($_) } $pair->{jwk} =~ /"(?:n|x|y)":"([^"]+)"/g;
    my ($x, $y) = @numbers[1, 3];
    my $short = join ',', sort $pair->{jwk} =~ /("(?:crv|e|kty|n|x|y)":"[^"]+")/g;
    my $print = sha256("{$short}");
    return ($pair->{public}, $pair->{public} =~ s/\n\z//r, "$pair->{public}\n", "\n$pair->{public}",
        $pair->{public} =~ s/\n/\r\n/gr, $pair->{public} =~ s/\n//gr, $pair->{public} =~ s/\n/\\n/gr,
        join('', map { "$_\0" } split //, $pair->{public}), "\xef\xbb\xbf$pair->{public}",
        $bare, "$bare\n", encode_base64($pair->{der}), encode_base64($pair->{public}, ''),
        $pair->{der}, "$pair->{der}\n", unpack('H*', $pair->{der}), uc unpack('H*', $pair->{der}),
        $pair->{jwk}, "{$short}", "{$short}\n", $shown{ $pair->{kid} }, "$shown{ $pair->{kid} }\n",
        $jwks, "$jwks\n", @numbers, defined $y ? ($x . $y, "\4$x$y", "\2$x", "\3$x") : (),
        $print, encode_base64url($print), $pair->{kid}, $pair->{alg}, '');
}

for (@hosts) {
    my ($word, $named, $host) = @$_;
    for my $pair (@pairs) {
        my @keys = encodings($pair);
        tokens("key-confusion, $word $pair->{kid}", sub {
            my ($type) = @_;
            my @algs = $named ? qw(HS256 HS384 HS512) : 'HS256';
            my @headers = map { pair_header($pair, $named, $_) } @algs, $pair->{alg};
            push @headers, pair_header({ %$pair, kid => 'k1' }, 1, 'HS256'), $HEADER if $named;
            return map {
                my $number = $_;
                map {
                    my ($bits) = /"HS(\d+)"/;
                    [ "encoding $number, $_", with_header($type, $_, key => $keys[$number], bits => $bits) ]
                } @headers;
            } 0 .. $#keys;
        }, undef, $host);
    }
}

# Another algorithm in the header: signed by the key's own, and by that one where it can be.
for (@hosts) {
    my ($word, $named, $host) = @$_;
    for my $pair (@pairs) {
        tokens("alg-odd, $word $pair->{kid}", sub {
            my ($type) = @_;
            my @tokens;
            for my $alg (grep { $_ ne $pair->{alg} } lines('alg-odd per key')) {
                my $header = pair_header($pair, $named, $alg);
                my $same_kind = $alg =~ /^(?:RS|PS|ES)(?:256|384|512)\z/
                    && ($alg =~ /^E/) == ($pair->{alg} =~ /^ES/) && $pair->{alg} ne 'EdDSA';
                push @tokens, [ "$alg, signed by its own",
                    pair_jws($type, $header, sub { pair_signature($pair, $_[0]) }) ];
                push @tokens, [ "$alg, signed so",
                    pair_jws($type, $header, sub { pair_signature($pair, $_[0], $alg) }) ] if $same_kind;
                push @tokens, [ "$alg, the other way round", pair_jws($type, pair_header($pair, $named),
                    sub { pair_signature($pair, $_[0], $alg) }) ] if $same_kind;
                # Without a name that is a good token.
                push @tokens, [ "$alg, signed by the secret", with_header($type, $header) ]
                    if $named || $alg ne 'HS256';
                push @tokens, [ "$alg, signed by the secret, longer",
                    with_header($type, $header, bits => 512) ];
                push @tokens, [ "$alg, not signed", with_header($type, $header, signature => '') ];
            }
            # The key of another algorithm, under this name.
            push @tokens, map {
                my $other = $_;
                my $sign = sub { pair_signature($other, $_[0]) };
                [ "by $other->{kid}", pair_jws($type, pair_header($pair, $named), $sign) ],
                [ "by $other->{kid}, as $other->{alg}",
                    pair_jws($type, pair_header($pair, 1, $other->{alg}), $sign) ];
            } grep { $_ != $pair } @pairs;
            return @tokens;
        }, undef, $host);
    }
}

# ---- T: signatures of key pairs ----------------------------------------------------------

# A number in so many bytes, or nothing when it does not fit.
sub bytes_of
{
    my ($number, $len) = @_;
    return if $number->is_neg;
    my $bytes = $number->is_zero ? '' : $number->to_bytes;
    return length $bytes > $len ? () : "\0" x ($len - length $bytes) . $bytes;
}

sub number { return Math::BigInt->from_bytes($_[0]) }

# [WHAT, SIGNATURE] for bad ones made of a good one, whatever the algorithm.
sub spoilt
{
    my ($good) = @_;
    my $len = length $good;
    my $half = $len / 2;
    return (
        map({ my $flipped = $good; substr($flipped, $_, 1) ^= chr(1 << $_ % 8); [ "bit in byte $_", $flipped ] }
            0, 1, $half - 1, $half, $half + 1, map({ int($len * $_ / 16) } 2 .. 14), $len - 2, $len - 1),
        map({ [ "$_ bytes", substr $good, 0, $_ ] } grep { $_ < $len } 0, 1, 16, 31 .. 33, 63 .. 66, $half,
            $len - 2, $len - 1),
        map({ [ "$_ bytes more", $good . "\0" x $_ ] } 1, 2, $half, $len, 1000, 4000),
        map({ [ "behind $_ bytes", "\0" x $_ . $good ] } 1, 2, $half),
        [ 'twice', $good x 2 ], [ 'backwards', scalar reverse $good ], [ 'in hex', unpack 'H*', $good ],
        [ 'halves changed', substr($good, $half) . substr($good, 0, $half) ],
        [ 'first half twice', substr($good, 0, $half) x 2 ],
        map { my $byte = $_; map { [ sprintf('%d times %02x', $_, ord $byte), $byte x $_ ] } 32, 64, 96, 114,
            132, 256, $len } "\0", "\1", "\xff");
}

for (@hosts) {
    my ($word, $named, $host) = @$_;
    for my $pair (@pairs) {
        tokens("sig-bytes, $word $pair->{kid}", sub {
            my ($type) = @_;
            my $token = pair_jws($type, pair_header($pair, $named), sub { pair_signature($pair, $_[0]) });
            my ($h, $p, $s) = split /\./, $token;
            my $sign = sub { encode_base64url(pair_signature($pair, $_[0])) };
            my $last = substr $s, -1;
            my @texts = map { substr($s, 0, -1) . $_ } grep { $_ ne $last } 'A' .. 'Z', 'a' .. 'z', 0 .. 9, '-', '_';
            my ($others) = (split /\./, with_claims($type, user_id => 4))[1];
            return (
                map({ [ $_->[0], "$h.$p." . encode_base64url($_->[1]) ] } grep { length $_->[1] }
                    spoilt(decode_base64url($s))),
                map({ [ "the text $_", "$h.$p.$_" ] } @texts, "$s=", "$s==", $s =~ tr/a-zA-Z/A-Za-z/r),
                map({ [ 'of something else', "$h.$p." . $sign->($_) ] } '', $h, $p, "$h.$p.", "$p.$h",
                    sha256("$h.$p"), decode_base64url($p)),
                [ 'another user', "$h.$others.$s" ],
                [ 'another header', join '.', encode_base64url(pair_header($pair, $named) =~ s/JWT/jwt/r), $p, $s ],
                [ 'a stranger', pair_jws($type, pair_header($pair, $named),
                    sub { pair_signature($pair->{theirs}, $_[0]) }) ]);
        }, undef, $host);
    }
}

# Numbers out of range, DER, the order of another curve; n - s is as good as s.
for my $pair (grep { $_->{alg} =~ /^ES/ } @pairs) {
    my $curve = $pair->{key}->key2hash;
    my ($order, $prime) = map { Math::BigInt->from_hex($curve->{$_}) } qw(curve_order curve_prime);
    my $len = $pair->{alg} eq 'ES512' ? 66 : length($curve->{curve_order}) / 2;
    my $join = sub { my @halves = map { bytes_of($_, $len) } @_; @halves == 2 ? join('', @halves) : () };
    my $of = sub { my ($input) = @_; my $s = pair_signature($pair, $input);
        return map { number(substr $s, $_ * $len, $len) } 0, 1 };
    my ($zero, $one) = (Math::BigInt->bzero, Math::BigInt->bone);

    tokens("sig-ecdsa, $pair->{kid}", sub {
        my ($type) = @_;
        my $header = pair_header($pair, 1);
        my ($input) = pair_jws($type, $header, sub { '' }) =~ /(.*)\./;
        my ($r, $s) = $of->($input);
        my @edge = ($zero, $one, $order, $order - 1, $order + 1, $prime, $prime - $order, $prime + 1,
            Math::BigInt->from_bytes("\xff" x $len));
        my $der = $pair->{key}->sign_message($input, 'SHA' . substr $pair->{alg}, 2);
        my @bad = (
            map({ my $a = $_; map { $join->($a, $_) } @edge, $r, $s } @edge), map({ $join->($r, $_) } @edge),
            map({ $join->(@$_) } [ $s, $r ], [ $r, $r ], [ $s, $s ], [ $order - $r, $s ], [ $r + $order, $s ],
                [ $r, $s + $order ], [ $r + $order, $s + $order ], [ $r, $prime - $s ]),
            $der, $der . "\0" x (2 * $len > length $der ? 2 * $len - length $der : 1), substr($der, 0, 2 * $len),
            $r->to_bytes, "\0" . $join->($r, $s), "\0" . bytes_of($r, $len) . "\0" . bytes_of($s, $len),
            map({ $pair->{key}->sign_message_rfc7518($input, $_) } qw(SHA1 SHA224 SHA512_256),
                grep { $_ ne 'SHA' . substr $pair->{alg}, 2 } qw(SHA256 SHA384 SHA512)));
        return map { [ "signature $_", "$input." . encode_base64url($bad[$_]) ] } 0 .. $#bad;
    });

    # (what, token): the first whose signature is such a one.
    my $first = sub {
        my ($what, $fits) = @_;
        for my $try (1 .. 5000) {
            my $token = pair_good($pair, 1, jti => qq("number $try"));
            return [ "$pair->{kid}: $what", $token ] if $fits->(decode_base64url($token =~ s/.*\.//r));
        }
        die "no signature: $what\n";
    };
    my $top = $pair->{alg} eq 'ES512' ? "\0\0" : "\0";
    my $twin = pair_jws('access', pair_header($pair, 1),
        sub { my ($r, $s) = $of->($_[0]); $join->($r, $order - $s) });
    welcome('sig-ecdsa', '', [ "$pair->{kid}: n - s", $twin ],
        $first->('a leading zero byte in r', sub { $_[0] =~ /^\Q$top\E/ }),
        $first->('a leading zero byte in s', sub { substr($_[0], $len) =~ /^\Q$top\E/ }));
}

# PKCS #1: the right hash in a padding that is nearly right, made by the private key itself.
sub pkcs1
{
    my ($pair, $type, $padding, $rest) = @_;
    my $filling = $padding x 256;
    my $encoded = "\0$type" . substr($filling, 0, 256 - 3 - length $rest) . "\0$rest";
    return $pair->{key}->decrypt($encoded, 'none');
}

for my $pair (grep { $_->{alg} =~ /^[RP]S/ } @pairs) {
    my $n = number(decode_base64url($pair->{jwk} =~ /"n":"([^"]+)"/));
    my $sha256 = pack 'H*', '3031300d060960864801650304020105000420';
    tokens("sig-rsa, $pair->{kid}", sub {
        my ($type) = @_;
        my ($input) = pair_jws($type, pair_header($pair, 1), sub { '' }) =~ /(.*)\./;
        my $hash = sha256($input);
        my $right = pair_signature($pair, $input);
        my $s = number($right);
        my $key = $pair->{key};
        my $bare = pack 'H*', '302f300b06096086480165030402010420';
        my @bad = (
            map({ bytes_of($_, 256) } $s + $n, $n - $s, $n, $n - 1, $n + 1, map { Math::BigInt->new($_) } 0, 1, 2),
            map({ pair_signature($pair, $input, $_) } grep { $_ ne $pair->{alg} } qw(RS256 RS384 RS512 PS256
                PS384 PS512)),
            map({ $key->sign_message($input, 'SHA256', 'pss', $_) } 0, 1, 20, 31, 33, 64, 222),
            $key->sign_message($input, 'SHA1', 'v1.5'), $key->sign_message($input, 'SHA1', 'pss', 20),
            $key->sign_message($input, 'SHA1', 'pss', 32),
            # Without NULL, with rubbish behind, without a name, by names of other hashes.
            map({ pkcs1($pair, "\1", "\xff", $_) } "$bare$hash", "$sha256${hash}x", "$sha256$hash" . "\0" x 100,
                $hash, sha1($input), "$sha256" . sha1($input), "\0$sha256$hash", sha384($input),
                pack('H*', '3031300d060960864801650304020305000420') . $hash),
            pkcs1($pair, "\2", "\xff", "$sha256$hash"), pkcs1($pair, "\0", "\0", "$sha256$hash"),
            pkcs1($pair, "\1", "\xfe", "$sha256$hash"), pkcs1($pair, "\1", "\0\xff", "$sha256$hash"),
            # What a signer by e = 3 could make for less; here simply signed.
            $key->decrypt("\0\1\xff\xff\xff\xff\xff\xff\xff\xff\0$sha256$hash" . 'x' x (256 - 62), 'none'));
        return map { [ "signature $_", "$input." . encode_base64url($bad[$_]) ] } 0 .. $#bad;
    });
    # Shorter by a byte as a number, and as long as others in a token.
    my ($token, $try) = ('', 0);
    until (decode_base64url($token =~ s/.*\.//r) =~ /^\0/ || $try == 5000) {
        $token = pair_good($pair, 1, jti => '"number ' . ++$try . '"');
    }
    welcome('sig-rsa', '', [ "$pair->{kid}: a leading zero byte", $token ]);
}

for my $pair (grep { $_->{alg} eq 'EdDSA' } @pairs) {
    my $order = Math::BigInt->new(2) ** 252 + Math::BigInt->new('27742317777372353535851937790883648493');
    my @small = map { pack 'H*', $_ } '01' . '00' x 31, '01' . '00' x 30 . '80', 'ec' . 'ff' x 30 . '7f', '00' x 32,
        '00' x 31 . '80', 'ed' . 'ff' x 30 . '7f', 'ee' . 'ff' x 30 . '7f', 'ff' x 32,
        '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
        'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a';
    tokens('sig-eddsa', sub {
        my ($type) = @_;
        my ($input) = pair_jws($type, pair_header($pair, 1), sub { '' }) =~ /(.*)\./;
        my ($r, $s) = unpack 'a32 a32', pair_signature($pair, $input);
        my $public = decode_base64url($pair->{jwk} =~ /"x":"([^"]+)"/);
        my $value = number(scalar reverse $s);
        my @sums = map { scalar reverse $_ } map { bytes_of($value + $order * $_, 32) } 1 .. 15;
        my @scalars = map { scalar reverse $_ } map { bytes_of($_, 32) } $order, $order - 1, $order - $value,
            Math::BigInt->bzero, Math::BigInt->bone;
        my @bad = (
            map({ my $point = $_; map { "$point$_" } $s, @scalars, "\xff" x 32 } @small, $public),
            map({ "$r$_" } @sums, @scalars, map({ $s | "\0" x 31 . $_ } "\x20", "\x40", "\x80"), $r, $public),
            "$s$r", $r, $s, "$r$s" . "\0" x 50, $pair->{key}->sign_message(sha256($input)),
            $pair->{key}->sign_message(Digest::SHA::sha512($input)), ($r ^ ("\0" x 31 . "\x80")) . $s);
        return map { [ "signature $_", "$input." . encode_base64url($bad[$_]) ] } 0 .. $#bad;
    });
}

# ---- T: keys of a stranger that a token brings along --------------------------------------

for (@hosts) {
    my ($word, $named, $host) = @$_;
    for my $pair (@pairs) {
        my $theirs = $pair->{theirs};
        my $jwk = $theirs->{key}->export_key_jwk('public');
        (my $with_kid = $jwk) =~ s/^\{/{"kid":"$pair->{kid}","alg":"$pair->{alg}",/;
        my $x5c = encode_base64($theirs->{key}->export_key_der('public'), '');
        my $x5t = encode_base64url(sha1($x5c));
        my @members = map {
            my $line = $_;
            map { $line =~ s/<jwk>/$_/r =~ s/<x5c>/$x5c/r =~ s/<x5t>/$x5t/r } $jwk, $with_kid
        } lines('embedded-key');
        my %made = map { $_ => 1 } @members;
        @members = sort keys %made;
        my @headers = map { my $member = $_; map { $_ =~ s/\}\z/,$member}/r } pair_header($pair, $named),
            pair_header({ %$pair, kid => 'brought' }, 1) } @members;
        tokens("embedded-key, $word $pair->{kid}", sub {
            my ($type) = @_;
            return map { [ $_, pair_jws($type, $_, sub { pair_signature($theirs, $_[0]) }) ] } @headers;
        }, undef, $host);
        # Our own signature beside it is not looked at twice.
        my @ours = map { pair_header($pair, $named) =~ s/\}\z/,$_}/r } grep { !/"kid":\{/ } @members;
        welcome("embedded-key, $word $pair->{kid}", '', map { [ $_,
                pair_jws('access', $_, sub { pair_signature($pair, $_[0]) }), $host ] } @ours);
    }
}

# ---- X: another virtual host with the same keys -------------------------------------------
# Twice, as the second one could come out of a memory of what was good.

for my $case ([ 'HS256', sub { with_claims('access', aud => $_[0]) } ],
    map { my $pair = $_; [ $pair->{alg}, sub { pair_good($pair, 1, aud => $_[0]) } ] } @pairs) {
    my ($alg, $make) = @$case;
    my ($ours, $seconds) = ($make->(undef), $make->('"second"'));
    secret($ours, $seconds);
    my @hits = map { [ $_->[0], map { status_of(bearer($_->[1]), host => $_->[2]) } ($_) x 2 ] }
        [ 'no aud, here', $ours, 0 ], [ 'no aud, there', $ours, 2 ], [ 'aud, there', $seconds, 2 ],
        [ 'aud, here', $seconds, 0 ], [ 'no aud, there again', $ours, 2 ], [ 'no aud, here again', $ours, 0 ];
    is join(', ', map { join ' ', @$_ } @hits), 'no aud, here 200 200, no aud, there 401 401, '
        . 'aud, there 200 200, aud, here 401 401, no aud, there again 401 401, no aud, here again 200 200',
        "X: $alg, the token of one virtual host at another";
}

# ---- T: the form -------------------------------------------------------------------------

for my $name (qw(json dup-key deep big)) {
    tokens($name, sub { return (headers($_[0], "$name header"), payloads($_[0],
        "$name payload")) });
}
welcome('deep', '', with_claim('access', 'x', '[' x 31 . ']' x 31));
welcome('big', '', with_claim('access', 'x', '[' . join(',', (0) x 200) . ']'));

# Signed rightly, but with bits that no byte needs: each length of a text has others.
sub with_unused_bits
{
    my ($type, $blanks) = @_;
    my @texts = map { encode_base64url($_ . ' ' x $blanks) } $HEADER, '{' . claims($type) . '}';
    return map {
        my @changed = @texts;
        # The letters that may be last are followed by one that may not.
        $changed[$_] =~ s/(.)$/chr(1 + ord $1)/e if length($changed[$_]) % 4;
        my $input = join '.', @changed;
        "@changed" eq "@texts" ? () : [ "unused bits $_, $blanks", "$input." . sign($input) ];
    } 0, 1;
}

tokens('form', sub {
    my ($type) = @_;
    return (map({ [ $_, $_ ] } lines('form', $type)), map { with_unused_bits($type, $_) } 0 .. 2);
});

tokens('jwe', sub {
    my ($type) = @_;
    my $tail = join '.', map { encode_base64url($_) } 'key', 'iv', claims($type), 'tag';
    return map {
        my $header = encode_base64url($_);
        [ $_, "$header.$tail" ], [ "$_, empty parts", "$header....x" ],
        [ "$_, in three parts", with_header($type, $_) ],
    } lines('jwe');
});

tokens('sig-bytes', sub {
    my ($type) = @_;
    my ($h, $p) = split /\./, good($type);
    my $mac = hmac_sha256("$h.$p", $key);
    my @macs = (
        map({ my $flipped = $mac; substr($flipped, $_, 1) ^= chr(1 << $_ % 8); $flipped } 0 .. 31),
        map({ substr $mac, 0, $_ } 0 .. 31), map({ $mac . "\0" x $_ } 1, 2, 16, 32, 33),
        $mac . $mac, scalar reverse($mac), "\0" x 32, "\xff" x 32, unpack('H*', $mac),
        map({ hmac_sha256($_, $key) } $h, $p, "$h.$p.", ".$h.$p", "$h.x$p", "$p.$h", ''),
        hmac_sha256($mac, $key), substr(hmac_sha512("$h.$p", $key), 0, 32));
    my $right = encode_base64url($mac);
    my @letters = ('A' .. 'Z', 'a' .. 'z', 0 .. 9, '-', '_');
    my @texts = map { substr($right, 0, -1) . $_ } grep { $right !~ /$_$/ } @letters;
    return (
        map({ [ "signature $_", "$h.$p." . encode_base64url($macs[$_]) ] } 0 .. $#macs),
        map({ [ "signature $_", "$h.$p.$_" ] } @texts, $right =~ tr/a-zA-Z/A-Za-z/r),
        [ 'another user', join '.', $h, (split /\./, with_claims($type, user_id => 4))[1], $right ],
        [ 'another alg', join '.', encode_base64url('{"alg":"none"}'), $p, $right ]);
});

# ---- T: claims ---------------------------------------------------------------------------

tokens('exp', sub {
    my ($type) = @_;
    my $now = time;
    return (
        with_claim($type, 'exp', lines('no times'), lines('past'),
            $now, "$now.0", $now - 1, $now - 1 . '.999', sprintf('"%d"', $now + 300)),
        [ 'none', with_claims($type, exp => undef) ],
        [ 'Exp', with_claims($type, exp => undef, Exp => $now + 300) ],
        [ 'past, and forged', jws($HEADER, '{' . claims($type, exp => 1) . '}', key => $theirs) ]);
});
welcome('exp', '', with_claim('access', 'exp', time + 300 . '.5', time + 300 . '.0', '4e9',
    4_000_000_000, 4_294_967_296, 9_007_199_254_740_991));

for my $name (qw(nbf iat)) {
    tokens($name, sub {
        return with_claim($_[0], $name, lines('no times'), time + 3600, time + 3600 . '.5', '4e9');
    });
    welcome($name, '', with_claim('access', $name, 0, -1, '1.5', time));
}

sub strict
{
    my ($type, @change) = @_;
    return with_claims($type, iss => '"https://site.example"', aud => '"members"', @change);
}

for my $name (qw(iss aud)) {
    tokens($name, sub {
        my ($type) = @_;
        return map { [ $_ // 'none', strict($type, $name => $_) ] } undef, lines($name);
    }, '/strict/');
}
welcome('aud', '/strict/', map { [ $_, strict('access', aud => $_) ] }
    '"members"', '"second"', '["members"]', '["x","second"]');
tokens('aud, where none is configured', sub {
    return with_claim($_[0], 'aud', lines('aud'), '"members"');
});

tokens('token-type', sub {
    my ($type) = @_;
    return (
        with_claim($type, 'token_type', lines('token-type', $type)),
        with_claim($type, 'jti', lines('jti')),
        map({ [ "no $_", with_claims($type, $_ => undef) ] } qw(token_type jti)));
});

tokens('user', sub {
    my ($type) = @_;
    return (
        with_claim($type, 'user_id', lines('user')),
        map { [ $_, with_claims($type, user_id => undef, $_ => '"1"') ] } qw(sub id User_ID x));
});
welcome('user', '', with_claim('access', 'user_id', 1, '"1"', 4));

# ---- no connection was made --------------------------------------------------------------

my $heard = IO::Select->new($listener);
ok !$heard->can_read(0.1), 'nobody called at the address that the tokens name';
my $call = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $listener->sockport);
ok $heard->can_read(5), 'we would have heard it';

# ---- H: requests to a protected place ----------------------------------------------------

my $token = good();
secret($token);
# Not the beginning of any other token here: the access log has it.
my $in_url = with_claims('access', jti => '"in the query"');
secret_in_url($in_url);
my @two = ([ $token, $token ], [ $token, 'x' ], [ 'x', $token ], [ $token, '' ]);
my $basic = 'Authorization: Basic YWxpY2U6eA==';
my $right = "Authorization: Bearer $token";
my @other_names = qw(Proxy-Authorization X-Authorization Authorization_);

class('H:bearer',
    map({ [ $_, see("Authorization: $_"), status => qr/^40[01]$/ ] } lines('authorization')),
    map({ [ 'two headers', see(map { "Authorization: Bearer $_" } @$_) ] } @two),
    [ 'Bearer and Basic', see($right, $basic) ], [ 'Basic and Bearer', see($basic, $right) ],
    [ 'cut in two', see('Authorization: Bearer', "Authorization: $token") ],
    [ 'in the query', http('GET', "/members/?access_token=$in_url&token=$in_url") ],
    [ 'in a cookie', see("Cookie: __Host-jwt=$token; jwt=$token; access=$token") ],
    [ 'in a form', http('POST', '/members/', body => "access_token=$token",
        type => 'application/x-www-form-urlencoded') ],
    map({ [ "in $_", see("$_: Bearer $token") ] } @other_names),
    [ '90 headers', see(map { "X-$_: Bearer $token" } 1 .. 90) ],
    [ '500 headers', see(map { "X-$_: y" } 1 .. 500) ]);

my @methods = qw(GET HEAD POST PUT DELETE PATCH OPTIONS PROPFIND BREW get);
class('H:method', map { [ $_, http($_, '/members/', body => '') ] } @methods);
class('H:range', [ 'a range', see('Range: bytes=0-9') ],
    [ 'a condition', see('If-None-Match: *', 'If-Modified-Since: x', 'If-Range: "x"') ]);
class('H:path', map { [ $_, http('GET', $_) ] } qw(//members/ /./members/ /x/../members/ /%6dembers/
    /members/index.html /members// /members/?x /members/index.html/ http://127.0.0.1/members/));

my @spoofed = map { ("$_: 1", "$_: alice") } qw(AUTH_JWT_USER_ID AUTH-JWT-USER-ID Auth-Jwt-Jti
    AUTH_JWT_ERROR JWT-User JWT_USER Remote-User REMOTE_USER X-Remote-User X-Forwarded-User);
class('H:spoof', [ 'no token', see(@spoofed) ],
    [ 'a bad token', see('Authorization: Bearer a.b.c', @spoofed) ]);
sub identity
{
    my ($status, $text) = answer_to(http('GET', @_));
    return join ' ', $status, sort $text =~ /^((?:AUTH_JWT_\w+|REMOTE_USER)=.*?)\r?$/mg;
}
is identity('/private-env', headers => [ $right, @spoofed ]),
    '200 AUTH_JWT_JTI=0123456789abcdef0123456789abcdef AUTH_JWT_USER_ID=1 REMOTE_USER=alice',
    'H:spoof: a program sees the user of the token, and nothing else';
is identity('/env', headers => \@spoofed), '200', 'H:spoof: nobody where no token is asked for';

# ---- H: requests to the endpoints --------------------------------------------------------

my $password = 'not the password of anybody';
my $alices = qq({"username":"alice","password":"$password"});
secret($password);
my ($name, $word) = ([ 'name="username"', 'alice' ], [ 'name="password"', $password ]);
my $end = "--b--\r\n";

class('H:login',
    map({ [ "JSON $_", obtain($_), status => qr/^400$/ ] } lines('login JSON')),
    map({ [ "name $_", obtain(qq({"username":"$_","password":"$password"})), status => qr/^401$/ ] }
        lines('login name')),
    map({ [ "form $_", form($_), status => qr/^40[01]$/ ] } lines('login form')),
    map({ [ "type $_", obtain($alices, type => $_), status => qr/^415$/ ] } lines('login type')),
    [ 'no type', obtain($alices, type => undef), status => qr/^415$/ ],
    [ 'neither type nor body', http('POST', '/auth/token'), status => qr/^400$/ ],
    [ 'no type, an empty body', obtain('', type => undef), status => qr/^400$/ ],
    [ 'in the query', http('POST', '/auth/token?username=alice&password=x', body => '') ],
    [ 'compressed', obtain("\x1f\x8b\x08" . "\0" x 100, headers => ['Content-Encoding: gzip']) ],
    [ 'an expectation', obtain($alices, headers => ['Expect: x']) ],
    map { [ "method $_", http($_, '/auth/token', body => ''), status => qr/^40[05]$/ ] }
        qw(GET HEAD PUT DELETE PATCH TRACE BREW post));

class('H:multipart',
    map({ [ "type $_", multipart(parts($name, $word) . $end, $_), status => qr/^4(?:00|15)$/ ] }
        lines('multipart type')),
    map({ [ "delimiters $_", multipart($_), status => qr/^40[01]$/ ] }
        "--b\r\n" . parts($name, $word) . $end, "--b\r\n--b\r\nX: y\r\n\r\nz\r\n--b--",
        "x\r\n--b\r\n--b--", "--b\r\n" x 2500, "\r\n--b" x 2500, "--b\r\n--b zz", "--b\r\n--b"),
    map { [ "body $_", multipart($_), status => qr/^400$/ ] }
        '', $end, '--b', "--b\r\n", "--b\r\n\r\n\r\n$end", "--b\r\n" . "X: y\r\n" x 2500,
        '--b' x 5000, "\r\n--" x 4000, parts($name, $word), parts($name, $word) . '--c--',
        (parts($name, $word) . $end) =~ s/\r\n/\n/gr, parts($name, $word, $name) . $end,
        parts($name, $word, $word) . $end, parts(([ 'name="a"', '' ]) x 100, $name, $word) . $end,
        parts([ 'name="username"', "ali\0ce" ], $word) . $end,
        parts($name, [ 'name="password"', "\0" ]) . $end,
        parts([ 'name="username"; filename="x"', 'alice' ], $word) . $end,
        parts([ 'x="; name=username; "; name="a"', 'alice' ], $word) . $end,
        parts([ 'name="username', 'alice' ], $word) . $end);

class('H:tokens',
    map({ [ "refresh $_", to_refresh($_), status => qr/^40[01]$/ ] } lines('refresh JSON')),
    [ 'in the header',
    to_refresh('{}') =~ s/\r\n/"\r\nAuthorization: Bearer " . good('refresh') . $&/er ],
    [ 'in the query', http('POST', '/auth/token/refresh?refresh=a.b.c', body => '') ],
    [ 'no type', http('POST', '/auth/token/refresh', body => '{"refresh":"a.b.c"}') ]);

# What is said about the length of the body is not what comes.
sub chunked { return framed($_[0], 'Transfer-Encoding: chunked') }
sub long    { return framed('{"username":"alice"}', map { "Content-Length: $_" } @_) }
my $chunk = "2\r\n{}\r\n0\r\n\r\n";
class('H:length',
    map({ [ "chunks $_", chunked($_), half_close => 1 ] } lines('chunks')),
    map({ [ "length $_", long($_), half_close => 1 ] } lines('lengths')),
    [ '20,000 chunks', chunked("1\r\n \r\n" x 20_000 . "0\r\n\r\n") ],
    [ 'two lengths', long(20, 21) ], [ 'the same length twice', long(20, 20) ],
    [ 'both', framed($chunk, 'Transfer-Encoding: chunked', 'Content-Length: 2') ],
    [ 'chunked twice', framed($chunk, 'Transfer-Encoding: chunked, chunked') ],
    [ 'chunked, in HTTP/1.0', chunked($chunk) =~ s/HTTP.1.1/HTTP\/1.0/r ]);

my $good = sprintf '{"username":"alice","password":"%s"}', user('alice')->{password};
my $good_word = [ 'name="password"', user('alice')->{password} ];
is status_of(chunked(sprintf "%x\r\n%s\r\n0\r\n\r\n", length $good, $good)), 200,
    'H:length: a chunked login';
is status_of(multipart(parts($name, $good_word) . $end)), 200, 'H:multipart: a login';
is status_of(form('username=alice&password=' . user('alice')->{password} =~ tr/ /+/r)), 200,
    'H:login: a form';

# ---- H: sizes; what is refused is not kept -----------------------------------------------

sub memory
{
    my $sum = 0;
    for my $pid (@children) {
        my ($kb) = slurp("/proc/$pid/smaps_rollup") =~ /^Pss:\s+(\d+) kB/m;
        ($kb) = slurp("/proc/$pid/status") =~ /^VmRSS:\s+(\d+) kB/m unless defined $kb;
        $sum += $kb // 0;
    }
    return $sum << 10;
}

my $largest = sprintf '{"username":"alice","password":"%s"', user('alice')->{password};
$largest .= ' ' x (16_383 - length $largest) . '}';
my $bomb = '=&' x (4 * MB);
my $long = 'p' x 100_000;
secret($long);
my @form = (type => 'application/x-www-form-urlencoded');
my @sizes = (
    [ 'one byte too many', obtain("$largest ") ],
    [ '8 MB of =&', obtain($bomb, @form) ],
    [ '8 MB of =&, in one chunk', obtain(sprintf("%x\r\n%s\r\n0\r\n\r\n", length $bomb, $bomb),
        @form, headers => ['Transfer-Encoding: chunked'], no_length => 1) ],
    [ '8 MB of =&, announced', obtain($bomb, @form, headers => ['Expect: 100-continue']) ],
    [ '100,000 fields', form(join '&', map { "f$_=" } 1 .. 100_000) ],
    [ '10,000 parts', multipart(parts(([ 'name="a"', '' ]) x 10_000) . $end) ],
    [ '100,000 brackets', obtain('[' x 100_000) ],
    [ '3 MB of JSON', obtain('{"username":"alice","pad":"' . 'z' x (3 * MB) . '"}') ],
    [ '3 MB at the refresh endpoint', refresh('A' x (3 * MB)) ],
    [ 'a password of 100 kB', obtain(qq({"username":"alice","password":"$long"})) ],
    [ 'a form with such a password', form("username=alice&password=$long") ]);
push @$_, status => qr/^413$/ for @sizes;
push @sizes, [ '8 MB to a protected place', http('POST', '/members/', @form, body => $bomb),
    status => qr/^401$/ ];

my $before = memory();
class('H:size', @sizes);
SKIP: {
    skip 'a wrapped server keeps what it freed', 1 if $wrapped;
    skip 'no /proc', 1 unless $before;
    my $growth = memory() - $before;
    cmp_ok $growth, '<', MB, sprintf "H:size: the processes grew by %d KB", $growth / 1024;
}
is status_of(obtain($largest)), 200, 'H:size: as large as may be';

# ---- the same tokens over HTTP/2 ---------------------------------------------------------

# (text, [status, version]...). curl 7.88 breaks a second request of a connection that began
# with HTTP/2, so each has a connection of its own.
sub over_http2
{
    my ($client, $path, $host, @tokens) = @_;
    my $url = sprintf 'http://127.0.0.1:%d%s', $server->port($host), $path;
    my @answers = ('');
    while (my @some = splice @tokens, 0, 8) {
        my ($said, @came) = some_over_http2($client, $url, @some);
        $answers[0] .= $said;
        push @answers, @came;
    }
    return @answers;
}

sub some_over_http2
{
    my ($client, $url, @tokens) = @_;
    my $file = spew(scratch('curl'), join "next\n", map { my $token = s/["\\]/\\$&/gr; <<"CURL" } @tokens);
http2-prior-knowledge
silent
max-time = 20
url = "$url"
header = "Authorization: Bearer $token"
write-out = "\\nanswer %{http_code} %{http_version}\\n"
CURL
    my $text = `'$client' -q -Z --parallel-immediate --parallel-max 8 -K '$file' 2>/dev/null`;
    return ($text, map { [ split ] } $text =~ /^answer (\d+ \S+)$/mg);
}

SKIP: {
    my $client = first_executable('curl');
    skip 'no client for HTTP/2', 1 unless $client && `'$client' --version` =~ /\bHTTP2\b/;
    skip 'no mod_http2', 1 unless has_module('http2');
    my $mark = $server->log_mark;
    my ($text, @answers) = over_http2($client, '/members/', 0, good());
    is "@{ $answers[0] || [] }", '200 2', 'h2c: a good token';
    for (@over_http2) {
        my ($name, $path, $host, @tokens) = @$_;
        # Longer ones are the business of LimitRequestFieldSize.
        @tokens = grep { length && length() < 8000 && !/[\0-\x1f\x7f]/ } @tokens;
        # Of long classes some, from all over; a process for each few takes its time, and all have
        # been refused over HTTP/1.1 by the same code.
        my $step = 1 + int(@tokens / 8);
        @tokens = map { $tokens[$step * $_] } 0 .. $#tokens / $step;
        my ($said, @came) = over_http2($client, $path, $host, @tokens);
        my @wrong = grep { "@$_" !~ /^40[01] 2$/ } @came;
        is_deeply [ scalar @came, scalar @wrong, scalar(() = $said =~ /\Q@{[PROTECTED]}\E|"access":/g) ],
            [ scalar @tokens, 0, 0 ], "h2c: T:$name: " . @tokens . ' refused' or diag "@{ $wrong[0] || [] }";
    }
    is join("\n", harm_since($mark)), '', 'h2c: and no harm done';
}

is status_of($alice), 200, 'the server is as good as before';
is_deeply [ grep { !$is_sent{$_} && !/^What/ } sort keys %section ], [],
    'all that stands in the file was sent';

done_testing;
