/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "bundle/registry.h"

/* Who else serves a registry's repositories. */
typedef struct {
    char *host;   /* "HOST[:PORT]" */
    char *prefix; /* folders before the repository's own: "dockerhub/", or "" */
} Mirror;

/* The mirrors of host, in the order to ask: those of the options, else for docker.io those that
 * docker's own daemon.json has; Mirror, frees itself. What the options say and is no mirror is
 * ERR_USAGE. */
GPtrArray *mirrors_of (const char *host, const RegistryOptions *options,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The "registry-mirrors" of a daemon.json; ERR_FORMAT is one that is none. One without TLS is left
 * out unless options name it insecure. */
GPtrArray *mirrors_parse_daemon (GBytes *text, const RegistryOptions *options,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;
