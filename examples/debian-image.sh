#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
#
# Makes one image from Debian's packages, without a registry and without an engine:
# a debootstrap root is the base layer (made once, shared by all images of a cache), what apt
# installs on top of it is the second layer, files of your own are the third.
set -euo pipefail

usage()
{
    cat <<'END'
Usage: debian-image.sh --cache DIR --name NAME:TAG --output FILE.tar [options]

  --cache DIR        keeps the base root and finished layers between runs
  --name NAME:TAG    the image's name in the archive
  --output FILE.tar  a docker-archive: docker load, podman load and handcarry read it
  --packages LIST    Debian packages to install, separated by blanks
  --add DIR          folder whose files are laid over everything (the third layer)
  --config JSON      run settings: Cmd, Env, ExposedPorts, Healthcheck, …
  --suite NAME       Debian release (default: bookworm)
  --upgrade          everything as upgraded by the security and the updates suite
  --keep-caches      leave var/cache/apt, var/lib/apt/lists, var/cache/debconf in the layers
END
}

cache='' name='' output='' packages='' add='' config='{}' suite=bookworm upgrade=0 keep=0
while [ $# -gt 0 ]; do
    case $1 in
        --cache) cache=$2; shift 2 ;;
        --name) name=$2; shift 2 ;;
        --output) output=$2; shift 2 ;;
        --packages) packages=$2; shift 2 ;;
        --add) add=$2; shift 2 ;;
        --config) config=$2; shift 2 ;;
        --suite) suite=$2; shift 2 ;;
        --upgrade) upgrade=1; shift ;;
        --keep-caches) keep=1; shift ;;
        --help) usage; exit 0 ;;
        *) echo "debian-image.sh: unknown option $1" >&2; usage >&2; exit 2 ;;
    esac
done
if [ -z "$cache" ] || [ -z "$name" ] || [ -z "$output" ]; then
    usage >&2
    exit 2
fi
if [ "$(id -u)" -ne 0 ]; then
    echo "debian-image.sh: making a root file system needs root" >&2
    exit 2
fi

layers=$(dirname "$(readlink -f "$0")")/image-layer.py
mirror=${HANDCARRY_MIRROR:-http://deb.debian.org/debian}
security=${HANDCARRY_SECURITY_MIRROR:-http://deb.debian.org/debian-security}
export LC_ALL=C DEBIAN_FRONTEND=noninteractive SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-0}
mkdir -p "$cache"
cache=$(readlink -f "$cache")
kind=$([ "$keep" = 1 ] && echo kept || echo clean)$([ "$upgrade" = 0 ] || echo -upgraded)
base=$cache/base-$suite$([ "$upgrade" = 0 ] || echo -upgraded)

drop_caches() # ROOT: what apt can make again, and what differs from run to run
{
    rm -rf "$1"/var/log/apt "$1"/var/log/*.log "$1"/var/cache/ldconfig/aux-cache
    [ "$keep" = 1 ] && return
    rm -rf "$1"/var/cache/apt/* "$1"/var/lib/apt/lists/* "$1"/var/cache/debconf/*
}

make_base() # once per cache; an interrupted run leaves only base.part behind
{
    local plain=$cache/base-$suite
    if [ ! -d "$plain" ]; then
        rm -rf "$plain.part"
        debootstrap --variant=minbase "$suite" "$plain.part" "$mirror" \
            >"$cache/debootstrap.log" 2>&1 || { tail -n 5 "$cache/debootstrap.log" >&2; exit 1; }
        mv "$plain.part" "$plain"
    fi
    [ -d "$base" ] && return
    rm -rf "$base.part"
    cp -a --reflink=auto "$plain" "$base.part"
    upgrade_base >"$cache/upgrade.log" 2>&1 || { tail -n 5 "$cache/upgrade.log" >&2; exit 1; }
    mv "$base.part" "$base"
}

upgrade_base() # $base.part; the suites stay in its list, so packages come from them, too
{
    printf 'deb %s main\n' "$mirror $suite-updates" "$security $suite-security" \
        >>"$base.part/etc/apt/sources.list"
    mount -t proc proc "$base.part/proc"
    chroot "$base.part" apt-get -q update
    chroot "$base.part" apt-get -q -y dist-upgrade
    umount "$base.part/proc"
    rm -f "$base.part"/var/cache/apt/archives/*.deb
}

make_base_layer() # $base_layer: the base as it is, or a copy without the caches
{
    base_layer=$cache/base-$suite-$kind.tar
    [ -f "$base_layer" ] && return
    local tree=$work/base
    cp -a --reflink=auto "$base" "$tree"
    drop_caches "$tree"
    "$layers" layer "$tree" "$base_layer.part"
    mv "$base_layer.part" "$base_layer"
    rm -rf "$tree"
}

make_package_layer() # $package_layer: what apt changes above the base
{
    package_layer=$cache/$(printf '%s\n' "$suite $kind $packages" | sha256sum | cut -c1-16).tar
    [ -f "$package_layer" ] && return
    mkdir -p "$work"/{upper,work,root}
    mount -t overlay overlay \
        -o "lowerdir=$base,upperdir=$work/upper,workdir=$work/work" "$work/root"
    mount -t proc proc "$work/root/proc"
    mount --bind /dev "$work/root/dev"
    cp --remove-destination /etc/resolv.conf "$work/root/etc/resolv.conf"
    printf '#!/bin/sh\nexit 101\n' >"$work/root/usr/sbin/policy-rc.d"
    chmod 755 "$work/root/usr/sbin/policy-rc.d"
    install_packages >"$cache/apt.log" 2>&1 || { tail -n 5 "$cache/apt.log" >&2; exit 1; }
    rm -f "$work/root/usr/sbin/policy-rc.d"
    umount "$work/root/dev" "$work/root/proc"
    drop_caches "$work/root"
    umount "$work/root"
    rm -f "$work/upper/etc/resolv.conf"
    "$layers" layer "$work/upper" "$package_layer.part"
    mv "$package_layer.part" "$package_layer"
}

install_packages()
{
    chroot "$work/root" apt-get -q update
    # shellcheck disable=SC2086 # a list of words
    chroot "$work/root" apt-get -q -y --no-install-recommends install $packages
    # As in Debian's published images: the .deb files themselves do not stay.
    rm -f "$work/root"/var/cache/apt/archives/*.deb
}

# In a mount namespace of its own, every mount ends with this process, whatever ends it.
if [ "${HANDCARRY_PRIVATE_MOUNTS:-}" != $$ ]; then
    HANDCARRY_PRIVATE_MOUNTS=$$ exec unshare --mount --propagation private "$0" \
        --cache "$cache" --name "$name" --output "$output" --packages "$packages" \
        --add "$add" --config "$config" --suite "$suite" $([ "$upgrade" = 0 ] || echo --upgrade) \
        $([ "$keep" = 0 ] || echo --keep-caches)
fi
work=$(mktemp -d "$cache/work.XXXXXX")
trap 'umount -R "$work/root" 2>/dev/null || :; rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

make_base
make_base_layer
set -- --layer "$base_layer"
if [ -n "$packages" ]; then
    make_package_layer
    set -- "$@" --layer "$package_layer"
fi
if [ -n "$add" ]; then
    "$layers" layer "$add" "$work/add.tar"
    set -- "$@" --layer "$work/add.tar"
fi
"$layers" archive "$output" "$name" "$@" --config "$config"
