-- The tables of mod_auth_jwt for MySQL and MariaDB:
--
--   mysql site < conf/schema/mysql.sql     (or: htjwt init -d mysql)
--
-- The server itself needs no more than:
--
--   CREATE USER auth_jwt@localhost IDENTIFIED BY '…';
--   GRANT SELECT ON site.auth_jwt_user TO auth_jwt@localhost;
--   GRANT SELECT, INSERT, UPDATE, DELETE ON site.auth_jwt_session TO auth_jwt@localhost;
--   GRANT SELECT, INSERT, UPDATE, DELETE ON site.auth_jwt_blacklist TO auth_jwt@localhost;
--
-- User names are compared byte by byte, as on the other databases: with the default
-- collation "Alice" and "alice" would be one user.

CREATE TABLE IF NOT EXISTS auth_jwt_user (
    id        BIGINT       NOT NULL AUTO_INCREMENT PRIMARY KEY,
    username  VARCHAR(150) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL UNIQUE,
    password  VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL
              CHECK (password <> ''),
    is_active BOOLEAN      NOT NULL DEFAULT TRUE
) ENGINE = InnoDB;

-- One row a login. Nothing in it can be used as a token. Times are seconds since 1970.
-- InnoDB, as rotation depends on one statement seeing the outcome of the other. user_id is
-- binary (UTF-8): other types take "x" and "x " for one user.
CREATE TABLE IF NOT EXISTS auth_jwt_session (
    sid            VARCHAR(32)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
    user_source    VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    user_id        VARBINARY(1020) NOT NULL,
    current_jti    VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    previous_jti   VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    password_mark  VARCHAR(32)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    address        VARCHAR(64)  CHARACTER SET ascii NOT NULL,
    user_agent     VARCHAR(255) CHARACTER SET ascii NOT NULL,
    created_at     BIGINT       NOT NULL,
    auth_time      BIGINT       NOT NULL,
    refreshed_at   BIGINT       NOT NULL,
    idle_seconds   BIGINT       NOT NULL,
    expires_at     BIGINT       NOT NULL,
    absolute_until BIGINT       NOT NULL,
    revoked_at     BIGINT       NOT NULL,
    remember       BIGINT       NOT NULL,
    INDEX auth_jwt_session_user (user_id),
    INDEX auth_jwt_session_end (expires_at)
) ENGINE = InnoDB;

-- Tokens that were ended, with AuthJWTSessions blacklist.
CREATE TABLE IF NOT EXISTS auth_jwt_blacklist (
    jti        VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
    expires_at BIGINT       NOT NULL, -- of the token; the row is of no use afterwards
    INDEX auth_jwt_blacklist_end (expires_at)
) ENGINE = InnoDB;
