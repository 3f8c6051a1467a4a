/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/plan.h"

#include "install/base.h"
#include "install/step-place.h"
#include "keys/root-diff.h"
#include "keys/root.h"
#include "manifest/error.h"
#include "manifest/release-clock.h"
#include "manifest/size.h"
#include "manifest/message.h"

static void
append_bytes (GString *out, guint64 bytes)
{
    g_autofree char *text = size_to_text (bytes);

    message_append (out, "%s", text);
}

static void
append_bundle (GString *out, const Run *run)
{
    g_autofree char *path = error_quote (bundle_path (run->bundle));
    g_autofree char *bytes = size_to_text (bundle_file_bytes (run->bundle));

    message_append (out, "  bundle   %s, %s\n", path, bytes);
}

/* What the operator confirms along with the release. */
static void
append_trust (GString *out, const Run *run)
{
    const RunTrust *trust = run->trust;
    g_autofree char *changes = NULL, *from = NULL;

    if (trust == NULL || trust->from == NULL)
        return;
    changes = root_diff_to_text (trust_values (trust->stored), trust_values (trust->newest));
    from = error_quote (trust->from);
    message_append (out,
                    "  trust    root %" G_GUINT64_FORMAT " → %" G_GUINT64_FORMAT
                    " comes with it, in %s\n%s",
                    trust_number (trust->stored), trust_number (trust->newest), from, changes);
    if (run->already)
        message_append (out, "           to keep it: handcarry trust import %s\n", from);
}

static void
append_head (GString *out, const Run *run)
{
    const Release *release = run->release;
    g_autofree char *digest = digest_to_text (bundle_release_digest (run->bundle));
    g_autofree char *engine = engine_describe (run->engine);
    g_autofree char *age = release_clock_age (release, g_get_real_time () / G_USEC_PER_SEC);

    message_append (out, "%s %s, release %" G_GUINT64_FORMAT " (%s)\n", release->product,
                    release->version, release->release, release->channel);
    message_append (out, "  digest   %s\n", digest);
    if (age != NULL)
        message_append (out, "  issued   %s\n", age);
    for (guint i = 0; i < run->votes->roles->len; i++) {
        const RoleVotes *role = g_ptr_array_index (run->votes->roles, i);
        g_autofree char *voted = NULL;

        if (role->voted->len == 0)
            continue;
        g_ptr_array_add (role->voted, NULL);
        voted = g_strjoinv (", ", (char **)role->voted->pdata);
        g_ptr_array_set_size (role->voted, (int)role->voted->len - 1);
        message_append (out, "  signed   %s: %s\n", role->role, voted);
    }
    if (run_old_release (run) > 0)
        message_append (out, "  here     %s, release %" G_GUINT64_FORMAT "\n", run->state->version,
                        run->state->release);
    else
        message_append (out, "  here     not installed\n");
    append_trust (out, run);
    message_append (out, "  engine   %s at %s\n", engine, engine_info (run->engine)->socket);
}

/* Indented, so that it is seen to belong to the config above it. */
static void
append_diff (GString *out, const StepPlace *place)
{
    g_auto (GStrv) lines = g_strsplit (place->diff != NULL ? place->diff : "", "\n", -1);

    if (place->dark != NULL)
        message_append (out, "           (no comparison: %s)\n", place->dark);
    for (char **line = lines; *line != NULL; line++)
        if (**line != '\0')
            message_append (out, "           %s\n", *line);
}

static void
append_step (GString *out, const Step *step)
{
    message_append (out, "  %-8s %s: %s", step->kind->name, step->subject, step->action);
    if (step->needed && step->bytes > 0) {
        message_append (out, ", ");
        append_bytes (out, step->bytes);
    }
    if (step->detail != NULL)
        message_append (out, " (%s)", step->detail);
    message_append (out, "\n");
    if (step->kind == &step_config_kind)
        append_diff (out, step->data);
}

static void
append_spaces (GString *out, const Run *run)
{
    for (guint i = 0; i < run->outlook->spaces->len; i++) {
        const OutlookSpace *space = g_ptr_array_index (run->outlook->spaces, i);
        g_autofree char *need = NULL, *have = NULL;

        if (space->need == 0)
            continue;
        need = size_to_text (space->need);
        have = size_to_text (space->have);
        if (space->path != NULL)
            message_append (out, "  space    needs %s, has %s on the file system of %s (%s)\n",
                            need, have, space->path, space->use->str);
        else
            message_append (out, "  space    needs %s, free space not known (%s)\n", need,
                            space->use->str);
    }
}

static void
append_sent (GString *out, const Run *run)
{
    g_autofree char *bytes = size_to_text (plan_engine_bytes (run));

    if (plan_engine_bytes (run) > 0)
        message_append (out, "  send     %s to the engine\n", bytes);
}

static void
append_affected (GString *out, const Run *run)
{
    for (guint i = 0; i < run->outlook->affected->len; i++) {
        const EngineContainer *container = g_ptr_array_index (run->outlook->affected, i);

        message_append (out, "  affects  container %s (%s), made of %s\n", container->name,
                        container->running ? N_ ("running") : N_ ("not running"),
                        container->reference);
    }
}

static void
append_lines (GString *out, const char *what, const GPtrArray *lines)
{
    for (guint i = 0; i < lines->len; i++)
        message_append (out, "  %-8s %s\n", what, (char *)g_ptr_array_index (lines, i));
}

static void
append_medium (GString *out, const Run *run)
{
    g_autofree char *bytes = NULL, *spool = NULL;

    if (run->cost == NULL)
        return;
    bytes = size_to_text (run->cost->bundle_bytes);
    spool = size_to_text (run->cost->spool_bytes);
    if (run->options.no_copy)
        message_append (out, "  read     %s in place from the medium", bytes);
    else
        message_append (out, "  read     %s copied from the medium", bytes);
    if (run->cost->spool_bytes > 0)
        message_append (out, ", spool at most %s", spool);
    message_append (out, "\n");
}

static char *
way_text (const BaseLayer *layer, const Run *run)
{
    switch (layer->way) {
    case BASE_NOWHERE:
        return message_printf ("not here");
    case BASE_IN_PLACE:
        return message_printf ("read in place from %s", engine_info (run->engine)->driver);
    case BASE_FORESEEN:
        return message_printf ("from the bundle before it");
    case BASE_EXPORT:
        return message_printf ("read by export, spooled");
    }
    g_assert_not_reached ();
}

/* Layers of one base that are read in one way begin at i; returns where they end. */
static guint
append_base (GString *out, const Run *run, const GPtrArray *layers, guint i)
{
    const BaseLayer *first = g_ptr_array_index (layers, i);
    guint64 bytes = 0, files = 0;
    guint begin = i;
    g_autofree char *way = way_text (first, run), *size = NULL;
    g_autoptr (GString) numbers = g_string_new (NULL);

    for (; i < layers->len; i++) {
        const BaseLayer *layer = g_ptr_array_index (layers, i);

        if (layer->image != first->image || layer->way != first->way)
            break;
        g_string_append_printf (numbers, "%s%" G_GUINT64_FORMAT, numbers->len > 0 ? ", " : "",
                                layer->layer + 1);
        bytes += layer->bytes;
        files += layer->files->len;
    }
    size = size_to_text (bytes);
    message_append (out, "  base     %s: %s, %s of ", first->base->name, way, size);
    message_append (
        out, files == 1 ? N_ ("%" G_GUINT64_FORMAT " file") : N_ ("%" G_GUINT64_FORMAT " files"),
        files);
    message_append (out, i - begin == 1 ? N_ (" (layer %s of %u)\n") : N_ (" (layers %s of %u)\n"),
                    numbers->str, first->base->layers->len);
    return i;
}

static void
append_bases (GString *out, const Run *run)
{
    const GPtrArray *layers;

    if (run->bases == NULL)
        return;
    layers = bases_layers (run->bases);
    for (guint i = 0; i < layers->len;)
        i = append_base (out, run, layers, i);
}

/* What comes before the last bundle of a chain. */
static void
append_links (GString *out, const Run *run)
{
    for (guint i = 0; i < run->links->len; i++) {
        const Run *link = g_ptr_array_index (run->links, i);

        message_append (out,
                        "  first    %s, release %" G_GUINT64_FORMAT
                        ": only its images, removed at the end\n",
                        link->release->version, link->release->release);
        append_bundle (out, link);
        for (guint k = 0; k < link->steps->len; k++)
            append_step (out, g_ptr_array_index (link->steps, k));
        append_bases (out, link);
        append_medium (out, link);
    }
    if (run->links->len > 0)
        message_append (out, "  then     %s, release %" G_GUINT64_FORMAT "\n",
                        run->release->version, run->release->release);
}

void
plan_append_steps (GString *out, const Run *run)
{
    for (guint i = 0; i < run->steps->len; i++)
        append_step (out, g_ptr_array_index (run->steps, i));
}

char *
plan_to_text (const Run *run)
{
    GString *out = g_string_new (NULL);

    append_head (out, run);
    append_links (out, run);
    append_bundle (out, run);
    plan_append_steps (out, run);
    append_bases (out, run);
    append_medium (out, run);
    append_sent (out, run);
    append_affected (out, run);
    append_spaces (out, run);
    append_lines (out, N_ ("lasting"), run->outlook->lasting);
    append_lines (out, N_ ("note"), run->notes);
    if (run->already)
        message_append (out, "already installed, nothing to do\n");
    return g_string_free (out, FALSE);
}
