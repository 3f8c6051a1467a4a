/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "bundle/collect-tree.h"

#include <glib.h>

/* From which commit of git a release is made (make side): asked of the git program. */
typedef struct {
    char *commit;       /* NULL: the folder is in no work tree, or git does not say */
    gboolean modified;  /* files of the work tree that git knows are not as in the commit */
    guint64 not_in_git; /* files of the release's tree that the commit does not have */
} Revision;

/* dir is the folder of release.yaml. What keeps git from answering becomes a warning (char *);
 * where there is no git folder at all, nothing is asked and nothing said. */
void revision_find (const char *dir, const CollectedTree *tree, Revision *revision,
                    GPtrArray *warnings);
void revision_clear (Revision *revision);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Revision, revision_clear)
