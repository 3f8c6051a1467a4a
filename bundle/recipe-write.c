/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/recipe-write.h"

#include "bundle/base-table.h"
#include "bundle/format.h"
#include "bundle/recipe.h"

static void
put_file (GByteArray *out, const RecipeSource *from, const PackFile *file)
{
    const Content *content;
    const StoredPatch *patch;

    if (file->base != NO_BASE_FILE) {
        recipe_put_number (out, RECIPE_BASE);
        return;
    }
    content = &g_array_index (from->contents->contents, Content, file->content);

    if (!file->patched) {
        recipe_put_number (out, content->inner_length > 0 ? RECIPE_PACKED_CONTENT : RECIPE_CONTENT);
        recipe_put_number (out, content->length);
        if (content->inner_length > 0)
            recipe_put_number (out, content->inner_length);
        return;
    }
    patch = &g_array_index (from->patches->patches, StoredPatch, content->patch);
    recipe_put_number (out, patch->form == FORM_PLAIN ? RECIPE_PATCH : RECIPE_FORMED_PATCH);
    recipe_put_number (out, content->length);
    if (patch->form != FORM_PLAIN)
        recipe_put_number (out, patch->form);
    if ((patch->form & FORM_PACKED) != 0)
        recipe_put_number (out, patch->inner);
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

GBytes *
recipe_write_bases (const RecipeSource *from)
{
    g_autoptr (GArray) rows = base_table_new ();

    for (guint i = 0; i < from->schedule->files->len; i++) {
        guint32 number = g_array_index (from->schedule->files, PackFile, i).base;
        const BaseContent *base;
        BaseFile row;

        if (number == NO_BASE_FILE)
            continue;
        base = base_files_get (from->contents->bases, number);
        row = (BaseFile){ from->bases[base->base], base->layer, g_strdup (base->extent->path),
                          base->extent->length, base->extent->checksum };
        g_array_append_val (rows, row);
    }
    return base_table_write (rows);
}
