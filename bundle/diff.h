/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include <glib.h>

/* Makes patches that bundle/patch.h applies (make side). */

typedef struct {
    GByteArray *control, *difference, *extra;
    guint64 position; /* in the source, where the patch stands */
} PatchParts;

PatchParts *patch_parts_new (void);
void patch_parts_free (PatchParts *parts);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PatchParts, patch_parts_free)

/* A patch from old to new, found with a suffix array of old (libdivsufsort; 5 bytes a byte of
 * old). */
PatchParts *diff_make (const guint8 *old, gsize old_length, const guint8 *new, gsize new_length);

/* Goes on with a patch: new is the next piece of the new file; old is where to look for it, and
 * lies at old_at of the source. */
void diff_add (PatchParts *parts, const guint8 *old, gsize old_length, guint64 old_at,
               const guint8 *new, gsize new_length);
/* The next bytes are those of the source at old_at, unchanged. */
void diff_add_same (PatchParts *parts, guint64 old_at, gsize length);
/* The next bytes are new. */
void diff_add_extra (PatchParts *parts, const guint8 *new, gsize length);
