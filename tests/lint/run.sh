#!/bin/sh
# run.sh [CHECK...] - the rules of the house as programs: "ok NAME" or
# "not ok NAME" a check, under a "not ok" what is wrong; exit 1 if anything is.
#
# The checks that look at objects take them from $BUILD (build), which `make
# check` has filled.
set -u
cd "$(dirname "$0")/../.." || exit 1
BUILD=${BUILD:-build}
export BUILD
status=0

[ $# -gt 0 ] || set -- layers includes onefile words functions format \
    sizes symbols exports data mirror members shell lua breaks peers

for check; do
    if out=$(sh "tests/lint/$check.sh" 2>&1); then
        echo "ok $check"
    elif [ $? -eq 77 ]; then
        echo "skip $check"
    else
        echo "not ok $check"
        status=1
    fi
    [ -z "$out" ] || echo "$out" | sed 's/^/    /'
done
exit $status
