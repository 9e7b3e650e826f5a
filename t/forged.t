# What applications are told of a user, by CGI, by php-fpm and behind a proxy, whatever becomes of a
# request: what the token says where a section exports it, and never a word that the client sent under
# one of these names, in any spelling that some application takes for it.
#
# Runs beside others: it has servers of its own.
use strict;
use warnings;
use Test::More;
use HTTP::Response ();
use JWTTest;
use JWTTest::HTTP2;
use JWTTest::Recorder;
use JSON::PP ();
use MIME::Base64 qw(encode_base64);

only_under(qw(event prefork));
skip_without(qw(headers rewrite include proxy_http setenvif));

my $dir = scratch('pages');
mkdir $dir;
mkdir "$dir/$_" for qw(from-open from-closed from-basic);
secret('basic pass phrase');
spew("$dir/users", 'alice:' . password_hash('$6$', 'basic pass phrase') . "\n");
my $basic = 'Basic ' . encode_base64('alice:basic pass phrase', '');
my $env = var('t_dir') . '/cgi-bin/env';
my $backend = JWTTest::Recorder->start(port(9), scratch('backend'));
my $behind = port(9);
my $has_php = has_module('proxy_fcgi') && JWTTest::first_executable(qw(php-fpm php-fpm8* php-fpm7*));
my $socket = $has_php ? php_fpm_start(socket => scratch('php.sock')) : '';
my @kinds = ('cgi', 'app', $has_php ? 'php' : ());
spew("$dir/shows.php", q(<?php echo json_encode(['server' => $_SERVER, 'fields' => getallheaders()],
    JSON_UNESCAPED_UNICODE | JSON_INVALID_UTF8_SUBSTITUTE);));
for my $kind (@kinds) {
    for my $place (qw(open closed optional basic)) {
        spew("$dir/from-$_/$kind-$place.shtml", qq(<!--#include virtual="/$kind/$place/x" -->)) for qw(open closed basic);
    }
}

my $server = httpd_start(<<"CONF");
DBDriver sqlite3
DBDParams "\${T_DIR}/db/site.db"
AuthJWTKey - HS256 "\${T_DIR}/keys/site.key"
AuthJWTTokenSource header cookie:token
AuthJWTCSRF Off
<IfModule http2_module>
    Protocols h2c http/1.1
</IfModule>
<Directory "$dir">
    Require all granted
    Options +IncludesNoExec +FollowSymLinks
    AddOutputFilter INCLUDES .shtml
    AddType text/html .shtml
    RewriteEngine On
    RewriteRule "to-([a-z]+)-([a-z]+)\$" "/\$1/\$2/x" [PT,L]
</Directory>
Alias "/from-open" "$dir/from-open"
Alias "/from-closed" "$dir/from-closed"
Alias "/from-basic" "$dir/from-basic"
ScriptAliasMatch "^/cgi/" "$env"
AliasMatch "^/php/" "$dir/shows.php"
ProxyPass "/app/" "http://127.0.0.1:$behind/app/"
<IfModule proxy_fcgi_module>
    <Files "shows.php">
        SetHandler "proxy:unix:$socket|fcgi://localhost"
    </Files>
</IfModule>
<LocationMatch "^/(?:[a-z]+/(?:closed|plain|refused)|from-closed/)">
    AuthType JWT
    Require valid-user
</LocationMatch>
<LocationMatch "^/[a-z]+/optional">
    AuthType JWT
    AuthJWTOptional On
    Require all granted
</LocationMatch>
<LocationMatch "^/(?:[a-z]+/(?:closed|optional|refused)|from-closed/)">
    AuthJWTClaimEnv role
    AuthJWTClaimEnv org.plan PLAN
    AuthJWTClaimEnv roles ROLES
    AuthJWTClaimEnv deep.list[1].name DEEP
    AuthJWTClaimEnv org ORG
    AuthJWTClaimEnv number NUMBER
    AuthJWTClaimHeader role X-Role
    AuthJWTClaimHeader roles X-Roles
    AuthJWTClaimHeader deep.list[1].name JWT-Deep
    AuthJWTClaimHeader org JWT-Org
    AuthJWTClaimHeader name Remote-User
</LocationMatch>
<LocationMatch "^/[a-z]+/refused/all">
    Require user nobody
</LocationMatch>
@{[ map { <<"REFUSED" } @kinds ]}
<Location "/$_/refused">
    ErrorDocument 401 /$_/open/refused
    ErrorDocument 403 /$_/open/refused
</Location>
REFUSED
<LocationMatch "^/(?:[a-z]+/basic|from-basic/)">
    AuthType Basic
    AuthName here
    AuthUserFile "$dir/users"
    AuthBasicProvider file
    Require valid-user
</LocationMatch>
CONF

# ---- what an application was told --------------------------------------------------------------------

# Our names among the variables of an application.
my $ours = qr/^(?:HTTP_(?:X_ROLES?|JWT_\w+|REMOTE_USER|AUTH_JWT\w*)|AUTH_JWT_\w+|PLAN|ROLES|DEEP|ORG|NUMBER|REMOTE_USER|AUTH_TYPE)$/;

sub as_variable { my ($name) = @_; return 'HTTP_' . uc $name =~ tr/-/_/r }

# One hash of variables, and all that the application got, as text.
sub told
{
    my ($kind, $answer, $sent) = @_;
    if ($kind eq 'app') {
        my %fields = map { /^([^:\r\n]+): ([^\r\n]*)/ ? (as_variable($1) => $2) : () } split /\n/, $sent;
        return (\%fields, $sent);
    }
    my $text = $answer->content;
    return ({ $text =~ /^(\w+)=(.*)$/mg }, $text) if $kind eq 'cgi';
    # As bytes; what PHP says of fields and what it says of variables is one thing.
    my $all = eval { JSON::PP->new->decode($text =~ s/\A[^{]+//r) } || {};
    my %fields = map { (as_variable($_) => $all->{fields}{$_}) } keys %{ $all->{fields} || {} };
    return ({ %fields, %{ $all->{server} || {} } }, $text);
}

# What the environment of the run itself has is no news.
sub seen
{
    my ($variables) = @_;
    return { map { /$ours/ && !exists $ENV{$_} ? ($_ => $variables->{$_}) : () } keys %$variables };
}

# ---- what is forged ----------------------------------------------------------------------------------

my @names = qw(X-Role X-Roles JWT-Deep JWT-Org Remote-User AUTH-JWT-User-Id AUTH-JWT-Claim-Role);

# Applications take "_" for "-", and some take any other character of a field's name for it.
sub spellings
{
    my ($name) = @_;
    my %all = map { $_ => 1 } map { ($_, lc, uc, scalar reverse lc reverse $_) } $name, $name =~ tr/-/_/r;
    return sort keys %all, $name =~ s/-/_/r, $name =~ tr/-/./r;
}
my $forged = join '', map { "$_: made-up\r\n" } map { spellings($_) } @names;
my $odd = join '', map { my $sign = $_; map { s/-/$sign/gr . ": made-up\r\n" } @names }
    split //, q(!#$%&'*+^`|~);

# What one has who is let in, by the claims below.
my $members = '"role":"admin","roles":["a","b \u00e9"],"org":{"plan":"team","n":[1,{"x":null}]},"number":5.5,'
    . '"deep":{"list":[0,{"name":"inner"}]},"name":"al ice"';
my $org = '{"plan":"team","n":[1,{"x":null}]}';
my $roles = qq(["a","b \xc3\xa9"]);
my %fields = (HTTP_X_ROLE => 'admin', HTTP_X_ROLES => $roles, HTTP_JWT_DEEP => 'inner', HTTP_JWT_ORG => $org,
    HTTP_REMOTE_USER => 'al ice');
my %variables = (AUTH_JWT_CLAIM_ROLE => 'admin', PLAN => 'team', ROLES => $roles, DEEP => 'inner', ORG => $org,
    NUMBER => '5.5');
my %user = (REMOTE_USER => 'alice', AUTH_TYPE => 'JWT', AUTH_JWT_USER_ID => '1', AUTH_JWT_JTI => 'j');

sub token_with
{
    my ($more) = @_;
    return token({}, payload => sprintf '{"token_type":"access","exp":%d,"jti":"j","user_id":"1"%s}', time + 300, $more);
}
my $good = 'Authorization: Bearer ' . token_with(",$members") . "\r\n";
my $bare = 'Authorization: Bearer ' . token_with('') . "\r\n";
my $bad = 'Authorization: Bearer ' . token({ exp => 1 }) . "\r\n";
my $cookie = 'Cookie: token=' . token_with(",$members") . "\r\n";
my $cookie_of_carol = 'Cookie: token=' . token({ user_id => '3' }) . "\r\n";
my $password = "Authorization: $basic\r\n";
my %basic = (REMOTE_USER => 'alice', AUTH_TYPE => 'Basic');
my $junk = "Cookie: token=junk\r\n";

my @outcomes = (
    # why, path, credential, code, our variables, our fields
    [ 'a public page', 'KIND/open', '', 200 ],
    [ '... with a good token', 'KIND/open', $good, 200 ],
    [ '... with a bad one', 'KIND/open', $bad, 200 ],
    [ 'a good token', 'KIND/closed', $good, 200, { %user, %variables }, \%fields ],
    [ '... in a cookie', 'KIND/closed', $cookie, 200, { %user, %variables }, \%fields ],
    [ '... that lacks the claims', 'KIND/closed', $bare, 200, \%user ],
    [ '... where nothing is exported', 'KIND/plain', $good, 200, \%user ],
    [ 'no token where it is optional', 'KIND/optional', '', 200 ],
    [ 'a good one there', 'KIND/optional', $good, 200, { %user, %variables }, \%fields ],
    [ 'a bad cookie there', 'KIND/optional', $junk, 200, { AUTH_JWT_ERROR => 'malformed' } ],
    [ 'no token, and an ErrorDocument', 'KIND/refused', '', 401 ],
    [ 'a bad token, and an ErrorDocument', 'KIND/refused', $bad, 401 ],
    [ 'a user who may not, and an ErrorDocument', 'KIND/refused/all', $good, 403 ],
    [ 'a redirect from an open to an open place', 'from-open/to-KIND-open', $good, 200 ],
    [ '... from an open to a closed one', 'from-open/to-KIND-closed', $good, 200, { %user, %variables }, \%fields ],
    [ '... from a closed to an open one', 'from-closed/to-KIND-open', $good, 200 ],
    [ '... from a closed to a closed one', 'from-closed/to-KIND-closed', $good, 200, { %user, %variables }, \%fields ],
    [ '... from a closed one to one that exports nothing', 'from-closed/to-KIND-plain', $good, 200, \%user ],
    [ '... to one where it is optional', 'from-open/to-KIND-optional', '', 200 ],
    [ 'an include of an open place', 'from-open/KIND-open.shtml', $good, 200 ],
    # To programs mod_include itself hands on REMOTE_USER of the page.
    [ '... by a closed page', 'from-closed/KIND-open.shtml', $good, 200, { REMOTE_USER => 'alice', AUTH_TYPE => 'JWT' } ],
    [ '... of a closed place', 'from-open/KIND-closed.shtml', $good, 200, { %user, %variables }, \%fields ],
    [ '... by a closed page', 'from-closed/KIND-closed.shtml', $good, 200, { %user, %variables }, \%fields ],
    [ 'a user with a password', 'KIND/basic', $password, 200, \%basic ],
    [ '... who is led to where a token is optional', 'from-basic/to-KIND-optional', $password, 200 ],
    [ '... to whom such a place is shown', 'from-basic/KIND-optional.shtml', $password, 200 ],
    [ '... with a token of another in a cookie', 'from-closed/KIND-basic.shtml', "$cookie_of_carol$password", 200, \%basic ],
    [ '... and in a place for tokens', 'from-basic/KIND-closed.shtml', "$cookie$password", 200, { %user, %variables }, \%fields ],
    [ 'nobody', 'KIND/closed', '', 401, undef, undef, 'unasked' ],
    [ 'a bad token', 'KIND/closed', $bad, 401, undef, undef, 'unasked' ],
);

for my $kind (@kinds) {
    for (@outcomes) {
        my ($why, $path, $credential, $code, $variables, $fields, $unasked) = @$_;
        $path =~ s/KIND/$kind/;
        # An answer of mod_proxy has the status of what is behind it, an ErrorDocument, too.
        $code = 200 if $kind eq 'app' && $path =~ /refused/;
        my %expected = (%{ $kind eq 'app' ? {} : $variables || {} }, %{ $fields || {} });
        for (
            [ 'GET', "GET /$path/x HTTP/1.1\r\n", '', $forged ],
            [ 'GET, odd signs', "GET /$path/x HTTP/1.1\r\n", '', $odd ],
            [ 'POST', "POST /$path/x HTTP/1.1\r\n", "1\r\na\r\n0\r\nX-Role: made-up\r\nJWT_Org: made-up\r\n\r\n",
                "Transfer-Encoding: chunked\r\nTrailer: X-Role\r\n$forged" ],
        ) {
            my ($what, $line, $body, $more) = @$_;
            $line =~ s{/x HTTP}{ HTTP} if $path =~ /^from-/;
            my $name = "$kind, $why, $what";
            my $mark = $backend->mark;
            my $answer = raw_request("${line}Host: 127.0.0.1\r\nConnection: close\r\n$credential$more\r\n$body",
                port => $server->port);
            is $answer->code, $code, $name;
            my $sent = $backend->text_since($mark);
            unlike "$answer->{raw}$sent", qr/made-up/, "$name: nothing forged";
            if ($unasked) {
                is "$sent" . ($answer->content =~ /GATEWAY_INTERFACE/ ? 'asked' : ''), '', "$name: no application is asked";
                next;
            }
            my ($told, $text) = told($kind, $answer, $sent);
            like $text, $kind eq 'app' ? qr{^\w+ /app/\w+}m : qr/GATEWAY_INTERFACE/, "$name: it is asked";
            is_deeply seen($told), \%expected, "$name: what it is told";
        }
    }
}

# ---- over HTTP/2, whose names have no capitals ---------------------------------------------------------

my @over_http2 = map { my $sign = $_; map { (lc s/-/$sign/gr => 'made-up') } @names } qw(- _ . ~ ! *);
for my $kind (has_module('http2') ? @kinds : ()) {
    for (
        [ 'open', undef ],
        [ 'open', $members ],
        [ 'closed', $members, { %user, %variables }, \%fields ],
        [ 'closed', '', \%user ],
        [ 'optional', undef ],
    ) {
        my ($place, $claims, $variables, $fields) = @$_;
        my %expected = (%{ $kind eq 'app' ? {} : $variables || {} }, %{ $fields || {} });
        my $mark = $backend->mark;
        my $answer = JWTTest::HTTP2::ask($server->port, GET => "/$kind/$place/x", headers => \@over_http2,
            defined $claims ? (token => token_with($claims && ",$claims")) : ());
        my $name = "$kind, HTTP/2, $place" . (defined $claims ? ', a good token' : '');
        is $answer->{code}, 200, $name;
        my $sent = $backend->text_since($mark);
        unlike "$answer->{raw}$sent", qr/made-up/, "$name: nothing forged";
        my ($told) = told($kind, HTTP::Response->new(200, '', [], $answer->{body}), $sent);
        is_deeply seen($told), \%expected, "$name: what it is told";
    }
}

done_testing;
