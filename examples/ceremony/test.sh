#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
# Who may sign, from the first day to a stolen key: five people hold root keys, three of them
# must agree; a release needs the build server and a person. Every folder below build/ceremony
# is a machine of its own; only what is copied travels. Needs no engine and no network.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
program=${HANDCARRY:-$top/build/release/handcarry}
work=${CEREMONY:-$top/build/ceremony}
people=(anna bert carl dora emil) # each holds one root key

# shellcheck source=tests/prepare.sh
. "$top/tests/prepare.sh"
# shellcheck source=examples/steps.sh
. "$top/examples/steps.sh"
if [ -z "${HANDCARRY:-}" ] && [ ! -x "$program" ]; then
    # shellcheck disable=SC2154,SC2086 # a list of words, set there
    need $build_packages
    build_in release --buildtype=release --werror >"$top/build/ceremony.log" 2>&1 ||
        die "the build failed: build/ceremony.log"
fi

run() # COMMAND…
{
    expect 0 '' "$@"
}

handcarry()
{
    "$program" "$@"
}

carry() # FROM TO: the trust folder of one machine onto another
{
    mkdir -p "$2"
    cp "$1"/* "$2"
}

# What three people do with a proposed root: each gets a copy of the folder, looks at the change
# and signs it at home; the votes, one small file each, come back, and the office counts them.
agree() # NUMBER NAME NAME NAME [TRUST]
{
    local number=$1 trust=${5:-office/trust} name
    shift
    for name in "$1" "$2" "$3"; do
        rm -rf "$name/trust"
        carry "$trust" "$name/trust"
        expect 0 'digest   sha256:' handcarry trust sign --trust "$name/trust" --key "$name/$name.key"
        cp "$name/trust/$number.root.yaml".*.minisig "$trust"
    done
    expect 0 'It is complete' handcarry trust sign --trust "$trust"
}

host_is() # NUMBER: what the host believes
{
    [[ $(handcarry trust show --root host) == *"Trust root $1,"* ]] || {
        echo "test.sh: the host does not believe root $1" >&2
        exit 1
    }
}

host_files()
{
    (cd host/etc/handcarry/trust && sha256sum -- *)
}

fingerprint() # FOLDER, as one would read it from paper
{
    handcarry trust show --trust "$1" |
        sed -n 's/^ *\(\([0-9a-f]\{4\} \)\{7\}[0-9a-f]\{4\}\)$/\1/p' | tr -d ' \n'
}

rm -rf "$work"
mkdir -p "$work"
cd "$work"
# For trying out. Real keys have passwords, or lie in tokens (trust sign --external).
mkdir office stick host thief "${people[@]}" ci ci-new lead
cp -r "$here/release.yaml" "$here/notice" ci

say "Each makes a key at home and gives away the public half"
for name in "${people[@]}" ci ci-new lead thief; do
    run handcarry keygen --no-password --quiet "$name/$name"
done
cp {anna,bert,carl,dora,emil,ci,ci-new,lead}/*.pub stick

say "The office writes the first trust root; nobody believes it before three have signed"
run handcarry trust init --trust office/trust --root anna=stick/anna.pub \
    --root bert=stick/bert.pub --root carl=stick/carl.pub --root dora=stick/dora.pub \
    --root emil=stick/emil.pub --root-threshold 3 --key ci=stick/ci.pub --key lead=stick/lead.pub \
    --role ci:statement=ci --role lead:statement=lead --role pack:packing=ci
expect 4 'may still  emil' handcarry trust show --trust office/trust
agree 1 anna bert carl

say "The first host: the fingerprint comes on paper, everything else on a stick"
run handcarry trust import office/trust --root host --fingerprint "$(fingerprint office/trust)"

say "The build server packs and signs; that is not enough, and a person signs too"
carry office/trust ci/trust
run handcarry bundle ci/release.yaml --sign ci/ci.key -o ci/r1.tar.zst
believed=(--trust host/etc/handcarry/trust)
expect 4 "role 'lead'" handcarry verify ci/r1.tar.zst "${believed[@]}"
run cp ci/r1.tar.zst ci/stolen.tar.zst
run handcarry sign ci/r1.tar.zst --key lead/lead.key
run handcarry verify ci/r1.tar.zst "${believed[@]}"
cp ci/r1.tar.zst stick

say "Emil retires: in good standing, but he signs no more. Kept bundles are looked at"
expect 0 'kept bundle' handcarry trust retire emil stick --trust office/trust
agree 2 bert carl dora

say "The build server's key is stolen. Alone it is worth nothing"
expect 4 "0 of the 1 votes that role 'lead' must give" handcarry verify ci/stolen.tar.zst \
    "${believed[@]}"

say "It is revoked, and another takes its place; the change travels without a release"
expect 0 'r1.tar.zst: the statement has 0 of the 1 votes' \
    handcarry trust rotate ci --key stick/ci-new.pub --revoke --reason 'laptop stolen' stick \
    --trust office/trust
agree 3 anna carl dora
run handcarry trust export -o stick/new.trust --trust office/trust
host_is 1
expect 0 'from root 1 to 3' handcarry trust import stick/new.trust --root host
expect 4 'is revoked' handcarry verify stick/r1.tar.zst "${believed[@]}"
rm -rf ci/trust
carry office/trust ci/trust
run handcarry bundle ci/release.yaml --release 2 --sign ci-new/ci-new.key --sign lead/lead.key \
    -o stick/r2.tar.zst
run handcarry verify stick/r2.tar.zst "${believed[@]}"

say "Dora gets a new key; the old one stays in good standing"
mkdir dora-new
run handcarry keygen --no-password --quiet dora-new/dora-new
run handcarry trust rotate dora --key dora-new/dora-new.pub --trust office/trust stick
agree 4 anna bert carl
run handcarry trust show --chain --trust office/trust

before=$(host_files)

say "A forged root: a thief writes what he likes, signs it himself, and calls it done"
carry office/trust thief/trust
run handcarry trust rotate anna --key thief/thief.pub --trust thief/trust
expect 0 'given 1 of 3' handcarry trust sign --key thief/thief.key --trust thief/trust
expect 4 'lacks votes' handcarry trust sign --trust thief/trust
mv thief/trust/5.root.yaml.new thief/trust/5.root.yaml
expect 4 'keys of root 4' handcarry trust import thief/trust --root host

say "A gap: a root in the middle is missing"
carry office/trust gap
rm gap/3.root.yaml
expect 4 'the chain has a gap' handcarry trust import gap --root host

say "A replay: an old chain takes nothing back"
carry office/trust replay
rm replay/[34].root.yaml*
expect 0 'nothing newer' handcarry trust import replay --root host

say "A fork: enough people sign two different roots of one number"
carry replay fork
run handcarry trust retire dora --threshold 2 --trust fork stick
agree 3 anna bert carl fork
expect 4 'two different roots with the number 3' handcarry trust import fork --root host

[ "$before" = "$(host_files)" ] || { echo "test.sh: the host's trust root changed" >&2; exit 1; }
say "None of them changed anything. The last step comes the usual way"
run handcarry trust export -o stick/new.trust --trust office/trust
expect 0 'from root 3 to 4' handcarry trust import stick/new.trust --root host
host_is 4

if command -v minisign >/dev/null; then
    say "And stock minisign agrees"
    for vote in host/etc/handcarry/trust/4.root.yaml.*.minisig; do
        id=${vote%.minisig} name=''
        for pub in stick/*.pub dora-new/*.pub; do
            if grep -q "${id##*.}" "$pub"; then
                name=$pub
            fi
        done
        run minisign -V -H -p "$name" -m host/etc/handcarry/trust/4.root.yaml -x "$vote"
    done
fi
say "Done"
