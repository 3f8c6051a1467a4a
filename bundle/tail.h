/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include <glib.h>

/* Adding votes rewrites only the tail of a bundle file (or of its last part). The old tail is saved
 * first as BUNDLE.tail~ and restored by any later run that finds it. A vote is the text of a
 * minisign signature file; NULL adds none of that kind. */
gboolean tail_add_votes (const char *path, GBytes *statement_vote, GBytes *packing_vote,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The trusted comments for the two texts of a bundle: "handcarry statement PRODUCT CHANNEL rN
 * sha256:…". Caller frees. */
char *tail_statement_comment (GBytes *statement, GError **error) G_GNUC_WARN_UNUSED_RESULT;
char *tail_packing_comment (GBytes *statement, GBytes *packing,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;
