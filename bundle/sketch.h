/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "bundle/scan.h"

#include <glib.h>

/* Finds likely similar files without comparing them: the smallest of the hashes of all 32-byte
 * windows whose hash ends in zeros (Broder, "On the resemblance and containment of documents",
 * 1997, with a rolling hash for the shingles). */
typedef struct Sketch Sketch;

/* Files shorter than this have no sketch. */
#define SKETCH_MIN_BYTES (32 * 1024)

Sketch *sketch_new (void);
void sketch_begin (Sketch *sketch);
void sketch_add (Sketch *sketch, const guint8 *bytes, gsize length);
void sketch_finish (Sketch *sketch, guint64 length, guint32 *features);
void sketch_free (Sketch *sketch);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Sketch, sketch_free)
