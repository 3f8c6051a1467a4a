/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/thin.h"

#include "bundle/oci.h"
#include "manifest/error.h"

#include <archive.h>
#include <archive_entry.h>

#define BLOCK (64 * 1024)

typedef struct archive Archive;
typedef struct archive_entry ArchiveEntry;
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Archive, archive_write_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ArchiveEntry, archive_entry_free)

/* Carries the caller's sink through libarchive's callback, and its error back. libarchive is never
 * told of an error: it would leak what it holds. Nothing reaches the sink once it is over. */
typedef struct {
    struct archive *archive;
    RebuildSink sink;
    gpointer data;
    gboolean over;
    GError *error;
} Output;

static la_ssize_t
on_write (struct archive *archive, void *data, const void *bytes, size_t length)
{
    Output *output = data;

    if (!output->over && !output->sink (bytes, length, output->data, &output->error))
        output->over = TRUE;
    return (la_ssize_t)length;
}

/* thin_write gives the sink's own error instead of this one. */
static gboolean
still_read (const Output *output, GError **error)
{
    if (output->over)
        return fail (error, ERR_FAILED, "writing the archive: the reader gave up");
    return TRUE;
}

static gboolean
add_header (Output *output, const char *path, guint64 bytes, GError **error)
{
    g_autoptr (ArchiveEntry) entry = archive_entry_new ();

    archive_entry_set_pathname (entry, path);
    archive_entry_set_size (entry, (la_int64_t)bytes);
    archive_entry_set_filetype (entry, AE_IFREG);
    archive_entry_set_perm (entry, 0644);
    archive_entry_set_mtime (entry, 0, 0);
    if (archive_write_header (output->archive, entry) != ARCHIVE_OK)
        return fail (error, ERR_FAILED, "writing '%s' of the archive: %s", path,
                     archive_error_string (output->archive));
    return still_read (output, error);
}

static gboolean
add_data (const guint8 *bytes, gsize length, gpointer data, GError **error)
{
    Output *output = data;
    la_ssize_t n = archive_write_data (output->archive, bytes, length);

    if (n != (la_ssize_t)length)
        return fail (error, ERR_FAILED, "writing the archive: %s",
                     n < 0 ? archive_error_string (output->archive) : "more bytes than signed");
    return still_read (output, error);
}

static gboolean
add_bytes (Output *output, const char *path, GBytes *bytes, GError **error)
{
    gsize length;
    const guint8 *data = g_bytes_get_data (bytes, &length);

    return add_header (output, path, length, error) && add_data (data, length, output, error);
}

static gboolean
add_blob (Output *output, const Digest *digest, GBytes *bytes, GError **error)
{
    g_autofree char *hex = digest_to_hex (digest);
    g_autofree char *path = g_strconcat ("blobs/sha256/", hex, NULL);

    return add_bytes (output, path, bytes, error);
}

static gboolean
add_layers (Output *output, const Thin *thin, GError **error)
{
    for (guint i = 0; i < thin->layers->len; i++) {
        const StatementLayer *layer = &g_array_index (thin->layers, StatementLayer, i);
        g_autofree char *hex = digest_to_hex (&layer->diffid);
        g_autofree char *path = g_strconcat ("blobs/sha256/", hex, NULL);

        if (!add_header (output, path, layer->bytes, error) ||
            !thin->layer (&layer->diffid, add_data, output, thin->data, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean
add_all (Output *output, const Thin *thin, GError **error)
{
    g_autoptr (GBytes) manifest = oci_manifest (thin->image);
    g_autoptr (GBytes) index = oci_index (thin->image, thin->name);
    g_autoptr (GBytes) docker = oci_docker_manifest (thin->image, thin->name);
    g_autoptr (GBytes) layout = oci_layout ();

    if (!add_layers (output, thin, error) ||
        !add_blob (output, &thin->image->config, thin->config, error) ||
        !add_blob (output, &thin->image->manifest, manifest, error) ||
        !add_bytes (output, "index.json", index, error) ||
        !add_bytes (output, "manifest.json", docker, error) ||
        !add_bytes (output, "oci-layout", layout, error))
        return FALSE;
    if (archive_write_close (output->archive) != ARCHIVE_OK)
        return fail (error, ERR_FAILED, "ending the archive: %s",
                     archive_error_string (output->archive));
    return still_read (output, error);
}

gboolean
thin_write (const Thin *thin, RebuildSink sink, gpointer sink_data, GError **error)
{
    /* Before the archive, which writes to it while it is freed. */
    Output output = { NULL, sink, sink_data, FALSE, NULL };
    g_autoptr (Archive) archive = output.archive = archive_write_new ();
    g_autoptr (GError) local = NULL;
    gboolean done;

    /* ustar, and a pax header only where a layer is over 8 GiB. */
    archive_write_set_format_pax_restricted (archive);
    archive_write_add_filter_none (archive);
    archive_write_set_bytes_per_block (archive, BLOCK);
    archive_write_set_bytes_in_last_block (archive, 1);
    if (archive_write_open (archive, &output, NULL, on_write, NULL) != ARCHIVE_OK)
        return fail (error, ERR_FAILED, "beginning the archive: %s",
                     archive_error_string (archive));
    done = add_all (&output, thin, &local);
    /* Freeing the archive writes its end. */
    output.over = TRUE;
    if (output.error != NULL)
        g_propagate_error (error, output.error);
    else if (!done)
        g_propagate_error (error, g_steal_pointer (&local));
    return done;
}

guint64
thin_layer_bytes (const Thin *thin)
{
    guint64 bytes = 0;

    for (guint i = 0; i < thin->layers->len; i++)
        bytes += g_array_index (thin->layers, StatementLayer, i).bytes;
    return bytes;
}
