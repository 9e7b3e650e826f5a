# The ground that all other tests stand on: the module loads, the server answers, and the run is
# shut off from the machine around it.
use strict;
use warnings;
use Test::More;
use JWTTest;

is get('/')->code, 200, 'the server answers';
like httpd('-M'), qr/^ *auth_jwt_module \(shared\)$/m, 'the module is listed';

# Names with two underscores are the compiler's own, as of an instrumented build.
my @symbols = grep { !/^__/ } map { (split)[-1] } `nm -D --defined-only '@{[ var('module_so') ]}'`;
is_deeply \@symbols, ['auth_jwt_module'], 'the module record is its only symbol';

my @listen = slurp(var('conf_file')) =~ /^\s*(?:Listen|<VirtualHost)\s+(\S+)/mgi;
ok !(grep { !/^127\.0\.0\.1:/ } @listen), 'only loopback is listened on' or diag "@listen";

my $log = slurp(var('t_logs') . '/error_log');
unlike $log, qr/\[auth_jwt:(?:warn|error|crit|alert|emerg)\]/, 'it started without a complaint';
like $log, qr/mod_auth_jwt|resuming normal operations/, 'and the log is the one we look at';

SKIP: {
    skip 'no mod_ssl', 1 unless has_module('ssl');
    is get('/', scheme => 'https')->code, 200, 'TLS, with the certificate checked';
}

done_testing;
