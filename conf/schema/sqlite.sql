-- The users' table of mod_auth_jwt for SQLite:
--
--   sqlite3 /var/lib/auth_jwt/site.db < conf/schema/sqlite.sql
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
