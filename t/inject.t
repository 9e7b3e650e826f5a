# Requests in which the nth call of malloc() or of OpenSSL fails, for every n until none is left to
# fail: whoever should not get in never does, whoever should does or is told to come back, and no
# answer is waited for in vain. What fails and how is told in lib/inject.h; t/unit/inject.c does the
# same without httpd, for more kinds of requests.
#
# Runs beside others: it has a server of its own.
use strict;
use warnings;
use Test::More;
use JWTTest;
use Time::HiRes qw(time);

use constant { MOST => 500, PATIENCE => 10 };

plan skip_all => 'the library for it was not built; use make' unless var('inject_so');
plan skip_all => 'a checker of memory is in the way' if $ENV{AUTH_JWT_WRAP};

# ---- the site ----------------------------------------------------------------------------

# httpd replaces children that end for want of memory, but not many in a second, and threaded ones
# too slowly for a test: memory fails under prefork only, where many wait from the start.
my @modes = (qw(crypto crypto-error), var('mpm') eq 'prefork' ? 'memory' : ());
my $log = spew(scratch('inject.log'), '');
my $server = httpd_start(<<"CONF", may_abort => 1, env => { LD_PRELOAD => var('inject_so'), INJECT_LOG => $log });
DBDriver sqlite3
DBDParams "\${T_DIR}/db/site.db"
LogLevel warn
AuthJWTKey - HS256 \${T_DIR}/keys/site.key
AuthJWTEndpoints /auth
Header always set X-User "expr=%{REMOTE_USER}"
<Location "/members">
    AuthType JWT
    Require valid-user
</Location>
<IfModule mpm_prefork_module>
    StartServers 100
    MinSpareServers 100
    MaxSpareServers 150
    ServerLimit 150
    MaxRequestWorkers 150
</IfModule>
CONF
mkdir $server->dir . '/htdocs/members';
spew($server->dir . '/htdocs/members/index.html', 'for members');

# ---- what is asked -----------------------------------------------------------------------

sub page
{
    my ($token) = @_;
    return "GET /members/index.html HTTP/1.1\r\nAuthorization: Bearer $token\r\n";
}

sub post
{
    my ($path, %fields) = @_;
    my $body = JSON::PP::encode_json(\%fields);
    return "POST $path HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: "
        . length($body) . "\r\n", $body;
}

sub forged
{
    my ($token) = @_;
    $token =~ s/\.(.)([^.]*)$/'.' . ($1 eq 'A' ? 'B' : 'A') . $2/e;
    secret($token);
    return $token;
}

# One more claim, of a kind that needs the whole JSON parser.
my %more = (groups => [ 'one', { two => 3 } ]);
my %refresh = (token_type => 'refresh');

sub is_token
{
    my ($token, $type, $id) = @_;
    my $claims = decode($token // '') or return;
    return $claims->{user_id} eq $id && $claims->{token_type} eq $type;
}

my $for_alice = sub {
    my ($answer) = @_;
    return $answer->content eq 'for members' && $answer->header('X-User') eq 'alice';
};
my $pair = sub {
    my $body = json($_[0]);
    return is_token($body->{access}, 'access', 4) && is_token($body->{refresh}, 'refresh', 4)
        && keys %$body == 2;
};
my $access = sub {
    my $body = json($_[0]);
    return is_token($body->{access}, 'access', 1) && keys %$body == 1;
};

my @cases = (
    [ 'a login', [ post('/auth/token', username => 'dave', password => user('dave')->{password}) ],
        200, $pair ],
    [ 'a login with a wrong password',
        [ post('/auth/token', username => 'dave', password => 'not the password') ], 401 ],
    [ 'a good token', [ page(token(\%more)) ], 200, $for_alice ],
    [ 'a forged token', [ page(forged(token())) ], 401 ],
    [ 'a forged token, with more', [ page(forged(token(\%more))) ], 401 ],
    [ 'a refresh token in its place', [ page(token({ %refresh, %more })) ], 401 ],
    [ 'a refresh', [ post('/auth/token/refresh', refresh => token({ %refresh, %more })) ], 200, $access ],
    [ 'a refresh by an access token', [ post('/auth/token/refresh', refresh => token()) ], 401 ],
    [ 'a refresh by a forged token', [ post('/auth/token/refresh', refresh => forged(token(\%refresh))) ],
        401 ],
);

sub ask
{
    my ($request, $inject) = @_;
    my ($head, $body) = @$request;
    $head .= "X-Inject: $inject\r\n" if $inject;
    return raw_request("${head}Host: x\r\nConnection: close\r\n\r\n" . ($body // ''),
        port => $server->port, timeout => PATIENCE);
}

# ---- what may come of it -----------------------------------------------------------------

sub is_whole
{
    my ($answer) = @_;
    return length $answer->content == ($answer->header('Content-Length') // -1);
}

# 'right', 'sorry' (5xx), 'closed', or what is wrong.
sub outcome
{
    my ($answer, $code, $check) = @_;
    return 'closed' if $answer->code == 0 || !is_whole($answer);
    return 'sorry' if $answer->code >= 500;
    return 'code ' . $answer->code if $answer->code != $code;
    return 'another answer' if $check && !$check->($answer);
    return 'right';
}

sub is_fine { return $_[0] =~ /^(?:right|sorry|closed)$/ }

# Every n until three in a row met no call: children differ in what they have done already. One
# that could not prepare a statement answers 503 for a second; that says nothing about n.
sub inject
{
    my ($mode, $name, $request, $code, $check) = @_;
    my (%count, @wrong);
    my ($n, $in_vain, $slowest, $pauses) = (1, 0, 0, 0);
    while ($in_vain < 3 && $n <= MOST) {
        my ($mark, $began) = (-s $log, time);
        my $answer = ask($request, "$mode $n");
        my $took = time - $began;
        $slowest = $took if $took > $slowest;
        my $failed = -s $log > $mark;
        my $outcome = outcome($answer, $code, $check);
        push @wrong, "n = $n: $outcome: $answer->{raw}" unless is_fine($outcome) && $took < PATIENCE;
        if ($outcome eq 'sorry' && !$failed && $pauses++ < MOST) {
            select undef, undef, undef, 0.02;
            next;
        }
        $count{$outcome}++ if $failed;
        $in_vain = $failed ? 0 : $in_vain + 1;
        $n++;
    }
    is scalar @wrong, 0, "$name, $mode" or diag $wrong[0];
    note sprintf 'n = 1..%d, failed calls: %s; slowest %.2f s', $n - 1,
        join(', ', map { "$count{$_} $_" } sort keys %count) || 'none', $slowest;
}

for my $case (@cases) {
    my ($name, $request, $code, $check) = @$case;
    is outcome(ask($request), $code, $check), 'right', "$name: $code";
}
my $mark = -s $log;
for my $case (@cases) {
    inject($_, @$case) for @modes;
}
cmp_ok -s $log, '>', $mark, 'calls did fail';
# A child whose last statement could not be prepared says so for a second.
select undef, undef, undef, 1.1;
for my $case (@cases) {
    my ($name, $request, $code, $check) = @$case;
    is outcome(ask($request), $code, $check), 'right', "$name afterwards: $code";
}

done_testing;
