#!/bin/sh
# Prints C: the Lua files that are named, as bytes (cli/lua_host.h).
set -eu
echo '#include "lua_host.h"'
i=0
for file; do
    i=$((i + 1))
    printf '\nstatic const unsigned char text_%d[] = {\n' "$i"
    od -An -v -tu1 "$file" | sed 's/  */ /g; s/^ //; s/ *$//; s/ /,/g; s/$/,/'
    echo '};'
done
printf '\nconst struct lua_file lua_files[] = {\n'
i=0
for file; do
    i=$((i + 1))
    path=${file#lua/}
    name=$(echo "${path%.lua}" | tr / .)
    printf '    { "%s", "=%s", text_%d, sizeof text_%d },\n' \
        "${name%.init}" "$path" "$i" "$i"
done
echo '    { 0, 0, 0, 0 }'
echo '};'
