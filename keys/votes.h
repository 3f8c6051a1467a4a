/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "keys/root.h"
#include "keys/signature.h"
#include "keys/trust.h"

#include <glib.h>

/* Counting: which keys of a root made which votes over one text. */

/* The key that made this vote on the message of this hash, or NULL with the reason why it does not
 * count. A key in good standing that no role names any more is one too. */
const RootKey *votes_find_signer (const Root *root, const MessageHash *hash, GBytes *vote,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Elements are RootKey, borrowed from the root: the maker of each vote that counts, NULL for one
 * that does not; same order as votes. Why one does not count is added to ignored (char *, may be
 * NULL), each sentence beginning with what. More than LIMIT_VOTES votes is ERR_TRUST. */
GPtrArray *votes_find_signers (const Root *root, GBytes *text, GPtrArray *votes, const char *what,
                               GPtrArray *ignored, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Is this key among keys (RootKey or NULL), whatever its name and id there? */
gboolean votes_has_bytes_of (GPtrArray *keys, const RootKey *key);

/* How the role stands. Keys count by their bytes, once each; revoked ones never. Caller frees with
 * votes_role_free. */
RoleVotes *votes_judge_role (const Root *root, const RootRole *role, GPtrArray *signers);
void votes_role_free (RoleVotes *votes);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RoleVotes, votes_role_free)

/* ERR_TRUST unless the threshold is met; what is voted on is named what. */
gboolean votes_check_role (const RoleVotes *votes, const char *what,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Must the role vote on such texts at this site (NULL: not known)? */
gboolean votes_role_applies (const RootRole *role, RoleSigns signs, const char *site);
/* Are the thresholds of all roles that sign such texts met? As trust_check_votes, without the type
 * line. */
gboolean votes_judge_text (const Root *root, const char *site, RoleSigns signs, GBytes *text,
                           GPtrArray *votes, VoteReport *report,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
