package JWTTest::Directory;

# An LDAP directory for one test: OpenLDAP's slapd on loopback, with a directory of its own, stopped at
# the end. Its base is cn=site, and each user is an entry below it.
#
#   my $ldap = JWTTest::Directory->start(\@users, port => port(1));
#       user: { uid, userPassword, description }, all but uid optional
#   $ldap->url             for AuthLDAPURL, up to the attribute
#   $ldap->admin           (name, password) of its administrator
#   $ldap->change(\@users) these users instead, for a directory that is down
#   $ldap->down  up        as by its administrator
#   $ldap->freeze  thaw
#
#   JWTTest::Directory::installed()      whether it can be started here

use strict;
use warnings;
use File::Copy qw(copy);
use File::Path qw(remove_tree);
use IO::Socket::INET ();
use JWTTest::Database ();
use JWTTest::Process qw(first_executable slurp spawn spew wait_until);
use JWTTest::Vars qw(var);
use MIME::Base64 qw(encode_base64);

sub installed { return first_executable('slapd') }

# What the schemas of the distribution would bring is in other places on each; and without a schema
# from a file, and with a backend that is no module, there is nothing to look for.
#
# The last line lets in who gives a name and no password, as some directories do.
sub configuration
{
    my ($self) = @_;
    my ($name, $password) = $self->admin;
    return <<"CONF";
objectclass ( 1.1.2.1 NAME 'site' SUP top STRUCTURAL MUST cn )
objectclass ( 1.1.2.2 NAME 'member' SUP top STRUCTURAL MUST uid MAY ( userPassword \$ description ) )
pidfile "$self->{dir}/pid"
argsfile "$self->{dir}/args"
allow bind_anon_cred
database ldif
suffix "cn=site"
directory "$self->{dir}/data"
rootdn "$name"
rootpw "$password"
access to attrs=userPassword by * auth
access to * by * read
CONF
}

# AppArmor lets slapd read nothing but what Debian and Ubuntu have put into its profile, which goes by
# the place of the program: hence a copy.
sub start
{
    my ($class, $users, %option) = @_;
    my $self = bless { port => $option{port}, owner => $$, dir => JWTTest::scratch('ldap') }, $class;
    mkdir $self->{dir}, 0700 or die "$self->{dir}: $!\n";
    copy(installed(), "$self->{dir}/slapd") or die "slapd: $!\n";
    chmod 0755, "$self->{dir}/slapd";
    spew("$self->{dir}/slapd.conf", $self->configuration, 0600);
    $self->give("$self->{dir}/slapd.conf", "$self->{dir}/slapd", $self->{dir});
    $self->change($users);
    $self->up;
    return $self;
}

sub give
{
    my ($self, @files) = @_;
    chown((getpwnam var('user'))[2, 3], @files) unless $>;
}

sub url   { return "ldap://127.0.0.1:$_[0]{port}/cn=site" }
sub admin { return ('cn=admin,cn=site', 'no secret') }

# In base 64 a value may have any character; in a name the special ones are escaped.
sub entry
{
    my ($user) = @_;
    my $name = $user->{uid} =~ s/([^A-Za-z0-9])/sprintf '\\%02x', ord $1/ger;
    return "dn: uid=$name,cn=site\nobjectClass: member\n"
        . join('', map { "$_\:: " . encode_base64($user->{$_}, '') . "\n" } sort keys %$user) . "\n";
}

sub change
{
    my ($self, $users) = @_;
    my $file = spew("$self->{dir}/users.ldif",
        join '', "dn: cn=site\nobjectClass: site\ncn: site\n\n", map { entry($_) } @$users);
    remove_tree("$self->{dir}/data");
    mkdir "$self->{dir}/data", 0700;
    $self->give($file, "$self->{dir}/data");
    system('sh', '-c', 'exec "$@" >"$0" 2>&1', $self->log_file, JWTTest::Database::as_user(),
        "$self->{dir}/slapd", qw(-T add -f), "$self->{dir}/slapd.conf", '-l', $file) == 0
        or die 'slapd: ' . slurp($self->log_file);
}

sub log_file { return JWTTest::scratch('ldap.log') }

sub up
{
    my ($self) = @_;
    $self->{process} = spawn([ JWTTest::Database::as_user(), "$self->{dir}/slapd", qw(-d 0 -h),
        "ldap://127.0.0.1:$self->{port}", '-f', "$self->{dir}/slapd.conf" ], output => $self->log_file);
    wait_until(30, sub { IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $self->{port}) })
        or die 'slapd: ' . slurp($self->log_file);
}

# timeout(1) passes on what it is sent, but for what cannot be caught.
sub server { return split ' ', slurp("/proc/$_[0]{process}/task/$_[0]{process}/children") }

# One that is told to stop may go on for a moment, thread by thread.
sub freeze
{
    my ($self) = @_;
    my ($pid) = $self->server;
    kill STOP => $pid;
    wait_until(10, sub { !grep { slurp($_) !~ /\) T / } glob "/proc/$pid/task/*/stat" }) or die "slapd goes on\n";
}

sub thaw { my ($self) = @_; kill CONT => $self->server }

sub down
{
    my ($self) = @_;
    return unless $self->{process};
    kill KILL => $self->server;
    waitpid delete $self->{process}, 0;
}

sub DESTROY { my ($self) = @_; local $?; $self->down if $self->{owner} == $$ }

1;
