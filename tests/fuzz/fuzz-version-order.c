/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/version-order.h"

#include <string.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

/* Two lines, two versions: the other way round the order is the other one, by each kind's rules,
 * and one version is equal to itself. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
    static const char *const kinds[] = { "apk", "deb", "npm", "pypi", "rpm" };
    g_autofree char *a = g_strndup (size > 0 ? (const char *)data : "", size);
    char *b = strchr (a, '\n');

    if (b == NULL)
        return 0;
    *b++ = '\0';
    for (guint i = 0; i < G_N_ELEMENTS (kinds); i++) {
        int there = 0, back = 0, same = 0;
        gboolean known = version_order_compare (kinds[i], a, b, &there);

        g_assert_true (version_order_compare (kinds[i], b, a, &back) == known);
        g_assert_true (!known || (there > 0) - (there < 0) == (back < 0) - (back > 0));
        g_assert_true (!version_order_compare (kinds[i], a, a, &same) || same == 0);
    }
    return 0;
}
