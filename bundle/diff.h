/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include <glib.h>

/* Makes patches that bundle/patch.h applies (make side). */

typedef struct {
    GByteArray *control, *difference, *extra;
} PatchParts;

/* A patch from old to new, found with a suffix array of old (libdivsufsort; 5 bytes a byte of old),
 * in slices where files are longer than DIFF_SLICE. */
#define DIFF_SLICE (64 * 1024 * 1024)
PatchParts *diff_make (const guint8 *old, gsize old_length, const guint8 *new, gsize new_length);
/* The same with slices of another length. */
PatchParts *diff_make_sliced (const guint8 *old, gsize old_length, const guint8 *new,
                              gsize new_length, gsize slice);
void patch_parts_free (PatchParts *parts);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PatchParts, patch_parts_free)
