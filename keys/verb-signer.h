/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "keys/external.h"
#include "keys/sign.h"

#include <glib.h>

/* Whoever signs for a verb: a secret key file, or a program that has the key. For verbs only. */

/* The values of the options that name one. */
typedef struct {
    char *key, *external;
    int wait;
} SignerOptions;

#define SIGNER_OPTIONS(options)                                                                    \
    { "key",                                                                                       \
      'k',                                                                                         \
      0,                                                                                           \
      G_OPTION_ARG_FILENAME,                                                                       \
      &(options)->key,                                                                             \
      "the secret key to sign with; with --external the public key",                               \
      "KEY" },                                                                                     \
        { "external",                                                                              \
          0,                                                                                       \
          0,                                                                                       \
          G_OPTION_ARG_STRING,                                                                     \
          &(options)->external,                                                                    \
          "let this program sign, that has the secret key: it gets the bytes to be signed on its " \
          "standard input, twice for each signature, and gives 64 raw bytes",                      \
          "COMMAND" },                                                                             \
    {                                                                                              \
        "external-wait", 0, 0, G_OPTION_ARG_INT, &(options)->wait,                                 \
            "how long each run of it may take (600)", "SECONDS"                                    \
    }

void signer_options_clear (SignerOptions *options);
/* ERR_USAGE where they do not go together. */
gboolean signer_options_check (const SignerOptions *options,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

typedef struct {
    SecretKey *secret; /* or NULL, */
    External external; /* then this, which borrows from the options */
    PublicKey key;
} Signer;

/* As secret_key_load; warns of a key or a password file that others may read. */
SecretKey *signer_load_secret (const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same for either kind. */
Signer *signer_load (const SignerOptions *options, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void signer_free (Signer *signer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Signer, signer_free)

/* As sign_bytes. */
GBytes *signer_sign (const Signer *signer, GBytes *message, const char *comment,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;
