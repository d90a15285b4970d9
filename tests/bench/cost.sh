#!/bin/sh
# cost.sh [write] - the measured inputs of examples/cost.lua; `write` writes
# them there, and the table of README.md.
set -eu
cd "$(dirname "$0")/../.."
. tests/bench/common.sh
python=$BUILD/venv/bin/python
if ! "$python" -c 'import samcli' 2>/dev/null; then
    echo "Lambda's emulator is missing: run make deps"
    exit 1
fi
sh tests/peers/certs.sh "$certs"
"$python" tests/bench/cost.py "${PROGRAM:-$BUILD/headcount}" "$certs" "$work" \
    "$@"
