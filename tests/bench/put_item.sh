#!/bin/sh
# put_item.sh [write] - examples/put_item with and without keep-alive; `write`
# writes the table of its README.md, and the picture.
set -eu
cd "$(dirname "$0")/../.."
. tests/bench/common.sh
python=$BUILD/venv/bin/python
if ! "$python" -c 'import samcli' 2>/dev/null; then
    echo "Lambda's emulator is missing: run make deps"
    exit 1
fi
sh tests/peers/certs.sh "$certs"
"$python" tests/bench/put_item.py "${PROGRAM:-$BUILD/headcount}" "$certs" \
    "$work" "$@"
