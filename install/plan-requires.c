/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/plan.h"

#include "install/ansible-root.h"
#include "install/compose.h"
#include "install/version.h"
#include "manifest/error.h"
#include "manifest/message.h"

#include <string.h>

#define OUTPUT_BYTES 4096
#define PROBE_MILLISECONDS 30000

/* Names modules that python3 cannot find, one per line. */
#define PYTHON_PROBE                                                                               \
    "import importlib.util,sys\n"                                                                  \
    "for m in sys.argv[1:]:\n"                                                                     \
    "  try:\n"                                                                                     \
    "    found = importlib.util.find_spec(m)\n"                                                    \
    "  except ImportError:\n"                                                                      \
    "    found = None\n"                                                                           \
    "  if found is None: print(m)\n"

static void
collect (const guint8 *bytes, gsize length, gpointer data)
{
    GString *out = data;

    g_string_append_len (out, (const char *)bytes, (gssize)MIN (length, OUTPUT_BYTES - out->len));
}

/* Runs a program in the host's network, where ansible will run too. -1 where it cannot be run. */
static int
probe (Run *run, const char *const *argv, GString *out)
{
    static const char *const environment[] = { "LC_ALL=C.UTF-8", "PATH=" LAUNCHER_PATH,
                                               "PYTHONDONTWRITEBYTECODE=1", NULL };
    LauncherJob job = { argv, environment, "/", PROBE_MILLISECONDS };
    int status;

    if (!launcher_run (run->launcher, &job, collect, out, &status, NULL))
        return -1;
    return status;
}

static void
add (GPtrArray *missing, const char *what, const char *wanted, const char *found)
{
    g_ptr_array_add (missing, message_printf ("%s %s or newer, found %s", what, wanted, found));
}

static char *
join (const GPtrArray *missing)
{
    GString *all = g_string_new (NULL);

    for (guint i = 0; i < missing->len; i++)
        message_append (all, "%s%s", i > 0 ? "; " : "", (char *)missing->pdata[i]);
    return g_string_free (all, FALSE);
}

/* "ansible-playbook [core 2.14.18]" */
static void
check_ansible (Run *run, GPtrArray *missing)
{
    static const char *const argv[] = { "ansible-playbook", "--version", NULL };
    const char *wanted = run->release->requires_ansible;
    g_autoptr (GString) out = g_string_new (NULL);
    g_autofree char *version = NULL;
    const char *at;

    if (release_carries_ansible (run->release) ||
        (wanted == NULL && run->release->playbooks->len == 0))
        return;
    if (probe (run, argv, out) != 0) {
        add (missing, "ansible-core", wanted != NULL ? wanted : "2.14", "none");
        return;
    }
    at = strstr (out->str, "[core ");
    version = at != NULL ? g_strndup (at + 6, strcspn (at + 6, "]\n")) : g_strdup ("0");
    if (wanted != NULL && version_compare (version, wanted) < 0)
        add (missing, "ansible-core", wanted, version);
}

static void
check_python (Run *run, const char *python, GPtrArray *missing)
{
    g_autoptr (GPtrArray) argv = g_ptr_array_new ();
    g_autoptr (GString) out = g_string_new (NULL);
    g_auto (GStrv) lines = NULL;

    if (run->release->requires_python == NULL || run->release->requires_python[0] == NULL)
        return;
    g_ptr_array_add (argv, (char *)python);
    g_ptr_array_add (argv, (char *)"-c");
    g_ptr_array_add (argv, (char *)PYTHON_PROBE);
    for (char **module = run->release->requires_python; *module != NULL; module++)
        g_ptr_array_add (argv, *module);
    g_ptr_array_add (argv, NULL);
    if (probe (run, (const char *const *)argv->pdata, out) != 0) {
        g_ptr_array_add (missing, message_printf ("%s, which does not run here", python));
        return;
    }
    lines = g_strsplit (out->str, "\n", -1);
    for (char **line = lines; *line != NULL; line++)
        if (**line != '\0')
            g_ptr_array_add (missing, message_printf ("the Python module '%s'", *line));
}

gboolean
plan_check_carried_python (Run *run, GError **error)
{
    g_autoptr (GPtrArray) missing = g_ptr_array_new_with_free_func (g_free);
    g_autofree char *all = NULL;

    check_python (run, run->ansible->python, missing);
    if (missing->len == 0)
        return TRUE;
    all = join (missing);
    return fail (error, ERR_NOT_READY, "the image that carries Ansible lacks %s", all);
}

static void
check_compose (Run *run, GPtrArray *missing)
{
    g_auto (ComposeTool) tool = { 0 };
    g_autoptr (GError) local = NULL;

    if (run->release->compose->len > 0 && !compose_find (run, &tool, &local))
        g_ptr_array_add (missing, g_strdup (local->message));
}

static void
check_engine (Run *run, GPtrArray *missing)
{
    const EngineInfo *info = engine_info (run->engine);
    const char *wanted = run->release->requires_docker;

    if (wanted == NULL)
        return;
    if (info->kind == ENGINE_PODMAN)
        run_note (run, "the release asks for Docker %s; the engine here is Podman %s", wanted,
                  info->version);
    else if (version_compare (info->version, wanted) < 0)
        add (missing, "Docker", wanted, info->version);
}

gboolean
plan_check_requires (Run *run, GError **error)
{
    g_autoptr (GPtrArray) missing = g_ptr_array_new_with_free_func (g_free);
    g_autofree char *all = NULL;
    GError *lacking = NULL;
    const char *own = run->release->requires_handcarry;

    if (own != NULL && version_compare (HANDCARRY_VERSION, own) < 0)
        add (missing, "handcarry", own, HANDCARRY_VERSION);
    check_engine (run, missing);
    check_ansible (run, missing);
    /* What is carried is looked at when it is there. */
    if (!release_carries_ansible (run->release))
        check_python (run, "python3", missing);
    check_compose (run, missing);
    if (missing->len == 0)
        return TRUE;
    all = join (missing);
    fail (&lacking, ERR_NOT_READY, "%s %s needs on this host: %s", run->release->product,
          run->release->version, all);
    return plan_defer (run, lacking, error);
}
