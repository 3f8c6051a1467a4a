/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include <glib.h>
#include <sys/types.h>

/* What the isolated side asks of a kernel that Linux 4.18 has not, and does in other words there.
 * These report failures in errno. */

/* openat2 (Linux 5.6) beneath dirfd, with no symlink in any component. Before, component by
 * component from one descriptor to the next; then ".." is refused even where it stays beneath. */
int kernel_open_below (int dirfd, const char *path, int flags) G_GNUC_WARN_UNUSED_RESULT;

/* close_range (Linux 5.9); ~0U as last means all from first on. Before, one by one what
 * /proc/self/fd lists. */
gboolean kernel_close_range (guint first, guint last) G_GNUC_WARN_UNUSED_RESULT;

/* Whether a child has ended; it is not reaped. For waiting where there is no pidfd (Linux 5.3). */
gboolean kernel_has_ended (pid_t child);
/* How often to ask that, in milliseconds. */
enum { KERNEL_ASK_MILLISECONDS = 20 };
