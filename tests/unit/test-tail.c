/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/format.h"
#include "bundle/frame.h"
#include "bundle/tail.h"
#include "keys/trust.h"
#include "manifest/error.h"
#include "tests/unit/corpus.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

static gboolean
parse (GBytes *input, GError **error)
{
    gsize length;
    const guint8 *bytes = g_bytes_get_data (input, &length);
    g_autoptr (Tail) tail = tail_parse (bytes, length, ZSTD_SKIPPABLE_HEADER, error);

    return tail != NULL;
}

static void
test_corpus (void)
{
    corpus_walk ("tail", parse);
}

static GBytes *
text (const char *from)
{
    return g_bytes_new (from, strlen (from));
}

/* A tail with votes and a chain of two, that begins behind frame n of a bundle without frames. */
static Tail *
make_tail (void)
{
    Tail *tail = tail_new ();
    g_autoptr (GBytes) frame = NULL;

    tail->statement = text ("handcarry-statement: 1\n");
    tail->packing = text ("handcarry-packing: 1\n");
    tail->index = g_bytes_new (NULL, 0);
    for (guint i = 0; i < 2; i++) {
        g_autoptr (GBytes) bytes = text ("a root");
        SignedRoot *root = signed_root_new (bytes);

        g_ptr_array_add (tail->chain, root);
        g_ptr_array_add (root->votes, text ("a vote on it"));
    }
    g_ptr_array_add (tail->statement_votes, text ("vote"));
    g_ptr_array_add (tail->packing_votes, text ("another vote"));
    frame = tail_texts_frame (tail->statement, tail->packing);
    tail->offset = g_bytes_get_size (frame);
    return tail;
}

typedef struct {
    char *dir, *path;
} Folder;

static void
set_up (Folder *f, gconstpointer data)
{
    f->dir = g_dir_make_tmp ("tail-XXXXXX", NULL);
    f->path = g_build_filename (f->dir, "x.tar.zst", NULL);
}

static void
tear_down (Folder *f, gconstpointer data)
{
    g_autoptr (GDir) dir = g_dir_open (f->dir, 0, NULL);
    const char *name;

    while ((name = g_dir_read_name (dir)) != NULL) {
        g_autofree char *path = g_build_filename (f->dir, name, NULL);
        g_unlink (path);
    }
    g_rmdir (f->dir);
    g_free (f->dir);
    g_free (f->path);
}

static GByteArray *
file_of (const Tail *tail)
{
    g_autoptr (GBytes) frame = tail_texts_frame (tail->statement, tail->packing);
    g_autoptr (GBytes) end = tail_write (tail);
    GByteArray *file = g_byte_array_new ();

    g_byte_array_append (file, g_bytes_get_data (frame, NULL), (guint)g_bytes_get_size (frame));
    g_byte_array_append (file, g_bytes_get_data (end, NULL), (guint)g_bytes_get_size (end));
    return file;
}

static void
put (const char *path, const guint8 *bytes, gsize length)
{
    g_autoptr (GError) error = NULL;

    g_file_set_contents (path, (const char *)bytes, (gssize)length, &error);
    g_assert_no_error (error);
}

static Tail *
read_tail (const char *path, GError **error)
{
    g_autoptr (Parts) parts = parts_open (path, error);

    g_assert_nonnull (parts);
    return tail_read (parts, error);
}

static void
expect_refused (Folder *f, const guint8 *bytes, gsize length)
{
    g_autoptr (GError) error = NULL;

    put (f->path, bytes, length);
    g_assert_null (read_tail (f->path, &error));
    g_assert_error (error, HANDCARRY_ERROR, ERR_FORMAT);
}

static void
test_round_trip (Folder *f, gconstpointer data)
{
    g_autoptr (Tail) tail = make_tail ();
    g_autoptr (GByteArray) file = file_of (tail);
    g_autoptr (GBytes) again = NULL, first = tail_write (tail);
    g_autoptr (Tail) found = NULL;
    g_autoptr (GError) error = NULL;

    put (f->path, file->data, file->len);
    found = read_tail (f->path, &error);
    g_assert_no_error (error);
    again = tail_write (found);
    g_assert_true (g_bytes_equal (first, again));
    g_assert_cmpuint (found->chain->len, ==, 2);
    g_assert_cmpuint (((SignedRoot *)found->chain->pdata[1])->votes->len, ==, 1);
}

static GPtrArray *
read_chain (const char *path, GError **error)
{
    g_autoptr (Parts) parts = parts_open (path, error);

    g_assert_nonnull (parts);
    return tail_read_chain (parts, error);
}

static void
test_a_trust_bundle_has_a_chain_and_no_release (Folder *f, gconstpointer data)
{
    g_autoptr (Tail) whole = make_tail (), trust = tail_new ();
    g_autoptr (GBytes) bytes = NULL;
    g_autoptr (GPtrArray) chain = NULL;
    g_autoptr (GError) error = NULL;

    g_ptr_array_unref (trust->chain);
    trust->chain = g_ptr_array_ref (whole->chain);
    bytes = tail_write (trust);
    put (f->path, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
    chain = read_chain (f->path, &error);
    g_assert_no_error (error);
    g_assert_cmpuint (chain->len, ==, 2);
    g_assert_null (read_tail (f->path, &error));
    g_assert_error (error, HANDCARRY_ERROR, ERR_FORMAT);
    g_assert_nonnull (strstr (error->message, "is a trust bundle"));
}

/* trust.md 50: bytes in front of the roots would be under no signature. */
static void
test_050_nothing_lies_before_a_trust_bundle (Folder *f, gconstpointer data)
{
    g_autoptr (Tail) whole = make_tail (), trust = tail_new ();
    g_autoptr (GByteArray) file = g_byte_array_new ();
    g_autoptr (GBytes) bytes = NULL;
    g_autoptr (GError) error = NULL;

    g_ptr_array_unref (trust->chain);
    trust->chain = g_ptr_array_ref (whole->chain);
    trust->offset = 4;
    bytes = tail_write (trust);
    g_byte_array_append (file, (const guint8 *)"junk", 4);
    g_byte_array_append (file, g_bytes_get_data (bytes, NULL), (guint)g_bytes_get_size (bytes));
    put (f->path, file->data, file->len);
    g_assert_null (read_chain (f->path, &error));
    g_assert_error (error, HANDCARRY_ERROR, ERR_FORMAT);
    g_assert_nonnull (strstr (error->message, "has 4 bytes before the trust roots"));
}

static void
test_045_048_truncated (Folder *f, gconstpointer data)
{
    g_autoptr (Tail) tail = make_tail ();
    g_autoptr (GByteArray) file = file_of (tail);

    for (guint length = 0; length < file->len; length += length < file->len - 300 ? 97 : 1)
        expect_refused (f, file->data, length);
}

static void
test_050_051_trailing (Folder *f, gconstpointer data)
{
    g_autoptr (Tail) tail = make_tail ();
    g_autoptr (GByteArray) file = file_of (tail);
    g_autofree guint8 *copy = g_memdup2 (file->data, file->len);
    guint length = file->len;

    g_byte_array_append (file, (const guint8 *)"", 1);
    expect_refused (f, file->data, file->len);
    g_byte_array_set_size (file, length);
    g_byte_array_append (file, copy, length);
    expect_refused (f, file->data, file->len);
}

/* Every bit of the footer, and of the tail's own header. */
static void
test_049_flipped (Folder *f, gconstpointer data)
{
    g_autoptr (Tail) tail = make_tail ();
    g_autoptr (GByteArray) file = file_of (tail);

    for (guint bit = 0; bit < FOOTER_BYTES * 8; bit++) {
        guint8 *byte = &file->data[file->len - FOOTER_BYTES + bit / 8];

        *byte ^= (guint8)(1 << bit % 8);
        expect_refused (f, file->data, file->len);
        *byte ^= (guint8)(1 << bit % 8);
    }
    for (guint bit = 0; bit < ZSTD_SKIPPABLE_HEADER * 8; bit++) {
        guint8 *byte = &file->data[tail->offset + bit / 8];

        *byte ^= (guint8)(1 << bit % 8);
        expect_refused (f, file->data, file->len);
        *byte ^= (guint8)(1 << bit % 8);
    }
}

/* Footers whose numbers are in form but not true. */
static void
test_046_047_footer_numbers (Folder *f, gconstpointer data)
{
    static const guint64 wrong[] = {
        0, 1, 7, 8, (1u << 31) - 1, 1u << 31, 1ull << 32, 1ull << 63, G_MAXINT64, G_MAXUINT64,
    };
    g_autoptr (Tail) tail = make_tail ();
    g_autoptr (GByteArray) file = file_of (tail);
    guint64 length = file->len - FOOTER_BYTES - tail->offset;

    for (guint i = 0; i < 2 * G_N_ELEMENTS (wrong); i++) {
        guint64 number = wrong[i / 2];
        g_autofree char *footer =
            g_strdup_printf (FOOTER_FORMAT, i % 2 ? number : tail->offset, i % 2 ? length : number);

        memcpy (file->data + file->len - FOOTER_PAYLOAD, footer, FOOTER_PAYLOAD);
        expect_refused (f, file->data, file->len);
    }
}

/* A file of 5 GB of holes is refused by its end, at once. */
static void
test_057_sparse (Folder *f, gconstpointer data)
{
    gint64 begin = g_get_monotonic_time ();

    put (f->path, (const guint8 *)"", 0);
    g_assert_cmpint (truncate (f->path, 5000000000), ==, 0);
    {
        g_autoptr (GError) error = NULL;

        g_assert_null (read_tail (f->path, &error));
        g_assert_error (error, HANDCARRY_ERROR, ERR_FORMAT);
    }
    g_assert_cmpint (g_get_monotonic_time () - begin, <, G_TIME_SPAN_SECOND);
}

static GBytes *
contents (const char *path)
{
    char *bytes;
    gsize length;

    if (!g_file_get_contents (path, &bytes, &length, NULL))
        return NULL;
    return g_bytes_new_take (bytes, length);
}

static void
test_add_votes (Folder *f, gconstpointer data)
{
    g_autoptr (Tail) tail = make_tail ();
    g_autoptr (GByteArray) file = file_of (tail);
    g_autoptr (GBytes) vote = text ("a new vote"), old = text ("vote");
    g_autofree char *saved = g_strconcat (f->path, ".tail~", NULL);
    g_autoptr (Tail) found = NULL;
    g_autoptr (GError) error = NULL;

    put (f->path, file->data, file->len);
    g_assert_true (tail_add_votes (f->path, vote, NULL, &error));
    g_assert_true (tail_add_votes (f->path, vote, NULL, &error));
    g_assert_true (tail_add_votes (f->path, old, NULL, &error));
    found = read_tail (f->path, &error);
    g_assert_no_error (error);
    g_assert_cmpuint (found->statement_votes->len, ==, 2);
    g_assert_true (g_bytes_equal (found->statement_votes->pdata[1], vote));
    g_assert_cmpuint (found->packing_votes->len, ==, 1);
    g_assert_false (g_file_test (saved, G_FILE_TEST_EXISTS));
}

/* The file of parts: the first holds frame n but its last byte, or all of it. */
static void
put_parts (Folder *f, const GByteArray *file, guint64 first)
{
    g_autofree char *one = g_strconcat (f->path, ".001", NULL);
    g_autofree char *two = g_strconcat (f->path, ".002", NULL);

    put (one, file->data, first);
    put (two, file->data + first, file->len - first);
}

static void
test_add_votes_to_parts (Folder *f, gconstpointer data)
{
    g_autoptr (Tail) tail = make_tail ();
    g_autoptr (GByteArray) file = file_of (tail);
    g_autofree char *one = g_strconcat (f->path, ".001", NULL);
    g_autoptr (GBytes) vote = text ("a new vote");
    g_autoptr (Tail) found = NULL;
    g_autoptr (GError) error = NULL;

    for (guint back = 0; back < 2; back++) {
        put_parts (f, file, tail->offset - back);
        g_assert_true (tail_add_votes (one, NULL, vote, &error));
        g_clear_pointer (&found, tail_free);
        found = read_tail (one, &error);
        g_assert_no_error (error);
        g_assert_cmpuint (found->packing_votes->len, ==, 2);
    }
    put_parts (f, file, tail->offset + 1);
    g_assert_false (tail_add_votes (one, NULL, vote, &error));
    g_assert_nonnull (strstr (error->message, "join the parts"));
}

/* What signing leaves when it stops: the old tail saved, the file cut, longer or half new. */
static void
test_interrupted_signing (Folder *f, gconstpointer data)
{
    g_autoptr (Tail) tail = make_tail ();
    g_autoptr (GByteArray) file = file_of (tail);
    g_autofree char *saved = g_strconcat (f->path, ".tail~", NULL);
    g_autoptr (GBytes) good = g_bytes_new (file->data, file->len);
    g_autofree char *head = g_strdup_printf ("%020" G_GUINT64_FORMAT "\n", tail->offset);
    g_autoptr (GByteArray) copy = g_byte_array_new ();

    g_byte_array_append (copy, (const guint8 *)head, (guint)strlen (head));
    g_byte_array_append (copy, file->data + tail->offset, file->len - (guint)tail->offset);
    for (guint i = 0; i < 3; i++) {
        g_autoptr (GBytes) found = NULL;
        g_autoptr (GError) error = NULL;

        put (saved, copy->data, copy->len);
        put (f->path, file->data, i == 0 ? tail->offset : i == 1 ? tail->offset + 9 : file->len);
        if (i == 2)
            g_assert_cmpint (truncate (f->path, file->len + 7), ==, 0);
        g_assert_true (tail_add_votes (f->path, NULL, NULL, &error));
        g_assert_no_error (error);
        found = contents (f->path);
        g_assert_true (g_bytes_equal (found, good));
        g_assert_false (g_file_test (saved, G_FILE_TEST_EXISTS));
    }
}

/* A saved tail of a file that had this name before must not be written over another bundle. */
static void
test_saved_tail_of_another_bundle (Folder *f, gconstpointer data)
{
    g_autoptr (Tail) tail = make_tail ();
    g_autoptr (GByteArray) file = file_of (tail);
    g_autofree char *saved = g_strconcat (f->path, ".tail~", NULL);
    g_autofree char *head = g_strdup_printf ("%020" G_GUINT64_FORMAT "\n", tail->offset);
    g_autoptr (GByteArray) copy = g_byte_array_new ();
    g_autoptr (GByteArray) other_file = NULL;
    g_autoptr (GBytes) before = NULL;

    g_byte_array_append (copy, (const guint8 *)head, (guint)strlen (head));
    g_byte_array_append (copy, file->data + tail->offset, file->len - (guint)tail->offset);
    g_bytes_unref (tail->packing);
    tail->packing = text ("handcarry-packing: 2\n");
    other_file = file_of (tail);
    before = g_bytes_new (other_file->data, other_file->len);
    for (guint i = 0; i < 3; i++) {
        g_autoptr (GBytes) found = NULL;
        g_autoptr (GError) error = NULL;

        put (f->path, other_file->data, other_file->len);
        put (saved, copy->data, i == 0 ? copy->len : i == 1 ? copy->len - 5 : 20);
        g_assert_false (tail_add_votes (f->path, NULL, NULL, &error));
        g_assert_error (error, HANDCARRY_ERROR, ERR_FORMAT);
        g_assert_nonnull (strstr (error->message, ".tail~"));
        found = contents (f->path);
        g_assert_true (g_bytes_equal (found, before));
    }
}

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/tail/corpus", test_corpus);
#define ADD(name, func) g_test_add ("/tail/" name, Folder, NULL, set_up, func, tear_down)
    ADD ("round-trip", test_round_trip);
    ADD ("trust-bundle", test_a_trust_bundle_has_a_chain_and_no_release);
    ADD ("050-before-a-trust-bundle", test_050_nothing_lies_before_a_trust_bundle);
    ADD ("045-048-truncated", test_045_048_truncated);
    ADD ("050-051-trailing", test_050_051_trailing);
    ADD ("049-flipped", test_049_flipped);
    ADD ("046-047-footer-numbers", test_046_047_footer_numbers);
    ADD ("057-sparse", test_057_sparse);
    ADD ("add-votes", test_add_votes);
    ADD ("add-votes-to-parts", test_add_votes_to_parts);
    ADD ("interrupted-signing", test_interrupted_signing);
    ADD ("saved-tail-of-another-bundle", test_saved_tail_of_another_bundle);
    return g_test_run ();
}
