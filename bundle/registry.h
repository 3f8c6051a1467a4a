/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "bundle/reference.h"
#include "manifest/progress.h"

#include <gio/gio.h>

/* A registry and one repository in it (make side only), by the OCI distribution spec; what it
 * reads of the surroundings is in bundle/REGISTRY.md. */
typedef struct Registry Registry;

typedef struct {
    const char *const
        *insecure;              /* "HOST[:PORT]" that may be without TLS, or with any certificate */
    const char *const *mirrors; /* "HOST=MIRROR[/FOLDER]": asked before HOST, in this order */
    guint tries;                /* of one request; 0: five */
    guint pause_milliseconds;   /* before the second try, then doubled; 0: a second */
    guint slow_seconds;         /* below 1 KiB/s for so long a connection is given up; 0: 30 */
    GCancellable *cancellable;  /* ends transfers and pauses at once; or NULL */
} RegistryOptions;

/* Connects to nothing yet. options may be NULL and are copied. */
Registry *registry_new (const ImageReference *reference, const RegistryOptions *options,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;
void registry_free (Registry *registry);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Registry, registry_free)

/* These two may be called from several threads at once. ERR_ENGINE: the registry can not be reached
 * or refuses; ERR_FORMAT: what it sends is not what was asked for. Messages name registry and
 * repository. */

/* A manifest or an index. asked is a tag or "sha256:…", which is then proven. *type is its media
 * type: what the body says, which the registry's Content-Type must agree with. *digest is the
 * SHA-256 of the exact bytes returned. Caller frees *type. */
GBytes *registry_read_manifest (Registry *registry, const char *asked, char **type, Digest *digest,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* A blob into fd, opened to read and write. What fd holds already is kept and hashed, and the rest
 * asked for; what is there of bytes never becomes more. On success fd holds the blob, proven; a
 * wrong body leaves fd empty, a broken connection leaves what came, for the next time. progress
 * (may be NULL) only grows, by what travelled. */
gboolean registry_read_blob (Registry *registry, const Digest *digest, guint64 bytes, int fd,
                             Progress *progress, GError **error) G_GNUC_WARN_UNUSED_RESULT;
