/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "keys/root.h"
#include "keys/trust.h"

#include <glib.h>

/* The root that is to follow the newest one, as long as it lacks votes: it lies in the trust folder
 * as N.root.yaml.new, and nobody believes it (keys/FORMAT.md, "Proposals"). */

typedef struct {
    char *dir;
    TrustRoot *trust; /* what is believed; NULL where root 1 is yet to come */
    Root *root;       /* the values that are proposed, for the caller to change */
    SignedRoot *text; /* what is signed, with all votes there are; NULL: nothing is proposed */
    GBytes *found;    /* the text that lay there, or NULL */
} Proposal;

/* What is proposed in dir; where nothing is, the newest root's values with the next number.
 * ERR_TRUST where that could never follow the newest root. */
Proposal *proposal_open (const char *dir, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Root 1 of these values, which it takes over. */
Proposal *proposal_new_first (const char *dir, Root *root,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;
void proposal_free (Proposal *proposal);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Proposal, proposal_free)

/* After a change of root: the text anew. Votes on what it said before no longer fit; *dropped says
 * how many those were. */
gboolean proposal_rewrite (Proposal *proposal, guint *dropped,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What is believed; NULL for root 1. Owned by the proposal. */
const Root *proposal_before (const Proposal *proposal);
/* ERR_TRUST unless this is a root key before or in what is proposed. */
gboolean proposal_check_signer (const Proposal *proposal, const PublicKey *key,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The trusted comment of a vote. Caller frees. */
char *proposal_comment (const Proposal *proposal);
/* A signature file; one with the same key id gives way. */
gboolean proposal_add_vote (Proposal *proposal, GBytes *vote,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* How it stands: with the root keys that are believed, and with its own. */
typedef struct {
    RoleVotes *before; /* NULL for root 1 */
    RoleVotes *own;
    GPtrArray *ignored; /* char *: a sentence for each vote that counts for neither */
} ProposalVotes;

ProposalVotes *proposal_count (const Proposal *proposal, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean proposal_votes_suffice (const ProposalVotes *votes);
void proposal_votes_free (ProposalVotes *votes);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ProposalVotes, proposal_votes_free)

/* Writes text and votes into the folder, with the votes on it that were brought since it was
 * opened. With enough of them it becomes the newest root and *proven is it; else *proven is NULL.
 * ERR_FAILED where somebody else has changed what is proposed since then. */
gboolean proposal_store (Proposal *proposal, TrustRoot **proven,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;
