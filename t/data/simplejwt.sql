-- A real Django database, as Django 3.2 and SimpleJWT's app token_blacklist made it; its users have
-- hashes of 260,000 rounds. bob is inactive, dave
-- has no usable password, grace's password has a blank on either side, frank's hash is an old one.
CREATE TABLE "auth_user" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "password" varchar(128) NOT NULL, "last_login" datetime NULL, "is_superuser" bool NOT NULL, "username" varchar(150) NOT NULL UNIQUE, "last_name" varchar(150) NOT NULL, "email" varchar(254) NOT NULL, "is_staff" bool NOT NULL, "is_active" bool NOT NULL, "date_joined" datetime NOT NULL, "first_name" varchar(150) NOT NULL);
INSERT INTO "auth_user" VALUES(1,'pbkdf2_sha256$260000$b49rPHfzQ52H6wyaVPHdfS$iFwoDuBifRyV/XdPkWOIezISO7w8v2Psxb71J0er5jo=',NULL,0,'alice','','alice@example.org',0,1,'2026-11-22 08:10:19.326776','');
INSERT INTO "auth_user" VALUES(2,'pbkdf2_sha256$260000$gNDK7fFobYQN3q2Mue2Smo$NjxI6UyF9YuUgvgeLrx9ETe6QRHOxavN1ljmLSs8vls=',NULL,0,'bob','','',0,0,'2026-11-22 08:10:19.444255','');
INSERT INTO "auth_user" VALUES(3,'pbkdf2_sha256$260000$ARTI0470O06iYWWTenLAGG$4P/IvFQXq3AS21Y4lOlPRZraHa9Knrz/QXQhrOfuknw=',NULL,0,'jürgen','','',0,1,'2026-11-22 08:10:19.564325','');
INSERT INTO "auth_user" VALUES(4,'pbkdf2_sha256$260000$skZ0QjWc6GYlC996tzAQtF$Dc9w8jGGGbWBYC0nY3Bujo4oYcXeCos4GFl2qtHDuEc=',NULL,0,'carol','','',0,1,'2026-11-22 08:10:19.697628','');
INSERT INTO "auth_user" VALUES(5,'!OAmyZnLvIqV9gWEK1mpC4GE6YeM0I4AS9jWMoA5O',NULL,0,'dave','','',0,1,'2026-11-22 08:10:19.832585','');
INSERT INTO "auth_user" VALUES(6,'pbkdf2_sha256$260000$udegNMFBycEdFx7l4ahBXf$yf9lQwxGJY0SxKRad1jQoYrViHklDYGXLSim20QxA7I=',NULL,0,'eve','','',0,1,'2026-11-22 08:10:19.853664','');
INSERT INTO "auth_user" VALUES(7,'pbkdf2_sha1$260000$0ldLOx9sJqAnQ7KwYQYsyo$LuCePiDCXA/Gj4fHtW5cqSRZPxI=',NULL,0,'frank','','',0,1,'2026-11-22 08:10:20.158198','');
INSERT INTO "auth_user" VALUES(8,'pbkdf2_sha256$260000$HoLrpYfgOU6DcO6PJtGSxw$MahOeMzhCyWKFQEoGv7LuyLSTdKbcPQLw6zf5HOv60k=',NULL,0,'grace','','',0,1,'2026-11-22 08:10:20.280127','');
INSERT INTO "auth_user" VALUES(9,'pbkdf2_sha256$260000$rc4qD8izDKN2Vjoj7jwlc6$3/8Ple6DpTzB+ewKVpmsRrwWWgDMTR3xVLWHEdJjz9E=',NULL,0,'42','','',0,1,'2026-11-22 08:10:20.300653','');
INSERT INTO "auth_user" VALUES(10,'pbkdf2_sha256$260000$zlceahMHkMieTNM0o3ZCnD$S2wmdmDVzahlaLF/l9p8j4flc9yi0vsAqlUdqsaFQIw=',NULL,0,'heidi','','',0,1,'2026-11-22 08:10:20.496845','');
CREATE TABLE "token_blacklist_blacklistedtoken" ("blacklisted_at" datetime NOT NULL, "token_id" bigint NOT NULL UNIQUE REFERENCES "token_blacklist_outstandingtoken" ("id") DEFERRABLE INITIALLY DEFERRED, "id" integer NOT NULL PRIMARY KEY AUTOINCREMENT);
CREATE TABLE "token_blacklist_outstandingtoken" ("token" text NOT NULL, "created_at" datetime NULL, "expires_at" datetime NOT NULL, "user_id" integer NULL REFERENCES "auth_user" ("id") DEFERRABLE INITIALLY DEFERRED, "jti" varchar(255) NOT NULL UNIQUE, "id" integer NOT NULL PRIMARY KEY AUTOINCREMENT);
CREATE INDEX "token_blacklist_outstandingtoken_user_id_83bc629a" ON "token_blacklist_outstandingtoken" ("user_id");
