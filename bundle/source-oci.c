/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/oci-index.h"
#include "bundle/source-image.h"
#include "bundle/strictjson.h"
#include "manifest/error.h"
#include "manifest/file.h"
#include "manifest/limits.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/* An OCI layout lies in a directory or in a tar. */
typedef struct {
    int dirfd;      /* -1: in the tar */
    SourceTar *tar; /* NULL: in the directory */
    const SourceOptions *options;
} Store;

/* *opened becomes a descriptor that the caller closes, or -1 where the range lies in the tar. */
static gboolean
store_find (Store *store, const char *path, SourceRange *range, int *opened, GError **error)
{
    struct stat st;
    autofd int fd = -1;

    *opened = -1;
    if (store->tar != NULL)
        return source_tar_find (store->tar, path, range, error);
    fd = file_open_below (store->dirfd, path, O_RDONLY | O_NONBLOCK, error);
    if (fd < 0)
        return FALSE;
    if (fstat (fd, &st) < 0 || !S_ISREG (st.st_mode))
        return fail (error, ERR_FORMAT, "'%s' is not a regular file", path);
    *range = (SourceRange){ fd, 0, (guint64)st.st_size };
    *opened = file_steal_fd (&fd);
    return TRUE;
}

static GBytes *
store_read (Store *store, const char *path, GError **error)
{
    SourceRange range;
    autofd int fd = -1;

    if (!store_find (store, path, &range, &fd, error))
        return NULL;
    return source_range_read (&range, path, LIMIT_JSON_BYTES, error);
}

static gboolean
find_blob (Store *store, const OciDescriptor *blob, SourceRange *range, int *opened, GError **error)
{
    g_autofree char *hex = digest_to_hex (&blob->digest);
    g_autofree char *path = g_strconcat ("blobs/sha256/", hex, NULL);
    autofd int fd = -1;

    if (!store_find (store, path, range, &fd, error))
        return FALSE;
    if (range->bytes != blob->bytes)
        return fail (error, ERR_FORMAT,
                     "%s has %" G_GUINT64_FORMAT " bytes; %" G_GUINT64_FORMAT " are announced",
                     path, range->bytes, blob->bytes);
    *opened = file_steal_fd (&fd);
    return TRUE;
}

/* Reads a JSON blob and compares it with its digest. */
static GBytes *
read_blob (Store *store, const OciDescriptor *blob, GError **error)
{
    g_autofree char *text = digest_to_text (&blob->digest);
    g_autoptr (GBytes) bytes = NULL;
    SourceRange range;
    Digest found;
    autofd int fd = -1;

    if (!find_blob (store, blob, &range, &fd, error))
        return NULL;
    bytes = source_range_read (&range, text, LIMIT_JSON_BYTES, error);
    if (bytes == NULL)
        return NULL;
    found = digest_of_bytes (bytes);
    if (!digest_equal (&found, &blob->digest))
        return fail_null (error, ERR_FORMAT, "the bytes of blob %s are not the ones it is named by",
                          text);
    return g_steal_pointer (&bytes);
}

static gboolean
check_layout (Store *store, GError **error)
{
    g_autoptr (GBytes) text = store_read (store, "oci-layout", error);
    g_autoptr (JsonNode) root = NULL;
    JsonObject *object;
    const char *version;

    if (text == NULL)
        return fail_prefix (error, "this is no OCI layout");
    object = strictjson_parse_object (text, "oci-layout", &root, error);
    if (object == NULL ||
        !strictjson_string (object, "imageLayoutVersion", "oci-layout", &version, error))
        return FALSE;
    if (g_strcmp0 (version, "1.0.0") != 0)
        return fail (error, ERR_FORMAT, "oci-layout does not say version 1.0.0");
    return TRUE;
}

static GBytes *
read_named (gpointer store, const OciDescriptor *blob, GError **error)
{
    return read_blob (store, blob, error);
}

/* The parts of the manifest (oci_manifest_parse). */
static GPtrArray *
find_manifest (Store *store, const char *tag, GError **error)
{
    g_autoptr (GBytes) text = store_read (store, "index.json", error);
    Digest manifest;

    if (text == NULL)
        return NULL;
    return oci_index_follow (text, NULL, tag, store->options->platform, read_named, store,
                             &manifest, error);
}

static gboolean
add_layers (Store *store, GPtrArray *parts, SourceBuilder *builder, GError **error)
{
    if (!oci_manifest_check_layers (parts, source_builder_layers (builder), error))
        return FALSE;
    for (guint i = 1; i < parts->len; i++) {
        const OciDescriptor *layer = g_ptr_array_index (parts, i);
        gboolean in_place;
        SourceRange range;
        autofd int fd = -1;

        if (!find_blob (store, layer, &range, &fd, error) ||
            !source_builder_add (builder, &range, &layer->digest, &in_place, error))
            return FALSE;
        if (in_place && fd >= 0)
            source_builder_own (builder, file_steal_fd (&fd));
    }
    return TRUE;
}

static SourceImage *
read_store (Store *store, const char *tag, GError **error)
{
    g_autoptr (GPtrArray) parts = NULL;
    g_autoptr (GBytes) config = NULL;
    g_autoptr (SourceBuilder) builder = NULL;
    const OciDescriptor *first;

    if (!check_layout (store, error))
        return NULL;
    parts = find_manifest (store, tag, error);
    if (parts == NULL)
        return NULL;
    first = g_ptr_array_index (parts, 0);
    config = read_blob (store, first, error);
    if (config == NULL)
        return NULL;
    builder = source_builder_new (config, &first->digest, store->options, error);
    if (builder == NULL || !add_layers (store, parts, builder, error))
        return NULL;
    if (store->tar != NULL)
        source_builder_own (builder, source_tar_steal_fd (store->tar));
    return source_builder_finish (builder, error);
}

SourceImage *
source_oci_open (const char *where, const SourceOptions *options, GError **error)
{
    const char *tag;
    g_autofree char *path = source_split_path (where, options, &tag);
    autofd int dirfd = file_open_dir_given (path, error);
    Store store = { dirfd, NULL, options };

    if (dirfd < 0)
        return NULL;
    return read_store (&store, tag, error);
}

SourceImage *
source_oci_archive_open (const char *where, const SourceOptions *options, GError **error)
{
    const char *tag;
    g_autofree char *path = source_split_path (where, options, &tag);
    g_autoptr (SourceTar) tar = NULL;
    int fd = file_open_given (path, error);
    Store store = { -1, NULL, options };

    if (fd < 0)
        return NULL;
    tar = source_tar_open (fd, path, options->tmpdir, options->progress, error);
    store.tar = tar;
    if (tar == NULL)
        return NULL;
    return read_store (&store, tag, error);
}
