/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include <glib.h>

/* Whom to believe at one host, and who we are there by TLS: certs.d of docker and podman
 * (bundle/REGISTRY.md). */
typedef struct {
    int fd;            /* of authorities, where it is a file made for this; else -1 */
    char *authorities; /* PEM file: the system's CAs and the host's own; NULL: libcurl's default */
    char *certificate; /* ours, and its key; or NULL */
    char *key;
} HostCerts;

/* host is "HOST[:PORT]". A folder that is not there is no error; a certificate without its key
 * is. */
HostCerts *host_certs_read (const char *host, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void host_certs_free (HostCerts *certs);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (HostCerts, host_certs_free)
