/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include <glib.h>

/* The difference of a patch is zeros with some bytes here and there. It is stored in three parts:
 * gaps, how many zeros come before each run of other bytes; runs, how long each is (both numbers as
 * recipes have them); and values, the bytes of all runs. Zeros behind the last run are not said. */

typedef struct {
    const guint8 *gaps, *gaps_end, *runs, *runs_end;
    guint64 zeros, run; /* left of the pair under way */
} SparseReader;

void sparse_reader_init (SparseReader *reader, const guint8 *gaps, gsize gaps_length,
                         const guint8 *runs, gsize runs_length);
/* What the next of at most length bytes are: *zeros of them zeros, then *values from the part
 * values; together at least one. ERR_FORMAT: numbers that are none, or a run of nothing. */
gboolean sparse_read (SparseReader *reader, gsize length, gsize *zeros, gsize *values,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Were all numbers used? */
gboolean sparse_reader_is_done (const SparseReader *reader);

/* Takes a difference in pieces. The caller empties the parts when it likes. */
typedef struct {
    GByteArray *gaps, *runs, *values;
    guint64 zeros, run; /* of the pair under way */
} SparseWriter;

void sparse_writer_init (SparseWriter *writer);
void sparse_writer_clear (SparseWriter *writer);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (SparseWriter, sparse_writer_clear)
void sparse_write (SparseWriter *writer, const guint8 *bytes, gsize length);
void sparse_writer_finish (SparseWriter *writer);
