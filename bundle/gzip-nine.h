/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include <glib.h>

/* Makes the bytes that `gzip -9n FILE` of GNU gzip 1.12 makes. Distributions pack changelogs and
 * manual pages so, and their bytes are part of a layer's digest: who knows only the content must
 * find the same bytes again, on any host. No library promises that, zlib's level 9 differs from
 * gzip's in one file of seven, so the choices that gzip makes are made here (gzip-match.h,
 * gzip-block.h, gzip-huffman.h). What they are written in: RFC 1951 and RFC 1952. */

/* The whole gzip file; never fails. length must be at most LIMIT_FORM_BYTES. Caller unrefs. */
GByteArray *gzip_nine (const guint8 *bytes, gsize length) G_GNUC_WARN_UNUSED_RESULT;

/* Is this the header that it writes? */
#define GZIP_NINE_HEADER_BYTES 10
gboolean gzip_nine_begins (const guint8 *bytes);

/* The content of a file that may be gzip_nine's: one member with exactly its header, the right
 * checksum and length, nothing behind, and at most limit bytes inside. FALSE for anything else;
 * that is an answer and no error. TRUE does not promise that gzip_nine makes these bytes again:
 * others write the same header. Caller unrefs *content. */
gboolean gzip_nine_unpack (const guint8 *bytes, gsize length, gsize limit,
                           GByteArray **content) G_GNUC_WARN_UNUSED_RESULT;
