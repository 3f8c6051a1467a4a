/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include <glib.h>

/* Collects literals and matches and writes them as deflate blocks that end where those of GNU gzip
 * end and are of the kind that it takes. */
typedef struct GzipBlock GzipBlock;

/* Appends to out, which must live as long. */
GzipBlock *gzip_block_new (GByteArray *out);
void gzip_block_free (GzipBlock *block);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GzipBlock, gzip_block_free)

/* Add one symbol; length from 3 to 258, distance from 1 to 32768. covered is how far the content
 * was from the start of the block when gzip made up its mind: up to and with the symbol's first
 * byte. TRUE: the block must end behind this symbol. */
gboolean gzip_block_literal (GzipBlock *block, guint8 literal,
                             gsize covered) G_GNUC_WARN_UNUSED_RESULT;
gboolean gzip_block_match (GzipBlock *block, guint length, guint distance,
                           gsize covered) G_GNUC_WARN_UNUSED_RESULT;

/* Writes the block and begins the next one. bytes is what its length bytes of content are, NULL
 * where gzip has forgotten them: then it can not store them. After the last one comes nothing. */
void gzip_block_end (GzipBlock *block, const guint8 *bytes, gsize length, gboolean last);
