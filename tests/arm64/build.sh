#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
#
# The program of a kit for arm64 on another machine: build/arm64/handcarry-host, and in
# build/arm64/sysroot what `handcarry kit --sysroot` takes its libraries from.
set -euo pipefail
# shellcheck source=tests/prepare.sh
. "$(dirname "$0")/../prepare.sh"

cache=${HANDCARRY_TEST_CACHE:-/var/cache/handcarry-tests}
mirror=${HANDCARRY_MIRROR:-http://deb.debian.org/debian}
codename=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
root=$cache/sysroot-arm64-$codename

fetch() # FOLDER: the packages of arm64, by an apt that knows of nothing else
{
    mkdir -p "$1/lists/partial" "$1/cache/archives/partial"
    : >"$1/status"
    echo "deb $mirror $codename main" >"$1/sources.list"
    local apt=(apt-get -q -y -o APT::Architecture=arm64 -o APT::Architectures=arm64
        -o "Dir::Etc::SourceList=$1/sources.list" -o Dir::Etc::SourceParts=/dev/null
        -o "Dir::State=$1" -o "Dir::State::lists=$1/lists" -o "Dir::State::status=$1/status"
        -o "Dir::Cache=$1/cache" -o APT::Install-Recommends=false -o Debug::NoLocking=1)
    local libraries
    libraries=$(tr ' ' '\n' <<<"$build_packages" | grep -E '^(lib|zlib)')
    "${apt[@]}" update
    # shellcheck disable=SC2086 # words
    "${apt[@]}" --download-only install $libraries libc-bin
}

unpack() # FOLDER ROOT: nothing of them is run
{
    mkdir -p "$2/usr/bin" "$2/usr/sbin" "$2/usr/lib"
    ln -s usr/bin usr/sbin usr/lib "$2"
    local package
    for package in "$1"/cache/archives/*.deb; do
        dpkg-deb --fsys-tarfile "$package" | tar -x --keep-directory-symlink -C "$2"
    done
}

write_cross() # ROOT
{
    cat <<END
[binaries]
c = ['aarch64-linux-gnu-gcc', '--sysroot=$1']
ar = 'aarch64-linux-gnu-ar'
strip = 'aarch64-linux-gnu-strip'
pkgconfig = 'pkg-config'
[properties]
sys_root = '$1'
pkg_config_libdir = '$1/usr/lib/aarch64-linux-gnu/pkgconfig:$1/usr/share/pkgconfig'
[host_machine]
system = 'linux'
cpu_family = 'aarch64'
cpu = 'aarch64'
endian = 'little'
END
}

for program in aarch64-linux-gnu-gcc dpkg-deb apt-get; do
    command -v "$program" >/dev/null || die "$program is not installed"
done
mkdir -p "$cache"
exec 9>"$root.lock"
flock 9
if [ ! -d "$root" ]; then
    work=$(mktemp -d)
    trap 'rm -rf "$work" "$root.part"' EXIT
    rm -rf "$root.part"
    fetch "$work"
    unpack "$work" "$root.part"
    mv "$root.part" "$root"
fi
write_cross "$root" >"$top/build/arm64.ini"
[ -f "$top/build/arm64/build.ninja" ] ||
    meson setup "$top/build/arm64" "$top" --cross-file "$top/build/arm64.ini" --buildtype=release --werror
ninja -C "$top/build/arm64" -j 2 handcarry-host handcarry-left-out
ln -sfn "$root" "$top/build/arm64/sysroot"
