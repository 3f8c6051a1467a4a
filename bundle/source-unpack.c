/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/source-unpack.h"

#include "manifest/error.h"
#include "manifest/file.h"
#include "manifest/limits.h"
#include "manifest/message.h"

#include <string.h>
#include <zlib.h>
#include <zstd.h>

#define IN_BYTES (256 * 1024)
#define OUT_BYTES (1024 * 1024)

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ZSTD_DCtx, ZSTD_freeDCtx)

typedef struct {
    const SourceRange *range;
    const char *name;
    Progress *progress;
    GError **error;
    guint64 done; /* bytes of the range that were read */
    int to;
    guint64 offset;
    guint8 *in, *out;
    DigestStream *packed, *unpacked;
    guint64 bytes;
} Unpack;

GBytes *
source_range_read (const SourceRange *range, const char *name, guint64 limit, GError **error)
{
    g_autofree guint8 *data = NULL;

    if (range->bytes > limit)
        return fail_null (error, ERR_FORMAT,
                          "%s has %" G_GUINT64_FORMAT " bytes; at most %" G_GUINT64_FORMAT
                          " are read",
                          name, range->bytes, limit);
    data = g_malloc (range->bytes + 1);
    if (!file_pread_all (range->fd, name, data, range->bytes, range->offset, error))
        return NULL;
    return g_bytes_new_take (g_steal_pointer (&data), range->bytes);
}

gboolean
source_range_packing (const SourceRange *range, const char *name, SourcePacking *packing,
                      GError **error)
{
    static const guint8 gzip[] = { 0x1f, 0x8b }, zstd[] = { 0x28, 0xb5, 0x2f, 0xfd };
    guint8 magic[4] = { 0 };

    if (!file_pread_all (range->fd, name, magic, MIN (range->bytes, sizeof magic), range->offset,
                         error))
        return FALSE;
    *packing = PACKING_NONE;
    if (memcmp (magic, gzip, sizeof gzip) == 0)
        *packing = PACKING_GZIP;
    if (memcmp (magic, zstd, sizeof zstd) == 0)
        *packing = PACKING_ZSTD;
    return TRUE;
}

/* Gives the next piece of the packed bytes; length 0 at their end. */
static gboolean
read_piece (Unpack *unpack, gsize *length)
{
    gsize piece = MIN (unpack->range->bytes - unpack->done, IN_BYTES);

    if (!file_pread_all (unpack->range->fd, unpack->name, unpack->in, piece,
                         unpack->range->offset + unpack->done, unpack->error))
        return FALSE;
    digest_stream_add (unpack->packed, unpack->in, piece);
    progress_add (unpack->progress, piece);
    unpack->done += piece;
    *length = piece;
    return TRUE;
}

static gboolean
write_piece (Unpack *unpack, gsize length)
{
    if (length == 0)
        return TRUE;
    digest_stream_add (unpack->unpacked, unpack->out, length);
    if (!file_pwrite_all (unpack->to, "temporary file", unpack->out, length,
                          unpack->offset + unpack->bytes, unpack->error))
        return FALSE;
    unpack->bytes += length;
    return TRUE;
}

static gboolean
inflate_piece (Unpack *unpack, z_stream *z, gboolean *ended)
{
    int status;

    do {
        /* One member ended and bytes are left: gzip files may be joined (pigz, eStargz). */
        if (*ended && inflateReset (z) != Z_OK)
            return fail (unpack->error, ERR_FAILED, "zlib can not start again");
        z->next_out = unpack->out;
        z->avail_out = OUT_BYTES;
        status = inflate (z, Z_NO_FLUSH);
        if (status == Z_MEM_ERROR)
            return fail (unpack->error, ERR_FAILED, "no memory to unpack %s", unpack->name);
        if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR)
            return fail (unpack->error, ERR_FORMAT, "%s is damaged: its gzip data are invalid (%s)",
                         unpack->name, z->msg == NULL ? "dictionary needed" : z->msg);
        *ended = status == Z_STREAM_END;
        if (!write_piece (unpack, OUT_BYTES - z->avail_out))
            return FALSE;
    } while (z->avail_in > 0 || (z->avail_out == 0 && !*ended));
    return TRUE;
}

static gboolean
unpack_gzip (Unpack *unpack)
{
    z_stream z = { 0 };
    gboolean ended = FALSE, ok;
    gsize length;

    if (inflateInit2 (&z, 16 + MAX_WBITS) != Z_OK)
        return fail (unpack->error, ERR_FAILED, "zlib can not start");
    while ((ok = read_piece (unpack, &length)) && length > 0) {
        z.next_in = unpack->in;
        z.avail_in = (uInt)length;
        ok = inflate_piece (unpack, &z, &ended);
        if (!ok)
            break;
    }
    inflateEnd (&z);
    if (ok && !ended)
        return fail (unpack->error, ERR_FORMAT, "%s is truncated: its gzip data do not end",
                     unpack->name);
    return ok;
}

static gboolean
unpack_zstd_piece (Unpack *unpack, ZSTD_DCtx *context, gsize length, gsize *hint)
{
    ZSTD_inBuffer in = { unpack->in, length, 0 };
    ZSTD_outBuffer out;

    do {
        out = (ZSTD_outBuffer){ unpack->out, OUT_BYTES, 0 };
        *hint = ZSTD_decompressStream (context, &out, &in);
        if (ZSTD_isError (*hint))
            return fail (unpack->error, ERR_FORMAT, "%s is damaged: its zstd data are invalid (%s)",
                         unpack->name, ZSTD_getErrorName (*hint));
        if (!write_piece (unpack, out.pos))
            return FALSE;
    } while (in.pos < in.size || (out.pos == out.size && *hint != 0));
    return TRUE;
}

static gboolean
unpack_zstd (Unpack *unpack)
{
    g_autoptr (ZSTD_DCtx) context = ZSTD_createDCtx ();
    gsize length, hint = 1;

    if (context == NULL ||
        ZSTD_isError (ZSTD_DCtx_setParameter (context, ZSTD_d_windowLogMax, LIMIT_WINDOW_LOG)))
        return fail (unpack->error, ERR_FAILED, "libzstd can not start");
    for (;;) {
        if (!read_piece (unpack, &length))
            return FALSE;
        if (length == 0)
            break;
        if (!unpack_zstd_piece (unpack, context, length, &hint))
            return FALSE;
    }
    if (hint != 0)
        return fail (unpack->error, ERR_FORMAT, "%s is truncated: its zstd data do not end",
                     unpack->name);
    return TRUE;
}

gboolean
source_range_unpack (const SourceRange *range, SourcePacking packing, const char *name, int to,
                     guint64 offset, Progress *progress, SourceUnpacked *out, GError **error)
{
    g_autofree guint8 *in_buffer = g_malloc (IN_BYTES), *out_buffer = g_malloc (OUT_BYTES);
    g_autoptr (DigestStream) packed = digest_stream_new ();
    g_autoptr (DigestStream) unpacked = digest_stream_new ();
    g_autofree char *what = message_printf ("unpacking %s", name);
    Unpack unpack = { .range = range,
                      .name = name,
                      .progress = progress,
                      .error = error,
                      .to = to,
                      .offset = offset,
                      .in = in_buffer,
                      .out = out_buffer,
                      .packed = packed,
                      .unpacked = unpacked };
    gboolean ok;

    progress_begin (progress, what, range->bytes);
    ok = packing == PACKING_GZIP ? unpack_gzip (&unpack) : unpack_zstd (&unpack);
    progress_end (progress);
    if (!ok)
        return FALSE;
    digest_stream_finish (packed, &out->packed);
    digest_stream_finish (unpacked, &out->unpacked);
    out->bytes = unpack.bytes;
    return TRUE;
}
