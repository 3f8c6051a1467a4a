/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/playbook-recap.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
    g_autoptr (GBytes) text = g_bytes_new (data, size);
    g_autoptr (PlaybookRecap) recap = playbook_recap_read (text, "site.yml", size % 2, NULL, NULL);
    g_autoptr (JsonObject) object = json_object_new ();

    if (recap != NULL && !playbook_recap_check (recap, "site.yml", NULL))
        playbook_recap_add (recap, object);
    return 0;
}
