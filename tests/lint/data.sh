#!/bin/sh
# data.sh - core has no variable that outlives a call: no object of it has
# anything in .data, .bss, a common block or thread-local storage.  (Constant
# tables that hold addresses lie in .data.rel.ro, which is read-only.)
set -eu
objects=$BUILD/obj/core
[ -d "$objects" ] || { echo "no objects in $objects"; exit 1; }

find "$objects" -name '*.o' | while read -r o; do
    objdump -t "$o" | awk -v file="${o#"$objects"/}" '
    {
        # VALUE FLAGS SECTION<tab>SIZE NAME
        section = $0
        sub(/\t.*/, "", section)
        sub(/.* /, "", section)
        size = $0
        sub(/.*\t/, "", size)
        sub(/ .*/, "", size)
        if (size ~ /^0+$/ || section ~ /^\.data\.rel\.ro/)
            next
        if (section ~ /^(\.data|\.bss|\.tdata|\.tbss|\*COM\*)/)
            print file " keeps " $NF " in " section
    }'
done | awk '{ print } END { exit NR > 0 }'
