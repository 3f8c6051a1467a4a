# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
# shellcheck shell=sh disable=SC2015,SC2154 # what comes before sets them

usage()
{
    cat <<END
Usage: /opt/handcarry/$version/uninstall [options]

Removes handcarry $version. Where a version before is there, that one is the
current one again; else the link and the boot unit go too.
/etc/handcarry and /var/lib/handcarry (trust, values, receipts, state) stay.

  --all       remove every version
  --root DIR  below this folder instead of /
  --help      this text
END
}

parse_options()
{
    root='' all=''
    while [ $# -gt 0 ]; do
        case $1 in
            --root) [ $# -ge 2 ] || die 2 "--root needs a folder"; use_root "$2"; shift ;;
            --root=*) use_root "${1#--root=}" ;;
            --all) all=yes ;;
            --help | -h) usage; exit 0 ;;
            *) die 2 "unknown option $1; --help lists them" ;;
        esac
        shift
    done
}

check_host()
{
    [ -n "$root" ] || [ "$(id -u)" -eq 0 ] || die 1 "this needs root"
    [ -d "$base/$version" ] || die 1 "$base/$version is not there: nothing to remove"
    # Without the program nobody could end what was cut off.
    [ ! -e "$root/var/lib/handcarry/journal" ] ||
        die 75 "an install is under way or was cut off: type 'handcarry recover' first; nothing was changed"
}

drop_links()
{
    case $(readlink "$bin/handcarry") in
        /opt/handcarry/*) rm -f "$bin/handcarry" ;;
    esac
    if unit_is_ours; then
        rm -f "$units/multi-user.target.wants/$unit" "$units/$unit"
        reload_systemd
    fi
    rm -f "$base/current" "$base/previous"
}

drop_all()
{
    drop_links
    for folder in "$base"/*; do
        [ -f "$folder/SHA256SUMS" ] && [ -f "$folder/uninstall" ] || continue
        drop "$folder" || die 1 "cannot remove $folder"
        say "removed   version ${folder##*/}"
    done
}

drop_one()
{
    if [ "$current" = "$version" ]; then
        switch_link current "$previous"
        current=$previous
        say "current   version $current again"
    fi
    # Both lead to one version also where a kill came right after the link.
    if [ -n "$current" ] && [ "$current" = "$previous" ] && has_systemd; then
        place_unit "$current"
    fi
    if [ "$current" = "$previous" ] || [ "$previous" = "$version" ]; then
        rm -f "$base/previous"
    fi
    drop "$base/$version" || die 1 "cannot remove $base/$version"
    say "removed   version $version"
}

main()
{
    # shellcheck disable=SC2034 # common.sh's
    locked='' changed='' fresh='' boot=''
    begin_clean
    parse_options "$@"
    begin_alone
    set_places
    check_host
    trap clean_up EXIT
    trap 'exit 1' HUP INT TERM
    lock
    current=$(linked current)
    previous=$(linked previous)
    [ -n "$previous" ] && [ -d "$base/$previous" ] || previous=''
    # Where an upgrade was cut off between its two links, no other version is known to be whole.
    [ -n "$all" ] || [ "$current" != "$version" ] || [ "$previous" != "$version" ] ||
        die 75 "an install was cut off: run that kit again, or this with --all; nothing was changed"
    if [ "$current" = "$version" ] && [ -z "$previous" ]; then
        all=yes
    fi
    if [ -n "$all" ]; then
        drop_all
    else
        drop_one
    fi
    sync_disk
    say "kept      $root/etc/handcarry and $root/var/lib/handcarry"
    exit 0
}

main "$@"
