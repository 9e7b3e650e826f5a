/**
 * The directives: one line each, and how their arguments become settings.
 */
#ifndef HTTP_DIRECTIVES_H
#define HTTP_DIRECTIVES_H

#include <httpd.h>

#include <http_config.h>

extern const command_rec directives_table[];

#endif
