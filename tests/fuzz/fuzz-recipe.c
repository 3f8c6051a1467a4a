/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/recipe.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

/* The same layer length as the unit test: what is taken must add up to it. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
    g_autoptr (GBytes) input = g_bytes_new (data, size);
    g_autoptr (RecipeTable) table = recipe_table_new ();
    g_autoptr (Recipe) recipe = recipe_parse (input, 10240, table, NULL);
    guint64 sum = 0;

    for (guint i = 0; recipe != NULL && i < recipe->ops->len; i++) {
        const RecipeOp *op = &g_array_index (recipe->ops, RecipeOp, i);

        sum += op->literal + g_array_index (table->files, RecipeFile, op->file).length;
    }
    g_assert (recipe == NULL || sum + recipe->rest == 10240);
    return 0;
}
