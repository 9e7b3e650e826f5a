/**
 * The lines of the configuration as httpd keeps them: a tree of directives.
 */
#ifndef HTTP_TREE_H
#define HTTP_TREE_H

#include <httpd.h>

#include <http_config.h>

/** Whether a line is this directive, or opens this section ("<Location"). */
int tree_is(const ap_directive_t *node, const char *name);

/** Whether a line is a directive of this module. */
int tree_is_ours(const ap_directive_t *node);

/** Whether a line opens a section or group; NULL opens none. */
int tree_is_section(const ap_directive_t *node);

/** Whether a line opens a group that is no section, such as <Limit> or <RequireAny>. */
int tree_is_group(const ap_directive_t *node);

/** The first argument without its quotation marks, allocated from @p p. */
const char *tree_word(const ap_directive_t *node, apr_pool_t *p);

/** The first of this and the following lines that is a directive, or NULL. */
const ap_directive_t *tree_find(const ap_directive_t *node, const char *name);

/** A line and its place, for messages, allocated from @p p. */
const char *tree_text(const ap_directive_t *at, apr_pool_t *p);

#endif
