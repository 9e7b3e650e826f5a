package JWTTest::Secrets;

# What must never stand in a log. Every password, token and key that a run uses is written to one
# file; at its end the driver looks for each of them, in each of the spellings that a log could
# have, in every log of every server that ran.

use strict;
use warnings;
use Exporter 'import';
use Fcntl ();
use JSON::PP ();
use JWTTest::Process qw(slurp);

our @EXPORT_OK = qw(secret secret_in_url secrets_in leaks);

# Shorter ones would be found in words of the log.
use constant SHORTEST => 8;
# A value that was only met in passing ("Authorization: Bearer malformed") is taken for a secret
# from this length on.
use constant SHORTEST_FOUND => 12;

my $json = JSON::PP->new->allow_nonref->utf8;

# One file for the run; its lines are whole however many processes add to it.
sub remember
{
    my ($kind, @values) = @_;
    my $file = $ENV{AUTH_JWT_SECRETS} or return;
    my @lines = map { $kind . $json->encode("$_") . "\n" }
        grep { defined && length >= SHORTEST } @values;
    sysopen my $handle, $file, Fcntl::O_WRONLY() | Fcntl::O_CREAT() | Fcntl::O_APPEND(), 0600
        or die "$file: $!\n";
    syswrite $handle, $_ for @lines;
}

# secret(VALUE...): must not appear in any log.
sub secret { remember('s', @_) }

# secret_in_url(VALUE...): was sent where no secret belongs, so httpd itself writes it to the
# access log; the error log is still searched for it.
sub secret_in_url { remember('u', @_) }

# secrets_in(BYTES): the passwords and tokens of a request or an answer.
sub secrets_in
{
    my ($bytes) = @_;
    my $field = qr/(?:password|token|access|refresh)\d?/i;
    my @found = $bytes =~ /\b(eyJ[\w-]{8,}\.[\w-]*\.[\w-]*)/g;
    push @found, $bytes =~ /^Authorization:[ \t]*\S+[ \t]+(\S+)/mig;
    push @found, map { eval { $json->decode(qq("$_")) } // $_ }
        $bytes =~ /"$field"\s*:\s*"((?:[^"\\]|\\.)*)"/g;
    push @found, map { unescape($_) } $bytes =~ /(?:^|[&\n])$field=([^&\s]*)/g;
    push @found, $bytes =~ /name="?$field"?\r\n(?:[^\r\n]+\r\n)*\r\n(.*?)\r\n--/sg;
    return grep { length >= SHORTEST_FOUND } @found;
}

sub unescape
{
    my ($text) = @_;
    $text =~ tr/+/ /;
    $text =~ s/%([0-9A-Fa-f]{2})/chr hex $1/ge;
    return $text;
}

# The spellings in which a log may hold VALUE. Of a token every part but the header, which is the
# same in many.
sub spellings
{
    my ($value) = @_;
    utf8::encode($value) if utf8::is_utf8($value);
    my %form = ($value => 1);
    (my $url = $value) =~ s/([^A-Za-z0-9_.~-])/sprintf '%%%02X', ord $1/ge;
    (my $form = $url) =~ s/%20/+/g;
    # as ap_escape_logitem writes it
    (my $log = $value) =~ s/(["\\])/\\$1/g;
    $log =~ s/([^\x20-\x7e])/sprintf '\\x%02x', ord $1/ge;
    $form{$_} = 1 for $url, $form, $log;
    if ($value =~ /^[\w-]+\.([\w-]*)\.([\w-]*)$/) {
        $form{$_} = 1 for grep { length >= 16 } $1, $2;
    }
    return keys %form;
}

# Thousands of spellings in megabytes of log: Perl finds the beginnings by one trie, which all of
# their lengths would be too large for, and the rest is compared.
sub by_beginning
{
    my %by;
    push @{ $by{ substr $_, 0, SHORTEST } }, $_ for @_;
    my $any = join '|', map { quotemeta } sort keys %by;
    local ${^RE_TRIE_MAXBUF} = 1 << 28;
    return { at => \%by, beginning => length $any ? qr/($any)/ : qr/(?!)/ };
}

sub find
{
    my ($by, $line) = @_;
    while ($line =~ /$by->{beginning}/g) {
        my $at = $-[0];
        for my $spelling (@{ $by->{at}{$1} }) {
            return $spelling if substr($line, $at, length $spelling) eq $spelling;
        }
        pos($line) = $at + 1;
    }
    return;
}

# leaks(LOG...): one line for each place where a log holds a secret.
sub leaks
{
    my @logs = @_;
    my (%kind, %seen);
    for (grep { !$seen{$_}++ } split /\n/, slurp($ENV{AUTH_JWT_SECRETS} || '')) {
        my ($kind, $text) = /^(.)(.*)/ or next;
        for my $spelling (spellings($json->decode($text))) {
            $kind{$spelling} = $kind unless ($kind{$spelling} || '') eq 'u';
        }
    }
    my $any  = by_beginning(keys %kind);
    my $rest = by_beginning(grep { $kind{$_} ne 'u' } keys %kind);

    my @leaks;
    for my $log (@logs) {
        my $access = $log =~ /access/;
        open my $handle, '<:raw', $log or next;
        while (my $line = <$handle>) {
            my $what;
            if (defined(my $found = find($access ? $rest : $any, $line))) {
                $what = 'a secret: ' . substr($found, 0, 6) . '...';
            }
            elsif (!$access && $line =~ /eyJ[\w-]{12,}/) {
                $what = 'the beginning of a token';
            }
            push @leaks, "$log:$.: $what\n    " . substr($line, 0, 300) . "\n" if $what;
        }
    }
    return @leaks;
}

1;
