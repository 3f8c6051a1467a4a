/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "bundle/bundle.h"
#include "bundle/frame.h"
#include "bundle/parts.h"
#include "bundle/tail.h"
#include "bundle/tree-base.h"

/* What the files of the read side share about an open bundle. Not for other folders. */
struct Bundle {
    char *path;
    Parts *parts;
    Tail *tail;
    Statement *statement;
    Packing *packing;
    GArray *frames; /* Frame */
    Digest release_digest;
    int copy_fd;               /* copied-in frames at the same offsets; -1 where there is no copy */
    gboolean *copied;          /* per frame */
    const BaseReader *bases;   /* borrowed; NULL where there are none */
    const TreeBase *tree_base; /* the same */
    GHashTable *meta;          /* member name -> GBytes, once read; NULL before */
    GPtrArray *meta_names;     /* in file order */
    gboolean apart;            /* content is read by a process of its own (bundle/decode.h) */
    struct Decoder *decoder;   /* NULL: not started */
};

/* The parts of a bundle by their names, where they do not end in .001 and so on: for reading back
 * what has no name yet. */
Bundle *bundle_open_parts (GPtrArray *names, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* First frame of a region and how many it has. */
void bundle_region (const Bundle *bundle, Region region, guint *first, guint *count);
/* "frame 12 (part x.002, content data)" for messages. Caller frees. */
char *bundle_describe_frame (const Bundle *bundle, guint frame);
/* ERR_FORMAT: the frame's bytes are not the signed ones. */
gboolean bundle_fail_damaged (const Bundle *bundle, guint frame, GError **error);
/* The compressed bytes of a frame, compared with the index; from the copy where there is one.
 * buffer has room for frame->compressed. */
gboolean bundle_read_frame (Bundle *bundle, guint frame, guint8 *buffer,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The content of a frame: frame->content bytes. Caller frees. */
guint8 *bundle_read_content (Bundle *bundle, guint frame, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Reads the members of the region meta, where that is not done yet. */
gboolean bundle_load_meta (Bundle *bundle, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* What a member takes in its region, written as handcarry writes it. */
guint64 bundle_member_bytes (const char *name, guint64 size, gboolean executable);
/* An end-of-archive in the middle of a region, or headers of another dialect, would hide bytes from
 * one reader and show them to another: the members, of seen bytes, must fill it. */
gboolean bundle_check_region_end (const Bundle *bundle, Region region, guint64 seen,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Bytes of a base file; ERR_BASE_MISSING also where nobody lends any. */
gboolean bundle_read_base (const Bundle *bundle, const BaseFile *file, guint64 at, guint8 *bytes,
                           gsize length, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The bundle's TreeBase from its first file on; ERR_BASE_MISSING where there is none. */
gboolean bundle_begin_tree_base (const Bundle *bundle, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* ERR_FORMAT: the tree makes another commit than the signed one. */
gboolean bundle_fail_commit (const Bundle *bundle, const Digest *found, GError **error);
/* deep.c: what follows from the texts for configs and package lists, and for the members. */
gboolean bundle_check_images (Bundle *bundle, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean bundle_check_members (Bundle *bundle, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Members of the region meta, read once. NULL with ERR_FORMAT where there is no such member. */
GBytes *bundle_read_meta (Bundle *bundle, const char *name,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The layers that the bundle has recipes of: the distinct ones of the statement in order of first
 * appearance, without those that a delta leaves out. Pointers into the statement. */
GPtrArray *bundle_carried_layers (const Bundle *bundle);
/* Their diffIDs (Digest), for rebuild_new, and how many bytes they have together. */
GArray *bundle_carried_diffids (const Bundle *bundle, guint64 *bytes);
/* The layers that a delta leaves out must each time be the lowest layers of a base (ERR_FORMAT). */
gboolean bundle_check_left_out (const Bundle *bundle, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The distinct configs of a statement's images in order of first appearance: pointers into it. */
GPtrArray *bundle_distinct_configs (const Statement *statement);
/* Reads a region as one run of bytes; for MemberReader. Free with region_reader_free. */
typedef struct RegionReader RegionReader;
RegionReader *region_reader_new (Bundle *bundle, Region region);
gssize region_reader_read (guint8 *buffer, gsize length, gpointer reader, GError **error);
void region_reader_free (RegionReader *reader);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RegionReader, region_reader_free)
/* How the votes on a bundle stand that was opened unsigned, for the connected side to say so: adds
 * to report also on failure. It stays a Bundle. *walked: the newer root that the bundle brought and
 * that judged, else NULL. */
gboolean bundle_judge (Bundle *bundle, const TrustRoot *trust, TrustRoot **walked,
                       VoteReport *report, GError **error) G_GNUC_WARN_UNUSED_RESULT;
