/**
 * What we answer: the one place that writes bodies, challenges and log lines about
 * a refusal.
 */
#ifndef HTTP_RESPONSE_H
#define HTTP_RESPONSE_H

#include <httpd.h>

#include <jansson.h>

#include "auth/verdict.h"
#include "http/config.h"
#include "jose/flat.h"

/**
 * Refuse a request to a protected place, from within an authentication or
 * authorization hook.
 *
 * The answer is SimpleJWT's JSON body; an ErrorDocument of the administrator wins.
 *
 * @param why  the reason for the log; clients never see it
 * @return what the hook must return
 */
int response_refuse(request_rec *r, verdict_t verdict, const char *why);

/**
 * Answer a request to an endpoint with a verdict other than VERDICT_OK.
 *
 * @return what the handler must return
 */
int response_verdict(request_rec *r, verdict_t verdict, const char *why);

/**
 * The same, where this endpoint has an answer of its own for a verdict.
 *
 * @param body  released here
 */
int response_verdict_as(request_rec *r, verdict_t verdict, const char *why, int status,
                        json_t *body);

/**
 * Answer a request to an endpoint whose body or fields cannot be used.
 *
 * @param body  what the client is told; released here. NULL: httpd answers by itself
 * @return what the handler must return
 */
int response_misread(request_rec *r, int status, json_t *body);

/**
 * Answer a request to an endpoint with a JSON body, which is released here.
 *
 * @param body  NULL when memory ran out
 * @return what the handler must return
 */
int response_json(request_rec *r, int status, json_t *body);

/** The same of a body that is flat, as tokens are: it costs a small part of that. */
int response_flat(request_rec *r, int status, const flat_t *body);

/**
 * Answer with a JSON text that may be kept and shared, or 304 to who has it already.
 *
 * @return what the handler must return
 */
int response_public(request_rec *r, const char *text);

/** Note in log and environment what an endpoint refused that answers in its own way. */
void response_log(request_rec *r, verdict_t verdict, const char *why);

/** Note the same of cookies that are no good, where the request goes on without them. */
void response_overlook(request_rec *r, verdict_t verdict, const char *why);

/**
 * Send a browser somewhere else, by GET (RFC 9110 section 15.4.4).
 *
 * @return what the handler must return
 */
int response_redirect(request_rec *r, const char *url);

/** {"detail": …}, the form of most errors. */
json_t *response_detail(const char *detail);

/** Headers that every answer of an endpoint has: it is nobody else's business. */
void response_no_store(request_rec *r);

#endif
