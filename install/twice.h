/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include <glib.h>

/* Texts that a host must not lose lie twice in a folder, as NAME.yaml and NAME.copy.yaml: the same
 * bytes, whose second line counts how often they were written and whose last line is the SHA-256 of
 * all before it (install/FORMAT.md, "Twice"). */

typedef struct {
    GBytes *text; /* without the check sum; NULL: neither copy is there */
    guint64 generation;
    char *note; /* what is wrong with one of them, for a person; NULL: nothing */
} Twice;

void twice_clear (Twice *twice);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Twice, twice_clear)

/* The newest good copy of path (below dirfd, without ".yaml"). None good, but one there:
 * ERR_NOT_READY, for a text that is lost is not a text that never was. */
gboolean twice_read (int dirfd, const char *path, Twice *twice,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* text: the second line is "generation: N\n", with an N above what twice_read gives. The copy that
 * is older or damaged is written first, so that there is a good one at any time. When that lies on
 * the disk the new text is what counts: where the other one then cannot be written, *note says so
 * (caller frees), and the result is TRUE. */
gboolean twice_write (int dirfd, const char *name, GBytes *text, char **note,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Removes what a writer that was killed left beside the two. For whoever holds the lock, so that
 * there is no other writer. */
gboolean twice_sweep (int dirfd, const char *name, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What is above the check sum, where that and the two first lines are right. For tests too. */
GBytes *twice_open (GBytes *bytes, const char *name, guint64 *generation,
                    GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The bytes of a file. */
GBytes *twice_seal (GBytes *text);
