/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include <glib.h>

/* HTTP through libcurl: to the engine over its unix socket, and one plain GET for health checks.
 * No proxy, no redirect, no environment variable is looked at. */

typedef struct EngineHttp EngineHttp;

typedef struct {
    guint status;
    GBytes *body; /* at most LIMIT_JSON_BYTES */
} EngineReply;

void engine_reply_clear (EngineReply *reply);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (EngineReply, engine_reply_clear)

/* Gives the next bytes of a body: their number, 0 at its end, -1 to give up. May block. */
typedef gssize (*EngineBodyFunc) (guint8 *buffer, gsize length, gpointer data);
/* Asked about once a second during an upload; TRUE gives up. */
typedef gboolean (*EngineStopFunc) (gpointer data);

EngineHttp *engine_http_new (const char *socket);
void engine_http_free (EngineHttp *http);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EngineHttp, engine_http_free)

/* How long an exchange may take; 0 is two minutes. */
void engine_http_set_limit (EngineHttp *http, guint milliseconds);
/* One exchange. json (may be NULL) is sent as application/json. A transport failure is ERR_ENGINE;
 * any HTTP status is a reply. */
gboolean engine_http_request (EngineHttp *http, const char *method, const char *path,
                              const char *json, EngineReply *reply,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* POST of a tar of unknown length. A reply that came before the body was sent in full is still
 * returned: it says why the engine stopped reading. */
gboolean engine_http_upload (EngineHttp *http, const char *path, EngineBodyFunc body,
                             EngineStopFunc stop, gpointer data, EngineReply *reply,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The body of a GET, read piece by piece while it comes. */
typedef struct EngineStream EngineStream;

/* *reply is set, and no stream is returned, where the status is not 200. stop (may be NULL) is
 * asked about once a second while nothing comes. */
EngineStream *engine_stream_open (EngineHttp *http, const char *path, EngineStopFunc stop,
                                  gpointer data, EngineReply *reply,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The next bytes, valid until the next call: how many, 0 at the end, -1 on failure. */
gssize engine_stream_read (EngineStream *stream, const guint8 **bytes,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Also before the end. */
void engine_stream_free (EngineStream *stream);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EngineStream, engine_stream_free)

/* GET of an http: or https: URL, certificates as this host believes them; of the body the first
 * ENGINE_HTTP_BODY bytes, the rest is dropped. */
#define ENGINE_HTTP_BODY 2048
gboolean engine_http_get (const char *url, guint milliseconds, EngineReply *reply,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
