/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include <glib.h>

/* What a parser makes of one file. */
typedef gboolean (*CorpusFunc) (GBytes *input, GError **error);

/* Walks tests/data/FOLDER: func must take every file named ok-* and refuse every bad-* with a
 * message that contains what the file of the same name plus ".expected" says. At least one of each
 * must be there. */
void corpus_walk (const char *folder, CorpusFunc func);
