/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "keys/root.h"

#include <glib.h>

/* Changes to the values of the root that comes next. *changed is only ever set to TRUE, where the
 * values were others before. What contradicts the values is ERR_TRUST. Whether every role can still
 * give its votes is asked by root_change_check afterwards, once. */

/* Enrols a host's key, in the role 'host' or the one that signs receipts. */
gboolean root_change_add_host (Root *root, const char *name, const PublicKey *key,
                               gboolean *changed, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Lists a key under this name, in no role yet. */
gboolean root_change_add_key (Root *root, const char *name, const PublicKey *key, gboolean *changed,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What a role is to be. Of one that is there, what is not given stays as it is. */
typedef struct {
    const char *name;
    gboolean has_signs; /* needed for a new role */
    RoleSigns signs;
    guint threshold;          /* 0: not given; 1 for a new role */
    char **products, **sites; /* NULL: not given */
    const char *key;          /* name of a key that joins; NULL: none */
} RoleChange;

gboolean root_change_role (Root *root, const RoleChange *change, gboolean *changed,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean root_change_threshold (Root *root, const char *role, guint threshold, gboolean *changed,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean root_change_drop_role (Root *root, const char *name, gboolean *changed,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Takes a key out of all its roles; it stays listed, in good standing. A role for receipts that
 * loses its last key goes too. */
gboolean root_change_retire (Root *root, const char *name, gboolean *changed,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Takes a key away and lists it as revoked; the root need not have known it. */
gboolean root_change_revoke (Root *root, const PublicKey *key, const char *reason,
                             gboolean *changed, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The name and the roles go to another key. The old one stays listed as NAME-rN, N being its
 * 'since', or is revoked where reason is not NULL. */
gboolean root_change_replace (Root *root, const char *name, const PublicKey *key,
                              const char *reason, gboolean *changed,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ERR_TRUST where a role could not give its votes any more, with the options that help. */
gboolean root_change_check (const Root *root, GError **error) G_GNUC_WARN_UNUSED_RESULT;
