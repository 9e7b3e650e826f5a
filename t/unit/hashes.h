/* Hashes of the forms that are written by Django, PHP, WordPress and phpBB, and of weak
 * ones: rows for the tables of password.c. Made by PHP's password_hash() and crypt(), and
 * by plain Python where PHP has no such form. */
#ifndef T_UNIT_HASHES_H
#define T_UNIT_HASHES_H

/* name, hash of WORDS, salt, weak, of no fixed length */
#define HASHES_FORMS                                                                     \
    {"bcrypt_sha256",                                                                    \
     "bcrypt_sha256$$2b$04$4Vp3WFUhvnxA4iHHs/RAp.F3J2XAwKCFyDtfeiHxIn1Aboaetj89a",       \
     "4Vp3WFUhvnxA4iHHs/RAp.", 0, 0},                                                    \
        {"Django bcrypt",                                                                \
         "bcrypt$$2b$04$4Vp3WFUhvnxA4iHHs/RAp.Fzor4pHtKRgrWg1pGFPMW0kuVn.H4by",          \
         "4Vp3WFUhvnxA4iHHs/RAp.", 0, 0},                                                \
        {"WordPress bcrypt",                                                             \
         "$wp$2y$04$4Vp3WFUhvnxA4iHHs/RAp.Z/yQ7cQxqPjXbx76DRdMtIwk53n.5me",              \
         "4Vp3WFUhvnxA4iHHs/RAp.", 0, 0},                                                \
        {"scrypt",                                                                       \
         "scrypt$16$0123456789abcdefghijAB$8$1$OD5BN9nMW582WIecK5Of97XKE/dJj41z5CKWmvm/" \
         "QSRJWAhxFvTaKNzkgxPKKPJ49oppN3fFpuXh0RqrFdh4Aw==",                             \
         "0123456789abcdefghijAB", 0, 0},                                                \
        {"Argon2id, PHP",                                                                \
         "$argon2id$v=19$m=64,t=1,p=1$ekkyRThmS3d5RC5zdEl4NQ$B82K+M35rdGtswkMywlW4F4/"   \
         "IhLP5THxgG0jIRUGY7A",                                                          \
         "ekkyRThmS3d5RC5zdEl4NQ", 0, 1},                                                \
        {"Argon2i, PHP",                                                                 \
         "$argon2i$v=19$m=64,t=1,p=1$akdzZ1d4eC5ISG5mbVVvcg$9RWjwZTEcS1/cV671Kxs/"       \
         "jjYJDzBDfDkwHi6U1KaMLI",                                                       \
         "akdzZ1d4eC5ISG5mbVVvcg", 0, 1},                                                \
        {"Argon2id, Django",                                                             \
         "argon2$argon2id$v=19$m=64,t=1,p=1$SXlMalNSUUZiSlpZUEY2Wg$"                     \
         "rOn3FvevaPFCcqAtvjWTffUq+t0dODcyLLINs+yyOfs",                                  \
         "SXlMalNSUUZiSlpZUEY2Wg", 0, 1},                                                \
        {"Argon2i, Django",                                                              \
         "argon2$argon2i$v=19$m=64,t=1,p=1$bVc1Z21zcjNvMVREWGFTNg$nKGvoYfBQKIkiIo2/"     \
         "AEvb1tdQFtkJrLNoIXjTLdEs5E",                                                   \
         "bVc1Z21zcjNvMVREWGFTNg", 0, 1},                                                \
        {"phpass $P$", "$P$5saltsaltLXiSyRIe9pB/KHk/Q4vRp1", "saltsalt", 0, 0},          \
        {"phpass $H$", "$H$5saltsaltLXiSyRIe9pB/KHk/Q4vRp1", "saltsalt", 0, 0},          \
        {"{SHA}",                                                                        \
         "{SHA}mN7MYuzjmaIu0w1JDvMzvn/ec4U=", "mN7MYuzjmaIu0w1JDvMzvn/ec4U=", 1, 0},     \
        {"sha1", "sha1$salt$122e540f533bd6d11ff5f2debe2b6dbe1f07547d", "salt", 1, 0},    \
        {"md5", "md5$salt$185a8ce4c769b0acdfda7dcc0f5026bf", "salt", 1, 0},              \
        {"sha1, no salt", "sha1$$98decc62ece399a22ed30d490ef333be7fde7385",              \
         "98decc62ece399a22ed30d490ef333be7fde7385", 1, 0},                              \
        {"md5, no salt", "md5$$88e4ddd2402d92d50e1879d6ecd9ffd4",                        \
         "88e4ddd2402d92d50e1879d6ecd9ffd4", 1, 0},                                      \
        {"bare SHA-1", "98decc62ece399a22ed30d490ef333be7fde7385",                       \
         "98decc62ece399a22ed30d490ef333be7fde7385", 1, 1},                              \
    {                                                                                    \
        "bare MD5", "88e4ddd2402d92d50e1879d6ecd9ffd4",                                  \
            "88e4ddd2402d92d50e1879d6ecd9ffd4", 1, 1                                     \
    }

/* name, password, hash */
#define HASHES_GOOD                                                                      \
    {"bcrypt_sha256, words", WORDS,                                                      \
     "bcrypt_sha256$$2b$04$4Vp3WFUhvnxA4iHHs/RAp.F3J2XAwKCFyDtfeiHxIn1Aboaetj89a"},      \
        {"bcrypt_sha256, UTF-8", UTF8,                                                   \
         "bcrypt_sha256$$2b$04$4Vp3WFUhvnxA4iHHs/RAp.E1WOsj8K1Cb3Uxwo/kX8vnqWNS49bkW"},  \
        {"bcrypt_sha256, an empty password", "",                                         \
         "bcrypt_sha256$$2b$04$4Vp3WFUhvnxA4iHHs/RAp.9bCEn0NK6UfNLT0bmeK8eRf/vdNggyu"},  \
        {"Django bcrypt, words", WORDS,                                                  \
         "bcrypt$$2b$04$4Vp3WFUhvnxA4iHHs/RAp.Fzor4pHtKRgrWg1pGFPMW0kuVn.H4by"},         \
        {"Django bcrypt, UTF-8", UTF8,                                                   \
         "bcrypt$$2b$04$4Vp3WFUhvnxA4iHHs/RAp.NgRwrnFi0F7qgyhhxjHh1BmrGXRQB7q"},         \
        {"Django bcrypt, an empty password", "",                                         \
         "bcrypt$$2b$04$4Vp3WFUhvnxA4iHHs/RAp.ISRmMednrgOmxUICQdNNpv3VyaCWrPS"},         \
        {"WordPress bcrypt, words", WORDS,                                               \
         "$wp$2y$04$4Vp3WFUhvnxA4iHHs/RAp.Z/yQ7cQxqPjXbx76DRdMtIwk53n.5me"},             \
        {"WordPress bcrypt, UTF-8", UTF8,                                                \
         "$wp$2y$04$4Vp3WFUhvnxA4iHHs/RAp.936W49pLlRwF4fbCHNgxcXeUNDXd6DK"},             \
        {"WordPress bcrypt, an empty password", "",                                      \
         "$wp$2y$04$4Vp3WFUhvnxA4iHHs/RAp.3Nt9kAvuF5hNVIbCuwqru7tE00mqcLW"},             \
        {"scrypt, words", WORDS,                                                         \
         "scrypt$16$0123456789abcdefghijAB$8$1$OD5BN9nMW582WIecK5Of97XKE/dJj41z5CKWmvm/" \
         "QSRJWAhxFvTaKNzkgxPKKPJ49oppN3fFpuXh0RqrFdh4Aw=="},                            \
        {"scrypt, UTF-8", UTF8,                                                          \
         "scrypt$16$0123456789abcdefghijAB$8$1$nVqA/6/"                                  \
         "M8gy8S6i6BLfT4dPeNSMD8hzOWnuTFY43fvQbA0NfXV6ZnYTC9oOC1/"                       \
         "rrEdBmyyvtIMBb1XBVLp0NXw=="},                                                  \
        {"scrypt, an empty password", "",                                                \
         "scrypt$16$0123456789abcdefghijAB$8$1$z+FF8qlA0AH/4iScdKbXq+ZdDINA7Lq7jdyLxr/"  \
         "3I5t4ZjLfzLmYQyjAusDydG6+WXuaaGwGzAannENWLDeFog=="},                           \
        {"Argon2id, PHP, words", WORDS,                                                  \
         "$argon2id$v=19$m=64,t=1,p=1$ekkyRThmS3d5RC5zdEl4NQ$B82K+M35rdGtswkMywlW4F4/"   \
         "IhLP5THxgG0jIRUGY7A"},                                                         \
        {"Argon2id, PHP, UTF-8", UTF8,                                                   \
         "$argon2id$v=19$m=64,t=1,p=1$Y0pmSTguWFREQ0pvOS4uNg$"                           \
         "T2gBSIJHupprFraxEA382aZLZDoS8ry3JNTR8SLQulc"},                                 \
        {"Argon2id, PHP, an empty password", "",                                         \
         "$argon2id$v=19$m=64,t=1,p=1$cVNVTHdDWFBTMFR3Nm1Qaw$4DToBjG/"                   \
         "Ndpn4ZZiURN+DvxuajjwX32qzrwhj/gZx2c"},                                         \
        {"Argon2i, PHP, words", WORDS,                                                   \
         "$argon2i$v=19$m=64,t=1,p=1$akdzZ1d4eC5ISG5mbVVvcg$9RWjwZTEcS1/cV671Kxs/"       \
         "jjYJDzBDfDkwHi6U1KaMLI"},                                                      \
        {"Argon2i, PHP, UTF-8", UTF8,                                                    \
         "$argon2i$v=19$m=64,t=1,p=1$bGFQRTZESDlUbEUuL2drYg$DE8VFtOaXERyHfW8W/"          \
         "y4uzhhvG9QKUaVxQMtG6vNBrI"},                                                   \
        {"Argon2i, PHP, an empty password", "",                                          \
         "$argon2i$v=19$m=64,t=1,p=1$OEg4cEZwcTQ0TVJyZG1ESQ$"                            \
         "NPU6U5qRxvv3rff7IjV7VYVBVbqwkRKG9i1LWdQPUI0"},                                 \
        {"Argon2id, Django, words", WORDS,                                               \
         "argon2$argon2id$v=19$m=64,t=1,p=1$SXlMalNSUUZiSlpZUEY2Wg$"                     \
         "rOn3FvevaPFCcqAtvjWTffUq+t0dODcyLLINs+yyOfs"},                                 \
        {"Argon2id, Django, UTF-8", UTF8,                                                \
         "argon2$argon2id$v=19$m=64,t=1,p=1$S1pGTlJ6SW1rblhXRTdCVw$"                     \
         "cJQekTkkVKFpeuuuq89dW8E38OnnmsmNIWuBR+dJYpM"},                                 \
        {"Argon2id, Django, an empty password", "",                                      \
         "argon2$argon2id$v=19$m=64,t=1,p=1$ZTBsSXdQR2l1U3ZuTmFBWA$vgDXDfl4JawUt/"       \
         "brpTfFNmMy1lXAhdYf+AFxIYINylM"},                                               \
        {"Argon2i, Django, words", WORDS,                                                \
         "argon2$argon2i$v=19$m=64,t=1,p=1$bVc1Z21zcjNvMVREWGFTNg$nKGvoYfBQKIkiIo2/"     \
         "AEvb1tdQFtkJrLNoIXjTLdEs5E"},                                                  \
        {"Argon2i, Django, UTF-8", UTF8,                                                 \
         "argon2$argon2i$v=19$m=64,t=1,p=1$T2Y3SGgub0k3bU1vMEhRRw$"                      \
         "zkkQ0NRPd2xIjF48sFPsJffAprsyR8Dk7GxBEtRYvuk"},                                 \
        {"Argon2i, Django, an empty password", "",                                       \
         "argon2$argon2i$v=19$m=64,t=1,p=1$L3VwSy9LRkg1blZ0UU0vaw$"                      \
         "gJidDuSMxV3Ab3BWYRgXmitSM3rTpcQYeU8x2Ywvk1Q"},                                 \
        {"phpass $P$, words", WORDS, "$P$5saltsaltLXiSyRIe9pB/KHk/Q4vRp1"},              \
        {"phpass $P$, UTF-8", UTF8, "$P$5saltsaltUYG2NXWZ24HZItPgvsHbz0"},               \
        {"phpass $P$, an empty password", "", "$P$5saltsalt/VyEB6TNW7sFL3r0f4uQ31"},     \
        {"phpass $H$, words", WORDS, "$H$5saltsaltLXiSyRIe9pB/KHk/Q4vRp1"},              \
        {"phpass $H$, UTF-8", UTF8, "$H$5saltsaltUYG2NXWZ24HZItPgvsHbz0"},               \
        {"phpass $H$, an empty password", "", "$H$5saltsalt/VyEB6TNW7sFL3r0f4uQ31"},     \
        {"{SHA}, words", WORDS, "{SHA}mN7MYuzjmaIu0w1JDvMzvn/ec4U="},                    \
        {"{SHA}, UTF-8", UTF8, "{SHA}M60OczYV7LYCtoqpN6gdJ9BZgIU="},                     \
        {"{SHA}, an empty password", "", "{SHA}2jmj7l5rSw0yVb/vlWAYkK/YBwk="},           \
        {"sha1, words", WORDS, "sha1$salt$122e540f533bd6d11ff5f2debe2b6dbe1f07547d"},    \
        {"sha1, UTF-8", UTF8, "sha1$salt$b2a8eb56c641736e1961d1785510b7b6216041c1"},     \
        {"sha1, an empty password", "",                                                  \
         "sha1$salt$b295d117135a9763da282e7dae73a5ca7d3e5b11"},                          \
        {"md5, words", WORDS, "md5$salt$185a8ce4c769b0acdfda7dcc0f5026bf"},              \
        {"md5, UTF-8", UTF8, "md5$salt$1bd93adfd000ddcde5e308c8486f9c78"},               \
        {"md5, an empty password", "", "md5$salt$ceb20772e0c9d240c75eb26b0e37abee"},     \
        {"sha1, no salt, words", WORDS,                                                  \
         "sha1$$98decc62ece399a22ed30d490ef333be7fde7385"},                              \
        {"sha1, no salt, UTF-8", UTF8,                                                   \
         "sha1$$33ad0e733615ecb602b68aa937a81d27d0598085"},                              \
        {"sha1, no salt, an empty password", "",                                         \
         "sha1$$da39a3ee5e6b4b0d3255bfef95601890afd80709"},                              \
        {"md5, no salt, words", WORDS, "md5$$88e4ddd2402d92d50e1879d6ecd9ffd4"},         \
        {"md5, no salt, UTF-8", UTF8, "md5$$80747c63e40a776c4dc08a6ceca14581"},          \
        {"md5, no salt, an empty password", "",                                          \
         "md5$$d41d8cd98f00b204e9800998ecf8427e"},                                       \
        {"bare SHA-1, words", WORDS, "98decc62ece399a22ed30d490ef333be7fde7385"},        \
        {"bare SHA-1, UTF-8", UTF8, "33ad0e733615ecb602b68aa937a81d27d0598085"},         \
        {"bare SHA-1, an empty password", "",                                            \
         "da39a3ee5e6b4b0d3255bfef95601890afd80709"},                                    \
        {"bare MD5, words", WORDS, "88e4ddd2402d92d50e1879d6ecd9ffd4"},                  \
        {"bare MD5, UTF-8", UTF8, "80747c63e40a776c4dc08a6ceca14581"},                   \
        {"bare MD5, an empty password", "", "d41d8cd98f00b204e9800998ecf8427e"},         \
        {"phpass, its own test", "test12345", "$P$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0"},     \
        {"phpass of phpBB, its own test", "test12345",                                   \
         "$H$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0"},                                          \
        {"scrypt, N of 2, r and p of 1", WORDS,                                          \
         "scrypt$2$s$1$1$m12u39ilBKqK7n1HTEO1CVUkXW8KdRdymWqLpDdrQ/"                     \
         "czwr9bQ2VsMk8piAQaINTHZmswHmdZVw/Q5af/lX6sRg=="},                              \
        {"scrypt, N of 1024, p of 5", WORDS,                                             \
         "scrypt$1024$saltsalt$8$5$i2kMT8GEQSbzAtnDaw8UxKMPSYr/"                         \
         "br5SSyw3KkyMfDFyjeW0WUclJQeqfLZtY2+uMCKur+X3biGQTOvdSwPzjQ=="},                \
        {"scrypt of Django 5.2", WORDS,                                                  \
         "scrypt$16384$36WORN6aAT7quN7qrSTdHX$8$5$2tqEMpVMUBKnyKuGGCNDJLw+"              \
         "riNjl2g23jh1uh/MeqIzHF06wIo3ntTdjyeDqqke4uJDqDbR05TTyQVSJn5+vQ=="},            \
        {"bare DES crypt", "abc", "abFZSxKKdq5s6"},                                      \
    {                                                                                    \
        "DES crypt, Django", "abc", "crypt$$abFZSxKKdq5s6"                               \
    }

/* name, that many times "x", hash, result */
#define HASHES_LENGTHS                                                                   \
    {"bcrypt_sha256, 73 bytes", 73,                                                      \
     "bcrypt_sha256$$2b$04$4Vp3WFUhvnxA4iHHs/RAp.AuYkmV2mladxquER0MWvXD3Y/okTspe",       \
     PASSWORD_MATCH},                                                                    \
        {"bcrypt_sha256, 4096 bytes", 4096,                                              \
         "bcrypt_sha256$$2b$04$4Vp3WFUhvnxA4iHHs/RAp.RmXxkXmcXnLKgUhNB0V4enfpQ5Bj2B.",   \
         PASSWORD_MATCH},                                                                \
        {"bcrypt_sha256, 4097 bytes", 4097,                                              \
         "bcrypt_sha256$$2b$04$4Vp3WFUhvnxA4iHHs/RAp.evg298TukGLqm4WL9WTWrwcK911D/ca",   \
         PASSWORD_MISMATCH},                                                             \
        {"Django bcrypt, 72 bytes", 72,                                                  \
         "bcrypt$$2b$04$4Vp3WFUhvnxA4iHHs/RAp.8UJMCRaq5zKsXPk3Rb2nhZNzEE2j/1a",          \
         PASSWORD_MATCH},                                                                \
        {"Django bcrypt, 73 bytes", 73,                                                  \
         "bcrypt$$2b$04$4Vp3WFUhvnxA4iHHs/RAp.8UJMCRaq5zKsXPk3Rb2nhZNzEE2j/1a",          \
         PASSWORD_MISMATCH},                                                             \
        {"WordPress bcrypt, 73 bytes", 73,                                               \
         "$wp$2y$04$4Vp3WFUhvnxA4iHHs/RAp.vRtOcBYQV5VB9c2CEbKUEKJcLLGahfS",              \
         PASSWORD_MATCH},                                                                \
        {"WordPress bcrypt, 4096 bytes", 4096,                                           \
         "$wp$2y$04$4Vp3WFUhvnxA4iHHs/RAp.IisPkN36fpduXuEJFFQqy3vSrxebtTW",              \
         PASSWORD_MATCH},                                                                \
        {"WordPress bcrypt, 4097 bytes", 4097,                                           \
         "$wp$2y$04$4Vp3WFUhvnxA4iHHs/RAp.KfyvghcpAkjeyoEv6TGuJOOGCRH9l7i",              \
         PASSWORD_MISMATCH},                                                             \
        {"scrypt, 73 bytes", 73,                                                         \
         "scrypt$16$0123456789abcdefghijAB$8$1$dO88D/Q49ecJCe7fiXcSw/"                   \
         "Y4G5c3Qq472WnwOGC5wmiJ0HhRGnAHDYyiPCxn1aKIu2YZustckdjlH/K5yTlpSQ==",           \
         PASSWORD_MATCH},                                                                \
        {"scrypt, 4096 bytes", 4096,                                                     \
         "scrypt$16$0123456789abcdefghijAB$8$1$sQOXIUOJ2GMYyTNgH0vx+h1pMRWlR7Yd8QRJ/"    \
         "R1ttrhnnQ0u9MS/cxPbaeLqSPN8bZ4nqu2SszySyD/HT+VKZA==",                          \
         PASSWORD_MATCH},                                                                \
        {"scrypt, 4097 bytes", 4097,                                                     \
         "scrypt$16$0123456789abcdefghijAB$8$1$"                                         \
         "4u2ES2iKcL709ZdtkV9W8EanGdolkv3sgBs1OkxeRm+93+nL9DS+knoZtFTlMH+"               \
         "sCzXNGA3N9Gwcxe1MHMNrGg==",                                                    \
         PASSWORD_MISMATCH},                                                             \
        {"Argon2id, PHP, 73 bytes", 73,                                                  \
         "$argon2id$v=19$m=64,t=1,p=1$S3RZcXJub0VVb0ZDdjFGMQ$1T/j1GF6Hr/"                \
         "vUnTuo1skW89fCZoXHizgVS8c7T/D0PA",                                             \
         PASSWORD_MATCH},                                                                \
        {"Argon2id, PHP, 4096 bytes", 4096,                                              \
         "$argon2id$v=19$m=64,t=1,p=1$dUM5ajBiSmNWS3V3V09ZdQ$TTqykchFPGGaQ28l36/"        \
         "oYJFgulOExppVVTyuUvWvQ/E",                                                     \
         PASSWORD_MATCH},                                                                \
        {"Argon2id, PHP, 4097 bytes", 4097,                                              \
         "$argon2id$v=19$m=64,t=1,p=1$dVJCWjJic012OWR2MHZRLw$eMHqzbyiCveyfUe61uEaj/"     \
         "bu+Xzl8qxkW9kkPI8sQ5A",                                                        \
         PASSWORD_MISMATCH},                                                             \
        {"Argon2i, PHP, 73 bytes", 73,                                                   \
         "$argon2i$v=19$m=64,t=1,p=1$MzZ0MzJQOE5FU0pibkVWQw$"                            \
         "yGb2mWJmboOA1HeOA3pTS3sPn7C+eXnlus3fKHJ2cYE",                                  \
         PASSWORD_MATCH},                                                                \
        {"Argon2i, PHP, 4096 bytes", 4096,                                               \
         "$argon2i$v=19$m=64,t=1,p=1$Q2pEZllycXhWZFlzTUtHSw$"                            \
         "Kgb83tqtbyXgA3aB1YApQNrpHoVYMwhghm1E1v4ghq4",                                  \
         PASSWORD_MATCH},                                                                \
        {"Argon2i, PHP, 4097 bytes", 4097,                                               \
         "$argon2i$v=19$m=64,t=1,p=1$aTh2TmlSVkEwRWFmTTM4cQ$"                            \
         "amkcRJNxDnx3HSqh7qfN3a3hEVDLnM0m0SEAx3P7oCU",                                  \
         PASSWORD_MISMATCH},                                                             \
        {"Argon2id, Django, 73 bytes", 73,                                               \
         "argon2$argon2id$v=19$m=64,t=1,p=1$dG1Fa3dlSlU1aXdVZkRaWQ$43f3BIJgo+"           \
         "WN5YhShxJ3gDBXhb/qpfPSRLoh51IJ0fw",                                            \
         PASSWORD_MATCH},                                                                \
        {"Argon2id, Django, 4096 bytes", 4096,                                           \
         "argon2$argon2id$v=19$m=64,t=1,p=1$TXdNTXZrbVBhUFZteFRhMA$HblnudlvXeMjm+"       \
         "iOIoJkkZ8V+NTo+kc2e/ehoidMGNc",                                                \
         PASSWORD_MATCH},                                                                \
        {"Argon2id, Django, 4097 bytes", 4097,                                           \
         "argon2$argon2id$v=19$m=64,t=1,p=1$SHd5RllTRGFmM3pwNUxtag$R1i87Lv16BIb/"        \
         "A8bkov4LkZnkEzmz9OMSv30KS/LrQA",                                               \
         PASSWORD_MISMATCH},                                                             \
        {"Argon2i, Django, 73 bytes", 73,                                                \
         "argon2$argon2i$v=19$m=64,t=1,p=1$LnlyRWZvT2daSkdzZDVlbw$"                      \
         "NQdZtaGZXfhUk3lAYckw73Xpd38DOux2Zud/SqzYLuc",                                  \
         PASSWORD_MATCH},                                                                \
        {"Argon2i, Django, 4096 bytes", 4096,                                            \
         "argon2$argon2i$v=19$m=64,t=1,p=1$ZEtsRk1vMVJpVWRGV3BMNQ$"                      \
         "BpGWn8AEfJVwpxf8ylhLSR32Z3F/3hJrPhkILWy5I6s",                                  \
         PASSWORD_MATCH},                                                                \
        {"Argon2i, Django, 4097 bytes", 4097,                                            \
         "argon2$argon2i$v=19$m=64,t=1,p=1$SFZJREdDaW83anJEUUtEag$GRXptCAc44CyjKlObx/"   \
         "YuuOCAtJ18C1379I8XgYGZSw",                                                     \
         PASSWORD_MISMATCH},                                                             \
        {"phpass $P$, 73 bytes", 73, "$P$5saltsaltcltFQoQE0FfjHfjsD5Luk.",               \
         PASSWORD_MATCH},                                                                \
        {"phpass $P$, 4096 bytes", 4096, "$P$5saltsalt42kjxKENeQkWXx8cFw2K..",           \
         PASSWORD_MATCH},                                                                \
        {"phpass $P$, 4097 bytes", 4097, "$P$5saltsalteXWuUSlyi0tSZkRW3BbOg/",           \
         PASSWORD_MISMATCH},                                                             \
        {"phpass $H$, 73 bytes", 73, "$H$5saltsaltcltFQoQE0FfjHfjsD5Luk.",               \
         PASSWORD_MATCH},                                                                \
        {"phpass $H$, 4096 bytes", 4096, "$H$5saltsalt42kjxKENeQkWXx8cFw2K..",           \
         PASSWORD_MATCH},                                                                \
        {"phpass $H$, 4097 bytes", 4097, "$H$5saltsalteXWuUSlyi0tSZkRW3BbOg/",           \
         PASSWORD_MISMATCH},                                                             \
        {"{SHA}, 73 bytes", 73, "{SHA}jYtlAKrDtJ6rz9mcGjMyjwUuoAg=", PASSWORD_MATCH},    \
        {"{SHA}, 4096 bytes", 4096,                                                      \
         "{SHA}BJTcWS2gShdTIjkY6nO8uGh2Nyw=", PASSWORD_MATCH},                           \
        {"{SHA}, 4097 bytes", 4097,                                                      \
         "{SHA}tfSmCYtzQfjNlbG1MgscUNHv5v4=", PASSWORD_MISMATCH},                        \
        {"sha1, 73 bytes", 73, "sha1$salt$ddd079170f08de5275242b09b6c44abf396a7ee2",     \
         PASSWORD_MATCH},                                                                \
        {"sha1, 4096 bytes", 4096, "sha1$salt$c61c04278e739371338e4f3d20c61d78da0b9f8a", \
         PASSWORD_MATCH},                                                                \
        {"sha1, 4097 bytes", 4097, "sha1$salt$a0f5bdde710403ccdc68ad578f973a5df87ca310", \
         PASSWORD_MISMATCH},                                                             \
        {"md5, 73 bytes", 73, "md5$salt$45a44b519ad0c2e74aeb9d40b589e348",               \
         PASSWORD_MATCH},                                                                \
        {"md5, 4096 bytes", 4096, "md5$salt$95d305896679a40c59202029315bd3e6",           \
         PASSWORD_MATCH},                                                                \
        {"md5, 4097 bytes", 4097, "md5$salt$4d6ea4128692bbc79f36ae8986d59e50",           \
         PASSWORD_MISMATCH},                                                             \
        {"sha1, no salt, 73 bytes", 73,                                                  \
         "sha1$$8d8b6500aac3b49eabcfd99c1a33328f052ea008", PASSWORD_MATCH},              \
        {"sha1, no salt, 4096 bytes", 4096,                                              \
         "sha1$$0494dc592da04a1753223918ea73bcb86876372c", PASSWORD_MATCH},              \
        {"sha1, no salt, 4097 bytes", 4097,                                              \
         "sha1$$b5f4a6098b7341f8cd95b1b5320b1c50d1efe6fe", PASSWORD_MISMATCH},           \
        {"md5, no salt, 73 bytes", 73, "md5$$ff93bbd760477d096da87044024b8cd9",          \
         PASSWORD_MATCH},                                                                \
        {"md5, no salt, 4096 bytes", 4096, "md5$$20439f79e4e9dc95be34b21029221f80",      \
         PASSWORD_MATCH},                                                                \
        {"md5, no salt, 4097 bytes", 4097, "md5$$88751dd296563726278c2d57ab7549e4",      \
         PASSWORD_MISMATCH},                                                             \
        {"bare SHA-1, 73 bytes", 73, "8d8b6500aac3b49eabcfd99c1a33328f052ea008",         \
         PASSWORD_MATCH},                                                                \
        {"bare SHA-1, 4096 bytes", 4096, "0494dc592da04a1753223918ea73bcb86876372c",     \
         PASSWORD_MATCH},                                                                \
        {"bare SHA-1, 4097 bytes", 4097, "b5f4a6098b7341f8cd95b1b5320b1c50d1efe6fe",     \
         PASSWORD_MISMATCH},                                                             \
        {"bare MD5, 73 bytes", 73, "ff93bbd760477d096da87044024b8cd9", PASSWORD_MATCH},  \
        {"bare MD5, 4096 bytes", 4096, "20439f79e4e9dc95be34b21029221f80",               \
         PASSWORD_MATCH},                                                                \
    {                                                                                    \
        "bare MD5, 4097 bytes", 4097, "88751dd296563726278c2d57ab7549e4",                \
            PASSWORD_MISMATCH                                                            \
    }

/* name, hash of "secret" */
#define HASHES_SECRETS                                                                   \
    {"bcrypt_sha256",                                                                    \
     "bcrypt_sha256$$2b$04$4Vp3WFUhvnxA4iHHs/RAp.jvpuTUuiq3kYlpzspPc9CQnxaS3FZzq"},      \
        {"Django bcrypt",                                                                \
         "bcrypt$$2b$04$4Vp3WFUhvnxA4iHHs/RAp.qVDxSTQAFBTSbu2Rf0V5gTEvYbPD53W"},         \
        {"WordPress bcrypt",                                                             \
         "$wp$2y$04$4Vp3WFUhvnxA4iHHs/RAp.U72bS64lkFCzHCSMaenXJ7rRZjtDw1W"},             \
        {"scrypt",                                                                       \
         "scrypt$16$0123456789abcdefghijAB$8$1$TglZh6MAOA7PSOMNY4/H/"                    \
         "U2Ktr8bJ0dCHCcfpO8ABqgNLOkhLHpMOBO/j1hN8Q/MNgP626OIPDBR1cKJtBCsAg=="},         \
        {"Argon2id, PHP", "$argon2id$v=19$m=64,t=1,p=1$bXZaM0tNUmlzbGZYNjBzUw$"          \
                          "2fEjxdfpfcaVgNQnf+xrD5P2i1RB5EZW1udB7ggLfbA"},                \
        {"Argon2i, PHP", "$argon2i$v=19$m=64,t=1,p=1$VWE4S1V3YjByeEpiOUl0SA$"            \
                         "c2QJe2cJoPgHefQHYO2KC6fgBECilIKoHxOIflWJZ8w"},                 \
        {"Argon2id, Django", "argon2$argon2id$v=19$m=64,t=1,p=1$LkhsclR2V0ZCcXE2TFdsWA$" \
                             "oCkzDCzwbFHIFSCHQEI0t17HpyXFJeghlZ3rCMOOcng"},             \
        {"Argon2i, Django", "argon2$argon2i$v=19$m=64,t=1,p=1$TVRUTTEwSWd6ZWV5NkhzYg$"   \
                            "Eupp8527IchUn6z23QUZWtU65THovXqqqHYEVTPylwk"},              \
        {"phpass $P$", "$P$5saltsaltln7tVOqGZvSRNFNCDAV8B1"},                            \
        {"phpass $H$", "$H$5saltsaltln7tVOqGZvSRNFNCDAV8B1"},                            \
        {"{SHA}", "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ="},                                  \
        {"sha1", "sha1$salt$da00ec2e6ff9ed4d342b24a16e262c82f3c8b10b"},                  \
        {"md5", "md5$salt$d42a0f742ffc1be4e1cc0845c2429c97"},                            \
        {"sha1, no salt", "sha1$$e5e9fa1ba31ecd1ae84f75caaa474f3a663f05f4"},             \
        {"md5, no salt", "md5$$5ebe2294ecd0e0f08eab7690d2a6ee69"},                       \
        {"bare SHA-1", "e5e9fa1ba31ecd1ae84f75caaa474f3a663f05f4"},                      \
        {"bare MD5", "5ebe2294ecd0e0f08eab7690d2a6ee69"},                                \
    {                                                                                    \
        "DES crypt", "abNANd1rDfiNc"                                                     \
    }

/* hashes of "not the password" */
#define HASHES_STAND_INS                                                                 \
    "bcrypt_sha256$$2b$04$4Vp3WFUhvnxA4iHHs/RAp.IqjcS5ScaLd1XydxUOCQTTraPP4WQ0u",        \
        "bcrypt$$2b$04$4Vp3WFUhvnxA4iHHs/RAp.RZ5QA7diTrLiq.EIPNltSrBK/LoBKEG",           \
        "$wp$2y$04$4Vp3WFUhvnxA4iHHs/RAp.hyyQgXZofCCFli9Yzq1DGoONHduJESi",               \
        "scrypt$16$0123456789abcdefghijAB$8$1$"                                          \
        "9fyYWGocMy7On9JH1A3nakwNPkwmYwXMXGWtpgxtoezJcISGQ9/kqtnzmk/"                    \
        "0tN+GJfDpX5wpjgs7LOIF/lr+iw==",                                                 \
        "$argon2id$v=19$m=64,t=1,p=1$V1hFR3h4c0kwYS8zSjVPRw$1WWw2TnHCzUnPaF9gDTDK3w5Z+"  \
        "Qzsiyve6KsoImtOrI",                                                             \
        "$argon2i$v=19$m=64,t=1,p=1$YWdUc2o2dTNqdWgualZYYw$qURbvQ9ESFia0KaTe7NGh2PMGPV/" \
        "kuJdZwohhlabyb0",                                                               \
        "argon2$argon2id$v=19$m=64,t=1,p=1$b3EzeS94dXc5eVlWb2dteA$"                      \
        "IKkBhwXvx3nAcoo3x3iw79BTh3hZdFcmvXuAAB7cFBM",                                   \
        "argon2$argon2i$v=19$m=64,t=1,p=1$Y21KaDZpLm12eklld0l6Yg$"                       \
        "nJdEKKlTKfUYKvwYodUuC476ugzYiFLuqLkYtTJjvCQ",                                   \
        "$P$5saltsaltiWfc2S9s2smHEkvMbw3K90", "$H$5saltsaltiWfc2S9s2smHEkvMbw3K90",      \
        "{SHA}LAkAXwhNuS0LIngpOocl9Hs/A0k=",                                             \
        "sha1$salt$09eab88a10b9f4f22dd3209881b62ac982f2093a",                            \
        "md5$salt$04c7a684ae74722b8c4480c150624701",                                     \
        "sha1$$2c09005f084db92d0b2278293a8725f47b3f0349",                                \
        "md5$$9128f21d7c45e7b05de86d4eeac9d609",                                         \
        "2c09005f084db92d0b2278293a8725f47b3f0349", "9128f21d7c45e7b05de86d4eeac9d609"

#endif
