/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include <glib.h>

/* Which other hosts an inventory reaches, for plan: "reaches db1, web[01:50]"; NULL where all that
 * it names is this host. A look, no more: what variables or a program make of it is not known, and
 * is said to be so. Caller frees. */
char *reach_describe (GBytes *inventory, gboolean executable);
