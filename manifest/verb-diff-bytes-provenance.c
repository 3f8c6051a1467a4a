/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/provenance.h"
#include "manifest/verb-diff-bytes.h"
#include "manifest/message.h"

static char *
describe (const char *text)
{
    return g_strdup (text != NULL ? text : "none");
}

static char *
describe_lock (const Provenance *provenance)
{
    return provenance->has_lock ? digest_to_text (&provenance->lock) : g_strdup ("none");
}

static char *
describe_overrides (const Provenance *provenance)
{
    const char *version = provenance->given_version;
    g_autofree char *release = bytes_describe_number (provenance->given_release);

    return message_printf ("version %s, release %s", version != NULL ? version : "not given",
                           provenance->given_release > 0 ? release : "not given");
}

/* Each source's transport and what it was, in the order of the images. */
static char *
describe_images (const Provenance *provenance)
{
    GString *text = g_string_new (provenance->images->len == 0 ? "none" : NULL);

    for (guint i = 0; i < provenance->images->len; i++) {
        const ProvenanceImage *image = provenance->images->pdata[i];
        g_autofree char *hex =
            digest_to_hex (image->has_manifest ? &image->manifest : &image->config);

        g_string_append_printf (text, "%s%s %s %.12s", i > 0 ? ", " : "", image->name,
                                image->transport, hex);
    }
    return g_string_free (text, FALSE);
}

gboolean
bytes_compare_provenance (BytesDiff *diff, GError **error)
{
    g_autoptr (Provenance) a = NULL, b = NULL;
    GPtrArray *keys = diff->provenance;

    if (diff->found.regions[REGION_META].same_content || !diff->same_statement)
        return TRUE;
    a = bundle_read_provenance (diff->bundle[0], error);
    b = a != NULL ? bundle_read_provenance (diff->bundle[1], error) : NULL;
    if (b == NULL)
        return FALSE;
    bytes_add_key (keys, "builder", describe (a->builder), describe (b->builder));
    bytes_add_key (keys, "handcarry", describe (a->handcarry), describe (b->handcarry));
    bytes_add_key (keys, "libzstd", describe (a->libzstd), describe (b->libzstd));
    bytes_add_key (keys, "release.yaml", digest_to_text (&a->release_file),
                   digest_to_text (&b->release_file));
    bytes_add_key (keys, "lock", describe_lock (a), describe_lock (b));
    bytes_add_key (keys, "source", describe (a->source), describe (b->source));
    bytes_add_key (keys, "revision", describe (a->revision), describe (b->revision));
    bytes_add_key (keys, "modified", g_strdup (a->modified ? N_ ("yes") : N_ ("no")),
                   g_strdup (b->modified ? N_ ("yes") : N_ ("no")));
    bytes_add_key (keys, "not-in-git", bytes_describe_number (a->not_in_git),
                   bytes_describe_number (b->not_in_git));
    bytes_add_key (keys, "overrides", describe_overrides (a), describe_overrides (b));
    bytes_add_key (keys, "images", describe_images (a), describe_images (b));
    return TRUE;
}
