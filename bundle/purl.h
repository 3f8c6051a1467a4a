/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include <glib.h>

/* Package URLs, pkg:TYPE/NAMESPACE/NAME@VERSION?QUALIFIERS#SUBPATH (ECMA-427; make side). */
typedef struct {
    char *type, *name;     /* the type in small letters */
    char *space, *version; /* the namespace; either may be NULL */
    char *arch, *epoch;    /* of the qualifiers; either may be NULL */
} Purl;

/* Decoded; ERR_FORMAT where it is none. */
gboolean purl_parse (const char *text, Purl *purl, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void purl_clear (Purl *purl);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Purl, purl_clear)

/* Appends text as a part of a package URL, percent-encoded where it must be. */
void purl_append (GString *out, const char *text);
