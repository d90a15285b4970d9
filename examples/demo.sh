#!/bin/sh
# demo.sh - shows headcount with a local ECS API, three hosts, and an event for
# each thing that happens to them.
#
# `make demo` builds what is needed and runs this.  The demo contacts nothing
# outside of this machine.  The ECS is tests/peers/demo_ecs.h, or with MOTO=1
# moto behind nginx (demo.py).
set -eu

cd "$(dirname "$0")/.."
top=$PWD
build=${BUILD:-build/demo}
program=${HEADCOUNT:-$build/headcount}
peer=${DEMO_ECS:-$build/tests/demo_ecs}
case $program in /*) ;; *) program=$top/$program ;; esac
moto=${MOTO-}
python=$top/build/venv/bin/python
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

# Shows the command, then runs it.
run() {
    echo "\$ headcount $*"
    "$program" "$@" 2>"$work/err" || {
        cat "$work/err"
        return 1
    }
    # Audit lines are for a log: a terminal does not show them either.
    sed '/^{/d' "$work/err"
}

# Shows a command that is wrong, and what is said about it.
wrong() {
    echo "\$ headcount $*"
    ! "$program" "$@" 2>&1
}

call() {
    "$program" call ecs "$@"
}

arns() {
    grep -o 'arn:aws:ecs:[^"]*:container-instance/[^"]*'
}

# A host registers with the cluster; prints its ARN.
join() {
    if [ -n "$moto" ]; then
        "$python" examples/demo.py host "$moto_url"
    else
        call RegisterContainerInstance '{"cluster":"prod"}' | arns
    fi
}

# event ARN STATUS - the event that EventBridge has for this host.
event() {
    cat >"$work/event.json" <<EOF
{ "version": "0", "id": "8952ba83-7be2-4ab5-9c32-6687532d15a2",
  "detail-type": "ECS Container Instance State Change",
  "source": "aws.ecs", "account": "123456789012", "region": "eu-west-1",
  "time": "2020-12-06T16:41:06Z", "resources": ["$1"],
  "detail": {
    "clusterArn": "arn:aws:ecs:eu-west-1:123456789012:cluster/prod",
    "containerInstanceArn": "$1", "status": "$2", "agentConnected": true } }
EOF
}

count() {
    printf '%s, desiredCount of web in ECS: ' "$1"
    "$program" run "$work/count.lua"
}

# The caller's settings for AWS and headcount must not reach the demo.
for name in $(env | sed -n -e 's/^\(AWS_[A-Z0-9_]*\)=.*/\1/p' \
    -e 's/^\(HEADCOUNT_[A-Z_]*\)=.*/\1/p' -e 's/^\(ECS_[A-Z_]*\)=.*/\1/p'); do
    unset "$name"
done
unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY SSL_CERT_FILE
AWS_REGION=eu-west-1
AWS_ACCESS_KEY_ID=demo
AWS_SECRET_ACCESS_KEY=demo
AWS_CONFIG_FILE=/dev/null
AWS_SHARED_CREDENTIALS_FILE=/dev/null
AWS_EC2_METADATA_DISABLED=true
AWS_CA_BUNDLE=$work/ca.pem
export AWS_REGION AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_CONFIG_FILE \
    AWS_SHARED_CREDENTIALS_FILE AWS_EC2_METADATA_DISABLED AWS_CA_BUNDLE

cat >"$work/count.lua" <<'EOF'
local client = assert(require "headcount".client {})
print(assert(client:call("ecs", "DescribeServices",
  { cluster = "prod", services = { "web" } })).services[1].desiredCount)
EOF

if [ -n "$moto" ]; then
    "$python" examples/demo.py serve "$work" >"$work/log" 2>&1 &
else
    "$peer" "$work" >"$work/log" 2>&1 &
fi
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
# moto_url, AWS_ENDPOINT_URL, HEADCOUNT_DNS_SERVER
moto_url=
# shellcheck source=/dev/null
. "$work/env"
export AWS_ENDPOINT_URL HEADCOUNT_DNS_SERVER
join >/dev/null
second=$(join)
third=$(join)

say "1. A local ECS: the cluster prod has three hosts, its service web one task"
echo "$AWS_ENDPOINT_URL (over TLS; only the DNS server"
if [ -n "$moto" ]; then
    echo "$HEADCOUNT_DNS_SERVER knows this name; moto answers)"
else
    echo "$HEADCOUNT_DNS_SERVER knows this name; each answer takes 5 ms)"
fi

say "2. What would change?  A plan writes nothing"
run plan prod --service web

say "3. ECS tells that the third host joined, and headcount acts on the event"
event "$third" ACTIVE
count "Before"
cd "$work"
run handle --service web --timings event.json
count "After"

say "4. The same event again, because EventBridge may deliver twice"
run handle --service web event.json

say "5. The second host drains, for an upgrade: one task less is wanted"
call UpdateContainerInstancesState "{\"cluster\":\"prod\",
    \"containerInstances\":[\"$second\"],\"status\":\"DRAINING\"}" >/dev/null
event "$second" DRAINING
run handle --service web event.json
count "After"

say "6. A rule of your own is a policy in Lua, with a test that needs no AWS"
cat >policy.lua <<'EOF'
return { hosts_minus { "web", spare = 1, min = 1 } }    -- keep one host free
EOF
cat >policy_test.lua <<'EOF'
test "one host stays free of web" (function()
  cluster { hosts = 9, services = { "web" } }:plan "policy.lua":wants("web", 8)
end)
EOF
echo '$ cat policy.lua policy_test.lua'
cat policy.lua policy_test.lua
run test
run plan prod --policy policy.lua

say "7. A typo changes nothing, and the answer names what was meant"
wrong plan prod --servce web
wrong plan prod --service wbe
sed 's/hosts_minus/host_minus/' policy.lua >typo.lua
wrong plan prod --policy typo.lua

say "That was all.  Next, with your own credentials, a look at your account that
writes nothing:   ${program#"$top/"} plan --policy distinct"
echo "README.md says how to install it and how to go on."
