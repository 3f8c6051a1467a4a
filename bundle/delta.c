/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/bundle.h"

#include "bundle/reader.h"
#include "manifest/error.h"

void
bundle_use_bases (Bundle *bundle, const BaseReader *reader)
{
    bundle->bases = reader;
}

void
bundle_use_tree (Bundle *bundle, const TreeBase *base)
{
    bundle->tree_base = base;
}

/* Digests of an array as a set. */
static GHashTable *
set_of (const GArray *digests)
{
    GHashTable *set = g_hash_table_new (digest_hash_key, digest_equal_key);

    for (guint i = 0; i < digests->len; i++)
        g_hash_table_add (set, &g_array_index (digests, Digest, i));
    return set;
}

GPtrArray *
bundle_carried_layers (const Bundle *bundle)
{
    const Statement *statement = bundle->statement;
    g_autoptr (GHashTable) seen = set_of (bundle->packing->left_out);
    GPtrArray *layers = g_ptr_array_new ();

    for (guint i = 0; i < statement->images->len; i++) {
        const StatementImage *image = statement->images->pdata[i];

        for (guint k = 0; k < image->layers->len; k++) {
            StatementLayer *layer = &g_array_index (image->layers, StatementLayer, k);

            if (g_hash_table_add (seen, &layer->diffid))
                g_ptr_array_add (layers, layer);
        }
    }
    return layers;
}

/* Are these the lowest n layers of a base, too? */
static gboolean
is_in_a_base (const Packing *packing, const GArray *diffids, guint n)
{
    for (guint i = 0; i < packing->bases->len; i++)
        if (digests_common (diffids, ((PackingBase *)packing->bases->pdata[i])->layers) >= n)
            return TRUE;
    return FALSE;
}

GArray *
bundle_carried_diffids (const Bundle *bundle, guint64 *bytes)
{
    g_autoptr (GPtrArray) layers = bundle_carried_layers (bundle);
    GArray *diffids = g_array_new (FALSE, FALSE, sizeof (Digest));

    *bytes = 0;
    for (guint i = 0; i < layers->len; i++) {
        const StatementLayer *layer = layers->pdata[i];

        g_array_append_val (diffids, layer->diffid);
        *bytes += layer->bytes;
    }
    return diffids;
}

gboolean
bundle_check_left_out (const Bundle *bundle, GError **error)
{
    const Statement *statement = bundle->statement;
    g_autoptr (GHashTable) left_out = set_of (bundle->packing->left_out);
    g_autoptr (GHashTable) found = g_hash_table_new (digest_hash_key, digest_equal_key);

    for (guint i = 0; i < statement->images->len; i++) {
        const StatementImage *image = statement->images->pdata[i];
        g_autoptr (GArray) diffids = statement_image_diffids (image);

        for (guint k = 0; k < image->layers->len; k++) {
            StatementLayer *layer = &g_array_index (image->layers, StatementLayer, k);

            if (!g_hash_table_contains (left_out, &layer->diffid))
                continue;
            g_hash_table_add (found, &layer->diffid);
            if (!is_in_a_base (bundle->packing, diffids, k + 1))
                return fail (error, ERR_FORMAT,
                             "layer %u of image '%s' is left out, and no base has it there", k + 1,
                             image->name);
        }
    }
    if (g_hash_table_size (found) != g_hash_table_size (left_out))
        return fail (error, ERR_FORMAT,
                     "the packing list leaves out a layer that the statement does not have");
    return TRUE;
}
