/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/engine-reply.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

/* One body as the answer to each question about the engine itself. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
    g_autoptr (GBytes) body = g_bytes_new (data, size);
    EngineInfo version = { 0 }, docker = { 0 }, podman = { 0 };

    (void)!engine_reply_version (body, &version, NULL);
    (void)!engine_reply_docker_info (body, &docker, NULL);
    (void)!engine_reply_podman_info (body, &podman, NULL);
    engine_info_clear (&version);
    engine_info_clear (&docker);
    engine_info_clear (&podman);
    return 0;
}
