#!/bin/sh
# Every Lua file of the project passes luacheck (.luacheckrc).
set -u
cd "$(dirname "$0")/../.." || exit 1
command -v luacheck >/dev/null 2>&1 || {
    echo "luacheck is missing: run make deps"
    exit 77
}
out=$(luacheck -q --no-color lua examples tests/lua 2>&1) && exit 0
echo "$out"
exit 1
