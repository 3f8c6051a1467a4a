/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "keys/root.h"
#include "keys/secret.h"
#include "keys/trust.h"
#include "manifest/error.h"

#include <glib.h>

/* Six keys, named a to f, and roots made of them. Functions that sign take the names of the
 * signers, one letter each. */

#define N_KEYS 6

typedef struct {
    SecretKey *keys[N_KEYS];
    char *dir; /* an empty folder, removed at the end */
} Fixture;

void fixture_set_up (Fixture *f, gconstpointer data);
void fixture_tear_down (Fixture *f, gconstpointer data);

/* The error has this code and its message this fragment. */
void fixture_expect (const GError *error, ErrorCode code, const char *fragment);

RootRole *fixture_add_role (Root *root, const char *name, RoleSigns signs, guint threshold,
                            const char *members);
/* Root keys as given; c signs statements and packing lists. */
Root *fixture_make_root (Fixture *f, guint64 number, guint threshold, const char *root_keys);
GBytes *fixture_vote (Fixture *f, char key, GBytes *text);
SignedRoot *fixture_sign_root (Fixture *f, const Root *root, const char *signers);

/* A chain (SignedRoot), its next root, and what it proves; fixture_prove fails the test where it
 * does not. */
GPtrArray *fixture_chain (void);
void fixture_add_step (Fixture *f, GPtrArray *chain, guint threshold, const char *root_keys,
                       const char *signers);
TrustRoot *fixture_prove (GPtrArray *chain);
TrustRoot *fixture_prove_root (Fixture *f, Root *root, const char *signers);
