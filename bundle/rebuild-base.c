/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/rebuild-state.h"
#include "manifest/error.h"
#include "manifest/fuzzing.h"

#include <string.h>
#include <zlib.h>

/* A source of a patch that is not longer is kept in memory while the patch is applied: it is read
 * once and checked before use. A longer one is read twice. */
#define KEEP_BYTES (64 * 1024 * 1024)

/* Says of which base a file is. Returns FALSE. */
static gboolean
name_file (const Rebuild *rebuild, const BaseFile *file, GError **error)
{
    const PackingBase *base = rebuild->bundle->packing->bases->pdata[file->image];
    g_autofree char *path = error_quote (file->path);

    return fail_prefix (error, "file '%s' of layer %" G_GUINT64_FORMAT " of base image '%s'", path,
                        file->layer + 1, base->name);
}

gboolean
bundle_read_base (const Bundle *bundle, const BaseFile *file, guint64 at, guint8 *bytes,
                  gsize length, GError **error)
{
    const BaseReader *reader = bundle->bases;

    if (reader == NULL)
        return fail (error, ERR_BASE_MISSING,
                     "this is a delta, and its base is not there to read from");
    return reader->read (reader->data, file, at, bytes, length, error);
}

static gboolean
read_bytes (const Rebuild *rebuild, const BaseFile *file, guint64 at, guint8 *bytes, gsize length,
            GError **error)
{
    return bundle_read_base (rebuild->bundle, file, at, bytes, length, error) ||
           name_file (rebuild, file, error);
}

static gboolean
check_sum (const Rebuild *rebuild, const BaseFile *file, uLong sum, GError **error)
{
    if (check_holds (sum == file->checksum))
        return TRUE;
    fail (error, ERR_BASE_MISSING,
          "it was changed: its CRC-32 is %08lx, this delta was made against %08x", sum,
          file->checksum);
    return name_file (rebuild, file, error);
}

gboolean
rebuild_base_walk (Rebuild *rebuild, const BaseFile *file, RebuildSink sink, gpointer data,
                   GError **error)
{
    uLong sum = crc32 (0, NULL, 0);

    for (guint64 at = 0; at < file->length;) {
        gsize n = (gsize)MIN (file->length - at, sizeof rebuild->chunk);

        if (!read_bytes (rebuild, file, at, rebuild->chunk, n, error))
            return FALSE;
        sum = crc32 (sum, rebuild->chunk, (uInt)n);
        if (!sink (rebuild->chunk, n, data, error))
            return FALSE;
        at += n;
    }
    return check_sum (rebuild, file, sum, error);
}

static gboolean
pass_over (const guint8 *bytes, gsize length, gpointer data, GError **error)
{
    return TRUE;
}

static gboolean
keep (const guint8 *bytes, gsize length, gpointer data, GError **error)
{
    guint8 **to = data;

    memcpy (*to, bytes, length);
    *to += length;
    return TRUE;
}

gboolean
rebuild_base_open (Rebuild *rebuild, const BaseFile *file, GError **error)
{
    guint8 *to;

    rebuild_base_close (rebuild);
    rebuild->base.file = file;
    if (file->length > KEEP_BYTES)
        return rebuild_base_walk (rebuild, file, pass_over, NULL, error);
    rebuild->base.bytes = to = g_malloc (file->length);
    return rebuild_base_walk (rebuild, file, keep, &to, error);
}

gboolean
rebuild_base_read (Rebuild *rebuild, guint64 at, guint8 *bytes, gsize length, GError **error)
{
    if (rebuild->base.bytes == NULL)
        return read_bytes (rebuild, rebuild->base.file, at, bytes, length, error);
    memcpy (bytes, rebuild->base.bytes + at, length);
    return TRUE;
}

void
rebuild_base_close (Rebuild *rebuild)
{
    g_clear_pointer (&rebuild->base.bytes, g_free);
    rebuild->base.file = NULL;
}
