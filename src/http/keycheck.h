/**
 * What configtest asks of keys: that every place has those it names and needs, and that
 * nobody else can read them.
 */
#ifndef HTTP_KEYCHECK_H
#define HTTP_KEYCHECK_H

#include <httpd.h>

#include "http/sections.h"

/** @return NULL, or what is wrong in a place and how to mend it */
const char *keycheck_section(const sections_place_t *section, apr_pool_t *p);

/** @return NULL, or a message about a key file that the children can read */
const char *keycheck_readers(apr_pool_t *p);

#endif
