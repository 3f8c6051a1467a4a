/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/engine-reply.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
    g_autoptr (GBytes) body = g_bytes_new (data, size);
    g_autoptr (EngineImage) image = engine_reply_image (body, NULL);
    g_autoptr (GPtrArray) list = engine_reply_list (body, NULL);
    g_autoptr (EngineContainer) container = engine_reply_container (body, NULL);
    g_autoptr (GPtrArray) containers = engine_reply_containers (body, NULL);
    g_autofree char *created = engine_reply_created (body, NULL);
    EngineInfo info = { 0 };

    if (engine_reply_version (body, &info, NULL) || engine_reply_docker_info (body, &info, NULL) ||
        engine_reply_podman_info (body, &info, NULL))
        engine_info_clear (&info);
    return 0;
}
