/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/registry-helper.h"

#include "bundle/strictjson.h"
#include "manifest/error.h"
#include "manifest/file.h"

#include <errno.h>
#include <gio/gio.h>
#include <string.h>
#include <sys/mman.h>

#define HELPER_SECONDS 60
#define PREFIX "docker-credential-"
#define NOT_FOUND "credentials not found"
/* The user name that says that the secret is an identity token. */
#define TOKEN_USER "<token>"

/* One run of a helper. */
typedef struct {
    GMainLoop *loop;
    GCancellable *cancellable;
    GSubprocess *process;
    GBytes *output;
    GError *error;
} Run;

gboolean
credential_helper_parse (GBytes *text, Credentials *out, GError **error)
{
    g_autoptr (JsonNode) root = NULL;
    JsonObject *object = strictjson_parse_object (text, "answer", &root, error);
    const char *user, *secret;

    if (object == NULL || !strictjson_string (object, "Username", "answer", &user, error) ||
        !strictjson_string (object, "Secret", "answer", &secret, error))
        return FALSE;
    if (secret == NULL || *secret == '\0')
        return TRUE;
    out->kind = g_strcmp0 (user, TOKEN_USER) == 0 ? CREDENTIALS_IDENTITY : CREDENTIALS_PASSWORD;
    out->user = g_strdup (user != NULL ? user : "");
    out->secret = g_strdup (secret);
    return TRUE;
}

static void
on_done (GObject *source, GAsyncResult *result, gpointer data)
{
    Run *run = data;

    g_subprocess_communicate_finish (G_SUBPROCESS (source), result, &run->output, NULL,
                                     &run->error);
    g_main_loop_quit (run->loop);
}

static gboolean
on_time (gpointer data)
{
    g_cancellable_cancel (((Run *)data)->cancellable);
    return G_SOURCE_REMOVE;
}

/* In a loop of its own: any thread may ask, and a helper that waits for ever is ended. */
static void
communicate (Run *run)
{
    g_autoptr (GMainContext) context = g_main_context_new ();
    g_autoptr (GSource) timer = g_timeout_source_new_seconds (HELPER_SECONDS);

    g_main_context_push_thread_default (context);
    run->loop = g_main_loop_new (context, FALSE);
    run->cancellable = g_cancellable_new ();
    g_source_set_callback (timer, on_time, run, NULL);
    g_source_attach (timer, context);
    g_subprocess_communicate_async (run->process, NULL, run->cancellable, on_done, run);
    g_main_loop_run (run->loop);
    g_source_destroy (timer);
    if (run->error != NULL)
        g_subprocess_force_exit (run->process);
    else
        g_subprocess_wait (run->process, NULL, NULL);
    g_main_context_pop_thread_default (context);
    g_clear_pointer (&run->loop, g_main_loop_unref);
    g_clear_object (&run->cancellable);
}

static void
run_clear (Run *run)
{
    g_clear_object (&run->process);
    g_clear_pointer (&run->output, g_bytes_unref);
    g_clear_error (&run->error);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Run, run_clear)

/* The first line of what a failed helper said, for by the protocol that is why; not where it looks
 * like an answer, which has a secret in it. Caller frees. */
static char *
said (const Run *run)
{
    gsize length;
    const char *data = run->output == NULL ? NULL : g_bytes_get_data (run->output, &length);
    g_autofree char *text = data == NULL ? g_strdup ("") : g_strndup (data, length);

    text[strcspn (text, "\r\n")] = '\0';
    return error_quote (strpbrk (text, "{}") == NULL ? text : "");
}

static gboolean
judge (const Run *run, const char *program, Credentials *out, GError **error)
{
    g_autofree char *text = NULL;

    if (run->error != NULL)
        return fail (error, ERR_FAILED, "%s did not answer in %d seconds, or died: %s", program,
                     HELPER_SECONDS, run->error->message);
    if (g_subprocess_get_if_exited (run->process) &&
        g_subprocess_get_exit_status (run->process) == 0)
        return credential_helper_parse (run->output, out, error) ||
               fail_prefix (error, "%s", program);
    text = said (run);
    if (g_str_has_prefix (text, NOT_FOUND))
        return TRUE;
    return fail (error, ERR_FAILED, "%s failed: %s", program,
                 *text != '\0' ? text : "it does not say why");
}

/* A file without a name, for a pipe that nobody reads would end us by SIGPIPE. */
static int
make_input (const char *text, GError **error)
{
    autofd int fd = memfd_create ("registry", MFD_CLOEXEC);

    if (fd < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot make a file"), -1;
    if (!file_pwrite_all (fd, "a file without a name", text, strlen (text), 0, error))
        return -1;
    return file_steal_fd (&fd);
}

gboolean
credential_helper_get (const char *name, const char *host, Credentials *out, GError **error)
{
    g_autofree char *program = g_strconcat (PREFIX, name, NULL), *shown = error_quote (name);
    const char *server = strcmp (host, "docker.io") == 0 ? "https://index.docker.io/v1/" : host;
    g_autoptr (GSubprocessLauncher) launcher = g_subprocess_launcher_new (
        G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_SILENCE);
    g_autoptr (GError) cause = NULL;
    g_auto (Run) run = { 0 };
    int input;

    if (strspn (name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") !=
        strlen (name))
        return fail (error, ERR_FORMAT, "'%s' is no name of a credential helper", shown);
    input = make_input (server, error);
    if (input < 0)
        return FALSE;
    g_subprocess_launcher_take_stdin_fd (launcher, input);
    run.process = g_subprocess_launcher_spawn (launcher, &cause, program, "get", NULL);
    if (run.process == NULL)
        return fail (error, ERR_FAILED,
                     "cannot run %s, which the registry's credentials are in: %s", program,
                     cause->message);
    communicate (&run);
    if (!judge (&run, program, out, error))
        return FALSE;
    if (out->kind != CREDENTIALS_NONE)
        out->where = g_steal_pointer (&program);
    return TRUE;
}
