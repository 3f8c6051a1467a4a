/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "keys/proposal.h"
#include "manifest/verb.h"

#include <glib.h>

/* How "trust show" prints. Only keys/verb-trust*.c include this. */

void trust_show_print_chain (const VerbOutput *output, const TrustRoot *trust);
void trust_show_print_proposal (const VerbOutput *output, const Proposal *proposal,
                                const ProposalVotes *votes);
/* proposal and votes NULL: nothing is proposed. */
void trust_show_json (const char *folder, const TrustRoot *trust, const Proposal *proposal,
                      const ProposalVotes *votes);

/* What the roots before the newest one knew. */
typedef struct {
    GPtrArray *roots; /* Root, 1…N */
} TrustHistory;

void trust_history_init (TrustHistory *history, const TrustRoot *trust);
void trust_history_clear (TrustHistory *history);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (TrustHistory, trust_history_clear)
/* The last name that the key had in any root, or NULL. Owned by the history. */
const char *trust_history_name (const TrustHistory *history, const PublicKey *key);
/* Number of the root that first listed it as revoked. */
guint64 trust_history_revoked_since (const TrustHistory *history, const PublicKey *key);
/* "NAME (ID)" (char *) for each vote on root number. */
GPtrArray *trust_history_signers (const TrustHistory *history, const SignedRoot *root,
                                  guint64 number);
