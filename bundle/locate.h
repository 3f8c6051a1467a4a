/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "bundle/bundle.h"

/* What lies where in the content of a bundle: for saying where two bundles differ. */

/* The content of a frame, as long as the index says. Caller frees. */
guint8 *locate_read_frame (Bundle *bundle, guint frame, gsize *length,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

#define LOCATE_HEADER G_MAXUINT64 /* not in the member's bytes: in what is around them */

/* The member of region tree or meta that holds the region's byte at offset, and where in the
 * member that is (LOCATE_HEADER: in its header or padding). Of a stream: the recipe (layers/HEX) of
 * the layer that takes the byte, and 0. NULL without an error: nothing does. Where the bundle is
 * read apart, the name is valid UTF-8 and not to be believed. Caller frees. */
char *locate_member (Bundle *bundle, Region region, guint64 offset, guint64 *inside,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;
