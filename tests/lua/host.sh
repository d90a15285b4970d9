#!/bin/sh
# host.sh - a Lua 5.4 newer than the system's, from source: leaves the tree
# build/lua-VERSION (src/lua, src/liblua.a) for LUA_DIR=, and prints its path.
# The source comes whole with a Python package; its bytes are known.
set -eu
cd "$(dirname "$0")/../.."
version=5.4.8
package=lupa-2.6
sum=9a770a6e89576be3447668d7ced312cd6fd41d3c13c2462c9dc2c2ab570e45d9
tree=build/lua-$version

fetch() {
    [ -f "build/$package.tar.gz" ] || build/venv/bin/python -m pip download \
        --quiet --disable-pip-version-check --no-deps --no-binary lupa \
        --dest build "lupa==${package#lupa-}" >&2
    echo "$sum  build/$package.tar.gz" | sha256sum -c - >/dev/null || {
        rm -f "build/$package.tar.gz"
        echo "host.sh: $package is not the file that was expected" >&2
        exit 1
    }
}

if [ ! -x "$tree/src/lua" ]; then
    fetch
    rm -rf "$tree"
    mkdir -p "$tree/src"
    tar -xzf "build/$package.tar.gz" -C "$tree/src" --strip-components=3 \
        "$package/third-party/lua54"
    (
        cd "$tree/src"
        for c in l*.c; do
            case $c in
            lua.c | luac.c | ltests.c) ;;
            *) ${CC:-cc} -O2 -fPIC -DLUA_USE_LINUX -c "$c" ;;
            esac
        done
        ar qcs liblua.a ./*.o
        ${CC:-cc} -O2 -DLUA_USE_LINUX -Wl,-E -o lua.new lua.c liblua.a -lm \
            -ldl
        mv lua.new lua
    )
fi
echo "$tree"
