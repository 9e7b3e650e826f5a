#include "http/response.h"

#include <apr_strings.h>
#include <http_core.h>
#include <http_log.h>
#include <http_protocol.h>
#include <mod_core.h>
#include <util_md5.h>

#include "auth/check.h"
#include "http/navigation.h"
#include "http/request.h"

APLOG_USE_MODULE(auth_jwt);

/* Seconds. Long enough to spare a struggling database, short enough for a person. */
#define RETRY_AFTER "5"

json_t *response_detail(const char *detail)
{
    json_t *body = json_object();

    json_object_set_new(body, "detail", json_string(detail));
    return body;
}

void response_no_store(request_rec *r)
{
    /* err_headers_out: these must be on errors, too. */
    apr_table_setn(r->err_headers_out, "Cache-Control", "no-store");
    apr_table_setn(r->err_headers_out, "Pragma", "no-cache");
}

void response_log(request_rec *r, verdict_t verdict, const char *why)
{
    const verdict_info_t *info = verdict_info(verdict);

    apr_table_setn(r->subprocess_env, "AUTH_JWT_ERROR", info->name);
    if (info->status == HTTP_SERVICE_UNAVAILABLE) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r, "JWT0201: answered 503 (%s): %s",
                      info->name, why);
    } else if (verdict == VERDICT_BAD_HASH) {
        ap_log_rerror(APLOG_MARK, APLOG_WARNING, 0, r, "JWT0104: refused (%s): %s",
                      info->name, why);
    } else if (verdict == VERDICT_REUSED) {
        ap_log_rerror(APLOG_MARK, APLOG_WARNING, 0, r, "JWT0105: refused (%s): %s",
                      info->name, why);
    } else {
        ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r, "JWT0101: refused (%s): %s",
                      info->name, why);
    }
}

void response_overlook(request_rec *r, verdict_t verdict, const char *why)
{
    const verdict_info_t *info = verdict_info(verdict);
    int is_fault = info->status == HTTP_SERVICE_UNAVAILABLE;

    /* A stolen token is told of in the same words everywhere. */
    if (verdict == VERDICT_REUSED) {
        response_log(r, verdict, why);
        return;
    }
    apr_table_setn(r->subprocess_env, "AUTH_JWT_ERROR", info->name);
    ap_log_rerror(APLOG_MARK, is_fault ? APLOG_ERR : APLOG_INFO, 0, r,
                  "JWT0124: the cookie counts as none (%s): %s", info->name, why);
}

/* RFC 6750 section 3, RFC 9110 section 11.6.1; Retry-After for what may pass. */
static void set_headers(request_rec *r, const verdict_info_t *info, const char *error)
{
    const config_t *config = config_of_request(r);
    const request_state_t *state = request_find_state(r);
    const char *realm = ap_auth_name(r), *challenge;

    if (info->status == HTTP_SERVICE_UNAVAILABLE) {
        apr_table_setn(r->err_headers_out, "Retry-After", RETRY_AFTER);
    }
    if (info->status != HTTP_UNAUTHORIZED && !error) {
        return;
    }
    challenge = apr_psprintf(r->pool, "%s realm=\"%s\"",
                             APR_ARRAY_IDX(config->header_types, 0, const char *),
                             realm ? realm : "api");
    if (error) {
        challenge = apr_psprintf(r->pool, "%s, error=\"%s\"", challenge, error);
    }
    /* RFC 9470 section 3: how to come back. */
    if (error && info == verdict_info(VERDICT_LOGIN_TOO_OLD)) {
        challenge = apr_psprintf(r->pool, "%s, max_age=\"%" APR_INT64_T_FMT "\"",
                                 challenge, config_max_login_age(config));
    }
    if (error && info == verdict_info(VERDICT_INSUFFICIENT_SCOPE) && state &&
        state->scope) {
        challenge = apr_psprintf(r->pool, "%s, scope=\"%s\"", challenge, state->scope);
    }
    /* Set, not added: the table is shared with an ErrorDocument's request. */
    apr_table_setn(r->err_headers_out, "WWW-Authenticate", challenge);
}

static json_t *verdict_body(const verdict_info_t *info)
{
    json_t *body = response_detail(info->detail);

    if (info->code) {
        json_object_set_new(body, "code", json_string(info->code));
    }
    return body;
}

int response_misread(request_rec *r, int status, json_t *body)
{
    char *text;

    if (!body) {
        return status;
    }
    text = json_dumps(body, JSON_COMPACT);
    apr_table_setn(r->subprocess_env, "AUTH_JWT_ERROR", "malformed");
    ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r,
                  "JWT0102: the request was not understood (%d): %.200s", status,
                  text ? text : "");
    free(text);
    return response_json(r, status, body);
}

/* At a protected place SimpleJWT lists what each accepted class of token said. */
static json_t *refusal_body(const verdict_info_t *info, int types)
{
    static const struct {
        int type;
        const char *name;
    } classes[] = {{CHECK_ACCESS, "AccessToken"}, {CHECK_SLIDING, "SlidingToken"}};
    json_t *body, *message, *messages;
    apr_size_t i;

    if (!info->in_messages) {
        return verdict_body(info);
    }
    body = response_detail("Given token not valid for any token type");
    json_object_set_new(body, "code", json_string(info->code));
    messages = json_array();
    for (i = 0; i < sizeof classes / sizeof *classes; i++) {
        if (types & classes[i].type) {
            message = json_object();
            json_object_set_new(message, "token_class", json_string(classes[i].name));
            json_object_set_new(message, "token_type",
                                json_string(check_type_name(classes[i].type)));
            json_object_set_new(message, "message", json_string(info->detail));
            json_array_append_new(messages, message);
        }
    }
    json_object_set_new(body, "messages", messages);
    return body;
}

/* A body can repeat what a client sent. With these escaped no filter behind us, such as
 * INCLUDES, finds markup in it; they stand in strings only. */
static const char *escape_markup(const char *text, apr_pool_t *p)
{
    static const char digits[] = "0123456789abcdef";
    char *made = apr_palloc(p, 6 * strlen(text) + 1), *to = made;

    for (; *text; text++) {
        if (strchr("<>&", *text)) {
            memcpy(to, "\\u00", 4);
            to[4] = digits[*text >> 4];
            to[5] = digits[*text & 0x0f];
            to += 6;
        } else {
            *to++ = *text;
        }
    }
    *to = '\0';
    return made;
}

static int has_markup(const char *text)
{
    return strpbrk(text, "<>&") != NULL;
}

/* The body's text on the request's pool; the object is released. */
static const char *dump(request_rec *r, json_t *body)
{
    char *text = json_dumps(body, JSON_COMPACT);
    const char *copy = !text              ? NULL
                       : has_markup(text) ? escape_markup(text, r->pool)
                                          : apr_pstrdup(r->pool, text);

    free(text);
    json_decref(body);
    return copy;
}

static int write_text(request_rec *r, int status, const char *text)
{
    if (!text) {
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    r->status = status;
    r->status_line = ap_get_status_line(status);
    ap_set_content_type(r, "application/json");
    apr_table_setn(r->err_headers_out, "X-Content-Type-Options", "nosniff");
    ap_set_content_length(r, (apr_off_t)strlen(text));
    ap_rputs(text, r);
    return OK;
}

int response_json(request_rec *r, int status, json_t *body)
{
    return write_text(r, status, dump(r, body));
}

int response_flat(request_rec *r, int status, const flat_t *body)
{
    const char *text = flat_write(body, r->pool);

    return write_text(r, status,
                      text && has_markup(text) ? escape_markup(text, r->pool) : text);
}

int response_public(request_rec *r, const char *text)
{
    const char *etag = ap_md5(r->pool, (const unsigned char *)text);
    int rv;

    apr_table_setn(r->headers_out, "ETag", apr_psprintf(r->pool, "\"%s\"", etag));
    rv = ap_meets_conditions(r);
    return rv == OK ? write_text(r, HTTP_OK, text) : rv;
}

int response_verdict(request_rec *r, verdict_t verdict, const char *why)
{
    const verdict_info_t *info = verdict_info(verdict);

    response_log(r, verdict, why);
    /* No error parameter: what was refused is no bearer token (RFC 6750 section 3). */
    set_headers(r, info, NULL);
    return response_json(r, info->status, verdict_body(info));
}

int response_verdict_as(request_rec *r, verdict_t verdict, const char *why, int status,
                        json_t *body)
{
    response_log(r, verdict, why);
    return response_json(r, status, body);
}

int response_redirect(request_rec *r, const char *url)
{
    r->status = HTTP_SEE_OTHER;
    r->status_line = ap_get_status_line(HTTP_SEE_OTHER);
    apr_table_setn(r->headers_out, "Location", url);
    ap_set_content_type(r, "text/plain");
    ap_rputs("See the field Location.\n", r);
    return OK;
}

static int has_error_document(request_rec *r, int status)
{
    return ap_response_code_string(r, ap_index_of_response(status)) != NULL;
}

int response_refuse(request_rec *r, verdict_t verdict, const char *why)
{
    const verdict_info_t *info = verdict_info(verdict);
    const char *login = NULL;
    int rv;

    response_log(r, verdict, why);
    apr_table_setn(r->err_headers_out, "Cache-Control", "no-store");
    if (info->status == HTTP_UNAUTHORIZED) {
        login = navigation_login(r, config_of_request(r), verdict);
    }
    if (login) {
        apr_table_setn(r->headers_out, "Location", login);
        return HTTP_SEE_OTHER;
    }
    if (info->status == HTTP_UNAUTHORIZED) {
        navigation_explain(r, config_of_request(r));
    }
    set_headers(r, info, info->challenge);
    if (r->main || r->proxyreq == PROXYREQ_PROXY || has_error_document(r, info->status)) {
        return info->status;
    }
    /* Before the body is read: whoever waits for "100 Continue" is told now. */
    r->status = info->status;
    rv = ap_discard_request_body(r);
    if (rv != OK) {
        return rv;
    }
    /* No content handler runs, but Header directives must still apply. */
    ap_run_insert_error_filter(r);
    rv = write_text(r, info->status,
                    dump(r, refusal_body(info, config_page_types(config_of_request(r)))));
    return rv == OK ? DONE : rv;
}
