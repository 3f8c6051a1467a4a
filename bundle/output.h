/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include <glib.h>

/* A bundle file being written (make side). It has no name until it is whole: a kill leaves nothing
 * behind, or, on file systems without unnamed files (FAT), a file that ends in ".partial". */
typedef struct Output Output;

/* Refuses a path that something has already. */
gboolean output_check_new (const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* split is the most bytes of a part (FILE.001, …); 0: one file. A file that exists already is
 * refused. */
Output *output_new (const char *path, guint64 split, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean output_write (Output *output, GBytes *bytes, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Begins a new part where the current one has no room for length more bytes. */
gboolean output_keep_together (Output *output, guint64 length,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;
guint64 output_bytes (const Output *output);
/* Names to open the parts by while they have none; char *, owned by output. */
GPtrArray *output_parts (const Output *output);
/* Syncs, gives the names, writes FILE.sha256. */
gboolean output_commit (Output *output, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void output_free (Output *output);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Output, output_free)
