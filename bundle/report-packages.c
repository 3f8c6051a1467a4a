/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/report-page.h"

#include <string.h>

static void
package_free (gpointer data)
{
    ReportPackage *package = data;

    g_ptr_array_unref (package->images);
    g_free (package);
}

gboolean
report_is_older (const DiffPackage *package)
{
    return package->change == PACKAGE_DOWNGRADED;
}

/* What gets older comes first, so that paper which leaves rows out shows it. */
static int
compare (gconstpointer a, gconstpointer b, gpointer data)
{
    const DiffPackage *one = a, *other = b;
    int order = report_is_older (other) - report_is_older (one);

    order = order != 0 ? order : strcmp (one->kind, other->kind);
    order = order != 0 ? order : strcmp (one->name, other->name);
    order = order != 0 ? order : strcmp (one->arch, other->arch);
    order = order != 0 ? order : g_strcmp0 (one->from, other->from);
    return order != 0 ? order : g_strcmp0 (one->to, other->to);
}

static gboolean
take (gpointer key, gpointer value, gpointer rows)
{
    g_ptr_array_add (rows, value);
    return FALSE;
}

static void
add_pair (GTree *tree, const DiffPair *pair)
{
    for (guint i = 0; i < pair->packages->len; i++) {
        DiffPackage *package = pair->packages->pdata[i];
        ReportPackage *row = g_tree_lookup (tree, package);

        if (row == NULL) {
            row = g_new0 (ReportPackage, 1);
            row->package = package;
            row->images = g_ptr_array_new ();
            g_tree_insert (tree, package, row);
        }
        g_ptr_array_add (row->images, (gpointer)pair);
    }
}

/* Of images on both sides: all packages of a new one would say nothing. */
GPtrArray *
report_list_packages (const Diff *diff)
{
    g_autoptr (GTree) tree = g_tree_new_full (compare, NULL, NULL, NULL);
    GPtrArray *rows = g_ptr_array_new_with_free_func (package_free);
    guint compared = 0;

    for (guint i = 0; i < diff->images->len; i++) {
        const DiffPair *pair = diff->images->pdata[i];

        if (pair->a == NULL || pair->b == NULL || pair->packages == NULL)
            continue;
        compared++;
        add_pair (tree, pair);
    }
    g_tree_foreach (tree, take, rows);
    for (guint i = 0; i < rows->len; i++)
        ((ReportPackage *)rows->pdata[i])->compared = compared;
    return rows;
}
