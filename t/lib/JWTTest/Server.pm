package JWTTest::Server;

# A second httpd for one test: its own directory below the run's scratch directory, its own
# loopback ports, stopped when the test ends and, should the test be killed, by timeout(1).
#
#   my $server = JWTTest::Server->start($conf, %option);
#   $server->port  port(1..3)  url('/x')  dir  pid  children
#   $server->log   log_mark   log_since($mark)
#   $server->signal('USR1')  graceful  stop
#
# Within $conf: ${PORT} (listened on) ${PORT_1}..${PORT_3} (not listened on) ${SERVER_DIR} ${T_DIR}.

use strict;
use warnings;
use File::Path qw(make_path);
use IO::Select ();
use IO::Socket::INET ();
use JWTTest::Process qw(slurp spew spawn stop_process wait_until port_is_free patience);
use JWTTest::Vars qw(var);
use POSIX ();

our $error;
my $made = 0;

sub load_lines
{
    my ($class, %option) = @_;
    my $lines = slurp(var('t_dir') . '/load.conf');
    for my $name (@{ $option{without} || [] }) {
        $lines =~ s/^LoadModule \Q$name\E_module .*\n//mg or die "no module '$name' in load.conf\n";
    }
    $lines =~ s/mpm_\w+(_module|\.so)/mpm_$option{mpm}$1/g if $option{mpm};
    return join '', $lines, map { sprintf qq(LoadModule %s_module "%s"\n), $_, module_file($_) }
        @{ $option{with} || [] };
}

# Where httpd's own modules are; one that is not loaded as a rule may be missing there.
sub module_file
{
    my ($name) = @_;
    my ($dir) = slurp(var('t_dir') . '/load.conf') =~ m{^LoadModule (?!auth_jwt)\w+ "(.*)/[^/]*"$}m;
    return "$dir/mod_$name.so";
}

# Options: without => [modules], with => [more modules], mpm => NAME, env => {...}, life => SECONDS,
# may_fail => 1 (a server that refuses to start gives undef, and its words are in
# $JWTTest::Server::error), may_abort => 1 (its children may abort without failing the run).
sub start
{
    my ($class, $conf, %option) = @_;
    my $dir = sprintf '%s/private/%d-%d', var('run_dir'), $$, ++$made;
    my $base = free_ports();
    my $self = bless { dir => $dir, base => $base, taken => $base, owner => $$ }, $class;

    make_path("$dir/logs", "$dir/htdocs");
    spew("$dir/logs/may_abort", '') if $option{may_abort};
    spew("$dir/httpd.conf", $self->configuration($conf, %option));
    $self->{process} = spawn(
        [ var('httpd'), '-D', 'FOREGROUND', '-d', $dir, '-f', "$dir/httpd.conf" ],
        output => "$dir/logs/output", env => $option{env}, life => $option{life});
    return $self if wait_until(patience(60), sub { $self->has_ended || $self->is_up }) && $self->is_up;

    $error = slurp("$dir/logs/output") . $self->log;
    $self->stop;
    return if $option{may_fail};
    die "the server in $dir did not start:\n$error\n";
}

sub configuration
{
    my ($self, $conf, %option) = @_;
    my $dir  = $self->{dir};
    my $t_dir = var('t_dir');
    my $user = $> ? '' : sprintf "User %s\nGroup %s\n", var('user'), var('group');
    my $ports = join '', map { sprintf "Define PORT_%d %d\n", $_, $self->port($_) } 1 .. 3;
    my $load = ref($self)->load_lines(%option);
    return $load . $user . $ports . <<"CONF";
Define PORT $self->{base}
Define SERVER_DIR "$dir"
Define T_DIR "$t_dir"
ServerName 127.0.0.1
ServerRoot "$dir"
DefaultRuntimeDir "$dir/logs"
PidFile "$dir/logs/httpd.pid"
CoreDumpDirectory "$t_dir/cores"
ErrorLog "$dir/logs/error_log"
LogLevel info auth_jwt:trace8 authz_core:debug
CustomLog "$dir/logs/access_log" "%h %u \\"%r\\" %>s %b"
TypesConfig /dev/null
DocumentRoot "$dir/htdocs"
Listen 127.0.0.1:$self->{base}
KeepAliveTimeout 2
GracefulShutdownTimeout 5
# Spare threads are few, or more children start unasked within the first seconds; one that is
# stopped while it starts can abort, and that would be taken for a crash of the module.
<IfModule !mpm_prefork_module>
    StartServers 1
    MinSpareThreads 1
</IfModule>
<IfModule mpm_prefork_module>
    StartServers 2
</IfModule>
@{[ $load =~ /^LoadModule auth_jwt_module/m ? without_sessions($conf) : '' ]}
$conf
CONF
}

# Most tests make their own tokens, which no login began; a configuration that has a word on
# sessions decides for itself.
sub without_sessions
{
    my ($conf) = @_;
    return $conf =~ /AuthJWTSessions/ ? '' : "AuthJWTSessions Off\nAuthJWTRotateRefresh Off";
}

# The last hundred ports of the run's block belong to private servers. Of tests that run side by
# side the one that can make the directory has them, until its server ends.
sub ports_taken { return sprintf '%s/private/ports-%d', var('run_dir'), $_[0] }

sub free_ports
{
    my $block = var('port_block');
    for (1 .. 100) {
        my $base = $block + 900 + 4 * int rand 25;
        next unless mkdir ports_taken($base);
        return $base unless grep { !port_is_free($base + $_) } 0 .. 3;
        rmdir ports_taken($base);
    }
    die "no free ports for a private server\n";
}

sub give_back_ports { return rmdir ports_taken($_[0]) }

sub dir  { return $_[0]{dir} }
sub port { return $_[0]{base} + ($_[1] // 0) }
sub url  { return "http://127.0.0.1:$_[0]{base}$_[1]" }
sub log  { return slurp("$_[0]{dir}/logs/error_log") }
sub log_mark { return -s "$_[0]{dir}/logs/error_log" || 0 }

sub log_since
{
    my ($self, $mark) = @_;
    return slurp("$self->{dir}/logs/error_log", $mark);
}

sub pid
{
    my ($self) = @_;
    my ($pid) = slurp("$self->{dir}/logs/httpd.pid") =~ /^(\d+)/;
    return $pid;
}

sub children
{
    my ($self) = @_;
    my $pid = $self->pid or return;
    return split ' ', slurp("/proc/$pid/task/$pid/children");
}

sub signal
{
    my ($self, $name) = @_;
    return kill $name => $self->pid;
}

# A graceful restart, until the new generation has said that it runs.
sub graceful
{
    my ($self) = @_;
    my $mark = $self->log_mark;
    $self->signal('USR1');
    return wait_until(patience(30), sub { $self->log_since($mark) =~ /resuming normal operations/ });
}

# The kernel takes connections before there is a child, so one must have answered: whatever is
# timed afterwards holds nothing of its start.
sub is_up
{
    my ($self) = @_;
    return unless $self->log =~ /resuming normal operations/;
    my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $self->{base}) or return;
    local $SIG{PIPE} = 'IGNORE';
    $socket->syswrite("OPTIONS * HTTP/1.0\r\n\r\n");
    my $answer = '';
    while (IO::Select->new($socket)->can_read(patience(10))) {
        sysread $socket, $answer, 8192, length $answer or last;
    }
    return length $answer;
}

sub has_ended
{
    my ($self) = @_;
    return 1 unless $self->{process};
    return unless waitpid($self->{process}, POSIX::WNOHANG()) == $self->{process};
    $self->{status} = $?;
    delete $self->{process};
    return 1;
}

# The ports are given back once, whoever ended the process: the next one may have them by then.
sub stop
{
    my ($self) = @_;
    $self->end_process if $self->{process};
    my $taken = delete $self->{taken};
    give_back_ports($taken) if defined $taken;
}

# The parent first, so that children end as in an ordinary stop; then whatever is left.
sub end_process
{
    my ($self) = @_;
    my ($group, $pid) = ($self->{process}, $self->pid);
    # A worker that has just answered is left time to put its connection away: see t/TEST.
    select undef, undef, undef, 0.2 if var('mpm') eq 'event';
    stop_process($pid, $self->{dir}, patience(20)) if $pid;
    kill TERM => $group unless $pid;
    wait_until(patience(20), sub { $self->has_ended }) or do {
        kill KILL => -$group;
        waitpid $group, 0;
        delete $self->{process};
    };
}

1;
