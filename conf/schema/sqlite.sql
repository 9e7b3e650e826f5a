-- The tables of mod_auth_jwt for SQLite:
--
--   sqlite3 /var/lib/auth_jwt/site.db < conf/schema/sqlite.sql     (or: htjwt init)
--
-- File and directory must belong to the user that the server runs as. Write-ahead
-- logging lets requests read while somebody writes; it is set once, here, and stays.
-- Its -wal and -shm files stand beside the database.

PRAGMA journal_mode = WAL;

CREATE TABLE IF NOT EXISTS auth_jwt_user (
    id        INTEGER PRIMARY KEY AUTOINCREMENT, -- a number that was used never comes back
    username  TEXT    NOT NULL UNIQUE,
    password  TEXT    NOT NULL CHECK (password <> ''), -- a hash, see the README
    is_active INTEGER NOT NULL DEFAULT 1
);

-- One row a login. Nothing in it can be used as a token. Times are seconds since 1970.
CREATE TABLE IF NOT EXISTS auth_jwt_session (
    sid            TEXT    NOT NULL PRIMARY KEY,
    user_source    TEXT    NOT NULL, -- which table of users
    user_id        TEXT    NOT NULL,
    current_jti    TEXT    NOT NULL, -- of the refresh token that is good now
    previous_jti   TEXT    NOT NULL,
    password_mark  TEXT    NOT NULL,
    address        TEXT    NOT NULL,
    user_agent     TEXT    NOT NULL,
    created_at     INTEGER NOT NULL,
    auth_time      INTEGER NOT NULL,
    refreshed_at   INTEGER NOT NULL, -- 0: never
    idle_seconds   INTEGER NOT NULL,
    expires_at     INTEGER NOT NULL,
    absolute_until INTEGER NOT NULL,
    revoked_at     INTEGER NOT NULL, -- 0: not ended
    remember       INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS auth_jwt_session_user ON auth_jwt_session(user_id);
CREATE INDEX IF NOT EXISTS auth_jwt_session_end ON auth_jwt_session(expires_at);

-- Tokens that were ended, with AuthJWTSessions blacklist.
CREATE TABLE IF NOT EXISTS auth_jwt_blacklist (
    jti        TEXT    NOT NULL PRIMARY KEY,
    expires_at INTEGER NOT NULL -- of the token; the row is of no use afterwards
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS auth_jwt_blacklist_end ON auth_jwt_blacklist(expires_at);
