/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/twice.h"
#include "tests/fuzz/sections.h"

#include <fcntl.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

/* As the two files of a host: one as it is, the other under a good check sum. */
static void
read_both (const guint8 *data, gsize size, GBytes *sealed)
{
    g_auto (Twice) twice = { 0 };
    int folder = open (scratch_folder (), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    scratch_write ("state.yaml", data, size);
    scratch_write ("state.copy.yaml", g_bytes_get_data (sealed, NULL), g_bytes_get_size (sealed));
    if (!twice_read (folder, "state", &twice, NULL))
        g_assert_null (twice.text);
    close (folder);
}

/* Once as it is, and once under a check sum that is right, to come behind that. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
    g_autoptr (GBytes) bytes = g_bytes_new (data, size);
    g_autoptr (GBytes) sealed = twice_seal (bytes);
    guint64 generation = 0;
    g_autoptr (GBytes) text = twice_open (bytes, "state.yaml", &generation, NULL);
    g_autoptr (GBytes) again = twice_open (sealed, "state.yaml", &generation, NULL);

    if (again != NULL)
        g_assert_true (g_bytes_equal (again, bytes));
    read_both (data, size, sealed);
    return 0;
}
