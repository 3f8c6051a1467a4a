/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/engine-private.h"
#include "install/engine-reply.h"
#include "manifest/error.h"

#include <string.h>

/* Docker's API, which Podman speaks too. Paths carry no version, so each engine uses its newest. */

/* Never started: the proof is that the engine can make a root file system of the image. */
#define PROOF_CONTAINER                                                                            \
    "{\"Image\":\"%s\",\"Cmd\":[\"handcarry-proof\"],\"Labels\":{\"handcarry\":\"proof\"},"        \
    "\"HostConfig\":{\"NetworkMode\":\"none\"},\"NetworkDisabled\":true}"
/* All of those that were never started. */
#define PROOF_FILTERS "{\"label\":[\"handcarry=proof\"],\"status\":[\"created\"]}"

gboolean
engine_docker_describe (Engine *engine, GError **error)
{
    g_auto (EngineReply) version = { 0 }, info = { 0 };

    return engine_call (engine, "GET", "/version", NULL, &version, error) &&
           engine_reply_version (version.body, &engine->info, error) &&
           engine_call (engine, "GET", "/info", NULL, &info, error) &&
           engine_reply_docker_info (info.body, &engine->info, error);
}

gboolean
engine_ping (Engine *engine, GError **error)
{
    g_auto (EngineReply) reply = { 0 };

    return engine_call (engine, "GET", "/_ping", NULL, &reply, error);
}

/* Docker still lists an image while it removes its layers, or after they were lost, and can not
 * open it; it runs no container of it, and loading it again mends it. */
static gboolean
is_without_layers (const EngineReply *reply)
{
    g_autofree char *message = reply->status == 500 ? engine_reply_message (reply->body) : NULL;

    return message != NULL && strstr (message, "layer does not exist") != NULL;
}

gboolean
engine_inspect (Engine *engine, const char *reference, EngineImage **image, GError **error)
{
    g_auto (EngineReply) reply = { 0 };
    g_autofree char *path = g_strdup_printf ("/images/%s/json", reference);
    EngineImage *found;

    if (!engine_http_request (engine->http, "GET", path, NULL, &reply, error))
        return FALSE;
    if (reply.status == 404 || is_without_layers (&reply)) {
        *image = NULL;
        return TRUE;
    }
    if (reply.status != 200)
        return engine_refused ("GET", path, &reply, error);
    found = engine_reply_image (reply.body, error);
    if (found == NULL)
        return FALSE;
    *image = found;
    return TRUE;
}

GPtrArray *
engine_list (Engine *engine, GError **error)
{
    g_auto (EngineReply) reply = { 0 };

    if (!engine_call (engine, "GET", "/images/json", NULL, &reply, error))
        return NULL;
    return engine_reply_list (reply.body, error);
}

GPtrArray *
engine_inspect_all (Engine *engine, GError **error)
{
    g_autoptr (GPtrArray) listed = engine_list (engine, error);
    g_autoptr (GPtrArray) images =
        g_ptr_array_new_with_free_func ((GDestroyNotify)engine_image_free);

    if (listed == NULL)
        return NULL;
    for (guint i = 0; i < listed->len; i++) {
        EngineImage *entry = g_ptr_array_index (listed, i), *image = NULL;
        g_autofree char *id = digest_to_text (&entry->id);

        if (!engine_inspect (engine, id, &image, error))
            return NULL;
        /* Another process may have removed it since the list was made. */
        if (image != NULL)
            g_ptr_array_add (images, image);
    }
    return g_steal_pointer (&images);
}

gboolean
engine_tag (Engine *engine, const char *reference, const char *name, GError **error)
{
    g_auto (EngineReply) reply = { 0 };
    const char *colon = strrchr (name, ':');
    g_autofree char *repo = NULL, *repo_escaped = NULL, *tag = NULL, *path = NULL;

    if (colon == NULL || strchr (colon, '/') != NULL)
        return fail (error, ERR_FAILED, "cannot name an image '%s': the name has no tag", name);
    repo = g_strndup (name, (gsize)(colon - name));
    repo_escaped = g_uri_escape_string (repo, NULL, FALSE);
    tag = g_uri_escape_string (colon + 1, NULL, FALSE);
    path = g_strdup_printf ("/images/%s/tag?repo=%s&tag=%s", reference, repo_escaped, tag);
    return engine_call (engine, "POST", path, NULL, &reply, error);
}

gboolean
engine_remove_name (Engine *engine, const char *name, gboolean *in_use, GError **error)
{
    g_auto (EngineReply) reply = { 0 };
    g_autofree char *path = g_strdup_printf ("/images/%s?noprune=1", name);

    if (!engine_http_request (engine->http, "DELETE", path, NULL, &reply, error))
        return FALSE;
    if (reply.status != 409 && reply.status != 404 && reply.status != 200)
        return engine_refused ("DELETE", path, &reply, error);
    if (in_use != NULL)
        *in_use = reply.status == 409;
    return TRUE;
}

/* *id is NULL where there is no such image. */
static gboolean
create_container (Engine *engine, const char *reference, char **id, GError **error)
{
    g_auto (EngineReply) reply = { 0 };
    g_autofree char *json = g_strdup_printf (PROOF_CONTAINER, reference);
    const char *path = "/containers/create";

    *id = NULL;
    if (!engine_http_request (engine->http, "POST", path, json, &reply, error))
        return FALSE;
    if (reply.status == 404)
        return TRUE;
    if (reply.status < 200 || reply.status > 299)
        return engine_refused ("POST", path, &reply, error);
    *id = engine_reply_created (reply.body, error);
    return *id != NULL;
}

static gboolean
remove_container (Engine *engine, const char *id, GError **error)
{
    g_auto (EngineReply) reply = { 0 };
    g_autofree char *path = g_strdup_printf ("/containers/%s?v=1", id);

    return engine_call (engine, "DELETE", path, NULL, &reply, error);
}

gboolean
engine_try_create (Engine *engine, const char *reference, GError **error)
{
    g_autofree char *id = NULL;

    if (!create_container (engine, reference, &id, error))
        return FALSE;
    if (id == NULL)
        return fail (error, ERR_ENGINE, "the engine has no image '%s' to make a container of",
                     reference);
    return remove_container (engine, id, error);
}

static gboolean
read_export (Engine *engine, const char *id, EngineStreamFunc func, EngineStopFunc stop,
             gpointer data, GError **error)
{
    g_auto (EngineReply) reply = { 0 };
    /* Not /export: Docker 25 to 27.2 keep the layers of what was exported for good (moby#48516). */
    g_autofree char *path = g_strdup_printf ("/containers/%s/archive?path=/", id);
    g_autoptr (EngineStream) stream =
        engine_stream_open (engine->http, path, stop, data, &reply, error);

    if (stream != NULL)
        return func (stream, data, error);
    return reply.status != 0 ? engine_refused ("GET", path, &reply, error) : FALSE;
}

gboolean
engine_export (Engine *engine, const char *reference, EngineStreamFunc func, EngineStopFunc stop,
               gpointer data, gboolean *there, GError **error)
{
    g_autofree char *id = NULL;
    gboolean done;

    if (!create_container (engine, reference, &id, error))
        return FALSE;
    *there = id != NULL;
    if (id == NULL)
        return TRUE;
    done = read_export (engine, id, func, stop, data, error);
    return remove_container (engine, id, done ? error : NULL) && done;
}

gboolean
engine_sweep (Engine *engine, GError **error)
{
    g_auto (EngineReply) reply = { 0 };
    g_autofree char *filters = g_uri_escape_string (PROOF_FILTERS, NULL, FALSE);
    g_autofree char *path = g_strdup_printf ("/containers/json?all=1&filters=%s", filters);
    g_autoptr (GPtrArray) ids = NULL;

    if (!engine_call (engine, "GET", path, NULL, &reply, error))
        return FALSE;
    ids = engine_reply_containers (reply.body, error);
    if (ids == NULL)
        return FALSE;
    for (guint i = 0; i < ids->len; i++)
        if (!remove_container (engine, g_ptr_array_index (ids, i), error))
            return FALSE;
    return TRUE;
}

gboolean
engine_container (Engine *engine, const char *name, EngineContainer **container, GError **error)
{
    g_auto (EngineReply) reply = { 0 };
    g_autofree char *escaped = g_uri_escape_string (name, NULL, FALSE);
    g_autofree char *path = g_strdup_printf ("/containers/%s/json", escaped);
    EngineContainer *found;

    if (!engine_http_request (engine->http, "GET", path, NULL, &reply, error))
        return FALSE;
    if (reply.status == 404) {
        *container = NULL;
        return TRUE;
    }
    if (reply.status != 200)
        return engine_refused ("GET", path, &reply, error);
    found = engine_reply_container (reply.body, error);
    if (found == NULL)
        return FALSE;
    *container = found;
    return TRUE;
}

GPtrArray *
engine_containers (Engine *engine, GError **error)
{
    g_auto (EngineReply) reply = { 0 };

    if (!engine_call (engine, "GET", "/containers/json?all=1", NULL, &reply, error))
        return NULL;
    return engine_reply_uses (reply.body, error);
}

GBytes *
engine_container_log (Engine *engine, const char *name, gboolean terminal, GError **error)
{
    g_auto (EngineReply) reply = { 0 };
    g_autofree char *escaped = g_uri_escape_string (name, NULL, FALSE);
    g_autofree char *path =
        g_strdup_printf ("/containers/%s/logs?stdout=1&stderr=1&tail=20", escaped);

    if (!engine_call (engine, "GET", path, NULL, &reply, error))
        return NULL;
    return terminal ? g_bytes_ref (reply.body) : engine_reply_log (reply.body, error);
}

gboolean
engine_load (Engine *engine, EngineBodyFunc body, EngineStopFunc stop, gpointer data,
             GError **error)
{
    g_auto (EngineReply) reply = { 0 };
    const char *path = "/images/load?quiet=1";

    if (!engine_http_upload (engine->http, path, body, stop, data, &reply, error))
        return FALSE;
    if (reply.status != 200)
        return engine_refused ("POST", path, &reply, error);
    return engine_reply_check_load (reply.body, error);
}
