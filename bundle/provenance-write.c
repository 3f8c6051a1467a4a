/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/provenance.h"

#include "bundle/strictjson.h"

/* Written by hand, as the documents of OCI are, so that the bytes do not change with a JSON
 * library: keys in ascending order, no white space. */

/* The key of the next member; open tells whether it is the first of its object. */
static void
put_key (GString *out, const char *key)
{
    char last = out->str[out->len - 1];

    if (last != '{')
        g_string_append_c (out, ',');
    strictjson_append (out, key);
    g_string_append_c (out, ':');
}

static void
put_text (GString *out, const char *key, const char *text)
{
    put_key (out, key);
    strictjson_append (out, text);
}

static void
put_number (GString *out, const char *key, guint64 number)
{
    put_key (out, key);
    g_string_append_printf (out, "%" G_GUINT64_FORMAT, number);
}

static void
put_texts (GString *out, const char *key, char **texts)
{
    put_key (out, key);
    g_string_append_c (out, '[');
    for (guint i = 0; texts != NULL && texts[i] != NULL; i++) {
        if (i > 0)
            g_string_append_c (out, ',');
        strictjson_append (out, texts[i]);
    }
    g_string_append_c (out, ']');
}

static void
put_object (GString *out, const char *key)
{
    put_key (out, key);
    g_string_append_c (out, '{');
}

static void
put_digest_set (GString *out, const Digest *digest)
{
    g_autofree char *hex = digest_to_hex (digest);

    put_object (out, "digest");
    put_text (out, "sha256", hex);
    g_string_append_c (out, '}');
}

/* The next element of a list. */
static void
put_element (GString *out)
{
    g_string_append (out, out->str[out->len - 1] == '[' ? "{" : ",{");
}

static void
put_file (GString *out, const char *name, const Digest *digest)
{
    put_element (out);
    put_digest_set (out, digest);
    put_text (out, "name", name);
    g_string_append_c (out, '}');
}

static void
put_sources (GString *out, const Provenance *provenance)
{
    if (provenance->source == NULL && provenance->revision == NULL)
        return;
    put_element (out);
    if (provenance->revision != NULL) {
        put_object (out, "annotations");
        put_key (out, "modified");
        g_string_append (out, provenance->modified ? "true" : "false");
        put_number (out, "notInGit", provenance->not_in_git);
        g_string_append_c (out, '}');
        put_object (out, "digest");
        put_text (out, "gitCommit", provenance->revision);
        g_string_append_c (out, '}');
    }
    put_text (out, "name", "sources");
    if (provenance->source != NULL)
        put_text (out, "uri", provenance->source);
    g_string_append_c (out, '}');
}

/* What a registry calls it, or what a file or engine holds: its config alone is sure to be one. */
static void
put_image (GString *out, const ProvenanceImage *image)
{
    g_autofree char *config = digest_to_text (&image->config);
    g_autofree char *name = g_strconcat ("image ", image->name, NULL);

    put_element (out);
    put_object (out, "annotations");
    put_text (out, "config", config);
    put_text (out, "transport", image->transport);
    g_string_append_c (out, '}');
    put_digest_set (out, image->has_manifest ? &image->manifest : &image->config);
    put_text (out, "mediaType",
              image->has_manifest ? "application/vnd.oci.image.manifest.v1+json"
                                  : "application/vnd.oci.image.config.v1+json");
    put_text (out, "name", name);
    if (image->uri != NULL)
        put_text (out, "uri", image->uri);
    g_string_append_c (out, '}');
}

static void
put_dependencies (GString *out, const Provenance *provenance)
{
    put_key (out, "resolvedDependencies");
    g_string_append_c (out, '[');
    put_file (out, "release.yaml", &provenance->release_file);
    if (provenance->has_lock)
        put_file (out, "release.lock.yaml", &provenance->lock);
    put_sources (out, provenance);
    for (guint i = 0; i < provenance->images->len; i++)
        put_image (out, provenance->images->pdata[i]);
    for (guint i = 0; i < provenance->bases->len; i++) {
        g_autofree char *name = g_strdup_printf ("base %u", i + 1);

        put_file (out, name, &g_array_index (provenance->bases, Digest, i));
    }
    g_string_append_c (out, ']');
}

static void
put_parameters (GString *out, const Provenance *provenance)
{
    put_object (out, "externalParameters");
    put_text (out, "channel", provenance->channel);
    put_texts (out, "hosts", provenance->hosts);
    put_number (out, "level", provenance->level);
    put_object (out, "overrides");
    if (provenance->given_release > 0)
        put_number (out, "release", provenance->given_release);
    if (provenance->given_version != NULL)
        put_text (out, "version", provenance->given_version);
    g_string_append_c (out, '}');
    put_texts (out, "platforms", provenance->platforms);
    put_text (out, "product", provenance->product);
    put_number (out, "release", provenance->release);
    put_text (out, "version", provenance->version);
    g_string_append_c (out, '}');
}

static void
put_builder (GString *out, const Provenance *provenance)
{
    put_object (out, "runDetails");
    put_object (out, "builder");
    put_text (out, "id", provenance->builder);
    put_object (out, "version");
    put_text (out, "handcarry", provenance->handcarry);
    put_text (out, "libzstd", provenance->libzstd);
    g_string_append (out, "}}}");
}

/* Both ids that engines give an image. */
static void
put_subjects (GString *out, const Provenance *provenance)
{
    put_key (out, "subject");
    g_string_append_c (out, '[');
    put_file (out, "statement.yaml", &provenance->statement);
    for (guint i = 0; i < provenance->images->len; i++) {
        const ProvenanceImage *image = provenance->images->pdata[i];
        g_autofree char *config = g_strconcat ("config of ", image->name, NULL);
        g_autofree char *manifest = g_strconcat ("manifest of ", image->name, NULL);

        put_file (out, config, &image->config);
        put_file (out, manifest, &image->oci);
    }
    g_string_append_c (out, ']');
}

GBytes *
provenance_write (const Provenance *provenance)
{
    GString *out = g_string_new ("{");

    put_text (out, "_type", PROVENANCE_STATEMENT_TYPE);
    put_object (out, "predicate");
    put_object (out, "buildDefinition");
    put_text (out, "buildType", PROVENANCE_BUILD_TYPE);
    put_parameters (out, provenance);
    put_dependencies (out, provenance);
    g_string_append_c (out, '}');
    put_builder (out, provenance);
    g_string_append_c (out, '}');
    put_text (out, "predicateType", PROVENANCE_PREDICATE_TYPE);
    put_subjects (out, provenance);
    g_string_append_c (out, '}');
    return g_string_free_to_bytes (out);
}
