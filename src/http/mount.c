#include "http/mount.h"

#include <apr_strings.h>

#define ALL 0u

typedef enum { SHOWS_KEYS, ASKS_USERS, ISSUES } work_t;

/* Those that make tokens come first, those that need no database last. */
static const struct {
    const char *name; /* below the path */
    const char *handler;
    work_t work;
    int has_parts;  /* whether /PART may stand behind the name */
    int when_named; /* whether it is left out where no names are given */
} table[] = {
    {"token", "jwt-obtain", ISSUES, 0, 0},
    {"token/refresh", "jwt-refresh", ISSUES, 0, 0},
    {"login", "jwt-login", ISSUES, 0, 0},
    {"sliding", "jwt-obtain-sliding", ISSUES, 0, 1},
    {"sliding/refresh", "jwt-refresh-sliding", ISSUES, 0, 1},
    {"token/verify", "jwt-verify", ASKS_USERS, 0, 0},
    {"token/blacklist", "jwt-blacklist", ASKS_USERS, 0, 0},
    {"logout", "jwt-logout", ASKS_USERS, 0, 0},
    {"sessions", "jwt-sessions", ASKS_USERS, 1, 0},
    {"user", "jwt-user", ASKS_USERS, 0, 0},
    {"jwks.json", "jwt-jwks", SHOWS_KEYS, 0, 0},
};

#define ROWS ((int)(sizeof table / sizeof *table))

mount_t *mount_make(const char *path, apr_pool_t *p)
{
    mount_t *mount = apr_pcalloc(p, sizeof *mount);
    char *copy = apr_pstrdup(p, path);
    apr_size_t len = strlen(copy);

    while (len && copy[len - 1] == '/') {
        copy[--len] = '\0';
    }
    mount->path = copy;
    mount->path_len = len;
    mount->names = ALL;
    return mount;
}

const char *mount_add(mount_t *mount, const char *name, apr_pool_t *p)
{
    const char *known = "";
    int i;

    for (i = 0; i < ROWS; i++) {
        if (strcmp(table[i].name, name) == 0) {
            mount->names |= 1u << i;
            return NULL;
        }
        known = apr_pstrcat(p, known, *known ? ", " : "", table[i].name, NULL);
    }
    return apr_psprintf(p, "there is no endpoint '%s'; known are %s", name, known);
}

static int is_mounted(const mount_t *mount, int row)
{
    return mount->names == ALL ? !table[row].when_named : mount->names >> row & 1;
}

const char *mount_first(const mount_t *mount)
{
    int i = 0;

    while (!is_mounted(mount, i)) {
        i++;
    }
    return table[i].handler;
}

/* What may stand behind a name: nothing, a slash, or a part and perhaps a slash. */
static int is_tail(const char *tail, int has_parts)
{
    if (has_parts && tail[0] == '/') {
        tail += 1 + strcspn(tail + 1, "/");
    }
    return tail[0] == '\0' || (tail[0] == '/' && tail[1] == '\0');
}

const char *mount_find(const mount_t *mount, const char *uri)
{
    apr_size_t len;
    int i;

    if (strncmp(uri, mount->path, mount->path_len) != 0 || uri[mount->path_len] != '/') {
        return NULL;
    }
    uri += mount->path_len + 1;
    for (i = 0; i < ROWS; i++) {
        len = strlen(table[i].name);
        if (is_mounted(mount, i) && strncmp(uri, table[i].name, len) == 0 &&
            is_tail(uri + len, table[i].has_parts)) {
            return table[i].handler;
        }
    }
    return NULL;
}

static int find_handler(const char *handler)
{
    int i;

    for (i = 0; i < ROWS; i++) {
        if (strcmp(table[i].handler, handler) == 0) {
            return i;
        }
    }
    return -1;
}

int mount_has_handler(const char *handler)
{
    return find_handler(handler) >= 0;
}

int mount_issues(const char *handler)
{
    int row = find_handler(handler);

    return row >= 0 && table[row].work == ISSUES;
}

int mount_asks_users(const char *handler)
{
    int row = find_handler(handler);

    return row >= 0 && table[row].work != SHOWS_KEYS;
}

const char *mount_handlers(apr_pool_t *p)
{
    const char *names = table[0].handler;
    int i;

    for (i = 1; i < ROWS; i++) {
        names = apr_pstrcat(p, names, ", ", table[i].handler, NULL);
    }
    return names;
}
