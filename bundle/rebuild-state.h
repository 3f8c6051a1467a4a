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

/* The base file that a patch is made on now. */
typedef struct {
    const BaseFile *file;
    guint8 *bytes; /* all of it; NULL where it is too long to be kept */
} BaseSource;

/* The source of the patch under way, where its form is not plain. */
typedef struct {
    GByteArray *bytes; /* or NULL */
    gboolean bits;     /* they are seen as bits */
} FormSource;

struct Rebuild {
    Bundle *bundle;
    guint32 number;     /* where the bundle is read apart: of the pass there; else 0 */
    GArray *lent;       /* BaseFile that it will read then; else NULL */
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
    BaseSource base;
    FormSource form;
    Spool *spool;
    DigestStream *digest; /* NULL: whoever takes the layers proves them */
    RebuildSink sink;
    gpointer sink_data;
    guint8 chunk[PATCH_CHUNK];
};

/* With a spool in this file, which is taken over, for one who proves the layers himself. */
Rebuild *rebuild_new_with (Bundle *bundle, GArray *layers, int spool_fd,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* A base file must name a layer of a base of the packing list. */
gboolean rebuild_check_base (const Rebuild *rebuild, const BaseFile *file,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Were the bytes since the last call this layer? */
gboolean rebuild_prove (Rebuild *rebuild, const Digest *diffid,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* rebuild-apart.c: the same where the bundle is read by another process. */
gboolean rebuild_apart_open (Rebuild *rebuild, GArray *layers, const char *spool_dir,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean rebuild_apart_layer (Rebuild *rebuild, const StatementLayer *wanted, RebuildSink sink,
                              gpointer data, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean rebuild_apart_complete (const Rebuild *rebuild, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void rebuild_apart_close (Rebuild *rebuild);

/* rebuild-base.c: gives a base file's bytes in order to sink, and compares their checksum. */
gboolean rebuild_base_walk (Rebuild *rebuild, const BaseFile *file, RebuildSink sink, gpointer data,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Checks a base file and makes it the source for rebuild_base_read, until it is closed. */
gboolean rebuild_base_open (Rebuild *rebuild, const BaseFile *file,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean rebuild_base_read (Rebuild *rebuild, guint64 at, guint8 *bytes, gsize length,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;
void rebuild_base_close (Rebuild *rebuild);

/* rebuild-form.c: the source that is open as the patch sees it; *length is how long that is. */
gboolean rebuild_form_source (Rebuild *rebuild, const RecipeFile *file, guint64 *length,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;
void rebuild_form_close (Rebuild *rebuild);
/* Bytes of the source of a patch. */
gboolean rebuild_read_source (Rebuild *rebuild, const RecipeFile *file, guint64 at, guint8 *bytes,
                              gsize length, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The file that holds inner. */
GByteArray *rebuild_form_pack (const RecipeFile *file, const GByteArray *inner,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;
