#!/bin/sh
# bare.sh NAME - the way of a stranger in a Debian 12 that has nothing but
# git, make and a C compiler: the archive of `make dist`, `make demo`,
# `make install`, a first plan against the demo's ECS, `make uninstall`.  It
# prints the time of each step, and at last what is left in the file system.
#
# mmdebstrap makes the root once, with the mirrors of this machine's apt, and
# keeps it as $BUILD/bare/debian.tar.  It has to be root for that.
set -eu
cd "$(dirname "$0")/../../.."
name=$1
build=${BUILD:-build}
archive=$PWD/$build/dist/$name.tar.gz
to=$build/bare
case $build in
/*) archive=$build/dist/$name.tar.gz ;;
esac
mkdir -p "$to"
to=$(cd "$to" && pwd)
root=$to/tree
[ "$(id -u)" -eq 0 ] || {
    echo "bare: only root may unpack a Debian and chroot into it" >&2
    exit 1
}

clean() {
    umount "$root/proc" "$root/dev" 2>/dev/null || :
    # Never through what is still mounted.
    mountpoint -q "$root/dev" || mountpoint -q "$root/proc" ||
        rm -rf "$root"
}

# Where apt downloads from, and by which proxy.
copy_apt() {
    rm -rf "$root/etc/apt/sources.list.d" "$root/etc/apt/sources.list"
    mkdir -p "$root/etc/apt/apt.conf.d"
    for path in sources.list sources.list.d apt.conf.d; do
        [ ! -e "/etc/apt/$path" ] || cp -R "/etc/apt/$path" "$root/etc/apt/"
    done
    cp /etc/resolv.conf /etc/hosts "$root/etc/"
}

inside() { # COMMAND
    chroot "$root" /usr/bin/env -i PATH="$PATH" HOME=/tmp LC_ALL=C \
        http_proxy="${http_proxy-}" https_proxy="${https_proxy-}" \
        sh -euc "cd /tmp/headcount; $1"
}

# The kernel counts the CPU time of this shell's children: `times` in a pipe or
# in $() would be that of another shell.
step() { # TITLE COMMAND
    echo "== $1"
    began=$(date +%s)
    times >"$to/times-before"
    inside "$2"
    times >"$to/times-after"
    echo "== $1: $(($(date +%s) - began)) s, of CPU" \
        "$(($(cpu "$to/times-after") - $(cpu "$to/times-before"))) s"
}

# The second line has minutes and seconds in user mode, and in the kernel.
cpu() { # FILE
    sed -n 's/m/ /g; s/\.[0-9]*s//g; 2p' "$1" |
        { read -r a b c d && echo $((60 * (a + c) + b + d)); }
}

list() {
    (cd "$root" && find . -xdev -path ./tmp -prune -o -path ./proc -prune -o \
        -path ./var/cache -prune -o -print) | LC_ALL=C sort
}

if [ ! -f "$to/debian.tar" ]; then
    mmdebstrap -q --variant=minbase bookworm "$to/debian.tar.new"
    mv "$to/debian.tar.new" "$to/debian.tar"
fi
clean
trap clean EXIT
trap 'exit 130' INT TERM
mkdir "$root"
tar -xf "$to/debian.tar" -C "$root" --exclude='./dev/*'
copy_apt
mount -t proc proc "$root/proc"
mount --bind /dev "$root/dev"
mkdir "$root/tmp/headcount"
tar -xf "$archive" -C "$root/tmp/headcount" --strip-components=1

step "git, make and gcc" "DEBIAN_FRONTEND=noninteractive; export DEBIAN_FRONTEND
    apt-get update -qq
    apt-get install -qq -y --no-install-recommends git make gcc libc6-dev \
        >/tmp/apt.log 2>&1"
step "make demo" "make demo"
step "make" "make -s -j2"
list >"$to/before"
step "make install" "make -s install install-lua"
# shellcheck disable=SC2016 # the shell inside expands
step "a first plan" 'mkdir /tmp/peer
build/demo/tests/demo_ecs /tmp/peer >/tmp/peer/log 2>&1 &
peer=$!
trap "kill $peer" EXIT
until [ -s /tmp/peer/env ]; do kill -0 $peer; sleep 0.1; done
. /tmp/peer/env
export AWS_ENDPOINT_URL HEADCOUNT_DNS_SERVER AWS_CA_BUNDLE=/tmp/peer/ca.pem \
    AWS_REGION=eu-west-1 AWS_ACCESS_KEY_ID=demo AWS_SECRET_ACCESS_KEY=demo
cd /tmp
headcount call ecs RegisterContainerInstance "{\"cluster\":\"prod\"}" >/dev/null
headcount call ecs RegisterContainerInstance "{\"cluster\":\"prod\"}" >/dev/null
headcount plan prod --service web'
step "make uninstall" "make -s uninstall uninstall-lua"
list >"$to/after"
if cmp -s "$to/before" "$to/after"; then
    echo "bare: nothing is left behind"
else
    diff "$to/before" "$to/after" || :
    echo "bare: the files above are left behind, or gone" >&2
    exit 1
fi
