# Sixty-four connections that are kept, with requests of eight users in turn on each of them, good and bad:
# every answer says whom it is for, in every form in which applications are told, and none is for another.
#
#   JWT_LOAD=200000 AUTH_JWT_LIMIT=3600 make httpd-event TESTS=t/crowd.t     1,000,000 instead of 20,000
#
# Runs alone: it keeps all processors busy.
use strict;
use warnings;
use Test::More;
use JWTTest;
use JWTTest::Pipeline;
use JWTTest::Process qw(on_valgrind);

only_under('event');
skip_without(qw(headers include));

use constant { USERS => 8, CONNECTIONS => 64, DEPTH => 8 };
my $requests = 5 * ($ENV{JWT_LOAD} || 4000) / (on_valgrind() ? 10 : 1);

# ---- the site ---------------------------------------------------------------------------------------

my $dir = scratch('db');
mkdir $dir or die "$dir: $!\n";
(my $tables = slurp(var('src_dir') . '/conf/schema/sqlite.sql')) =~ s/^PRAGMA.*$//m;
sqlite("PRAGMA journal_mode=WAL; $tables" . join('', map {
    "INSERT INTO auth_jwt_user(id, username, password) VALUES($_, 'user$_', '!');" } 1 .. USERS), "$dir/site.db");
chown((getpwnam var('user'))[2, 3], $dir, glob "$dir/*") unless $>;

my $server = httpd_start(<<"CONF", life => 3600);
DBDriver sqlite3
DBDParams "$dir/site.db"
LogLevel warn authz_core:crit
AuthJWTKey - HS256 \${T_DIR}/keys/site.key
AuthJWTTokenSource header cookie:token
AuthJWTAudience here
Header always set X-Who "expr=%{REMOTE_USER}|%{reqenv:AUTH_JWT_USER_ID}|%{reqenv:AUTH_JWT_JTI}|%{JWT:mark}|%{reqenv:MARK}|%{HTTP:X-Mark}|%{HTTP:X-Number}"
<Directory "\${SERVER_DIR}/htdocs">
    Options +IncludesNoExec
    AddType text/html .shtml
    AddOutputFilter INCLUDES .shtml
</Directory>
AliasMatch "^/[a-z]+/(page\\.(?:s?html))\$" "\${SERVER_DIR}/htdocs/\$1"
<LocationMatch "^/(?:members|remembered|one|optional)/">
    AuthType JWT
    Require valid-user
    AuthJWTClaimEnv mark MARK
    AuthJWTClaimHeader mark X-Mark
</LocationMatch>
<Location "/remembered">
    AuthJWTCheckUser 1min
</Location>
<Location "/one">
    Require user user1
</Location>
<Location "/optional">
    AuthJWTOptional On
    Require all granted
</Location>
MaxKeepAliveRequests 0
KeepAliveTimeout 60
# A child that has no idle thread closes the connections that are kept.
StartServers 2
ServerLimit 2
ThreadLimit 80
ThreadsPerChild 80
MaxRequestWorkers 160
MinSpareThreads 1
MaxSpareThreads 160
CONF
my $root = $server->dir . '/htdocs';
spew("$root/page.html", 'a page');
spew("$root/page.shtml", '[<!--#echo var="REMOTE_USER" -->|<!--#echo var="MARK" -->]');

# ---- what is asked ------------------------------------------------------------------------------------

# Several tokens of each user, good and bad; what a good one says of him is known by his mark.
my $made = 0;
sub token_of
{
    my ($id, $claims, @option) = @_;
    my ($jti, $mark) = ("jti$id-" . ++$made, "mark$id-$made");
    my %all = (user_id => "$id", aud => 'here', jti => $jti, mark => $mark, exp => time() + 3600, %{ $claims || {} });
    return { id => $id, mark => $mark, who => "user$id|$id|$jti|$mark|$mark|$mark", token => token(\%all, @option) };
}

my (@good, %bad);
for my $id (1 .. USERS) {
    push @good, map { token_of($id) } 1 .. 4;
    push @{ $bad{expired} }, token_of($id, { exp => time() - 60 });
    push @{ $bad{'another key'} }, token_of($id, {}, key => 'x' x 40);
    push @{ $bad{'another audience'} }, token_of($id, { aud => 'there' });
    push @{ $bad{'a refresh token'} }, token_of($id, { token_type => 'refresh' });
    push @{ $bad{'no such user'} }, token_of($id, { user_id => $id + 100 });
}
# The claims of one under the signature of the next.
for my $i (0 .. $#good) {
    my ($claims, $signature) = ($good[$i]{token} =~ /(.*)\./, $good[ $i - 1 ]{token} =~ /([^.]*)\z/);
    push @{ $bad{'a signature of another'} }, { %{ $good[$i] }, token => "$claims.$signature" };
}
secret(map { $_->{token} } @{ $bad{'a signature of another'} });
my @bad = map { [ $_ => $bad{$_} ] } sort keys %bad;

sub any { return $_[ rand @_ ] }
sub bearer { return "Authorization: Bearer $_[0]{token}\r\n" }
sub cookie { return "Cookie: token=$_[0]{token}\r\n" }

my $nobody = '|||||';
my %count;
my @kinds = (
    # what, of how many, (path, field, code, who is seen)
    [ 'a good token', 8, sub { my $user = any(@good); return ('/members', bearer($user), 200, $user->{who}) } ],
    [ 'in a cookie', 4, sub { my $user = any(@good); return ('/members', cookie($user), 200, $user->{who}) } ],
    [ 'an answer that was kept', 6, sub { my $user = any(@good); return ('/remembered', bearer($user), 200, $user->{who}) } ],
    [ 'a page of one', 3, sub { my $user = any(@good); return ('/one', bearer($user), $user->{id} == 1 ? 200 : 403, $user->{who}) } ],
    [ 'a bad token', 6, sub { my $user = any(@{ any(@bad)->[1] }); return (any('/members', '/remembered'), bearer($user), 401, $nobody) } ],
    [ 'a bad token where it is optional', 2, sub { my $user = any(@{ any(@bad)->[1] }); return ('/optional', bearer($user), 401, $nobody) } ],
    [ 'a bad cookie where it is optional', 3, sub { my $user = any(@{ any(@bad)->[1] }); return ('/optional', cookie($user), 200, $nobody) } ],
    [ 'a good token where it is optional', 4, sub { my $user = any(@good); return ('/optional', any(\&bearer, \&cookie)->($user), 200, $user->{who}) } ],
    [ 'no token where it is optional', 3, sub { return ('/optional', '', 200, $nobody) } ],
    [ 'no token', 3, sub { return ('/members', '', 401, $nobody) } ],
    [ 'a public page', 4, sub { return ('/public', any('', bearer(any(@good)), cookie(any(@good))), 200, $nobody) } ],
);
my @mix = map { my $kind = $_; ($kind) x $kind->[1] } @kinds;

sub page_of
{
    my ($who) = @_;
    my ($name, undef, undef, $mark) = split /\|/, $who;
    return sprintf '[%s|%s]', map { length ? $_ : '(none)' } $name // '', $mark // '';
}

sub next_request
{
    my ($number) = @_;
    my ($what, undef, $make) = @{ $mix[ rand @mix ] };
    my ($path, $field, $code, $who) = $make->();
    $count{$what}++;
    my $is_shown = $number % 4 == 0;
    my $page = $is_shown ? 'page.shtml' : 'page.html';
    my $body = $code == 200 && ($is_shown ? page_of($who) : 'a page');
    # What is forged is another one's.
    my $forged = $number % 3 == 0 ? "X-Mark: $good[ rand @good ]{mark}\r\n" : '';
    return ("GET $path/$page HTTP/1.1\r\nHost: x\r\nX-Number: $number\r\n$forged$field\r\n", sub {
        my ($answer) = @_;
        return $answer->{code} == $code && index($answer->{head}, "\r\nX-Who: $who|$number\r\n") > 0
            && ($body ? $answer->{body} eq $body : $answer->{body} !~ /a page|user\d|mark\d/);
    });
}

# ---- the crowd ----------------------------------------------------------------------------------------

# That a wrong answer would be found: the same answers, compared with those of another.
{
    my $mistaken = JWTTest::Pipeline::run(port => $server->port, connections => 2, depth => DEPTH, count => 40, next => sub {
        my ($request) = ("GET /members/page.html HTTP/1.1\r\nHost: x\r\nX-Number: $_[0]\r\n" . bearer($good[0]) . "\r\n");
        return ($request, sub { index($_[0]{head}, "X-Who: $good[-1]{who}|") > 0 });
    });
    is scalar @{ $mistaken->{wrong} }, 5, 'an answer for another would be seen';
}

srand 1;
my @children = sort $server->children;
my $all = JWTTest::Pipeline::run(port => $server->port, connections => CONNECTIONS, depth => DEPTH,
    count => $requests, next => \&next_request);
is scalar @{ $all->{wrong} }, 0, 'no answer is wrong, or for another' or diag $all->{wrong}[0];
is $all->{done}, $requests, 'none is missing';
cmp_ok $all->{reconnects}, '<=', CONNECTIONS, 'connections are kept';
ok $count{$_}, "asked: $_" for map { $_->[0] } @kinds;
note sprintf '%d requests on %d connections in %.1f s, %.0f/s, %d reconnects: %s', $all->{done}, CONNECTIONS, $all->{seconds},
    $all->{done} / $all->{seconds}, $all->{reconnects}, join ', ', map { "$_ $count{$_}" } sort keys %count;
is_deeply [ sort $server->children ], \@children, 'the same children';
is scalar(() = $server->log =~ /:(?:error|crit|alert|emerg)\]/g), 0, 'no complaint in the log'
    or diag substr $server->log, 0, 2000;

done_testing;
