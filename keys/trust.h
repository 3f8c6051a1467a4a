/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "manifest/digest.h"

#include <glib.h>

/* The trust root: the signed list of keys, roles and thresholds that a host believes, and its
 * chain 1…N. Format: keys/FORMAT.md. */

#define ROOT_TYPE_LINE "handcarry-root: 1"

/* One root of a chain as it is carried: the exact text and the signatures over it (each the text
 * of a minisign signature file). */
typedef struct {
    GBytes *text;
    GPtrArray *votes; /* GBytes */
} SignedRoot;

SignedRoot *signed_root_new (GBytes *text); /* takes a reference */
void signed_root_free (SignedRoot *root);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SignedRoot, signed_root_free)

typedef struct TrustRoot TrustRoot; /* the newest root, parsed and proven, with its chain */

/* Reads DIR (files 1.root.yaml, 1.root.yaml.K.minisig, …) and proves the chain from 1. The
 * folder's content must be owned by root or the caller and not writable by others (trust.md 27). */
TrustRoot *trust_load (const char *dir, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The chain that a bundle carries, walked from stored: each step N+1 needs N's threshold and its
 * own. Returns the newest, which judges: always a value of its own, equal to stored when the chain
 * has nothing newer. Another root of the same number is ERR_TRUST. */
TrustRoot *trust_walk (const TrustRoot *stored, GPtrArray *chain,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Does the chain begin with stored's first root, prove itself, and contradict stored? Then enough
 * root keys have signed both. */
gboolean trust_is_fork (const TrustRoot *stored, GPtrArray *chain);
/* As trust_walk, for a chain that nothing vouches for but the fingerprint a person compares: each
 * root must be signed by itself and by the one before. */
TrustRoot *trust_prove (GPtrArray *chain, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Writes the roots after number from into DIR, one whole step at a time; makes DIR. */
gboolean trust_store (const TrustRoot *root, const char *dir, guint64 from,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What the newest root says. The fingerprint is the SHA-256 of its text. */
guint64 trust_number (const TrustRoot *root);
guint64 trust_epoch (const TrustRoot *root);
Digest trust_fingerprint (const TrustRoot *root);
const struct Root *trust_values (const TrustRoot *root); /* keys/root.h */
/* Where this host is. Roles for other sites then need not vote; without it all must. */
void trust_set_site (TrustRoot *root, const char *site);

/* SignedRoot elements, 1…N, owned by the root. */
GPtrArray *trust_chain (const TrustRoot *root);
void trust_free (TrustRoot *root);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TrustRoot, trust_free)

/* What is signed with a bundle; the trust root says which roles must have voted on it. */
typedef enum { SIGNED_STATEMENT, SIGNED_PACKING } SignedKind;

/* How one role stands, for the report that verify prints. */
typedef struct {
    char *role;
    const char *signs; /* "statement", "packing", … */
    guint threshold;
    GPtrArray *voted;   /* char *: "NAME (KEYID)" of each key that counts */
    GPtrArray *missing; /* char *: of each key of the role that has not voted */
} RoleVotes;

typedef struct {
    GPtrArray *roles;   /* RoleVotes */
    GPtrArray *ignored; /* char *: a sentence for each vote that did not count, and why */
    GPtrArray *files;   /* char *: names of the files beside a bundle whose votes count */
} VoteReport;

VoteReport *vote_report_new (void);
void vote_report_free (VoteReport *report);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VoteReport, vote_report_free)

/* Are the thresholds met over exactly these bytes? Votes (GBytes of minisign files) count public
 * keys, never key ids; revoked wins; no vote at all is ERR_TRUST. Adds to report, also on failure.
 * Nothing of text is parsed: its type line is compared. The product is checked afterwards, by
 * trust_check_product. */
gboolean trust_check_votes (const TrustRoot *root, SignedKind kind, GBytes *text, GPtrArray *votes,
                            VoteReport *report, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* May the roles that voted sign this product? */
gboolean trust_check_product (const TrustRoot *root, const char *product,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;
