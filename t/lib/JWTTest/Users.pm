package JWTTest::Users;

# The users of the test database, and hashes of passwords made without the module. All hashes are
# as cheap as their form allows: what a hash costs is measured elsewhere.

use strict;
use warnings;
use Digest::SHA qw(hmac_sha1 hmac_sha256);
use Exporter 'import';
use MIME::Base64 qw(encode_base64);

our @EXPORT_OK = qw(user users password_hash pbkdf2 insert_users application_tables);

# Passwords are bytes, as a client sends them in UTF-8.
my @USERS = (
    { id => 1, username => 'alice', password => 'correct horse battery',
      form => 'pbkdf2_sha256', is_active => 1 },
    { id => 2, username => 'bob', password => 'bob has been dismissed',
      form => '$6$', is_active => 0 },
    { id => 3, username => 'carol', password => "Tr\xc3\xa4ume gr\xc3\xb6\xc3\x9fer \"2026\" \\",
      form => '$2y$', is_active => 1 },
    { id => 4, username => 'dave', password => 'dave & sons = 100% + more',
      form => '$6$', is_active => 1 },
);

sub users { return @USERS }

# user(NAME): {id, username, password, is_active}
sub user
{
    my ($name) = @_;
    my ($user) = grep { $_->{username} eq $name } @USERS;
    return $user || die "no such user in the test database: $name\n";
}

# password_hash(FORM, PASSWORD): FORM is pbkdf2_sha256, pbkdf2_sha1, or a prefix of crypt(3).
sub password_hash
{
    my ($form, $password) = @_;
    my %setting = (
        '$6$' => '$6$rounds=1000$saltsaltsalt$',
        '$5$' => '$5$rounds=1000$saltsaltsalt$',
        '$2y$' => '$2y$04$abcdefghijklmnopqrstuu',
        '$2b$' => '$2b$04$abcdefghijklmnopqrstuu',
    );
    return pbkdf2($1, $password, 'saltsalt', 1000) if $form =~ /^pbkdf2_(\w+)$/;
    my $hash = crypt $password, $setting{$form} || die "no such form: $form\n";
    # A C library that lacks the form still gets a user.
    return $hash if defined $hash && $hash =~ /^\Q$form\E/;
    return pbkdf2('sha256', $password, 'saltsalt', 1000);
}

# PBKDF2 (RFC 8018 section 5.2) in Django's spelling; the length of the key is the digest's, so
# one block is all of it.
sub pbkdf2
{
    my ($digest, $password, $salt, $rounds) = @_;
    my $hmac = { sha1 => \&hmac_sha1, sha256 => \&hmac_sha256 }->{$digest}
        or die "no such digest: $digest\n";
    my $block = my $key = $hmac->($salt . pack('N', 1), $password);
    for (2 .. $rounds) {
        $block = $hmac->($block, $password);
        $key ^= $block;
    }
    return sprintf 'pbkdf2_%s$%d$%s$%s', $digest, $rounds, $salt, encode_base64($key, '');
}

# SQL that fills the module's own table.
sub insert_users
{
    return join '', map {
        sprintf "INSERT INTO auth_jwt_user(id, username, password, is_active) "
            . "VALUES(%d, '%s', '%s', %d);\n",
            $_->{id}, $_->{username}, password_hash($_->{form}, $_->{password}), $_->{is_active};
    } @USERS;
}

# Tables of users as Django, WordPress and Laravel make them, cut down to what matters, on any of the
# three databases; ada's password is everywhere the one that is given. Eve is inactive in Django, and
# has a user_status in WordPress, where it means nothing.
my %last_login = (sqlite3 => 'datetime', pgsql => 'timestamp with time zone', mysql => 'datetime(6)');

sub application_tables
{
    my ($driver, $password) = @_;
    my $id = 'id BIGINT NOT NULL PRIMARY KEY';
    my $django = password_hash('pbkdf2_sha256', $password);
    my $bcrypt = password_hash('$2y$', $password);
    my $long_ago = "'2001-02-03 04:05:06'";
    return <<"SQL";
CREATE TABLE auth_user ($id, password varchar(128) NOT NULL, last_login $last_login{$driver} NULL,
    username varchar(150) NOT NULL UNIQUE, email varchar(254) NOT NULL, is_active BOOLEAN NOT NULL);
INSERT INTO auth_user VALUES(11, '$django', NULL, 'ada', 'ada\@example.org', TRUE),
    (12, '$django', $long_ago, 'eve', 'eve\@example.org', FALSE), (13, '!x', NULL, 'none', '', TRUE);
CREATE TABLE blog_users (ID BIGINT NOT NULL PRIMARY KEY, user_login varchar(60) NOT NULL,
    user_pass varchar(255) NOT NULL, user_email varchar(100) NOT NULL, user_status int NOT NULL);
INSERT INTO blog_users VALUES(21, 'ada', '$bcrypt', 'ada\@example.org', 0),
    (22, 'eve', '$bcrypt', 'eve\@example.org', 2);
CREATE TABLE users ($id, name varchar(255) NOT NULL, email varchar(255) NOT NULL UNIQUE,
    password varchar(255) NOT NULL);
INSERT INTO users VALUES(31, 'Ada', 'ada\@example.org', '$bcrypt'),
    (32, 'ada\@example.org', 'eve\@example.org', '$bcrypt');
SQL
}

1;
