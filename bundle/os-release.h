/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include <glib.h>

/* os-release(5) of an image (make side): which distribution it is. */
typedef struct {
    char *id, *version; /* "debian", "12"; either may be NULL */
} OsRelease;

/* ERR_FORMAT: it is no text of lines, or what it says of ID and VERSION_ID is no such word. */
gboolean os_release_parse (GBytes *text, OsRelease *os, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void os_release_clear (OsRelease *os);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (OsRelease, os_release_clear)
