/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/form.h"

#include "bundle/format.h"

#include <string.h>

void
form_bits (const guint8 *bytes, gsize n, guint64 at, guint8 *to, gsize length)
{
    guint shift = (guint)(at / n);
    gsize from = (gsize)(at % n);

    for (gsize i = 0; i < length; i++) {
        guint next = from + 1 < n ? bytes[from + 1] : 0u;

        to[i] = (guint8)((bytes[from] | next << 8) >> shift);
        if (++from == n) {
            from = 0;
            shift++;
        }
    }
}

/* Fields of a header (POSIX.1-2001, pax, ustar interchange format). */
#define NAME_BYTES 100
#define SIZE_AT 124
#define SIZE_DIGITS 11
#define SUM_AT 148
#define SUM_BYTES 8

static void
mix (guint8 *field, const char *expected, gsize length)
{
    for (gsize i = 0; i < length; i++)
        field[i] ^= (guint8)expected[i];
}

/* Size and name, the same both ways. */
static void
mix_known (guint8 *block, guint64 length, const char *name)
{
    char digits[32];

    g_snprintf (digits, sizeof digits, "%011" G_GINT64_MODIFIER "o", length);
    mix (block + SIZE_AT, digits, SIZE_DIGITS);
    if (name != NULL && strlen (name) <= NAME_BYTES)
        mix (block, name, strlen (name));
}

/* The sum is that of the header as it is, with blanks in its place. */
static void
mix_sum (guint8 *block)
{
    char text[16];
    guint sum = 0;

    for (gsize i = 0; i < TAR_BLOCK; i++)
        sum += i >= SUM_AT && i < SUM_AT + SUM_BYTES ? ' ' : block[i];
    g_snprintf (text, sizeof text, "%06o", sum);
    text[SUM_BYTES - 1] = ' ';
    mix (block + SUM_AT, text, SUM_BYTES);
}

void
form_header_hide (guint8 *block, guint64 length, const char *name)
{
    mix_sum (block);
    mix_known (block, length, name);
}

void
form_header_show (guint8 *block, guint64 length, const char *name)
{
    mix_known (block, length, name);
    mix_sum (block);
}
