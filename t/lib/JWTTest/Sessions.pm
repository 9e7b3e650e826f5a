package JWTTest::Sessions;

# Sessions that tests put into a database as rows, and the tokens of them.
#
#   my @sessions = begin_sessions($database, 200);     {sid, jti, refresh, access} of user 1, just begun
#   refresh_token($sid, $jti)
#   successor($answer)         jti of the refresh token in an answer, or undef

use strict;
use warnings;
use Crypt::JWT ();
use Exporter 'import';
use JSON::PP ();
use JWTTest qw(json peek site_key);

our @EXPORT = qw(begin_sessions refresh_token successor);

my $made = 0;

sub begin_sessions
{
    my ($database, $count) = @_;
    my $now = time;
    my @sessions = map { { sid => sprintf('%032x', ++$made), jti => "first-$made" } } 1 .. $count;
    my @rows = map { "('$_->{sid}', 'auth_jwt_user.id', '1', '$_->{jti}', '', '', '127.0.0.1', 'a test', $now, $now, 0, "
            . "86400, $now + 86400, $now + 864000, 0, 0)" } @sessions;
    $database->sql('INSERT INTO auth_jwt_session VALUES ' . join(', ', splice @rows, 0, 500) . ';')
        while @rows;
    for (@sessions) {
        $_->{refresh} = refresh_token(@$_{qw(sid jti)});
        $_->{access} = bulk_token(access => sid => $_->{sid}, jti => "access-$_->{jti}");
    }
    return @sessions;
}

sub refresh_token
{
    my ($sid, $jti) = @_;
    return bulk_token(refresh => sid => $sid, jti => $jti, auth_time => time);
}

# There may be thousands, too many to look for each in the logs; they would show by how they begin.
sub bulk_token
{
    my ($type, %claims) = @_;
    return Crypt::JWT::encode_jwt(alg => 'HS256', key => site_key(), payload => JSON::PP::encode_json(
        { token_type => $type, user_id => '1', iat => time, exp => time + 3600, %claims }),
        extra_headers => { typ => 'JWT' });
}

sub successor
{
    my ($answer) = @_;
    my $body = json($answer) || {};
    my (undef, $claims) = peek($body->{refresh} // '');
    return $claims->{jti};
}

1;
