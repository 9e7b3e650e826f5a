-- The users' table of mod_auth_jwt for PostgreSQL:
--
--   psql -d site -f conf/schema/postgresql.sql
--
-- The server itself needs no more than:  GRANT SELECT ON auth_jwt_user TO auth_jwt;

CREATE TABLE IF NOT EXISTS auth_jwt_user (
    id        BIGINT  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    username  TEXT    NOT NULL UNIQUE,
    password  TEXT    NOT NULL,
    is_active BOOLEAN NOT NULL DEFAULT TRUE
);
