/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/whiteout.h"

#include <glib.h>
#include <string.h>

#define PREFIX ".wh."
#define OPAQUE ".wh..wh..opq"

Whiteout
whiteout_read (const char *path, char **target)
{
    const char *name = strrchr (path, '/') + 1;
    g_autofree char *folder = NULL;

    *target = NULL;
    if (!g_str_has_prefix (name, PREFIX))
        return WHITEOUT_NONE;
    folder = g_path_get_dirname (path);
    if (strcmp (name, OPAQUE) == 0) {
        *target = g_steal_pointer (&folder);
        return WHITEOUT_OPAQUE;
    }
    if (g_str_has_prefix (name, PREFIX PREFIX))
        return WHITEOUT_IGNORE;
    *target = g_build_filename (folder, name + strlen (PREFIX), NULL);
    return WHITEOUT_NAME;
}
