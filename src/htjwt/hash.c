#include "htjwt/hash.h"

#include <apr_strings.h>
#include <crypt.h>
#include <string.h>

#include "htjwt/say.h"
#include "store/password.h"

/* bcrypt uses so many bytes and forgets the others; crypt(3) takes no more of any. */
#define BCRYPT_MOST 72
#define CRYPT_MOST  511

const char *hash_make(const char *password, int bcrypt_cost, apr_pool_t *p)
{
    apr_size_t len = strlen(password), most = bcrypt_cost ? BCRYPT_MOST : CRYPT_MOST;
    const char *name = bcrypt_cost ? "bcrypt" : "yescrypt";
    char setting[CRYPT_GENSALT_OUTPUT_SIZE];
    const char *hash = NULL, *why = "no reason given";
    struct crypt_data *data = apr_pcalloc(p, sizeof *data);

    if (len > most) {
        say_fail(SAY_TOO_LONG,
                 "the password has %" APR_SIZE_T_FMT " bytes, and %s takes "
                 "%" APR_SIZE_T_FMT "; choose a shorter one%s",
                 len, name, most, bcrypt_cost ? ", or leave -B away" : "");
    }
    if (crypt_gensalt_rn(bcrypt_cost ? "$2y$" : "$y$", (unsigned long)bcrypt_cost, NULL,
                         0, setting, sizeof setting)) {
        hash = crypt_r(password, setting, data);
        hash = hash && *hash != '*' ? apr_pstrdup(p, hash) : NULL;
    }
    explicit_bzero(data, sizeof *data);
    if (!hash) {
        say_fail(SAY_FAILED, "libcrypt of this system makes no hash by %s; %s", name,
                 bcrypt_cost ? "leave -B away" : "add -B");
    }
    /* What the server could not check must never be stored. */
    if (password_verify(password, len, hash, 0, &why) != PASSWORD_MATCH) {
        say_fail(SAY_FAILED, "the module would not accept the new hash by %s: %s; %s",
                 name, why, bcrypt_cost ? "leave -B away" : "add -B");
    }
    return hash;
}
