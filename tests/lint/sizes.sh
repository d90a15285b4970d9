#!/bin/sh
# sizes.sh - no function of core or bindings over 60 lines, no file over 700
# (headcount.h, which is the manual of the library, may have 1160); files over
# 500 lines and functions of more than 5 parameters are named.
set -eu
bad=0

for file in $(find core bindings -name '*.[ch]'); do
    lines=$(wc -l <"$file")
    [ "$lines" -le 500 ] || echo "# $file has $lines lines"
    most=700
    [ "$file" != core/headcount.h ] || most=1160
    [ "$lines" -le "$most" ] || bad=1
    awk -f tests/lint/strip.awk "$file" | awk -v file="$file" '
    /^#/ { next }
    /^[A-Za-z_].*\(/ { head = NR; text = "" }
    { text = text $0 }
    /^\{$/ && head > 0 { start = NR }
    /;[ ]*$/ && start == 0 { check(text) ; head = 0; text = "" }
    /^\}$/ && start > 0 {
        if (NR - start - 1 > 60) {
            print file ":" start ": a function of " NR - start - 1 " lines"
            bad = 1
        }
        start = 0
        head = 0
    }
    /^\{$/ && head > 0 { check(text) }
    function check(t,    list, n) {
        if (t !~ /^[a-z_].*\(.*\)/ || t ~ /^(typedef|return|extern)/)
            return
        sub(/__attribute__.*/, "", t)
        list = t
        sub(/^[^(]*\(/, "", list)
        if (list ~ /\(/ || list ~ /\.\.\./)
            return
        n = gsub(/,/, ",", list) + 1
        if (n > 5)
            print "# " file ":" head ": a function of " n " parameters"
    }
    END { exit bad }' || bad=1
done
exit $bad
