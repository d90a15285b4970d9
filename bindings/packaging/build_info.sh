#!/bin/sh
# build_info.sh - the header that tells `headcount version` of which commit and
# which libraries the program is: BEARSSL_VERSION and MUSL_VERSION, where they
# are said, and else what can be found out, or "unknown".  The same tree gives
# the same text.
set -u
cd "$(dirname "$0")/../.." || exit 1

# A tree under git, and not a folder in somebody else's; or an archive, in
# which git has put the commit into the file.
commit() {
    if prefix=$(git rev-parse --show-prefix 2>/dev/null) &&
        [ -z "$prefix" ] && id=$(git rev-parse HEAD 2>/dev/null); then
        changes=" and changes"
        ! git diff --quiet HEAD -- Makefile core bindings lua 2>/dev/null ||
            changes=
        echo "$id" | sed "s/^\(.\{12\}\).*/\1$changes/"
    else
        sed -n 's/^\([0-9a-f]\{12\}\)[0-9a-f]*$/\1/p' \
            bindings/packaging/commit 2>/dev/null
    fi
}

package_of() { # PACKAGE
    # shellcheck disable=SC2016 # dpkg-query's own
    dpkg-query -W -f '${Version}' "$1" 2>/dev/null
}

if [ -z "${BEARSSL_VERSION-}" ] && [ -z "${BEARSSL_DIR-}" ]; then
    BEARSSL_VERSION=$(package_of libbearssl-dev)
fi

define() { # NAME TEXT
    printf '#define %s "%s"\n' "$1" \
        "$(printf %s "${2:-unknown}" | tr -cd 'A-Za-z0-9.+~: -')"
}

define BUILD_COMMIT "$(commit)"
define BUILD_BEARSSL "${BEARSSL_VERSION-}"
define BUILD_MUSL "${MUSL_VERSION-}"
