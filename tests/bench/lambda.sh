#!/bin/sh
# lambda.sh - a function under AWS's own emulator: from exec to the first
# answer, and what a warm invocation takes.
set -eu
cd "$(dirname "$0")/../.."
. tests/bench/common.sh
python=$BUILD/venv/bin/python
if ! "$python" -c 'import samcli' 2>/dev/null; then
    echo "Lambda's emulator is missing: run make deps"
    exit 1
fi
build_all
start_server lambda "$certs/ec-chain.pem" "$certs/ec-key.pem"
"$python" tests/bench/lambda.py "$BUILD/headcount" "$port" "$certs" "$work"
# shellcheck disable=SC2046 # four numbers
set -- $(stop_server "$server" lambda)
echo "  the server counted $1 connections, $2 handshakes, $3 requests, $4" \
    "writes"
