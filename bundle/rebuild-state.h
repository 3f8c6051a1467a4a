/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "bundle/patch.h"
#include "bundle/reader.h"
#include "bundle/rebuild.h"
#include "bundle/recipe.h"
#include "bundle/spool.h"
#include "bundle/stream.h"

/* A rebuild from inside: rebuild-open.c finds out what will be read, rebuild.c reads it. */

#define NOT_SPOOLED G_MAXUINT64

typedef struct {
    guint32 uses; /* still to come, among the chosen layers */
    guint64 spool_at;
} FileState;

struct Rebuild {
    Bundle *bundle;
    GPtrArray *layers;  /* StatementLayer, all distinct ones of the statement */
    GPtrArray *recipes; /* Recipe, beside layers */
    GArray *chosen;     /* guint: numbers of layers, in order */
    guint next;         /* of chosen */
    RecipeTable *table;
    FileState *files;
    guint64 unused;    /* files that no chosen layer takes */
    guint64 next_file; /* files before this are done with or in the spool */
    gboolean *frames;  /* of the bundle: will be read */
    Stream *streams[N_REGIONS];
    Spool *spool;
    DigestStream *digest;
    RebuildSink sink;
    gpointer sink_data;
    guint8 chunk[PATCH_CHUNK];
};
