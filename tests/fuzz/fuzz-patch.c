/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/patch.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

#define SOURCE_BYTES 64

static gboolean
port_zeros (gpointer made, guint8 *bytes, gsize length, GError **error)
{
    for (gsize i = 0; i < length; i++)
        bytes[i] = 0;
    return TRUE;
}

static gboolean
port_source (gpointer made, guint64 at, guint8 *bytes, gsize length, GError **error)
{
    g_assert (at <= SOURCE_BYTES && length <= SOURCE_BYTES - at);
    return port_zeros (made, bytes, length, error);
}

static gboolean
port_result (gpointer made, const guint8 *bytes, gsize length, GError **error)
{
    *(guint64 *)made += length;
    g_assert (*(guint64 *)made <= SOURCE_BYTES);
    return TRUE;
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
    guint64 made = 0;
    PatchPorts ports = { port_zeros, port_zeros, port_source, port_result, &made };

    if (patch_apply (data, size, SOURCE_BYTES, SOURCE_BYTES, &ports, NULL))
        g_assert (made == SOURCE_BYTES);
    return 0;
}
