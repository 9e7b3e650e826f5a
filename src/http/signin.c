#include "http/signin.h"

#include <apr_strings.h>
#include <http_protocol.h>

#include "http/body.h"
#include "http/client.h"
#include "http/csrf.h"
#include "http/delivery.h"
#include "http/grant.h"
#include "http/navigation.h"
#include "http/response.h"

/* --- The page --------------------------------------------------------------------- */

/* What a page is told of a login that failed; own pages get the code alone. */
static const struct {
    const char *code, *text;
} errors[] = {
    {"login_failed", "The name or the password is wrong."},
    {"invalid", "Please fill in name and password."},
    {"unavailable", "This does not work at the moment. Please try again later."},
    {"login_too_old", "Please log in again to go on."},
};

static const char *error_text(request_rec *r)
{
    apr_size_t i;

    for (i = 0; r->args && i < sizeof errors / sizeof *errors; i++) {
        const char *wanted = apr_pstrcat(r->pool, "error=", errors[i].code, NULL);
        const char *at = strstr(r->args, wanted);

        if (at && (at == r->args || at[-1] == '&') && strchr("&", at[strlen(wanted)])) {
            return errors[i].text;
        }
    }
    return NULL;
}

static const char head[] =
    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
    "<meta name=\"robots\" content=\"noindex\">\n<title>Log in</title>\n<style>\n"
    "body { font: 1rem/1.5 system-ui, sans-serif; max-width: 20rem; margin: 4rem auto; "
    "padding: 0 1rem }\n"
    "label { display: block; margin-top: 1rem }\n"
    "input:not([type=checkbox]) { font: inherit; width: 100%; box-sizing: border-box }\n"
    "button { font: inherit; margin-top: 1.5rem; padding: .3rem 1.5rem }\n"
    ".error { color: #a40000 }\n</style>\n</head>\n<body>\n<main>\n<h1>Log in</h1>\n";

/* Nothing is loaded, no script runs, and no other site shows the page in a frame. */
static void set_page_headers(request_rec *r)
{
    apr_table_setn(r->headers_out, "Content-Security-Policy",
                   "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; "
                   "frame-ancestors 'none'");
    apr_table_setn(r->headers_out, "X-Frame-Options", "DENY");
    apr_table_setn(r->headers_out, "X-Content-Type-Options", "nosniff");
    apr_table_setn(r->headers_out, "Referrer-Policy", "same-origin");
}

static void write_field(request_rec *r, const char *label, const char *type,
                        const char *name, const char *autocomplete)
{
    ap_rvputs(r, "<label>", label, "\n<input type=\"", type, "\" name=\"",
              ap_escape_html(r->pool, name), "\" autocomplete=\"", autocomplete,
              "\" required></label>\n", NULL);
}

static int show_page(request_rec *r, const config_t *config)
{
    const char *next = navigation_next(r, NULL), *error = error_text(r);

    set_page_headers(r);
    ap_set_content_type(r, "text/html; charset=utf-8");
    ap_rputs(head, r);
    if (error) {
        ap_rvputs(r, "<p class=\"error\" role=\"alert\">", error, "</p>\n", NULL);
    }
    /* Without an action it goes where the page came from, whatever the path looks like.
     */
    ap_rputs("<form method=\"post\">\n", r);
    write_field(r, "Name", "text", config->fields->username, "username");
    write_field(r, "Password", "password", config->fields->password, "current-password");
    if (config->remember_lifetime) {
        ap_rvputs(r, "<label><input type=\"checkbox\" name=\"",
                  ap_escape_html(r->pool, config->fields->remember_me),
                  "\" value=\"on\"> Stay logged in</label>\n", NULL);
    }
    if (next) {
        ap_rvputs(r, "<input type=\"hidden\" name=\"next\" value=\"",
                  ap_escape_html(r->pool, next), "\">\n", NULL);
    }
    ap_rputs("<button>Log in</button>\n</form>\n</main>\n</body>\n</html>\n", r);
    return OK;
}

/* --- The form --------------------------------------------------------------------- */

static const char *code_of(verdict_t verdict)
{
    return verdict_info(verdict)->status == HTTP_SERVICE_UNAVAILABLE ? "unavailable"
                                                                     : "login_failed";
}

static int fail(request_rec *r, const config_t *config, const char *code,
                const char *next)
{
    return response_redirect(r, navigation_login_again(r, config, code, next));
}

/* The field that a form has of this name; NULL without one. */
static const char *optional_field(request_rec *r, const json_t *body, const char *name)
{
    body_error_t unheeded = {0};
    const char *text =
        json_object_get(body, name) ? body_field(r, body, name, 1, &unheeded) : NULL;

    json_decref(unheeded.body);
    return text;
}

static int log_in(request_rec *r, const config_t *config, const policy_t *policy,
                  const json_t *body)
{
    static const client_delivery_t in_cookies = {CONFIG_IN_COOKIE, CONFIG_IN_COOKIE};
    const char *next = navigation_next(r, optional_field(r, body, "next")), *why = "";
    body_error_t error = {0};
    grant_login_t login;
    verdict_t verdict;
    int status;

    if (!grant_read(&login, r, config, policy, body, &error)) {
        json_decref(error.body);
        return fail(r, config, "invalid", next);
    }
    verdict = grant_log_in(&login, r, &why);
    if (verdict == VERDICT_OK) {
        verdict = delivery_set_cookies(r, config, &login.policy, in_cookies,
                                       &login.delivery, &why);
    }
    if (verdict != VERDICT_OK) {
        response_log(r, verdict, why);
        return fail(r, config, code_of(verdict), next);
    }
    status = response_redirect(r, next ? next : config->after_login);
    grant_note_login(r, &login);
    return status;
}

static int take_form(request_rec *r, const config_t *config, const policy_t *policy)
{
    const char *type = apr_table_get(r->headers_in, "Content-Type"), *why = "";
    body_error_t error = {0};
    verdict_t verdict;
    json_t *body;

    verdict = csrf_check(r, config, policy, NULL, &why);
    if (verdict != VERDICT_OK) {
        return response_verdict(r, verdict, why);
    }
    if (type && ap_cstr_casecmpn(type, "application/json", 16) == 0) {
        return response_misread(
            r, HTTP_UNSUPPORTED_MEDIA_TYPE,
            response_detail("This is for HTML forms; send JSON to the endpoint token."));
    }
    body = body_read(r, config, &error);
    return body ? log_in(r, config, policy, body)
                : response_misread(r, error.status, error.body);
}

int signin_answer(request_rec *r, const config_t *config, const policy_t *policy)
{
    if (!client_has_cookies(config)) {
        return response_misread(
            r, HTTP_NOT_FOUND,
            response_detail("No cookies are used here; AuthJWTClient browser does so."));
    }
    return r->method_number == M_GET ? show_page(r, config)
                                     : take_form(r, config, policy);
}
