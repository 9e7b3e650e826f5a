# The recipes of conf/recipes.md, as they stand there: their lines below the ten of README.md in a server
# with TLS, their SQL in its database, their files where they belong. Then every line of curl is run by a
# shell, and its answer compared with the one in the text; "sleep" puts the server's clock forward.
#
# Of an answer in the text each field must be there, and no challenge or redirect that the text has not;
# "…" is anything. Where it has no body a 200 shows the page that was asked for, and nothing else does.
#
# Runs beside others: it has servers of its own.
use strict;
use warnings;
use IPC::Open2 qw(open2);
use Test::More;
use JWTTest;
use JWTTest::Process qw(first_executable patience);
use JWTTest::Recorder;

only_under('event');
skip_without(qw(curl ssl headers include proxy_http remoteip authz_groupfile));
plan skip_all => 'the library for it was not built; use make' unless var('pretend_so');

my $src = var('src_dir');
my ($ten_lines) = slurp("$src/README.md") =~ /^## A site in ten lines\n.*?^```apache\n(.*?)^```$/ms;
my ($head, @texts) = split /^(?=## \d+\. )/m, slurp("$src/conf/recipes.md");
my ($prelude) = $head =~ /^```sh\n(.*?)^```$/ms;
my @users = $prelude =~ /\$\(enter (\w+) '(.*?)'/g;
secret(grep { / / } @users);

# ---- what the text has -------------------------------------------------------------------

# blocks(TEXT, LANGUAGE): all of them as one.
sub blocks
{
    my ($text, $language) = @_;
    return join '', $text =~ /^```\Q$language\E\n(.*?)^```$/msg;
}

# (path => content): a block behind a line that begins with a path.
sub files_of { return $_[0] =~ /^`(\/[^`]+)`[^\n]*:\n\n```\w+\n(.*?)^```$/msg }

# What is asked, and the answer that stands below it.
sub commands_of
{
    my ($text) = @_;
    my @commands;
    for (split /\n/, blocks($text, 'console')) {
        push @commands, { asks => $1, answer => [] } and next if /^\$ (.*)/;
        push @{ $commands[-1]{answer} }, $_;
    }
    return @commands;
}

# ---- a site ------------------------------------------------------------------------------

# The places of a recipe are those of Debian; a test has its own.
sub mapped
{
    my ($site, $text) = @_;
    my %place = ('/var/lib/auth_jwt/' => "$site->{dir}/", '/var/www/html' => '${SERVER_DIR}/htdocs',
        'jwt/site.key' => '${T_DIR}/keys/site.key', '/etc/apache2/' => "$site->{dir}/",
        '/run/php/php-fpm.sock' => var('php_socket'), '127.0.0.1:3000' => '127.0.0.1:${PORT_1}',
        '10.0.0.5' => '127.0.0.2');
    $text =~ s{(\Q$_\E)}{$place{$1}}g for keys %place;
    return $text;
}

# Only the curl of the text is another one: it goes to this server, whatever the host.
sub shell_of
{
    my ($site) = @_;
    my $port = $site->{server}->port(3);
    my $pid = open2(my $from, my $to, 'sh');
    @$site{qw(shell from to)} = ($pid, $from, $to);
    my $wait = patience(30);
    printf $to "cd '%s'\n%s\n", $site->{dir},
        qq(curl() { command curl -q -sk -m $wait --noproxy '*' --connect-to '::127.0.0.1:$port' "\$@"; });
}

sub made_database
{
    my ($site, $text) = @_;
    (my $tables = slurp("$src/conf/schema/sqlite.sql")) =~ s/^PRAGMA.*$//m;
    my @pairs = @users;
    while (my ($name, $password) = splice @pairs, 0, 2) {
        my $hash = password_hash('$5$', $password);
        secret($hash);
        $tables .= "INSERT INTO auth_jwt_user(username, password) VALUES('$name', '$hash');";
    }
    sqlite("PRAGMA journal_mode=WAL;$tables" . blocks($text, 'sql'), "$site->{dir}/site.db");
    chown((getpwnam var('user'))[2, 3], $site->{dir}, glob "$site->{dir}/site.db*") unless $>;
}

# The recipe's virtual host is the one that has TLS; or, behind a proxy, one that only that asks.
sub configuration
{
    my ($site, $text, %option) = @_;
    my $lines = mapped($site, $ten_lines . blocks($text, 'apache')) . ($option{more} || '');
    my $host = ($lines =~ /^ServerName/m ? '' : "ServerName www.example.com\n") . $lines;
    my $tls = $option{balancer} || $host;
    my $behind = $option{balancer} ? <<"CONF" : '';
Listen 127.0.0.1:\${PORT_2}
<VirtualHost 127.0.0.1:\${PORT_2}>
$host
</VirtualHost>
CONF
    return <<"CONF";
AuthJWTSessions On
Listen 127.0.0.1:\${PORT_3}
<VirtualHost 127.0.0.1:\${PORT_3}>
SSLEngine on
SSLCertificateFile "\${T_DIR}/keys/cert.pem"
SSLCertificateKeyFile "\${T_DIR}/keys/key.pem"
$tls
</VirtualHost>
$behind
CONF
}

my $made = 0;

sub start
{
    my ($text, %option) = @_;
    my $site = { dir => scratch('site' . ++$made), text => $text };
    mkdir $site->{dir} or die "$site->{dir}: $!\n";
    $site->{ahead} = spew("$site->{dir}/ahead", '');
    made_database($site, $text);
    $site->{server} = httpd_start(configuration($site, $text, %option),
        env => { LD_PRELOAD => var('pretend_so'), PRETEND_AHEAD => $site->{ahead} });
    fill($site);
    $option{then}->($site) if $option{then};
    shell_of($site);
    return $site;
}

sub page { return "page of $_[0]\n" }

# The files that the text has, and a page for every other path of it.
sub fill
{
    my ($site) = @_;
    my $root = $site->{server}->dir . '/htdocs';
    my %file = files_of($site->{text});
    for my $path (keys %file) {
        (my $place = mapped($site, $path)) =~ s/\$\{SERVER_DIR\}/$site->{server}->dir/e;
        spew($place, $file{$path});
    }
    my %path = map { $_ => 1 } '/members/', $site->{text} =~ m{https://www\.example\.com(/\S*/)(?=\n)}g;
    for my $path (keys %path) {
        next if glob "$root${path}index.*";
        spew("$root${path}index.html", page($path));
        $site->{page}{$path} = page($path);
    }
}

# What a shell says to COMMAND. One that ended says nothing more.
sub say
{
    my ($site, $command) = @_;
    my $to = $site->{to};
    print $to mapped($site, $command), "\nprintf '\\036\\n'\n";
    $to->flush;
    local $/ = "\036\n";
    my $answer = readline($site->{from}) // "the shell ended\n";
    $answer =~ s/\036\n\z//;
    $answer =~ s/\r\n/\n/g;
    return $answer;
}

# Tokens that no request() saw: in variables of the shell, and in cookies that curl kept.
sub note_secrets
{
    my ($site) = @_;
    my $known = join '', say($site, 'set'), map { slurp("$site->{dir}/$_") } $site->{text} =~ / -c (\w+)/g;
    secret($known =~ /(eyJ[\w-]{8,}\.[\w-]*\.[\w-]*)/g);
}

# ---- answers -----------------------------------------------------------------------------

sub pattern { return join '.*', map { quotemeta } split /…/, $_[0], -1 }

sub lines_of { return grep { /\S/ } split /\n/, $_[0] // '' }

# What is not as the text has it, one line each.
sub complaints
{
    my ($site, $command, $answer) = @_;
    my @expected = @{ $command->{answer} };
    my $has_head = ($expected[0] // '') =~ m{^HTTP/};
    my ($head, $body) = $has_head ? split(/\n\n/, $answer, 2) : ('', $answer);
    my @head = split /\n/, $head // '';
    my @fields;
    push @fields, shift @expected while $has_head && @expected && length $expected[0];
    my @wrong = map { "not there: $_" } grep { my $like = pattern($_); !grep { /^$like$/ } @head } @fields;
    for my $field (qw(WWW-Authenticate Location)) {
        push @wrong, "$field is not in the text" if grep(/^$field:/i, @head) != grep(/^$field:/i, @fields);
    }
    return @wrong, body_complaints($site, $command, $body, @expected);
}

sub body_complaints
{
    my ($site, $command, $body, @expected) = @_;
    my $shown = join "\n", lines_of($body);
    my $like = join "\n", map { pattern($_) } grep { /\S/ } @expected;
    return $shown =~ /^$like\z/ ? () : "another body: $shown" if length $like || !@{ $command->{answer} };
    my ($path) = $command->{asks} =~ m{https://www\.example\.com(/\S*)$};
    my $page = $site->{page}{$path} or return;
    my $is_page = $body eq $page;
    my $should = $command->{answer}[0] eq 'HTTP/1.1 200 OK';
    return $is_page == $should ? () : "another page: $shown" if $should || $is_page;
    return $body =~ /page of/ ? 'the page is in it' : ();
}

# cook(NAME, %option): follows the recipe whose heading has NAME, and gives its site. Options: more =>
# LINES of its virtual host, balancer => LINES of that which asks it, then => what the site needs besides.
sub cook
{
    my ($name, %option) = @_;
    my ($text) = grep { /^## \d+\. .*\Q$name\E/ } @texts or die "no recipe '$name'\n";
    my $site = start($text, %option);
    my @commands = commands_of($text);
    say($site, $prelude) if $text =~ /\$(?:ALICE|BOB|CAROL)\b|\benter /;
    for my $command (@commands) {
        if ($command->{asks} =~ /^sleep (\d+)$/) {
            spew($site->{ahead}, slurp($site->{ahead}) . ' ' x $1);
            next;
        }
        my $answer = say($site, $command->{asks});
        my @wrong = complaints($site, $command, $answer);
        is "@wrong", '', "$name: $command->{asks}" or diag $answer;
    }
    note_secrets($site);
    unlike $site->{server}->log, qr/JWT000[12]|JWT0012/, "$name: the log has nothing against it";
    return $site;
}

sub ends
{
    my ($site) = @_;
    close $site->{$_} for qw(to from);
    waitpid $site->{shell}, 0;
    $site->{server}->stop;
}

# ---- one after the other -----------------------------------------------------------------

is scalar(@texts), 10, 'there are ten';
is join("\n", $head =~ /^\d+\. \[(.*?)\]/mg), join("\n", map { /^## \d+\. (.*)/ } @texts), '... and all are in the list';

ends(cook('Roles from the database'));
ends(cook('recent login'));

ends(cook('Scopes for an API', more => 'ScriptAlias "/api/orders" "${T_DIR}/cgi-bin/env"'));
ends(cook('greets who is logged in'));
ends(cook('Two realms'));

# The expression, beside the users of the text.
{
    my $site = cook('e-mail domain');
    for (
        [ 'alice@example.com', 200 ],
        [ 'ALICE@EXAMPLE.COM', 200 ],
        [ 'alice@notexample.com', 403 ],
        [ 'alice@sub.example.com', 403 ],
        [ 'alice@exampleXcom', 403 ],
        [ 'alice@example.com.', 403 ],
        [ 'alice@example.org@example.com', 403 ],
        [ '@example.com', 403 ],
        [ 'example.com', 403 ],
        [ '', 403 ],
        [ "alice\@example.org\n\@example.com", 403 ],
        [ "alice\@example.com\n", 403 ],
    ) {
        my ($email, $code) = @$_;
        sqlite("UPDATE auth_jwt_user SET email = '$email' WHERE username = 'alice'", "$site->{dir}/site.db");
        my $answer = say($site, q{curl -i -H "Authorization: Bearer $(enter alice 'correct horse battery' | field access)"}
            . ' https://www.example.com/intern/');
        (my $shown = $email) =~ s/\n/\\n/g;
        like $answer, qr{^HTTP/1\.1 $code }, "e-mail domain: '$shown'";
    }
    note_secrets($site);
    ends($site);
}

ends(cook('group or a claim'));
ends(cook('lifetimes by area'));

# The balancer is 127.0.0.2 here, and the application writes down what it gets.
{
    my $balancer = <<'CONF';
ServerName www.example.com
ProxyPreserveHost On
ProxySourceAddress 127.0.0.2
ProxyPass "/" "http://127.0.0.1:${PORT_2}/"
CONF
    my $application;
    my $site = cook('Behind a proxy', balancer => $balancer, then => sub {
        my ($begun) = @_;
        $application = JWTTest::Recorder->start($begun->{server}->port(1), "$begun->{dir}/application");
        $begun->{page}{'/app/'} = "BACKEND\n";
    });
    my $as_seen = sub {
        my ($text) = @_;
        return join ' ', sort $text =~ /^((?:X.USER.*?|COOKIE|AUTHORIZATION): .*?)\r$/mgi;
    };
    my $count = sub { scalar(() = $application->text =~ m{(?:GET|POST) / HTTP}g) };
    my ($forged) = $application->text =~ /^(GET .*?\r\n\r\n)/s;
    is $as_seen->($forged), 'X-User-Id: 1 X-User: alice', 'Behind a proxy: the application sees who it is, and no cookie';
    is $count->(), 2, '... and of six requests two';
    say($site, 'curl -H "Authorization: Bearer $(sed -n "s/.*__Host-jwt\t//p" alice)" https://www.example.com/app/');
    my ($by_header) = $application->text =~ /.*(GET .*?\r\n\r\n)/s;
    is $as_seen->($by_header), 'X-User-Id: 1 X-User: alice', '... of a program, too, and no token';
    is $count->(), 3, '... in a request of its own';
    like say($site, 'curl -b alice -H "X-Forwarded-For: 203.0.113.9" https://www.example.com/auth/sessions'),
        qr/"address":"127\.0\.0\.1"/, '... and the address of a session is the client\'s, not the balancer\'s';
    note_secrets($site);
    ends($site);
}

SKIP: {
    skip 'no php-fpm', 1 unless first_executable(qw(php-fpm php-fpm8* php-fpm7*)) && has_module('proxy_fcgi');
    php_fpm_start();
    ends(cook('PHP with roles'));
}

done_testing;
