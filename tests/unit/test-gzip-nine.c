/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/gzip-huffman.h"
#include "bundle/gzip-nine.h"
#include "manifest/error.h"
#include "tests/unit/corpus.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>

#define LIMIT (1024 * 1024)

static void
assert_equal (const GByteArray *made, const guint8 *bytes, gsize length)
{
    g_assert_cmpmem (made->data, made->len, bytes, length);
}

/* Every ok-* file is gzip's own: a host without gzip checks these at least. */
static gboolean
parse (GBytes *input, GError **error)
{
    g_autoptr (GByteArray) content = NULL, again = NULL;
    gsize length;
    const guint8 *bytes = g_bytes_get_data (input, &length);

    if (!gzip_nine_unpack (bytes, length, LIMIT, &content))
        return fail (error, ERR_FORMAT, "not the form");
    again = gzip_nine (content->data, content->len);
    if (again->len != length || memcmp (again->data, bytes, length) != 0)
        return fail (error, ERR_FORMAT, "not gzip's bytes");
    return TRUE;
}

static void
test_corpus (void)
{
    corpus_walk ("gzip-nine", parse);
}

static void
test_limit_is_kept_to_the_byte (void)
{
    g_autoptr (GByteArray) packed = gzip_nine ((const guint8 *)"hello hello", 11);
    g_autoptr (GByteArray) content = NULL;

    g_assert_false (gzip_nine_unpack (packed->data, packed->len, 10, &content));
    g_assert_null (content);
    g_assert_true (gzip_nine_unpack (packed->data, packed->len, 11, &content));
    assert_equal (content, (const guint8 *)"hello hello", 11);
}

/* Counts that double make codes longer than are allowed: they must be cut and stay complete. */
static void
test_codes_are_cut_to_the_longest (void)
{
    static const guint limits[] = { 7, 15 };

    for (guint i = 0; i < G_N_ELEMENTS (limits); i++) {
        guint16 counts[19] = { 1, 1 };
        guint8 lengths[19];
        guint32 sum = 0;

        for (guint k = 2; k < G_N_ELEMENTS (counts); k++)
            counts[k] = (guint16)(counts[k - 1] + counts[k - 2]);
        g_assert_cmpuint (huffman_lengths (counts, 19, limits[i], lengths), ==, 19);
        for (guint k = 0; k < G_N_ELEMENTS (lengths); k++) {
            g_assert_cmpuint (lengths[k], >, 0);
            g_assert_cmpuint (lengths[k], <=, limits[i]);
            sum += 1u << (limits[i] - lengths[k]);
        }
        g_assert_cmpuint (sum, ==, 1u << limits[i]);
    }
}

static void
test_two_codes_at_least (void)
{
    static const struct {
        guint only, used, other; /* symbols; 30 for none */
    } rows[] = { { 30, 2, 0 }, { 0, 2, 1 }, { 1, 3, 2 }, { 2, 3, 0 }, { 29, 30, 0 } };

    for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
        guint16 counts[31] = { 0 };
        guint8 lengths[30];

        counts[rows[i].only] = 5;
        g_assert_cmpuint (huffman_lengths (counts, 30, 15, lengths), ==, rows[i].used);
        g_assert_cmpuint (lengths[rows[i].other], ==, 1);
        g_assert_true (rows[i].only == 30 || lengths[rows[i].only] == 1);
    }
}

/* Kinds of content. Each appends length bytes; state makes what looks like chance. */
typedef void (*AddFunc) (GByteArray *out, guint length, guint32 *state);

static guint32
chance (guint32 *state, guint below)
{
    *state = *state * 1664525 + 1013904223;
    return (*state >> 8) % below;
}

static void
add_byte (GByteArray *out, guint byte)
{
    guint8 b = (guint8)byte;

    g_byte_array_append (out, &b, 1);
}

static void
add_run (GByteArray *out, guint length, guint32 *state)
{
    for (guint i = 0; i < length; i++)
        add_byte (out, 'a');
}

static void
add_zeros (GByteArray *out, guint length, guint32 *state)
{
    for (guint i = 0; i < length; i++)
        add_byte (out, 0);
}

static void
add_random (GByteArray *out, guint length, guint32 *state)
{
    for (guint i = 0; i < length; i++)
        add_byte (out, chance (state, 256));
}

/* Few matches and few bits: a block is full before it ends early. */
static void
add_letters (GByteArray *out, guint length, guint32 *state)
{
    for (guint i = 0; i < length; i++)
        add_byte (out, 'A' + chance (state, 40));
}

/* Long chains, and matches that the next position beats. */
static void
add_bases (GByteArray *out, guint length, guint32 *state)
{
    for (guint i = 0; i < length; i++)
        add_byte (out, (guint) "acgt"[chance (state, 4)]);
}

/* Each byte half as likely as the one before: codes of more than 15 bits. */
static void
add_skewed (GByteArray *out, guint length, guint32 *state)
{
    for (guint i = 0; i < length; i++)
        add_byte (out, g_bit_nth_lsf (chance (state, 1 << 20) | 1 << 20, -1));
}

static void
add_words (GByteArray *out, guint length, guint32 *state)
{
    static const char *const words[] = {
        "fix",
        "the ",
        "upstream ",
        "CVE-2023-",
        "security ",
        "update",
        " (Closes: #",
        "buffer",
        "package",
        "\n  * ",
        "new ",
        "release",
        "; urgency=medium\n\n",
        ")",
        " in ",
        "tests ",
        "0",
        "1",
        "7",
        "debian/rules",
    };

    for (guint end = out->len + length; out->len < end;) {
        const char *word = words[chance (state, G_N_ELEMENTS (words))];
        guint n = MIN ((guint)strlen (word), end - out->len);

        g_byte_array_append (out, (const guint8 *)word, n);
    }
}

/* Zeros between bytes that repeat at many distances, up to the end. */
static void
add_sparse (GByteArray *out, guint length, guint32 *state)
{
    for (guint i = 0; i < length; i++)
        add_byte (out, chance (state, 4) == 0 ? chance (state, 3) : 0);
}

/* Text and what can not be packed, in turns: dynamic and stored blocks in one file. */
static void
add_mixture (GByteArray *out, guint length, guint32 *state)
{
    for (guint end = out->len + length; out->len < end;) {
        guint n = 1000 + chance (state, 40000);
        AddFunc add = chance (state, 2) == 0 ? add_words : add_random;

        add (out, MIN (n, end - out->len), state);
    }
}

/* The same random bytes again at the farthest distances, just within and just beyond reach. */
static void
add_far_copies (GByteArray *out, guint length, guint32 *state)
{
    static const guint far[] = { 32505, 32506, 32507, 32768, 4095, 4096, 4097 };

    for (guint end = out->len + length; out->len < end;) {
        guint back = far[chance (state, G_N_ELEMENTS (far))], n = 3 + chance (state, 3);

        if (chance (state, 3) > 0 || out->len < back)
            add_byte (out, chance (state, 256));
        else
            while (n-- > 0 && out->len < end)
                add_byte (out, out->data[out->len - back]);
    }
}

/* What lies a window back, with a change now and then. */
static void
add_again (GByteArray *out, guint length, guint32 *state)
{
    for (guint i = 0; i < length; i++)
        if (i >= 32768 && chance (state, 50) > 0)
            add_byte (out, out->data[i - 32768]);
        else
            add_byte (out, chance (state, 30) == 0 ? chance (state, 3) : 0);
}

/* As many matches as literals, and of such lengths that half the size comes out. */
static void
add_halves (GByteArray *out, guint length, guint32 *state)
{
    while (out->len < length) {
        guint back;

        if (out->len <= 5000 || chance (state, 100) >= 50) {
            add_byte (out, chance (state, 256));
            continue;
        }
        back = 1 + chance (state, 4000);
        for (guint n = 3 + chance (state, 14); n > 0 && out->len < length; n--)
            add_byte (out, out->data[out->len - back]);
    }
}

static const struct {
    const char *name;
    AddFunc add;
} kinds[] = {
    { "run", add_run },         { "zeros", add_zeros },   { "random", add_random },
    { "letters", add_letters }, { "bases", add_bases },   { "skewed", add_skewed },
    { "words", add_words },     { "sparse", add_sparse }, { "mixture", add_mixture },
    { "far", add_far_copies },
};

/* Nothing, less than a match, around the lookahead, around gzip's buffer and its moves, beyond. */
static const guint lengths[] = { 0,     1,     2,     3,     4,      258,   259,   261,
                                 262,   263,   1000,  4096,  32767,  32768, 65273, 65274,
                                 65275, 65400, 65534, 65535, 65536,  65537, 65800, 98042,
                                 98043, 98303, 98304, 98400, 131072, 200001 };

static GByteArray *
make_content (AddFunc add, guint length)
{
    GByteArray *content = g_byte_array_new ();
    guint32 state = length;

    add (content, length, &state);
    g_assert_cmpuint (content->len, ==, length);
    return content;
}

/* What the program makes of a file with this content. */
static GByteArray *
run_gzip (const char *program, const char *folder, const GByteArray *content)
{
    g_autofree char *path = g_build_filename (folder, "content", NULL);
    g_autoptr (GError) error = NULL;
    g_autoptr (GSubprocess) process = NULL;
    g_autoptr (GBytes) packed = NULL;
    const char *const argv[] = { program, "-9nc", path, NULL };

    g_file_set_contents (path, (const char *)content->data, content->len, &error);
    g_assert_no_error (error);
    process = g_subprocess_newv (argv, G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error);
    g_assert_no_error (error);
    g_subprocess_communicate (process, NULL, NULL, &packed, NULL, &error);
    g_assert_no_error (error);
    g_assert_true (g_subprocess_get_successful (process));
    g_unlink (path);
    return g_bytes_unref_to_array (g_steal_pointer (&packed));
}

typedef struct {
    char *program; /* NULL: there is no gzip */
    char *folder;
} Gzip;

static void
set_up (Gzip *gzip, gconstpointer data)
{
    gzip->program = g_find_program_in_path ("gzip");
    gzip->folder = g_dir_make_tmp ("gzip-nine-XXXXXX", NULL);
    if (gzip->program == NULL)
        g_test_skip ("gzip not found");
}

static void
tear_down (Gzip *gzip, gconstpointer data)
{
    g_rmdir (gzip->folder);
    g_free (gzip->folder);
    g_free (gzip->program);
}

static void
check_same (const Gzip *gzip, AddFunc add, guint length)
{
    g_autoptr (GByteArray) content = NULL, ours = NULL, theirs = NULL;

    if (gzip->program == NULL)
        return;
    content = make_content (add, length);
    ours = gzip_nine (content->data, content->len);
    theirs = run_gzip (gzip->program, gzip->folder, content);
    if (ours->len == theirs->len && memcmp (ours->data, theirs->data, ours->len) == 0)
        return;
    g_test_message ("%u bytes: %u packed by us, %u by gzip", length, ours->len, theirs->len);
    g_test_fail ();
}

static void
test_gzip_writes_the_same (Gzip *gzip, gconstpointer data)
{
    AddFunc add = kinds[GPOINTER_TO_UINT (data)].add;

    for (guint i = 0; i < G_N_ELEMENTS (lengths); i++)
        check_same (gzip, add, lengths[i]);
    /* Where two kinds of block are equally long. */
    for (guint length = 5; length < 150; length++)
        check_same (gzip, add, length);
}

/* Ends shortly before the buffer is full, the first time and a later one. */
static void
test_bytes_behind_the_end_count (Gzip *gzip, gconstpointer data)
{
    for (guint back = 1; back < 120; back += 3) {
        check_same (gzip, add_again, 65536 - back);
        check_same (gzip, add_again, 98304 - back);
    }
}

/* Where each number of the rule decides: one more or one less would end a block elsewhere. */
static void
test_blocks_end_early (Gzip *gzip, gconstpointer data)
{
    static const guint edges[] = { 199948, 199954, 199995, 199999 };

    for (guint i = 0; i < G_N_ELEMENTS (edges); i++)
        check_same (gzip, add_halves, edges[i]);
}

static void
test_content_comes_back (gconstpointer data)
{
    for (guint i = 0; i < G_N_ELEMENTS (lengths); i++) {
        g_autoptr (GByteArray) content =
            make_content (kinds[GPOINTER_TO_UINT (data)].add, lengths[i]);
        g_autoptr (GByteArray) packed = gzip_nine (content->data, content->len);
        g_autoptr (GByteArray) back = NULL;

        g_assert_true (gzip_nine_unpack (packed->data, packed->len, lengths[i], &back));
        assert_equal (back, content->data, content->len);
    }
}

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/gzip-nine/corpus", test_corpus);
    g_test_add_func ("/gzip-nine/061-limit-is-kept-to-the-byte", test_limit_is_kept_to_the_byte);
    g_test_add_func ("/gzip-nine/codes-are-cut-to-the-longest", test_codes_are_cut_to_the_longest);
    g_test_add_func ("/gzip-nine/two-codes-at-least", test_two_codes_at_least);
    g_test_add ("/gzip-nine/bytes-behind-the-end-count", Gzip, NULL, set_up,
                test_bytes_behind_the_end_count, tear_down);
    g_test_add ("/gzip-nine/blocks-end-early", Gzip, NULL, set_up, test_blocks_end_early,
                tear_down);
    for (guint i = 0; i < G_N_ELEMENTS (kinds); i++) {
        g_autofree char *same = g_strconcat ("/gzip-nine/same-as-gzip/", kinds[i].name, NULL);
        g_autofree char *back = g_strconcat ("/gzip-nine/comes-back/", kinds[i].name, NULL);

        g_test_add (same, Gzip, GUINT_TO_POINTER (i), set_up, test_gzip_writes_the_same, tear_down);
        g_test_add_data_func (back, GUINT_TO_POINTER (i), test_content_comes_back);
    }
    return g_test_run ();
}
