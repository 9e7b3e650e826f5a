-- The users' table of mod_auth_jwt for PostgreSQL:
--
--   psql -d site -f conf/schema/postgresql.sql
--
-- The server itself needs no more than:
--
--   CREATE ROLE auth_jwt LOGIN PASSWORD '…';
--   GRANT SELECT ON auth_jwt_user TO auth_jwt;
--
-- Over the socket Debian's "peer" asks for a role named like the server's user (www-data).

CREATE TABLE IF NOT EXISTS auth_jwt_user (
    id        BIGINT  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    username  TEXT    NOT NULL UNIQUE,
    password  TEXT    NOT NULL CHECK (password <> ''),
    is_active BOOLEAN NOT NULL DEFAULT TRUE
);
