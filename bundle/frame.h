/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "manifest/digest.h"

#include <glib.h>

/* The frame index, and single Zstandard frames. */

typedef struct {
    guint64 offset;     /* in the file; the sum of what comes before */
    guint64 compressed; /* bytes in the file */
    guint64 content;    /* bytes when decompressed */
    Digest digest;      /* of the compressed bytes */
} Frame;

/* Index bytes to Frame elements, each length compared with its limit. */
GArray *frame_index_parse (GBytes *index, GError **error) G_GNUC_WARN_UNUSED_RESULT;
GBytes *frame_index_write (const GArray *frames);

/* Decompresses exactly one frame of known content length into out (frame->content bytes). The
 * bytes must have been compared with frame->digest before. A dictionary, another content size or
 * bytes behind the frame are ERR_FORMAT. */
gboolean frame_decompress (const Frame *frame, const guint8 *compressed, guint8 *out,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A frame of raw blocks: its bytes follow from the content alone. */
GBytes *frame_raw (const guint8 *content, gsize length);
/* A skippable frame around content. */
GBytes *frame_skippable (const guint8 *content, gsize length);
