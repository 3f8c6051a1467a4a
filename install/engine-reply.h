/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "install/engine.h"
#include "manifest/error.h"

#include <glib.h>

/* Reading what an engine answers. Bytes in, plain data out; every failure is ERR_ENGINE. every text
 * passes strictjson first. */

/* The engine's own words from an error reply, made fit to print. Caller frees. */
char *engine_reply_message (GBytes *body);
/* ERR_SPACE where the engine's words say that its disk is full, else ERR_ENGINE. */
ErrorCode engine_reply_class (const char *words);
/* The reply to a load: any number of objects one after the other. Docker reports errors inside
 * status 200, and from 27.2 on a failed unpack only as text. */
gboolean engine_reply_check_load (GBytes *body, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* GET /version of Docker: version and platform. */
gboolean engine_reply_version (GBytes *body, EngineInfo *info,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* GET /info of Docker, and GET /libpod/info of Podman, which says all. */
gboolean engine_reply_docker_info (GBytes *body, EngineInfo *info,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean engine_reply_podman_info (GBytes *body, EngineInfo *info,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;
EngineImage *engine_reply_image (GBytes *body, GError **error) G_GNUC_WARN_UNUSED_RESULT;
GPtrArray *engine_reply_list (GBytes *body, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* GET /containers/json: their IDs (char *). */
GPtrArray *engine_reply_containers (GBytes *body, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same: name, running, reference and image of each (EngineContainer). */
GPtrArray *engine_reply_uses (GBytes *body, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* POST /containers/create: the new container's ID. */
char *engine_reply_created (GBytes *body, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* GET /containers/NAME/logs of a container without a TTY: pieces of stdout and stderr, joined. */
GBytes *engine_reply_log (GBytes *body, GError **error) G_GNUC_WARN_UNUSED_RESULT;
EngineContainer *engine_reply_container (GBytes *body, GError **error) G_GNUC_WARN_UNUSED_RESULT;

void engine_info_clear (EngineInfo *info);
