/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/sbom-given.h"

#include "bundle/purl.h"
#include "bundle/sbom.h"
#include "bundle/strictjson.h"
#include "manifest/error.h"
#include "manifest/limits.h"

#include <string.h>

#define DIGEST_PREFIX "sha256:"

void
given_sbom_free (GivenSbom *given)
{
    if (given == NULL)
        return;
    g_bytes_unref (given->text);
    package_list_free (given->packages);
    g_array_unref (given->layers);
    g_array_unref (given->configs);
    g_array_unref (given->manifests);
    g_free (given);
}

static GivenSbom *
given_sbom_new (GBytes *text)
{
    GivenSbom *given = g_new0 (GivenSbom, 1);

    given->text = g_bytes_ref (text);
    given->packages = package_list_new ();
    given->layers = g_array_new (FALSE, FALSE, sizeof (Digest));
    given->configs = g_array_new (FALSE, FALSE, sizeof (Digest));
    given->manifests = g_array_new (FALSE, FALSE, sizeof (Digest));
    return given;
}

/* Adds what is a digest, once; text may be NULL, and what is none says nothing. No image has more
 * layers, so that then one at least is foreign already. */
static void
note_digest (GArray *digests, const char *text)
{
    Digest digest;

    if (text == NULL || digests->len > LIMIT_LAYERS || !g_str_has_prefix (text, DIGEST_PREFIX) ||
        !digest_parse (text, &digest, NULL))
        return;
    for (guint i = 0; i < digests->len; i++)
        if (digest_equal (&g_array_index (digests, Digest, i), &digest))
            return;
    g_array_append_val (digests, digest);
}

/* Text as one word of a list: what is no printable ASCII, and '%', stays percent-encoded. */
static void
append_word (GString *word, const char *text)
{
    for (; *text != '\0'; text++) {
        if (g_ascii_isgraph (*text) && *text != '%')
            g_string_append_c (word, *text);
        else
            g_string_append_printf (word, "%%%02X", (guint8)*text);
    }
}

/* The namespace of a distribution's packages is its vendor, and no part of their names. */
static gboolean
is_of_distribution (const char *type)
{
    static const char *const types[] = { PACKAGE_KIND_APK, PACKAGE_KIND_DEB, "rpm" };

    for (guint i = 0; i < G_N_ELEMENTS (types); i++)
        if (strcmp (type, types[i]) == 0)
            return TRUE;
    return FALSE;
}

static gboolean
add_package (PackageList *list, const Purl *purl)
{
    g_autoptr (GString) name = g_string_new (NULL);
    g_autoptr (GString) version = g_string_new (NULL);
    g_autoptr (GString) arch = g_string_new (NULL);

    if (purl->space != NULL && !is_of_distribution (purl->type)) {
        append_word (name, purl->space);
        g_string_append_c (name, '/');
    }
    append_word (name, purl->name);
    if (purl->epoch != NULL && strcmp (purl->type, "rpm") == 0)
        g_string_append_printf (version, "%s:", purl->epoch);
    append_word (version, purl->version != NULL ? purl->version : PACKAGE_NONE);
    append_word (arch, purl->arch != NULL ? purl->arch : PACKAGE_NONE);
    return package_list_add (list, purl->type, name->str, version->str, arch->str, NULL) != NULL;
}

/* An image is no package in itself, but its URL may say which one it is. */
static void
take_url (GivenSbom *given, const char *url)
{
    g_auto (Purl) purl = { 0 };
    gboolean good;

    if (url == NULL)
        return;
    good = purl_parse (url, &purl, NULL);
    if (good && (strcmp (purl.type, "oci") == 0 || strcmp (purl.type, "docker") == 0))
        note_digest (given->manifests, purl.version);
    else if (!good || !add_package (given->packages, &purl))
        given->packages->unread |= UNREAD_SBOM;
}

/* Scanners say in which layer they found something, and of which image: syft and Trivy in
 * properties. */
static gboolean
take_properties (GivenSbom *given, JsonObject *component, GError **error)
{
    JsonArray *list;

    if (!strictjson_array (component, "properties", "a component", &list, error))
        return FALSE;
    for (guint i = 0; list != NULL && i < json_array_get_length (list); i++) {
        JsonObject *property;
        const char *name, *value;

        if (!strictjson_object_at (list, i, "properties", &property, error) ||
            !strictjson_string (property, "name", "a property", &name, error) ||
            !strictjson_string (property, "value", "a property", &value, error))
            return FALSE;
        if (name == NULL)
            continue;
        if (strcmp (name, "aquasecurity:trivy:ImageID") == 0)
            note_digest (given->configs, value);
        else if (strcmp (name, "aquasecurity:trivy:LayerDiffID") == 0 ||
                 (g_str_has_prefix (name, "syft:location:") && g_str_has_suffix (name, ":layerID")))
            note_digest (given->layers, value);
    }
    return TRUE;
}

static gboolean take_components (GivenSbom *given, JsonObject *parent, GError **error);

static gboolean
take_component (GivenSbom *given, JsonObject *component, GError **error)
{
    const char *url, *scope;

    if (!strictjson_string (component, "purl", "a component", &url, error) ||
        !strictjson_string (component, "scope", "a component", &scope, error))
        return FALSE;
    /* Which the build knows of, but which are not delivered. */
    if (g_strcmp0 (scope, "excluded") == 0)
        return TRUE;
    take_url (given, url);
    return take_properties (given, component, error) && take_components (given, component, error);
}

static gboolean
take_components (GivenSbom *given, JsonObject *parent, GError **error)
{
    JsonArray *list;

    if (!strictjson_array (parent, "components", "CycloneDX", &list, error))
        return FALSE;
    for (guint i = 0; list != NULL && i < json_array_get_length (list); i++) {
        JsonObject *component;

        if (!strictjson_object_at (list, i, "components", &component, error) ||
            !take_component (given, component, error))
            return FALSE;
    }
    return TRUE;
}

/* The image itself; syft writes the digest of its manifest as its version. */
static gboolean
take_subject (GivenSbom *given, JsonObject *root, GError **error)
{
    JsonObject *metadata, *subject = NULL;
    const char *version, *url;

    if (!strictjson_object (root, "metadata", "CycloneDX", &metadata, error) ||
        (metadata != NULL &&
         !strictjson_object (metadata, "component", "metadata", &subject, error)))
        return FALSE;
    if (subject == NULL)
        return TRUE;
    if (!strictjson_string (subject, "version", "metadata.component", &version, error) ||
        !strictjson_string (subject, "purl", "metadata.component", &url, error))
        return FALSE;
    note_digest (given->manifests, version);
    if (url != NULL &&
        (g_str_has_prefix (url, "pkg:oci/") || g_str_has_prefix (url, "pkg:docker/")))
        take_url (given, url);
    return take_properties (given, subject, error) && take_components (given, subject, error);
}

/* "layerID: sha256:…" is what syft writes of a file. */
static gboolean
take_files (GivenSbom *given, JsonObject *root, GError **error)
{
    JsonArray *list;

    if (!strictjson_array (root, "files", "SPDX", &list, error))
        return FALSE;
    for (guint i = 0; list != NULL && i < json_array_get_length (list); i++) {
        JsonObject *file;
        const char *comment;

        if (!strictjson_object_at (list, i, "files", &file, error) ||
            !strictjson_string (file, "comment", "a file", &comment, error))
            return FALSE;
        if (comment != NULL && g_str_has_prefix (comment, "layerID: "))
            note_digest (given->layers, comment + strlen ("layerID: "));
    }
    return TRUE;
}

static gboolean
take_spdx_package (GivenSbom *given, JsonObject *package, GError **error)
{
    const char *purpose, *version;
    JsonArray *list;

    if (!strictjson_string (package, "primaryPackagePurpose", "a package", &purpose, error) ||
        !strictjson_string (package, "versionInfo", "a package", &version, error) ||
        !strictjson_array (package, "externalRefs", "a package", &list, error))
        return FALSE;
    if (g_strcmp0 (purpose, "CONTAINER") == 0)
        note_digest (given->manifests, version);
    for (guint i = 0; list != NULL && i < json_array_get_length (list); i++) {
        JsonObject *reference;
        const char *type, *locator;

        if (!strictjson_object_at (list, i, "externalRefs", &reference, error) ||
            !strictjson_string (reference, "referenceType", "a reference", &type, error) ||
            !strictjson_string (reference, "referenceLocator", "a reference", &locator, error))
            return FALSE;
        if (g_strcmp0 (type, "purl") == 0)
            take_url (given, locator);
    }
    return TRUE;
}

static gboolean
take_spdx (GivenSbom *given, JsonObject *root, GError **error)
{
    JsonArray *list;

    if (!strictjson_array (root, "packages", "SPDX", &list, error))
        return FALSE;
    for (guint i = 0; list != NULL && i < json_array_get_length (list); i++) {
        JsonObject *package;

        if (!strictjson_object_at (list, i, "packages", &package, error) ||
            !take_spdx_package (given, package, error))
            return FALSE;
    }
    return take_files (given, root, error);
}

static gboolean
fail_format (JsonObject *root, GError **error)
{
    const char *what = "neither CycloneDX (\"bomFormat\") nor SPDX 2 (\"spdxVersion\")";

    if (json_object_has_member (root, "@context"))
        what = "SPDX 3 or other linked data, which is not known here";
    else if (json_object_has_member (root, "artifacts"))
        what = "syft's own format";
    return fail (error, ERR_FORMAT,
                 "it is %s; write it as CycloneDX or SPDX 2 in JSON (syft: -o cyclonedx-json or "
                 "-o spdx-json)",
                 what);
}

static gboolean
check_version (const char *format, const char *version, const char *prefix, GError **error)
{
    g_autofree char *shown = version != NULL ? error_quote (version) : NULL;

    if (version != NULL && g_str_has_prefix (version, prefix) &&
        g_ascii_isdigit (version[strlen (prefix)]))
        return TRUE;
    return fail (error, ERR_FORMAT, "it is %s '%s'; known are those that begin with '%s'", format,
                 shown != NULL ? shown : "without version", prefix);
}

static gboolean
take_document (GivenSbom *given, JsonObject *root, GError **error)
{
    const char *format, *spdx, *version;

    if (!strictjson_string (root, "bomFormat", "SBOM", &format, error) ||
        !strictjson_string (root, "spdxVersion", "SBOM", &spdx, error) ||
        !strictjson_string (root, "specVersion", "SBOM", &version, error))
        return FALSE;
    if (g_strcmp0 (format, "CycloneDX") == 0 && spdx == NULL)
        return check_version ("CycloneDX", version, "1.", error) &&
               take_subject (given, root, error) && take_components (given, root, error);
    if (spdx != NULL && format == NULL)
        return check_version ("SPDX", spdx, "SPDX-2.", error) && take_spdx (given, root, error);
    return fail_format (root, error);
}

GivenSbom *
given_sbom_parse (GBytes *text, GError **error)
{
    g_autoptr (GivenSbom) given = given_sbom_new (text);
    g_autoptr (JsonNode) node = NULL;

    if (!sbom_check_text (text, error))
        return NULL;
    node = strictjson_parse_within (text, "it", LIMIT_SBOM_BYTES, error);
    if (node == NULL)
        return NULL;
    if (!JSON_NODE_HOLDS_OBJECT (node))
        return fail_null (error, ERR_FORMAT, "it is JSON but no object");
    return take_document (given, json_node_get_object (node), error) ? g_steal_pointer (&given)
                                                                     : NULL;
}
