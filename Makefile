# headcount - one Makefile, no recursion into folders; everything lands in
# $(BUILD).  A variant is the same rules with another BUILD= and other flags:
#   make BUILD=build/clang CC=clang        make BUILD=build/asan SAN=address
#
# Yours to set: CC CFLAGS CPPFLAGS LDFLAGS LDLIBS PREFIX DESTDIR BUILD DEV=1
# (warnings are errors) and the trees BEARSSL_DIR= (inc/ + build/libbearssl.a,
# or include/ + lib/), JSMN_DIR= (jsmn.h), LUA_DIR= (src/, or include/ + lib/);
# BEARSSL_VERSION= is what `headcount version` says of a tree of yours.
# `make static` takes sources: BEARSSL_SRC= LUA_SRC= MUSL_SRC= (trees, tarballs).
# V=1 shows whole commands.  `make -n` prints and starts nothing: no recipe line
# has a '+' or the word $(MAKE), and no $(shell) stands anywhere.

BUILD ?= build
CFLAGS ?= -O2 -g
PREFIX ?= /usr/local
DESTDIR ?=
DEV ?=
BEARSSL_DIR ?=
JSMN_DIR ?=
LUA_DIR ?=
BEARSSL_VERSION ?=
MUSL_VERSION ?=
FUZZ_SECONDS ?= 30
SOAK_SECONDS ?= 600
BEARSSL_SRC ?=
LUA_SRC ?=
MUSL_SRC ?=
STATIC_ARCHS ?= x86_64 aarch64
POLICY ?=
FILES ?=
export BEARSSL_DIR JSMN_DIR LUA_DIR DEV FUZZ_SECONDS SOAK_SECONDS

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:
# `make -s`: the single letters come first.
SILENT := $(findstring s,$(firstword -$(MAKEFLAGS)))
MAKEFLAGS += --no-print-directory

# The word after "#define HEADCOUNT_VERSION", without its quotes.
VERSION := $(patsubst HEADCOUNT_VERSION="%",%,$(filter HEADCOUNT_VERSION="%",\
    $(subst HEADCOUNT_VERSION ",HEADCOUNT_VERSION=",$(file <core/headcount.h))))
SOVERSION := 0
JOBS ?=
# For the shell of a recipe: how many jobs run side by side.
AT_ONCE = $(or $(JOBS),$$(nproc 2>/dev/null || echo 2))
PYTHON = $(firstword $(wildcard build/venv/bin/python) python3)

# ---- what is compiled ----

CORE_C := $(wildcard core/*/*.c core/*/*/*.c)
CLI_C := $(wildcard bindings/cli/*.c bindings/cli/*/*.c)
LUA_C := $(wildcard bindings/lua/*.c bindings/lua/*/*.c)
TEST_C := $(filter-out tests/fuzz/% tests/bench/% tests/system/%,\
    $(wildcard tests/*_test.c tests/*/*_test.c tests/*/*/*_test.c))
PEER_C := $(wildcard tests/peers/*.c)
# Beside the tests that are linked with it.
FAKE_C := tests/cli/watch/fake_ops.c
FUZZ_C := $(wildcard tests/fuzz/*_fuzz.c)
NET_FUZZ_C := tests/fuzz/net_sock.c tests/fuzz/net_peers.c

obj = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))
CORE_O := $(call obj,$(CORE_C))
CLI_O := $(call obj,$(CLI_C))
LUA_O := $(call obj,$(LUA_C))
TESTS := $(patsubst %.c,$(BUILD)/%,$(TEST_C))
FUZZERS := $(patsubst %.c,$(BUILD)/%,$(FUZZ_C))
REPLAYS := $(patsubst %_fuzz.c,$(BUILD)/%_replay,$(FUZZ_C))

LIB_A := $(BUILD)/libheadcount.a
LIB_SO := $(BUILD)/libheadcount.so.$(SOVERSION)
PROGRAM := $(BUILD)/headcount
LUA_FILES := $(wildcard lua/headcount/*.lua)
LUA_FACADE := $(patsubst lua/%,$(BUILD)/lua/%,$(LUA_FILES))
LUA_FILES_O := $(BUILD)/obj/lua_files.o
LUA_MODULE := $(BUILD)/lua/headcount/core.so
COMMANDS := $(BUILD)/compile_commands.json

# ---- with what ----

WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion \
    -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wcast-qual \
    -Wcast-align -Wwrite-strings -Wswitch-enum -Wvla -Wundef -Wformat=2 \
    -Wold-style-definition

# The headers and the archive of BearSSL: the user's tree, or the system's.
BEARSSL_INC := $(if $(BEARSSL_DIR),$(firstword $(patsubst \
    %/bearssl.h,%,$(wildcard $(BEARSSL_DIR)/inc/bearssl.h \
    $(BEARSSL_DIR)/include/bearssl.h)) $(BEARSSL_DIR)/inc))
BEARSSL_A := $(if $(BEARSSL_DIR),$(firstword $(wildcard \
    $(BEARSSL_DIR)/build/libbearssl.a $(BEARSSL_DIR)/lib/libbearssl.a) \
    $(BEARSSL_DIR)/build/libbearssl.a))
# The rule of $(BUILD)/flags writes the file: -l:libbearssl.a (what both GNU ld
# and lld call "this archive, no shared object") where there is one.
BEARSSL_LIB = $(or $(BEARSSL_A),@$(BUILD)/bearssl.lib)

# Lua 5.4 likewise; bindings alone see its headers.
LUA_INC := $(if $(LUA_DIR),$(firstword $(patsubst %/lua.h,%,$(wildcard \
    $(LUA_DIR)/src/lua.h $(LUA_DIR)/include/lua.h)) $(LUA_DIR)/src),\
    $(firstword $(patsubst %/lua.h,%,$(wildcard /usr/include/lua5.4/lua.h \
    /usr/local/include/lua.h)) /usr/include/lua5.4))
LUA_A := $(if $(LUA_DIR),$(firstword $(wildcard $(LUA_DIR)/src/liblua.a \
    $(LUA_DIR)/lib/liblua.a) $(LUA_DIR)/src/liblua.a))
LUA_LIB = $(or $(LUA_A),-l:liblua5.4.a) -lm

HC_CPPFLAGS := -Icore -D_POSIX_C_SOURCE=200809L \
    $(if $(BEARSSL_INC),-isystem $(BEARSSL_INC)) \
    $(if $(JSMN_DIR),-isystem $(JSMN_DIR))
HC_CFLAGS := -std=c11 -fPIC -fvisibility=hidden -fstack-protector-strong \
    $(WARNINGS)
HC_LDFLAGS := -Wl,-z,relro,-z,now

# SAN=address,undefined   COVER=1   FUZZ=1 (objects a fuzzer can steer by)
SAN ?=
COVER ?=
FUZZ ?=
ifneq ($(SAN),)
HC_CFLAGS += -fsanitize=$(SAN) -fno-sanitize-recover=all \
    -fno-omit-frame-pointer
HC_LDFLAGS += -fsanitize=$(SAN)
else ifneq ($(COVER),)
HC_CFLAGS += --coverage
HC_LDFLAGS += --coverage
else ifneq ($(filter -O1 -O2 -O3 -Os -Oz -Og,$(CFLAGS)),)
HC_CFLAGS += -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
endif
ifneq ($(FUZZ),)
HC_CFLAGS += -fsanitize=fuzzer-no-link
endif
# After the stamp of the flags: the same objects, only a stricter judge.
WERROR := $(if $(DEV),-Werror)

COMPILE = $(CC) $(HC_CPPFLAGS) $(CPPFLAGS) $(HC_CFLAGS) $(CFLAGS)
LINK = $(CC) $(CFLAGS) $(HC_LDFLAGS) $(LDFLAGS)

# The tests of one file compute little and are half of all that is compiled: they
# are not optimized.  Random worlds, peers and fuzz targets are.
QUICK_C := $(filter-out $(wildcard tests/*_test.c),$(TEST_C))
quick = $(if $(filter $(QUICK_C),$1),-O0 -U_FORTIFY_SOURCE)

# What one file sees beside core's headers.
see = $(if $(filter tests/%,$1),-Itests) \
    $(if $(filter bindings/cli/% tests/cli/% tests/fuzz/cli_%,$1),\
    -Ibindings/cli) \
    $(if $(filter bindings/% tests/cli/% tests/lua/% tests/fuzz/lua_% \
    tests/fuzz/cli_%,$1),\
    -isystem $(LUA_INC) -Ibindings/lua) \
    $(if $(filter %/verb_version.c,$1),-I$(BUILD)/obj)

# $(call quiet,CC,FILE) is the one line that a recipe shows of itself, and $(Q)
# hides the command unless V=1.
V ?=
Q := $(if $(V),,@)
quiet = $(if $(V)$(SILENT),,$(info $1 $2))

# ---- rules ----

.PHONY: all deps demo demo-programs pages test check failed san valgrind \
    cover fuzz soak mutants \
    matrix proxies bench bench-peers cost put-item pictures figures allocations packages \
    size \
    tidy fmt static lambda lua-env lua-module \
    install-lua install install-strip uninstall uninstall-lua dist deb image \
    bare clean help objects unit-programs \
    lua-programs replays t FORCE

all: $(PROGRAM) $(LIB_A) $(LIB_SO) $(BUILD)/libheadcount.so $(LUA_MODULE) \
    $(LUA_FACADE) $(COMMANDS)

FLUSH_O := $(if $(COVER),$(call obj,tests/flush.c))

$(PROGRAM): $(CLI_O) $(LUA_O) $(LUA_FILES_O) $(FLUSH_O) $(LIB_A)
	$(call quiet,LINK,$@)
	$(Q)$(LINK) -pie -o $@ $(CLI_O) $(LUA_O) $(LUA_FILES_O) $(FLUSH_O) \
	    $(LIB_A) $(LUA_LIB) $(BEARSSL_LIB) $(LDLIBS)

# lua/headcount as bytes for the program, packed.
$(BUILD)/obj/lua_files.c: $(LUA_FILES) bindings/packaging/lua_files.sh \
    bindings/packaging/pairs.awk
	@mkdir -p $(@D)
	$(call quiet,GEN,$@)
	$(Q)sh bindings/packaging/lua_files.sh $(LUA_FILES) >$@

$(LUA_FILES_O): $(BUILD)/obj/lua_files.c bindings/cli/lua_host.h \
    $(BUILD)/flags
	$(call quiet,CC,$<)
	$(Q)$(COMPILE) -isystem $(LUA_INC) -Ibindings/cli $(WERROR) -c -o $@ $<

# What `version` tells; rewritten only when it is another text.  The number of
# the shell keeps two makes from one new file.
$(BUILD)/obj/build_info.h: FORCE
	@mkdir -p $(@D)
	@BEARSSL_VERSION='$(BEARSSL_VERSION)' MUSL_VERSION='$(MUSL_VERSION)' \
	    sh bindings/packaging/build_info.sh >$@.$$$$; \
	if cmp -s $@.$$$$ $@; then rm -f $@.$$$$; else mv $@.$$$$ $@; fi

$(BUILD)/obj/bindings/cli/verbs/verb_version.o: $(BUILD)/obj/build_info.h

# No `ar r`: it would let a second member of the same name push out the first.
define archive
	$(call quiet,AR,$@)
	@mkdir -p $(@D)
	@rm -f $@
	$(Q)$(AR) qcs $@ $1
endef

$(LIB_A): $(CORE_O)
	$(call archive,$(CORE_O))

$(LIB_SO): $(CORE_O) bindings/packaging/headcount.map
	$(call quiet,LINK,$@)
	$(Q)$(LINK) -shared -Wl,-soname,$(@F) -Wl,--no-undefined \
	    -Wl,--version-script=bindings/packaging/headcount.map \
	    -o $@ $(CORE_O) $(BEARSSL_LIB) $(LDLIBS)

$(BUILD)/libheadcount.so: $(LIB_SO)
	@ln -sf $(<F) $@

# Lua is its host's, the rest comes along.
$(LUA_MODULE): $(LUA_O) $(LIB_A) bindings/packaging/module.map
	@mkdir -p $(@D)
	$(call quiet,LINK,$@)
	$(Q)$(LINK) -shared -Wl,--version-script=bindings/packaging/module.map \
	    -o $@ $(LUA_O) $(LIB_A) $(BEARSSL_LIB) $(LDLIBS)

$(BUILD)/lua/%.lua: lua/%.lua
	@mkdir -p $(@D)
	@cp $< $@

$(BUILD)/obj/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call quiet,CC,$<)
	$(Q)$(COMPILE) $(call quick,$<) $(call see,$<) $(WERROR) -MMD -MP -c -o $@ $<

# For clangd and its like, which look for it in build/ too.
INDEXED := $(CORE_C) $(CLI_C) $(LUA_C) $(TEST_C) $(PEER_C) $(FAKE_C) $(FUZZ_C) \
    $(NET_FUZZ_C) tests/t.c tests/fuzz/replay.c

$(COMMANDS): FORCE $(BUILD)/flags
	@printf '%s\n' $(foreach c,$(INDEXED),'$c $(strip $(call see,$c))') | \
	    TOP='$(CURDIR)' COMPILE='$(strip $(COMPILE))' \
	    awk -f tests/compile_commands.awk >$@.$$$$ && \
	if cmp -s $@.$$$$ $@; then rm -f $@.$$$$; else mv $@.$$$$ $@; fi

# VARIABLE, a path in the tree that it names, a file there: an error that says
# what the tree lacks (else the system's file would be taken in silence).
a_named_tree = $(if $($1),$(if $(wildcard $(if $3,$2/$3,$2)),,\
    $(error $1=$($1): no $(if $3,$2/$3,$2); a tree of your own has to be \
    built first, without one run `make deps`)))

# Rewritten only when the compiler or its flags are others than last time.
$(BUILD)/flags: FORCE
	$(call a_named_tree,BEARSSL_DIR,$(BEARSSL_INC),bearssl.h)
	$(call a_named_tree,BEARSSL_DIR,$(BEARSSL_A),)
	$(call a_named_tree,JSMN_DIR,$(JSMN_DIR),jsmn.h)
	$(call a_named_tree,LUA_DIR,$(LUA_INC),lua.h)
	$(call a_named_tree,LUA_DIR,$(LUA_A),)
	@mkdir -p $(@D)
	@echo '$(COMPILE)' >$@.$$$$; \
	if cmp -s $@.$$$$ $@ && test -f $(@D)/bearssl.lib; then \
	    rm -f $@.$$$$; \
	    exit 0; \
	fi; \
	for h in bearssl.h jsmn.h; do \
	    echo "#include <$$h>" | $(COMPILE) -w -E -x c - \
	        >/dev/null 2>&1 || { \
	        echo "$$h is not found: run \`make deps\`, or name its tree" \
	            "with BEARSSL_DIR= or JSMN_DIR=" >&2; exit 1; }; \
	done; \
	test -f $(LUA_INC)/lua.h || { \
	    echo "lua.h of Lua 5.4 is not found: run \`make deps\`, or name its" \
	        "tree with LUA_DIR=" >&2; exit 1; }; \
	case $$($(CC) -print-file-name=libbearssl.a) in \
	/*) echo -l:libbearssl.a ;; \
	*) echo -lbearssl ;; \
	esac >$(@D)/bearssl.lib; \
	mv $@.$$$$ $@

objects: $(CORE_O) $(CLI_O) $(LUA_O) $(call obj,$(TEST_C) tests/t.c $(PEER_C) \
    $(FAKE_C))

# ---- tests ----

unit-programs: $(TESTS)
lua-programs: $(filter $(BUILD)/tests/lua/%,$(TESTS))
replays: $(REPLAYS)

$(BUILD)/tests/peers.a: $(call obj,$(PEER_C))
	$(call archive,$(call obj,$(PEER_C)))

$(BUILD)/tests/%_test: $(BUILD)/obj/tests/%_test.o $(BUILD)/obj/tests/t.o \
    $(BUILD)/tests/peers.a $(LIB_A)
	$(call quiet,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(LINK) -pie -o $@ $^ -lcmocka $(BEARSSL_LIB) $(LDLIBS)

DEMO_ECS := $(BUILD)/tests/demo_ecs

$(DEMO_ECS): $(call obj,$(patsubst %,tests/peers/%.c,demo_ecs_main demo_ecs \
    dns_peer x509_maker)) $(LIB_A)
	$(call quiet,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(LINK) -pie -o $@ $^ $(BEARSSL_LIB) $(LDLIBS)

# The plan is decided from facts alone: its tests have nothing else to link.
PLAN_O := $(filter $(BUILD)/obj/core/base/% $(BUILD)/obj/core/ecs/% \
    $(BUILD)/obj/core/plan/%,$(CORE_O))

$(BUILD)/tests/plan.a: $(PLAN_O)
	$(call archive,$(PLAN_O))

$(BUILD)/tests/plan/%_test: $(BUILD)/obj/tests/plan/%_test.o \
    $(BUILD)/obj/tests/t.o $(BUILD)/tests/plan.a
	$(call quiet,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(LINK) -pie -o $@ $^ -lcmocka $(BEARSSL_LIB) $(LDLIBS)

$(BUILD)/tests/lua.a: $(LUA_O)
	$(call archive,$(LUA_O))

$(BUILD)/tests/lua/%_test: $(BUILD)/obj/tests/lua/%_test.o \
    $(BUILD)/obj/tests/t.o $(BUILD)/tests/peers.a $(BUILD)/tests/lua.a $(LIB_A)
	$(call quiet,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(LINK) -pie -o $@ $^ -lcmocka $(LUA_LIB) $(BEARSSL_LIB) $(LDLIBS)

# A test of the program takes what it needs out of it.
$(BUILD)/tests/cli.a: $(CLI_O)
	$(call archive,$(filter-out %/cli/main.o,$(CLI_O)))

$(BUILD)/tests/cli/%_test: $(BUILD)/obj/tests/cli/%_test.o \
    $(BUILD)/obj/tests/t.o $(BUILD)/tests/peers.a $(BUILD)/tests/cli.a $(LIB_A)
	$(call quiet,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(LINK) -pie -o $@ $(filter %.o,$^) $(filter %.a,$^) -lcmocka \
	    $(BEARSSL_LIB) $(LDLIBS)

# Ops that the test answers, instead of the library's: objects come first.
$(patsubst %,$(BUILD)/tests/cli/watch/%_test,queue messages work): \
    $(call obj,$(FAKE_C))

$(BUILD)/tests/%_replay: $(BUILD)/obj/tests/%_fuzz.o \
    $(BUILD)/obj/tests/fuzz/replay.o $(LIB_A)
	$(call quiet,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(LINK) -pie -o $@ $(filter %.o,$^) $(filter %.a,$^) $(BEARSSL_LIB) \
	    $(LDLIBS)

$(BUILD)/tests/%_fuzz: $(BUILD)/obj/tests/%_fuzz.o $(LIB_A)
	$(call quiet,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(LINK) -fsanitize=fuzzer -o $@ $(filter %.o,$^) $(filter %.a,$^) \
	    $(BEARSSL_LIB) $(LDLIBS)

$(BUILD)/tests/fuzz/lua_%_replay: $(BUILD)/obj/tests/fuzz/lua_%_fuzz.o \
    $(BUILD)/obj/tests/fuzz/replay.o $(BUILD)/tests/lua.a $(LIB_A)
	$(call quiet,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(LINK) -pie -o $@ $^ $(LUA_LIB) $(BEARSSL_LIB) $(LDLIBS)

$(BUILD)/tests/fuzz/lua_%_fuzz: $(BUILD)/obj/tests/fuzz/lua_%_fuzz.o \
    $(BUILD)/tests/lua.a $(LIB_A)
	$(call quiet,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(LINK) -fsanitize=fuzzer -o $@ $^ $(LUA_LIB) $(BEARSSL_LIB) $(LDLIBS)

$(BUILD)/tests/fuzz/cli_%_replay: $(BUILD)/obj/tests/fuzz/cli_%_fuzz.o \
    $(BUILD)/obj/tests/fuzz/replay.o $(BUILD)/tests/cli.a \
    $(BUILD)/tests/lua.a $(LUA_FILES_O) $(LIB_A)
	$(call quiet,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(LINK) -pie -o $@ $(filter %.o,$^) $(filter %.a,$^) $(LUA_LIB) \
	    $(BEARSSL_LIB) $(LDLIBS)

$(BUILD)/tests/fuzz/cli_%_fuzz: $(BUILD)/obj/tests/fuzz/cli_%_fuzz.o \
    $(BUILD)/tests/cli.a $(BUILD)/tests/lua.a \
    $(LUA_FILES_O) $(LIB_A)
	$(call quiet,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(LINK) -fsanitize=fuzzer -o $@ $(filter %.o,$^) $(filter %.a,$^) $(LUA_LIB) \
	    $(BEARSSL_LIB) $(LDLIBS)

# Built with the targets, so that it stays one that builds.
$(BUILD)/tests/fuzz/tls_record: $(BUILD)/obj/tests/fuzz/tls_record.o $(LIB_A)
	$(call quiet,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(LINK) -pie -o $@ $^ $(BEARSSL_LIB) $(LDLIBS)

replays: $(BUILD)/tests/fuzz/tls_record

# Sockets of memory, instead of the library's: objects come first.
$(patsubst %,$(BUILD)/tests/fuzz/net_%,replay fuzz): $(call obj,$(NET_FUZZ_C))

# The target signs its chains.
$(patsubst %,$(BUILD)/tests/fuzz/chain_%,replay fuzz): \
    $(call obj,tests/peers/x509_maker.c)

.SECONDARY:

# One program by its name, or all of a folder; A= is a part of a test's name.
T ?=
A ?=
T_NAME := $(patsubst %/,%,$(patsubst %_test,%,$(T:.c=)))
T_C := $(if $(T),$(or $(filter %/$(T_NAME:tests/%=%)_test.c,$(TEST_C)),\
    $(filter tests/$(T_NAME:tests/%=%)/%,$(TEST_C))))

t: $(patsubst %.c,$(BUILD)/%,$(T_C)) ## one unit program: T=hold A=PART-OF-NAME
	@$(if $(T_C),,echo 'T=$(T) names no test program; there are:'; \
	    echo '$(sort $(TEST_C:tests/%_test.c=%))' | fold -s -w 78; exit 2; )\
	for program in $^; do $$program $(if $(A),'$(A)') || exit 1; done

# make looks for the word in the recipe's own text: behind this name `make -n`
# does not find it, and prints the line without running it.
SUBMAKE = $(MAKE)
RUN = MAKE='$(SUBMAKE)' CC='$(CC)' JOBS=$(AT_ONCE) $(PYTHON) tests/run

deps: ## install what is missing (commands, headers, pinned peers)
	@CC='$(CC)' sh tests/deps.sh all

matrix: ## FAULTS.md: the faults of the tests, met by curl and Go as well
	@CC='$(CC)' sh tests/deps.sh matrix
	@$(SUBMAKE) -j$(AT_ONCE) all
	@$(PYTHON) tests/system/fault_others.py
	@$(PYTHON) -m pytest -q -p no:cacheprovider tests/system/test_faults.py

# MOTO=1: moto's ECS instead of our own.
MOTO ?=
DEMO = $(BUILD)/demo

# A folder of its own without optimization: the compiler needs half the time,
# and the network and BearSSL decide how long a call takes.
demo: ## a local ECS and hosts that come and go: what headcount does (MOTO=1)
	@CC='$(CC)' sh tests/deps.sh demo$(if $(MOTO), moto)
	@echo 'Compiling headcount and a local ECS into $(DEMO)'
	@$(SUBMAKE) -s -j$(AT_ONCE) BUILD='$(DEMO)' CFLAGS=-O0 WARNINGS= DEV= V= \
	    demo-programs
	@BUILD='$(DEMO)' MOTO='$(MOTO)' sh examples/demo.sh

demo-programs: $(PROGRAM) $(DEMO_ECS)

test: deps ## all but packages; ends with "N passed, N failed, N skipped"
	@$(RUN) test

check: ## units, replayed corpora, lint: under a minute
	@$(RUN) check

failed: ## the unit programs that failed last time
	@$(RUN) failed

san: ## units and replayed corpora under AddressSanitizer and UBSan
	@$(RUN) san

valgrind: ## units under valgrind; the program, its descriptors closed or full
	@$(RUN) valgrind

cover: ## line coverage: core by the units 95 %, bindings by all tests 90 %
	@$(RUN) cover

fuzz: ## each fuzz target for FUZZ_SECONDS (30)
	@$(RUN) fuzz

soak: ## a million calls, then units and system tests for SOAK_SECONDS (600)
	@$(RUN) soak

packages: ## static builds of both architectures, zips, and their tests
	@$(RUN) packages

pages: ## the pages in headless Chromium, which it installs
	@CC='$(CC)' sh tests/deps.sh pages
	@$(SUBMAKE) -j$(AT_ONCE) all
	@$(PYTHON) tests/pages/pages.py

proxies: ## through tinyproxy and squid, which it installs
	@CC='$(CC)' sh tests/deps.sh proxies
	@$(RUN) proxies

allocations: ## every request for memory of every unit test fails in turn
	@$(RUN) allocations

mutants: ## breaks of safety; FILES=core/plan/hold.c derives breaks of a file
	@$(if $(FILES),MAKE='$(SUBMAKE)' JOBS=$(AT_ONCE) $(PYTHON) \
	    tests/mutants.py $(FILES),$(RUN) mutants)

# What the bench holds beside the program: parts by name, rounds of each.
B ?=
ROUNDS ?= 9
BENCH_PARTS := $(basename $(notdir $(wildcard tests/bench/parts/*.py)))

# For a word that is no part nothing is built: run.py lists them, or refuses.
bench: $(if $(filter-out $(BENCH_PARTS),$(B)),,all $(BUILD)/tests/lua.a \
    $(BUILD)/static/bench) ## beside peers and floors; B=list names its parts
	@CC='$(CC)' $(PYTHON) tests/bench/run.py '$(BUILD)' $(ROUNDS) $(B)

# The static programs of these sources: they are rows of the bench.
$(BUILD)/static/bench: $(PROGRAM)
	@BUILD='$(BUILD)' MAKE='$(SUBMAKE)' JOBS=$(AT_ONCE) \
	    sh bindings/packaging/static.sh $(STATIC_ARCHS) && touch $@ || \
	    echo 'bench: without a static program its rows are left out'

bench-peers: ## what the bench compares with, into build/peers, pinned
	@CC='$(CC)' sh tests/deps.sh bench
	@CC='$(CC)' sh tests/bench/peers/build.sh

cost: STATIC_ARCHS = x86_64
cost: static ## the monthly bill: measured, into cost.lua, OPERATING.md, README.md
	@PROGRAM='$(BUILD)/static/headcount-x86_64' sh tests/bench/cost.sh write

put-item: all ## keep-alive on and off: examples/put_item/README.md
	@PROGRAM='$(PROGRAM)' sh tests/bench/put_item.sh write

pictures: all ## latency over a path with a delay: README.md and its picture
	@PROGRAM='$(PROGRAM)' sh tests/bench/pictures.sh write

figures: static ## all figures of README.md and its demo: measured, written there
	@$(SUBMAKE) -s cost pictures
	@$(SUBMAKE) -s -j$(AT_ONCE) all
	@CC='$(CC)' $(PYTHON) tests/bench/figures.py '$(BUILD)' write

size: static ## the static binaries, by folder
	@$(PYTHON) tests/bench/size.py '$(BUILD)' $(STATIC_ARCHS)

tidy: $(BUILD)/flags $(BUILD)/obj/build_info.h ## clang-tidy and cppcheck
	@HC_CPPFLAGS='$(HC_CPPFLAGS) -isystem $(LUA_INC) -Ibindings/lua \
	    -Ibindings/cli -I$(BUILD)/obj $(CPPFLAGS)' BUILD=$(BUILD) JOBS=$(AT_ONCE) \
	    sh tests/lint/tidy.sh

fmt: ## clang-format on the lines changed since HEAD (tables are set by hand)
	git clang-format HEAD -- core bindings tests examples

# ---- to carry away ----

static: ## build/static/headcount-ARCH, musl and no library: STATIC_ARCHS=
	@CC='$(CC)' STATIC_ARCHS='$(STATIC_ARCHS)' sh tests/deps.sh static
	@BUILD='$(BUILD)' MAKE='$(SUBMAKE)' JOBS=$(AT_ONCE) \
	    BEARSSL_SRC='$(BEARSSL_SRC)' LUA_SRC='$(LUA_SRC)' \
	    MUSL_SRC='$(MUSL_SRC)' sh bindings/packaging/static.sh $(STATIC_ARCHS)

lambda: static ## build/lambda/headcount-ARCH.zip: POLICY=FILE goes along
	@sh tests/deps.sh lambda
	@$(PYTHON) bindings/packaging/lambda_zip.py '$(BUILD)' '$(POLICY)' \
	    $(STATIC_ARCHS)

dist: ## build/dist: sources of HEAD, what is built of it, SHA256SUMS
	@BUILD='$(BUILD)' sh bindings/packaging/dist.sh 'headcount-$(VERSION)'

deb: dist ## build/deb: Debian packages of the archive, judged by lintian
	@sh tests/deps.sh deb
	@BUILD='$(BUILD)' JOBS=$(AT_ONCE) \
	    sh bindings/packaging/deb.sh 'headcount-$(VERSION)'

image: static ## build/image: the static binary in an image FROM scratch
	@sh tests/deps.sh image
	@BUILD='$(BUILD)' VERSION='$(VERSION)' \
	    sh bindings/packaging/image/build.sh $(STATIC_ARCHS)

bare: dist ## a bare Debian 12: demo, install, plan, uninstall, with times
	@sh tests/deps.sh bare
	@BUILD='$(BUILD)' sh tests/system/bare/bare.sh 'headcount-$(VERSION)'

# ---- out of the tree ----

LIBDIR ?= $(PREFIX)/lib
LUADIR ?= $(PREFIX)/share/lua/5.4
LUALIBDIR ?= $(PREFIX)/lib/lua/5.4
STRIP ?= strip
bindir = $(PREFIX)/bin
incdir = $(PREFIX)/include
mandir = $(PREFIX)/share/man
MAN := $(foreach section,1 3 5 7,$(wildcard bindings/cli/man/*.$(section)))
COMPLETIONS := $(addprefix bindings/cli/completion/,headcount.bash _headcount \
    headcount.fish)
# The public functions: `man headcount_wait` finds the page of them all.
FUNCTIONS = sed -n 's/^[a-z].*[ *]\(headcount_[a-z0-9_]*\)(.*/\1/p' \
    core/headcount.h | sort -u

# What install.sh reads.
row = printf '%s\t%s\t%s\n' $1 '$2' '$(subst / ,/,$(strip $3))';
man_row = $(call row,644,$1,\
    $(mandir)/man$(patsubst .%,%,$(suffix $1))/$(notdir $1))
completion_row = $(call row,644,$1,$(PREFIX)/share/$(if $(filter %.fish,$1),\
    fish/vendor_completions.d/headcount.fish,$(if $(filter %/_headcount %.zsh,$1),\
    zsh/site-functions/_headcount,bash-completion/completions/headcount)))
FILE_ROWS = $(call row,755,$(PROGRAM),$(bindir)/headcount) \
    $(call row,644,core/headcount.h,$(incdir)/headcount.h) \
    $(call row,644,$(LIB_A),$(LIBDIR)/libheadcount.a) \
    $(call row,644,$(LIB_SO),$(LIBDIR)/$(notdir $(LIB_SO))) \
    $(call row,link,$(notdir $(LIB_SO)),$(LIBDIR)/libheadcount.so) \
    $(call row,pc,bindings/packaging/headcount.pc.in,\
    $(LIBDIR)/pkgconfig/headcount.pc) \
    $(foreach file,$(COMPLETIONS),$(call completion_row,$(file))) \
    $(foreach page,$(MAN),$(call man_row,$(page))) \
    for name in `$(FUNCTIONS)`; do \
        $(call row,page,man3/libheadcount.3,$(mandir)/man3/'$$name'.3) \
    done
LUA_ROWS = $(foreach file,$(LUA_FILES),$(call \
    row,644,$(file),$(LUADIR)/headcount/$(notdir $(file)))) \
    $(call row,755,$(LUA_MODULE),$(LUALIBDIR)/headcount/core.so)
INSTALLER = DESTDIR='$(DESTDIR)' RECORDS='$(PREFIX)/share/headcount' \
    PREFIX='$(PREFIX)' VERSION='$(VERSION)' sh bindings/packaging/install.sh

LUA_TREE = $(abspath $(BUILD))/lua

lua-env: ## the LUA_PATH and LUA_CPATH to set for the module in build/
	@echo "export LUA_PATH='$(LUA_TREE)/?.lua;$(LUA_TREE)/?/init.lua;;'"
	@echo "export LUA_CPATH='$(LUA_TREE)/?.so;;'"

install: all $(COMPLETIONS) ## program, library, header, man pages: PREFIX=, LIBDIR=, DESTDIR=
	@{ $(FILE_ROWS); } | LIBDIR='$(LIBDIR)' $(INSTALLER) install installed

install-strip: export WITHOUT_SYMBOLS = $(STRIP)
install-strip: install ## the same, without symbols: STRIP=

install-lua: $(LUA_MODULE) $(LUA_FACADE) ## the Lua module: LUADIR=, LUALIBDIR=
	@{ $(LUA_ROWS) } | $(INSTALLER) install installed-lua

lua-module: $(LUA_MODULE) $(LUA_FACADE)

uninstall: ## take away what install put there, and the folders it made
	@{ $(FILE_ROWS); } | LIBDIR='$(LIBDIR)' $(INSTALLER) uninstall installed

uninstall-lua: ## the same of install-lua
	@{ $(LUA_ROWS) } | $(INSTALLER) uninstall installed-lua

clean: ## all that was built; build/venv, build/npm and build/peers stay
	@if [ -d $(BUILD) ]; then \
	    find $(BUILD) -mindepth 1 -maxdepth 1 ! -name venv ! -name npm \
	        ! -name peers -exec rm -rf {} +; fi

help: ## this list
	@echo 'make            build/headcount, build/libheadcount.a and .so'
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1	\2/p' Makefile | \
	    expand -t 16

-include $(patsubst %.o,%.d,$(CORE_O) $(CLI_O) $(LUA_O) $(call obj,$(TEST_C) \
    $(PEER_C) $(FAKE_C) $(FUZZ_C) $(NET_FUZZ_C) tests/t.c tests/fuzz/replay.c))
