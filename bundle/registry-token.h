/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "bundle/registry-challenge.h"

/* The documents of token authentication (distribution's docs: spec/auth/token, spec/auth/oauth). */

/* What a token server answers: the token, and the seconds that it is good for (60 where it does not
 * say). A token that is none for a header is ERR_FORMAT; messages never hold it. Caller frees. */
gboolean token_parse (GBytes *text, char **token, guint64 *seconds,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The URL to GET: realm is the challenge's, made absolute; user may be NULL. Caller frees. */
char *token_url (const char *realm, const Challenge *challenge, const char *scope,
                 const char *user);
/* The form to POST for an identity token. Caller frees. */
char *token_form (const Challenge *challenge, const char *scope, const char *identity);
/* What to ask for: the challenge's scope where it is one to pull, else our own. Caller frees. */
char *token_scope (const Challenge *challenge, const char *repository);
