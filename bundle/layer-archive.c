/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/layer-archive.h"

#include "manifest/file.h"

#include <archive.h>
#include <errno.h>

#define READ_CHUNK (256 * 1024)

struct LayerArchive {
    const LayerTar *tar;
    struct archive *archive;
    guint64 at;
    GError *error;
    guint8 chunk[READ_CHUNK];
};

static la_ssize_t
read_chunk (struct archive *a, void *data, const void **bytes)
{
    LayerArchive *archive = data;
    gsize n = (gsize)MIN (READ_CHUNK, archive->tar->bytes - archive->at);

    *bytes = archive->chunk;
    if (archive->error != NULL ||
        !file_pread_all (archive->tar->fd, "layer", archive->chunk, n,
                         archive->tar->offset + archive->at, &archive->error)) {
        archive_set_error (a, EIO, "read failed");
        return -1;
    }
    archive->at += n;
    return (la_ssize_t)n;
}

static la_int64_t
skip_bytes (struct archive *a, void *data, la_int64_t wanted)
{
    LayerArchive *archive = data;
    guint64 n = MIN ((guint64)wanted, archive->tar->bytes - archive->at);

    archive->at += n;
    return (la_int64_t)n;
}

LayerArchive *
layer_archive_new (const LayerTar *tar)
{
    LayerArchive *archive = g_new0 (LayerArchive, 1);

    archive->tar = tar;
    archive->archive = archive_read_new ();
    archive_read_support_filter_none (archive->archive);
    archive_read_support_format_tar (archive->archive);
    archive_read_support_format_empty (archive->archive);
    archive_read_set_read_callback (archive->archive, read_chunk);
    archive_read_set_skip_callback (archive->archive, skip_bytes);
    archive_read_set_callback_data (archive->archive, archive);
    /* Where this fails, the first header does too. */
    archive_read_open1 (archive->archive);
    return archive;
}

struct archive *
layer_archive_get (LayerArchive *archive)
{
    return archive->archive;
}

gboolean
layer_archive_check (LayerArchive *archive, GError **error)
{
    if (archive->error == NULL)
        return TRUE;
    g_propagate_error (error, g_steal_pointer (&archive->error));
    return FALSE;
}

void
layer_archive_free (LayerArchive *archive)
{
    if (archive == NULL)
        return;
    archive_read_free (archive->archive);
    g_clear_error (&archive->error);
    g_free (archive);
}
