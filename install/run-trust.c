/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/run-trust.h"

#include "bundle/parts.h"
#include "bundle/unproven.h"
#include "install/candidates.h"
#include "manifest/error.h"
#include "manifest/file.h"
#include "manifest/message.h"

#include <string.h>

void
run_trust_free (RunTrust *trust)
{
    if (trust == NULL)
        return;
    g_free (trust->dir);
    g_free (trust->from);
    trust_free (trust->stored);
    trust_free (trust->newest);
    g_hash_table_unref (trust->opened);
    g_free (trust);
}

gboolean
run_trust_is_name (const char *path)
{
    const char *slash = strrchr (path, '/'), *name = slash != NULL ? slash + 1 : path;

    return *name != '.' && g_str_has_suffix (name, ".trust");
}

/* A bundle is kept open, so that what is judged is what was looked at. */
static GPtrArray *
read_chain (RunTrust *trust, const char *path, GError **error)
{
    UnprovenBundle *opened;

    if (run_trust_is_name (path))
        return bundle_read_chain (path, error);
    opened = bundle_open_unproven (path, error);
    if (opened == NULL)
        return NULL;
    g_hash_table_replace (trust->opened, g_strdup (path), opened);
    return g_ptr_array_ref (unproven_bundle_chain (opened));
}

/* A walk from the newest so far finds out two chains that do not belong to one another. */
static gboolean
take_chain (RunTrust *trust, const char *path, GError **error)
{
    g_autoptr (GPtrArray) chain = read_chain (trust, path, error);
    g_autoptr (TrustRoot) walked = NULL;

    if (chain == NULL)
        return FALSE;
    walked = trust_walk (trust->newest, chain, error);
    if (walked == NULL) {
        trust->forked = trust_is_fork (trust->newest, chain);
        return trust->forked ? fail_prefix (error, "ALARM: %s against %s", path,
                                            trust->from != NULL ? trust->from : trust->dir)
                             : fail_prefix (error, "%s", path);
    }
    if (trust_number (walked) == trust_number (trust->newest))
        return TRUE;
    trust_free (trust->newest);
    trust->newest = g_steal_pointer (&walked);
    g_free (trust->from);
    trust->from = g_strdup (path);
    return TRUE;
}

/* Bundles say for themselves what is wrong with them when they are opened. But two chains that both
 * prove themselves mean that somebody misuses root keys, and which of them would judge must not
 * hang on the order of names. */
static gboolean
take_folder (RunTrust *trust, const char *path, GPtrArray *notes, GError **error)
{
    autofd int fd = file_open_dir_given (path, error);
    g_autoptr (GPtrArray) names = fd >= 0 ? file_list (fd, path, error) : NULL;

    if (names == NULL)
        return FALSE;
    for (guint i = 0; i < names->len; i++) {
        const char *name = names->pdata[i];
        g_autofree char *file = g_build_filename (path, name, NULL);
        g_autoptr (GError) problem = NULL;

        if (!run_trust_is_name (name) && !parts_is_bundle_name (name))
            continue;
        if (take_chain (trust, file, &problem))
            continue;
        if (trust->forked)
            return g_propagate_error (error, g_steal_pointer (&problem)), FALSE;
        if (run_trust_is_name (name))
            g_ptr_array_add (notes,
                             message_printf ("no trust root is taken from %s", problem->message));
    }
    return TRUE;
}

static gboolean
take_path (RunTrust *trust, const char *path, GPtrArray *notes, GError **error)
{
    g_autoptr (GError) problem = NULL;

    if (candidates_is_folder (path))
        return take_folder (trust, path, notes, error);
    if (take_chain (trust, path, &problem) || (!trust->forked && !run_trust_is_name (path)))
        return TRUE;
    g_propagate_error (error, g_steal_pointer (&problem));
    return FALSE;
}

RunTrust *
run_trust_open (const char *dir, const char *site, char **paths, GPtrArray *notes, GError **error)
{
    g_autoptr (RunTrust) trust = g_new0 (RunTrust, 1);

    trust->opened = g_hash_table_new_full (g_str_hash, g_str_equal, g_free,
                                           (GDestroyNotify)unproven_bundle_free);
    trust->dir = g_strdup (dir);
    trust->stored = trust_load (dir, error);
    if (trust->stored == NULL)
        return NULL;
    trust_set_site (trust->stored, site);
    trust->newest = trust_walk (trust->stored, trust_chain (trust->stored), error);
    if (trust->newest == NULL)
        return NULL;
    for (; *paths != NULL; paths++)
        if (!take_path (trust, *paths, notes, error))
            return NULL;
    return g_steal_pointer (&trust);
}

VerifiedBundle *
run_trust_open_bundle (RunTrust *trust, const char *path, VoteReport *report, GError **error)
{
    g_autoptr (VerifiedBundle) verified = NULL;
    g_autofree gpointer key = NULL;
    gpointer opened = NULL;

    if (!g_hash_table_steal_extended (trust->opened, path, &key, &opened))
        opened = bundle_open_unproven (path, error);
    if (opened != NULL)
        verified = bundle_verify (opened, trust->newest, report, error);
    if (verified == NULL)
        return NULL;
    if (trust_number (verified_bundle_root (verified)) != trust_number (trust->newest))
        return fail_null (error, ERR_FORMAT,
                          "%s: brings trust root %" G_GUINT64_FORMAT " and did not when it was "
                          "looked at before: it is being written, or the medium lies; try again "
                          "with a medium that nobody writes to",
                          path, trust_number (verified_bundle_root (verified)));
    return g_steal_pointer (&verified);
}

gboolean
run_trust_store (RunTrust *trust, GError **error)
{
    if (trust == NULL || trust->from == NULL || trust->kept)
        return TRUE;
    if (!trust_store (trust->newest, trust->dir, trust_number (trust->stored), error))
        return fail_prefix (error,
                            "cannot keep the trust root that '%s' brings, so nothing was begun",
                            trust->from);
    trust->kept = TRUE;
    return TRUE;
}

gboolean
run_trust_explain (const RunTrust *trust, GError **error)
{
    if (trust == NULL || trust->from == NULL ||
        !g_error_matches (*error, HANDCARRY_ERROR, ERR_TRUST))
        return FALSE;
    return fail_prefix (error,
                        "by trust root %" G_GUINT64_FORMAT ", which '%s' brings (this host has "
                        "%" G_GUINT64_FORMAT "; 'handcarry trust import %s' keeps it)",
                        trust_number (trust->newest), trust->from, trust_number (trust->stored),
                        trust->from);
}
