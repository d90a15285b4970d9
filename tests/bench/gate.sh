#!/bin/sh
# gate.sh - a warm, signed DescribeServices call takes at most 1.6 times the
# instructions of the least that any client can do (floor.c, signed), which
# does the same work: same_work.py looks at what the server saw of both.
#
# Likewise a reconcile of two calls that changes nothing, beside that of another
# tree, if BESIDE names its build folder: not one instruction more.
#
# And it takes three system calls: one that looks whether the connection is
# quiet, one that sends, one that waits for the answer and takes it.
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

# One in sixteen calls asks for random bytes: that is not a whole one.
system_calls() { # CALLS
    strace -f -c -o "$work/strace" "$bench/driver" "$port" "$1" \
        "$certs/ca.pem" >/dev/null
    awk '$NF == "total" { print $4 }' \
        "$work/strace"
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
    "$((ratio / 100)).$(printf %02d $((ratio % 100))) (at most 1.60)"
[ "$ratio" -le 160 ]
if command -v strace >/dev/null; then
    few=$(system_calls $FEW)
    many=$(system_calls $MANY)
    each=$(((many - few + (MANY - FEW) / 2) / (MANY - FEW)))
    echo "$each system calls a call (at most 3)"
    [ "$each" -le 3 ]
else
    echo "system calls are not counted: there is no strace"
fi
stop_server "$server" gate >/dev/null

start_server reconcile
ours=$(beside "$BUILD/libheadcount.a")
echo "$ours instructions a reconcile of two calls"
if [ -n "${BESIDE-}" ]; then
    theirs=$(beside "$BESIDE/libheadcount.a")
    echo "$theirs with $BESIDE (at least as many)"
    [ "$ours" -le "$theirs" ]
fi
