package JWTTest::Vars;

# What the driver knows and tests ask for. Apache::Test has such variables too, but asks apxs a
# dozen questions whenever it is loaded, which would be most of the time that a test takes.

use strict;
use warnings;
use Exporter 'import';
use JSON::PP ();
use JWTTest::Process qw(slurp spew);

our @EXPORT_OK = qw(var save_vars);

my $vars;

# save_vars(FILE, \%vars): the driver's part; tests find FILE by the environment.
sub save_vars
{
    my ($file, $values) = @_;
    $ENV{AUTH_JWT_VARS} = spew($file, JSON::PP->new->canonical->pretty->encode($values));
}

sub var
{
    my ($name) = @_;
    my $file = $ENV{AUTH_JWT_VARS} or die "run tests by t/TEST: there is no server without it\n";
    $vars ||= JSON::PP::decode_json(slurp($file));
    die "no such variable: $name\n" unless exists $vars->{$name};
    return $vars->{$name};
}

1;
