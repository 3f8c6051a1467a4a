/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "install/network.h"

#include <glib.h>

/* The main process of a verb of the isolated side. It reads what came on a medium, so it keeps no
 * power that it has no use for (SECURITY.md, "Processes"). Both are called while there is one
 * thread; what is forked afterwards has no more. */

/* After the launcher was started, which has to start programs and must reach the network. */
gboolean isolate_process (NetworkBarrier *barrier, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Adds to notes (char *) what this kernel does not give to a process of root. */
void isolate_note (NetworkBarrier barrier, GPtrArray *notes);
/* For a verb that starts no program: sheds its surroundings first. */
gboolean isolate_alone (GError **error) G_GNUC_WARN_UNUSED_RESULT;
