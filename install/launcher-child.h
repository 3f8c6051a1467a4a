/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include <glib.h>

/* What the two ends of the launcher's socket share. Both are this program, so a message is trusted;
 * each is a kind, a length and a serialized GVariant or, for output, the bytes. */

typedef enum {
    LAUNCHER_REQUEST = 1,
    LAUNCHER_OUTPUT,
    LAUNCHER_END,
    LAUNCHER_INTERRUPT
} LauncherKind;
typedef enum { LAUNCHER_RUN = 1, LAUNCHER_HTTP } LauncherWhat;

/* what, argv, environment, folder, milliseconds, LauncherStreams */
#define LAUNCHER_REQUEST_TYPE "(yaayaaysuy)"
#define LAUNCHER_REQUEST_BUILD "(y@aay@aaysuy)"
#define LAUNCHER_REQUEST_READ "(y^aay^aaysuy)"
/* exit code, or HTTP status, or -1; why not */
#define LAUNCHER_END_TYPE "(is)"

gboolean launcher_send (int fd, LauncherKind kind, gconstpointer bytes,
                        gsize length) G_GNUC_WARN_UNUSED_RESULT;
gboolean launcher_receive (int fd, LauncherKind *kind, GBytes **payload) G_GNUC_WARN_UNUSED_RESULT;

/* The launcher's own life: serves requests until the socket is closed. */
void launcher_child (int fd) G_GNUC_NORETURN;
