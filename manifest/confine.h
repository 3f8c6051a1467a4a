/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include <glib.h>

/* Takes powers away from this process, each for good. Call while it has one thread: the others
 * would keep theirs. */

/* No program that is started from here gains any privilege; the calls below want it. */
gboolean confine_privileges (GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Of the file system, only what lies below these folders (those below 0 are none) can be reached
 * from now on. Where the kernel has no landlock (before Linux 5.13; 5.19 where there are folders),
 * this is not enforced. */
gboolean confine_folders (const int *folders, guint count,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Is it enforced, also where there are folders? */
gboolean confine_has_folders (void);

/* Root's powers over what belongs to others; and all of them but these (a bit for each CAP_…), as
 * far as the process has them. */
gboolean confine_capabilities (GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean confine_capabilities_to (guint64 kept, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Root becomes a user (65534) to whom nothing belongs; another user stays who he is, and so does
 * the root of a namespace that such a user made. */
gboolean confine_user (GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Closes every descriptor but these; standard input, output and error become /dev/null where they
 * are not kept. */
gboolean confine_descriptors (const int *kept, guint count,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* No core file; and at most so many bytes of memory beyond what the process has now, descriptors,
 * and bytes in a file that it writes. */
gboolean confine_limits (guint64 memory, guint descriptors, guint64 file_bytes,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;

typedef struct {
    int call;    /* SCMP_SYS (name) */
    int refusal; /* the error that it ends with, without being made; 0: it is allowed, */
    guint argument;
    guint64 mask, value; /* but only where this argument, masked so, is value (mask 0: always) */
} ConfineCall;

typedef enum {
    CONFINE_OTHERS_ALLOWED,
    CONFINE_OTHERS_KILL, /* a call that is not listed ends the process with SIGSYS */
} ConfineOthers;

/* Filters system calls; last, for all of the above need some. Freeing memory must be allowed. */
gboolean confine_calls (const ConfineCall *calls, guint count, ConfineOthers others,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;
