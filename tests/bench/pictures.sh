#!/bin/sh
# pictures.sh [write] - `headcount latency` over a path with a delay; `write`
# writes the table of README.md, and the picture.
set -eu
cd "$(dirname "$0")/../.."
. tests/bench/common.sh
sh tests/peers/certs.sh "$certs"
"$BUILD/venv/bin/python" tests/bench/pictures.py \
    "${PROGRAM:-$BUILD/headcount}" "$certs" "$work" "$@"
