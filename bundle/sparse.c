/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/sparse.h"

#include "bundle/recipe.h"
#include "manifest/error.h"

void
sparse_reader_init (SparseReader *reader, const guint8 *gaps, gsize gaps_length, const guint8 *runs,
                    gsize runs_length)
{
    *reader = (SparseReader){ .gaps = gaps,
                              .gaps_end = gaps_length > 0 ? gaps + gaps_length : gaps,
                              .runs = runs,
                              .runs_end = runs_length > 0 ? runs + runs_length : runs };
}

gboolean
sparse_reader_is_done (const SparseReader *reader)
{
    return reader->gaps == reader->gaps_end && reader->runs == reader->runs_end &&
           reader->zeros == 0 && reader->run == 0;
}

static gboolean
next_pair (SparseReader *reader, GError **error)
{
    if (!recipe_get_number (&reader->gaps, reader->gaps_end, &reader->zeros, error) ||
        !recipe_get_number (&reader->runs, reader->runs_end, &reader->run, error))
        return FALSE;
    return reader->run > 0 || fail (error, ERR_FORMAT, "patch has a run of no bytes");
}

gboolean
sparse_read (SparseReader *reader, gsize length, gsize *zeros, gsize *values, GError **error)
{
    *zeros = length;
    *values = 0;
    if (sparse_reader_is_done (reader))
        return TRUE;
    if (reader->zeros == 0 && reader->run == 0 && !next_pair (reader, error))
        return FALSE;
    *zeros = (gsize)MIN (length, reader->zeros);
    reader->zeros -= *zeros;
    *values = (gsize)MIN (length - *zeros, reader->run);
    reader->run -= *values;
    return TRUE;
}

void
sparse_writer_init (SparseWriter *writer)
{
    *writer = (SparseWriter){ .gaps = g_byte_array_new (),
                              .runs = g_byte_array_new (),
                              .values = g_byte_array_new () };
}

void
sparse_writer_clear (SparseWriter *writer)
{
    g_clear_pointer (&writer->gaps, g_byte_array_unref);
    g_clear_pointer (&writer->runs, g_byte_array_unref);
    g_clear_pointer (&writer->values, g_byte_array_unref);
}

void
sparse_writer_finish (SparseWriter *writer)
{
    if (writer->run == 0)
        return;
    recipe_put_number (writer->gaps, writer->zeros);
    recipe_put_number (writer->runs, writer->run);
    writer->zeros = writer->run = 0;
}

void
sparse_write (SparseWriter *writer, const guint8 *bytes, gsize length)
{
    for (gsize i = 0, end; i < length; i = end) {
        end = i;
        while (end < length && bytes[end] == 0)
            end++;
        if (end > i) {
            sparse_writer_finish (writer);
            writer->zeros += end - i;
            continue;
        }
        while (end < length && bytes[end] != 0)
            end++;
        g_byte_array_append (writer->values, bytes + i, (guint)(end - i));
        writer->run += end - i;
    }
}
