/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/recipe-write.h"

#include "bundle/format.h"
#include "bundle/recipe.h"

#include <string.h>

static void
put_base_file (GByteArray *out, const BaseContent *file, const guint *numbers)
{
    gsize length = strlen (file->extent->path);

    recipe_put_number (out, RECIPE_BASE);
    recipe_put_number (out, file->extent->length);
    recipe_put_number (out, numbers[file->base]);
    recipe_put_number (out, file->layer);
    recipe_put_number (out, file->extent->checksum);
    recipe_put_number (out, length);
    g_byte_array_append (out, (const guint8 *)file->extent->path, (guint)length);
}

static void
put_file (GByteArray *out, const RecipeSource *from, const PackFile *file)
{
    const Content *content;
    const StoredPatch *patch;

    if (file->base != NO_BASE_FILE) {
        put_base_file (out, base_files_get (from->contents->bases, file->base), from->bases);
        return;
    }
    content = &g_array_index (from->contents->contents, Content, file->content);

    recipe_put_number (out, file->patched ? RECIPE_PATCH : RECIPE_CONTENT);
    recipe_put_number (out, content->length);
    if (!file->patched)
        return;
    patch = &g_array_index (from->patches->patches, StoredPatch, content->patch);
    recipe_put_number (out, file->source);
    for (guint i = 0; i < N_PARTS; i++)
        recipe_put_number (out, patch->length[i]);
}

GBytes *
recipe_write (const RecipeSource *from, guint i)
{
    const PackLayer *layer = from->contents->layers->pdata[i];
    const LayerSchedule *plan = from->schedule->layers->pdata[i];
    GByteArray *out = g_byte_array_new ();
    guint64 expected = plan->first_file;

    recipe_put_number (out, RECIPE_VERSION);
    recipe_put_number (out, plan->n_files);
    for (guint64 k = 0; k < plan->n_files; k++)
        put_file (out, from,
                  &g_array_index (from->schedule->files, PackFile, plan->first_file + k));
    recipe_put_number (out, layer->uses->len);
    for (guint k = 0; k < layer->uses->len; k++) {
        guint64 file = g_array_index (plan->files, guint64, k);

        recipe_put_number (out, g_array_index (layer->uses, ContentUse, k).literal);
        recipe_put_number (out, recipe_zigzag ((gint64)(file - expected)));
        expected = MAX (expected, file + 1);
    }
    return g_byte_array_free_to_bytes (out);
}
