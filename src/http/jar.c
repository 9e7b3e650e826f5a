#include "http/jar.h"

#include <stddef.h>

#include "http/config.h"
#include "http/request.h"

/* A redirected request has the same fields as the first, which are without ours by now.
 */
int jar_take(request_rec *r)
{
    const char *all = apr_table_get(r->headers_in, "Cookie"), *left;
    const apr_array_header_t *names = all ? config_cookie_names(r->server) : NULL;

    left = names ? cookie_without(all, names, r->pool) : all;
    if (left != all) {
        request_state(r)->cookies = all;
        if (left) {
            apr_table_setn(r->headers_in, "Cookie", left);
        } else {
            apr_table_unset(r->headers_in, "Cookie");
        }
    }
    return DECLINED;
}

static const char *sent_cookies(const request_rec *r)
{
    const char *sent = request_inherited(r, offsetof(request_state_t, cookies));

    return sent ? sent : apr_table_get(r->headers_in, "Cookie");
}

cookie_found_t jar_find(const char **value, request_rec *r, const char *name)
{
    return cookie_find(value, sent_cookies(r), name, r->pool);
}

void jar_set(request_rec *r, const cookie_t *cookie, const char *value, int max_age)
{
    /* err_headers_out: kept with errors, redirects and proxied answers, too. */
    apr_table_addn(r->err_headers_out, "Set-Cookie",
                   cookie_text(cookie, value, max_age, r->pool));
}

void jar_clear(request_rec *r, const cookie_t *cookie)
{
    const char *value;

    if (jar_find(&value, r, cookie->name) != COOKIE_NONE) {
        jar_set(r, cookie, "", 0);
    }
}
