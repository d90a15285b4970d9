#!/bin/sh
# deps.sh all|demo [moto]|matrix|pages|proxies|bench|static|lambda|deb|image|
# bare - installs what a build, demo, tests, pages, bench or packages lack.
#
# It looks for commands and headers, not for packages, and asks apt-get once
# for all that is missing; where it may not, it prints the line to run.  The
# Python peers (tests/requirements.txt, one exact version each) live in
# build/venv, those of node (tests/npm, likewise) in build/npm.  When nothing is
# missing nothing is called.
#
# CC, CPPFLAGS, BEARSSL_DIR, JSMN_DIR, LUA_DIR are heeded; PYTHON names the
# python3 that makes the virtual environment.
set -eu

cd "$(dirname "$0")/.."
want=${1:-all}
peers=yes
[ "$want" != demo ] || [ "${2-}" = moto ] || peers=
CC=${CC:-cc}
PYTHON=${PYTHON:-python3}
# dnsmasq and nginx live where an ordinary user's PATH does not look.
PATH=$PATH:/usr/sbin:/sbin
export PATH

missing=

need() { # PACKAGE...
    for package; do
        case " $missing " in
        *" $package "*) ;;
        *) missing="$missing $package" ;;
        esac
    done
}

has() {
    command -v "$1" >/dev/null 2>&1
}

command_or() { # COMMAND PACKAGE...
    has "$1" && return
    shift
    need "$@"
}

# A header is there if the compiler finds it; without one all are missing.
header_or() { # HEADER PACKAGE [-I...]
    header=$1 package=$2
    shift 2
    # shellcheck disable=SC2086 # CC and CPPFLAGS are lists of words
    echo "#include <$header>" |
        $CC ${CPPFLAGS-} "$@" -E -x c - >/dev/null 2>&1 || need "$package"
}

has_bearssl_archive() {
    [ -z "${BEARSSL_DIR-}" ] || return 0
    case $($CC -print-file-name=libbearssl.a 2>/dev/null) in
    /*) ;;
    *) return 1 ;;
    esac
}

has_venv() {
    [ -x build/venv/bin/python ] &&
        cmp -s tests/requirements.txt build/venv/stamp
}

can_make_venv() {
    "$PYTHON" -c 'import ensurepip, venv' 2>/dev/null
}

has_npm_peers() {
    [ -d build/npm/node_modules ] &&
        cmp -s tests/npm/package-lock.json build/npm/stamp
}

can_fuzz() {
    dir=$(mktemp -d)
    echo '#include <stddef.h>
int LLVMFuzzerTestOneInput(const unsigned char *p, size_t n);
int LLVMFuzzerTestOneInput(const unsigned char *p, size_t n)
{ return p == NULL && n > 0; }' >"$dir/f.c"
    clang -fsanitize=fuzzer,address "$dir/f.c" -o "$dir/f" >/dev/null 2>&1
    result=$?
    rm -rf "$dir"
    return $result
}

fuzzer_package() {
    version=14
    if has clang; then
        version=$(clang -dumpversion)
    elif has apt-cache; then
        found=$(apt-cache depends clang 2>/dev/null |
            sed -n 's/.*Depends: clang-\([0-9][0-9]*\)$/\1/p')
        version=${found:-$version}
    fi
    echo "libclang-rt-${version%%.*}-dev"
}

look_for_build() {
    command_or make make
    has "${CC%% *}" || need gcc
    header_or stdio.h libc6-dev
    header_or bearssl.h libbearssl-dev ${BEARSSL_DIR:+"-I$BEARSSL_DIR/inc"} \
        ${BEARSSL_DIR:+"-I$BEARSSL_DIR/include"}
    has_bearssl_archive || need libbearssl-dev
    header_or jsmn.h libjsmn-dev ${JSMN_DIR:+"-I$JSMN_DIR"}
    if [ -n "${LUA_DIR-}" ]; then
        header_or lua.h liblua5.4-dev "-I$LUA_DIR/src" "-I$LUA_DIR/include"
    else
        header_or lua5.4/lua.h liblua5.4-dev
    fi
}

look_for_peers() {
    command_or openssl openssl
    command_or nginx nginx-light
    command_or dnsmasq dnsmasq-base
    has_venv || can_make_venv || need python3 python3-venv
}

look_for_tests() {
    command_or gcc gcc
    command_or g++ g++
    command_or pkg-config pkg-config
    command_or node nodejs
    has_npm_peers || command_or npm npm
    command_or nm binutils
    command_or git git
    command_or curl curl
    command_or clang clang
    can_fuzz || need "$(fuzzer_package)"
    command_or clang-tidy clang-tidy
    command_or git-clang-format clang-format
    command_or cppcheck cppcheck
    command_or gcovr gcovr
    command_or prove perl
    command_or mandoc mandoc
    command_or groff groff-base
    command_or shellcheck shellcheck
    command_or systemd-analyze systemd
    command_or lua5.4 lua5.4
    command_or busted lua-busted
    command_or luacheck lua-check
    command_or zsh zsh
    command_or fish fish
    command_or luarocks luarocks
    command_or ldoc lua-ldoc
    # valgrind needs the symbols of ld.so.
    valgrind -q --error-exitcode=9 true >/dev/null 2>&1 ||
        need valgrind libc6-dbg
    header_or cmocka.h libcmocka-dev
    header_or openssl/ssl.h libssl-dev
    header_or uv.h libuv1-dev
    look_for_static x86_64 aarch64
    other=aarch64
    [ "$(uname -m)" != aarch64 ] || other=x86_64
    command_or "qemu-$other-static" qemu-user-static
}

# What `make static` takes for these architectures; libraries come as sources.
look_for_static() { # ARCH...
    for arch; do
        if [ "$arch" != "$(uname -m)" ] || ! has gcc; then
            command_or "$arch-linux-gnu-gcc" \
                "gcc-$(echo "$arch" | tr _ -)-linux-gnu"
        fi
    done
    command_or make make
    header_or jsmn.h libjsmn-dev ${JSMN_DIR:+"-I$JSMN_DIR"}
    command_or patch patch
    command_or xz xz-utils
}

look_for_packages() { # WHAT
    case $1 in
    lambda) command_or python3 python3 ;;
    deb)
        look_for_build
        header_or cmocka.h libcmocka-dev
        command_or dpkg-buildpackage dpkg-dev fakeroot
        command_or dh debhelper
        command_or lintian lintian
        ;;
    image) command_or buildah buildah ;;
    bare) command_or mmdebstrap mmdebstrap ;;
    esac
}

# nginx's package starts a server; a policy of our own, for this one call,
# says no, unless the machine has one already.
install_missing() {
    set -f
    # shellcheck disable=SC2086 # a list of package names
    set -- $missing
    set +f
    line="apt-get install -y --no-install-recommends $*"
    if ! has apt-get || [ "$(id -u)" -ne 0 ]; then
        echo "deps: missing: $*" >&2
        echo "deps: run as root:  apt-get update && $line" >&2
        exit 1
    fi
    echo "deps: installing $*"
    policy=/usr/sbin/policy-rc.d
    if [ -n "$peers" ] && [ ! -e $policy ]; then
        trap 'rm -f $policy' EXIT
        trap 'exit 130' INT TERM
        printf '#!/bin/sh\nexit 101\n' >$policy
        chmod 755 $policy
    fi
    export DEBIAN_FRONTEND=noninteractive
    # The lists of packages may be there already; to update them costs more
    # than all that `make demo` installs.
    $line -qq >build/apt.log 2>&1 ||
        { apt-get update -qq -o Acquire::Languages=none &&
            $line -qq; } >build/apt.log 2>&1 || {
        cat build/apt.log >&2
        echo "deps: apt-get could not install $*; to try it again:" >&2
        echo "deps: apt-get update && $line" >&2
        exit 1
    }
}

make_venv() {
    has_venv && return
    # A python3 that came before Debian's on the PATH may lack ensurepip.
    can_make_venv || PYTHON=/usr/bin/python3
    echo "deps: installing the Python peers into build/venv"
    rm -rf build/venv
    "$PYTHON" -m venv build/venv
    build/venv/bin/python -m pip install --quiet --no-deps \
        --disable-pip-version-check -r tests/requirements.txt
    cp tests/requirements.txt build/venv/stamp
}

make_npm_peers() {
    has_npm_peers && return
    echo "deps: installing the peers of node into build/npm"
    rm -rf build/npm
    mkdir build/npm
    cp tests/npm/package.json tests/npm/package-lock.json build/npm
    (cd build/npm && npm ci --ignore-scripts --omit=optional --no-audit \
        --no-fund --loglevel=error >npm.log 2>&1) || {
        cat build/npm/npm.log >&2
        exit 1
    }
    cp tests/npm/package-lock.json build/npm/stamp
}

# It drives the Chromium that is there, and brings none.
make_browser() {
    [ ! -d build/browser/node_modules/playwright-core ] || return 0
    echo "deps: installing playwright-core into build/browser"
    mkdir -p build/browser
    (cd build/browser && npm install --ignore-scripts --no-audit --no-fund \
        --loglevel=error playwright-core@1.56.1 >npm.log 2>&1) || {
        cat build/browser/npm.log >&2
        exit 1
    }
}

mkdir -p build
case $want in
static | lambda | deb | image | bare)
    if [ "$want" = static ]; then
        # shellcheck disable=SC2086 # a list of words
        look_for_static ${STATIC_ARCHS-}
    else
        look_for_packages "$want"
    fi
    [ -z "$missing" ] || install_missing
    exit
    ;;
esac
look_for_build
[ -z "$peers" ] || look_for_peers
[ "$want" = demo ] || look_for_tests
# The clients that `make matrix` runs beside headcount.
[ "$want" != matrix ] || command_or go golang-go
# What the bench's peers in C need; SDKs are not packages of Debian.
[ "$want" != bench ] || { command_or strace strace
    header_or curl/curl.h libcurl4-openssl-dev
    header_or jansson.h libjansson-dev; }
[ "$want" != proxies ] || { command_or tinyproxy tinyproxy
    command_or squid squid-openssl; }
[ "$want" != pages ] || command_or chromium chromium
[ -z "$missing" ] || install_missing
[ -z "$peers" ] || make_venv
[ "$want" = demo ] || make_npm_peers
[ "$want" != pages ] || make_browser
