# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
# shellcheck shell=sh disable=SC2015,SC2034,SC2154 # what comes before sets and what comes after uses them
#
# What install and uninstall share. Before it stand the values of this kit (bundle/kit-write.c), so
# that each script is one file. Only what POSIX and busybox have.

say() { printf '%s\n' "$*"; }

die() # STATUS WORDS…
{
    status=$1
    shift
    printf 'handcarry kit: %s\n' "$*" >&2
    exit "$status"
}

# Before the first program is started: PATH may mean the folder that one is in by ".". What is not
# where most hosts have it may be where this host's PATH says.
begin_clean()
{
    rest=$PATH:
    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
    while [ -n "$rest" ]; do
        case $rest in /*) PATH=$PATH:${rest%%:*} ;; esac
        rest=${rest#*:}
    done
    export PATH
    unset CDPATH
}

# Nothing of the caller's decides what runs or how it is read: not its language, not its settings of
# tools, and not a folder that PATH means by "." and that may lie on the stick.
begin_alone()
{
    umask 022
    LC_ALL=C
    export LC_ALL
    unset GZIP TAR_OPTIONS POSIXLY_CORRECT
    cd / || exit 1
}

# With --root nothing outside of that folder is touched, also where a link in it leads elsewhere.
use_root() # DIR
{
    root=$(cd -P "$1" 2>/dev/null && pwd -P) || die 2 "--root $1: there is no such folder"
    [ "$root" != / ] || root=''
    for folder in opt opt/handcarry "opt/handcarry/$version" usr usr/local usr/local/bin etc \
        etc/systemd etc/systemd/system etc/systemd/system/multi-user.target.wants; do
        [ -e "$root/$folder" ] || [ -L "$root/$folder" ] || continue
        case $(cd -P "$root/$folder" 2>/dev/null && pwd -P)/ in
            "$root"/*) ;;
            *) die 5 "$root/$folder leads out of $root" ;;
        esac
    done
}

# Who can rename in it decides what root runs.
check_owner() # FOLDER
{
    [ -z "$root" ] && [ -d "$1" ] || return 0
    # shellcheck disable=SC2046 # words
    set -- "$1" $(ls -ldn "$1")
    case $2:$4 in
        ?????w*:* | ????????w*:*)
            die 5 "others than root may write in $1: find out why, then move it away; nothing was changed"
            ;;
        *:0) ;;
        *) die 5 "$1 belongs to user $4, not to root: move it away; nothing was changed" ;;
    esac
}

set_places()
{
    base=$root/opt/handcarry
    new=$base/.new
    bin=$root/usr/local/bin
    target=/opt/handcarry/current/bin/handcarry
    units=$root/etc/systemd/system
    unit=handcarry-recover.service
    [ ! -L "$base" ] || die 5 "$base is a link; it has to be a folder"
    [ ! -L "$base/$version" ] || die 5 "$base/$version is a link; it has to be a folder"
    [ ! -L "$base/.lock" ] && [ ! -d "$base/.lock" ] ||
        die 5 "$base/.lock is no file: remove it; nothing was changed"
    check_owner "$base"
}

# The version that 'current' or 'previous' leads to. Of a link that leads elsewhere nothing is taken.
linked() # NAME
{
    leads=$(readlink "$base/$1") || leads=''
    case $leads in */* | .*) leads='' ;; esac
    say "$leads"
}

# One line that no other process has had since the machine was started.
name_process() # PID
{
    pid=$1
    if [ -r "/proc/$pid/stat" ]; then
        stat=$(cat "/proc/$pid/stat" 2>/dev/null)
        # shellcheck disable=SC2086 # words
        set -- "$pid" ${stat##*)}
        if [ $# -gt 20 ]; then shift 20; else set -- gone; fi
        say "$pid $1"
    elif [ -r /proc/self/stat ] || ! kill -0 "$pid" 2>/dev/null; then
        say gone
    else
        say "$pid"
    fi
}

# The link appears with its content or not at all; one of a process that was killed is taken over.
lock()
{
    rm -f "$base/.holder.$$" "$base/.holder.$$.stale"
    name_process "$$" >"$base/.holder.$$" || die 1 "cannot write to $base; nothing was changed"
    tries=0
    until ln "$base/.holder.$$" "$base/.lock" 2>/dev/null; do
        tries=$((tries + 1))
        [ "$tries" -le 9 ] || die 1 "cannot make the lock $base/.lock; nothing was changed"
        holder=$(cat "$base/.lock" 2>/dev/null) || holder=''
        process=${holder%% *}
        if [ -n "$process" ] && [ "$(name_process "$process")" = "$holder" ]; then
            die 75 "another install or uninstall is under way (process $process); nothing was changed"
        fi
        mv -f "$base/.lock" "$base/.holder.$$.stale" 2>/dev/null || continue
        [ "$(cat "$base/.holder.$$.stale")" = "$holder" ] ||
            ln "$base/.holder.$$.stale" "$base/.lock" 2>/dev/null
    done
    locked=yes
    for left in "$base"/.holder.*; do
        process=${left##*.holder.}
        process=${process%%.*}
        [ -d "/proc/$process" ] && [ "$process" != "$$" ] || rm -f "$left"
    done
    rm -rf "$base/.gone" "$new" "$bin"/.handcarry.new.*
}

# A folder that goes has no name of its own before its first file goes.
drop() # FOLDER
{
    rm -rf "$base/.gone" && mv "$1" "$base/.gone" && rm -rf "$base/.gone"
}

clean_up()
{
    [ -z "$locked" ] || rm -rf "$new" "$base/.lock"
    rm -f "$bin/.handcarry.new.$$" "$base/.holder.$$" "$base/.holder.$$.stale"
    rmdir "$base" 2>/dev/null || :
}

# mv with a folder as its last word renames over a link there, also over one that leads to a folder.
switch_link() # NAME VERSION
{
    mkdir -p "$new/links" && rm -f "$new/links/$1" && ln -s "$2" "$new/links/$1" &&
        mv -f "$new/links/$1" "$base/" || die 1 "cannot make the link $base/$1"
}

sync_disk()
{
    sync -f "$base" 2>/dev/null || sync
}

has_systemd()
{
    [ -z "$root" ] && [ -d /run/systemd/system ] && return
    [ -x "$root/lib/systemd/systemd" ] || [ -x "$root/usr/lib/systemd/systemd" ]
}

unit_is_ours()
{
    grep -q '^# Placed by the handcarry kit' "$units/$unit" 2>/dev/null
}

reload_systemd()
{
    if [ -z "$root" ] && [ -d /run/systemd/system ]; then
        systemctl daemon-reload || say "'systemctl daemon-reload' failed: type it again"
    fi
}

place_unit() # VERSION
{
    [ ! -e "$units/$unit" ] || unit_is_ours || {
        boot="$units/$unit is not the kit's and stays as it is"
        return
    }
    boot="$unit ends what a power cut left"
    if cmp -s "$base/$1/$unit" "$units/$unit" && [ -L "$units/multi-user.target.wants/$unit" ]; then
        return
    fi
    rm -f "$units/.$unit.new"
    if mkdir -p "$units/multi-user.target.wants" && cp "$base/$1/$unit" "$units/.$unit.new" &&
        chmod 644 "$units/.$unit.new" && mv -f "$units/.$unit.new" "$units/$unit" &&
        rm -f "$units/multi-user.target.wants/$unit" &&
        ln -s "/etc/systemd/system/$unit" "$units/multi-user.target.wants/$unit"; then
        changed=yes
        reload_systemd
        return
    fi
    rm -f "$units/.$unit.new"
    boot="cannot place $units/$unit: after a power cut type 'handcarry recover'"
}
