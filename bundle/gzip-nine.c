/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/gzip-nine.h"

#include "bundle/gzip-block.h"
#include "bundle/gzip-match.h"
#include "manifest/limits.h"

#include <string.h>
#include <zlib.h>

#define TRAILER_BYTES 8
/* Deflate's shortest code for its longest match is two bits for 258 bytes. */
#define MOST_PER_BYTE 1032

/* Magic, deflate; no flags, no time, no name (-n); slowest (-9); made on Unix. */
static const guint8 header[GZIP_NINE_HEADER_BYTES] = { 0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 3 };

static guint32
checksum (const guint8 *bytes, gsize length)
{
    return (guint32)crc32_z (crc32_z (0, NULL, 0), bytes, length);
}

static void
put_u32 (GByteArray *out, guint32 value)
{
    guint32 little = GUINT32_TO_LE (value);

    g_byte_array_append (out, (const guint8 *)&little, sizeof little);
}

static guint32
get_u32 (const guint8 *at)
{
    guint32 little;

    memcpy (&little, at, sizeof little);
    return GUINT32_FROM_LE (little);
}

gboolean
gzip_nine_begins (const guint8 *bytes)
{
    return memcmp (bytes, header, sizeof header) == 0;
}

GByteArray *
gzip_nine (const guint8 *bytes, gsize length)
{
    GByteArray *out = g_byte_array_new ();
    g_autoptr (GzipBlock) block = gzip_block_new (out);

    g_assert (length <= LIMIT_FORM_BYTES);
    g_byte_array_append (out, header, sizeof header);
    gzip_match (bytes, length, block);
    put_u32 (out, checksum (bytes, length));
    put_u32 (out, (guint32)length);
    return out;
}

/* Exactly length bytes of deflate give exactly the bytes that content has room for. */
static gboolean
inflate_whole (const guint8 *bytes, gsize length, GByteArray *content)
{
    guint8 none = 0;
    z_stream stream = {
        .next_in = (guint8 *)bytes,
        .avail_in = (uInt)length,
        .next_out = content->len > 0 ? content->data : &none,
        .avail_out = content->len,
    };
    gboolean whole;

    if (inflateInit2 (&stream, -MAX_WBITS) != Z_OK)
        return FALSE;
    whole = inflate (&stream, Z_FINISH) == Z_STREAM_END && stream.avail_in == 0 &&
            stream.avail_out == 0;
    inflateEnd (&stream);
    return whole;
}

gboolean
gzip_nine_unpack (const guint8 *bytes, gsize length, gsize limit, GByteArray **content)
{
    g_autoptr (GByteArray) made = g_byte_array_new ();
    gsize deflated;
    guint32 claimed;

    if (length < GZIP_NINE_HEADER_BYTES + TRAILER_BYTES || length > G_MAXUINT32 ||
        !gzip_nine_begins (bytes))
        return FALSE;
    deflated = length - GZIP_NINE_HEADER_BYTES - TRAILER_BYTES;
    claimed = get_u32 (bytes + length - 4);
    /* The length at the end is believed only as far as this much deflate can hold. */
    if (claimed > limit || claimed / MOST_PER_BYTE > deflated)
        return FALSE;
    g_byte_array_set_size (made, claimed);
    if (!inflate_whole (bytes + GZIP_NINE_HEADER_BYTES, deflated, made) ||
        checksum (made->data, made->len) != get_u32 (bytes + length - TRAILER_BYTES))
        return FALSE;
    *content = g_steal_pointer (&made);
    return TRUE;
}
