/* The sample of known users: which form an unknown name is given, and how little whoever
 * tries names can move. */
#include "auth/effort.h"

#include <apr_general.h>
#include <apr_strings.h>
#include <string.h>

#include "tap.h"

#define NAMES 2000

static apr_pool_t *pool;

static const char *const form_a = "$2y$12$......................................";
static const char *const form_b = "$5$rounds=5000$........$.......................";
static const char *const form_c = "$6$rounds=5000$........$.......................";

static effort_t *make(const char *key)
{
    effort_t *effort = apr_pcalloc(pool, sizeof *effort);

    memcpy(effort->key, key, EFFORT_KEY_SIZE);
    return effort;
}

static effort_t *fresh(void)
{
    return make("0123456789abcdef");
}

static void learn(effort_t *effort, int first, int count, const char *form)
{
    int i;

    for (i = first; i < first + count; i++) {
        effort_learn(effort, apr_itoa(pool, i), form);
    }
}

static char choice(const effort_t *effort, int name)
{
    char form[PASSWORD_TEMPLATE_SIZE];

    if (!effort_choose(form, effort, apr_psprintf(pool, "name-%d", name))) {
        return '-';
    }
    return strcmp(form, form_a) == 0   ? 'a'
           : strcmp(form, form_b) == 0 ? 'b'
           : strcmp(form, form_c) == 0 ? 'c'
                                       : '?';
}

static char *choices(const effort_t *effort)
{
    char *all = apr_pcalloc(pool, NAMES + 1);
    int i;

    for (i = 0; i < NAMES; i++) {
        all[i] = choice(effort, i);
    }
    return all;
}

/* Percent of the names. */
static double share(const char *all, char form)
{
    int count = 0;

    for (; *all; all++) {
        count += *all == form;
    }
    return count * 100.0 / NAMES;
}

static double moved(const char *before, const char *after)
{
    int i, count = 0;

    for (i = 0; i < NAMES; i++) {
        count += before[i] != after[i];
    }
    return count * 100.0 / NAMES;
}

static void is_near(double got, double wanted, double within, const char *name)
{
    if (!ok(got >= wanted - within && got <= wanted + within, name)) {
        printf("# %.1f, not %.1f\n", got, wanted);
    }
}

static void test_beginning(void)
{
    effort_t *effort = fresh();

    is_int(choice(effort, 1), '-', "nothing is known");
    learn(effort, 1, 1, form_a);
    is_near(share(choices(effort), 'a'), 100, 0, "one user: all names are like him");
    learn(effort, 1, 1, form_b);
    is_near(share(choices(effort), 'b'), 100, 0,
            "his new hash takes the place of the old one");
}

static void test_shares(void)
{
    effort_t *effort = fresh();
    const char *all;

    learn(effort, 0, 50, form_a);
    learn(effort, 50, 30, form_b);
    learn(effort, 80, 20, form_c);
    all = choices(effort);
    is_near(share(all, 'a'), 50, 8, "few users: names are shared out as they are, a");
    is_near(share(all, 'b'), 30, 8, "b");
    is_near(share(all, 'c'), 20, 8, "c");

    effort = fresh();
    learn(effort, 0, 70000, form_a);
    learn(effort, 70000, 30000, form_b);
    all = choices(effort);
    is_near(share(all, 'a'), 70, 12, "very many: as a sample of them, a");
    is_near(share(all, 'b'), 30, 12, "b");
}

/* No user's cost changes either. */
static void test_steady(void)
{
    effort_t *effort = fresh(), before;
    const char *first;
    int i;

    learn(effort, 0, 600, form_a);
    learn(effort, 600, 300, form_b);
    first = choices(effort);
    is_str(choices(effort), first, "a name is given the same form each time");
    before = *effort;
    for (i = 0; i < 10000; i++) {
        effort_learn(effort, "700", form_b);
    }
    learn(effort, 0, 600, form_a);
    learn(effort, 600, 300, form_b);
    ok(memcmp(effort, &before, sizeof before) == 0,
       "who comes again, however often, changes nothing");
    effort = fresh();
    learn(effort, 600, 300, form_b);
    learn(effort, 0, 600, form_a);
    is_str(choices(effort), first, "nor does it matter who came first");
}

static void test_newcomers(void)
{
    effort_t *effort = fresh();
    const char *before;

    learn(effort, 0, 99, form_a);
    before = choices(effort);
    learn(effort, 1000, 1, form_b);
    is_near(moved(before, choices(effort)), 1, 1, "a newcomer among 99 moves 1 in 100");
    learn(effort, 2000, 900, form_a);
    before = choices(effort);
    learn(effort, 1000, 1, form_b);
    is_near(moved(before, choices(effort)), 0, 2, "among 1,000 few, if any");
}

static void test_key(void)
{
    effort_t *one = fresh(), *other = make("fedcba9876543210");

    learn(one, 0, 50, form_a);
    learn(one, 50, 50, form_b);
    learn(other, 0, 50, form_a);
    learn(other, 50, 50, form_b);
    is_near(moved(choices(one), choices(other)), 50, 8,
            "with another key names have other forms");
}

static void test_full(void)
{
    effort_t *effort = fresh();
    char form[PASSWORD_TEMPLATE_SIZE];
    int i, count = 0;

    for (i = 0; i < 2 * EFFORT_FORMS; i++) {
        effort_learn(effort, apr_itoa(pool, i),
                     apr_psprintf(pool, "$5$rounds=%d$", 1000 + i));
    }
    for (i = 0; i < EFFORT_USERS; i++) {
        count += effort->users[i] != 0;
    }
    is_int(count, EFFORT_FORMS, "of more forms than there is room for some are left out");
    ok(effort_choose(form, effort, "x") && strncmp(form, "$5$rounds=10", 12) == 0,
       "the others are good");
    learn(effort, 1000, 5, "$5$rounds=1007$");
    ok(memcmp(fresh()->users, effort->users, sizeof effort->users) != 0 &&
           effort->users[EFFORT_FORMS + 4] != 0,
       "and are still learned");
    memset(form, 'x', sizeof form - 1);
    form[sizeof form - 1] = '\0';
    effort = fresh();
    effort_learn(effort, "1", form);
    ok(strcmp(effort->forms[0].text, form) == 0, "the longest form has room");
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_beginning();
    test_shares();
    test_steady();
    test_newcomers();
    test_key();
    test_full();
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
