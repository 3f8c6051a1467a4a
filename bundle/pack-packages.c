/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/collect-packages.h"
#include "bundle/cyclonedx.h"
#include "bundle/pack-private.h"
#include "bundle/sbom.h"
#include "manifest/error.h"

static void
unref_bytes (gpointer bytes)
{
    g_bytes_unref (bytes);
}

/* The list of one image, and what its SBOM says. */
static GBytes *
collect (Packer *packer, PackageCollector *collector, guint i, GBytes **sbom, GError **error)
{
    const StatementImage *image = packer->statement.images->pdata[i];
    const GivenSbom *given;
    g_auto (OsRelease) os = { 0 };
    g_autoptr (PackageList) list =
        package_collector_list (collector, packer->images->pdata[i], &os, error);
    CyclonedxInput input = { .image = image->name,
                             .config = &image->config,
                             .issued = packer->release->issued,
                             .os = &os,
                             .packages = list };

    if (list == NULL)
        return fail_prefix (error, "image '%s'", image->name), NULL;
    if (!pack_find_sbom (packer, i, &given, error) ||
        (given != NULL && !pack_merge_sbom (packer, i, given, list, error)))
        return NULL;
    *sbom = given != NULL ? g_bytes_ref (given->text) : cyclonedx_write (&input);
    return package_list_write (list);
}

/* One of each for each config, whatever it holds; where images share one, the first speaks. */
gboolean
pack_write_packages (Packer *packer, GError **error)
{
    g_autoptr (GHashTable) seen = g_hash_table_new (digest_hash_key, digest_equal_key);
    g_autoptr (GPtrArray) sboms = g_ptr_array_new_with_free_func (unref_bytes);
    g_autoptr (GPtrArray) configs = g_ptr_array_new ();
    g_autoptr (PackageCollector) collector = package_collector_new ();

    for (guint i = 0; i < packer->images->len; i++) {
        StatementImage *image = packer->statement.images->pdata[i];
        g_autofree char *name = package_list_member (&image->config);
        g_autoptr (GBytes) list = NULL;
        GBytes *sbom;

        if (!g_hash_table_add (seen, &image->config))
            continue;
        list = collect (packer, collector, i, &sbom, error);
        if (list == NULL)
            return FALSE;
        g_ptr_array_add (sboms, sbom);
        g_ptr_array_add (configs, &image->config);
        if (!pack_append_meta (packer, name, list, error))
            return FALSE;
    }
    for (guint i = 0; i < sboms->len; i++) {
        g_autofree char *name = sbom_member (configs->pdata[i]);

        if (!pack_append_meta (packer, name, sboms->pdata[i], error))
            return FALSE;
    }
    return TRUE;
}
