/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "manifest/compose.h"

#include "manifest/error.h"
#include "manifest/field.h"
#include "manifest/path.h"
#include "manifest/yaml.h"

#include <string.h>

#define SERVICE_NAME "\\A[a-zA-Z0-9._-]{1,255}\\z"
#define VERSION_VARIABLE "${HANDCARRY_VERSION}"

/* One file that is read. */
typedef struct {
    Compose *compose;
    const char *name;
    const char *version;
} Reading;

static void
service_free (gpointer data)
{
    ComposeService *service = data;

    g_free (service->name);
    g_free (service->image);
    g_free (service->place);
    g_free (service);
}

Compose *
compose_new (void)
{
    Compose *compose = g_new0 (Compose, 1);

    compose->services = g_ptr_array_new_with_free_func (service_free);
    return compose;
}

void
compose_free (Compose *compose)
{
    if (compose == NULL)
        return;
    g_ptr_array_unref (compose->services);
    g_free (compose->format);
    g_free (compose);
}

static ComposeService *
find_or_add (const Reading *reading, const YamlNode *key)
{
    GPtrArray *services = reading->compose->services;
    ComposeService *service;

    for (guint i = 0; i < services->len; i++) {
        service = g_ptr_array_index (services, i);
        if (strcmp (service->name, key->text) == 0)
            return service;
    }
    service = g_new0 (ComposeService, 1);
    service->name = g_strdup (key->text);
    service->place = g_strdup_printf ("%s:%u:%u", reading->name, key->line, key->column);
    g_ptr_array_add (services, service);
    return service;
}

/* Of Compose's own variables one is filled in here, so that the name can be held against the
 * images that are carried. */
static gboolean
read_image (const Reading *reading, const YamlNode *node, ComposeService *service, GError **error)
{
    g_auto (GStrv) parts = NULL;
    g_autofree char *image = NULL;
    g_autoptr (GError) why = NULL;

    if (node->kind != YAML_NODE_SCALAR)
        return yaml_fail (node, reading->name, error, "'image' is not a text");
    parts = g_strsplit (node->text, VERSION_VARIABLE, -1);
    image = g_strjoinv (reading->version, parts);
    if (strchr (image, '$') != NULL)
        return yaml_fail (node, reading->name, error,
                          "of variables only " VERSION_VARIABLE " may stand in 'image'");
    if (!path_check_image_name (image, &why))
        return yaml_fail (node, reading->name, error, "%s", why->message);
    g_free (service->image);
    service->image = g_steal_pointer (&image);
    return TRUE;
}

static gboolean
read_service (const Reading *reading, const YamlNode *key, const YamlNode *node, GError **error)
{
    static const char *const refused[][2] = {
        { "build", "nothing is built on a host; name the carried image with 'image'" },
        { "extends", "write out what the service has; what it extends is not looked at" },
    };
    const YamlNode *image;
    ComposeService *service;

    if (!g_regex_match_simple (SERVICE_NAME, key->text, 0, 0))
        return yaml_fail (key, reading->name, error, "this is no name of a service");
    if (node->kind != YAML_NODE_MAP)
        return yaml_fail (node, reading->name, error, "service '%s' is not a map", key->text);
    for (gsize i = 0; i < G_N_ELEMENTS (refused); i++) {
        const YamlNode *found = field_find (node, refused[i][0]);

        if (found != NULL)
            return yaml_fail (found, reading->name, error, "service '%s' has '%s': %s", key->text,
                              refused[i][0], refused[i][1]);
    }
    image = field_find (node, "image");
    service = find_or_add (reading, key);
    return image == NULL || read_image (reading, image, service, error);
}

static gboolean
read_services (const Reading *reading, const YamlNode *map, GError **error)
{
    if (map->kind != YAML_NODE_MAP)
        return yaml_fail (map, reading->name, error, "'services' is not a map");
    for (guint i = 0; i < map->keys->len; i++)
        if (!read_service (reading, map->keys->pdata[i], map->values->pdata[i], error))
            return FALSE;
    return TRUE;
}

gboolean
compose_add (Compose *compose, GBytes *text, const char *name, const char *version, GError **error)
{
    const Reading reading = { compose, name, version };
    g_autoptr (YamlNode) map = yaml_parse (text, name, error);
    const YamlNode *services, *include, *format;

    if (map == NULL)
        return FALSE;
    services = field_find (map, "services");
    include = field_find (map, "include");
    format = field_find (map, "version");
    if (include != NULL)
        return yaml_fail (include, name, error,
                          "'include' brings services that are not looked at; name each file under "
                          "'compose' in release.yaml");
    if (services == NULL)
        return yaml_fail (map, name, error, "a compose file has 'services'");
    if (format != NULL && compose->services->len == 0 && format->kind == YAML_NODE_SCALAR)
        compose->format = g_strdup (format->text);
    return read_services (&reading, services, error);
}
