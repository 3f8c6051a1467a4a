#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
#
# Makes the images of the examples from Debian's packages, as docker-archives in build/images.
# Usage: make-images.sh [NAME…]      names: ansible database server web minimal (default: all), and
#   next      what release 43 of plant-hmi has otherwise: build/plant-hmi, which is the example
#             as patched, with the server made from it, and the web server on an upgraded Debian
# What is there already and newer than its sources stays as it is.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
build=$(dirname "$here")/build
out=$build/images
second=1000000000
mkdir -p "$out"

make() # ARCHIVE NAME:TAG FILES PACKAGES CONFIG [OPTION…]: FILES is a folder, or there is none
{
    local archive=$out/$1.tar name=$2 files=$3 packages=$4 config=$5 add=()
    shift 5
    [ ! -d "$files" ] || add=(--add "$files")
    if [ -f "$archive" ] && [ -z "$(find "$here"/{make-images,debian-image}.sh \
        "$here/image-layer.py" "${add[@]:1}" -newer "$archive")" ]; then
        return
    fi
    echo "making $name"
    "$here/debian-image.sh" --cache "$out/cache" --name "$name" --packages "$packages" \
        --config "$config" "${add[@]}" "$@" --output "$archive"
}

database() # ARCHIVE VERSION EXAMPLE
{
    make "$1" "plant-hmi/database:$2" "$3/images/database" postgresql '{
        "Cmd": ["/usr/local/bin/start-database"], "StopSignal": "SIGINT",
        "Healthcheck": {"Test": ["CMD", "pg_isready", "-h", "/run/plant-hmi"],
                        "Interval": '$second', "Timeout": '$((5 * second))'}}'
}

server() # ARCHIVE VERSION EXAMPLE
{
    make "$1" "plant-hmi/server:$2" "$3/images/server" "python3 python3-psycopg2" '{
        "Cmd": ["/usr/local/bin/plant-server"],
        "Healthcheck": {"Test": ["CMD", "test", "-S", "/run/plant-hmi/server.sock"],
                        "Interval": '$second', "Timeout": '$((5 * second))'}}'
}

web() # ARCHIVE VERSION [OPTION…]
{
    local archive=$1 version=$2
    shift 2
    make "$archive" "plant-hmi/web:$version" '' nginx-light '{
        "Cmd": ["nginx", "-g", "daemon off;"]}' "$@"
}

patch_example() # build/plant-hmi: the folder as its developers have it a month later
{
    local to=$build/plant-hmi patch=$here/plant-hmi-1.5.1.patch
    if [ -f "$to/release.yaml" ] &&
        [ -z "$(find "$here/plant-hmi" "$patch" -newer "$to/release.yaml")" ]; then
        return
    fi
    rm -rf "$to"
    cp -r "$here/plant-hmi" "$to"
    patch --silent --strip=1 --directory="$to" <"$patch"
    touch "$to/release.yaml"
}

ansible() # for hosts that have none
{
    local archive=$out/ansible.tar
    if [ -f "$archive" ] && [ -z "$(find "$here"/{make-images,ansible-image}.sh \
        "$here/image-layer.py" -newer "$archive")" ]; then
        return
    fi
    echo "making ansible:bookworm"
    "$here/ansible-image.sh" --output "$archive.part"
    mv "$archive.part" "$archive"
}

[ $# -gt 0 ] || set -- ansible database server web minimal
for name in "$@"; do
    case $name in
        ansible) ansible ;;
        database) database database 1.5.0 "$here/plant-hmi" ;;
        server) server server 1.5.0 "$here/plant-hmi" ;;
        web) web web 1.5.0 ;;
        minimal)
            make minimal minimal/clock:1 '' '' '{
                "Cmd": ["sh", "-c", "while :; do date; sleep 60; done"]}' ;;
        next)
            patch_example
            server server-1.5.1 1.5.1 "$build/plant-hmi"
            web web-1.5.1 1.5.1 --upgrade ;;
        *) echo "make-images.sh: no image $name" >&2; exit 2 ;;
    esac
done
