/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "keys/verb-signer.h"

#include "keys/password.h"
#include "keys/secret.h"
#include "manifest/error.h"
#include "manifest/verb.h"

void
signer_options_clear (SignerOptions *options)
{
    g_clear_pointer (&options->key, g_free);
    g_clear_pointer (&options->external, g_free);
}

gboolean
signer_options_check (const SignerOptions *options, GError **error)
{
    if (options->external != NULL && options->key == NULL)
        return fail (error, ERR_USAGE,
                     "--external needs --key KEY.pub: the public key that its signatures must fit");
    if (options->external == NULL && options->wait != 0)
        return fail (error, ERR_USAGE, "--external-wait goes with --external");
    if (options->wait < 0)
        return fail (error, ERR_USAGE, "--external-wait needs a number of seconds above 0");
    return TRUE;
}

SecretKey *
signer_load_secret (const char *path, GError **error)
{
    SecretKey *key = secret_key_load (path, error);
    g_autofree char *exposed = key != NULL ? password_judge_file () : NULL;

    if (key == NULL)
        return NULL;
    if (secret_key_is_exposed (key))
        verb_warn ("others may read the secret key '%s'; if that is not meant: chmod 600 '%s'",
                   path, path);
    if (exposed != NULL)
        verb_warn ("%s", exposed);
    return key;
}

static gboolean
load_secret (Signer *signer, const char *path, GError **error)
{
    signer->secret = signer_load_secret (path, error);
    if (signer->secret == NULL)
        return FALSE;
    secret_key_get_public (signer->secret, &signer->key);
    return TRUE;
}

Signer *
signer_load (const SignerOptions *options, GError **error)
{
    g_autoptr (Signer) signer = g_new0 (Signer, 1);

    if (options->external == NULL)
        return load_secret (signer, options->key, error) ? g_steal_pointer (&signer) : NULL;
    if (!public_key_load (options->key, &signer->key, error))
        return NULL;
    signer->external.command = options->external;
    signer->external.wait = options->wait > 0 ? (guint)options->wait : EXTERNAL_WAIT;
    return g_steal_pointer (&signer);
}

void
signer_free (Signer *signer)
{
    if (signer == NULL)
        return;
    g_clear_pointer (&signer->secret, secret_key_free);
    g_free (signer);
}

GBytes *
signer_sign (const Signer *signer, GBytes *message, const char *comment, GError **error)
{
    if (signer->secret != NULL)
        return sign_bytes (signer->secret, message, comment, error);
    return external_sign_bytes (&signer->external, &signer->key, message, comment, error);
}
