/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "bundle/bundle.h"
#include "install/engine.h"
#include "install/run.h"

#include <glib.h>

/* What a delta needs of this host: the layers that it leaves out, and files of base images. Files
 * are found by looking only, and read where the engine keeps them, else from an export. */

typedef enum {
    BASE_NOWHERE,  /* no image of the engine has the layer */
    BASE_IN_PLACE, /* in a directory of the engine's store */
    BASE_FORESEEN, /* another bundle of the run brings the image */
    BASE_EXPORT,   /* the engine gives an image's files, once, and they are spooled */
} BaseWay;

/* The files of one layer of a base that this run reads. */
typedef struct {
    const PackingBase *base;
    guint64 image, layer; /* numbers: of the packing list's bases, and of the layer in it */
    GPtrArray *files;     /* BaseFile, owned */
    guint64 bytes;        /* of all of them */
    BaseWay way;
    char *directory; /* in place: below root_fd */
    int root_fd;     /* borrowed */
} BaseLayer;

/* NULL for a full bundle. Borrows run. */
Bases *bases_new (Run *run);
void bases_free (Bases *bases);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Bases, bases_free)

/* How many of these layers (StatementLayer) does the delta leave out? */
guint bases_count_left_out (const Bases *bases, const GArray *layers);
/* Takes the layers that the delta leaves out away from missing (StatementLayer): they lack. Returns
 * how many. */
guint bases_take_left_out (Bases *bases, const StatementImage *image, GArray *missing);
/* Files that will be read (BaseFile); copies them. */
void bases_add (Bases *bases, const GPtrArray *files);
/* Looks for them in these images of the engine (EngineImage), which it keeps; what is not there
 * lacks. The bundle reads base files from here from now on. */
void bases_find (Bases *bases, GPtrArray *images);
/* ERR_BASE_MISSING with all that lacks, and what to do. */
gboolean bases_check (const Bases *bases, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Fails so for what these lines say, of the run's bundle. */
gboolean base_lack_fail (const Run *run, const char *lines, GError **error);
/* Exports what is not seen in place; before the first layer is asked for. */
gboolean bases_prepare (Bases *bases, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* For plan. */
const GPtrArray *bases_layers (const Bases *bases);  /* BaseLayer, by image and layer */
const GPtrArray *bases_lacking (const Bases *bases); /* char *: a line for each thing that lacks */
guint64 bases_export_bytes (const Bases *bases);     /* spooled in the state folder */
const char *base_way_name (BaseWay way);             /* "nowhere", "in-place", "export" */
