/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/form.h"
#include "bundle/format.h"

#include <string.h>

static void
test_bits_are_shifted_copies (void)
{
    static const guint8 bytes[] = { 0x81, 0x42, 0xff };
    guint8 view[sizeof bytes * FORM_BITS_COPIES], piece[sizeof view];

    form_bits (bytes, sizeof bytes, 0, view, sizeof view);
    g_assert_cmpmem (view, 3, bytes, 3);
    g_assert_cmphex (view[3], ==, (0x81 >> 1 | 0x42 << 7) & 0xff);
    g_assert_cmphex (view[5], ==, 0xff >> 1);
    g_assert_cmphex (view[23], ==, 0xff >> 7);
    for (gsize at = 0; at < sizeof view; at++)
        for (gsize n = 0; at + n <= sizeof view; n++) {
            form_bits (bytes, sizeof bytes, at, piece, n);
            g_assert_cmpmem (piece, n, view + at, n);
        }
}

static void
test_any_block_comes_back (void)
{
    static const char *const names[] = { NULL, "a", "usr/lib/library.so.1", NULL };
    g_autoptr (GRand) rand = g_rand_new_with_seed (4);
    g_autofree char *longest = g_strnfill (100, 'n');
    g_autofree char *longer = g_strnfill (101, 'n');

    for (guint i = 0; i < 200; i++) {
        guint8 block[TAR_BLOCK], before[TAR_BLOCK];
        guint64 length = (guint64)g_rand_int (rand) << g_rand_int_range (rand, 0, 32);
        const char *name = i % 5 == 3 ? longest : i % 5 == 4 ? longer : names[i % 5];

        for (gsize k = 0; k < sizeof block; k++)
            block[k] = (guint8)g_rand_int_range (rand, 0, 256);
        memcpy (before, block, sizeof block);
        form_header_hide (block, length, name);
        g_assert_false (memcmp (block, before, sizeof block) == 0);
        form_header_show (block, length, name);
        g_assert_cmpmem (block, sizeof block, before, sizeof before);
    }
}

/* As GNU tar, Docker and Python write it. */
static void
test_header_as_expected_is_zeros (void)
{
    guint8 block[TAR_BLOCK] = { 0 };
    guint sum = 0;

    memcpy (block, "etc/passwd", 10);
    memcpy (block + 124, "00000001750", 11);
    memset (block + 148, ' ', 8);
    for (gsize i = 0; i < sizeof block; i++)
        sum += block[i];
    g_snprintf ((char *)block + 148, 8, "%06o", sum);
    form_header_hide (block, 01750, "etc/passwd");
    for (gsize i = 0; i < sizeof block; i++)
        g_assert_cmpuint (block[i], ==, 0);
}

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/form/bits", test_bits_are_shifted_copies);
    g_test_add_func ("/form/any-block-comes-back", test_any_block_comes_back);
    g_test_add_func ("/form/expected-header", test_header_as_expected_is_zeros);
    return g_test_run ();
}
