/**
 * What a client sent to be let in, and what this request has found out about it.
 */
#ifndef HTTP_REQUEST_H
#define HTTP_REQUEST_H

#include <httpd.h>

#include "auth/check.h"
#include "http/config.h"

/** What AUTH_TYPE is where a token was good. */
#define REQUEST_AUTH_TYPE "JWT"

/** Kept with the request from the first hook that needs it to the last. */
typedef struct {
    const char *mounted;  /* handler of the mounted endpoint; NULL: none */
    const char *endpoint; /* handler that was let through without a token; NULL: none */
    const identity_t *identity; /* NULL: no good token */
    const char *remote_user;    /* with identity: what became r->user */
    const char *opened_by;      /* config_header_name() of the field whose token opened
                                   this, or what a sub-request shows; NULL: none */
    int in_authz;               /* our auth_checker is calling the others */
    int is_preflight;       /* was let through, since it only asks what may be asked */
    int is_granted;         /* AuthJWTOptional: may come in without a token as well */
    int is_anonymous;       /* and does, since its cookies are no good */
    const char *cookies;    /* Cookie as it was sent; NULL: none was ours */
    const char *query;      /* the query as it was sent; NULL: no token was in it */
    const char *renewed;    /* the access token that the answer sets; NULL: none */
    int is_refresh_dead;    /* the refresh cookie was tried, and is good nowhere */
    const char *refused_by; /* the first Require line on claims that said no, or NULL */
    const char *scope;      /* of the first one on scopes, or NULL */
} request_state_t;

/** The state of a request, made when it has none yet. */
request_state_t *request_state(request_rec *r);

/** The state of a request, or NULL. */
const request_state_t *request_find_state(const request_rec *r);

/** Who a request is from, by a token that is the reason for its r->user; or NULL. */
const identity_t *request_identity(const request_rec *r);

/**
 * Note that a Require line on claims said no, which counts if all is denied at the end.
 *
 * @param scope  that it asked for; NULL: none
 */
void request_note_refusal(request_rec *r, const char *line, const char *scope);

/** Whether AuthType is JWT here. */
int request_is_jwt(request_rec *r);

/**
 * The endpoint that answers this request, whether mounted or set by SetHandler.
 *
 * @return the handler's name, or NULL
 */
const char *request_endpoint(request_rec *r);

/** The request that led to this one: the one redirected, or the one including; or NULL.
 */
const request_rec *request_origin(const request_rec *r);

/**
 * A text that the nearest of this request and those that led to it has in its state.
 *
 * @param offset  of the member, a const char *
 * @return NULL: none has
 */
const char *request_inherited(const request_rec *r, apr_size_t offset);

/** The token that the connection was last let in with; NULL: no other request follows. */
recent_t *request_recent(const request_rec *r);

/** Who asks, as a session's row remembers it: of a text that anybody can send, no more
 *  than printable ASCII. */
policy_client_t request_client(request_rec *r);

#endif
