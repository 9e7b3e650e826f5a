-- The users' table of mod_auth_jwt for MySQL and MariaDB:
--
--   mysql site < conf/schema/mysql.sql
--
-- The server itself needs no more than:
--
--   CREATE USER auth_jwt@localhost IDENTIFIED BY '…';
--   GRANT SELECT ON site.auth_jwt_user TO auth_jwt@localhost;
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
