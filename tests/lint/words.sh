#!/bin/sh
# words.sh - nothing in the tree names a machine, a registry or work undone.
set -eu

files() {
    if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
        git ls-files -co --exclude-standard
    else
        find . -type f ! -path './build/*' | sed 's|^\./||'
    fi
}

# Each pattern is spelled so that it does not find itself.
words='(^|[^a-z])/wor[k]\b|/roo[t]\b|/opt/wheel[s]|pyen[v]'
words="$words|pypi[.]or[g]|pythonhoste[d]|deb[.]debia[n][.]org"
words="$words|security[.]debia[n]|npmj[s][.]|crates[.]i[o]|proxy[.]golan[g]"
words="$words|repo1?[.]mave[n]"
undone='TOD[O]|FIXM[E]|XX[X]'
bad=0

for file in $(files); do
    [ -f "$file" ] || continue
    # cargo writes its registry's name into each entry.
    [ "${file##*/}" != Cargo.lock ] || continue
    ! grep -InE "$words" "$file" /dev/null || bad=1
    case $file in
    *.[ch] | *.py | *.sh | Makefile)
        ! grep -InE "\\b($undone)\\b" "$file" /dev/null || bad=1 ;;
    esac
done
exit $bad
