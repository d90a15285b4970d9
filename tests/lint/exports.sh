#!/bin/sh
# exports.sh - the shared library shows headcount_* and nothing else, shows
# every call that headcount.h declares, and each public name of the archive is
# hc_<module>_... or headcount_...
set -eu
so=$BUILD/libheadcount.so
[ -e "$so" ] || { echo "no $so"; exit 1; }
bad=0

shown=$(nm -D --defined-only "$so" | awk '{ print $NF }')
other=$(echo "$shown" | grep -v '^headcount_' || :)
[ -z "$other" ] || { echo "$so shows: $other"; bad=1; }

for name in $(awk -f tests/lint/strip.awk core/headcount.h |
    grep -oE '\bheadcount_[a-z0-9_]+[[:space:]]*\(' | tr -d ' (' | sort -u)
do
    echo "$shown" | grep -qx "$name" || {
        echo "headcount.h declares $name, the library lacks it"
        bad=1
    }
done

nm -g --defined-only "$BUILD/libheadcount.a" 2>/dev/null |
    awk 'NF == 3 && $3 !~ /^(hc_|headcount_)/ {
        print "the archive shows " $3
        bad = 1
    }
    END { exit bad }' || bad=1
exit $bad
