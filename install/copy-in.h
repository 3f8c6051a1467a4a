/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "install/run.h"

#include <glib.h>

/* Copies the frames that these layers (Digest) need from the medium, once; nothing with --no-copy.
 * What an interrupted run left is used again. */
gboolean copy_in_frames (Run *run, GArray *layers, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Removes the copies of other releases: a run that was killed left them, and may never come back
 * for them. */
gboolean copy_in_sweep (Run *run, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Removes all copies, but not where the run is about to be repeated (run->options.resume). */
gboolean copy_in_remove_all (Run *run, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Removes the copy. */
gboolean copy_in_remove (Run *run, GError **error) G_GNUC_WARN_UNUSED_RESULT;
