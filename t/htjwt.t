# The tool beside the module: what it makes is what the real server takes, what it refuses it says
# in one line with the cure, and no secret is ever seen by others.
#
# Runs beside others: it has servers of its own.
use strict;
use warnings;
use Crypt::JWT qw(encode_jwt);
use IO::Select ();
use JSON::PP ();
use JWTTest;
use JWTTest::Database;
use JWTTest::Process qw(first_executable);
use MIME::Base64 qw(encode_base64url);
use Test::More;

my $htjwt = var('htjwt') or plan skip_all => 'the tool was not built';
only_under('event');    # a server of each MPM is the same to it

my $dir = scratch('site');
my $root = $> == 0;
my @of_server = (getpwnam var('user'))[2, 3];
my $hs = 'a secret of more than thirty-two bytes';
my ($first, $second) = ('first password of erin', "second: \xc3\xa4\xc3\xb6 \\ \"quoted\"");
secret($hs, $first, $second);

# As a site has it: the database's directory belongs to the server's user, the keys' to root.
mkdir $_ for $dir, "$dir/db", "$dir/keys";
chown @of_server, "$dir/db" if $root;
spew("$dir/keys/site.key", "$hs\n", 0600);

# ---- running it --------------------------------------------------------------------------

# tool(\@arguments, stdin => TEXT, env => {...}): {status, out, err}
sub tool
{
    my ($arguments, %option) = @_;
    my %file = map { $_ => scratch("tool.$_") } qw(in out err);
    spew($file{in}, $option{stdin} // '', 0600);
    defined(my $pid = fork) or die "fork: $!\n";
    if (!$pid) {
        open STDIN, '<', $file{in};
        open STDOUT, '>', $file{out};
        open STDERR, '>', $file{err};
        $ENV{$_} = $option{env}{$_} for keys %{ $option{env} || {} };
        exec 'timeout', '-k', 5, 60, $htjwt, @$arguments or POSIX::_exit(127);
    }
    waitpid $pid, 0;
    return { status => $? >> 8, out => slurp($file{out}), err => slurp($file{err}) };
}

sub good
{
    my ($arguments, $name, %option) = @_;
    my $got = tool($arguments, %option);
    is "$got->{status} $got->{err}", '0 ', $name;
    return $got->{out};
}

# Of an error there is one line, and nothing on standard output.
sub bad
{
    my ($arguments, $status, $words, $name, %option) = @_;
    my $got = tool($arguments, %option);
    is "$got->{status} " . ($got->{err} =~ tr/\n//) . $got->{out}, "$status 1", "$name: status, one line"
        or diag $got->{err};
    like $got->{err}, ref $words ? $words : qr/^htjwt: \Q$words\E$/, "$name: cause and cure";
    unlike $got->{err}, qr/\Q$_\E/, "$name: nothing secret" for $hs, $first, $second;
}

sub conf_of { return ('-f', $_[0]->dir . '/httpd.conf', '--httpd', var('httpd')) }

# ---- the command line --------------------------------------------------------------------

my $algorithms = 'HS256 HS384 HS512 RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA';
my $no_database = 'no database is named; add -f httpd.conf, or -d DRIVER -p PARAMS';
my $password_in_argument = '-p: a password in an argument is seen by every user of this machine; '
    . 'write the parameters to the variable HTJWT_PARAMS, or to standard input and -p -';
my @site = ('-p', "$dir/db/none.db");

subtest 'usage' => sub {
    for (
        [ [], 2, 'no command; htjwt --help lists them' ],
        [ ['bogus'], 2, q('bogus' is no command; htjwt --help lists them) ],
        [ [qw(adduser -z x)], 2, q('-z' is no option; htjwt(1) has all of them) ],
        [ [qw(adduser --bogus x)], 2, q('--bogus' is no option; htjwt(1) has all of them) ],
        [ [qw(adduser x -f)], 2, '-f: its value is missing; htjwt(1) has all options' ],
        [ [qw(verify --issuer)], 2, '--issuer: its value is missing; htjwt(1) has all options' ],
        [ ['adduser'], 2, 'adduser: 0 operands; write: htjwt adduser USER' ],
        [ [qw(adduser erin password)], 2, 'adduser: 2 operands; write: htjwt adduser USER' ],
        [ [qw(init x)], 2, 'init: 1 operands; write: htjwt init' ],
        [ [qw(decode eyJ.x.y)], 2, 'decode: 1 operands; write: htjwt decode' ],
        [ [qw(adduser -F x)], 2, '-F: means nothing to adduser; leave it away' ],
        [ [qw(init --issuer x)], 2, '--issuer: means nothing to init; leave it away' ],
        [ [qw(adduser -C 10 x)], 2, '-C: the cost is one of bcrypt; add -B' ],
        (map { [ [ qw(adduser -B -C), $_, 'x' ], 2,
            "-C: '$_' is no cost of bcrypt; write a number from 8 to 15" ] } qw(7 16 ten 10x -1)),
        [ [qw(init -s x), @site], 2, '-s: names a virtual host of a configuration; add -f' ],
        (map { [ [ 'init', '-p', $_ ], 2, $password_in_argument ] }
            'host=x password=y', 'host=x pass=y', 'host=x,PASSWORD = y', 'postgresql://me:word@host/db'),
        (map { [ [ 'adduser', 'x', '-p', $_ ], 1, qr/^htjwt: there is no database \S+; make it with: htjwt init$/ ] }
            "$dir/passwords/x.db", "file:$dir/pass/x.db?mode=rw"),
        [ ['init'], 2, $no_database ],
        [ [qw(init -d oracle -p x)], 1, qr/^htjwt: APR has no driver 'oracle' here: .*; install it/ ],
        [ [qw(adduser x), @site], 1, "there is no database $dir/db/none.db; make it with: htjwt init" ],
        [ [qw(adduser x -p), $dir], 1, "$dir is no file; name the database's file" ],
        [ ['init', '-p', "$dir/none/x.db"], 1, qr{^htjwt: the directory \Q$dir\E/none of the database: No such file or directory; make it with: install -d} ],
        [ ['adduser', '', @site], 6, qr/^htjwt: a user's name is not empty/ ],
        [ ['adduser', ' x', @site], 6, qr/neither begins nor ends with a blank/ ],
        [ ['adduser', "a\tb", @site], 6, qr/has a control character or is no UTF-8/ ],
        [ ['adduser', "a\xff", @site], 6, qr/has a control character or is no UTF-8/ ],
        [ ['adduser', "\xed\xa0\x80", @site], 6, qr/has a control character or is no UTF-8/ ],
        [ ['adduser', 'x' x 151, @site], 5, qr/has 151 characters, more than 150/ ],
        [ [qw(keygen none)], 2, "unknown algorithm 'none'; known are: $algorithms" ],
        [ [qw(keygen ES256), "$dir/none/x"], 1, qr/No such file or directory; make its directory/ ],
        [ ['verify'], 2, qr/^htjwt: there is no key; name the configuration by -f/ ],
        (map { [ [ 'verify', '-k', $_ ], 2, qr/^htjwt: -k: it takes KID ALG SOURCE in quotes/ ] }
            '', 'HS256 x', 'a HS256 x sign'),
        [ ['verify', '-k', 'a HS999 x'], 2, "unknown algorithm 'HS999'; known are: $algorithms" ],
        [ ['verify', '-k', "a HS256 $dir/none"], 1, qr/^htjwt: the key file \S+ cannot be read: No such file/ ],
        [ ['verify', '-k', 'a HS256 env:JWT_NONE'], 1, qr/^htjwt: the environment has no variable JWT_NONE/ ],
        [ ['verify', '-k', 'a HS256 "exec:/bin/false"'], 1, qr{^htjwt: the program /bin/false, which writes a key, failed} ],
    ) {
        my ($arguments, $status, $words) = @$_;
        bad($arguments, $status, $words, "htjwt @$arguments");
    }
    like good(['--help'], 'help'), qr/^usage: htjwt COMMAND.*^  adduser USER +add a user$/ms, '... lists commands';
    my $page = slurp(var('src_dir') . '/src/htjwt/htjwt.1');
    my %command = tool(['--help'])->{out} =~ /^  (\w+) ?(.*?)  /mg;
    like $page, qr/^\.B \Q$_\E\b/m, "the manual page tells of $_" for sort keys %command;
};

# ---- keys --------------------------------------------------------------------------------

subtest 'keys' => sub {
    for my $alg (split ' ', $algorithms) {
        my $file = "$dir/keys/$alg.key";
        like good([ 'keygen', $alg, $file ], "$alg: made"),
            qr/^Wrote \Q$file\E\. The server takes it by: AuthJWTKey \d{4}-\d\d $alg \Q$file\E$/, '... and said how';
        is sprintf('%o', (stat $file)[2] & 07777), '600', '... for its owner alone';
        my ($status, $said) = configtest("AuthJWTKey x $alg \"$file\"");
        is "$status $said", "0 Syntax OK\n", '... AuthJWTKey takes it';
        secret(slurp($file) =~ /^([^-\n].*)$/m);
    }
    my $before = slurp("$dir/keys/HS256.key");
    bad([ qw(keygen HS256), "$dir/keys/HS256.key" ], 1,
        qr/File exists; a key is not overwritten: name another file, or add -F$/, 'there is one');
    is slurp("$dir/keys/HS256.key"), $before, '... it stays';
    good([ qw(keygen -F HS256), "$dir/keys/HS256.key" ], 'by force');
    isnt slurp("$dir/keys/HS256.key"), $before, '... another key';
    is sprintf('%o', (stat "$dir/keys/HS256.key")[2] & 07777), '600', '... for its owner alone';
    my $shown = good([qw(keygen HS512)], 'to standard output');
    secret($shown =~ /(\S+)/);
    like $shown, qr/^[\w-]{86}\n\z/, '... nothing but the key';
    like good([qw(keygen EdDSA -)], 'a pair'), qr/^-----BEGIN PRIVATE KEY-----\n.*-----END PRIVATE KEY-----\n\z/s, '... in PEM';
    symlink "$dir/keys/none", "$dir/keys/link";
    bad([ qw(keygen HS256), "$dir/keys/link" ], 1, qr/a key is not overwritten/, 'a link to nowhere');
    ok !-e "$dir/keys/none", '... is not followed';
};

# ---- users of SQLite, and a server -----------------------------------------------------------

my $server = httpd_start(<<"CONF");
DBDriver sqlite3
DBDParams "file:$dir/db/site.db?mode=rw"
AuthJWTKey main ES256 "$dir/keys/ES256.key"
AuthJWTEndpoints /auth
AuthJWTSessions migrate
<Location "/members">
    AuthType JWT
    Require valid-user
</Location>
CONF
mkdir $server->dir . '/htdocs/members';
spew($server->dir . '/htdocs/members/index.html', 'x');
my @conf = conf_of($server);

sub obtain
{
    my ($name, $password) = @_;
    utf8::decode($password);
    return post_json('/auth/token', { username => $name, password => $password }, port => $server->port);
}

subtest 'a site from nothing' => sub {
    like tool([ 'check', @conf ])->{out}, qr{^driver +good +sqlite3\nfile +FAILED +\S+: No such file .*htjwt init makes it\n\z},
        'check: there is no file';
    my $said = good([ 'init', @conf ], 'init');
    like $said, qr/^The tables of mod_auth_jwt are there\.\n/, '... says so';
    like $said, qr{site\.db belongs to @{[ var('user') ]}, as whom the server must run}, '... and whose the file is' if $root;
    is sprintf('%o', (stat "$dir/db/site.db")[2] & 07777), '600', '... which has hashes, so it is his alone';
    is((stat _)[4], $root ? $of_server[0] : $>, '... the server\'s user');
    good([ 'init', @conf ], 'again: all is there');
    is good([ 'adduser', 'erin', @conf ], 'adduser', stdin => "$first\n"), "Added user erin (id 1).\n", '... says the id';
    is obtain('erin', $first)->code, 200, 'she logs in at the server';
    bad([ 'adduser', 'erin', @conf ], 6, q(there is a user 'erin' already; another password is set by: htjwt passwd),
        'a second erin', stdin => "$second\n");
    my $access = json(obtain('erin', $first))->{access};
    my $page = sub { get_with('/members/', $access, port => $server->port)->code };
    is $page->(), 200, 'her token opens the page';
    is good([ 'disable', 'erin', @conf ], 'disable'), "User erin is not active.\n", '... says so';
    is obtain('erin', $first)->code . $page->(), '401401', '... and she is shut out at once';
    good([ 'disable', 'erin', @conf ], 'twice is once');
    is good([ 'enable', 'erin', @conf ], 'enable'), "User erin is active.\n", '... says so';
    is obtain('erin', $first)->code . $page->(), '200200', '... and she is back';
    good([ 'passwd', 'erin', qw(-B -C 8), @conf ], 'passwd', stdin => "$second\r\nmore\n");
    is obtain('erin', $first)->code . obtain('erin', $second)->code, '401200', 'the new password holds, without the line end';
    like sqlite_value('SELECT password FROM auth_jwt_user'), qr/^\$2y\$08\$/, '... as bcrypt of that cost';
    good([ 'passwd', 'erin', @conf ], 'passwd', stdin => $first);
    like sqlite_value('SELECT password FROM auth_jwt_user'), qr/^\$y\$j9T\$/, 'the default is yescrypt';
    is obtain('erin', $first)->code, 200, '... which the server checks';
    bad([ $_, 'nobody', @conf ], 6, q(there is no user 'nobody'; add one by: htjwt adduser), "$_ nobody",
        stdin => $first) for qw(passwd disable enable);
    bad([ 'passwd', 'erin', @conf ], 3, qr/^htjwt: the password is empty/, 'no password', stdin => $_) for '', "\n";
    bad([ 'passwd', 'erin', @conf ], 3, qr/has a zero byte/, 'a zero byte', stdin => "a\0b\n");
    bad([ 'passwd', 'erin', '-B', @conf ], 5, qr/has 73 bytes, and bcrypt takes 72; .*leave -B away/, 'too long',
        stdin => 'x' x 73);
    bad([ 'passwd', 'erin', @conf ], 5, qr/has 512 bytes, and yescrypt takes 511/, 'too long', stdin => 'x' x 512);
    is obtain('erin', $first)->code, 200, 'none of these changed anything';
    is good([ 'adduser', "Zo\xc3\xab \xf0\x9f\x98\x80", '-p', "$dir/db/site.db" ], 'by option, a name beyond ASCII', stdin => $second),
        "Added user Zo\xc3\xab \xf0\x9f\x98\x80 (id 2).\n", '... said as it is';
    is obtain("Zo\x{eb} \x{1f600}", $second)->code, 200, '... and logs in';
    is good([ 'adduser', 'mallory', '-p', '-' ], 'both from standard input', stdin => "$dir/db/site.db\n$second\n"),
        "Added user mallory (id 3).\n", '... in this order';
    good([ 'disable', 'mallory' ], 'by the environment', env => { HTJWT_PARAMS => "$dir/db/site.db" });
    my $lines = join '\n', map { "$_ +good +.*" } qw(driver file connection tables statements grants);
    like good([ 'check', @conf ], 'check'), qr/^$lines may read users and change them\n\z/, '... all is well';
    is_deeply [ grep { (stat)[4] != ($root ? $of_server[0] : $>) } glob "$dir/db/*" ], [], 'no file of root beside it';
    chmod 0644, "$dir/db/site.db";
    like tool([ 'check', @conf ])->{out}, qr{^file +FAILED +\S+, which has password hashes, is open to every user.*chmod o= }m,
        'check: the file is open';
    chmod 0600, "$dir/db/site.db";
    system('sqlite3', "$dir/db/older.db", 'CREATE TABLE auth_jwt_session (sid TEXT, expires_at INTEGER, user_id TEXT)') == 0
        or die "sqlite3: $?\n";
    chmod 0600, "$dir/db/older.db";
    chown @of_server, "$dir/db/older.db" if $root;
    my $older = qr/DROP TABLE auth_jwt_session, which ends all sessions\) and made anew by htjwt init$/m;
    bad([ 'init', '-p', "$dir/db/older.db" ], 1, qr/^htjwt: auth_jwt_session was there, and cannot be used: .*no such column.*$older/,
        'init over a table of an older layout');
    like tool([ 'check', '-p', "$dir/db/older.db" ])->{out}, qr/^statements +FAILED +.*no such column: \w+ .*$older/m, '... check finds it, too';
    return unless $root;
    mkdir "$dir/root";
    like good([ 'init', '-p', "$dir/root/site.db" ], 'in a directory of root'),
        qr{^Give it and its directory to the user whom the server runs as: chown \S+ \Q$dir\E/root \Q$dir\E/root/site\.db\*$}m, '... says so';
    like tool([ 'check', '-p', "$dir/root/site.db" ])->{out},
        qr{^file +FAILED +\S+ belongs to root, as whom no server runs; run: chown SERVERS-USER \Q$dir\E/root/site\.db\*$}m,
        'check: a file of root, without a configuration that names the user';
    chown 0, 0, "$dir/db/site.db";
    like tool([ 'check', @conf ])->{out}, qr{^file +FAILED +\S+ does not belong to @{[ var('user') ]}, .*run: chown }m,
        'check: the file is root\'s';
    chown @of_server, "$dir/db/site.db";
};

sub sqlite_value
{
    my ($sql) = @_;
    chomp(my $value = `sqlite3 -readonly '$dir/db/site.db' "$sql LIMIT 1"`);
    secret($value);
    return $value;
}

# ---- tokens ------------------------------------------------------------------------------

subtest 'tokens' => sub {
    my $pair = json(obtain('erin', $first));
    like good([ 'verify', @conf ], 'an access token', stdin => $pair->{access}),
        qr/^Good: access token [0-9a-f]{32} of the user with the id 1, erin, session [0-9a-f]{32}, until \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC\.$/, '... is good';
    like good([ 'verify', @conf ], 'a refresh token', stdin => "$pair->{refresh}\n"), qr/^Good: refresh token /, '... is good';
    my @key = ('-k', "main ES256 $dir/keys/ES256.key");
    my $alone = tool([ 'verify', @key ], stdin => $pair->{access});
    is $alone->{status}, 0, 'by a key alone';
    is $alone->{err}, "htjwt: no database was named, so nobody asked whether user and session are still there\n", '... and what that means';
    my $made = sub {
        my ($claims, %header) = @_;
        my $token = encode_jwt(payload => { token_type => 'access', exp => time + 60, iat => time, jti => 'j',
            user_id => '1', %$claims }, alg => 'ES256', key => \slurp("$dir/keys/ES256.key"),
            extra_headers => { kid => 'main', %header });
        secret($token);
        return $token;
    };
    for (
        [ 'expired', { exp => time - 1 }, qr/^htjwt: not good \(expired\): exp is past$/ ],
        [ 'a later day', { nbf => time + 60 }, qr/\(not_yet_valid\)/ ],
        [ 'an audience', { aud => 'x' }, qr/\(wrong_audience\)/ ],
        [ 'no user', { user_id => '99' }, qr/\(user_not_found\): no user has the id '99'/ ],
        [ 'an inactive user', { user_id => '3' }, qr/\(user_inactive\)/ ],
        [ 'another type', { token_type => 'bogus' }, qr/\(wrong_type\)/ ],
    ) {
        my ($name, $claims, $words) = @$_;
        bad([ 'verify', @conf ], 3, $words, $name, stdin => $made->($claims));
    }
    bad([ 'verify', @conf ], 3, qr/\(unknown_key\)/, 'another kid', stdin => $made->({}, kid => 'x'));
    (my $forged = $pair->{access}) =~ s/\.([^.])([^.]*)\z/'.' . ($1 eq 'A' ? 'B' : 'A') . $2/e;
    bad([ 'verify', @conf ], 3, qr/\(bad_signature\)/, 'forged', stdin => $forged);
    for (
        [ ['--issuer', 'me'], { iss => 'me' }, 0 ], [ ['--issuer', 'me'], { iss => 'you' }, 3 ],
        [ [ map { ('--audience', $_) } 'a', 'b' ], { aud => 'b' }, 0 ], [ ['--audience', 'a'], { aud => 'b' }, 3 ],
        [ ['--user-id-claim', 'sub'], { sub => '7' }, 0 ], [ ['--user-id-claim', 'uid'], {}, 3 ],
    ) {
        my ($arguments, $claims, $status) = @$_;
        is tool([ 'verify', @key, @$arguments ], stdin => $made->($claims))->{status}, $status,
            "@$arguments: " . join ' ', %$claims;
    }
    bad([ 'verify', @key ], 3, qr/^htjwt: not good \(malformed\): not three parts$/, 'no token', stdin => $_)
        for 'x', 'a.b', 'a.b.c.d';
    bad(['decode'], 3, qr/^htjwt: that is no token: it has not three parts/, 'no token', stdin => $_) for 'x', 'a.b', 'a.b.c.d';
    bad(['decode'], 3, qr/payload of the token is no (?:base64url|JSON)/, 'no payload', stdin => "e30.$_.x") for '+', 'eyJh';
    my $shown = tool(['decode'], stdin => $made->({ note => "\e[2J\x{e4}", exp => 4102444800 }));
    is $shown->{status}, 0, 'decode';
    is_deeply [ sort keys %{ JSON::PP::decode_json($shown->{out}) } ], [qw(claims header)], '... is JSON';
    like $shown->{out}, qr/"note": "\\u001B\[2J/, '... of which a terminal obeys nothing';
    like $shown->{err}, qr/^htjwt: NOT VERIFIED: the signature was not looked at/, '... says what it is not';
    like $shown->{err}, qr/^htjwt: exp is 2100-01-01 00:00:00 UTC$/m, '... and tells times';
    bad(['decode'], 3, qr/header of the token is no JSON/, 'no JSON', stdin => 'eyJh.e30.x');
    bad(['decode'], 3, qr/^htjwt: the token is empty/, 'no token');
};

# ---- sessions ------------------------------------------------------------------------------

subtest 'sessions' => sub {
    my $page = sub { get_with('/members/', $_[0], port => $server->port)->code };
    good([ 'logout', 'erin', @conf ], 'logout erin');
    is good([ 'sessions', 'erin', @conf ], 'sessions of erin'), '', '... are none';
    my ($first_pair, $second_pair) = map { json(obtain('erin', $first)) } 1, 2;
    my @listed = split /\n/, good([ 'sessions', 'erin', @conf ], 'two logins');
    is scalar @listed, 2, '... are two sessions';
    like $_, qr/^[0-9a-f]{32}  begun \d{4}-\S+ \S+ UTC  refreshed never  ends \d{4}-.* UTC  127\.0\.0\.1  libwww-perl/,
        '... with times, address and program' for @listed;
    like good([ 'sessions', @conf ], 'sessions of all'), qr/^2  erin \(id 1\)$/m, '... are counted';
    my ($sid) = (peek($first_pair->{access}))[1]{sid};
    is good([ 'logout', $sid, @conf ], 'logout of one'), "Ended session $sid.\n", '... says so';
    is $page->($first_pair->{access}) . $page->($second_pair->{access}), '401200', '... which is over, the other goes on';
    is good([ 'logout', $sid, @conf ], 'again'), "Session $sid had ended before.\n", '... says so';
    bad([ 'verify', @conf ], 3, qr/^htjwt: not good \(session_ended\): the session \S+ of the user with the id '1' was ended$/,
        'its token', stdin => $first_pair->{access});
    is good([ 'logout', 'erin', @conf ], 'logout of all'), "Ended 1 sessions of user erin.\n", '... says how many';
    is $page->($second_pair->{access}), 401, '... which is over';
    bad([ 'logout', 'f' x 32, @conf ], 6, qr/^htjwt: there is no user 'f+', nor a session of that sid/, 'a sid of nobody');
    bad([ $_, 'nobody', @conf ], 6, q(there is no user 'nobody'; add one by: htjwt adduser), "$_ nobody") for qw(sessions logout);

    my $got = tool([ 'token', 'erin', '30d', @conf ]);
    is $got->{status}, 0, 'a token for scripts' or diag $got->{err};
    chomp(my $token = $got->{out});
    secret($token);
    my ($header, $claims) = peek($token);
    is_deeply [ $header->{alg}, $header->{kid}, $claims->{token_type}, $claims->{user_id}, $claims->{exp} - $claims->{iat} ],
        [ 'ES256', 'main', 'access', '1', 30 * 86400 ], '... for so long';
    like $got->{err}, qr/^htjwt: an access token of user erin until \d{4}-.* UTC; it is ended by: htjwt logout \Q$claims->{sid}\E\n\z/,
        '... says how it ends';
    is $page->($token), 200, '... opens the page';
    like good([ 'sessions', 'erin', @conf ], 'sessions'), qr/^\Q$claims->{sid}\E .*  htjwt token$/m, '... has one of its own';
    good([ 'passwd', 'erin', qw(-B -C 8), @conf ], 'another password', stdin => $second);
    is $page->($token), 401, '... ends it';
    good([ 'passwd', 'erin', qw(-B -C 8), @conf ], 'the password from before', stdin => $first);
    chomp($token = tool([ 'token', 'erin', '1h', @conf ])->{out});
    secret($token);
    is $page->($token), 200, 'another one';
    good([ 'logout', (peek($token))[1]{sid}, @conf ], 'logout');
    is $page->($token), 401, '... ends it';
    bad([ 'token', 'erin', $_, @conf ], 2, "token: '$_' is not a time; write a number above 0 with a unit, such as 12h, 30d or 52w", "lifetime $_")
        for '', 0, '1y', 'd', '9999999w';
    bad([ 'token', 'mallory', '1h', @conf ], 6, q(the user 'mallory' is not active; htjwt enable comes first), 'an inactive user');
    bad([ 'token', 'erin', '1h', '-p', "$dir/db/site.db" ], 2, qr/^htjwt: there is no key/, 'without a key');
    spew("$dir/keys/public.pem", scalar(`openssl pkey -in '$dir/keys/ES256.key' -pubout`));
    bad([ 'token', 'erin', '1h', '-p', "$dir/db/site.db", '-k', "x ES256 $dir/keys/public.pem" ], 7, qr/^htjwt: no key here can sign/, 'with a public key');

    my $rows = sub { `sqlite3 -readonly '$dir/db/site.db' 'SELECT COUNT(*) FROM auth_jwt_session'` + 0 };
    my $before = $rows->();
    is good([ 'purge', @conf ], 'purge'), "Deleted 0 sessions that ended more than a day ago.\n", '... is not for the newly ended';
    system('sqlite3', "$dir/db/site.db", 'UPDATE auth_jwt_session SET expires_at = ' . (time - 86500) . " WHERE sid = '$sid'");
    is good([ 'purge', @conf ], 'purge'), "Deleted 1 sessions that ended more than a day ago.\n", '... says how many';
    is $rows->(), $before - 1, '... and it was so';
};

# ---- configurations ------------------------------------------------------------------------

# conf(NAME, TEXT): a file as a site has it, for -f.
sub conf
{
    my ($name, $text) = @_;
    my $lines = JWTTest::Server->load_lines;
    my $t_dir = var('t_dir');
    my $file = spew("$dir/$name.conf", <<"CONF");
${lines}ServerName www.example.com
ServerRoot "$dir"
DefaultRuntimeDir "$t_dir/logs"
ErrorLog "$t_dir/logs/htjwt_log"
TypesConfig /dev/null
Listen 127.0.0.1:1
@{[ $root ? sprintf "User %s\nGroup %s", var('user'), var('group') : '' ]}
$text
CONF
    return ('-f', $file, '--httpd', var('httpd'));
}

subtest 'configurations' => sub {
    my $database = "DBDriver sqlite3\nDBDParams $dir/db/site.db\n";
    bad([ 'check', conf('broken', 'Bogus line') ], 7,
        qr/^htjwt: \S+broken\.conf: \S+ cannot use it, and says: AH00526: Syntax error on line \d+ of \S+: Invalid command 'Bogus'/,
        'a mistake');
    bad([ 'check', conf('refused', "AuthJWTKey a HS256 keys/site.key\nAuthJWTEndpoints /auth") ], 7,
        qr/cannot use it, and says: JWT0001: AuthJWTEndpoints \/auth: users are looked up in SQL/, 'a mistake that the module finds');
    bad([ 'check', conf('latin', "AuthJWTIssuer \xe4") ], 7, qr/says: JWT0001: -D AUTH_JWT_DUMP: a value of the configuration is no UTF-8; write it in UTF-8/, 'no UTF-8');
    like good([ 'check', conf('off', "${database}AuthJWTKey a HS256 keys/site.key\nAuthJWTSessions Off\nAuthJWTRotateRefresh Off") ], 'without sessions'),
        qr/^tables +good +auth_jwt_user\nstatements +good +users are found by name and by id\n/m, '... nobody asks for their table';
    my $blacklist = "AuthJWTKey a HS256 keys/site.key\nAuthJWTSessions blacklist\n";
    like good([ 'check', conf('blacklist', "$database$blacklist") ], 'with a blacklist'), qr/^statements +good +.*ended tokens by jti$/m, '... which is asked';
    system('sqlite3', "$dir/django.db", 'CREATE TABLE auth_user (id INTEGER, username TEXT, password TEXT, is_active INTEGER)') == 0
        or die "sqlite3: $?\n";
    chmod 0600, "$dir/django.db";
    chown @of_server, "$dir/django.db" if $root;
    like tool([ 'check', conf('django', "DBDriver sqlite3\nDBDParams $dir/django.db\nAuthJWTUserQuery django\n$blacklist") ])->{out},
        qr/^statements +FAILED +token_blacklist_blacklistedtoken: sqlite3 says: no such table: /m, 'Django without its app token_blacklist';
    bad([ 'check', conf('empty', '') ], 7, qr/there is neither a key nor a database in it/, 'nothing of ours');
    my @without = conf('without', '');
    (my $lines = slurp("$dir/without.conf")) =~ s/^LoadModule auth_jwt_module.*\n//m;
    spew("$dir/without.conf", $lines);
    bad([ 'check', @without ], 7, qr/it loads no mod_auth_jwt, or one of another version; add the LoadModule line/, 'without the module');
    bad([ 'check', '-f', "$dir/empty.conf", '--httpd', '/bin/true' ], 7, qr/it loads no mod_auth_jwt/, 'another program');
    bad([ 'check', '-f', "$dir/empty.conf", '--httpd', "$dir/none" ], 1, qr/cannot be started: No such file or directory; name httpd/,
        'no program');
    bad([ 'check', '-f', "$dir/none.conf", '--httpd', var('httpd') ], 7, qr/Could not open configuration file \Q$dir\E\/none\.conf/, 'no file');

    my @own = conf('own', "${database}AuthJWTKey a HS256 keys/site.key\n"
        . q(AuthJWTUserQuery "SELECT id, username, password FROM auth_jwt_user WHERE username = %s") . "\n"
        . q(AuthJWTUserByIdQuery "SELECT id, username FROM auth_jwt_user WHERE id = %s"));
    bad([ 'passwd', 'erin', @own ], 7, qr/found by SQL of its own \(AuthJWTUserQuery\), which does not tell how to change/, 'SQL of its own');
    like good([ 'check', @own ], 'check'), qr/^tables +good +auth_jwt_session\nstatements +good .*\ngrants +good .*SQL of the site's own$/m, '... runs the queries';

    my $key = "AuthJWTKey a HS256 keys/site.key\nAuthJWTEndpoints /auth\n";
    my $look = "(code 1); check that the table and its columns exist and may be read, and see the database's own log; "
        . 'until it does,';
    my $column_cure = "$look what wants it answers 503 (name a column that the users' table has, or add it there)";
    for (
        [ 'AuthJWTClaim email column:nowhere', "no such column: nowhere $column_cure" ],
        [ 'AuthJWTUserColumns id nowhere:int', "no such column: nowhere $column_cure" ],
        [ 'AuthJWTRolesQuery "SELECT role FROM nowhere WHERE id = %s"',
            "no such table: nowhere $look logins and refreshes answer 503 (mend its SQL)" ],
        [ 'AuthJWTLastLoginQuery "UPDATE nowhere SET seen = 1 WHERE id = %s"',
            "no such table: nowhere $look logins are not noted (mend its SQL)" ],
        [ 'AuthJWTLastLoginQuery django', "no such table: auth_user $look logins are not noted (mend its SQL)" ],
    ) {
        my ($line, $message) = @$_;
        my ($name) = $line =~ /^(\w+)/;
        for my $text ("$line\n", "<Location \"/auth\">\n$line\n</Location>\n") {
            my $got = tool([ 'check', conf('trial', "$database$key$text") ]);
            is $got->{status}, 1, "$line: check fails" or diag $got->{err};
            my ($at) = $got->{out} =~ s/, line (\d+) of \S+ does/ does/ ? $1 : 0;
            is +(split /\n/, $got->{out})[-1], "statements  FAILED  $name does not answer: sqlite3 says: $message", '... by this line';
            is +(split /\n/, slurp("$dir/trial.conf"))[ $at - 1 ], $line, '... which stands there';
        }
    }
    like good([ 'check', conf('trial', "$database${key}AuthJWTUserColumns username\nAuthJWTClaim name column:username\n"
            . "AuthJWTRolesQuery \"SELECT username FROM auth_jwt_user WHERE id = %s\"") ], 'with more to ask'),
        qr/^statements +good +users are found by name and by id, sessions by sid, and what else logins ask$/m, '... which is asked';

    system('sqlite3', "$dir/db/site.db", "CREATE TABLE auth_user AS SELECT * FROM auth_jwt_user");
    my @django = conf('django', "${database}AuthJWTKey a HS256 keys/site.key\nAuthJWTUserQuery django");
    bad([ @$_, @django ], 7, qr/^htjwt: the users of auth_user belong to an application with password hashes of its own;/, "django: $_->[0]",
        stdin => $second) for [qw(adduser frank)], [qw(passwd erin)];
    is good([ 'disable', 'erin', @django ], 'django: disable'), "User erin is not active.\n", '... is its own table';

    system('sqlite3', "$dir/db/site.db", 'CREATE TABLE members(nr INTEGER PRIMARY KEY, login TEXT, hash TEXT, live TEXT)');
    my @table = conf('table', "${database}AuthJWTKey a HS256 keys/site.key\n"
        . 'AuthJWTUserTable members id=nr username=login password=hash is_active=live');
    is good([ 'adduser', 'frank', @table ], 'a table of one\'s own', stdin => $first), "Added user frank (id 1).\n", '... adduser';
    good([ 'disable', 'frank', @table ], '... disable');
    is `sqlite3 '$dir/db/site.db' 'SELECT nr, login, live FROM members'`, "1|frank|0\n", '... each column by its name';

    my @hosts = conf('hosts', <<"CONF");
Listen 127.0.0.1:2
<VirtualHost 127.0.0.1:1>
    ServerName one.example.com
    DBDriver sqlite3
    DBDParams "$dir/db/none.db"
    AuthJWTKey a HS256 keys/site.key
</VirtualHost>
<VirtualHost 127.0.0.1:2>
    ServerName two.example.com:8080
    $database
    AuthJWTIssuer two
    AuthJWTSessions migrate
    AuthJWTKey * EdDSA keys/pairs
    AuthJWTKey - HS256 env:JWT_TEST
    AuthJWTKey c HS256 "exec:/bin/cat $dir/keys/site.key"
    AuthJWTVerifyKeys EdDSA - c
</VirtualHost>
CONF
    mkdir "$dir/keys/pairs";
    rename "$dir/keys/EdDSA.key", "$dir/keys/pairs/EdDSA.pem";
    my $without_sid;
    my %env = (env => { JWT_TEST => "${hs}2" });
    bad([ 'check', @hosts ], 2, qr/there are several virtual hosts; name one by -s, of: /, 'several hosts', %env);
    bad([ 'check', @hosts, '-s', 'x' ], 7, qr/no virtual host with settings of its own has that name; -s takes one of: .*one\.example\.com/, 'another name', %env);
    like tool([ 'check', @hosts, qw(-s ONE.example.com) ], %env)->{out}, qr/^file +FAILED +\S+none\.db/m, 'the first one';
    like good([ 'check', @hosts, qw(-s two.example.com:8080) ], 'the second', %env), qr/^grants +good/m, '... is well';
    for my $kid ('EdDSA', '-', 'c') {
        my %key = $kid eq 'EdDSA' ? (alg => 'EdDSA', key => \slurp("$dir/keys/pairs/EdDSA.pem"))
            : (alg => 'HS256', key => $kid eq 'c' ? $hs : "${hs}2");
        my $token = encode_jwt(payload => { token_type => 'access', exp => time + 60, iat => time, jti => 'j',
            user_id => '1', iss => 'two' }, %key, extra_headers => { $kid eq '-' ? () : (kid => $kid) });
        secret($token);
        $without_sid = $token;
        like good([ 'verify', @hosts, qw(-s two.example.com) ], "key $kid", stdin => $token, %env), qr/^Good: .*erin/, '... is found';
    }

    my @on = conf('on', "${database}AuthJWTKey c HS256 keys/site.key\nAuthJWTIssuer two\n");
    bad([ 'verify', @on ], 3, qr/^htjwt: not good \(session_ended\): no sid; AuthJWTSessions migrate accepts/, 'with AuthJWTSessions On', stdin => $without_sid);

    my ($status, $dump) = configtest("AuthJWTKey a HS256 \"$dir/keys/site.key\"", args => [qw(-t -D AUTH_JWT_DUMP)]);
    like $dump, qr/^\{"version":1,.*"source":"\Q$dir\E\/keys\/site.key"/m, 'what httpd tells is where a key is';
    unlike $dump, qr/\Q$hs\E/, '... not the key';
};

# ---- secrets -----------------------------------------------------------------------------

subtest 'what others see' => sub {
    pipe my $reader, my $writer or die "pipe: $!\n";
    defined(my $pid = fork) or die "fork: $!\n";
    if (!$pid) {
        close $writer;
        open STDIN, '<&', $reader;
        open STDOUT, '>', '/dev/null';
        $ENV{HTJWT_PARAMS} = "$dir/db/site.db";
        exec $htjwt, 'passwd', 'erin' or POSIX::_exit(127);
    }
    syswrite $writer, "$first";
    select undef, undef, undef, 0.3;
    my $seen = slurp("/proc/$pid/cmdline");
    like $seen, qr/passwd\0erin/, 'ps shows the command';
    unlike $seen, qr/\Q$first\E|site\.db/, '... and no password, and no parameters';
    close $writer;
    waitpid $pid, 0;
    is $?, 0, '... which goes well';
    for my $params ('host=127.0.0.1 port=1 user=x password=hidden-word', 'host=127.0.0.1 password=some hidden-word', "password='hidden-word",
        'postgresql://me:some@hidden-word@127.0.0.1:1/x') {
        my $got = tool([qw(init -d pgsql)], env => { HTJWT_PARAMS => $params });
        SKIP: {
            skip 'APR has no driver for pgsql here', 2 if $got->{err} =~ /APR has no driver/;
            is $got->{status}, 1, 'no connection';
            unlike $got->{err}, qr/hidden-word/, '... and no word of the password';
        }
    }
};

# A terminal of its own by script(1): what is typed is not seen, and asked twice.
SKIP: {
    skip 'script(1) is not installed', 1 unless first_executable('script');
    subtest 'at a terminal' => sub {
        # Each line is typed when the prompt before it stands there, since what comes earlier is dropped.
        my $typed = sub {
            my ($command, @lines) = @_;
            my $out = scratch('typescript');
            spew($out, '');
            my $pid = open my $in, '|-', "exec timeout -k 5 60 script -q -e -c '$command' /dev/null >$out 2>&1"
                or die "script: $!\n";
            $in->autoflush(1);
            for my $line (0 .. $#lines) {
                wait_until(30, sub { (() = slurp($out) =~ /: /g) > $line }) unless $command =~ / -i$/;
                print $in $lines[$line];
            }
            waitpid $pid, 0;
            my $status = $? >> 8;
            close $in;
            return ($status, slurp($out));
        };
        my $passwd = "$htjwt passwd erin -p $dir/db/site.db";
        my ($status, $seen) = $typed->($passwd, "$second\n", "$second\n");
        is $status, 0, 'typed twice' or diag $seen;
        like $seen, qr/New password: .*Again: .*Changed the password/s, '... is asked for and taken';
        unlike $seen, qr/second/, '... and not seen';
        is obtain('erin', $second)->code, 200, '... and opens the login';
        ($status, $seen) = $typed->($passwd, "$first\n", "$second\n");
        is $status, 3, 'typed in two ways';
        like $seen, qr/htjwt: the two passwords are not the same; nothing was changed/, '... is refused';
        ($status, $seen) = $typed->("$passwd -i", "$second\n");
        is $status, 0, 'with -i it is read once, as it comes' or diag $seen;
        # The trap keeps the shell alive, which the terminal interrupts too.
        ($status, $seen) = $typed->("trap : INT; $passwd; stty -a", "abc\cC");
        like $seen, qr/htjwt: interrupted; nothing was changed/, 'interrupted';
        like $seen, qr/[^-]\becho\b/, '... and the terminal echoes again';
        is obtain('erin', $second)->code, 200, 'neither changed it';
    };
}

# ---- other databases -----------------------------------------------------------------------

for my $driver ('pgsql', 'mysql') {
    SKIP: {
        skip "no server for $driver here", 1 unless JWTTest::Database::installed($driver);
        my $database = JWTTest::Database->start($driver, port => port($driver eq 'pgsql' ? 1 : 2), empty => 1);
        my @admin = ('-d', $driver);
        # libmariadb leaves memory behind at exit.
        my %env = (ASAN_OPTIONS => 'detect_leaks=0');
        my %admin = (env => { %env, HTJWT_PARAMS => $database->admin });
        skip "APR has no driver for $driver here", 1
            if tool([ 'check', @admin ], %admin)->{out} =~ /APR has no driver/;
        subtest $driver => sub {
            like tool([ 'check', @admin ], %admin)->{out}, qr/^tables +FAILED +auth_jwt_user: .*missing tables are made by: htjwt init$/m,
                'check: there are no tables';
            good([ 'init', @admin ], 'init', %admin);
            good([ 'init', @admin ], '... again, without a word', %admin);
            my $name = "Zo\xc3\xab \xf0\x9f\x98\x80";
            is good([ 'adduser', $name, @admin, qw(-B -C 8) ], 'adduser', stdin => $first, %admin), "Added user $name (id 1).\n", '... says the id';
            is $database->ask('SELECT username FROM auth_jwt_user'), $name, '... and the name is stored as it is';
            is tool([ 'adduser', $name, @admin ], stdin => $first, %admin)->{status}, 6, 'one of each name';
            $database->sql($database->role);
            $server = httpd_start($database->conf . "AuthJWTKey main ES256 \"$dir/keys/ES256.key\"\nAuthJWTEndpoints /auth\n");
            my $login = sub { obtain("Zo\x{eb} \x{1f600}", $_[0])->code };
            is $login->($first), 200, 'the user logs in';
            good([ 'passwd', $name, @admin, qw(-B -C 8) ], 'passwd', stdin => $second, %admin);
            is $login->($first) . $login->($second), '401200', '... holds';
            good([ 'disable', $name, @admin ], 'disable', %admin) for 1, 2;
            is $login->($second), 401, '... holds';
            good([ 'enable', $name, @admin ], 'enable', %admin) for 1, 2;
            is $login->($second), 200, '... holds';
            like good([ 'check', @admin ], 'check', %admin), qr/^grants +good +.*read users and change them$/m, '... as who may all';
            chomp(my $token = tool([ 'token', $name, '1h', @admin, '-k', "main ES256 $dir/keys/ES256.key" ], %admin)->{out});
            secret($token);
            like good([ 'sessions', $name, @admin ], 'a token has its session', %admin), qr/^[0-9a-f]{32} .*  htjwt token$/m, '... which is listed';
            like good([ 'sessions', @admin ], 'all', %admin), qr/^\d  \Q$name\E \(id 1\)$/m, '... and counted';
            like good([ 'logout', $name, @admin ], 'logout', %admin), qr/^Ended [1-9] sessions of user /, '... ends them';
            is good([ 'purge', @admin ], 'purge', %admin), "Deleted 0 sessions that ended more than a day ago.\n", '... runs';
            # Who may only read.
            my $reader = $driver eq 'pgsql' ? 'reader' : 'reader@localhost';
            $database->sql(($driver eq 'pgsql' ? 'CREATE ROLE reader LOGIN;' : 'CREATE USER reader@localhost;')
                . "GRANT SELECT ON auth_jwt_user TO $reader; GRANT SELECT ON auth_jwt_session TO $reader;");
            my %reader = (env => { %env, HTJWT_PARAMS => $database->admin =~ s/user=\w+/user=reader/r });
            like tool([ 'check', @admin ], %reader)->{out}, qr/^grants +FAILED +.*; what the server needs: GRANT SELECT, INSERT, UPDATE, DELETE ON auth_jwt_session$/m,
                'check: who may only read cannot keep sessions';
            $database->sql('GRANT INSERT, UPDATE, DELETE ON auth_jwt_session TO ' . "$reader;");
            like good([ 'check', conf_of($server) ], 'as the server does, who may only read users', %reader),
                qr/^grants +good +.*read users, which is all that the server needs; for adduser and passwd name another one by HTJWT_PARAMS$/m, '... says so';
            bad([ 'adduser', 'x', @admin, qw(-B -C 8) ], 1, qr/the connection must be one that may change auth_jwt_user/, '... adduser',
                stdin => $first, %reader);
            $server->stop;
        };
        $database->down;
    }
}

done_testing;
