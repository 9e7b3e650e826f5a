/**
 * What htjwt asks of a configuration: the tool lets httpd read it, by
 * "httpd -t -D AUTH_JWT_DUMP", and has no parser of its own.
 */
#ifndef HTTP_DUMP_H
#define HTTP_DUMP_H

#include "http/sections.h"

/** Whether httpd was started for this and nothing else. */
int dump_is_asked_for(void);

/**
 * Write one line of JSON to standard output: the server and each virtual host that takes
 * part, with database, users' queries, names and sources of keys, and token settings.
 *
 * DBDParams stand in it as they are configured; of keys there is nothing but where they
 * come from.
 *
 * @param all  sections_place_t
 * @return NULL, or what is wrong and how to mend it
 */
const char *dump_print(const apr_array_header_t *all, apr_pool_t *p);

#endif
