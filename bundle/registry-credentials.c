/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/registry-credentials.h"

#include "bundle/registry-helper.h"
#include "bundle/strictjson.h"
#include "manifest/error.h"
#include "manifest/file.h"
#include "manifest/limits.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static void
wipe (char **secret)
{
    if (*secret != NULL)
        explicit_bzero (*secret, strlen (*secret));
    g_clear_pointer (secret, g_free);
}

void
credentials_clear (Credentials *credentials)
{
    wipe (&credentials->secret);
    g_clear_pointer (&credentials->user, g_free);
    g_clear_pointer (&credentials->where, g_free);
    credentials->kind = CREDENTIALS_NONE;
}

/* A key is "HOST[:PORT]", one with folders of the registry behind it (podman), or a URL whose path
 * says nothing (docker). Caller frees. */
static char *
normal_key (const char *key)
{
    const char *scheme = strstr (key, "://");
    const char *rest = scheme == NULL ? key : scheme + strlen ("://");
    gsize length = scheme == NULL ? strlen (rest) : strcspn (rest, "/");
    g_autofree char *name = g_strndup (rest, length);
    gsize host = strcspn (name, "/");
    const char *const same[] = { "index.docker.io", "registry-1.docker.io" };

    for (gsize i = 0; i < host; i++)
        name[i] = g_ascii_tolower (name[i]);
    for (gsize i = 0; i < G_N_ELEMENTS (same); i++)
        if (strlen (same[i]) == host && strncmp (name, same[i], host) == 0)
            return g_strconcat ("docker.io", name + host, NULL);
    return g_steal_pointer (&name);
}

/* The member whose key fits most of HOST/REPOSITORY, or NULL. */
static JsonNode *
find_member (JsonObject *object, const char *host, const char *repository)
{
    g_autofree char *whole = g_strconcat (host, "/", repository, "/", NULL);
    g_autoptr (GList) keys = json_object_get_members (object);
    JsonNode *found = NULL;
    gsize most = 0;

    for (const GList *at = keys; at != NULL; at = at->next) {
        g_autofree char *key = normal_key (at->data);
        gsize length = strlen (key);

        if (length <= most || strncmp (whole, key, length) != 0 || whole[length] != '/')
            continue;
        found = json_object_get_member (object, at->data);
        most = length;
    }
    return found;
}

/* credHelpers, for this registry, before credsStore, for all. An empty name means none. */
static gboolean
read_helper (JsonObject *object, const char *host, const char *repository, char **helper,
             GError **error)
{
    JsonObject *helpers;
    JsonNode *node;
    const char *name;

    if (!strictjson_object (object, "credHelpers", "config", &helpers, error) ||
        !strictjson_string (object, "credsStore", "config", &name, error))
        return FALSE;
    node = helpers == NULL ? NULL : find_member (helpers, host, repository);
    if (node != NULL && json_node_get_value_type (node) != G_TYPE_STRING)
        return fail (error, ERR_FORMAT, "a value in 'credHelpers' is no text");
    if (node != NULL)
        name = json_node_get_string (node);
    if (name == NULL || *name == '\0')
        return TRUE;
    *helper = g_strdup (name);
    return TRUE;
}

/* base64 of "USER:PASSWORD". */
static gboolean
read_auth (const char *auth, Credentials *out, GError **error)
{
    gsize length;
    g_autofree guchar *bytes = g_base64_decode (auth, &length);
    g_autofree char *text = g_strndup (length > 0 ? (const char *)bytes : "", length);
    char *colon = strchr (text, ':');

    explicit_bzero (bytes, length);
    if (colon != NULL) {
        out->kind = CREDENTIALS_PASSWORD;
        out->user = g_strndup (text, colon - text);
        out->secret = g_strdup (colon + 1);
    }
    explicit_bzero (text, strlen (text));
    return colon != NULL ||
           fail (error, ERR_FORMAT, "its 'auth' is not USER:PASSWORD, encoded by base64");
}

static gboolean
read_entry (JsonObject *entry, Credentials *out, GError **error)
{
    const char *auth, *user, *password, *identity, *bearer;

    if (!strictjson_string (entry, "auth", "entry", &auth, error) ||
        !strictjson_string (entry, "username", "entry", &user, error) ||
        !strictjson_string (entry, "password", "entry", &password, error) ||
        !strictjson_string (entry, "identitytoken", "entry", &identity, error) ||
        !strictjson_string (entry, "registrytoken", "entry", &bearer, error))
        return FALSE;
    /* It goes into a header as it is. */
    for (const char *c = bearer; c != NULL && *c != '\0'; c++)
        if (!g_ascii_isgraph (*c))
            return fail (error, ERR_FORMAT, "its 'registrytoken' has blanks or control characters");
    if (bearer != NULL && *bearer != '\0') {
        out->kind = CREDENTIALS_BEARER;
        out->secret = g_strdup (bearer);
    } else if (identity != NULL && *identity != '\0') {
        out->kind = CREDENTIALS_IDENTITY;
        out->secret = g_strdup (identity);
    } else if (auth != NULL && *auth != '\0') {
        return read_auth (auth, out, error);
    } else if (user != NULL && *user != '\0') {
        out->kind = CREDENTIALS_PASSWORD;
        out->user = g_strdup (user);
        out->secret = g_strdup (password != NULL ? password : "");
    }
    return TRUE;
}

gboolean
credentials_parse (GBytes *text, const char *host, const char *repository, Credentials *out,
                   char **helper, GError **error)
{
    g_autoptr (JsonNode) root = NULL;
    JsonObject *object = strictjson_parse_object (text, "config", &root, error), *auths;
    g_auto (Credentials) found = { 0 };
    g_autofree char *program = NULL;
    JsonNode *node;

    if (object == NULL || !read_helper (object, host, repository, &program, error) ||
        !strictjson_object (object, "auths", "config", &auths, error))
        return FALSE;
    node = auths == NULL || program != NULL ? NULL : find_member (auths, host, repository);
    if (node != NULL && !JSON_NODE_HOLDS_OBJECT (node))
        return fail (error, ERR_FORMAT, "the entry for %s is no object", host);
    if (node != NULL && !read_entry (json_node_get_object (node), &found, error))
        return fail_prefix (error, "the entry for %s", host);
    *helper = g_steal_pointer (&program);
    *out = found;
    found = (Credentials){ 0 };
    return TRUE;
}

/* One place. What names no file there, or one that is not there, has nothing. */
static gboolean
look (GBytes *text, const char *where, const char *host, const char *repository, Credentials *out,
      GError **error)
{
    g_autofree char *helper = NULL;

    if (!credentials_parse (text, host, repository, out, &helper, error))
        return fail_prefix (error, "credentials in %s", where);
    if (helper != NULL)
        return credential_helper_get (helper, host, out, error) ||
               fail_prefix (error, "credentials by %s", where);
    if (out->kind != CREDENTIALS_NONE)
        out->where = g_strdup (where);
    return TRUE;
}

static gboolean
look_in_file (const char *path, gboolean needed, const char *host, const char *repository,
              Credentials *out, GError **error)
{
    g_autoptr (GBytes) text = NULL;

    if (!needed && faccessat (AT_FDCWD, path, F_OK, 0) < 0)
        return TRUE;
    text = file_read_given (path, LIMIT_JSON_BYTES, error);
    return text != NULL && look (text, path, host, repository, out, error);
}

/* The files that docker and podman write, in the order they are asked. */
static GPtrArray *
usual_files (void)
{
    GPtrArray *paths = g_ptr_array_new_with_free_func (g_free);
    const char *docker = g_getenv ("DOCKER_CONFIG"), *run = g_getenv ("XDG_RUNTIME_DIR");

    if (docker != NULL && *docker != '\0')
        g_ptr_array_add (paths, g_build_filename (docker, "config.json", NULL));
    else
        g_ptr_array_add (paths,
                         g_build_filename (g_get_home_dir (), ".docker", "config.json", NULL));
    if (run != NULL && *run != '\0')
        g_ptr_array_add (paths, g_build_filename (run, "containers", "auth.json", NULL));
    else
        g_ptr_array_add (paths, g_strdup_printf ("/run/containers/%u/auth.json", geteuid ()));
    g_ptr_array_add (
        paths, g_build_filename (g_get_home_dir (), ".config", "containers", "auth.json", NULL));
    return paths;
}

gboolean
credentials_find (const char *host, const char *repository, Credentials *out, GError **error)
{
    const char *text = g_getenv ("DOCKER_AUTH_CONFIG"), *file = g_getenv ("REGISTRY_AUTH_FILE");
    g_autoptr (GPtrArray) paths = NULL;

    if (text != NULL && *text != '\0') {
        g_autoptr (GBytes) bytes = g_bytes_new_static (text, strlen (text));

        if (!look (bytes, "DOCKER_AUTH_CONFIG", host, repository, out, error))
            return FALSE;
    }
    if (out->kind != CREDENTIALS_NONE)
        return TRUE;
    if (file != NULL && *file != '\0')
        return look_in_file (file, TRUE, host, repository, out, error);
    paths = usual_files ();
    for (guint i = 0; i < paths->len && out->kind == CREDENTIALS_NONE; i++)
        if (!look_in_file (paths->pdata[i], FALSE, host, repository, out, error))
            return FALSE;
    return TRUE;
}
