/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include <glib.h>

/* The prefix codes of a deflate block, as GNU gzip chooses them: many sets of lengths are equally
 * short, and which one it is decides the bytes. */

#define HUFFMAN_SYMBOLS 288 /* in the largest alphabet */

/* Lengths of at most longest bits for n symbols, 0 for those that get no code. At least two get
 * one, counted or not. The counts must add up to less than 65536. Returns the number of symbols up
 * to the last with a code. */
guint huffman_lengths (const guint16 *counts, guint n, guint longest, guint8 *lengths);

/* The codes that go with these lengths (RFC 1951, 3.2.2), first bit lowest, as they are written. */
void huffman_codes (const guint8 *lengths, guint n, guint16 *codes);
