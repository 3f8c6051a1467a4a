/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/decode.h"

#include "bundle/reader.h"
#include "manifest/error.h"
#include "manifest/file.h"
#include "manifest/kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* So many bytes wait in the socket, where the kernel allows it: the reader goes on meanwhile. */
#define SOCKET_BYTES (1024 * 1024)
#define END_MILLISECONDS 1000
/* No more messages than this are on their way. */
#define CANCELLED_MAX 1000

struct Decoder {
    pid_t pid; /* 0: it is gone */
    int socket;
    GError *lost;        /* what was said when it went */
    const GArray *files; /* BaseFile that it may ask for; borrowed, or NULL */
    WireMessage message;
};

/* Whatever it is doing, it keeps nothing. */
static int
end_process (Decoder *decoder)
{
    int status = 0;

    file_clear_fd (&decoder->socket);
    if (decoder->pid == 0)
        return 0;
    kill (decoder->pid, SIGKILL);
    while (waitpid (decoder->pid, &status, 0) < 0 && errno == EINTR)
        continue;
    decoder->pid = 0;
    return status;
}

void
decoder_free (Decoder *decoder)
{
    if (decoder == NULL)
        return;
    end_process (decoder);
    g_clear_error (&decoder->lost);
    g_free (decoder);
}

/* Killed by hand or for want of memory, it says nothing of the bundle. */
static gboolean
fail_ended (Bundle *bundle, int status, const char *what, GError **error)
{
    int number = WIFSIGNALED (status) ? WTERMSIG (status) : 0;

    if (number == SIGKILL)
        return fail (error, ERR_FAILED,
                     "%s: the process that reads its content was killed (signal %d) while reading "
                     "%s, by hand or because memory is short; 'dmesg' may say which; try again",
                     bundle->path, number, what);
    if (number != 0)
        return fail (error, ERR_FORMAT,
                     "%s: the process that reads its content was ended by signal %d (%s) while "
                     "reading %s: the bundle is damaged or hostile, or this is a fault of "
                     "handcarry; the content was not used",
                     bundle->path, number, strsignal (number), what);
    return fail (error, ERR_FORMAT,
                 "%s: the process that reads its content ended (status %d) while reading %s: the "
                 "bundle is damaged or hostile, or this is a fault of handcarry; the content was "
                 "not used",
                 bundle->path, WEXITSTATUS (status), what);
}

/* Whoever ends closes his socket just before. */
static gboolean
has_ended (const Decoder *decoder)
{
    autofd int pidfd = pidfd_open (decoder->pid, 0);
    struct pollfd fd = { pidfd, POLLIN, 0 };

    if (pidfd >= 0)
        return poll (&fd, 1, END_MILLISECONDS) == 1;
    for (int i = 0; i < END_MILLISECONDS / KERNEL_ASK_MILLISECONDS; i++) {
        if (kernel_has_ended (decoder->pid))
            return TRUE;
        g_usleep (KERNEL_ASK_MILLISECONDS * 1000);
    }
    return FALSE;
}

/* It closed the socket because it ended, or it sent what is no answer. */
static gboolean
lost (Bundle *bundle, const char *what, gboolean closed, GError **error)
{
    Decoder *decoder = bundle->decoder;
    gboolean ended = closed && has_ended (decoder);
    int status = end_process (decoder);

    if (ended)
        fail_ended (bundle, status, what, &decoder->lost);
    else
        fail (&decoder->lost, ERR_FORMAT,
              "%s: the process that reads its content answered what is no answer while reading "
              "%s: the bundle is hostile, or this is a fault of handcarry; the content was not "
              "used",
              bundle->path, what);
    g_propagate_error (error, g_error_copy (decoder->lost));
    return FALSE;
}

/* A descriptor is nothing that a reader has to give. */
static gboolean
receive (Decoder *decoder, gboolean *closed)
{
    WireMessage *message = &decoder->message;

    *closed = !wire_receive (decoder->socket, message);
    if (*closed || message->fds[0] < 0)
        return !*closed;
    for (guint i = 0; i < WIRE_DESCRIPTORS; i++)
        file_clear_fd (&message->fds[i]);
    return FALSE;
}

/* After a sink failed: the reader stops at its next message, which may be on its way already. What
 * it needs is not answered, for the cancelling is taken for the answer. */
static gboolean
cancel (Bundle *bundle, const DecodeRequest *request, GError *failed, GError **error)
{
    Decoder *decoder = bundle->decoder;
    WireHead head = { .kind = DECODE_CANCEL };
    gboolean closed = !wire_send (decoder->socket, &head, "", 0, NULL);

    for (guint i = 0; !closed && i < CANCELLED_MAX && receive (decoder, &closed); i++)
        if (decoder->message.head.kind == DECODE_DONE ||
            decoder->message.head.kind == DECODE_FAILED) {
            g_propagate_error (error, failed);
            return FALSE;
        }
    g_error_free (failed);
    return lost (bundle, request->what, closed, error);
}

static gboolean
await_answer (Bundle *bundle, const DecodeRequest *request, GError **error)
{
    Decoder *decoder = bundle->decoder;
    WireMessage *message = &decoder->message;
    gboolean closed;

    while (receive (decoder, &closed)) {
        GError *failed = NULL;

        if (message->head.kind == DECODE_DONE)
            return TRUE;
        if (message->head.kind == DECODE_FAILED)
            return decode_take_failure (message, error);
        if (message->head.kind != DECODE_DATA) {
            if (!decode_serve (bundle, decoder->files, decoder->socket, message))
                break;
            continue;
        }
        /* Of empty pieces there could be any number without an end. */
        if (request->sink == NULL || message->length == 0)
            break;
        if (!request->sink ((const guint8 *)message->bytes, message->length, request->data,
                            &failed))
            return cancel (bundle, request, failed, error);
    }
    return lost (bundle, request->what, closed, error);
}

static gboolean
send_request (Decoder *decoder, const DecodeRequest *request)
{
    WireHead head = { request->kind, request->number, request->size };
    const WireHead more = { .kind = DECODE_MORE };
    const int fds[WIRE_DESCRIPTORS] = { request->fd, -1 };
    const char *bytes = request->bytes;
    gsize length = request->length;

    for (; length > WIRE_PIECE; bytes += WIRE_PIECE, length -= WIRE_PIECE)
        if (!wire_send (decoder->socket, &more, bytes, WIRE_PIECE, NULL))
            return FALSE;
    return wire_send (decoder->socket, &head, length > 0 ? bytes : "", length, fds);
}

static gboolean
ask (Bundle *bundle, const DecodeRequest *request, GError **error)
{
    if (!send_request (bundle->decoder, request))
        return lost (bundle, request->what, TRUE, error);
    return await_answer (bundle, request, error);
}

static void
widen (int socket)
{
    int bytes = SOCKET_BYTES;

    if (setsockopt (socket, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof bytes) < 0 &&
        setsockopt (socket, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes) < 0)
        g_debug ("the socket stays as it is: %s", g_strerror (errno));
}

static gboolean
start (Bundle *bundle, GError **error)
{
    const DecodeRequest hello = { .fd = -1, .what = "nothing yet" };
    Decoder *decoder;
    int pair[2];
    pid_t pid;

    if (socketpair (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot make a socket");
    widen (pair[1]);
    pid = fork ();
    if (pid == 0)
        decode_child (bundle, pair[1]);
    close (pair[1]);
    if (pid < 0) {
        close (pair[0]);
        return fail_errno (error, ERR_FAILED, errno, "cannot start a process");
    }
    decoder = bundle->decoder = g_new0 (Decoder, 1);
    decoder->pid = pid;
    decoder->socket = pair[0];
    return await_answer (bundle, &hello, error);
}

/* A copy is handed over so that it can be read only. */
static gboolean
hand_copy_over (Bundle *bundle, GError **error)
{
    g_autofree char *path = g_strdup_printf ("/proc/self/fd/%d", bundle->copy_fd);
    g_autofree guint8 *there = g_malloc0 (bundle->frames->len + 1);
    autofd int fd = openat (AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
    DecodeRequest request = { .kind = DECODE_COPY,
                              .bytes = there,
                              .length = bundle->frames->len,
                              .fd = fd,
                              .what = "the copied-in frames" };

    if (fd < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot open the copy again");
    for (guint i = 0; i < bundle->frames->len; i++)
        there[i] = bundle->copied[i] ? 1 : 0;
    return ask (bundle, &request, error);
}

static gboolean
start_whole (Bundle *bundle, GError **error)
{
    if (start (bundle, error) && (bundle->copy_fd < 0 || hand_copy_over (bundle, error)))
        return TRUE;
    return fail_prefix (error, "starting the process that reads the content of '%s'", bundle->path);
}

void
bundle_start_reader (Bundle *bundle)
{
    g_autoptr (GError) error = NULL;

    if (bundle->apart && bundle->decoder == NULL && !start_whole (bundle, &error))
        g_clear_pointer (&bundle->decoder, decoder_free);
}

gboolean
decode_use_copy (Bundle *bundle, GError **error)
{
    const DecodeRequest none = { .kind = DECODE_COPY, .fd = -1, .what = "the copied-in frames" };

    if (bundle->decoder == NULL || bundle->decoder->lost != NULL)
        return TRUE;
    return bundle->copy_fd >= 0 ? hand_copy_over (bundle, error) : ask (bundle, &none, error);
}

gboolean
decode_ask (Bundle *bundle, const DecodeRequest *request, WireHead *head, GError **error)
{
    if (bundle->decoder == NULL && !start_whole (bundle, error))
        return FALSE;
    if (bundle->decoder->lost != NULL) {
        g_propagate_error (error, g_error_copy (bundle->decoder->lost));
        return FALSE;
    }
    if (!ask (bundle, request, error))
        return FALSE;
    if (head != NULL)
        *head = bundle->decoder->message.head;
    return TRUE;
}

typedef struct {
    GByteArray *bytes;
    gsize limit;
} Kept;

static gboolean
keep (const guint8 *bytes, gsize length, gpointer data, GError **error)
{
    Kept *kept = data;

    if (length > kept->limit - kept->bytes->len)
        return fail (error, ERR_FORMAT, "it is longer than %" G_GSIZE_FORMAT " bytes", kept->limit);
    g_byte_array_append (kept->bytes, bytes, (guint)length);
    return TRUE;
}

GBytes *
decode_ask_bytes (Bundle *bundle, DecodeRequest *request, gsize limit, WireHead *head,
                  GError **error)
{
    g_autoptr (GByteArray) bytes = g_byte_array_new ();
    Kept kept = { bytes, limit };

    request->sink = keep;
    /* cppcheck-suppress autoVariables; the request ends before it does */
    request->data = &kept;
    return decode_ask (bundle, request, head, error)
               ? g_byte_array_free_to_bytes (g_steal_pointer (&bytes))
               : NULL;
}

void
decode_lend (Bundle *bundle, const GArray *files)
{
    if (bundle->decoder != NULL)
        bundle->decoder->files = files;
}
