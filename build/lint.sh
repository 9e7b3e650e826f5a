#!/bin/sh
# build/lint.sh: slips that a machine can see. Each finding is one line; any makes it fail.
set -u
cd "$(dirname "$0")/.." || exit 2
status=0

# clang-format breaks lines differently from version to version; only this one is asked.
format_version=14

found() { [ -z "$1" ] || { printf '%s\n' "$1"; status=1; }; }
note() { sed "s|\$|: $1|"; }
existing() { for file; do [ -f "$file" ] && printf '%s\n' "$file"; done; }

c_files() { existing mod_auth_jwt.c src/*/*.[ch] t/unit/*.[ch] t/fuzz/*.[ch] t/lib/*.[ch] t/bench/*.[ch]; }
sh_files() {
    existing build/* .ci/run t/bench/* t/fuzz/* conf/demo/* t/cgi-bin/* | while read -r file; do
        head -n 1 "$file" | grep -Eq '^#!.*[/ ](ba|da)?sh\b' && echo "$file"
    done
}
text_files() {
    c_files
    existing Makefile CHANGES README.md .ci/* build/* conf/* conf/*/* t/* t/*/* t/*/*/*
}

check_blanks() {
    c_files | xargs grep -nE "$(printf '\t')" /dev/null | cut -d: -f1,2 | note 'a tab'
    text_files | grep -v '\.mk$' | xargs grep -InE '[[:blank:]]+$' /dev/null | cut -d: -f1,2 | note 'blanks at the end of the line'
}

# Calls with no bound, or with no way to tell an error.
check_functions() {
    c_files | grep -v '^t/' |
        xargs grep -nE '(^|[^A-Za-z0-9_])(strcpy|strcat|sprintf|vsprintf|atoi|atol|strtok|gets)[ ]*\(' /dev/null |
        grep -vE '^[^:]*:[0-9]*:[ ]*/?\*' | note 'a function that is not used here'
    # Secrets are compared by CRYPTO_memcmp; where there is none, a comment on the line says so.
    existing src/jose/*.c src/store/password.c src/store/digest.c |
        xargs grep -nE '(^|[^A-Za-z0-9_])(memcmp|strn?cmp)[ ]*\(' /dev/null |
        grep 'memcmp' | grep -vE '/\*|//' | note 'CRYPTO_memcmp, or a comment why no secret is compared'
}

# What only one machine has.
check_places() {
    text_files | xargs grep -InE '(^|[^A-Za-z0-9_.$}])/(home|root|work)/' /dev/null | note 'the path of one machine'
}

check_scripts() {
    sh_files | while read -r file; do
        case $(head -n 1 "$file") in
        *bash*) command -v bash >/dev/null 2>&1 && bash -n "$file" 2>&1 ;;
        *) sh -n "$file" 2>&1 ;;
        esac
    done
    command -v shellcheck >/dev/null 2>&1 || return
    sh_files | xargs -r shellcheck -S warning -f gcc
}

# A test that no run includes, and configuration that belongs to no test.
check_tests() {
    existing t/*/*.t t/*/*/*.t | note 'only t/*.t are run'
    for conf in t/conf/*.conf; do
        name=$(basename "$conf" .conf)
        [ "$name" = vhosts ] || [ -e "t/$name.t" ] || echo "$conf: there is no t/$name.t"
    done
}

check_changes() {
    version=$(existing mod_auth_jwt.c src/*/*.[ch] | xargs grep -hoE '[A-Z_]*VERSION +"[0-9.]+"' /dev/null |
        head -n 1 | sed 's/.*"\(.*\)"/\1/')
    head -n 1 CHANGES | grep -qF "mod_auth_jwt ${version:-0.}" ||
        echo "CHANGES: the first line does not name version ${version:-0.x}"
}

check_format() {
    command -v clang-format >/dev/null 2>&1 || return
    clang-format --version | grep -q "version $format_version\." || return
    c_files | xargs -n 1 sh -c 'clang-format "$1" | cmp -s - "$1" || echo "$1: not formatted; make format"' sh
}

found "$(check_blanks)"
found "$(check_functions)"
found "$(check_places)"
found "$(check_scripts)"
found "$(check_tests)"
found "$(check_changes)"
found "$(check_format)"
exit $status
