# Made by bindings/packaging/completion.py from `headcount help`.
_headcount() {
    local cur=${COMP_WORDS[COMP_CWORD]}
    local prev=${COMP_WORDS[COMP_CWORD-1]}
    local verb='' word options=''
    COMPREPLY=()
    for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
        case $word in
        plan | explain | doctor | snapshot | apply | handle | adopt | undo | watch | lambda | test | run | call | fetch | latency | help | version)
            verb=$word
            break
            ;;
        esac
    done
    # The shell makes a word of its own of '='.
    [ "$prev" = = ] && prev=${COMP_WORDS[COMP_CWORD-2]}
    [ "$cur" = = ] && prev=${COMP_WORDS[COMP_CWORD-1]} cur=''
    case $prev in
    --region)
        return
        ;;
    --profile)
        return
        ;;
    --endpoint-url)
        return
        ;;
    --ca-bundle)
        mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY \
            < <(compgen -f -- "$cur")
        return
        ;;
    --output)
        mapfile -t COMPREPLY < <(compgen -W 'text json html' -- "$cur")
        return
        ;;
    --cli-connect-timeout)
        return
        ;;
    --cli-read-timeout)
        return
        ;;
    --service)
        return
        ;;
    --tag)
        return
        ;;
    --assume-role)
        mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY \
            < <(compgen -f -- "$cur")
        return
        ;;
    --external-id)
        return
        ;;
    --role-session-name)
        return
        ;;
    --role-duration)
        return
        ;;
    --expect-account)
        return
        ;;
    --concurrency)
        return
        ;;
    --api-share)
        return
        ;;
    --max-changes)
        return
        ;;
    --max-falls)
        return
        ;;
    --policy)
        mapfile -t COMPREPLY < <(compgen -W 'tags distinct' -- "$cur")
        mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY \
            < <(compgen -f -- "$cur")
        return
        ;;
    --autoscaler)
        mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY \
            < <(compgen -f -- "$cur")
        return
        ;;
    --hosts)
        mapfile -t COMPREPLY < <(compgen -W 'active registered connected' -- "$cur")
        return
        ;;
    --constraints)
        mapfile -t COMPREPLY < <(compgen -W 'service all' -- "$cur")
        return
        ;;
    --where)
        return
        ;;
    --dns-server)
        return
        ;;
    --timeout)
        return
        ;;
    --snapshot)
        mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY \
            < <(compgen -f -- "$cur")
        return
        ;;
    --queue)
        return
        ;;
    --every)
        return
        ;;
    --visibility)
        return
        ;;
    --metrics)
        mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY \
            < <(compgen -f -- "$cur")
        return
        ;;
    --heartbeat)
        mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY \
            < <(compgen -f -- "$cur")
        return
        ;;
    --trace)
        mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY \
            < <(compgen -f -- "$cur")
        return
        ;;
    --since)
        return
        ;;
    --color)
        mapfile -t COMPREPLY < <(compgen -W 'auto always never' -- "$cur")
        return
        ;;
    --allow)
        return
        ;;
    --target-prefix)
        return
        ;;
    --json-version)
        mapfile -t COMPREPLY < <(compgen -W '1.0 1.1' -- "$cur")
        return
        ;;
    --signing-name)
        return
        ;;
    --endpoint-prefix)
        return
        ;;
    --sign)
        return
        ;;
    --header)
        return
        ;;
    --body)
        mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY \
            < <(compgen -f -- "$cur")
        return
        ;;
    --expires)
        return
        ;;
    --calls)
        return
        ;;
    --rate)
        return
        ;;
    --svg)
        mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY \
            < <(compgen -f -- "$cur")
        return
        ;;
    --tcp-keepalive)
        mapfile -t COMPREPLY < <(compgen -W 'on off' -- "$cur")
        return
        ;;
    --tcp-user-timeout)
        return
        ;;
    --max-connections)
        return
        ;;
    --max-connections-per-host)
        return
        ;;
    --acquire-timeout)
        return
        ;;
    --attempt-timeout)
        return
        ;;
    --min-speed)
        return
        ;;
    --verify)
        mapfile -t COMPREPLY < <(compgen -W 'on off' -- "$cur")
        return
        ;;
    --run)
        return
        ;;
    --format)
        mapfile -t COMPREPLY < <(compgen -W 'text json' -- "$cur")
        return
        ;;
    esac
    case $verb in
    plan) options='--service --all --tag --concurrency --api-share --max-changes --max-falls --policy --autoscaler --hosts --constraints --where --timeout --snapshot --timings --trace --dry-run --detailed-exitcode --explain --color --verbose --allow --verify --assume-role --external-id --role-session-name --role-duration --expect-account --dns-server --tcp-keepalive --tcp-user-timeout --max-connections --max-connections-per-host --acquire-timeout --attempt-timeout --min-speed --region --profile --endpoint-url --ca-bundle --output --cli-connect-timeout --cli-read-timeout --no-sign-request --debug --help --version' ;;
    explain) options='--api-share --policy --autoscaler --hosts --constraints --where --timeout --snapshot --timings --trace --detailed-exitcode --who --assume-role --external-id --role-session-name --role-duration --expect-account --dns-server --tcp-keepalive --tcp-user-timeout --max-connections --max-connections-per-host --acquire-timeout --attempt-timeout --min-speed --region --profile --endpoint-url --ca-bundle --output --cli-connect-timeout --cli-read-timeout --no-sign-request --debug --help --version' ;;
    doctor) options='--service --all --api-share --policy --autoscaler --hosts --constraints --where --timeout --queue --timings --trace --allow --assume-role --external-id --role-session-name --role-duration --expect-account --dns-server --tcp-keepalive --tcp-user-timeout --max-connections --max-connections-per-host --acquire-timeout --attempt-timeout --min-speed --region --profile --endpoint-url --ca-bundle --output --cli-connect-timeout --cli-read-timeout --no-sign-request --debug --help --version' ;;
    snapshot) options='--service --api-share --policy --autoscaler --hosts --constraints --where --timeout --timings --trace --detailed-exitcode --explain --allow --assume-role --external-id --role-session-name --role-duration --expect-account --dns-server --tcp-keepalive --tcp-user-timeout --max-connections --max-connections-per-host --acquire-timeout --attempt-timeout --min-speed --region --profile --endpoint-url --ca-bundle --output --cli-connect-timeout --cli-read-timeout --no-sign-request --debug --help --version' ;;
    apply) options='--service --all --tag --concurrency --api-share --max-changes --max-falls --policy --autoscaler --hosts --constraints --where --timeout --timings --trace --dry-run --detailed-exitcode --color --verbose --allow --verify --assume-role --external-id --role-session-name --role-duration --expect-account --dns-server --tcp-keepalive --tcp-user-timeout --max-connections --max-connections-per-host --acquire-timeout --attempt-timeout --min-speed --region --profile --endpoint-url --ca-bundle --output --cli-connect-timeout --cli-read-timeout --no-sign-request --debug --help --version' ;;
    handle) options='--service --concurrency --api-share --max-changes --max-falls --policy --autoscaler --hosts --constraints --where --timeout --snapshot --drop-foreign --timings --trace --dry-run --detailed-exitcode --color --allow --verify --assume-role --external-id --role-session-name --role-duration --expect-account --dns-server --tcp-keepalive --tcp-user-timeout --max-connections --max-connections-per-host --acquire-timeout --attempt-timeout --min-speed --region --profile --endpoint-url --ca-bundle --output --cli-connect-timeout --cli-read-timeout --no-sign-request --debug --help --version' ;;
    adopt) options='--api-share --hosts --constraints --timeout --trace --dry-run --yes --color --assume-role --external-id --role-session-name --role-duration --expect-account --dns-server --tcp-keepalive --tcp-user-timeout --max-connections --max-connections-per-host --acquire-timeout --attempt-timeout --min-speed --region --profile --endpoint-url --ca-bundle --output --cli-connect-timeout --cli-read-timeout --no-sign-request --debug --help --version' ;;
    undo) options='--service --api-share --max-changes --max-falls --timeout --timings --trace --dry-run --yes --since --detailed-exitcode --color --allow --assume-role --external-id --role-session-name --role-duration --expect-account --dns-server --tcp-keepalive --tcp-user-timeout --max-connections --max-connections-per-host --acquire-timeout --attempt-timeout --min-speed --region --profile --endpoint-url --ca-bundle --output --cli-connect-timeout --cli-read-timeout --no-sign-request --debug --help --version' ;;
    watch) options='--service --all --tag --concurrency --api-share --max-changes --max-falls --policy --autoscaler --hosts --constraints --where --queue --every --visibility --drop-foreign --metrics --heartbeat --trace --dry-run --allow --verify --assume-role --external-id --role-session-name --role-duration --expect-account --dns-server --tcp-keepalive --tcp-user-timeout --max-connections --max-connections-per-host --acquire-timeout --attempt-timeout --min-speed --region --profile --endpoint-url --ca-bundle --output --cli-connect-timeout --cli-read-timeout --no-sign-request --debug --help --version' ;;
    lambda) options='--service --all --tag --concurrency --api-share --max-changes --max-falls --policy --autoscaler --hosts --constraints --where --timeout --drop-foreign --dry-run --allow --verify --assume-role --external-id --role-session-name --role-duration --expect-account --dns-server --tcp-keepalive --tcp-user-timeout --max-connections --max-connections-per-host --acquire-timeout --attempt-timeout --min-speed --region --profile --endpoint-url --ca-bundle --output --cli-connect-timeout --cli-read-timeout --no-sign-request --debug --help --version' ;;
    test) options='--run --format --region --profile --endpoint-url --ca-bundle --output --cli-connect-timeout --cli-read-timeout --no-sign-request --debug --help --version' ;;
    run) options='--trace --dns-server --region --profile --endpoint-url --ca-bundle --output --cli-connect-timeout --cli-read-timeout --no-sign-request --debug --help --version' ;;
    call) options='--api-share --timeout --timings --trace --retry-writes --target-prefix --json-version --signing-name --endpoint-prefix --assume-role --external-id --role-session-name --role-duration --expect-account --dns-server --tcp-keepalive --tcp-user-timeout --max-connections --max-connections-per-host --acquire-timeout --attempt-timeout --min-speed --region --profile --endpoint-url --ca-bundle --output --cli-connect-timeout --cli-read-timeout --no-sign-request --debug --help --version' ;;
    fetch) options='--timeout --timings --trace --sign --header --body --expires --assume-role --external-id --role-session-name --role-duration --expect-account --dns-server --tcp-keepalive --tcp-user-timeout --max-connections --max-connections-per-host --acquire-timeout --attempt-timeout --min-speed --region --profile --endpoint-url --ca-bundle --output --cli-connect-timeout --cli-read-timeout --no-sign-request --debug --help --version' ;;
    latency) options='--trace --yes --target-prefix --json-version --signing-name --endpoint-prefix --calls --rate --svg --assume-role --external-id --role-session-name --role-duration --expect-account --dns-server --tcp-keepalive --tcp-user-timeout --max-connections --max-connections-per-host --acquire-timeout --attempt-timeout --min-speed --region --profile --endpoint-url --ca-bundle --output --cli-connect-timeout --cli-read-timeout --no-sign-request --debug --help --version' ;;
    '') options='--region --profile --endpoint-url --ca-bundle --output --cli-connect-timeout --cli-read-timeout --no-sign-request --debug --service --all --tag --assume-role --external-id --role-session-name --role-duration --expect-account --concurrency --api-share --max-changes --max-falls --policy --autoscaler --hosts --constraints --where --dns-server --timeout --snapshot --queue --every --visibility --drop-foreign --metrics --heartbeat --timings --trace --dry-run --yes --since --detailed-exitcode --explain --who --color --verbose --allow --retry-writes --target-prefix --json-version --signing-name --endpoint-prefix --sign --header --body --expires --calls --rate --svg --tcp-keepalive --tcp-user-timeout --max-connections --max-connections-per-host --acquire-timeout --attempt-timeout --min-speed --verify --run --format --help --version' ;;
    esac
    if [[ $cur == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$options" -- "$cur")
    elif [ -z "$verb" ] || [ "$verb" = help ]; then
        mapfile -t COMPREPLY < <(compgen -W 'plan explain doctor snapshot apply handle adopt undo watch lambda test run call fetch latency help version' -- "$cur")
    else
        mapfile -t COMPREPLY < <(compgen -f -- "$cur")
    fi
}
complete -o filenames -F _headcount headcount
