/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include <glib.h>

/* Compose files, as far as handcarry must know them: which services there are, and which image each
 * is made of (manifest/FORMAT.md). */

typedef struct {
    char *name;
    char *image; /* NULL while no file says it */
    char *place; /* "NAME:LINE:COLUMN" of where it was first seen */
} ComposeService;

typedef struct Compose {
    char *format;        /* what the first file has as `version`, or NULL */
    GPtrArray *services; /* ComposeService, in the order in which they were first seen */
} Compose;

Compose *compose_new (void);
void compose_free (Compose *compose);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Compose, compose_free)
/* Adds what one file says; a later file's image of a service takes the place of an earlier one's.
 * version: what ${HANDCARRY_VERSION} stands for. ERR_FORMAT "NAME:LINE:COLUMN: …". */
gboolean compose_add (Compose *compose, GBytes *text, const char *name, const char *version,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;
