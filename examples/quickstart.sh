#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/prepare.sh
. "$here/../tests/prepare.sh"

usage()
{
    cat <<'END'
Usage: examples/quickstart.sh [--keep]

Builds handcarry and does its main job: makes keys, packs examples/plant-hmi (three
images, a playbook and the Ansible that runs it, two configs) into a signed bundle,
verifies it, installs it into the Docker engine of this machine (a private one where none
answers), shows status. Then the next release, as a delta: what changed, how small it is,
and the upgrade; one whose health check fails, so that the host goes back by itself; and a
rollback by hand.
Installs what is missing with apt, asks nothing, and takes everything away again.

  --keep   leave the bundles, the keys and, in an engine of yours, what was installed
END
}

keep=0
case ${1:-} in
    '') ;;
    --keep) keep=1 ;;
    --help) usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
esac
become_root "$@"
cd "$top"

# The connected side's folder, the isolated host's folder, and what the stick carries.
work=build/quickstart
ci=$work/ci host=$work/host stick=$work/stick
socket='' engine_pid='' engine_folder='' installed=0

say() # TEXT
{
    printf '\n== %s\n' "$*"
}

run() # COMMAND…: shows the line as one would type it, then runs it
{
    printf '$ %s\n' "$*"
    "$@"
}

run_in() # FILE TEXT: the same for a line written into a file that only root may read
{
    printf "\$ install -m 600 /dev/null %s\n\$ echo '%s' > %s\n" "$1" "$2" "$1"
    install -m 600 /dev/null "$1"
    printf '%s\n' "$2" >"$1"
}

fingerprint() # of the trust root, as one would read it from paper
{
    handcarry trust show --trust "$ci/trust" |
        sed -n 's/^ *\(\([0-9a-f]\{4\} \)\{7\}[0-9a-f]\{4\}\)$/\1/p' | tr -d ' \n'
}

handcarry()
{
    "$top/build/release/handcarry" "$@"
}

answers() # SOCKET
{
    curl -sf --max-time 5 --unix-socket "$1" http://engine/_ping >/dev/null 2>&1
}

find_engine() # $socket: the first that answers, else a private one's
{
    for socket in /run/docker.sock /var/run/docker.sock; do
        if answers "$socket"; then
            engine_is_free
            return
        fi
    done
    engine_folder=$(mktemp -d /var/tmp/handcarry-quickstart.XXXXXX)
    socket=$engine_folder/engine.sock
    # A process namespace of its own: with its first process, everything in it ends.
    setpriv --pdeathsig KILL unshare --mount --pid --fork --kill-child \
        "$top/tests/engines/launch.sh" / "$engine_folder" dockerd \
        --data-root "$engine_folder/root" --exec-root "$engine_folder/exec" \
        --pidfile "$engine_folder/pid" --host "unix://$socket" --bridge=none --iptables=false \
        --ip6tables=false --exec-opt native.cgroupdriver=cgroupfs \
        >"$engine_folder/log" 2>&1 </dev/null &
    engine_pid=$!
    local tries=0
    until answers "$socket"; do
        tries=$((tries + 1))
        if [ $tries -gt 300 ] || ! kill -0 "$engine_pid" 2>/dev/null; then
            tail -n 5 "$engine_folder/log" >&2
            die "the private engine does not answer"
        fi
        sleep 0.1
    done
    echo "No engine answers here: a private Docker engine runs for this example."
}

take_away() # what the release started, from an engine that was here before
{
    local name version
    for name in web server database; do
        curl -sf -X DELETE --unix-socket "$socket" \
            "http://engine/containers/plant-hmi-$name?force=1" >/dev/null || :
        for version in 1.5.0 1.5.1; do
            curl -sf -X DELETE --unix-socket "$socket" \
                "http://engine/images/plant-hmi/$name:$version" >/dev/null || :
        done
    done
    curl -sf -X DELETE --unix-socket "$socket" http://engine/images/ansible:bookworm >/dev/null || :
    for name in run data; do
        curl -sf -X DELETE --unix-socket "$socket" \
            "http://engine/volumes/plant-hmi_$name" >/dev/null || :
    done
    rm -rf /etc/plant-hmi
}

end()
{
    local status=$?
    trap - EXIT
    if [ -n "$engine_pid" ]; then
        kill -KILL "$(cat "/proc/$engine_pid/task/$engine_pid/children")" 2>/dev/null || :
        wait "$engine_pid" 2>/dev/null || :
        rm -rf "$engine_folder" /etc/plant-hmi
    elif [ $installed = 1 ] && [ $keep = 0 ]; then
        take_away
    fi
    [ $keep = 1 ] || rm -rf "$work"
    exit $status
}

engine_is_free() # nothing in an engine of the user's carries the names of this example
{
    local path
    for path in containers/plant-hmi-{web,server,database}/json volumes/plant-hmi_{run,data} \
        images/plant-hmi/{web,server,database}:1.5.{0,1}/json images/ansible:bookworm/json; do
        ! curl -sf -o /dev/null --unix-socket "$socket" "http://engine/$path" ||
            die "the engine at $socket has $path already: remove it first"
    done
}

say "Building"
# shellcheck disable=SC2046,SC2086 # lists of words
need $build_packages debootstrap curl patch python3 util-linux $(docker_packages)
build_in release --buildtype=release --werror >build/quickstart.log 2>&1 ||
    { tail -n 30 build/quickstart.log >&2; die "the build failed"; }
examples/make-images.sh ansible database server web next
[ ! -e /etc/plant-hmi ] || die "/etc/plant-hmi is there already: remove it first"
rm -rf "$work"
mkdir -p "$ci" "$host" "$stick"
trap end EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

say "Connected side: make keys, pack, sign"
old=plant-hmi-1.5.0-r42.tar.zst
run handcarry trust init --trust "$ci/trust" --keys "$ci/keys" --no-password
run handcarry bundle examples/plant-hmi/release.yaml --trust "$ci/trust" \
    --sign "$ci/keys/release.key" -o "$ci/$old"
run cp "$ci/$old" "$stick"

say "Isolated side: believe the keys, verify, plan, install, look"
find_engine
isolated=(--root "$host" --engine "unix://$socket")
run handcarry trust import "$ci/trust" --root "$host" --fingerprint "$(fingerprint)"
run handcarry verify "$stick/$old" --trust "$host/etc/handcarry/trust"
mkdir -p "$host/etc/handcarry/values"
run_in "$host/etc/handcarry/values/plant-hmi.yaml" 'public_name: hmi.plant-a.example'
run handcarry plan "$stick/$old" "${isolated[@]}"
installed=1
run handcarry install "$stick/$old" --yes "${isolated[@]}"
run handcarry status "${isolated[@]}"
run curl -s http://127.0.0.1:18080/

say "Again: nothing to do"
run handcarry install "$stick/$old" --yes "${isolated[@]}"

say "Connected side: the next release, in full and as a delta"
full=plant-hmi-1.5.1-r43.tar.zst delta=plant-hmi-1.5.1-r43-from-r42.tar.zst
run rm "$stick/$old"
run diff -r examples/plant-hmi build/plant-hmi || :
run handcarry bundle build/plant-hmi/release.yaml --trust "$ci/trust" \
    --sign "$ci/keys/release.key" -o "$stick/$full"
run handcarry bundle build/plant-hmi/release.yaml --trust "$ci/trust" \
    --sign "$ci/keys/release.key" -o "$stick/$delta" --base "$ci/$old"
run ls -l --si "$stick"
run handcarry diff "$ci/$old" "$stick/$delta"
run handcarry verify --deep "$stick/$delta" --base "$ci/$old" --trust "$ci/trust"

say "Isolated side: of the two on the stick, the one that fits with the fewest bytes"
run handcarry install "$stick" --yes "${isolated[@]}" | tee "$work/install.log"
grep -q "^  bundle .*/$delta," "$work/install.log" || die "it did not take the delta"
run handcarry status "${isolated[@]}"
run curl -s http://127.0.0.1:18080/
shows() # TEXT
{
    curl -s http://127.0.0.1:18080/ | grep -q "$1" || die "the application does not show '$1'"
}
shows 'server 1.5.1'

say "A release with a mistake in a config: its health check fails, and the host goes back by itself"
cp -r build/plant-hmi "$work/mistake"
sed -i 's/1\.5\.1$/1.5.2/; s/release: 43/release: 44/; s/within: 30s/within: 5s/
    s|\.\./\.\./build/images|../../images|' "$work/mistake/release.yaml"
run sed -i s/server.sock/sever.sock/ "$work/mistake/configs/nginx.conf"
run handcarry bundle "$work/mistake/release.yaml" --trust "$ci/trust" \
    --sign "$ci/keys/release.key" -o "$stick/plant-hmi-1.5.2-r44.tar.zst" --base "$stick/$full"
status=0
run handcarry install "$stick/plant-hmi-1.5.2-r44.tar.zst" --yes "${isolated[@]}" || status=$?
echo "(exit status $status)"
[ $status = 8 ] || die "it was not rolled back"
run curl -s http://127.0.0.1:18080/
shows 'server 1.5.1'

say "Back by hand, with neither stick nor network"
run handcarry rollback plant-hmi --yes "${isolated[@]}"
run curl -s http://127.0.0.1:18080/
shows 'server 1.5.0'
run handcarry status "${isolated[@]}"

say "What was done here, by whom, and how it ended"
run handcarry history --root "$host"
run handcarry history --verify --root "$host"

if [ $keep = 0 ]; then
    say "Taken away, but for the volume with the readings"
    run handcarry remove plant-hmi --yes "${isolated[@]}"
fi
