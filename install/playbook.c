/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/playbook.h"

#include "install/last-lines.h"
#include "install/mask.h"
#include "install/place.h"
#include "install/playbook-resource.h"
#include "manifest/error.h"
#include "manifest/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define WORK "work"
#define RESULTS_BYTES (64 * 1024 * 1024)
#define LOCALHOST                                                                                  \
    "localhost ansible_connection=local "                                                          \
    "ansible_python_interpreter=\"{{ ansible_playbook_python }}\"\n"

/* One run of ansible-playbook: its folder (0700, secrets lie in it) and its log. */
typedef struct {
    Run *run;
    char *path; /* STATE/PRODUCT/work */
    int dirfd;
    int log;
    LastLines *lines;
    gboolean interrupted;
} Work;

static void
work_clear (Work *work)
{
    g_autoptr (GError) error = NULL;

    file_clear_fd (&work->dirfd);
    file_clear_fd (&work->log);
    g_free (work->path);
    last_lines_free (work->lines);
    if (!place_remove_tree (work->run->product_fd, WORK, &error))
        run_note (work->run, "values may be left in '%s': %s", WORK, error->message);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Work, work_clear)

static gboolean
write_text (Work *work, const char *name, GBytes *bytes, GError **error)
{
    return file_create (work->dirfd, name, bytes, 0600, error);
}

static gboolean
write_plugin (Work *work, GError **error)
{
    g_autoptr (GBytes) plugin =
        g_resource_lookup_data (playbook_get_resource (), "/handcarry/ansible/handcarry.py",
                                G_RESOURCE_LOOKUP_FLAGS_NONE, error);

    return plugin != NULL && write_text (work, "handcarry.py", plugin, error);
}

static gboolean
write_files (Work *work, const ReleasePlaybook *playbook, GError **error)
{
    g_autofree char *tree = run_tree_path (work->run);
    g_autoptr (GBytes) config = playbook_config (work->path, tree, playbook->path);
    g_autoptr (GBytes) variables = playbook_variables (work->run, playbook->run);
    g_autoptr (GBytes) inventory = g_bytes_new_static (LOCALHOST, sizeof LOCALHOST - 1);

    return write_plugin (work, error) && write_text (work, "ansible.cfg", config, error) &&
           write_text (work, "variables.yml", variables, error) &&
           write_text (work, "inventory", inventory, error);
}

char *
playbook_log_path (const Run *run, const ReleasePlaybook *playbook)
{
    g_autofree char *base = g_path_get_basename (playbook->path);
    g_autofree char *folder = run_folder (run);
    g_autofree char *name = g_strdup_printf ("%s-%s.log", folder, base);

    return g_build_filename (run->host->state_path, run->release->product, "log", name, NULL);
}

static gboolean
open_log (Work *work, const ReleasePlaybook *playbook, GError **error)
{
    g_autofree char *path = playbook_log_path (work->run, playbook);
    g_autofree char *name = g_path_get_basename (path);
    autofd int dir = -1;

    if (mkdirat (work->run->product_fd, "log", 0700) == 0 || errno == EEXIST)
        dir = file_open_below (work->run->product_fd, "log", O_RDONLY | O_DIRECTORY, error);
    if (dir < 0)
        return FALSE;
    work->log = file_open_below (dir, name, O_WRONLY | O_CREAT | O_APPEND, error);
    return work->log >= 0;
}

static gboolean
open_work (Work *work, const ReleasePlaybook *playbook, GError **error)
{
    Run *run = work->run;

    work->path = g_build_filename (run->host->state_path, run->release->product, WORK, NULL);
    if (!place_remove_tree (run->product_fd, WORK, error))
        return FALSE;
    if (mkdirat (run->product_fd, WORK, 0700) < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot make '%s'", work->path);
    work->dirfd = file_open_below (run->product_fd, WORK, O_RDONLY | O_DIRECTORY, error);
    return work->dirfd >= 0 && open_log (work, playbook, error) &&
           write_files (work, playbook, error);
}

static void
take_output (const guint8 *bytes, gsize length, gpointer data)
{
    Work *work = data;

    if (!file_write_all (work->log, "log", bytes, length, NULL))
        g_debug ("a line of the log is lost");
    last_lines_add (bytes, length, work->lines);
    if (work->run->output != NULL)
        work->run->output (bytes, length, work->run->output_data);
}

static void
mask_output (const guint8 *bytes, gsize length, gpointer data)
{
    mask_add (data, bytes, length);
}

/* A playbook in the middle is no safe point, so the first signal waits for its end; but that may
 * never come, so the second one interrupts it. */
static gboolean
stop_playbook (gpointer data)
{
    static const char told[] = "stopping when this playbook ends; a second signal interrupts it\n";
    Work *work = data;

    if (work->run->stopped) {
        work->interrupted = run_stopped_again (work->run);
        return work->interrupted;
    }
    if (run_stopped (work->run))
        take_output ((const guint8 *)told, sizeof told - 1, work);
    return FALSE;
}

/* A clean environment: nothing a person has set changes what the playbook does. DOCKER_HOST names
 * the engine that the images were loaded into. */
static char **
make_environment (const Work *work)
{
    const char *socket = engine_info (work->run->engine)->socket;
    g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
    g_autofree char *config = g_strdup_printf ("ANSIBLE_CONFIG=%s/ansible.cfg", work->path);
    g_autofree char *tasks = g_strdup_printf ("HANDCARRY_TASKS=%s/tasks", work->path);
    g_autofree char *home = g_strdup_printf ("HOME=%s", g_get_home_dir ());
    g_autofree char *docker = g_strdup_printf ("DOCKER_HOST=unix://%s", socket);
    g_autofree char *podman = g_strdup_printf ("CONTAINER_HOST=unix://%s", socket);

    g_strv_builder_add_many (builder, "LC_ALL=C.UTF-8", "PYTHONDONTWRITEBYTECODE=1",
                             "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                             config, tasks, home, docker, podman, NULL);
    return g_strv_builder_end (builder);
}

static gboolean
start (Work *work, const ReleasePlaybook *playbook, int *status, GError **error)
{
    g_autofree char *tree = run_tree_path (work->run);
    g_autofree char *variables = g_strdup_printf ("@%s/variables.yml", work->path);
    g_autofree char *usual = g_build_filename (work->path, "inventory", NULL);
    g_auto (GStrv) environment = make_environment (work);
    const char *const argv[] = { "ansible-playbook",
                                 "-i",
                                 playbook->inventory != NULL ? playbook->inventory : usual,
                                 "-e",
                                 variables,
                                 playbook->path,
                                 NULL };
    LauncherJob job = {
        argv, (const char *const *)environment, tree, 0, stop_playbook, work, work->run->stop_fd
    };
    g_autoptr (Mask) mask = mask_new (work->run->values, take_output, work);

    work->lines = last_lines_new (NULL);
    return launcher_run (work->run->launcher, &job, mask_output, mask, status, error);
}

/* Without the file ansible-playbook did not even load the plugin. */
static gboolean
read_recap (Work *work, const ReleasePlaybook *playbook, int status, PlaybookRecap **recap,
            GError **error)
{
    g_autoptr (GBytes) results = NULL;
    struct stat st;

    *recap = NULL;
    if (fstatat (work->dirfd, "tasks", &st, 0) < 0)
        return TRUE;
    results = file_read_below (work->dirfd, "tasks", RESULTS_BYTES, error);
    if (results == NULL)
        return FALSE;
    *recap = playbook_recap_read (results, playbook->path, status == 0, work->run->values, error);
    return *recap != NULL;
}

static gboolean
judge (Work *work, const ReleasePlaybook *playbook, int status, PlaybookRecap *recap,
       GError **error)
{
    if (work->interrupted)
        return fail (error, ERR_FAILED, "playbook '%s' was interrupted by a signal",
                     playbook->path);
    if (recap != NULL && !playbook_recap_check (recap, playbook->path, error))
        return FALSE;
    if (status != 0 || recap == NULL) {
        g_autofree char *text = last_lines_text (work->lines);

        return fail (error, ERR_FAILED, "playbook '%s' ended with exit code %d%s%s", playbook->path,
                     status, *text != '\0' ? ":" : "", text);
    }
    return TRUE;
}

gboolean
playbook_run (Run *run, const ReleasePlaybook *playbook, PlaybookRecap **recap, GError **error)
{
    g_auto (Work) work = { .run = run, .dirfd = -1, .log = -1 };
    g_autoptr (PlaybookRecap) found = NULL;
    g_autofree char *log = playbook_log_path (run, playbook);
    gboolean well;
    int status;

    if (run->values == NULL)
        run->values = host_values (run->host, run->release, error);
    if (run->values == NULL || !open_work (&work, playbook, error) ||
        !start (&work, playbook, &status, error))
        return FALSE;
    well = read_recap (&work, playbook, status, &found, error) &&
           judge (&work, playbook, status, found, error);
    if (recap != NULL)
        *recap = g_steal_pointer (&found);
    if (!well)
        g_prefix_error (error, "(log: %s) ", log);
    return well;
}

gboolean
playbooks_run_kind (Run *run, PlaybookRun kind, GError **error)
{
    for (guint i = 0; i < run->release->playbooks->len; i++) {
        const ReleasePlaybook *playbook = g_ptr_array_index (run->release->playbooks, i);

        if (playbook->run == kind && !playbook_run (run, playbook, NULL, error))
            return FALSE;
    }
    return TRUE;
}

gboolean
release_has_playbook (const Release *release, PlaybookRun kind)
{
    for (guint i = 0; i < release->playbooks->len; i++)
        if (((const ReleasePlaybook *)g_ptr_array_index (release->playbooks, i))->run == kind)
            return TRUE;
    return FALSE;
}
