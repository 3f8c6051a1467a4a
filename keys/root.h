/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "keys/public.h"

#include <glib.h>

/* The text of one trust root (keys/FORMAT.md, "Trust root"): no I/O, no signatures. */

/* What the votes of a role are about. */
typedef enum {
    SIGNS_ROOT,      /* the trust root itself */
    SIGNS_STATEMENT, /* what a release is */
    SIGNS_PACKING,   /* how a file carries it */
    SIGNS_RECEIPT,   /* what hosts report */
} RoleSigns;

typedef struct {
    char *name;
    PublicKey key;
    guint64 since; /* number of the root that brought it */
} RootKey;

typedef struct {
    char *name;
    RoleSigns signs;
    guint threshold;
    GPtrArray *keys; /* RootKey, borrowed from the root */
    char **products; /* NULL: all */
    char **sites;    /* NULL: everywhere; else its votes are needed at these sites only */
} RootRole;

typedef struct {
    PublicKey key;
    char *reason; /* NULL: none given */
} RootRevoked;

typedef struct Root Root;
struct Root {
    guint64 number, epoch;
    GPtrArray *keys;    /* RootKey */
    GPtrArray *roles;   /* RootRole */
    GPtrArray *revoked; /* RootRevoked */
};

/* Parses and checks: thresholds that can be met, roles that must exist, names. */
Root *root_parse (GBytes *text, const char *name, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The one text of these values. */
GBytes *root_write (const Root *root);

Root *root_new (void);
void root_free (Root *root);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Root, root_free)
/* Adds a key, or a role without keys; owned by the root. */
RootKey *root_add_key (Root *root, const char *name, const PublicKey *key, guint64 since);
RootRole *root_add_role (Root *root, const char *name, RoleSigns signs, guint threshold);

const RootKey *root_find_key (const Root *root, const char *name);
/* By the 32 bytes, whatever its name and id. root may be NULL. */
RootKey *root_find_bytes (const Root *root, const PublicKey *key);
RootRole *root_find_role (const Root *root, const char *name);
/* The first role that signs this; of SIGNS_ROOT every parsed root has exactly one. */
RootRole *root_find_signing (const Root *root, RoleSigns signs);
/* Revoked wins over every list (trust.md 18). NULL: not revoked. */
const RootRevoked *root_find_revoked (const Root *root, const PublicKey *key);
/* Keys of the role that can vote: different by their 32 bytes, and not revoked. */
guint root_count_keys (const Root *root, const RootRole *role);
/* "root", "statement", "packing", "receipt". */
const char *root_signs_name (RoleSigns signs);
gboolean root_signs_parse (const char *name, RoleSigns *out);
