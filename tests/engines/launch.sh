#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
#
# Starts an engine's program in ROOT ("/" or a folder with another Debian), inside the mount and
# process namespaces that the caller made, so that every mount and process ends with it.
# Usage: launch.sh ROOT FOLDER PROGRAM [ARGUMENT…]
# FOLDER, in /var/tmp, holds the engine's data and socket and has the same path inside ROOT.
set -eu
root=$1 folder=$2
shift 2
mount --make-rprivate /
# crun refuses hosts that have both kinds of cgroups; here it sees the old kind alone.
if mountpoint -q /sys/fs/cgroup/unified; then
    umount /sys/fs/cgroup/unified
fi
if [ "$root" != / ]; then
    # The root below stays as it is: what changes goes to memory, and the mount point is ours,
    # without which overlay2 fails with "remount /".
    mount -t tmpfs tmpfs "$folder/over"
    mkdir "$folder/over/upper" "$folder/over/work" "$folder/over/root"
    mount -t overlay overlay "$folder/over/root" \
        -o "lowerdir=$root,upperdir=$folder/over/upper,workdir=$folder/over/work"
    root=$folder/over/root
    mount --rbind /sys "$root/sys"
    mount --rbind /dev "$root/dev"
    # What tests put into these folders can be mounted into containers.
    mount --bind /tmp "$root/tmp"
    mount --bind /var/tmp "$root/var/tmp"
fi
mount -t proc proc "$root/proc"
mount -t tmpfs tmpfs "$root/run"
mkdir -p "$root/run/lock"
if [ "$root" = / ]; then
    exec "$@"
fi
# Not chroot: what the engine runs inside a container later (exec, HEALTHCHECK) enters the mount
# namespace at its true root, which would be that of the host.
cd "$root"
mkdir .old
pivot_root . .old
umount -l /.old
exec "$@"
