#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
#
# Makes an image that carries Ansible for hosts that have none (install/FORMAT.md, section 9), from
# Debian's packages: ansible-core, Python and the libraries of both, and nothing more. No root, no
# registry and no engine are needed.
set -euo pipefail

usage()
{
    cat <<'END'
Usage: ansible-image.sh --output FILE.tar [options]

  --output FILE.tar  a docker-archive, for release.yaml's images
  --name NAME:TAG    the image's name (default: ansible:SUITE)
  --suite NAME       Debian release (default: bookworm)
  --packages LIST    more packages, separated by blanks, each with what it depends on as far as
                     it is Python's: python3-requests, python3-psycopg2, …
END
}

output='' name='' suite=bookworm more=''
while [ $# -gt 0 ]; do
    case $1 in
        --output) output=$2; shift 2 ;;
        --name) name=$2; shift 2 ;;
        --suite) suite=$2; shift 2 ;;
        --packages) more=$2; shift 2 ;;
        --help) usage; exit 0 ;;
        *) echo "ansible-image.sh: unknown option $1" >&2; usage >&2; exit 2 ;;
    esac
done
if [ -z "$output" ]; then
    usage >&2
    exit 2
fi

layers=$(dirname "$(readlink -f "$0")")/image-layer.py
mirror=${HANDCARRY_MIRROR:-http://deb.debian.org/debian}
security=${HANDCARRY_SECURITY_MIRROR:-http://deb.debian.org/debian-security}
keys=/usr/share/keyrings/debian-archive-keyring.gpg
export LC_ALL=C SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-0}
work=$(mktemp -d "${TMPDIR:-/var/tmp}/ansible-image.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# Of all that ansible-core's packages name, what a playbook on a local host needs. Python's curses,
# readline and database modules, ssh and its libraries, perl and the package tools are not of it;
# tasks use the host's own programs.
wanted='ansible-core base-files libc6 libc-bin libgcc-s1 libbz2-1\.0 libcrypt1 libexpat1 libffi8 liblzma5
    libpcre2-8-0 libselinux1 libssl3(t64)? libuuid1 libyaml-0-2 libzstd1 zlib1g
    libpython3-stdlib libpython3\.[0-9]+-(minimal|stdlib)
    python3 python3-minimal python3\.[0-9]+ python3\.[0-9]+-minimal
    python3-(cffi-backend|cryptography|jinja2|markupsafe|packaging|resolvelib|yaml)'

apt() # as of a host that has no package at all
{
    local tool=$1
    shift
    "apt-$tool" -q -o "Dir::State=$work/apt" -o "Dir::State::status=$work/apt/status" \
        -o "Dir::Cache=$work/apt" -o "Dir::Etc=$work/apt/etc" -o APT::Install-Recommends=false \
        -o APT::Get::List-Cleanup=false -o APT::Sandbox::User= "$@"
}

fetch() # the .deb files, into $work/debs
{
    mkdir -p "$work"/apt/{etc/apt.conf.d,etc/preferences.d,etc/trusted.gpg.d,lists/partial,archives/partial} "$work/debs"
    : >"$work/apt/status"
    printf "deb [signed-by=$keys] %s main\n" "$mirror $suite" "$mirror $suite-updates" \
        "$security $suite-security" >"$work/apt/etc/sources.list"
    apt get update >"$work/log" 2>&1 || { tail -n 5 "$work/log" >&2; exit 1; }
    # shellcheck disable=SC2086 # a list of words
    apt get install --print-uris -y ansible-core base-files libc-bin $more >"$work/uris"
    local pattern
    pattern=^\($(echo $wanted $more 'python3-[a-z0-9.+-]*' | tr ' ' '|')\)_
    [ -n "$more" ] || pattern=^\($(echo $wanted | tr ' ' '|')\)_
    sed -n "s/^'\([^']*\)' \([^ ]*\) .*/\2/p" "$work/uris" | grep -E "$pattern" | sort >"$work/names"
    # shellcheck disable=SC2046 # one word each
    (cd "$work/debs" && apt get download $(sed 's/_.*//' "$work/names")) >"$work/log" 2>&1 ||
        { tail -n 5 "$work/log" >&2; exit 1; }
}

unpack() # into $work/root; the package list where tools look for it in images without dpkg
{
    local deb package
    mkdir -p "$work/root/var/lib/dpkg/status.d"
    for deb in "$work"/debs/*.deb; do
        dpkg-deb --extract "$deb" "$work/root"
        package=$(dpkg-deb --field "$deb" Package)
        dpkg-deb --field "$deb" >"$work/root/var/lib/dpkg/status.d/$package"
    done
}

trim() # licences stay, and of libc's own programs the locale
{
    local python
    cd "$work/root"
    rm -f sbin/ldconfig usr/sbin/{iconvconfig,zic} usr/bin/{catchsegv,getconf,getent,iconv,ldd,locale,localedef,pldd,tzselect,zdump}
    find usr/share/doc -mindepth 2 ! -name copyright ! -type d -delete
    rm -rf usr/share/{man,info,locale,lintian,bug,perl5,binfmts,applications,pixmaps,base-files} \
        usr/lib/*/gconv usr/lib/python3/dist-packages/ansible_test usr/bin/ansible-test \
        usr/lib/*/audit home root opt srv mnt media boot
    for python in usr/lib/python3.*; do
        rm -rf "$python"/{test,idlelib,tkinter,turtledemo,lib2to3,ensurepip,pydoc_data}
    done
    find . -depth -type d -empty -delete
    cd - >/dev/null
}

compile() # what is imported at each start; not by time, for a layer's times are all the same
{
    local python loader
    python=$(readlink -f "$work/root/usr/bin/python3")
    loader=$(find "$work/root" -name 'ld-linux*.so*' -type f | head -n 1)
    "$loader" --argv0 "$python" --library-path \
        "$(find "$work/root/lib" "$work/root/usr/lib" -maxdepth 1 -name '*-linux-gnu' 2>/dev/null |
            paste -sd :)" "$python" -I -m compileall -q -j 0 -s "$work/root" \
        --invalidation-mode unchecked-hash -x '/ansible/modules/|/site-packages/' \
        "$work"/root/usr/lib/python3* >"$work/log" 2>&1 || { tail -n 5 "$work/log" >&2; exit 1; }
}

fetch
unpack
trim
compile
find "$work/root" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
"$layers" layer "$work/root" "$work/layer.tar"
"$layers" archive "$output" "${name:-ansible:$suite}" --layer "$work/layer.tar" \
    --config '{"Cmd": ["/usr/bin/ansible-playbook", "--version"]}'
