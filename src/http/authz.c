#include "http/authz.h"

#include <apr_strings.h>
#include <http_request.h>

#include "http/request.h"
#include "http/response.h"

/* Ask the auth_checkers behind ours. */
static int ask_others(request_rec *r, request_state_t *state)
{
    int rv;

    state->in_authz = 1;
    rv = ap_run_auth_checker(r);
    state->in_authz = 0;
    return rv;
}

int authz_check(request_rec *r)
{
    const request_state_t *found = request_find_state(r);
    request_state_t *state;
    int rv;

    if (!found || found->in_authz ||
        (!found->endpoint && !found->is_preflight && !found->is_anonymous &&
         !found->identity)) {
        return DECLINED;
    }
    state = request_state(r);
    if (state->endpoint || state->is_preflight || state->is_anonymous) {
        r->user = NULL;
        return OK;
    }
    rv = ask_others(r, state);
    if ((rv == HTTP_UNAUTHORIZED || rv == HTTP_FORBIDDEN) && state->refused_by) {
        return response_refuse(
            r, VERDICT_INSUFFICIENT_SCOPE,
            apr_psprintf(r->pool, "the Require lines want '%s'", state->refused_by));
    }
    if (rv == HTTP_UNAUTHORIZED || rv == HTTP_FORBIDDEN) {
        return response_refuse(r, VERDICT_FORBIDDEN,
                               "the Require lines do not let this user in");
    }
    return rv;
}
