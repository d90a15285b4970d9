#!/bin/sh
# mirror.sh - tests/<room>/<module>_test.c for every core/<room>/<module>.c (a
# room may have a folder) and for the worker's parts, and no test of a module
# that is gone.
set -eu
bad=0
for c in core/*/*.c core/*/*/*.c; do
    # Data that a program wrote; tests/wire/anchors_test.c and
    # tests/aws/catalog_test.c check it.
    case $c in
    core/wire/anchors_amazon.c | core/aws/service_table.c) continue ;;
    esac
    t=tests/${c#core/}
    t=${t%.c}_test.c
    [ -e "$t" ] || { echo "$c has no $t"; bad=1; }
done
# The other parts are the loop and the files that it writes: the system tests
# run the worker for those.
for part in inbox queue messages work; do
    for file in bindings/cli/watch/$part.c tests/cli/watch/${part}_test.c; do
        [ -e "$file" ] || { echo "there is no $file"; bad=1; }
    done
done
for room in base wire net aws ecs plan reconcile op api; do
    for t in tests/"$room"/*_test.c tests/"$room"/*/*_test.c; do
        [ -e "$t" ] || continue
        c=core/${t#tests/}
        c=${c%_test.c}
        [ -e "$c.c" ] || [ -e "$c.h" ] || { echo "$t tests no $c"; bad=1; }
    done
done
for t in tests/cli/*_test.c tests/cli/*/*_test.c tests/lua/*_test.c \
    tests/lua/*/*_test.c; do
    [ -e "$t" ] || continue
    c=bindings/${t#tests/}
    [ -e "${c%_test.c}.c" ] || { echo "$t tests no ${c%_test.c}.c"; bad=1; }
done
exit $bad
