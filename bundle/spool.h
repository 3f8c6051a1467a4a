/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include <glib.h>

/* Contents that are needed again later wait here, in an unlinked temporary file. */
typedef struct Spool Spool;

Spool *spool_new (const char *dir, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same in a file that is there and empty, which it takes over. */
Spool *spool_new_in (int fd);
/* Room for length bytes; returns where it begins. */
guint64 spool_reserve (Spool *spool, guint64 length);
void spool_release (Spool *spool, guint64 at, guint64 length);
gboolean spool_write (Spool *spool, guint64 at, const guint8 *bytes, gsize length,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean spool_read (Spool *spool, guint64 at, guint8 *bytes, gsize length,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Bytes reserved now. */
guint64 spool_used (const Spool *spool);
/* The most bytes of the file that were ever in use. */
guint64 spool_peak (const Spool *spool);
void spool_free (Spool *spool);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Spool, spool_free)
