/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "manifest/digest.h"

#include <glib.h>

/* The name of an image in a registry: "[HOST[:PORT]/]REPOSITORY[:TAG][@sha256:…]". */
typedef struct {
    char *host;       /* "registry.example.org:5000"; "docker.io" where the text names none */
    char *repository; /* "plant-hmi/server"; docker.io's short names with their "library/" */
    char *tag;        /* "latest" where the text has neither tag nor digest; NULL: digest only */
    gboolean has_digest;
    Digest digest; /* with one, this is the image, whatever the tag points at now */
} ImageReference;

/* Reads what follows "docker://", by the rules of the distribution spec; anything else is
 * ERR_FORMAT and says which part is wrong. */
ImageReference *image_reference_parse (const char *text, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* What to ask the registry for: the digest, else the tag. Caller frees. */
char *image_reference_asked (const ImageReference *reference);
/* The whole name, nothing left out: reading it again gives the same. Caller frees. */
char *image_reference_to_text (const ImageReference *reference);
void image_reference_free (ImageReference *reference);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ImageReference, image_reference_free)

/* Whether text can stand for a registry: a DNS name, IPv4 or [IPv6] address, with or without a
 * port. */
gboolean image_reference_is_host (const char *text);
