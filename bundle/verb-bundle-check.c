/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/verb-bundle.h"
#include "manifest/compose.h"
#include "manifest/error.h"
#include "manifest/file.h"

/* What would fail on every host is found before anything is packed. */

gboolean
verb_bundle_check (const Release *release, const char *dir, GError **error)
{
    autofd int dirfd = file_open_dir_given (dir, error);
    g_autoptr (Compose) compose = NULL;

    if (dirfd < 0)
        return FALSE;
    compose = release_read_compose_files (release, dirfd, NULL, error);
    return compose != NULL;
}

/* Said here, and not first by the hosts. */
gboolean
verb_bundle_check_epoch (const Release *release, const TrustRoot *trust, GError **error)
{
    guint64 epoch = trust != NULL ? trust_epoch (trust) : release->epoch;

    return release->epoch == epoch ||
           fail (error, ERR_POLICY,
                 "'%s' is of epoch %" G_GUINT64_FORMAT ", and trust root %" G_GUINT64_FORMAT
                 " is of epoch %" G_GUINT64_FORMAT
                 ": no host would take it; write 'epoch: %" G_GUINT64_FORMAT "' into that file",
                 release->file, release->epoch, trust_number (trust), epoch, epoch);
}
