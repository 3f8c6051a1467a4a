/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include <glib.h>

/* Passes output on line by line with the host's secrets replaced by "********". */
typedef struct Mask Mask;
typedef void (*MaskOutput) (const guint8 *bytes, gsize length, gpointer data);

/* values: HostValue; copies what it needs. */
Mask *mask_new (GPtrArray *values, MaskOutput output, gpointer data);
/* One text; caller frees. */
char *mask_text (GPtrArray *values, const char *text);
void mask_add (Mask *mask, const guint8 *bytes, gsize length);
/* Passes on what waits for its line end, and frees. */
void mask_free (Mask *mask);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Mask, mask_free)
