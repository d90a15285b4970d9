#!/bin/sh
# program.sh - the program runs, and a policy passes its test.
set -eu
cd "${AUTOPKGTEST_TMP:-$(mktemp -d)}"
headcount version
cat >policy.lua <<'LUA'
return { per_host { "web", tasks = 2 } }
LUA
echo '{"cluster": "prod"}' >event.json
headcount event event.json
