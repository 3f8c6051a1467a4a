/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "manifest/wire.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

typedef union {
    struct cmsghdr align;
    char bytes[CMSG_SPACE (WIRE_DESCRIPTORS * sizeof (int))];
} Control;

static void
add_descriptors (struct msghdr *letter, Control *control, const int *fds)
{
    guint count = 0;

    memset (control, 0, sizeof *control);
    while (count < WIRE_DESCRIPTORS && fds[count] >= 0)
        count++;
    if (count == 0)
        return;
    control->align.cmsg_level = SOL_SOCKET;
    control->align.cmsg_type = SCM_RIGHTS;
    control->align.cmsg_len = CMSG_LEN (count * sizeof (int));
    memcpy (CMSG_DATA (&control->align), fds, count * sizeof (int));
    letter->msg_control = control->bytes;
    letter->msg_controllen = CMSG_SPACE (count * sizeof (int));
}

gboolean
wire_send (int socket, const WireHead *head, gconstpointer bytes, gsize length, const int *fds)
{
    struct iovec parts[] = { { (gpointer)head, sizeof *head }, { (gpointer)bytes, length } };
    struct msghdr letter = { .msg_iov = parts, .msg_iovlen = G_N_ELEMENTS (parts) };
    Control control;
    ssize_t n;

    g_return_val_if_fail (length <= WIRE_PIECE, FALSE);
    if (fds != NULL)
        add_descriptors (&letter, &control, fds);
    do
        n = sendmsg (socket, &letter, MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    return n == (ssize_t)(sizeof *head + length);
}

static void
take_descriptors (struct msghdr *letter, int *fds)
{
    const struct cmsghdr *header = CMSG_FIRSTHDR (letter);

    for (guint i = 0; i < WIRE_DESCRIPTORS; i++)
        fds[i] = -1;
    if (header != NULL && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS)
        memcpy (fds, CMSG_DATA (header),
                MIN (header->cmsg_len - CMSG_LEN (0), WIRE_DESCRIPTORS * sizeof (int)));
}

gboolean
wire_receive (int socket, WireMessage *message)
{
    struct iovec parts[] = { { &message->head, sizeof message->head },
                             { message->bytes, WIRE_PIECE } };
    Control control;
    struct msghdr letter = { .msg_iov = parts,
                             .msg_iovlen = G_N_ELEMENTS (parts),
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof control };
    ssize_t n;

    do
        n = recvmsg (socket, &letter, MSG_CMSG_CLOEXEC);
    while (n < 0 && errno == EINTR);
    /* The other end closed before it read all that was sent: its answer may still be here. */
    if (n < 0 && errno == ECONNRESET)
        n = recvmsg (socket, &letter, MSG_CMSG_CLOEXEC);
    if (n < (ssize_t)sizeof message->head)
        return FALSE;
    take_descriptors (&letter, message->fds);
    message->length = (gsize)n - sizeof message->head;
    message->bytes[message->length] = '\0';
    return (letter.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) == 0;
}

gboolean
wire_is_waiting (int socket)
{
    char byte;

    return recv (socket, &byte, sizeof byte, MSG_PEEK | MSG_DONTWAIT) >= 0 || errno != EAGAIN;
}
