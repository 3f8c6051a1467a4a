/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "bundle/packages.h"
#include "keys/trust.h"
#include "manifest/digest.h"
#include "manifest/packing.h"
#include "manifest/progress.h"
#include "manifest/statement.h"

#include <glib.h>

/* The read side of a bundle file (bundle/FORMAT.md). */

/* An opened bundle whose texts are parsed and whose index is consistent. It may be UNSIGNED: only
 * the connected side's verbs take this type. */
typedef struct Bundle Bundle;

/* A bundle whose votes were proven against a trust root before anything in it was parsed. */
typedef struct VerifiedBundle VerifiedBundle;

/* path is the file, or the first part of a split one (FILE.001). */
Bundle *bundle_open (const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Adds to report also on failure. */
VerifiedBundle *bundle_open_verified (const char *path, const TrustRoot *trust, VoteReport *report,
                                      GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The chain of trust roots that a bundle or trust bundle carries (SignedRoot), unproven. */
GPtrArray *bundle_read_chain (const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;

void bundle_free (Bundle *bundle);
void verified_bundle_free (VerifiedBundle *verified);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Bundle, bundle_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VerifiedBundle, verified_bundle_free)

/* The way from verified to the functions that only read; owned by verified. */
Bundle *verified_bundle_get (VerifiedBundle *verified);
/* The newest root that judged it; owned by verified. */
const TrustRoot *verified_bundle_root (const VerifiedBundle *verified);

/* The content is decompressed and parsed by a process of its own from now on, which has nothing but
 * the file; what it gives is compared with the signed digests. Verified bundles are read so. */
void bundle_read_apart (Bundle *bundle);
/* Starts that process now, where the bundle is read so, and not at the first use: before secrets
 * are read and threads begin. Where that fails, the first use tries again, and says why. */
void bundle_start_reader (Bundle *bundle);

const Statement *bundle_statement (const Bundle *bundle);
const Packing *bundle_packing (const Bundle *bundle);
GBytes *bundle_statement_text (const Bundle *bundle); /* borrowed */
GBytes *bundle_packing_text (const Bundle *bundle);   /* borrowed */
const Digest *bundle_release_digest (const Bundle *bundle);
guint64 bundle_file_bytes (const Bundle *bundle); /* all parts together */
const char *bundle_path (const Bundle *bundle);

/* A file of a base: what recipes name. */
typedef struct {
    guint64 image, layer; /* numbers: of the packing list's bases, and of the layer in it */
    char *path;           /* byte string, relative, no NUL, no ".." */
    guint64 length;
    guint32 checksum; /* CRC-32 of its bytes, to name a bad file; the diffID protects */
} BaseFile;

/* Where a delta's base files come from. Whoever opens a delta and wants its layers finds them: on a
 * host in the engine's store, else in the bundle of the base. */
typedef struct {
    /* Gives length bytes at offset at of a base file, within its length. The caller checks what
     * the bytes are. ERR_BASE_MISSING: the file is not there or has another length. */
    gboolean (*read) (gpointer data, const BaseFile *file, guint64 at, guint8 *bytes, gsize length,
                      GError **error);
    gpointer data;
} BaseReader;

/* Layers are made with these bases from now on; reader is borrowed, and NULL takes it away. */
void bundle_use_bases (Bundle *bundle, const BaseReader *reader);

/* Reads every frame once and compares its SHA-256 with the index; jobs in parallel. A bad frame is
 * named with its part and what it carries. */
gboolean bundle_check_frames (Bundle *bundle, guint jobs, Progress *progress,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Decompresses and rebuilds everything: every diffID, config, OCI manifest, tree commit, member
 * missing or extra. Uses at most 256 MiB in spool_dir (NULL: $TMPDIR or /var/tmp). */
gboolean bundle_check_deep (Bundle *bundle, const char *spool_dir, Progress *progress,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The bytes of an image's config, compared with its digest. */
GBytes *bundle_read_config (Bundle *bundle, const StatementImage *image,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The packages of an image, as the packer found them in it. */
PackageList *bundle_read_packages (Bundle *bundle, const StatementImage *image,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Walks the tree's files in the order of their paths, those too that a delta leaves out
 * (ERR_BASE_MISSING where its base, bundle/tree-base.h, does not have them as they were). content
 * is valid during the call only and is given in one or more pieces; a piece of length 0 with last
 * set ends each file. */
typedef gboolean (*BundleTreeFunc) (const char *path, gboolean executable, guint64 size,
                                    const guint8 *piece, gsize length, gboolean last, gpointer data,
                                    GError **error);
gboolean bundle_read_tree (Bundle *bundle, BundleTreeFunc func, gpointer data,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What reading these layers takes, without reading them: for plan. */
typedef struct {
    guint64 base_bytes;   /* of all base files that are read */
    guint64 frames;       /* frames touched */
    guint64 bundle_bytes; /* compressed bytes read from the medium */
    guint64 spool_bytes;  /* most bytes that wait in the spool */
} RebuildCost;

/* Copies the frames that the given layers, the configs and the tree need to a file in dirfd
 * (mode 0600, same offsets, sparse), each hashed against the index as it is read, once; later reads
 * come from the copy. layers: Digest elements. Frames already there from an interrupted run are
 * hashed and kept. */
gboolean bundle_copy_in (Bundle *bundle, int dirfd, const char *name, GArray *layers,
                         Progress *progress, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Ends the use of the copy; what is read after this comes from the medium again, hashed. No Rebuild
 * may be reading meanwhile. */
void bundle_drop_copy (Bundle *bundle);
