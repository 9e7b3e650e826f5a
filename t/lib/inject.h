/* The nth call that can fail does fail: of malloc() and its kin, or of OpenSSL.
 *
 * Built twice: linked into t/unit/inject.c, which arms it by the functions below, and as
 * a library for LD_PRELOAD under httpd, which a request arms by a header field:
 *
 *   X-Inject: memory 17
 *
 * Only the thread that read the request is meant, and only until it writes to the same
 * socket, so that the nth call is one of that request's own. For each call that was made
 * to fail a line is added to the file that INJECT_LOG names. */
#ifndef T_LIB_INJECT_H
#define T_LIB_INJECT_H

typedef struct {
    const char *name;
    int calls; /* of inject_calls */
    int value; /* what functions that return an int give; 1 is success */
    int all;   /* not the nth alone, but all from the nth on */
} inject_mode_t;

/* Ends with one without a name. */
extern const inject_mode_t inject_modes[];

typedef struct {
    long asked, failed;
} inject_count_t;

/* From now on the nth such call of this thread fails. */
void inject_arm(const inject_mode_t *mode, long nth);

/* No call fails any more. Returns how many such calls there were, and failed. */
inject_count_t inject_disarm(void);

#endif
