# mod_auth_jwt: how it is built, tested and installed.
#
#   make                    the module and its tool: build/out/mod_auth_jwt.so and htjwt
#   make demo               a running example (conf/demo/run)
#   make test               everything: lint, layers, unit tests, the server under three MPMs
#     MPM=event             ... under one MPM only
#     TESTS="t/00-load.t"   ... these files only, without lint, layers and unit tests
#     SANITIZE=address,undefined   ... with these sanitizers, in an output folder of their own
#     VALGRIND=1            ... the server and the unit tests under valgrind
#   make unit | lint | layers | httpd-event | httpd-worker | httpd-prefork    one stage of it
#   make bench              measurements (t/bench/run)
#   make fuzz               30 seconds of each fuzzing target (t/fuzz/run)
#     FUZZ=jws FUZZ_SECONDS=600   ... of one of them, for longer
#   make tidy | cppcheck | format | coverage
#   make install | uninstall     DESTDIR=, LIBEXECDIR=; see the end of this file
#   make clean
#
# APXS=, CC=, CPPFLAGS=, CFLAGS=, LDFLAGS= and OUT= (a folder for all output) are honoured.
# V=1 shows whole commands.

.SUFFIXES:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := all
comma := ,
say    = $(if $(V),,@echo '  $(1)';)

# ---- where output goes -------------------------------------------------------------------
# A source tree that cannot be written still builds: the folder then depends on its path and
# on the user, is the same the next time, and is refused when somebody else made it.

ifeq ($(origin OUT),undefined)
OUT := $(shell mkdir -p build/out 2>/dev/null; \
    if test -w build/out; then echo build/out; exit; fi; \
    d="$${TMPDIR:-/tmp}/mod_auth_jwt-$$(id -u)-$$(pwd -P | cksum | cut -d' ' -f1)"; \
    mkdir -p -m 700 "$$d" && test -O "$$d" && echo "$$d")
endif
ifneq ($(words $(OUT)),1)
$(error no usable output folder ('$(OUT)'); name one without blanks: make OUT=/some/dir)
endif

# Objects of different instrumentation must never be linked together.
B  := $(OUT)$(if $(SANITIZE),/san-$(subst $(comma),-,$(SANITIZE)))
SO := $(B)/mod_auth_jwt.so
HTJWT := $(B)/htjwt

# ---- what the machine has ----------------------------------------------------------------
# apxs knows where httpd is; its CFLAGS are not used, on some distributions they carry
# options that only the distribution's own packages can use.

APXS       ?= $(shell command -v apxs || command -v apxs2)
q           = $(if $(APXS),$(shell '$(APXS)' -q $(1) 2>/dev/null))
ask         = $(shell command -v $(1) >/dev/null 2>&1 && $(1) $(2) 2>/dev/null)
INCLUDEDIR := $(call q,INCLUDEDIR)
LIBEXECDIR ?= $(call q,LIBEXECDIR)
SYSCONFDIR ?= $(call q,SYSCONFDIR)
PROGNAME   := $(call q,PROGNAME)
SBINDIR    ?= $(call q,SBINDIR)
BINDIR     ?= $(call q,BINDIR)
MANDIR     ?= $(or $(call q,MANDIR),$(call q,mandir))
APR_CONFIG := $(or $(call q,APR_CONFIG),apr-1-config)
APU_CONFIG := $(or $(call q,APU_CONFIG),apu-1-config)
ifeq ($(origin CC),default)
CC := $(or $(call q,CC),cc)
endif

lib         = $(or $(call ask,pkg-config,--libs $(1)),$(2))
LIBS       := $(call lib,jansson,-ljansson) $(call lib,libcrypto,-lcrypto) $(call lib,libcrypt,-lcrypt) \
              $(call lib,libargon2,-largon2)
APR_LIBS   := $(call ask,$(APR_CONFIG),--link-ld) $(call ask,$(APU_CONFIG),--link-ld)
APR_INC    := $(patsubst -I%,-isystem %,$(filter-out -I/usr/include,$(sort \
              $(call ask,$(APR_CONFIG),--includes) $(call ask,$(APU_CONFIG),--includes))))
SYS_FLAGS  := $(call ask,$(APR_CONFIG),--cppflags) $(sort $(call ask,pkg-config,--cflags jansson libcrypto libcrypt libargon2))

# ---- flags -------------------------------------------------------------------------------

WARN    := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith \
           -Wvla -Wformat=2 -Wcast-qual -Wundef -Wno-missing-field-initializers $(WERROR)
ifdef SANITIZE
# Nothing is fortified here: glibc's checked functions would hide a fault from the sanitizer.
INSTRUMENT := -O1 -g -fno-omit-frame-pointer -fsanitize=$(SANITIZE) -fno-sanitize-recover=undefined
LINK       := -fsanitize=$(SANITIZE)
else
INSTRUMENT := -O2 -g -fstack-protector-strong \
              $(if $(filter -O0,$(CFLAGS)),,-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
LINK       := -Wl,-z,relro -Wl,-z,now
endif
# The packager's flags are last, so that they win.
COMPILE  = $(CC) -std=gnu11 -fPIC -fvisibility=hidden $(WARN) $(INSTRUMENT) -iquote src $(ROOM) \
           $(APR_INC) $(SYS_FLAGS) $(CPPFLAGS) $(CFLAGS)

# ---- the module --------------------------------------------------------------------------

FLOORS := $(wildcard src/jose/*.c src/store/*.c src/auth/*.c)
SRCS   := mod_auth_jwt.c $(FLOORS) $(wildcard src/http/*.c)
OBJS   := $(SRCS:%.c=$(B)/obj/%.o)

all: $(SO) $(HTJWT)

# httpd's headers are seen by the top floor alone: elsewhere <httpd.h> does not compile.
# Private, or what these need, the flags file, would be made with it too.
$(B)/obj/mod_auth_jwt.o: private ROOM = -isystem $(INCLUDEDIR)
$(B)/obj/src/http/%.o: private ROOM = -isystem $(INCLUDEDIR)

$(B)/obj/%.o: %.c $(B)/flags
	@mkdir -p $(@D)
	$(call say,CC  $<)$(COMPILE) -MMD -MP -c $< -o $@

$(SO): $(OBJS)
	$(call say,SO  $@)$(CC) -shared -o $@ $(OBJS) $(LINK) $(CFLAGS) $(LDFLAGS) $(LIBS)

# ---- the tool ------------------------------------------------------------------------------
# It has the SQL of conf/schema in it, and lets httpd read the configuration: on Debian by way
# of apachectl, which sets the variables that the configuration there needs.

HTJWT_SRCS  := $(wildcard src/htjwt/*.c)
HTJWT_OBJS  := $(HTJWT_SRCS:%.c=$(B)/obj/%.o)
HTJWT_HTTPD := $(call q,SBINDIR)/$(if $(filter apache2,$(PROGNAME)),apachectl,$(PROGNAME))
SCHEMA      := $(wildcard conf/schema/*.sql)

$(B)/obj/src/htjwt/options.o: private ROOM = -DHTJWT_HTTPD='"$(HTJWT_HTTPD)"'
$(B)/obj/src/htjwt/tables.o: private ROOM = -iquote $(B)/obj
$(B)/obj/src/htjwt/tables.o: $(B)/obj/htjwt/schema.inc

$(B)/obj/htjwt/schema.inc: $(SCHEMA) build/statements.awk
	@mkdir -p $(@D)
	$(call say,SQL $@)awk -f build/statements.awk $(SCHEMA) >$@

$(HTJWT): $(HTJWT_OBJS) $(FLOORS:%.c=$(B)/obj/%.o)
	$(call say,EXE $@)$(CC) -pie -o $@ $(filter %.o,$^) $(LINK) $(CFLAGS) $(LDFLAGS) $(APR_LIBS) $(LIBS)

# Written only when it differs: another compiler or another flag then builds all anew.
$(B)/flags: FORCE | found
	@mkdir -p $(@D)
	@printf '%s\n' '$(subst ','\'',$(COMPILE) $(INCLUDEDIR) $(HTJWT_HTTPD) $(LINK) $(LDFLAGS) $(LIBS))' >$@.new
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@

found:
	@test -n '$(INCLUDEDIR)' || { echo 'apxs was not found; run build/deps, or name it: make APXS=/path/apxs' >&2; exit 1; }

# ---- unit tests: the lower floors without httpd ------------------------------------------

UNIT      := $(patsubst t/unit/%.c,$(B)/unit/%,$(filter-out t/unit/tool_%,$(wildcard t/unit/*.c)))
JWT_TOOL  := $(B)/unit/tool_jws
FLOOR_OBJ := $(FLOORS:%.c=$(B)/obj/%.o)
LINK_UNIT  = $(COMPILE) -iquote t/unit -MMD -MP -MF $@.d -o $@ $(filter %.c %.o,$^) \
             $(LINK) $(LDFLAGS) $(APR_LIBS) $(LIBS)

$(B)/unit/%: t/unit/%.c $(FLOOR_OBJ) $(B)/flags
	@mkdir -p $(@D)
	$(call say,UNIT $<)$(LINK_UNIT)

# What of src/http needs no httpd.
HTTP_ALONE := $(patsubst %,$(B)/obj/src/http/%.o,cache clock cookie form gate next origin seats)

$(B)/unit/http_%: t/unit/http_%.c $(HTTP_ALONE) $(FLOOR_OBJ) $(B)/flags
	@mkdir -p $(@D)
	$(call say,UNIT $<)$(LINK_UNIT)

# ---- fuzzing: the same without a fuzzer ---------------------------------------------------
# Each target is linked twice: with a main() that runs it over its corpus, as a unit test,
# and by "make fuzz" with libFuzzer's. What it may link of src/http needs no httpd.

FUZZ_PARTS   := pool replay
FUZZ_TARGETS := $(filter-out $(FUZZ_PARTS),$(patsubst t/fuzz/%.c,%,$(wildcard t/fuzz/*.c)))
REPLAY       := $(FUZZ_TARGETS:%=$(B)/replay/%)
FUZZ_OBJ     := $(patsubst %,$(B)/obj/src/http/%.o,authorization cookie fields form next origin) $(FLOOR_OBJ)
LINK_FUZZ     = $(subst fuzzer-no-link,fuzzer,$(LINK_UNIT)) -iquote t/fuzz -ldl

$(B)/replay/%: t/fuzz/%.c t/fuzz/pool.c t/fuzz/replay.c $(FUZZ_OBJ) $(B)/flags
	@mkdir -p $(@D)
	$(call say,REPLAY $<)$(LINK_FUZZ)

$(B)/fuzz/%: t/fuzz/%.c t/fuzz/pool.c $(FUZZ_OBJ) $(B)/flags
	@mkdir -p $(@D)
	$(call say,FUZZ $<)$(LINK_FUZZ)

fuzz-programs: $(FUZZ_TARGETS:%=$(B)/fuzz/%)

# Calls that are made to fail: linked into the unit tests, preloaded under the server.
INJECT := $(B)/inject.so

$(B)/unit/inject $(B)/unit/inject_keys $(B)/unit/inject_sessions: $(B)/unit/%: t/unit/%.c t/lib/inject.c $(FLOOR_OBJ) $(B)/flags
	@mkdir -p $(@D)
	$(call say,UNIT $<)$(LINK_UNIT) -iquote t/lib -ldl

$(INJECT): t/lib/inject.c t/lib/inject.h $(B)/flags
	@mkdir -p $(@D)
	$(call say,SO  $@)$(COMPILE) -shared -o $@ $< $(LINK) $(LDFLAGS) $(APR_LIBS) $(LIBS) -ldl

# A server's time of day and its optional functions, as tests want them.
PRETEND := $(B)/pretend.so

$(PRETEND): t/lib/pretend.c $(B)/flags
	@mkdir -p $(@D)
	$(call say,SO  $@)$(COMPILE) -shared -o $@ $< $(LINK) $(LDFLAGS) $(APR_LIBS) -ldl

UNIT_WRAP := $(if $(VALGRIND),valgrind -q --leak-check=full --show-leak-kinds=definite --error-exitcode=99)

# The longest first: at the end they would run with nothing beside them. Under valgrind each runs
# alone, since some have to be in time.
UNIT_LONG := $(filter $(UNIT),$(patsubst %,$(B)/unit/%,inject django inject_keys password keyload))
UNIT_JOBS := $(if $(VALGRIND),1,$(or $(shell getconf _NPROCESSORS_ONLN 2>/dev/null),1))

unit-programs: $(UNIT) $(REPLAY) $(JWT_TOOL)

# The second asks others about tokens, by way of a program of ours: JWT_MUTATIONS=100000.
unit: $(UNIT) $(REPLAY) $(JWT_TOOL)
	@test -n '$(UNIT)' || { echo 'no unit tests in t/unit' >&2; exit 1; }
	prove --timer -j $(UNIT_JOBS) -e '$(UNIT_WRAP)' $(UNIT_LONG) $(filter-out $(UNIT_LONG),$(UNIT)) $(REPLAY)
	JWT_TOOL='$(JWT_TOOL)' prove t/unit/against

# ---- the server's tests ------------------------------------------------------------------

# gcc's libraries are asked for in the order in which they must be loaded.
RUNTIME   := $(if $(findstring address,$(SANITIZE)),libasan.so)$(if $(findstring thread,$(SANITIZE)),libtsan.so)
PRELOAD   := $(if $(RUNTIME),LD_PRELOAD=$(realpath $(shell $(CC) -print-file-name=$(RUNTIME))))
# httpd and OpenSSL leave memory behind at exit, so leaks are looked for by the unit tests only.
SAN_WRAP  := env $(PRELOAD) ASAN_OPTIONS=detect_leaks=0:log_path=@RUN@/san/asan \
             UBSAN_OPTIONS=print_stacktrace=1:log_path=@RUN@/san/ubsan TSAN_OPTIONS=log_path=@RUN@/san/tsan
# Modules are unloaded before the report is made: without keep-debuginfo it has no names.
VG_WRAP   := valgrind -q --keep-debuginfo=yes --num-callers=40 --leak-check=full --show-leak-kinds=definite \
             --suppressions=@RUN@/t/valgrind.supp --log-file=@RUN@/san/vg.%q{AUTH_JWT_START}.%p
TEST_ENV   = AUTH_JWT_MPMS='$(if $(TESTS),$*,$(MPMS))' AUTH_JWT_SO='$(SO)' AUTH_JWT_TOOL='$(HTJWT)' \
             AUTH_JWT_INJECT='$(INJECT)' AUTH_JWT_PRETEND='$(PRETEND)' AUTH_JWT_NPM='$(OUT)/npm/node_modules' \
             APXS='$(APXS)' $(if $(VALGRIND),AUTH_JWT_LIMIT=3600) \
             AUTH_JWT_WRAP='$(if $(VALGRIND),$(VG_WRAP),$(if $(SANITIZE),$(SAN_WRAP)))'
MPMS      := $(or $(MPM),event worker prefork)

httpd-%: all $(INJECT) $(PRETEND)
	@$(TEST_ENV) MPM=$* perl t/TEST $(TEST_ARGS) $(TESTS)

lint:
	@sh build/lint.sh

layers: all
	@sh build/layers.sh '$(B)'

# What is missing is installed first, and only then can the rules above know where things are:
# hence a second make. build/suite runs every stage, whatever the others did, and adds up.
test check:
	@OUT='$(OUT)' sh build/deps test
	@$(MAKE) --no-print-directory all $(INJECT) $(PRETEND) $(if $(TESTS),,unit-programs)
	+@perl build/suite '$(MAKE)' $(if $(TESTS),,lint layers unit) $(MPMS:%=httpd-%)

# What only the demo needs may stay missing: it says so itself, and leaves PHP out. By exec, since
# a signal to make must reach the demo, not a shell between them.
demo:
	@sh build/deps demo || sh build/deps build
	@$(MAKE) --no-print-directory all
	@exec env AUTH_JWT_SO='$(SO)' APXS='$(APXS)' sh conf/demo/run

bench:
	@sh build/deps bench
	@$(MAKE) --no-print-directory all '$(B)/bench/threads'
	@AUTH_JWT_SO='$(SO)' AUTH_JWT_THREADS='$(B)/bench/threads' APXS='$(APXS)' t/bench/run

$(B)/bench/threads: t/bench/threads.c $(FLOOR_OBJ) $(B)/flags
	@mkdir -p $(@D)
	$(call say,CC  $<)$(LINK_UNIT) -pthread

# The programs are made by another compiler and in a folder of their own.
FUZZ_CC      ?= clang
FUZZ_SECONDS ?= 30

fuzz:
	@sh build/deps fuzz
	@$(MAKE) --no-print-directory CC='$(FUZZ_CC)' B='$(OUT)/fuzz' \
	    SANITIZE=fuzzer-no-link,address,undefined fuzz-programs
	@FUZZ_OUT='$(OUT)/fuzz' FUZZ_SECONDS='$(FUZZ_SECONDS)' t/fuzz/run $(or $(FUZZ),$(FUZZ_TARGETS))

# ---- other eyes --------------------------------------------------------------------------

tidy: found
	clang-tidy --quiet --checks=-clang-analyzer-security.insecureAPI.DeprecatedOrUnsafeBufferHandling $(SRCS) $(HTJWT_SRCS) -- -std=gnu11 -DHTJWT_HTTPD='""' -iquote src -iquote $(B)/obj -isystem $(INCLUDEDIR) $(APR_INC) $(SYS_FLAGS)

cppcheck: found
	cppcheck --quiet --std=c11 --enable=warning,performance,portability --inline-suppr \
	    --suppress=missingIncludeSystem --error-exitcode=1 -I src -DHTJWT_HTTPD='""' $(SRCS) $(HTJWT_SRCS)

format:
	clang-format -i mod_auth_jwt.c $(wildcard src/*/*.[ch] t/unit/*.[ch] t/fuzz/*.[ch] t/lib/*.[ch] t/bench/*.c)

# What the unit tests reach of the lower floors, with gcc and in an output folder of its own.
# The function is asked for by processes that end in their own way (t/unit/apart.h).
coverage:
	@find '$(OUT)' -path '*/coverage/*.gcda' -delete 2>/dev/null || :
	@$(MAKE) --no-print-directory unit CC=gcc OUT='$(OUT)/coverage' CFLAGS='-O0 --coverage' LDFLAGS='--coverage -Wl,-u,__gcov_dump'
	@for file in $(FLOORS); do \
	    gcov -b -n -o "$(OUT)/coverage/obj/$${file%/*}" "$$file" 2>/dev/null; \
	done | awk -F'[:%]' '/^File .src\/[^<]*c.$$/ { name = $$0 } \
	    name && /^Lines/ { lines = $$2 } \
	    name && /^Taken/ { printf "%-28s lines %6.2f %%, branches %6.2f %%\n", substr(name, 6), lines, $$2; name = "" }'

# ---- install -----------------------------------------------------------------------------
# Debian keeps the two files of a module in mods-available, where a2enmod finds them; others
# read conf.modules.d and conf.d. Settings that the administrator changed are left alone.

ifneq ($(or $(wildcard $(SYSCONFDIR)/mods-available),$(and $(filter apache2,$(PROGNAME)),$(wildcard /etc/debian_version))),)
LOAD_FILE := $(SYSCONFDIR)/mods-available/auth_jwt.load
CONF_FILE := $(SYSCONFDIR)/mods-available/auth_jwt.conf
ENABLE    := a2enmod auth_jwt, then restart apache2
else
CONF_ROOT := $(if $(wildcard $(dir $(SYSCONFDIR))conf.modules.d),$(patsubst %/,%,$(dir $(SYSCONFDIR))),$(SYSCONFDIR))
LOAD_FILE := $(CONF_ROOT)/conf.modules.d/10-auth_jwt.conf
CONF_FILE := $(CONF_ROOT)/conf.d/auth_jwt.conf
ENABLE    := restart httpd; it must include $(CONF_ROOT)/conf.modules.d/*.conf and conf.d/*.conf
endif
DEST_LOAD  = $(DESTDIR)$(LOAD_FILE)
DEST_CONF  = $(DESTDIR)$(CONF_FILE)
DEST_SO    = $(DESTDIR)$(LIBEXECDIR)/mod_auth_jwt.so
# Where htpasswd is.
DEST_HTJWT = $(DESTDIR)$(if $(wildcard $(SBINDIR)/htpasswd),$(SBINDIR),$(BINDIR))/htjwt
DEST_PAGE  = $(DESTDIR)$(MANDIR)/man1/htjwt.1

install: all
	install -d "$(dir $(DEST_SO))" "$(dir $(DEST_LOAD))" "$(dir $(DEST_CONF))" "$(dir $(DEST_HTJWT))" "$(dir $(DEST_PAGE))"
	install -m 644 $(SO) "$(DEST_SO)"
	install -m 755 $(HTJWT) "$(DEST_HTJWT)"
	install -m 644 src/htjwt/htjwt.1 "$(DEST_PAGE)"
	sed 's|@LIBEXECDIR@|$(LIBEXECDIR)|' conf/auth_jwt.load.in >$(OUT)/auth_jwt.load
	install -m 644 $(OUT)/auth_jwt.load "$(DEST_LOAD)"
	test -e "$(DEST_CONF)" || install -m 644 conf/auth_jwt.conf "$(DEST_CONF)"
	@echo 'To enable it: $(ENABLE).'

uninstall: found
	rm -f "$(DEST_SO)" "$(DEST_LOAD)" "$(DEST_HTJWT)" "$(DEST_PAGE)"
	! cmp -s conf/auth_jwt.conf "$(DEST_CONF)" || rm -f "$(DEST_CONF)"

# By name, since OUT may be somebody's folder. What build/deps has fetched stays: npm/.
clean:
	rm -rf $(addprefix $(OUT)/,coverage obj unit bench replay fuzz demo flags mod_auth_jwt.so htjwt inject.so pretend.so auth_jwt.load) $(OUT)/san-*

FORCE:
.PHONY: all found coverage unit unit-programs lint layers test check demo bench fuzz fuzz-programs tidy cppcheck format \
        install uninstall clean FORCE
-include $(OBJS:.o=.d) $(HTJWT_OBJS:.o=.d) $(UNIT:=.d) $(B)/bench/threads.d $(REPLAY:=.d) $(FUZZ_TARGETS:%=$(B)/fuzz/%.d)
