/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "manifest/lint.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

/* As a playbook and as an inventory: a pattern of the one against the names of the other. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
    g_autoptr (GBytes) text = g_bytes_new (data, size);
    g_autoptr (GError) error = NULL;
    g_autoptr (GArray) plays = lint_read_plays (text, "site.yml", &error);
    g_autoptr (GHashTable) names = lint_read_inventory (text);

    g_assert_true ((plays == NULL) == (error != NULL));
    for (guint i = 0; plays != NULL && i < plays->len; i++) {
        const LintPlay *play = &g_array_index (plays, LintPlay, i);

        if (play->hosts != NULL)
            (void)lint_hosts_may_match (play->hosts, names);
    }
    return 0;
}
