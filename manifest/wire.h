/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include <glib.h>

/* What two processes of this program say to each other over a socket: messages of a head and at
 * most WIRE_PIECE bytes, each received whole or not at all (SOCK_SEQPACKET), some with
 * descriptors. */

#define WIRE_PIECE (64 * 1024)
#define WIRE_DESCRIPTORS 2

typedef struct {
    guint32 kind, number;
    guint64 size;
} WireHead;

typedef struct {
    WireHead head;
    gsize length;
    char bytes[WIRE_PIECE + 1]; /* and a NUL */
    int fds[WIRE_DESCRIPTORS];  /* -1: none; the receiver closes them */
} WireMessage;

/* FALSE: nobody receives any more. fds may be NULL; those below 0 are not sent. */
gboolean wire_send (int socket, const WireHead *head, gconstpointer bytes, gsize length,
                    const int *fds) G_GNUC_WARN_UNUSED_RESULT;
/* FALSE: the other end is closed, or sent what is no message. */
gboolean wire_receive (int socket, WireMessage *message) G_GNUC_WARN_UNUSED_RESULT;
/* Would wire_receive return at once? */
gboolean wire_is_waiting (int socket);
