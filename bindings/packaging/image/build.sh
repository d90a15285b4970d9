#!/bin/sh
# build.sh ARCH... - build/image/headcount-ARCH.tar, an OCI archive with the
# static binary of that architecture; buildah needs no daemon for it.
#
# The image of this machine's architecture is run once.  The same binary gives
# an image of the same digest: its files have the time 0.
set -eu
cd "$(dirname "$0")/../../.."
build=${BUILD:-build}
to=$build/image
mkdir -p "$to"
to=$(cd "$to" && pwd)
# No storage of the user's is touched, and none stays.
keep="--root $to/storage --runroot $to/run --storage-driver vfs"

image_of() { # ARCH OCI-ARCH
    name=headcount:$VERSION-$2
    # shellcheck disable=SC2086 # options
    buildah $keep build -q --isolation chroot --arch "$2" --timestamp 0 \
        --build-arg "BINARY=headcount-$1" --tag "$name" \
        -f bindings/packaging/image/Containerfile "$build/static" >/dev/null
    if [ "$1" = "$(uname -m)" ]; then
        # shellcheck disable=SC2086
        id=$(buildah $keep from "$name")
        # shellcheck disable=SC2086
        buildah $keep run --isolation chroot "$id" -- /headcount version ||
            echo "image: it does not run here; /headcount is the binary that" \
                "$build/static has"
    fi
    rm -f "$to/headcount-$1.tar"
    # shellcheck disable=SC2086
    buildah $keep push -q "$name" "oci-archive:$to/headcount-$1.tar:$name"
    echo "$build/image/headcount-$1.tar: $(wc -c <"$to/headcount-$1.tar") bytes"
}

clean() {
    rm -rf "$to/storage" "$to/run"
}
trap clean EXIT
for arch; do
    case $arch in
    aarch64) image_of aarch64 arm64 ;;
    *) image_of "$arch" amd64 ;;
    esac
done
