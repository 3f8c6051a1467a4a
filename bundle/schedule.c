/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/schedule.h"

#define NEVER G_MAXUINT64

/* A use of a content, in the order of the pass: by a layer, or as the source of a patch. */
typedef struct {
    guint32 content;
    guint64 next; /* number of its next event, or NEVER */
} Event;

typedef struct {
    gboolean waits; /* in the spool */
    guint64 file;   /* its number there */
} ContentState;

typedef struct {
    const Contents *contents;
    guint64 budget;
    Schedule *schedule;
    GArray *events; /* Event */
    guint64 at;     /* event */
    ContentState *states;
    GTree *waiting; /* number of the next event (unique) -> content */
    guint64 bytes;  /* that wait */
    guint64 *bases; /* number of each base file, or NEVER */
} Scheduler;

static void
layer_schedule_free (gpointer data)
{
    LayerSchedule *layer = data;

    g_array_unref (layer->files);
    g_free (layer);
}

void
schedule_free (Schedule *schedule)
{
    if (schedule == NULL)
        return;
    g_array_unref (schedule->files);
    g_ptr_array_unref (schedule->layers);
    g_free (schedule);
}

static gint
compare_numbers (gconstpointer a, gconstpointer b)
{
    gsize x = GPOINTER_TO_SIZE (a), y = GPOINTER_TO_SIZE (b);

    return x < y ? -1 : x > y;
}

static const Content *
content_at (const Scheduler *scheduler, guint32 number)
{
    return &g_array_index (scheduler->contents->contents, Content, number);
}

/* The first use of a content with a source is preceded by a use of that source. */
static void
list_events (Scheduler *scheduler)
{
    const Contents *contents = scheduler->contents;
    g_autofree gboolean *seen = g_new0 (gboolean, contents->contents->len + 1);
    g_autofree guint64 *next = g_new (guint64, contents->contents->len + 1);

    for (guint i = 0; i < contents->layers->len; i++) {
        const PackLayer *layer = contents->layers->pdata[i];

        for (guint k = 0; k < layer->uses->len; k++) {
            Event event = { g_array_index (layer->uses, ContentUse, k).content, NEVER };
            Event source = { content_at (scheduler, event.content)->source, NEVER };

            if (content_at (scheduler, event.content)->base != NO_BASE_FILE)
                continue;
            if (!seen[event.content] && source.content != NO_CONTENT)
                g_array_append_val (scheduler->events, source);
            seen[event.content] = TRUE;
            g_array_append_val (scheduler->events, event);
        }
    }
    for (guint i = 0; i < contents->contents->len; i++)
        next[i] = NEVER;
    for (guint e = scheduler->events->len; e-- > 0;) {
        Event *event = &g_array_index (scheduler->events, Event, e);

        event->next = next[event->content];
        next[event->content] = e;
    }
}

static void
wait_until (Scheduler *scheduler, guint32 content, guint64 next)
{
    g_tree_insert (scheduler->waiting, GSIZE_TO_POINTER (next), GUINT_TO_POINTER (content));
}

/* The bytes of a content stop waiting. It is no longer in the tree by then. */
static void
forget (Scheduler *scheduler, guint32 content)
{
    scheduler->states[content].waits = FALSE;
    scheduler->bytes -= content_at (scheduler, content)->length;
}

static void
keep_to_budget (Scheduler *scheduler)
{
    while (scheduler->bytes > scheduler->budget) {
        GTreeNode *last = g_tree_node_last (scheduler->waiting);
        guint32 content;

        if (last == NULL)
            break;
        content = GPOINTER_TO_UINT (g_tree_node_value (last));
        g_tree_remove (scheduler->waiting, g_tree_node_key (last));
        forget (scheduler, content);
    }
    scheduler->schedule->peak = MAX (scheduler->schedule->peak, scheduler->bytes);
}

/* Takes the next event. Where its content waits, it is taken out of the tree but still counted: it
 * is in use now. */
static const Event *
take_event (Scheduler *scheduler)
{
    const Event *event = &g_array_index (scheduler->events, Event, scheduler->at);

    if (scheduler->states[event->content].waits)
        g_tree_remove (scheduler->waiting, GSIZE_TO_POINTER (scheduler->at));
    scheduler->at++;
    return event;
}

/* After a use: waits on, or is done. */
static void
end_use (Scheduler *scheduler, const Event *event)
{
    if (!scheduler->states[event->content].waits)
        return;
    if (event->next == NEVER)
        forget (scheduler, event->content);
    else
        wait_until (scheduler, event->content, event->next);
}

/* The number of a base file; it is introduced with its first use. */
static guint64
use_base (Scheduler *scheduler, guint32 base)
{
    PackFile file = { .content = NO_CONTENT, .base = base };

    if (scheduler->bases[base] == NEVER) {
        scheduler->bases[base] = scheduler->schedule->files->len;
        g_array_append_val (scheduler->schedule->files, file);
    }
    return scheduler->bases[base];
}

static void
introduce (Scheduler *scheduler, const Event *event, const Event *source)
{
    ContentState *state = &scheduler->states[event->content];
    guint32 base = content_at (scheduler, event->content)->base_source;
    PackFile file = { .content = event->content, .base = NO_BASE_FILE };

    if (base != NO_BASE_FILE) {
        file.patched = TRUE;
        file.source = use_base (scheduler, base);
    }
    if (source != NULL && scheduler->states[source->content].waits) {
        file.patched = TRUE;
        file.source = scheduler->states[source->content].file;
    }
    state->file = scheduler->schedule->files->len;
    g_array_append_val (scheduler->schedule->files, file);
    if (event->next != NEVER) {
        state->waits = TRUE;
        scheduler->bytes += content_at (scheduler, event->content)->length;
        wait_until (scheduler, event->content, event->next);
    }
    keep_to_budget (scheduler);
}

static guint64
use (Scheduler *scheduler, guint32 content)
{
    const Event *source = NULL, *event;
    guint64 file;

    if (content_at (scheduler, content)->base != NO_BASE_FILE)
        return use_base (scheduler, content_at (scheduler, content)->base);
    if (g_array_index (scheduler->events, Event, scheduler->at).content != content)
        source = take_event (scheduler);
    event = take_event (scheduler);
    if (scheduler->states[content].waits) {
        file = scheduler->states[content].file;
        end_use (scheduler, event);
    } else {
        introduce (scheduler, event, source);
        file = scheduler->states[content].file;
    }
    if (source != NULL)
        end_use (scheduler, source);
    return file;
}

static void
schedule_layer (Scheduler *scheduler, const PackLayer *layer)
{
    LayerSchedule *out = g_new0 (LayerSchedule, 1);

    out->first_file = scheduler->schedule->files->len;
    out->files = g_array_new (FALSE, FALSE, sizeof (guint64));
    for (guint k = 0; k < layer->uses->len; k++) {
        guint64 file = use (scheduler, g_array_index (layer->uses, ContentUse, k).content);

        g_array_append_val (out->files, file);
    }
    out->n_files = scheduler->schedule->files->len - out->first_file;
    g_ptr_array_add (scheduler->schedule->layers, out);
}

Schedule *
schedule_new (const Contents *contents, guint64 budget)
{
    Schedule *schedule = g_new0 (Schedule, 1);
    g_autoptr (GArray) events = g_array_new (FALSE, FALSE, sizeof (Event));
    g_autofree ContentState *states = g_new0 (ContentState, contents->contents->len + 1);
    g_autoptr (GTree) waiting = g_tree_new (compare_numbers);
    guint n_bases = contents->bases != NULL ? base_files_count (contents->bases) : 0;
    g_autofree guint64 *bases = g_new (guint64, n_bases + 1);
    Scheduler scheduler = { .contents = contents,
                            .budget = budget,
                            .schedule = schedule,
                            .events = events,
                            .states = states,
                            .waiting = waiting,
                            .bases = bases };

    schedule->files = g_array_new (FALSE, FALSE, sizeof (PackFile));
    schedule->layers = g_ptr_array_new_with_free_func (layer_schedule_free);
    for (guint i = 0; i < n_bases; i++)
        bases[i] = NEVER;
    list_events (&scheduler);
    for (guint i = 0; i < contents->layers->len; i++)
        schedule_layer (&scheduler, contents->layers->pdata[i]);
    return schedule;
}
