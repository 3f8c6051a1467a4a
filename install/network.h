/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include <glib.h>

typedef enum {
    NETWORK_NAMESPACE, /* an empty network namespace */
    NETWORK_FILTER,    /* a filter that refuses all but local sockets */
} NetworkBarrier;

/* Takes the network away from this process and the threads it makes from now on, so call it before
 * there are any. Sockets by path still work. */
gboolean network_leave (NetworkBarrier *barrier, GError **error) G_GNUC_WARN_UNUSED_RESULT;
const char *network_barrier_name (NetworkBarrier barrier);
