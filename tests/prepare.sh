# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
#
# Sourced by tests/run.sh and examples/quickstart.sh: what both need before they can start.
# shellcheck shell=bash

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# What building takes, on Debian 12 and 13.
build_packages="gcc libc6-dev meson ninja-build pkg-config libglib2.0-dev libyaml-dev libssl-dev
    libsodium-dev libzstd-dev libarchive-dev libjson-glib-dev libcurl4-gnutls-dev
    libseccomp-dev libdivsufsort-dev libelf-dev libqrencode-dev libostree-dev zlib1g-dev help2man cmark
    gettext"

die() # MESSAGE
{
    echo "${0##*/}: $*" >&2
    exit 1
}

become_root() # ARGUMENTS OF THE SCRIPT: engines and root file systems need it
{
    [ "$(id -u)" -eq 0 ] && return
    command -v sudo >/dev/null || die "this needs root; run it as root or install sudo"
    exec sudo -n -E "$0" "$@"
}

has_package() # NAME
{
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

need() # PACKAGE…: installs those that are missing, and asks nothing
{
    local missing=() package
    for package in "$@"; do
        has_package "$package" || missing+=("$package")
    done
    [ ${#missing[@]} -eq 0 ] && return
    command -v apt-get >/dev/null || die "missing and no apt-get to install it: ${missing[*]}"
    echo "installing: ${missing[*]}"
    export DEBIAN_FRONTEND=noninteractive
    if ! { apt-get -q update && apt-get -q -y --no-install-recommends install "${missing[@]}"
         } >"$top/build/apt.log" 2>&1 </dev/null; then
        tail -n 15 "$top/build/apt.log" >&2
        die "apt-get could not install ${missing[*]}"
    fi
}

docker_packages() # the engine; its command is a package of its own from Debian 13 on
{
    echo docker.io iptables
    if apt-cache show docker-cli 2>/dev/null | grep -q '^Package: docker-cli$'; then
        echo docker-cli
    fi
}

build_in() # FOLDER MESON-OPTION…: configures once, then builds $build_targets (empty: all)
{
    local folder=$top/build/$1
    shift
    [ -f "$folder/build.ninja" ] || meson setup "$folder" "$top" "$@" || return
    # shellcheck disable=SC2086 # words
    ninja -C "$folder" -j 2 ${build_targets:-}
}

mkdir -p "$top/build"
