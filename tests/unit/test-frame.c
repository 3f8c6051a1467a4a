/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/format.h"
#include "bundle/frame.h"
#include "manifest/error.h"
#include "tests/unit/corpus.h"

#include <string.h>
#include <zdict.h>
#include <zstd.h>

#define CONTENT 200000

static gboolean
parse (GBytes *input, GError **error)
{
    g_autoptr (GArray) frames = frame_index_parse (input, error);
    g_autoptr (GBytes) again = frames != NULL ? frame_index_write (frames) : NULL;

    g_assert_true (again == NULL || g_bytes_equal (again, input));
    return frames != NULL;
}

static void
test_corpus (void)
{
    corpus_walk ("frame-index", parse);
}

static void
test_064_too_many_frames (void)
{
    gsize length = (gsize)(LIMIT_FRAMES + 1) * INDEX_ENTRY_BYTES;
    guint8 *bytes = g_malloc0 (length);
    g_autoptr (GBytes) input = g_bytes_new_take (bytes, length);
    g_autoptr (GBytes) most = g_bytes_new_from_bytes (input, 0, length - INDEX_ENTRY_BYTES);
    g_autoptr (GArray) frames = NULL;
    g_autoptr (GError) error = NULL;

    for (gsize at = 0; at < length; at += INDEX_ENTRY_BYTES)
        bytes[at] = bytes[at + 8] = 1;
    g_assert_null (frame_index_parse (input, &error));
    g_assert_error (error, HANDCARRY_ERROR, ERR_FORMAT);
    g_clear_error (&error);
    frames = frame_index_parse (most, &error);
    g_assert_no_error (error);
    g_assert_cmpuint (g_array_index (frames, Frame, LIMIT_FRAMES - 1).offset, ==, LIMIT_FRAMES - 1);
}

/* Text of words drawn at random: it compresses, but not to nothing. */
static guint8 *
make_content (void)
{
    static const char *const words[] = { "carry ", "hand ", "frame ", "plant ", "release ", "\n" };
    g_autoptr (GRand) rand = g_rand_new_with_seed (1);
    GString *out = g_string_new (NULL);

    while (out->len < CONTENT)
        g_string_append (out, words[g_rand_int_range (rand, 0, G_N_ELEMENTS (words))]);
    return (guint8 *)g_string_free (out, FALSE);
}

typedef struct {
    int window_log;
    gboolean checksum, no_size, dictionary;
} How;

static GByteArray *
compress (const guint8 *content, How how)
{
    ZSTD_CCtx *context = ZSTD_createCCtx ();
    GByteArray *out = g_byte_array_new ();
    g_autofree guint8 *dictionary = g_malloc (16384);
    gsize samples[100], n;

    ZSTD_CCtx_setParameter (context, ZSTD_c_checksumFlag, how.checksum);
    ZSTD_CCtx_setParameter (context, ZSTD_c_contentSizeFlag, !how.no_size);
    if (how.window_log > 0)
        ZSTD_CCtx_setParameter (context, ZSTD_c_windowLog, how.window_log);
    for (guint i = 0; i < G_N_ELEMENTS (samples); i++)
        samples[i] = CONTENT / G_N_ELEMENTS (samples);
    if (how.dictionary) {
        n = ZDICT_trainFromBuffer (dictionary, 16384, content, samples, G_N_ELEMENTS (samples));
        g_assert_false (ZDICT_isError (n));
        ZSTD_CCtx_loadDictionary (context, dictionary, n);
    }
    g_byte_array_set_size (out, (guint)ZSTD_compressBound (CONTENT));
    n = ZSTD_compress2 (context, out->data, out->len, content, CONTENT);
    g_assert_false (ZSTD_isError (n));
    g_byte_array_set_size (out, (guint)n);
    ZSTD_freeCCtx (context);
    return out;
}

static gboolean
decompress (const GByteArray *compressed, guint64 content, guint8 *out, GError **error)
{
    Frame frame = { .compressed = compressed->len, .content = content };

    return frame_decompress (&frame, compressed->data, out, error);
}

static void
expect_refused (const GByteArray *compressed, guint64 content)
{
    g_autofree guint8 *out = g_malloc (content);
    g_autoptr (GError) error = NULL;

    g_assert_false (decompress (compressed, content, out, &error));
    g_assert_error (error, HANDCARRY_ERROR, ERR_FORMAT);
}

static void
test_good_frames (void)
{
    g_autofree guint8 *content = make_content ();
    const How hows[] = { { 0 }, { .checksum = TRUE }, { .window_log = 10 } };

    for (guint i = 0; i < G_N_ELEMENTS (hows); i++) {
        g_autoptr (GByteArray) compressed = compress (content, hows[i]);
        g_autofree guint8 *out = g_malloc (CONTENT);
        g_autoptr (GError) error = NULL;

        g_assert_true (decompress (compressed, CONTENT, out, &error));
        g_assert_cmpmem (out, CONTENT, content, CONTENT);
    }
}

static void
test_063_other_forms (void)
{
    g_autofree guint8 *content = make_content ();
    g_autoptr (GByteArray) plain = compress (content, (How){ 0 });
    g_autoptr (GByteArray) dictionary = compress (content, (How){ .dictionary = TRUE });
    g_autoptr (GByteArray) sizeless = compress (content, (How){ .no_size = TRUE });
    g_autoptr (GByteArray) sum = compress (content, (How){ .checksum = TRUE });
    g_autoptr (GBytes) skippable = frame_skippable (content, 1000);
    GByteArray view = { (guint8 *)g_bytes_get_data (skippable, NULL),
                        (guint)g_bytes_get_size (skippable) };
    static const guint8 junk[] = "x";

    expect_refused (dictionary, CONTENT);
    expect_refused (sizeless, CONTENT);
    expect_refused (&view, 1000);
    expect_refused (plain, CONTENT - 1);
    expect_refused (plain, CONTENT + 1);
    sum->data[sum->len - 1] ^= 1;
    expect_refused (sum, CONTENT);
    g_byte_array_append (plain, junk, 1);
    expect_refused (plain, CONTENT);
    g_byte_array_set_size (plain, plain->len - 2);
    expect_refused (plain, CONTENT);
    g_byte_array_set_size (plain, 3);
    expect_refused (plain, CONTENT);
}

/* Two frames where one is said to be, and an empty skippable one behind. */
static void
test_063_two_frames (void)
{
    g_autofree guint8 *content = make_content ();
    g_autoptr (GByteArray) plain = compress (content, (How){ 0 });
    g_autofree guint8 *copy = g_memdup2 (plain->data, plain->len);
    static const guint8 empty[] = { 0x50, 0x2a, 0x4d, 0x18, 0, 0, 0, 0 };
    guint length = plain->len;

    g_byte_array_append (plain, copy, length);
    expect_refused (plain, CONTENT);
    expect_refused (plain, 2 * CONTENT);
    g_byte_array_set_size (plain, length);
    g_byte_array_append (plain, empty, sizeof empty);
    expect_refused (plain, CONTENT);
}

/* A frame by hand: window descriptor, 4 bytes of content size, one raw block of 4 bytes. */
static GByteArray *
windowed (guint8 window)
{
    const guint8 bytes[] = { 0x28, 0xb5, 0x2f, 0xfd, 0x80, window, 4,   0,  0,
                             0,    0x21, 0,    0,    'a',  'b',    'c', 'd' };
    GByteArray *out = g_byte_array_new ();

    g_byte_array_append (out, bytes, sizeof bytes);
    return out;
}

static void
test_062_window (void)
{
    g_autoptr (GByteArray) largest = windowed (17 << 3);
    guint8 out[4];

    g_assert_true (decompress (largest, 4, out, NULL));
    g_assert_cmpmem (out, 4, "abcd", 4);
    for (guint log = 27; log <= 41; log++)
        for (guint mantissa = log == 27 ? 1 : 0; mantissa < 8; mantissa++) {
            g_autoptr (GByteArray) large = windowed ((guint8)((log - 10) << 3 | mantissa));

            expect_refused (large, 4);
        }
}

/* Frame n by our own writer is what stock zstd reads. */
static void
test_raw_frame (void)
{
    static const gsize sizes[] = {
        1, 511, ZSTD_RAW_BLOCK - 1, ZSTD_RAW_BLOCK, ZSTD_RAW_BLOCK + 1, 2 * ZSTD_RAW_BLOCK, CONTENT
    };
    g_autofree guint8 *content = make_content ();
    g_autofree guint8 *doubled = g_malloc (2 * CONTENT);

    memcpy (doubled, content, CONTENT);
    memcpy (doubled + CONTENT, content, CONTENT);
    for (guint i = 0; i < G_N_ELEMENTS (sizes); i++) {
        g_autoptr (GBytes) frame = frame_raw (doubled, sizes[i]);
        g_autofree guint8 *out = g_malloc (sizes[i] + 1);
        gsize n = ZSTD_decompress (out, sizes[i] + 1, g_bytes_get_data (frame, NULL),
                                   g_bytes_get_size (frame));

        g_assert_cmpmem (out, n, doubled, sizes[i]);
    }
}

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/frame/corpus", test_corpus);
    g_test_add_func ("/frame/064-too-many-frames", test_064_too_many_frames);
    g_test_add_func ("/frame/good-frames", test_good_frames);
    g_test_add_func ("/frame/063-other-forms", test_063_other_forms);
    g_test_add_func ("/frame/063-two-frames", test_063_two_frames);
    g_test_add_func ("/frame/062-window", test_062_window);
    g_test_add_func ("/frame/raw-frame", test_raw_frame);
    return g_test_run ();
}
