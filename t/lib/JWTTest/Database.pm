package JWTTest::Database;

# A database for one test: PostgreSQL and MariaDB are started on loopback, with a directory of their
# own, and stopped at the end; SQLite has the same methods as far as they make sense for it. It has
# the tables of conf/schema, and the module's role has the rights that are written there and not one
# more.
#
#   my $database = JWTTest::Database->start('pgsql', port => port(1), sql => "INSERT INTO ...");
#                                                     life => SECONDS, as of a server
#                                                     empty => 1: neither tables nor role
#   $database->conf        DBDriver and DBDParams as conf/README.md has them
#   $database->admin       parameters of the owner of all
#   $database->sql($text)  as the owner         rows($sql)  lines of tab-separated values
#   $database->ask($sql)   the one value that a query gives
#   $database->grant('SELECT ON elsewhere')    more than the schema's rights
#   $database->down  quit  up                  as by a crash, and in due form
#   $database->freeze  thaw
#   $database->complaints  what its own check of the table finds
#
#   JWTTest::Database::installed('pgsql')      whether it can be started here
#   JWTTest::Database::usable()                the drivers for which that holds and which APR has

use strict;
use warnings;
use JWTTest::Process qw(first_executable slurp spawn spew wait_until);
use JWTTest::Vars qw(var);
use POSIX ();

my %kind = (
    sqlite3 => {
        programs => [ map { first_executable($_) } qw(sqlite3) ],
        schema => 'sqlite.sql',
        client => sub { return ($_[0]{programs}[0], qw(-bail -batch -tabs -cmd), '.timeout 10000',
                "$_[0]{dir}/site.db") },
        # Not every SQLite was built for URIs.
        params => sub {
            my ($self) = @_;
            my $can = grep { /^USE_URI/ } $self->rows('PRAGMA compile_options');
            return $can ? "file:$self->{dir}/site.db?mode=rw" : "$self->{dir}/site.db";
        },
    },
    pgsql => {
        programs => [ map { first_executable($_) || (sort glob "/usr/lib/postgresql/*/bin/$_")[-1] }
            qw(initdb postgres psql) ],
        schema => 'postgresql.sql',
        stop => 'INT',
        make => sub {
            my ($self) = @_;
            $self->run(as_user(), $self->{programs}[0], '-D', $self->{dir},
                qw(-A trust -U owner --no-sync -E UTF8 --locale=C));
        },
        server => sub {
            my ($self) = @_;
            return (as_user(), $self->{programs}[1], '-D', $self->{dir}, '-p', $self->{port},
                '-c', 'listen_addresses=127.0.0.1', '-c', "unix_socket_directories=$self->{dir}",
                '-c', 'fsync=off', '-c', 'max_connections=400');
        },
        client => sub {
            my ($self) = @_;
            return ($self->{programs}[2], qw(-X -q -A -t -h 127.0.0.1 -U owner -d postgres
                -v ON_ERROR_STOP=1 -F), "\t", '-p', $self->{port});
        },
        params => sub {
            return "host=127.0.0.1 port=$_[0]{port} dbname=postgres user=auth_jwt "
                . "connect_timeout=2 tcp_user_timeout=2000 options='-c statement_timeout=2000'";
        },
        admin => sub { "host=127.0.0.1 port=$_[0]{port} dbname=postgres user=owner connect_timeout=2" },
    },
    mysql => {
        programs => [ map { first_executable(@$_) } [qw(mariadb-install-db)], [qw(mariadbd)],
            [qw(mariadb)] ],
        schema => 'mysql.sql',
        stop => 'TERM',
        make => sub {
            my ($self) = @_;
            $self->run(as_user(), $self->{programs}[0], '--no-defaults', "--datadir=$self->{dir}",
                '--auth-root-authentication-method=normal', '--skip-test-db');
        },
        server => sub {
            my ($self) = @_;
            return (as_user(), $self->{programs}[1], '--no-defaults', "--datadir=$self->{dir}",
                '--bind-address=127.0.0.1', "--port=$self->{port}", "--socket=$self->{dir}/sock",
                "--pid-file=$self->{dir}/pid", '--innodb-flush-log-at-trx-commit=2',
                '--innodb-buffer-pool-size=16M', '--max-connections=400',
                '--sql-mode=STRICT_ALL_TABLES', '--transaction-isolation=REPEATABLE-READ');
        },
        client => sub {
            my ($self) = @_;
            return ($self->{programs}[2], '--no-defaults', qw(-N -B --default-character-set=utf8mb4
                -u root -S), "$self->{dir}/sock", $self->{database} || 'mysql');
        },
        prepare => sub {
            my ($self) = @_;
            $self->sql('CREATE DATABASE site');
            $self->{database} = 'site';
        },
        params => sub {
            return "host=127.0.0.1 port=$_[0]{port} dbname=site user=auth_jwt pass=no-secret";
        },
        admin => sub { "sock=$_[0]{dir}/sock dbname=site user=root" },
        advised => 'reconnect=0',
    },
);

# The drivers that APR has here and whose database can be started.
sub usable
{
    return grep { installed($_) && (JWTTest::configtest("DBDriver $_"))[0] == 0 } qw(sqlite3 pgsql mysql);
}

# What is not found is no element of the list, so the found ones are counted.
sub installed
{
    my ($driver) = @_;
    my @programs = @{ $kind{$driver}{programs} };
    return @programs == ($driver eq 'sqlite3' ? 1 : 3) && !grep { !$_ || !-x } @programs;
}

# Neither server runs as root.
sub as_user
{
    return () if $>;
    return ('setpriv', '--reuid=' . var('user'), '--regid=' . (getpwnam var('user'))[3], '--clear-groups');
}

sub start
{
    my ($class, $driver, %option) = @_;
    my $self = bless { %{ $kind{$driver} }, driver => $driver, port => $option{port}, owner => $$,
        life => $option{life}, dir => JWTTest::scratch($driver) }, $class;
    mkdir $self->{dir}, 0700 or die "$self->{dir}: $!\n";
    $self->give($self->{dir});
    $self->{make}->($self) if $self->{make};
    $self->up;
    $self->{prepare}->($self) if $self->{prepare};
    $self->sql($self->schema . $self->role . ($option{sql} || '')) unless $option{empty};
    $self->give(glob "$self->{dir}/*") if $driver eq 'sqlite3';
    return $self;
}

sub give
{
    my ($self, @files) = @_;
    chown((getpwnam var('user'))[2, 3], @files) unless $>;
}

sub schema { return slurp(var('src_dir') . "/conf/schema/$_[0]{schema}") }

# What makes the role and gives it its rights: the statements of the schema's first comment, word for
# word. MariaDB's client comes by TCP, which is another account where names are not resolved.
sub role
{
    my ($self) = @_;
    return '' if $self->{driver} eq 'sqlite3';
    my ($head) = $self->schema =~ /\A((?:--.*\n)+)/;
    my $text = join '', map { "$_\n" } $head =~ /^--   (.*)$/mg;
    my @statements = $text =~ /^((?:CREATE (?:ROLE|USER)|GRANT) [^;]*;)$/mg;
    die "no role in $self->{schema}\n" unless grep { /auth_jwt_session/ } @statements;
    my $role = join "\n", @statements, '';
    $role =~ s/'\x{e2}\x{80}\x{a6}'/'no-secret'/g;
    return $role =~ /\@localhost/ ? $role . $role =~ s/\@localhost/\@'127.0.0.1'/gr : $role;
}

sub driver { return $_[0]{driver} }
sub dir    { return $_[0]{dir} }
sub admin  { return $_[0]{admin}->($_[0]) }

# With more parameters than one needs: those that are advised, or others.
sub conf
{
    my ($self, $more) = @_;
    $more //= $self->{advised} // '';
    return sprintf qq(DBDriver %s\nDBDParams "%s"\n), $self->{driver},
        $self->{params}->($self) . ($more && " $more");
}

sub run
{
    my ($self, @command) = @_;
    my $log = JWTTest::scratch("$self->{driver}-make.log");
    system('sh', '-c', 'exec "$@" >>"$0" 2>&1', $log, @command) == 0
        or die "@command: " . slurp($log);
}

sub log_file { my ($self) = @_; return JWTTest::scratch("$self->{driver}.log") }

sub up
{
    my ($self) = @_;
    return unless $self->{server};
    $self->{process} = spawn([ $self->{server}->($self) ], output => $self->log_file,
        life => $self->{life});
    wait_until(30, sub { eval { $self->sql('SELECT 1'); 1 } })
        or die "$self->{driver}: " . slurp($self->log_file);
}

sub rows
{
    my ($self, $text) = @_;
    my $file = spew(JWTTest::scratch("$self->{driver}-$$.sql"), $text);
    my $log = JWTTest::scratch("$self->{driver}-$$.out");
    system('sh', '-c', 'exec "$@" <"$0" >' . $log . ' 2>&1', $file, $self->{client}->($self)) == 0
        or die "$self->{driver}: " . slurp($log);
    return split /\n/, slurp($log);
}

sub sql { my ($self, $text) = @_; $self->rows($text); return }

sub ask { my ($self, $query) = @_; return ($self->rows("$query;"))[0] }

sub grant
{
    my ($self, $rights) = @_;
    $self->sql(join '', map { "GRANT $rights TO $_;" }
        $self->{driver} eq 'mysql' ? ("auth_jwt\@localhost", "auth_jwt\@'127.0.0.1'") : 'auth_jwt');
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

# As by its administrator: clients lose their connections, but are told.
sub quit
{
    my ($self) = @_;
    kill $self->{stop} => ($self->pids)[0];
    waitpid delete $self->{process}, 0;
}

# What the database itself calls broken in the table's files: nothing, as a rule.
sub complaints
{
    my ($self) = @_;
    return grep { $_ ne 'ok' } $self->rows('PRAGMA integrity_check') if $self->{driver} eq 'sqlite3';
    return grep { !/\tOK$/ } $self->rows('CHECK TABLE auth_jwt_session EXTENDED')
        if $self->{driver} eq 'mysql';
    my $check = 'CREATE EXTENSION IF NOT EXISTS amcheck; '
        . "SELECT msg FROM verify_heapam('auth_jwt_session'); "
        . q{DO $$ BEGIN PERFORM bt_index_check(indexrelid, true) FROM pg_index }
        . q{WHERE indrelid = 'auth_jwt_session'::regclass; END $$;};
    # The extension is in a package of its own on some distributions.
    $check = 'REINDEX TABLE auth_jwt_session; SELECT sid FROM auth_jwt_session WHERE sid IS NULL'
        unless $self->rows("SELECT 1 FROM pg_available_extensions WHERE name = 'amcheck'");
    my @said = eval { $self->rows($check) };
    return $@ ? $@ : @said;
}

sub DESTROY { my ($self) = @_; local $?; $self->down if $self->{owner} == $$ }

1;
