/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "keys/root.h"
#include "keys/sign.h"
#include "keys/trust.h"

#include <glib.h>

/* The root that follows the newest one: its values to change, then its text with votes. */

/* The newest root's values with the next number. */
Root *trust_next_new (const TrustRoot *trust, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Enrols a host's key, in the role 'host' or the one that signs receipts. *changed (only ever set
 * to TRUE) says that it was not there. Another key of that name, a key with another name or a
 * revoked one is ERR_TRUST. */
gboolean trust_next_add_host (Root *next, const char *name, const PublicKey *key, gboolean *changed,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* A vote of each key (SecretKey), which must be root keys. */
SignedRoot *trust_next_sign (const Root *next, GPtrArray *keys,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* How many root keys must sign it. */
guint trust_next_threshold (const Root *next);

/* Votes go into the trust folder dir. With enough of them the text becomes the newest root and
 * *proven is it; else it lies beside as N.root.yaml.new, which nobody believes, and *proven is
 * NULL. A root of this number, and another text of that name, are never overwritten. */
gboolean trust_next_store (const TrustRoot *trust, const SignedRoot *next, const char *dir,
                           TrustRoot **proven, GError **error) G_GNUC_WARN_UNUSED_RESULT;
