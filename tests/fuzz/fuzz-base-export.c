/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/base-state.h"
#include "install/run.h"
#include "manifest/file.h"
#include "tests/fuzz/stream-input.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* The reader of an image's export, with the input in the place of the engine. */
#define bases_prepare base_export_prepare
gboolean base_export_prepare (Bases *bases, GError **error);
#include "install/base-export.c"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

/* Two files that are wanted, one of them under a name that links lead to. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
    Input input = { data, size };
    Run run = { 0 };
    BaseFile one = { .path = (char *)"etc/a", .length = 3, .checksum = 0x352441c2 };
    BaseFile two = { .path = (char *)"bin/b", .length = 700 };
    Bases bases = { .run = &run,
                    .spool_fd = memfd_create ("spool", MFD_CLOEXEC),
                    .spooled = g_hash_table_new_full (NULL, NULL, NULL, g_free),
                    .wrong = g_hash_table_new_full (NULL, NULL, NULL, g_free) };
    g_autoptr (GError) error = NULL;

    {
        g_auto (Pass) pass = {
            .bases = &bases,
            .stream = (gpointer)&input,
            .wanted = new_wants (),
            .kept = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free),
            .later = new_wants (),
            .buffer = g_malloc (READ_BYTES),
        };

        want (pass.wanted, one.path, &one);
        want (pass.wanted, two.path, &two);
        g_assert_true (read_tar (&pass, &error) == (error == NULL));
    }
    g_assert_cmpuint (bases.spool_end, <=, 2 * 703);
    g_hash_table_unref (bases.spooled);
    g_hash_table_unref (bases.wrong);
    close (bases.spool_fd);
    return 0;
}
