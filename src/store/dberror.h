/**
 * What a database says when it fails, for the log: with what may help.
 */
#ifndef STORE_DBERROR_H
#define STORE_DBERROR_H

#include "store/db.h"

/** The driver's words for the code of an error that it has just given. */
const char *dberror_text(db_t *db, int rv);

/** The same in one line, with its code and the cure. */
const char *dberror_explain(db_t *db, int rv, apr_pool_t *p);

/** What may help, as a clause. */
const char *dberror_cure(const char *text);

/** Whether somebody else's lock is the reason, which is brief as a rule. */
int dberror_is_locked(const char *text);

#endif
