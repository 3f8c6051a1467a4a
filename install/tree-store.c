/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/tree-store.h"

#include "install/place-tree.h"
#include "install/tree-child.h"
#include "manifest/error.h"
#include "manifest/file.h"
#include "manifest/message.h"
#include "manifest/kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

struct TreeStore {
    pid_t server;
    int control; /* to the server */
    int worker;  /* to the worker, or -1 */
    gboolean in_file, lost;
    guint64 damaged;
    const char *doing; /* for the message where the worker is gone */
    char *path;        /* of the repository, for messages */
    WireMessage answer;
};

/* Whatever ends the one that made this process ends it too. */
static void
die_with (pid_t parent)
{
    prctl (PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (getppid () != parent)
        _exit (0); /* lint: allow-exit: the child of a fork */
    /* Ctrl-C and a lost terminal are for the other process to judge. */
    signal (SIGINT, SIG_IGN);
    signal (SIGTERM, SIG_IGN);
    signal (SIGHUP, SIG_IGN);
}

/* One worker after the other, each for the socket that comes along. */
static void
serve_workers (int control)
{
    WireMessage *message = g_new0 (WireMessage, 1);
    pid_t self = getpid ();

    prctl (PR_SET_NAME, "tree-server", 0, 0, 0);
    while (wire_receive (control, message)) {
        WireHead ended = { .kind = TREE_ENDED };
        int status = 0;
        pid_t pid = fork ();

        if (pid == 0) {
            die_with (self);
            close (control);
            tree_child (message->fds[0]);
        }
        close (message->fds[0]);
        while (pid > 0 && waitpid (pid, &status, 0) < 0 && errno == EINTR)
            continue;
        ended.number = (guint32)status;
        if (!wire_send (control, &ended, "", 0, NULL))
            break;
    }
    _exit (0); /* lint: allow-exit: the child of a fork */
}

TreeStore *
tree_store_start (GError **error)
{
    pid_t self = getpid (), pid;
    TreeStore *store;
    int pair[2];

    if (socketpair (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot make the tree store's socket"), NULL;
    pid = fork ();
    if (pid == 0) {
        /* Nor may it keep another process of this program waiting for the end of its input. */
        dup2 (pair[1], STDERR_FILENO + 1);
        if (!kernel_close_range (STDERR_FILENO + 2, ~0U))
            _exit (1); /* lint: allow-exit: the child of a fork */
        die_with (self);
        serve_workers (STDERR_FILENO + 1);
    }
    close (pair[1]);
    if (pid < 0) {
        fail_errno (error, ERR_FAILED, errno, "cannot start the tree store");
        close (pair[0]);
        return NULL;
    }
    store = g_new0 (TreeStore, 1);
    store->server = pid;
    store->control = pair[0];
    store->worker = -1;
    return store;
}

void
tree_store_free (TreeStore *store)
{
    if (store == NULL)
        return;
    tree_store_close (store);
    file_clear_fd (&store->control);
    while (waitpid (store->server, NULL, 0) < 0 && errno == EINTR)
        continue;
    g_free (store->path);
    g_free (store);
}

static char *
ref_name (const char *product, guint64 release)
{
    return g_strdup_printf ("%s/r%" G_GUINT64_FORMAT, product, release);
}

gboolean
tree_store_find (const Host *host, const char *product, guint64 release, Digest *commit)
{
    g_autofree char *ref = ref_name (product, release);
    g_autofree char *path = g_build_filename (TREE_STORE_FOLDER "/refs/heads", ref, NULL);
    g_autoptr (GBytes) text =
        host->state_fd >= 0 ? file_read_below (host->state_fd, path, DIGEST_HEX_LENGTH + 1, NULL)
                            : NULL;
    g_autofree char *hex =
        text != NULL ? g_strndup (g_bytes_get_data (text, NULL), g_bytes_get_size (text)) : NULL;

    return hex != NULL && digest_parse_hex (g_strchomp (hex), commit, NULL);
}

gboolean
tree_store_remove_empty (const Host *host, GError **error)
{
    autofd int heads = file_open_below (host->state_fd, TREE_STORE_FOLDER "/refs/heads",
                                        O_RDONLY | O_DIRECTORY, NULL);
    g_autoptr (GPtrArray) names = heads >= 0 ? file_list (heads, "refs/heads", error) : NULL;

    if (heads >= 0 && names == NULL)
        return FALSE;
    return (names != NULL && names->len > 0) ||
           place_remove_tree (host->state_fd, TREE_STORE_FOLDER, error);
}

/* The worker is gone; the server says how it ended. */
static gboolean
lost (TreeStore *store, GError **error)
{
    g_autofree char *how = message_printf ("is gone");

    file_clear_fd (&store->worker);
    store->lost = TRUE;
    if (wire_receive (store->control, &store->answer)) {
        int status = (int)store->answer.head.number;

        g_free (how);
        how = WIFSIGNALED (status)
                  ? message_printf ("was ended by signal %d (%s)", WTERMSIG (status),
                                    strsignal (WTERMSIG (status)))
                  : message_printf ("ended with status %d", WEXITSTATUS (status));
    }
    return fail (
        error, ERR_FAILED,
        "the process that works on '%s' %s while %s; its own messages and the kernel's log "
        "say more. Try again; if it ends there each time, move that folder away: it is "
        "made anew",
        store->path, how, store->doing);
}

static gboolean
tell (TreeStore *store, const WireHead *head, gconstpointer bytes, gsize length, const int *fds,
      GError **error)
{
    if (store->worker < 0)
        return fail (error, ERR_FAILED, "'%s' is not open", TREE_STORE_FOLDER);
    return wire_send (store->worker, head, bytes, length, fds) || lost (store, error);
}

static gboolean
ask (TreeStore *store, TreeKind kind, const char *text, const int *fds, const char *doing,
     GError **error)
{
    WireHead head = { .kind = kind };
    g_autofree char *said = NULL;

    store->doing = doing;
    if (!tell (store, &head, text, strlen (text), fds, error))
        return FALSE;
    if (!wire_receive (store->worker, &store->answer))
        return lost (store, error);
    if (store->answer.head.kind == TREE_DONE)
        return TRUE;
    said = message_unpack (store->answer.bytes, store->answer.length);
    return fail (error, store->answer.head.number == ERR_SPACE ? ERR_SPACE : ERR_FAILED,
                 "%s, repository '%s': %s", doing, store->path, said);
}

gboolean
tree_store_open (TreeStore *store, const Host *host, int folder_fd, GError **error)
{
    WireHead head = { .kind = TREE_OPEN };
    autofd int repository =
        file_make_below (host->state_fd, host->state_path, TREE_STORE_FOLDER, 0755, error);
    int fds[WIRE_DESCRIPTORS] = { repository, folder_fd };
    int to_server[WIRE_DESCRIPTORS] = { -1, -1 }, pair[2];
    gboolean sent;

    tree_store_close (store);
    if (repository < 0)
        return FALSE;
    if (socketpair (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot make the tree store's socket");
    g_free (store->path);
    store->path = g_build_filename (host->state_path, TREE_STORE_FOLDER, NULL);
    store->worker = pair[0];
    store->lost = store->in_file = FALSE;
    store->damaged = 0;
    to_server[0] = pair[1];
    store->doing = "starting";
    sent = wire_send (store->control, &head, "", 0, to_server);
    close (pair[1]);
    if (!sent)
        return lost (store, error);
    if (!ask (store, TREE_OPEN, "", fds, "opening the tree repository", error))
        return FALSE;
    store->damaged = store->answer.head.size;
    return TRUE;
}

guint64
tree_store_damaged (const TreeStore *store)
{
    return store->damaged;
}

void
tree_store_close (TreeStore *store)
{
    if (store->worker < 0)
        return;
    file_clear_fd (&store->worker);
    if (!wire_receive (store->control, &store->answer))
        store->lost = TRUE;
}

gboolean
tree_store_is_lost (const TreeStore *store)
{
    return store->lost;
}

gboolean
tree_store_add (TreeStore *store, const char *path, gboolean executable, guint64 size,
                const guint8 *piece, gsize length, gboolean last, GError **error)
{
    WireHead file = { TREE_FILE, executable ? 1 : 0, size }, data = { .kind = TREE_DATA };

    store->doing = "committing the tree";
    if (!store->in_file && !tell (store, &file, path, strlen (path), NULL, error))
        return FALSE;
    store->in_file = !last;
    for (gsize n; length > 0; piece += n, length -= n) {
        n = MIN (length, WIRE_PIECE);
        if (!tell (store, &data, piece, n, NULL, error))
            return FALSE;
    }
    return TRUE;
}

gboolean
tree_store_commit (TreeStore *store, Digest *commit, GError **error)
{
    return ask (store, TREE_COMMIT, "", NULL, "committing the tree", error) &&
           (digest_parse_hex (store->answer.bytes, commit, NULL) ||
            fail (error, ERR_FAILED, "libostree answered no checksum for the tree's commit"));
}

gboolean
tree_store_keep (TreeStore *store, const char *product, guint64 release, GError **error)
{
    g_autofree char *ref = ref_name (product, release);

    return ask (store, TREE_KEEP, ref, NULL, "keeping the tree's commit", error);
}

gboolean
tree_store_check_out (TreeStore *store, const Digest *commit, GError **error)
{
    g_autofree char *hex = digest_to_hex (commit);

    return ask (store, TREE_CHECKOUT, hex, NULL, "checking out the tree", error);
}

gboolean
tree_store_drop (TreeStore *store, const char *product, guint64 release, GError **error)
{
    g_autofree char *ref = ref_name (product, release);

    return ask (store, TREE_DROP, ref, NULL, "dropping a release's tree", error);
}

static gboolean
ask_size (TreeStore *store, TreeKind kind, const char *doing, guint64 *size, GError **error)
{
    if (!ask (store, kind, "", NULL, doing, error))
        return FALSE;
    if (size != NULL)
        *size = store->answer.head.size;
    return TRUE;
}

gboolean
tree_store_prune (TreeStore *store, guint64 *freed, GError **error)
{
    return ask_size (store, TREE_PRUNE, "pruning the tree repository", freed, error);
}

gboolean
tree_store_mend (TreeStore *store, guint64 *removed, GError **error)
{
    return ask_size (store, TREE_MEND, "mending the tree repository", removed, error);
}
