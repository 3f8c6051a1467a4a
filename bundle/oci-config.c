/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/oci.h"

#include "bundle/strictjson.h"
#include "manifest/error.h"
#include "manifest/limits.h"

#include <string.h>

/* A document that is read as a config here and as a manifest or index elsewhere would be two
 * images (CVE-2021-41190). */
static gboolean
check_is_config (JsonObject *object, GError **error)
{
    static const char *const foreign[] = { "manifests", "layers", "schemaVersion", "fsLayers" };

    for (gsize i = 0; i < G_N_ELEMENTS (foreign); i++)
        if (json_object_has_member (object, foreign[i]))
            return fail (error, ERR_FORMAT, "image config has '%s', which a manifest or index has",
                         foreign[i]);
    return TRUE;
}

/* The platform becomes part of messages and of the statement. */
static gboolean
is_platform_word (const char *word)
{
    gsize length = strspn (word, "abcdefghijklmnopqrstuvwxyz0123456789_.-");

    return length > 0 && length <= 32 && word[length] == '\0';
}

static char *
read_platform (JsonObject *object, GError **error)
{
    const char *os, *architecture, *variant;

    if (!strictjson_string (object, "os", "image config", &os, error) ||
        !strictjson_string (object, "architecture", "image config", &architecture, error) ||
        !strictjson_string (object, "variant", "image config", &variant, error))
        return NULL;
    if (os == NULL || architecture == NULL || !is_platform_word (os) ||
        !is_platform_word (architecture))
        return fail_null (error, ERR_FORMAT,
                          "image config does not say for which os and architecture it is");
    if (variant == NULL || *variant == '\0')
        return g_strconcat (os, "/", architecture, NULL);
    if (!is_platform_word (variant))
        return fail_null (error, ERR_FORMAT, "image config has a malformed variant");
    return g_strconcat (os, "/", architecture, "/", variant, NULL);
}

static GArray *
read_diffids (JsonArray *list, GError **error)
{
    g_autoptr (GArray) diffids = g_array_new (FALSE, FALSE, sizeof (Digest));
    guint count = json_array_get_length (list);

    if (count > LIMIT_LAYERS)
        return fail_null (error, ERR_FORMAT, "image config has %u layers; at most %d are possible",
                          count, LIMIT_LAYERS);
    for (guint i = 0; i < count; i++) {
        const char *text;
        Digest diffid;

        if (!strictjson_string_at (list, i, "diff_ids of the image config", &text, error) ||
            !digest_parse (text, &diffid, error))
            return NULL;
        g_array_append_val (diffids, diffid);
    }
    return g_steal_pointer (&diffids);
}

static GArray *
read_rootfs (JsonObject *object, GError **error)
{
    JsonObject *rootfs;
    JsonArray *list;
    const char *type;

    if (!strictjson_object (object, "rootfs", "image config", &rootfs, error))
        return NULL;
    if (rootfs == NULL)
        return fail_null (error, ERR_FORMAT, "image config has no 'rootfs'");
    if (!strictjson_string (rootfs, "type", "rootfs of the image config", &type, error) ||
        !strictjson_array (rootfs, "diff_ids", "rootfs of the image config", &list, error))
        return NULL;
    if (type == NULL || strcmp (type, "layers") != 0)
        return fail_null (error, ERR_FORMAT, "image config: the type of 'rootfs' is not 'layers'");
    if (list == NULL)
        return fail_null (error, ERR_FORMAT, "image config has no 'diff_ids' in 'rootfs'");
    return read_diffids (list, error);
}

gboolean
oci_config_parse (GBytes *config, char **platform, GArray **diffids, GError **error)
{
    g_autoptr (JsonNode) root = NULL;
    JsonObject *object = strictjson_parse_object (config, "image config", &root, error);
    g_autofree char *found = NULL;
    g_autoptr (GArray) list = NULL;

    if (object == NULL || !check_is_config (object, error))
        return FALSE;
    found = read_platform (object, error);
    if (found == NULL)
        return FALSE;
    list = read_rootfs (object, error);
    if (list == NULL)
        return FALSE;
    *platform = g_steal_pointer (&found);
    *diffids = g_steal_pointer (&list);
    return TRUE;
}
