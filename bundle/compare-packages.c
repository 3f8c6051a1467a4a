/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/compare.h"
#include "manifest/error.h"

#include <string.h>

/* One package name on one architecture: usually one version a side, but a list may have more. */
typedef struct {
    const Package *package; /* one of them */
    GPtrArray *versions[2]; /* char *, borrowed, in the order of the lists */
} Row;

static void
row_free (gpointer data)
{
    Row *row = data;

    g_ptr_array_unref (row->versions[0]);
    g_ptr_array_unref (row->versions[1]);
    g_free (row);
}

static void
package_free (gpointer data)
{
    DiffPackage *package = data;

    g_free (package->kind);
    g_free (package->name);
    g_free (package->arch);
    g_free (package->from);
    g_free (package->to);
    g_free (package);
}

static int
compare_rows (gconstpointer a, gconstpointer b, gpointer data)
{
    const Package *one = a, *other = b;
    int order = strcmp (one->kind, other->kind);

    order = order != 0 ? order : strcmp (one->name, other->name);
    return order != 0 ? order : strcmp (one->arch, other->arch);
}

static void
add_list (GTree *rows, const PackageList *list, guint side)
{
    for (guint i = 0; i < list->packages->len; i++) {
        Package *package = list->packages->pdata[i];
        Row *row = g_tree_lookup (rows, package);

        if (row == NULL) {
            row = g_new0 (Row, 1);
            row->package = package;
            row->versions[0] = g_ptr_array_new ();
            row->versions[1] = g_ptr_array_new ();
            g_tree_insert (rows, package, row);
        }
        g_ptr_array_add (row->versions[side], package->version);
    }
}

/* The versions of a side that the other has not, in one text; NULL where there are none. */
static char *
only_on (const Row *row, guint side, guint *n)
{
    g_autoptr (GString) text = g_string_new (NULL);

    *n = 0;
    for (guint i = 0; i < row->versions[side]->len; i++) {
        const char *version = row->versions[side]->pdata[i];

        if (g_ptr_array_find_with_equal_func (row->versions[1 - side], version, g_str_equal, NULL))
            continue;
        g_string_append_printf (text, "%s%s", text->len > 0 ? ", " : "", version);
        (*n)++;
    }
    return text->len > 0 ? g_string_free (g_steal_pointer (&text), FALSE) : NULL;
}

static PackageChange
change_of (const char *kind, const char *from, const char *to, gboolean single)
{
    int order;

    if (from == NULL || to == NULL)
        return from == NULL ? PACKAGE_ADDED : PACKAGE_REMOVED;
    if (!single || !version_order_compare (kind, from, to, &order) || order == 0)
        return PACKAGE_CHANGED;
    return order < 0 ? PACKAGE_UPGRADED : PACKAGE_DOWNGRADED;
}

static gboolean
has_name (const GTreeNode *node, const Package *package)
{
    const Package *other = node != NULL ? g_tree_node_key ((GTreeNode *)node) : NULL;

    return other != NULL && strcmp (other->kind, package->kind) == 0 &&
           strcmp (other->name, package->name) == 0;
}

static GPtrArray *
list_changes (GTree *rows)
{
    GPtrArray *changes = g_ptr_array_new_with_free_func (package_free);

    for (GTreeNode *node = g_tree_node_first (rows); node != NULL; node = g_tree_node_next (node)) {
        const Row *row = g_tree_node_value (node);
        guint n_from, n_to;
        g_autofree char *from = only_on (row, 0, &n_from);
        g_autofree char *to = only_on (row, 1, &n_to);
        DiffPackage *change;

        if (from == NULL && to == NULL)
            continue;
        change = g_new0 (DiffPackage, 1);
        change->kind = g_strdup (row->package->kind);
        change->name = g_strdup (row->package->name);
        change->arch = g_strdup (row->package->arch);
        change->show_arch = package_known (row->package->arch) != NULL &&
                            (has_name (g_tree_node_previous (node), row->package) ||
                             has_name (g_tree_node_next (node), row->package));
        change->change = change_of (change->kind, from, to, n_from == 1 && n_to == 1);
        change->from = g_steal_pointer (&from);
        change->to = g_steal_pointer (&to);
        g_ptr_array_add (changes, change);
    }
    return changes;
}

/* Adds the packages of one side's image; none where that side has no such image. */
static PackageList *
read_list (const Diff *diff, DiffPair *pair, guint side, GTree *rows, GError **error)
{
    const DiffImage *image = side == 0 ? pair->a : pair->b;
    PackageList *list;

    if (image == NULL)
        return package_list_new ();
    list = bundle_read_packages (diff->sides[side].bundle, image->image, error);
    if (list == NULL)
        return fail_prefix (error, "%s: image '%s'", diff->sides[side].path, image->name), NULL;
    pair->n_packages[side] = list->packages->len;
    pair->unread[side] = list->unread;
    add_list (rows, list, side);
    return list;
}

static gboolean
compare_pair (const Diff *diff, DiffPair *pair, GError **error)
{
    g_autoptr (GTree) rows = g_tree_new_full (compare_rows, NULL, NULL, row_free);
    g_autoptr (PackageList) a = NULL;
    g_autoptr (PackageList) b = NULL;

    if ((pair->a != NULL && pair->a->image == NULL) || (pair->b != NULL && pair->b->image == NULL))
        return TRUE;
    a = read_list (diff, pair, 0, rows, error);
    b = a != NULL ? read_list (diff, pair, 1, rows, error) : NULL;
    if (b == NULL)
        return FALSE;
    pair->packages = list_changes (rows);
    return TRUE;
}

gboolean
compare_packages (Diff *diff, GError **error)
{
    for (guint i = 0; i < diff->images->len; i++)
        if (!compare_pair (diff, diff->images->pdata[i], error))
            return FALSE;
    return TRUE;
}
