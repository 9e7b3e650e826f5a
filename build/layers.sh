#!/bin/sh
# build/layers.sh [BUILD]: hold the direction of imports and the names of what is public.
#
#   mod_auth_jwt.c -> src/http -> src/auth -> src/jose, src/store
#   src/htjwt, the tool, stands beside the first two: it sees the rooms below, and no httpd
#
# BUILD is the folder with what was built (default build/out); without it only the text is read.
# Each finding is one line: file, what is wrong, and what is right.
set -u
cd "$(dirname "$0")/.." || exit 2
out=${1:-build/out}
status=0

found() { [ -z "$1" ] || { printf '%s\n' "$1"; status=1; }; }

# ---- 1. who includes whom ----------------------------------------------------------------

# "FILE INCLUDED" for every include line; system headers keep their brackets.
includes() {
    for file in mod_auth_jwt.c src/*/*.[ch]; do
        [ -e "$file" ] || continue
        sed -n 's|^[ \t]*#[ \t]*include[ \t]*\(<[^>]*>\).*|\1|p
                s|^[ \t]*#[ \t]*include[ \t]*"\([^"]*\)".*|\1|p' "$file" | sed "s|^|$file |"
    done
}

check_includes() {
    includes | awk '
    function room(path,  part) {
        return split(path, part, "/") == 3 ? part[2] : "roof"
    }
    function name(path,  part, n) {
        n = split(path, part, "/"); sub(/\.[ch]$/, "", part[n]); return part[n]
    }
    # Entries are called by a hook, answers by an entry, helpers read requests and write answers, the base serves both.
    function level(n) {
        if (n ~ /^(endpoints|authn|authz|require|expression|directives|configtest)$/) return 4
        if (n ~ /^(grant|revoke|renew|signin|profile)$/) return 3
        if (n ~ /^(request|response|private|provider|body|jar|query|credential|delivery|navigation|csrf|cors|dump|sources|setters|userbase|browser|extras|export)$/) return 2
        if (n ~ /^(config|dbd|cache|clock|gate|seats|keysource|keyprogram|keyring|keycheck|browsercheck|pairing|mount|purge|form|fields|cookie|origin|next|client|outgoing|authorization|tree|lines|sections)$/) return 1
        return 0
    }
    function bad(why) { print $1 ": includes " $2 ": " why }
    {
        from = room($1); sub(/^src\//, "", $2)
        to = $2; sub(/\/.*/, "", to)
        system_header = $2 ~ /^</
        if (!system_header && $2 !~ /\//) { bad("write it relative to src, as in \"jose/jws.h\""); next }

        if (system_header) {
            if ($2 ~ /^<openssl\// && from != "jose" && !(from == "store" && name($1) ~ /^(password|digest)$/) \
                && $1 != "src/htjwt/keygen.c")
                bad("OpenSSL is for src/jose, src/store/password and digest, and src/htjwt/keygen alone")
            if ($2 == "<jansson.h>" && from != "jose" && from != "http" && from != "htjwt")
                bad("jansson is for src/jose, src/http and src/htjwt alone")
            if ($2 == "<argon2.h>" && $1 != "src/store/digest.c")
                bad("libargon2 is for src/store/digest alone")
            if ($2 == "<apr_dbd.h>" && from != "store" && $1 != "src/htjwt/database.c")
                bad("apr_dbd is for src/store and src/htjwt/database alone; others see store/db.h")
            if ($2 ~ /^<(httpd|http_[a-z]+|ap_[a-z_]+|util_[a-z]+|mod_[a-z_]+|scoreboard|mpm_common)\.h>/ \
                && from != "http" && from != "roof")
                bad("httpd is for mod_auth_jwt.c and src/http alone")
            next
        }
        if (to == from && from != "http") next
        if (from == "htjwt" && to ~ /^(auth|jose|store)$/) next
        if (from == "roof" && to == "http") next
        if (from == "auth" && (to == "jose" || to == "store")) next
        if (from == "http") {
            if (to == "auth") next
            if ($2 ~ /^(jose\/(added|claims|flat|jwk|jsontext|path|recent)|store\/(db|expired|users|sessions|standing|trial|blacklist))\.h$/) next
            if (to == "http") {
                mine = name($1); other = name($2)
                if (mine == other) next
                if (!level(mine) || !level(other)) bad("one of them has no level yet; give it one in build/layers.sh")
                else if (level(mine) == 4 && level(other) == 4) bad("entries never include each other")
                else if (level(other) > level(mine)) bad("within src/http includes go down: entries, helpers, base")
                next
            }
        }
        bad("src/" from " may not see " to "; the order is http, auth, then jose and store side by side")
    }' | sed 's| src/roof | mod_auth_jwt.c |'
}

# ---- 2. prefix = file = room -------------------------------------------------------------

# The functions that a header declares, seen without comments and preprocessor lines.
check_prefixes() {
    for header in src/*/*.h; do
        [ -e "$header" ] || continue
        perl -0777 -e '
            my $file = shift; my ($name) = $file =~ m{([^/]+)\.h$};
            open my $in, "<", $file or die "$file: $!\n"; $_ = <$in>;
            s{/\*.*?\*/|//[^\n]*}{}gs; s/\\\n//g; s/^\s*#.*$//mg;
            s/__attribute__\s*\(\(.*?\)\)//gs;
            1 while s/\{[^{}]*\}/;/gs;
            for (split /;/) {
                next if /^\s*(?:typedef|static)\b/ || /\(\s*\*/ && !/\w\s*\([^*]/;
                next unless /(\w+)\s*\(/;
                print "$file: $1: a public function of $name begins with ${name}_\n"
                    unless $1 =~ /^\Q${name}_\E/;
            }' "$header"
    done
}

# The same from the objects: what is public without standing in the header of its own file.
check_objects() {
    for object in "$out"/obj/src/*/*.o; do
        [ -e "$object" ] || continue
        source=src/${object#"$out"/obj/src/}
        [ -e "${source%.o}.c" ] || continue
        nm -g --defined-only "$object" | awk -v file="${source%.o}.c" '
            BEGIN { name = file; sub(/.*\//, "", name); sub(/\.c$/, "", name) }
            $2 ~ /^[A-Z]$/ && $3 !~ /^_/ && $3 != "main" && index($3, name "_") != 1 {
                print file ": " $3 ": public, so it begins with " name "_" }'
    done
}

# ---- 3. what the module exports ----------------------------------------------------------

check_exports() {
    [ -e "$out/mod_auth_jwt.so" ] || return
    nm -D --defined-only "$out/mod_auth_jwt.so" | awk -v so="$out/mod_auth_jwt.so" '
        $3 == "auth_jwt_module" { seen = 1; next }
        $3 ~ /^__/ { next }
        { print so ": exports " $3 "; only auth_jwt_module is for others" }
        END { if (!seen) print so ": does not export auth_jwt_module" }'
}

found "$(check_includes)"
found "$(check_prefixes)"
found "$(check_objects)"
found "$(check_exports)"
exit $status
