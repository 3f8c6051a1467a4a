/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include <glib.h>

/* The nearest folder above path, or path itself, that is there. Caller frees. */
char *space_existing (const char *path);
/* Bytes that are free for use on the file system of path; 0 where it cannot be told. */
guint64 space_free (const char *path);
/* Is the engine's data root a folder that is seen from here? */
gboolean space_is_seen (const char *data_root);
