# The cookie logins of four articles on tokens in Django, as the README configures them: what a
# client of theirs can go on doing, and what is refused or kept from it since it was unsafe.
#
# The second table is the third article's own login, request by request: what it answered stands
# beside what the module answers.
#
# Runs beside others: it has servers of its own.
use strict;
use warnings;
use Test::More;
use JWTTest;
use JWTTest::Jar;
use JWTTest::Site;

only_under('event');

my %right = (username => 'anne', password => JWTTest::Site::PASSWORD);

# ---- A: one token in a cookie, for two weeks when asked for ---------------------------------------

my $a = site_start(<<'CONF');
AuthJWTClient browser
AuthJWTRememberLifetime 14d
<Location "/members">
    AuthType JWT
    Require valid-user
</Location>
CONF
my ($short) = $a->enter('anne');
my ($long) = $a->enter('anne', more => { remember_me => JSON::PP::true() });
unlike $short->attributes('__Host-jwt'), qr/Max-Age/, 'A: a cookie of the browser session';
like $long->attributes('__Host-jwt'), qr/Max-Age=1209600/, 'A: two weeks with remember_me';
my $claims = decode($long->value('__Host-jwt'));
is $claims->{exp} - $claims->{iat}, 300, 'A: ... the token in it lives five minutes, and is renewed';
is $a->fetch('/members/', $_)->code, 200, 'A: it opens pages' for $short, $long;
my %failed = (unknown => { %right, username => 'nobody' }, wrong => { %right, password => 'x' });
my @told = map { $a->send('/auth/token', undef, json => $_) } @failed{qw(unknown wrong)};
is $told[0]->content, $told[1]->content, 'A: nobody is told which of name and password was wrong';

# ---- B: what a user is, in the token, behind the word Token ----------------------------------------

my $b = site_start(<<'CONF');
AuthJWTHeaderTypes Token
<Location "/members">
    AuthType JWT
    Require valid-user
</Location>
CONF
my $token = json(($b->enter('anne'))[1])->{access};
is $b->fetch('/members/', undef, headers => [ Authorization => "Token $token" ])->code, 200, 'B: Authorization: Token';
is $b->fetch('/members/', undef, headers => [ Authorization => "Bearer $token" ])->code, 401, 'B: ... and no other word';
ok decode($token)->{exp}, 'B: every token ends';

# ---- C: refresh token in a cookie, access token in the page's memory ------------------------------

my $keys = scratch('refresh.key');
spew($keys, 'a secret of its own for refresh tokens', 0600);
secret('a secret of its own for refresh tokens');
my $c = site_start(<<"CONF");
ServerName www.site.test:80
AuthJWTClient spa
AuthJWTHeaderTypes token
AuthJWTKey refresh HS256 "$keys"
AuthJWTRefreshSigningKey refresh
AuthJWTRefreshLifetime 7d
AuthJWTRefreshCookie refreshtoken
AuthJWTCSRFCookie csrftoken
AuthJWTCORSOrigin http://localhost:3000
<Location "/accounts/login">
    SetHandler jwt-obtain
</Location>
<Location "/accounts/refresh_token">
    SetHandler jwt-refresh
</Location>
<Location "/accounts/profile">
    SetHandler jwt-user
</Location>
<Location "/cgi-bin/members">
    AuthType JWT
    Require valid-user
</Location>
CONF
my ($in, $login) = $c->enter('anne', path => '/accounts/login');
my $access = json($login)->{access};
my $refresh = $in->value('refreshtoken');
my $csrf = $in->value('csrftoken');
my $sid = decode($access)->{sid};
my $other = decode($refresh, key => 'a secret of its own for refresh tokens');
is $other->{exp} - $other->{iat}, 604800, 'C: the refresh token is signed with its own secret, for a week';
is $in->attributes('refreshtoken'), 'HttpOnly; Path=/; SameSite=Lax; Secure', 'C: ... in a cookie that scripts and plain http never see';
is $in->attributes('csrftoken'), 'Path=/; SameSite=Lax; Secure', 'C: ... and scripts read the one against CSRF';

sub with { my ($more, %option) = @_; return ($option{jar} || $in, headers => [@$more]) }
my @token = ('X-CSRFToken' => $csrf);
my @bearer = (Authorization => "token $access");
my $login_at = '/accounts/login';
my $refresh_at = '/accounts/refresh_token';
my $profile_at = '/accounts/profile';
my $NO_ACCOUNT = 'No active account found with the given credentials';
my $NOT_PROVIDED = 'Authentication credentials were not provided.';
my $CSRF = 'CSRF Failed: the request does not come from this site.';
sub stolen { return JWTTest::Jar->new->put(refreshtoken => token({ %$other, @_ }, key => 'a secret of its own for refresh tokens', header => { kid => 'refresh' })) }

# [what is asked, what the article answered, our status, our detail or members, the answer]
for (
    ['login', '200, access_token and user', 200, [qw(access csrf_token)], sub { ($c->enter('anne', path => $login_at))[1] }],
    ['wrong password', '403 wrong password', 401, $NO_ACCOUNT, sub { $c->send($login_at, undef, json => { %right, password => 'x' }) }],
    ['unknown user', '403 user not found', 401, $NO_ACCOUNT, sub { $c->send($login_at, undef, json => { %right, username => 'x' }) }],
    ['missing fields', '403', 400, [qw(password username)], sub { $c->send($login_at, undef, json => {}) }],
    ['refresh with cookie and token', '200', 200, [qw(access csrf_token)], sub { $c->send($refresh_at, with(\@token)) }],
    ['refresh without the token', '403', 403, $CSRF, sub { $c->send($refresh_at, with([])) }],
    ['refresh with a wrong token', '403', 403, $CSRF, sub { $c->send($refresh_at, with([ 'X-CSRFToken' => 'A' x 32 ])) }],
    ['refresh without its cookie', '403', 401, $NOT_PROVIDED, sub { $c->send($refresh_at, with(\@token, jar => $in->copy->drop('refreshtoken'))) }],
    ['an expired refresh cookie', '403', 401, 'Token is expired', sub { $c->send($refresh_at, with([ Origin => 'http://www.site.test' ], jar => stolen(exp => time - 1))) }],
    ['the cookie of a user who is gone, of no session', '403', 401, 'Token is blacklisted', sub { $c->send($refresh_at, with([ Origin => 'http://www.site.test' ], jar => stolen(user_id => '99', sid => undef))) }],
    ['a refresh cookie signed with the access key', '500', 401, 'Token is invalid',
        sub { $c->send($refresh_at, with([ Origin => 'http://www.site.test' ], jar => JWTTest::Jar->new->put(refreshtoken => token({ %$other }, header => { kid => 'refresh' })))) }],
    ['profile', '200 user', 200, [qw(csrf_token user)], sub { $c->fetch($profile_at, undef, headers => [@bearer]) }],
    ['a POST by header, without the token', '403', 200, undef, sub { $c->send('/cgi-bin/members/env', undef, headers => [@bearer]) }],
    ['a POST by the cookie alone', '-', 401, $NOT_PROVIDED, sub { $c->send('/cgi-bin/members/env', with(\@token)) }],
    ['no header', '403', 401, $NOT_PROVIDED, sub { $c->fetch($profile_at) }],
    ['a token without the word', '403', 401, $NOT_PROVIDED, sub { $c->fetch($profile_at, undef, headers => [ Authorization => $access ]) }],
    ['any word', '200', 401, $NOT_PROVIDED, sub { $c->fetch($profile_at, undef, headers => [ Authorization => "Anything $access" ]) }],
    ['an expired access token', '403', 401, 'Token is expired', sub { $c->fetch($profile_at, undef, headers => [ Authorization => 'token ' . token({ sid => $sid, exp => time - 1 }) ]) }],
    ['garbage', '500', 401, 'Token is invalid', sub { $c->fetch($profile_at, undef, headers => [ Authorization => 'token garbage' ]) }],
    ['the refresh token as access token', '500', 401, 'Token has wrong type', sub { $c->fetch($profile_at, undef, headers => [ Authorization => "token $refresh" ]) }],
    ['preflight of the front end', '200', 204, undef, sub { $c->ask('OPTIONS', $login_at, undef, headers => [ Origin => 'http://localhost:3000', 'Access-Control-Request-Method' => 'POST' ]) }],
    ['preflight of somebody else', '200, credentials allowed', 200, [], sub { $c->ask('OPTIONS', $login_at, undef, headers => [ Origin => 'http://evil.example', 'Access-Control-Request-Method' => 'POST' ]) }],
    ['login from the front end', '200', 200, [qw(access csrf_token)], sub { ($c->enter('anne', path => $login_at, headers => [ Origin => 'http://localhost:3000' ]))[1] }],
    ['login from somebody else', '200, with cookies', 403, $CSRF, sub { ($c->enter('anne', path => $login_at, headers => [ Origin => 'http://evil.example' ]))[1] }],
    ['refresh from somebody else, token and all', '200', 403, $CSRF, sub { $c->send($refresh_at, with([ @token, Origin => 'http://evil.example' ])) }],
    ['GET of the login', '405', 405, 'Method "GET" not allowed.', sub { $c->fetch($login_at) }],
) {
    my ($what, $theirs, $status, $expect, $ask) = @$_;
    my $answer = $ask->();
    is $answer->code, $status, "C: $what (there: $theirs)";
    my $body = json($answer);
    is_deeply ref $expect ? [ sort keys %{ $body || {} } ] : ref $body ? $body->{detail} : undef, $expect, '... and its answer';
    is scalar(() = $answer->header('Set-Cookie')) > 0, $status == 200 && $what =~ /^(login|refresh)/ ? 1 : '', '... and its cookies';
}
$c->sql('UPDATE auth_jwt_user SET is_active = 0');
is(($c->enter('anne', path => $login_at))[1]->code, 401, 'C: an inactive user does not log in (there: 200)');
is $c->send($refresh_at, with([ Origin => 'http://www.site.test' ]))->code, 401, 'C: ... nor refresh';
is $c->fetch($profile_at, undef, headers => [@bearer])->code, 401, 'C: ... nor is anything shown';

# ---- D: SimpleJWT itself is in t/simplejwt.t; what the article asks and leaves open ----------------

my $d = site_start(<<'CONF');
<Location "/members">
    AuthType JWT
    Require valid-user
</Location>
CONF
my $pair = json($d->send('/auth/token', undef, form => {%right}));
my @page = ('/members/', undef, headers => [ Authorization => "Bearer $pair->{access}" ]);
is $d->fetch(@page)->code, 200, 'D: form login, Bearer';
is json($d->fetch('/members/'))->{detail}, $NOT_PROVIDED, 'D: without';
is $d->send('/auth/logout', undef, json => { refresh => $pair->{refresh} })->code, 200, 'D: invalidating a token';
is $d->fetch(@page)->code, 401, 'D: ... works at once';

done_testing;
