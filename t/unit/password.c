/* Stored hashes and their passwords. All hashes come from elsewhere: openssl passwd,
 * htpasswd, Django, and for what those cannot make from plain Python of the published
 * algorithms; yescrypt has one known answer of libxcrypt's own tests, and more made by
 * crypt(3). */
#include "store/password.h"

#include <apr_errno.h>
#include <apr_general.h>
#include <apr_strings.h>
#include <string.h>
#include <time.h>

#include "tap.h"

#include "hashes.h"

#define WORDS "correct horse battery"
#define UTF8                                                                             \
    "p\xc3\xa4ssw\xc3\xb6rd-\xe6\x97\xa5\xe6\x9c\xac-\xd0\xbf\xd0\xb0\xd1\x80"           \
    "\xd0\xbe\xd0\xbb\xd1\x8c"

#define BCRYPT "$2y$04$4Vp3WFUhvnxA4iHHs/RAp.Fzor4pHtKRgrWg1pGFPMW0kuVn.H4by"
#define SHA256                                                                           \
    "$5$rounds=1000$0123456789abcdef$EKwuKBBe3R1YpZr/ekq5SZdfaytM4KO.8CHTB6fmgY8"
#define SHA512                                                                           \
    "$6$rounds=1000$0123456789abcdef$TbYNifA6KTHRFleLhDQhraohUgPe11Hcj03JU4l3fHl7FAv3LY" \
    "211Rkq13A/tbIzbvK0WNT47jYelI5lhs.hD0"
#define YESCRYPT                                                                         \
    "$y$j75$LdJMENpBABJJ3hIHjB1Bi.$/cxW.6r6Am5xstBCvXDLMYoIR.6Wq86Y8tOQ0o6SKU6"
#define APR1 "$apr1$aB3./xyz$hCAyWB8pBdPGq7XZ7wgOw0"
#define PBKDF2_SHA256                                                                    \
    "pbkdf2_sha256$1000$0123456789abcdefghijAB$"                                         \
    "QLnLHQhPb1w3EM/ghvxi5tzyRRJNSCL5xgyMMavCK0o="
#define PBKDF2_SHA1 "pbkdf2_sha1$1000$0123456789abcdefghijAB$St54EVq2PMpWyRhWNPkuf0vDxlI="

#define SALT22    "0123456789abcdefghijAB"
#define DIGEST31  "Fzor4pHtKRgrWg1pGFPMW0kuVn.H4by"
#define DIGEST43  "EKwuKBBe3R1YpZr/ekq5SZdfaytM4KO.8CHTB6fmgY8"
#define DIGEST86  DIGEST43 DIGEST43
#define BASE64_32 "QLnLHQhPb1w3EM/ghvxi5tzyRRJNSCL5xgyMMavCK0o="
#define BASE64_20 "St54EVq2PMpWyRhWNPkuf0vDxlI="
#define BASE64_64                                                                        \
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" \
    "AAAA=="

/* 16 bytes in base64. */
#define SALT22_0 "0123456789abcdefghijAA"

#define COUNT(table) (sizeof(table) / sizeof *(table))

static apr_pool_t *pool;

static const char *name_of(const char *subject, const char *reason)
{
    return apr_pstrcat(pool, subject, ": ", reason, NULL);
}

static password_result_t verify(const char *password, const char *stored)
{
    const char *why = NULL;

    return password_verify(password, strlen(password), stored, 1, &why);
}

static const char *many_x(apr_size_t n)
{
    char *s = apr_palloc(pool, n + 1);

    memset(s, 'x', n);
    s[n] = '\0';
    return s;
}

/* Each form once, with its salt, for all that is done to every form. */
static const struct {
    const char *name, *stored, *salt;
    int is_weak, is_loose; /* of no fixed length, or a part may be another form's */
} forms[] = {
    {"bcrypt $2y$", BCRYPT, "4Vp3WFUhvnxA4iHHs/RAp."},
    {"SHA-256 crypt", SHA256, "0123456789abcdef"},
    {"SHA-512 crypt", SHA512, "0123456789abcdef"},
    {"yescrypt", YESCRYPT, "LdJMENpBABJJ3hIHjB1Bi."},
    {"apr1", APR1, "aB3./xyz"},
    {"pbkdf2_sha256", PBKDF2_SHA256, SALT22},
    {"pbkdf2_sha1", PBKDF2_SHA1, SALT22},
    HASHES_FORMS,
};

static const struct {
    const char *name, *password, *stored;
} good[] = {
    {"bcrypt $2y$, words", WORDS, BCRYPT},
    {"bcrypt $2b$, words", WORDS,
     "$2b$04$4Vp3WFUhvnxA4iHHs/RAp.Fzor4pHtKRgrWg1pGFPMW0kuVn.H4by"},
    {"bcrypt $2a$, words", WORDS,
     "$2a$04$4Vp3WFUhvnxA4iHHs/RAp.Fzor4pHtKRgrWg1pGFPMW0kuVn.H4by"},
    {"bcrypt $2a$, a published vector", "U*U",
     "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"},
    {"bcrypt, UTF-8", UTF8,
     "$2y$04$8MhE6sjScmLpsVB2aGRAtuLGthr99Q1KqprZ7Y7eFbFxP/tItuJxe"},
    {"SHA-256 crypt, words", WORDS, SHA256},
    {"SHA-256 crypt, 5000 rounds by default", WORDS,
     "$5$aB3./xyz$3tDdLyCfkCdAiFoc6MIgQPthkLEm/2W4WkiD7mdMIC9"},
    {"SHA-256 crypt, UTF-8", UTF8,
     "$5$rounds=1000$0123456789abcdef$mwXdkmB2rL1g3DdOP6ZZQPOmi5P3pfboi5ZOvr9tBBB"},
    {"SHA-256 crypt, a salt of one character", WORDS,
     "$5$s$YgaNT/virr7t4DAL0NWCifWm9kM89MaU9SOkxu.Byf0"},
    {"SHA-256 crypt, a salt with punctuation", WORDS,
     "$5$rounds=1000$a-b%c_@$luEMMUuU7KJFegbwsXEWRawg.jewZi8Im3znFkv7bl1"},
    {"SHA-256 crypt, an empty password", "",
     "$5$rounds=1000$aB3./xyz$gJ/tOubJuvQLDbxhqeQ2QNQGGPZV3q06t5nHdVWmMm9"},
    {"SHA-512 crypt, words", WORDS, SHA512},
    {"SHA-512 crypt, 5000 rounds by default", WORDS,
     "$6$aB3./xyz$1//58gvhhB5BKYcWtIUTfuzRS8Qzwa1Uwk2pjEpNMhvS0Ta7zu52lOkya4FhRL4G3tpSrd"
     "thKitad.v3kiG4E/"},
    {"SHA-512 crypt, 5000 rounds by name", WORDS,
     "$6$rounds=5000$0123456789abcdef$HssQvjT3.V52fY7d7LgJbgJzE7FOmKdyHRQCSglzi1lEICe2eO"
     "xJwFUv9PNh/Oa6lbTGyEGZyegu3nPMDihqv1"},
    {"SHA-512 crypt, UTF-8", UTF8,
     "$6$rounds=1000$0123456789abcdef$BFrmXXuO21SmQUPzpkN/MHcXnScMVRJMyvhaIwDplLFeadumCQ"
     "FhsiEBszZgi0bDOXYPlp7ylhGiJHPbd3BFi1"},
    {"yescrypt, words", WORDS, YESCRYPT},
    {"yescrypt, a published vector", "a",
     "$y$j75$LdJMENpBABJJ3hIHjB1Bi.$Ve4m3xXQj6CIT78tSP/FDzNIam38Z/rZlUFmHwBcrhD"},
    {"yescrypt, the usual cost", WORDS,
     "$y$j9T$LdJMENpBABJJ3hIHjB1Bi.$eDQXK/sr/AdHFRAeAPvd3D3WJANjoiJQoM.B44RLmk5"},
    {"yescrypt, UTF-8", UTF8,
     "$y$j75$LdJMENpBABJJ3hIHjB1Bi.$B/ci6DkpajocMva/5TK444B8ACNyTjnmsAA4GnJrU13"},
    {"yescrypt, a salt of one byte", WORDS,
     "$y$j75$a/$GJVkwafz9Kd.gB4sz1G4jQu5JrOIB0XRk6Mena4nKv7"},
    {"yescrypt, a salt of 64 bytes", WORDS,
     "$y$j75$"
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
     "aaaaaaa/$h2xMeReNx6/wyBzvlF.momtVqTKCF5qrW2l2ZXCiHA8"},
    {"apr1, words", WORDS, APR1},
    {"apr1, UTF-8", UTF8, "$apr1$aB3./xyz$LK9tR95Mol/AaArThWRI91"},
    {"apr1, a salt of one character", WORDS, "$apr1$s$3jHIHQQF94t.eIGDR0V6w/"},
    {"apr1, an empty password", "", "$apr1$aB3./xyz$AcKFkAM3uJXVl9NUi92eD."},
    {"pbkdf2_sha256, words", WORDS, PBKDF2_SHA256},
    {"pbkdf2_sha256, UTF-8", UTF8,
     "pbkdf2_sha256$1000$" SALT22 "$HeZWIsie8htK31cst+8K1j4ss03BwXafFXy7gleP7EQ="},
    {"pbkdf2_sha256, an empty password", "",
     "pbkdf2_sha256$1000$" SALT22 "$qUiNjWpuxrosm8pXuWeNYmUKhvSrb78VxT2N/TLCdGw="},
    {"pbkdf2_sha256, one iteration, a salt of one character", WORDS,
     "pbkdf2_sha256$1$s$u6/RTHZBfQZq8ZE2m2o91ILbYO+dYM4oNtW8I1kchPw="},
    {"pbkdf2_sha256, a salt with a space and UTF-8", WORDS,
     "pbkdf2_sha256$7$s\xc3\xa4 lt$vuKcVGrhbJ1Bq5XN20EvE5agTgfx6mfZk8WVUGdEcU8="},
    {"pbkdf2_sha256 of Django 4.2", WORDS,
     "pbkdf2_sha256$600000$9YxErHVuxmvDbC2udf3rha$"
     "4+uqyXoomMDqGQ69z/d9dgl5YUOQKP4aWPnHMYqguO8="},
    {"pbkdf2_sha256 of Django 1.6", WORDS,
     "pbkdf2_sha256$12000$somesalt012000$oKusVQ8Sr5BAPVtpIBth7nVge+j/hEjOhVqDsK2tpkk="},
    {"pbkdf2_sha256 of Django 2.0", WORDS,
     "pbkdf2_sha256$100000$somesalt100000$9di9JegGLKicZxZm0Te1NCNTIM3xvRedGtTadDHmZNg="},
    {"pbkdf2_sha1, words", WORDS, PBKDF2_SHA1},
    {"pbkdf2_sha1, UTF-8", UTF8,
     "pbkdf2_sha1$1000$" SALT22 "$M9EAwzYm8WEU5sqC8QLJDYdaZ+4="},
    {"pbkdf2_sha1, an empty password", "",
     "pbkdf2_sha1$1000$" SALT22 "$X1dlLgIKTTTKbEQmqfi5Wd8Et9E="},
    {"pbkdf2_sha1 of Django 3.2", WORDS,
     "pbkdf2_sha1$260000$oUfbbOJ7yljRN8qIaABTOa$Y8WHNNMWcIL2vkwKdERA7LZlqwI="},
    HASHES_GOOD,
};

static void right_and_wrong(void)
{
    apr_size_t i;

    for (i = 0; i < COUNT(good); i++) {
        const char *longer = apr_pstrcat(pool, good[i].password, "y", NULL);

        is_int(verify(good[i].password, good[i].stored), PASSWORD_MATCH,
               name_of(good[i].name, "the right password"));
        is_int(verify(longer, good[i].stored), PASSWORD_MISMATCH,
               name_of(good[i].name, "one character more"));
    }
}

static void near_misses(void)
{
    const char *why;
    apr_size_t i;

    for (i = 0; i < COUNT(forms); i++) {
        is_int(verify("correct horse batter", forms[i].stored), PASSWORD_MISMATCH,
               name_of(forms[i].name, "one character less"));
        is_int(verify("Correct horse battery", forms[i].stored), PASSWORD_MISMATCH,
               name_of(forms[i].name, "another case"));
        is_int(verify("", forms[i].stored), PASSWORD_MISMATCH,
               name_of(forms[i].name, "no password"));
        is_int(password_verify(WORDS "xyz", strlen(WORDS), forms[i].stored, 1, &why),
               PASSWORD_MATCH, name_of(forms[i].name, "the length counts, not a NUL"));
    }
}

/* How often a hash is known to a verifier who should not know it; and never may it match.
 */
static int is_known(const char *stored)
{
    password_result_t result = verify(WORDS, stored);

    ok(result != PASSWORD_MATCH, "a hash of another length does not match");
    return result != PASSWORD_UNSUPPORTED;
}

/* Every proper prefix, and one character more. */
static void other_lengths(void)
{
    apr_size_t i, len;

    for (i = 0; i < COUNT(forms); i++) {
        int known = 0;

        for (len = strlen(forms[i].stored) - 1; len > 0; len--) {
            known += is_known(apr_pstrmemdup(pool, forms[i].stored, len));
        }
        ok(known == 0 || forms[i].is_loose,
           name_of(forms[i].name, "nothing cut off is known"));
        known = is_known(apr_pstrcat(pool, forms[i].stored, "a", NULL));
        ok(!known || forms[i].is_loose, name_of(forms[i].name, "one character too many"));
        is_int(verify(WORDS, apr_pstrcat(pool, forms[i].stored, "\n", NULL)),
               PASSWORD_UNSUPPORTED, name_of(forms[i].name, "a line's end behind it"));
    }
}

/* How often the password still matches when the character at i is another. */
static int matches_altered(const char *stored, apr_size_t i, const char *others)
{
    char *altered = apr_pstrdup(pool, stored);
    int matches = 0;

    for (; *others; others++) {
        altered[i] = *others;
        matches += *others != stored[i] && verify(WORDS, altered) == PASSWORD_MATCH;
    }
    return matches;
}

/* One or two per class: base64, separators, padding, never allowed. Digits are left out,
 * which could make the cost a large one. */
static void altered_characters(void)
{
    apr_size_t i, at;

    for (i = 0; i < COUNT(forms); i++) {
        const char *stored = forms[i].stored;
        int matches = 0;

        for (at = 0; at < strlen(stored); at++) {
            matches += matches_altered(stored, at, "Bz.$=*\n\x80");
        }
        is_int(matches, 0, name_of(forms[i].name, "no altered character still matches"));
    }
}

typedef struct {
    const char *name, *stored;
} named_t;

static const named_t damaged[] = {
    {"pbkdf2_sha256, unused bits of the digest set",
     "pbkdf2_sha256$1000$" SALT22 "$QLnLHQhPb1w3EM/ghvxi5tzyRRJNSCL5xgyMMavCK0p="},
    {"pbkdf2_sha1, unused bits of the digest set",
     "pbkdf2_sha1$1000$" SALT22 "$St54EVq2PMpWyRhWNPkuf0vDxlJ="},
    {"pbkdf2_sha256, a digest without padding",
     "pbkdf2_sha256$1000$" SALT22 "$QLnLHQhPb1w3EM/ghvxi5tzyRRJNSCL5xgyMMavCK0o"},
    {"pbkdf2_sha256, the URL alphabet",
     "pbkdf2_sha256$1000$" SALT22 "$QLnLHQhPb1w3EM_ghvxi5tzyRRJNSCL5xgyMMavCK0o="},
    {"pbkdf2_sha256, two '=' at the end",
     "pbkdf2_sha256$1000$" SALT22 "$QLnLHQhPb1w3EM/ghvxi5tzyRRJNSCL5xgyMMavCK0=="},
    {"pbkdf2_sha256 with SHA-1's digest", "pbkdf2_sha256$1000$" SALT22 "$" BASE64_20},
    {"pbkdf2_sha1 with SHA-256's digest", "pbkdf2_sha1$1000$" SALT22 "$" BASE64_32},
    {"pbkdf2_sha256, leading zero", "pbkdf2_sha256$01000$" SALT22 "$" BASE64_32},
    {"pbkdf2_sha256, plus sign", "pbkdf2_sha256$+1000$" SALT22 "$" BASE64_32},
    {"pbkdf2_sha256, minus sign", "pbkdf2_sha256$-1000$" SALT22 "$" BASE64_32},
    {"pbkdf2_sha256, space before the number",
     "pbkdf2_sha256$ 1000$" SALT22 "$" BASE64_32},
    {"pbkdf2_sha256, hexadecimal", "pbkdf2_sha256$0x3e8$" SALT22 "$" BASE64_32},
    {"pbkdf2_sha256, no iterations", "pbkdf2_sha256$0$" SALT22 "$" BASE64_32},
    {"pbkdf2_sha256, no number", "pbkdf2_sha256$$" SALT22 "$" BASE64_32},
    {"pbkdf2_sha256, no salt", "pbkdf2_sha256$1000$$" BASE64_32},
    {"pbkdf2_sha256, '$' in the salt", "pbkdf2_sha256$1000$a$b$" BASE64_32},
    {"pbkdf2_sha256, a control character in the salt",
     "pbkdf2_sha256$1000$a\tb$" BASE64_32},
    {"pbkdf2_sha256, upper case", "PBKDF2_SHA256$1000$" SALT22 "$" BASE64_32},
    {"bcrypt, cost of one digit", "$2y$4$" SALT22 DIGEST31},
    {"bcrypt, cost of three digits", "$2y$004$" SALT22 DIGEST31},
    {"bcrypt, cost below 4", "$2y$03$" SALT22 DIGEST31},
    {"bcrypt, cost above 31", "$2y$32$" SALT22 DIGEST31},
    {"bcrypt, cost not a number", "$2y$0a$" SALT22 DIGEST31},
    {"bcrypt, a '$' between salt and digest", "$2y$04$" SALT22 "$" DIGEST31},
    {"SHA-256 crypt, rounds with leading zero", "$5$rounds=01000$salt$" DIGEST43},
    {"SHA-256 crypt, rounds below 1000", "$5$rounds=999$salt$" DIGEST43},
    {"SHA-256 crypt, no rounds", "$5$rounds=$salt$" DIGEST43},
    {"SHA-256 crypt, rounds twice", "$5$rounds=1000$rounds=1000$salt$" DIGEST43},
    {"SHA-256 crypt, no salt", "$5$$" DIGEST43},
    {"SHA-256 crypt, 17 characters of salt", "$5$0123456789abcdefg$" DIGEST43},
    {"SHA-256 crypt, ':' in the salt", "$5$sa:lt$" DIGEST43},
    {"SHA-256 crypt with SHA-512's digest", "$5$salt$" DIGEST86},
    {"SHA-512 crypt with SHA-256's digest", "$6$salt$" DIGEST43},
    {"yescrypt, classic scrypt's flavour", "$y$.75$salt$" DIGEST43},
    {"yescrypt, the write-once flavour", "$y$/75$salt$" DIGEST43},
    {"yescrypt, another flavour", "$y$i75$salt$" DIGEST43},
    {"yescrypt, no parameters", "$y$$salt$" DIGEST43},
    {"yescrypt, no N", "$y$j$salt$" DIGEST43},
    {"yescrypt, N of 2, which crypt(3) cannot compute", "$y$j.5$salt$" DIGEST43},
    {"yescrypt, no r", "$y$j7$salt$" DIGEST43},
    {"yescrypt, r of two characters", "$y$j7k.$salt$" DIGEST43},
    {"yescrypt, extra time", "$y$j75/.$salt$" DIGEST43},
    {"yescrypt, parallelism", "$y$j75..$salt$" DIGEST43},
    {"yescrypt, no salt", "$y$j75$$" DIGEST43},
    {"yescrypt, a salt that is no base64", "$y$j75$sa-t$" DIGEST43},
    {"yescrypt, a salt of 5 characters", "$y$j75$salts$" DIGEST43},
    {"yescrypt, unused bits of a salt of 2", "$y$j75$a2$" DIGEST43},
    {"yescrypt, unused bits of a salt of 3", "$y$j75$abE$" DIGEST43},
    {"apr1, no salt", "$apr1$$hCAyWB8pBdPGq7XZ7wgOw0"},
    {"apr1, 9 characters of salt", "$apr1$aB3./xyz0$hCAyWB8pBdPGq7XZ7wgOw0"},
    {"a locked account of shadow(5)", "*"},
    {"crypt(3)'s failure token", "*0"},
    {"plain text", WORDS},
    {"a digest that Django has not", "pbkdf2_sha512$1$a$b"},
    {"MD5 crypt", "$1$aB3./xyz$hCAyWB8pBdPGq7XZ7wgOw0"},
    {"bcrypt with the sign bug", "$2x$04$" SALT22 DIGEST31},
    {"a prefix alone", "$"},
    {"bcrypt at the cap, damaged", "$2y$15$" SALT22 "-" DIGEST31},
    {"bcrypt_sha256, one '$'", "bcrypt_sha256$2b$04$" SALT22 DIGEST31},
    {"Django bcrypt, one '$'", "bcrypt$2b$04$" SALT22 DIGEST31},
    {"bcrypt_sha256 of another kind", "bcrypt_sha256$$2x$04$" SALT22 DIGEST31},
    {"WordPress, of another kind", "$wp$2b$04$" SALT22 DIGEST31},
    {"WordPress, of no bcrypt", "$wp$argon2id$v=19$m=64,t=1,p=1$" SALT22 "$" SALT22},
    {"scrypt, N no power of two", "scrypt$17$salt$8$1$" BASE64_64},
    {"scrypt, N of 1", "scrypt$1$salt$8$1$" BASE64_64},
    {"scrypt, N of 0", "scrypt$0$salt$8$1$" BASE64_64},
    {"scrypt, no N", "scrypt$$salt$8$1$" BASE64_64},
    {"scrypt, N too large for its r", "scrypt$65536$salt$1$1$" BASE64_64},
    {"scrypt, no salt", "scrypt$16$$8$1$" BASE64_64},
    {"scrypt, no r", "scrypt$16$salt$$1$" BASE64_64},
    {"scrypt, r of 0", "scrypt$16$salt$0$1$" BASE64_64},
    {"scrypt, p of 0", "scrypt$16$salt$8$0$" BASE64_64},
    {"scrypt, no p", "scrypt$16$salt$8$" BASE64_64},
    {"scrypt, leading zero", "scrypt$16$salt$08$1$" BASE64_64},
    {"scrypt with SHA-256's digest", "scrypt$16$salt$8$1$" BASE64_32},
    {"scrypt, unused bits of the digest set",
     "scrypt$16$salt$8$1$QLnLHQhPb1w3EM/ghvxi5tzyRRJNSCL5xgyMMavCK0oQLnLHQhPb1w3EM/ghvxi"
     "5tzyRRJNSCL5xgyMMavCK0B=="},
    {"scrypt, nothing behind the salt", "scrypt$16$salt"},
    {"Argon2, no version", "$argon2i$m=64,t=1,p=1$" SALT22 "$" SALT22},
    {"Argon2, version 16", "$argon2i$v=16$m=64,t=1,p=1$" SALT22 "$" SALT22},
    {"Argon2d", "$argon2d$v=19$m=64,t=1,p=1$" SALT22 "$" SALT22},
    {"Argon2, another order", "$argon2id$v=19$t=1,m=64,p=1$" SALT22 "$" SALT22},
    {"Argon2, a key", "$argon2id$v=19$m=64,t=1,p=1,keyid=a$" SALT22 "$" SALT22},
    {"Argon2, no passes", "$argon2id$v=19$m=64,t=0,p=1$" SALT22 "$" SALT22},
    {"Argon2, no lanes", "$argon2id$v=19$m=64,t=1,p=0$" SALT22 "$" SALT22},
    {"Argon2, too little memory for its lanes",
     "$argon2id$v=19$m=63,t=1,p=8$" SALT22 "$" SALT22},
    {"Argon2, leading zero", "$argon2id$v=19$m=064,t=1,p=1$" SALT22 "$" SALT22},
    {"Argon2, 7 bytes of salt", "$argon2id$v=19$m=64,t=1,p=1$0123456789$" SALT22},
    {"Argon2, unused bits of the salt",
     "$argon2id$v=19$m=64,t=1,p=1$0123456789abcdefghijAB$" SALT22},
    {"Argon2, 15 bytes of digest",
     "$argon2id$v=19$m=64,t=1,p=1$" SALT22_0 "$0123456789abcdefghij"},
    {"Argon2, padding", "$argon2id$v=19$m=64,t=1,p=1$" SALT22_0 "$" SALT22_0 "=="},
    {"Argon2, no digest", "$argon2id$v=19$m=64,t=1,p=1$" SALT22_0},
    {"Argon2, twice Django",
     "argon2$argon2$argon2id$v=19$m=64,t=1,p=1$" SALT22_0 "$" SALT22_0},
    {"phpass, 64 rounds", "$P$4saltsalt/VyEB6TNW7sFL3r0f4uQ31"},
    {"phpass, 2^31 rounds", "$P$Tsaltsalt/VyEB6TNW7sFL3r0f4uQ31"},
    {"phpass, no digest", "$P$5saltsalt"},
    {"Drupal's SHA-512", "$S$5saltsalt/VyEB6TNW7sFL3r0f4uQ31"},
    {"MD5 in capitals", "88E4DDD2402D92D50E1879D6ECD9FFD4"},
    {"md5, a '$' in the salt", "md5$a$b$88e4ddd2402d92d50e1879d6ecd9ffd4"},
    {"salted SHA-1 of LDAP", "{SSHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g="},
    {"{SHA} in another case", "{sha}W6ph5Mm5Pz8GgiULbPgzG37mj9g="},
    {"DES crypt of 12 characters", "5fhVCEcVZZAe"},
    {"DES crypt of 14 characters", "5fhVCEcVZZAeQ."},
    {"DES crypt, Django, one '$'", "crypt$5fhVCEcVZZAeQ"},
    {"DES crypt, Django, another form of crypt(3)", "crypt$$" SHA256},
};

static const named_t too_costly[] = {
    {"bcrypt above the cap", "$2y$16$" SALT22 DIGEST31},
    {"bcrypt, the highest cost", "$2a$31$" SALT22 DIGEST31},
    {"SHA-256 crypt above the cap", "$5$rounds=1000001$salt$" DIGEST43},
    {"SHA-512 crypt above the cap", "$6$rounds=1000001$salt$" DIGEST86},
    {"SHA-512 crypt, the most rounds", "$6$rounds=999999999$salt$" DIGEST86},
    {"yescrypt, 512 MiB", "$y$jET$salt$" DIGEST43},
    {"yescrypt, a little above 256 MiB", "$y$jDU$salt$" DIGEST43},
    {"yescrypt, the largest that is read", "$y$jjj$salt$" DIGEST43},
    {"pbkdf2_sha256 above the cap", "pbkdf2_sha256$10000001$" SALT22 "$" BASE64_32},
    {"pbkdf2_sha1 above the cap", "pbkdf2_sha1$10000001$" SALT22 "$" BASE64_20},
    {"pbkdf2_sha256, 2^32 + 1 iterations",
     "pbkdf2_sha256$4294967297$" SALT22 "$" BASE64_32},
    {"pbkdf2_sha256, 2^64 + 1 iterations",
     "pbkdf2_sha256$18446744073709551617$" SALT22 "$" BASE64_32},
    {"pbkdf2_sha256, 50 digits",
     "pbkdf2_sha256$10000000000000000000000000000000000000000000000000$" SALT22
     "$" BASE64_32},
    {"bcrypt_sha256 above the cap", "bcrypt_sha256$$2b$16$" SALT22 DIGEST31},
    {"Django bcrypt above the cap", "bcrypt$$2b$16$" SALT22 DIGEST31},
    {"WordPress bcrypt above the cap", "$wp$2y$16$" SALT22 DIGEST31},
    {"scrypt, 512 MiB", "scrypt$524288$salt$8$1$" BASE64_64},
    {"scrypt, 512 MiB by r", "scrypt$16384$salt$256$1$" BASE64_64},
    {"scrypt, 512 MiB by p", "scrypt$2$salt$8$524288$" BASE64_64},
    {"scrypt, 1 GiB and more of work", "scrypt$131072$salt$8$9$" BASE64_64},
    {"scrypt, N of 2^39", "scrypt$549755813888$salt$8$1$" BASE64_64},
    {"scrypt, r of 20 digits", "scrypt$16$salt$18446744073709551617$1$" BASE64_64},
    {"scrypt, p of 20 digits", "scrypt$16$salt$8$18446744073709551617$" BASE64_64},
    {"scrypt, whose product wraps", "scrypt$16777216$salt$1048576$1048576$" BASE64_64},
    {"Argon2, a little above 256 MiB",
     "$argon2id$v=19$m=262145,t=1,p=1$" SALT22_0 "$" SALT22_0},
    {"Argon2, 2^32 + 64 KiB",
     "$argon2id$v=19$m=4294967360,t=1,p=1$" SALT22_0 "$" SALT22_0},
    {"Argon2, 9 passes at 256 MiB",
     "$argon2id$v=19$m=262144,t=9,p=1$" SALT22_0 "$" SALT22_0},
    {"Argon2, 2^32 passes", "$argon2id$v=19$m=8,t=4294967296,p=1$" SALT22_0 "$" SALT22_0},
    {"Argon2, 65 lanes", "$argon2id$v=19$m=1024,t=1,p=65$" SALT22_0 "$" SALT22_0},
    {"Argon2 of Django above the cap",
     "argon2$argon2i$v=19$m=262145,t=1,p=1$" SALT22_0 "$" SALT22_0},
    {"phpass, 2^21 rounds", "$P$Jsaltsalt/VyEB6TNW7sFL3r0f4uQ31"},
    {"phpass, 2^30 rounds", "$H$Ssaltsalt/VyEB6TNW7sFL3r0f4uQ31"},
};

static const named_t unusable[] = {
    {"empty", ""},
    {"Django's mark of an unusable password",
     "!0QrJUvXmRWM8AQT8F5dla9FvcAbASaslhLRGbfu4"},
    {"a good hash behind the mark", "!" PBKDF2_SHA256},
};

/* bcrypt leaves bits unused at two ends: another character there is the same bytes. */
static const named_t others[] = {
    {"bcrypt, unused bits of the salt set",
     "$2y$04$4Vp3WFUhvnxA4iHHs/RAp/Fzor4pHtKRgrWg1pGFPMW0kuVn.H4by"},
    {"bcrypt, unused bits of the digest set",
     "$2y$04$4Vp3WFUhvnxA4iHHs/RAp.Fzor4pHtKRgrWg1pGFPMW0kuVn.H4bz"},
    {"bcrypt, another cost", "$2y$05$4Vp3WFUhvnxA4iHHs/RAp." DIGEST31},
    {"SHA-256 crypt, another number of rounds",
     "$5$rounds=1001$0123456789abcdef$" DIGEST43},
    {"SHA-256 crypt, the rounds left out", "$5$0123456789abcdef$" DIGEST43},
    {"yescrypt, another N",
     "$y$j85$LdJMENpBABJJ3hIHjB1Bi.$/cxW.6r6Am5xstBCvXDLMYoIR.6Wq86Y8tOQ0o6SKU6"},
    {"pbkdf2_sha256, another number of iterations",
     "pbkdf2_sha256$1001$" SALT22 "$" BASE64_32},
};

/* At the cap, which a template shows without the work. */
static void costs_allowed(void)
{
    static const named_t rows[] = {
        {"bcrypt, cost 15", "$2b$15$" SALT22 DIGEST31},
        {"SHA-256 crypt, 1000000 rounds", "$5$rounds=1000000$salt$" DIGEST43},
        {"SHA-512 crypt, 1000000 rounds", "$6$rounds=1000000$salt$" DIGEST86},
        {"yescrypt, 256 MiB", "$y$jDT$salt$" DIGEST43},
        {"yescrypt, 256 MiB in small blocks", "$y$jF5$salt$" DIGEST43},
        {"pbkdf2_sha256, 10000000 iterations",
         "pbkdf2_sha256$10000000$" SALT22 "$" BASE64_32},
        {"pbkdf2_sha1, 10000000 iterations",
         "pbkdf2_sha1$10000000$" SALT22 "$" BASE64_20},
        {"bcrypt_sha256, cost 15", "bcrypt_sha256$$2b$15$" SALT22 DIGEST31},
        {"WordPress, cost 15", "$wp$2y$15$" SALT22 DIGEST31},
        {"scrypt, 256 MiB", "scrypt$262144$salt$8$1$" BASE64_64},
        {"scrypt, 256 MiB, p of 4", "scrypt$262144$salt$8$4$" BASE64_64},
        {"scrypt, OWASP's", "scrypt$131072$salt$8$1$" BASE64_64},
        {"Argon2, 256 MiB, 8 passes",
         "$argon2id$v=19$m=262144,t=8,p=64$" SALT22_0 "$" SALT22_0},
        {"Argon2, many passes over little",
         "$argon2i$v=19$m=8,t=262144,p=1$" SALT22_0 "$" SALT22_0},
        {"phpass, 2^20 rounds", "$P$Isaltsalt/VyEB6TNW7sFL3r0f4uQ31"},
    };
    char out[PASSWORD_TEMPLATE_SIZE];
    apr_size_t i;

    for (i = 0; i < COUNT(rows); i++) {
        is_int(password_template(out, rows[i].stored), APR_SUCCESS, rows[i].name);
    }
}

/* A template exists of what can be computed, and of nothing else: work like one that
 * crypt(3) refuses would be no work. */
static void all_are(password_result_t expected, const named_t *rows, apr_size_t count)
{
    int computed = expected == PASSWORD_MISMATCH;
    apr_size_t i;

    for (i = 0; i < count; i++) {
        char out[PASSWORD_TEMPLATE_SIZE] = "untouched";

        is_int(verify(WORDS, rows[i].stored), expected, rows[i].name);
        is_int(password_template(out, rows[i].stored),
               computed ? APR_SUCCESS : APR_EINVAL,
               name_of(rows[i].name, computed ? "has a template" : "has no template"));
        is_int(strcmp(out, "untouched") == 0, !computed,
               name_of(rows[i].name, "the template's room"));
    }
}

static const struct {
    const char *name, *stored, *why;
} reasons[] = {
    {"an unknown form", "sha3$salt$00", "no known form of password hash"},
    {"a damaged one", "$2y$12$" SALT22, "bcrypt: damaged, or an unknown variant"},
    {"a bcrypt cost", "$2b$16$" SALT22 DIGEST31, "bcrypt: cost above 15"},
    {"SHA-256 rounds", "$5$rounds=1000001$salt$" DIGEST43,
     "SHA-256 crypt: more than 1000000 rounds"},
    {"SHA-512 rounds", "$6$rounds=1000001$salt$" DIGEST86,
     "SHA-512 crypt: more than 1000000 rounds"},
    {"memory", "$y$jFT$salt$" DIGEST43, "yescrypt: more than 256 MiB of memory"},
    {"iterations", "pbkdf2_sha256$10000001$" SALT22 "$" BASE64_32,
     "pbkdf2_sha256: more than 10000000 iterations"},
    {"iterations with SHA-1", "pbkdf2_sha1$10000001$" SALT22 "$" BASE64_20,
     "pbkdf2_sha1: more than 10000000 iterations"},
    {"scrypt's memory", "scrypt$524288$salt$8$1$" BASE64_64,
     "scrypt: more than 256 MiB of memory or 1 GiB of work"},
    {"Argon2's memory", "$argon2id$v=19$m=262145,t=1,p=1$" SALT22_0 "$" SALT22_0,
     "Argon2: more than 256 MiB of memory, 2 GiB of work or 64 lanes"},
    {"phpass's rounds", "$P$Jsaltsalt/VyEB6TNW7sFL3r0f4uQ31",
     "phpass: more than 1048576 rounds"},
};

static void phrases_for_the_log(void)
{
    apr_size_t i;

    for (i = 0; i < COUNT(reasons); i++) {
        const char *why = NULL;

        password_verify(WORDS, strlen(WORDS), reasons[i].stored, 1, &why);
        is_str(why, reasons[i].why, name_of("the log names", reasons[i].name));
    }
}

/* Salts fill PASSWORD_TEMPLATE_SIZE and no more. */
static void long_salts(void)
{
    char out[PASSWORD_TEMPLATE_SIZE];
    const char *head = "pbkdf2_sha256$7$";
    const char *longest = apr_pstrcat(
        pool, head, many_x(130), "$+qTDIR0PPQtGk1m8+8dV7QC5wp7dPDaTAAMi6MqwHGg=", NULL);
    const char *longer = apr_pstrcat(pool, head, many_x(131), "$" BASE64_32, NULL);
    const char *huge = apr_pstrcat(pool, head, many_x(1000000), "$" BASE64_32, NULL);

    is_int(strlen(longest), PASSWORD_TEMPLATE_SIZE - 1,
           "the longest salt fills the room");
    is_int(verify(WORDS, longest), PASSWORD_MATCH, "the longest salt matches");
    is_int(password_template(out, longest), APR_SUCCESS,
           "the longest salt has a template");
    is_int(verify(WORDS, longer), PASSWORD_UNSUPPORTED, "a longer one is refused");
    is_int(verify(WORDS, huge), PASSWORD_UNSUPPORTED, "a megabyte of salt is refused");
}

/* Passwords at the limits. Each hash is that of exactly the bytes tried, where the form
 * has one, or of what crypt(3) would have cut them to. */
static const struct {
    const char *name;
    apr_size_t len; /* that many 'x' */
    const char *stored;
    password_result_t expected;
} lengths[] = {
    {"bcrypt, 72 bytes", 72,
     "$2y$04$X0J2GGCotYU6dqOx4mRaUuFH8M.zJ3YE5/3r.whHB18i2SgG7VUk2", PASSWORD_MATCH},
    {"bcrypt, 73 bytes of which crypt(3) uses 72", 73,
     "$2y$04$X0J2GGCotYU6dqOx4mRaUuFH8M.zJ3YE5/3r.whHB18i2SgG7VUk2", PASSWORD_MISMATCH},
    {"bcrypt, 4097 bytes", 4097,
     "$2y$04$X0J2GGCotYU6dqOx4mRaUuFH8M.zJ3YE5/3r.whHB18i2SgG7VUk2", PASSWORD_MISMATCH},
    {"SHA-256 crypt, 511 bytes", 511,
     "$5$rounds=1000$0123456789abcdef$yVfngiviBIkQz54d9/8ETfvo9x9CiYP/C4QReXYRW10",
     PASSWORD_MATCH},
    {"SHA-256 crypt, 512 bytes", 512,
     "$5$rounds=1000$0123456789abcdef$ae8SGhdMO.MDwrgCseyPxxQ3apVB2C.RJZPjGoyrBKB",
     PASSWORD_MISMATCH},
    {"SHA-512 crypt, 511 bytes", 511,
     "$6$rounds=1000$0123456789abcdef$nTeeZwob6CoxqVMXROE7QZlqCizxbnHHFe8SrLrzvnXdJhTSC/"
     "gBKgNRCb3o9cSUPFm27Y7l/slAUj6pyV2te0",
     PASSWORD_MATCH},
    {"SHA-512 crypt, 512 bytes", 512,
     "$6$rounds=1000$0123456789abcdef$SvIDWrsymKlJofuYelklMEAQqGrpxahYxBB2HE5rPqD43yoJEm"
     "J9P5IgeHv2r0V.VE1fZNGbwORrgL8MB/XQy/",
     PASSWORD_MISMATCH},
    {"SHA-512 crypt, 4096 bytes", 4096,
     "$6$rounds=1000$0123456789abcdef$75dvssHFAnGpkUhZvhdOsfBh66y//mQZnAK8Bl5KsfBokc5mCC"
     "6a1xcHGhJMOS61gqPUZcHu1HDfDvUsmMF/b0",
     PASSWORD_MISMATCH},
    {"yescrypt, 511 bytes", 511,
     "$y$j75$LdJMENpBABJJ3hIHjB1Bi.$TB8arKqiCAdfUUbjP1ArSvZ2zNUSvCvr96rBB9ocOS1",
     PASSWORD_MATCH},
    {"yescrypt, 512 bytes", 512,
     "$y$j75$LdJMENpBABJJ3hIHjB1Bi.$TB8arKqiCAdfUUbjP1ArSvZ2zNUSvCvr96rBB9ocOS1",
     PASSWORD_MISMATCH},
    {"apr1, 4096 bytes", 4096, "$apr1$aB3./xyz$mCVbqJhuvS/xquxEfIV9g.", PASSWORD_MATCH},
    {"apr1, 4097 bytes", 4097, "$apr1$aB3./xyz$X0OW7zGI8vWmL1DPbVOHy/",
     PASSWORD_MISMATCH},
    {"pbkdf2_sha256, 4096 bytes", 4096,
     "pbkdf2_sha256$1000$" SALT22 "$BAC/lGmYnGphE8G51oHVIBY0ISSO+neFHqQak0Klt5E=",
     PASSWORD_MATCH},
    {"pbkdf2_sha256, 4097 bytes", 4097,
     "pbkdf2_sha256$1000$" SALT22 "$sWw7CaCLkFJPTwC9e2DLNSvJtwlIx2bhkM6wCcAEKc0=",
     PASSWORD_MISMATCH},
    {"pbkdf2_sha1, 4096 bytes", 4096,
     "pbkdf2_sha1$1000$" SALT22 "$G1ug83oGry1qaMUJd5sSTPZSSpk=", PASSWORD_MATCH},
    {"pbkdf2_sha1, 4097 bytes", 4097,
     "pbkdf2_sha1$1000$" SALT22 "$ryX7KYcZF4xdM0Ep8nCeA7fmajw=", PASSWORD_MISMATCH},
    {"pbkdf2_sha1, a megabyte", 1000000,
     "pbkdf2_sha1$1000$" SALT22 "$ryX7KYcZF4xdM0Ep8nCeA7fmajw=", PASSWORD_MISMATCH},
    HASHES_LENGTHS,
};

static void limits(void)
{
    const char *why;
    apr_size_t i;

    for (i = 0; i < COUNT(lengths); i++) {
        is_int(password_verify(many_x(lengths[i].len), lengths[i].len, lengths[i].stored,
                               1, &why),
               lengths[i].expected, lengths[i].name);
    }
}

/* Each is the hash of "secret". */
static const named_t secrets[] = {
    {"bcrypt", "$2y$04$L5kejwQ23ICZ9VsLj5IAf.S6Fqayti4z4wMDEab4QAMKPUrxb0S6y"},
    {"SHA-256 crypt",
     "$5$rounds=1000$0123456789abcdef$oUHx2xFtuyubiiCcMGG7UUd1yBfHmGWG5hHZIbG9Fn8"},
    {"SHA-512 crypt",
     "$6$rounds=1000$0123456789abcdef$mcCDk6dNL5N0ijt8G9cMeU.2SLHUPRvQks/S0b3xWPKwxC/ouw"
     "beCpt1WQloVhjazWF95X44lzjAj904IpNm1/"},
    {"yescrypt",
     "$y$j75$LdJMENpBABJJ3hIHjB1Bi.$pLOAA.GWfQElzJMkN.JqzcItGXS.DsOZsBOX0fO4NDC"},
    {"apr1", "$apr1$aB3./xyz$4w.XAl3Mr4qXmLWObj1R.."},
    {"pbkdf2_sha256",
     "pbkdf2_sha256$1000$" SALT22 "$MDe2kCY2ZiGZHo+xaQ6/7RLzfdzLtwBiYhpud/H1NFE="},
    {"pbkdf2_sha1", "pbkdf2_sha1$1000$" SALT22 "$nwnSddi6cFGh6d0/fGb60zzLEb0="},
    HASHES_SECRETS,
};

static void bytes_of_zero(void)
{
    const char *whole =
        "pbkdf2_sha256$1000$" SALT22 "$+xDMPBjDUGC+SL1bbQXAQHlPfE3WecUPmO7uG2lqK+8=";
    const char *why;
    apr_size_t i;

    for (i = 0; i < COUNT(secrets); i++) {
        const char *stored = secrets[i].stored;

        is_int(password_verify("secret", 6, stored, 1, &why), PASSWORD_MATCH,
               name_of(secrets[i].name, "without a NUL"));
        is_int(password_verify("secret\0", 7, stored, 1, &why), PASSWORD_MISMATCH,
               name_of(secrets[i].name, "a NUL at the end"));
        is_int(password_verify("secret\0more", 11, stored, 1, &why), PASSWORD_MISMATCH,
               name_of(secrets[i].name, "a NUL inside"));
        is_int(password_verify("\0secret", 7, stored, 1, &why), PASSWORD_MISMATCH,
               name_of(secrets[i].name, "a NUL in front"));
    }
    is_int(password_verify("sec\0ret", 7, whole, 1, &why), PASSWORD_MISMATCH,
           "pbkdf2_sha256: even where the hash is that of the NUL too");
}

/* The hashes of the text that is hashed in place of a password which does not fit. */
static void stand_in(void)
{
    static const char *const stored[] = {
        "$2y$04$Gp54BElEQMT/aKyYJlgby.cxTLBUfnQ89Pq/6UcoxxynfhQPdVulm",
        "$5$rounds=1000$0123456789abcdef$IOP7t2xBanpLd7DErD3L72/dzaO8kGwAq/Qxe9mXKs8",
        "$y$j75$LdJMENpBABJJ3hIHjB1Bi.$azsPwNRND5KdO4JlDqtJTUfDXSOAtsjzDcheYa3k73D",
        "$apr1$aB3./xyz$7xdhyfzT8A1MXWR9zE0Gx.",
        "pbkdf2_sha256$1000$" SALT22 "$s/+5HyckHslXJ3KSdEL6iZMV3SaPYb3fkW70vb+cFwQ=",
        HASHES_STAND_INS,
    };
    apr_size_t i;

    for (i = 0; i < COUNT(stored); i++) {
        is_int(verify("not the password", stored[i]), PASSWORD_MATCH,
               "the stand-in is as good a password as any");
        is_int(verify(many_x(4097), stored[i]), PASSWORD_MISMATCH,
               "but does not match in place of one that does not fit");
    }
}

/* Weak forms are computed only where they are asked for; what is damaged is so anyhow. */
static void weak_forms(void)
{
    const char *why;
    apr_size_t i;

    for (i = 0; i < COUNT(forms); i++) {
        why = "";
        is_int(password_verify(WORDS, strlen(WORDS), forms[i].stored, 0, &why),
               forms[i].is_weak ? PASSWORD_UNSUPPORTED : PASSWORD_MATCH,
               name_of(forms[i].name, "where weak ones are not allowed"));
        ok(!forms[i].is_weak ||
               strstr(why, ": too weak; AuthJWTLegacyHashes On accepts it"),
           name_of(forms[i].name, "the log says how they would be"));
    }
    is_int(password_verify("abc", 3, "crypt$$5ffsMnLGLxIKw", 0, &why),
           PASSWORD_UNSUPPORTED, "DES crypt where weak ones are not allowed");
    is_int(verify("correct horse", "crypt$$TceJMk4mVqyHo"), PASSWORD_MISMATCH,
           "DES crypt, another password");
    is_int(verify("longerthan8chars", "crypt$$X5ltjnKM1wd62"), PASSWORD_MATCH,
           "DES crypt, all of a password of which eight bytes count");
    is_int(verify("longerth", "crypt$$X5ltjnKM1wd62"), PASSWORD_MATCH,
           "DES crypt, those eight");
    is_int(verify(many_x(512), "crypt$$X5ltjnKM1wd62"), PASSWORD_MISMATCH,
           "DES crypt, more than crypt(3) takes");
    is_int(verify(many_x(600), "abzDJoqKYZJww"), PASSWORD_MISMATCH,
           "even where its beginning would match");
}

/* Nothing of salt or digest is left: only the filler, separators and padding, and what
 * scrypt has between them. */
static int is_blank(const char *s, char filler)
{
    return strspn(s, (const char[]){filler, '$', '=', '8', '1', '\0'}) == strlen(s);
}

static void templates(void)
{
    apr_size_t i;

    for (i = 0; i < COUNT(forms); i++) {
        const char *stored = forms[i].stored, *name = forms[i].name;
        apr_size_t head = (apr_size_t)(strstr(stored, forms[i].salt) - stored);
        char out[PASSWORD_TEMPLATE_SIZE] = "", again[PASSWORD_TEMPLATE_SIZE] = "";

        is_int(password_template(out, stored), APR_SUCCESS, name_of(name, "a template"));
        is_int(strlen(out), strlen(stored), name_of(name, "of the same length"));
        ok(strncmp(out, stored, head) == 0, name_of(name, "of the same form and cost"));
        ok(is_blank(out + head, out[head]), name_of(name, "without salt and digest"));
        is_int(verify(WORDS, out), PASSWORD_MISMATCH, name_of(name, "can be computed"));
        is_int(password_template(again, out), APR_SUCCESS, name_of(name, "has one too"));
        is_str(again, out, name_of(name, "which is itself"));
    }
}

/* Processor time, not the clock's: other tests may run beside this one. */
static double seconds_to_verify(const char *password, apr_size_t len, const char *stored)
{
    const char *why;
    clock_t start = clock();

    password_verify(password, len, stored, 1, &why);
    return (double)(clock() - start) / CLOCKS_PER_SEC;
}

static double seconds_to_work(const char *like)
{
    clock_t start = clock();

    password_work(WORDS, strlen(WORDS), like);
    return (double)(clock() - start) / CLOCKS_PER_SEC;
}

/* Only "not for nothing" is tested, by a factor that no load can reach: work that is
 * left out takes a thousandth. */
static void equal_work(void)
{
    static const char *const costly[] = {
        "scrypt$4096$salt$8$1$" BASE64_64,
        "$argon2id$v=19$m=8192,t=2,p=4$" SALT22_0 "$" SALT22_0,
        "argon2$argon2i$v=19$m=8192,t=2,p=1$" SALT22_0 "$" SALT22_0,
        "$P$Esaltsalt/VyEB6TNW7sFL3r0f4uQ31",
        "bcrypt_sha256$$2b$09$YBQtns1GCZNhH/2lku5RyuzD3qQkaZ79lKP9KzUBfD/3zCUI/gQU6",
        "$wp$2y$09$YBQtns1GCZNhH/2lku5RyuzD3qQkaZ79lKP9KzUBfD/3zCUI/gQU6",
        "$2y$09$YBQtns1GCZNhH/2lku5RyuzD3qQkaZ79lKP9KzUBfD/3zCUI/gQU6",
        "$6$rounds=50000$salt$" DIGEST86,
        "$y$j9T$LdJMENpBABJJ3hIHjB1Bi.$eDQXK/sr/AdHFRAeAPvd3D3WJANjoiJQoM.B44RLmk5",
        "pbkdf2_sha256$50000$" SALT22 "$" BASE64_32,
    };
    char like[PASSWORD_TEMPLATE_SIZE];
    double full = 0;
    apr_size_t i;

    for (i = 0; i < COUNT(costly); i++) {
        const char *name = apr_pstrndup(pool, costly[i], 13);

        full = seconds_to_verify(WORDS, strlen(WORDS), costly[i]);
        ok(seconds_to_verify(many_x(5000), 5000, costly[i]) > full / 4,
           name_of(name, "too long a password costs a hash"));
        ok(seconds_to_verify("a\0b", 3, costly[i]) > full / 4,
           name_of(name, "a NUL costs a hash"));
        password_template(like, costly[i]);
        ok(seconds_to_work(like) > full / 4, name_of(name, "work like it costs a hash"));
    }
    ok(seconds_to_work(NULL) > full * 3, "the default is 600,000 iterations");
    ok(seconds_to_work("no template") > full * 3, "also in place of what is no template");
    ok(seconds_to_work("$2y$31$" SALT22 DIGEST31) > full * 3, "or too costly a one");
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    right_and_wrong();
    near_misses();
    other_lengths();
    altered_characters();
    all_are(PASSWORD_UNSUPPORTED, damaged, COUNT(damaged));
    all_are(PASSWORD_TOO_COSTLY, too_costly, COUNT(too_costly));
    all_are(PASSWORD_UNUSABLE, unusable, COUNT(unusable));
    all_are(PASSWORD_MISMATCH, others, COUNT(others));
    costs_allowed();
    phrases_for_the_log();
    long_salts();
    limits();
    bytes_of_zero();
    stand_in();
    weak_forms();
    templates();
    equal_work();
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
