/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "bundle/registry-hosts.h"

/* One host that serves a repository: the registry itself, or a mirror of it. It knows how to reach
 * it (TLS or not), who we are there, and where it sends us. May be used from several threads. */
typedef struct Endpoint Endpoint;

/* What is asked for, below /v2/REPOSITORY/. */
typedef struct {
    const char *path; /* "manifests/latest" */
    const char *accept;
    guint64 from; /* Range: bytes=FROM-; 0: none */
    gsize limit;  /* of reply->body */
    guint seconds;
    HttpTakeFunc take; /* or NULL */
    gpointer data;
} EndpointRequest;

/* hosts is borrowed. */
Endpoint *endpoint_new (const char *host, const char *repository, Hosts *hosts);
void endpoint_free (Endpoint *endpoint);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Endpoint, endpoint_free)

/* Asks once; credentials are given where they are asked for, redirects are followed, and
 * Authorization stays with the endpoint's own origin. An
 * answer with any status but 200 and 206 is an error too, with *reply filled for who wants to try
 * again. */
gboolean endpoint_get (Endpoint *endpoint, const EndpointRequest *request, HttpReply *reply,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* What came of it at last: who can not be reached or has no time is down. */
void endpoint_note (Endpoint *endpoint, const HttpReply *reply);
gboolean endpoint_is_down (Endpoint *endpoint);
/* "registry H, repository R", for messages. */
const char *endpoint_name (const Endpoint *endpoint);
