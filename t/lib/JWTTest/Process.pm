package JWTTest::Process;

# Files, ports and processes, for the driver (t/TEST) and for tests that start servers of their
# own. Nothing here is ever killed without a look at whose it is: pids are used again.

use strict;
use warnings;
use Exporter 'import';
use Fcntl ();
use File::Basename qw(dirname);
use File::Path qw(make_path);
use IO::Socket::INET;
use POSIX ();

our @EXPORT_OK = qw(slurp spew command_line wait_until stop_process stop_servers spawn
                    port_is_free reserve_ports first_executable patience on_valgrind);

# The block of ports of one run: the first is the guard, see reserve_ports.
use constant BLOCK => 1000;

# slurp(FILE [, FROM]): all of it, or what is behind so many bytes.
sub slurp
{
    my ($file, $from) = @_;
    open my $handle, '<:raw', $file or return '';
    seek $handle, $from, 0 if $from;
    local $/;
    return scalar(<$handle>) // '';
}

# spew(FILE, TEXT [, MODE]): the file has its mode before it has its text, as keys need.
sub spew
{
    my ($file, $text, $mode) = @_;
    make_path(dirname($file));
    unlink $file;
    sysopen my $handle, $file, Fcntl::O_WRONLY() | Fcntl::O_CREAT() | Fcntl::O_EXCL(), $mode // 0644
        or die "$file: $!\n";
    binmode $handle;
    print $handle $text;
    close $handle or die "$file: $!\n";
    return $file;
}

sub command_line
{
    my ($pid) = @_;
    my $line = slurp("/proc/$pid/cmdline");
    $line =~ tr/\0/ /;
    return $line;
}

sub wait_until
{
    my ($seconds, $done) = @_;
    for (1 .. $seconds * 20) {
        my $answer = $done->();
        return $answer if $answer;
        select undef, undef, undef, 0.05;
    }
    return $done->();
}

# A zombie has no command line any more, which is dead enough. A mark that is empty would be in
# every command line.
sub stop_process
{
    my ($pid, $mark, $seconds) = @_;
    die "stop_process: no mark tells whose process $pid is\n" unless defined $mark && length $mark;
    my $is_ours = sub { command_line($pid) =~ /\Q$mark\E/ };
    return unless $is_ours->();
    kill TERM => $pid;
    return if wait_until($seconds || 10, sub { !$is_ours->() });
    kill KILL => getpgrp($pid) == $pid ? -$pid : $pid;
}

# Every server that keeps a pid file somewhere below DIR.
sub stop_servers
{
    my ($dir) = @_;
    for my $file (glob("$dir/t/logs/*.pid $dir/private/*/*.pid $dir/private/*/logs/*.pid")) {
        my ($pid) = slurp($file) =~ /^(\d+)/ or next;
        stop_process($pid, $dir);
    }
}

sub on_valgrind { return ($ENV{AUTH_JWT_WRAP} || '') =~ /^valgrind/ }

# patience(SECONDS): so many, or many more for a server under valgrind or a sanitizer. For waits that
# end as soon as what they wait for is there.
sub patience
{
    my ($seconds) = @_;
    return $ENV{AUTH_JWT_WRAP} ? 20 * $seconds : $seconds;
}

# spawn(\@command, output => FILE, env => {...}, life => SECONDS): in a process group of its own,
# and killed by timeout(1) when the test that wanted it is no longer there to stop it.
sub spawn
{
    my ($command, %option) = @_;
    my $life = patience($option{life} || 300);
    defined(my $pid = fork) or die "fork: $!\n";
    return $pid if $pid;

    setpgrp;
    open STDIN,  '<', '/dev/null';
    open STDOUT, '>>', $option{output} || '/dev/null' or POSIX::_exit(126);
    open STDERR, '>&', \*STDOUT;
    local @ENV{ keys %{ $option{env} || {} } } = values %{ $option{env} || {} };
    exec 'timeout', '--foreground', '-k', 10, $life, @$command or POSIX::_exit(127);
}

# Connections of a server that has ended linger for a minute; servers do not mind, nor do we.
sub port_is_free
{
    my ($port) = @_;
    return IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1', LocalPort => $port, ReuseAddr => 1);
}

# reserve_ports(OFFSET...): find a block below the ephemeral ports whose named members are free.
# The guard is held open as long as the returned socket lives, so that two runs at once can
# never choose the same block. Returns (base, guard).
sub reserve_ports
{
    my @offsets = @_;
    for my $try (1 .. 200) {
        my $base = 10_000 + BLOCK * int rand 22;
        my $guard = port_is_free($base) or next;
        next if grep { !port_is_free($base + $_) } @offsets;
        return ($base, $guard);
    }
    die "no free ports between 10000 and 32000 on 127.0.0.1\n";
}

sub first_executable
{
    for my $name (@_) {
        for my $dir (split(/:/, $ENV{PATH} || ''), qw(/usr/sbin /usr/local/sbin /sbin)) {
            my ($found) = grep { -x && !-d } glob "$dir/$name";
            return $found if $found;
        }
    }
    return;
}

1;
