/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/packages.h"
#include "install/ansible-root.h"
#include "install/json-member.h"
#include "install/playbook.h"
#include "install/reach.h"
#include "install/run.h"
#include "install/stored.h"
#include "manifest/error.h"
#include "manifest/message.h"

#include <string.h>

/* Runs playbooks: those of the release before it is switched to, while the old one still serves,
 * and those after; and those by which a release is left. */

/* The receipt tells what each task did, of a playbook that failed too. */
static gboolean
run_one (Step *step, Run *of, GError **error)
{
    g_autoptr (PlaybookRecap) recap = NULL;
    gboolean done = playbook_run (of, step->data, &recap, error);

    g_clear_pointer (&step->report, json_object_unref);
    if (recap != NULL)
        playbook_recap_add (recap, step->report = json_object_new ());
    if (recap != NULL && of->ansible != NULL)
        json_member_set_digest (step->report, "image", &of->ansible->image);
    return done;
}

static gboolean
run_own (Step *step, Run *run, GError **error)
{
    return run_one (step, run, error);
}

static gboolean
run_leaving (Step *step, Run *run, GError **error)
{
    return run_one (step, run->leaving, error);
}

static void
write_data (const Step *step, JsonObject *data)
{
    const ReleasePlaybook *playbook = step->data;

    json_object_set_string_member (data, "path", playbook->path);
    json_object_set_int_member (data, "run", playbook->run);
}

static gboolean
find (Step *step, const Release *release, JsonObject *data, GError **error)
{
    const char *path = json_member_string (data, "path");

    for (guint i = 0; i < release->playbooks->len; i++) {
        ReleasePlaybook *playbook = g_ptr_array_index (release->playbooks, i);

        if (g_strcmp0 (path, playbook->path) == 0 &&
            json_member_count (data, "run") == playbook->run)
            step->data = playbook;
    }
    return step->data != NULL || fail (error, ERR_FORMAT, "the release has no such playbook");
}

static gboolean
read_own (Step *step, Run *run, JsonObject *data, GError **error)
{
    return find (step, run->release, data, error);
}

static gboolean
read_leaving (Step *step, Run *run, JsonObject *data, GError **error)
{
    if (run->leaving == NULL)
        return fail (error, ERR_FORMAT, "the run leaves no release");
    return find (step, run->leaving->release, data, error);
}

const StepKind step_before_kind = {
    .name = N_ ("before"), .prepare = run_own, .write = write_data, .read = read_own
};
const StepKind step_playbook_kind = {
    .name = N_ ("playbook"), .apply = run_own, .write = write_data, .read = read_own
};
const StepKind step_leave_kind = {
    .name = N_ ("leave"), .apply = run_leaving, .write = write_data, .read = read_leaving
};

/* Of a stored release the tree was proven when it was laid out. */
static gboolean
check_carried (const Run *run, const ReleasePlaybook *playbook, GError **error)
{
    if (run->bundle == NULL)
        return TRUE;
    if (g_hash_table_lookup (run->tree, playbook->path) == NULL)
        return fail (error, ERR_FORMAT, "playbook '%s' is not in the carried tree", playbook->path);
    if (playbook->inventory != NULL && g_hash_table_lookup (run->tree, playbook->inventory) == NULL)
        return fail (error, ERR_FORMAT, "inventory '%s' is not in the carried tree",
                     playbook->inventory);
    return TRUE;
}

/* A stored release's was named when it was installed. */
static char *
describe_inventory (const Run *run, const char *inventory)
{
    const RunFile *file = g_hash_table_lookup (run->tree, inventory);
    g_autofree char *reach = file != NULL ? reach_describe (file->content, file->executable) : NULL;

    return message_printf ("inventory %s, with the host's network%s%s", inventory,
                           reach != NULL ? "; " : "", reach != NULL ? reach : "");
}

/* As the image's packages say, without what a packager added: "2.14.18-0+deb12u2". NULL: they do
 * not, or the bundle is not here. Caller frees. */
static char *
packaged_version (const Run *run, const StatementImage *image)
{
    g_autoptr (PackageList) list =
        run->bundle != NULL ? bundle_read_packages (run->bundle, image, NULL) : NULL;

    for (guint i = 0; list != NULL && i < list->packages->len; i++) {
        const Package *package = g_ptr_array_index (list->packages, i);

        if (strcmp (package->name, "ansible-core") == 0)
            return g_strndup (package->version, strcspn (package->version, "-+"));
    }
    return NULL;
}

/* By its own word once it was tried out. NULL: the host's own runs them. */
static char *
describe_ansible (const Run *run)
{
    const StatementImage *image = statement_find_ansible (run->statement);
    g_autofree char *version = NULL;

    if (image == NULL)
        return NULL;
    version =
        run->ansible != NULL ? g_strdup (run->ansible->version) : packaged_version (run, image);
    return version != NULL
               ? message_printf ("run, with ansible-core %s carried in %s", version, image->name)
               : message_printf ("run, with the Ansible carried in %s", image->name);
}

static void
add (Run *run, const Run *of, const StepKind *kind, ReleasePlaybook *playbook, gboolean due)
{
    Step *step = step_add (run, kind, playbook->path, due ? "run" : "not due", playbook);
    g_autofree char *with = due ? describe_ansible (of) : NULL;

    step->needed = due;
    if (with != NULL)
        step_set_action (step, with);
    if (playbook->inventory != NULL)
        step->detail = describe_inventory (run, playbook->inventory);
}

gboolean
step_playbooks_plan (Run *run, gboolean due, GError **error)
{
    for (guint i = 0; i < run->release->playbooks->len; i++) {
        ReleasePlaybook *playbook = g_ptr_array_index (run->release->playbooks, i);

        if (!check_carried (run, playbook, error))
            return FALSE;
        if (playbook->run == PLAYBOOK_BEFORE && run->bundle != NULL)
            add (run, run, &step_before_kind, playbook, due);
        else if (playbook->run == PLAYBOOK_INSTALL)
            add (run, run, &step_playbook_kind, playbook, due);
    }
    step_compose_plan (run, due);
    return TRUE;
}

void
step_leave_plan (Run *run, PlaybookRun kind)
{
    for (guint i = 0; i < run->leaving->release->playbooks->len; i++) {
        ReleasePlaybook *playbook = g_ptr_array_index (run->leaving->release->playbooks, i);

        if (playbook->run == kind)
            add (run, run->leaving, &step_leave_kind, playbook, TRUE);
    }
    step_compose_leave_plan (run);
}
