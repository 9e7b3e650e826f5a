# One page, written in every way that a path can be: over HTTP/1.1 and over HTTP/2, whatever protects the
# page, not a byte of it is in an answer without a good token.
#
# Runs beside others: it has servers of its own.
use strict;
use warnings;
use Test::More;
use JWTTest;
use JWTTest::HTTP2;
use JWTTest::Recorder;

only_under(qw(event prefork));
skip_without(qw(negotiation proxy_http include));

my $MARK = qr/SECRET_MARK|BACKEND/;
my $dir = scratch('pages');
my @files = qw(directory location match files htaccess);
mkdir $dir;
for my $tree (@files, 'open') {
    mkdir "$dir/$tree";
    spew("$dir/$tree/page.html", $tree eq 'open' ? "OPEN\n" : "SECRET_MARK\n");
}
spew("$dir/htaccess/.htaccess", "AuthType JWT\nRequire valid-user\n");
my $backend = JWTTest::Recorder->start(port(9), scratch('backend'));
my $behind = port(9);
my $h2 = has_module('http2');

my $server = httpd_start(<<"CONF");
DBDriver sqlite3
DBDParams "\${T_DIR}/db/site.db"
AuthJWTKey - HS256 "\${T_DIR}/keys/site.key"
<IfModule http2_module>
    Protocols h2c http/1.1
</IfModule>
DocumentRoot "$dir"
<Directory "$dir">
    Options +FollowSymLinks +MultiViews +Includes
    AllowOverride AuthConfig
    AddType text/html .html
    AddOutputFilter INCLUDES .shtml
    Require all granted
</Directory>
<Directory "$dir/directory">
    AuthType JWT
    Require valid-user
</Directory>
<Location "/location">
    AuthType JWT
    Require valid-user
</Location>
<LocationMatch "^/match/">
    AuthType JWT
    Require valid-user
</LocationMatch>
<Directory "$dir/files">
    <Files "page.html">
        AuthType JWT
        Require valid-user
    </Files>
</Directory>
ProxyPass "/backend" "http://127.0.0.1:$behind/backend"
<Location "/backend">
    AuthType JWT
    Require valid-user
</Location>
Listen 127.0.0.1:\${PORT_1}
<VirtualHost 127.0.0.1:\${PORT_1}>
    AllowEncodedSlashes On
</VirtualHost>
Listen 127.0.0.1:\${PORT_2}
<VirtualHost 127.0.0.1:\${PORT_2}>
    AllowEncodedSlashes NoDecode
</VirtualHost>
Listen 127.0.0.1:\${PORT_3}
<VirtualHost 127.0.0.1:\${PORT_3}>
    ProxyPass "/" "http://127.0.0.1:$behind/"
</VirtualHost>
CONF
my $port = $server->port;
my $token = token();
my $old = token({ exp => 1 });

# ---- the ways -----------------------------------------------------------------------------------------
# What a way is, the path, and the versions of HTTP in which it leads to the page with a token. "TREE" is the
# page's directory.

my $escaped = sub { join '', map { sprintf '%%%02X', ord } split //, $_[0] };
my @ways = (
    [ 'as it is', '/TREE/page.html', 'HTTP/1.1 HTTP/2' ],
    [ 'an escaped letter', '/TREE/%70age.html', 'HTTP/1.1 HTTP/2' ],
    [ 'every letter escaped', sub { '/' . $escaped->($_[0]) . '/' . $escaped->('page.html') }, 'HTTP/1.1 HTTP/2' ],
    [ 'all but the first character escaped', sub { '/' . $escaped->("$_[0]/page.html") } ],
    [ 'two slashes', '//TREE//page.html', 'HTTP/1.1 HTTP/2' ],
    [ 'many slashes', '/////TREE////page.html', 'HTTP/1.1 HTTP/2' ],
    [ 'a dot', '/./TREE/./page.html', 'HTTP/1.1 HTTP/2' ],
    [ 'an escaped dot', '/%2e/TREE/%2E/page.html', 'HTTP/1.1 HTTP/2' ],
    [ 'a way back', '/open/../TREE/page.html', 'HTTP/1.1 HTTP/2' ],
    [ 'an escaped way back', '/open/%2e%2e/TREE/page.html', 'HTTP/1.1 HTTP/2' ],
    [ 'a way back, escaped by half', '/open/.%2E/TREE/page.html', 'HTTP/1.1 HTTP/2' ],
    [ 'through itself', '/TREE/../TREE/page.html', 'HTTP/1.1 HTTP/2' ],
    [ 'through what is not there', '/nowhere/../TREE/page.html', 'HTTP/1.1 HTTP/2' ],
    [ 'slashes and ways back', '/open//..//./TREE//page.html', 'HTTP/1.1 HTTP/2' ],
    [ 'a query', '/TREE/page.html?x=/../open/page.html', 'HTTP/1.1 HTTP/2' ],
    [ 'an empty query', '/TREE/page.html?', 'HTTP/1.1 HTTP/2' ],
    [ 'two question marks', '/TREE/page.html??', 'HTTP/1.1 HTTP/2' ],
    [ 'NUL in a query', '/TREE/page.html?%00', 'HTTP/1.1 HTTP/2' ],
    [ 'many dots', '/' . './' x 1000 . 'TREE/page.html', 'HTTP/1.1 HTTP/2' ],
    [ 'an absolute URL', "http://127.0.0.1:$port/TREE/page.html", 'HTTP/1.1' ],
    [ 'an absolute URL of another host', 'http://other.test/TREE/page.html', 'HTTP/1.1' ],
    [ 'an absolute URL of another scheme', 'https://127.0.0.1/TREE/page.html', 'HTTP/1.1' ],
    [ 'an absolute URL with a user', "http://user\@127.0.0.1:$port/TREE/page.html" ],
    [ 'an absolute URL in capitals', "HTTP://127.0.0.1:$port/TREE/page.html", 'HTTP/1.1' ],
    [ 'an absolute URL of a file', 'file:///TREE/page.html' ],
    [ 'the host in the path', '//127.0.0.1/TREE/page.html' ],
    [ 'no slash in front', 'TREE/page.html' ],
    [ 'a dot in front', './TREE/page.html' ],
    [ 'a star in front', '*/TREE/page.html' ],
    [ 'MultiViews', '/TREE/page' ],
    [ 'an escaped slash', '/TREE%2fpage.html' ],
    [ 'an escaped slash in front', '/%2fTREE/page.html' ],
    [ 'an escaped slash, twice', '/TREE%252fpage.html' ],
    [ 'a way back by an escaped slash', '/open/..%2FTREE/page.html' ],
    [ 'a backslash', '/TREE\\page.html' ],
    [ 'an escaped backslash', '/TREE%5cpage.html' ],
    [ 'a way back by a backslash', '/open\\..\\TREE\\page.html' ],
    [ 'a way back by an escaped backslash', '/open/..%5cTREE/page.html' ],
    [ 'a way back, escaped twice', '/open/%252e%252e/TREE/page.html' ],
    [ 'out of the tree and back', '/../../TREE/page.html' ],
    [ 'a slash behind', '/TREE/page.html/' ],
    [ 'a dot behind the slash', '/TREE/page.html/.' ],
    [ 'a way back behind', '/TREE/page.html/x/..' ],
    [ 'a parameter', '/TREE;x=1/page.html' ],
    [ 'a parameter behind', '/TREE/page.html;x=1' ],
    [ 'a parameter without a name', '/;/TREE/page.html' ],
    [ 'a parameter in a way back', '/open/..;/TREE/page.html' ],
    [ 'capitals', sub { '/' . uc($_[0]) . '/page.html' } ],
    [ 'a capital', sub { '/' . ucfirst($_[0]) . '/Page.html' } ],
    [ 'a blank behind', '/TREE/page.html%20' ],
    [ 'a dot at the end', '/TREE/page.html.' ],
    [ 'dots at the end', '/TREE.../page.html...' ],
    [ 'a tilde at the end', '/TREE/page.html~' ],
    [ 'a stream of a file', '/TREE/page.html::$DATA' ],
    [ 'a short name', '/TREE/PAGE~1.HTM' ],
    [ 'a fragment', '/TREE/page.html#x' ],
    [ 'a fragment in front', '/open/page.html#/../../TREE/page.html' ],
    [ 'an escaped fragment', '/TREE/page.html%23x' ],
    [ 'an escaped query', '/TREE/page.html%3fx' ],
    [ 'NUL', "/TREE/page.html\0" ],
    [ 'an escaped NUL', '/TREE/page.html%00' ],
    [ 'an escaped NUL and an ending', '/TREE/page.html%00.shtml' ],
    [ 'an escaped NUL in front', '/%00/TREE/page.html' ],
    [ 'an overlong slash', '/TREE%c0%afpage.html' ],
    [ 'an overlong slash of three bytes', '/TREE%e0%80%afpage.html' ],
    [ 'a way back of overlong dots', '/open/%c0%ae%c0%ae/TREE/page.html' ],
    [ 'an overlong letter', '/TREE/%c1%b0age.html' ],
    [ 'overlong bytes', "/TREE\xc0\xafpage.html" ],
    [ 'a slash of full width', '/TREE%ef%bc%8fpage.html' ],
    [ 'a slash of IIS', '/TREE%u002fpage.html' ],
    [ 'a letter of IIS', '/TREE/%u0070age.html' ],
    [ 'half an escape', '/TREE/page.html%' ],
    [ 'no escape', '/TREE/page.html%zz' ],
    [ 'a line break', '/TREE/page.html%0d%0a' ],
    [ 'a tab', '/TREE/page.html%09' ],
    [ 'a bare line break', "/TREE/page.html\r\nX: y" ],
    [ 'a bare tab', "/TREE/page.html\t" ],
    [ 'a bare blank', '/TREE/page.html x' ],
    [ 'a bare DEL', "/TREE/page.html\x7f" ],
);
cmp_ok scalar @ways, '>=', 36, 'ways: ' . @ways;

sub path_of
{
    my ($way, $tree) = @_;
    return ref $way ? $way->($tree) : $way =~ s/TREE/$tree/gr;
}

# ---- asked --------------------------------------------------------------------------------------------

sub ask_1
{
    my ($to, $path, $with) = @_;
    my $field = defined $with ? "Authorization: Bearer $with\r\n" : '';
    my $answer = raw_request("GET $path HTTP/1.1\r\nHost: 127.0.0.1:$port\r\nConnection: close\r\n$field\r\n", port => $to);
    return { code => $answer->code, raw => $answer->{raw} };
}

sub ask_2
{
    my ($to, $path, $with) = @_;
    return JWTTest::HTTP2::ask($to, GET => $path, token => $with);
}

my @versions = ([ 'HTTP/1.1', \&ask_1 ], has_module('http2') ? [ 'HTTP/2', \&ask_2 ] : ());
for (@versions) {
    my ($version, $ask) = @$_;
    is $ask->($port, '/open/page.html')->{code}, 200, "$version: an open page";
    for my $tree (@files, 'backend') {
        for (@ways) {
            my ($why, $way, $leads) = @$_;
            my $path = path_of($way, $tree);
            my $is_way = grep { $_ eq $version } split ' ', $leads // '';
            for my $with (undef, $old) {
                my $answer = $ask->($port, $path, $with);
                my $name = "$version, $tree, $why" . (defined $with ? ', an old token' : '');
                unlike $answer->{raw}, $MARK, "$name: nothing of it";
                # Without a status: HTTP/2 ended the stream, or what was left of the line was HTTP/0.9.
                like $answer->{code}, $is_way ? qr/^401$/ : qr/^(?:0|40[0134])$/, "$name: refused or not there";
            }
            next unless $is_way;
            my $answer = $ask->($port, $path, $token);
            is $answer->{code}, 200, "$version, $tree, $why: leads there";
            like $answer->{raw}, $MARK, '... with a token';
        }
    }
}

# ---- where escaped slashes are let through ---------------------------------------------------------------

for ([ 1, 'AllowEncodedSlashes On', 1 ], [ 2, 'AllowEncodedSlashes NoDecode', 0 ]) {
    my ($host, $setting, $some_lead) = @$_;
    my $lead = 0;
    for my $tree (@files, 'backend') {
        for (grep { path_of($_->[1], 'x') =~ /%(?:25)*(?:2f|5c)/i } @ways) {
            my ($why, $way) = @$_;
            my $path = path_of($way, $tree);
            for my $version (@versions) {
                my ($name, $ask) = ("$setting, $version->[0], $tree, $why", $version->[1]);
                my $answer = $ask->($server->port($host), $path);
                unlike $answer->{raw}, $MARK, "$name: nothing of it";
                like $answer->{code}, qr/^40[0134]$/, "$name: refused or not there";
                $lead++ if $ask->($server->port($host), $path, $token)->{raw} =~ $MARK;
            }
        }
    }
    is $lead > 0, $some_lead > 0, "$setting: $lead of them lead there with a token";
}

# ---- where all else goes to an application -----------------------------------------------------------------
# What is not the protected path reaches it, and must not be another spelling of that path: by RFC 3986
# section 6.2.2 and by what most programs do, which merge slashes.

sub plain
{
    my ($path) = @_;
    $path =~ s/[?#].*//s;
    $path =~ s/%([0-9A-Fa-f]{2})/chr hex $1/ge;
    1 while $path =~ s{/\.?(?=/)}{} || $path =~ s{/(?!\.\.?/)[^/]+/\.\.(?=/|\z)}{} || $path =~ s{\A/\.\.(?=/)}{};
    return $path;
}

is plain($_), '/backend/page.html', "known: $_"
    for qw(//backend/./page.html /x/../backend/page.html /%62ackend/x/../page.html /../backend%2Fpage.html?x);
my $passed = 0;
for (@ways) {
    my ($why, $way) = @$_;
    my $path = path_of($way, 'backend');
    for my $version (@versions) {
        my $mark = $backend->mark;
        $version->[1]->($server->port(3), $path);
        my ($asked) = $backend->text_since($mark) =~ /^GET (\S+)/ or next;
        $passed++;
        isnt plain($asked), '/backend/page.html', "$version->[0], $why: what reaches an application, $asked";
    }
}
cmp_ok $passed, '>', 0, "$passed reach it";

done_testing;
