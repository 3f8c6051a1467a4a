/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/copy-in.h"

#include "manifest/error.h"

#include <errno.h>
#include <unistd.h>

static char *
copy_name (const Run *run)
{
    g_autofree char *folder = run_folder (run);

    return g_strdup_printf ("frames-%s", folder);
}

gboolean
copy_in_frames (Run *run, GArray *layers, GError **error)
{
    g_autofree char *name = copy_name (run);

    if (run->options.no_copy)
        return TRUE;
    return bundle_copy_in (run->bundle, run->product_fd, name, layers, run->progress, error);
}

gboolean
copy_in_remove (Run *run, GError **error)
{
    g_autofree char *name = copy_name (run);

    if (unlinkat (run->product_fd, name, 0) < 0 && errno != ENOENT)
        return fail_errno (error, ERR_FAILED, errno, "cannot remove the copy '%s'", name);
    return TRUE;
}
