#include "http/authorization.h"

#include <apr_cstr.h>
#include <apr_strings.h>
#include <string.h>

static int is_accepted(const char *scheme, const apr_array_header_t *schemes)
{
    int i;

    for (i = 0; i < schemes->nelts; i++) {
        if (apr_cstr_casecmp(scheme, APR_ARRAY_IDX(schemes, i, const char *)) == 0) {
            return 1;
        }
    }
    return 0;
}

#define BLANKS " \t\n\v\f\r"

/* Cut the next word off *text; NULL at its end. */
static char *next_word(char **text)
{
    char *word = *text + strspn(*text, BLANKS);

    *text = word + strcspn(word, BLANKS);
    if (**text) {
        *(*text)++ = '\0';
    }
    return *word ? word : NULL;
}

verdict_t authorization_token(const char **token, const char *name, const char *value,
                              const apr_array_header_t *schemes, const char **why,
                              apr_pool_t *p)
{
    char *rest = apr_pstrdup(p, value ? value : ""), *scheme, *found;

    scheme = next_word(&rest);
    if (!scheme || !is_accepted(scheme, schemes)) {
        *why = scheme ? apr_psprintf(p, "the %s header has another scheme", name)
                      : apr_psprintf(p, "no %s header", name);
        return VERDICT_NO_TOKEN;
    }
    found = next_word(&rest);
    /* Two header fields arrive here as one, joined by a comma. */
    if (!found || next_word(&rest)) {
        *why = apr_psprintf(p, "the %s header is not a scheme and one token", name);
        return VERDICT_BAD_HEADER;
    }
    *token = found;
    return VERDICT_OK;
}
