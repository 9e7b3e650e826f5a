# Password hashes as other programs write them open a login at the real server; weak ones only
# where AuthJWTLegacyHashes allows them; and a crowd at the login does not take the server.
#
# Runs beside others: it has a server of its own.
use strict;
use warnings;
use Test::More;
use JWTTest;
use JWTTest::Process qw(on_valgrind);
use POSIX ();
use Time::HiRes qw(sleep time);

only_under('event');

my $good = 'correct horse battery';
secret($good);

# ---- users -------------------------------------------------------------------------------
# Made by PHP and by plain Python, as cheap as their form allows.

my $bcrypt = '04$4Vp3WFUhvnxA4iHHs/RAp.';
my $argon2 = 'v=19$m=64,t=1,p=1$';
my @forms = (
    [ 'bcrypt, PHP', "\$2y\$${bcrypt}Fzor4pHtKRgrWg1pGFPMW0kuVn.H4by" ],
    [ 'bcrypt, Django', "bcrypt\$\$2b\$${bcrypt}Fzor4pHtKRgrWg1pGFPMW0kuVn.H4by" ],
    [ 'bcrypt_sha256, Django', "bcrypt_sha256\$\$2b\$${bcrypt}F3J2XAwKCFyDtfeiHxIn1Aboaetj89a" ],
    [ 'bcrypt, WordPress', "\$wp\$2y\$${bcrypt}Z/yQ7cQxqPjXbx76DRdMtIwk53n.5me" ],
    [ 'Argon2id, PHP',
        "\$argon2id\$${argon2}SVRhVldLa3NRQVdiaTBaMQ\$DbavX0gpsiFQTuR4HA48Q57eV8ihriEo1Sg0QKTbghU" ],
    [ 'Argon2i, PHP',
        "\$argon2i\$${argon2}dmM4QVNQc3hjZmpEbWk5aQ\$CYCZtcoxekBnvbdpYGY/Osvsp6XLhS4NEFpJ9JFn4O4" ],
    [ 'Argon2id, Django',
        "argon2\$argon2id\$${argon2}SVRhVldLa3NRQVdiaTBaMQ\$"
            . 'DbavX0gpsiFQTuR4HA48Q57eV8ihriEo1Sg0QKTbghU' ],
    [ 'scrypt, Django', 'scrypt$16$0123456789abcdefghijAB$8$1$OD5BN9nMW582WIecK5Of97XKE/'
        . 'dJj41z5CKWmvm/QSRJWAhxFvTaKNzkgxPKKPJ49oppN3fFpuXh0RqrFdh4Aw==' ],
    [ 'phpass, WordPress', '$P$5saltsaltLXiSyRIe9pB/KHk/Q4vRp1' ],
    [ 'phpass, phpBB', '$H$5saltsaltLXiSyRIe9pB/KHk/Q4vRp1' ],
);
my @weak = (
    [ 'SHA-1, htpasswd', '{SHA}mN7MYuzjmaIu0w1JDvMzvn/ec4U=' ],
    [ 'SHA-1, Django', 'sha1$salt$122e540f533bd6d11ff5f2debe2b6dbe1f07547d' ],
    [ 'SHA-1 without salt, Django', 'sha1$$98decc62ece399a22ed30d490ef333be7fde7385' ],
    [ 'MD5, Django', 'md5$salt$185a8ce4c769b0acdfda7dcc0f5026bf' ],
    [ 'bare SHA-1', '98decc62ece399a22ed30d490ef333be7fde7385' ],
    [ 'bare MD5', '88e4ddd2402d92d50e1879d6ecd9ffd4' ],
    [ 'DES crypt', 'abhfCpXqd4GrI' ],
    [ 'DES crypt, Django', 'crypt$$abhfCpXqd4GrI' ],
);
# What Django itself has made, with the cost that it has by default: one of each algorithm. Under
# valgrind that is a minute each, and t/unit/django.c computes all of them there.
my (%django, %is_weak);
$is_weak{$_} = 1 for qw(sha1 md5 unsalted_sha1 unsalted_md5 crypt);
for (grep { !/^#/ } split /\n/, slurp(var('src_dir') . '/t/data/django.txt')) {
    my ($version, $algorithm, $hash, $password) = split /\t/;
    next unless defined $password && $password eq $good && !$django{$algorithm};
    next if on_valgrind() && !$is_weak{$algorithm};
    $django{$algorithm} = 1;
    push @{ $is_weak{$algorithm} ? \@weak : \@forms }, [ "$algorithm of Django $version", $hash ];
}
# About a second of work, by which a crowd is made.
my $slow = crypt $good, '$6$rounds=999999$saltsaltsaltsalt$';
secret(map { $_->[1] } @forms, @weak);
secret($slow);

my $dir = scratch('db');
mkdir $dir or die "$dir: $!\n";
sqlite('PRAGMA journal_mode=WAL; CREATE TABLE auth_jwt_user(id INTEGER PRIMARY KEY, username TEXT, '
    . 'password TEXT, is_active INTEGER);' . join('', map {
    "INSERT INTO auth_jwt_user(username, password, is_active) VALUES('$_->[0]', '$_->[1]', 1);"
} @forms, @weak, [ 'slow', $slow ]), "$dir/site.db");
chown((getpwnam var('user'))[2, 3], $dir, glob "$dir/*") unless $>;

my $server = httpd_start(<<"CONF");
DBDriver sqlite3
DBDParams "$dir/site.db"
AuthJWTKey - HS256 \${T_DIR}/keys/site.key
AuthJWTEndpoints /auth
AuthJWTHashConcurrency 1
<Location "/old">
    AuthJWTLegacyHashes On
</Location>
<Location "/old/login">
    SetHandler jwt-obtain
</Location>
<Location "/old/but/not/here">
    SetHandler jwt-obtain
    AuthJWTLegacyHashes Off
</Location>
<IfModule !mpm_prefork_module>
    StartServers 1
    ServerLimit 1
    ThreadsPerChild 16
    MaxRequestWorkers 16
    MinSpareThreads 1
    MaxSpareThreads 16
</IfModule>
CONF
spew($server->dir . '/htdocs/page.html', 'for everybody');

sub obtain
{
    my ($path, $name, $password) = @_;
    return post_json($path, { username => $name, password => $password }, port => $server->port);
}

# ---- all forms ---------------------------------------------------------------------------

for (@forms) {
    my ($name) = @$_;
    is obtain('/auth/token', $name, $good)->code, 200, "$name: the right password";
    is obtain('/auth/token', $name, "x$good")->code, 401, "$name: another one";
}
for (@weak) {
    my ($name) = @$_;
    is obtain('/old/login', $name, $good)->code, 200, "$name: the right password, where allowed";
    is obtain('/old/login', $name, "x$good")->code, 401, "$name: another one";
    my $mark = $server->log_mark;
    is obtain('/auth/token', $name, $good)->code, 401, "$name: the right one, by default";
    like $server->log_since($mark), qr/JWT0104.* too weak; AuthJWTLegacyHashes On accepts it/,
        '... and the log says why';
}
is obtain('/old/but/not/here', $weak[0][0], $good)->code, 401,
    'a section within may refuse them again';

# ---- a crowd -----------------------------------------------------------------------------

# In a process each: [status, seconds, Retry-After, body].
sub crowd
{
    my ($count) = @_;
    my @readers = map {
        pipe my $reader, my $writer or die "pipe: $!\n";
        my $pid = fork // die "fork: $!\n";
        if (!$pid) {
            my $began = time;
            my $answer = obtain('/auth/token', 'slow', $good);
            printf {$writer} "%d %.3f %s %s\n", $answer->code, time - $began,
                $answer->header('Retry-After') // '-', $answer->code == 200 ? '' : $answer->content;
            close $writer;
            POSIX::_exit(0);
        }
        $reader;
    } 1 .. $count;
    my @pages;
    for (1 .. 5) {
        my $began = time;
        push @pages, [ get('/page.html', port => $server->port)->code, time - $began ];
        sleep 0.1;
    }
    my @answers = map { [ split ' ', scalar(readline $_) // '', 4 ] } @readers;
    return (\@answers, \@pages);
}

SKIP: {
    skip 'a process of prefork has one request at a time', 6 if var('mpm') eq 'prefork';
    skip 'under valgrind nothing comes within a second', 6 if on_valgrind();
    my $mark = $server->log_mark;
    my ($answers, $pages) = crowd(10);
    my @in = grep { $_->[0] == 200 } @$answers;
    my @out = grep { $_->[0] == 503 } @$answers;
    is @in + @out, 10, 'of ten at once each gets in or is told to come back'
        or diag explain $answers;
    ok @in >= 1 && @in <= 3, 'one or two get in' or diag scalar @in;
    is_deeply [ grep { $_->[2] ne '5' || ($_->[3] // '') !~ /"code":"unavailable"/ } @out ], [],
        'the others know when';
    is_deeply [ grep { $_->[0] != 200 || $_->[1] > 0.7 } @$pages ], [], 'pages are served meanwhile'
        or diag explain $pages;
    like $server->log_since($mark), qr/JWT0201: answered 503 \(busy\): .*AuthJWTHashConcurrency/,
        'the log names the directive';
    is obtain('/auth/token', 'slow', $good)->code, 200, 'and afterwards all is as before';
}

done_testing;
