/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
/* Preloaded into the program under test: numbers every call that changes the host, in the whole
 * process tree, and at one number kills the process group or makes the call fail.
 *
 * HANDCARRY_CRASH names a file that holds a Control, which all processes map. shim.py has the same
 * layout. Without it nothing is counted. Numbers do not depend on time, so that the same run has
 * the same numbers again. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/xattr.h>
#include <unistd.h>

/* What happens at the chosen number. */
enum { COUNT, KILL_BEFORE, KILL_AFTER, KILL_TORN, FAIL, SHORT };

/* Kinds of calls: which of them an error that lasts falls on. */
enum {
    OPENS = 1,
    WRITES = 2,
    NAMES = 4, /* gives something a name */
    REMOVES = 8,
    MARKS = 16, /* mode, owner, time, attributes */
    SYNCS = 32,
    ASKS = 64, /* a request to the engine that changes something */
};

enum { CALLS_MAX = 8192, WHAT_MAX = 232 };

typedef struct {
    uint32_t pid, tid, kind;
    char call[12];
    char what[WHAT_MAX];
} Call;

typedef struct {
    uint32_t mode, target, kinds, forever;
    int32_t error;
    _Atomic uint32_t count, hits;
    uint32_t spare;
    Call calls[CALLS_MAX];
} Control;

static Control *control;

static void *
next (const char *name)
{
    void *found = dlsym (RTLD_NEXT, name);

    if (found == NULL)
        _exit (125);
    return found;
}

/* The next definition of a function, with the type of its prototype. */
#define REAL(name) ((__typeof__ (&name))next (#name))

__attribute__ ((constructor)) static void
attach (void)
{
    const char *path = getenv ("HANDCARRY_CRASH");
    int fd = path == NULL ? -1 : (int)syscall (SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC, 0);
    void *found;

    if (fd < 0)
        return;
    found = mmap (NULL, sizeof (Control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close (fd);
    if (found != MAP_FAILED)
        control = found;
}

static void
die (void)
{
    kill (0, SIGKILL);
    for (;;)
        pause ();
}

static void
describe (char *text, int dirfd, const char *name)
{
    char link[32], folder[PATH_MAX] = "";
    ssize_t n;

    if (dirfd >= 0 && (name == NULL || name[0] != '/')) {
        snprintf (link, sizeof link, "/proc/self/fd/%d", dirfd);
        n = readlink (link, folder, sizeof folder - 1);
        folder[n < 0 ? 0 : n] = '\0';
    }
    snprintf (text, WHAT_MAX, "%s%s%s", folder, folder[0] && name ? "/" : "", name ? name : "");
}

/* Counts a call and says what becomes of it: COUNT (it is made), KILL_AFTER and SHORT (made, then
 * that), or FAIL, with errno set. */
static int
judge (const char *call, uint32_t kind, int dirfd, const char *name)
{
    uint32_t number;
    Call *noted;

    if (control == NULL)
        return COUNT;
    number = atomic_fetch_add (&control->count, 1) + 1;
    if (number <= CALLS_MAX) {
        noted = &control->calls[number - 1];
        noted->pid = (uint32_t)getpid ();
        noted->tid = (uint32_t)gettid ();
        noted->kind = kind;
        snprintf (noted->call, sizeof noted->call, "%.*s", (int)sizeof noted->call - 1, call);
        describe (noted->what, dirfd, name);
    }
    if (control->mode == COUNT || number < control->target || (control->kinds & kind) == 0 ||
        (!control->forever && number > control->target))
        return COUNT;
    atomic_fetch_add (&control->hits, 1);
    if (control->mode == KILL_BEFORE)
        die ();
    errno = control->error;
    return (int)control->mode;
}

static void
after (int verdict)
{
    if (verdict == KILL_AFTER || verdict == KILL_TORN)
        die ();
}

/* Only plain files outlive the process; what goes to a pipe or a socket changes nothing here. */
static int
is_file (int fd)
{
    struct stat st;

    return fstat (fd, &st) == 0 && S_ISREG (st.st_mode);
}

#define GUARD(kind, dirfd, name, type, ...)                                                        \
    do {                                                                                           \
        int verdict = judge (__func__, kind, dirfd, name);                                         \
        type result;                                                                               \
                                                                                                   \
        if (verdict == FAIL)                                                                       \
            return -1;                                                                             \
        result = (type)(__VA_ARGS__);                                                              \
        after (verdict);                                                                           \
        return result;                                                                             \
    } while (0)

/* A wrapper for a call without anything special. */
#define WRAP(call, kind, dirfd, name, parameters, arguments)                                       \
    int call parameters                                                                            \
    {                                                                                              \
        GUARD (kind, dirfd, name, int, REAL (call) arguments);                                     \
    }

static int
opens_to_change (const char *name, int flags)
{
    return (flags & (O_CREAT | O_TRUNC | O_WRONLY | O_RDWR)) != 0 &&
           strncmp (name, "/dev/", 5) != 0 && strncmp (name, "/proc/", 6) != 0;
}

static mode_t
take_mode (int flags, va_list arguments)
{
    return (flags & (O_CREAT | __O_TMPFILE)) != 0 ? (mode_t)va_arg (arguments, int) : 0;
}

#define OPEN_AT(call)                                                                              \
    int call (int dirfd, const char *name, int flags, ...)                                         \
    {                                                                                              \
        va_list arguments;                                                                         \
        mode_t mode;                                                                               \
                                                                                                   \
        va_start (arguments, flags);                                                               \
        mode = take_mode (flags, arguments);                                                       \
        va_end (arguments);                                                                        \
        if (!opens_to_change (name, flags))                                                        \
            return REAL (call) (dirfd, name, flags, mode);                                         \
        GUARD (OPENS, dirfd, name, int, REAL (call) (dirfd, name, flags, mode));                   \
    }

#define OPEN(call)                                                                                 \
    int call (const char *name, int flags, ...)                                                    \
    {                                                                                              \
        va_list arguments;                                                                         \
        mode_t mode;                                                                               \
                                                                                                   \
        va_start (arguments, flags);                                                               \
        mode = take_mode (flags, arguments);                                                       \
        va_end (arguments);                                                                        \
        if (!opens_to_change (name, flags))                                                        \
            return REAL (call) (name, flags, mode);                                                \
        GUARD (OPENS, -1, name, int, REAL (call) (name, flags, mode));                             \
    }

/* What a checked build calls where the flags need no mode. */
int __open_2 (const char *name, int flags);
int __open64_2 (const char *name, int flags);
int __openat_2 (int dirfd, const char *name, int flags);
int __openat64_2 (int dirfd, const char *name, int flags);

#define OPEN_2(call, parameters, dirfd, arguments)                                                 \
    int call parameters                                                                            \
    {                                                                                              \
        if (!opens_to_change (name, flags))                                                        \
            return REAL (call) arguments;                                                          \
        GUARD (OPENS, dirfd, name, int, REAL (call) arguments);                                    \
    }

OPEN_AT (openat)
OPEN_AT (openat64)
OPEN (open)
OPEN (open64)
OPEN_2 (__open_2, (const char *name, int flags), -1, (name, flags))
OPEN_2 (__open64_2, (const char *name, int flags), -1, (name, flags))
OPEN_2 (__openat_2, (int dirfd, const char *name, int flags), dirfd, (dirfd, name, flags))
OPEN_2 (__openat64_2, (int dirfd, const char *name, int flags), dirfd, (dirfd, name, flags))

/* Half of it, but at least one byte, as POSIX allows. */
static size_t
cut (int verdict, size_t length)
{
    return (verdict == SHORT || verdict == KILL_TORN) && length > 1 ? length / 2 : length;
}

#define WRITE(call, parameters, fd, arguments)                                                     \
    ssize_t call parameters                                                                        \
    {                                                                                              \
        int verdict = is_file (fd) ? judge (#call, WRITES, fd, NULL) : COUNT;                      \
        ssize_t result;                                                                            \
                                                                                                   \
        if (verdict == FAIL)                                                                       \
            return -1;                                                                             \
        length = cut (verdict, length);                                                            \
        result = REAL (call) arguments;                                                            \
        after (verdict);                                                                           \
        return result;                                                                             \
    }

WRITE (write, (int fd, const void *bytes, size_t length), fd, (fd, bytes, length))
WRITE (pwrite, (int fd, const void *bytes, size_t length, off_t at), fd, (fd, bytes, length, at))
WRITE (pwrite64, (int fd, const void *bytes, size_t length, off64_t at), fd,
       (fd, bytes, length, at))
WRITE (sendfile, (int fd, int from, off_t *at, size_t length), fd, (fd, from, at, length))
WRITE (sendfile64, (int fd, int from, off64_t *at, size_t length), fd, (fd, from, at, length))
WRITE (copy_file_range,
       (int from, off64_t *at, int fd, off64_t *to, size_t length, unsigned int flags), fd,
       (from, at, fd, to, length, flags))

ssize_t
writev (int fd, const struct iovec *parts, int count)
{
    if (!is_file (fd))
        return REAL (writev) (fd, parts, count);
    /* Short: the first part alone. */
    int verdict = judge (__func__, WRITES, fd, NULL);

    if (verdict == FAIL)
        return -1;
    ssize_t result =
        REAL (writev) (fd, parts, verdict == SHORT || verdict == KILL_TORN ? 1 : count);

    after (verdict);
    return result;
}

/* Of a request the line that asks is counted, which does not depend on how the rest is cut. */
ssize_t
send (int fd, const void *bytes, size_t length, int flags)
{
    char line[WHAT_MAX];

    if (length < 8 || (memcmp (bytes, "POST ", 5) != 0 && memcmp (bytes, "DELETE ", 7) != 0 &&
                       memcmp (bytes, "PUT ", 4) != 0))
        return REAL (send) (fd, bytes, length, flags);
    snprintf (line, sizeof line, "%.*s", (int)strcspn (bytes, "\r\n"), (const char *)bytes);
    GUARD (ASKS, -1, line, ssize_t, REAL (send) (fd, bytes, length, flags));
}

WRAP (rename, NAMES, -1, to, (const char *from, const char *to), (from, to))
WRAP (renameat, NAMES, todir, to, (int dir, const char *from, int todir, const char *to),
      (dir, from, todir, to))
WRAP (renameat2, NAMES, todir, to,
      (int dir, const char *from, int todir, const char *to, unsigned int flags),
      (dir, from, todir, to, flags))
WRAP (link, NAMES, -1, to, (const char *from, const char *to), (from, to))
WRAP (linkat, NAMES, todir, to, (int dir, const char *from, int todir, const char *to, int flags),
      (dir, from, todir, to, flags))
WRAP (symlink, NAMES, -1, to, (const char *target, const char *to), (target, to))
WRAP (symlinkat, NAMES, dir, to, (const char *target, int dir, const char *to), (target, dir, to))
WRAP (mkdir, NAMES, -1, name, (const char *name, mode_t mode), (name, mode))
WRAP (mkdirat, NAMES, dir, name, (int dir, const char *name, mode_t mode), (dir, name, mode))
WRAP (unlink, REMOVES, -1, name, (const char *name), (name))
WRAP (unlinkat, REMOVES, dir, name, (int dir, const char *name, int flags), (dir, name, flags))
WRAP (rmdir, REMOVES, -1, name, (const char *name), (name))
WRAP (remove, REMOVES, -1, name, (const char *name), (name))
WRAP (truncate, WRITES, -1, name, (const char *name, off_t length), (name, length))
WRAP (ftruncate, WRITES, fd, NULL, (int fd, off_t length), (fd, length))
WRAP (ftruncate64, WRITES, fd, NULL, (int fd, off64_t length), (fd, length))
WRAP (fallocate, WRITES, fd, NULL, (int fd, int mode, off_t at, off_t length),
      (fd, mode, at, length))
WRAP (fallocate64, WRITES, fd, NULL, (int fd, int mode, off64_t at, off64_t length),
      (fd, mode, at, length))
WRAP (chmod, MARKS, -1, name, (const char *name, mode_t mode), (name, mode))
WRAP (fchmod, MARKS, fd, NULL, (int fd, mode_t mode), (fd, mode))
WRAP (fchmodat, MARKS, dir, name, (int dir, const char *name, mode_t mode, int flags),
      (dir, name, mode, flags))
WRAP (chown, MARKS, -1, name, (const char *name, uid_t uid, gid_t gid), (name, uid, gid))
WRAP (lchown, MARKS, -1, name, (const char *name, uid_t uid, gid_t gid), (name, uid, gid))
WRAP (fchown, MARKS, fd, NULL, (int fd, uid_t uid, gid_t gid), (fd, uid, gid))
WRAP (fchownat, MARKS, dir, name, (int dir, const char *name, uid_t uid, gid_t gid, int flags),
      (dir, name, uid, gid, flags))
WRAP (utimensat, MARKS, dir, name,
      (int dir, const char *name, const struct timespec times[2], int flags),
      (dir, name, times, flags))
WRAP (futimens, MARKS, fd, NULL, (int fd, const struct timespec times[2]), (fd, times))
WRAP (setxattr, MARKS, -1, path,
      (const char *path, const char *name, const void *value, size_t size, int flags),
      (path, name, value, size, flags))
WRAP (lsetxattr, MARKS, -1, path,
      (const char *path, const char *name, const void *value, size_t size, int flags),
      (path, name, value, size, flags))
WRAP (fsetxattr, MARKS, fd, NULL,
      (int fd, const char *name, const void *value, size_t size, int flags),
      (fd, name, value, size, flags))
WRAP (fremovexattr, MARKS, fd, NULL, (int fd, const char *name), (fd, name))
WRAP (fsync, SYNCS, fd, NULL, (int fd), (fd))
WRAP (fdatasync, SYNCS, fd, NULL, (int fd), (fd))
WRAP (syncfs, SYNCS, fd, NULL, (int fd), (fd))

int
ioctl (int fd, unsigned long request, ...)
{
    va_list arguments;
    void *argument;

    va_start (arguments, request);
    argument = va_arg (arguments, void *);
    va_end (arguments);
    if (request != FICLONE)
        return REAL (ioctl) (fd, request, argument);
    GUARD (WRITES, fd, NULL, int, REAL (ioctl) (fd, request, argument));
}

/* Calls that libraries make past the C library's own functions. */
static int
judge_raw (long number, const long *a)
{
    const struct open_how *how = (const struct open_how *)a[2];

    switch (number) {
    case SYS_openat2:
        return opens_to_change ((const char *)a[1], (int)how->flags)
                   ? judge ("openat2", OPENS, (int)a[0], (const char *)a[1])
                   : COUNT;
    case SYS_openat:
        return opens_to_change ((const char *)a[1], (int)a[2])
                   ? judge ("openat", OPENS, (int)a[0], (const char *)a[1])
                   : COUNT;
    case SYS_renameat2:
        return judge ("renameat2", NAMES, (int)a[2], (const char *)a[3]);
    case SYS_fsync:
    case SYS_syncfs:
        return judge ("sync", SYNCS, (int)a[0], NULL);
    default:
        return COUNT;
    }
}

long
syscall (long number, ...)
{
    va_list arguments;
    long a[6];
    int verdict;
    long result;

    va_start (arguments, number);
    for (int i = 0; i < 6; i++)
        a[i] = va_arg (arguments, long);
    va_end (arguments);
    verdict = judge_raw (number, a);
    if (verdict == FAIL)
        return -1;
    result = REAL (syscall) (number, a[0], a[1], a[2], a[3], a[4], a[5]);
    after (verdict);
    return result;
}
