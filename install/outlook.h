/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include <glib.h>

/* What a plan found out for a person, besides the steps. */

/* Bytes wanted and free on one file system. */
typedef struct {
    char *path;   /* a folder on it; NULL where it cannot be seen from here */
    GString *use; /* "state, engine": what needs them */
    guint64 device, need, have;
} OutlookSpace;

typedef struct {
    GPtrArray *problems; /* char *: what must be settled on this host first; plan names them all */
    GPtrArray *lasting;  /* char *: what going back would not take back */
    GPtrArray *affected; /* EngineContainer: made of an image that the run leaves */
    GPtrArray *spaces;   /* OutlookSpace */
} Outlook;

Outlook *outlook_new (void);
void outlook_free (Outlook *outlook);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Outlook, outlook_free)

/* The space of the file system that path is or would be on; added where it is the first there. */
OutlookSpace *outlook_find_space (Outlook *outlook, const char *path);
/* One that cannot be seen from here. */
OutlookSpace *outlook_add_unseen (Outlook *outlook);
void outlook_need (OutlookSpace *space, const char *use, guint64 bytes);
