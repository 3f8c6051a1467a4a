/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/image-files.h"
#include "manifest/file.h"

#include <sys/mman.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

static void
free_layer (gpointer layer)
{
    layer_files_free (layer);
}

static gboolean
check_name (gpointer path, gpointer file, gpointer data)
{
    g_assert (*(const char *)path == '/' && file != NULL);
    return FALSE;
}

/* The same layer twice: the second one meets all names of the first. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
    g_autoptr (GPtrArray) layers = g_ptr_array_new_with_free_func (free_layer);
    autofd int fd = memfd_create ("layer", MFD_CLOEXEC);
    LayerTar tar = { .fd = fd, .bytes = size };
    g_autoptr (GTree) names = NULL;

    g_assert (file_pwrite_all (fd, "layer", data, size, 0, NULL));
    for (guint i = 0; i < 2; i++) {
        LayerFiles *layer = layer_files_read (&tar, NULL);

        if (layer == NULL)
            return 0;
        g_ptr_array_add (layers, layer);
    }
    names = image_files_merge (layers);
    g_tree_foreach (names, check_name, NULL);
    return 0;
}
