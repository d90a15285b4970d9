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
    sizes symbols exports data mirror members shell lua breaks peers names \
    headless

said=$(mktemp -d)
trap 'rm -rf "$said"' EXIT
# shellcheck disable=SC2016 # the inner shell expands
printf '%s\n' "$@" | xargs -P "${JOBS:-2}" -n 1 sh -c \
    'sh "tests/lint/$2.sh" >"$1/$2" 2>&1; echo $? >"$1/$2.status"' lint "$said"

for check; do
    case $(cat "$said/$check.status") in
    0) echo "ok $check" ;;
    77) echo "skip $check" ;;
    *)
        echo "not ok $check"
        status=1
        ;;
    esac
    sed 's/^/    /' "$said/$check"
done
exit $status
