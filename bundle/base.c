/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/base.h"

#include "bundle/reader.h"
#include "bundle/rebuild.h"
#include "bundle/scan.h"
#include "bundle/tree-base.h"
#include "manifest/error.h"
#include "manifest/file.h"

#include <string.h>

/* Deltas on deltas are followed so far; one that names itself would never end. */
#define DEPTH_MAX 32

struct BaseBundle {
    Bundle *bundle;
    int fd;                /* the layers that it carries, one behind the other */
    GPtrArray *carried;    /* UnpackedLayer */
    GHashTable *by_diffid; /* Digest → UnpackedLayer, also those of below */
    BaseBundle *below;     /* of a delta: what it was made against, */
    BundleTree *tree;      /* and the tree of that */
};

static BaseBundle *open_at (const char *path, const char *tmpdir, guint depth, Progress *progress,
                            GError **error);

static void
base_layer_free (gpointer data)
{
    UnpackedLayer *layer = data;

    g_clear_pointer (&layer->extents, g_array_unref);
    g_array_unref (layer->entries);
    g_free (layer);
}

void
base_bundle_free (BaseBundle *base)
{
    if (base == NULL)
        return;
    g_hash_table_unref (base->by_diffid);
    g_ptr_array_unref (base->carried);
    bundle_tree_free (base->tree);
    bundle_free (base->bundle);
    file_clear_fd (&base->fd);
    base_bundle_free (base->below);
    g_free (base);
}

Bundle *
base_bundle_get (const BaseBundle *base)
{
    return base->bundle;
}

const UnpackedLayer *
base_bundle_find (const BaseBundle *base, const Digest *diffid)
{
    return g_hash_table_lookup (base->by_diffid, diffid);
}

/* The bundle beside this one that carries a release that it was made against: a full one before a
 * delta, else the first by name. Caller frees. */
static char *
find_below (const BaseBundle *base, const char *path)
{
    g_autofree char *folder = g_path_get_dirname (path);
    g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
    g_autofree char *best = NULL;
    gboolean best_full = FALSE;
    const char *name;

    while (dir != NULL && (name = g_dir_read_name (dir)) != NULL) {
        g_autofree char *candidate = g_build_filename (folder, name, NULL);
        g_autoptr (Bundle) bundle = NULL;
        gboolean full;

        if (!g_file_test (candidate, G_FILE_TEST_IS_REGULAR))
            continue;
        bundle = bundle_open (candidate, NULL);
        if (bundle == NULL ||
            !packing_is_from (base->bundle->packing, bundle_release_digest (bundle)))
            continue;
        full = !packing_is_delta (bundle->packing);
        if (best != NULL &&
            (best_full > full || (best_full == full && strcmp (best, candidate) < 0)))
            continue;
        g_free (best);
        best = g_steal_pointer (&candidate);
        best_full = full;
    }
    return g_steal_pointer (&best);
}

static gboolean
open_below (BaseBundle *base, const char *path, const char *tmpdir, guint depth, Progress *progress,
            GError **error)
{
    g_autofree char *below = find_below (base, path);
    GHashTableIter iter;
    gpointer diffid, layer;

    if (below == NULL) {
        const PackingFrom *from =
            base->bundle->packing->from->len > 0 ? base->bundle->packing->from->pdata[0] : NULL;

        return fail (error, ERR_BASE_MISSING,
                     "'%s' is a delta; put the bundle that it was made against (%s) beside it",
                     path, from != NULL ? from->version : "of a host's have file");
    }
    base->below = open_at (below, tmpdir, depth + 1, progress, error);
    if (base->below == NULL)
        return FALSE;
    g_hash_table_iter_init (&iter, base->below->by_diffid);
    while (g_hash_table_iter_next (&iter, &diffid, &layer))
        g_hash_table_insert (base->by_diffid, diffid, layer);
    return TRUE;
}

typedef struct {
    BaseBundle *base;
    guint64 at;
    Progress *progress;
    GError *error; /* of the scan; read once its thread is done */
} Unpack;

static gboolean
write_piece (const guint8 *bytes, gsize length, gpointer data, GError **error)
{
    Unpack *unpack = data;

    if (!file_pwrite_all (unpack->base->fd, "layers of the base", bytes, length, unpack->at, error))
        return FALSE;
    unpack->at += length;
    progress_add (unpack->progress, length);
    return TRUE;
}

/* One layer is looked through while the next is rebuilt. */
static void
run_scan (gpointer data, gpointer user)
{
    UnpackedLayer *layer = data;
    Unpack *unpack = user;

    if (unpack->error == NULL)
        layer->extents = scan_layer (&layer->tar, layer->entries, NULL, &unpack->error);
}

static gboolean
unpack_layers (BaseBundle *base, GPtrArray *layers, Rebuild *rebuild, Progress *progress,
               GError **error)
{
    Unpack unpack = { base, 0, progress, NULL };
    GThreadPool *scans = g_thread_pool_new (run_scan, &unpack, 1, FALSE, NULL);
    gboolean ok = TRUE;

    for (guint i = 0; ok && i < layers->len; i++) {
        const StatementLayer *layer = layers->pdata[i];
        UnpackedLayer *out = g_new0 (UnpackedLayer, 1);

        out->tar = (LayerTar){ base->fd, unpack.at, layer->bytes, layer->diffid };
        out->entries = scan_entries_new ();
        g_ptr_array_add (base->carried, out);
        g_hash_table_insert (base->by_diffid, &out->tar.diffid, out);
        ok = rebuild_layer (rebuild, &layer->diffid, write_piece, &unpack, error);
        if (ok)
            g_thread_pool_push (scans, out, NULL);
    }
    g_thread_pool_free (scans, FALSE, TRUE);
    if (ok && unpack.error != NULL) {
        g_propagate_error (error, g_steal_pointer (&unpack.error));
        return FALSE;
    }
    g_clear_error (&unpack.error);
    return ok;
}

/* Its tree is read later. */
static void
lend_tree (BaseBundle *base)
{
    base->tree = bundle_tree_new (base->below->bundle);
    bundle_use_tree (base->bundle, bundle_tree_base (base->tree));
}

static gboolean
unpack (BaseBundle *base, const char *tmpdir, Progress *progress, GError **error)
{
    g_autoptr (GPtrArray) layers = bundle_carried_layers (base->bundle);
    guint64 total;
    g_autoptr (GArray) wanted = bundle_carried_diffids (base->bundle, &total);
    g_autoptr (GPtrArray) bundles = g_ptr_array_new ();
    g_autoptr (BundleBases) bases = NULL;
    g_autoptr (Rebuild) rebuild = NULL;
    gboolean ok;

    if (base->below != NULL)
        g_ptr_array_add (bundles, base->below);
    bases = bundle_bases_new (bundles, base->bundle->packing);
    bundle_bases_lend (bases, base->bundle);
    rebuild = rebuild_new (base->bundle, wanted, tmpdir, error);
    base->fd = file_temporary (tmpdir, error);
    if (rebuild == NULL || base->fd < 0)
        return FALSE;
    progress_begin (progress, "unpacking the base", total);
    ok = unpack_layers (base, layers, rebuild, progress, error);
    progress_end (progress);
    bundle_bases_lend (NULL, base->bundle);
    if (base->below != NULL)
        lend_tree (base);
    return ok;
}

/* Layers that it leaves out must be below. */
static gboolean
check_all_there (const BaseBundle *base, GError **error)
{
    const GArray *left_out = base->bundle->packing->left_out;

    for (guint i = 0; i < left_out->len; i++) {
        const Digest *diffid = &g_array_index (left_out, Digest, i);
        g_autofree char *text = digest_to_text (diffid);

        if (base_bundle_find (base, diffid) == NULL)
            return fail (error, ERR_BASE_MISSING,
                         "it leaves out layer %s, and the bundle beside it does not have it", text);
    }
    return TRUE;
}

static BaseBundle *
open_at (const char *path, const char *tmpdir, guint depth, Progress *progress, GError **error)
{
    g_autoptr (BaseBundle) base = g_new0 (BaseBundle, 1);

    base->fd = -1;
    base->carried = g_ptr_array_new_with_free_func (base_layer_free);
    base->by_diffid = g_hash_table_new (digest_hash_key, digest_equal_key);
    if (depth > DEPTH_MAX)
        return fail_null (error, ERR_FORMAT, "'%s': more than %d deltas, each on the next", path,
                          DEPTH_MAX);
    base->bundle = bundle_open (path, error);
    if (base->bundle != NULL)
        bundle_read_apart (base->bundle);
    if (base->bundle == NULL || (packing_is_delta (base->bundle->packing) &&
                                 !open_below (base, path, tmpdir, depth, progress, error)))
        return NULL;
    if (!unpack (base, tmpdir, progress, error) || !check_all_there (base, error)) {
        fail_prefix (error, "%s", path);
        return NULL;
    }
    return g_steal_pointer (&base);
}

BaseBundle *
base_bundle_open (const char *path, const char *tmpdir, Progress *progress, GError **error)
{
    return open_at (path, tmpdir, 0, progress, error);
}

GPtrArray *
base_bundles_open (char **paths, const char *tmpdir, Progress *progress, GError **error)
{
    g_autoptr (GPtrArray) bundles =
        g_ptr_array_new_with_free_func ((GDestroyNotify)base_bundle_free);

    for (char **path = paths; path != NULL && *path != NULL; path++) {
        BaseBundle *base = base_bundle_open (*path, tmpdir, progress, error);

        if (base == NULL)
            return NULL;
        g_ptr_array_add (bundles, base);
    }
    return g_steal_pointer (&bundles);
}
