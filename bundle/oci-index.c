/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/oci-index.h"

#include "bundle/strictjson.h"
#include "manifest/error.h"
#include "manifest/limits.h"
#include "manifest/message.h"

#include <string.h>

#define MANIFESTS_MAX 1000
/* An index may name indexes; real ones do so once. */
#define NESTING_MAX 4

static const struct {
    const char *type;
    OciKind kind;
} kinds[] = {
    { "application/vnd.oci.image.index.v1+json", OCI_INDEX },
    { "application/vnd.docker.distribution.manifest.list.v2+json", OCI_INDEX },
    { "application/vnd.oci.image.manifest.v1+json", OCI_MANIFEST },
    { "application/vnd.docker.distribution.manifest.v2+json", OCI_MANIFEST },
    { "application/vnd.oci.image.config.v1+json", OCI_CONFIG },
    { "application/vnd.docker.container.image.v1+json", OCI_CONFIG },
    { "application/vnd.oci.image.layer.v1.tar", OCI_LAYER },
    { "application/vnd.oci.image.layer.v1.tar+gzip", OCI_LAYER },
    { "application/vnd.oci.image.layer.v1.tar+zstd", OCI_LAYER },
    { "application/vnd.docker.image.rootfs.diff.tar", OCI_LAYER },
    { "application/vnd.docker.image.rootfs.diff.tar.gzip", OCI_LAYER },
    { "application/vnd.docker.image.rootfs.diff.tar.zstd", OCI_LAYER },
};

static void
descriptor_free (OciDescriptor *descriptor)
{
    g_free (descriptor->type);
    g_free (descriptor->name);
    g_free (descriptor->full_name);
    g_free (descriptor->platform);
    g_free (descriptor);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (OciDescriptor, descriptor_free)

static GPtrArray *
list_new (void)
{
    return g_ptr_array_new_with_free_func ((GDestroyNotify)descriptor_free);
}

static gboolean
find_kind (const char *type, OciKind *kind)
{
    for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++) {
        if (strcmp (kinds[i].type, type) != 0)
            continue;
        *kind = kinds[i].kind;
        return TRUE;
    }
    return FALSE;
}

static gboolean
read_annotations (JsonObject *object, OciDescriptor *out, GError **error)
{
    JsonObject *annotations;
    const char *name, *full_name;

    if (!strictjson_object (object, "annotations", "descriptor", &annotations, error))
        return FALSE;
    if (annotations == NULL)
        return TRUE;
    if (!strictjson_string (annotations, "org.opencontainers.image.ref.name", "annotations", &name,
                            error) ||
        !strictjson_string (annotations, "io.containerd.image.name", "annotations", &full_name,
                            error))
        return FALSE;
    out->name = g_strdup (name);
    out->full_name = g_strdup (full_name);
    return TRUE;
}

static gboolean
read_platform (JsonObject *object, OciDescriptor *out, GError **error)
{
    JsonObject *platform;
    const char *os, *architecture, *variant;

    if (!strictjson_object (object, "platform", "descriptor", &platform, error))
        return FALSE;
    if (platform == NULL)
        return TRUE;
    if (!strictjson_string (platform, "os", "platform", &os, error) ||
        !strictjson_string (platform, "architecture", "platform", &architecture, error) ||
        !strictjson_string (platform, "variant", "platform", &variant, error))
        return FALSE;
    if (os == NULL || architecture == NULL)
        return fail (error, ERR_FORMAT, "a platform in an index lacks 'os' or 'architecture'");
    if (variant == NULL || *variant == '\0')
        out->platform = g_strconcat (os, "/", architecture, NULL);
    else
        out->platform = g_strconcat (os, "/", architecture, "/", variant, NULL);
    return TRUE;
}

/* Foreign layers lie on a server that the isolated side can not reach, so a bundle without their
 * bytes would be of no use there. */
static gboolean
check_local (JsonObject *object, const char *type, GError **error)
{
    g_autofree char *shown = error_quote (type);

    if (strstr (type, "nondistributable") != NULL || strstr (type, "foreign") != NULL ||
        json_object_has_member (object, "urls"))
        return fail (error, ERR_FORMAT,
                     "a layer of type '%s' is a foreign layer: its bytes lie on a server; "
                     "build the image without it",
                     shown);
    return TRUE;
}

/* Sets *known to whether the media type is one of the table. */
static OciDescriptor *
read_descriptor (JsonObject *object, gboolean *known, GError **error)
{
    g_autoptr (OciDescriptor) out = g_new0 (OciDescriptor, 1);
    const char *type, *digest;

    if (!strictjson_string (object, "mediaType", "descriptor", &type, error) ||
        !strictjson_string (object, "digest", "descriptor", &digest, error) ||
        !strictjson_size (object, "size", "descriptor", &out->bytes, error) ||
        !read_annotations (object, out, error) || !read_platform (object, out, error))
        return NULL;
    if (type == NULL || digest == NULL)
        return fail_null (error, ERR_FORMAT, "a descriptor lacks 'mediaType' or 'digest'");
    if (!digest_parse (digest, &out->digest, error))
        return NULL;
    out->type = g_strdup (type);
    *known = find_kind (type, &out->kind);
    return g_steal_pointer (&out);
}

/* A document is one thing: what its descriptor said, what it says itself, and what its members
 * show must agree, or two readers would see two images (CVE-2021-41190). */
static gboolean
check_document (JsonObject *object, OciKind kind, const char *type, const char *name,
                GError **error)
{
    const char *const index_only[] = { "manifests", NULL };
    const char *const manifest_only[] = { "layers", "config", "fsLayers", NULL };
    const char *const *foreign = kind == OCI_INDEX ? manifest_only : index_only;
    g_autofree char *shown = NULL;
    const char *own;
    OciKind own_kind;
    guint64 schema;

    if (!strictjson_size (object, "schemaVersion", name, &schema, error) ||
        !strictjson_string (object, "mediaType", name, &own, error))
        return FALSE;
    if (schema != 2)
        return fail (error, ERR_FORMAT,
                     "%s has schema version %" G_GUINT64_FORMAT "; only 2 is read", name, schema);
    for (gsize i = 0; foreign[i] != NULL; i++)
        if (json_object_has_member (object, foreign[i]))
            return fail (error, ERR_FORMAT, "%s has '%s' too, so it is two things at once", name,
                         foreign[i]);
    if (own == NULL)
        return TRUE;
    shown = error_quote (own);
    if (!find_kind (own, &own_kind) || own_kind != kind ||
        (type != NULL && strcmp (own, type) != 0))
        return fail (error, ERR_FORMAT, "%s calls itself '%s'; '%s' is expected", name, shown,
                     type != NULL        ? type
                     : kind == OCI_INDEX ? "an image index"
                                         : "an image manifest");
    return TRUE;
}

static gboolean
add_manifest (GPtrArray *list, JsonObject *object, GError **error)
{
    gboolean known;
    g_autoptr (OciDescriptor) descriptor = read_descriptor (object, &known, error);

    if (descriptor == NULL)
        return FALSE;
    /* buildx keeps its attestations under this platform. */
    if (known && descriptor->kind <= OCI_MANIFEST &&
        g_strcmp0 (descriptor->platform, "unknown/unknown") != 0)
        g_ptr_array_add (list, g_steal_pointer (&descriptor));
    return TRUE;
}

GPtrArray *
oci_index_parse (GBytes *text, const char *type, GError **error)
{
    g_autoptr (GPtrArray) list = list_new ();
    g_autoptr (JsonNode) root = NULL;
    JsonObject *object = strictjson_parse_object (text, "image index", &root, error), *element;
    JsonArray *array;

    if (object == NULL || !check_document (object, OCI_INDEX, type, "image index", error) ||
        !strictjson_array (object, "manifests", "image index", &array, error))
        return NULL;
    if (array == NULL || json_array_get_length (array) > MANIFESTS_MAX)
        return fail_null (error, ERR_FORMAT, "image index has no 'manifests', or more than %d",
                          MANIFESTS_MAX);
    for (guint i = 0; i < json_array_get_length (array); i++)
        if (!strictjson_object_at (array, i, "manifests", &element, error) ||
            !add_manifest (list, element, error))
            return NULL;
    return g_steal_pointer (&list);
}

static gboolean
add_part (GPtrArray *list, JsonObject *object, OciKind kind, GError **error)
{
    g_autofree char *shown = NULL;
    gboolean known;
    OciDescriptor *descriptor = read_descriptor (object, &known, error);

    if (descriptor == NULL)
        return FALSE;
    g_ptr_array_add (list, descriptor);
    if (!check_local (object, descriptor->type, error))
        return FALSE;
    shown = error_quote (descriptor->type);
    if (!known || descriptor->kind != kind)
        return fail (error, ERR_FORMAT, "image manifest has a %s of type '%s', which is none",
                     kind == OCI_CONFIG ? "config" : "layer", shown);
    return TRUE;
}

GPtrArray *
oci_manifest_parse (GBytes *text, const char *type, GError **error)
{
    g_autoptr (GPtrArray) list = list_new ();
    g_autoptr (JsonNode) root = NULL;
    JsonObject *object = strictjson_parse_object (text, "image manifest", &root, error), *part;
    JsonArray *layers;

    if (object == NULL || !check_document (object, OCI_MANIFEST, type, "image manifest", error) ||
        !strictjson_object (object, "config", "image manifest", &part, error) ||
        !strictjson_array (object, "layers", "image manifest", &layers, error))
        return NULL;
    if (part == NULL || layers == NULL || json_array_get_length (layers) > LIMIT_LAYERS)
        return fail_null (error, ERR_FORMAT,
                          "image manifest lacks 'config' or 'layers', or has more than %d layers",
                          LIMIT_LAYERS);
    if (!add_part (list, part, OCI_CONFIG, error))
        return NULL;
    for (guint i = 0; i < json_array_get_length (layers); i++)
        if (!strictjson_object_at (layers, i, "layers", &part, error) ||
            !add_part (list, part, OCI_LAYER, error))
            return NULL;
    return g_steal_pointer (&list);
}

gboolean
oci_manifest_check_layers (const GPtrArray *parts, guint layers, GError **error)
{
    return parts->len - 1 == layers ||
           fail (error, ERR_FORMAT, "the image manifest lists %u layers, the image config %u",
                 parts->len - 1, layers);
}

gboolean
oci_platform_fits (const char *found, const char *wanted)
{
    g_auto (GStrv) a = g_strsplit (found, "/", 3);
    g_auto (GStrv) b = g_strsplit (wanted, "/", 3);
    guint n = MIN (g_strv_length (a), g_strv_length (b));

    if (n < 2)
        return FALSE;
    for (guint i = 0; i < n; i++)
        if (strcmp (a[i], b[i]) != 0)
            return FALSE;
    return TRUE;
}

gboolean
oci_document_kind (GBytes *text, const char *type, OciKind *kind, GError **error)
{
    g_autoptr (JsonNode) root = NULL;
    JsonObject *object = strictjson_parse_object (text, "manifest", &root, error);
    g_autofree char *shown = error_quote (type != NULL ? type : "");
    OciKind said;

    if (object == NULL)
        return FALSE;
    *kind = json_object_has_member (object, "manifests") ? OCI_INDEX : OCI_MANIFEST;
    return type == NULL || (find_kind (type, &said) && said == *kind) ||
           fail (error, ERR_FORMAT, "it is called '%s' but holds an image %s", shown,
                 *kind == OCI_INDEX ? "index" : "manifest");
}

static char *
list_found (GPtrArray *list)
{
    g_autoptr (GString) all = g_string_new (NULL);

    for (guint i = 0; i < list->len; i++) {
        const OciDescriptor *found = g_ptr_array_index (list, i);
        g_autofree char *digest = digest_to_text (&found->digest);
        const char *name = found->name != NULL ? found->name : found->full_name;

        g_string_append_printf (all, "%s%s%s%s", i > 0 ? ", " : "", name != NULL ? name : digest,
                                found->platform != NULL ? " " : "",
                                found->platform != NULL ? found->platform : "");
    }
    return error_quote (all->len > 0 ? all->str : "nothing");
}

typedef enum { FITS_NOT, FITS, FITS_EXACTLY } Fit;

static Fit
judge_fit (const OciDescriptor *found, const char *tag, const char *platform)
{
    if (tag != NULL && g_strcmp0 (found->name, tag) != 0 && g_strcmp0 (found->full_name, tag) != 0)
        return FITS_NOT;
    if (found->platform == NULL)
        return FITS;
    if (strcmp (found->platform, platform) == 0)
        return FITS_EXACTLY;
    return oci_platform_fits (found->platform, platform) ? FITS : FITS_NOT;
}

const OciDescriptor *
oci_index_choose (GPtrArray *list, const char *tag, const char *platform, GError **error)
{
    const OciDescriptor *chosen = NULL;
    g_autofree char *there = list_found (list);
    g_autofree char *wanted = tag == NULL ? g_strdup ("") : message_printf (" named '%s'", tag);
    gboolean several = FALSE;
    Fit best = FITS_NOT;

    for (guint i = 0; i < list->len; i++) {
        const OciDescriptor *found = g_ptr_array_index (list, i);
        Fit fit = judge_fit (found, tag, platform);

        if (fit == FITS_NOT || fit < best)
            continue;
        several = fit == best && (several || !digest_equal (&chosen->digest, &found->digest));
        best = fit;
        chosen = found;
    }
    if (several)
        return fail_null (error, ERR_FORMAT,
                          "more than one image%s for %s; add ':TAG' of the one that is meant: %s",
                          wanted, platform, there);
    if (chosen == NULL)
        return fail_null (error, ERR_FORMAT, "no image%s for %s; there are: %s", wanted, platform,
                          there);
    return chosen;
}

GPtrArray *
oci_index_follow (GBytes *index, const char *type, const char *tag, const char *platform,
                  OciRead read, gpointer user, Digest *manifest, GError **error)
{
    g_autoptr (GBytes) text = g_bytes_ref (index);
    g_autofree char *is = g_strdup (type);

    for (guint level = 0; level < NESTING_MAX; level++) {
        g_autoptr (GPtrArray) list = oci_index_parse (text, is, error);
        const OciDescriptor *next = NULL;

        if (list != NULL)
            next = oci_index_choose (list, level == 0 ? tag : NULL, platform, error);
        if (next == NULL)
            return NULL;
        g_clear_pointer (&text, g_bytes_unref);
        text = read (user, next, error);
        if (text == NULL)
            return NULL;
        *manifest = next->digest;
        if (next->kind == OCI_MANIFEST)
            return oci_manifest_parse (text, next->type, error);
        g_free (is);
        is = g_strdup (next->type);
    }
    return fail_null (error, ERR_FORMAT, "indexes name each other more than %d deep", NESTING_MAX);
}
