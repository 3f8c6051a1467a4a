#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
#
# Makes the images of the examples from Debian's packages, as docker-archives in build/images.
# Usage: make-images.sh [NAME…]      names: database server web minimal (default: all)
# What is there already and newer than its sources stays as it is.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
out=$(dirname "$here")/build/images
second=1000000000
mkdir -p "$out"

make() # NAME IMAGE PACKAGES CONFIG
{
    local files=$here/plant-hmi/images/$1 add=()
    [ ! -d "$files" ] || add=(--add "$files")
    if [ -f "$out/$1.tar" ] &&
        [ -z "$(find "$here"/{make-images,debian-image}.sh "$here/image-layer.py" "${add[@]:1}" -newer "$out/$1.tar")" ]; then
        return
    fi
    echo "making $2"
    "$here/debian-image.sh" --cache "$out/cache" --name "$2" --packages "$3" --config "$4" \
        "${add[@]}" --output "$out/$1.tar"
}

[ $# -gt 0 ] || set -- database server web minimal
for name in "$@"; do
    case $name in
        database)
            make database plant-hmi/database:1.5.0 postgresql '{
                "Cmd": ["/usr/local/bin/start-database"], "StopSignal": "SIGINT",
                "Healthcheck": {"Test": ["CMD", "pg_isready", "-h", "/run/plant-hmi"],
                                "Interval": '$second', "Timeout": '$((5 * second))'}}' ;;
        server)
            make server plant-hmi/server:1.5.0 "python3 python3-psycopg2" '{
                "Cmd": ["/usr/local/bin/plant-server"],
                "Healthcheck": {"Test": ["CMD", "test", "-S", "/run/plant-hmi/server.sock"],
                                "Interval": '$second', "Timeout": '$((5 * second))'}}' ;;
        web)
            make web plant-hmi/web:1.5.0 nginx-light '{
                "Cmd": ["nginx", "-g", "daemon off;"]}' ;;
        minimal)
            make minimal minimal/clock:1 "" '{
                "Cmd": ["sh", "-c", "while :; do date; sleep 60; done"]}' ;;
        *) echo "make-images.sh: no image $name" >&2; exit 2 ;;
    esac
done
