/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "keys/proposal.h"
#include "manifest/verb.h"

#include <glib.h>

/* What the sub-verbs of "trust" share that make or sign the next root. Only keys/verb-trust*.c
 * include this. */

typedef struct {
    VerbOutput output;
    char *trust;    /* folder; NULL: "trust" */
    char **signers; /* secret key files, or NULL */
} TrustChange;

void trust_change_clear (TrustChange *change);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (TrustChange, trust_change_clear)

/* --sign and --trust, as rows of a verb's table. */
#define TRUST_CHANGE_ENTRIES(change)                                                               \
    { "sign",                                                                                      \
      0,                                                                                           \
      0,                                                                                           \
      G_OPTION_ARG_FILENAME_ARRAY,                                                                 \
      &(change)->signers,                                                                          \
      "a root key to sign the new trust root with at once (may be repeated)",                      \
      "KEY" },                                                                                     \
    {                                                                                              \
        "trust", 0, 0, G_OPTION_ARG_FILENAME, &(change)->trust,                                    \
            "the trust folder; default: trust", "DIR"                                              \
    }

/* For the description of each such verb: fits behind a sentence. */
#define TRUST_CHANGE_HELP                                                                          \
    "The change is proposed as the next trust root, on top of one that is proposed already; it "   \
    "counts when enough holders of root keys have signed it (--sign here, 'trust sign' "           \
    "elsewhere)."

/* The newest root's values, or what is proposed already. */
Proposal *trust_change_open (TrustChange *change, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* After the change: shows it, signs and stores it, and says what is to be done next. Where changed
 * is FALSE the proposal that is there, if any, is signed as it is. */
gboolean trust_change_finish (const TrustChange *change, Proposal *proposal, gboolean changed,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What the proposed root changes: before any password is asked for. */
void trust_change_show (const VerbOutput *output, const Proposal *proposal);
/* Votes of all these keys; asks for their passwords. */
gboolean trust_change_sign (Proposal *proposal, char **signers,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Stores it, and prints the root it became or who has signed it and what the next one types. */
gboolean trust_change_store (const VerbOutput *output, const Proposal *proposal, gboolean *complete,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Who has signed it, and who may still. */
void trust_change_print_votes (const VerbOutput *output, const ProposalVotes *votes,
                               guint64 number);
