/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "manifest/digest.h"

#include <glib.h>

/* What a host has, as it says itself and signs: 'handcarry have' writes it, 'handcarry bundle
 * --for' reads it. Format: manifest/FORMAT.md. */

#define HAVE_TYPE_LINE "handcarry-have: 1"

typedef struct {
    char *kind;      /* "docker", "podman" */
    char *version;   /* "20.10.24+dfsg1" */
    char *store;     /* "graphdriver", "containerd", "containers/storage" */
    char *driver;    /* "overlay2"; NULL where the engine does not say */
    char *data_root; /* as the engine sees it; NULL where it does not say */
} HaveEngine;

typedef struct {
    char *product, *channel, *version;
    guint64 release;
    Digest digest; /* the release digest */
    Digest tree;   /* OSTree commit of the tree */
    gboolean has_tree;
} HaveProduct;

typedef struct {
    GPtrArray *names; /* char *: with tag, sorted; an image may have none */
    Digest id;        /* as the engine shows it */
    Digest config;    /* of the image config's bytes */
    gboolean has_config;
    GArray *layers;    /* Digest: diffIDs, lowest first */
    gboolean reusable; /* can a load leave these layers out? Their files are there in any case. */
} HaveImage;

typedef struct {
    char *host;     /* also the name of its key in the trust root */
    char *site;     /* NULL where the host does not say */
    char *platform; /* "linux/amd64" */
    HaveEngine engine;
    guint64 engine_free, state_free; /* bytes free where images and where our state lie */
    gboolean has_engine_free;        /* FALSE: the engine's data root was not seen */
    GPtrArray *products;             /* HaveProduct, by name */
    GPtrArray *images;               /* HaveImage, by id */
} Have;

Have *have_new (void);
HaveProduct *have_add_product (Have *have); /* owned by have */
HaveImage *have_add_image (Have *have);     /* owned by have */
void have_free (Have *have);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Have, have_free)

/* Parses and checks: the type line, counts, names and ids that come twice. */
Have *have_parse (GBytes *text, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The one text of these values: sorts products, images and names. It may be longer than
 * LIMIT_YAML_BYTES, which no reader takes. */
GBytes *have_write (Have *have);
