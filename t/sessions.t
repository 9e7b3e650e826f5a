# Sessions as clients see them: rotation, logout, the list of one's sessions, and that whatever was
# ended is refused on the next request, in every child.
use strict;
use warnings;
use Test::More;
use JWTTest;
use JWTTest::Burst;
use JWTTest::Connection;

my %on = (port => port(1));
my %migrate = (port => port(2));

sub page { my ($token, %where) = @_; return get_with('/sessions/', $token, %on, %where)->code }

sub refresh
{
    my ($token, %where) = @_;
    return post_json('/auth/token/refresh', { refresh => $token }, %on, %where);
}

sub refused
{
    my ($answer, $code, $detail, $name) = @_;
    is $answer->code, $code, "$name: $code";
    is_deeply json($answer), $detail, "$name: the body";
}

my %ended = (detail => 'Token is blacklisted', code => 'token_not_valid');
my %ended_at_page = (detail => 'Given token not valid for any token type', code => 'token_not_valid',
    messages => [ { token_class => 'AccessToken', token_type => 'access',
        message => 'Token is blacklisted' } ]);

sub row { return sqlite("SELECT $_[0] FROM auth_jwt_session WHERE sid = '$_[1]'") }

# ---- login -----------------------------------------------------------------------------------

my $pair = login('alice', %on);
my ($access, $refresh) = map { decode($pair->{$_}) } qw(access refresh);
is $access->{sid}, $refresh->{sid}, 'both tokens name the session';
is $access->{auth_time}, $access->{iat}, 'and when the login was';
is_deeply [ grep { !/^(?:token_type|exp|iat|jti|user_id)$/ } sort keys %$access ], [qw(auth_time sid)],
    'and nothing else is new';
is row('current_jti', $access->{sid}), $refresh->{jti}, 'the row has the jti of the refresh token';
is sqlite("SELECT count(*) FROM auth_jwt_session WHERE sid = '$access->{sid}' AND (current_jti || "
    . "previous_jti || password_mark || address || user_agent) LIKE '%eyJ%'"), 0, 'but no token';
is row('address', $access->{sid}), '127.0.0.1', 'and who logged in';
is page($pair->{access}), 200, 'the access token is let in';
is get_with('/sessions/', $pair->{access}, %on)->header('X-Sid'), $access->{sid},
    'applications are told the session';
is page(token()), 401, 'a token that no login began is refused';
is page(token({ sid => $access->{sid} })), 200, 'what counts is the session, not who signed for it';
is page(token({ sid => $access->{sid}, user_id => '2' })), 401, 'another user has no part in it';
is page($pair->{refresh}), 401, 'a refresh token is no access token';

# ---- refresh ---------------------------------------------------------------------------------

my $answer = refresh($pair->{refresh});
is $answer->code, 200, 'a refresh';
like $answer->content, qr/\A\{"access":"[^"]+","refresh":"[^"]+"\}\z/, "in SimpleJWT's order";
my $second = json($answer);
is decode($second->{refresh})->{sid}, $access->{sid}, 'of the same session';
is decode($second->{access})->{auth_time}, $access->{auth_time}, 'and the same login';
is page($second->{access}), 200, 'the new access token is good';
is page($pair->{access}), 200, 'the old one is until it expires';
is json(refresh($pair->{refresh}))->{refresh}, $second->{refresh},
    'the spent token is given the same successor within the grace';
sqlite("UPDATE auth_jwt_session SET refreshed_at = refreshed_at - 60 WHERE sid = '$access->{sid}'");
my $mark = log_mark();
refused(refresh($pair->{refresh}), 401, \%ended, 'after the grace');
like error_log_since($mark, qr/JWT0105/), qr/\[auth_jwt:warn\].*JWT0105: refused \(session_ended\): the refresh token $refresh->{jti} .* session $access->{sid} was ended/,
    'the log names token and session at level warn';
is page($second->{access}), 401, 'its session is over';
refused(get_with('/sessions/', $second->{access}, %on), 401, \%ended_at_page, 'for the access token');
refused(refresh($second->{refresh}), 401, \%ended, 'and for the successor');

# ---- verify ----------------------------------------------------------------------------------

sub verify { return post_json('/auth/token/verify', { token => $_[0] }, %on) }

my $good = login('alice', %on);
for my $type (qw(access refresh)) {
    my $said = verify($good->{$type});
    is $said->code, 200, "verify: a good $type token";
    is $said->content, '{}', 'says nothing more';
}
refused(verify($second->{access}), 400, { non_field_errors => ['Token is blacklisted'] },
    'verify: a token of an ended session');
my $used = login('alice', %on);
my $follows = json(refresh($used->{refresh}));
is verify($used->{refresh})->code, 200, 'verify: a spent refresh token within the grace';
sqlite("UPDATE auth_jwt_session SET refreshed_at = refreshed_at - 60 WHERE sid = '"
    . decode($used->{access})->{sid} . "'");
refused(verify($used->{refresh}), 400, { non_field_errors => ['Token is blacklisted'] },
    'verify: a spent refresh token');
refused(post_json('/auth/logout', { refresh => $used->{refresh}, everywhere => 1 }, %on), 401, \%ended,
    'nor does it end other sessions');
is verify($follows->{refresh})->code, 200, 'verify: its successor';
is page($follows->{access}), 200, 'which goes on';
refused(verify('x.y.z'), 401, { detail => 'Token is invalid', code => 'token_not_valid' },
    'verify: no token');
refused(verify(token({ exp => time - 1, sid => $access->{sid} })), 401,
    { detail => 'Token is expired', code => 'token_not_valid' }, 'verify: an expired one');
refused(post_json('/auth/token/verify', {}, %on), 400, { token => ['This field is required.'] },
    'verify: without a token');

# ---- blacklist and logout --------------------------------------------------------------------

sub logout { my ($data, %option) = @_; return post_json('/auth/logout', $data, %on, %option) }
sub blacklist { return post_json('/auth/token/blacklist', { refresh => $_[0] }, %on) }

is blacklist($good->{access})->code, 401, 'blacklist: an access token';
is page($good->{access}), 200, 'which ends nothing';
is blacklist($good->{refresh})->code, 200, 'blacklist: a refresh token';
is page($good->{access}), 401, 'ends its session at once';
refused(blacklist($good->{refresh}), 401, \%ended, 'blacklist: a second time');

for my $case ([ 'its refresh token', sub { logout({ refresh => $_[0]{refresh} }) } ],
    [ 'its access token', sub { logout({}, token => $_[0]{access}) } ],
    [ 'its access token and no body', sub { request('POST', '/auth/logout', %on, token => $_[0]{access}) } ]) {
    my ($name, $do) = @$case;
    my ($mine, $other) = map { login('alice', %on) } 1, 2;
    for my $time ('once', 'twice') {
        my $said = $do->($mine);
        is $said->code, 200, "logout by $name, $time";
        is $said->content, '{}', 'with nothing to say';
    }
    is page($mine->{access}), 401, 'the access token is refused on the next request';
    is refresh($mine->{refresh})->code, 401, 'the refresh token is, too';
    is page($other->{access}), 200, 'another session goes on';
}
my $spent = login('alice', %on);
my $next = json(refresh($spent->{refresh}));
is logout({ refresh => $spent->{refresh} })->code, 200, 'logout by a spent token';
is page($next->{access}), 401, 'ends the session';
my $old = login('alice', %on);
my $sid = decode($old->{access})->{sid};
is logout({}, token => token({ sid => $sid, exp => time - 100, iat => time - 500 }))->code, 200,
    'logout by an expired access token';
is page($old->{access}), 401, 'ends the session';

refused(logout({}), 401, { detail => 'Authentication credentials were not provided.' },
    'logout without a token');
refused(logout({ refresh => 'nonsense' }), 401,
    { detail => 'Token is invalid', code => 'token_not_valid' }, 'logout by nonsense');
is logout({ refresh => token({ sid => $sid }, key => 'x' x 32) })->code, 401,
    'logout by a forged token';
is logout({ refresh => undef })->code, 400, 'logout by null';
my $mine = login('alice', %on);
is logout({}, token => token({ sid => decode($mine->{access})->{sid}, user_id => '4' }))->code, 200,
    "logout of another user's session is answered";
is page($mine->{access}), 200, 'and ends nothing';

# ---- everywhere ------------------------------------------------------------------------------

my @alice = map { login('alice', %on) } 1 .. 3;
my $dave = login('dave', %on);
refused(logout({ everywhere => JSON::PP::true(), refresh => $spent->{refresh} }), 401, \%ended,
    'logout everywhere by an ended session');
is page($alice[0]{access}), 200, 'ends nothing';
is logout({ everywhere => JSON::PP::true() }, token => $alice[0]{access})->code, 200,
    'logout everywhere';
is page($_->{access}), 401, 'a session of the user is refused' for @alice;
is page($dave->{access}), 200, "another user's is not";

# ---- one's sessions --------------------------------------------------------------------------

sub sessions
{
    my ($method, $path, $token, %where) = @_;
    return request($method, "/auth/sessions$path", %on, %where, defined $token ? (token => $token) : ());
}

@alice = map { login('alice', %on, headers => [ 'User-Agent' => "browser $_ \xe4\"" ]) } 1 .. 3;
my @sids = map { decode($_->{access})->{sid} } @alice;
my $list = sessions('GET', '', $alice[1]{access});
is $list->code, 200, 'the list of sessions';
is $list->header('Cache-Control'), 'no-store', 'is for nobody else';
my $listed = json($list)->{sessions};
is_deeply [ sort map { $_->{id} } @$listed ], [ sort @sids ], "has all of the user's";
is_deeply [ map { $_->{id} } grep { $_->{current} } @$listed ], [ $sids[1] ], 'and tells which is this';
my ($first) = grep { $_->{id} eq $sids[0] } @$listed;
is_deeply [ sort keys %$first ], [qw(address created current expires id last_used user_agent)],
    'with these members';
is $first->{user_agent}, 'browser 1 ?"', 'the user agent in plain characters';
is $first->{address}, '127.0.0.1', 'the address';
is $first->{last_used}, $first->{created}, 'not refreshed yet';
is sessions('GET', '/', $alice[1]{access})->code, 200, 'a trailing slash does not matter';
is sessions('GET', '')->code, 401, 'no token: no list';
is sessions('GET', '', $alice[1]{refresh})->code, 401, 'nor by a refresh token';
is sessions('POST', '', $alice[1]{access})->code, 405, 'POST is no method for it';
is sessions('POST', '', $alice[1]{access})->header('Allow'), 'GET, HEAD, DELETE, OPTIONS', 'says Allow';

my $daves = decode($dave->{access})->{sid};
refused(sessions('DELETE', "/$daves", $alice[1]{access}), 404, { detail => 'Not found.' },
    "another user's session");
is page($dave->{access}), 200, 'goes on';
is sessions('DELETE', '/' . '0' x 32, $alice[1]{access})->code, 404, 'a session that never was';
is sessions('DELETE', '', $alice[1]{access})->code, 400, 'no session named';
is sessions('DELETE', "/x' OR 1=1 --", $alice[1]{access})->code, 400, 'nonsense';
is sessions('DELETE', "/$sids[0]", $alice[1]{access})->code, 200, "one of the user's own";
is page($alice[0]{access}), 401, 'is refused at once';
is sessions('DELETE', "/$sids[0]", $alice[1]{access})->code, 404, 'and no longer there';
is sessions('DELETE', '?all', $alice[1]{access})->code, 200, 'all others';
is page($alice[2]{access}), 401, 'are refused at once';
is page($alice[1]{access}), 200, 'but not this one';
is request('DELETE', "/sessions/by-hand/$sids[1]", %on, token => $alice[1]{access})->code, 200,
    'by SetHandler, and the session itself';
is page($alice[1]{access}), 401, 'is over as well';

# ---- users and passwords ---------------------------------------------------------------------

# A user of our own: the others are logged in by tests that run beside this one.
my $hash = sqlite("SELECT password FROM auth_jwt_user WHERE username = 'dave'");
secret($hash);
sqlite("INSERT INTO auth_jwt_user VALUES(8401, 'sessions-user', '$hash', 1)");
my $d = json(post_json('/auth/token', { username => 'sessions-user', password => user('dave')->{password} }, %on));
sqlite('UPDATE auth_jwt_user SET is_active = 0 WHERE id = 8401');
is page($d->{access}), 401, 'a deactivated user is refused on the next request';
sqlite("UPDATE auth_jwt_user SET is_active = 1, password = '\$5\$x' WHERE id = 8401");
refused(get_with('/sessions/', $d->{access}, %on), 401,
    { detail => "The user's password has been changed.", code => 'password_changed' },
    'another password');
refused(refresh($d->{refresh}), 401, { detail => "The user's password has been changed." },
    'for the refresh token, too');

# ---- the age of a login ----------------------------------------------------------------------

my $young = login('carol', %on);
is get_with('/sessions/young/', $young->{access}, %on)->code, 404, 'a young login is let in';
sqlite("UPDATE auth_jwt_session SET auth_time = auth_time - 60 WHERE sid = '"
    . decode($young->{access})->{sid} . "'");
$young = json(refresh($young->{refresh}));
my $older = get_with('/sessions/young/', $young->{access}, %on);
is $older->code, 401, 'a refresh does not make a login younger';
is $older->header('WWW-Authenticate'),
    'Bearer realm="api", error="insufficient_user_authentication", max_age="3"',
    'the challenge tells how young it must be';
is page($young->{access}), 200, 'elsewhere it is good';

# ---- migration -------------------------------------------------------------------------------

is page(token(), %migrate), 200, 'migrate: a token without sid';
my $foreign = token({ token_type => 'refresh', role => 'editor' });
is refresh($foreign)->code, 401, 'On refuses it';
my $adopted = json(refresh($foreign, %migrate));
is decode($adopted->{access})->{role}, 'editor', 'migrate: its claims are kept';
ok decode($adopted->{access})->{sid}, 'and it has a session now';
is page($adopted->{access}), 200, 'which is good where only sessions are';
is refresh($foreign, %migrate)->code, 401, 'without a grace it is spent';
is page($adopted->{access}), 401, 'and ends the session';
my $gone = token({ token_type => 'refresh' });
is post_json('/auth/logout', { refresh => $gone }, %migrate)->code, 200, 'logout without a session';
is refresh($gone, %migrate)->code, 401, 'holds for the token';
my @carol = map { login('carol', %migrate) } 1, 2;
is page($carol[0]{access}), 401, 'AuthJWTMaxSessions 1: the session before';
is page($carol[1]{access}), 200, 'ends for the new one';

my @at_once = JWTTest::Burst->new(port(2), 8)->post('/auth/token',
    { username => 'alice', password => user('alice')->{password} });
my @begun = map { json($_) } grep { $_->code == 200 } @at_once;
cmp_ok scalar(@begun), '>', 1, 'several logins at the same instant';
is scalar(grep { page($_->{access}, %migrate) == 200 } @begun), 1, 'leave no more sessions than one after the other';

# ---- none ------------------------------------------------------------------------------------

my $stateless = login('alice');
ok !decode($stateless->{access})->{sid}, 'Off: no session';
for my $case ([ 'logout', sub { post_json('/auth/logout', { refresh => $stateless->{refresh} }) } ],
    [ 'blacklist', sub { post_json('/auth/token/blacklist', { refresh => $stateless->{refresh} }) } ],
    [ 'sessions', sub { get_with('/auth/sessions', $stateless->{access}) } ],
    [ 'everywhere', sub { post_json('/auth/logout', { everywhere => 1 }, token => $stateless->{access}) } ]) {
    refused($case->[1]->(), 400, { detail => 'Not available: no sessions are kept here.' },
        "Off: $case->[0]");
}

# ---- sliding tokens --------------------------------------------------------------------------

my %sliding = (port => port(3));

sub slide { return post_json('/auth/sliding/refresh', { token => $_[0] }, %sliding) }
sub status_at { my ($path, $token) = @_; return get_with("/sessions/$path", $token, %sliding)->code }

my $login = post_json('/auth/sliding',
    { username => 'alice', password => user('alice')->{password} }, %sliding);
is $login->code, 200, 'a login to a sliding token';
is_deeply [ keys %{ json($login) } ], ['token'], 'which is all there is';
my $slid = json($login)->{token};
my $was = decode($slid);
like +(split /\./, $slid)[1], qr/^ey/, 'a token';
is_deeply [ sort keys %$was ],
    [qw(auth_time exp iat jti refresh_exp sid token_type user_id)], "with SimpleJWT's claims";
is $was->{exp} - $was->{iat}, 120, 'for two minutes';
is $was->{refresh_exp} - $was->{iat}, 3600, 'and for an hour';
is status_at('both/', $slid), 404, 'it opens pages where both types do';
is status_at('sliding/', $slid), 404, 'and where only this does';
is status_at('', $slid), 401, 'but not where access tokens alone do';
is status_at('sliding/', $pair->{access}), 401, 'where an access token does not';
is_deeply [ map { $_->{token_class} } @{ json(get_with('/sessions/both/', 'x', %sliding))->{messages} } ],
    [qw(AccessToken SlidingToken)], 'a refusal speaks of each type that is accepted';
is post_json('/auth/token/verify', { token => $slid }, %sliding)->code, 200, 'verify takes it';
is request('GET', '/auth/sessions', %sliding, token => $slid)->code, 200, 'so does the list of sessions';
my $slid_on = json(slide($slid))->{token};
my $now = decode($slid_on);
is $now->{jti}, $was->{jti}, 'refreshed it keeps its jti';
is $now->{refresh_exp}, $was->{refresh_exp}, 'and its end';
is $now->{sid}, $was->{sid}, 'and its session';
is slide($slid)->code, 200, 'the one before is good as long as it says';
is slide(json(post_json('/auth/token', { username => 'alice', password => user('alice')->{password} },
    %sliding))->{refresh})->code, 401, 'a refresh token does not slide';
my %claims = (token_type => 'sliding', sid => $was->{sid}, refresh_exp => time + 30);
is decode(json(slide(token({ %claims, exp => time + 20 })))->{token})->{exp}, $claims{refresh_exp},
    'no exp is later than refresh_exp';
for my $case ([ 'past its exp', { exp => time - 1 }, 'Token is expired' ],
    [ 'past its refresh_exp', { refresh_exp => time - 1 }, "Token 'refresh_exp' claim has expired" ],
    [ 'without refresh_exp', { refresh_exp => undef }, "Token has no 'refresh_exp' claim" ],
    [ 'with a text for refresh_exp', { refresh_exp => 'x' }, "Token has no 'refresh_exp' claim" ],
    [ 'of another user', { user_id => '4' }, 'Token is blacklisted' ],
    [ 'without sid', { sid => undef }, 'Token is blacklisted' ]) {
    my ($name, $differs, $detail) = @$case;
    my $odd = token({ %claims, %$differs });
    refused(slide($odd), 401, { detail => $detail, code => 'token_not_valid' }, "a sliding token $name");
    is status_at('both/', $odd), 401, '... opens nothing either';
}
is status_at('sliding/', token({ %claims, iat => time - 90 })), 401, 'AuthJWTMaxTokenAge holds for it';
is slide(token({ %claims, iat => time - 90 }))->code, 200, 'but not where it is refreshed';
is post_json('/auth/logout', { everywhere => 'yes' }, %sliding, token => $slid)->code, 200,
    'logout by a sliding token';
is status_at('both/', $slid_on), 401, 'ends it at once';
is slide($slid_on)->code, 401, 'for good';
is post_json('/auth/sliding', {}, %on)->code, 404, 'the endpoints are not there unless they are named';

# ---- every child -----------------------------------------------------------------------------

my $last = login('alice', %on);
my @kept = map { JWTTest::Connection->new(port(1)) } 1 .. 8;
sub codes
{
    return [ map { $_->ask(GET => '/sessions/', headers => [ Authorization => "Bearer $last->{access}" ])->code }
            @kept ];
}
is_deeply codes(), [ (200) x @kept ], 'eight connections are let in';
is logout({ refresh => $last->{refresh} })->code, 200, 'one logs out';
is_deeply codes(), [ (401) x @kept ], 'and none is let in any more';

# ---- without the table -----------------------------------------------------------------------

mkdir scratch('db');
my $database = scratch('db/users.db');
sqlite('CREATE TABLE auth_jwt_user (id INTEGER, username TEXT, password TEXT, is_active INTEGER)', $database);
chown((getpwnam var('user'))[2, 3], scratch('db'), $database) if !$>;
my $server = httpd_start(<<"CONF");
DBDriver         sqlite3
DBDParams        "$database"
AuthJWTKey       main HS256 \${T_DIR}/keys/site.key
AuthJWTSessions  On
AuthJWTEndpoints /auth
CONF
ok wait_until(5, sub { $server->log =~ /JWT0012/ }), 'no table of sessions: told at start';
like $server->log,
    qr/JWT0012: the table of sessions does not answer: auth_jwt_session: .*no such table.* \(where the table is missing run: htjwt init; where a column is, drop the table before; to do without it write AuthJWTSessions Off\)$/m,
    '... with the cure';
$server->stop;

done_testing;
