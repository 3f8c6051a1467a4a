/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include <glib.h>

#define DIGEST_BYTES 32
#define DIGEST_HEX_LENGTH 64
#define DIGEST_TEXT_LENGTH (sizeof "sha256:" - 1 + DIGEST_HEX_LENGTH)

/* A SHA-256 value. */
typedef struct {
    guint8 b[DIGEST_BYTES];
} Digest;

/* Hashes while bytes pass by; the contents belong to digest.c. */
typedef struct DigestStream DigestStream;

DigestStream *digest_stream_new (void);
void digest_stream_add (DigestStream *stream, const void *data, gsize length);
/* Writes the value and makes the stream ready for the next message. */
void digest_stream_finish (DigestStream *stream, Digest *out);
void digest_stream_free (DigestStream *stream);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DigestStream, digest_stream_free)

Digest digest_of (const void *data, gsize length);
Digest digest_of_bytes (GBytes *bytes);

/* Reads exactly "sha256:" and 64 lower-case hexadecimal digits; anything else, a space included,
 * is ERR_FORMAT (opkg's CVE-2020-7982 was a space that skipped the check). */
gboolean digest_parse (const char *text, Digest *out, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same for the 64 digits alone. */
gboolean digest_parse_hex (const char *hex, Digest *out, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* "sha256:…" and the digits alone. Caller frees. */
char *digest_to_text (const Digest *digest);
char *digest_to_hex (const Digest *digest);

/* The chainID of a layer (OCI image spec, config.md): SHA-256 of the chainID below it, a blank and
 * its diffID; parent NULL: the lowest layer, whose chainID is its diffID. */
Digest digest_chain (const Digest *parent, const Digest *diffid);
/* How many elements (Digest) two arrays have in common from their begin on. */
guint digests_common (const GArray *a, const GArray *b);

gboolean digest_equal (const Digest *a, const Digest *b);
/* For GHashTable: keys are Digest pointers. */
guint digest_hash_key (gconstpointer key);
gboolean digest_equal_key (gconstpointer a, gconstpointer b);
