/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/base-table.h"
#include "bundle/rebuild-state.h"
#include "manifest/error.h"

#include <string.h>

static void
free_recipe (gpointer recipe)
{
    recipe_free (recipe);
}

void
rebuild_free (Rebuild *rebuild)
{
    if (rebuild == NULL)
        return;
    rebuild_apart_close (rebuild);
    for (Region region = 0; region < N_REGIONS; region++)
        stream_free (rebuild->streams[region]);
    g_clear_pointer (&rebuild->layers, g_ptr_array_unref);
    g_clear_pointer (&rebuild->recipes, g_ptr_array_unref);
    g_clear_pointer (&rebuild->chosen, g_array_unref);
    recipe_table_free (rebuild->table);
    rebuild_form_close (rebuild);
    rebuild_base_close (rebuild);
    spool_free (rebuild->spool);
    digest_stream_free (rebuild->digest);
    g_free (rebuild->files);
    g_free (rebuild->frames);
    g_free (rebuild);
}

gboolean
rebuild_check_base (const Rebuild *rebuild, const BaseFile *file, GError **error)
{
    const GPtrArray *bases = rebuild->bundle->packing->bases;

    if (file->image < bases->len &&
        file->layer < ((PackingBase *)bases->pdata[file->image])->layers->len)
        return TRUE;
    return fail (error, ERR_FORMAT,
                 "recipe has a file of layer %" G_GUINT64_FORMAT " of base %" G_GUINT64_FORMAT
                 ", which the packing list does not have",
                 file->layer, file->image);
}

static gboolean
check_base_files (const Rebuild *rebuild, GError **error)
{
    for (guint i = 0; i < rebuild->table->files->len; i++) {
        const RecipeFile *file = &g_array_index (rebuild->table->files, RecipeFile, i);

        if (file->kind == RECIPE_BASE && !rebuild_check_base (rebuild, &file->base, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean
load_base_table (Rebuild *rebuild, GError **error)
{
    g_autoptr (GBytes) bytes = NULL;

    if (!packing_is_delta (rebuild->bundle->packing))
        return TRUE;
    bytes = bundle_read_meta (rebuild->bundle, BASE_TABLE_MEMBER, error);
    return bytes != NULL && base_table_parse (bytes, rebuild->table->bases, error);
}

static gboolean
load_recipes (Rebuild *rebuild, GError **error)
{
    if (!load_base_table (rebuild, error))
        return FALSE;
    for (guint i = 0; i < rebuild->layers->len; i++) {
        const StatementLayer *layer = rebuild->layers->pdata[i];
        g_autofree char *hex = digest_to_hex (&layer->diffid);
        g_autofree char *name = g_strdup_printf ("layers/%s", hex);
        g_autoptr (GBytes) bytes = bundle_read_meta (rebuild->bundle, name, error);
        Recipe *recipe;

        if (bytes == NULL)
            return FALSE;
        recipe = recipe_parse (bytes, layer->bytes, rebuild->table, error);
        if (recipe == NULL)
            return fail_prefix (error, "layer sha256:%s", hex);
        g_ptr_array_add (rebuild->recipes, recipe);
    }
    return check_base_files (rebuild, error);
}

/* Numbers of the wanted layers; they must come in the order of the statement. */
static gboolean
choose (Rebuild *rebuild, GArray *layers, GError **error)
{
    guint k = 0;

    for (guint i = 0; i < layers->len; i++) {
        const Digest *diffid = &g_array_index (layers, Digest, i);

        while (k < rebuild->layers->len &&
               !digest_equal (&((StatementLayer *)rebuild->layers->pdata[k])->diffid, diffid))
            k++;
        if (k == rebuild->layers->len)
            return fail (error, ERR_FAILED, "layers are not asked for in the statement's order");
        g_array_append_val (rebuild->chosen, k);
        k++;
    }
    return TRUE;
}

static void
count_uses (Rebuild *rebuild)
{
    RecipeFile *files = (RecipeFile *)(gpointer)rebuild->table->files->data;

    for (guint i = 0; i < rebuild->table->files->len; i++)
        rebuild->files[i].spool_at = NOT_SPOOLED;
    for (guint c = 0; c < rebuild->chosen->len; c++) {
        const Recipe *recipe = rebuild->recipes->pdata[g_array_index (rebuild->chosen, guint, c)];

        for (guint i = 0; i < recipe->ops->len; i++)
            rebuild->files[g_array_index (recipe->ops, RecipeOp, i).file].uses++;
    }
    for (guint i = 0; i < rebuild->table->files->len; i++)
        if (rebuild->files[i].uses > 0 && files[i].kind == RECIPE_PATCH)
            rebuild->files[files[i].source].uses++;
    for (guint i = 0; i < rebuild->table->files->len; i++)
        rebuild->unused += rebuild->files[i].uses == 0;
}

/* Marks the frames that hold length bytes at offset of a stream. */
static void
want (Rebuild *rebuild, Region region, guint64 offset, guint64 length)
{
    guint first, count;

    if (length == 0)
        return;
    bundle_region (rebuild->bundle, region, &first, &count);
    for (guint k = stream_frame_of (rebuild->streams[region], offset),
               last = stream_frame_of (rebuild->streams[region], offset + length - 1);
         k <= last && k < count; k++)
        rebuild->frames[first + k] = TRUE;
}

static guint64
literal_bytes (const Rebuild *rebuild, guint k)
{
    const Recipe *next;

    if (k + 1 == rebuild->recipes->len)
        return rebuild->table->literals - ((Recipe *)rebuild->recipes->pdata[k])->literals_at;
    next = rebuild->recipes->pdata[k + 1];
    return next->literals_at - ((Recipe *)rebuild->recipes->pdata[k])->literals_at;
}

static void
want_all (Rebuild *rebuild)
{
    for (guint c = 0; c < rebuild->chosen->len; c++) {
        guint k = g_array_index (rebuild->chosen, guint, c);

        want (rebuild, REGION_LITERALS, ((Recipe *)rebuild->recipes->pdata[k])->literals_at,
              literal_bytes (rebuild, k));
    }
    for (guint i = 0; i < rebuild->table->files->len; i++) {
        const RecipeFile *file = &g_array_index (rebuild->table->files, RecipeFile, i);

        if (rebuild->files[i].uses == 0)
            continue;
        if (file->kind == RECIPE_CONTENT)
            want (rebuild, REGION_DATA, file->data_at, file->inner);
        if (file->kind != RECIPE_PATCH)
            continue;
        want (rebuild, REGION_CONTROL, file->control_at, file->control + file->gaps + file->runs);
        want (rebuild, REGION_DIFFERENCE, file->values_at, file->values);
        want (rebuild, REGION_EXTRA, file->extra_at, file->extra);
    }
}

/* Streams are opened twice: once to know their layout, then with what will be read of them. */
static gboolean
open_streams (Rebuild *rebuild, GError **error)
{
    for (Region region = REGION_LITERALS; region < N_REGIONS; region++) {
        rebuild->streams[region] = stream_new (rebuild->bundle, region, NULL, error);
        if (rebuild->streams[region] == NULL)
            return FALSE;
    }
    want_all (rebuild);
    for (Region region = REGION_LITERALS; region < N_REGIONS; region++) {
        guint first, count;

        bundle_region (rebuild->bundle, region, &first, &count);
        stream_free (rebuild->streams[region]);
        rebuild->streams[region] =
            stream_new (rebuild->bundle, region,
                        g_memdup2 (rebuild->frames + first, count * sizeof (gboolean)), error);
        if (rebuild->streams[region] == NULL)
            return FALSE;
    }
    return TRUE;
}

static Rebuild *
rebuild_of (Bundle *bundle)
{
    Rebuild *rebuild = g_new0 (Rebuild, 1);

    rebuild->bundle = bundle;
    rebuild->layers = bundle_carried_layers (bundle);
    rebuild->recipes = g_ptr_array_new_with_free_func (free_recipe);
    rebuild->chosen = g_array_new (FALSE, FALSE, sizeof (guint));
    rebuild->table = recipe_table_new ();
    rebuild->frames = g_new0 (gboolean, bundle->frames->len + 1);
    return rebuild;
}

static gboolean
open_recipes (Rebuild *rebuild, GArray *layers, GError **error)
{
    if (!choose (rebuild, layers, error) || !load_recipes (rebuild, error))
        return FALSE;
    rebuild->files = g_new0 (FileState, rebuild->table->files->len + 1);
    count_uses (rebuild);
    return open_streams (rebuild, error);
}

Rebuild *
rebuild_new (Bundle *bundle, GArray *layers, const char *spool_dir, GError **error)
{
    g_autoptr (Rebuild) rebuild = rebuild_of (bundle);

    rebuild->digest = digest_stream_new ();
    if (bundle->apart)
        return choose (rebuild, layers, error) &&
                       rebuild_apart_open (rebuild, layers, spool_dir, error)
                   ? g_steal_pointer (&rebuild)
                   : NULL;
    if (!open_recipes (rebuild, layers, error))
        return NULL;
    rebuild->spool = spool_new (spool_dir, error);
    return rebuild->spool != NULL ? g_steal_pointer (&rebuild) : NULL;
}

Rebuild *
rebuild_new_with (Bundle *bundle, GArray *layers, int spool_fd, GError **error)
{
    g_autoptr (Rebuild) rebuild = rebuild_of (bundle);

    rebuild->spool = spool_new_in (spool_fd);
    return open_recipes (rebuild, layers, error) ? g_steal_pointer (&rebuild) : NULL;
}

static GPtrArray *
lent_files (const Rebuild *rebuild)
{
    GPtrArray *files = g_ptr_array_new ();

    for (guint i = 0; i < rebuild->lent->len; i++)
        g_ptr_array_add (files, &g_array_index (rebuild->lent, BaseFile, i));
    return files;
}

GPtrArray *
rebuild_base_files (const Rebuild *rebuild)
{
    GPtrArray *files;

    if (rebuild->lent != NULL)
        return lent_files (rebuild);
    files = g_ptr_array_new ();
    for (guint i = 0; i < rebuild->table->files->len; i++) {
        RecipeFile *file = &g_array_index (rebuild->table->files, RecipeFile, i);

        if (file->kind == RECIPE_BASE && rebuild->files[i].uses > 0)
            g_ptr_array_add (files, &file->base);
    }
    return files;
}

const gboolean *
rebuild_frames (const Rebuild *rebuild)
{
    return rebuild->frames;
}

void
rebuild_cost (const Rebuild *rebuild, RebuildCost *cost)
{
    RebuildCost sum = { .spool_bytes = rebuild->bundle->packing->spool };
    g_autoptr (GPtrArray) files = rebuild_base_files (rebuild);

    for (guint i = 0; i < rebuild->bundle->frames->len; i++) {
        if (!rebuild->frames[i])
            continue;
        sum.frames++;
        sum.bundle_bytes += g_array_index (rebuild->bundle->frames, Frame, i).compressed;
    }
    for (guint i = 0; i < files->len; i++)
        sum.base_bytes += ((BaseFile *)files->pdata[i])->length;
    *cost = sum;
}
