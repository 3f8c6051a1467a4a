/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "bundle/pull.h"
#include "keys/sign.h"
#include "manifest/have.h"
#include "manifest/progress.h"
#include "manifest/release.h"

#include <glib.h>

/* Makes a bundle from a release (make side). */

#define PACK_LEVEL_DEFAULT 9
/* A delta carries little, so it can take its time. */
#define PACK_LEVEL_DELTA 19
#define PACK_LEVEL_MAX 19

/* What is done with release.lock.yaml beside the release file (manifest/FORMAT.md). */
typedef enum {
    LOCKING_KEEP,  /* an image that it names is taken as it says; what it lacks is added */
    LOCKING_EXACT, /* anything but exactly what it names is ERR_POLICY; it is not written */
    LOCKING_ANEW,  /* it is not looked at, but made anew */
} PackLocking;

typedef struct {
    int level;
    guint jobs;         /* 0: as many as fit the memory limit */
    guint64 split;      /* 0: one file */
    guint64 spool;      /* most bytes of content that wait while rebuilding; 0: LIMIT_SPOOL_BYTES */
    const char *tmpdir; /* NULL: $TMPDIR or /var/tmp */
    const char *engine; /* for docker-daemon:; NULL: the usual sockets */
    const char *cache;  /* for docker://; NULL: the usual folder */
    gboolean offline;   /* ask no registry */
    const RegistryOptions *registry; /* for docker://; or NULL */
    PackLocking locking;
    const char *builder;       /* URI of who builds; NULL: PROVENANCE_BUILDER */
    Digest release_file;       /* of release.yaml's bytes */
    const char *given_version; /* with the call; NULL: not */
    guint64 given_release;     /* 0: not */
    GPtrArray *bases;          /* BaseBundle: old content that we have; NULL or empty: none */
    GPtrArray *haves;    /* Have: hosts that the bundle must fit; without any, hosts at the bases */
    GPtrArray *keys;     /* SecretKey: each signs both texts */
    GPtrArray *chain;    /* SignedRoot: the trust roots to carry; may be empty */
    GPtrArray *warnings; /* char *: grows by what a person should know */
    Progress *progress;
} PackOptions;

/* An image that is another one than the lock said. */
typedef struct {
    char *name;
    Digest before, after; /* of its manifest in the registry, else of its config */
} PackMoved;

typedef struct {
    char *release_digest; /* "sha256:…" */
    guint64 bytes, parts;
    guint64 uncompressed;  /* of all distinct layers */
    guint64 repeated;      /* bytes of contents that were there already */
    guint64 patched;       /* bytes of contents carried as patches */
    guint64 from_bases;    /* bytes of contents that are files of bases */
    guint64 left_out;      /* bytes of layers that hosts have */
    guint64 tree_left_out; /* bytes of tree files that hosts have */
    gboolean delta;        /* a host must have something */
    PullCount pull;        /* what registries gave */
    ReleaseLock *lock;     /* all images as they were resolved */
    char *lock_file;       /* its name, where it was written, else NULL */
    GPtrArray *moved;      /* PackMoved */
} PackResult;

/* dir is the folder that release.yaml lies in. The file appears under its name only when it is
 * whole and has been read back: every layer rebuilt to its diffID. */
gboolean pack (const Release *release, const char *dir, const char *output,
               const PackOptions *options, PackResult *result,
               GError **error) G_GNUC_WARN_UNUSED_RESULT;
void pack_result_clear (PackResult *result);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (PackResult, pack_result_clear)
/* The file name of a release's bundle: PRODUCT-VERSION-rN.tar.zst, with -from-rM for each base
 * (BaseBundle) or -for-HOST for each have file (Have). Caller frees. */
char *pack_file_name (const Release *release, const GPtrArray *bases, const GPtrArray *haves);
