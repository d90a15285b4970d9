#!/bin/sh
# build.sh [PEER...] - builds the bench's peers into build/peers, at the
# versions that stand in this folder: venv (boto3, AWS CLI), js, go, rust, curl.
#
# A peer that cannot be had leaves a line in build/peers/missing, which its row
# shows, and is no failure.
set -u
cd "$(dirname "$0")/../../.." || exit 1
here=$PWD/tests/bench/peers
to=$PWD/build/peers
CC=${CC:-cc}
mkdir -p "$to"
: >>"$to/missing"

has() {
    command -v "$1" >/dev/null 2>&1
}

is_built() { # PEER FILE...
    key=$to/$1.key
    shift
    cat "$@" | cmp -s - "$key"
}

miss() { # NAME WHY
    echo "$1: cannot be had: $2"
    { grep -v "^$1:" "$to/missing"; echo "$1: cannot be had: $2"; } \
        >"$to/missing.new"
    mv "$to/missing.new" "$to/missing"
}

# Runs a command, whose words go to a log; says what failed.
attempt() { # NAME PEER COMMAND...
    name=$1 log=$to/$2.log
    shift 2
    "$@" >"$log" 2>&1 && return
    miss "$name" "$(grep -v '^ *$' "$log" | tail -n 1)"
    return 1
}

peer_venv() {
    is_built venv "$here/requirements.txt" && [ -e "$to/venv/stamp" ] && return
    echo "bench-peers: boto3 and the AWS CLI"
    python=$(command -v python3)
    "$python" -c 'import ensurepip, venv' 2>/dev/null || python=/usr/bin/python3
    rm -rf "$to/venv"
    attempt boto3 venv "$python" -m venv "$to/venv" &&
        attempt boto3 venv "$to/venv/bin/python" -m pip install --quiet \
            --no-deps --disable-pip-version-check \
            -r "$here/requirements.txt" || return
    : >"$to/venv/stamp"
    cp "$here/requirements.txt" "$to/venv.key"
}

peer_js() {
    is_built js "$here/js/package-lock.json" && [ -e "$to/js/stamp" ] && return
    echo "bench-peers: AWS SDK for JavaScript v3"
    rm -rf "$to/js"
    mkdir -p "$to/js"
    cp "$here/js/package.json" "$here/js/package-lock.json" "$to/js"
    attempt JavaScript js npm ci --prefix "$to/js" --ignore-scripts \
        --no-audit --no-fund || return
    : >"$to/js/stamp"
    cp "$here/js/package-lock.json" "$to/js.key"
}

peer_go() {
    is_built go "$here/go/go.sum" "$here/go/main.go" && [ -x "$to/go/sdk" ] &&
        return
    echo "bench-peers: AWS SDK for Go v2"
    rm -rf "$to/go"
    mkdir -p "$to/go"
    attempt Go go env GOFLAGS=-mod=readonly GOTOOLCHAIN=local \
        go build -C "$here/go" -o "$to/go/sdk" . || return
    cat "$here/go/go.sum" "$here/go/main.go" >"$to/go.key"
}

peer_rust() {
    is_built rust "$here/rust/Cargo.lock" "$here/rust/src/main.rs" &&
        [ -x "$to/rust/release/sdk" ] && return
    echo "bench-peers: AWS SDK for Rust (minutes)"
    rm -f "$to/rust/release/sdk"
    attempt Rust rust cargo build --release --locked --target-dir "$to/rust" \
        --manifest-path "$here/rust/Cargo.toml" || return
    # What it was made of takes 600 MB.
    rm -rf "$to/rust/release/deps" "$to/rust/release/build" \
        "$to/rust/release/.fingerprint"
    cat "$here/rust/Cargo.lock" "$here/rust/src/main.rs" >"$to/rust.key"
}

peer_curl() {
    echo "bench-peers: libcurl with jansson"
    rm -f "$to/curl"
    # shellcheck disable=SC2086 # CC is a list of words
    attempt libcurl curl $CC -std=c11 -D_POSIX_C_SOURCE=200809L -O2 -Wall \
        -Wextra -Werror -Itests/bench -o "$to/curl" "$here/curl.c" -lcurl \
        -ljansson
}

# A tool that is not a package of Debian, and whose peer it builds.
lacks() { # TOOL NAME
    has "$1" && return 1
    miss "$2" "there is no $1"
}

[ $# -gt 0 ] || set -- venv curl js go rust
for peer; do
    case $peer in
    venv) peer_venv ;;
    curl) peer_curl ;;
    js) lacks npm JavaScript || peer_js ;;
    go) lacks go Go || peer_go ;;
    rust) lacks cargo Rust || peer_rust ;;
    *) echo "bench-peers: there is no peer $peer" >&2 ;;
    esac
done
exit 0
