/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/provenance.h"

#include "bundle/strictjson.h"
#include "manifest/error.h"
#include "manifest/fuzzing.h"
#include "manifest/limits.h"
#include "manifest/uri.h"

#include <string.h>

#define NAME "provenance.json"
#define HEX_DIGITS "0123456789abcdef"

static void
image_free (gpointer data)
{
    ProvenanceImage *image = data;

    g_free (image->name);
    g_free (image->transport);
    g_free (image->uri);
    g_free (image);
}

Provenance *
provenance_new (void)
{
    Provenance *provenance = g_new0 (Provenance, 1);

    provenance->images = g_ptr_array_new_with_free_func (image_free);
    provenance->bases = g_array_new (FALSE, FALSE, sizeof (Digest));
    return provenance;
}

ProvenanceImage *
provenance_add_image (Provenance *provenance)
{
    ProvenanceImage *image = g_new0 (ProvenanceImage, 1);

    g_ptr_array_add (provenance->images, image);
    return image;
}

void
provenance_free (Provenance *provenance)
{
    if (provenance == NULL)
        return;
    g_free (provenance->product);
    g_free (provenance->channel);
    g_free (provenance->version);
    g_strfreev (provenance->platforms);
    g_ptr_array_unref (provenance->images);
    g_array_unref (provenance->bases);
    g_strfreev (provenance->hosts);
    g_free (provenance->given_version);
    g_free (provenance->source);
    g_free (provenance->revision);
    g_free (provenance->builder);
    g_free (provenance->handcarry);
    g_free (provenance->libzstd);
    g_free (provenance);
}

/* What is wrong with the type of a member is said by strictjson; what is absent, here. A descriptor
 * that is there twice gives its texts twice. */
static gboolean
take_text (JsonObject *object, const char *key, char **to, GError **error)
{
    const char *text;

    if (!strictjson_string (object, key, NAME, &text, error))
        return FALSE;
    if (text == NULL)
        return fail (error, ERR_FORMAT, NAME ": '%s' is missing", key);
    g_free (*to);
    *to = g_strdup (text);
    return TRUE;
}

static JsonObject *
get_object (JsonObject *object, const char *key, GError **error)
{
    JsonObject *found;

    if (!strictjson_object (object, key, NAME, &found, error))
        return NULL;
    if (found == NULL)
        return fail_null (error, ERR_FORMAT, NAME ": '%s' is missing", key);
    return found;
}

static JsonArray *
get_array (JsonObject *object, const char *key, GError **error)
{
    JsonArray *found;

    if (!strictjson_array (object, key, NAME, &found, error))
        return NULL;
    if (found == NULL)
        return fail_null (error, ERR_FORMAT, NAME ": '%s' is missing", key);
    return found;
}

static gboolean
take_texts (JsonObject *object, const char *key, char ***to, GError **error)
{
    JsonArray *array = get_array (object, key, error);
    g_autoptr (GPtrArray) texts = g_ptr_array_new_with_free_func (g_free);

    for (guint i = 0; array != NULL && i < json_array_get_length (array); i++) {
        const char *text;

        if (!strictjson_string_at (array, i, NAME, &text, error))
            return FALSE;
        g_ptr_array_add (texts, g_strdup (text));
    }
    if (array == NULL)
        return FALSE;
    g_ptr_array_add (texts, NULL);
    *to = (char **)g_ptr_array_free (g_steal_pointer (&texts), FALSE);
    return TRUE;
}

/* The digest set {"sha256": …} of a descriptor. */
static gboolean
take_digest (JsonObject *descriptor, Digest *digest, GError **error)
{
    JsonObject *set = get_object (descriptor, "digest", error);
    g_autofree char *hex = NULL;

    return set != NULL && take_text (set, "sha256", &hex, error) &&
           digest_parse_hex (hex, digest, error);
}

static gboolean
take_parameters (Provenance *provenance, JsonObject *definition, GError **error)
{
    JsonObject *parameters = get_object (definition, "externalParameters", error);
    JsonObject *given = parameters != NULL ? get_object (parameters, "overrides", error) : NULL;

    return given != NULL && take_text (parameters, "channel", &provenance->channel, error) &&
           take_texts (parameters, "hosts", &provenance->hosts, error) &&
           strictjson_size (parameters, "level", NAME, &provenance->level, error) &&
           take_texts (parameters, "platforms", &provenance->platforms, error) &&
           take_text (parameters, "product", &provenance->product, error) &&
           strictjson_size (parameters, "release", NAME, &provenance->release, error) &&
           take_text (parameters, "version", &provenance->version, error) &&
           (!json_object_has_member (given, "version") ||
            take_text (given, "version", &provenance->given_version, error)) &&
           (!json_object_has_member (given, "release") ||
            strictjson_size (given, "release", NAME, &provenance->given_release, error));
}

static gboolean
take_revision (Provenance *provenance, JsonObject *descriptor, GError **error)
{
    JsonObject *annotations = get_object (descriptor, "annotations", error);
    JsonObject *set = annotations != NULL ? get_object (descriptor, "digest", error) : NULL;
    JsonNode *modified;
    gsize length;

    if (set == NULL || !take_text (set, "gitCommit", &provenance->revision, error) ||
        !strictjson_size (annotations, "notInGit", NAME, &provenance->not_in_git, error))
        return FALSE;
    length = strspn (provenance->revision, HEX_DIGITS);
    if (provenance->revision[length] != '\0' || (length != 40 && length != 64))
        return fail (error, ERR_FORMAT, NAME ": 'gitCommit' is no commit of git");
    modified = json_object_get_member (annotations, "modified");
    if (modified == NULL || json_node_get_value_type (modified) != G_TYPE_BOOLEAN)
        return fail (error, ERR_FORMAT, NAME ": 'modified' is missing or neither true nor false");
    provenance->modified = json_node_get_boolean (modified);
    return TRUE;
}

static gboolean
take_uri (JsonObject *descriptor, char **uri, GError **error)
{
    if (!json_object_has_member (descriptor, "uri"))
        return TRUE;
    return take_text (descriptor, "uri", uri, error) && uri_check (*uri, error);
}

static gboolean
take_image (Provenance *provenance, JsonObject *descriptor, const char *name, GError **error)
{
    ProvenanceImage *image = provenance_add_image (provenance);
    JsonObject *annotations = get_object (descriptor, "annotations", error);
    g_autofree char *config = NULL;
    Digest digest;

    image->name = g_strdup (name);
    if (annotations == NULL || !take_text (annotations, "transport", &image->transport, error) ||
        !take_text (annotations, "config", &config, error) ||
        !digest_parse (config, &image->config, error) ||
        !take_digest (descriptor, &digest, error) || !take_uri (descriptor, &image->uri, error))
        return FALSE;
    image->has_manifest = !digest_equal (&digest, &image->config);
    image->manifest = digest;
    return TRUE;
}

/* By its name; a name that is unknown is not written again, so the texts differ in the end. */
static gboolean
take_dependency (Provenance *provenance, JsonObject *descriptor, GError **error)
{
    g_autofree char *name = NULL;
    Digest base;

    if (!take_text (descriptor, "name", &name, error))
        return FALSE;
    if (strcmp (name, "release.yaml") == 0)
        return take_digest (descriptor, &provenance->release_file, error);
    if (strcmp (name, "release.lock.yaml") == 0) {
        provenance->has_lock = TRUE;
        return take_digest (descriptor, &provenance->lock, error);
    }
    if (strcmp (name, "sources") == 0)
        return take_uri (descriptor, &provenance->source, error) &&
               (!json_object_has_member (descriptor, "digest") ||
                take_revision (provenance, descriptor, error));
    if (g_str_has_prefix (name, "image "))
        return take_image (provenance, descriptor, name + strlen ("image "), error);
    if (!take_digest (descriptor, &base, error))
        return FALSE;
    g_array_append_val (provenance->bases, base);
    return TRUE;
}

static gboolean
take_dependencies (Provenance *provenance, JsonObject *definition, GError **error)
{
    JsonArray *list = get_array (definition, "resolvedDependencies", error);
    JsonObject *descriptor;

    for (guint i = 0; list != NULL && i < json_array_get_length (list); i++)
        if (!strictjson_object_at (list, i, NAME, &descriptor, error) ||
            !take_dependency (provenance, descriptor, error))
            return FALSE;
    return list != NULL;
}

static gboolean
take_builder (Provenance *provenance, JsonObject *predicate, GError **error)
{
    JsonObject *run = get_object (predicate, "runDetails", error);
    JsonObject *builder = run != NULL ? get_object (run, "builder", error) : NULL;
    JsonObject *version = builder != NULL ? get_object (builder, "version", error) : NULL;

    return version != NULL && take_text (builder, "id", &provenance->builder, error) &&
           uri_check (provenance->builder, error) &&
           take_text (version, "handcarry", &provenance->handcarry, error) &&
           take_text (version, "libzstd", &provenance->libzstd, error);
}

/* Only what is nowhere else: digests of the statement and of the OCI manifests. */
static gboolean
take_subjects (Provenance *provenance, JsonObject *root, GError **error)
{
    JsonArray *list = get_array (root, "subject", error);
    guint count = list != NULL ? json_array_get_length (list) : 0;
    JsonObject *subject;

    if (list == NULL)
        return FALSE;
    if (count != 1 + 2 * provenance->images->len)
        return fail (error, ERR_FORMAT, NAME " has %u subjects for %u images", count,
                     provenance->images->len);
    if (!strictjson_object_at (list, 0, NAME, &subject, error) ||
        !take_digest (subject, &provenance->statement, error))
        return FALSE;
    for (guint i = 0; i < provenance->images->len; i++) {
        ProvenanceImage *image = provenance->images->pdata[i];

        if (!strictjson_object_at (list, 2 + 2 * i, NAME, &subject, error) ||
            !take_digest (subject, &image->oci, error))
            return FALSE;
    }
    return TRUE;
}

Provenance *
provenance_parse (GBytes *text, GError **error)
{
    g_autoptr (Provenance) provenance = provenance_new ();
    g_autoptr (JsonNode) node = NULL;
    g_autoptr (GBytes) again = NULL;
    JsonObject *root = strictjson_parse_object (text, NAME, &node, error);
    JsonObject *predicate = root != NULL ? get_object (root, "predicate", error) : NULL;
    JsonObject *definition =
        predicate != NULL ? get_object (predicate, "buildDefinition", error) : NULL;

    if (definition == NULL || !take_parameters (provenance, definition, error) ||
        !take_dependencies (provenance, definition, error) ||
        !take_builder (provenance, predicate, error) || !take_subjects (provenance, root, error))
        return NULL;
    again = provenance_write (provenance);
    if (!g_bytes_equal (again, text))
        return fail_null (error, ERR_FORMAT, NAME " is not as handcarry writes it");
    return g_steal_pointer (&provenance);
}

gboolean
provenance_check (const Provenance *provenance, const Statement *statement,
                  const Digest *release_digest, GError **error)
{
    gboolean same = check_holds (digest_equal (&provenance->statement, release_digest)) &&
                    provenance->images->len == statement->images->len;

    for (guint i = 0; same && i < statement->images->len; i++) {
        const StatementImage *image = statement->images->pdata[i];
        const ProvenanceImage *made = provenance->images->pdata[i];

        same = strcmp (made->name, image->name) == 0 &&
               check_holds (digest_equal (&made->config, &image->config)) &&
               check_holds (digest_equal (&made->oci, &image->manifest));
    }
    return same || fail (error, ERR_FORMAT, NAME " is about another release");
}
