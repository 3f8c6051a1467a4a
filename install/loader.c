/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/loader.h"

#include "bundle/rebuild.h"
#include "install/base.h"
#include "install/copy-in.h"
#include "install/load.h"
#include "manifest/error.h"

struct Loader {
    Run *run;
    GHashTable *ranks; /* Digest → place of its first appearance in the statement */
    GPtrArray *wants;  /* GArray of StatementLayer, one per planned image */
    guint next;        /* index in wants of the next planned load */
    Rebuild *rebuild;  /* the pass under way, or NULL */
    guint until;       /* index in wants where it ends */
};

Loader *
loader_new (Run *run)
{
    Loader *loader = g_new0 (Loader, 1);
    guint rank = 0;

    loader->run = run;
    loader->wants = g_ptr_array_new_with_free_func ((GDestroyNotify)g_array_unref);
    loader->ranks = g_hash_table_new (digest_hash_key, digest_equal_key);
    for (guint i = 0; i < run->statement->images->len; i++) {
        const StatementImage *image = g_ptr_array_index (run->statement->images, i);

        for (guint k = 0; k < image->layers->len; k++) {
            StatementLayer *layer = &g_array_index (image->layers, StatementLayer, k);

            if (!g_hash_table_contains (loader->ranks, &layer->diffid))
                g_hash_table_insert (loader->ranks, &layer->diffid, GUINT_TO_POINTER (rank++));
        }
    }
    return loader;
}

void
loader_free (Loader *loader)
{
    if (loader == NULL)
        return;
    g_clear_pointer (&loader->rebuild, rebuild_free);
    g_ptr_array_unref (loader->wants);
    g_hash_table_unref (loader->ranks);
    g_free (loader);
}

static guint
rank_of (const Loader *loader, const StatementLayer *layer)
{
    return GPOINTER_TO_UINT (g_hash_table_lookup (loader->ranks, &layer->diffid));
}

static int
by_rank (gconstpointer a, gconstpointer b, gpointer data)
{
    guint left = rank_of (data, a), right = rank_of (data, b);

    return left < right ? -1 : left > right;
}

/* All that is sent, each layer once. */
static void
add_to_run (Loader *loader, const Digest *diffid)
{
    GArray *layers = loader->run->layers;

    for (guint i = 0; i < layers->len; i++)
        if (digest_equal (&g_array_index (layers, Digest, i), diffid))
            return;
    g_array_append_val (layers, *diffid);
}

static int
digests_by_rank (gconstpointer a, gconstpointer b, gpointer data)
{
    const Loader *loader = data;
    guint left = GPOINTER_TO_UINT (g_hash_table_lookup (loader->ranks, a));
    guint right = GPOINTER_TO_UINT (g_hash_table_lookup (loader->ranks, b));

    return left < right ? -1 : left > right;
}

void
loader_plan (Loader *loader, GArray *layers)
{
    g_array_sort_with_data (layers, by_rank, loader);
    g_ptr_array_add (loader->wants, g_array_ref (layers));
    for (guint i = 0; i < layers->len; i++)
        add_to_run (loader, &g_array_index (layers, StatementLayer, i).diffid);
    g_array_sort_with_data (loader->run->layers, digests_by_rank, loader);
}

static void
append_diffids (GArray *diffids, GArray *layers)
{
    for (guint i = 0; i < layers->len; i++)
        g_array_append_val (diffids, g_array_index (layers, StatementLayer, i).diffid);
}

/* The layers of one pass from image first on: as long as ranks only grow. */
static GArray *
pass_from (const Loader *loader, guint first, guint *until)
{
    GArray *diffids = g_array_new (FALSE, FALSE, sizeof (Digest));
    guint i = first, last = 0;

    for (; i < loader->wants->len; i++) {
        GArray *layers = g_ptr_array_index (loader->wants, i);

        if (layers->len == 0)
            continue;
        if (diffids->len > 0 &&
            rank_of (loader, &g_array_index (layers, StatementLayer, 0)) <= last)
            break;
        last = rank_of (loader, &g_array_index (layers, StatementLayer, layers->len - 1));
        append_diffids (diffids, layers);
    }
    *until = i;
    return diffids;
}

/* plan has no state folder, or may not write there. */
static const char *
spool_dir (const Loader *loader)
{
    return loader->run->options.write ? loader->run->host->state_path : NULL;
}

static void
note_base_files (Loader *loader, const Rebuild *rebuild)
{
    g_autoptr (GPtrArray) files = rebuild_base_files (rebuild);

    if (loader->run->bases != NULL)
        bases_add (loader->run->bases, files);
}

gboolean
loader_cost (Loader *loader, RebuildCost *cost, GError **error)
{
    guint first = 0, until;

    *cost = (RebuildCost){ 0 };
    for (; first < loader->wants->len; first = until) {
        g_autoptr (GArray) diffids = pass_from (loader, first, &until);
        g_autoptr (Rebuild) rebuild = NULL;
        RebuildCost one = { 0 };

        if (diffids->len == 0)
            break;
        rebuild = rebuild_new (loader->run->bundle, diffids, spool_dir (loader), error);
        if (rebuild == NULL)
            return FALSE;
        rebuild_cost (rebuild, &one);
        note_base_files (loader, rebuild);
        cost->base_bytes += one.base_bytes;
        cost->frames += one.frames;
        cost->bundle_bytes += one.bundle_bytes;
        cost->spool_bytes = MAX (cost->spool_bytes, one.spool_bytes);
    }
    return TRUE;
}

/* Base files of layers that were not planned. */
static gboolean
find_more (Loader *loader, GArray *diffids, GError **error)
{
    Run *run = loader->run;
    g_autoptr (Rebuild) rebuild = rebuild_new (run->bundle, diffids, spool_dir (loader), error);
    g_autoptr (GPtrArray) images = NULL;

    if (rebuild == NULL)
        return FALSE;
    note_base_files (loader, rebuild);
    images = engine_inspect_all (run->engine, error);
    if (images == NULL)
        return FALSE;
    bases_find (run->bases, images);
    return bases_check (run->bases, error) && bases_prepare (run->bases, error);
}

gboolean
loader_copy_more (Loader *loader, GArray *layers, GError **error)
{
    g_autoptr (GArray) diffids = g_array_new (FALSE, FALSE, sizeof (Digest));

    append_diffids (diffids, layers);
    g_array_sort_with_data (diffids, digests_by_rank, loader);
    return copy_in_frames (loader->run, diffids, error) &&
           (loader->run->bases == NULL || find_more (loader, diffids, error));
}

static gboolean
give_layer (const Digest *diffid, RebuildSink sink, gpointer sink_data, gpointer data,
            GError **error)
{
    return rebuild_layer (data, diffid, sink, sink_data, error);
}

/* The pass for what is asked: the one under way where it was planned so, else one of its own. */
static Rebuild *
rebuild_for (Loader *loader, GArray *layers, gboolean *own, GError **error)
{
    g_autoptr (GArray) diffids = NULL;

    *own = loader->next >= loader->wants->len ||
           g_ptr_array_index (loader->wants, loader->next) != layers;
    if (!*own && loader->rebuild != NULL && loader->next < loader->until)
        return loader->rebuild;
    g_clear_pointer (&loader->rebuild, rebuild_free);
    if (*own) {
        diffids = g_array_new (FALSE, FALSE, sizeof (Digest));
        append_diffids (diffids, layers);
    } else {
        diffids = pass_from (loader, loader->next, &loader->until);
    }
    loader->rebuild = rebuild_new (loader->run->bundle, diffids, spool_dir (loader), error);
    return loader->rebuild;
}

gboolean
loader_load (Loader *loader, const StatementImage *image, const char *name, GArray *layers,
             GError **error)
{
    Run *run = loader->run;
    g_autoptr (GBytes) config = bundle_read_config (run->bundle, image, error);
    Rebuild *rebuild = NULL;
    gboolean own = FALSE, done;
    Thin thin;

    if (config == NULL)
        return FALSE;
    g_array_sort_with_data (layers, by_rank, loader);
    /* An image that differs from one that is there only in its config sends no layer. */
    if (layers->len > 0) {
        rebuild = rebuild_for (loader, layers, &own, error);
        if (rebuild == NULL)
            return FALSE;
    }
    thin = (Thin){ image, config, name, layers, give_layer, rebuild };
    done = load_image (run->engine, &thin, run_stopped, run, run->progress, error);
    if (!own)
        loader->next++;
    /* A pass that broke off, or that served something unplanned, is somewhere else now. */
    if (!done || own)
        g_clear_pointer (&loader->rebuild, rebuild_free);
    return done;
}
