#!/bin/sh
# tap.sh PROGRAM - runs one unit program for prove.  What the program says stays
# in PROGRAM.tap, with its exit status as the last line; 124 is out of time.
#
# TAP_LIMIT: seconds (300).  TAP_WRAP: a command in front, as valgrind.
export CMOCKA_MESSAGE_OUTPUT=TAP
# shellcheck disable=SC2086 # a command and its arguments
timeout -k 5 "${TAP_LIMIT:-300}" ${TAP_WRAP-} "$1" >"$1.raw" 2>&1
status=$?
# cmocka 1.1.5 calls a skipped test "not ok", which a skip is not.
{
    sed 's/^not ok \([0-9]* # SKIP\)/ok \1/' "$1.raw"
    echo "# exit status $status"
} >"$1.tap"
rm -f "$1.raw"
cat "$1.tap"
exit $status
