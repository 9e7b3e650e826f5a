#include "store/dberror.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <string.h>

/* The driver gives the code of any error, after it has waited. */
int dberror_is_locked(const char *text)
{
    return strstr(text, " is locked") != NULL;
}

const char *dberror_cure(const char *text)
{
    static const struct {
        const char *symptom, *cure;
    } cures[] = {
        {" is locked", "another program holds its lock; write briefly, and set PRAGMA "
                       "journal_mode=WAL"},
        {"unable to open", "check that the server's user may read and write the file and "
                           "its directory"},
        {"readonly", "check that the server's user may write the file and its directory"},
        {"disk", "check the file by PRAGMA integrity_check, and the room on its disk"},
        {"not a database", "check what DBDParams names"},
        {NULL, "check that the table and its columns exist and may be read, and see the "
               "database's own log"},
    };
    int i = 0;

    while (cures[i].symptom && !strstr(text, cures[i].symptom)) {
        i++;
    }
    return cures[i].cure;
}

const char *dberror_text(db_t *db, int rv)
{
    const char *text = apr_dbd_error(db->driver, db->handle, rv);

    return text && *text ? text : "no reason given";
}

const char *dberror_explain(db_t *db, int rv, apr_pool_t *p)
{
    char *copy = apr_pstrdup(p, dberror_text(db, rv));

    /* PostgreSQL's texts have several lines, a log line has one. */
    for (char *at = copy; *at; at++) {
        if (apr_iscntrl(*at)) {
            *at = ' ';
        }
    }
    return apr_psprintf(p, "%s says: %s (code %d); %s", apr_dbd_name(db->driver), copy,
                        rv, dberror_cure(copy));
}
