package JWTTest::Connection;

# One connection that is kept, for tests that ask hundreds of things, or that want to know whether
# one request leaves something behind for the next.
#
#   my $connection = JWTTest::Connection->new(port(1));
#   $connection->ask(GET => '/x', headers => [ Host => 'a.test' ], body => 'x', type => 'text/plain')
#
# gives an HTTP::Response. The server may close; the next request then opens anew, and opened()
# tells how often that was.

use strict;
use warnings;
use HTTP::Response ();
use IO::Socket::INET ();
use JWTTest::Secrets qw(secret secrets_in);

sub new
{
    my ($class, $port) = @_;
    return bless { port => $port, opened => 0 }, $class;
}

sub opened { return $_[0]{opened} }

sub ask
{
    my ($self, $method, $path, %option) = @_;
    my %field = (Host => '127.0.0.1', @{ $option{headers} || [] });
    if (defined $option{body}) {
        $field{'Content-Type'} = $option{type} || 'application/json';
        $field{'Content-Length'} = length $option{body};
    }
    my $request = "$method $path HTTP/1.1\r\n" . join('', map { "$_: $field{$_}\r\n" } sort keys %field)
        . "\r\n" . ($option{body} // '');
    secret(secrets_in($request));
    my $raw = $self->exchange($request, $method) // $self->exchange($request, $method)
        // die "no answer to $method $path from port $self->{port}\n";
    secret(secrets_in($raw));
    return HTTP::Response->parse($raw);
}

# The answer's bytes, or undef when the server had closed before.
sub exchange
{
    my ($self, $request, $method) = @_;
    my $socket = $self->{socket} || $self->open;
    local $SIG{PIPE} = 'IGNORE';
    local $SIG{ALRM} = sub { die "no answer from port $self->{port} in time\n" };
    alarm 20;
    my $raw = '';
    if (syswrite $socket, $request) {
        until (is_complete($raw, $method)) {
            sysread $socket, $raw, 65536, length $raw or last;
        }
    }
    alarm 0;
    delete $self->{socket} if $raw eq '' || $raw =~ /^Connection: close\r$/mi;
    return $raw eq '' ? undef : $raw;
}

sub open
{
    my ($self) = @_;
    $self->{opened}++;
    return $self->{socket} = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $self->{port})
        || die "127.0.0.1:$self->{port}: $!\n";
}

sub is_complete
{
    my ($raw, $method) = @_;
    my ($head, $body) = $raw =~ /\A(.*?\r\n)\r\n(.*)\z/s or return;
    return 1 if $method eq 'HEAD' || $head =~ m{\AHTTP/1\.1 (?:204|304)};
    return $body =~ /(?:\A|\r\n)0\r\n\r\n\z/ if $head =~ /^Transfer-Encoding: chunked/mi;
    my ($length) = $head =~ /^Content-Length: (\d+)/mi;
    return defined $length && length $body >= $length;
}

1;
