/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/verb-bundle.h"
#include "manifest/compose.h"
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
