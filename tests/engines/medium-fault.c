/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors
 *
 * A bad medium: preloaded, it stands between a program and one file, MEDIUM_FILE. What is wrong is
 * in MEDIUM_FAULT: "lie=N" gives other bytes whenever a byte before offset N is read again,
 * "gone=N" fails with EIO once N bytes were read, "slow=MICROSECONDS" waits before each read,
 * "other=FILE" opens that file from the second time on.
 * MEDIUM_STATE is a file that all processes of a run map: u64 bytes read, u64 bytes read again,
 * then a byte for each of the medium's. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct {
    uint64_t bytes, again;
    unsigned char seen[];
} State;

static struct {
    State *state;
    off_t lies; /* up to this offset */
    useconds_t wait;
    uint64_t gone; /* bytes after which there is no medium */
    char *other;
    unsigned opened;
    dev_t device;
    ino_t inode;
    off_t size;
    ssize_t (*pread) (int, void *, size_t, off_t);
    ssize_t (*read) (int, void *, size_t);
    int (*openat) (int, const char *, int, ...);
} medium;

__attribute__ ((constructor)) static void
start (void)
{
    const char *file = getenv ("MEDIUM_FILE"), *state = getenv ("MEDIUM_STATE");
    const char *fault = getenv ("MEDIUM_FAULT");
    struct stat st;
    int fd;

    medium.pread = (ssize_t (*) (int, void *, size_t, off_t))dlsym (RTLD_NEXT, "pread");
    medium.read = (ssize_t (*) (int, void *, size_t))dlsym (RTLD_NEXT, "read");
    medium.openat = (int (*) (int, const char *, int, ...))dlsym (RTLD_NEXT, "openat");
    if (file == NULL || state == NULL || stat (file, &st) < 0)
        return;
    /* Now, for the program empties its environment. */
    medium.lies = fault != NULL && strncmp (fault, "lie=", 4) == 0 ? atoll (fault + 4) : 0;
    medium.wait =
        fault != NULL && strncmp (fault, "slow=", 5) == 0 ? (useconds_t)atoi (fault + 5) : 0;
    medium.gone = fault != NULL && strncmp (fault, "gone=", 5) == 0 ? strtoull (fault + 5, NULL, 10)
                                                                    : UINT64_MAX;
    medium.other = fault != NULL && strncmp (fault, "other=", 6) == 0 ? strdup (fault + 6) : NULL;
    fd = open (state, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        abort ();
    medium.device = st.st_dev;
    medium.inode = st.st_ino;
    medium.size = st.st_size;
    medium.state =
        mmap (NULL, sizeof (State) + (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close (fd);
    if (medium.state == MAP_FAILED)
        abort ();
}

static int
is_medium (int fd)
{
    int saved = errno;
    struct stat st;
    int is = medium.state != NULL && fstat (fd, &st) == 0 && st.st_dev == medium.device &&
             st.st_ino == medium.inode;

    errno = saved;
    return is;
}

int
openat (int dirfd, const char *path, int flags, ...)
{
    mode_t mode;
    va_list args;
    int fd;

    va_start (args, flags);
    mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg (args, mode_t) : 0;
    va_end (args);
    fd = medium.openat (dirfd, path, flags, mode);
    if (fd < 0 || medium.other == NULL || !is_medium (fd) || medium.opened++ == 0)
        return fd;
    close (fd);
    return medium.openat (AT_FDCWD, medium.other, flags, mode);
}

int
openat64 (int dirfd, const char *path, int flags, ...)
{
    mode_t mode;
    va_list args;

    va_start (args, flags);
    mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg (args, mode_t) : 0;
    va_end (args);
    return openat (dirfd, path, flags, mode);
}

/* 0, or what the read fails with. */
static int
before (void)
{
    if (medium.wait > 0)
        usleep (medium.wait);
    return medium.state->bytes >= medium.gone ? EIO : 0;
}

static void
after (unsigned char *bytes, size_t count, off_t at)
{
    for (size_t i = 0; i < count && at + (off_t)i < medium.size; i++) {
        unsigned char *seen = &medium.state->seen[at + (off_t)i];

        medium.state->bytes++;
        medium.state->again += *seen;
        if (*seen && at + (off_t)i < medium.lies)
            bytes[i] ^= 1;
        *seen = 1;
    }
}

ssize_t
pread (int fd, void *bytes, size_t count, off_t at)
{
    ssize_t n;

    if (!is_medium (fd))
        return medium.pread (fd, bytes, count, at);
    errno = before ();
    if (errno != 0)
        return -1;
    n = medium.pread (fd, bytes, count, at);
    if (n > 0)
        after (bytes, (size_t)n, at);
    return n;
}

ssize_t
pread64 (int fd, void *bytes, size_t count, off_t at)
{
    return pread (fd, bytes, count, at);
}

ssize_t
read (int fd, void *bytes, size_t count)
{
    off_t at;
    ssize_t n;

    if (!is_medium (fd))
        return medium.read (fd, bytes, count);
    at = lseek (fd, 0, SEEK_CUR);
    errno = before ();
    if (errno != 0)
        return -1;
    n = medium.read (fd, bytes, count);
    if (n > 0)
        after (bytes, (size_t)n, at);
    return n;
}
