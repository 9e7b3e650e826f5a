/**
 * Our own URLs: which they are, and who answers.
 */
#ifndef HTTP_ENDPOINTS_H
#define HTTP_ENDPOINTS_H

#include <httpd.h>

/** pre_translate_name and translate_name: recognise a mounted URL before mod_proxy,
 *  mod_rewrite and mod_alias do. */
int endpoints_pre_translate(request_rec *r);
int endpoints_translate(request_rec *r);

/** map_to_storage: a mounted endpoint is no file, and no .htaccess rules over it. */
int endpoints_map_to_storage(request_rec *r);

/** type_checker: name the handler of a mounted endpoint. */
int endpoints_type(request_rec *r);

/** fixups: answer a preflight, before anybody redirects it. */
int endpoints_fixups(request_rec *r);

/** handler: answer. */
int endpoints_handle(request_rec *r);

/** At start: what must have been done before the first login. */
void endpoints_prepare(apr_pool_t *pconf);

/** In each child: make the seats of those whose password is hashed. */
void endpoints_child_init(apr_pool_t *pchild, server_rec *s);

#endif
