#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
# Two builders that need not believe each other: each makes the release, from the same lock, as
# another user with another clock zone, locale, umask, home and number of processors, on another
# file system. Each signs only if the other made the same bytes, and a host takes nothing that only
# one of them signed. Every folder is a machine of its own, and stays where TWO_BUILDERS names one for them.
# Needs no engine.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
program=${HANDCARRY:-$top/build/release/handcarry}
work=${TWO_BUILDERS:-}

# shellcheck source=tests/prepare.sh
. "$top/tests/prepare.sh"
# shellcheck source=examples/steps.sh
. "$top/examples/steps.sh"
become_root "$@" # to be two users
need busybox-static docker-registry git python3 skopeo util-linux
if [ -z "${HANDCARRY:-}" ] && [ ! -x "$program" ]; then
    # shellcheck disable=SC2154,SC2086 # a list of words, set there
    need $build_packages
    build_in release --buildtype=release --werror >"$top/build/ci.log" 2>&1 ||
        die "the build failed: build/ci.log"
fi

handcarry()
{
    "$program" "$@"
}

# Everything that differs from machine to machine and must not be in the bytes.
on() # builder-a|builder-b COMMAND…: in its checkout, with its key
{
    local name=$1 user=daemon cores=0 about=(LC_ALL=C TZ=UTC0) mask=022
    shift
    if [ "$name" = builder-b ]; then
        user=bin cores=0-1023 about=(LC_ALL=C.UTF-8 LANG=tr_TR.UTF-8 TZ=Asia/Kathmandu) mask=077
    fi
    (
        cd "${folder[$name]}"
        umask $mask
        setpriv --reuid=$user --regid=$user --clear-groups taskset -c $cores \
            env -i PATH="$work/bin:$PATH" HOME="$PWD/home" "${about[@]}" \
            HANDCARRY_KEY_FILE="$PWD/home/$name.key" \
            sh -c 'cd clock && exec "$@"' sh "$@"
    )
}

give() # FROM TO GLOB: what one machine hands to the other
{
    local to=${folder[$2]}/clock/dist/$1 user
    user=$(stat -c %u "${folder[$2]}")
    mkdir -p "$to"
    # shellcheck disable=SC2086 # a pattern
    cp "${folder[$1]}/clock/dist/$1"/$3 "$to"
    chown -R "$user" "$to"
}

votes_of() # BUILDER
{
    find "${folder[$1]}/clock/dist/$1" -name '*.vote' -o -name '*.packing'
}

start_registry() # $registry: its host and port
{
    cat >"$work/registry.yml" <<END
version: 0.1
http: {addr: "127.0.0.1:0"}
storage: {filesystem: {rootdirectory: $work/registry}}
END
    docker-registry serve "$work/registry.yml" >"$work/registry.log" 2>&1 </dev/null &
    server=$!
    local tries=0
    until registry=$(sed -n 's/.*listening on \(127[0-9.:]*\).*/\1/p' "$work/registry.log") && [ -n "$registry" ]; do
        tries=$((tries + 1))
        [ $tries -le 200 ] || die "the registry does not start: $work/registry.log"
        sleep 0.1
    done
}

end()
{
    [ -z "$server" ] || kill "$server" 2>/dev/null || :
    rm -rf "$memory"
    [ -n "${TWO_BUILDERS:-}" ] || rm -rf "$work"
}

server='' registry=''
# Not below this folder, which other users need not be able to enter.
work=${TWO_BUILDERS:-$(mktemp -d /var/tmp/handcarry-ci.XXXXXX)}
rm -rf "$work"
mkdir -p "$work"/{bin,keys,source/ci,lead}
memory=$(mktemp -d /dev/shm/handcarry-ci.XXXXXX) # builder-b's file system
trap end EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
install -m 755 "$program" "$work/bin/handcarry"
chmod 700 "$work/keys"
declare -A folder=([builder-a]="$work/builder-a" [builder-b]="$memory/builder-b")

cd "$work"
say "The first day: two builders and a person make keys, and a trust root that wants all three"
for name in root builder-a builder-b lead; do
    expect 0 '' handcarry keygen --no-password --quiet keys/$name
done
expect 0 'It is complete' handcarry trust init --trust source/trust --root root=keys/root.pub \
    --key builder-a=keys/builder-a.pub --key builder-b=keys/builder-b.pub --key lead=keys/lead.pub \
    --role builders:statement:2=builder-a,builder-b --role lead:statement=lead \
    --role pack:packing:2=builder-a,builder-b --sign keys/root.key

say "A registry with the image"
start_registry
pull=(--mirror "registry.example.org=$registry" --insecure "$registry") # it has no certificate
"$here/make-image.sh" clock.tar
skopeo --insecure-policy copy --quiet --dest-tls-verify=false docker-archive:clock.tar \
    "docker://$registry/clock/clock:1.0.0"

say "A repository: the release, its lock, the trust root, the scripts"
cp -r "$here"/release/* source
cp "$here"/{build,sign,collect}.sh source/ci
expect 0 'release.lock.yaml was written' handcarry bundle source/release.yaml \
    "${pull[@]}" --cache cache -o first.tar.zst
git -C source init --quiet
git -C source add --all
git -C source -c user.name=ada -c user.email=ada@example.org commit --quiet --message 'Release 1'
git -C source bundle create --quiet "$work/source.bundle" HEAD

say "Two machines, each with a checkout and a key of its own"
for name in builder-a builder-b; do
    mkdir -p "${folder[$name]}/home"
    git -c advice.detachedHead=false clone --quiet "$work/source.bundle" "${folder[$name]}/clock"
    install -m 600 "keys/$name.key" "${folder[$name]}/home"
done
chown -R daemon: "${folder[builder-a]}"
chown -R bin: "$memory"

say "Both build; neither has signed yet"
expect 0 '' on builder-a ci/build.sh builder-a "${pull[@]}"
expect 0 '' on builder-b ci/build.sh builder-b "${pull[@]}"

say "Only the sums are exchanged, and each signs what it made itself"
give builder-a builder-b '*.sha256'
give builder-b builder-a '*.sha256'
expect 0 'the same bytes' on builder-a ci/sign.sh builder-a builder-a builder-b

say "One builder's votes are not enough"
bundle=clock-1.0.0-r1.tar.zst
cp "$work/builder-a/clock/dist/builder-a/$bundle"* "$work/lead"
handcarry sign "lead/$bundle" --add "lead/$bundle.builder-a.packing" --quiet
expect 4 'builder-b' handcarry verify "lead/$bundle" --trust source/trust
rm -r lead/*

say "Both builders' are, but for the person's"
expect 0 'the same bytes' on builder-b ci/sign.sh builder-b builder-a builder-b
give builder-b builder-a '*.vote'
give builder-b builder-a '*.packing'
expect 4 "role 'lead'" on builder-a ci/collect.sh builder-a builder-b
expect 0 'still to sign, by hand: lead' on builder-a ci/collect.sh --person lead builder-a builder-b

say "The person looks at the statement, at a desk of their own, and signs it; it is one small text"
release=${folder[builder-a]}/clock/dist/release
cp "$release"/*.statement.yaml lead
expect 0 'digest   sha256:' handcarry sign lead/*.statement.yaml --key keys/lead.key
cp lead/*.vote "$release"
expect 0 ': good' handcarry verify "$release/$bundle" --trust source/trust
(cd "$release" && sha256sum --quiet -c -- *.sha256)

say "A builder whose sources are not those: both refuse, and say where the bytes differ"
echo 'interval=1' >"${folder[builder-b]}/clock/configs/clock.conf"
for name in builder-a builder-b; do
    rm -rf "${folder[$name]}/clock/dist"
    expect 0 '' on $name ci/build.sh $name "${pull[@]}"
done
give builder-a builder-b "$bundle*"
give builder-b builder-a "$bundle*"
for name in builder-a builder-b; do
    expect 5 'nothing was signed' on $name ci/sign.sh $name builder-a builder-b
    [ -z "$(votes_of $name)" ] || die "$name has signed"
done
say "Done"
