/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/work.h"

#include "install/mask.h"
#include "install/place.h"
#include "manifest/error.h"
#include "manifest/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define WORK "work"

void
work_sweep (Run *run)
{
    g_autoptr (GError) error = NULL;

    if (!place_remove_tree (run->product_fd, WORK, &error))
        run_note (run, "values may be left in '%s': %s", WORK, error->message);
}

void
work_clear (Work *work)
{
    file_clear_fd (&work->dirfd);
    file_clear_fd (&work->log);
    g_free (work->path);
    last_lines_free (work->lines);
    if (work->run != NULL)
        work_sweep (work->run);
}

char *
work_log_path (const Run *run, const char *log_name)
{
    return g_build_filename (run->host->state_path, run->release->product, "log", log_name, NULL);
}

static gboolean
open_log (Work *work, const char *name, GError **error)
{
    autofd int dir = file_make_below (work->run->product_fd, NULL, "log", 0700, error);

    if (dir < 0)
        return FALSE;
    work->log = file_open_below (dir, name, O_WRONLY | O_CREAT | O_APPEND, error);
    return work->log >= 0;
}

gboolean
work_open (Work *work, Run *run, const char *log_name, GError **error)
{
    if (run->values == NULL)
        run->values = run_read_values (run, error);
    if (run->values == NULL)
        return FALSE;
    work->run = run;
    work->path = g_build_filename (run->host->state_path, run->release->product, WORK, NULL);
    work->lines = last_lines_new (NULL);
    if (!place_remove_tree (run->product_fd, WORK, error))
        return FALSE;
    if (mkdirat (run->product_fd, WORK, 0700) < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot make '%s'", work->path);
    work->dirfd = file_open_below (run->product_fd, WORK, O_RDONLY | O_DIRECTORY, error);
    return work->dirfd >= 0 && open_log (work, log_name, error);
}

gboolean
work_write (Work *work, const char *name, GBytes *bytes, GError **error)
{
    return file_create (work->dirfd, name, bytes, 0600, error);
}

char **
work_environment (const Run *run)
{
    const char *socket = engine_info (run->engine)->socket;
    g_autofree char *url = g_strconcat ("unix://", socket, NULL);
    char **environment = g_new0 (char *, 1);

    environment = g_environ_setenv (environment, "LC_ALL", "C.UTF-8", TRUE);
    environment = g_environ_setenv (environment, "PATH", LAUNCHER_PATH, TRUE);
    environment = g_environ_setenv (environment, "PYTHONDONTWRITEBYTECODE", "1", TRUE);
    environment = g_environ_setenv (environment, "HOME", g_get_home_dir (), TRUE);
    environment = g_environ_setenv (environment, "DOCKER_HOST", url, TRUE);
    return g_environ_setenv (environment, "CONTAINER_HOST", url, TRUE);
}

static void
take_output (const guint8 *bytes, gsize length, gpointer data)
{
    Work *work = data;

    if (!file_write_all (work->log, "log", bytes, length, NULL))
        g_debug ("a line of the log is lost");
    last_lines_add (bytes, length, work->lines);
    run_log_bytes (bytes, length, work->run->log);
    if (work->run->output != NULL)
        work->run->output (bytes, length, work->run->output_data);
}

static void
mask_output (const guint8 *bytes, gsize length, gpointer data)
{
    mask_add (data, bytes, length);
}

/* A playbook in the middle is no safe point, so the first signal waits for its end; but that may
 * never come, so the second one interrupts it. On the way back there is nothing to stop for, but a
 * playbook that never ends there is to be interrupted, too. */
static gboolean
stop (gpointer data)
{
    static const char stopping[] = "stopping when this ends; a second signal interrupts it\n";
    static const char going_on[] =
        "this is the way back, so it goes on; a second signal interrupts "
        "this playbook, and a person has to look then\n";
    Work *work = data;

    if (work->run->stopped || work->told) {
        work->interrupted = run_stopped_again (work->run);
        return work->interrupted;
    }
    if (work->run->back_from != 0 && run_stopped_again (work->run)) {
        take_output ((const guint8 *)going_on, sizeof going_on - 1, work);
        work->told = TRUE;
    } else if (work->run->back_from == 0 && run_stopped (work->run)) {
        take_output ((const guint8 *)stopping, sizeof stopping - 1, work);
    }
    return FALSE;
}

gboolean
work_run (Work *work, const char *const *argv, char **environment, int *status, GError **error)
{
    g_autofree char *tree = run_tree_path (work->run);
    LauncherJob job = {
        argv, (const char *const *)environment, tree, 0, stop, work, work->run->stop_fd
    };
    g_autoptr (Mask) mask = mask_new (work->run->values, take_output, work);

    return launcher_run (work->run->launcher, &job, mask_output, mask, status, error);
}
