/**
 * What a login costs here: a sample of the known users by the form of their hashes, from
 * which each unknown name gets a form of its own.
 *
 * In memory that all children share. Nothing is locked: each word is written whole, and
 * whoever is killed while writing spoils one entry at most.
 */
#ifndef AUTH_EFFORT_H
#define AUTH_EFFORT_H

#include "store/password.h"

#define EFFORT_KEY_SIZE 16
#define EFFORT_USERS    128
#define EFFORT_FORMS    32

/** Users of one table; zeros but for the key: nobody is known yet. */
typedef struct {
    unsigned char key[EFFORT_KEY_SIZE]; /* random, so that nobody can foresee a form */
    apr_uint32_t users[EFFORT_USERS];   /* who and which form; 0: free */
    struct {
        apr_uint32_t state;
        char text[PASSWORD_TEMPLATE_SIZE]; /* never changed once it is there */
    } forms[EFFORT_FORMS];
} effort_t;

/**
 * Choose the form for a name that has no hash.
 *
 * A name has the same one as long as the sample is the same, and a new user in it
 * changes few; over many names forms are as frequent as among the users.
 *
 * @return 0 when nothing is known yet
 */
int effort_choose(char out[PASSWORD_TEMPLATE_SIZE], const effort_t *effort,
                  const char *name);

/**
 * Remember the form of a user's hash, in place of the one before. Which users are kept
 * depends on key and id alone, not on how often they come.
 */
void effort_learn(effort_t *effort, const char *user_id, const char *password_template);

#endif
