#!/bin/sh
# library.sh - a program is compiled and linked with the library, and runs.
set -eu
cd "${AUTOPKGTEST_TMP:-$(mktemp -d)}"
cat >version.c <<'C'
#include <headcount.h>
#include <stdio.h>

int main(void)
{
    return puts(headcount_version()) < 0;
}
C
# shellcheck disable=SC2046 # flags are words
gcc -o version version.c $(pkg-config --cflags --libs headcount)
./version
