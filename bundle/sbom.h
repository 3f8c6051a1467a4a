/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "bundle/bundle.h"

#include <glib.h>

/* The software bill of materials of an image: member sbom/<config digest>.json (bundle/FORMAT.md,
 * section 9). Readers hand on its bytes and do not parse them. */

/* The member that carries the one of the image with this config. Caller frees. */
char *sbom_member (const Digest *config);
/* ERR_FORMAT: longer than LIMIT_SBOM_BYTES, or no text that may be printed as it is: not UTF-8, or
 * with characters that a terminal would obey. */
gboolean sbom_check_text (GBytes *text, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The bytes of an image's SBOM, so checked. */
GBytes *bundle_read_sbom (Bundle *bundle, const StatementImage *image,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
