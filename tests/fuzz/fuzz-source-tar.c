/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/source-tar.h"
#include "manifest/file.h"
#include "tests/fuzz/sections.h"

#include <sys/mman.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

static const char *const names[] = { "manifest.json", "index.json", "oci-layout", "a", "b/c" };

/* Plain, gzip or zstd: whatever is found lies within the archive. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
    int fd = memfd_create ("archive", MFD_CLOEXEC);
    g_autoptr (SourceTar) tar = NULL;
    g_autoptr (GError) error = NULL;

    g_assert_true (file_pwrite_all (fd, "archive", data, size, 0, NULL));
    tar = source_tar_open (fd, "archive", scratch_folder (), NULL, &error);
    g_assert_true ((tar == NULL) == (error != NULL));
    for (guint i = 0; tar != NULL && i < G_N_ELEMENTS (names); i++) {
        SourceRange range;
        g_autoptr (GBytes) bytes = source_tar_read (tar, names[i], NULL);

        if (source_tar_find (tar, names[i], &range, NULL))
            g_assert_true (bytes == NULL || g_bytes_get_size (bytes) == range.bytes);
        else
            g_assert_null (bytes);
        g_assert_true (bytes == NULL || source_tar_has (tar, names[i]) || names[i][1] == '/');
    }
    return 0;
}
