/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include <glib.h>

/* Who we are at a registry, as docker, podman and skopeo keep it (bundle/REGISTRY.md). */
typedef enum {
    CREDENTIALS_NONE,
    CREDENTIALS_PASSWORD, /* user and secret */
    CREDENTIALS_IDENTITY, /* secret is an identity token */
    CREDENTIALS_BEARER,   /* secret is a token for the registry itself */
} CredentialsKind;

typedef struct {
    CredentialsKind kind;
    char *user;
    char *secret;
    char *where; /* for messages: which file or program they are from */
} Credentials;

/* What one config.json says about a registry. host is the one of an ImageReference. *helper is the
 * program to ask, and then out has nothing; NULL: there is none. Messages hold no secret. Caller
 * frees *helper and clears out. */
gboolean credentials_parse (GBytes *text, const char *host, const char *repository,
                            Credentials *out, char **helper,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The first that any of the usual places has; CREDENTIALS_NONE where none has. */
gboolean credentials_find (const char *host, const char *repository, Credentials *out,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
void credentials_clear (Credentials *credentials);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Credentials, credentials_clear)
