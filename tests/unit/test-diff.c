/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/diff.h"
#include "bundle/patch.h"
#include "bundle/recipe.h"

#include <string.h>

/* Pieces this small make every file of these tests a long one. */
#define SMALL_SLICE 1000
#define WHOLE G_MAXUINT32

typedef struct {
    const GByteArray *old;
    const PatchParts *parts;
    gsize difference, extra; /* taken */
    GByteArray *result;
} Ports;

static gboolean
take (const GByteArray *from, gsize *at, guint8 *bytes, gsize length)
{
    g_assert_cmpuint (*at + length, <=, from->len);
    memcpy (bytes, from->data + *at, length);
    *at += length;
    return TRUE;
}

static gboolean
port_difference (gpointer data, guint8 *bytes, gsize length, GError **error)
{
    Ports *ports = data;

    return take (ports->parts->difference, &ports->difference, bytes, length);
}

static gboolean
port_extra (gpointer data, guint8 *bytes, gsize length, GError **error)
{
    Ports *ports = data;

    return take (ports->parts->extra, &ports->extra, bytes, length);
}

static gboolean
port_source (gpointer data, guint64 at, guint8 *bytes, gsize length, GError **error)
{
    gsize from = at;

    return take (((Ports *)data)->old, &from, bytes, length);
}

static gboolean
port_result (gpointer data, const guint8 *bytes, gsize length, GError **error)
{
    g_byte_array_append (((Ports *)data)->result, bytes, (guint)length);
    return TRUE;
}

/* Makes a patch, applies it and compares. Returns how many bytes came as extra. */
static gsize
round_trip (const GByteArray *old, const GByteArray *new, gsize slice)
{
    g_autoptr (PatchParts) parts = patch_parts_new ();
    g_autoptr (GByteArray) result = g_byte_array_new ();
    Ports ports = { .old = old, .parts = parts, .result = result };
    PatchPorts table = { port_difference, port_extra, port_source, port_result, &ports };
    g_autoptr (GError) error = NULL;

    for (gsize at = 0; at < new->len; at += MIN (slice, new->len)) {
        gsize begin = MIN (at, old->len > slice ? old->len - slice : 0);

        diff_add (parts, old->len > 0 ? old->data + begin : old->data,
                  MIN (old->len - begin, slice), begin, new->data + at, MIN (new->len - at, slice));
    }
    g_assert_true (patch_apply (parts->control->data, parts->control->len, old->len, new->len,
                                &table, &error));
    g_assert_cmpmem (result->data, result->len, new->data, new->len);
    g_assert_cmpuint (ports.difference, ==, parts->difference->len);
    g_assert_cmpuint (ports.extra, ==, parts->extra->len);
    g_assert_cmpuint (ports.difference + ports.extra, ==, new->len);
    return ports.extra;
}

typedef enum { NOISE, ZEROS, TWO_LETTERS, PERIODIC, N_KINDS } Kind;

static void
append_kind (GByteArray *to, GRand *rand, Kind kind, guint length)
{
    for (guint i = 0; i < length; i++) {
        guint8 byte = 0;

        if (kind == NOISE)
            byte = (guint8)g_rand_int_range (rand, 0, 256);
        else if (kind == TWO_LETTERS)
            byte = g_rand_boolean (rand) ? 'a' : 'b';
        else if (kind == PERIODIC)
            byte = (guint8)(i % 17);
        g_byte_array_append (to, &byte, 1);
    }
}

static void
append_some (GByteArray *to, GRand *rand, guint most)
{
    append_kind (to, rand, (Kind)g_rand_int_range (rand, 0, N_KINDS),
                 (guint)g_rand_int_range (rand, 0, (gint)most + 1));
}

/* A piece of old with some of its bytes changed. */
static void
append_piece (GByteArray *to, GRand *rand, const GByteArray *old)
{
    guint from, length, begin = to->len;

    if (old->len == 0)
        return;
    from = (guint)g_rand_int_range (rand, 0, (gint)old->len);
    length = (guint)g_rand_int_range (rand, 0, (gint)(old->len - from) + 1);
    g_byte_array_append (to, old->data + from, length);
    for (guint i = 0; i < length / 40; i++)
        to->data[begin + (guint)g_rand_int_range (rand, 0, (gint)length)]++;
}

static void
round_trip_random (GRand *rand, gsize slice)
{
    g_autoptr (GByteArray) old = g_byte_array_new ();
    g_autoptr (GByteArray) new = g_byte_array_new ();
    gint pieces = g_rand_int_range (rand, 0, 6);

    for (gint i = g_rand_int_range (rand, 0, 4); i > 0; i--)
        append_some (old, rand, 2000);
    for (gint i = 0; i < pieces; i++) {
        if (g_rand_boolean (rand))
            append_some (new, rand, 600);
        else
            append_piece (new, rand, old);
    }
    if (new->len == 0)
        append_kind (new, rand, NOISE, 1);
    round_trip (old, new, slice);
}

static void
test_random_pairs (void)
{
    g_autoptr (GRand) rand = g_rand_new_with_seed (3);

    for (guint i = 0; i < 1500; i++) {
        round_trip_random (rand, WHOLE);
        round_trip_random (rand, SMALL_SLICE);
        round_trip_random (rand, (gsize)g_rand_int_range (rand, 1, 50));
    }
}

/* Lengths at, before and behind borders of slices, on either side. */
static void
test_slice_borders (void)
{
    static const guint lengths[] = { 1, 2, 999, 1000, 1001, 1999, 2000, 2001, 2999, 3000, 3001 };
    g_autoptr (GRand) rand = g_rand_new_with_seed (5);
    g_autoptr (GByteArray) base = g_byte_array_new ();

    append_kind (base, rand, NOISE, 4000);
    for (guint a = 0; a < G_N_ELEMENTS (lengths); a++)
        for (guint b = 0; b < G_N_ELEMENTS (lengths); b++) {
            GByteArray old = { base->data, lengths[a] };
            GByteArray new = { base->data + 700, lengths[b] };

            round_trip (&old, &new, SMALL_SLICE);
        }
}

/* What moved or was inserted is found: next to nothing is carried as extra. */
static void
test_moves_are_found (void)
{
    g_autoptr (GRand) rand = g_rand_new_with_seed (9);
    g_autoptr (GByteArray) old = g_byte_array_new ();
    g_autoptr (GByteArray) moved = g_byte_array_new ();
    g_autoptr (GByteArray) shifted = g_byte_array_new ();

    append_kind (old, rand, NOISE, 30000);
    g_byte_array_append (moved, old->data + 20000, 10000);
    g_byte_array_append (moved, old->data, 20000);
    g_assert_cmpuint (round_trip (old, moved, WHOLE), <, 100);
    append_kind (shifted, rand, NOISE, 50);
    g_byte_array_append (shifted, old->data, old->len);
    g_assert_cmpuint (round_trip (old, shifted, WHOLE), <, 100);
    g_assert_cmpuint (round_trip (old, old, WHOLE), ==, 0);
}

/* Runs of equal bytes are where searching suffixes goes wrong: minutes instead of moments. */
static void
test_064_runs_take_no_time (void)
{
    g_autoptr (GRand) rand = g_rand_new_with_seed (11);
    gint64 begin = g_get_monotonic_time ();

    for (Kind kind = ZEROS; kind < N_KINDS; kind++) {
        g_autoptr (GByteArray) old = g_byte_array_new ();
        g_autoptr (GByteArray) new = g_byte_array_new ();

        append_kind (old, rand, kind, 500000);
        append_kind (new, rand, NOISE, 10);
        append_kind (new, rand, kind, 300000);
        append_kind (new, rand, NOISE, 1);
        append_kind (new, rand, ZEROS, 200000);
        round_trip (old, new, WHOLE);
    }
    g_assert_cmpint (g_get_monotonic_time () - begin, <,
                     (SANITIZED ? 100 : 10) * G_TIME_SPAN_SECOND);
}

/* Long runs of zeros between scattered bytes, as in a database or an image of a disk: every place
 * of a run matches somewhere else as well as where it is. */
static void
test_064_scattered_bytes_take_no_time (void)
{
    g_autoptr (GRand) rand = g_rand_new_with_seed (15);
    g_autoptr (GByteArray) old = g_byte_array_new ();
    g_autoptr (GByteArray) new = g_byte_array_new ();
    gint64 begin = g_get_monotonic_time ();

    g_byte_array_set_size (old, 8000000);
    memset (old->data, 0, old->len);
    for (guint i = 0; i < 1200; i++) {
        guint8 *at = &old->data[g_rand_int_range (rand, 0, (gint)old->len - 32)];

        for (guint k = 0; k < 32; k++)
            at[k] = (guint8)g_rand_int (rand);
    }
    g_byte_array_append (new, old->data, 300000);
    append_kind (new, rand, NOISE, 8);
    g_byte_array_append (new, old->data + 300000, old->len - 300000);
    for (guint i = 0; i < 4000; i++)
        new->data[g_rand_int_range (rand, 0, (gint) new->len)] ^= 0x11;
    g_assert_cmpuint (round_trip (old, new, WHOLE), <, 20000);
    g_assert_cmpint (g_get_monotonic_time () - begin, <, (SANITIZED ? 60 : 6) * G_TIME_SPAN_SECOND);
}

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/diff/random-pairs", test_random_pairs);
    g_test_add_func ("/diff/slice-borders", test_slice_borders);
    g_test_add_func ("/diff/moves-are-found", test_moves_are_found);
    g_test_add_func ("/diff/064-runs-take-no-time", test_064_runs_take_no_time);
    g_test_add_func ("/diff/064-scattered-bytes-take-no-time",
                     test_064_scattered_bytes_take_no_time);
    return g_test_run ();
}
