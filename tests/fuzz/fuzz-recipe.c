/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/recipe.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

/* The same layer length and base file as the unit test: what is taken must add up to it. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
    g_autoptr (GBytes) input = g_bytes_new (data, size);
    g_autoptr (RecipeTable) table = recipe_table_new ();
    g_autoptr (Recipe) recipe = NULL;
    BaseFile base = { .path = g_strdup ("etc/os-release"), .length = 100 };
    guint64 sum = 0;

    g_array_append_val (table->bases, base);
    recipe = recipe_parse (input, 10240, table, NULL);

    for (guint i = 0; recipe != NULL && i < recipe->ops->len; i++) {
        const RecipeOp *op = &g_array_index (recipe->ops, RecipeOp, i);

        sum += op->literal + g_array_index (table->files, RecipeFile, op->file).length;
    }
    g_assert (recipe == NULL || sum + recipe->rest == 10240);
    return 0;
}
