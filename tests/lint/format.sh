#!/bin/sh
# format.sh - 80 columns, no tabs, no white space at the end, a newline at the
# end of the file, /* */ comments only; a line that coverage skips says why.
set -eu
bad=0

columns() { # FILE
    awk '{
        text = $0
        gsub(/[\200-\277]/, "", text)       # bytes that continue a character
        if (length(text) > 80)
            print FILENAME ":" FNR ": " length(text) " columns"
    }' "$1"
}

for file in $(find core bindings tests examples \
    \( -name '*.[ch]' -o -name '*.sh' -o -name '*.py' \) 2>/dev/null) \
    tests/run .ci/run; do
    [ -f "$file" ] || continue
    wrong=$(LC_ALL=C columns "$file"
        LC_ALL=C awk '/\t/ { print FILENAME ":" FNR ": a tab" }' "$file"
        grep -nHE '[[:space:]]+$' "$file" | sed 's/$/ (white space)/'
        [ -z "$(tail -c 1 "$file")" ] || echo "$file: no newline at the end"
        case $file in
        *.[ch])
            awk -f tests/lint/strip.awk "$file" | grep -n '//' |
                sed "s|^|$file:|" ;;
        esac
        case $file in
        core/*)
            grep -nHE '(GCOVR?|LCOV)_EXCL' "$file" |
                grep -vE '_EXCL_(STOP|END)|_EXCL_[A-Z_]+: [a-z]' |
                sed 's/$/ (no reason)/' ;;
        esac)
    [ -z "$wrong" ] || {
        echo "$wrong"
        bad=1
    }
done
exit $bad
