/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "install/values-file.h"
#include "manifest/release.h"

#include <glib.h>

/* The values file as a person edits it: with what the release declares as lines that begin with
 * "#|", which are not kept. */

/* text as it is, or NULL, with those lines, and one line for each declared name that has none.
 * Caller frees. */
char *values_text_prefill (GBytes *text, const Release *release);
/* Without those lines. What the rest says is never another thing than before. */
GBytes *values_text_strip (GBytes *text);
/* With one value: VALUE_TEXT, or VALUE_UNSET for none (text NULL). The rest stays as it is. text
 * may be NULL. ERR_FORMAT where it is no values file, or where that cannot be done line by line. */
GBytes *values_text_set (GBytes *text, const char *name, const char *value, const char *path,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The declared names (char *, borrowed) that are neither set nor have a default; and those that are
 * set and not declared. */
GPtrArray *values_text_missing (GPtrArray *given, const Release *release);
GPtrArray *values_text_unknown (GPtrArray *given, const Release *release);
/* NULL: not declared. */
const ReleaseValue *values_text_declared (const Release *release, const char *name);
/* Names (char *) whose value differs, sorted as in after, then those that are gone. */
GPtrArray *values_text_changed (GPtrArray *before, GPtrArray *after);
