#!/bin/sh
# shell.sh - shellcheck over every script, where it is installed.
set -eu
command -v shellcheck >/dev/null || exit 77
find tests examples .ci bindings \( -name '*.sh' -o -path .ci/run \) \
    2>/dev/null | xargs shellcheck -x
