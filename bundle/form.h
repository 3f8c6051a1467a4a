/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include <glib.h>

/* FORM_BITS (bundle/FORMAT.md): compilers write some files (LLVM's bitcode) as a stream of bits, in
 * which the same code comes again at another bit of a byte. Such a source is seen as eight copies
 * of its n bytes, each shifted by one bit more. */
#define FORM_BITS_COPIES 8

/* Gives length bytes of that view from offset at on. */
void form_bits (const guint8 *bytes, gsize n, guint64 at, guint8 *to, gsize length);

/* The block of 512 bytes in front of a file is mostly its tar header, most of which is known: the
 * size, often the name, and so the check sum. Literals carry it XORed with those, so that what is
 * as expected is zeros. name: the base file that the file is, or is patched on; else NULL. Neither
 * needs the block to be a header: what is no header comes back just the same. */
void form_header_hide (guint8 *block, guint64 length, const char *name);
void form_header_show (guint8 *block, guint64 length, const char *name);
