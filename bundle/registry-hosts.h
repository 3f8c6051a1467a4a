/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "bundle/registry-http.h"
#include "bundle/registry.h"

/* What is known of each host that a run talks to: the registry, mirrors, token servers and where
 * they send us. May be used from several threads at once. */
typedef struct Hosts Hosts;

/* options is borrowed. */
Hosts *hosts_new (const RegistryOptions *options);
void hosts_free (Hosts *hosts);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Hosts, hosts_free)

const RegistryOptions *hosts_options (const Hosts *hosts);
/* Whether the user named "HOST[:PORT]" insecure. */
gboolean hosts_is_insecure (const Hosts *hosts, const char *host);
/* Whether to, which an answer from the URL from names, may be asked: without TLS only a host that
 * was named insecure, and never from a place with TLS. */
gboolean hosts_check_step (const Hosts *hosts, const char *from, const char *to,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* http_exchange() with the certificates of the URL's host and the run's limits filled in. A server
 * that is not trusted is explained, with what to do. */
gboolean hosts_exchange (Hosts *hosts, const HttpRequest *request, HttpReply *reply,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;
