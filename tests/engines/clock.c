/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

/* Preloaded by tests: a wrong wall clock. CLOCK_FAULT is "SECONDS JUMP": it begins at SECONDS
 * since 1970, and each time it is asked it has been set forward or back by JUMP, in turn. The
 * clock that nobody sets is left alone. Read once: the program may clear its environment. */

static time_t offset, jump;
static int asked;

__attribute__ ((constructor)) static void
attach (void)
{
    const char *text = getenv ("CLOCK_FAULT");
    struct timespec now;
    char *rest;

    if (text == NULL)
        return;
    clock_gettime (CLOCK_REALTIME, &now);
    offset = strtoll (text, &rest, 10) - now.tv_sec;
    jump = strtoll (rest, NULL, 10);
}

static time_t
shift (void)
{
    return offset + (asked++ % 2 != 0 ? jump : 0);
}

int
clock_gettime (clockid_t id, struct timespec *now)
{
    int (*real) (clockid_t, struct timespec *) = dlsym (RTLD_NEXT, __func__);
    int result = real (id, now);

    if (result == 0 && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE))
        now->tv_sec += shift ();
    return result;
}

int
gettimeofday (struct timeval *restrict now, void *restrict zone)
{
    int (*real) (struct timeval *restrict, void *restrict) = dlsym (RTLD_NEXT, __func__);
    int result = real (now, zone);

    if (result == 0)
        now->tv_sec += shift ();
    return result;
}

time_t
time (time_t *to)
{
    time_t (*real) (time_t *) = dlsym (RTLD_NEXT, __func__);
    time_t now = real (NULL) + shift ();

    if (to != NULL)
        *to = now;
    return now;
}
