# What djangorestframework-simplejwt answers is what the module answers: requests and answers of
# the original, in t/data/simplejwt.jsonl, against a site that has a Django user table and signs
# with Django's key. Where the module differs, the case says so, with a reason, and its own answer
# is asked for as exactly.
#
# The lines of that file, by their first member:
#
#   group       where requests go, what they and their answers have unless a case says otherwise;
#               host is what the site is set to: base, rotate (ROTATE_REFRESH_TOKENS with
#               BLACKLIST_AFTER_ROTATION) or revoke (CHECK_REVOKE_TOKEN) or sliding
#               (AUTH_TOKEN_CLASSES)
#   difference  one way in which the module differs: what either does, and why
#   token       how a token is made: claims (JSON texts; "now" is a time), without, payload,
#               header, key, digest, signature, edit (a function below), set (for the place where
#               all settings have other values)
#   case        a request and its answer: status, json (or text: how it begins), challenge
#               (WWW-Authenticate) and other headers. simplejwt has what differs in the original,
#               capture which tokens of the answer later cases need, by a name of their own.
#
# In requests ${TYPE:TOKEN} is a token made here, ${login:refresh} one that the server gave (R2_refresh:
# the second login at the host rotate),
# ${x*9} nine times x. In answers a token stands as "jwt HEADER PAYLOAD".
#
# Runs beside others: it has a server of its own.
use strict;
use warnings;
use Digest::SHA qw(hmac_sha256 hmac_sha384);
use JSON::PP ();
use MIME::Base64 qw(decode_base64url encode_base64url);
use Test::More;
use JWTTest;
use JWTTest::Process qw(on_valgrind);

only_under('event');

use constant KEY => 'peer-secret-key-0123456789-0123456789-0123456789-ab';

my $codec = JSON::PP->new->utf8->canonical->allow_nonref;
my (%group, %difference, %recipe, @cases, %pair);

# ---- tokens, made without the module -----------------------------------------------------

my %edit = (
    tampered => sub { (my $t = shift) =~ s/(.)(?=.{9}\z)/$1 eq 'A' ? 'B' : 'A'/e; $t },
    sigpad => sub { "$_[0]=" },
    two => sub { $_[0] =~ s/\.[^.]*\z//r },
    four => sub { "$_[0].x" },
    payloadswap => sub {
        my ($header, $payload, $signature) = split /\./, $_[0];
        (my $other = decode_base64url($payload)) =~ s/"user_id":"1"/"user_id":"7"/ or die;
        return join '.', $header, encode_base64url($other), $signature;
    },
);

sub claims
{
    my ($type, $recipe) = @_;
    my $id = sprintf '"%s"', unpack 'H*', pack 'N4', map { int rand 2**32 } 1 .. 4;
    my %text = (exp => 'now+300', iat => 'now-100',
        $recipe->{set} ? (kind => qq("$type"), id => $id, sub => '"alice"', aud => '"first"',
            iss => '"https://issuer.example"')
        : (token_type => qq("$type"), jti => $id, user_id => '"1"'),
        %{ $recipe->{claims} || {} });
    delete @text{ @{ $recipe->{without} || [] } };
    my @usual = grep { exists $text{$_} } qw(token_type exp iat jti refresh_exp user_id);
    my %is_usual = map { $_ => 1 } @usual;
    my @names = (@usual, grep { !$is_usual{$_} } sort keys %text);
    my $json = join ',', map { qq("$_":$text{$_}) } @names;
    my $now = time;
    $json =~ s/\bnow([+-][\d.]+)?/$now + ($1 || 0)/ge;
    return '{' . expand($json) . '}';
}

sub make_token
{
    my ($type, $name) = @_;
    my $recipe = $recipe{$name} or die "no token is called $name\n";
    my $signed = join '.', map { encode_base64url($_) }
        $recipe->{header} // '{"alg":"HS256","typ":"JWT"}', $recipe->{payload} // claims($type, $recipe);
    my $hmac = ($recipe->{digest} || 256) == 384 ? \&hmac_sha384 : \&hmac_sha256;
    my $signature = $recipe->{signature}
        // encode_base64url($hmac->($signed, $recipe->{key} // KEY));
    my $token = "$signed." . expand($signature);
    $token = $edit{ $recipe->{edit} }->($token) if $recipe->{edit};
    secret($token);
    return $token;
}

sub expand
{
    my ($text) = @_;
    $text =~ s/\$\{login:(\w+)\}/$pair{$1}/g;
    $text =~ s/\$\{(\w+):(\w+)\}/make_token($1, $2)/ge;
    $text =~ s/\$\{(\w+|.)\*(\d+)\}/$1 x $2/ge;
    return $text;
}

# A good signature and a fresh iat are part of the answer; exp is told from iat, jti by its form.
sub describe
{
    my ($token, $before, $after) = @_;
    my ($header, $payload, $signature) = split /\./, $token;
    my $good = encode_base64url(hmac_sha256("$header.$payload", KEY));
    return 'a token with a bad signature' unless $signature eq $good;
    my $text = decode_base64url($payload);
    my ($iat) = $text =~ /"iat":(\d+)/ or return "a token without iat: $text";
    $text =~ s/"exp":(\d+)/'"exp":iat' . sprintf '%+d', $1 - $iat/e;
    $text =~ s/"iat":\d+/"iat":now/ if $iat >= $before - 1 && $iat <= $after + 1; # two clocks, of different grain
    $text =~ s/"refresh_exp":(\d+)/'"refresh_exp":iat' . sprintf '%+d', 10 * int(($1 - $iat + 9) \/ 10)/e; # it stays while iat goes on
    $text =~ s/"hash_password":"[0-9A-F]{32}"/"hash_password":md5/;
    $text =~ s/"(jti|id)":"[0-9a-f]{32}"/"$1":hex32/;
    return join ' ', 'jwt', decode_base64url($header), $text;
}

# ---- requests ----------------------------------------------------------------------------

# The headers that a client acts on; all others are the server's own affair.
my @HEADERS = qw(Content-Type Allow WWW-Authenticate Location Set-Cookie Retry-After);

sub ask
{
    my ($port, $case) = @_;
    my $group = $group{ $case->{case} =~ /^(\w+)/ ? $1 : '' };
    my %fields = %{ $case->{headers} || $group->{headers} };
    my $type = delete $fields{'Content-Type'};
    my $body = expand($case->{body} // '');
    secret($body =~ /"?password"?\s*[:=]\s*"([^"]+)"/);
    utf8::encode($body);
    return request($case->{method} || $group->{method}, $group->{path}, port => $port,
        headers => [ map { $_ => expand($fields{$_}) } sort keys %fields ],
        exists $case->{body} ? (body => $body, type => $type) : ());
}

sub seen
{
    my ($answer, $before, $text, $capture) = @_;
    my %seen = (status => $answer->code, headers => {});
    for my $name (@HEADERS) {
        my @values = $answer->header($name);
        $seen{headers}{$name} = join ', ', @values if @values;
    }
    my $json = json($answer);
    if (defined $text) {
        $seen{text} = length $text ? substr $answer->content, 0, length $text : $answer->content;
    }
    elsif (ref $json eq 'HASH') {
        $pair{$_} = $json->{ $capture->{$_} } for keys %{ $capture || {} };
        for (grep { !ref } values %$json) {
            $_ = describe($_, $before, time) if /^[\w-]+\.[\w-]+\.[\w-]+$/;
        }
        $seen{json} = $json;
    }
    return \%seen;
}

sub expected
{
    my ($case) = @_;
    my $group = $group{ $case->{case} =~ /^(\w+)/ ? $1 : '' };
    my %headers = %{ $group->{answer} };
    $headers{'WWW-Authenticate'} = $case->{challenge} // $group->{challenge} if $case->{challenge} || $case->{status} == 401;
    my $own = $case->{answer} || {};
    @headers{ keys %$own } = values %$own;
    delete @headers{ grep { !defined $headers{$_} } keys %headers };
    my %expected = (status => $case->{status}, headers => \%headers);
    for (grep { exists $case->{$_} } qw(json text)) {
        $expected{$_} = $codec->decode(expand($codec->encode($case->{$_})));
    }
    return \%expected;
}

# ---- the site ----------------------------------------------------------------------------

for (split /\n/, slurp(var('t_dir') . '/data/simplejwt.jsonl')) {
    my $line = $codec->decode($_);
    $group{ $line->{group} } = $line if $line->{group};
    $difference{ $line->{difference} } = $line if $line->{difference};
    $recipe{ $line->{token} } = $line if $line->{token};
    push @cases, $line if $line->{case};
}

# The children write to the database's directory.
mkdir scratch('db');
my $database = scratch('db/django.db');
sqlite(".read '" . var('t_dir') . "/data/simplejwt.sql'", $database);
# Under valgrind the recorded hash would take longer, login by login, than the tokens are valid.
sqlite("UPDATE auth_user SET password = '" . password_hash('pbkdf2_sha256', 'correct horse battery')
    . "' WHERE username = 'alice'", $database) if on_valgrind();
chown((getpwnam var('user'))[2, 3], scratch('db'), $database) if !$>;
secret(map { split /\|/ } sqlite('SELECT password FROM auth_user', $database));
secret(KEY);
spew(scratch('django.key'), KEY . "\n", 0600);

# As the view answers; what a CGI program does not read of a body is a broken connection.
spew(scratch('view'), <<'SH', 0755);
#!/bin/sh
cat >/dev/null
case $REQUEST_METHOD in
GET|HEAD) printf 'Content-Type: application/json\r\n\r\n{"content":"This view is protected"}' ;;
*) printf 'Status: 405\r\nContent-Type: application/json\r\n\r\n{"detail":"Method \\"%s\\" not allowed."}' "$REQUEST_METHOD" ;;
esac
SH

my ($key, $view) = (scratch('django.key'), scratch('view'));

# What Django and SimpleJWT have in their settings, with the database as they left it.
sub site
{
    my ($number, $more) = @_;
    my ($listen, $port) = $number ? ("Listen 127.0.0.1:\${PORT_$number}", "PORT_$number") : ('', 'PORT');
    return <<"CONF";
$listen
<VirtualHost 127.0.0.1:\${$port}>
    DBDriver         sqlite3
    DBDParams        "$database"
    AuthJWTKey       - HS256 "$key"
    AuthJWTUserQuery django
    AuthJWTSessions  blacklist
    AuthJWTEndpoints /api token token/refresh token/verify token/blacklist sliding sliding/refresh
    ScriptAlias /protected "$view"
    ScriptAlias /set/protected "$view"
    <LocationMatch "^/(?:set/)?protected">
        Header always set Allow "GET, HEAD, OPTIONS"
        AuthType JWT
        Require valid-user
    </LocationMatch>
$more
</VirtualHost>
CONF
}

my %host = (base => 1, rotate => 2, revoke => 3, sliding => 0);
my $server = httpd_start(site(1, <<'CONF') . site(2, <<'CONF') . site(3, <<'CONF') . site(0, <<'CONF'));
    AuthJWTRotateRefresh Off
    # AUTH_HEADER_NAME, AUTH_HEADER_TYPES, AUDIENCE, ISSUER, LEEWAY, JTI_CLAIM, TOKEN_TYPE_CLAIM,
    # USER_ID_CLAIM, USER_ID_FIELD
    <Location "/set">
        AuthJWTHeaderName     X-Access-Token
        AuthJWTHeaderTypes    JWT Token
        AuthJWTAudience       first second
        AuthJWTIssuer         https://issuer.example
        AuthJWTLeeway         30s
        AuthJWTJtiClaim       id
        AuthJWTTokenTypeClaim kind
        AuthJWTUserIdClaim    sub
        AuthJWTUserTable      auth_user id=username
        AuthJWTEndOnPasswordChange Off
        AuthJWTSessions       Off
    </Location>
    <Location "/set/api/token">
        SetHandler jwt-obtain
    </Location>
    <Location "/set/api/token/refresh">
        SetHandler jwt-refresh
    </Location>
CONF
    AuthJWTRotateRefresh On
    # AUTH_HEADER_TYPES
    AuthJWTHeaderTypes   Bearer JWT
CONF
    AuthJWTRotateRefresh       Off
    AuthJWTEndOnPasswordChange simplejwt
    # AUDIENCE, ISSUER, LEEWAY
    AuthJWTAudience            peer-aud
    AuthJWTIssuer              peer-iss
    AuthJWTLeeway              10s
CONF
    # AUTH_TOKEN_CLASSES
    AuthJWTTokenTypes          sliding
    <Location "/api/token/verify">
        AuthJWTTokenTypes      access sliding
    </Location>
CONF
my $port = $server->port(1);
my $mark = $server->log_mark;

# ---- the cases ---------------------------------------------------------------------------

my $answer = post_json('/api/token', { username => 'alice', password => 'correct horse battery' },
    port => $port);
%pair = %{ json($answer) || {} };
like $answer->content, qr/^\{"refresh":"[^"]+","access":"[^"]+"\}$/, 'a pair, in this order';
$pair{set_access} = json(post_json('/set/api/token', { username => 'alice', password => 'correct horse battery' },
    port => $port))->{access};

for ([ B => 1, 2 ], [ R => 2, 3 ], [ V => 3, 1 ]) {
    my ($name, $site, $logins) = @$_;
    for my $login (1 .. $logins) {
        my $tokens = json(post_json('/api/token', { username => 'alice', password => 'correct horse battery' },
            port => $server->port($site)));
        $pair{"$name${login}_$_"} = $tokens->{$_} for qw(access refresh);
    }
}

for my $case (@cases) {
    my $before = time;
    my $host = $group{ $case->{case} =~ /^(\w+)/ ? $1 : '' }{host} || 'base';
    my $got = seen(ask($server->port($host{$host}), $case), $before, $case->{text}, $case->{capture});
    is_deeply $got, expected($case), "$case->{case}: $case->{about}"
        or diag explain $got;
}

# A difference that is none any more, or that has no reason, would be believed for ever.
my (%used, @stale);
for my $case (grep { $_->{differs} || $_->{simplejwt} } @cases) {
    $used{ $case->{differs} // '' }++;
    my %original = (%$case, %{ $case->{simplejwt} || {} });
    push @stale, $case->{case} if $codec->encode(\%original) eq $codec->encode($case);
}
is_deeply \@stale, [], 'each difference is one';
is_deeply [ sort keys %used ], [ sort keys %difference ], 'each has its reason, and each reason a case';
ok !(grep { !$_->{because} } values %difference), 'no reason is empty';

my %count;
$count{ $_->{case} =~ /^(\w+)/ ? $1 : '' }++ for @cases;
is_deeply \%count, { obtain => 42, refresh => 36, protected => 47, set_obtain => 2, set_refresh => 13,
    set_protected => 39, verify => 13, blacklist => 8, listed_refresh => 1, listed_protected => 1,
    rotate_obtain => 3, rotate_refresh => 9, rotate_verify => 3, rotate_blacklist => 4, rotate_protected => 6,
    revoke_obtain => 1, revoke_refresh => 4, revoke_verify => 2, revoke_protected => 10,
    sliding_obtain => 4, sliding_refresh => 7, sliding_protected => 6, sliding_blacklist => 1, sliding_verify => 1 }, 'no case is lost';
my @troubles = grep { /:(?:warn|error|crit|alert|emerg)\]/ } split /\n/, $server->log_since($mark);
is_deeply \@troubles, [], 'nothing of it troubled the server';

done_testing;
