/**
 * Programs that write a key.
 */
#ifndef HTTP_KEYPROGRAM_H
#define HTTP_KEYPROGRAM_H

#include <httpd.h>

#include "jose/jwk.h"

/** No key of any kind is larger, and a set of keys hardly. */
#define KEYPROGRAM_MAX_BYTES 65536

/**
 * Run a program, and read what it writes to its standard output.
 *
 * It is started in ServerRoot without a shell, must belong to root or to whoever starts
 * httpd and stand where nobody else can replace it, and has 10 seconds.
 *
 * @param out   allocated from @p p; untouched unless the program was run
 * @param line  its whole path and its arguments, with quotation marks where needed
 * @return NULL, or what is wrong and how to mend it
 */
const char *keyprogram_read(bytes_t *out, const char *line, apr_pool_t *p);

#endif
