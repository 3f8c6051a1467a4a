/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/cyclonedx.h"

#include "bundle/purl.h"
#include "bundle/strictjson.h"
#include "manifest/limits.h"

#include <string.h>

#define SCHEMA "http://cyclonedx.org/schema/bom-1.7.schema.json"
/* References within the text; those of packages are their URLs, which begin with "pkg:". */
#define REF_IMAGE "image"
#define REF_OS "os"
/* What comes behind the packages. */
#define END_ROOM 4096

static void
append_member (GString *out, const char *key, const char *value)
{
    g_string_append_printf (out, ",\"%s\":", key);
    strictjson_append (out, value);
}

static gboolean
is_from_database (const Package *package)
{
    return strcmp (package->kind, PACKAGE_KIND_APK) == 0 ||
           strcmp (package->kind, PACKAGE_KIND_DEB) == 0;
}

/* Where the image does not say whose packages these are: the distribution that the database is
 * named after. */
static const char *
namespace_of (const Package *package, const OsRelease *os)
{
    if (os->id != NULL)
        return os->id;
    return strcmp (package->kind, PACKAGE_KIND_APK) == 0 ? "alpine" : "debian";
}

static void
append_distro (GString *url, const OsRelease *os)
{
    if (os->id == NULL)
        return;
    g_string_append (url, "&distro=");
    purl_append (url, os->id);
    if (os->version == NULL)
        return;
    g_string_append_c (url, '-');
    purl_append (url, os->version);
}

/* Advisories speak of source packages. */
static void
append_upstream (GString *url, const Package *package)
{
    if (package->source == NULL)
        return;
    g_string_append (url, "&upstream=");
    purl_append (url, package->source);
    if (package->source_version == NULL)
        return;
    purl_append (url, "@");
    purl_append (url, package->source_version);
}

static char *
url_of (const Package *package, const OsRelease *os)
{
    GString *url = g_string_new ("pkg:");

    g_string_append_printf (url, "%s/", package->kind);
    purl_append (url, namespace_of (package, os));
    g_string_append_c (url, '/');
    purl_append (url, package->name);
    g_string_append_c (url, '@');
    purl_append (url, package->version);
    g_string_append (url, "?arch=");
    purl_append (url, package->arch);
    append_distro (url, os);
    append_upstream (url, package);
    return g_string_free (url, FALSE);
}

static void
append_package (GString *out, const Package *package, const OsRelease *os)
{
    g_autofree char *url = url_of (package, os);

    g_string_append (out, "{\"type\":\"library\"");
    append_member (out, "bom-ref", url);
    append_member (out, "name", package->name);
    append_member (out, "version", package->version);
    if (package->licence != NULL) {
        g_string_append (out, ",\"licenses\":[{\"license\":{\"name\":");
        strictjson_append (out, package->licence);
        g_string_append (out, "}}]");
    }
    append_member (out, "purl", url);
    g_string_append_c (out, '}');
}

static void
append_os (GString *out, const OsRelease *os)
{
    g_string_append (out, "{\"type\":\"operating-system\",\"bom-ref\":\"" REF_OS "\"");
    append_member (out, "name", os->id);
    if (os->version != NULL)
        append_member (out, "version", os->version);
    g_string_append_c (out, '}');
}

/* The config is what identifies an image whatever it is called and however it is compressed. */
static void
append_metadata (GString *out, const CyclonedxInput *input)
{
    const char *tag = strrchr (input->image, ':');
    g_autofree char *name =
        tag != NULL ? g_strndup (input->image, (gsize)(tag - input->image)) : NULL;
    g_autofree char *hex = digest_to_hex (input->config);

    g_string_append (out, "\"metadata\":{");
    if (input->issued != NULL) {
        g_string_append (out, "\"timestamp\":");
        strictjson_append (out, input->issued);
        g_string_append_c (out, ',');
    }
    g_string_append (out, "\"tools\":{\"components\":[{\"type\":\"application\",\"name\":"
                          "\"handcarry\",\"version\":\"" HANDCARRY_VERSION "\"}]},\n"
                          "\"component\":{\"type\":\"container\",\"bom-ref\":\"" REF_IMAGE "\"");
    append_member (out, "name", name != NULL ? name : input->image);
    if (tag != NULL)
        append_member (out, "version", tag + 1);
    g_string_append_printf (out, ",\"hashes\":[{\"alg\":\"SHA-256\",\"content\":\"%s\"}]}},\n",
                            hex);
}

/* Returns whether all are there. */
static gboolean
append_components (GString *out, const CyclonedxInput *input)
{
    const char *between = "\n";
    gboolean all = TRUE;

    g_string_append (out, "\"components\":[");
    if (input->os->id != NULL) {
        g_string_append (out, between);
        append_os (out, input->os);
        between = ",\n";
    }
    for (guint i = 0; i < input->packages->packages->len && all; i++) {
        const Package *package = input->packages->packages->pdata[i];
        gsize before = out->len;

        if (!is_from_database (package))
            continue;
        g_string_append (out, between);
        append_package (out, package, input->os);
        between = ",\n";
        if (out->len > LIMIT_SBOM_BYTES - END_ROOM) {
            g_string_truncate (out, before);
            all = FALSE;
        }
    }
    g_string_append (out, "\n],\n");
    return all;
}

/* RFC 9562, version 8: made of the SHA-256 of all else in the text. */
static char *
serial_of (const GString *body)
{
    Digest digest = digest_of (body->str, body->len);
    guint8 *b = digest.b;

    b[6] = (guint8)(0x80 | (b[6] & 0x0f));
    b[8] = (guint8)(0x80 | (b[8] & 0x3f));
    return g_strdup_printf ("%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
                            b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10],
                            b[11], b[12], b[13], b[14], b[15]);
}

/* A line for each package, so that a person can compare two of them. Other software than packages
 * of the distribution is not looked for: whether that is all nobody knows. */
GBytes *
cyclonedx_write (const CyclonedxInput *input)
{
    g_autoptr (GString) body = g_string_new (NULL);
    g_autofree char *serial = NULL;
    GString *text;
    gboolean all;

    package_list_sort (input->packages);
    append_metadata (body, input);
    all = append_components (body, input);
    g_string_append_printf (
        body, "\"compositions\":[{\"aggregate\":\"%s\",\"assemblies\":[\"" REF_IMAGE "\"]}]\n}\n",
        all && input->packages->unread == 0 ? "unknown" : "incomplete");
    serial = serial_of (body);
    text = g_string_new ("{\n\"$schema\":\"" SCHEMA "\",\n\"bomFormat\":\"CycloneDX\","
                         "\"specVersion\":\"1.7\",\n");
    g_string_append_printf (text, "\"serialNumber\":\"urn:uuid:%s\",\"version\":1,\n%s", serial,
                            body->str);
    return g_string_free_to_bytes (text);
}
