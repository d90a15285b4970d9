#!/bin/sh
# sweeps.sh [CLUSTERS] - a whole sweep beside what ECS's buckets allow.
set -eu
cd "$(dirname "$0")/../.."
. tests/bench/common.sh
mkdir -p "$bench"
build peak
sh tests/peers/certs.sh "$certs"
"$BUILD/venv/bin/python" tests/bench/sweep.py "$bench/peak" \
    "$BUILD/headcount" "$certs" "${1:-1000}"
