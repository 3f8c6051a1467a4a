/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include <glib.h>

/* What the ends of the tree store's sockets share: messages of a head and at most TREE_PIECE bytes,
 * each received whole or not at all (SOCK_SEQPACKET), some with descriptors. */

#define TREE_PIECE (64 * 1024)
#define TREE_DESCRIPTORS 2

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

typedef struct {
    guint32 kind, number;
    guint64 size;
} TreeHead;

typedef struct {
    TreeHead head;
    gsize length;
    char bytes[TREE_PIECE + 1]; /* and a NUL */
    int fds[TREE_DESCRIPTORS];  /* -1: none; the receiver closes them */
} TreeMessage;

/* FALSE: nobody receives any more. fds may be NULL; those below 0 are not sent. */
gboolean tree_wire_send (int socket, const TreeHead *head, gconstpointer bytes, gsize length,
                         const int *fds) G_GNUC_WARN_UNUSED_RESULT;
/* FALSE: the other end is closed, or sent what is no message. */
gboolean tree_wire_receive (int socket, TreeMessage *message) G_GNUC_WARN_UNUSED_RESULT;
