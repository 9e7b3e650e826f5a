# Endpoints mounted under a path are reached whatever else claims all URLs of a site, and no
# password ever goes to whoever would have answered in their place.
use strict;
use warnings;
use Test::More;
use JWTTest;
use JWTTest::Recorder;

my $alice = user('alice');
my %good = (username => 'alice', password => $alice->{password});
my $backend = JWTTest::Recorder->start(port(9), scratch('backend'));

sub ask
{
    my ($method, $host, $path, %option) = @_;
    return request($method, $path, port => port(1), %option,
        headers => [ Host => "$host.test", @{ $option{headers} || [] } ]);
}

sub is_pair
{
    my ($response, $why) = @_;
    is $response->code, 200, $why;
    like $response->content, qr/\A\{"refresh":"[\w.-]+","access":"[\w.-]+"\}\z/, "$why: tokens";
}

sub is_renewed
{
    my ($response, $why) = @_;
    is $response->code, 200, $why;
    like $response->content, qr/\A\{"access":"[\w.-]+"\}\z/, "$why: a token";
}

# What the endpoints at PATH do at HOST, and that the backend hears nothing of it.
sub endpoints_work
{
    my ($host, $path, $why, $refresh_path) = @_;
    my $mark = $backend->mark;
    my ($token, $refresh) = ($path, $refresh_path || "$path/refresh");
    my $old = token({ token_type => 'refresh' });
    is_pair(ask(POST => $host, $token, json => \%good), "$why: JSON");
    is_pair(ask(POST => $host, "$token/", form => \%good), "$why: a form, and a slash");
    is ask(POST => $host, $token, json => { %good, password => 'not hers at all' })->code, 401,
        "$why: a wrong password";
    is ask(GET => $host, $token)->content, '{"detail":"Method \"GET\" not allowed."}', "$why: GET";
    is ask(PUT => $host, $token, json => \%good)->code, 405, "$why: PUT";
    is ask(OPTIONS => $host, $token)->code, 200, "$why: OPTIONS";
    is ask(HEAD => $host, $token)->code, 405, "$why: HEAD";
    is_renewed(ask(POST => $host, $refresh, json => { refresh => $old }), "$why: refresh");
    is_renewed(ask(POST => $host, "$refresh/", form => { refresh => $old }), "$why: refresh, and a slash");
    is $backend->mark, $mark, "$why: the backend was not asked";
}

# ---- sites that take all URLs for themselves ----------------------------------------------

for (
    #                               what is there in place of the endpoints
    [ 'proxied', 'ProxyPass /', POST => '/elsewhere', 200, qr/^BACKEND/ ],
    [ 'encoded', 'ProxyPass / mapping=encoded', POST => '/elsewhere', 200, qr/^BACKEND/ ],
    [ 'nocanon', 'ProxyPass / nocanon', POST => '/elsewhere', 200, qr/^BACKEND/ ],
    [ 'section', 'ProxyPass in a Location', POST => '/elsewhere', 200, qr/^BACKEND/ ],
    [ 'rewritten', 'RewriteRule [P]', POST => '/elsewhere', 200, qr/^BACKEND/ ],
    [ 'rewritten-in-location', 'RewriteRule [P] in a Location', POST => '/elsewhere', 200, qr/^BACKEND/ ],
    [ 'redirected', 'Redirect', POST => '/elsewhere', 307, qr/moved/ ],
    [ 'front', 'a front controller', POST => '/elsewhere', 200, qr/^FRONT/ ],
    [ 'fallback', 'FallbackResource', GET => '/elsewhere', 200, qr/^FRONT/ ],
    [ 'existing', 'a directory and a file of that name', GET => '/auth/token/index.html', 200, qr/^EXISTING/ ],
    [ 'denied', 'a closed directory of that name', GET => '/auth/token/index.html', 403, qr/Forbidden/ ],
    [ 'aliased', 'Alias', GET => '/auth/other.html', 200, qr/^ALIASED/ ],
    [ 'scripted', 'ScriptAlias', POST => '/elsewhere', 200, qr/^REQUEST_URI=/m ],
    [ 'handled', 'SetHandler for all', GET => '/elsewhere', 200, qr/Server Status/ ],
    [ 'handled-there', 'SetHandler for the path', GET => '/elsewhere', 200, qr/Server Status/ ],
) {
    my ($host, $why, $method, $path, $code, $content) = @$_;
    my $control = ask($method, $host, $path, $method eq 'POST' ? (form => { note => 'control' }) : ());
    is $control->code, $code, "$why is in the way";
    like $control->content, $content, "$why: of every URL";
    endpoints_work($host, '/auth/token', $why);
}
like $backend->text, qr/^note=control\r?$/m, 'the backend writes down what it is sent';

# ---- one URL, many spellings --------------------------------------------------------------

for my $host (qw(proxied encoded nocanon section rewritten front scripted)) {
    my $mark = $backend->mark;
    for (
        [ 'a query', '/auth/token?next=/' ],
        [ 'an escaped letter', '/auth/%74oken' ],
        [ 'escaped letters of the mount', '/%61%75th/token' ],
        [ 'two slashes', '//auth//token' ],
        [ 'slashes at the end', '/auth/token//' ],
        [ 'a dot', '/./auth/./token' ],
        [ 'an escaped dot', '/auth/%2e/token' ],
        [ 'a way back', '/x/../auth/token' ],
        [ 'an escaped way back', '/auth/x/%2e%2E/token' ],
        [ 'an absolute URL', "http://$host.test/auth/token" ],
        [ 'an absolute URL with a port', "http://$host.test:1/auth/token" ],
    ) {
        my ($why, $path) = @$_;
        my $body = qq({"username":"alice","password":"$alice->{password}"});
        my $response = raw_request("POST $path HTTP/1.1\r\nHost: $host.test\r\nConnection: close\r\n"
            . "Content-Type: application/json\r\nContent-Length: @{[ length $body ]}\r\n\r\n$body",
            port => port(1));
        is_pair($response, "$host, $why");
    }
    is $backend->mark, $mark, "$host: the backend was not asked";
}

endpoints_work('odd', '/sign%20%40in/token', 'a mount that is escaped in URLs');
is_pair(ask(POST => 'odd', '/sign%20@in/token', json => \%good), 'escaped in another way');

for (
    [ 'the mount', '/auth' ], [ 'with a slash', '/auth/' ], [ 'what is no endpoint', '/auth/tokens' ],
    [ 'below an endpoint', '/auth/token/x' ], [ 'in capitals', '/AUTH/token' ],
    [ 'a suffix', '/auth/token.json' ], [ 'a parameter', '/auth/token;x=1' ], [ 'elsewhere', '/x/auth/token' ],
) {
    my ($why, $path) = @$_;
    like ask(GET => 'proxied', $path)->content, qr/^BACKEND/, "$why is the backend's: $path";
}

# ---- endpoints made by hand ---------------------------------------------------------------

endpoints_work($_, '/by-hand/token', "SetHandler, $_", '/by-hand/refresh') for qw(proxied encoded rewritten);

# ---- which endpoints, and where -----------------------------------------------------------

my $old = token({ token_type => 'refresh' });
for (
    [ 'both',         '/auth/token',        200, '/auth/token/refresh',        200 ],
    [ 'only-token',   '/auth/token',        200, '/auth/token/refresh',        404 ],
    [ 'only-refresh', '/auth/token',        404, '/auth/token/refresh',        200 ],
    [ 'root',         '/token',             200, '/token/refresh',             200 ],
    [ 'root',         '/auth/token',        404, '/auth/token/refresh',        404 ],
    [ 'deep',         '/api/v1/auth/token', 200, '/api/v1/auth/token/refresh', 200 ],
    [ 'deep',         '/auth/token',        404, '/api/v1/auth/refresh',       404 ],
) {
    my ($host, $token, $token_code, $refresh, $refresh_code) = @$_;
    is ask(POST => $host, $token, json => \%good)->code, $token_code, "$host: $token";
    is ask(POST => $host, $refresh, json => { refresh => $old })->code, $refresh_code, "$host: $refresh";
}

# ---- behind a token -----------------------------------------------------------------------

endpoints_work('closed', '/auth/token', 'a site that is closed as a whole');
endpoints_work('closed', '/by-hand/token', 'the same, by hand', '/by-hand/refresh');
{
    my $mark = $backend->mark;
    is ask($_ => 'closed', '/page')->code, 401, "$_ without a token" for qw(GET POST HEAD OPTIONS DELETE);
    is ask(GET => 'closed', '/page', token => token({ exp => time - 1 }))->code, 401, 'with an old one';
    is ask(POST => 'closed', '/page', form => { note => 'not for you' })->code, 401, 'with a body';
    is $backend->mark, $mark, 'the backend hears nothing of them';
    like ask(GET => 'closed', '/page', token => token())->content, qr/^BACKEND/, 'with a good one it answers';
}

# An endpoint in a closed tree needs no token; whatever is made of it later has none either.
like ask(GET => 'tree', '/page.html', token => token())->content, qr/SECRET_MARK/, 'there is a secret';
{
    my $mark = $backend->mark;
    for (
        [ 'another handler', '/login-handler', 1 ],
        [ 'no handler, and a type', '/login-type', 1 ],
        [ 'a script', '/login-script', 1 ],
        [ 'the status of the server', '/login-status', 1 ],
        [ 'a file', '/login-file', 1 ],
        [ 'a file below', '/login-subtree', 1 ],
        [ 'a backend', '/login-proxied', 1 ],
        [ 'nothing else: a .htaccess made it', '/login-ht', 1 ],
        [ 'no endpoint by a .htaccess', '/login-ht-undone' ],
        [ 'no endpoint by a condition', '/login-if' ],
        [ 'an index', '/login-index/', 1 ],
    ) {
        my ($why, $path, $is_endpoint) = @$_;
        for my $method (qw(GET HEAD POST OPTIONS TRACE)) {
            my $rest = $method eq 'POST' ? "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
                     : $method eq 'GET'  ? "Range: bytes=0-99\r\n\r\n" : "\r\n";
            my $response = raw_request("$method $path HTTP/1.1\r\nHost: tree.test\r\nConnection: close\r\n$rest",
                port => port(1));
            unlike $response->{raw}, qr/SECRET_MARK|Server Status|BACKEND/, "made $why: $method has nothing of it";
            # httpd answers TRACE before it asks who is there, with what it was sent.
            my $expected = $method eq 'TRACE' ? 200 : !$is_endpoint ? 401
                         : $method eq 'POST' ? 400 : $method eq 'OPTIONS' ? 200 : 405;
            is $response->code, $expected, "made $why: $method";
        }
    }
    is $backend->mark, $mark, 'nor was a backend asked';
}

# ---- in the end ---------------------------------------------------------------------------

{
    my $text = $backend->text;
    for my $user (users()) {
        my $plain = $user->{password};
        my $form = $plain =~ s/([^\w ])/sprintf '%%%02X', ord $1/ger =~ tr/ /+/r;
        ok index($text, $_) < 0, "no password of $user->{username} went to the backend" for $plain, $form;
    }
    ok $text !~ /"refresh"|refresh=/, 'and no refresh token';
}

done_testing;
