/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/registry-manifest.h"

#include "bundle/strictjson.h"
#include "manifest/error.h"

#include <string.h>

static gboolean
is_wanted (const char *type)
{
    g_auto (GStrv) wanted = g_strsplit (REGISTRY_MANIFEST_ACCEPT, ", ", -1);

    return type != NULL && g_strv_contains ((const char *const *)wanted, type);
}

/* What servers say that keep files and know no manifests. */
static gboolean
says_nothing (const char *type)
{
    const char *const generic[] = { "application/json", "application/octet-stream", "text/plain",
                                    NULL };

    return type == NULL || g_strv_contains (generic, type);
}

/* "text/html; charset=utf-8" → "text/html"; NULL stays NULL. */
static char *
bare_type (const char *type)
{
    g_autofree char *first = type == NULL ? NULL : g_strndup (type, strcspn (type, ";"));

    return first == NULL ? NULL : g_ascii_strdown (g_strstrip (first), -1);
}

static gboolean
check_schema (JsonObject *object, const char *type, GError **error)
{
    guint64 version;

    if (!strictjson_size (object, "schemaVersion", "manifest", &version, error))
        return FALSE;
    if (version == 1 || (type != NULL && strstr (type, ".manifest.v1+") != NULL &&
                         strstr (type, "docker.distribution") != NULL))
        return fail (error, ERR_FORMAT,
                     "it is of schema 1, which Docker gave up in 2017; push the image again with a "
                     "present tool");
    return TRUE;
}

char *
registry_manifest_type (GBytes *text, const char *type, GError **error)
{
    g_autofree char *said = bare_type (type), *shown = error_quote (said != NULL ? said : "");
    g_autoptr (JsonNode) root = NULL;
    JsonObject *object;
    const char *own;

    if (said != NULL && !is_wanted (said) && !says_nothing (said) &&
        strstr (said, "docker.distribution.manifest.v1+") == NULL)
        return fail_null (error, ERR_FORMAT,
                          "the answer is of type '%s'; an image manifest or index is expected",
                          shown);
    object = strictjson_parse_object (text, "manifest", &root, error);
    if (object == NULL || !check_schema (object, said, error) ||
        !strictjson_string (object, "mediaType", "manifest", &own, error))
        return NULL;
    if (own == NULL && is_wanted (said))
        return g_steal_pointer (&said);
    if (own != NULL && is_wanted (own) && (says_nothing (said) || strcmp (own, said) == 0))
        return g_strdup (own);
    {
        g_autofree char *shown_own = error_quote (own != NULL ? own : "");

        return fail_null (error, ERR_FORMAT,
                          "the registry calls it '%s' and it calls itself '%s'; both must be the "
                          "same kind of image manifest or index",
                          shown, shown_own);
    }
}

static gboolean
check_digest (const Digest *found, const char *text, const char *who, GError **error)
{
    g_autofree char *is = digest_to_text (found), *shown = error_quote (text);
    Digest wanted;

    if (!digest_parse (text, &wanted, error))
        return FALSE;
    if (digest_equal (found, &wanted))
        return TRUE;
    return fail (error, ERR_FORMAT, "what came has the digest %s; %s %s", is, who, shown);
}

GBytes *
registry_manifest_take (const HttpReply *reply, const char *asked, char **type, Digest *digest,
                        GError **error)
{
    g_autoptr (GBytes) text = g_bytes_new (reply->body->data, reply->body->len);
    Digest found = digest_of_bytes (text);
    g_autofree char *is = NULL;

    if (strchr (asked, ':') != NULL && !check_digest (&found, asked, "asked for was", error))
        return NULL;
    /* Another algorithm is the registry's own business. */
    if (reply->digest != NULL && g_str_has_prefix (reply->digest, "sha256:") &&
        !check_digest (&found, reply->digest, "the registry says", error))
        return NULL;
    is = registry_manifest_type (text, reply->type, error);
    if (is == NULL)
        return NULL;
    *type = g_steal_pointer (&is);
    *digest = found;
    return g_steal_pointer (&text);
}
