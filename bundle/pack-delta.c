/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/pack-private.h"

#include "bundle/base.h"
#include "bundle/source.h"
#include "manifest/error.h"
#include "manifest/file.h"

#define HASH_CHUNK (1024 * 1024)

static void
add_from (Packer *packer, const Bundle *bundle)
{
    const Release *release = bundle_statement (bundle)->release;
    PackingFrom *from = g_new0 (PackingFrom, 1);

    from->version = g_strdup (release->version);
    from->release = release->release;
    from->digest = *bundle_release_digest (bundle);
    g_ptr_array_add (packer->packing.from, from);
}

/* Without have files the hosts are those at the base releases. */
static void
find_targets (Packer *packer)
{
    GPtrArray *bases = packer->options->bases, *haves = packer->options->haves;
    g_autoptr (GPtrArray) hosts = g_ptr_array_new ();

    packer->targets = targets_new ();
    for (guint i = 0; bases != NULL && i < bases->len; i++) {
        const Bundle *bundle = base_bundle_get (bases->pdata[i]);

        add_from (packer, bundle);
        if (haves == NULL || haves->len == 0)
            targets_add_release (packer->targets, bundle_statement (bundle)->images);
    }
    for (guint i = 0; haves != NULL && i < haves->len; i++) {
        targets_add_have (packer->targets, haves->pdata[i]);
        g_ptr_array_add (hosts, g_strdup (((Have *)haves->pdata[i])->host));
    }
    if (hosts->len == 0)
        return;
    g_ptr_array_add (hosts, NULL);
    packer->packing.hosts = (char **)g_ptr_array_free (g_steal_pointer (&hosts), FALSE);
}

/* How many of the image's lowest layers all hosts have there. */
static guint
common_layers (const Packer *packer, const StatementImage *image)
{
    g_autoptr (GArray) diffids = statement_image_diffids (image);

    return targets_common (packer->targets, diffids, TRUE);
}

/* A layer is left out only where all hosts have it everywhere that the release has it. */
static GHashTable *
find_left_out (const Packer *packer)
{
    GHashTable *left_out = g_hash_table_new (digest_hash_key, digest_equal_key);
    g_autoptr (GHashTable) needed = g_hash_table_new (digest_hash_key, digest_equal_key);

    for (guint i = 0; i < packer->statement.images->len; i++) {
        const StatementImage *image = packer->statement.images->pdata[i];
        guint common = common_layers (packer, image);

        for (guint k = 0; k < image->layers->len; k++) {
            Digest *diffid = &g_array_index (image->layers, StatementLayer, k).diffid;

            if (k >= common) {
                g_hash_table_add (needed, diffid);
                g_hash_table_remove (left_out, diffid);
            } else if (!g_hash_table_contains (needed, diffid)) {
                g_hash_table_add (left_out, diffid);
            }
        }
    }
    return left_out;
}

/* Nobody else reads a layer that is left out; its bytes must be what the config says, too. */
static gboolean
check_layer (const LayerTar *layer, Progress *progress, GError **error)
{
    g_autoptr (DigestStream) stream = digest_stream_new ();
    g_autofree guint8 *chunk = g_malloc (HASH_CHUNK);
    g_autofree char *text = digest_to_text (&layer->diffid);
    Digest found;

    for (guint64 at = 0; at < layer->bytes; at += HASH_CHUNK) {
        gsize n = (gsize)MIN (HASH_CHUNK, layer->bytes - at);

        if (!file_pread_all (layer->fd, "layer", chunk, n, layer->offset + at, error))
            return FALSE;
        digest_stream_add (stream, chunk, n);
        progress_add (progress, n);
    }
    digest_stream_finish (stream, &found);
    return digest_equal (&found, &layer->diffid) ||
           fail (error, ERR_FORMAT, "layer is not %s, as the image config says", text);
}

/* Each layer that is left out, once, in the order of the statement. */
static GArray *
list_left_out (Packer *packer, PackResult *result)
{
    g_autoptr (GHashTable) seen = g_hash_table_new (digest_hash_key, digest_equal_key);
    GArray *layers = g_array_new (FALSE, FALSE, sizeof (LayerTar));

    for (guint i = 0; i < packer->images->len; i++) {
        const SourceImage *image = packer->images->pdata[i];

        for (guint k = 0; k < image->layers->len; k++) {
            LayerTar *layer = &g_array_index (image->layers, LayerTar, k);

            if (!g_hash_table_contains (packer->left_out, &layer->diffid) ||
                !g_hash_table_add (seen, &layer->diffid))
                continue;
            g_array_append_val (layers, *layer);
            g_array_append_val (packer->packing.left_out, layer->diffid);
            result->left_out += layer->bytes;
        }
    }
    return layers;
}

static gboolean
check_left_out (Packer *packer, PackResult *result, GError **error)
{
    g_autoptr (GArray) layers = list_left_out (packer, result);
    gboolean ok = TRUE;

    if (layers->len == 0)
        return TRUE;
    progress_begin (packer->options->progress, "reading layers that hosts have", result->left_out);
    for (guint i = 0; ok && i < layers->len; i++)
        ok = check_layer (&g_array_index (layers, LayerTar, i), packer->options->progress, error);
    progress_end (packer->options->progress);
    return ok;
}

gboolean
pack_leave_out (Packer *packer, PackResult *result, GError **error)
{
    find_targets (packer);
    if (targets_count (packer->targets) == 0) {
        packer->left_out = g_hash_table_new (digest_hash_key, digest_equal_key);
        return TRUE;
    }
    packer->left_out = find_left_out (packer);
    if (packer->options->bases != NULL)
        packer->base_files = base_files_new (packer->options->bases, packer->targets);
    return pack_leave_out_tree (packer, result, error) && check_left_out (packer, result, error);
}

/* Makes sure that a base has the n lowest layers of the image. */
static void
cover (Packer *packer, const StatementImage *image, guint n)
{
    g_autoptr (GArray) diffids = statement_image_diffids (image);
    GPtrArray *bases = packer->packing.bases;
    PackingBase *base;

    for (guint i = 0; i < bases->len; i++) {
        if (digests_common (((PackingBase *)bases->pdata[i])->layers, diffids) >= n)
            return;
    }
    base = packing_base_new (targets_name (packer->targets, diffids, n));
    g_array_append_vals (base->layers, diffids->data, n);
    g_ptr_array_add (bases, base);
}

static void
cover_left_out (Packer *packer)
{
    for (guint i = 0; i < packer->statement.images->len; i++) {
        const StatementImage *image = packer->statement.images->pdata[i];

        for (guint k = image->layers->len; k > 0; k--)
            if (g_hash_table_contains (
                    packer->left_out,
                    &g_array_index (image->layers, StatementLayer, k - 1).diffid)) {
                cover (packer, image, k);
                break;
            }
    }
}

static void
take_base (Packer *packer, guint i)
{
    const PackingBase *from = base_files_bases (packer->base_files)->pdata[i];
    PackingBase *base = packing_base_new (from->name);

    packer->base_numbers[i] = packer->packing.bases->len;
    g_array_append_vals (base->layers, from->layers->data, from->layers->len);
    g_ptr_array_add (packer->packing.bases, base);
}

void
pack_number_bases (Packer *packer, PackResult *result)
{
    g_autofree gboolean *used = NULL;

    if (targets_count (packer->targets) == 0)
        return;
    if (packer->base_files != NULL) {
        guint n = base_files_bases (packer->base_files)->len;

        used = g_new0 (gboolean, n + 1);
        packer->base_numbers = g_new0 (guint, n + 1);
        for (guint i = 0; i < packer->schedule->files->len; i++) {
            guint32 base = g_array_index (packer->schedule->files, PackFile, i).base;

            if (base != NO_BASE_FILE)
                used[base_files_get (packer->base_files, base)->base] = TRUE;
        }
        for (guint i = 0; i < n; i++)
            if (used[i])
                take_base (packer, i);
    }
    cover_left_out (packer);
    result->delta = packing_is_delta (&packer->packing);
    if (result->delta)
        return;
    /* Nothing in common: what comes out is a full bundle. */
    g_ptr_array_set_size (packer->packing.from, 0);
    g_clear_pointer (&packer->packing.hosts, g_strfreev);
}
