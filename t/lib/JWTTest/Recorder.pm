package JWTTest::Recorder;

# A backend that writes down every byte it gets, before it answers.
#
#   my $backend = JWTTest::Recorder->start(port(9), scratch('backend'));
#   $backend->text                what came so far
#   my $mark = $backend->mark;
#   $backend->text_since($mark)
#
# Its answer is "BACKEND\n" in plain text; the header fields that the request's X-Answer names
# ("Name: value", several separated by "|") come with it.

use strict;
use warnings;
use IO::Socket::INET ();
use JWTTest::Process qw(slurp spew spawn wait_until);
use POSIX ();

my @started;

END {
    local $?;
    $_->stop for grep { $_->{owner} == $$ } @started;
}

sub start
{
    my ($class, $port, $file) = @_;
    spew($file, '');
    my $self = bless { file => $file, owner => $$ }, $class;
    $self->{process} = spawn([ $^X, '-MJWTTest::Recorder', '-e', 'JWTTest::Recorder::serve(@ARGV)', $port, $file ],
        output => "$file.out");
    push @started, $self;
    wait_until(20, sub { IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port) })
        or die "the recorder does not listen on port $port: " . slurp("$file.out");
    return $self;
}

sub stop
{
    my ($self) = @_;
    my $group = delete $self->{process} or return;
    kill TERM => -$group;
    wait_until(5, sub { waitpid($group, POSIX::WNOHANG()) }) or kill KILL => -$group;
}

sub text { return slurp($_[0]{file}) }
sub mark { return -s $_[0]{file} }
sub text_since { return substr $_[0]->text, $_[1] }

# ---- in its own process -------------------------------------------------------------------

sub serve
{
    my ($port, $file) = @_;
    my $listener = IO::Socket::INET->new(
        Listen => 20, LocalAddr => '127.0.0.1', LocalPort => $port, ReuseAddr => 1)
        or die "127.0.0.1:$port: $!\n";
    $SIG{PIPE} = 'IGNORE';
    while (1) {
        my $client = $listener->accept or next;
        answer($client, read_request($client, $file));
        close $client;
    }
}

sub read_request
{
    my ($client, $file) = @_;
    open my $out, '>>:raw', $file or die "$file: $!\n";
    my $bytes = '';
    local $SIG{ALRM} = sub { shutdown $client, 2 };
    alarm 10;
    until (is_complete($bytes)) {
        my $count = sysread $client, $bytes, 65536, length $bytes or last;
        syswrite $out, substr $bytes, -$count;
    }
    alarm 0;
    return $bytes;
}

sub is_complete
{
    my ($bytes) = @_;
    my ($head, $body) = $bytes =~ /\A(.*?\r\n)\r\n(.*)\z/s or return;
    return $body =~ /(?:\A|\r\n)0\r\n\r\n\z/ if $head =~ /^Transfer-Encoding:\s*chunked/mi;
    my ($length) = $head =~ /^Content-Length:\s*(\d+)/mi;
    return length $body >= ($length || 0);
}

sub answer
{
    my ($client, $bytes) = @_;
    my ($fields) = $bytes =~ /^X-Answer: *([^\r\n]*)/mi;
    my $extra = join '', map { "$_\r\n" } split /\s*\|\s*/, $fields // '';
    my $body = $bytes =~ /\AHEAD/ ? '' : "BACKEND\n";
    syswrite $client, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n${extra}Content-Length: 8\r\n"
        . "Connection: close\r\n\r\n$body";
}

1;
