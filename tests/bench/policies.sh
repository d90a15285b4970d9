#!/bin/sh
# policies.sh - one run of README's policy, and of one that looks at every
# attribute of 5,000 hosts, where all facts are known.
set -eu
cd "$(dirname "$0")/../.."
. tests/bench/common.sh
mkdir -p "$bench"
lua_inc=$(sed -n 's/.*LUA_INC=//p' "$BUILD/flags" | head -1)
lua_inc=${lua_inc:-/usr/include/lua5.4}
# shellcheck disable=SC2086 # words of a command
$compile -isystem "$lua_inc" -Ibindings/lua -o "$bench/policy" \
    tests/bench/policy.c "$BUILD/tests/lua.a" "$BUILD/libheadcount.a" \
    -l:libbearssl.a -l:liblua5.4.a -lm

"$BUILD/headcount" run tests/bench/snapshot.lua 9 >"$work/small.json"
"$BUILD/headcount" run tests/bench/snapshot.lua 5000 >"$work/large.json"
# shellcheck disable=SC2016 # Markdown's fences, not commands
sed -n '/^```lua/,/^```/p' README.md | sed -n '2,/^```/p' | sed '$d' \
    >"$work/readme.lua"
cat >"$work/hosts.lua" <<'EOF'
return function(cluster)
  local zones, n = {}, 0
  for host in cluster:hosts {} do
    local zone = host.attributes["ecs.availability-zone"]
    zones[zone] = (zones[zone] or 0) + 1
    if host.attributes["ecs.os-type"] == "linux" and host.age > 60
       and host.connected then
      n = n + 1
    end
  end
  return { fixed { "web", n } }
end
EOF
show() { # TITLE POLICY SNAPSHOT ROUNDS LIMIT_US
    # shellcheck disable=SC2046 # four numbers
    set -- "$1" "$5" $("$bench/policy" "$2" "$3" "$4")
    echo "  $1: $3 us a run (best $4, $5 runs, $6 services); at most $2"
}
echo "A policy's run, all facts known"
show "README's policy" "$work/readme.lua" "$work/small.json" 2000 20
show "one that looks at 5,000 hosts" "$work/hosts.lua" "$work/large.json" \
    20 50000
