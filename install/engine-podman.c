/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/engine-private.h"
#include "install/engine-reply.h"

/* Podman speaks Docker's API (engine-docker.c). What only it knows is asked of its own. */
gboolean
engine_podman_describe (Engine *engine, gboolean *is_podman, GError **error)
{
    g_auto (EngineReply) reply = { 0 };

    if (!engine_http_request (engine->http, "GET", "/v4.0.0/libpod/info", NULL, &reply, error))
        return FALSE;
    *is_podman = reply.status == 200;
    return !*is_podman || engine_reply_podman_info (reply.body, &engine->info, error);
}
