/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/compare.h"

#include <string.h>

void
compare_clear (Diff *diff)
{
    g_clear_pointer (&diff->releases, g_ptr_array_unref);
    g_clear_pointer (&diff->images, g_ptr_array_unref);
    g_clear_pointer (&diff->layers_read, g_ptr_array_unref);
    g_clear_pointer (&diff->why, g_free);
    g_clear_pointer (&diff->no_tree, g_free);
    g_clear_pointer (&diff->tree, g_ptr_array_unref);
    g_clear_pointer (&diff->trees[0], g_tree_unref);
    g_clear_pointer (&diff->trees[1], g_tree_unref);
    g_clear_pointer (&diff->sizes, g_hash_table_unref);
    g_clear_pointer (&diff->wanted[0], g_hash_table_unref);
    g_clear_pointer (&diff->wanted[1], g_hash_table_unref);
    compare_side_clear (&diff->sides[0]);
    compare_side_clear (&diff->sides[1]);
}

static const DiffProduct *
find_product (const DiffSide *side, const char *name)
{
    for (guint i = 0; i < side->products->len; i++)
        if (strcmp (((DiffProduct *)side->products->pdata[i])->product, name) == 0)
            return side->products->pdata[i];
    return NULL;
}

static void
add_release (Diff *diff, const DiffProduct *a, const DiffProduct *b)
{
    const DiffProduct **row = g_new (const DiffProduct *, 2);

    row[0] = a;
    row[1] = b;
    g_ptr_array_add (diff->releases, row);
}

/* Two bundles are compared whatever their products; a host beside a bundle by that product alone.
 */
void
compare_releases (Diff *diff)
{
    const DiffSide *a = &diff->sides[0], *b = &diff->sides[1];

    diff->releases = g_ptr_array_new_with_free_func (g_free);
    if (a->have == NULL) {
        const DiffProduct *product = a->products->pdata[0];

        add_release (diff, product,
                     b->have == NULL ? b->products->pdata[0] : find_product (b, product->product));
        return;
    }
    for (guint i = 0; i < b->products->len; i++) {
        const DiffProduct *product = b->products->pdata[i];

        add_release (diff, find_product (a, product->product), product);
    }
    for (guint i = 0; b->have != NULL && i < a->products->len; i++) {
        const DiffProduct *product = a->products->pdata[i];

        if (find_product (b, product->product) == NULL)
            add_release (diff, product, NULL);
    }
}
