/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "bundle/compare.h"
#include "manifest/verb.h"

#include <glib.h>

/* Parts of "sign" in files of their own. Only keys/verb-sign*.c include this. */

/* What is signed, and whether it lies in a bundle. */
typedef struct {
    GBytes *statement, *packing; /* packing NULL: a statement file */
} SignTexts;

void sign_texts_clear (SignTexts *texts);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (SignTexts, sign_texts_clear)

/* Of a statement file, or of a bundle, all of whose frames are read. */
gboolean sign_read_texts (const VerbOutput *output, const char *path, SignTexts *texts,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Before the password is asked for: whoever types it has seen what for. */
gboolean sign_print_subject (const VerbOutput *output, const SignTexts *texts,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same for what changes against base, a bundle or a statement file. path is what texts are of:
 * it must still be so. */
gboolean sign_print_changes (const VerbOutput *output, const char *base, const char *path,
                             const SignTexts *texts, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Its summary, in sign's own words. */
void sign_print_diff (const VerbOutput *output, const Diff *diff);
/* What the releases themselves say otherwise: targets, playbooks, for whom, epoch. */
void sign_print_release (const VerbOutput *output, const Release *a, const Release *b);
