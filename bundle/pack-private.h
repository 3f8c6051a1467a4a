/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "bundle/base-files.h"
#include "bundle/collect-tree.h"
#include "bundle/contents.h"
#include "bundle/framer.h"
#include "bundle/output.h"
#include "bundle/pack.h"
#include "bundle/patches.h"
#include "bundle/sbom-given.h"
#include "bundle/schedule.h"
#include "manifest/packing.h"
#include "manifest/statement.h"

#include <glib.h>

/* Shared by pack*.c: one bundle while it is made. */
typedef struct {
    const Release *release;
    const PackOptions *options;
    guint jobs;
    const char *dir;       /* of release.yaml */
    int dirfd;             /* the same */
    GPtrArray *images;     /* SourceImage, beside statement->images */
    ReleaseLock *old_lock; /* what release.lock.yaml said, and its bytes; NULL: there was none */
    GBytes *old_lock_text;
    ReleaseLock *lock; /* all images as they were resolved, whether or not it is written */
    GPtrArray *sboms;  /* GivenSbom, beside the release's images; NULL where none is given */
    Statement statement;
    CollectedTree *tree;
    Targets *targets; /* of a delta, else NULL; so base_files */
    BaseFiles *base_files;
    GHashTable *left_out; /* Digest: layers that the packing list leaves out */
    guint *base_numbers;  /* of each base of base_files: its number in the packing list */
    Contents *contents;
    Schedule *schedule;
    Patches *patches;
    int meta_fd;
    guint64 meta_bytes;
    int headers_fd; /* blocks in front of files, as literals carry them */
    guint64 headers_bytes;
    Packing packing;
    GArray *frames;
} Packer;

/* pack-images.c: opens the sources of all images and describes them in the statement. */
gboolean pack_collect_images (Packer *packer, const char *dir, PackResult *result,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The platform that images are wanted for. */
const char *pack_platform (const Packer *packer);

/* pack-lock.c: reads release.lock.yaml; one that does not fit the release is refused when locking
 * is exact. */
gboolean pack_read_lock (Packer *packer, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* What the lock says of an image; NULL: nothing, or of another source. */
const LockedImage *pack_find_locked (const Packer *packer, const ReleaseImage *image);
/* Once all images are collected: compares, and writes the lock where it is to be written. */
gboolean pack_write_lock (Packer *packer, PackResult *result,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* pack-delta.c: what hosts have, and which layers need not be carried. */
gboolean pack_leave_out (Packer *packer, PackResult *result,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Once the files are scheduled: the bases that are needed, and their numbers. */
void pack_number_bases (Packer *packer, PackResult *result);

/* pack-tree.c: which files of the tree hosts have; what they are, for region meta; the others. */
gboolean pack_leave_out_tree (Packer *packer, PackResult *result,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;
GBytes *pack_tree_table (const Packer *packer);
void pack_plan_tree (const Packer *packer, FramePlan *plan);

/* pack-meta.c: configs, package lists, SBOMs and recipes into meta_fd. */
gboolean pack_write_meta (Packer *packer, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* One more member, behind those that are there. */
gboolean pack_append_meta (Packer *packer, const char *name, GBytes *content,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* pack-sbom.c: reads the SBOMs that the release names, before anything else takes time. */
gboolean pack_read_sboms (Packer *packer, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The one given for the config of image i, by whatever name; *given is NULL where there is none.
 * ERR_FORMAT: there are two that differ. */
gboolean pack_find_sbom (const Packer *packer, guint i, const GivenSbom **given,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Adds its packages to those that the databases of image i list. Warns of, or refuses, what speaks
 * of another image. */
gboolean pack_merge_sbom (Packer *packer, guint i, const GivenSbom *given, PackageList *list,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* pack-packages.c: a package list for each config, then an SBOM for each. */
gboolean pack_write_packages (Packer *packer, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* pack-provenance.c: what it is made from, and by whom. */
GBytes *pack_provenance (const Packer *packer);

/* pack-seal.c: frame n, tail and footer, with the votes of the keys that are there. */
gboolean pack_write_end (Packer *packer, Output *output, PackResult *result,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;
