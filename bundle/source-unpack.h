/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "manifest/digest.h"
#include "manifest/progress.h"

#include <glib.h>

/* Some bytes of a plain file. */
typedef struct {
    int fd; /* borrowed; read with pread */
    guint64 offset, bytes;
} SourceRange;

typedef enum { PACKING_NONE, PACKING_GZIP, PACKING_ZSTD } SourcePacking;

typedef struct {
    Digest packed, unpacked; /* of all bytes read, and of all bytes written */
    guint64 bytes;           /* written */
} SourceUnpacked;

/* Reads all of a range; more than limit bytes are ERR_FORMAT. name is for messages. */
GBytes *source_range_read (const SourceRange *range, const char *name, guint64 limit,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Tells by the first bytes. */
gboolean source_range_packing (const SourceRange *range, const char *name, SourcePacking *packing,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Writes the content of a gzip (all members) or zstd (all frames) range at offset of to. What is
 * truncated, damaged, or followed by something else is ERR_FORMAT. */
gboolean source_range_unpack (const SourceRange *range, SourcePacking packing, const char *name,
                              int to, guint64 offset, Progress *progress, SourceUnpacked *out,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;
