#!/bin/sh
# dist.sh NAME - $BUILD/dist: the sources of HEAD as NAME.tar.gz, the static
# programs and zip files that were built of HEAD, and SHA256SUMS of them all.
#
# The same commit gives the same bytes, whoever asks, in whatever folder and
# however often: neither a umask nor a setting of git changes them.  A program
# of another commit, or of sources with changes, does not come along.
set -eu
umask 022
name=$1
to=${BUILD:-build}/dist
git='git -c core.autocrlf=false -c core.attributesFile=/dev/null'

die() {
    echo "dist: $*" >&2
    exit 1
}

[ "$(git rev-parse --show-prefix 2>/dev/null || echo none)" = "" ] ||
    die "this folder is not the top of a git tree, and an archive is of a" \
        "commit: run it in a clone"
rm -rf "$to"
mkdir -p "$to/tree"
$git archive --prefix="$name/" HEAD | tar -x -C "$to/tree"
when=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
LC_ALL=C tar --sort=name --mtime="@$when" --owner=0 --group=0 \
    --numeric-owner --mode=u=rwX,go=rX --format=ustar \
    -C "$to/tree" -cf "$to/$name.tar" "$name"
gzip -9n "$to/$name.tar"
rm -rf "$to/tree"

# `headcount version` says of which commit it is, and whether with changes.
commit=$(git rev-parse HEAD | cut -c 1-12)
is_of_head() { # PROGRAM
    LC_ALL=C grep -aq "$commit" "$1" &&
        ! LC_ALL=C grep -aq "$commit and changes" "$1"
}

for arch in x86_64 aarch64; do
    program=${BUILD:-build}/static/headcount-$arch
    [ -f "$program" ] || continue
    if ! is_of_head "$program"; then
        echo "dist: $program is left out, it is not of $commit: make static"
        continue
    fi
    mkdir -p "$to/zip/static"
    install -m 755 "$program" "$to/$name-linux-$arch"
    cp "$program" "$to/zip/static"
    # Without a policy: that is its user's.
    python3 bindings/packaging/lambda_zip.py "$to/zip" '' "$arch" \
        >/dev/null 2>&1 ||
        echo "dist: without python3 there is no zip file for $arch"
done
for zip in "$to"/zip/lambda/*.zip; do
    [ ! -f "$zip" ] || mv "$zip" "$to/$name-lambda-${zip##*/headcount-}"
done
rm -rf "$to/zip"
(cd "$to" && LC_ALL=C sha256sum "$name"*) >"$to/SHA256SUMS.new"
mv "$to/SHA256SUMS.new" "$to/SHA256SUMS"
sed "s|^\\([^ ]*\\)  |\\1  $to/|" "$to/SHA256SUMS"
