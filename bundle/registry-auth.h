/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "bundle/registry-hosts.h"

/* How we say who we are to one host that serves a repository. Credentials are looked for when it
 * first asks. May be used from several threads at once: one asks for a token, the others wait. */
typedef struct Auth Auth;

/* host is where credentials are kept for; hosts is borrowed. */
Auth *auth_new (Hosts *hosts, const char *host, const char *repository);
void auth_free (Auth *auth);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Auth, auth_free)

/* The value of Authorization for the next request: NULL in *value as long as nobody asked. A token
 * that ends soon is renewed. Caller frees *value. */
gboolean auth_current (Auth *auth, char **value, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* url answered 401 to a request with used (or NULL). TRUE: there is a new value to try. */
gboolean auth_answer (Auth *auth, const char *url, const HttpReply *reply, const char *used,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* "the credentials of 'ci' from FILE were used", or that there are none and what to type. Caller
 * frees. */
char *auth_describe (Auth *auth);
