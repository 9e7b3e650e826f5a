/* All hashes of t/data/django.txt, which three versions of Django made: each is opened by
 * its password and by no other, and weak ones only where they are allowed. */
#include <apr_general.h>
#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#include "store/password.h"
#include "tap.h"

static apr_pool_t *pool;

static const char *const weak[] = {"md5",           "sha1",  "unsalted_md5",
                                   "unsalted_sha1", "crypt", NULL};

static int is_weak(const char *algorithm)
{
    int i;

    for (i = 0; weak[i] && strcmp(weak[i], algorithm) != 0; i++) {
    }
    return weak[i] != NULL;
}

/* The longest password of the file has more bytes than bcrypt takes: Django cut it. */
static int fits(const char *algorithm, const char *password)
{
    return strcmp(algorithm, "bcrypt") != 0 || strlen(password) <= 72;
}

/* Whether this was not asked about it before. */
static int is_first(const char *algorithm)
{
    static const char *seen = " ";
    const char *word = apr_pstrcat(pool, " ", algorithm, " ", NULL);

    if (strstr(seen, word)) {
        return 0;
    }
    seen = apr_pstrcat(pool, seen, algorithm, " ", NULL);
    return 1;
}

static password_result_t verify(const char *password, const char *stored, int may_be_weak)
{
    const char *why;

    return password_verify(password, strlen(password), stored, may_be_weak, &why);
}

static void test_good(const char *name, const char *algorithm, const char *stored,
                      const char *password)
{
    const char *other = apr_pstrcat(pool, "x", password, NULL);

    is_int(verify(password, stored, 1),
           fits(algorithm, password) ? PASSWORD_MATCH : PASSWORD_MISMATCH, name);
    if (is_weak(algorithm)) {
        is_int(verify(password, stored, 0), PASSWORD_UNSUPPORTED,
               apr_pstrcat(pool, name, ": not where weak ones are refused", NULL));
    }
    /* Once for each algorithm, of the version that comes first: they take their time. */
    if (is_weak(algorithm) || is_first(algorithm)) {
        is_int(verify(other, stored, 1), PASSWORD_MISMATCH,
               apr_pstrcat(pool, name, ": another password", NULL));
    }
}

static int test_line(char *line)
{
    char *field[4];
    const char *name;
    int i;

    line[strcspn(line, "\n")] = '\0';
    for (i = 0; i < 4; i++) {
        field[i] = line;
        line += strcspn(line, "\t");
        if (*line) {
            *line++ = '\0';
        }
    }
    name = apr_pstrcat(pool, field[1], " of Django ", field[0], NULL);
    if (*field[3]) {
        test_good(name, field[1], field[2], field[3]);
    } else {
        password_result_t result = verify("plaintext", field[2], 1);

        ok(result == PASSWORD_UNUSABLE || result == PASSWORD_UNSUPPORTED, name);
    }
    return 1;
}

int main(void)
{
    char line[1024];
    FILE *file = fopen("t/data/django.txt", "r");
    int lines = 0;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    while (file && fgets(line, sizeof line, file)) {
        lines += *line != '#' && test_line(line);
    }
    is_int(lines, 102, "t/data/django.txt was read");
    if (file) {
        fclose(file);
    }
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
