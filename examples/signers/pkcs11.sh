#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
#
# Lets a PKCS#11 token (an HSM, a smart card, SoftHSM) sign for handcarry. Needs pkcs11-tool (Debian:
# opensc) and a token that has the mechanism EDDSA with edwards25519.
#
#   pkcs11.sh MODULE TOKEN ID --public >hsm.pub
#   handcarry sign BUNDLE --key hsm.pub --external "pkcs11.sh MODULE TOKEN ID"
#
# MODULE is the token's library, TOKEN its label, ID the key's CKA_ID in hexadecimal digits. The PIN
# comes from the environment variable PIN, else it is asked for on the terminal, once for each of the
# two (bundle: four) signatures.
set -eu
[ $# -ge 3 ] || { sed -n 's/^#   /usage: /p' "$0" >&2; exit 2; }
module=$1 token=$2 id=$3

on_token()
{
    pkcs11-tool --module "$module" --token-label "$token" --id "$id" "$@"
}

if [ "${4:-}" = --public ]; then
    # CKA_EC_POINT: an OCTET STRING (04) of 32 bytes (20).
    point=$(on_token --list-objects --type pubkey | sed -n 's/^ *EC_POINT: *0420\([0-9a-f]\{64\}\)$/\1/p')
    [ -n "$point" ] || { echo "pkcs11.sh: no Ed25519 key $id on token $token" >&2; exit 1; }
    # minisign's public key file; the key id only finds the key, so it may come from the key.
    echo "untrusted comment: key $id of token $token"
    printf '4564%.16s%s' "$(printf %s "$point" | sha256sum)" "$point" |
        tr a-f A-F | basenc --base16 -d | base64
    exit
fi

if [ -z "${PIN:-}" ]; then
    printf 'PIN of token %s: ' "$token" >/dev/tty
    stty -echo </dev/tty
    trap 'stty echo </dev/tty' EXIT
    read -r PIN </dev/tty
    echo >/dev/tty
    export PIN
fi
on_token --login --pin env:PIN --sign --mechanism EDDSA
