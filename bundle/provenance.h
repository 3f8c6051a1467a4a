/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "bundle/bundle.h"
#include "manifest/digest.h"
#include "manifest/statement.h"

#include <glib.h>

/* What a bundle is made from, and by whom: member provenance.json, an in-toto statement with the
 * provenance predicate of SLSA (bundle/FORMAT.md, section 9). */

#define PROVENANCE_MEMBER "provenance.json"
#define PROVENANCE_STATEMENT_TYPE "https://in-toto.io/Statement/v1"
#define PROVENANCE_PREDICATE_TYPE "https://slsa.dev/provenance/v1"
#define PROVENANCE_BUILD_TYPE "urn:handcarry:bundle:1"
/* Who builds, where nobody says it. */
#define PROVENANCE_BUILDER "urn:handcarry:builder"

typedef struct {
    char *name;         /* as the release calls it */
    char *transport;    /* of its source: "oci-archive", "docker", … */
    char *uri;          /* "docker://…@sha256:…"; NULL: a file or an engine of the builder's */
    Digest config, oci; /* of the image config; of the OCI manifest that the statement names */
    Digest manifest;    /* of its manifest in the registry */
    gboolean has_manifest; /* else nobody but the config names it */
} ProvenanceImage;

typedef struct {
    Digest statement; /* the release digest */
    char *product, *channel, *version;
    guint64 release;
    char **platforms;
    GPtrArray *images; /* ProvenanceImage, in the order of the statement */

    guint64 level;
    GArray *bases; /* Digest: release digests of what a delta was made against */
    char **hosts;  /* hosts of the have files; NULL: none */
    /* Given with the call, and not by the release file; NULL or 0: not given. */
    char *given_version;
    guint64 given_release;

    Digest release_file, lock;
    gboolean has_lock;  /* release.lock.yaml was there */
    char *source;       /* URI; NULL: not said */
    char *revision;     /* commit of git; NULL: not known */
    gboolean modified;  /* files of the work tree differ from it */
    guint64 not_in_git; /* carried files that the commit does not have */

    char *builder;             /* URI */
    char *handcarry, *libzstd; /* versions */
} Provenance;

Provenance *provenance_new (void);
ProvenanceImage *provenance_add_image (Provenance *provenance); /* owned by it */
void provenance_free (Provenance *provenance);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Provenance, provenance_free)

/* The one text of these values: keys in ascending order, no white space. */
GBytes *provenance_write (const Provenance *provenance);
/* Takes only such a text. The fuzz target's entry. */
Provenance *provenance_parse (GBytes *text, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Is it about this release and its images? */
gboolean provenance_check (const Provenance *provenance, const Statement *statement,
                           const Digest *release_digest, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* That of a bundle: its bytes as they are, and what they say, which is checked. */
GBytes *bundle_read_provenance_text (Bundle *bundle, GError **error) G_GNUC_WARN_UNUSED_RESULT;
Provenance *bundle_read_provenance (Bundle *bundle, GError **error) G_GNUC_WARN_UNUSED_RESULT;
