#!/bin/sh
# Prints C: the Lua files that are named, packed (cli/lua_host.h).
#
# A line that is a comment becomes an empty line, and indentation is left out:
# that is two fifths of the bytes, and every error keeps its line number.  What
# is left is halved by pairs.awk.
set -eu
awk=$(dirname "$0")/pairs.awk
for file; do
    # In a text of several lines both would be part of the text.
    ! grep -n '\[=*\[\|\\$' "$file" >&2 || {
        echo "$file: no text or comment of several lines can be embedded" >&2
        exit 1
    }
done
echo '#include "lua_host.h"'
echo
for file; do
    sed 's/^[[:blank:]]*//; s/^--.*//' "$file" | od -An -v -tu1
    echo end
done | awk -f "$awk"
printf '\nconst struct lua_file lua_files[] = {\n'
i=0
for file; do
    i=$((i + 1))
    path=${file#lua/}
    name=$(echo "${path%.lua}" | tr / .)
    printf '    { "%s", "=%s", pairs, text_%d, sizeof text_%d },\n' \
        "${name%.init}" "$path" "$i" "$i"
done
echo '    { 0, 0, 0, 0, 0 }'
echo '};'
