/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/compare.h"

static void
count (const Diff *diff, DiffCount *to, const Digest *diffid)
{
    const StatementLayer *layer = g_hash_table_lookup (diff->sizes, diffid);

    to->n++;
    to->sized += layer != NULL;
    to->bytes += layer != NULL ? layer->bytes : 0;
}

/* Counts the layers of an image, without those in seen. */
static void
count_layers (const Diff *diff, DiffLayers *to, const DiffImage *image, gboolean in_b,
              GHashTable *seen)
{
    const DiffSide *other = &diff->sides[in_b ? 0 : 1];

    for (guint k = 0; k < image->layers->len; k++) {
        Digest *diffid = &g_array_index (image->layers, Digest, k);

        if (seen != NULL && !g_hash_table_add (seen, diffid))
            continue;
        if (!g_hash_table_contains (other->layers, diffid))
            count (diff, in_b ? &to->fresh : &to->gone, diffid);
        else if (in_b &&
                 g_hash_table_contains (other->chains, &g_array_index (image->chains, Digest, k)))
            count (diff, &to->same, diffid);
        else if (in_b)
            count (diff, &to->moved, diffid);
    }
}

static void
add_sizes (GHashTable *sizes, const DiffSide *side)
{
    const GPtrArray *images = side->bundle != NULL ? bundle_statement (side->bundle)->images : NULL;

    for (guint i = 0; images != NULL && i < images->len; i++) {
        GArray *layers = ((StatementImage *)images->pdata[i])->layers;

        for (guint k = 0; k < layers->len; k++) {
            StatementLayer *layer = &g_array_index (layers, StatementLayer, k);

            g_hash_table_insert (sizes, &layer->diffid, layer);
        }
    }
}

void
compare_layers (Diff *diff)
{
    g_autoptr (GHashTable) seen_a = g_hash_table_new (digest_hash_key, digest_equal_key);
    g_autoptr (GHashTable) seen_b = g_hash_table_new (digest_hash_key, digest_equal_key);

    diff->sizes = g_hash_table_new (digest_hash_key, digest_equal_key);
    add_sizes (diff->sizes, &diff->sides[0]);
    add_sizes (diff->sizes, &diff->sides[1]);
    for (guint i = 0; i < diff->images->len; i++) {
        DiffPair *pair = diff->images->pdata[i];

        if (pair->a != NULL) {
            count_layers (diff, &pair->layers, pair->a, FALSE, NULL);
            count_layers (diff, &diff->layers, pair->a, FALSE, seen_a);
        }
        if (pair->b != NULL) {
            count_layers (diff, &pair->layers, pair->b, TRUE, NULL);
            count_layers (diff, &diff->layers, pair->b, TRUE, seen_b);
        }
    }
}

void
compare_count_carried (const Bundle *bundle, DiffCount *carried, DiffCount *left_out)
{
    const GPtrArray *images = bundle_statement (bundle)->images;
    const GArray *without = bundle_packing (bundle)->left_out;
    g_autoptr (GHashTable) seen = g_hash_table_new (digest_hash_key, digest_equal_key);
    g_autoptr (GHashTable) absent = g_hash_table_new (digest_hash_key, digest_equal_key);

    for (guint i = 0; i < without->len; i++)
        g_hash_table_add (absent, &g_array_index (without, Digest, i));
    *carried = *left_out = (DiffCount){ 0 };
    for (guint i = 0; i < images->len; i++) {
        GArray *layers = ((StatementImage *)images->pdata[i])->layers;

        for (guint k = 0; k < layers->len; k++) {
            StatementLayer *layer = &g_array_index (layers, StatementLayer, k);
            DiffCount *to = g_hash_table_contains (absent, &layer->diffid) ? left_out : carried;

            if (!g_hash_table_add (seen, &layer->diffid))
                continue;
            to->n++;
            to->sized++;
            to->bytes += layer->bytes;
        }
    }
}
