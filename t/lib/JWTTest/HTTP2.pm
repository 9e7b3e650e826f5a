package JWTTest::HTTP2;

# One request over HTTP/2 without TLS (RFC 9113 section 3.3), whose path has any bytes at all: what other
# clients tidy up or refuse to send goes out as it is.
#
#   my $answer = JWTTest::HTTP2::ask($port, GET => '/a/../b', token => $jwt, headers => [...]);
#   $answer->{code}    0 when the stream or the connection was ended without an answer
#   $answer->{body}    its data     {raw}  every byte that came

use strict;
use warnings;
use IO::Select ();
use IO::Socket::INET ();
use JWTTest::Secrets qw(secret secrets_in);

use constant { DATA => 0, HEADERS => 1, RST_STREAM => 3, SETTINGS => 4, GOAWAY => 7, END_STREAM => 1, END_HEADERS => 4 };

sub frame
{
    my ($type, $flags, $stream, $payload) = @_;
    return substr(pack('N', length $payload), 1) . pack('CCN', $type, $flags, $stream) . $payload;
}

# A string of HPACK (RFC 7541 section 5), not compressed.
sub text
{
    my ($bytes) = @_;
    my $length = length $bytes;
    return chr($length) . $bytes if $length < 127;
    my $prefix = chr 127;
    for ($length -= 127; $length > 127; $length >>= 7) {
        $prefix .= chr($length & 127 | 128);
    }
    return $prefix . chr($length) . $bytes;
}

sub ask
{
    my ($port, $method, $path, %option) = @_;
    my @fields = (':method' => $method, ':scheme' => 'http', ':authority' => "127.0.0.1:$port", ':path' => $path,
        (defined $option{token} ? (authorization => "Bearer $option{token}") : ()), @{ $option{headers} || [] });
    my $block = '';
    while (my ($name, $value) = splice @fields, 0, 2) {
        $block .= "\0" . text($name) . text($value);
    }
    secret(secrets_in($block));
    my $raw = exchange($port, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" . frame(SETTINGS, 0, 0, '')
        . frame(HEADERS, END_STREAM | END_HEADERS, 1, $block));
    my $answer = answer($raw);
    secret(secrets_in($answer->{body}));
    return $answer;
}

sub exchange
{
    my ($port, $bytes) = @_;
    my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port) or die "127.0.0.1:$port: $!\n";
    local $SIG{PIPE} = 'IGNORE';
    $socket->syswrite($bytes);
    my $ready = IO::Select->new($socket);
    my $raw = '';
    while (!answer($raw)->{is_complete} && $ready->can_read(20)) {
        sysread($socket, $raw, 65536, length $raw) or last;
    }
    return $raw;
}

# What the frames that came so far say of the first stream.
sub answer
{
    my ($raw) = @_;
    my %answer = (code => 0, body => '', raw => $raw);
    my $rest = $raw;
    while (length $rest >= 9) {
        my ($length, $type, $flags, $stream) = (unpack('N', "\0" . substr $rest, 0, 3), unpack 'CCN', substr $rest, 3, 6);
        last if length $rest < 9 + $length;
        my $payload = substr $rest, 9, $length;
        substr $rest, 0, 9 + $length, '';
        $answer{is_complete} = 1 if $type == GOAWAY;
        next unless $stream == 1;
        $answer{code} ||= status($payload) if $type == HEADERS;
        $answer{body} .= $payload if $type == DATA;
        $answer{is_complete} = 1 if $type == RST_STREAM || $type <= HEADERS && $flags & END_STREAM;
    }
    return \%answer;
}

# The status stands first: in the static table, or as a literal of three digits, which may be in the
# code of RFC 7541 appendix B.
sub status
{
    my ($block) = @_;
    $block =~ s/\A[\x20-\x3f]//;
    my @static = (200, 204, 206, 304, 400, 404, 500);
    my ($first, $length) = unpack 'CC', $block;
    return $static[ ($first & 0x7f) - 8 ] if $first & 0x80;
    my $digits = substr $block, 2, $length & 0x7f;
    return $digits unless $length & 0x80;
    my $bits = unpack 'B*', $digits;
    my $code = '';
    while (length $code < 3 && $bits =~ s/\A(?:000(00|01|10)|(011(?:001|010|011|100|101|110|111)))//) {
        $code .= defined $1 ? oct "0b$1" : oct("0b$2") - 22;
    }
    return $code;
}

1;
