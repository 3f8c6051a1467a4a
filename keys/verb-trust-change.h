/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "keys/proposal.h"
#include "keys/verb-signer.h"
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

/* Names of keys, roles, products and sites follow one rule; option is for the message. names may be
 * NULL. */
gboolean trust_change_check_names (const char *option, char **names,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* "2", or "ROLE=2"; *role is NULL without one. Caller frees it. */
gboolean trust_change_parse_threshold (const char *text, char **role, guint *threshold,
                                       GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Names (char *) of the roles that this key (NULL: none) is in. */
GPtrArray *trust_change_roles_of (const Root *root, const RootKey *key);
/* --threshold of a verb that takes a key out of these roles, and --drop-role. */
typedef struct {
    char **thresholds, **drop_roles;
} TrustChangeRoles;
void trust_change_roles_clear (TrustChangeRoles *roles);
#define TRUST_CHANGE_ROLE_ENTRIES(roles)                                                           \
    { "threshold",                                                                                 \
      0,                                                                                           \
      0,                                                                                           \
      G_OPTION_ARG_STRING_ARRAY,                                                                   \
      &(roles)->thresholds,                                                                        \
      "votes that the key's role needs from now on; ROLE=K where it had several (may be "          \
      "repeated)",                                                                                 \
      "K" },                                                                                       \
    {                                                                                              \
        "drop-role", 0, 0, G_OPTION_ARG_STRING_ARRAY, &(roles)->drop_roles,                        \
            "take this role away as a whole (may be repeated)", "ROLE"                             \
    }
gboolean trust_change_apply_roles (Root *root, const TrustChangeRoles *roles, GPtrArray *left,
                                   gboolean *changed, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#define TRUST_CHANGE_EPOCH_HELP                                                                    \
    "hosts forget which release numbers they had, and refuse what was packed before: after a "     \
    "thief "                                                                                       \
    "used high numbers"
/* Once a root, however many changes it holds. */
void trust_change_raise_epoch (Proposal *proposal, gboolean *changed);
/* What --reason says becomes part of the root. */
gboolean trust_change_check_reason (const char *reason, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Prints which bundles of these (NULL: all in the current folder) would not be accepted any more
 * with the proposed root's keys alone. */
gboolean trust_change_list_bundles (const VerbOutput *output, const Proposal *proposal,
                                    char **paths, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What the proposed root changes: before any password is asked for. */
void trust_change_show (const VerbOutput *output, const Proposal *proposal);
/* A vote of whom the options name, which must be a root key. */
gboolean trust_change_add_vote (Proposal *proposal, const SignerOptions *options,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Votes of all these keys; asks for their passwords. */
gboolean trust_change_sign (Proposal *proposal, char **signers,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Stores it, and prints the root it became or who has signed it and what the next one types. */
gboolean trust_change_store (const VerbOutput *output, Proposal *proposal, gboolean *complete,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Who has signed it, and who may still. */
void trust_change_print_votes (const VerbOutput *output, const ProposalVotes *votes,
                               guint64 number);

/* trust init with keys that people made on their own machines. */
typedef struct {
    char **roots, **keys; /* NAME=FILE.pub */
    char **roles;         /* ROLE:SIGNS[:K]=KEY,KEY */
    char *threshold;      /* NULL: more than half of the root keys */
    char **products;      /* NULL: all */
} TrustInitKeys;

/* Proposes root 1. */
gboolean verb_trust_init_of_keys (const TrustChange *change, const TrustInitKeys *given,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;
