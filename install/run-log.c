/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/run-log.h"

#include "install/mask.h"
#include "manifest/error.h"
#include "manifest/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK 65536

struct RunLog {
    int fd;
    char *name;
    Mask *mask;
    GError *error; /* the first that happened */
};

static char *
file_name (const char *run)
{
    return g_strconcat (run, RUN_LOG_SUFFIX, NULL);
}

static void
write_line (const guint8 *bytes, gsize length, gpointer data)
{
    RunLog *log = data;

    if (log->error == NULL && !file_write_all (log->fd, log->name, bytes, length, &log->error))
        g_debug ("a line of the log is lost");
}

RunLog *
run_log_open (const Host *host, const char *run, GPtrArray *values, GError **error)
{
    autofd int dirfd =
        file_make_below (host->state_fd, host->state_path, RUN_LOG_FOLDER, 0700, error);
    g_autofree char *name = file_name (run);
    RunLog *log;
    int fd;

    if (dirfd < 0)
        return NULL;
    fd = openat (dirfd, name, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) {
        fail_errno (error, ERR_FAILED, errno, "cannot open the log '%s/" RUN_LOG_FOLDER "/%s'",
                    host->state_path, name);
        return NULL;
    }
    if (!file_fsync_dir (dirfd, name, error)) {
        file_clear_fd (&fd);
        return NULL;
    }
    log = g_new0 (RunLog, 1);
    log->fd = fd;
    log->name = g_steal_pointer (&name);
    log->mask = mask_new (values, write_line, log);
    return log;
}

gboolean
run_log_is_there (const Host *host, const char *run)
{
    g_autofree char *name = file_name (run);
    g_autofree char *path = g_build_filename (RUN_LOG_FOLDER, name, NULL);

    return faccessat (host->state_fd, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

void
run_log_bytes (const guint8 *bytes, gsize length, gpointer log)
{
    if (log != NULL)
        mask_add (((RunLog *)log)->mask, bytes, length);
}

void
run_log_text (RunLog *log, const char *text)
{
    run_log_bytes ((const guint8 *)text, strlen (text), log);
}

gboolean
run_log_close (RunLog *log, GError **error)
{
    g_autoptr (RunLog) own = log;

    if (log == NULL)
        return TRUE;
    g_clear_pointer (&log->mask, mask_free);
    if (log->error != NULL) {
        g_propagate_error (error, g_steal_pointer (&log->error));
        return FALSE;
    }
    return fsync (log->fd) == 0 ||
           fail_errno (error, ERR_FAILED, errno, "cannot sync the log '%s'", log->name);
}

void
run_log_free (RunLog *log)
{
    if (log == NULL)
        return;
    g_clear_pointer (&log->mask, mask_free);
    file_clear_fd (&log->fd);
    g_clear_error (&log->error);
    g_free (log->name);
    g_free (log);
}

static gboolean
hash_file (int fd, const char *name, guint64 *bytes, Digest *digest, GError **error)
{
    g_autoptr (DigestStream) stream = digest_stream_new ();
    g_autofree guint8 *buffer = g_malloc (CHUNK);
    ssize_t n;

    *bytes = 0;
    while ((n = read (fd, buffer, CHUNK)) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fail_errno (error, ERR_FAILED, errno, "cannot read the log '%s'", name);
        digest_stream_add (stream, buffer, (gsize)n);
        *bytes += (guint64)n;
    }
    digest_stream_finish (stream, digest);
    return TRUE;
}

gboolean
run_log_digest (const Host *host, const char *run, gboolean *there, guint64 *bytes, Digest *digest,
                GError **error)
{
    g_autofree char *name = file_name (run);
    g_autofree char *path = g_build_filename (RUN_LOG_FOLDER, name, NULL);
    autofd int fd = -1;

    *there = run_log_is_there (host, run);
    if (!*there)
        return TRUE;
    fd = file_open_below (host->state_fd, path, O_RDONLY | O_NONBLOCK, error);
    return fd >= 0 && hash_file (fd, name, bytes, digest, error);
}

/* The run of a log's name, or NULL. */
static char *
run_of (const char *name)
{
    return g_str_has_suffix (name, RUN_LOG_SUFFIX)
               ? g_strndup (name, strlen (name) - strlen (RUN_LOG_SUFFIX))
               : NULL;
}

static gboolean
is_later (const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec != b->tv_sec ? a->tv_sec > b->tv_sec : a->tv_nsec > b->tv_nsec;
}

/* By the time of the last write: the names have it by the second, and two runs may share one. */
static char *
newest_in (int dirfd, GError **error)
{
    g_autoptr (GPtrArray) names = file_list (dirfd, "the logs", error);
    g_autofree char *found = NULL;
    struct timespec at = { 0 };

    for (guint i = 0; names != NULL && i < names->len; i++) {
        g_autofree char *run = run_of (names->pdata[i]);
        struct stat st;

        if (run == NULL || fstatat (dirfd, names->pdata[i], &st, AT_SYMLINK_NOFOLLOW) < 0 ||
            (found != NULL && !is_later (&st.st_mtim, &at)))
            continue;
        at = st.st_mtim;
        g_free (found);
        found = g_steal_pointer (&run);
    }
    if (names != NULL && found == NULL)
        fail (error, ERR_FAILED, "no run has left a log yet");
    return g_steal_pointer (&found);
}

static int
open_logs (const Host *host, GError **error)
{
    int fd = host->state_fd < 0 ? -1
                                : openat (host->state_fd, RUN_LOG_FOLDER,
                                          O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

    if (fd >= 0)
        return fd;
    if (host->state_fd < 0 || errno == ENOENT)
        fail (error, ERR_FAILED, "nothing was ever changed here, so there is no log in '%s'",
              host->state_path);
    else if (errno == EACCES)
        fail (error, ERR_FAILED,
              "only root may read the logs in '%s/" RUN_LOG_FOLDER "'; type: sudo handcarry log",
              host->state_path);
    else
        fail_errno (error, ERR_FAILED, errno, "cannot open '%s/" RUN_LOG_FOLDER "'",
                    host->state_path);
    return -1;
}

int
run_log_find (const Host *host, const char *run, char **name, GError **error)
{
    autofd int dirfd = open_logs (host, error);
    g_autofree char *file = NULL;
    g_autofree char *last = NULL;
    g_autofree char *shown = run != NULL ? error_quote (run) : NULL;
    int fd;

    if (dirfd < 0)
        return -1;
    if (run != NULL && (*run == '\0' || strchr (run, '/') != NULL || *run == '.')) {
        fail (error, ERR_USAGE, "'%s' is no name of a run; 'handcarry history' shows them", shown);
        return -1;
    }
    last = run == NULL ? newest_in (dirfd, error) : NULL;
    if (run == NULL && last == NULL)
        return -1;
    file = file_name (run != NULL ? run : last);
    fd = openat (dirfd, file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT && run != NULL)
        fail (error, ERR_FAILED,
              "no run '%s' has left a log here; 'handcarry history' shows the runs", shown);
    else if (fd < 0)
        fail_errno (error, ERR_FAILED, errno, "cannot read the log '%s'", file);
    else
        *name = g_steal_pointer (&file);
    return fd;
}
