/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/playbook.h"

#include "bundle/ansible.h"
#include "bundle/strictjson.h"
#include "install/ansible-root.h"
#include "install/playbook-resource.h"
#include "install/work.h"
#include "manifest/error.h"
#include "manifest/file.h"
#include "manifest/message.h"

#include <fcntl.h>
#include <sys/stat.h>

#define RESULTS_BYTES (64 * 1024 * 1024)
#define LOCALHOST                                                                                  \
    "localhost ansible_connection=local "                                                          \
    "ansible_python_interpreter=\"{{ ansible_playbook_python }}\"\n"

static gboolean
write_plugin (Work *work, GError **error)
{
    g_autoptr (GBytes) plugin =
        g_resource_lookup_data (playbook_get_resource (), "/handcarry/ansible/handcarry.py",
                                G_RESOURCE_LOOKUP_FLAGS_NONE, error);

    return plugin != NULL && work_write (work, "handcarry.py", plugin, error);
}

static gboolean
write_files (Work *work, const ReleasePlaybook *playbook, GError **error)
{
    g_autofree char *tree = run_tree_path (work->run);
    g_autoptr (GBytes) config = ansible_config (work->path, tree, playbook->path);
    g_autoptr (GBytes) variables = playbook_variables (work->run, playbook->run);
    g_autoptr (GBytes) inventory = g_bytes_new_static (LOCALHOST, sizeof LOCALHOST - 1);

    return write_plugin (work, error) && work_write (work, "ansible.cfg", config, error) &&
           work_write (work, "variables.yml", variables, error) &&
           work_write (work, "inventory", inventory, error);
}

static char *
log_name (const Run *run, const ReleasePlaybook *playbook)
{
    g_autofree char *base = g_path_get_basename (playbook->path);
    g_autofree char *folder = run_folder (run);

    return g_strdup_printf ("%s-%s.log", folder, base);
}

/* An inventory that names this host does not say where its Python is, and there may be none: after
 * the ones that Ansible knows for a distribution the carried one is taken. Hosts that do not have
 * it are asked for the usual. */
static char *
pythons (const AnsibleRoot *carried)
{
    static const char *const usual[] = { "/usr/bin/python3", "/usr/libexec/platform-python",
                                         "python3" };
    g_autoptr (GString) out = g_string_new ("{\"ansible_interpreter_python_fallback\": [");

    strictjson_append (out, carried->python);
    for (gsize i = 0; i < G_N_ELEMENTS (usual); i++) {
        g_string_append (out, ", ");
        strictjson_append (out, usual[i]);
    }
    g_string_append (out, "]}");
    return g_string_free (g_steal_pointer (&out), FALSE);
}

/* Caller frees. The strings are borrowed, but those that are in owned. */
static const char **
arguments (Work *work, const ReleasePlaybook *playbook, GPtrArray *owned)
{
    const AnsibleRoot *carried = work->run->ansible;
    char *variables = g_strdup_printf ("@%s/variables.yml", work->path);
    char *usual = g_build_filename (work->path, "inventory", NULL);
    char *search = carried != NULL ? pythons (carried) : NULL;
    g_autoptr (GPtrArray) argv = g_ptr_array_new ();

    g_ptr_array_add (owned, variables);
    g_ptr_array_add (owned, usual);
    g_ptr_array_add (owned, search);
    if (carried != NULL)
        g_ptr_array_add (argv, carried->python);
    g_ptr_array_add (argv, carried != NULL ? carried->playbook : (char *)"ansible-playbook");
    g_ptr_array_add (argv, (char *)"-i");
    g_ptr_array_add (argv, playbook->inventory != NULL ? playbook->inventory : usual);
    g_ptr_array_add (argv, (char *)"-e");
    g_ptr_array_add (argv, variables);
    if (carried != NULL) {
        g_ptr_array_add (argv, (char *)"-e");
        g_ptr_array_add (argv, search);
    }
    g_ptr_array_add (argv, playbook->path);
    g_ptr_array_add (argv, NULL);
    return (const char **)g_ptr_array_free (g_steal_pointer (&argv), FALSE);
}

static gboolean
start (Work *work, const ReleasePlaybook *playbook, int *status, GError **error)
{
    g_autoptr (GPtrArray) owned = g_ptr_array_new_with_free_func (g_free);
    g_autofree const char **argv = arguments (work, playbook, owned);
    g_autofree char *config = g_build_filename (work->path, "ansible.cfg", NULL);
    g_autofree char *tasks = g_build_filename (work->path, "tasks", NULL);
    g_auto (GStrv) environment = work_environment (work->run);

    environment = g_environ_setenv (environment, "ANSIBLE_CONFIG", config, TRUE);
    environment = g_environ_setenv (environment, "HANDCARRY_TASKS", tasks, TRUE);
    if (work->run->ansible != NULL)
        environment =
            g_environ_setenv (environment, "ANSIBLE_PYTHON_INTERPRETER", "auto_silent", TRUE);
    return work_run (work, argv, environment, status, error);
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
    g_auto (Work) work = WORK_INIT;
    g_autoptr (PlaybookRecap) found = NULL;
    g_autofree char *name = log_name (run, playbook);
    g_autofree char *log = work_log_path (run, name);
    gboolean well;
    int status;

    if (!ansible_root_open (run, error) || !work_open (&work, run, name, error) ||
        !write_files (&work, playbook, error) || !start (&work, playbook, &status, error))
        return FALSE;
    well = read_recap (&work, playbook, status, &found, error) &&
           judge (&work, playbook, status, found, error);
    if (recap != NULL)
        *recap = g_steal_pointer (&found);
    if (!well && error != NULL && *error != NULL) {
        g_autofree char *message = g_steal_pointer (&(*error)->message);

        (*error)->message = message_printf ("(log: %s) %s", log, message);
    }
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

gboolean
release_may_go_back (const Release *release, guint64 old)
{
    return release->rollback_to <= old || release_has_playbook (release, PLAYBOOK_UNDO);
}
