#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
#
# Makes the image of this example from Debian's busybox: make-image.sh FILE.tar (a docker-archive)
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
install -D -m 755 "$(command -v busybox)" "$work/root/bin/busybox"
install -m 755 "$here/clock" "$work/root/bin/clock"
ln -s busybox "$work/root/bin/sh"
find "$work/root" -exec touch --no-dereference --date=@0 {} +
"$here/../image-layer.py" layer "$work/root" "$work/layer.tar"
"$here/../image-layer.py" archive "$1" clock/clock:1.0.0 --layer "$work/layer.tar" \
    --config '{"Cmd": ["/bin/clock"]}'
