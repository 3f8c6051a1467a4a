/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include <dlfcn.h>
#include <errno.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Preloaded by tests: a kernel with less than this one. KERNEL_FAULT is a list of words:
 * no-landlock, no-namespace, and no-map=END, where a file whose path ends so cannot be mapped (who
 * tries is aborted). Read once: the program sheds its environment. */

static char *words, *end;

__attribute__ ((constructor)) static void
attach (void)
{
    const char *text = getenv ("KERNEL_FAULT");

    words = strdup (text != NULL ? text : "");
    end = strstr (words, "no-map=");
    end = end != NULL ? end + strlen ("no-map=") : NULL;
}

long
syscall (long number, ...)
{
    long (*real) (long, long, long, long, long, long, long) = dlsym (RTLD_NEXT, __func__);
    long values[6];
    va_list args;

    va_start (args, number);
    for (int i = 0; i < 6; i++)
        values[i] = va_arg (args, long);
    va_end (args);
    if (number == SYS_landlock_create_ruleset && strstr (words, "no-landlock") != NULL) {
        errno = ENOSYS;
        return -1;
    }
    return real (number, values[0], values[1], values[2], values[3], values[4], values[5]);
}

int
unshare (int flags)
{
    int (*real) (int) = dlsym (RTLD_NEXT, __func__);

    if ((flags & CLONE_NEWNET) != 0 && strstr (words, "no-namespace") != NULL) {
        errno = EPERM;
        return -1;
    }
    return real (flags);
}

static void
check (int fd)
{
    char link[32], path[4096] = "";
    ssize_t length;

    if (fd < 0 || end == NULL)
        return;
    snprintf (link, sizeof link, "/proc/self/fd/%d", fd);
    length = readlink (link, path, sizeof path - 1);
    if (length >= (ssize_t)strlen (end) && strcmp (path + length - strlen (end), end) == 0)
        abort ();
}

void *
mmap (void *at, size_t length, int protection, int flags, int fd, off_t offset)
{
    void *(*real) (void *, size_t, int, int, int, off_t) = dlsym (RTLD_NEXT, __func__);

    check (fd);
    return real (at, length, protection, flags, fd, offset);
}

void *
mmap64 (void *at, size_t length, int protection, int flags, int fd, off64_t offset)
{
    void *(*real) (void *, size_t, int, int, int, off64_t) = dlsym (RTLD_NEXT, __func__);

    check (fd);
    return real (at, length, protection, flags, fd, offset);
}
