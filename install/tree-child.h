/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "install/tree-wire.h"

#include <glib.h>

/* The one place that calls libostree. It has aborted on ordinary input (trust.md T5), so it has a
 * process of its own, which has nothing but the descriptors it is sent. */

/* The life of a worker: answers messages until the socket is closed. */
void tree_child (int socket) G_GNUC_NORETURN;

/* Leaves this process what lies below these folders (those below 0 are none) and no network, no
 * programs, no capabilities. Where the kernel has no landlock, the folders are not enforced. */
gboolean tree_confine (const int *folders, GError **error) G_GNUC_WARN_UNUSED_RESULT;
