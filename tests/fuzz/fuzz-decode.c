/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/decode.h"
#include "bundle/locate.h"
#include "bundle/reader.h"
#include "bundle/rebuild.h"
#include "manifest/error.h"
#include "tests/fuzz/sections.h"

#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

/* The process that reads a bundle's content belongs to whoever made the bundle, once it has found a
 * fault there. Here it is the input: all that it says lies in the socket before it is asked, and
 * the functions by which a process is made and ended do nothing. */
static GByteArray *said;

/* Each message: kind, number, size (u8, u8, u16), length (u16), bytes. */
static void
say_all (int socket)
{
    const WireHead hello = { .kind = DECODE_DONE };

    g_assert_true (wire_send (socket, &hello, "", 0, NULL));
    for (gsize at = 0; at + 6 <= said->len;) {
        const guint8 *bytes = said->data + at;
        WireHead head = { bytes[0], bytes[1], (guint64)bytes[2] | (guint64)bytes[3] << 8 };
        gsize length = bytes[4] | (gsize)bytes[5] << 8;

        length = MIN (length, said->len - at - 6);
        g_assert_true (wire_send (socket, &head, bytes + 6, length, NULL));
        at += 6 + length;
    }
    shutdown (socket, SHUT_WR);
}

static int reader = -1; /* the end of the socket that nobody reads from */

int
socketpair (int domain, int type, int protocol, int pair[2])
{
    int result = (int)syscall (SYS_socketpair, domain, type, protocol, pair);

    g_assert_cmpint (result, ==, 0);
    reader = dup (pair[1]);
    say_all (reader);
    return 0;
}

pid_t
fork (void)
{
    return 1 << 22;
}

int
kill (pid_t pid, int signal)
{
    return 0;
}

pid_t
waitpid (pid_t pid, int *status, int options)
{
    if (status != NULL)
        *status = said->len % 3 == 0 ? SIGSEGV : said->len % 3 == 1 ? SIGKILL : 0;
    return pid;
}

int
pidfd_open (pid_t pid, unsigned int flags)
{
    int pair[2];

    g_assert_cmpint (pipe (pair), ==, 0);
    close (pair[1]);
    return pair[0];
}

static gboolean
read_base (gpointer data, const BaseFile *file, guint64 at, guint8 *bytes, gsize length,
           GError **error)
{
    g_assert_true (at <= file->length && length <= file->length - at);
    memset (bytes, 0, length);
    return TRUE;
}

static gboolean
count_layer (const guint8 *bytes, gsize length, gpointer left, GError **error)
{
    g_assert_cmpuint (length, <=, *(guint64 *)left);
    *(guint64 *)left -= length;
    return TRUE;
}

static gboolean
count_tree (const char *path, gboolean executable, guint64 size, const guint8 *piece, gsize length,
            gboolean last, gpointer data, GError **error)
{
    g_assert_true (g_utf8_validate (path, -1, NULL));
    return TRUE;
}

static void
rebuild_all (Bundle *bundle)
{
    g_autoptr (GPtrArray) carried = bundle_carried_layers (bundle);
    guint64 total;
    g_autoptr (GArray) wanted = bundle_carried_diffids (bundle, &total);
    g_autoptr (Rebuild) rebuild = rebuild_new (bundle, wanted, scratch_folder (), NULL);

    for (guint i = 0; rebuild != NULL && i < carried->len; i++) {
        const StatementLayer *layer = carried->pdata[i];
        guint64 left = layer->bytes;

        if (!rebuild_layer (rebuild, &layer->diffid, count_layer, &left, NULL))
            return;
    }
    (void)!(rebuild == NULL || rebuild_check_complete (rebuild, NULL));
}

/* The first byte says what is asked for. One bundle serves all; each time its reader is a new one.
 */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
    static const BaseReader bases = { read_base, NULL };
    static Bundle *bundle;
    g_autoptr (GBytes) meta = NULL;
    g_autofree guint8 *content = NULL;
    g_autofree char *name = NULL;
    guint64 inside;
    gsize length;

    if (size == 0)
        return 0;
    if (bundle == NULL) {
        bundle = bundle_open (FUZZ_BUNDLE, NULL);
        g_assert_nonnull (bundle);
        bundle->apart = TRUE;
        bundle_use_bases (bundle, &bases);
    }
    said = g_byte_array_new ();
    g_byte_array_append (said, data + 1, (guint)size - 1);
    if (*data % 6 == 0)
        (void)!bundle_check_deep (bundle, scratch_folder (), NULL, NULL);
    else if (*data % 6 == 1)
        rebuild_all (bundle);
    else if (*data % 6 == 2)
        (void)!bundle_read_tree (bundle, count_tree, NULL, NULL);
    else if (*data % 6 == 4)
        content = locate_read_frame (bundle, 0, &length, NULL);
    else if (*data % 6 == 5)
        name = locate_member (bundle, REGION_META, 0, &inside, NULL);
    else
        meta = bundle_read_meta (bundle, "bases", NULL);
    g_clear_pointer (&bundle->decoder, decoder_free);
    if (reader >= 0)
        close (reader);
    reader = -1;
    g_byte_array_unref (said);
    return 0;
}
