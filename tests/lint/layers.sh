#!/bin/sh
# layers.sh - a file includes its own layer and those to its left only:
#   base <- wire <- net <- aws <- ecs <- reconcile <- headcount.c <- bindings
# and inside aws:
#   config service endpoint sigv4 retry bucket xml <- request <- creds*
#   <- client <- call
# Bindings see headcount.h and the files beside them; core never sees Lua.
set -eu

grep -Hn '^[[:space:]]*#[[:space:]]*include' \
    $(find core bindings -name '*.[ch]' 2>/dev/null) /dev/null | awk '
function wrong(why) {
    print where ": " why
    bad = 1
}
function layer(path,    room) {
    room = path
    if (sub(/\/.*/, "", room) == 0)
        return 7
    return room in rank ? rank[room] : 0
}
function storey(path,    file) {
    file = path
    sub(/^aws\//, "", file)
    sub(/\.[ch]$/, "", file)
    if (file ~ /^creds/) return 3
    if (file == "request") return 2
    if (file == "client") return 4
    if (file == "call") return 5
    return 1
}
BEGIN {
    split("base wire net aws ecs reconcile", order, " ")
    for (i in order)
        rank[order[i]] = i + 0
}
{
    split($0, part, ":")
    file = part[1]
    where = file ":" part[2]
    what = $0
    sub(/^[^:]*:[0-9]*:[^<"]*/, "", what)
    system_header = what ~ /^</
    sub(/^[<"]/, "", what)
    sub(/[>"].*/, "", what)
}
file ~ /^core\// && what ~ /(lua|lualib|lauxlib)\.h$/ {
    wrong("core includes " what)
}
file ~ /^core\// && what ~ /^stdio\.h$/ {
    wrong("core includes stdio.h")
}
system_header { next }
file ~ /^bindings\// {
    if (what ~ /\// || what ~ /^\./)
        wrong("bindings see headcount.h only, not " what)
    next
}
{
    mine = file
    sub(/^core\//, "", mine)
    if (what ~ /^\.\.?\// ||
        (what !~ /\// && what != "headcount.h" && what != "op.h"))
        wrong("include \"" what "\" does not start at core/")
    else if (layer(mine) < layer(what))
        wrong("includes " what ", which is above it")
    else if (mine ~ /^aws\// && what ~ /^aws\// && storey(mine) < storey(what))
        wrong("includes " what ", which is above it in aws")
}
END { exit bad }'
