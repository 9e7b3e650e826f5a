# The demo (conf/demo/run): it says so when an answer is not what its text promises, and whatever
# becomes of it, it leaves no process behind.
#
# Runs beside others: it has servers of its own.
use strict;
use warnings;
use IO::Socket::INET ();
use IO::Socket::UNIX ();
use JWTTest;
use JWTTest::Process qw(command_line spawn stop_process);
use JWTTest::Server ();
use POSIX ();
use Test::More;

only_under('event');    # its server has an MPM of its own
plan skip_all => 'the demo runs httpd under no wrapper' if $ENV{AUTH_JWT_WRAP};
skip_without(qw(curl));

my $conf = var('src_dir') . '/conf';
my @started;

# What a demo started is gone when it is; this is for a test that ends before.
END {
    local $?;
    stop_process($_->{pid}, 'conf/demo/run') for grep { !defined $_->{status} } @started;
    JWTTest::Server::give_back_ports($_->{port}) for @started;
}

# ---- demos -------------------------------------------------------------------------------

# A demo has four ports, as many as a private server. start(NUMBER, %option): conf => another copy
# of conf/, env => {...}, taken => COUNT to listen on that one of them before
sub start
{
    my ($number, %option) = @_;
    my $port = JWTTest::Server::free_ports();
    my $other = defined $option{taken} && IO::Socket::INET->new(Listen => 1, ReuseAddr => 1,
        LocalAddr => '127.0.0.1', LocalPort => $port + $option{taken});
    die "port: $!\n" if defined $option{taken} && !$other;
    my $demo = { port => $port, other => $other, dir => scratch('out') . "/$port", output => scratch("$number.out") };
    $demo->{pid} = spawn([ 'sh', ($option{conf} || $conf) . '/demo/run' ],
        life => 90, output => $demo->{output}, env => {
            AUTH_JWT_SO => var('module_so'), DEMO_DIR => scratch('out'), PORT => $port,
            DEMO_ONCE => 1, DEMO_SECONDS => 60, TMPDIR => scratch('.'), %{ $option{env} || {} } });
    push @started, $demo;
    return $demo;
}

sub said { return slurp($_[0]{output}) }

sub ended
{
    my ($demo) = @_;
    $demo->{status} //= waitpid($demo->{pid}, POSIX::WNOHANG()) == $demo->{pid} ? $? : undef;
    return defined $demo->{status};
}

sub status
{
    my ($demo) = @_;
    return 'none' unless wait_until(60, sub { ended($demo) });
    return $demo->{status} & 127 ? "signal $demo->{status}" : $demo->{status} >> 8;
}

# Its group has the shell and httpd; php-fpm and the keeper leave it, but not their command lines.
sub has_processes
{
    my ($demo) = @_;
    return 1 if kill 0 => -$demo->{pid};
    return 1 if IO::Socket::UNIX->new(Peer => "$demo->{dir}/run/php.sock");
    return scalar grep { command_line($_) =~ m{\Q$demo->{dir}\E(?:/|\s|$)} }
        map { m{/proc/(\d+)} } glob '/proc/[0-9]*';
}

sub leaves_nothing
{
    my ($demo, $name) = @_;
    ok wait_until(10, sub { !has_processes($demo) }), "$name: no process is left";
    ok !(grep { IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $demo->{port} + $_) } 0 .. 3),
        "$name: nobody listens";
}

# A copy of conf/ whose httpd.conf.in was changed.
sub changed_conf
{
    my ($name, $from, $to) = @_;
    my $copy = scratch($name) . '/conf';
    mkdir scratch($name) or die "$name: $!\n";
    system('cp', '-R', $conf, $copy) == 0 or die "cannot copy $conf\n";
    system('chmod', '-R', 'u+w', $copy);
    (my $text = slurp("$copy/demo/httpd.conf.in")) =~ s/$from/$to/ or die "$name: no $from\n";
    spew("$copy/demo/httpd.conf.in", $text);
    return $copy;
}

# ---- all at once, since most of the time passes in waiting ---------------------------------

my $good    = start(1);
my $bad     = start(2, conf => changed_conf('no-age', qr/AuthJWTMaxTokenAge 2s/, 'AuthJWTMaxTokenAge none'));
my $taken   = start(3, taken => 0);
my $taken_3 = start(9, taken => 3);
my $no_key  = start(4, conf => changed_conf('no-key', qr/site\.key/, 'missing.key'));
my $no_port = start(8, env => { PORT => '80x' });

# Not before: a busy machine makes a token old.
wait_until(30, sub { said($good) =~ /seconds go by/ || ended($good) });
my ($term, $hup, $kill) = map { start($_) } 5, 6, 7;
for my $demo ($term, $hup, $kill) {
    wait_until(30, sub { said($demo) =~ /^2\. /m }) or diag said($demo);
}
kill TERM => $term->{pid};
kill HUP  => $hup->{pid};
kill KILL => -$kill->{pid};

# ---- as it should be, and beside it one that is not ----------------------------------------

is status($good), 0, 'the demo ends well' or diag said($good);
like said($good), qr/^All 2[56] answers were as expected\.$/m, 'and says so';
like said($good), qr/^1\. .*\n\ncurl -i .*\n\n    HTTP\/1\.1 401 /m, 'a request stands before its answer';
leaves_nothing($good, 'the end');

SKIP: {
    skip 'the scratch directory has too long a name', 3 unless -d $good->{dir};
    is sprintf('%04o', (stat "$good->{dir}/site.key")[2] & 07777), '0600', 'the key is private';
    is((stat _)[4], $>, 'and belongs to who reads it');
    my $logs = join '', map { slurp($_) } glob "$good->{dir}/logs/*";
    my @secrets = ('correct horse', 'long walk', 'eyJ', slurp("$good->{dir}/site.key") =~ /(\S+)/);
    ok !(grep { $logs =~ /\Q$_\E/ } @secrets) && $logs =~ /too_old/, 'no secret is in the logs';
}

is status($bad), 1, 'a setting that is missing: the demo fails' or diag said($bad);
like said($bad), qr/HTTP\/1\.1 200 OK(?:(?!HTTP).)*NOT AS EXPECTED: status 401 and .*Token is too old/s,
    'it tells what was expected, and the answer that came';
like said($bad), qr/^1 of 2[56] answers were not as expected/m, 'and that all others were right';
unlike said($bad), qr/^All/m, 'and nothing else';
leaves_nothing($bad, 'failure');

# ---- what keeps it from starting -----------------------------------------------------------

# A server that says nothing is somebody, too.
for ([ $taken, 0 ], [ $taken_3, 3 ]) {
    my ($demo, $number) = @$_;
    my $port = $demo->{port} + $number;
    is status($demo), 1, "port $number is taken: the demo fails";
    like said($demo), qr/^demo: port $port of 127\.0\.0\.1 is taken; .*PORT=/, 'and names it';
    ok !-e $demo->{dir}, 'before it makes anything';
}

is status($no_key), 1, 'no key: the demo fails';
like said($no_key), qr/AuthJWTKey.*missing\.key.*^demo: httpd did not start/ms, 'and shows why';
leaves_nothing($no_key, 'no key');

is status($no_port), 1, 'no port: the demo fails';
like said($no_port), qr/^demo: PORT='80x' is no port; /, 'and says what is wanted';

# ---- what stops it -------------------------------------------------------------------------

is status($term), 143, 'TERM in the middle ends it';
is status($hup), 129, 'HUP in the middle ends it';
is status($kill), 'signal 9', 'KILL does, too';
leaves_nothing($term, 'TERM');
leaves_nothing($hup, 'HUP');
leaves_nothing($kill, 'KILL to all of its group');

done_testing;
