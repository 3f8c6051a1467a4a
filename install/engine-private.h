/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "install/engine.h"

/* Shared by engine.c and engine-*.c. */
struct Engine {
    EngineHttp *http;
    EngineInfo info;
};

/* Fill info. Podman is asked first: it needs 200 ms for what Docker's API asks of it. */
gboolean engine_docker_describe (Engine *engine, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean engine_podman_describe (Engine *engine, gboolean *is_podman,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A request whose reply must have status 2xx. */
gboolean engine_call (Engine *engine, const char *method, const char *path, const char *json,
                      EngineReply *reply, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* ERR_ENGINE with the engine's words. Returns FALSE. */
gboolean engine_refused (const char *method, const char *path, const EngineReply *reply,
                         GError **error);
