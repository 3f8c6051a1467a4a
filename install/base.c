/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/base.h"

#include "install/base-state.h"
#include "manifest/error.h"
#include "manifest/file.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

static guint
hash_file (gconstpointer key)
{
    const BaseFile *file = key;

    return g_str_hash (file->path) ^ (guint)file->image * 31 ^ (guint)file->layer * 127;
}

static gboolean
same_file (gconstpointer a, gconstpointer b)
{
    const BaseFile *left = a, *right = b;

    return left->image == right->image && left->layer == right->layer &&
           left->length == right->length && left->checksum == right->checksum &&
           strcmp (left->path, right->path) == 0;
}

static void
free_file (gpointer data)
{
    BaseFile *file = data;

    g_free (file->path);
    g_free (file);
}

static void
free_layer (gpointer data)
{
    BaseLayer *layer = data;

    g_ptr_array_unref (layer->files);
    g_free (layer->directory);
    g_free (layer);
}

static BaseLayer *
find_layer (const Bases *bases, const BaseFile *file)
{
    for (guint i = 0; i < bases->layers->len; i++) {
        BaseLayer *layer = g_ptr_array_index (bases->layers, i);

        if (layer->image == file->image && layer->layer == file->layer)
            return layer;
    }
    return NULL;
}

/* Paths of base files have no "..", so what is below the root is in the directory too. */
int
base_open_file (const BaseLayer *layer, const BaseFile *file, GError **error)
{
    g_autofree char *path = g_strconcat (layer->directory, "/", file->path, NULL);
    g_autoptr (GError) local = NULL;
    struct stat st;
    autofd int fd = file_open_below (layer->root_fd, path, O_RDONLY | O_NONBLOCK, &local);

    if (fd < 0)
        fail (error, ERR_BASE_MISSING, "%s", local->message);
    else if (fstat (fd, &st) < 0 || !S_ISREG (st.st_mode))
        fail (error, ERR_BASE_MISSING, "it is not a plain file");
    else if ((guint64)st.st_size != file->length)
        fail (error, ERR_BASE_MISSING,
              "it was changed: it has %" G_GUINT64_FORMAT
              " bytes, this delta was made against %" G_GUINT64_FORMAT,
              (guint64)st.st_size, file->length);
    else
        return file_steal_fd (&fd);
    return -1;
}

static gboolean
read_spooled (const Bases *bases, const BaseFile *file, guint64 at, guint8 *bytes, gsize length,
              GError **error)
{
    const guint64 *begin = g_hash_table_lookup (bases->spooled, file);

    if (begin == NULL)
        return fail (error, ERR_BASE_MISSING, "it is not in the export of its image");
    return file_pread_all (bases->spool_fd, "the spool", bytes, length, *begin + at, error);
}

/* Patches read one file in many pieces, so the last one stays open. */
static gboolean
open_again (Bases *bases, const BaseLayer *layer, const BaseFile *file, GError **error)
{
    if (bases->open_fd >= 0 && same_file (&bases->open, file))
        return TRUE;
    file_clear_fd (&bases->open_fd);
    g_clear_pointer (&bases->open.path, g_free);
    bases->open = *file;
    bases->open.path = g_strdup (file->path);
    bases->open_fd = base_open_file (layer, file, error);
    return bases->open_fd >= 0;
}

static gboolean
read_file (gpointer data, const BaseFile *file, guint64 at, guint8 *bytes, gsize length,
           GError **error)
{
    Bases *bases = data;
    const BaseLayer *layer = find_layer (bases, file);
    g_autoptr (GError) local = NULL;

    if (layer == NULL || layer->way != BASE_IN_PLACE)
        return read_spooled (bases, file, at, bytes, length, error);
    if (!open_again (bases, layer, file, error))
        return FALSE;
    if (!file_pread_all (bases->open_fd, file->path, bytes, length, at, &local))
        return fail (error, ERR_BASE_MISSING, "%s", local->message);
    return TRUE;
}

Bases *
bases_new (Run *run)
{
    const Packing *packing = bundle_packing (run->bundle);
    Bases *bases;

    if (!packing_is_delta (packing))
        return NULL;
    bases = g_new0 (Bases, 1);
    bases->run = run;
    bases->packing = packing;
    bases->reader = (BaseReader){ read_file, bases };
    bases->left_out = g_hash_table_new (digest_hash_key, digest_equal_key);
    for (guint i = 0; i < packing->left_out->len; i++)
        g_hash_table_add (bases->left_out, &g_array_index (packing->left_out, Digest, i));
    bases->known = g_hash_table_new (hash_file, same_file);
    bases->layers = g_ptr_array_new_with_free_func (free_layer);
    bases->lacking = g_ptr_array_new_with_free_func (g_free);
    bases->spooled = g_hash_table_new_full (hash_file, same_file, NULL, g_free);
    bases->wrong = g_hash_table_new_full (hash_file, same_file, NULL, g_free);
    bases->root_fd = bases->containerd_fd = bases->spool_fd = bases->open_fd = -1;
    return bases;
}

void
bases_free (Bases *bases)
{
    if (bases == NULL)
        return;
    bundle_use_bases (bases->run->bundle, NULL);
    g_hash_table_unref (bases->left_out);
    g_hash_table_unref (bases->known);
    g_hash_table_unref (bases->spooled);
    g_hash_table_unref (bases->wrong);
    g_ptr_array_unref (bases->layers);
    g_ptr_array_unref (bases->lacking);
    g_clear_pointer (&bases->images, g_ptr_array_unref);
    file_clear_fd (&bases->root_fd);
    file_clear_fd (&bases->containerd_fd);
    file_clear_fd (&bases->spool_fd);
    file_clear_fd (&bases->open_fd);
    g_free (bases->open.path);
    g_free (bases->root);
    g_free (bases);
}

static int
by_number (gconstpointer a, gconstpointer b)
{
    const BaseLayer *left = *(const BaseLayer *const *)a, *right = *(const BaseLayer *const *)b;

    if (left->image != right->image)
        return left->image < right->image ? -1 : 1;
    return left->layer < right->layer ? -1 : left->layer > right->layer;
}

static BaseLayer *
layer_for (Bases *bases, const BaseFile *file)
{
    BaseLayer *layer = find_layer (bases, file);

    if (layer != NULL)
        return layer;
    layer = g_new0 (BaseLayer, 1);
    layer->base = g_ptr_array_index (bases->packing->bases, file->image);
    layer->image = file->image;
    layer->layer = file->layer;
    layer->files = g_ptr_array_new_with_free_func (free_file);
    g_ptr_array_add (bases->layers, layer);
    g_ptr_array_sort (bases->layers, by_number);
    return layer;
}

void
bases_add (Bases *bases, const GPtrArray *files)
{
    for (guint i = 0; i < files->len; i++) {
        const BaseFile *file = g_ptr_array_index (files, i);
        BaseLayer *layer;
        BaseFile *copy;

        if (g_hash_table_contains (bases->known, file))
            continue;
        copy = g_memdup2 (file, sizeof *file);
        copy->path = g_strdup (file->path);
        layer = layer_for (bases, file);
        layer->bytes += copy->length;
        g_ptr_array_add (layer->files, copy);
        g_hash_table_add (bases->known, copy);
    }
}

guint
bases_count_left_out (const Bases *bases, const GArray *layers)
{
    guint n = 0;

    for (guint i = 0; i < layers->len; i++)
        n += g_hash_table_contains (bases->left_out,
                                    &g_array_index (layers, StatementLayer, i).diffid);
    return n;
}

const char *
base_way_name (BaseWay way)
{
    switch (way) {
    case BASE_NOWHERE:
        return "nowhere";
    case BASE_IN_PLACE:
        return "in-place";
    case BASE_FORESEEN:
        return "foreseen";
    case BASE_EXPORT:
        return "export";
    }
    g_assert_not_reached ();
}

const GPtrArray *
bases_layers (const Bases *bases)
{
    return bases->layers;
}

const GPtrArray *
bases_lacking (const Bases *bases)
{
    return bases->lacking;
}

guint64
bases_export_bytes (const Bases *bases)
{
    guint64 bytes = 0;

    for (guint i = 0; i < bases->layers->len; i++) {
        const BaseLayer *layer = g_ptr_array_index (bases->layers, i);

        if (layer->way == BASE_EXPORT)
            bytes += layer->bytes;
    }
    return bytes;
}
