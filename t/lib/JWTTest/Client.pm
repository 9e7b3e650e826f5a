package JWTTest::Client;

# One of many clients that ask as fast as they can, each in a process of its own. It keeps its
# connection, and opens another one only when the server has closed it in due form: between two
# answers.
#
#   my $client = JWTTest::Client->new(port => 80, id => 'its name in complaints');
#   my $answer = $client->get('/x', $token);    $client->post('/y', {...});
#   $client->expect('what', $answer, 200, sub { $_[0]{head} =~ ... && $_[0]{body} eq ... });
#
# {done} requests, {wrong} the first answers that were not as expected, {reconnects} closings between
# two answers, {refused} connections that were closed without a single answer.
#
#   JWTTest::Client::crowd(NUMBER, sub { my ($number) = @_; ...; return $client }, $meanwhile)
#
# runs NUMBER of them and gives {done, reconnects, refused, wrong} of all together, and the seconds
# it took; $meanwhile is run beside them.

use strict;
use warnings;
use IO::Socket::INET ();
use JSON::PP ();
use POSIX ();
use Time::HiRes qw(time);

sub new
{
    my ($class, %self) = @_;
    return bless { wrong => [], reconnects => 0, refused => 0, done => 0, %self }, $class;
}

sub connection
{
    my ($self) = @_;
    return $self->{socket} ||= IO::Socket::INET->new(PeerAddr => '127.0.0.1',
        PeerPort => $self->{port}, Timeout => 30) || die "connect: $!\n";
}

sub ask
{
    my ($self, $request) = @_;
    for my $try (1 .. 5) {
        my $socket = $self->connection;
        local $SIG{PIPE} = 'IGNORE';
        $socket->syswrite($request);
        my $answer = $self->answer($socket);
        return $answer if $answer;
        delete $self->{socket};
        delete $self->{used} ? $self->{reconnects}++ : $self->{refused}++;
    }
    return { code => 0, head => '', body => 'no answer' };
}

# Nothing when not a byte came.
sub answer
{
    my ($self, $socket) = @_;
    my $text = '';
    while ($text !~ /\r\n\r\n/) {
        sysread($socket, $text, 65536, length $text) or last;
    }
    return if $text eq '';
    my ($head, $body) = $text =~ /^(.*?\r\n)\r\n(.*)/s or return { code => 0, head => $text, body => '' };
    my ($length) = $head =~ /^Content-Length: (\d+)/mi;
    while (length $body < $length) {
        sysread($socket, $body, 65536, length $body)
            or return { code => 0, head => $head, body => 'broken off' };
    }
    $self->{used} = 1;
    delete @$self{qw(socket used)} if $head =~ /^Connection: close/mi;
    my ($code) = $head =~ m{^HTTP/1\.1 (\d+)};
    return { code => $code, head => $head, body => $body };
}

sub post
{
    my ($self, $path, $data) = @_;
    my $body = JSON::PP::encode_json($data);
    return $self->ask("POST $path HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        . 'Content-Length: ' . length($body) . "\r\n\r\n$body");
}

sub get
{
    my ($self, $path, $token) = @_;
    my $header = defined $token ? "Authorization: Bearer $token\r\n" : '';
    return $self->ask("GET $path HTTP/1.1\r\nHost: x\r\n$header\r\n");
}

sub expect
{
    my ($self, $what, $answer, $code, $check) = @_;
    $self->{done}++;
    return 1 if $answer->{code} == $code && $check->($answer);
    push @{ $self->{wrong} }, "$what of user $self->{id}: $answer->{head}$answer->{body}"
        if @{ $self->{wrong} } < 5;
    return 0;
}

sub crowd
{
    my ($number, $run, $meanwhile) = @_;
    my $began = time;
    my @readers = map { start($_, $run) } 1 .. $number;
    $meanwhile->() if $meanwhile;
    my %all = (done => 0, reconnects => 0, refused => 0, wrong => []);
    for my $reader (@readers) {
        local $/;
        my $one = JSON::PP::decode_json(readline($reader) || '{"wrong":["a client died"]}');
        $all{$_} += $one->{$_} || 0 for qw(done reconnects refused);
        push @{ $all{wrong} }, @{ $one->{wrong} };
    }
    1 while waitpid(-1, POSIX::WNOHANG()) > 0;
    $all{seconds} = time - $began;
    return \%all;
}

sub start
{
    my ($number, $run) = @_;
    pipe my $reader, my $writer or die "pipe: $!\n";
    defined(my $pid = fork) or die "fork: $!\n";
    return $reader if $pid;
    srand($number);
    my $client = eval { $run->($number) } || { done => 0, wrong => ["$@"] };
    print $writer JSON::PP::encode_json({ map { $_ => $client->{$_} } qw(done reconnects refused wrong) });
    close $writer;
    POSIX::_exit(0);
}

1;
