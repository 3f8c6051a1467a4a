/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/image-files.h"
#include "manifest/file.h"
#include "tests/unit/corpus.h"

#include <sys/mman.h>
#include <sys/stat.h>

static LayerFiles *
read_layer (GBytes *input, GError **error)
{
    autofd int fd = memfd_create ("layer", MFD_CLOEXEC);
    LayerTar tar = { .fd = fd, .bytes = g_bytes_get_size (input) };

    g_assert_true (
        file_pwrite_all (fd, "layer", g_bytes_get_data (input, NULL), tar.bytes, 0, NULL));
    return layer_files_read (&tar, error);
}

static gboolean
parse (GBytes *input, GError **error)
{
    g_autoptr (LayerFiles) layer = read_layer (input, error);

    return layer != NULL;
}

static void
test_corpus (void)
{
    corpus_walk ("layer-files", parse);
}

static GTree *
merge (const char *const *names, GPtrArray *layers)
{
    for (; *names != NULL; names++) {
        g_autofree char *path = g_build_filename (TEST_DATA, "layer-files", *names, NULL);
        g_autoptr (GBytes) input = file_read_given (path, 1024 * 1024, NULL);
        LayerFiles *layer = read_layer (input, NULL);

        g_assert_nonnull (layer);
        g_ptr_array_add (layers, layer);
    }
    return image_files_merge (layers);
}

static void
free_layer (gpointer layer)
{
    layer_files_free (layer);
}

/* Whiteouts hit the layers below, not their own; hard links share what they name. */
static void
test_merged_names (void)
{
    static const char *const names[] = { "ok-names.tar", "ok-whiteouts.tar", NULL };
    g_autoptr (GPtrArray) layers = g_ptr_array_new_with_free_func (free_layer);
    g_autoptr (GTree) tree = merge (names, layers);
    const ImageFile *file = g_tree_lookup (tree, "/keep/file");

    g_assert_nonnull (file);
    g_assert_cmpuint (file->size, ==, 5);
    g_assert_true (S_ISREG (file->mode) && (file->mode & 07777) == 0640);
    g_assert_cmpuint (file->uid, ==, 7);
    g_assert_true (g_tree_lookup (tree, "/keep/same") == file);
    g_assert_null (g_tree_lookup (tree, "/gone"));
    g_assert_null (g_tree_lookup (tree, "/folder/a"));
    g_assert_null (g_tree_lookup (tree, "/opaque/old"));
    g_assert_nonnull (g_tree_lookup (tree, "/opaque/new"));
    g_assert_nonnull (g_tree_lookup (tree, "/folder"));
    g_assert_nonnull (g_tree_lookup (tree, "/outside"));
    g_assert_cmpint (g_tree_nnodes (tree), ==, 5);
}

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/image-files/corpus", test_corpus);
    g_test_add_func ("/image-files/merged-names", test_merged_names);
    return g_test_run ();
}
