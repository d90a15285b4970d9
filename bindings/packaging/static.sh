#!/bin/sh
# static.sh ARCH... - the program for x86_64 or aarch64, needing nothing of the
# host it runs on: $BUILD/static/headcount-ARCH, linked with musl, the same
# bytes each time.
#
# BearSSL, Lua and musl come from BEARSSL_SRC, LUA_SRC and MUSL_SRC (a tree or
# a tarball), or else as Debian's sources: a private apt under $BUILD asks the
# mirrors that the system's apt asks, which itself is left alone, and only what
# has the SHA-256 below is built.  jsmn.h is JSMN_DIR's or the system's.
set -eu

cd "$(dirname "$0")/../.."
# Flags and variables of an outer make are not for the trees of others.
unset MAKEFLAGS MFLAGS MAKELEVEL
BUILD=${BUILD:-build}
MAKE=${MAKE:-make}
JOBS=${JOBS:-2}
case $BUILD in
/*) top=$BUILD/static ;;
*) top=$PWD/$BUILD/static ;;
esac

# PACKAGE VERSION FILE, SHA-256: as Debian 12 serves them.
pins='bearssl 0.6+dfsg.1-3 bearssl_0.6+dfsg.1.orig.tar.xz
102a625bd8f6155260867a50c508df8d8c3f796985dd744df1a68e5cd1a79004
lua5.4 5.4.4-3+deb12u1 lua5.4_5.4.4.orig.tar.gz
164c7849653b80ae67bec4b7473b884bf5cc8d2dca05653475ec2ed27b9ebf61
lua5.4 5.4.4-3+deb12u1 lua5.4_5.4.4-3+deb12u1.debian.tar.xz
2d8e0e380722c648cfeffb8d58287865619b4d035544d93d7ef3a2eaf627abe6
musl 1.2.3-1 musl_1.2.3.orig.tar.gz
7d5b0b6062521e4627e099e4c9dc8248d32a30285e959b7eecaa780cf8cfd4a4'

die() {
    printf '%s\n' "$@" | sed 's/^/static: /' >&2
    exit 1
}

need() { # COMMAND PACKAGE
    command -v "$1" >/dev/null 2>&1 || die "$1 is missing; as root:" \
        "  apt-get install -y --no-install-recommends $2"
}

# ---- sources ----

is_ours() { # FILE SHA-256
    [ -f "$1" ] && echo "$2  $1" | sha256sum -c - >/dev/null 2>&1
}

private_apt() {
    apt-get -qq -c "$top/apt/apt.conf" -o Dir::Etc::SourceList=/dev/null \
        -o Dir::Etc::SourceParts="$top/apt/parts" \
        -o Dir::State::Lists="$top/apt/lists" \
        -o Dir::Cache="$top/apt/cache" "$@" >>"$top/apt.log" 2>&1
}

# The system's lines and stanzas, asking for sources instead, and without the
# commands that it runs after an update: those are about its own files.
copy_apt_sources() {
    mkdir -p "$top/apt/parts" "$top/apt/lists/partial" \
        "$top/apt/cache/archives/partial"
    for when in Pre-Invoke Post-Invoke Post-Invoke-Success; do
        echo "#clear APT::Update::$when;"
    done >"$top/apt/apt.conf"
    for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
        [ ! -f "$file" ] || sed -n 's/^deb[[:space:]]/deb-src /p' "$file" \
            >"$top/apt/parts/$(basename "$file" .list).list"
    done
    for file in /etc/apt/sources.list.d/*.sources; do
        [ ! -f "$file" ] || sed 's/^Types:.*/Types: deb-src/' "$file" \
            >"$top/apt/parts/$(basename "$file")"
    done
}

has_pinned() { # PACKAGE
    echo "$pins" | while read -r package _ file && read -r sum; do
        [ "$package" != "$1" ] || is_ours "$top/debian/$file" "$sum" || exit 1
    done
}

download() { # PACKAGE VARIABLE
    command -v apt-get >/dev/null 2>&1 || die \
        "no apt-get here to fetch the source of $1 with:" \
        "name its tree or tarball, $2=PATH"
    if [ ! -d "$top/apt" ]; then
        : >"$top/apt.log"
        copy_apt_sources
        private_apt update || {
            cat "$top/apt.log" >&2
            rm -rf "$top/apt"
            die "apt-get does not reach the mirrors:" \
                "try again, or name the source of $1, $2=PATH"
        }
    fi
    rm -rf "$top/debian/$1"
    mkdir -p "$top/debian/$1"
    (cd "$top/debian/$1" && private_apt source --download-only "$1") || {
        cat "$top/apt.log" >&2
        die "apt-get finds no source of $1: name it, $2=PATH"
    }
}

# A package of another version may have mended what this one has: its source is
# not built unseen, nor is the old one in its place.
debian_source() { # PACKAGE VARIABLE
    ! has_pinned "$1" || return 0
    download "$@"
    echo "$pins" | while read -r package version file && read -r sum; do
        [ "$package" = "$1" ] || continue
        found=$(cd "$top/debian/$1" && echo *.dsc)
        if [ "$found" = "${1}_$version.dsc" ] &&
            is_ours "$top/debian/$1/$file" "$sum"; then
            mv "$top/debian/$1/$file" "$top/debian/$file"
            continue
        fi
        die "the mirrors serve another source of $1 than was looked at:" \
            "  expected ${1}_$version.dsc with $file," \
            "           SHA-256 $sum" \
            "  found    $found with" \
            "$(cd "$top/debian/$1" && sha256sum -- *.tar.* |
                sed 's/^\([^ ]*\)  \(.*\)/           \2, SHA-256 \1/')" \
            "read what changed and put it into the table of" \
            "bindings/packaging/static.sh, or name a source of yours: $2=PATH"
    done
    rm -rf "$top/debian/${1:?}"
}

unpack() { # TARBALL FOLDER
    mkdir -p "$2"
    tar -xf "$1" -C "$2" --strip-components=1
}

# src/NAME is made anew: from PATH, or from Debian where PATH is empty.
source_of() { # NAME PATH VARIABLE MARK
    tree=$top/src/$1
    rm -rf "$tree"
    if [ -d "$2" ]; then
        mkdir -p "$tree"
        cp -R "$2/." "$tree"
    elif [ -n "$2" ]; then
        [ -f "$2" ] || die "$3=$2: there is no such tree or tarball"
        unpack "$2" "$tree"
    else
        debian_source "$1" "$3"
        unpack "$top/debian/$(echo "$pins" |
            sed -n "s/^$1 [^ ]* \(.*orig.*\)/\1/p")" "$tree"
    fi
    [ -f "$tree/$4" ] || die "$3=$2 has no $4: it is no source of $1"
}

# Debian's own two fixes of Lua 5.4.4 (CVE-2022-28805, CVE-2022-33099); the
# rest of its patches is about paths.
mend_lua() {
    need patch patch
    unpack "$top/debian/lua5.4_5.4.4-3+deb12u1.debian.tar.xz" \
        "$top/src/lua5.4/debian"
    for fix in "$top"/src/lua5.4/debian/patches/*cve*.patch; do
        patch -s -p1 -d "$top/src/lua5.4" <"$fix"
    done
}

all_sources() {
    mkdir -p "$top/debian" "$top/src/jsmn"
    source_of bearssl "${BEARSSL_SRC-}" BEARSSL_SRC inc/bearssl.h
    source_of lua5.4 "${LUA_SRC-}" LUA_SRC src/lua.h
    [ -n "${LUA_SRC-}" ] || mend_lua
    source_of musl "${MUSL_SRC-}" MUSL_SRC src/internal/libc.h
    jsmn=${JSMN_DIR:-/usr/include}/jsmn.h
    [ -f "$jsmn" ] || die "no $jsmn; name its folder, JSMN_DIR=, or as root:" \
        "  apt-get install -y --no-install-recommends libjsmn-dev"
    cp "$jsmn" "$top/src/jsmn/jsmn.h"
}

# ---- libraries ----

sum_of() { # TREE
    (cd "$1" && find . -type f -print0 | LC_ALL=C sort -z |
        xargs -0 sha256sum | sha256sum)
}

# Into the folder where it is called: one object a file read from stdin.
archive() { # ARCHIVE CFLAGS...
    name=$1
    shift
    rm -rf obj
    mkdir obj
    # shellcheck disable=SC2086 # a compiler with its flags
    (cd obj && xargs -P "$JOBS" -n 12 $cc $cflags "$@" -c)
    rm -f "$name"
    (cd obj && LC_ALL=C "${tools}gcc-ar" qcsD "../$name" ./*.o)
    rm -rf obj
}

# gcc told of musl in place of glibc, and that a program is static and yet is
# put at another address each time (static-pie; musl's own specs have no word
# for that).
write_specs() {
    include=$to/musl/include lib=$to/musl/lib
    cat >"$to/musl.specs" <<SPECS
%rename cpp_options old_cpp_options

*cpp_options:
-nostdinc -isystem $include -isystem include%s %(old_cpp_options)

*cc1:
%(cc1_cpu) -nostdinc -isystem $include -isystem include%s

*link_libgcc:
-L$lib -L .%s

*libgcc:
libgcc.a%s

*startfile:
$to/static_start.o $lib/rcrt1.o $lib/crti.o crtbeginS.o%s

*endfile:
crtendS.o%s $lib/crtn.o

*link:
-nostdlib -static -pie --no-dynamic-linker -z text -e headcount_start

SPECS
}

# musl itself says -Os, and -O3 where strings and memory are handled: 17 KB less
# than Debian's package of it, which is made for speed throughout.
musl_flags='-fPIE -fstack-protector-strong'

build_musl() { # ARCH
    rm -rf "$top/src/build-musl"
    cp -R "$top/src/musl" "$top/src/build-musl"
    (
        cd "$top/src/build-musl"
        ./configure --target="$1-linux-musl" --disable-shared \
            --prefix="$to/musl" CC="$gcc" CROSS_COMPILE="$tools" \
            CFLAGS="$musl_flags -ffile-prefix-map=$top=." &&
            "$MAKE" -s -j"$JOBS" install
    ) >"$to/musl.log" 2>&1 || {
        cat "$to/musl.log" >&2
        die "musl does not build for $1"
    }
    rm -rf "$top/src/build-musl"
}

musl_of() { # ARCH
    key=$(sum_of "$top/src/musl" && "$gcc" --version && echo "$musl_flags")
    if [ "$key" != "$(cat "$to/musl.key" 2>/dev/null)" ]; then
        echo "static: building musl for $1"
        build_musl "$1"
        echo "$key" >"$to/musl.key"
    fi
    write_specs
}

# A tree of yours may have no such file, or other functions in it.
hot_functions() {
    p256=$to/bearssl/src/ec/ec_p256_m31.c
    if [ -f "$p256" ] && grep -q '^mul_f256(' "$p256" &&
        grep -q '^square_f256(' "$p256"; then
        cat bindings/packaging/bearssl_hot.h "$p256" >"$p256.new"
        mv "$p256.new" "$p256"
    fi
}

# In the shapes that BEARSSL_DIR= and LUA_DIR= name.
libraries_of() { # ARCH
    key=$(sum_of "$top/src/bearssl" && sum_of "$top/src/lua5.4" &&
        "$gcc" --version && echo "$cflags $small" && cat "$to/musl.specs" \
        bindings/packaging/bearssl_hot.h)
    [ "$key" != "$(cat "$to/libraries.key" 2>/dev/null)" ] || return 0
    echo "static: building BearSSL and Lua for $1"
    rm -rf "$to/bearssl" "$to/lua"
    mkdir -p "$to/bearssl/build" "$to/lua"
    cp -R "$top/src/bearssl/inc" "$top/src/bearssl/src" "$to/bearssl"
    cp -R "$top/src/lua5.4/src" "$to/lua"
    hot_functions
    (
        cd "$to/bearssl"
        find src -name '*.c' | sed 's|^|../|' | LC_ALL=C sort |
            archive build/libbearssl.a -I../src -I../inc
    )
    (
        cd "$to/lua/src"
        find . -name '*.c' ! -name lua.c ! -name luac.c ! -name onelua.c \
            ! -name ltests.c | sed 's|^|../|' | LC_ALL=C sort |
            archive liblua.a $small -std=gnu99 -DLUA_USE_POSIX \
                -DLUA_COMPAT_5_3
    )
    echo "$key" >"$to/libraries.key"
}

# ---- the program ----

understands() { # FLAG
    echo | "$gcc" "$1" -E -x c - >/dev/null 2>&1
}

# The linker optimizes our objects, BearSSL and Lua as one program (-flto), in
# one piece: cut into parts for more processors it is 6 KB larger.  It can link
# them as plain ones, too (-ffat-lto-objects), for the map by folder.
# gcc has -Oz from 12 on; BearSSL stays at -Os, but for two functions
# (bearssl_hot.h): -Oz saves 0.6 KB there, and its code is written to run in
# constant time.
# Code and constants share a segment (noseparate-code), as GNU ld does it for
# aarch64 by itself: each end of a segment costs half a page of the file.
flags_of() {
    # Nothing here is unwound: the tables for that are a tenth of the file.
    cflags="-Os -fPIE -ffunction-sections -fdata-sections"
    cflags="$cflags -fno-unwind-tables -fno-asynchronous-unwind-tables"
    cflags="$cflags -flto=auto -flto-partition=one -ffat-lto-objects"
    cflags="$cflags -ffile-prefix-map=$top=. -ffile-prefix-map=$PWD=."
    # x86_64: do not align each larger table to 32 bytes, and make a switch of
    # ours a row of comparisons: a table has four bytes for each value.
    # These three optimizations make our code more than 1 % larger.
    ours='-fno-caller-saves -fno-expensive-optimizations -fno-forward-propagate'
    if understands -malign-data=abi; then
        cflags="$cflags -malign-data=abi"
        ours="$ours -fno-jump-tables"
    fi
    small=
    ! understands -Oz || small=-Oz
}

# The program is linked anew when it starts in another way.
start_of() {
    # shellcheck disable=SC2086 # a compiler with its flags
    $cc $cflags -fno-lto -fno-stack-protector -c \
        -o "$to/static_start.o.new" bindings/packaging/static_start.c
    if cmp -s "$to/static_start.o.new" "$to/static_start.o"; then
        rm -f "$to/static_start.o.new"
    else
        mv "$to/static_start.o.new" "$to/static_start.o"
        rm -f "$to/headcount"
    fi
    # GNU ld packs for x86_64 from 2.38 on, for aarch64 from 2.44 on, and warns
    # where it does not.
    packed=
    [ -n "$("${tools}ld" -shared -z pack-relative-relocs \
        -o "$to/packed.so" "$to/static_start.o" 2>&1)" ] ||
        packed=,-z,pack-relative-relocs
    rm -f "$to/packed.so"
}

# Debian's where the source is; another one does not tell which it is.
bearssl_version() {
    echo "$pins" | while read -r package version _ && read -r sum; do
        [ "$package" != bearssl ] ||
            { [ -n "${BEARSSL_SRC-}" ] && ! is_ours "$BEARSSL_SRC" "$sum"; } ||
            echo "$version"
    done
}

musl_version() {
    cat "$top/src/musl/VERSION"
}

compiler_of() { # ARCH
    gcc=$1-linux-gnu-gcc
    tools=$1-linux-gnu-
    if [ "$1" = "$(uname -m)" ] && ! command -v "$gcc" >/dev/null 2>&1; then
        gcc=gcc
        tools=
    fi
    need "$gcc" "gcc-$(echo "$1" | tr _ -)-linux-gnu"
}

link_program() { # ARCH PROGRAM FLAG...
    arch_built=$1
    linked=$2
    shift 2
    "$MAKE" -s -j"$JOBS" BUILD="$BUILD/static/$arch_built" PROGRAM="$linked" \
        CC="$cc" AR="${tools}gcc-ar" CFLAGS="$cflags $small $ours" CPPFLAGS= \
        LDFLAGS="$* -Wl,--gc-sections,-z,noseparate-code$packed \
            -Wl,-Map=$linked.map -s" LDLIBS= \
        SAN= COVER= FUZZ= BEARSSL_DIR="$to/bearssl" LUA_DIR="$to/lua" \
        JSMN_DIR="$top/src/jsmn" BEARSSL_VERSION="$(bearssl_version)" \
        MUSL_VERSION="$(musl_version)" "$linked"
}

program_of() { # ARCH
    to=$top/$1
    mkdir -p "$to"
    compiler_of "$1"
    flags_of
    musl_of "$1"
    cc="$gcc -specs=$to/musl.specs"
    libraries_of "$1"
    start_of
    link_program "$1" "$BUILD/static/$1/headcount"
    link_program "$1" "$BUILD/static/$1/by-folder" -fno-lto
    cp "$to/headcount" "$top/headcount-$1.new"
    mv "$top/headcount-$1.new" "$top/headcount-$1"
    echo "$BUILD/static/headcount-$1: $(wc -c <"$top/headcount-$1") bytes"
}

[ $# -gt 0 ] || die "no architecture: STATIC_ARCHS is empty"
case $PWD$top in
*[[:space:]]*) die "$top has a blank in it, and neither specs of gcc" \
    "nor make take one: build in another folder" ;;
esac
for arch; do
    case $arch in
    x86_64 | aarch64) compiler_of "$arch" ;;
    *) die "$arch: STATIC_ARCHS is a list of x86_64 and aarch64" ;;
    esac
done
need sha256sum coreutils
need xz xz-utils
rm -rf "$top/apt" "$top/src"
mkdir -p "$top"
all_sources
for arch; do
    program_of "$arch"
done
cp LICENSE bindings/packaging/NOTICE "$top"
rm -rf "$top/apt" "$top/src"
