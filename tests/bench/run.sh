#!/bin/sh
# run.sh - headcount beside the floor under it, and one whole run from event to
# written count.  Medians of interleaved rounds; look at the ratios, machines
# are noisy.
set -eu
cd "$(dirname "$0")/../.."
. tests/bench/common.sh

build_all
start_server plain
plain=$port plain_pid=$server
start_server tls "$certs/ec-chain.pem" "$certs/ec-key.pem"
python=$BUILD/venv/bin/python
[ -x "$python" ] || python=python3
"$python" tests/bench/measure.py calls "$bench" "$plain" "$port" "$certs"
stop_server "$plain_pid" plain >/dev/null
"$python" tests/bench/measure.py many "$bench" "$port" "$certs"

start_server job "$certs/ec-chain.pem" "$certs/ec-key.pem"
runs=50
"$python" tests/bench/measure.py job "$bench/peak" "$BUILD/headcount" \
    "$port" "$certs" $runs
# shellcheck disable=SC2046 # four numbers
set -- $(stop_server "$server" job)
echo "  the server counted $1 connections, $2 handshakes, $3 requests, $4" \
    "writes in $runs runs"
