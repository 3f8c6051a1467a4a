/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/docker-manifest.h"

#include "bundle/strictjson.h"
#include "manifest/error.h"
#include "manifest/limits.h"
#include "manifest/path.h"

#include <string.h>

static void
image_free (gpointer data)
{
    DockerImage *image = data;

    g_free (image->config);
    g_strfreev (image->layers);
    g_strfreev (image->names);
    g_free (image);
}

static char **
read_strings (JsonObject *object, const char *key, guint most, GError **error)
{
    g_autoptr (GPtrArray) list = g_ptr_array_new_with_free_func (g_free);
    JsonArray *array;
    const char *text;
    guint count;

    if (!strictjson_array (object, key, "manifest.json", &array, error))
        return NULL;
    count = array == NULL ? 0 : json_array_get_length (array);
    if (count > most)
        return fail_null (error, ERR_FORMAT, "manifest.json has %u '%s'; at most %u are possible",
                          count, key, most);
    for (guint i = 0; i < count; i++) {
        if (!strictjson_string_at (array, i, key, &text, error))
            return NULL;
        g_ptr_array_add (list, g_strdup (text));
    }
    g_ptr_array_add (list, NULL);
    return (char **)g_ptr_array_free (g_steal_pointer (&list), FALSE);
}

/* An OCI index or manifest has an object at the top, so an array can not be mistaken for one; its
 * elements must not be one either. */
static gboolean
read_image (JsonObject *object, DockerImage *image, GError **error)
{
    const char *config;

    if (json_object_has_member (object, "schemaVersion") ||
        json_object_has_member (object, "manifests"))
        return fail (error, ERR_FORMAT, "manifest.json holds an OCI document, not docker's list");
    if (!strictjson_string (object, "Config", "manifest.json", &config, error))
        return FALSE;
    if (config == NULL || *config == '\0')
        return fail (error, ERR_FORMAT, "manifest.json names no 'Config' for an image");
    image->config = g_strdup (config);
    image->layers = read_strings (object, "Layers", LIMIT_LAYERS, error);
    if (image->layers == NULL)
        return FALSE;
    image->names = read_strings (object, "RepoTags", LIMIT_IMAGES, error);
    return image->names != NULL;
}

GPtrArray *
docker_manifest_parse (GBytes *text, GError **error)
{
    g_autoptr (GPtrArray) images = g_ptr_array_new_with_free_func (image_free);
    g_autoptr (JsonNode) root = strictjson_parse (text, "manifest.json", error);
    JsonArray *array;

    if (root == NULL)
        return NULL;
    if (!JSON_NODE_HOLDS_ARRAY (root))
        return fail_null (error, ERR_FORMAT, "manifest.json is no list of images");
    array = json_node_get_array (root);
    if (json_array_get_length (array) < 1 || json_array_get_length (array) > LIMIT_IMAGES)
        return fail_null (error, ERR_FORMAT, "manifest.json has %u images; 1 to %d are possible",
                          json_array_get_length (array), LIMIT_IMAGES);
    for (guint i = 0; i < json_array_get_length (array); i++) {
        DockerImage *image = g_new0 (DockerImage, 1);
        JsonObject *object;

        g_ptr_array_add (images, image);
        if (!strictjson_object_at (array, i, "manifest.json", &object, error) ||
            !read_image (object, image, error))
            return NULL;
    }
    return g_steal_pointer (&images);
}

/* "a:1, b:2 (or @0, @1)" */
static char *
list_names (GPtrArray *images)
{
    g_autoptr (GString) all = g_string_new (NULL);
    g_autofree char *shown = NULL;

    for (guint i = 0; i < images->len; i++) {
        const DockerImage *image = g_ptr_array_index (images, i);

        g_string_append_printf (all, "%s@%u", i > 0 ? ", " : "", i);
        for (gsize n = 0; image->names[n] != NULL; n++)
            g_string_append_printf (all, " %s", image->names[n]);
    }
    return error_quote (all->str);
}

static gboolean
has_name (const DockerImage *image, const char *full)
{
    for (gsize i = 0; image->names[i] != NULL; i++) {
        g_autofree char *name = path_normalize_image_name (image->names[i]);

        if (strcmp (name, full) == 0)
            return TRUE;
    }
    return FALSE;
}

static const DockerImage *
find_number (GPtrArray *images, const char *number, GError **error)
{
    g_autofree char *there = list_names (images);
    guint64 i;

    if (!g_ascii_string_to_unsigned (number, 10, 0, images->len - 1, &i, NULL))
        return fail_null (error, ERR_FORMAT, "no image '@%s'; there are: %s", number, there);
    return g_ptr_array_index (images, (guint)i);
}

const DockerImage *
docker_manifest_find (GPtrArray *images, const char *wanted, GError **error)
{
    g_autofree char *there = list_names (images), *tagged = NULL, *full = NULL, *local = NULL;
    const char *colon;

    if (wanted == NULL && images->len > 1)
        return fail_null (error, ERR_FORMAT,
                          "it holds %u images; add ':NAME:TAG' of the one that is meant: %s",
                          images->len, there);
    if (wanted == NULL)
        return g_ptr_array_index (images, 0);
    if (*wanted == '@')
        return find_number (images, wanted + 1, error);
    colon = strrchr (wanted, ':');
    tagged = colon == NULL || strchr (colon, '/') != NULL ? g_strconcat (wanted, ":latest", NULL)
                                                          : g_strdup (wanted);
    full = path_normalize_image_name (tagged);
    /* Podman's own place for names without a host. */
    local = g_strconcat ("localhost/", tagged, NULL);
    for (guint i = 0; i < images->len; i++)
        if (has_name (g_ptr_array_index (images, i), full) ||
            has_name (g_ptr_array_index (images, i), local))
            return g_ptr_array_index (images, i);
    return fail_null (error, ERR_FORMAT, "no image is named '%s'; there are: %s", full, there);
}
