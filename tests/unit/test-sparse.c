/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/sparse.h"
#include "manifest/error.h"

/* Reads a difference of this length in pieces of at most `piece` bytes. */
static GByteArray *
read_all (const SparseWriter *from, gsize length, gsize piece)
{
    GByteArray *out = g_byte_array_new ();
    SparseReader reader;
    gsize used = 0;

    sparse_reader_init (&reader, from->gaps->data, from->gaps->len, from->runs->data,
                        from->runs->len);
    while (out->len < length) {
        g_autoptr (GError) error = NULL;
        gsize zeros, values, before = out->len;

        g_assert_true (
            sparse_read (&reader, MIN (piece, length - out->len), &zeros, &values, &error));
        g_assert_cmpuint (zeros + values, >, 0);
        g_byte_array_set_size (out, (guint)(before + zeros));
        for (gsize i = 0; i < zeros; i++)
            out->data[before + i] = 0;
        g_byte_array_append (out, from->values->data + used, (guint)values);
        used += values;
    }
    g_assert_cmpuint (used, ==, from->values->len);
    g_assert_true (sparse_reader_is_done (&reader));
    return out;
}

static void
test_comes_back_in_any_pieces (void)
{
    for (guint32 seed = 0; seed < 300; seed++) {
        g_autoptr (GRand) rand = g_rand_new_with_seed (seed);
        guint8 bytes[400];
        gsize length = (gsize)g_rand_int_range (rand, 0, sizeof bytes);
        gsize piece = (gsize)g_rand_int_range (rand, 1, 80);
        g_auto (SparseWriter) writer = { 0 };
        g_autoptr (GByteArray) found = NULL;

        for (gsize i = 0; i < length; i++)
            bytes[i] = g_rand_int_range (rand, 0, 4) < (gint)(seed % 4) ? 0 : (guint8)(i + 1);
        sparse_writer_init (&writer);
        for (gsize at = 0; at < length; at += piece)
            sparse_write (&writer, bytes + at, MIN (piece, length - at));
        sparse_writer_finish (&writer);
        found = read_all (&writer, length, (gsize)g_rand_int_range (rand, 1, 80));
        g_assert_cmpmem (found->data, found->len, bytes, length);
    }
}

static void
test_077_bad_numbers (void)
{
    static const struct {
        const char *gaps, *runs;
        gsize gaps_length, runs_length;
    } bad[] = {
        { "\1", "", 1, 0 },      /* a gap without a run */
        { "", "\1", 0, 1 },      /* a run without a gap */
        { "\1", "\0", 1, 1 },    /* a run of nothing */
        { "\x80", "\1", 1, 1 },  /* cut */
        { "\x81\0", "\1", 2, 1 } /* not the shortest form */
    };

    for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
        g_autoptr (GError) error = NULL;
        SparseReader reader;
        gsize zeros, values;

        sparse_reader_init (&reader, (const guint8 *)bad[i].gaps, bad[i].gaps_length,
                            (const guint8 *)bad[i].runs, bad[i].runs_length);
        g_assert_false (sparse_read (&reader, 10, &zeros, &values, &error));
        g_assert_error (error, HANDCARRY_ERROR, ERR_FORMAT);
    }
}

/* More is said than there is of the difference. */
static void
test_093_rest_is_seen (void)
{
    SparseReader reader;
    gsize zeros, values;

    sparse_reader_init (&reader, (const guint8 *)"\2", 1, (const guint8 *)"\5", 1);
    g_assert_true (sparse_read (&reader, 6, &zeros, &values, NULL));
    g_assert_cmpuint (zeros, ==, 2);
    g_assert_cmpuint (values, ==, 4);
    g_assert_false (sparse_reader_is_done (&reader));
}

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/sparse/any-pieces", test_comes_back_in_any_pieces);
    g_test_add_func ("/sparse/077-bad-numbers", test_077_bad_numbers);
    g_test_add_func ("/sparse/093-rest-is-seen", test_093_rest_is_seen);
    return g_test_run ();
}
