/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/launcher-child.h"
#include "manifest/wire.h"
#include "manifest/file.h"

#include <sys/socket.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

/* What helper processes say to each other: as a letter to the tree's, as a stream to the
 * launcher's. */
static void
receive_letter (const guint8 *data, gsize size)
{
    static WireMessage message;
    int pair[2];

    g_assert_cmpint (socketpair (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), ==, 0);
    g_assert_cmpint (send (pair[0], data, size, 0), ==, (gssize)size);
    if (wire_receive (pair[1], &message)) {
        g_assert_cmpuint (message.length, ==, size - sizeof message.head);
        g_assert_cmpint (message.fds[0], ==, -1);
    }
    close (pair[0]);
    close (pair[1]);
}

/* The same as a good letter, with a descriptor, which arrives as another one. */
static void
receive_descriptor (const guint8 *data, gsize size)
{
    static WireMessage message;
    WireHead head = { .kind = *data };
    int pair[2], fds[WIRE_DESCRIPTORS] = { -1, -1 };

    g_assert_cmpint (socketpair (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), ==, 0);
    g_assert_false (wire_is_waiting (pair[1]));
    fds[0] = pair[0];
    g_assert_true (wire_send (pair[0], &head, data, size, fds));
    g_assert_true (wire_is_waiting (pair[1]) && wire_receive (pair[1], &message));
    g_assert_cmpmem (message.bytes, message.length, data, size);
    g_assert_cmpuint (message.head.kind, ==, head.kind);
    g_assert_true (message.fds[0] >= 0 && message.fds[1] < 0);
    close (message.fds[0]);
    close (pair[0]);
    close (pair[1]);
}

static void
receive_stream (const guint8 *data, gsize size)
{
    g_autoptr (GBytes) payload = NULL;
    g_autoptr (GVariant) end = NULL;
    g_autofree char *text = NULL;
    LauncherKind kind;
    int pair[2], status;

    g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), ==, 0);
    g_assert_cmpint (send (pair[0], data, size, 0), ==, (gssize)size);
    close (pair[0]);
    if (launcher_receive (pair[1], &kind, &payload)) {
        g_assert_cmpuint (g_bytes_get_size (payload), <, size);
        end = g_variant_ref_sink (
            g_variant_new_from_bytes (G_VARIANT_TYPE (LAUNCHER_END_TYPE), payload, FALSE));
        g_variant_get (end, LAUNCHER_END_TYPE, &status, &text);
    }
    close (pair[1]);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
    if (size == 0 || size > WIRE_PIECE)
        return 0;
    receive_letter (data, size);
    receive_descriptor (data, size);
    receive_stream (data, size);
    return 0;
}
