#!/bin/sh
# program.sh - the program runs, and a policy passes its test.
set -eu
cd "${AUTOPKGTEST_TMP:-$(mktemp -d)}"
headcount version
cat >policy.lua <<'LUA'
return { hosts_minus { "web", spare = 1, min = 1 } }
LUA
cat >policy_test.lua <<'LUA'
test "one host stays free of web" (function()
  cluster { hosts = 9, services = { "web" } }:plan "policy.lua":wants("web", 8)
end)
LUA
headcount test policy_test.lua
