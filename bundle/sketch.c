/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/sketch.h"

#include <string.h>

/* One window in 256 is looked at: its hash's upper bits are zero. */
#define SAMPLE_SHIFT 24

struct Sketch {
    guint32 gear[256];
    guint32 hash;
    guint32 smallest[SKETCH_FEATURES]; /* ascending */
};

Sketch *
sketch_new (void)
{
    Sketch *sketch = g_new0 (Sketch, 1);
    guint32 state = 0x9e3779b9;

    /* Any fixed table will do, as long as it never changes: it decides which patches are made. */
    for (guint i = 0; i < 256; i++) {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        sketch->gear[i] = state;
    }
    sketch_begin (sketch);
    return sketch;
}

void
sketch_begin (Sketch *sketch)
{
    sketch->hash = 0;
    memset (sketch->smallest, 0xff, sizeof sketch->smallest);
}

static void
insert (Sketch *sketch, guint32 feature)
{
    guint i = SKETCH_FEATURES - 1;

    for (guint k = 0; k < SKETCH_FEATURES; k++)
        if (sketch->smallest[k] == feature)
            return;
    while (i > 0 && sketch->smallest[i - 1] > feature) {
        sketch->smallest[i] = sketch->smallest[i - 1];
        i--;
    }
    sketch->smallest[i] = feature;
}

void
sketch_add (Sketch *sketch, const guint8 *bytes, gsize length)
{
    guint32 hash = sketch->hash;

    for (gsize i = 0; i < length; i++) {
        guint32 feature;

        hash = (hash << 1) + sketch->gear[bytes[i]];
        if (hash >> SAMPLE_SHIFT != 0)
            continue;
        feature = hash * 2654435761u;
        if (feature < sketch->smallest[SKETCH_FEATURES - 1])
            insert (sketch, feature);
    }
    sketch->hash = hash;
}

void
sketch_finish (Sketch *sketch, guint64 length, guint32 *features)
{
    if (length < SKETCH_MIN_BYTES)
        memset (features, 0, sizeof sketch->smallest);
    else
        memcpy (features, sketch->smallest, sizeof sketch->smallest);
}

guint
sketch_shared (const guint32 *a, const guint32 *b)
{
    guint shared = 0;

    for (guint i = 0; i < SKETCH_FEATURES; i++)
        for (guint k = 0; k < SKETCH_FEATURES; k++)
            shared += a[i] == b[k] && a[i] != 0 && a[i] != G_MAXUINT32;
    return shared;
}

void
sketch_free (Sketch *sketch)
{
    g_free (sketch);
}
