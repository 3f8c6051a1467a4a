/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "bundle/bundle.h"

#include <glib.h>

/* One stream of a bundle (literals, control, difference, extra, data), read by offset. Meant to be
 * read forward: a frame is decompressed once, and the next one that is wanted in the background. */
typedef struct Stream Stream;

/* wanted tells which frames of the region (0…) will be read, so that the next of them is fetched
 * ahead; NULL: all. Taken over by the stream. */
Stream *stream_new (Bundle *bundle, Region region, gboolean *wanted,
                    GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The bytes at offset: at least one, at most length, valid until the next call. */
const guint8 *stream_peek (Stream *stream, guint64 offset, guint64 length, gsize *available,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The frame of the region (0…) that holds this offset of the stream. */
guint stream_frame_of (const Stream *stream, guint64 offset);
void stream_free (Stream *stream);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Stream, stream_free)

/* Payload bytes of each frame of a stream: the frames' content less tar header and padding, checked
 * against the packing list. guint64 elements: where each frame's payload begins, and the end. */
GArray *stream_layout (const Bundle *bundle, Region region,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Name of the tar member in frame k of a stream. Caller frees. */
char *stream_member_name (Region region, guint k);
