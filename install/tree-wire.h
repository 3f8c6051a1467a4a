/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "manifest/wire.h"

/* What the ends of the tree store's sockets say to each other. */

typedef enum {
    TREE_OPEN = 1, /* descriptors: the repository, and perhaps the folder for checkouts */
    TREE_FILE,     /* size, executable, path; not answered */
    TREE_DATA,     /* bytes of that file; not answered */
    TREE_COMMIT,   /* answer: the commit's checksum; nothing is kept yet */
    TREE_KEEP,     /* ref: it is kept as this */
    TREE_CHECKOUT, /* commit; as TREE_STORE_FRESH in the folder */
    TREE_DROP,     /* ref */
    TREE_PRUNE,    /* answer: size is what was freed */
    TREE_MEND,     /* removes objects that are damaged; answer: size is how many */
    TREE_DONE,     /* the answer */
    TREE_FAILED,   /* the answer: number is an ErrorCode, the bytes say why */
    TREE_ENDED,    /* of the server: number is the worker's wait status */
} TreeKind;
