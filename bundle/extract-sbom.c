/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/extract.h"
#include "bundle/sbom.h"
#include "manifest/error.h"
#include "manifest/file.h"

char *
extract_sbom_name (const StatementImage *image)
{
    g_autofree char *hex = digest_to_hex (&image->config);

    return g_strconcat (hex, ".json", NULL);
}

gboolean
extract_sboms (Bundle *bundle, int dirfd, GError **error)
{
    const GPtrArray *images = bundle_statement (bundle)->images;
    g_autoptr (GHashTable) seen = g_hash_table_new (digest_hash_key, digest_equal_key);

    for (guint i = 0; i < images->len; i++) {
        StatementImage *image = images->pdata[i];
        g_autofree char *name = extract_sbom_name (image);
        g_autoptr (GBytes) text = NULL;

        if (!g_hash_table_add (seen, &image->config))
            continue;
        text = bundle_read_sbom (bundle, image, error);
        if (text == NULL || !file_create (dirfd, name, text, 0644, error))
            return fail_prefix (error, "image '%s'", image->name);
    }
    return TRUE;
}
