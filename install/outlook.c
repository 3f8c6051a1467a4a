/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/outlook.h"

#include "install/engine.h"
#include "install/space.h"
#include "manifest/message.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

static void
free_space (gpointer data)
{
    OutlookSpace *space = data;

    g_free (space->path);
    g_string_free (space->use, TRUE);
    g_free (space);
}

Outlook *
outlook_new (void)
{
    Outlook *outlook = g_new (Outlook, 1);

    outlook->problems = g_ptr_array_new_with_free_func (g_free);
    outlook->lasting = g_ptr_array_new_with_free_func (g_free);
    outlook->affected = g_ptr_array_new_with_free_func ((GDestroyNotify)engine_container_free);
    outlook->spaces = g_ptr_array_new_with_free_func (free_space);
    return outlook;
}

void
outlook_free (Outlook *outlook)
{
    if (outlook == NULL)
        return;
    g_ptr_array_unref (outlook->problems);
    g_ptr_array_unref (outlook->lasting);
    g_ptr_array_unref (outlook->affected);
    g_ptr_array_unref (outlook->spaces);
    g_free (outlook);
}

OutlookSpace *
outlook_add_unseen (Outlook *outlook)
{
    OutlookSpace *space = g_new0 (OutlookSpace, 1);

    space->use = g_string_new (NULL);
    g_ptr_array_add (outlook->spaces, space);
    return space;
}

OutlookSpace *
outlook_find_space (Outlook *outlook, const char *path)
{
    g_autofree char *there = space_existing (path);
    OutlookSpace *space;
    struct stat st;

    if (fstatat (AT_FDCWD, there, &st, 0) < 0)
        st.st_dev = 0;
    for (guint i = 0; i < outlook->spaces->len; i++) {
        space = g_ptr_array_index (outlook->spaces, i);
        if (space->path != NULL && space->device == st.st_dev)
            return space;
    }
    space = outlook_add_unseen (outlook);
    space->device = st.st_dev;
    space->have = space_free (there);
    space->path = g_steal_pointer (&there);
    return space;
}

void
outlook_need (OutlookSpace *space, const char *use, guint64 bytes)
{
    if (bytes == 0)
        return;
    space->need += bytes;
    if (strstr (space->use->str, use) == NULL)
        message_append (space->use, "%s%s", space->use->len > 0 ? ", " : "", use);
}
