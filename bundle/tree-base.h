/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "bundle/bundle.h"

#include <glib.h>

/* Where the tree files come from that a delta leaves out: the tree of a release that it was made
 * against; on a host as it lies there, else in that release's bundle. Files are asked for in the
 * order of their paths, each at most once, and read from begin to end. */
typedef struct {
    /* From the first file on, also after others were read. */
    gboolean (*begin) (gpointer data, GError **error);
    /* ERR_BASE_MISSING: there is no such file. The caller checks what it is. */
    gboolean (*find) (gpointer data, const char *path, gboolean *executable, guint64 *size,
                      GError **error);
    /* The next bytes of the file found last: up to length, 0 at its end, -1 on error. */
    gssize (*read) (gpointer data, guint8 *bytes, gsize length, GError **error);
    gpointer data;
} TreeBase;

/* The tree is read with this base from now on; base is borrowed, and NULL takes it away. */
void bundle_use_tree (Bundle *bundle, const TreeBase *base);

/* The tree of one bundle as the base of another's. */
typedef struct BundleTree BundleTree;

/* Borrows bundle, which reads what it leaves out itself from its own TreeBase. */
BundleTree *bundle_tree_new (Bundle *bundle);
const TreeBase *bundle_tree_base (const BundleTree *tree); /* owned by tree */
void bundle_tree_free (BundleTree *tree);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BundleTree, bundle_tree_free)
