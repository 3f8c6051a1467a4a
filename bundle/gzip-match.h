/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "bundle/gzip-block.h"

/* Cuts content into the literals and matches that GNU gzip finds at level 9 in a regular file, and
 * ends all their blocks, the last one too. */
void gzip_match (const guint8 *bytes, gsize length, GzipBlock *block);
