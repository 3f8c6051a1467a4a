/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "manifest/size.h"

char *
size_to_text (guint64 bytes)
{
    static const char *const units[] = { "kB", "MB", "GB", "TB", "PB", "EB" };
    gsize unit = 0;
    double value = (double)bytes / 1000;

    if (bytes < 1000)
        return g_strdup_printf ("%" G_GUINT64_FORMAT " B", bytes);
    while (value >= 999.95 && unit + 1 < G_N_ELEMENTS (units)) {
        value /= 1000;
        unit++;
    }
    return g_strdup_printf ("%.1f %s", value, units[unit]);
}
