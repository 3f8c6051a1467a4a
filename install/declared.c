/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/declared.h"

#include "bundle/parts.h"
#include "install/candidates.h"
#include "install/state.h"
#include "install/stored.h"
#include "manifest/error.h"
#include "manifest/file.h"
#include "manifest/message.h"

#include <string.h>

void
declared_free (Declared *declared)
{
    if (declared == NULL)
        return;
    g_clear_pointer (&declared->verified, verified_bundle_free);
    run_trust_free (declared->trust);
    statement_free (declared->stored);
    g_free (declared->from);
    g_free (declared);
}

/* TRUE also where it is of another product. */
static gboolean
take_bundle (Declared *declared, const char *product, const char *path, GPtrArray *notes,
             GError **error)
{
    g_autoptr (VoteReport) votes = vote_report_new ();
    g_autoptr (VerifiedBundle) verified =
        run_trust_open_bundle (declared->trust, path, votes, error);
    const Release *release;

    if (verified == NULL)
        return FALSE;
    release = bundle_statement (verified_bundle_get (verified))->release;
    if (strcmp (release->product, product) != 0) {
        g_ptr_array_add (notes, message_printf ("'%s' is a bundle of '%s', not of '%s'", path,
                                                release->product, product));
        return TRUE;
    }
    if (declared->release != NULL && declared->release->release >= release->release)
        return TRUE;
    g_clear_pointer (&declared->verified, verified_bundle_free);
    g_free (declared->from);
    declared->verified = g_steal_pointer (&verified);
    declared->release = release;
    declared->from = g_strdup (path);
    return TRUE;
}

static gboolean
take_folder (Declared *declared, const char *product, const char *path, GPtrArray *notes,
             GError **error)
{
    g_autoptr (GPtrArray) files = parts_list_folder (path, error);

    if (files == NULL)
        return FALSE;
    for (guint i = 0; i < files->len; i++) {
        const char *file = files->pdata[i];
        g_autoptr (GError) problem = NULL;

        if (!take_bundle (declared, product, file, notes, &problem))
            g_ptr_array_add (notes,
                             message_printf ("'%s' is passed over: %s", file, problem->message));
    }
    return TRUE;
}

static gboolean
open_bundles (Declared *declared, const Host *host, const char *trust, const char *product,
              char **paths, GPtrArray *notes, GError **error)
{
    g_autofree char *usual = g_build_filename (host->etc_path, "trust", NULL);

    declared->trust =
        run_trust_open (trust != NULL ? trust : usual, host->site, paths, notes, error);
    if (declared->trust == NULL)
        return FALSE;
    for (; *paths != NULL; paths++) {
        gboolean folder = candidates_is_folder (*paths);

        if (!folder && run_trust_is_name (*paths))
            continue;
        if (folder ? !take_folder (declared, product, *paths, notes, error)
                   : !take_bundle (declared, product, *paths, notes, error))
            return run_trust_explain (declared->trust, error);
    }
    return declared->release != NULL ||
           fail (error, ERR_NOT_READY,
                 "there is no bundle of '%s' that can be believed in what was "
                 "given",
                 product);
}

static gboolean
open_installed (Declared *declared, const Host *host, const char *product, GError **error)
{
    g_autoptr (State) state = NULL;

    if (host->state_fd >= 0 && !state_read (host->state_fd, product, &state, error))
        return FALSE;
    if (state == NULL || state->release == 0)
        return fail (error, ERR_NOT_READY,
                     "'%s' is not installed here, so name the bundle (or its folder) that says "
                     "which values there are, after the name of the product",
                     product);
    declared->stored = stored_statement (host->state_fd, product, state->release);
    if (declared->stored == NULL)
        return fail (error, ERR_NOT_READY,
                     "release %" G_GUINT64_FORMAT " of '%s' is installed, but what it declares is "
                     "not kept whole; name its bundle after the name of the product",
                     state->release, product);
    declared->release = declared->stored->release;
    return TRUE;
}

Declared *
declared_open (const Host *host, const char *trust, const char *product, char **paths,
               GPtrArray *notes, GError **error)
{
    g_autoptr (Declared) declared = g_new0 (Declared, 1);

    if (*paths != NULL ? !open_bundles (declared, host, trust, product, paths, notes, error)
                       : !open_installed (declared, host, product, error))
        return NULL;
    return g_steal_pointer (&declared);
}
