/* Where hashes of several costs stand side by side, no single cost of unknown names would
 * do: all users whose own differs could be told from them by time. So the unknown are
 * spread over the forms as the known are, and each name keeps its form: whoever asks
 * twice must not see it change, as no user's does.
 *
 * The sample is that of the smallest keyed hashes of the users' ids: every user is in it
 * with the same chance and counts once, however often he or somebody in his name tries.
 * The choice is by the greatest keyed hash of name and user (rendezvous hashing): when
 * somebody joins a sample of n, one name in n + 1 moves. */
#include "auth/effort.h"

#include <apr_atomic.h>
#include <apr_siphash.h>
#include <apr_strings.h>
#include <string.h>

_Static_assert(EFFORT_KEY_SIZE == APR_SIPHASH_KSIZE, "the key is SipHash's");
_Static_assert(EFFORT_FORMS == 32, "an entry has five bits for the form");

/* An entry is 27 bits of the user's hash, never 0, and the number of a form. */
#define FORM_BITS 5
#define FORM_MASK ((1u << FORM_BITS) - 1)

enum { FORM_FREE, FORM_WRITTEN, FORM_READY };

static apr_uint64_t hash_text(const effort_t *effort, const char *text)
{
    return apr_siphash24(text, strlen(text), effort->key);
}

/* Both are secret and evenly spread already; this is splitmix64's last step. */
static apr_uint64_t mix(apr_uint64_t a, apr_uint32_t b)
{
    apr_uint64_t x = a ^ (b * APR_UINT64_C(0x9e3779b97f4a7c15));

    x = (x ^ (x >> 30)) * APR_UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * APR_UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

/* Not apr_atomic_read32(): its argument is not const. */
static apr_uint32_t load(const apr_uint32_t *at)
{
    return __atomic_load_n(at, __ATOMIC_ACQUIRE);
}

int effort_choose(char out[PASSWORD_TEMPLATE_SIZE], const effort_t *effort,
                  const char *name)
{
    apr_uint64_t hash = hash_text(effort, name), greatest = 0;
    apr_uint32_t chosen = 0;
    int i;

    for (i = 0; i < EFFORT_USERS; i++) {
        apr_uint32_t entry = load(&effort->users[i]);
        apr_uint64_t score = mix(hash, entry >> FORM_BITS);

        if (entry && (!chosen || score > greatest)) {
            chosen = entry;
            greatest = score;
        }
    }
    if (!chosen) {
        return 0;
    }
    memcpy(out, effort->forms[chosen & FORM_MASK].text, PASSWORD_TEMPLATE_SIZE);
    return 1;
}

/* The number of a form, which may be a new one; -1 when there is no room. Two who meet
 * may both write it, which does no harm. */
static int find_form(effort_t *effort, const char *text)
{
    int i;

    for (i = 0; i < EFFORT_FORMS; i++) {
        apr_uint32_t state = load(&effort->forms[i].state);

        if (state == FORM_READY && strcmp(effort->forms[i].text, text) == 0) {
            return i;
        }
        if (state == FORM_FREE && apr_atomic_cas32(&effort->forms[i].state, FORM_WRITTEN,
                                                   FORM_FREE) == FORM_FREE) {
            apr_cpystrn(effort->forms[i].text, text, PASSWORD_TEMPLATE_SIZE);
            __atomic_store_n(&effort->forms[i].state, FORM_READY, __ATOMIC_RELEASE);
            return i;
        }
    }
    return -1;
}

/* The entry that is the user's, or a free one, or else the one with the greatest hash. */
static int find_entry(const effort_t *effort, apr_uint32_t who)
{
    int i, last = 0;

    for (i = 0; i < EFFORT_USERS; i++) {
        apr_uint32_t entry = load(&effort->users[i]);

        if (!entry || entry >> FORM_BITS == who) {
            return i;
        }
        if (entry > load(&effort->users[last])) {
            last = i;
        }
    }
    return last;
}

void effort_learn(effort_t *effort, const char *user_id, const char *password_template)
{
    apr_uint32_t who = (apr_uint32_t)(hash_text(effort, user_id) >> (32 + FORM_BITS));
    apr_uint32_t old;
    int form, i;

    who = who ? who : 1;
    i = find_entry(effort, who);
    old = load(&effort->users[i]);
    if (old && old >> FORM_BITS < who) {
        return; /* the sample is full of smaller ones */
    }
    form = find_form(effort, password_template);
    /* Who was overtaken teaches it at his next login. */
    if (form >= 0 && old != (who << FORM_BITS | (apr_uint32_t)form)) {
        apr_atomic_cas32(&effort->users[i], who << FORM_BITS | (apr_uint32_t)form, old);
    }
}
