/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include <glib.h>

#define QR_QUIET 4 /* modules of white that readers want on each side */

/* A text as a QR code, for cameras where nobody wants to type (make side): the dark modules as the
 * path of an SVG, one unit each, without the quiet zone. *modules: how many a side has. Error
 * correction M: a fold or a stain is read over. NULL: ERR_FAILED, as where the text is too long.
 * Caller frees. */
char *qr_path (const char *text, guint *modules, GError **error) G_GNUC_WARN_UNUSED_RESULT;
