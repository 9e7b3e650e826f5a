package JWTTest::Burst;

# Many clients that ask the same at the same instant, in one process: each has a connection, which is
# kept, and all requests but for their last byte are sent before the first of them is completed.
#
#   my $burst = JWTTest::Burst->new($port, 64);
#   my @answers = $burst->post('/path', {...});     HTTP::Response, one of each client

use strict;
use warnings;
use HTTP::Response ();
use IO::Socket::INET ();
use JSON::PP ();
use JWTTest::Connection ();
use Socket qw(IPPROTO_TCP TCP_NODELAY);

sub new
{
    my ($class, $port, $clients) = @_;
    my @sockets = map {
        my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port)
            or die "127.0.0.1:$port: $!\n";
        $socket->setsockopt(IPPROTO_TCP, TCP_NODELAY, 1);
        $socket;
    } 1 .. $clients;
    return bless { sockets => \@sockets }, $class;
}

sub post
{
    my ($self, $path, $data) = @_;
    my $body = JSON::PP::encode_json($data);
    my $request = "POST $path HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        . 'Content-Length: ' . length($body) . "\r\n\r\n$body";
    my $last = chop $request;
    syswrite $_, $request for @{ $self->{sockets} };
    syswrite $_, $last for @{ $self->{sockets} };
    return map { answer($_) } @{ $self->{sockets} };
}

sub answer
{
    my ($socket) = @_;
    my $raw = '';
    local $SIG{ALRM} = sub { die "no answer in time\n" };
    alarm 30;
    until (JWTTest::Connection::is_complete($raw, 'POST')) {
        sysread $socket, $raw, 65536, length $raw or die "a connection was closed: '$raw'\n";
    }
    alarm 0;
    return HTTP::Response->parse($raw);
}

1;
