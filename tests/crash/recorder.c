/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
/* A folder of files that stand for disks, each over a file of its own, with a log of every write
 * and flush to any of them in the order in which they came (power.py reads it).
 *
 * Usage: recorder LOG FOLDER MOUNTPOINT, which shows the files of FOLDER. Ends when unmounted.
 * Log: records of RecordHead, then the bytes of a write. */
#define FUSE_USE_VERSION 31
#include <errno.h>
#include <fcntl.h>
#include <fuse.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct {
    char kind; /* 'W' or 'F' */
    char name[15];
    uint64_t offset, length;
} RecordHead;

static int folder = -1, log_fd = -1;

static int
note (char kind, const char *path, const char *bytes, size_t length, off_t offset)
{
    RecordHead head = { kind, "", (uint64_t)offset, length };

    snprintf (head.name, sizeof head.name, "%s", path + 1);
    if (write (log_fd, &head, sizeof head) != (ssize_t)sizeof head ||
        (length > 0 && write (log_fd, bytes, length) != (ssize_t)length))
        return -EIO;
    return 0;
}

static int
disk_getattr (const char *path, struct stat *st, struct fuse_file_info *info)
{
    return fstatat (folder, path[1] ? path + 1 : ".", st, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
}

static int
disk_open (const char *path, struct fuse_file_info *info)
{
    int fd = openat (folder, path + 1, O_RDWR | O_CLOEXEC);

    if (fd < 0)
        return -errno;
    info->fh = (uint64_t)fd;
    info->direct_io = 1; /* a write is told here at once, and not when the cache likes */
    return 0;
}

static int
disk_read (const char *path, char *bytes, size_t length, off_t at, struct fuse_file_info *info)
{
    ssize_t n = pread ((int)info->fh, bytes, length, at);

    return n < 0 ? -errno : (int)n;
}

static int
disk_write (const char *path, const char *bytes, size_t length, off_t at,
            struct fuse_file_info *info)
{
    ssize_t n = pwrite ((int)info->fh, bytes, length, at);
    int status = n < 0 ? -errno : note ('W', path, bytes, (size_t)n, at);

    return status < 0 ? status : (int)n;
}

static int
disk_fsync (const char *path, int data_only, struct fuse_file_info *info)
{
    return note ('F', path, NULL, 0, 0);
}

static int
disk_release (const char *path, struct fuse_file_info *info)
{
    close ((int)info->fh);
    return 0;
}

int
main (int argc, char **argv)
{
    static const struct fuse_operations operations = {
        .getattr = disk_getattr,
        .open = disk_open,
        .read = disk_read,
        .write = disk_write,
        .fsync = disk_fsync,
        .release = disk_release,
    };
    char *arguments[] = { argv[0], "-f", "-s", argv[3], NULL };

    if (argc != 4)
        return 2;
    log_fd = open (argv[1], O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
    folder = open (argv[2], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (log_fd < 0 || folder < 0) {
        perror ("recorder");
        return 1;
    }
    return fuse_main (4, arguments, &operations, NULL);
}
