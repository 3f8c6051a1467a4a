/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "bundle/bundle.h"
#include "bundle/image-files.h"
#include "bundle/version-order.h"
#include "manifest/have.h"

/* What changes: two sides, A and B, each a bundle or a have file (for sign, also a statement); then
 * what became of A's things in B. */

typedef struct {
    const char *product, *channel, *version;
    guint64 release;
    const Digest *digest;
    const Digest *tree; /* the commit; NULL where a host has none */
    guint64 tree_files, tree_bytes;
    gboolean has_tree_size;
} DiffProduct;

typedef struct {
    char *name;                  /* NULL: an image without a name on a host */
    char *full;                  /* as engines store it */
    const StatementImage *image; /* in a bundle, else NULL */
    const HaveImage *held;       /* on a host, else NULL */
    GArray *layers;              /* Digest: diffIDs, lowest first */
    GArray *chains;              /* Digest, beside layers: names each layer with all below it */
    gboolean paired;
} DiffImage;

typedef struct {
    const char *path;
    Bundle *bundle;              /* or NULL, */
    gboolean borrowed;           /* the bundle is the caller's */
    Have *have;                  /* then this, or */
    Statement *statement;        /* this: a statement without a bundle, and */
    Digest digest;               /* its digest */
    GPtrArray *products;         /* DiffProduct */
    GPtrArray *images;           /* DiffImage */
    GHashTable *chains, *layers; /* sets of Digest, borrowed from images */
} DiffSide;

/* Layers, and how long they are where all lengths are known: have files have none. */
typedef struct {
    guint n, sized;
    guint64 bytes;
} DiffCount;

typedef struct {
    DiffCount same;  /* also on the other side, on the same layers */
    DiffCount moved; /* also there, on other layers */
    DiffCount fresh; /* in B only */
    DiffCount gone;  /* in A only */
} DiffLayers;

typedef enum {
    DIFF_SAME,        /* the same config */
    DIFF_SAME_LAYERS, /* a config is not known, and the layers are the same */
    DIFF_CHANGED,
    DIFF_ADDED,   /* in B only */
    DIFF_REMOVED, /* in A only */
} DiffState;

typedef struct {
    char *kind, *name, *arch;
    gboolean show_arch; /* there is one of that name for another architecture */
    char *from, *to;    /* versions; NULL: not there */
    PackageChange change;
} DiffPackage;

typedef struct {
    char *path;
    const ImageFile *a, *b; /* NULL: not there */
} DiffFile;

typedef struct {
    DiffState state;
    DiffImage *a, *b;
    DiffLayers layers;
    GPtrArray *packages;            /* DiffPackage, those that differ; NULL: not known */
    guint n_packages[2], unread[2]; /* on each side: how many, and PackagesUnread */
    GPtrArray *files;               /* DiffFile, those that differ; NULL: not compared */
    const char *no_files;           /* why not; NULL where nobody asked. Borrowed */
} DiffPair;

typedef struct {
    DiffSide sides[2];
    GHashTable *sizes;      /* Digest -> StatementLayer: what bundles say of layers */
    GPtrArray *releases;    /* DiffProduct *[2]: A's and B's, either may be NULL */
    GPtrArray *images;      /* DiffPair: B's in their order, then A's that are not in B */
    DiffLayers layers;      /* of all images of a pair */
    guint others[2];        /* images of a host that the other side does not speak of */
    GPtrArray *layers_read; /* owns what DiffFile borrows */
    char *why, *no_tree;    /* why files of images, of the tree, are not compared */
    GPtrArray *tree;        /* DiffFile: files of the tree; NULL: not compared */
    GTree *trees[2];        /* own what those borrow */
    GHashTable *wanted[2];  /* path -> DiffText: tree files whose content is kept; may be NULL */
} Diff;

/* Opens a bundle or a have file, unproven. */
gboolean compare_side_open (DiffSide *side, const char *path,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* A bundle that is open already and stays the caller's. */
void compare_side_use (DiffSide *side, Bundle *bundle);
/* A statement without a bundle: only releases, images and layers can be compared. */
gboolean compare_side_open_statement (DiffSide *side, const char *path, GBytes *text,
                                      GError **error) G_GNUC_WARN_UNUSED_RESULT;
void compare_side_clear (DiffSide *side);
/* The distinct layers of a bundle: carried, and those that a delta leaves out. */
void compare_count_carried (const Bundle *bundle, DiffCount *carried, DiffCount *left_out);
void compare_releases (Diff *diff);
void compare_images (Diff *diff);
void compare_layers (Diff *diff); /* counts; part of comparing images */
gboolean compare_packages (Diff *diff, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Rebuilds the layers of all images that differ. */
gboolean compare_files (Diff *diff, Progress *progress, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void compare_clear (Diff *diff);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Diff, compare_clear)
