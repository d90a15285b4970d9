#!/bin/sh
# events.sh [CLUSTERS...] - the memory of an event that names many clusters.
set -eu
cd "$(dirname "$0")/../.."
. tests/bench/common.sh
[ $# -gt 0 ] || set -- 1 500 2000
mkdir -p "$bench"
build peak
build event "$BUILD/libheadcount.a"
"$BUILD/venv/bin/python" tests/bench/event.py "$bench" "$@"
