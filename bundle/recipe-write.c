/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/recipe-write.h"

#include "bundle/format.h"
#include "bundle/recipe.h"

static void
put_file (GByteArray *out, const Contents *contents, const Patches *patches, const PackFile *file)
{
    const Content *content = &g_array_index (contents->contents, Content, file->content);
    const StoredPatch *patch;

    recipe_put_number (out, file->patched ? RECIPE_PATCH : RECIPE_CONTENT);
    recipe_put_number (out, content->length);
    if (!file->patched)
        return;
    patch = &g_array_index (patches->patches, StoredPatch, content->patch);
    recipe_put_number (out, file->source);
    recipe_put_number (out, patch->control);
    recipe_put_number (out, patch->difference);
    recipe_put_number (out, patch->extra);
}

GBytes *
recipe_write (const Contents *contents, const Schedule *schedule, const Patches *patches, guint i)
{
    const PackLayer *layer = contents->layers->pdata[i];
    const LayerSchedule *plan = schedule->layers->pdata[i];
    GByteArray *out = g_byte_array_new ();
    guint64 expected = plan->first_file;

    recipe_put_number (out, RECIPE_VERSION);
    recipe_put_number (out, plan->n_files);
    for (guint64 k = 0; k < plan->n_files; k++)
        put_file (out, contents, patches,
                  &g_array_index (schedule->files, PackFile, plan->first_file + k));
    recipe_put_number (out, layer->uses->len);
    for (guint k = 0; k < layer->uses->len; k++) {
        guint64 file = g_array_index (plan->files, guint64, k);

        recipe_put_number (out, g_array_index (layer->uses, ContentUse, k).literal);
        recipe_put_number (out, recipe_zigzag ((gint64)(file - expected)));
        expected = MAX (expected, file + 1);
    }
    return g_byte_array_free_to_bytes (out);
}
