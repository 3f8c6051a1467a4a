/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/copy-in.h"

#include "manifest/error.h"
#include "manifest/file.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define PREFIX "frames-"

static char *
copy_name (const Run *run)
{
    g_autofree char *folder = run_folder (run);

    return g_strdup_printf (PREFIX "%s", folder);
}

gboolean
copy_in_frames (Run *run, GArray *layers, GError **error)
{
    g_autofree char *name = copy_name (run);

    if (run->options.no_copy)
        return TRUE;
    return bundle_copy_in (run->bundle, run->product_fd, name, layers, run->progress, error);
}

static gboolean
is_own (const Run *run, const char *name)
{
    g_autofree char *own = copy_name (run);

    if (strcmp (name, own) == 0)
        return TRUE;
    for (guint i = 0; i < run->links->len; i++)
        if (is_own (g_ptr_array_index (run->links, i), name))
            return TRUE;
    return FALSE;
}

static gboolean
sweep (Run *run, gboolean all, GError **error)
{
    g_autoptr (GPtrArray) names = file_list (run->product_fd, run->release->product, error);

    for (guint i = 0; names != NULL && i < names->len; i++) {
        const char *name = g_ptr_array_index (names, i);

        if (g_str_has_prefix (name, PREFIX) && (all || !is_own (run, name)) &&
            unlinkat (run->product_fd, name, 0) < 0 && errno != ENOENT)
            return fail_errno (error, ERR_FAILED, errno, "cannot remove the copy '%s'", name);
    }
    return names != NULL;
}

gboolean
copy_in_sweep (Run *run, GError **error)
{
    return sweep (run, FALSE, error);
}

gboolean
copy_in_remove_all (Run *run, GError **error)
{
    return run->options.resume || sweep (run, TRUE, error);
}

gboolean
copy_in_remove (Run *run, GError **error)
{
    g_autofree char *name = copy_name (run);

    if (unlinkat (run->product_fd, name, 0) < 0 && errno != ENOENT)
        return fail_errno (error, ERR_FAILED, errno, "cannot remove the copy '%s'", name);
    return TRUE;
}
