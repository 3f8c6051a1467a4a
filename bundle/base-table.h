/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "bundle/bundle.h"

#include <glib.h>

/* Member `bases` of a delta: the base files that its recipes draw on, in the order in which they
 * introduce them (bundle/FORMAT.md). In columns, since lengths, checksums and paths compress far
 * better each on their own than file by file. */

#define BASE_TABLE_MEMBER "bases"

/* An array that owns the paths of its BaseFile elements. */
GArray *base_table_new (void);
/* Adds the rows to files. */
gboolean base_table_parse (GBytes *bytes, GArray *files, GError **error) G_GNUC_WARN_UNUSED_RESULT;
GBytes *base_table_write (const GArray *files);
