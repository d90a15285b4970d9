#!/bin/sh
# demo.sh - headcount at work: a local ECS API (moto), three hosts, two events.
#
# `make demo` builds what is needed and runs this.  Nothing outside of this
# machine is asked for anything.
set -eu

cd "$(dirname "$0")/.."
program=${HEADCOUNT:-$PWD/build/headcount}
python=$PWD/build/venv/bin/python
work=$(mktemp -d)
moto=
trap 'if [ -n "$moto" ]; then kill "$moto" 2>/dev/null || :; fi
      rm -rf "$work"' EXIT
trap 'exit 1' INT TERM

say() {
    printf '\n\033[1m%s\033[0m\n' "$*"
}
[ -t 1 ] || say() {
    printf '\n%s\n' "$*"
}

AWS_REGION=eu-west-1
AWS_ACCESS_KEY_ID=demo
AWS_SECRET_ACCESS_KEY=demo
export AWS_REGION AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
unset AWS_PROFILE AWS_SESSION_TOKEN AWS_ENDPOINT_URL_ECS 2>/dev/null || :

say "1. A local ECS API: cluster prod, service web with one task, three hosts"
"$python" examples/demo.py serve "$work/port" >"$work/moto.log" 2>&1 &
moto=$!
tries=0
until [ -s "$work/port" ]; do
    tries=$((tries + 1))
    if [ $tries -gt 600 ] || ! kill -0 "$moto" 2>/dev/null; then
        cat "$work/moto.log" >&2
        exit 1
    fi
    sleep 0.1
done
AWS_ENDPOINT_URL=http://127.0.0.1:$(cat "$work/port")
export AWS_ENDPOINT_URL
"$python" examples/demo.py hosts 3 >"$work/event.json"
echo "listening at $AWS_ENDPOINT_URL"

say "2. What would change:   headcount plan prod --service web"
"$program" plan prod --service web

say "3. The event of the third host:   headcount handle --service web --timings"
"$program" handle --service web --timings "$work/event.json"

say "4. A fourth host registers; its event comes in"
"$python" examples/demo.py hosts 1 >"$work/event.json"
"$program" handle --service web --timings "$work/event.json"

say "5. The same event again (EventBridge may deliver twice): nothing to do"
"$program" handle --service web "$work/event.json"

say "6. Any call by hand:   headcount call ecs DescribeServices ..."
"$program" call ecs DescribeServices \
    '{"cluster": "prod", "services": ["web"]}' |
    "$python" -c 'import json, sys
web = json.load(sys.stdin)["services"][0]
print("desiredCount of", web["serviceName"], "is", web["desiredCount"])'

say "That was all: three calls for a change, two when there is nothing to do."
