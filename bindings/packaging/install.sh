#!/bin/sh
# install.sh install|uninstall NAME - puts files out of the tree, or takes
# them away.  stdin has a file a line: MODE, SOURCE and TARGET between tabs;
# the MODE "link" makes TARGET a symbolic link that says SOURCE, "page" writes
# the one line `.so SOURCE`, and "pc" the places that a pkg-config file names.
#
# Without DESTDIR what was put there is written to $RECORDS/NAME, with each
# folder that was made for it.  uninstall reads that, whatever the tree of
# today has, so nothing stays behind.  A DESTDIR is a package's: it has no
# record, and uninstall goes by the lines of stdin.
#
# WITHOUT_SYMBOLS is the command that takes symbols out of program and
# libraries; LIBDIR, if it is named, is the folder that the dynamic loader has
# to know.
set -eu
umask 022
DESTDIR=${DESTDIR-}
# ldconfig lives where an ordinary user's PATH does not look.
PATH=$PATH:/usr/sbin:/sbin
tab=$(printf '\t')

action=$1
record=$DESTDIR$RECORDS/$2
new=$(mktemp)
trap 'rm -f "$new"' EXIT

# ---- there ----

make_folder() { # FOLDER
    [ ! -d "$1" ] || return 0
    make_folder "$(dirname "$1")"
    mkdir "$1"
    echo "d$tab$1" >>"$new"
}

strip_file() { # FILE
    case $1 in
    *.a) $WITHOUT_SYMBOLS --strip-debug --enable-deterministic-archives "$1" ;;
    *.so*) $WITHOUT_SYMBOLS --strip-unneeded "$1" ;;
    */bin/*) $WITHOUT_SYMBOLS "$1" ;;
    esac
}

# A running program keeps its file: the new one comes in its place.
put() { # MODE SOURCE TARGET
    rm -f "$3.new"
    case $1 in
    link) ln -s "$2" "$3.new" ;;
    page) echo ".so $2" >"$3.new" ;;
    pc)
        sed -e "s|@PREFIX@|$PREFIX|" -e "s|@LIBDIR@|$LIBDIR|" \
            -e "s|@VERSION@|$VERSION|" "$2" >"$3.new"
        ;;
    *)
        cp "$2" "$3.new"
        chmod "$1" "$3.new"
        ;;
    esac
    mv -f "$3.new" "$3"
    [ -z "${WITHOUT_SYMBOLS-}" ] || [ "$1" = link ] || strip_file "$3"
    echo "f$tab$3" >>"$new"
}

# One line a folder; of many files only their number.
say_folder() { # FOLDER NAMES NUMBER
    [ -n "$1" ] || return 0
    if [ "$3" -gt 6 ]; then
        echo "$1: $3 files"
    else
        echo "$1:$2"
    fi
}

install_all() {
    said='' names='' count=0
    while IFS=$tab read -r mode source target; do
        target=$DESTDIR$target
        folder=$(dirname "$target")
        make_folder "$folder"
        put "$mode" "$source" "$target"
        if [ "$folder" != "$said" ]; then
            say_folder "$said" "$names" $count
            said=$folder names='' count=0
        fi
        names="$names ${target##*/}" count=$((count + 1))
    done
    say_folder "$said" "$names" $count
}

# What an earlier install put there stays ours to take away.
write_record() {
    make_folder "$(dirname "$record")"
    { [ ! -f "$record" ] || cat "$record"; cat "$new"; } | LC_ALL=C sort -u \
        >"$record.new"
    mv -f "$record.new" "$record"
}

# ---- and away ----

by_list() {
    while IFS=$tab read -r _ _ target; do
        target=$DESTDIR$target
        echo "f$tab$target"
        # All of a DESTDIR was made for its package.
        [ -n "$DESTDIR" ] || continue
        target=$(dirname "$target")
        while [ "$target" != "$DESTDIR" ] && [ "$target" != / ]; do
            echo "d$tab$target"
            target=$(dirname "$target")
        done
    done | LC_ALL=C sort -u
}

# What another install of ours still fills is for its uninstall to remove.
hand_over() { # FOLDER
    for other in "$DESTDIR$RECORDS"/installed*; do
        [ ! -d "$1" ] || [ ! -f "$other" ] || echo "d$tab$1" >>"$other"
    done
}

# A folder comes after what is in it; one with files of others stays.
remove_all() {
    gone=0
    LC_ALL=C sort -r | {
        folders=
        while IFS=$tab read -r kind path; do
            if [ "$kind" = f ] && { [ -e "$path" ] || [ -L "$path" ]; }; then
                rm -f "$path"
                gone=$((gone + 1))
            elif [ "$kind" = d ]; then
                folders="$folders$path
"
            fi
        done
        rm -f "$record"
        printf %s "$folders" | while read -r path; do
            rmdir "$path" 2>/dev/null || hand_over "$path"
        done
        echo "$gone files are removed"
    }
}

# ---- the dynamic loader ----

loader_searches() { # FOLDER
    ldconfig -N -X -v 2>/dev/null | grep -q "^$1:"
}

refresh_loader() {
    [ -n "${LIBDIR-}" ] || return 0
    if [ -n "$DESTDIR" ]; then
        echo "ldconfig did not run: the files are under DESTDIR"
    elif ! loader_searches "$LIBDIR"; then
        [ "$action" = uninstall ] || cat <<SAY
The loader does not search $LIBDIR.  To run what is linked with the library,
set LD_LIBRARY_PATH=$LIBDIR, or as root:
  echo $LIBDIR >/etc/ld.so.conf.d/headcount.conf && ldconfig
SAY
    elif [ "$(id -u)" -ne 0 ]; then
        echo "The loader finds what changed in $LIBDIR after, as root: ldconfig"
    else
        ldconfig
        [ "$action" = uninstall ] ||
            echo "ldconfig ran: the loader finds libheadcount.so"
    fi
}

case $action in
install)
    install_all
    [ -n "$DESTDIR" ] || write_record
    ;;
uninstall)
    if [ -f "$record" ]; then
        remove_all <"$record"
    else
        by_list | remove_all
    fi
    ;;
esac
refresh_loader
