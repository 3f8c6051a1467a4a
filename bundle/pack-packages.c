/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/collect-packages.h"
#include "bundle/cyclonedx.h"
#include "bundle/pack-private.h"
#include "bundle/sbom.h"
#include "manifest/error.h"
#include "manifest/message.h"

static void
unref_bytes (gpointer bytes)
{
    g_bytes_unref (bytes);
}

static gboolean
has_package (const PackageList *list, const char *prefix)
{
    for (guint i = 0; i < list->packages->len; i++)
        if (g_str_has_prefix (((const Package *)list->packages->pdata[i])->name, prefix))
            return TRUE;
    return FALSE;
}

/* A host would find out before anything runs, but then it is far away. */
static void
check_ansible (const Packer *packer, const StatementImage *image, const PackageList *list)
{
    const char *lacks = NULL;

    if (!image->ansible || list->unread != 0)
        return;
    if (!has_package (list, "ansible-core"))
        lacks = "ansible-core";
    else if (!has_package (list, "python3"))
        lacks = "python3";
    if (lacks != NULL)
        g_ptr_array_add (packer->options->warnings,
                         message_printf ("image '%s' is to carry Ansible, but there is no %s among "
                                         "its packages",
                                         image->name, lacks));
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
    check_ansible (packer, image, list);
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
