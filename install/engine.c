/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/engine.h"

#include "install/engine-private.h"
#include "install/engine-reply.h"
#include "manifest/error.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const usual_sockets[] = { "/var/run/docker.sock", "/run/podman/podman.sock" };

void
engine_info_clear (EngineInfo *info)
{
    g_clear_pointer (&info->version, g_free);
    g_clear_pointer (&info->platform, g_free);
    g_clear_pointer (&info->id, g_free);
    g_clear_pointer (&info->driver, g_free);
    g_clear_pointer (&info->data_root, g_free);
    g_clear_pointer (&info->socket, g_free);
}

void
engine_free (Engine *engine)
{
    if (engine == NULL)
        return;
    engine_http_free (engine->http);
    engine_info_clear (&engine->info);
    g_free (engine);
}

EngineImage *
engine_image_new (void)
{
    EngineImage *image = g_new0 (EngineImage, 1);

    image->layers = g_array_new (FALSE, FALSE, sizeof (Digest));
    image->names = g_ptr_array_new_with_free_func (g_free);
    image->directories = g_ptr_array_new_with_free_func (g_free);
    return image;
}

void
engine_image_free (EngineImage *image)
{
    if (image == NULL)
        return;
    g_array_unref (image->layers);
    g_ptr_array_unref (image->names);
    g_clear_pointer (&image->directories, g_ptr_array_unref);
    g_free (image);
}

void
engine_container_free (EngineContainer *container)
{
    if (container == NULL)
        return;
    g_free (container->name);
    g_free (container->health);
    g_free (container->reference);
    g_free (container);
}

const EngineInfo *
engine_info (const Engine *engine)
{
    return &engine->info;
}

const char *
engine_store_name (EngineStore store)
{
    switch (store) {
    case STORE_GRAPHDRIVER:
        return "graphdriver";
    case STORE_CONTAINERD:
        return "containerd";
    case STORE_PODMAN:
        return "containers/storage";
    }
    g_assert_not_reached ();
}

char *
engine_describe (const Engine *engine)
{
    const EngineInfo *info = &engine->info;

    return g_strdup_printf ("%s %s, %s %s", info->kind == ENGINE_PODMAN ? "Podman" : "Docker",
                            info->version, engine_store_name (info->store), info->driver);
}

/* Whoever owns the socket decides what the engine answers, so it must be root's own socket and not
 * a link that somebody can turn (trust.md 106). */
static gboolean
check_socket (const char *path, GError **error)
{
    g_autofree char *shown = error_quote (path);
    struct stat st;

    if (fstatat (AT_FDCWD, path, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return fail_errno (error, ERR_ENGINE, errno, "cannot reach the engine at '%s'", shown);
    if (!S_ISSOCK (st.st_mode))
        return fail (error, ERR_ENGINE, "'%s' is not a socket; expected the engine's own", shown);
    if (st.st_uid != 0)
        return fail (error, ERR_ENGINE, "the socket '%s' belongs to user %u, expected root", shown,
                     st.st_uid);
    if (faccessat (AT_FDCWD, path, W_OK, AT_EACCESS) < 0)
        return fail_errno (error, ERR_ENGINE, errno,
                           "cannot use the engine's socket '%s' (root may)", shown);
    return TRUE;
}

static const char *
find_socket (const char *url, GError **error)
{
    g_autofree char *shown = NULL;

    if (url != NULL && g_str_has_prefix (url, "unix:///"))
        return url + strlen ("unix://");
    if (url != NULL) {
        shown = error_quote (url);
        return fail_null (error, ERR_USAGE, "--engine '%s': expected unix:///path of a socket",
                          shown);
    }
    for (gsize i = 0; i < G_N_ELEMENTS (usual_sockets); i++) {
        struct stat st;

        if (fstatat (AT_FDCWD, usual_sockets[i], &st, AT_SYMLINK_NOFOLLOW) == 0)
            return usual_sockets[i];
    }
    return fail_null (error, ERR_ENGINE,
                      "no container engine: neither '%s' nor '%s' is there; start the engine or "
                      "name its socket with --engine unix:///path",
                      usual_sockets[0], usual_sockets[1]);
}

static gboolean
describe (Engine *engine, GError **error)
{
    gboolean is_podman;

    if (!engine_podman_describe (engine, &is_podman, error) ||
        (!is_podman && !engine_docker_describe (engine, error)))
        return FALSE;
    if (engine->info.rootless)
        return fail (error, ERR_ENGINE,
                     "the engine at '%s' is rootless, which is not supported; use the system's "
                     "engine",
                     engine->info.socket);
    return TRUE;
}

Engine *
engine_open (const char *url, GError **error)
{
    g_autoptr (Engine) engine = NULL;
    const char *socket = find_socket (url, error);

    if (socket == NULL || !check_socket (socket, error))
        return NULL;
    engine = g_new0 (Engine, 1);
    engine->http = engine_http_new (socket);
    engine->info.socket = g_strdup (socket);
    if (!describe (engine, error))
        return NULL;
    return g_steal_pointer (&engine);
}

void
engine_set_limit (Engine *engine, guint milliseconds)
{
    engine_http_set_limit (engine->http, milliseconds);
}

gboolean
engine_refused (const char *method, const char *path, const EngineReply *reply, GError **error)
{
    g_autofree char *message = engine_reply_message (reply->body);

    return fail (error, engine_reply_class (message),
                 "%s %s: the engine refused with status %u: %s", method, path, reply->status,
                 message);
}

gboolean
engine_call (Engine *engine, const char *method, const char *path, const char *json,
             EngineReply *reply, GError **error)
{
    if (!engine_http_request (engine->http, method, path, json, reply, error))
        return FALSE;
    if (reply->status < 200 || reply->status > 299)
        return engine_refused (method, path, reply, error);
    return TRUE;
}
