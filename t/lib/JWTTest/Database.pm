package JWTTest::Database;

# PostgreSQL and MariaDB for one test: each with a directory of its own, on loopback, stopped when
# the test ends.
#
#   JWTTest::Database->is_installed('pgsql')
#   my $database = JWTTest::Database->start('pgsql', port(1), $sql);
#   $database->params    for DBDParams: a user who, of MySQL, may only read
#   $database->admin     the same of one who may make tables
#   $database->sql($text)   ask($query)
#   $database->up  down  freeze  thaw

use strict;
use warnings;
use JWTTest::Process qw(first_executable slurp spawn spew wait_until);
use JWTTest::Vars qw(var);

# Neither runs as root.
my @as_user = $> ? () : ('setpriv', '--reuid=' . var('user'), '--regid=' . (getpwnam var('user'))[3],
    '--clear-groups');

my %kind = (
    pgsql => {
        programs => [ map { first_executable($_) || (sort glob "/usr/lib/postgresql/*/bin/$_")[-1] }
            qw(initdb postgres psql) ],
        make => sub {
            my ($self) = @_;
            run(@as_user, $self->{programs}[0], '-D', $self->{dir}, qw(-A trust -U jwt --no-sync
                -E UTF8 --locale=C));
        },
        server => sub {
            my ($self) = @_;
            return (@as_user, $self->{programs}[1], '-D', $self->{dir}, '-p', $self->{port},
                '-c', 'listen_addresses=127.0.0.1', '-c', "unix_socket_directories=$self->{dir}",
                '-c', 'fsync=off');
        },
        client => sub {
            my ($self) = @_;
            return ($self->{programs}[2], qw(-X -q -A -t -h 127.0.0.1 -U jwt -d postgres
                -v ON_ERROR_STOP=1 -p), $self->{port});
        },
        params => sub { "host=127.0.0.1 port=$_[0]{port} dbname=postgres user=jwt connect_timeout=2" },
        admin => sub { $_[0]{params}->($_[0]) },
    },
    mysql => {
        programs => [ map { first_executable(@$_) } [qw(mariadb-install-db)], [qw(mariadbd)],
            [qw(mariadb)] ],
        make => sub {
            my ($self) = @_;
            run(@as_user, $self->{programs}[0], '--no-defaults', "--datadir=$self->{dir}",
                '--auth-root-authentication-method=normal', '--skip-test-db');
        },
        server => sub {
            my ($self) = @_;
            return (@as_user, $self->{programs}[1], '--no-defaults', "--datadir=$self->{dir}",
                '--bind-address=127.0.0.1', "--port=$self->{port}", "--socket=$self->{dir}/sock",
                "--pid-file=$self->{dir}/pid", '--innodb-flush-log-at-trx-commit=0',
                '--innodb-buffer-pool-size=16M');
        },
        client => sub {
            my ($self) = @_;
            return ($self->{programs}[2], '--no-defaults', qw(-N -B --default-character-set=utf8mb4
                -u root -S), "$self->{dir}/sock", $self->{database} || 'mysql');
        },
        prepare => sub {
            my ($self) = @_;
            $self->sql("CREATE DATABASE site; CREATE USER jwt\@'127.0.0.1' IDENTIFIED BY 'no-secret'; "
                . "CREATE USER jwt\@localhost IDENTIFIED BY 'no-secret'; "
                . "GRANT SELECT, UPDATE ON site.* TO jwt\@'127.0.0.1'; GRANT SELECT ON site.* TO jwt\@localhost;");
            $self->{database} = 'site';
        },
        params => sub { "host=127.0.0.1 port=$_[0]{port} dbname=site user=jwt pass=no-secret" },
        admin => sub { "sock=$_[0]{dir}/sock dbname=site user=root" },
    },
);

sub run
{
    my @command = @_;
    my $log = JWTTest::scratch('database.log');
    system('sh', '-c', 'exec "$@" >>"$0" 2>&1', $log, @command) == 0
        or die "@command: " . slurp($log);
}

sub start
{
    my ($class, $driver, $port, $sql) = @_;
    my $self = bless { %{ $kind{$driver} }, driver => $driver, port => $port, owner => $$,
        dir => JWTTest::scratch($driver) }, $class;
    mkdir $self->{dir}, 0700 or die "$self->{dir}: $!\n";
    chown((getpwnam var('user'))[2, 3], $self->{dir}) unless $>;
    $self->{make}->($self);
    $self->up;
    $self->{prepare}->($self) if $self->{prepare};
    $self->sql($sql) if $sql;
    return $self;
}

# What is not found is no element of the list, so the found ones are counted.
sub is_installed
{
    my ($class, $driver) = @_;
    return 3 == grep { $_ && -x } @{ $kind{$driver}{programs} };
}

sub params { return $_[0]{params}->($_[0]) }
sub admin  { return $_[0]{admin}->($_[0]) }

sub up
{
    my ($self) = @_;
    $self->{process} = spawn([ $self->{server}->($self) ],
        output => JWTTest::scratch("$self->{driver}.log"));
    wait_until(30, sub { eval { $self->sql('SELECT 1'); 1 } })
        or die "$self->{driver}: " . slurp(JWTTest::scratch("$self->{driver}.log"));
}

# What the client prints comes back: a row a line.
sub sql
{
    my ($self, $text) = @_;
    my $file = spew(JWTTest::scratch('sql'), $text);
    my $log = JWTTest::scratch('client.log');
    system('sh', '-c', 'exec "$@" <"$0" >' . $log . ' 2>&1', $file, $self->{client}->($self)) == 0
        or die "$self->{driver}: " . slurp($log);
    return slurp($log);
}

# The one value that a query gives.
sub ask
{
    my ($self, $text) = @_;
    return $self->sql("$text;") =~ s/\s+\z//r;
}

# timeout(1), the server, and the processes that it has for its clients.
sub pids
{
    my ($self) = @_;
    my @pids = ($self->{process});
    for (my $i = 0; $i < @pids; $i++) {
        push @pids, split ' ', slurp("/proc/$pids[$i]/task/$pids[$i]/children");
    }
    return @pids[1 .. $#pids];
}

sub freeze { my ($self) = @_; kill STOP => $self->pids }
sub thaw   { my ($self) = @_; kill CONT => $self->pids }

# As by a crash.
sub down
{
    my ($self) = @_;
    return unless $self->{process};
    kill KILL => $self->pids;
    waitpid delete $self->{process}, 0;
}

sub DESTROY { my ($self) = @_; local $?; $self->down if $self->{owner} == $$ }

1;
