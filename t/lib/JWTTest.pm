package JWTTest;

use strict;
use warnings;

use Crypt::JWT ();
use Exporter 'import';
use File::Basename qw(basename);
use HTTP::Request ();
use HTTP::Request::Common ();
use HTTP::Response ();
use IO::Select ();
use IO::Socket::INET ();
use JSON::PP ();
use JWTTest::Process qw(slurp spew wait_until stop_process spawn first_executable patience);
use JWTTest::Secrets qw(secret secret_in_url secrets_in);
use JWTTest::Server ();
use JWTTest::Users qw(user users password_hash);
use JWTTest::Vars qw(var);
use LWP::UserAgent ();
use MIME::Base64 ();
use POSIX ();
use Test::More ();

our @EXPORT = qw(
    var port url request get get_with post_json post_form json raw_request
    token decode peek login site_key user users password_hash secret secret_in_url
    log_mark error_log_since access_log_since
    configtest httpd httpd_start php_fpm_start has_module can_load skip_without only_under
    sqlite slurp spew scratch wait_until
);

# What a test started is stopped when it ends, also when it is told to end.
my @servers;
$SIG{TERM} = $SIG{INT} = sub { exit 1 };

END {
    local $?;
    $_->stop for grep { $_ && $_->{owner} == $$ } @servers;
}

my $codec = JSON::PP->new->utf8->canonical->allow_nonref;

=head1 NAME

JWTTest - what the tests of mod_auth_jwt share

=head1 SYNOPSIS

    use strict;
    use warnings;
    use Test::More;
    use JWTTest;

    my $pair = login('alice');
    is get_with('/members/', $pair->{access})->code, 200, 'alice is let in';
    is get_with('/members/', token({ exp => time - 1 }))->code, 401, 'an old token is not';
    done_testing;

=head1 CONFIGURATION OF A TEST

F<t/conf/NAME.conf>, if there is one, belongs to F<t/NAME.t> and is included at the end of the
server's configuration; F<t/NAME.t> can rely on it and on F<t/conf/extra.conf.in>, never on the
part of another test. It may use

    ${T_DIR}            the copy of t/ in which the server runs; also its ServerRoot
    ${PORT} ${PORT_TLS} the main server's ports
    ${PORT_1} .. ${PORT_9}    nine loopback ports which are this test's alone: write
                        "Listen 127.0.0.1:${PORT_1}" and <VirtualHost 127.0.0.1:${PORT_1}>,
                        and ask that host by get('/path', port => port(1))
    ${PHP_SOCKET}       where php_fpm_start listens
    MPM_EVENT, MPM_WORKER, MPM_PREFORK    for <IfDefine>

The parts of all tests live in one server, so paths in them begin with the test's name.

=head1 ORDER

Tests that ask the main server run one after the other. A test says for itself, in the comment at
its head, that it

    # Runs beside others: it has servers of its own.
    # Runs alone: both processors are full.

The first kind changes nothing of the main server's: neither its database, nor its files, nor what
a test that looks at its logs would find. What comes in time in such a test must also come when
another one keeps a processor busy.

=head1 FUNCTIONS

=head2 Where things are

=over

=item var(NAME)

A variable of the driver: port, tls_port, t_dir, t_logs, conf_file, run_dir (scratch), src_dir (the
source tree), module_so, mpm, httpd (the server's program), user and group (of its children).

=item port(N), url(PATH, %where)

Port N of this test; the URL of PATH. %where: port, scheme, host.

=item scratch(NAME)

The path of a file for this test alone, in a directory that lives as long as the run.

=item site_key()

The bytes of F<keys/site.key>, which the main server signs with.

=item user(NAME), users()

A user of the database: {id, username, password, is_active}. alice, carol and dave are active,
bob is not.

=cut

sub test_name { return basename($0, '.t') }

sub port
{
    my ($number) = @_;
    return var('ports')->{ test_name() } + $number;
}

sub url
{
    my ($path, %where) = @_;
    return $path if $path =~ /^https?:/;
    my $scheme = $where{scheme} || 'http';
    my $host = $where{host} || ($scheme eq 'https' ? 'localhost' : '127.0.0.1');
    my $port = $where{port} || var($scheme eq 'https' ? 'tls_port' : 'port');
    return "$scheme://$host:$port$path";
}

sub scratch
{
    my ($name) = @_;
    my $dir = sprintf '%s/private/%s-%d', var('run_dir'), test_name(), $$;
    -d $dir or mkdir $dir or die "$dir: $!\n";
    return "$dir/$name";
}

sub site_key
{
    (my $key = slurp(var('t_dir') . '/keys/site.key')) =~ s/\n\z//;
    return $key;
}

=back

=head2 Requests

All give an HTTP::Response, follow no redirects, keep no cookies unless given a jar, and note the
passwords and tokens that they meet (see secret).

=over

=item request(METHOD, PATH, %option)

    token => $jwt       Authorization: Bearer $jwt
    headers => [...]    more header fields, as pairs
    json => $data       a JSON body; form => {...} or [...], multipart => [...] as in
                        HTTP::Request::Common; body => $bytes with type => 'text/plain'
    jar => HTTP::Cookies object
    port, scheme, host  see url; scheme => 'https' checks the certificate
    timeout => 30       many more where the server runs under valgrind

=item get(PATH, %option), get_with(PATH, TOKEN, %option)

=item post_json(PATH, DATA, %option), post_form(PATH, DATA, %option)

=item json(RESPONSE)

The decoded body, or undef when it is no JSON.

=item raw_request(BYTES, port => N, timeout => 10)

Sends BYTES as they are and reads until the server closes, so send "Connection: close". The
response's C<raw> member has all bytes that came; its code is 0 when none did.

=cut

sub user_agent
{
    my (%option) = @_;
    return LWP::UserAgent->new(
        timeout => $option{timeout} || patience(30),
        env_proxy => 0,
        max_redirect => 0,
        cookie_jar => $option{jar},
        ssl_opts => { SSL_ca_file => var('t_dir') . '/keys/cert.pem', verify_hostname => 1 },
    );
}

sub body_request
{
    my ($method, $url, %option) = @_;
    my $content = $option{form} || $option{multipart};
    if ($content) {
        my $request = HTTP::Request::Common::POST($url, Content => $content,
            $option{multipart} ? (Content_Type => 'form-data') : ());
        $request->method($method);
        return $request;
    }
    my $request = HTTP::Request->new($method => $url);
    my $body = exists $option{json} ? $codec->encode($option{json}) : $option{body};
    if (defined $body) {
        $request->content($body);
        $request->header('Content-Type' => $option{type}
            || (exists $option{json} ? 'application/json' : 'application/octet-stream'));
        $request->header('Content-Length' => length $body);
    }
    return $request;
}

sub request
{
    my ($method, $path, %option) = @_;
    my $request = body_request($method, url($path, %option), %option);
    $request->header(Authorization => "Bearer $option{token}") if defined $option{token};
    my @fields = @{ $option{headers} || [] };
    while (my ($name, $value) = splice @fields, 0, 2) {
        $request->push_header($name => $value);
    }
    secret(secrets_in($request->as_string("\r\n")));
    my $response = user_agent(%option)->request($request);
    secret(secrets_in($response->as_string));
    return $response;
}

sub get { return request('GET', @_) }

sub get_with
{
    my ($path, $token, %option) = @_;
    return request('GET', $path, token => $token, %option);
}

sub post_json
{
    my ($path, $data, %option) = @_;
    return request('POST', $path, json => $data, %option);
}

sub post_form
{
    my ($path, $data, %option) = @_;
    return request('POST', $path, form => $data, %option);
}

sub json
{
    my ($response) = @_;
    return eval { $codec->decode($response->content) };
}

sub raw_request
{
    my ($bytes, %option) = @_;
    secret(secrets_in($bytes));
    my $raw = exchange($bytes, $option{port} || var('port'), $option{timeout} || 10);
    secret(secrets_in($raw));
    my $response = $raw =~ m{^HTTP/} ? HTTP::Response->parse($raw)
                                     : HTTP::Response->new(0, 'no answer');
    if (($response->header('Transfer-Encoding') || '') =~ /chunked/i) {
        $response->content(unchunk($response->content));
    }
    $response->{raw} = $raw;
    return $response;
}

sub exchange
{
    my ($bytes, $port, $timeout) = @_;
    my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port)
        or die "127.0.0.1:$port: $!\n";
    my $ready = IO::Select->new($socket);
    my $until = time + $timeout;
    # A server that refuses closes before it has read all.
    local $SIG{PIPE} = 'IGNORE';
    $socket->syswrite($bytes);
    my $raw = '';
    while (time < $until && $ready->can_read($until - time)) {
        sysread($socket, $raw, 65536, length $raw) or last;
    }
    return $raw;
}

sub unchunk
{
    my ($rest) = @_;
    my $body = '';
    while ($rest =~ s/^([0-9A-Fa-f]+)[^\r\n]*\r\n// && hex $1) {
        $body .= substr $rest, 0, hex $1, '';
        $rest =~ s/^\r\n//;
    }
    return $body;
}

=back

=head2 Tokens

Made and read by Crypt::JWT, never by the module.

=over

=item token(\%claims, %option)

An access token for alice that lives five minutes; \%claims are added or, when undef, taken away.

    key => site_key(), alg => 'HS256', header => { kid => 'x' }
    payload => $bytes    these bytes instead of claims

=item decode(TOKEN, %option)

The claims of a token whose signature is good, else undef; key as above. Times are not looked at.

=item peek(TOKEN)

(header, claims) without any check.

=item login(NAME, %option)

Logs the user in at /auth/token, dies when that fails, and gives {access, refresh}. %option: path,
and those of request.

=item secret(VALUE...), secret_in_url(VALUE...)

These values must stand in no log: the driver looks for them at the end of the run, in all logs.
What the functions above send and receive is noted by them; what a test sends in another way, or
under another field's name, it notes itself. A value that the test put into a URL although it is
not expected there is in the access log by httpd's own doing: secret_in_url excuses that log only.

=item password_hash(FORM, PASSWORD)

FORM: pbkdf2_sha256, pbkdf2_sha1, '$6$', '$5$', '$2y$', '$2b$'.

=cut

sub random_hex { return unpack 'H*', random_bytes(16) }

sub random_bytes
{
    my ($count) = @_;
    open my $source, '<:raw', '/dev/urandom' or die "/dev/urandom: $!\n";
    my $bytes;
    read $source, $bytes, $count;
    return $bytes;
}

sub token
{
    my ($claims, %option) = @_;
    my %all = (token_type => 'access', exp => time + 300, iat => time, jti => random_hex(),
        user_id => '1', %{ $claims || {} });
    delete @all{ grep { !defined $all{$_} } keys %all };
    my $alg = $option{alg} || 'HS256';
    my $token = Crypt::JWT::encode_jwt(
        payload => $option{payload} // $codec->encode(\%all),
        alg => $alg,
        key => $option{key} // site_key(),
        allow_none => 1,
        extra_headers => { typ => 'JWT', %{ $option{header} || {} } });
    secret($token);
    return $token;
}

sub decode
{
    my ($token, %option) = @_;
    my $claims = eval {
        Crypt::JWT::decode_jwt(
            token => $token, key => $option{key} // site_key(),
            verify_exp => 0, verify_nbf => 0, verify_iat => 0)
    };
    return $claims;
}

sub peek
{
    my ($token) = @_;
    my @parts = split /\./, $token;
    return map { eval { $codec->decode(MIME::Base64::decode_base64url($_)) } } @parts[0, 1];
}

sub login
{
    my ($name, %option) = @_;
    my $user = user($name);
    my $path = delete $option{path} || '/auth/token';
    my $answer = post_json($path, { username => $name, password => text($user->{password}) }, %option);
    die "login of $name at $path: " . $answer->status_line . "\n" unless $answer->code == 200;
    return json($answer);
}

# The user table has bytes, JSON has characters.
sub text
{
    my ($bytes) = @_;
    utf8::decode($bytes);
    return $bytes;
}

=back

=head2 Logs

=over

=item log_mark()

Where the logs of the main server end now.

=item error_log_since(MARK [, PATTERN]), access_log_since(MARK [, PATTERN])

What was added since; with a pattern, waits up to three seconds until it matches, for lines that
are written after the answer was sent.

=cut

sub log_mark
{
    return { map { $_ => -s (var('t_logs') . "/$_") || 0 } qw(error_log access_log) };
}

sub log_since
{
    my ($name, $mark, $pattern) = @_;
    my $text;
    wait_until(3, sub {
        $text = slurp(var('t_logs') . "/$name", $mark->{$name});
        return !$pattern || $text =~ $pattern;
    });
    return $text;
}

sub error_log_since  { return log_since('error_log',  @_) }
sub access_log_since { return log_since('access_log', @_) }

=back

=head2 Servers

=over

=item configtest(CONF, %option)

(exit status, output) of C<httpd -t> for CONF behind the lines that load the modules.

    without => ['dbd']    modules not to load
    with => ['ldap']      more modules to load: see can_load
    mpm => 'prefork'      another one than this run's
    args => ['-L']        instead of -t
    env => {...}

=item httpd(ARGS)

The output of the server's program for the main server's configuration, for example httpd('-M').

=item httpd_start(CONF, %option)

A server of the test's own; see L<JWTTest::Server>.

=item JWTTest::Recorder, JWTTest::Connection

A backend that writes down all it gets; one connection that is kept. Both are told about in their
files.

=item php_fpm_start(%option)

Starts PHP at ${PHP_SOCKET} and gives that path; skips all tests when PHP is not installed. A test that
runs beside others names another place: socket => FILE.

=item has_module(NAME), can_load(NAME), skip_without(NAME...)

Whether the main server has mod_NAME; whether a server of the test's own could have it; skip all
tests of this file unless each NAME is a loaded module or an installed program.

=item only_under(MPM...)

Skips all tests of this file under other MPMs than these, since what it shows is the same there.
Where the suite runs under none of them, its first MPM is taken instead.

=cut

sub run_httpd
{
    my ($env, @args) = @_;
    my $pid = open my $out, '-|';
    die "fork: $!\n" unless defined $pid;
    if (!$pid) {
        $ENV{$_} = $env->{$_} for keys %$env;
        open STDERR, '>&', \*STDOUT;
        exec var('httpd'), @args or POSIX::_exit(127);
    }
    my $output = do { local $/; <$out> } // '';
    close $out;
    return ($? >> 8 || $? & 127, $output);
}

sub configtest
{
    my ($conf, %option) = @_;
    my $dir = var('t_dir');
    my $file = spew(scratch('configtest.conf'), JWTTest::Server->load_lines(%option) . <<"CONF");
ServerName 127.0.0.1
ServerRoot "$dir"
DefaultRuntimeDir "$dir/logs"
ErrorLog "$dir/logs/configtest_log"
TypesConfig /dev/null
Define T_DIR "$dir"
Listen 127.0.0.1:1
$conf
CONF
    return run_httpd($option{env} || {}, @{ $option{args} || ['-t'] }, '-d', $dir, '-f', $file);
}

sub httpd
{
    my @args = @_;
    my ($status, $output) = run_httpd({}, @args, '-d', var('t_dir'), '-f', var('conf_file'));
    return $output;
}

sub httpd_start
{
    my ($conf, %option) = @_;
    my $server = JWTTest::Server->start($conf, %option);
    push @servers, $server if $server;
    return $server;
}

sub php_fpm_start
{
    my (%option) = @_;
    my $program = first_executable(qw(php-fpm php-fpm8* php-fpm7*))
        or Test::More::plan(skip_all => 'php-fpm is not installed');
    my $socket = $option{socket} || var('php_socket');
    my $user = $> ? '' : sprintf "user = %s\nlisten.owner = %s\n", (var('user')) x 2;
    my $conf = spew(scratch('fpm.conf'), <<"CONF");
[global]
error_log = @{[ scratch('fpm.log') ]}
pid = @{[ scratch('fpm.pid') ]}
[www]
${user}listen = $socket
listen.mode = 0600
pm = static
pm.max_children = 2
clear_env = no
CONF
    unlink $socket;
    my $pid = spawn([ $program, '-F', '-n', '-y', $conf ], output => scratch('fpm.out'));
    push @servers, bless { process => $pid, owner => $$ }, 'JWTTest::Daemon';
    wait_until(20, sub { -S $socket }) or die 'php-fpm: ' . slurp(scratch('fpm.out'));
    return $socket;
}

sub JWTTest::Daemon::stop
{
    my ($self) = @_;
    my $group = delete $self->{process} or return;
    kill TERM => $group;
    wait_until(5, sub { waitpid($group, POSIX::WNOHANG()) }) or kill KILL => -$group;
}

sub has_module
{
    my ($name) = @_;
    return slurp(var('t_dir') . '/load.conf') =~ /^LoadModule \Q$name\E_module /m;
}

sub can_load
{
    my ($name) = @_;
    return -e JWTTest::Server::module_file($name);
}

sub skip_without
{
    for my $name (@_) {
        next if has_module($name) || first_executable($name);
        Test::More::plan(skip_all => "no $name here");
    }
}

sub only_under
{
    my @mpms = @_;
    my @suite = split ' ', var('mpms');
    my @run = grep { my $mpm = $_; grep { $_ eq $mpm } @suite } @mpms;
    @run = $suite[0] unless @run;
    return if grep { $_ eq var('mpm') } @run;
    Test::More::plan(skip_all => 'runs under ' . join(' and ', @run) . ', where it shows the same');
}

=back

=head2 Database and files

=over

=item sqlite(SQL [, FILE])

Runs SQL on the site's database (or FILE), gives its output lines.

=item slurp(FILE [, FROM]), spew(FILE, TEXT [, MODE]), wait_until(SECONDS, CODE)

=back

=cut

sub sqlite
{
    my ($sql, $file) = @_;
    $file ||= var('t_dir') . '/db/site.db';
    open my $out, '-|', 'sqlite3', '-bail', '-cmd', '.timeout 5000', $file, $sql
        or die "sqlite3: $!\n";
    chomp(my @lines = <$out>);
    close $out or die "sqlite3: $sql\n";
    return wantarray ? @lines : $lines[0];
}

1;
