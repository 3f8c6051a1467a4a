/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "manifest/lint-inventory.h"
#include "manifest/lint-plays.h"
#include "manifest/yaml-loose.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

/* As a playbook and as an inventory: a pattern of the one against the names of the other. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
    g_autoptr (GBytes) text = g_bytes_new (data, size);
    g_autoptr (GError) error = NULL;
    g_autoptr (YamlNode) documents = yaml_parse_loose (text, "site.yml", &error);
    g_autoptr (GArray) plays = documents != NULL ? lint_plays_find (documents) : NULL;
    g_autoptr (LintInventory) inventory = lint_inventory_parse (text);

    g_assert_true ((documents == NULL) == (error != NULL));
    for (guint i = 0; plays != NULL && i < plays->len; i++) {
        const LintPlay *play = &g_array_index (plays, LintPlay, i);

        if (play->hosts != NULL)
            (void)lint_inventory_match (inventory, play->hosts);
    }
    return 0;
}
