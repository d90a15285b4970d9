#!/bin/sh
# demo.sh - shows headcount with a local ECS API (moto behind nginx with TLS),
# three hosts, two events.
#
# `make demo` builds what is needed and runs this.  The demo contacts nothing
# outside of this machine.
set -eu

cd "$(dirname "$0")/.."
program=${HEADCOUNT:-$PWD/build/headcount}
python=$PWD/build/venv/bin/python
work=$(mktemp -d)
peers=
stop() {
    if [ -n "$peers" ]; then
        kill "$peers" 2>/dev/null || :
        wait "$peers" 2>/dev/null || :
    fi
    rm -rf "$work"
}
trap stop EXIT
trap 'exit 1' INT TERM

bold='' plain=''
if [ -t 1 ] && [ -z "${NO_COLOR-}" ]; then
    bold=$(printf '\033[1m') plain=$(printf '\033[0m')
fi
say() {
    printf '\n%s%s%s\n' "$bold" "$*" "$plain"
}

# The report is on stdout and the timings are on stderr: this prints the report
# first.
handle_with_timings() {
    status=0
    "$program" handle --service web --timings "$work/event.json" \
        2>"$work/timings" || status=$?
    cat "$work/timings"
    return $status
}

# The caller's settings for AWS and headcount must not reach the demo.
for name in $(env | sed -n -e 's/^\(AWS_[A-Z0-9_]*\)=.*/\1/p' \
    -e 's/^\(HEADCOUNT_[A-Z_]*\)=.*/\1/p' -e 's/^\(ECS_[A-Z_]*\)=.*/\1/p'); do
    unset "$name"
done
AWS_REGION=eu-west-1
AWS_ACCESS_KEY_ID=demo
AWS_SECRET_ACCESS_KEY=demo
AWS_CONFIG_FILE=/dev/null
AWS_SHARED_CREDENTIALS_FILE=/dev/null
no_proxy=127.0.0.1,test.internal
export AWS_REGION AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_CONFIG_FILE \
    AWS_SHARED_CREDENTIALS_FILE no_proxy

say "1. A local ECS API: cluster prod, service web with one task, three hosts"
"$python" examples/demo.py serve "$work" >"$work/log" 2>&1 &
peers=$!
tries=0
until [ -s "$work/env" ]; do
    tries=$((tries + 1))
    if [ $tries -gt 600 ] || ! kill -0 "$peers" 2>/dev/null; then
        cat "$work/log" >&2
        exit 1
    fi
    sleep 0.1
done
# moto, AWS_ENDPOINT_URL, AWS_CA_BUNDLE, HEADCOUNT_DNS_SERVER
moto=
# shellcheck source=/dev/null
. "$work/env"
export AWS_ENDPOINT_URL AWS_CA_BUNDLE HEADCOUNT_DNS_SERVER
"$python" examples/demo.py hosts "$moto" 3 >"$work/event.json"
echo "$AWS_ENDPOINT_URL (moto behind nginx; only the DNS server at"
echo "$HEADCOUNT_DNS_SERVER knows the name)"

say "2. What would change:   headcount plan prod --service web"
"$program" plan prod --service web

say "3. The event of the third host:   headcount handle --service web --timings"
handle_with_timings

say "4. A fourth host registers; its event comes in"
"$python" examples/demo.py hosts "$moto" 1 >"$work/event.json"
handle_with_timings

say "5. The same event again (EventBridge may deliver twice): nothing to do"
"$program" handle --service web "$work/event.json"

say "6. Any call by hand:   headcount call ecs DescribeServices ..."
"$program" call ecs DescribeServices \
    '{"cluster": "prod", "services": ["web"]}' |
    "$python" -c 'import json, sys
web = json.load(sys.stdin)["services"][0]
print("desiredCount of", web["serviceName"], "is", web["desiredCount"])'

say "That was all: three calls over one connection for a change, two when there
is nothing to do."
