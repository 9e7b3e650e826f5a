# A login that fails costs the same and looks the same, whatever it fails for: neither the answer
# nor the time tells who has an account here. And what a hash may cost has a limit.
#
# Work is the CPU time of the server's processes, to the nanosecond. A hash takes some twenty times
# as long as all the rest of a login, so between "as much" and "none" there is no doubt on any machine.
# At the end the same is asked of hundreds of logins, to the hundredth:
#
#   JWT_LOGINS=full make test MPM=event TESTS=t/login-cost.t     500 of each kind on each database that
#                                                                is installed, instead of a few on SQLite
#
# Runs beside others: it has a server of its own.
use strict;
use warnings;
use Test::More;
use JWTTest;
use JWTTest::Database;
use JWTTest::Process qw(on_valgrind);
use List::Util qw(max min shuffle sum);
use Time::HiRes qw(clock_gettime time);

only_under(qw(event prefork));
plan skip_all => 'valgrind slows each form of hash by a factor of its own' if on_valgrind();

# ---- users -------------------------------------------------------------------------------

my $good = 'a password for all of them';
secret($good);

# A hash that this system's crypt(3) makes, or nothing where it lacks the form.
sub crypted
{
    my ($setting, $password) = @_;
    my ($form) = $setting =~ /^(\$\w+\$)/;
    my $hash = crypt $password, $setting;
    return defined $hash && index($hash, $form) == 0 ? $hash : undef;
}

sub apr1
{
    my ($password) = @_;
    my $file = spew(scratch('password'), "$password\n", 0600);
    chomp(my $hash = `openssl passwd -apr1 -salt saltsalt -in '$file'`);
    return $hash =~ /^\$apr1\$/ ? $hash : undef;
}

my $costly  = crypted('$6$rounds=20000$saltsaltsaltsalt$', $good);
my $cheap   = crypted('$5$rounds=1000$saltsaltsaltsalt$', $good);
# Of other libraries than crypt(3), of "$good", costly enough to be seen.
my $scrypt  = 'scrypt$4096$saltsalt$8$1$L0JLXaDUfrs8HTz08alVTfKxHIFte0wn3yS3MswhBsAaKi6Acda'
    . 'EpWaQIrqyb7ab3PmjPKFCA1DPATggdZDS+w==';
my $argon2  = '$argon2id$v=19$m=4096,t=3,p=1$c2FsdHNhbHRzYWx0c2FsdA$ZmnCxi/CB2J6kMa0WvBU2/NW13B3'
    . '/YQP3RFz0DuIDOw';
my $salt22  = 'abcdefghijklmnopqrstuu';
my $digest  = 'A' x 42 . 'A=';
my $umlauts = "gr\xc3\xb6\xc3\x9fer \xe2\x98\x83";
my $long72  = substr 'seventy-two bytes ' x 5, 0, 72;
my $long511 = substr 'five hundred and eleven ' x 30, 0, 511;
my $long    = substr 'four thousand and ninety-six ' x 200, 0, 4096;
secret($umlauts, $long72, $long511, $long);

# name => [hash, is_active]
my %user = (
    costly           => [ $costly, 1 ],
    cheap            => [ $cheap, 1 ],
    inactive         => [ $costly, 0 ],
    scrypt           => [ $scrypt, 1 ],
    'inactive scrypt' => [ $scrypt, 0 ],
    argon2           => [ $argon2, 1 ],
    'costly scrypt'  => [ 'scrypt$1048576$salt$8$1$' . 'A' x 86 . '==', 1 ],
    'costly argon2'  => [ '$argon2id$v=19$m=4194304,t=1,p=1$' . 'A' x 22 . '$' . 'A' x 22, 1 ],
    'weak'           => [ '{SHA}mN7MYuzjmaIu0w1JDvMzvn/ec4U=', 1 ],
    unusable         => [ '!', 1 ],
    empty            => [ '', 1 ],
    damaged          => [ "$costly.", 1 ],
    plain            => [ $good, 1 ],
    'costly pbkdf2'  => [ "pbkdf2_sha256\$2000000000\$salt\$$digest", 1 ],
    'costly bcrypt'  => [ "\$2y\$31\$$salt22" . '.' x 31, 1 ],
    'costly sha512'  => [ '$6$rounds=999999999$salt$' . '.' x 86, 1 ],
    'costly yescrypt' => [ '$y$jVT$LdJMENpBABJJ3hIHjB1Bi.$' . '.' x 43, 1 ],
);

# [form, hash, password, what a client sends that is nearly right]
my @forms = (
    [ 'bcrypt $2y$',   crypted("\$2y\$04\$$salt22", $good),          $good ],
    [ 'bcrypt $2b$',   crypted("\$2b\$04\$$salt22", $good),          $good ],
    [ 'bcrypt $2a$',   crypted("\$2a\$04\$$salt22", $good),          $good ],
    [ 'apr1',          apr1($good),                                  $good ],
    [ '$5$',           $cheap,                                       $good ],
    [ '$6$',           crypted('$6$rounds=1000$saltsalt$', $good),   $good ],
    [ 'yescrypt',      crypted('$y$j75$LdJMENpBABJJ3hIHjB1Bi.', $good), $good ],
    [ 'pbkdf2_sha256', password_hash('pbkdf2_sha256', $good),        $good ],
    [ 'pbkdf2_sha1',   password_hash('pbkdf2_sha1', $good),          $good ],
    [ 'UTF-8, $6$',    crypted('$6$rounds=1000$saltsalt$', $umlauts), $umlauts ],
    [ 'UTF-8, pbkdf2', password_hash('pbkdf2_sha256', $umlauts),     $umlauts ],
    [ '72 bytes, bcrypt', crypted("\$2y\$04\$$salt22", $long72),     $long72, "${long72}x" ],
    [ '511 bytes, $6$', crypted('$6$rounds=1000$saltsalt$', $long511), $long511, "${long511}x" ],
    [ '4096 bytes, pbkdf2', password_hash('pbkdf2_sha256', $long),   $long, "${long}x" ],
);
$user{"form $_->[0]"} = [ $_->[1], 1 ] for grep { $_->[1] } @forms;

# crypt(3) itself cuts this one to 72 bytes.
$user{'cut'} = [ crypted("\$2y\$04\$$salt22", "${long72}x"), 1 ];
$user{'over 4096'} = [ password_hash('pbkdf2_sha256', "${long}x"), 1 ];
secret("${long72}x", "${long511}x", "${long}x", grep { /\$/ } map { $_->[0] // '' } values %user);

# ---- server ------------------------------------------------------------------------------

my $dir = scratch('db');
mkdir $dir or die "$dir: $!\n";
# Our own table would not take all of these.
sqlite('PRAGMA journal_mode=WAL; CREATE TABLE auth_jwt_user(id INTEGER PRIMARY KEY, username TEXT, '
    . 'password TEXT, is_active INTEGER);' . join('', map {
    my ($name, $hash, $active) = ($_, @{ $user{$_} });
    "INSERT INTO auth_jwt_user(username, password, is_active) VALUES('$name', '$hash', $active);"
} grep { defined $user{$_}[0] } keys %user)
    . "INSERT INTO auth_jwt_user(username, is_active) VALUES('null', 1);", "$dir/site.db");
chown((getpwnam var('user'))[2, 3], $dir, glob "$dir/*") unless $>;

# All children that there will be are there from the start, so that none takes its time away.
sub start
{
    my ($database, %option) = @_;
    return httpd_start($database . <<'CONF', %option);
AuthJWTKey - HS256 ${T_DIR}/keys/site.key
AuthJWTEndpoints /auth
<IfModule !mpm_prefork_module>
    StartServers 2
    ServerLimit 2
    ThreadsPerChild 4
    MaxRequestWorkers 8
    MinSpareThreads 1
    MaxSpareThreads 8
</IfModule>
<IfModule mpm_prefork_module>
    StartServers 3
    MinSpareServers 1
    MaxSpareServers 9
</IfModule>
CONF
}
my $server = start(qq(DBDriver sqlite3\nDBDParams "$dir/site.db"\n));

sub obtain
{
    my ($name, $password, %option) = @_;
    utf8::decode(my $text = $password);
    return post_json('/auth/token', { username => $name, password => $text },
        port => $server->port, %option);
}

# Seconds that all processes have worked so far, by the clocks that clock_getcpuclockid(3) names:
# those in /proc go by hundredths.
sub work_so_far
{
    my $seconds = 0;
    $seconds += clock_gettime(-8 * ($_ + 1) + 2) for $server->pid, $server->children;
    return $seconds;
}

sub median
{
    my @sorted = sort { $a <=> $b } @_;
    return ($sorted[$#sorted / 2] + $sorted[@sorted / 2]) / 2;
}

# A login's work and its answer.
sub work_of_one
{
    my $before = work_so_far();
    my $answer = obtain(@_);
    return (work_so_far() - $before, $answer);
}

# The work of one login, of several done in a row; the answer of the last. The median, since a
# virtual machine that loses its processor for a moment counts that as its own work.
sub work
{
    my @login = @_;
    my (@work, $answer);
    for (1 .. 3) {
        (my $work, $answer) = work_of_one(@login);
        push @work, $work;
    }
    return (median(@work), $answer);
}

sub is_like
{
    my ($work, $usual, $name) = @_;
    # Missing work would show as a twentieth; where others keep the caches busy it differs by two.
    ok $work > $usual / 4 && $work < $usual * 4, "$name: the same work"
        or diag "$work s, not $usual s";
}

# ---- the same work, the same answer ------------------------------------------------------

# Before anybody logged in nothing is known of the site's hashes.
my ($unknown) = work_of_one('nobody at all', $good);
cmp_ok $unknown, '>', 0.05, 'an unknown user costs a hash from the first request on';

is obtain('costly', $good)->code, 200, 'a good login';
my ($usual, $wrong) = work('costly', 'not the password of this user');
cmp_ok $usual, '>', 0.002, 'a hash of this site takes its time';
is $wrong->code, 401, 'a wrong password';

sub looks
{
    my ($answer) = @_;
    my $headers = $answer->headers->clone;
    $headers->remove_header($_) for qw(Date Client-Date Client-Peer Client-Response-Num);
    return join "\n", $answer->status_line, $headers->as_string, $answer->content;
}

my @failures = (
    [ 'an unknown user',           'nobody at all', $good ],
    [ 'an inactive one',           'inactive', $good ],
    [ 'an inactive one, wrong',    'inactive', 'not the password of this user' ],
    [ 'an unusable password',      'unusable', $good ],
    [ 'an unusable one, as it is', 'unusable', '!' ],
    [ 'an empty hash',             'empty', $good ],
    [ 'no hash',                   'null', $good ],
    [ 'a damaged hash',            'damaged', $good ],
    [ 'a password in plain text',  'plain', $good ],
    [ 'a weak hash',               'weak', $good ],
    map({ [ "a $_ hash", $_, $good ] } grep { /^costly / } sort keys %user),
);
for (@failures) {
    my ($name, @login) = @$_;
    my ($work, $answer) = work(@login);
    is looks($answer), looks($wrong), "$name: the same answer";
    is_like($work, $usual, $name);
}

# ---- several forms side by side ----------------------------------------------------------
# Unknown names are shared out over the forms of the known users, dear and cheap ones here, and each
# has the same form whenever and in whichever child it is asked for.

my ($cheap_work) = work('cheap', 'not the password of this user');
cmp_ok $cheap_work * 5, '<', $usual, 'a cheap hash is cheap';
my @known = (qw(costly inactive scrypt argon2), 'inactive scrypt', 'cheap',
    map { "form $_->[0]" } grep { $_->[1] && $_->[0] =~ /^(?:apr1|\$[56]\$|pbkdf2_\w+)$/ } @forms);
is obtain($_, 'not the password of this user')->code, 401, "$_: a wrong password" for @known;
for my $form (qw(scrypt argon2)) {
    my ($own) = work($form, 'not the password of this user');
    is_like($own, $usual, "$form takes its time");
}
my ($inactive) = work('inactive scrypt', $good);
is_like($inactive, $usual, 'an inactive user with scrypt, beside others with Argon2');

sub form_of
{
    my ($name) = @_;
    my ($work, $answer) = work($name, $good);
    is looks($answer), looks($wrong), "$name: the same answer";
    return $work < $usual / 4 ? 'cheap' : 'dear';
}

my @names = map { "nobody $_" } 1 .. 24;
my %form = map { $_ => form_of($_) } @names;
my $cheap_ones = grep { $_ eq 'cheap' } values %form;
ok $cheap_ones >= 2 && $cheap_ones <= 22, 'some unknown names are cheap, some dear, as users are'
    or diag "$cheap_ones of 24 are cheap";
is_deeply { map { $_ => form_of($_) } @names }, \%form, 'each costs the same when it is asked for again';
is obtain('cheap', $good)->code, 200, 'a good login' for 1 .. 20;
is_deeply { map { $_ => form_of($_) } @names }, \%form, '... and after any number of logins of a known user';
my %old = map { $_ => 1 } $server->children;
$server->graceful;
ok wait_until(30, sub { !grep { $old{$_} } $server->children }), 'new children';
obtain('cheap', $good) for 1 .. 5;
is_deeply { map { $_ => form_of($_) } @names }, \%form, '... and after a graceful restart';

# ---- all forms, and what passwords may be ------------------------------------------------

for (@forms) {
    my ($form, $hash, $password, $nearly) = @$_;
    SKIP: {
        skip "this system has no $form", 2 unless $hash;
        is obtain("form $form", $password)->code, 200, "$form: the right password";
        is obtain("form $form", $nearly // "$password ")->code, 401, "$form: nearly the right one";
    }
}

SKIP: {
    skip 'this system has no bcrypt', 2 unless $user{cut}[0];
    is obtain('cut', "${long72}x")->code, 401, 'bcrypt: 73 bytes are refused, not cut to 72';
    is obtain('cut', "${long72}y")->code, 401, 'nor would another end do';
}
is obtain('over 4096', "${long}x")->code, 401, 'more than 4096 bytes are refused, right or wrong';

for my $type (qw(json form)) {
    my %login = (username => 'cheap', password => "$good\0");
    my $answer = request('POST', '/auth/token', $type => \%login, port => $server->port);
    is $answer->code, 400, "a NUL byte in a password, as $type";
    is_deeply json($answer), { password => ['Null characters are not allowed.'] }, 'is named';
}

unlike $server->log, qr/\$[0-9a-z]+\$|pbkdf2_\w+\$/, 'no hash in the log';
$server->stop;

# ---- the same to the hundredth -----------------------------------------------------------
# Each kind has the median of its tries, and of these the greatest is at most 5 % above the least.
# In each round every kind has its turn, in random order, and what counts is its share of the round: the
# machine is faster at one time than at another, and a median between the two would be an accident.

my $full = ($ENV{JWT_LOGINS} || '') eq 'full';
my $bound = 1.05;
my %login = (
    'unknown user'      => [ 'nobody', $good ],
    'wrong password'    => [ 'known', 'not the password of this user' ],
    'inactive user'     => [ 'inactive', $good ],
    'unusable password' => [ 'unusable', $good ],
);

# A round: each kind's work and wall time, and its share in the work of all.
sub try_logins
{
    my ($tries) = @_;
    my (%work, %wall);
    for my $kind (shuffle(sort keys %login)) {
        my $began = time;
        ($work{$kind}, my $answer) = work_of_one(@{ $login{$kind} });
        $wall{$kind} = time - $began;
        $answer->code == 401 or die "$kind: " . $answer->status_line;
    }
    my $all = sum(values %work);
    push @{ $tries->{$_} }, { work => $work{$_}, wall => $wall{$_}, share => $work{$_} / $all } for keys %login;
}

# The medians of each kind, and by what factor the greatest is above the least.
sub medians
{
    my ($tries, $what) = @_;
    my %median = map { my $kind = $_; $kind => median(map { $_->{$what} } @{ $tries->{$kind} }) } keys %$tries;
    return (max(values %median) / min(values %median), \%median);
}

sub told
{
    my ($tries, $what) = @_;
    my ($ratio, $median) = medians($tries, $what);
    return sprintf '%s %s: %.1f %% apart', $what,
        join(', ', map { sprintf '%s %.3f ms', $_, $median->{$_} * 1000 } sort keys %$median), 100 * $ratio - 100;
}

# A few tries leave the medians uncertain by some hundredths; more make them certain, a difference
# that is there only the more so.
sub test_medians
{
    my ($database) = @_;
    my $driver = $database->driver;
    $server = start($database->conf, life => 1800);
    obtain('known', $good)->code == 200 or die "$driver: no login\n";
    my (%tries, $ratio, $tried);
    for my $count ($full ? 500 : (20, 40, 80, 160, 320)) {
        try_logins(\%tries) while ++$tried <= $count;
        ($ratio) = medians(\%tries, 'share');
        $tried = $count;
        last if $ratio <= $bound;
    }
    my $is_alike = cmp_ok $ratio, '<=', $bound, "$driver: the medians of $tried failed logins of each kind";
    diag sprintf '%s, %d of each kind: shares of the work %.1f %% apart', $driver, $tried, 100 * $ratio - 100
        if $full || !$is_alike;
    diag "$driver: ", told(\%tries, $_) for $full || !$is_alike ? qw(work wall) : ();
    $server->stop;
}

my $form = crypted('$6$rounds=5000$saltsaltsaltsalt$', $good);
secret($form);
my @drivers = $full ? JWTTest::Database::usable() : 'sqlite3';
for my $index (0 .. $#drivers) {
    my $database = JWTTest::Database->start($drivers[$index], port => port(1 + $index), life => 1800,
        sql => 'INSERT INTO auth_jwt_user(username, password, is_active) VALUES'
            . "('known', '$form', '1'), ('inactive', '$form', '0'), ('unusable', '!', '1');");
    test_medians($database);
}

done_testing;
