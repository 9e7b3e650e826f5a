/**
 * Claims in httpd's expressions: %{JWT:PATH} and jwt('PATH').
 */
#ifndef HTTP_EXPRESSION_H
#define HTTP_EXPRESSION_H

#include <httpd.h>

#include <ap_expr.h>

/** expr_lookup: our names, while an expression is parsed. */
int expression_lookup(ap_expr_lookup_parms *parms);

#endif
