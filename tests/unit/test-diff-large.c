/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/diff-large.h"
#include "bundle/patch.h"
#include "manifest/file.h"

#include <string.h>

typedef struct {
    GByteArray *old, *result;
    PatchParts *parts; /* all that was flushed */
    gsize difference, extra;
} Case;

static gboolean
collect (const PatchParts *parts, gpointer data, GError **error)
{
    PatchParts *all = ((Case *)data)->parts;

    g_byte_array_append (all->control, parts->control->data, parts->control->len);
    g_byte_array_append (all->difference, parts->difference->data, parts->difference->len);
    g_byte_array_append (all->extra, parts->extra->data, parts->extra->len);
    return TRUE;
}

static gboolean
port_difference (gpointer data, guint8 *bytes, gsize length, GError **error)
{
    Case *c = data;

    g_assert_cmpuint (c->difference + length, <=, c->parts->difference->len);
    memcpy (bytes, c->parts->difference->data + c->difference, length);
    c->difference += length;
    return TRUE;
}

static gboolean
port_extra (gpointer data, guint8 *bytes, gsize length, GError **error)
{
    Case *c = data;

    g_assert_cmpuint (c->extra + length, <=, c->parts->extra->len);
    memcpy (bytes, c->parts->extra->data + c->extra, length);
    c->extra += length;
    return TRUE;
}

static gboolean
port_source (gpointer data, guint64 at, guint8 *bytes, gsize length, GError **error)
{
    memcpy (bytes, ((Case *)data)->old->data + at, length);
    return TRUE;
}

static gboolean
port_result (gpointer data, const guint8 *bytes, gsize length, GError **error)
{
    g_byte_array_append (((Case *)data)->result, bytes, (guint)length);
    return TRUE;
}

static DiffPiece
write_piece (LayerTar *tar, const GByteArray *bytes)
{
    static const char before[] = "something before it";
    g_autoptr (GError) error = NULL;

    tar->fd = file_temporary (NULL, &error);
    g_assert_no_error (error);
    g_assert_true (file_pwrite_all (tar->fd, "old", bytes->data, bytes->len, sizeof before, NULL));
    return (DiffPiece){ tar, sizeof before, bytes->len };
}

/* Makes a patch, applies it and compares; gives how many bytes came as extra. */
static gsize
round_trip (GByteArray *old, const GByteArray *new)
{
    g_autoptr (GByteArray) result = g_byte_array_new ();
    g_autoptr (PatchParts) parts = patch_parts_new ();
    g_autoptr (GError) error = NULL;
    LayerTar old_tar = { 0 }, new_tar = { 0 };
    DiffPiece old_piece = write_piece (&old_tar, old), new_piece = write_piece (&new_tar, new);
    Case c = { .old = old, .result = result, .parts = parts };
    PatchPorts ports = { port_difference, port_extra, port_source, port_result, &c };

    g_assert_true (diff_large (&old_piece, &new_piece, collect, &c, &error));
    g_assert_true (patch_apply (parts->control->data, parts->control->len, old->len, new->len,
                                &ports, &error));
    g_assert_cmpmem (result->data, result->len, new->data, new->len);
    g_assert_cmpuint (c.difference, ==, parts->difference->len);
    g_assert_cmpuint (c.extra, ==, parts->extra->len);
    file_clear_fd (&old_tar.fd);
    file_clear_fd (&new_tar.fd);
    return c.extra;
}

static void
append_noise (GByteArray *to, GRand *rand, guint length)
{
    for (guint i = 0; i < length; i += 4) {
        guint32 word = g_rand_int (rand);

        g_byte_array_append (to, (const guint8 *)&word, MIN (4, length - i));
    }
}

static void
append_zeros (GByteArray *to, guint length)
{
    guint before = to->len;

    g_byte_array_set_size (to, before + length);
    memset (to->data + before, 0, length);
}

/* Pieces of the old file in another order, some of them changed, with new bytes between. */
static void
shuffle (GByteArray *to, GRand *rand, const GByteArray *old)
{
    for (guint i = 0; i < 6 && old->len > 0; i++) {
        guint from = (guint)g_rand_int_range (rand, 0, (gint)old->len);
        guint length = (guint)g_rand_int_range (rand, 0, (gint)(old->len - from) + 1);
        guint begin = to->len;

        g_byte_array_append (to, old->data + from, length);
        for (guint k = 0; k < length / 5000; k++)
            to->data[begin + (guint)g_rand_int_range (rand, 0, (gint)length)]++;
        append_noise (to, rand, (guint)g_rand_int_range (rand, 0, 20000));
    }
}

static void
test_what_is_put_together_anew (void)
{
    for (guint32 seed = 1; seed < 12; seed++) {
        g_autoptr (GRand) rand = g_rand_new_with_seed (seed);
        g_autoptr (GByteArray) old = g_byte_array_new ();
        g_autoptr (GByteArray) new = g_byte_array_new ();

        append_noise (old, rand, (guint)g_rand_int_range (rand, 0, 300000));
        append_zeros (old, (guint)g_rand_int_range (rand, 0, 100000));
        append_noise (old, rand, (guint)g_rand_int_range (rand, 0, 9000));
        shuffle (new, rand, old);
        g_assert_cmpuint (round_trip (old, new), <, 6 * 25000);
    }
}

static void
test_short_empty_and_equal (void)
{
    g_autoptr (GRand) rand = g_rand_new_with_seed (1);
    g_autoptr (GByteArray) empty = g_byte_array_new ();
    g_autoptr (GByteArray) tiny = g_byte_array_new ();
    g_autoptr (GByteArray) some = g_byte_array_new ();

    append_noise (tiny, rand, 5);
    append_noise (some, rand, 100003);
    g_assert_cmpuint (round_trip (empty, some), ==, some->len);
    g_assert_cmpuint (round_trip (some, empty), ==, 0);
    g_assert_cmpuint (round_trip (tiny, tiny), ==, 0);
    g_assert_cmpuint (round_trip (tiny, some), <=, some->len);
    g_assert_cmpuint (round_trip (some, some), ==, 0);
    g_assert_cmpuint (round_trip (empty, empty), ==, 0);
}

/* More than a window of the reader, and moved farther than a slice reaches. */
static void
test_moved_far (void)
{
    g_autoptr (GRand) rand = g_rand_new_with_seed (7);
    g_autoptr (GByteArray) old = g_byte_array_new ();
    g_autoptr (GByteArray) new = g_byte_array_new ();

    append_noise (old, rand, 3000000);
    append_zeros (old, 40000000);
    append_noise (old, rand, 3000000);
    g_byte_array_append (new, old->data + 43000000, 3000000);
    append_zeros (new, 40000001);
    g_byte_array_append (new, old->data, 3000000);
    g_assert_cmpuint (round_trip (old, new), <, 10000);
}

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/diff-large/put-together-anew", test_what_is_put_together_anew);
    g_test_add_func ("/diff-large/short-empty-equal", test_short_empty_and_equal);
    g_test_add_func ("/diff-large/moved-far", test_moved_far);
    return g_test_run ();
}
