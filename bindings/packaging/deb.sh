#!/bin/sh
# deb.sh NAME - Debian packages of the archive that `make dist` made: in
# $BUILD/deb the source package, the binary packages and what lintian says.
# An error or a warning of lintian is a failure.
#
# What is packaged is the archive alone, in a folder of its own; the files of
# bindings/packaging/debian in it become debian/.
set -eu
umask 022
# Flags and variables of an outer make are not for the package's own.
unset MAKEFLAGS MFLAGS MAKELEVEL
name=$1
version=${name#headcount-}
build=${BUILD:-build}
to=$build/deb

rm -rf "$to"
mkdir -p "$to"
cp "$build/dist/$name.tar.gz" "$to/headcount_$version.orig.tar.gz"
tar -xf "$build/dist/$name.tar.gz" -C "$to"
cp -R "$to/$name/bindings/packaging/debian" "$to/$name/debian"
log=$PWD/$to/build.log
case $to in
/*) log=$to/build.log ;;
esac
DEB_BUILD_OPTIONS="parallel=${JOBS:-2} ${DEB_BUILD_OPTIONS-}"
export DEB_BUILD_OPTIONS
(cd "$to/$name" && dpkg-buildpackage -us -uc) >"$log" 2>&1 || {
    tail -n 40 "$log" >&2
    echo "deb: the packages do not build; $log has the whole log" >&2
    exit 1
}
rm -rf "${to:?}/$name"
lintian --fail-on error,warning --allow-root "$to"/*.changes || {
    echo "deb: lintian refuses the packages above" >&2
    exit 1
}
ls "$to"/*.deb "$to"/*.dsc
