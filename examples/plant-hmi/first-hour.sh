#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/prepare.sh
. "$here/../../tests/prepare.sh"
# shellcheck source=examples/steps.sh
. "$top/examples/steps.sh"

usage()
{
    cat <<'END'
Usage: examples/plant-hmi/first-hour.sh

The whole way of plant-hmi onto a host that has a kernel, busybox and a Docker engine: no
package manager, no Python, no Ansible, no network. At the desk: keys, a bundle, the kit. On
the host, by what comes on the stick alone: the kit, the first trust, values, install; a month
later the upgrade, as a delta; then back again. Every line is shown as it is typed, and what
it prints. Installs what the desk lacks with apt, asks nothing, and takes everything away.
END
}

case ${1:-} in
    '') ;;
    --help) usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
esac
become_root "$@"
cd "$top"
work=build/first-hour desk=$work/desk stick=$work/stick
bare='' host=''

handcarry()
{
    "${HANDCARRY:-$top/build/release/handcarry}" "$@"
}

desk() # WORDS COMMAND…: typed at the desk; it must end well, and say WORDS
{
    expect 0 "$@"
}

ws3() # WORDS LINE [ASKED ANSWER]…: typed at the console of the host, with answers to what it asks
{
    local words=$1
    shift
    printf 'ws-3# %s\n' "$1"
    come 0 "$words" "$top/tests/bare/type" "$bare" "$@"
}

end()
{
    local status=$?
    trap - EXIT
    [ -z "$host" ] || { kill "$host" 2>/dev/null && wait "$host" 2>/dev/null; } || :
    [ -z "$bare" ] || rm -rf "$bare"
    rm -rf "$work"
    exit $status
}

start_host() # a machine in the plant: tests/bare/host says what it has
{
    bare=$(mktemp -d /var/tmp/handcarry-ws-3.XXXXXX)
    setpriv --pdeathsig TERM tests/bare/host run "$bare" --stick "$stick" &
    host=$!
    until [ -e "$bare/pid" ]; do
        kill -0 "$host" 2>/dev/null || die "the host does not start"
        sleep 0.05
    done
}

fingerprint() # of the trust root, as it stands on paper
{
    handcarry trust show --trust "$desk/trust" | sed -n 's/^ *\(\([0-9a-f]\{4\} \)\{7\}[0-9a-f]\{4\}\)$/\1/p'
}

say "Building"
# shellcheck disable=SC2046,SC2086 # lists of words
need $build_packages busybox-static curl debootstrap e2fsprogs patch python3 util-linux \
    $(docker_packages)
if [ -z "${HANDCARRY:-}" ]; then
    build_in release --buildtype=release --werror >build/first-hour.log 2>&1 ||
        { tail -n 30 build/first-hour.log >&2; die "the build failed"; }
fi
examples/make-images.sh ansible database server web next
rm -rf "$work"
mkdir -p "$desk" "$stick"
trap end EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

say "At the desk: keys, the first bundle, the kit; all of it onto the stick"
old=plant-hmi-1.5.0-r42.tar.zst
desk 'fingerprint' handcarry trust init --trust "$desk/trust" --keys "$desk/keys" --no-password
desk 'every host' handcarry bundle examples/plant-hmi/release.yaml --trust "$desk/trust" \
    --sign "$desk/keys/release.key" -o "$desk/$old"
desk '' handcarry kit -o "$stick/handcarry-kit.sh"
desk '' cp "$desk/$old" "$stick"
desk '' ls -l --si "$stick"
paper=$(fingerprint)

say "In the plant: a host that has an engine and no program of ours"
start_host
ws3 '' 'mount /mnt'
ws3 '' 'sh /mnt/handcarry-kit.sh'
ws3 'Imported' 'handcarry trust import /mnt' 'matter): ' "${paper//$'\n'/ }"
ws3 '' 'handcarry values set plant-hmi public_name=hmi.plant-a.example /mnt'
ws3 'is installed' 'handcarry install /mnt' '[y/N] ' y
ws3 'plant-hmi 1.5.0' 'handcarry status'
ws3 'server 1.5.0' 'wget -q -O - http://127.0.0.1:18080/'
ws3 '' 'umount /mnt'

say "A month later, at the desk: the next release, as a delta"
delta=plant-hmi-1.5.1-r43-from-r42.tar.zst
rm "$stick/$old"
desk 'to hosts at plant-hmi 1.5.0' handcarry bundle build/plant-hmi/release.yaml --trust "$desk/trust" \
    --sign "$desk/keys/release.key" --base "$desk/$old" -o "$stick/$delta"
desk '' ls -l --si "$stick"

say "In the plant: the upgrade"
ws3 '' 'mount /mnt'
ws3 'is installed' 'handcarry install /mnt' '[y/N] ' y
ws3 'server 1.5.1' 'wget -q -O - http://127.0.0.1:18080/'

say "And back, with neither stick nor network"
ws3 '' 'umount /mnt'
ws3 'is the current one again' 'handcarry rollback plant-hmi' '[y/N] ' y
ws3 'server 1.5.0' 'wget -q -O - http://127.0.0.1:18080/'
ws3 'release 42' 'handcarry status'
ws3 'rollback' 'handcarry history'
ws3 'as this host signed them' 'handcarry history --verify'

say "Taken away, but for the volume with the readings"
ws3 '' 'handcarry remove plant-hmi' '[y/N] ' y
ws3 '' '/opt/handcarry/current/uninstall'
