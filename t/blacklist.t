# AuthJWTSessions blacklist: no session is opened, and what was ended is known by its jti, in a table
# of the module's own or in those of SimpleJWT's app token_blacklist. t/databases.t asks the same of
# PostgreSQL and MariaDB.
use strict;
use warnings;
use Test::More;
use JWTTest;
use JWTTest::Connection;
use POSIX ();

my %own = (port => port(1));

sub page { my ($token, %where) = @_; return get_with('/blacklist/', $token, %own, %where)->code }

sub refresh
{
    my ($token, %where) = @_;
    return post_json('/auth/token/refresh', { refresh => $token }, %own, %where);
}

sub refused
{
    my ($answer, $code, $detail, $name) = @_;
    is $answer->code, $code, "$name: $code";
    is_deeply json($answer), $detail, "$name: the body";
}

my %ended = (detail => 'Token is blacklisted', code => 'token_not_valid');
my %not_here = (detail => 'Not available: no sessions are kept here.');

sub listed { return sqlite("SELECT count(*) FROM auth_jwt_blacklist WHERE jti = '$_[0]'") }

# ---- refresh ---------------------------------------------------------------------------------

my $pair = login('alice', %own);
my ($access, $refresh) = map { decode($pair->{$_}) } qw(access refresh);
ok !exists $access->{sid} && !exists $refresh->{sid}, 'no session';
is page($pair->{access}), 200, 'the access token is let in';
is page(token()), 200, 'and one that another program made';

my $answer = refresh($pair->{refresh});
is $answer->code, 200, 'a refresh';
my $second = json($answer);
isnt decode($second->{refresh})->{jti}, $refresh->{jti}, 'gives another refresh token';
is sqlite("SELECT expires_at FROM auth_jwt_blacklist WHERE jti = '$refresh->{jti}'"), $refresh->{exp},
    'the old one is in the table until it would have expired';
refused(refresh($pair->{refresh}), 401, \%ended, 'the old one');
is page($pair->{access}), 200, 'the access token is another matter';
is page($second->{access}), 200, 'so is the new one';

# Who is second comes too late, however close: nobody knows of the successor but the first.
my @tries = map {
    pipe my $reader, my $writer or die "pipe: $!\n";
    defined(my $pid = fork) or die "fork: $!\n";
    if (!$pid) {
        my $said = refresh($second->{refresh});
        print $writer $said->code, ' ', (json($said) || {})->{detail} // 'tokens', "\n";
        close $writer;
        POSIX::_exit(0);
    }
    close $writer;
    $reader;
} 1 .. 12;
chomp(my @said = sort map { scalar readline $_ } @tries);
1 while wait != -1;
is_deeply \@said, [ '200 tokens', ('401 Token is blacklisted') x 11 ],
    'of twelve who present one token at once exactly one is given tokens';

my $kept = login('alice', %own);
for my $time ('once', 'twice') {
    my $said = post_json('/blacklist/kept', { refresh => $kept->{refresh} }, %own);
    is $said->code, 200, "without rotation: $time";
    is_deeply [ keys %{ json($said) } ], ['access'], 'an access token and nothing else';
}
is listed(decode($kept->{refresh})->{jti}), 0, 'and nothing is spent';

# ---- verify, blacklist, logout ---------------------------------------------------------------

sub post { my ($path, $data, %option) = @_; return post_json("/auth/$path", $data, %own, %option) }

is post('token/verify', { token => $kept->{refresh} })->code, 200, 'verify: a good token';
my $said = post('token/blacklist', { refresh => $kept->{refresh} });
is $said->code, 200, 'blacklist';
is $said->content, '{}', 'says nothing more';
refused(post('token/blacklist', { refresh => $kept->{refresh} }), 401, \%ended, 'a second time');
refused(refresh($kept->{refresh}), 401, \%ended, 'refresh');
refused(post('token/verify', { token => $kept->{refresh} }), 400,
    { non_field_errors => ['Token is blacklisted'] }, 'verify');
is post('token/blacklist', { refresh => $kept->{access} })->code, 401, 'blacklist: an access token';
is page($kept->{access}), 200, 'which ends nothing';

for my $id (2, 999999) {
    my $theirs = token({ token_type => 'refresh', user_id => "$id" });
    is post('token/blacklist', { refresh => $theirs })->code, 200, "blacklist: of a user who may not come in: $id";
    is listed(decode($theirs)->{jti}), 1, 'holds for the time when he may';
}

for my $case ([ refresh => sub { post('logout', { refresh => $_[0]{refresh} }) } ],
    [ access => sub { post('logout', {}, token => $_[0]{access}) } ]) {
    my ($type, $do) = @$case;
    my $mine = login('alice', %own);
    for my $time ('once', 'twice') {
        my $told = $do->($mine);
        is $told->code, 200, "logout by its $type token, $time";
        is $told->content, '{}', 'with nothing to say';
    }
    is listed(decode($mine->{$type})->{jti}), 1, 'one row';
    is page($mine->{access}), $type eq 'access' ? 401 : 200, 'a page';
    is refresh($mine->{refresh})->code, $type eq 'refresh' ? 401 : 200, 'a refresh';
}
my $old = token({ exp => time - 100, iat => time - 500 });
is post('logout', {}, token => $old)->code, 200, 'logout by an expired token';
is post('logout', {}, token => token({}, key => 'x' x 32))->code, 401, 'logout by a forged one';
my $gone = token({ user_id => '999999' });
is post('logout', {}, token => $gone)->code, 200, 'logout of a user who is gone';
refused(post('logout', { everywhere => JSON::PP::true() }, token => $pair->{access}), 400, \%not_here,
    'logout everywhere');
refused(get_with('/auth/sessions', $pair->{access}, %own), 400, \%not_here, 'sessions');
is page($pair->{access}), 200, 'which ends nothing';

# ---- what a row cannot hold ------------------------------------------------------------------

for my $case ([ '255 bytes', 'x' x 255, 200 ], [ '256 bytes', 'x' x 256, 401 ], [ 'a blank', 'a b', 401 ],
    [ 'beyond ASCII', "j\x{fc}", 401 ], [ 'a quote', "x' OR '1'='1", 401 ], [ 'a quoted word', "'x'", 200 ]) {
    my ($name, $jti, $code) = @$case;
    is page(token({ jti => $jti })), $code, "a jti with $name";
    is post('logout', {}, token => token({ jti => $jti }))->code, $code, '... at the logout';
}
is get_with('/blacklist/unasked/', $old, %own)->code, 401, 'where the database is not asked';
my $unasked = login('alice', %own);
is post('logout', {}, token => $unasked->{access})->code, 200, 'a logout';
is page($unasked->{access}), 401, 'is heeded where it is';
is get_with('/blacklist/unasked/', $unasked->{access}, %own)->code, 200,
    'and not with AuthJWTCheckUser Off';

# ---- sliding tokens --------------------------------------------------------------------------

my $sliding = token({ token_type => 'sliding', refresh_exp => time + 5000 });
$said = post_json('/blacklist/slide', { token => $sliding }, %own);
is $said->code, 200, 'a sliding token slides';
my $slid = json($said)->{token};
is page($_), 200, 'and is let in' for $sliding, $slid;
is post('logout', {}, token => $sliding)->code, 200, 'logout by the older one';
is page($_), 401, 'ends both, which have one jti' for $sliding, $slid;
refused(post_json('/blacklist/slide', { token => $slid }, %own), 401, \%ended, 'nor does it slide on');
is sqlite("SELECT expires_at FROM auth_jwt_blacklist WHERE jti = '" . decode($sliding)->{jti} . "'"),
    decode($sliding)->{refresh_exp}, 'until the last that it could have become has expired';

# ---- sessions of a time before ---------------------------------------------------------------

sqlite("INSERT INTO auth_jwt_session(sid, user_source, user_id, current_jti, previous_jti, password_mark, "
    . 'address, user_agent, created_at, auth_time, refreshed_at, idle_seconds, expires_at, absolute_until, '
    . "revoked_at, remember) VALUES('" . 'b' x 32 . "', 'auth_jwt_user.id', '1', 'j', '', '', '', '', 1, 1, 0, 1, "
    . (time + 1000) . ', 9223372036854775807, 0, 0)');
my $of_session = token({ sid => 'b' x 32 });
is page($of_session), 200, 'a token with a session';
is post('logout', {}, token => $of_session)->code, 200, 'logout';
is page($of_session), 401, 'ends the session';
is listed(decode($of_session)->{jti}), 0, 'by its row';

# ---- every child -----------------------------------------------------------------------------

my $last = login('alice', %own);
my @kept = map { JWTTest::Connection->new(port(1)) } 1 .. 8;
sub codes
{
    return [ map { $_->ask(GET => '/blacklist/', headers => [ Authorization => "Bearer $last->{access}" ])->code }
            @kept ];
}
is_deeply codes(), [ (200) x @kept ], 'eight connections are let in';
is post('logout', {}, token => $last->{access})->code, 200, 'one logs out';
is_deeply codes(), [ (401) x @kept ], 'and none is let in any more';

# ---- the log ---------------------------------------------------------------------------------

my $mark = log_mark();
my $mine = login('alice', %own);
my $jti = decode($mine->{refresh})->{jti};
post('logout', { refresh => $mine->{refresh} });
like error_log_since($mark, qr/JWT0114/), qr/JWT0114: logout of the user with the id '1', token $jti$/m,
    'a logout names the token';
refresh($mine->{refresh});
like error_log_since($mark, qr/JWT0101.*was ended/),
    qr/JWT0101: refused \(session_ended\): the token $jti of the user with the id '1' was ended/,
    'so does a refusal';

# ---- without the table -----------------------------------------------------------------------

mkdir scratch('db');
my $database = scratch('db/django.db');
sqlite(".read '" . var('t_dir') . "/data/simplejwt.sql'", $database);
sqlite('ALTER TABLE token_blacklist_blacklistedtoken RENAME TO elsewhere', $database);
chown((getpwnam var('user'))[2, 3], scratch('db'), $database) if !$>;
secret(map { split /\|/ } sqlite('SELECT password FROM auth_user', $database));
my $server = httpd_start(<<"CONF");
DBDriver         sqlite3
DBDParams        "$database"
AuthJWTKey       - HS256 \${T_DIR}/keys/site.key
AuthJWTUserQuery django
AuthJWTSessions  blacklist
AuthJWTEndpoints /auth
<Location "/members">
    AuthType JWT
    Require valid-user
</Location>
CONF
my %django = (port => $server->port);
ok wait_until(5, sub { $server->log =~ /JWT0012/ }), 'a table that is missing is told at start';
like $server->log, qr/JWT0012: the table of ended tokens does not answer: token_blacklist_blacklistedtoken: .*\(make it by Django: add rest_framework_simplejwt.token_blacklist to INSTALLED_APPS and run manage.py migrate, or write AuthJWTSessions On\)/,
    'with the cure';
like $server->log, qr/JWT0011: the users' table answers/, 'that of users is there';
my $jwt = token();
is get_with('/members/', $jwt, %django)->code, 503, 'nobody is let in on no answer';
is post_json('/auth/logout', {}, %django, token => $jwt)->code, 503, 'nor is a logout said to have worked';
is refresh(token({ token_type => 'refresh' }), %django)->code, 503, 'nor a token refreshed';
sqlite('ALTER TABLE elsewhere RENAME TO token_blacklist_blacklistedtoken', $database);
# A statement that could not be prepared is left alone for a second, by each connection.
select undef, undef, undef, 1.2;
ok wait_until(5, sub { get_with('/members/', $jwt, %django)->code == 404 }), 'the table is back';

# ---- Django's tables -------------------------------------------------------------------------

sub django { return sqlite($_[0], $database) }
ok wait_until(5, sub { post_json('/auth/logout', {}, %django, token => $jwt)->code == 200 }), 'a logout';
is get_with('/members/', $jwt, %django)->code, 401, 'is heeded';
my $now = time;
$jti = decode($jwt)->{jti};
my @row = split /\|/, django("SELECT token = '', user_id, o.jti, strftime('%s', expires_at), "
    . "abs(strftime('%s', created_at) - $now) < 5, abs(strftime('%s', blacklisted_at) - $now) < 5 FROM "
    . "token_blacklist_outstandingtoken o JOIN token_blacklist_blacklistedtoken b ON b.token_id = o.id");
is_deeply \@row, [ 1, 1, $jti, decode($jwt)->{exp}, 1, 1 ], 'as Django writes it, but for the token';
like django("SELECT expires_at FROM token_blacklist_outstandingtoken"), qr/\A\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\z/,
    'times have the form that Django reads';

# What Django does when somebody logs out there.
my $theirs = token({ token_type => 'refresh' });
$jti = decode($theirs)->{jti};
django("INSERT INTO token_blacklist_outstandingtoken(token, created_at, expires_at, user_id, jti) VALUES('x', "
    . "'2026-11-22 08:10:20.496845', '2036-11-22 08:10:20', 1, '$jti')");
my $pass = json(refresh($theirs, %django));
ok $pass->{access}, 'a token that Django has noted is good';
is refresh($theirs, %django)->code, 401, 'and spent by its refresh';
is django("SELECT count(*) FROM token_blacklist_outstandingtoken o JOIN token_blacklist_blacklistedtoken b "
    . "ON b.token_id = o.id WHERE o.jti = '$jti'"), 1, 'in its own row';
$jti = decode($pass->{refresh})->{jti};
django("INSERT INTO token_blacklist_outstandingtoken(token, created_at, expires_at, user_id, jti) VALUES('x', "
    . "'2026-11-22 08:10:20.496845', '2036-11-22 08:10:20', 1, '$jti'); INSERT INTO "
    . "token_blacklist_blacklistedtoken(token_id, blacklisted_at) SELECT id, '2026-11-22 08:11:00' FROM "
    . "token_blacklist_outstandingtoken WHERE jti = '$jti'");
refused(refresh($pass->{refresh}, %django), 401, \%ended, 'what Django has ended');
$server->stop;

done_testing;
