/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/docker-manifest.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
    g_autoptr (GBytes) input = g_bytes_new (data, size);
    g_autoptr (GPtrArray) found = docker_manifest_parse (input, NULL);

    static const char *const wanted[] = { "@0", "@1", "@x", "a:1", "app", "host/b:2" };

    for (guint i = 0; found != NULL && i < G_N_ELEMENTS (wanted); i++) {
        g_autoptr (GError) error = NULL;
        const DockerImage *image = docker_manifest_find (found, wanted[i], &error);

        g_assert_true ((image == NULL) == (error != NULL));
    }
    if (found != NULL && docker_manifest_find (found, NULL, NULL) == NULL)
        g_assert (found->len > 1);
    return 0;
}
