#!/bin/sh
# tidy.sh - clang-tidy (.clang-tidy) and cppcheck over core and the command.
set -eu
files=$(find core bindings -name '*.c')

echo "clang-tidy"
# shellcheck disable=SC2016 # the inner shell expands
echo "$files" | xargs -P "${JOBS:-2}" -n 4 sh -c \
    'clang-tidy --quiet "$@" -- -std=c11 $HC_CPPFLAGS 2>/dev/null' tidy

echo "cppcheck"
mkdir -p "$BUILD/lint/cppcheck"
# The system's headers are not its business; the rest it says goes.
# shellcheck disable=SC2086
cppcheck --quiet --std=c11 --error-exitcode=1 --inline-suppr -j "${JOBS:-2}" \
    --enable=warning,performance,portability \
    --suppress=missingIncludeSystem --suppress=unusedStructMember \
    --cppcheck-build-dir="$BUILD/lint/cppcheck" \
    -Icore -Ibindings/lua -Ibindings/cli -D_POSIX_C_SOURCE=200809L $files
