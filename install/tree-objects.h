/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "install/host.h"
#include "manifest/digest.h"

#include <glib.h>

/* Reads the files of a commit where they lie in STATE/ostree, without libostree. Commit and folders
 * are believed only where they are what their names say; content is the caller's to compare. */
typedef struct TreeObjects TreeObjects;

/* NULL where the repository does not have the commit. */
TreeObjects *tree_objects_open (const Host *host, const Digest *commit);
void tree_objects_free (TreeObjects *objects);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TreeObjects, tree_objects_free)
/* A descriptor of the file's content, or -1. */
int tree_objects_find (TreeObjects *objects, const char *path);
