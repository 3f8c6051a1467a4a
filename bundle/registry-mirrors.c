/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/registry-mirrors.h"

#include "bundle/strictjson.h"
#include "manifest/error.h"
#include "manifest/file.h"
#include "manifest/limits.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define DAEMON "docker/daemon.json"
#define MIRRORS_MAX 16

static void
mirror_free (Mirror *mirror)
{
    g_free (mirror->host);
    g_free (mirror->prefix);
    g_free (mirror);
}

static GPtrArray *
list_new (void)
{
    return g_ptr_array_new_with_free_func ((GDestroyNotify)mirror_free);
}

static gboolean
is_insecure (const RegistryOptions *options, const char *host)
{
    return options->insecure != NULL && g_strv_contains (options->insecure, host);
}

/* "[https://]HOST[:PORT][/FOLDER…]". What follows is a repository when "x" stands behind it, and so
 * the reader of image names judges it. */
static gboolean
add_location (GPtrArray *list, const char *location, ErrorCode code, GError **error)
{
    const char *scheme = strstr (location, "://");
    const char *rest = scheme == NULL ? location : scheme + strlen ("://");
    gsize length = strlen (rest) - g_str_has_suffix (rest, "/");
    g_autofree char *place = g_strndup (rest, length), *shown = error_quote (location);
    g_autofree char *probe = g_strconcat (place, "/x:x", NULL);
    g_autoptr (ImageReference) reference = image_reference_parse (probe, NULL);
    gsize host = strcspn (place, "/");
    Mirror *mirror;

    /* Without a port or a dot a name is a folder of docker.io to that reader. */
    if (reference == NULL || strncasecmp (reference->host, place, host) != 0 ||
        strlen (reference->host) != host || list->len == MIRRORS_MAX)
        return fail (error, code,
                     "'%s' is no mirror: HOST[:PORT][/FOLDER] is expected, at most %d of them",
                     shown, MIRRORS_MAX);
    mirror = g_new0 (Mirror, 1);
    mirror->host = g_strdup (reference->host);
    mirror->prefix =
        place[host] == '\0' ? g_strdup ("") : g_strconcat (place + host + 1, "/", NULL);
    g_ptr_array_add (list, mirror);
    return TRUE;
}

/* What has no TLS was not named by who runs us. */
static void
drop_plain (GPtrArray *list, const char *location, const RegistryOptions *options)
{
    const Mirror *last = list->pdata[list->len - 1];

    if (g_ascii_strncasecmp (location, "http://", strlen ("http://")) == 0 &&
        !is_insecure (options, last->host))
        g_ptr_array_set_size (list, (gint)list->len - 1);
}

GPtrArray *
mirrors_parse_daemon (GBytes *text, const RegistryOptions *options, GError **error)
{
    g_autoptr (GPtrArray) list = list_new ();
    g_autoptr (JsonNode) root = NULL;
    JsonObject *object = strictjson_parse_object (text, "daemon.json", &root, error);
    JsonArray *mirrors = NULL;

    if (object == NULL ||
        !strictjson_array (object, "registry-mirrors", "daemon.json", &mirrors, error))
        return NULL;
    for (guint i = 0; mirrors != NULL && i < json_array_get_length (mirrors); i++) {
        const char *location;

        if (!strictjson_string_at (mirrors, i, "registry-mirrors", &location, error) ||
            !add_location (list, location, ERR_FORMAT, error))
            return NULL;
        drop_plain (list, location, options);
    }
    return g_steal_pointer (&list);
}

/* The daemon of this user before the one of the machine, as docker has them; the first that is
 * there is the one. */
static GPtrArray *
read_daemon (const RegistryOptions *options, GError **error)
{
    const char *config = g_getenv ("XDG_CONFIG_HOME");
    g_autofree char *home = config != NULL && *config != '\0'
                                ? g_strdup (config)
                                : g_build_filename (g_get_home_dir (), ".config", NULL);
    const char *const folders[] = { home, "/etc" };

    for (gsize i = 0; i < G_N_ELEMENTS (folders); i++) {
        g_autofree char *path = g_build_filename (folders[i], DAEMON, NULL);
        g_autoptr (GBytes) text = NULL;
        GPtrArray *list;

        if (faccessat (AT_FDCWD, path, R_OK, 0) < 0)
            continue;
        text = file_read_given (path, LIMIT_JSON_BYTES, error);
        list = text == NULL ? NULL : mirrors_parse_daemon (text, options, error);
        if (list == NULL)
            fail_prefix (error, "mirrors in %s", path);
        return list;
    }
    return list_new ();
}

GPtrArray *
mirrors_of (const char *host, const RegistryOptions *options, GError **error)
{
    g_autoptr (GPtrArray) list = list_new ();

    for (gsize i = 0; options->mirrors != NULL && options->mirrors[i] != NULL; i++) {
        const char *text = options->mirrors[i], *equals = strchr (text, '=');
        g_autofree char *of = equals == NULL ? NULL : g_strndup (text, equals - text);
        g_autofree char *shown = error_quote (text);

        if (of == NULL || !image_reference_is_host (of))
            return fail_null (error, ERR_USAGE, "'%s' is no mirror: HOST=MIRROR is expected",
                              shown);
        if (g_ascii_strcasecmp (of, host) == 0 &&
            !add_location (list, equals + 1, ERR_USAGE, error))
            return NULL;
    }
    if (list->len > 0 || strcmp (host, "docker.io") != 0)
        return g_steal_pointer (&list);
    return read_daemon (options, error);
}
