#include "auth/duration.h"

#include <apr_cstr.h>
#include <apr_lib.h>

apr_int64_t duration_parse(const char *text)
{
    static const struct {
        const char *unit;
        apr_int64_t seconds;
    } units[] = {{"", 1},   {"s", 1},    {"mi", 60},   {"min", 60},
                 {"m", 60}, {"h", 3600}, {"d", 86400}, {"w", 604800}};
    apr_int64_t number = 0;
    apr_size_t i;

    if (!apr_isdigit(*text)) {
        return -1;
    }
    while (apr_isdigit(*text)) {
        number = number * 10 + (*text++ - '0');
        if (number > APR_INT64_C(10000000000)) {
            return -1;
        }
    }
    if (apr_cstr_casecmp(text, "ms") == 0) {
        return number % 1000 == 0 ? number / 1000 : -1;
    }
    for (i = 0; i < sizeof units / sizeof *units; i++) {
        if (apr_cstr_casecmp(text, units[i].unit) == 0) {
            return number * units[i].seconds;
        }
    }
    return -1;
}
