/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <ostree.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Preloaded by tests: libostree as it is when it is killed, aborts, lies or is not contained.
 * OSTREE_FAULT is "FUNCTION HOW"; the other functions do what they always do. */

/* Read once: the program sheds its environment. */
static char *text, *state, *note;

__attribute__ ((constructor)) static void
attach (void)
{
    text = g_strdup (g_getenv ("OSTREE_FAULT"));
    state = g_strdup (g_getenv ("OSTREE_FAULT_STATE"));
    note = g_strdup (g_getenv ("OSTREE_FAULT_NOTE"));
}

static const char *
fault (const char *function)
{
    gsize length = strlen (function);

    return text != NULL && strncmp (text, function, length) == 0 && text[length] == ' '
               ? text + length + 1
               : "";
}

/* What a worker that is not ours could try. Its end tells that something was allowed. */
static void
escape (void)
{
    char *const argv[] = { "/bin/true", NULL };

    if (open ("/etc/passwd", O_RDONLY) >= 0 || open (state, O_WRONLY) >= 0 || unlink (state) == 0 ||
        open ("/tmp/ostree-fault-escaped", O_WRONLY | O_CREAT, 0600) >= 0 ||
        socket (AF_UNIX, SOCK_STREAM, 0) >= 0)
        raise (SIGKILL);
    execv (argv[0], argv);
    if (creat (note, 0600) < 0)
        raise (SIGKILL);
}

static gboolean
strike (const char *function, GError **error)
{
    const char *how = fault (function);

    if (strcmp (how, "abort") == 0)
        abort ();
    if (strcmp (how, "kill") == 0)
        raise (SIGKILL);
    if (strcmp (how, "exit") == 0)
        _exit (3);
    if (strcmp (how, "hang") == 0)
        sleep (600);
    if (strcmp (how, "escape") == 0)
        escape ();
    if (strcmp (how, "full") == 0)
        return g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE, "no room"), FALSE;
    return TRUE;
}

gboolean
ostree_repo_write_commit_with_time (OstreeRepo *self, const char *parent, const char *subject,
                                    const char *body, GVariant *metadata, OstreeRepoFile *root,
                                    guint64 timestamp, char **checksum, GCancellable *cancellable,
                                    GError **error)
{
    gboolean (*real) (OstreeRepo *, const char *, const char *, const char *, GVariant *,
                      OstreeRepoFile *, guint64, char **, GCancellable *, GError **) =
        dlsym (RTLD_NEXT, __func__);
    gboolean done = strike ("commit", error) && real (self, parent, subject, body, metadata, root,
                                                      timestamp, checksum, cancellable, error);

    if (done && strcmp (fault ("commit"), "lie") == 0)
        memset (*checksum, 'a', 64);
    return done;
}

gboolean
ostree_repo_commit_transaction (OstreeRepo *self, OstreeRepoTransactionStats *stats,
                                GCancellable *cancellable, GError **error)
{
    gboolean (*real) (OstreeRepo *, OstreeRepoTransactionStats *, GCancellable *, GError **) =
        dlsym (RTLD_NEXT, __func__);

    return strike ("keep", error) && real (self, stats, cancellable, error);
}

gboolean
ostree_repo_checkout_at (OstreeRepo *self, OstreeRepoCheckoutAtOptions *options, int folder,
                         const char *path, const char *commit, GCancellable *cancellable,
                         GError **error)
{
    gboolean (*real) (OstreeRepo *, OstreeRepoCheckoutAtOptions *, int, const char *, const char *,
                      GCancellable *, GError **) = dlsym (RTLD_NEXT, __func__);
    gboolean done = strike ("checkout", error) &&
                    real (self, options, folder, path, commit, cancellable, error);

    if (done && strcmp (fault ("checkout"), "lie") == 0) {
        int tree = openat (folder, path, O_RDONLY | O_DIRECTORY);

        close (openat (tree, "more", O_WRONLY | O_CREAT, 0644));
        close (tree);
    }
    return done;
}

gboolean
ostree_repo_prune (OstreeRepo *self, OstreeRepoPruneFlags flags, int depth, int *total, int *pruned,
                   guint64 *size, GCancellable *cancellable, GError **error)
{
    gboolean (*real) (OstreeRepo *, OstreeRepoPruneFlags, int, int *, int *, guint64 *,
                      GCancellable *, GError **) = dlsym (RTLD_NEXT, __func__);

    return strike ("prune", error) &&
           real (self, flags, depth, total, pruned, size, cancellable, error);
}
