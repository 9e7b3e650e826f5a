#include "http/tree.h"

#include <apr_strings.h>

int tree_is(const ap_directive_t *node, const char *name)
{
    return ap_cstr_casecmp(node->directive, name) == 0;
}

int tree_is_ours(const ap_directive_t *node)
{
    return ap_cstr_casecmpn(node->directive, "AuthJWT", 7) == 0;
}

const char *tree_word(const ap_directive_t *node, apr_pool_t *p)
{
    const char *args = node->args ? node->args : "";

    return ap_getword_conf(p, &args);
}

const ap_directive_t *tree_find(const ap_directive_t *node, const char *name)
{
    while (node && !tree_is(node, name)) {
        node = node->next;
    }
    return node;
}

/* httpd keeps the bracket at the end of what opens a section. */
const char *tree_text(const ap_directive_t *at, apr_pool_t *p)
{
    int is_opening = *at->directive == '<';

    return apr_psprintf(p, "%s%s%s, line %d of %s", at->directive, is_opening ? " " : "",
                        is_opening ? at->args : "", at->line_num, at->filename);
}

/* These group lines of the section around them, and are none themselves. */
int tree_is_section(const ap_directive_t *node)
{
    return node && *node->directive == '<';
}

int tree_is_group(const ap_directive_t *node)
{
    static const char *const names[] = {"<Limit",      "<LimitExcept", "<RequireAll",
                                        "<RequireAny", "<RequireNone", NULL};
    int i;

    for (i = 0; names[i]; i++) {
        if (tree_is(node, names[i])) {
            return 1;
        }
    }
    return 0;
}
