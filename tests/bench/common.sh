# shellcheck shell=sh disable=SC2034,SC2154 # read by who sources this
# common.sh - what gate.sh and tools.py share: programs built, a server started.
# Sourced from the top of the tree.
BUILD=${BUILD:-build}
bench=$BUILD/bench
certs=$BUILD/certs
compile=$(cat "$BUILD/flags")
work=$(mktemp -d)
pids=
trap 'for pid in $pids; do kill "$pid" 2>/dev/null || :; done
      rm -rf "$work"' EXIT
trap 'exit 1' INT TERM

build() { # NAME [ARCHIVE]
    archive=${2-}
    # shellcheck disable=SC2086 # words of a command
    $compile -o "$bench/$1" "tests/bench/$1.c" $archive -l:libbearssl.a
}

# Linked with musl and what `make static` made, as its program is.
build_static() { # NAME
    arch=$(uname -m)
    static=$BUILD/static/$arch
    gcc=$arch-linux-gnu-gcc
    command -v "$gcc" >/dev/null || gcc=gcc
    blocks=
    [ ! -f bindings/cli/blocks.c ] ||
        blocks='-DBENCH_BLOCKS -Ibindings/cli bindings/cli/blocks.c'
    # The compiler takes an op whose memory is not kept for one that is.
    # shellcheck disable=SC2086 # words of a command
    "$gcc" -Wno-stringop-overflow -specs="$static/musl.specs" -Icore \
        -D_POSIX_C_SOURCE=200809L \
        -isystem "$static/bearssl/inc" -std=c11 -Os -fPIE -flto=auto \
        -flto-partition=one -ffunction-sections -fdata-sections \
        -Wl,--gc-sections -s -o "$bench/static-$1" "tests/bench/$1.c" $blocks \
        "$static/libheadcount.a" "$static/bearssl/build/libbearssl.a"
}

build_policy() {
    lua_inc=$(sed -n 's/.*LUA_INC=//p' "$BUILD/flags" | head -1)
    # shellcheck disable=SC2086 # words of a command
    $compile -isystem "${lua_inc:-/usr/include/lua5.4}" -Ibindings/lua \
        -o "$bench/policy" tests/bench/policy.c "$BUILD/tests/lua.a" \
        "$BUILD/libheadcount.a" -l:libbearssl.a -l:liblua5.4.a -lm
}

build_all() {
    mkdir -p "$bench"
    build server
    build floor
    build driver "$BUILD/libheadcount.a"
    sh tests/peers/certs.sh "$certs"
}

# Sets port and server; what the server counts goes to $work/NAME.count.
start_server() { # NAME [CHAIN KEY]
    name=$1
    shift
    "$bench/server" "$@" >"$work/$name.out" &
    server=$!
    pids="$pids $server"
    until [ -s "$work/$name.out" ]; do
        kill -0 "$server" || exit 1
        sleep 0.02
    done
    port=$(sed -n 1p "$work/$name.out")
}

# Connections, handshakes, requests, writes that it counted.
stop_server() { # PID NAME
    kill "$1"
    # It is no child of the subshell that this mostly runs in.
    for _ in $(seq 250); do
        [ -z "$(sed -n 2p "$work/$2.out")" ] || break
        sleep 0.02
    done
    sed -n 2p "$work/$2.out"
}
