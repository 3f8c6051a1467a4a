/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/base.h"

#include "bundle/scan.h"
#include "bundle/tree-base.h"
#include "manifest/error.h"
#include "manifest/file.h"

#include <string.h>

struct BundleBases {
    BaseReader reader;
    GPtrArray *bundles; /* BaseBundle */
    const Packing *packing;
    BundleTree *tree;  /* of one that the delta was made against; NULL: there is none */
    GHashTable *paths; /* UnpackedLayer → (path → Extent) */
    /* Where the file lies that was read last. */
    BaseFile last;
    const UnpackedLayer *layer;
    const Extent *extent;
};

/* A path that occurs twice is no base file; which of them would come out does not matter then. */
static GHashTable *
paths_of (BundleBases *bases, const UnpackedLayer *layer)
{
    GHashTable *paths = g_hash_table_lookup (bases->paths, layer);

    if (paths != NULL)
        return paths;
    paths = g_hash_table_new (g_str_hash, g_str_equal);
    for (guint i = 0; i < layer->extents->len; i++) {
        Extent *extent = &g_array_index (layer->extents, Extent, i);

        if (extent->path != NULL)
            g_hash_table_insert (paths, extent->path, extent);
    }
    g_hash_table_insert (bases->paths, (gpointer)layer, paths);
    return paths;
}

static gboolean
find (BundleBases *bases, const BaseFile *file, GError **error)
{
    const PackingBase *base = bases->packing->bases->pdata[file->image];
    const Digest *diffid = &g_array_index (base->layers, Digest, file->layer);
    g_autofree char *text = digest_to_text (diffid);

    bases->layer = NULL;
    for (guint i = 0; bases->layer == NULL && i < bases->bundles->len; i++)
        bases->layer = base_bundle_find (bases->bundles->pdata[i], diffid);
    if (bases->layer == NULL)
        return fail (error, ERR_BASE_MISSING, "no base that was given has layer %s", text);
    bases->extent = g_hash_table_lookup (paths_of (bases, bases->layer), file->path);
    if (bases->extent == NULL || bases->extent->length != file->length) {
        bases->layer = NULL;
        return fail (error, ERR_BASE_MISSING,
                     "there is no such file of %" G_GUINT64_FORMAT " bytes", file->length);
    }
    g_free (bases->last.path);
    bases->last = *file;
    bases->last.path = g_strdup (file->path);
    return TRUE;
}

/* The file may have gone, and another one lie at its address. */
static gboolean
is_last (const BundleBases *bases, const BaseFile *file)
{
    return bases->layer != NULL && bases->last.image == file->image &&
           bases->last.layer == file->layer && bases->last.length == file->length &&
           strcmp (bases->last.path, file->path) == 0;
}

static gboolean
read_file (gpointer data, const BaseFile *file, guint64 at, guint8 *bytes, gsize length,
           GError **error)
{
    BundleBases *bases = data;

    if (!is_last (bases, file) && !find (bases, file, error))
        return FALSE;
    return file_pread_all (bases->layer->tar.fd, "layers of the base", bytes, length,
                           bases->layer->tar.offset + bases->extent->offset + at, error);
}

/* All that it was made against have the files that it leaves out. */
static BundleTree *
find_tree (GPtrArray *bundles, const Packing *packing)
{
    for (guint i = 0; i < bundles->len; i++) {
        Bundle *bundle = base_bundle_get (bundles->pdata[i]);

        if (packing_is_from (packing, bundle_release_digest (bundle)))
            return bundle_tree_new (bundle);
    }
    return NULL;
}

BundleBases *
bundle_bases_new (GPtrArray *bundles, const Packing *packing)
{
    BundleBases *bases = g_new0 (BundleBases, 1);

    bases->reader = (BaseReader){ read_file, bases };
    bases->bundles = g_ptr_array_ref (bundles);
    bases->packing = packing;
    bases->tree = find_tree (bundles, packing);
    bases->paths = g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify)g_hash_table_unref);
    return bases;
}

void
bundle_bases_lend (const BundleBases *bases, Bundle *bundle)
{
    gboolean tree = bases != NULL && bases->tree != NULL;

    bundle_use_bases (bundle, bases != NULL ? &bases->reader : NULL);
    bundle_use_tree (bundle, tree ? bundle_tree_base (bases->tree) : NULL);
}

void
bundle_bases_free (BundleBases *bases)
{
    if (bases == NULL)
        return;
    g_free (bases->last.path);
    bundle_tree_free (bases->tree);
    g_hash_table_unref (bases->paths);
    g_ptr_array_unref (bases->bundles);
    g_free (bases);
}
