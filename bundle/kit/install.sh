# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
# shellcheck shell=sh disable=SC2015,SC2154 # what comes before sets them

usage()
{
    cat <<END
Usage: ${0##*/} [options]

Installs handcarry $version for $machine into /opt/handcarry/$version, with one link,
/usr/local/bin/handcarry. It takes a Linux kernel from 4.18 and nothing else.
The version before is kept, and works until this one is whole.

  --older     install this version also where a newer one is the current one
  --root DIR  install below this folder instead of /
  --check     compare this kit with its own SHA-256 sums and change nothing; who
              made it is proven by its signature or a sum that came another way
  --help      this text

Exit status: 0 done or already so; 1 failed, nothing was changed; 2 usage;
3 damaged; 5 refused; 6 not enough space; 75 another install is under way.
END
}

parse_options()
{
    root='' check='' older=''
    while [ $# -gt 0 ]; do
        case $1 in
            --root) [ $# -ge 2 ] || die 2 "--root needs a folder"; use_root "$2"; shift ;;
            --root=*) use_root "${1#--root=}" ;;
            --check) check=yes ;;
            --older) older=yes ;;
            --help | -h) usage; exit 0 ;;
            *) die 2 "unknown option $1; --help lists them" ;;
        esac
        shift
    done
}

# A kit that is one file has its content behind the script; else it is the folder of this script.
find_self()
{
    self=$0
    [ -f "$self" ] || die 2 "this has to be run as a file: sh handcarry-kit.sh"
    case $self in /*) ;; *) self=$PWD/$self ;; esac
    if [ "$payload_size" -eq 0 ]; then
        here=$(cd -P "$(dirname "$self")" && pwd -P)
        return
    fi
    size=$(wc -c <"$self") || die 1 "cannot read $self"
    [ "$size" -eq $((payload_at + payload_size)) ] ||
        die 3 "$self is damaged: it has $((size)) bytes, not $((payload_at + payload_size)); copy it again"
}

check_payload() # SUM, or nothing where it could not be read
{
    [ "$1" = "$payload_sum" ] ||
        die 3 "$self is damaged: SHA-256 of its content is ${1:-unknown}, not $payload_sum;" \
            "copy it again; nothing was changed"
}

check_folder() # FOLDER
{
    bad=$(cd "$1" && sha256sum -c SHA256SUMS 2>/dev/null | grep -v ': OK$') || :
    if [ -n "$bad" ] || ! (cd "$1" && sha256sum -c SHA256SUMS >/dev/null 2>&1); then
        die 3 "$1 is not what its SHA256SUMS says: ${bad:-it cannot be read}; nothing was changed"
    fi
    # The sums are right also where a link leads to such files elsewhere.
    bad=$(find "$1" -type l)
    [ -z "$bad" ] || die 3 "$1 has links, and a kit has none: $bad; nothing was changed"
}

check_kit()
{
    if [ "$payload_size" -eq 0 ]; then
        check_folder "$here"
        say "ok: every file is as $here/SHA256SUMS says"
    else
        sum=$(tail -c "+$((payload_at + 1))" "$self" | sha256sum)
        check_payload "${sum%% *}"
        say "ok: the content has the SHA-256 $payload_sum"
    fi
    say "That finds damage. Who made it: compare a sum that came another way, or the signature."
}

check_host()
{
    if [ -z "$root" ]; then
        [ "$(id -u)" -eq 0 ] || die 1 "this installs into /opt and /usr/local: run it as root"
        [ "$(uname -m)" = "$machine" ] ||
            die 5 "this kit is for $machine, and this machine is $(uname -m); nothing was changed"
        [ -r /proc/self/stat ] ||
            die 1 "handcarry needs /proc, which is not mounted; type: mount -t proc proc /proc"
    fi
    if [ -e "$bin/handcarry" ] || [ -L "$bin/handcarry" ]; then
        case $(readlink "$bin/handcarry") in
            /opt/handcarry/*) ;;
            *) die 5 "$bin/handcarry is another program's; move it away first; nothing was changed" ;;
        esac
    fi
    [ ! -e "$base/current" ] || [ -L "$base/current" ] ||
        die 5 "$base/current is no link; nothing was changed"
}

begin()
{
    mkdir -p "$base" "$bin" || die 1 "cannot make $base and $bin; nothing was changed"
    lock
    # What cannot be undone later is tried first.
    ln -s "$target" "$bin/.handcarry.new.$$" ||
        die 1 "cannot write to $bin; nothing was changed"
}

# Numbers between dots: 0.9 is older than 0.10.
is_older() # VERSION THAN-THIS
{
    one=$1. other=$2.
    while [ -n "$one$other" ]; do
        left=${one%%.*} right=${other%%.*}
        one=${one#*.} other=${other#*.}
        left=${left%%[!0-9]*} right=${right%%[!0-9]*}
        [ "${left:-0}" -eq "${right:-0}" ] || {
            [ "${left:-0}" -lt "${right:-0}" ]
            return
        }
    done
    return 1
}

# Also where /opt itself is a link.
is_own()
{
    [ "$payload_size" -eq 0 ] && [ "$here" = "$(cd -P "$base/$version" 2>/dev/null && pwd -P)" ]
}

# An old kit is signed as well as a new one, and has the mistakes that were mended since.
check_age()
{
    was=$(linked current)
    [ -n "$was" ] && [ -d "$base/$was" ] && [ -z "$older" ] && ! is_own || return 0
    is_older "$version" "$was" || return 0
    back="add --older"
    [ ! -f "$base/$version/install" ] || back="type /opt/handcarry/$version/install"
    die 5 "this kit has handcarry $version, and the newer $was is installed;" \
        "to go back all the same, $back; nothing was changed"
}

free_kib()
{
    df -Pk "$base" 2>/dev/null | { read -r _; read -r _ _ _ free _; say "${free:-}"; }
}

check_room()
{
    need=$((room + payload_size / 1024 + 64))
    have=$(free_kib)
    case $have in '' | *[!0-9]*) return ;; esac
    [ "$have" -ge "$need" ] ||
        die 6 "not enough space in $base: needs $need KiB, has $have KiB; nothing was changed"
}

cannot_write()
{
    have=$(free_kib)
    [ "${have:-1024}" -ge 512 ] ||
        die 6 "not enough space in $base: needs $((room + payload_size / 1024 + 64)) KiB; nothing was changed"
    die 1 "cannot write to $base; nothing was changed"
}

# The content is copied first, and what is checked is what is unpacked: a stick that is read twice
# may give other bytes.
unpack_payload()
{
    tail -c "+$((payload_at + 1))" "$self" >"$new/payload" || cannot_write
    sum=$(sha256sum <"$new/payload")
    check_payload "${sum%% *}"
    (cd "$new" && gzip -dc <payload | tar -xf -) || cannot_write
    rm -f "$new/payload"
}

copy_folder()
{
    mkdir "$staged" && cp "$here/SHA256SUMS" "$staged/" || cannot_write
    while read -r _ name; do
        case /$name/ in
            *//* | */../*) die 3 "$here/SHA256SUMS names '$name'; nothing was changed" ;;
        esac
        mkdir -p "$staged/${name%/*}" 2>/dev/null
        case $name in */*) ;; *) rmdir "$staged/$name" ;; esac
        cp "$here/$name" "$staged/$name" || cannot_write
    done <"$staged/SHA256SUMS"
}

# Whatever the umask, a stick without modes, or who unpacked it.
set_modes() # FOLDER
{
    [ "$(id -u)" -ne 0 ] || chown -Rh 0:0 "$1" || die 1 "cannot set owners in $1; run this again"
    chmod 755 "$1/bin/handcarry" "$1/lib/$loader" "$1/install" "$1/uninstall" &&
        find "$1" -type d ! -perm 755 -exec chmod 755 {} + &&
        find "$1" -type f ! -perm 644 ! -path "$1/bin/handcarry" ! -path "$1/lib/$loader" \
            ! -path "$1/install" ! -path "$1/uninstall" -exec chmod 644 {} + ||
        die 1 "cannot set modes in $1; run this again"
}

mend_modes() # FOLDER
{
    before=$(ls -lnR "$1")
    set_modes "$1"
    [ "$before" = "$(ls -lnR "$1")" ] && return
    say "  repaired  owners and modes in $1"
    changed=yes
}

stage()
{
    staged=$new/handcarry-$version
    mkdir "$new" || cannot_write
    if [ "$payload_size" -eq 0 ]; then
        copy_folder
    else
        unpack_payload
    fi
    check_folder "$staged"
    set_modes "$staged"
}

does_not_start() # WHERE WHAT-IT-SAID WHAT-IS-LEFT
{
    case $2 in
        *'Permission denied'*)
            die 1 "handcarry does not start $1: is $base mounted noexec? ($2); $3"
            ;;
        *) die 1 "handcarry does not start $1: ${2:-it said nothing}; $3" ;;
    esac
}

# Before anything is switched: does it start here?
try_program()
{
    if [ "$(uname -m)" != "$machine" ]; then
        say "not tried: this machine is $(uname -m), the kit is for $machine"
        return
    fi
    said=$("$staged/lib/$loader" --library-path "$staged/lib" "$staged/bin/handcarry" --version 2>&1) &&
        [ "$said" = "handcarry $version" ] ||
        does_not_start "on this machine" "$said" "nothing was changed"
}

# The same where it lies now: it looks for its libraries beside itself, with the help of /proc.
try_placed()
{
    [ -z "$root" ] || return 0
    said=$("$base/$version/bin/handcarry" --version 2>&1) && return
    [ -z "$fresh" ] || drop "$base/$version"
    does_not_start "from $base/$version" "$said" "what was current still is"
}

is_equal()
{
    [ -z "$(find "$base/$version" -type l)" ] &&
        cmp -s "$staged/SHA256SUMS" "$base/$version/SHA256SUMS" &&
        (cd "$base/$version" && sha256sum -c SHA256SUMS >/dev/null 2>&1)
}

# File by file, each of which is whole at any time: the program never goes away. What is a link goes
# first, as what it leads to would be written to.
repair()
{
    find "$base/$version" -type l -exec rm -f {} +
    (cd "$staged" && find . -type f) | while read -r name; do
        file=$base/$version/${name#./}
        cmp -s "$staged/$name" "$file" 2>/dev/null && continue
        [ ! -d "$file" ] || rm -rf "$file"
        mkdir -p "${file%/*}" && mv -f "$staged/$name" "$file" || exit 1
        say "  repaired  $file"
    done || die 1 "cannot repair $base/$version; run this again"
}

place()
{
    sync_disk
    if [ ! -d "$base/$version" ]; then
        mv "$staged" "$base/$version" || die 1 "cannot make $base/$version; nothing was changed"
        fresh=yes
    elif is_equal; then
        mend_modes "$base/$version"
        return
    else
        repair
        mend_modes "$base/$version"
    fi
    changed=yes
    sync_disk
}

switch()
{
    was=$(linked current)
    if [ "$was" = "$version" ]; then
        # An upgrade was cut off between the two links, and this goes back.
        [ "$(linked previous)" != "$version" ] || rm -f "$base/previous"
    else
        [ -z "$was" ] || [ ! -d "$base/$was" ] || switch_link previous "$was"
        switch_link current "$version"
        changed=yes
    fi
    if [ -L "$bin/handcarry" ] && [ "$(readlink "$bin/handcarry")" = "$target" ]; then
        return
    fi
    # A link to a folder would be moved into.
    [ ! -d "$bin/handcarry" ] || rm -f "$bin/handcarry"
    mv -f "$bin/.handcarry.new.$$" "$bin/handcarry" || die 1 "cannot make $bin/handcarry; run this again"
    changed=yes
}

drop_older()
{
    previous=$(linked previous)
    for folder in "$base"/*; do
        name=${folder##*/}
        case $name in "$version" | "$previous" | current | previous) continue ;; esac
        [ -f "$folder/SHA256SUMS" ] && [ -f "$folder/uninstall" ] || continue
        drop "$folder" && say "  removed   version $name"
    done
}

place_boot()
{
    if has_systemd; then
        place_unit "$version"
    elif [ -x "$root/sbin/openrc-run" ]; then
        boot="OpenRC has no unit of ours: after a power cut type 'handcarry recover'"
    else
        boot="no systemd here: after a power cut type 'handcarry recover'"
    fi
}

# The first root most often lies beside the kit, but not where the kit was copied to be checked.
find_bundles()
{
    beside=$(cd "${self%/*}/" && pwd)
    [ "$payload_size" -ne 0 ] || beside=${here%/*}
    # A name that a shell takes for more than a name is not to be typed.
    case $beside in '' | *[!A-Za-z0-9._/-]*) return 1 ;; esac
    for found in "$beside"/*.tar.zst "$beside"/*.trust "$beside/trust" "$beside/1.root.yaml"; do
        case $found in */handcarry-kit* | "${self%.sh}.tar.zst") continue ;; esac
        [ ! -e "$found" ] || return 0
    done
    return 1
}

say_next()
{
    if find_bundles; then
        say "  next      handcarry trust import $beside"
    else
        say "  next      handcarry trust import FOLDER, where the bundles lie"
    fi
}

report()
{
    if [ -n "$changed" ]; then
        say "handcarry $version is installed in $base/$version"
    else
        say "handcarry $version is there already, whole and current; nothing changed"
    fi
    [ -z "$previous" ] || [ ! -d "$base/$previous" ] ||
        say "  before    $previous is kept; back to it: /opt/handcarry/$previous/install"
    say "  run       /usr/local/bin/handcarry"
    say "  boot      $boot"
    if command -v man >/dev/null; then
        say "  manual    man -M /opt/handcarry/current/share/man handcarry-install"
    else
        say "  manual    /opt/handcarry/current/share/doc"
    fi
    say "  check     cd /opt/handcarry/$version && sha256sum -c SHA256SUMS"
    say "  remove    /opt/handcarry/$version/uninstall"
    [ -n "$root" ] || [ -d /etc/handcarry/trust ] || say_next
}

main()
{
    # shellcheck disable=SC2034 # common.sh's
    locked='' changed='' fresh='' boot=''
    begin_clean
    parse_options "$@"
    find_self
    begin_alone
    if [ -n "$check" ]; then
        check_kit
        exit 0
    fi
    set_places
    check_host
    trap clean_up EXIT
    trap 'exit 1' HUP INT TERM
    begin
    check_age
    if is_own; then
        check_folder "$here"
        mend_modes "$here"
    else
        check_room
        stage
        try_program
        place
        try_placed
    fi
    switch
    drop_older
    place_boot
    sync_disk
    report
    exit 0
}

main "$@"
