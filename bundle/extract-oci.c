/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/extract.h"
#include "bundle/oci.h"
#include "bundle/reader.h"
#include "bundle/rebuild.h"
#include "manifest/error.h"
#include "manifest/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define COPY_CHUNK (256 * 1024)

typedef struct {
    int dirfd; /* of the layout */
    int blobs; /* of blobs/sha256 */
} Layout;

typedef struct {
    int fd;
    Progress *progress;
} LayerFile;

static int
make_folder (int dirfd, const char *name, GError **error)
{
    autofd int fd = -1;

    if (mkdirat (dirfd, name, 0755) < 0) {
        fail_errno (error, ERR_FAILED, errno, "cannot make directory '%s'", name);
        return -1;
    }
    fd = file_open_below (dirfd, name, O_RDONLY | O_DIRECTORY, error);
    if (fd < 0 || fchmod (fd, 0755) == 0)
        return file_steal_fd (&fd);
    fail_errno (error, ERR_FAILED, errno, "cannot set the mode of '%s'", name);
    return -1;
}

static gboolean
write_blob (const Layout *layout, GBytes *bytes, const Digest *digest, GError **error)
{
    g_autofree char *hex = digest_to_hex (digest);

    /* Images may share a config or be one image under two names. */
    if (faccessat (layout->blobs, hex, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
        return TRUE;
    return file_create (layout->blobs, hex, bytes, 0644, error);
}

static gboolean
write_documents (const Layout *layout, Bundle *bundle, const StatementImage *image, GError **error)
{
    g_autoptr (GBytes) config = bundle_read_config (bundle, image, error);
    g_autoptr (GBytes) manifest = oci_manifest (image);
    Digest digest = digest_of_bytes (manifest);

    if (config == NULL)
        return FALSE;
    if (!digest_equal (&digest, &image->manifest))
        return fail (error, ERR_FORMAT, "its OCI manifest is not the one of the statement");
    return write_blob (layout, config, &image->config, error) &&
           write_blob (layout, manifest, &image->manifest, error);
}

static gboolean
write_layer_piece (const guint8 *bytes, gsize length, gpointer data, GError **error)
{
    const LayerFile *file = data;

    progress_add (file->progress, length);
    return file_write_all (file->fd, "layer", bytes, length, error);
}

/* Where layers come from: rebuilt, or copied from a base that has them. */
typedef struct {
    Rebuild *rebuild;
    GPtrArray *bases;
    GHashTable *left_out; /* Digest */
} LayerSource;

static gboolean
copy_layer (const LayerTar *layer, LayerFile *file, GError **error)
{
    g_autofree guint8 *chunk = g_malloc (COPY_CHUNK);

    for (guint64 at = 0; at < layer->bytes; at += COPY_CHUNK) {
        gsize n = (gsize)MIN (COPY_CHUNK, layer->bytes - at);

        if (!file_pread_all (layer->fd, "layers of the base", chunk, n, layer->offset + at,
                             error) ||
            !write_layer_piece (chunk, n, file, error))
            return FALSE;
    }
    return TRUE;
}

/* The layers of a base were compared with their diffIDs when it was opened. */
static gboolean
make_layer (const LayerSource *source, const Digest *diffid, LayerFile *file, GError **error)
{
    g_autofree char *text = digest_to_text (diffid);
    const UnpackedLayer *layer = NULL;

    if (!g_hash_table_contains (source->left_out, diffid))
        return rebuild_layer (source->rebuild, diffid, write_layer_piece, file, error);
    for (guint i = 0; layer == NULL && i < source->bases->len; i++)
        layer = base_bundle_find (source->bases->pdata[i], diffid);
    if (layer == NULL)
        return fail (error, ERR_BASE_MISSING,
                     "the delta leaves out layer %s; give what it was made against with --base",
                     text);
    return copy_layer (&layer->tar, file, error);
}

/* A layer that could not be made leaves no blob under its digest. */
static gboolean
write_layer (const Layout *layout, const LayerSource *source, const Digest *diffid,
             Progress *progress, GError **error)
{
    g_autofree char *hex = digest_to_hex (diffid);
    g_autofree char *partial = g_strconcat (hex, ".part", NULL);
    autofd int fd =
        openat (layout->blobs, partial, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    LayerFile file = { fd, progress };

    if (fd < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot create blob '%s'", hex);
    if (!make_layer (source, diffid, &file, error)) {
        unlinkat (layout->blobs, partial, 0);
        return FALSE;
    }
    if (fchmod (fd, 0644) < 0 || fsync (fd) < 0 ||
        renameat (layout->blobs, partial, layout->blobs, hex) < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot finish blob '%s'", hex);
    return TRUE;
}

/* Distinct diffIDs in the order of the statement, which is the order of the streams. */
static GArray *
list_layers (const Statement *statement, guint64 *bytes)
{
    g_autoptr (GHashTable) seen = g_hash_table_new (digest_hash_key, digest_equal_key);
    GArray *list = g_array_new (FALSE, FALSE, sizeof (Digest));

    *bytes = 0;
    for (guint i = 0; i < statement->images->len; i++) {
        const StatementImage *image = g_ptr_array_index (statement->images, i);

        for (guint n = 0; n < image->layers->len; n++) {
            StatementLayer *layer = &g_array_index (image->layers, StatementLayer, n);

            if (!g_hash_table_add (seen, &layer->diffid))
                continue;
            g_array_append_val (list, layer->diffid);
            *bytes += layer->bytes;
        }
    }
    return list;
}

static gboolean
write_all_layers (const Layout *layout, Bundle *bundle, GPtrArray *bases, const char *tmpdir,
                  Progress *progress, GError **error)
{
    guint64 bytes, carried_bytes;
    const GArray *without = bundle_packing (bundle)->left_out;
    g_autoptr (GHashTable) left_out = g_hash_table_new (digest_hash_key, digest_equal_key);
    g_autoptr (GArray) list = list_layers (bundle_statement (bundle), &bytes);
    g_autoptr (GArray) carried = bundle_carried_diffids (bundle, &carried_bytes);
    g_autoptr (Rebuild) rebuild = NULL;
    LayerSource source = { .bases = bases, .left_out = left_out };
    gboolean ok = TRUE;

    for (guint i = 0; i < without->len; i++)
        g_hash_table_add (left_out, &g_array_index (without, Digest, i));
    source.rebuild = rebuild = rebuild_new (bundle, carried, tmpdir, error);
    if (rebuild == NULL)
        return FALSE;
    progress_begin (progress, "rebuilding layers", bytes);
    for (guint i = 0; ok && i < list->len; i++)
        ok = write_layer (layout, &source, &g_array_index (list, Digest, i), progress, error);
    progress_end (progress);
    return ok && file_fsync_dir (layout->blobs, "blobs/sha256", error);
}

static gboolean
write_layers (const Layout *layout, Bundle *bundle, GPtrArray *bases, const char *tmpdir,
              Progress *progress, GError **error)
{
    g_autoptr (BundleBases) reader = bundle_bases_new (bases, bundle_packing (bundle));
    gboolean ok;

    bundle_bases_lend (reader, bundle);
    ok = write_all_layers (layout, bundle, bases, tmpdir, progress, error);
    bundle_bases_lend (NULL, bundle);
    return ok;
}

static gboolean
write_store (const Layout *layout, Bundle *bundle, GPtrArray *bases, const char *tmpdir,
             Progress *progress, GError **error)
{
    GPtrArray *images = bundle_statement (bundle)->images;
    g_autoptr (GBytes) index = oci_index_all (images);
    g_autoptr (GBytes) marker = oci_layout ();

    for (guint i = 0; i < images->len; i++) {
        const StatementImage *image = g_ptr_array_index (images, i);

        if (!write_documents (layout, bundle, image, error))
            return fail_prefix (error, "image '%s'", image->name);
    }
    return write_layers (layout, bundle, bases, tmpdir, progress, error) &&
           file_create (layout->dirfd, "oci-layout", marker, 0644, error) &&
           file_create (layout->dirfd, "index.json", index, 0644, error);
}

gboolean
extract_oci (Bundle *bundle, GPtrArray *bases, int dirfd, const char *tmpdir, Progress *progress,
             GError **error)
{
    autofd int blobs = make_folder (dirfd, "blobs", error);
    autofd int sha256 = blobs < 0 ? -1 : make_folder (blobs, "sha256", error);
    Layout layout = { dirfd, sha256 };

    return sha256 >= 0 && write_store (&layout, bundle, bases, tmpdir, progress, error);
}
