/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include <glib.h>

/* What became of a package. */
typedef enum {
    PACKAGE_UPGRADED,
    PACKAGE_DOWNGRADED,
    PACKAGE_CHANGED, /* to another version, and which of them is the later one is not known */
    PACKAGE_ADDED,
    PACKAGE_REMOVED,
    N_PACKAGE_CHANGES,
} PackageChange;

/* "upgraded" … */
const char *package_change_name (PackageChange change);

/* Which of two versions of a package is the later one, by the rules of its kind: dpkg's, apk's and
 * rpm's own; semantic versions of npm, golang, cargo, nuget, hex and pub; and of every other kind
 * versions that are numbers with points alone. Only to show it: releases have numbers. */

/* *order is less than, equal to or greater than 0. FALSE: the order of these is not known. */
gboolean version_order_compare (const char *kind, const char *a, const char *b,
                                int *order) G_GNUC_WARN_UNUSED_RESULT;
