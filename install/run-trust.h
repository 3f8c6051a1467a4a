/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "bundle/bundle.h"
#include "keys/trust.h"

#include <glib.h>

/* The trust root that judges a run: the host's, or a newer one that came on the medium. It is found
 * before any bundle is judged, so that a revocation counts for the release that lies beside it. */

typedef struct {
    char *dir;          /* trust folder of the host */
    TrustRoot *stored;  /* what lies there */
    TrustRoot *newest;  /* what judges */
    char *from;         /* the file that newest came with; NULL: nothing newer came */
    gboolean kept;      /* newest lies in dir by now */
    GHashTable *opened; /* path → UnprovenBundle: whose chains were read, to be judged */
    gboolean forked;    /* two chains came that prove themselves and contradict one another */
} RunTrust;

/* Reads DIR, then the chains of what paths name: bundles, FILE.trust, and both of these in folders.
 * site is the host's, or NULL. What is no good in a folder becomes a note (char *). A FILE.trust
 * that was named and is no good is an error, and so are two chains that contradict one another;
 * bundles are kept open and are not judged here. */
RunTrust *run_trust_open (const char *dir, const char *site, char **paths, GPtrArray *notes,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* A bundle judged by newest, as it was read when its roots were; only what is asked for again is
 * read again. ERR_FORMAT where that brings a newer root: the medium is not as it was, and what
 * would judge is not what is kept. */
VerifiedBundle *run_trust_open_bundle (RunTrust *trust, const char *path, VoteReport *report,
                                       GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Is this the name or path of a trust bundle? */
gboolean run_trust_is_name (const char *path);
/* Keeps the newest root. After the operator has confirmed, and before anything else changes. */
gboolean run_trust_store (RunTrust *trust, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* For an error that a root brought by the medium caused: says where it came from and how to keep
 * it. Returns FALSE. */
gboolean run_trust_explain (const RunTrust *trust, GError **error);
void run_trust_free (RunTrust *trust);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RunTrust, run_trust_free)
