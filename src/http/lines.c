#include "http/lines.h"

#include <apr_lib.h>
#include <apr_strings.h>

#include "http/tree.h"

/* Lines that are never true before there is a user; others may be. */
static int wants_user(const char *provider)
{
    static const char *const names[] = {
        "valid-user",  "user",       "group",     "jwt-claim",      "jwt-scope",
        "file-group",  "file-owner", "dbm-group", "dbm-file-group", "dbd-group",
        "ldap-user",   "ldap-group", "ldap-dn",   "ldap-attribute", "ldap-filter",
        "ldap-search", NULL};
    int i;

    for (i = 0; names[i]; i++) {
        if (ap_cstr_casecmp(provider, names[i]) == 0) {
            return 1;
        }
    }
    return 0;
}

static int needs_user(const ap_directive_t *node, apr_pool_t *p);

/* Whether one of several lines wants a user, or all of them do. */
static int some_need_user(const ap_directive_t *node, int all, apr_pool_t *p)
{
    int some = 0;

    for (; node; node = node->next) {
        if (needs_user(node, p)) {
            some = 1;
        } else if (all) {
            return 0;
        }
    }
    return some;
}

/* Whether a line or group lets nobody in before there is a user. A <Limit> holds for some
 * methods only. */
static int needs_user(const ap_directive_t *node, apr_pool_t *p)
{
    if (tree_is(node, "Require")) {
        return wants_user(tree_word(node, p));
    }
    if (tree_is(node, "<RequireAll")) {
        return some_need_user(node->first_child, 0, p);
    }
    return tree_is(node, "<RequireAny") && some_need_user(node->first_child, 1, p);
}

int lines_has_require(const ap_directive_t *first)
{
    const ap_directive_t *node;

    for (node = first; node; node = node->next) {
        if (tree_is(node, "Require") ||
            (tree_is_group(node) && lines_has_require(node->first_child))) {
            return 1;
        }
    }
    return 0;
}

/* A RewriteCond without "expr" knows no claims at all. */
static int is_early(const ap_directive_t *node)
{
    const char *args = node->args + strspn(node->args, " \"");

    if (!ap_strstr_c(args, "%{JWT:") && !ap_strstr_c(args, "jwt(")) {
        return 0;
    }
    return tree_is(node, "<If") || tree_is(node, "<ElseIf") ||
           tree_is(node, "SetEnvIfExpr") ||
           (tree_is(node, "RewriteCond") && ap_cstr_casecmpn(args, "expr", 4) != 0);
}

const ap_directive_t *lines_find_early(const ap_directive_t *first)
{
    const ap_directive_t *node, *found;

    for (node = first; node; node = node->next) {
        found = is_early(node) ? node : lines_find_early(node->first_child);
        if (found) {
            return found;
        }
    }
    return NULL;
}

int lines_shut_out(const ap_directive_t *first, apr_pool_t *p)
{
    const ap_directive_t *node;

    for (node = first; node; node = node->next) {
        if ((tree_is(node, "Require") || tree_is_group(node)) && !needs_user(node, p)) {
            return 0;
        }
    }
    return lines_has_require(first);
}

static int is_not(const ap_directive_t *line, apr_pool_t *p)
{
    return ap_cstr_casecmp(tree_word(line, p), "not") == 0;
}

static int count_negations(const ap_directive_t *line, apr_pool_t *p)
{
    const ap_directive_t *node;
    int count = is_not(line, p);

    for (node = line->parent; node && tree_is_group(node); node = node->parent) {
        count += tree_is(node, "<RequireNone");
    }
    return count;
}

int lines_is_negated(const ap_directive_t *line, apr_pool_t *p)
{
    return count_negations(line, p) % 2;
}

/* Whether something around a line needs a user, whatever the line says. */
static int is_beside_user(const ap_directive_t *line, apr_pool_t *p)
{
    const ap_directive_t *node;

    for (node = line->parent; node && tree_is_group(node); node = node->parent) {
        if (tree_is(node, "<RequireAll") && some_need_user(node->first_child, 0, p)) {
            return 1;
        }
    }
    return 0;
}

const char *lines_check(const ap_directive_t *line, apr_pool_t *p)
{
    if (tree_is(line, "<AuthzProviderAlias")) {
        return apr_psprintf(p,
                            "Require %s: in <AuthzProviderAlias> nobody sees where it "
                            "stands; write the line itself in its place",
                            tree_word(line, p));
    }
    /* Negated twice it decides nothing, either. */
    if (!count_negations(line, p) || is_beside_user(line, p)) {
        return NULL;
    }
    return apr_psprintf(p,
                        "%sRequire %s: decides nothing before there is a user, and "
                        "nothing here asks for one; add: Require valid-user (in a "
                        "<RequireAll> around it)",
                        is_not(line, p) ? "" : "<RequireNone> ", line->args);
}

/* --- Expressions -------------------------------------------------------------------- */

/* Whether an expression has %{JWT:…} or jwt(…). */
static int has_claim(const char *text)
{
    const char *at = text, *behind;

    while ((at = ap_strcasestr(at, "jwt")) != NULL) {
        behind = at + 3 + strspn(at + 3, " \t");
        if ((at == text || !(apr_isalnum(at[-1]) || at[-1] == '_')) &&
            (*behind == '(' || *behind == ':')) {
            return 1;
        }
        at += 3;
    }
    return 0;
}

static int is_blind(const ap_directive_t *line, apr_pool_t *p)
{
    const char *args = line->args;
    const char *provider;

    if (!tree_is(line, "Require") || !args) {
        return 0;
    }
    provider = ap_getword_conf(p, &args);
    if (ap_cstr_casecmp(provider, "not") == 0) {
        provider = ap_getword_conf(p, &args);
    }
    return ap_cstr_casecmp(provider, "expr") == 0 && has_claim(args) &&
           !ap_strcasestr(args, "REMOTE_USER");
}

const ap_directive_t *lines_find_blind(const ap_directive_t *first, apr_pool_t *p)
{
    const ap_directive_t *node, *found;

    for (node = first; node; node = node->next) {
        found = is_blind(node, p) ? node : lines_find_blind(node->first_child, p);
        if (found) {
            return found;
        }
    }
    return NULL;
}
