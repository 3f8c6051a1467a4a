/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/contents.h"

#include "manifest/error.h"

#include <string.h>

static void
pack_layer_free (gpointer data)
{
    PackLayer *layer = data;

    g_array_unref (layer->uses);
    g_free (layer);
}

void
contents_free (Contents *contents)
{
    if (contents == NULL)
        return;
    g_array_unref (contents->contents);
    g_ptr_array_unref (contents->layers);
    g_free (contents);
}

typedef struct {
    const LayerTar *layer;
    Progress *progress;
    GArray *extents;
    GError *error;
} ScanJob;

static void
run_scan (gpointer data, gpointer user)
{
    ScanJob *job = data;

    job->extents = scan_layer (job->layer, NULL, job->progress, &job->error);
}

static guint32
find_content (Contents *contents, GHashTable *by_digest, const LayerTar *layer, Extent *extent)
{
    gpointer found;
    Content content = { .length = extent->length,
                        .layer = layer,
                        .offset = extent->offset,
                        .base = NO_BASE_FILE,
                        .source = NO_CONTENT,
                        .base_source = NO_BASE_FILE,
                        .patch = NO_CONTENT };
    guint32 number = contents->contents->len;

    if (g_hash_table_lookup_extended (by_digest, &extent->digest, NULL, &found))
        return GPOINTER_TO_UINT (found);
    memcpy (content.sketch, extent->sketch, sizeof content.sketch);
    content.path = g_steal_pointer (&extent->path);
    if (contents->bases != NULL)
        content.base = base_files_find (contents->bases, &extent->digest, extent->length);
    g_array_append_val (contents->contents, content);
    g_hash_table_insert (by_digest, g_memdup2 (&extent->digest, sizeof (Digest)),
                         GUINT_TO_POINTER (number));
    return number;
}

static void
add_layer (Contents *contents, GHashTable *by_digest, const ScanJob *job)
{
    PackLayer *layer = g_new0 (PackLayer, 1);
    guint64 at = 0;

    layer->source = *job->layer;
    layer->uses = g_array_new (FALSE, FALSE, sizeof (ContentUse));
    g_ptr_array_add (contents->layers, layer);
    for (guint i = 0; i < job->extents->len; i++) {
        Extent *extent = &g_array_index (job->extents, Extent, i);
        ContentUse use = { .literal = extent->offset - at };

        use.content = find_content (contents, by_digest, &layer->source, extent);
        g_array_append_val (layer->uses, use);
        at = extent->offset + extent->length;
    }
    layer->rest = job->layer->bytes - at;
}

static void
clear_content (gpointer data)
{
    g_free (((Content *)data)->path);
}

Contents *
contents_new (GArray *layers, const BaseFiles *bases, guint jobs, Progress *progress,
              GError **error)
{
    g_autoptr (Contents) contents = g_new0 (Contents, 1);
    g_autoptr (GHashTable) by_digest =
        g_hash_table_new_full (digest_hash_key, digest_equal_key, g_free, NULL);
    g_autofree ScanJob *all = g_new0 (ScanJob, layers->len + 1);
    GThreadPool *pool = g_thread_pool_new (run_scan, NULL, (gint)jobs, FALSE, NULL);
    gboolean ok = TRUE;

    contents->bases = bases;
    contents->contents = g_array_new (FALSE, FALSE, sizeof (Content));
    g_array_set_clear_func (contents->contents, clear_content);
    contents->layers = g_ptr_array_new_with_free_func (pack_layer_free);
    for (guint i = 0; i < layers->len; i++) {
        all[i].layer = &g_array_index (layers, LayerTar, i);
        all[i].progress = progress;
        g_thread_pool_push (pool, &all[i], NULL);
    }
    g_thread_pool_free (pool, FALSE, TRUE);
    for (guint i = 0; i < layers->len; i++) {
        if (ok && all[i].extents == NULL) {
            g_propagate_error (error, g_steal_pointer (&all[i].error));
            ok = FALSE;
        }
        if (ok)
            add_layer (contents, by_digest, &all[i]);
        g_clear_error (&all[i].error);
        g_clear_pointer (&all[i].extents, g_array_unref);
    }
    return ok ? g_steal_pointer (&contents) : NULL;
}
