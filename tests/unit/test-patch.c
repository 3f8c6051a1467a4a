/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/patch.h"
#include "bundle/recipe.h"
#include "manifest/error.h"
#include "tests/unit/corpus.h"

#include <string.h>

/* Every file of the corpus is a control, for a source and a result of this length. */
#define LENGTH 64

typedef struct {
    GByteArray *result;
    guint64 difference, extra; /* taken */
    gboolean broken;           /* the extra stream can not be read */
} Ports;

static gboolean
port_difference (gpointer data, guint8 *bytes, gsize length, GError **error)
{
    g_assert_cmpuint (length, <=, PATCH_CHUNK);
    memset (bytes, 1, length);
    ((Ports *)data)->difference += length;
    return TRUE;
}

static gboolean
port_extra (gpointer data, guint8 *bytes, gsize length, GError **error)
{
    g_assert_cmpuint (length, <=, PATCH_CHUNK);
    memset (bytes, 'x', length);
    ((Ports *)data)->extra += length;
    return !((Ports *)data)->broken || fail (error, ERR_FORMAT, "the stream broke");
}

static gboolean
port_source (gpointer data, guint64 at, guint8 *bytes, gsize length, GError **error)
{
    g_assert_cmpuint (length, <=, PATCH_CHUNK);
    for (gsize i = 0; i < length; i++)
        bytes[i] = (guint8)(at + i);
    return TRUE;
}

static gboolean
port_result (gpointer data, const guint8 *bytes, gsize length, GError **error)
{
    g_byte_array_append (((Ports *)data)->result, bytes, (guint)length);
    return TRUE;
}

static gboolean
apply (Ports *ports, GBytes *control, guint64 source, guint64 length, GError **error)
{
    PatchPorts table = { port_difference, port_extra, port_source, port_result, ports };
    gsize n;
    const guint8 *bytes = g_bytes_get_data (control, &n);

    return patch_apply (bytes, n, source, length, &table, error);
}

static gboolean
parse (GBytes *input, GError **error)
{
    g_autoptr (GByteArray) result = g_byte_array_new ();
    Ports ports = { .result = result };
    gboolean ok = apply (&ports, input, LENGTH, LENGTH, error);

    g_assert_cmpuint (result->len, <=, LENGTH);
    g_assert_true (!ok || ports.difference + ports.extra == LENGTH);
    return ok;
}

static void
test_corpus (void)
{
    corpus_walk ("patch", parse);
}

static GBytes *
control_new (const gint64 *triples, guint n)
{
    GByteArray *out = g_byte_array_new ();

    for (guint i = 0; i < n; i++)
        recipe_put_number (out, i % 3 == 2 ? recipe_zigzag (triples[i]) : (guint64)triples[i]);
    return g_byte_array_free_to_bytes (out);
}

static void
test_result (void)
{
    static const gint64 triples[] = { 2, 1, 8, 3, 0, -13, 1, 2, 0 };
    g_autoptr (GBytes) control = control_new (triples, G_N_ELEMENTS (triples));
    g_autoptr (GByteArray) result = g_byte_array_new ();
    Ports ports = { .result = result };
    g_autoptr (GError) error = NULL;

    g_assert_true (apply (&ports, control, 256, 9, &error));
    g_assert_cmpmem (result->data, result->len, "\1\2x\13\14\15\1xx", 9);
    g_assert_cmpuint (ports.difference, ==, 6);
    g_assert_cmpuint (ports.extra, ==, 3);
}

/* More than one chunk of each kind. */
static void
test_long (void)
{
    const gint64 triples[] = { 3 * PATCH_CHUNK + 5, 2 * PATCH_CHUNK + 1, 0 };
    g_autoptr (GBytes) control = control_new (triples, G_N_ELEMENTS (triples));
    g_autoptr (GByteArray) result = g_byte_array_new ();
    Ports ports = { .result = result };
    g_autoptr (GError) error = NULL;

    g_assert_true (apply (&ports, control, 4 * PATCH_CHUNK, 5 * PATCH_CHUNK + 6, &error));
    g_assert_cmpuint (result->len, ==, 5 * PATCH_CHUNK + 6);
    for (guint i = 0; i < result->len; i++)
        g_assert_cmpuint (result->data[i], ==,
                          i < 3 * PATCH_CHUNK + 5 ? (guint8)(i + 1) : (guint8)'x');
}

static void
test_error_of_a_port (void)
{
    static const gint64 triples[] = { 2, 1, 0 };
    g_autoptr (GBytes) control = control_new (triples, G_N_ELEMENTS (triples));
    g_autoptr (GByteArray) result = g_byte_array_new ();
    Ports ports = { .result = result, .broken = TRUE };
    g_autoptr (GError) error = NULL;

    g_assert_false (apply (&ports, control, 256, 3, &error));
    g_assert_cmpstr (error->message, ==, "the stream broke");
}

/* A source at the end of what a number can say: sums must not wrap. */
static void
test_046_far_source (void)
{
    static const gint64 triples[] = { 0, 0, G_MAXINT64, 0, 0, G_MAXINT64, 1, 0, 0 };
    g_autoptr (GBytes) control = control_new (triples, G_N_ELEMENTS (triples));
    g_autoptr (GByteArray) result = g_byte_array_new ();
    Ports ports = { .result = result };
    g_autoptr (GError) error = NULL;

    g_assert_false (apply (&ports, control, G_MAXUINT64, 1, &error));
    g_assert_error (error, HANDCARRY_ERROR, ERR_FORMAT);
}

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/patch/corpus", test_corpus);
    g_test_add_func ("/patch/result", test_result);
    g_test_add_func ("/patch/long", test_long);
    g_test_add_func ("/patch/error-of-a-port", test_error_of_a_port);
    g_test_add_func ("/patch/046-far-source", test_046_far_source);
    return g_test_run ();
}
