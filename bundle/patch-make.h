/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "bundle/diff-large.h"

#include <glib.h>

/* Makes the patch of one file, in the form that makes it smallest (make side). */

typedef struct {
    DiffPiece old; /* length 0: there is nothing to compare with */
    DiffPiece new;
    gboolean on_base; /* old is a file of a base */
} PatchWant;

typedef struct {
    PatchParts *parts; /* NULL: not worth it */
    guint form;        /* RecipeForm */
    guint64 length;    /* of what the patch makes */
    GByteArray *inner; /* without parts: what the file packs, to be carried instead; or NULL */
} PatchMade;

gboolean patch_make (const PatchWant *want, PatchMade *made,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Memory that it takes. */
guint64 patch_made_bytes (const PatchMade *made);
void patch_made_clear (PatchMade *made);
/* Bytes of memory that patch_make takes at most. */
guint64 patch_memory (const PatchWant *want);
/* Does it begin as gzip -9n would? */
gboolean patch_may_be_packed (const DiffPiece *piece);

/* About what bytes and parts compress to, and whether that is worth a patch. */
gsize patch_estimate (const guint8 *bytes, gsize length);
gsize patch_estimate_parts (const PatchParts *parts);
gboolean patch_is_worth (const PatchWant *want, guint64 patch, guint64 whole);
