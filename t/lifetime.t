# How long tokens live where they are issued, and how old they may be where they are accepted.
use strict;
use warnings;
use Test::More;
use JWTTest;

only_under('event');

# Made first, so that their time passes while the rest runs.
my $moment = login('alice', path => '/lifetime/moment');
is get_with('/lifetime/any/', $moment->{access})->code, 200, 'a token of two seconds is good at first';

# ---- where tokens are issued --------------------------------------------------------------

for (
    [ 'the defaults', '/auth/token', 300, 86400 ],
    [ 'a bare number is seconds', '/lifetime/short', 90, 7200 ],
    [ 'another place, other lifetimes', '/lifetime/long', 720, 1209600 ],
    [ 'a section within has the rest of its parent', '/lifetime/long/nested', 1200, 1209600 ],
    [ 'two seconds', '/lifetime/moment', 2, 2 ],
) {
    my ($why, $path, $access, $refresh) = @$_;
    my $pair = login('alice', path => $path);
    my %claims = map { $_ => decode($pair->{$_}) || {} } keys %$pair;
    is $claims{access}{exp} - $claims{access}{iat}, $access, "$why: access";
    is $claims{refresh}{exp} - $claims{refresh}{iat}, $refresh, "$why: refresh";
}

for (
    [ 'the default', '/lifetime/refresh/plain', 300 ],
    [ 'its own', '/lifetime/refresh/long', 600 ],
) {
    my ($why, $path, $lifetime) = @$_;
    my $old = token({ token_type => 'refresh', iat => time - 50_000, exp => time + 5 });
    my $answer = json(post_json($path, { refresh => $old })) || {};
    my $claims = decode($answer->{access} // '.') || {};
    is $claims->{exp} && $claims->{exp} - $claims->{iat}, $lifetime,
        "a refresh, however old its token: $why lifetime";
}

# ---- where tokens are accepted ------------------------------------------------------------

my %iat = (young => time - 20, middle => time - 1800, old => time - 86400, none => undef);
my @places = (
    #                                         young middle old none
    [ 'no limit',                '/lifetime/any/', 1, 1, 1, 1 ],
    [ 'an hour',                '/lifetime/hour/', 1, 1, 0, 0 ],
    [ 'a minute',             '/lifetime/minute/', 1, 0, 0, 0 ],
    [ 'inherited',       '/lifetime/minute/below', 1, 0, 0, 0 ],
    [ 'none resets', '/lifetime/minute/again-any', 1, 1, 1, 1 ],
    [ 'overridden', '/lifetime/minute/again-hour', 1, 1, 0, 0 ],
    # Whoever writes a .htaccess may be stricter than the administrator, not laxer.
    [ '.htaccess',                '/lifetime/ht/', 1, 1, 0, 0 ],
    [ '.htaccess in it',     '/lifetime/ht/deep/', 1, 0, 0, 0 ],
    [ '.htaccess, less',     '/lifetime/ht-hour/', 1, 0, 0, 0 ],
    [ '.htaccess, more',   '/lifetime/ht-minute/', 1, 0, 0, 0 ],
    [ '.htaccess, none',     '/lifetime/ht-none/', 1, 0, 0, 0 ],
);
for (@places) {
    my ($place, $where, @good) = @$_;
    my %good;
    @good{qw(young middle old none)} = @good;
    for my $age (qw(young middle old none)) {
        my $response = get_with("$where?$age", token({ iat => $iat{$age} }));
        if ($good{$age}) {
            is $response->code, 200, "$place: iat $age is good";
        }
        else {
            is $response->code, 401, "$place: iat $age is refused";
            my $body = json($response) || {};
            is $body->{code}, 'token_not_valid', "$place: iat $age: its code";
            like $response->header('WWW-Authenticate'), qr/\ABearer realm="api", error="invalid_token"/,
                "$place: iat $age: its challenge";
        }
    }
}

{
    my $mark = log_mark();
    get_with('/lifetime/minute/?seen', token({ iat => time - 61 }));
    like access_log_since($mark, qr/\?seen/), qr/\?seen.* error=too_old$/m, 'the log says why';
    is get_with('/lifetime/minute/', token({ iat => time - 55 }))->code, 200, 'just young enough';
    is get_with('/lifetime/minute/', token({ iat => time + 5 }))->code, 200, 'a clock that is a little ahead';
    is get_with('/lifetime/minute/', token({ iat => time, exp => time - 1 }))->code, 401,
        'young, but expired';
    is get_with('/lifetime/minute/', login('alice', path => '/lifetime/long')->{access})->code, 200,
        'a new token of long life';
}

# ---- the ways to write a time -------------------------------------------------------------

for ('2000ms', '30', '30s', '30S', '30mi', '30min', '30m', '30h', '30d', '30w') {
    my ($status, $said) = configtest(<<"CONF");
DBDriver sqlite3
DBDParams "\${T_DIR}/db/site.db"
AuthJWTKey - HS256 keys/site.key
AuthJWTRefreshLifetime 90w
AuthJWTAccessLifetime $_
CONF
    is $status, 0, "$_ is a time" or diag $said;
}

{
    my ($status, $said) = configtest(<<'CONF');
DBDriver sqlite3
DBDParams "${T_DIR}/db/site.db"
AuthJWTKey - HS256 keys/site.key
<Location "/lifetime/members">
    AuthType JWT
    Require valid-user
    AuthJWTAccessLifetime 1min
</Location>
CONF
    is $status, 0, 'a lifetime where nothing is issued stops no start';
    like $said, qr/AuthJWTAccessLifetime.*AuthJWTMaxTokenAge/, 'but a warning names both directives';
}

{
    my ($status, $said) = configtest(<<'CONF');
DBDriver sqlite3
DBDParams "${T_DIR}/db/site.db"
AuthJWTKey - HS256 keys/site.key
<Location "/lifetime/login">
    SetHandler jwt-obtain
    AuthJWTRefreshLifetime 2w
</Location>
<Location "/lifetime/login/kiosk">
    AuthJWTAccessLifetime 3d
</Location>
CONF
    is $status, 0, 'a longer lifetime within a section that has a refresh lifetime longer still' or diag $said;
}

# ---- and time passes ----------------------------------------------------------------------

{
    my ($end) = sort { $b <=> $a } map { decode($_)->{exp} } values %$moment;
    wait_until(5, sub { time >= $end });
    is get_with('/lifetime/any/', $moment->{access})->code, 401, 'when its seconds are over it is expired';
    is post_json('/auth/token/refresh', { refresh => $moment->{refresh} })->code, 401,
        'and so is the refresh token';
}

done_testing;
