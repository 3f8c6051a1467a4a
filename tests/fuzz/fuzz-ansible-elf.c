/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/ansible-program.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
    g_auto (AnsibleElf) elf = { 0 };
    g_autoptr (GError) error = NULL;
    gboolean taken = ansible_elf_read (data, size, "python3", &elf, &error);

    g_assert_true (taken == (error == NULL));
    g_assert_true (!taken || elf.machine != NULL);
    g_assert_true (elf.loader == NULL || *elf.loader == '/');
    return 0;
}
