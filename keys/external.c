/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "keys/external.h"

#include "keys/selftest.h"
#include "keys/sign.h"
#include "manifest/error.h"
#include "manifest/file.h"

#include <errno.h>
#include <glib-unix.h>
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

/* One byte more than is wanted, so that too much is seen. */
typedef struct {
    guint8 bytes[crypto_sign_BYTES + 1];
    gsize length;
} Answer;

typedef struct {
    const External *external;
    const PublicKey *key;
} Run;

/* The program's stdin is a file and no pipe: one that does not read it is no broken pipe here. */
static int
make_input (const guint8 *bytes, gsize length, GError **error)
{
    autofd int fd = memfd_create ("to-be-signed", MFD_CLOEXEC);

    if (fd < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot make the program's input"), -1;
    if (!file_write_all (fd, "the program's input", bytes, length, error))
        return -1;
    if (lseek (fd, 0, SEEK_SET) < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot make the program's input"), -1;
    return file_steal_fd (&fd);
}

/* FALSE at the end, where there is nothing for now, and where there is no room for more. */
static gboolean
read_some (int fd, Answer *answer)
{
    ssize_t n = TEMP_FAILURE_RETRY (
        read (fd, answer->bytes + answer->length, sizeof answer->bytes - answer->length));

    if (n > 0)
        answer->length += (gsize)n;
    return n > 0;
}

/* Waits for the program itself, not for the end of its output: what it leaves running may keep the
 * pipe open. FALSE: time is over, or it gave more than it may. */
static gboolean
watch (int output, int pidfd, gint64 until, Answer *answer)
{
    struct pollfd fds[2] = { { output, POLLIN, 0 }, { pidfd, POLLIN, 0 } };

    while (answer->length < sizeof answer->bytes) {
        gint64 left = (until - g_get_monotonic_time ()) / 1000;

        fds[0].revents = fds[1].revents = 0;
        if (left <= 0 || (poll (fds, 2, (int)MIN (left, G_MAXINT)) < 0 && errno != EINTR))
            return FALSE;
        if (fds[0].revents != 0 && !read_some (output, answer))
            fds[0].fd = -1;
        if (fds[1].revents == 0)
            continue;
        while (read_some (output, answer))
            ;
        return TRUE;
    }
    return FALSE;
}

static gboolean
start (const External *external, int input, GPid *pid, int *output, GError **error)
{
    g_auto (GStrv) argv = NULL;
    g_autoptr (GError) problem = NULL;

    if (!g_shell_parse_argv (external->command, NULL, &argv, &problem))
        return fail (error, ERR_USAGE, "%s", problem->message);
    if (!g_spawn_async_with_pipes_and_fds (
            NULL, (const char *const *)argv, NULL,
            G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_CLOEXEC_PIPES, NULL, NULL,
            input, -1, -1, NULL, NULL, 0, pid, NULL, output, NULL, &problem))
        return fail (error, ERR_FAILED, "%s", problem->message);
    return TRUE;
}

static gboolean
judge (const External *external, gboolean ended, int status, const Answer *answer, GError **error)
{
    g_autoptr (GError) problem = NULL;

    if (answer->length > crypto_sign_BYTES)
        return fail (error, ERR_FAILED,
                     "it gave more than %u bytes; it must give the %u raw bytes of an Ed25519 "
                     "signature, not hexadecimal, base64 or any text",
                     crypto_sign_BYTES, crypto_sign_BYTES);
    if (!ended)
        return fail (error, ERR_FAILED,
                     "it was not done after %u seconds and was ended (--external-wait SECONDS "
                     "gives it more)",
                     external->wait);
    if (!g_spawn_check_wait_status (status, &problem))
        return fail (error, ERR_FAILED, "it failed: %s", problem->message);
    if (answer->length != crypto_sign_BYTES)
        return fail (error, ERR_FAILED,
                     "it gave %" G_GSIZE_FORMAT " bytes; it must give the %u raw bytes of an "
                     "Ed25519 signature",
                     answer->length, crypto_sign_BYTES);
    return TRUE;
}

static gboolean
run (const External *external, const guint8 *bytes, gsize length, Answer *answer, GError **error)
{
    autofd int input = make_input (bytes, length, error);
    autofd int output = -1;
    autofd int pidfd = -1;
    gint64 until = g_get_monotonic_time () + (gint64)external->wait * G_USEC_PER_SEC;
    gboolean ended;
    int status = 0;
    GPid pid;

    if (input < 0 || !start (external, input, &pid, &output, error))
        return FALSE;
    pidfd = pidfd_open (pid, 0);
    ended = pidfd >= 0 && g_unix_set_fd_nonblocking (output, TRUE, NULL) &&
            watch (output, pidfd, until, answer);
    if (!ended)
        kill (pid, SIGKILL);
    if (TEMP_FAILURE_RETRY (waitpid (pid, &status, 0)) != pid || pidfd < 0)
        return fail (error, ERR_FAILED, "cannot wait for it");
    return judge (external, ended, status, answer, error);
}

/* The first answer is checked before the program is asked for the second: a token that has another
 * key is found after one touch. */
static gboolean
sign_one (gpointer data, const guint8 *bytes, gsize length, guint8 out[64], GError **error)
{
    const Run *self = data;
    Answer answer = { .length = 0 };
    g_autofree char *id = public_key_id (self->key), *shown = NULL;

    if (!run (self->external, bytes, length, &answer, error)) {
        shown = error_quote (self->external->command);
        return fail_prefix (error, "signing with the program '%s'", shown);
    }
    if (crypto_sign_ed25519_verify_detached (answer.bytes, bytes, length, self->key->key) != 0) {
        shown = error_quote (self->external->command);
        return fail (error, ERR_TRUST,
                     "signing with the program '%s': its 64 bytes are no signature of key %s over "
                     "what it was handed: either it has another key, or it does not make plain "
                     "Ed25519 signatures over its input as it is",
                     shown, id);
    }
    memcpy (out, answer.bytes, crypto_sign_BYTES);
    return TRUE;
}

GBytes *
external_sign_bytes (const External *external, const PublicKey *key, GBytes *message,
                     const char *comment, GError **error)
{
    Run self = { external, key };

    if (!keys_start (error))
        return NULL;
    return sign_bytes_by (sign_one, &self, key, message, comment, error);
}
