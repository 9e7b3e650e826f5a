package JWTTest::Jar;

# A browser's cookies, as far as the tests need them, in the open: HTTP::Cookies keeps Secure
# cookies back from http, and does not show what an answer said.
#
#   my $jar = JWTTest::Jar->new;
#   $jar->take($response);             keeps and clears what Set-Cookie says
#   request('GET', $path, headers => [ $jar->fields ]);
#   $jar->value($name)  attributes($name)  names  put($name => $value)  drop($name)  copy

use strict;
use warnings;
use JWTTest::Secrets qw(secret);

sub new { return bless { cookies => {} }, $_[0] }

sub copy
{
    my ($self) = @_;
    return bless { cookies => { map { $_ => { %{ $self->{cookies}{$_} } } } keys %{ $self->{cookies} } } }, ref $self;
}

sub take
{
    my ($self, $response) = @_;
    for my $text ($response->header('Set-Cookie')) {
        my ($pair, @attributes) = split /; /, $text;
        my ($name, $value) = split /=/, $pair, 2;
        if (grep { $_ eq 'Max-Age=0' } @attributes) {
            delete $self->{cookies}{$name};
            next;
        }
        secret($value) if length $value > 8;
        $self->{cookies}{$name} = { value => $value, attributes => join '; ', sort @attributes };
    }
    return $response;
}

sub names { return join ' ', sort keys %{ $_[0]{cookies} } }
sub value { return ($_[0]{cookies}{$_[1]} || {})->{value} }
sub attributes { return ($_[0]{cookies}{$_[1]} || {})->{attributes} }
sub put { $_[0]{cookies}{$_[1]} = { value => $_[2], attributes => '' }; return $_[0] }
sub drop { delete $_[0]{cookies}{$_[1]}; return $_[0] }

sub field
{
    my ($self) = @_;
    return join '; ', map { "$_=$self->{cookies}{$_}{value}" } sort keys %{ $self->{cookies} };
}

sub fields
{
    my ($self) = @_;
    return %{ $self->{cookies} } ? (Cookie => $self->field) : ();
}

1;
