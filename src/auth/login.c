/* An unknown user is doomed, not turned away: the request does all the work of a
 * wrong password and fails at its end, so that neither answer nor time tells who
 * has an account. (SimpleJWT and Django do the same, for their preferred hash.)
 *
 * The connection goes back before the hash is computed: it takes a thousand times
 * longer than the query. */
#include "auth/login.h"

#include <apr_strings.h>

static verdict_t find_user(user_t *user, int *found, const policy_t *policy,
                           const char *username, const char **why, apr_pool_t *p)
{
    apr_status_t rv;
    db_t db;

    *found = 0;
    if (policy->store->open(&db, why, policy->store->context) != APR_SUCCESS) {
        return VERDICT_STORE_DOWN;
    }
    rv = users_by_name(user, policy->users, &db, username, why, p);
    policy->store->close(policy->store->context);
    if (rv != APR_SUCCESS && rv != APR_NOTFOUND) {
        return VERDICT_STORE_DOWN;
    }
    *found = rv == APR_SUCCESS;
    /* Else a query that forgets it would refuse everybody without a word. */
    if (*found && !user->has_password && !policy->provider) {
        *why = "the query gives no column password; add it, or \"AS password\" behind "
               "the table's own name for it";
        return VERDICT_STORE_DOWN;
    }
    *why = "no such user";
    return VERDICT_OK;
}

/* Do the work of the form that this name is given, and forget it. */
static void work(const policy_t *policy, const char *username, const char *password,
                 apr_size_t len)
{
    char template[PASSWORD_TEMPLATE_SIZE];
    int is_known = policy->effort && effort_choose(template, policy->effort, username);

    password_work(password, len, is_known ? template : NULL);
}

/* Remember what a hash of this site costs. A failed login teaches as well: else users who
 * have not come for long, and whose hashes are older and cheaper than all others, could
 * be told from the unknown. Whoever tries them all makes them count once each. */
static void learn(const policy_t *policy, const user_t *user)
{
    char template[PASSWORD_TEMPLATE_SIZE];

    if (policy->effort && password_template(template, user->password) == APR_SUCCESS) {
        effort_learn(policy->effort, user->id, template);
    }
}

static verdict_t check_password(const policy_t *policy, const user_t *user,
                                const char *password, apr_size_t len, const char **why,
                                apr_pool_t *p)
{
    const char *detail = "";
    password_result_t result = PASSWORD_UNUSABLE;

    if (user->password) {
        result = password_verify(password, len, user->password,
                                 policy->may_hashes_be_weak, &detail);
    }
    if (result == PASSWORD_MATCH || result == PASSWORD_MISMATCH) {
        learn(policy, user);
        *why = apr_psprintf(p, "wrong password for the user with the id '%s'", user->id);
        return result == PASSWORD_MATCH ? VERDICT_OK : VERDICT_LOGIN_FAILED;
    }
    if (result == PASSWORD_FAILED) {
        *why = apr_psprintf(p, "the password hash of the user with the id '%s': %s",
                            user->id, detail);
        return VERDICT_CRYPTO_DOWN;
    }
    work(policy, user->username, password, len);
    if (result == PASSWORD_UNUSABLE) {
        *why =
            apr_psprintf(p, "the user with the id '%s' has no usable password", user->id);
        return VERDICT_LOGIN_FAILED;
    }
    *why = apr_psprintf(p,
                        "the password hash of the user with the id '%s' cannot be "
                        "checked: %s",
                        user->id, detail);
    return VERDICT_BAD_HASH;
}

/* All work of one login, counted as one hash: either the user's or a dummy is computed,
 * and what is not computed costs nothing. The seat is taken for unknown users, too. */
static verdict_t hash(const policy_t *policy, const user_t *user, const char *username,
                      const char *password, apr_size_t len, const char **why,
                      apr_pool_t *p)
{
    const policy_seats_t *seats = policy->seats;
    verdict_t verdict = VERDICT_LOGIN_FAILED;

    if (seats && seats->take(why, seats->context) != APR_SUCCESS) {
        return VERDICT_BUSY;
    }
    if (user) {
        verdict = check_password(policy, user, password, len, why, p);
    } else {
        work(policy, username, password, len);
    }
    if (seats) {
        seats->leave(seats->context);
    }
    return verdict;
}

/* The mark is of the hash that was checked, not of one that took its place since. */
static verdict_t identify(identity_t *out, const policy_t *policy, const user_t *user,
                          const char **why, apr_pool_t *p)
{
    char *mark = apr_pcalloc(p, PASSWORD_MARK_SIZE);

    if (policy->ends_on_password_change &&
        password_mark(mark, user->password) != APR_SUCCESS) {
        *why = "OpenSSL could not compute SHA-256";
        return VERDICT_CRYPTO_DOWN;
    }
    *out = (identity_t){.user_id = user->id,
                        .username = user->username,
                        .password = user->password,
                        .password_mark = mark};
    return VERDICT_OK;
}

/* The provider's work is counted as a hash, which it usually is. */
static verdict_t ask_provider(const char **provider, const char **name,
                              const policy_t *policy, const char *password,
                              const char **why)
{
    const policy_seats_t *seats = policy->seats;
    verdict_t verdict;

    if (!users_is_printable(*name) || !*password) {
        *why = "a name with a control character, or no password";
        return VERDICT_LOGIN_FAILED;
    }
    if (seats && seats->take(why, seats->context) != APR_SUCCESS) {
        return VERDICT_BUSY;
    }
    verdict =
        policy->provider->judge(provider, name, password, why, policy->provider->context);
    if (seats) {
        seats->leave(seats->context);
    }
    if (verdict == VERDICT_OK && !(**name && users_is_printable(*name))) {
        *why = "the authn provider gave the user an unusable name";
        return VERDICT_LOGIN_FAILED;
    }
    return verdict;
}

/* The provider first: whose password is wrong must not see by time who has a row. */
static verdict_t check_provider(identity_t *out, const policy_t *policy, const char *name,
                                const char *password, const char **why, apr_pool_t *p)
{
    const char *provider;
    verdict_t verdict;
    user_t user;
    int found;

    verdict = ask_provider(&provider, &name, policy, password, why);
    if (verdict != VERDICT_OK) {
        return verdict;
    }
    if (!policy->users) {
        *out = (identity_t){.user_id = apr_pstrcat(p, provider, ":", name, NULL),
                            .username = name,
                            .password_mark = ""};
        return VERDICT_OK;
    }
    verdict = find_user(&user, &found, policy, name, why, p);
    if (verdict == VERDICT_OK && !found) {
        *why = apr_psprintf(p,
                            "the authn provider '%s' knows the user, the table of "
                            "users does not",
                            provider);
        return VERDICT_LOGIN_FAILED;
    }
    if (verdict == VERDICT_OK && !user.is_active) {
        *why = apr_psprintf(p, "the user with the id '%s' is inactive", user.id);
        return VERDICT_LOGIN_FAILED;
    }
    if (verdict == VERDICT_OK) {
        *out = (identity_t){
            .user_id = user.id, .username = user.username, .password_mark = ""};
    }
    return verdict;
}

verdict_t login_check(identity_t *out, const policy_t *policy, const char *username,
                      const char *password, apr_size_t len, const char **why,
                      apr_pool_t *p)
{
    verdict_t verdict;
    user_t user;
    int found;

    if (policy->provider) {
        return check_provider(out, policy, username, password, why, p);
    }
    verdict = find_user(&user, &found, policy, username, why, p);
    if (verdict != VERDICT_OK) {
        return verdict;
    }
    verdict = hash(policy, found ? &user : NULL, username, password, len, why, p);
    if (verdict != VERDICT_OK) {
        return verdict;
    }
    if (!user.is_active) {
        *why = apr_psprintf(p, "the user with the id '%s' is inactive", user.id);
        return VERDICT_LOGIN_FAILED;
    }
    return identify(out, policy, &user, why, p);
}

apr_status_t login_note(const policy_t *policy, const char *user_id, const char **why,
                        apr_pool_t *p)
{
    apr_status_t rv;
    db_t db;

    rv = policy->store->open(&db, why, policy->store->context);
    if (rv == APR_SUCCESS) {
        rv = users_note_login(policy->last_login, &db, user_id, why, p);
        policy->store->close(policy->store->context);
    }
    return rv;
}

void login_prepare(apr_pool_t *p)
{
    password_prepare(p);
}
