package JWTTest::Pipeline;

# Many connections that are kept, in one process, each with several requests under way at once: as many
# requests in a second as this language can send.
#
#   my $all = JWTTest::Pipeline::run(port => 80, connections => 64, depth => 8, count => 20_000,
#       next => sub { my ($number) = @_; return ($request, $check) });
#
# next() gives the bytes of a request and what is called with its answer's {code}, {head} and {body}, and is
# true when that is right. Answers come in the order of a connection's requests.
# {done} answers, {wrong} the first that were not right, {reconnects}, {seconds}. What a closed connection left
# unanswered is sent again.

use strict;
use warnings;
use IO::Select ();
use IO::Socket::INET ();
use Time::HiRes qw(time);

sub run
{
    my (%option) = @_;
    my $began = time;
    my $self = bless { %option, asked => 0, done => 0, wrong => [], reconnects => 0, of => {} }, __PACKAGE__;
    $self->{select} = IO::Select->new;
    $self->connect([]) for 1 .. $option{connections};
    local $SIG{PIPE} = 'IGNORE';
    while ($self->{done} < $option{count}) {
        my @ready = $self->{select}->can_read(60);
        if (!@ready) {
            $self->complain("no answer for a minute\n");
            last;
        }
        $self->read_from($self->{of}{ fileno $_ }) for @ready;
    }
    return { done => $self->{done}, wrong => $self->{wrong}, reconnects => $self->{reconnects}, seconds => time - $began };
}

# With what another connection left.
sub connect
{
    my ($self, $unanswered) = @_;
    my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $self->{port}, Timeout => 30)
        or die "127.0.0.1:$self->{port}: $!\n";
    $self->{select}->add($socket);
    my $connection = $self->{of}{ fileno $socket } = { socket => $socket, came => '', asked => $unanswered };
    syswrite $socket, join '', map { $_->[0] } @$unanswered;
    $self->ask($connection);
}

# Half of the depth at once, or each answer would be followed by a packet of one request.
sub ask
{
    my ($self, $connection) = @_;
    my $asked = $connection->{asked};
    return if @$asked > $self->{depth} / 2;
    my $bytes = '';
    while (@$asked < $self->{depth} && $self->{asked} < $self->{count}) {
        push @$asked, [ $self->{next}->($self->{asked}++) ];
        $bytes .= $asked->[-1][0];
    }
    syswrite $connection->{socket}, $bytes if length $bytes;
}

sub read_from
{
    my ($self, $connection) = @_;
    my $is_open = sysread $connection->{socket}, $connection->{came}, 65536, length $connection->{came};
    $self->check($connection);
    return $self->ask($connection) if $is_open;
    my ($socket, $asked) = @$connection{qw(socket asked)};
    delete $self->{of}{ fileno $socket };
    $self->{select}->remove($socket);
    close $socket;
    $self->{reconnects}++;
    $self->connect($asked);
}

sub check
{
    my ($self, $connection) = @_;
    my ($came, $at) = (\$connection->{came}, 0);
    while ((my $end = index $$came, "\r\n\r\n", $at) >= 0) {
        my $head = substr $$came, $at, $end + 2 - $at;
        my ($body, $behind) = body($came, $end + 4, $head) or last;
        $at = $behind;
        my $asked = shift @{ $connection->{asked} };
        my %answer = (code => substr($head, 9, 3), head => $head, body => $body);
        $self->{done}++;
        $self->complain("asked: $asked->[0]answered: $head\n$body\n")
            unless $asked && $head =~ m{\AHTTP/1\.1 } && $asked->[1]->(\%answer);
    }
    substr $$came, 0, $at, '';
}

# What stands at an offset, and where it ends; nothing when it has not come as a whole.
sub body
{
    my ($came, $at, $head) = @_;
    if ($head =~ /^Content-Length: (\d+)\r$/mi) {
        return length $$came < $at + $1 ? () : (substr($$came, $at, $1), $at + $1);
    }
    my $body = '';
    while (substr($$came, $at, 20) =~ /\A([0-9a-f]+)\r\n/i) {
        my $length = hex $1;
        $at += 2 + length $1;
        return if length $$came < $at + $length + 2;
        $body .= substr $$came, $at, $length;
        $at += $length + 2;
        return ($body, $at) unless $length;
    }
    return;
}

sub complain
{
    my ($self, $what) = @_;
    push @{ $self->{wrong} }, $what if @{ $self->{wrong} } < 5;
}

1;
