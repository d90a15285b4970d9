#!/bin/sh
# gate.sh - a warm, signed DescribeServices call takes at most 2.2 times the
# instructions of the least that any client can do (floor.c, signed), which
# does the same work: same_work.py looks at what the server saw of both.
#
# Likewise a reconcile of two calls that changes nothing, beside that of another
# tree, if BESIDE names its build folder: not one instruction more.
#
# Counted by valgrind, at two numbers of calls, so that start and handshake
# fall out: the same figure on every machine of one kind.
set -eu
cd "$(dirname "$0")/../.."
. tests/bench/common.sh

command -v valgrind >/dev/null || {
    echo "the gate counts with valgrind, which is missing: run make deps"
    exit 1
}

FEW=20 MANY=120

instructions() { # PROGRAM PORT CALLS ARG...
    program=$1
    shift
    valgrind --tool=callgrind --callgrind-out-file="$work/callgrind" \
        --log-file="$work/log" "$bench/$program" "$@" >/dev/null
    sed -n 's/^summary: \([0-9]*\).*/\1/p; s/^totals: \([0-9]*\).*/\1/p' \
        "$work/callgrind" | head -n 1
}

a_call() { # PROGRAM ARG...
    program=$1
    shift
    few=$(instructions "$program" "$port" $FEW "$@")
    many=$(instructions "$program" "$port" $MANY "$@")
    echo $(((many - few) / (MANY - FEW)))
}

beside() { # LIBHEADCOUNT
    build reconcile "$1"
    a_call reconcile
}

build_all
python=$BUILD/venv/bin/python
[ -x "$python" ] || python=python3
start_server same "$certs/ec-chain.pem" "$certs/ec-key.pem" "$work/seen"
"$bench/floor" "$port" 1 "$certs/ec-ca.pem" sign >/dev/null
"$bench/driver" "$port" 1 "$certs/ca.pem" >/dev/null
stop_server "$server" same >/dev/null
"$python" tests/bench/same_work.py "$work/seen"

start_server gate "$certs/ec-chain.pem" "$certs/ec-key.pem"
floor=$(a_call floor "$certs/ec-ca.pem" sign)
ours=$(a_call driver "$certs/ca.pem")
ratio=$((ours * 100 / floor))
echo "$ours instructions a call, the signed floor $floor: ratio" \
    "$((ratio / 100)).$(printf %02d $((ratio % 100))) (at most 2.20)"
[ "$ratio" -le 220 ]
stop_server "$server" gate >/dev/null

start_server reconcile
ours=$(beside "$BUILD/libheadcount.a")
echo "$ours instructions a reconcile of two calls"
if [ -n "${BESIDE-}" ]; then
    theirs=$(beside "$BESIDE/libheadcount.a")
    echo "$theirs with $BESIDE (at least as many)"
    [ "$ours" -le "$theirs" ]
fi
