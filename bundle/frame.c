/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/frame.h"

#include "bundle/format.h"
#include "manifest/error.h"

#include <string.h>
#include <zstd.h>

static guint64
get_u64 (const guint8 *from)
{
    guint64 value;

    memcpy (&value, from, sizeof value);
    return GUINT64_FROM_LE (value);
}

static void
append_u64 (GByteArray *to, guint64 value)
{
    value = GUINT64_TO_LE (value);
    g_byte_array_append (to, (const guint8 *)&value, sizeof value);
}

static void
append_u32 (GByteArray *to, guint32 value)
{
    value = GUINT32_TO_LE (value);
    g_byte_array_append (to, (const guint8 *)&value, sizeof value);
}

GArray *
frame_index_parse (GBytes *index, GError **error)
{
    gsize length;
    const guint8 *from = g_bytes_get_data (index, &length);
    g_autoptr (GArray) frames = g_array_new (FALSE, FALSE, sizeof (Frame));
    guint64 offset = 0;

    if (length % INDEX_ENTRY_BYTES != 0 || length / INDEX_ENTRY_BYTES > LIMIT_FRAMES)
        return fail_null (error, ERR_FORMAT,
                          "frame index has %" G_GSIZE_FORMAT " bytes, which is no whole number of "
                          "entries or more than %d",
                          length, LIMIT_FRAMES);
    for (gsize at = 0; at < length; at += INDEX_ENTRY_BYTES) {
        Frame frame = { .offset = offset,
                        .compressed = get_u64 (from + at),
                        .content = get_u64 (from + at + 8) };

        memcpy (frame.digest.b, from + at + 16, DIGEST_BYTES);
        if (frame.content == 0 || frame.content > LIMIT_FRAME_CONTENT || frame.compressed == 0 ||
            frame.compressed > ZSTD_compressBound (frame.content))
            return fail_null (error, ERR_FORMAT,
                              "frame %u of the index: %" G_GUINT64_FORMAT
                              " bytes for a content of %" G_GUINT64_FORMAT
                              ", at most %d is allowed",
                              frames->len, frame.compressed, frame.content, LIMIT_FRAME_CONTENT);
        offset += frame.compressed;
        g_array_append_val (frames, frame);
    }
    return g_steal_pointer (&frames);
}

GBytes *
frame_index_write (const GArray *frames)
{
    GByteArray *out = g_byte_array_new ();

    for (guint i = 0; i < frames->len; i++) {
        const Frame *frame = &g_array_index (frames, Frame, i);

        append_u64 (out, frame->compressed);
        append_u64 (out, frame->content);
        g_byte_array_append (out, frame->digest.b, DIGEST_BYTES);
    }
    return g_byte_array_free_to_bytes (out);
}

/* A frame that is one segment needs no window beyond its content. Others name one in the byte
 * behind the descriptor: five bits of exponent, three of mantissa (RFC 8878, 3.1.1.1.2).
 * Decompressing in one step would take any, but stock tools would not. */
static gboolean
is_plain (const Frame *frame, const guint8 *compressed)
{
    guint32 magic;
    guint8 descriptor;

    if (frame->compressed < sizeof magic + 2)
        return FALSE;
    memcpy (&magic, compressed, sizeof magic);
    descriptor = compressed[sizeof magic];
    return GUINT32_FROM_LE (magic) == ZSTD_FRAME_MAGIC &&
           ((descriptor & ZSTD_SINGLE_SEGMENT) != 0 ||
            compressed[sizeof magic + 1] <= (LIMIT_WINDOW_LOG - 10) << 3);
}

gboolean
frame_decompress (const Frame *frame, const guint8 *compressed, guint8 *out, GError **error)
{
    gsize length;

    if (!is_plain (frame, compressed) ||
        ZSTD_getFrameContentSize (compressed, frame->compressed) != frame->content ||
        ZSTD_getDictID_fromFrame (compressed, frame->compressed) != 0 ||
        ZSTD_findFrameCompressedSize (compressed, frame->compressed) != frame->compressed)
        return fail (error, ERR_FORMAT,
                     "frame is not one plain frame of %" G_GUINT64_FORMAT " bytes", frame->content);
    length = ZSTD_decompress (out, frame->content, compressed, frame->compressed);
    if (ZSTD_isError (length))
        return fail (error, ERR_FORMAT, "frame does not decompress: %s",
                     ZSTD_getErrorName (length));
    if (length != frame->content)
        return fail (error, ERR_FORMAT,
                     "frame holds %" G_GSIZE_FORMAT " bytes, not %" G_GUINT64_FORMAT, length,
                     frame->content);
    return TRUE;
}

GBytes *
frame_raw (const guint8 *content, gsize length)
{
    GByteArray *out = g_byte_array_new ();
    guint8 descriptor = ZSTD_RAW_DESCRIPTOR;

    append_u32 (out, ZSTD_FRAME_MAGIC);
    g_byte_array_append (out, &descriptor, 1);
    append_u32 (out, (guint32)length);
    for (gsize at = 0; at < length; at += ZSTD_RAW_BLOCK) {
        gsize n = MIN (length - at, ZSTD_RAW_BLOCK);
        guint32 header = (guint32)(n << 3) | (at + n == length ? 1 : 0);
        guint8 block[3] = { header & 255, (header >> 8) & 255, (header >> 16) & 255 };

        g_byte_array_append (out, block, sizeof block);
        g_byte_array_append (out, content + at, (guint)n);
    }
    return g_byte_array_free_to_bytes (out);
}

GBytes *
frame_skippable (const guint8 *content, gsize length)
{
    GByteArray *out = g_byte_array_new ();

    append_u32 (out, ZSTD_SKIPPABLE_MAGIC);
    append_u32 (out, (guint32)length);
    g_byte_array_append (out, content, (guint)length);
    return g_byte_array_free_to_bytes (out);
}
