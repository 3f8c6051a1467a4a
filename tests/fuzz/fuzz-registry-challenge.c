/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/registry-challenge.h"

#include <string.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
    g_autofree char *input = g_strndup (size > 0 ? (const char *)data : "", size);
    g_autoptr (GPtrArray) list = challenge_list_new ();
    const Challenge *chosen;
    gboolean ok = challenge_parse (input, list, NULL);

    g_assert (ok || list->len == 0);
    chosen = challenge_choose (list);
    for (guint i = 0; i < list->len; i++)
        g_assert (*((const Challenge *)list->pdata[i])->scheme != '\0');
    if (chosen != NULL)
        g_assert (strcmp (chosen->scheme, "basic") == 0 ||
                  (strcmp (chosen->scheme, "bearer") == 0 && chosen->realm != NULL));
    return 0;
}
