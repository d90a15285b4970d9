#!/bin/sh
# onefile.sh - core compiles as one file, so no static name is used twice.
set -eu
mkdir -p "$BUILD/lint"
one=$BUILD/lint/onefile.c
: >"$one"
for room in base wire net aws ecs plan reconcile op api; do
    for c in core/"$room"/*.c core/"$room"/*/*.c; do
        [ ! -e "$c" ] || echo "#include \"${c#core/}\"" >>"$one"
    done
done
# shellcheck disable=SC2046 # a compiler and its flags
$(cat "$BUILD/flags") -Werror -fsyntax-only "$one"

# The archive keeps members by their bare names.
twice=$(find core -name '*.c' -exec basename {} \; | sort | uniq -d)
[ -z "$twice" ] || {
    echo "two files of core are named $twice"
    exit 1
}
