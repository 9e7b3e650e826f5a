# Ways around a protected page that t/protect.t does not walk: HTTP/2, sections that stand against each
# other, users of two kinds, and AuthBasicFake.
#
# Runs beside others: it has servers of its own.
use strict;
use warnings;
use Test::More;
use JWTTest;
use JWTTest::Process qw(first_executable);
use MIME::Base64 qw(encode_base64);

only_under(qw(event prefork));
skip_without(qw(headers rewrite setenvif));

my $MARK = qr/SECRET_MARK/;
my $dir = scratch('pages');
mkdir $dir;
mkdir "$dir/$_" for qw(secret open basic);
spew("$dir/$_/page.html", "SECRET_MARK\n") for qw(secret basic);
spew("$dir/open/page.html", "OPEN\n");
secret('basic pass phrase');
spew("$dir/users", 'alice:' . password_hash('$6$', 'basic pass phrase') . "\n");
my $basic = 'Basic ' . encode_base64('alice:basic pass phrase', '');
my $env = var('t_dir') . '/cgi-bin/env';
my @more = grep { can_load($_) && !has_module($_) } qw(http2 access_compat);

my $server = httpd_start(<<"CONF", with => \@more);
DBDriver sqlite3
DBDParams "\${T_DIR}/db/site.db"
AuthJWTKey - HS256 "\${T_DIR}/keys/site.key"
<IfModule http2_module>
    Protocols h2c http/1.1
</IfModule>
Alias "/pages" "$dir"
ScriptAlias "/fake" "$env"
<Directory "$dir">
    Require all granted
    Options +FollowSymLinks
</Directory>
<Directory "$dir/secret">
    AuthType JWT
    Require valid-user
</Directory>
<Directory "$dir/basic">
    AuthType Basic
    AuthName here
    AuthBasicProvider file
    AuthUserFile "$dir/users"
    Require user alice
    RewriteEngine On
    RewriteRule ^over\$ /pages/secret/page.html [PT,L]
</Directory>
<Directory "$dir/open">
    RewriteEngine On
    RewriteRule ^secret\$ /pages/secret/page.html [PT,L]
    RewriteRule ^basic\$ /pages/basic/page.html [PT,L]
</Directory>
<Location "/pages/secret/and">
    AuthMerging And
    Require ip 192.0.2.1
</Location>
<Location "/pages/secret/or">
    AuthMerging Or
    Require user carol
</Location>
<If "%{HTTP:X-If} == '1'">
    Require user nobody
</If>
<Location "/pages/open/limited">
    AuthType JWT
    <Limit POST>
        Require valid-user
    </Limit>
</Location>
<Location "/fake">
    AuthType JWT
    Require valid-user
    AuthBasicFake %{REMOTE_USER} pass
    CGIPassAuth On
</Location>
CONF
my $alice = token();
my $carol = token({ user_id => '3' });

sub ask
{
    my ($method, $path, @option) = @_;
    return request($method, $path, port => $server->port, @option);
}

# ---- users of two kinds ---------------------------------------------------------------------------

for (
    [ 'a Basic user at a page for tokens', '/pages/secret/page.html', $basic, 401 ],
    [ '... through a rewrite of his own place', '/pages/basic/over', $basic, 401 ],
    [ '... through one of an open place', '/pages/open/secret', $basic, 401 ],
    [ 'a token at a page for Basic users', '/pages/basic/page.html', "Bearer $alice", 401 ],
    [ '... through a rewrite of an open place', '/pages/open/basic', "Bearer $alice", 401 ],
    [ 'a token', '/pages/secret/page.html', "Bearer $alice", 200 ],
    [ '... through a rewrite', '/pages/open/secret', "Bearer $alice", 200 ],
    [ 'a password', '/pages/basic/page.html', $basic, 200 ],
    [ '... through a rewrite', '/pages/open/basic', $basic, 200 ],
) {
    my ($why, $path, $credential, $code) = @$_;
    my $answer = ask(GET => $path, headers => [ Authorization => $credential ]);
    is $answer->code, $code, $why;
    is !!($answer->content =~ $MARK), $code == 200, "$why: the page, or nothing of it";
}

# ---- sections against each other ------------------------------------------------------------------

for (
    [ 'AuthMerging And: an address beside a token', '/pages/secret/and/x', [], 403, 403, 403 ],
    [ 'AuthMerging Or: a user beside all', '/pages/secret/or/x', [], 401, 404, 404 ],
    [ 'If: another user', '/pages/secret/page.html', [ 'X-If' => 1 ], 401, 403, 403 ],
) {
    my ($why, $path, $headers, @code) = @$_;
    my @answer = map { ask(GET => $path, headers => $headers, $_ ? (token => $_) : ()) } undef, $alice, $carol;
    is_deeply [ map { $_->code } @answer ], \@code, $why;
    unlike $_->content, $MARK, "$why: nothing of it" for @answer;
}
is ask(POST => '/pages/open/limited', form => { a => 1 })->code, 401, 'Limit: a method that is named';
is ask(GET => '/pages/open/limited')->code, 404, '... and one that is not';
is ask(PUT => '/pages/secret/page.html', headers => [ 'X-HTTP-Method-Override' => 'GET' ])->code, 401, 'another method';

# ---- HTTP/2 ---------------------------------------------------------------------------------------

SKIP: {
    my $curl = first_executable('curl');
    skip 'no curl with HTTP/2, or no mod_http2', 8
        unless $curl && can_load('http2') && `$curl -V` =~ /HTTP2/;
    for my $path (qw(/pages/secret/page.html /pages/secret/./page.html /pages/open/../secret/page.html /pages/open/secret)) {
        my @command = ($curl, qw(-s -g --path-as-is --http2-prior-knowledge -m 20 -w), ' %{http_code} %{http_version}');
        my $url = $server->url($path);
        for ([ 401 ], [ 200, '-H', "Authorization: Bearer $alice" ]) {
            my ($code, @fields) = @$_;
            open my $out, '-|', @command, @fields, $url or die "curl: $!\n";
            my $said = do { local $/; readline $out };
            like $said, qr/ $code 2\z/, "HTTP/2: $path, $code";
            is !!($said =~ $MARK), $code == 200, '... the page, or nothing of it';
        }
    }
}

# ---- AuthBasicFake --------------------------------------------------------------------------------

SKIP: {
    skip 'no mod_auth_basic', 4 unless has_module('auth_basic');
    is ask(GET => '/fake')->code, 401, 'AuthBasicFake: nobody';
    is ask(GET => '/fake', headers => [ Authorization => $basic ])->code, 401, '... nor a password';
    my $told = ask(GET => '/fake', token => $alice)->content;
    like $told, qr/^REMOTE_USER=alice$/m, '... the user of the token';
    is(($told =~ /^HTTP_AUTHORIZATION=(.*)$/m)[0], 'Basic ' . encode_base64('alice:pass', ''), '... as an old application wants him');
}

done_testing;
