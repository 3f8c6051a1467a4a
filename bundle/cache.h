/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "manifest/digest.h"

#include <gio/gio.h>
#include <glib.h>

/* Blobs that a registry gave, so that each travels once. A folder:
 *     blobs/sha256/HEX        whole; its bytes were proven before it got the name
 *     blobs/sha256/HEX.part   the begin of one; whoever writes it holds flock(2) on it
 * Every use proves the bytes again, so nothing depends on who else may write there, or on a crash.
 * It grows until somebody clears it: removing files, or all of it, is safe at any time, and the
 * time of a file is that of its last use. A Cache may be used by several threads. */
typedef struct Cache Cache;

/* dir: NULL is $XDG_CACHE_HOME/handcarry, or ~/.cache/handcarry. The folder is made where it is not
 * there, but not when offline. */
Cache *cache_open (const char *dir, gboolean offline, GError **error) G_GNUC_WARN_UNUSED_RESULT;
const char *cache_path (const Cache *cache);
void cache_free (Cache *cache);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Cache, cache_free)

/* Brings the bytes of a blob into fd, which may hold the first of them already. */
typedef gboolean (*CacheFetch) (gpointer user, int fd, GError **error);

typedef enum {
    CACHE_HAD,      /* it was there; also when another run brought it meanwhile */
    CACHE_FETCHED,  /* it was not */
    CACHE_REPLACED, /* it was there with other bytes */
} CacheOutcome;

typedef struct {
    Digest digest;
    guint64 bytes;             /* CACHE_ANY_SIZE: not known */
    CacheFetch fetch;          /* NULL: what is not there is ERR_ENGINE */
    gpointer user;             /* for fetch */
    GCancellable *cancellable; /* ends the waiting for another run; may be NULL */
} CacheBlob;

#define CACHE_ANY_SIZE G_MAXUINT64

/* A descriptor of the blob's bytes, or -1. A part of a blob that could not be fetched stays for the
 * next try. ERR_SPACE where the disk is full. */
int cache_get (const Cache *cache, const CacheBlob *blob, CacheOutcome *outcome,
               GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* How many of a blob's bytes would travel: 0 where a file of that name and size is there, less
 * where a part of it is. Nothing is proven. */
guint64 cache_missing (const Cache *cache, const Digest *digest, guint64 bytes);
/* ERR_SPACE where the disk that the cache is on has no room for so many bytes. */
gboolean cache_check_space (const Cache *cache, guint64 bytes,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;
