#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
#
# The first process of a bare host (tests/bare/host), in namespaces that were made for it: puts its
# disk together, makes that the root, and goes on as busybox' init, which starts the engine.
# Usage: boot.sh FOLDER STICK GROUP ROOT…
set -eu
folder=$1 stick=$2 group=$3 root=$1/root
shift 3
mount --make-rprivate /
mount -o loop "$folder/disk" "$root"
for part in "$@"; do
    cp -a "$part/." "$root"
done
rm "$root/.made-of"
sed -i "s|@GROUP@|/$group|" "$root/etc/docker/daemon.json"
sync -f "$root"
mount --rbind /sys "$root/sys"
mount --rbind /dev "$root/dev"
mount -t proc proc "$root/proc"
mount -t tmpfs tmpfs "$root/run"
if [ -n "$stick" ]; then
    mount --bind "$stick" "$root/media/stick"
    mount -o remount,bind,ro "$root/media/stick"
fi
hostname -F "$root/etc/hostname"
# From now on this mount alone has the disk: it is freed when the namespace ends, whatever ends it.
rm "$folder/disk"
cd "$root"
# Not chroot: what the engine runs inside a container enters the namespace at its true root.
pivot_root . mnt
umount -l /mnt
exec /sbin/init
