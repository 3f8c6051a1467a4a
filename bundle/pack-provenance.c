/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/base.h"
#include "bundle/pack-private.h"
#include "bundle/provenance.h"
#include "bundle/revision.h"
#include "bundle/source.h"

#include <string.h>
#include <zstd.h>

static void
add_images (const Packer *packer, Provenance *provenance)
{
    for (guint i = 0; i < packer->statement.images->len; i++) {
        const StatementImage *image = packer->statement.images->pdata[i];
        const SourceImage *source = packer->images->pdata[i];
        const ReleaseImage *wanted = packer->release->images->pdata[i];
        ProvenanceImage *made = provenance_add_image (provenance);

        made->name = g_strdup (image->name);
        made->transport = g_strndup (wanted->from, strcspn (wanted->from, ":"));
        made->config = image->config;
        made->oci = image->manifest;
        made->has_manifest = source->reference != NULL;
        made->manifest = source->manifest;
        if (made->has_manifest)
            made->uri = g_strconcat ("docker://", source->reference, NULL);
    }
}

static void
add_bases (const Packer *packer, Provenance *provenance)
{
    const GPtrArray *bases = packer->options->bases, *haves = packer->options->haves;
    g_autoptr (GPtrArray) hosts = g_ptr_array_new ();

    for (guint i = 0; bases != NULL && i < bases->len; i++)
        g_array_append_vals (provenance->bases,
                             bundle_release_digest (base_bundle_get (bases->pdata[i])), 1);
    for (guint i = 0; haves != NULL && i < haves->len; i++)
        g_ptr_array_add (hosts, g_strdup (((Have *)haves->pdata[i])->host));
    g_ptr_array_add (hosts, NULL);
    provenance->hosts = (char **)g_ptr_array_free (g_steal_pointer (&hosts), FALSE);
}

static void
add_sources (const Packer *packer, Provenance *provenance)
{
    g_auto (Revision) revision = { 0 };

    provenance->release_file = packer->options->release_file;
    provenance->has_lock = packer->lock->images->len > 0;
    if (provenance->has_lock)
        provenance->lock = release_lock_digest (packer->lock);
    provenance->source = g_strdup (packer->release->source);
    revision_find (packer->dir, packer->tree, &revision, packer->options->warnings);
    provenance->revision = g_steal_pointer (&revision.commit);
    provenance->modified = revision.modified;
    provenance->not_in_git = revision.not_in_git;
}

/* Of inputs only: two builders write the same. How many threads, where temporary files lie and how
 * the file is split changes no byte of it. */
GBytes *
pack_provenance (const Packer *packer)
{
    const Release *release = packer->release;
    const PackOptions *options = packer->options;
    g_autoptr (Provenance) provenance = provenance_new ();
    g_autoptr (GBytes) statement = statement_write (&packer->statement);

    provenance->statement = digest_of_bytes (statement);
    provenance->product = g_strdup (release->product);
    provenance->channel = g_strdup (release->channel);
    provenance->version = g_strdup (release->version);
    provenance->release = release->release;
    provenance->platforms = g_strdupv (release->platforms);
    provenance->level = (guint64)options->level;
    provenance->given_version = g_strdup (options->given_version);
    provenance->given_release = options->given_release;
    provenance->builder =
        g_strdup (options->builder != NULL ? options->builder : PROVENANCE_BUILDER);
    provenance->handcarry = g_strdup (HANDCARRY_VERSION);
    provenance->libzstd = g_strdup (ZSTD_versionString ());
    add_images (packer, provenance);
    add_bases (packer, provenance);
    add_sources (packer, provenance);
    return provenance_write (provenance);
}
