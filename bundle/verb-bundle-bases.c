/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/base.h"
#include "bundle/have-load.h"
#include "bundle/verb-bundle.h"
#include "manifest/error.h"

#include <string.h>

/* Hosts at a base must be hosts of this product, and take the release as a newer one. */
static gboolean
check_base (const char *path, const Bundle *base, const Release *release, GError **error)
{
    const Release *other = bundle_statement (base)->release;

    if (strcmp (other->product, release->product) != 0)
        return fail (error, ERR_USAGE, "--base '%s' is of product '%s', this release is of '%s'",
                     path, other->product, release->product);
    if (strcmp (other->channel, release->channel) == 0 && other->release >= release->release)
        return fail (error, ERR_USAGE,
                     "--base '%s' is release %" G_GUINT64_FORMAT ", and this is %" G_GUINT64_FORMAT
                     ": a host there would refuse it; give the release a higher number",
                     path, other->release, release->release);
    return TRUE;
}

GPtrArray *
verb_bundle_load_bases (char **paths, const Release *release, const char *tmpdir,
                        Progress *progress, GError **error)
{
    /* Before any is unpacked, which takes its time. */
    for (char **path = paths; path != NULL && *path != NULL; path++) {
        g_autoptr (Bundle) base = bundle_open (*path, error);

        if (base == NULL || !check_base (*path, base, release, error))
            return NULL;
    }
    return base_bundles_open (paths, tmpdir, progress, error);
}

/* A have file is believed by the host keys of the trust root. */
GPtrArray *
verb_bundle_load_haves (char **paths, const TrustRoot *trust, GError **error)
{
    g_autoptr (GPtrArray) haves = g_ptr_array_new_with_free_func ((GDestroyNotify)have_free);

    for (char **path = paths; path != NULL && *path != NULL; path++) {
        Have *have = NULL;

        if (trust == NULL)
            return fail_null (error, ERR_TRUST,
                              "--for '%s': no trust root says which hosts are believed; give "
                              "--trust DIR, or make one with 'handcarry trust init'",
                              *path);
        if (!have_load (*path, trust, &have, error))
            return NULL;
        g_ptr_array_add (haves, have);
    }
    return g_steal_pointer (&haves);
}
