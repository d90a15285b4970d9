#!/bin/sh
# includes.sh - a .c file's own header is its first include, and every header
# compiles alone.
set -eu
bad=0

for c in core/*/*.c; do
    [ -e "$c" ] || continue
    own=${c#core/}
    own=${own%.c}.h
    [ -e "core/$own" ] || continue
    first=$(sed -n 's/^#include [<"]\([^>"]*\)[>"].*/\1/p' "$c" | head -n 1)
    [ "$first" = "$own" ] || {
        echo "$c: the first include is $first, not $own"
        bad=1
    }
done

flags=$(cat "$BUILD/flags")
for h in core/*.h core/*/*.h; do
    [ -e "$h" ] || continue
    # shellcheck disable=SC2086 # a compiler and its flags
    echo "#include \"${h#core/}\"" | $flags -Werror -fsyntax-only -x c - ||
        bad=1
done
exit $bad
