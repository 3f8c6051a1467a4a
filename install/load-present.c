/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/load.h"

/* A set of chainIDs (graphdriver) or of diffIDs (Podman, containerd). */
struct LoadPresent {
    EngineStore store;
    GHashTable *set; /* Digest, owned */
};

static void
add_digest (LoadPresent *present, const Digest *digest)
{
    g_hash_table_add (present->set, g_memdup2 (digest, sizeof *digest));
}

void
load_present_add (LoadPresent *present, GArray *layers)
{
    Digest chain;

    for (guint i = 0; i < layers->len; i++) {
        const Digest *diffid = &g_array_index (layers, Digest, i);

        chain = digest_chain (i > 0 ? &chain : NULL, diffid);
        add_digest (present, present->store == STORE_GRAPHDRIVER ? &chain : diffid);
    }
}

LoadPresent *
load_present_of (EngineStore store, GPtrArray *images, GHashTable *ours)
{
    LoadPresent *present = g_new0 (LoadPresent, 1);

    present->store = store;
    present->set = g_hash_table_new_full (digest_hash_key, digest_equal_key, g_free, NULL);
    for (guint i = 0; i < images->len; i++) {
        const EngineImage *image = g_ptr_array_index (images, i);

        /* A pulled image has compressed blobs or none: what is built on it is not whole. */
        if (store == STORE_CONTAINERD && !g_hash_table_contains (ours, &image->id))
            continue;
        load_present_add (present, image->layers);
    }
    return present;
}

LoadPresent *
load_present_new (Engine *engine, GHashTable *ours, GError **error)
{
    g_autoptr (GPtrArray) images = engine_inspect_all (engine, error);

    return images != NULL ? load_present_of (engine_info (engine)->store, images, ours) : NULL;
}

gboolean
load_present_has (const LoadPresent *present, const GArray *layers)
{
    Digest chain;

    for (guint i = 0; i < layers->len; i++) {
        const Digest *diffid = &g_array_index (layers, Digest, i);

        chain = digest_chain (i > 0 ? &chain : NULL, diffid);
        if (!g_hash_table_contains (present->set,
                                    present->store == STORE_GRAPHDRIVER ? &chain : diffid))
            return FALSE;
    }
    return TRUE;
}

void
load_present_free (LoadPresent *present)
{
    if (present == NULL)
        return;
    g_clear_pointer (&present->set, g_hash_table_unref);
    g_free (present);
}

static gboolean
has_layer (GArray *layers, const Digest *diffid)
{
    for (guint i = 0; i < layers->len; i++)
        if (digest_equal (&g_array_index (layers, StatementLayer, i).diffid, diffid))
            return TRUE;
    return FALSE;
}

/* With present NULL nothing is there. */
static GArray *
collect (const LoadPresent *present, const StatementImage *image)
{
    GArray *missing = g_array_new (FALSE, FALSE, sizeof (StatementLayer));
    Digest chain;

    for (guint i = 0; i < image->layers->len; i++) {
        const StatementLayer *layer = &g_array_index (image->layers, StatementLayer, i);
        const Digest *key = &layer->diffid;

        chain = digest_chain (i > 0 ? &chain : NULL, &layer->diffid);
        if (present != NULL && present->store == STORE_GRAPHDRIVER)
            key = &chain;
        if (present != NULL && g_hash_table_contains (present->set, key))
            continue;
        if (!has_layer (missing, &layer->diffid))
            g_array_append_val (missing, *layer);
    }
    return missing;
}

GArray *
load_present_missing (const LoadPresent *present, const StatementImage *image)
{
    return collect (present, image);
}

GArray *
load_all_layers (const StatementImage *image)
{
    return collect (NULL, image);
}
