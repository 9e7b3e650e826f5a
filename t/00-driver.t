# The detector of secrets in logs must itself be able to find one: in each spelling that a log
# may hold, and without being told, in what the helpers send and receive.
use strict;
use warnings;
use Test::More;
use JWTTest;
use JWTTest::Secrets qw(leaks secrets_in);

my $header = 'eyJhbGciOiJIUzI1NiJ9';
my $token  = "$header.eyJ1c2VyX2lkIjoiMSJ9.c2lnbmF0dXJlLW9mLXRoZS10b2tlbg";

local $ENV{AUTH_JWT_SECRETS} = scratch('secrets');
secret('pass "word" & more', $token);
secret_in_url('misplaced-token');

my %line = (
    'as it is'            => 'user gave pass "word" & more',
    'as httpd escapes it' => 'user gave pass \"word\" & more',
    'as in a URL'         => 'GET /?p=pass%20%22word%22%20%26%20more',
    'as in a form'        => 'p=pass+%22word%22+%26+more',
    'the whole token'     => "header Bearer $token",
    'its claims'          => 'claims eyJ1c2VyX2lkIjoiMSJ9',
    'its signature'       => 'signature c2lnbmF0dXJlLW9mLXRoZS10b2tlbg',
    'an unknown token'    => 'header eyJraWQiOiIxIiwiYWxnIjoi',
);
for my $name (sort keys %line) {
    my @found = leaks(spew(scratch('error_log'), "start\n$line{$name}\n"));
    is scalar @found, 1, "found in a log: $name";
}
is_deeply [leaks(spew(scratch('error_log'), "user 1, kid -, alg HS256\n"))], [], 'no false alarm';
is_deeply [leaks(spew(scratch('access_log'), "GET /?t=misplaced-token\n"))], [],
    'what the test itself put into a URL is excused in the access log';
is scalar leaks(spew(scratch('error_log'), "GET /?t=misplaced-token\n")), 1, 'there only';

my %message = (
    'a JSON field'      => [ '{"password": "horse \"battery\""}',       'horse "battery"' ],
    'a form field'      => [ "a=b&password=horse+%22battery%22&c=d",    'horse "battery"' ],
    'a multipart field' => [ qq(--x\r\nname="password"\r\n\r\nhorse-battery\r\n--x--), 'horse-battery' ],
    'a header'          => [ "Authorization: Bearer abcdef.0123456789", 'abcdef.0123456789' ],
    'a cookie'          => [ "Set-Cookie: t=$token; HttpOnly",          $token ],
);
for my $name (sort keys %message) {
    my ($bytes, $secret) = @{ $message{$name} };
    ok scalar(grep { $_ eq $secret } secrets_in($bytes)), "noted: $name";
}

done_testing;
