-- The tables of mod_auth_jwt for PostgreSQL:
--
--   psql -d site -f conf/schema/postgresql.sql     (or: htjwt init -d pgsql)
--
-- The server itself needs no more than:
--
--   CREATE ROLE auth_jwt LOGIN PASSWORD '…';
--   GRANT SELECT ON auth_jwt_user TO auth_jwt;
--   GRANT SELECT, INSERT, UPDATE, DELETE ON auth_jwt_session TO auth_jwt;
--   GRANT SELECT, INSERT, UPDATE, DELETE ON auth_jwt_blacklist TO auth_jwt;
--
-- Over the socket Debian's "peer" asks for a role named like the server's user (www-data).

CREATE TABLE IF NOT EXISTS auth_jwt_user (
    id        BIGINT  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    username  TEXT    NOT NULL UNIQUE,
    password  TEXT    NOT NULL CHECK (password <> ''),
    is_active BOOLEAN NOT NULL DEFAULT TRUE
);

-- One row a login. Nothing in it can be used as a token. Times are seconds since 1970.
CREATE TABLE IF NOT EXISTS auth_jwt_session (
    sid            VARCHAR(32)  NOT NULL PRIMARY KEY,
    user_source    TEXT         NOT NULL, -- which table of users
    user_id        TEXT         NOT NULL,
    current_jti    VARCHAR(255) NOT NULL, -- of the refresh token that is good now
    previous_jti   VARCHAR(255) NOT NULL,
    password_mark  VARCHAR(32)  NOT NULL,
    address        VARCHAR(64)  NOT NULL,
    user_agent     VARCHAR(255) NOT NULL,
    created_at     BIGINT       NOT NULL,
    auth_time      BIGINT       NOT NULL,
    refreshed_at   BIGINT       NOT NULL, -- 0: never
    idle_seconds   BIGINT       NOT NULL,
    expires_at     BIGINT       NOT NULL,
    absolute_until BIGINT       NOT NULL,
    revoked_at     BIGINT       NOT NULL, -- 0: not ended
    remember       BIGINT       NOT NULL
);
CREATE INDEX IF NOT EXISTS auth_jwt_session_user ON auth_jwt_session(user_id);
CREATE INDEX IF NOT EXISTS auth_jwt_session_end ON auth_jwt_session(expires_at);

-- Tokens that were ended, with AuthJWTSessions blacklist.
CREATE TABLE IF NOT EXISTS auth_jwt_blacklist (
    jti        VARCHAR(255) NOT NULL PRIMARY KEY,
    expires_at BIGINT       NOT NULL -- of the token; the row is of no use afterwards
);
CREATE INDEX IF NOT EXISTS auth_jwt_blacklist_end ON auth_jwt_blacklist(expires_at);
