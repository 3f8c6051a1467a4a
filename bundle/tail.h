/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "bundle/parts.h"

#include <glib.h>

/* The signed end of a bundle, and all of a trust bundle: statement, packing list, frame index,
 * votes and root chain, found through the footer. Everything here works on bytes; nothing of the
 * texts is parsed. */
typedef struct {
    GBytes *statement, *packing, *index;
    GPtrArray *statement_votes, *packing_votes; /* GBytes: minisign signature files */
    GPtrArray *chain;                           /* SignedRoot, 1…N */
    guint64 offset;                             /* of the tail's frame in the file */
} Tail;

Tail *tail_new (void);
void tail_free (Tail *tail);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Tail, tail_free)

/* Is it a trust bundle's, with nothing but a chain? */
gboolean tail_is_trust (const Tail *tail);
/* Reads footer and tail of a bundle file; a trust bundle is ERR_FORMAT. All lengths are capped
 * before anything is allocated. */
Tail *tail_read (const Parts *parts, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The chain (SignedRoot) in a bundle or trust bundle, unproven. */
GPtrArray *tail_read_chain (const Parts *parts, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Takes the sections out of the tail's payload; file_offset is where the payload lies in the file.
 * The fuzz target's entry. */
Tail *tail_parse (const guint8 *payload, gsize length, guint64 file_offset,
                  GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Tail frame and footer as they lie at tail->offset. Of a chain alone: a trust bundle. */
GBytes *tail_write (const Tail *tail);

/* Takes out votes that are not encoded as handcarry encodes them (keys/signature.h), the chain's
 * too, and adds a sentence on each to ignored (char *). */
void tail_drop_recoded (Tail *tail, GPtrArray *ignored);

/* Frame n: members statement.yaml and packing.yaml and the end of the tar, as a raw frame. */
GBytes *tail_texts_frame (GBytes *statement, GBytes *packing);

/* Adding votes rewrites only the tail of a bundle file (or of its last part). The old tail is saved
 * first as BUNDLE.tail~ and restored by any later signing that finds it. A vote is the text of a
 * minisign signature file; NULL adds none of that kind; one that is there already is not added
 * again. FILE.sha256 is written anew where it exists. */
gboolean tail_add_votes (const char *path, GBytes *statement_vote, GBytes *packing_vote,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The trusted comments for the two texts of a bundle: "handcarry statement PRODUCT CHANNEL rN
 * sha256:…". Caller frees. */
char *tail_statement_comment (GBytes *statement, GError **error) G_GNUC_WARN_UNUSED_RESULT;
char *tail_packing_comment (GBytes *statement, GBytes *packing,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;
