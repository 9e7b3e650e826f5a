/* Marks: HKDF and HMAC against what another implementation computes, one key however it
 * is written, and who has none. */
#include "jose/jwk.h"

#include <apr_general.h>
#include <apr_strings.h>
#include <string.h>

#include "tap.h"

/* Made for this test, and by Python's hashlib the marks of user 1 with the password
 * "hash": HMAC by HKDF's key of the secret, the scalar, the seed or d. */
#define SECRET "0123456789abcdef0123456789abcdef"

static const char ec_pem[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgMghAnffCKWoNwPk5\n"
    "JO8JzaFlg+wr3jUQ7go3EZVOXC6hRANCAASFaD0qH+2UHRQAMXoLpN2by88e89pf\n"
    "sKhVBBVbTjirY703Wu+g5Sah7xuBAV8e7MXtAdjw5q8l73yuO05+QM6w\n"
    "-----END PRIVATE KEY-----\n";

static const char ec_sec1[] =
    "-----BEGIN EC PRIVATE KEY-----\n"
    "MFcCAQEEIDIIQJ33wilqDcD5OSTvCc2hZYPsK941EO4KNxGVTlwuoAoGCCqGSM49\n"
    "AwEHoSQDIgAChWg9Kh/tlB0UADF6C6Tdm8vPHvPaX7CoVQQVW044q2M=\n"
    "-----END EC PRIVATE KEY-----\n";

static const char ec_public[] =
    "-----BEGIN PUBLIC KEY-----\n"
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEhWg9Kh/tlB0UADF6C6Tdm8vPHvPa\n"
    "X7CoVQQVW044q2O9N1rvoOUmoe8bgQFfHuzF7QHY8OavJe98rjtOfkDOsA==\n"
    "-----END PUBLIC KEY-----\n";

static const char ec_jwk[] = "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"hWg9Kh_"
                             "tlB0UADF6C6Tdm8vPHvPaX7CoVQQVW044q2M\",\"y\":"
                             "\"vTda76DlJqHvG4EBXx7sxe0B2PDmryXvfK47Tn5AzrA\",\"d\":"
                             "\"MghAnffCKWoNwPk5JO8JzaFlg-wr3jUQ7go3EZVOXC4\"}\n";

static const char ed_pem[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VwBCIEIN+HO7x6aXC8x6nEvbXd9zl6kGePryetnw3uxwxxHctq\n"
    "-----END PRIVATE KEY-----\n";

static const char rsa_pem[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQCnnTpp/Sf66rt9\n"
    "lP6hyyMO4HkmPzRwEAaAFekQ3NeUasl2O6HcPwMN48t/lV3tTRQP/wN1tdhf72gf\n"
    "4S3ECt64eTM2FDZDBqHRqPqlENk+kuTr2og1JCPE3JQUwhG5MK8QHypPF3EuZn/5\n"
    "F21nHOVj9akhJwUTm9qPfW0bzPjqxft5ghT6mNS66TyfkT/jfz+6HKofutepaHkZ\n"
    "2UCSCBGd/RT9suwI1szwxNvPGQP7CAk+zj1B3AjZ7AY5DF/nZVqZWrEC2Aql2JP3\n"
    "r2SAXt9WKXYykq0CUvhaMp2Vhqavy8YcJ/L41DvP3R1v7Q64u0BWgqSuE9x8e+0t\n"
    "JDeAxYZtAgMBAAECggEAChvi4ENm/syF6sof56umorjPQwstqIg65XeM0y9ykWO1\n"
    "tfuyOc7ov6ofsENBWIodHeWG3073Qg/1vch5ArlsxdT0zaaUlYsdRYBqv3uqPTUi\n"
    "+TDjT/XXnMGjQl49rzzcWL1Rx1aLWl2kYGZKkEe5862nBJYZHwiNEGQ46U6TK6Y/\n"
    "MXtl+vxRFYJ3ub0vN5qJWvoLUveu5bQjsVS5pBvgYiycWTmyf+YnNjlTQ5WeUm6E\n"
    "8gcifjnTR/ZvCy0doRxXy5ptCdTZBuyN0Is6pZbMf3cjoAJec5ST/yXZiIpkEl0P\n"
    "MKF4KV3MeeLWGmzulh2Nf9G9SwGyqgFA+MnwMEKCwQKBgQDmUmiyz95cZ+rr7S3M\n"
    "6eSBoEj6l57B+RmDeCBqpTQOaHsQI3IbeCNyIApBYo1mNwdoWJ3OXLCZJ4l/DWXa\n"
    "VjrRkBkqg35wmxRnTvr/iG3+n1UKoZCaANQBy17iP/Bno93QnZtoaeVQkdXWlgvS\n"
    "Gq42O+3ykqLinygnJcps4w45QQKBgQC6TRW8wIykbnZfwLPcc8cfOCOqSOP3gOKg\n"
    "PMKBCT5v8KTYqiC1LEuW8Ed6svSfJkVVXxr9ATRMWk2Qfs6vWWRhBiH9kS9I//5Q\n"
    "pxquyH3DfgDcd/hpAoqGSjnzWA2QFOLPXyBVSWQ2dqcq4ESZvrY84niZ0GtTJQOo\n"
    "RqU98wH2LQKBgE79PEL23z+5s+utr+Ny45dBLUYj8aJ8l69q51MrzSqT0oC6Z0vc\n"
    "a+ub6Wh7MBs6DCRRH+3CBB7CXHliUugKYqm0Ta0y444i4WB8ycARPgfxBO1cc4cd\n"
    "eZgT8zqMyxoALPZ61u18Q9TZ7whk9TDdTZnz+6sRdyNZih/C6iVlyV8BAoGACzBV\n"
    "/eASkk2QDnAkXTkW3GkiuzdleZfkBHuhst47Qb3SKLEPBdKDN612nYfh6S0DPP1Z\n"
    "QZiw62UBA4yaHS3hOXKE2BXAIUI+o9llYNnps7P9mUAbSzM73pTWpibDqcOXW5z6\n"
    "9CRUQHEf2RNfC1zI1R9E3vgFehje/1w+0Fmn5IECgYEAvgaZp5uhRZMdReMnV1Hz\n"
    "gzpOg9kOYh1/xpl5U4LR3EfYopPWBojq5vErpmOV1tE/d80nPaKbtOxkGpzPyPfn\n"
    "/h2Rc1zO8eg4D61MQaEkKwIiWBMgE7N1vrKSbgLWWFkyWBHBb+GUz/NVMq9DD/6d\n"
    "Wh5frNqKW382Y9EpjLmeA1M=\n"
    "-----END PRIVATE KEY-----\n";

static const char rsa_pkcs1[] =
    "-----BEGIN RSA PRIVATE KEY-----\n"
    "MIIEowIBAAKCAQEAp506af0n+uq7fZT+ocsjDuB5Jj80cBAGgBXpENzXlGrJdjuh\n"
    "3D8DDePLf5Vd7U0UD/8DdbXYX+9oH+EtxAreuHkzNhQ2Qwah0aj6pRDZPpLk69qI\n"
    "NSQjxNyUFMIRuTCvEB8qTxdxLmZ/+RdtZxzlY/WpIScFE5vaj31tG8z46sX7eYIU\n"
    "+pjUuuk8n5E/438/uhyqH7rXqWh5GdlAkggRnf0U/bLsCNbM8MTbzxkD+wgJPs49\n"
    "QdwI2ewGOQxf52VamVqxAtgKpdiT969kgF7fVil2MpKtAlL4WjKdlYamr8vGHCfy\n"
    "+NQ7z90db+0OuLtAVoKkrhPcfHvtLSQ3gMWGbQIDAQABAoIBAAob4uBDZv7MherK\n"
    "H+erpqK4z0MLLaiIOuV3jNMvcpFjtbX7sjnO6L+qH7BDQViKHR3lht9O90IP9b3I\n"
    "eQK5bMXU9M2mlJWLHUWAar97qj01Ivkw40/115zBo0JePa883Fi9UcdWi1pdpGBm\n"
    "SpBHufOtpwSWGR8IjRBkOOlOkyumPzF7Zfr8URWCd7m9LzeaiVr6C1L3ruW0I7FU\n"
    "uaQb4GIsnFk5sn/mJzY5U0OVnlJuhPIHIn4500f2bwstHaEcV8uabQnU2QbsjdCL\n"
    "OqWWzH93I6ACXnOUk/8l2YiKZBJdDzCheCldzHni1hps7pYdjX/RvUsBsqoBQPjJ\n"
    "8DBCgsECgYEA5lJoss/eXGfq6+0tzOnkgaBI+peewfkZg3ggaqU0Dmh7ECNyG3gj\n"
    "ciAKQWKNZjcHaFidzlywmSeJfw1l2lY60ZAZKoN+cJsUZ076/4ht/p9VCqGQmgDU\n"
    "Acte4j/wZ6Pd0J2baGnlUJHV1pYL0hquNjvt8pKi4p8oJyXKbOMOOUECgYEAuk0V\n"
    "vMCMpG52X8Cz3HPHHzgjqkjj94DioDzCgQk+b/Ck2KogtSxLlvBHerL0nyZFVV8a\n"
    "/QE0TFpNkH7Or1lkYQYh/ZEvSP/+UKcarsh9w34A3Hf4aQKKhko581gNkBTiz18g\n"
    "VUlkNnanKuBEmb62POJ4mdBrUyUDqEalPfMB9i0CgYBO/TxC9t8/ubPrra/jcuOX\n"
    "QS1GI/GifJevaudTK80qk9KAumdL3Gvrm+loezAbOgwkUR/twgQewlx5YlLoCmKp\n"
    "tE2tMuOOIuFgfMnAET4H8QTtXHOHHXmYE/M6jMsaACz2etbtfEPU2e8IZPUw3U2Z\n"
    "8/urEXcjWYofwuolZclfAQKBgAswVf3gEpJNkA5wJF05FtxpIrs3ZXmX5AR7obLe\n"
    "O0G90iixDwXSgzetdp2H4ektAzz9WUGYsOtlAQOMmh0t4TlyhNgVwCFCPqPZZWDZ\n"
    "6bOz/ZlAG0szO96U1qYmw6nDl1uc+vQkVEBxH9kTXwtcyNUfRN74BXoY3v9cPtBZ\n"
    "p+SBAoGBAL4GmaeboUWTHUXjJ1dR84M6ToPZDmIdf8aZeVOC0dxH2KKT1gaI6ubx\n"
    "K6ZjldbRP3fNJz2im7TsZBqcz8j35/4dkXNczvHoOA+tTEGhJCsCIlgTIBOzdb6y\n"
    "km4C1lhZMlgRwW/hlM/zVTKvQw/+nVoeX6zailt/NmPRKYy5ngNT\n"
    "-----END RSA PRIVATE KEY-----\n";

static apr_pool_t *pool;

static const jwk_t *load(const char *alg, const char *text, int can_sign)
{
    jwk_ring_t *ring = apr_array_make(pool, 1, sizeof(const jwk_t *));
    bytes_t bytes = {(const unsigned char *)text, strlen(text)};
    const char *error = jwk_load(ring, NULL, jwa_find(alg), bytes, can_sign, pool);

    ok(!error, error ? error : "a key");
    return error ? NULL : APR_ARRAY_IDX(ring, 0, const jwk_t *);
}

static const char *mark(const jwk_t *jwk, const char *user_id, const char *password)
{
    char *out = apr_palloc(pool, MARK_SIZE);
    apr_status_t rv =
        jwk ? jwk_mark(out, jwk, MARK_PASSWORD, user_id, password, pool) : APR_EINVAL;

    return rv == APR_SUCCESS ? out : rv == APR_ENOTIMPL ? "none" : "a failure";
}

static void test_secrets(void)
{
    const jwk_t *key = load("HS256", SECRET, 1);

    is_str(mark(key, "1", "hash"), "00c2d206a3e8a7c320ec2610a25ca2a7", "of a secret");
    is_str(mark(load("HS384", SECRET SECRET, 1), "1", "hash"),
           "b8f639c92216c8c2f00c657b2c251324", "by SHA-256, whatever signs");
    is_str(mark(load("HS256", SECRET, 0), "1", "hash"), mark(key, "1", "hash"),
           "of a secret that only verifies, too");
    ok(strcmp(mark(key, "1", "hash"), mark(key, "1", "hash2")) != 0, "another password");
    ok(strcmp(mark(key, "1", "hash"), mark(key, "2", "hash")) != 0, "another user");
    ok(strcmp(mark(key, "11", "hash"), mark(key, "1", "1hash")) != 0,
       "what is the user's is not the password's");
    is_str(mark(key, "", ""), "5a24a26ed37372c476790f4dfff1ba2c", "of nothing");
}

static void test_csrf(void)
{
    const jwk_t *key = load("HS256", SECRET, 1);
    char token[MARK_SIZE], password[MARK_SIZE];

    is_int(jwk_mark(token, key, MARK_CSRF, "1", "sid", pool), APR_SUCCESS, "made");
    is_str(token, "373c72dcdcb11a9141ee477026835208",
           "against CSRF, by a key of its own");
    jwk_mark(password, key, MARK_PASSWORD, "1", "sid", pool);
    ok(!jwk_is_mark(password, token), "no mark of another use is one");
    ok(jwk_is_mark(apr_pstrdup(pool, token), token), "what was sent is the mark");
    ok(!jwk_is_mark(apr_pstrmemdup(pool, token, MARK_SIZE - 2), token), "a part is not");
    ok(!jwk_is_mark(apr_pstrcat(pool, token, "0", NULL), token), "nor is more");
    ok(!jwk_is_mark("", token), "nor is nothing");
    token[31] ^= 1;
    ok(!jwk_is_mark("373c72dcdcb11a9141ee477026835208", token),
       "nor is one that differs in the end");
    is_int(jwk_mark(token, load("ES256", ec_public, 1), MARK_CSRF, "1", "", pool),
           APR_ENOTIMPL, "a public key makes none");
}

static apr_status_t fail(unsigned char *out, const jwa_key_t *key, const void *data,
                         apr_size_t len)
{
    (void)out, (void)key, (void)data, (void)len;
    return APR_EGENERAL;
}

static void test_failing(void)
{
    jwk_t *key = apr_pmemdup(pool, load("HS256", SECRET, 1), sizeof *key);
    jwa_t *failing = apr_pmemdup(pool, key->marks[MARK_CSRF].alg, sizeof *failing);
    char token[MARK_SIZE] = "untouched";

    failing->sign = fail;
    key->marks[MARK_CSRF].alg = failing;
    is_int(jwk_mark(token, key, MARK_CSRF, "1", "sid", pool), APR_EGENERAL,
           "where OpenSSL fails there is none");
    is_str(token, "untouched", "... and nothing that looks like one");
}

static void test_pairs(void)
{
    static const char ec[] = "170b552d5264508ab1f3aff7266a9dde";

    is_str(mark(load("ES256", ec_pem, 1), "1", "hash"), ec, "of a curve's key");
    is_str(mark(load("ES256", ec_sec1, 1), "1", "hash"), ec, "in another format");
    is_str(mark(load("ES256", ec_jwk, 1), "1", "hash"), ec, "as JWK");
    is_str(mark(load("ES256", ec_pem, 0), "1", "hash"), ec, "that only verifies");
    is_str(mark(load("ES256", ec_public, 1), "1", "hash"), "none", "of its public half");
    is_str(mark(load("EdDSA", ed_pem, 1), "1", "hash"),
           "b15bcb0100630ae84e96d382d09336d9", "of Ed25519");
    is_str(mark(load("RS256", rsa_pem, 1), "1", "hash"),
           "4628353c6d4c9b0c0166da39a22790cb", "of RSA");
    is_str(mark(load("PS256", rsa_pkcs1, 0), "1", "hash"),
           "4628353c6d4c9b0c0166da39a22790cb", "in another format");
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_secrets();
    test_csrf();
    test_failing();
    test_pairs();
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
