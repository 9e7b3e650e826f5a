# A signing key is changed for another one under load, as conf/README.md tells how: in steps with a
# graceful restart each, and nobody notices but who still has a token of the old key at the end.
#
#   JWT_LOAD=100000 make test MPM=event TESTS=t/keychange.t     so many requests, about
#
# Runs beside others: it has servers of its own.
use strict;
use warnings;
use Test::More;
use JWTTest;
use JWTTest::Client;
use Time::HiRes qw(time);

use constant { CLIENTS => 8, USUAL_RATE => 2000 };
# How long each step lasts, in seconds.
my $hold = $ENV{JWT_LOAD} ? $ENV{JWT_LOAD} / USUAL_RATE / 8 : 0.4;

my %curve = (ES256 => 'P-256', ES384 => 'P-384');
my @changes = (
    { name => 'a secret by another one', old => 'HS256', new => 'HS256' },
    { name => 'a secret by a key pair', old => 'HS256', new => 'ES256' },
);

# What of old and new stands in each step's configuration, and whose tokens a login gives.
my @steps = (
    { keys => ['old sign'], signs => 'old', passes => { old => 1 } },
    { keys => [ 'old sign', 'new verify' ], signs => 'old', passes => { old => 1, new => 1 } },
    { keys => [ 'new sign', 'old verify' ], signs => 'new', passes => { old => 1, new => 1 } },
    { keys => ['new sign'], signs => 'new', passes => { new => 1 } },
);

# ---- keys and servers ----------------------------------------------------------------------

# {kid, alg, file, key}: the last as Crypt::JWT wants it.
sub make_key
{
    my ($kid, $alg) = @_;
    my $file = scratch("$kid-$alg.key");
    my $text = !$curve{$alg} ? unpack('H*', join '', map { chr int rand 256 } 1 .. 32)
        : `openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:$curve{$alg} 2>/dev/null`;
    secret($text);
    spew($file, $text, 0600);
    return { kid => $kid, alg => $alg, file => $file, key => $curve{$alg} ? \$text : $text };
}

# Every answer tells by which step's configuration it was made.
sub write_step
{
    my ($number, $file, $keys) = @_;
    my $lines = join '', map {
        my ($kid, $use) = split;
        qq(AuthJWTKey $kid $keys->{$kid}{alg} "$keys->{$kid}{file}" $use\n);
    } @{ $steps[$number]{keys} };
    spew($file, $lines . qq(Header always set X-Step "$number"\n));
}

sub start_server
{
    my ($file) = @_;
    my $server = httpd_start(<<"CONF");
DBDriver sqlite3
DBDParams "\${T_DIR}/db/site.db"
LogLevel warn
Include "$file"
AuthJWTHashConcurrency 32
AuthJWTEndpoints /auth
Header always set X-User "expr=%{REMOTE_USER}"
<Location "/members">
    AuthType JWT
    Require valid-user
</Location>
MaxKeepAliveRequests 0
KeepAliveTimeout 30
<IfModule !mpm_prefork_module>
    ServerLimit 8
    ThreadsPerChild 20
    MaxRequestWorkers 160
</IfModule>
<IfModule mpm_prefork_module>
    StartServers 12
    MinSpareServers 1
    MaxSpareServers 40
</IfModule>
CONF
    mkdir $server->dir . '/htdocs/members';
    spew($server->dir . '/htdocs/members/index.html', 'for members');
    return $server;
}

# ---- one client ----------------------------------------------------------------------------

sub step_of
{
    my ($answer) = @_;
    return $steps[ $answer->{head} =~ /^X-Step: (\d)/m ? $1 : 0 ];
}

# Whether the answer is that of its step to a token of this key.
sub is_right_for
{
    my ($answer, $kid, $good) = @_;
    return $answer->{code} == 401 && $answer->{body} !~ /members|eyJ/
        unless step_of($answer)->{passes}{$kid};
    return $answer->{code} == 200 && $good->($answer);
}

sub is_page
{
    my ($answer) = @_;
    return $answer->{body} eq 'for members' && $answer->{head} =~ /^X-User: alice\r$/m;
}

# By the step's own key: the token is of alice, and of that kind.
sub is_token_of_step
{
    my ($answer, $name, $keys) = @_;
    my ($token) = $answer->{body} =~ /"$name":"([^"]+)"/ or return;
    my $kid = step_of($answer)->{signs};
    my ($header, $claims) = peek($token);
    return $header->{kid} eq $kid && $header->{alg} eq $keys->{$kid}{alg}
        && $claims->{user_id} eq '1' && $claims->{token_type} eq $name;
}

sub ask_something
{
    my ($client, $tokens, $keys) = @_;
    my $kid = rand() < 0.5 ? 'old' : 'new';
    my $kind = rand;
    if ($kind < 0.75) {
        my $answer = $client->get('/members/index.html', $tokens->{$kid}{access});
        $client->expect("a page, $kid", $answer, $answer->{code},
            sub { is_right_for($_[0], $kid, \&is_page) });
    }
    elsif ($kind < 0.85) {
        my $answer = $client->post('/auth/token/refresh', { refresh => $tokens->{$kid}{refresh} });
        $client->expect("a refresh, $kid", $answer, $answer->{code}, sub {
            is_right_for($_[0], $kid, sub { is_token_of_step($_[0], 'access', $keys) });
        });
    }
    elsif ($kind < 0.98) {
        $client->expect("a forged token, $kid",
            $client->get('/members/index.html', $tokens->{$kid}{forged}), 401, sub { 1 });
    }
    else {
        $client->expect('a login', $client->post('/auth/token', login_of('alice')), 200, sub {
            is_token_of_step($_[0], 'access', $keys) && is_token_of_step($_[0], 'refresh', $keys);
        });
    }
}

sub login_of
{
    my ($name) = @_;
    return { username => $name, password => user($name)->{password} };
}

# Made by Crypt::JWT, so that those of the new key are there from the start. The forged ones name
# each key and are signed by a third.
sub make_tokens
{
    my ($keys) = @_;
    my $foreign = {
        HS256 => 'a secret that is none of this site', ES256 => make_key(foreign => 'ES256')->{key} };
    return { map {
        my $key = $keys->{$_};
        my %by = (header => { kid => $key->{kid} }, alg => $key->{alg}, key => $key->{key});
        $_ => { access => token({}, %by), refresh => token({ token_type => 'refresh' }, %by),
            forged => token({}, %by, key => $foreign->{ $key->{alg} }) };
    } keys %$keys };
}

# ---- the change ----------------------------------------------------------------------------

# On connections of its own, until the new configuration answers.
sub check_step
{
    my ($number, $server, $keys) = @_;
    my $answer;
    wait_until(20, sub {
        $answer = post_json('/auth/token', login_of('alice'), port => $server->port);
        return ($answer->header('X-Step') // '') eq $number;
    });
    my $kid = $steps[$number]{signs};
    my $token = (json($answer) || {})->{access} // '';
    my ($header) = peek($token);
    is $header->{kid}, $kid, "step $number: a login gives a token of the $kid key";
    ok decode($token, key => $keys->{$kid}{key}), 'which has signed it';
}

for my $change (@changes) {
    my $keys = { map { $_ => make_key($_, $change->{$_}) } qw(old new) };
    my ($file, $until) = (scratch('step.conf'), scratch('until'));
    unlink $until;
    write_step(0, $file, $keys);
    my $server = start_server($file);
    my $tokens = make_tokens($keys);

    my $all = JWTTest::Client::crowd(CLIENTS, sub {
        my $client = JWTTest::Client->new(port => $server->port, id => $_[0]);
        ask_something($client, $tokens, $keys) until -e $until;
        return $client;
    }, sub {
        for my $number (0 .. $#steps) {
            write_step($number, $file, $keys);
            ok $server->graceful, "step $number: graceful restart" if $number;
            check_step($number, $server, $keys);
            select undef, undef, undef, $hold;
        }
        spew($until, '');
    });

    is scalar @{ $all->{wrong} }, 0, "$change->{name}: no wrong answer" or diag $all->{wrong}[0];
    is $all->{refused}, 0, 'no new connection was closed without an answer';
    cmp_ok $all->{reconnects}, '<=', 10 * CLIENTS * $#steps, 'others only as restarts do it';
    for my $kid (qw(old new)) {
        is get_with('/members/index.html', $tokens->{$kid}{access}, port => $server->port)->code,
            $kid eq 'new' ? 200 : 401, "in the end tokens of the $kid key are " . ($kid eq 'new' ? 'good' : 'refused');
    }
    is scalar(() = $server->log =~ /:(?:crit|alert|emerg)\]|JWT0201/g), 0, 'no complaint in the log';
    note sprintf '%s: %d requests in %.1f s, %.0f/s, %d reconnects',
        $change->{name}, @$all{qw(done seconds)}, $all->{done} / $all->{seconds}, $all->{reconnects};
    $server->stop;
}

done_testing;
