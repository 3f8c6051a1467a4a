/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/schedule.h"

#include <string.h>

static void
free_layer (gpointer data)
{
    g_array_unref (((PackLayer *)data)->uses);
    g_free (data);
}

/* Contents in the order of their first use, as scanning makes them; a source comes before what is
 * patched on it and has none itself. */
static Contents *
make_contents (GRand *rand, guint n_layers, guint n_uses, guint longest)
{
    Contents *contents = g_new0 (Contents, 1);

    contents->contents = g_array_new (FALSE, FALSE, sizeof (Content));
    contents->layers = g_ptr_array_new_with_free_func (free_layer);
    for (guint l = 0; l < n_layers; l++) {
        PackLayer *layer = g_new0 (PackLayer, 1);

        layer->uses = g_array_new (FALSE, FALSE, sizeof (ContentUse));
        g_ptr_array_add (contents->layers, layer);
        for (gint k = g_rand_int_range (rand, 0, (gint)n_uses + 1); k > 0; k--) {
            guint n = contents->contents->len;
            ContentUse use = { .content = (guint32)g_rand_int_range (rand, 0, (gint)n + 1) };
            Content content = { .base = NO_BASE_FILE,
                                .source = NO_CONTENT,
                                .base_source = NO_BASE_FILE,
                                .patch = NO_CONTENT };

            if (g_rand_int_range (rand, 0, 3) == 0)
                use.content = n;
            g_array_append_val (layer->uses, use);
            if (use.content < n)
                continue;
            content.length = (guint64)g_rand_int_range (rand, 1, (gint)longest + 1);
            if (n > 0 && g_rand_boolean (rand))
                content.source = (guint32)g_rand_int_range (rand, 0, (gint)n);
            if (content.source != NO_CONTENT &&
                g_array_index (contents->contents, Content, content.source).source != NO_CONTENT)
                content.source = NO_CONTENT;
            g_array_append_val (contents->contents, content);
        }
    }
    return contents;
}

static const PackFile *
file_at (const Schedule *schedule, guint64 number)
{
    g_assert_cmpuint (number, <, schedule->files->len);
    return &g_array_index (schedule->files, PackFile, number);
}

/* A reader that only counts: which uses of a file are still to come, and what waits. */
typedef struct {
    const Contents *contents;
    const Schedule *schedule;
    guint *left;
    guint64 waiting, peak, introduced;
} Reader;

static guint64
length_of (const Reader *reader, guint64 number)
{
    guint32 content = file_at (reader->schedule, number)->content;

    return g_array_index (reader->contents->contents, Content, content).length;
}

/* Patches that a reader makes take their source from what waits: it must be there. */
static void
introduce (Reader *reader, guint64 number)
{
    const PackFile *file = file_at (reader->schedule, number);
    const Content *content = &g_array_index (reader->contents->contents, Content, file->content);

    g_assert_cmpuint (number, ==, reader->introduced);
    reader->introduced++;
    if (reader->left[number] > 1)
        reader->waiting += content->length;
    reader->peak = MAX (reader->peak, reader->waiting);
    if (!file->patched)
        return;
    g_assert_cmpuint (file->source, <, number);
    g_assert_false (file_at (reader->schedule, file->source)->patched);
    g_assert_cmpuint (file_at (reader->schedule, file->source)->content, ==, content->source);
    g_assert_cmpuint (reader->left[file->source], >, 0);
    if (--reader->left[file->source] == 0)
        reader->waiting -= length_of (reader, file->source);
}

static void
read_layer (Reader *reader, guint i)
{
    const PackLayer *layer = reader->contents->layers->pdata[i];
    const LayerSchedule *plan = reader->schedule->layers->pdata[i];

    g_assert_cmpuint (plan->first_file, ==, reader->introduced);
    g_assert_cmpuint (plan->files->len, ==, layer->uses->len);
    for (guint k = 0; k < layer->uses->len; k++) {
        guint64 number = g_array_index (plan->files, guint64, k);
        gboolean first = number == reader->introduced;

        g_assert_cmpuint (file_at (reader->schedule, number)->content, ==,
                          g_array_index (layer->uses, ContentUse, k).content);
        if (first)
            introduce (reader, number);
        g_assert_cmpuint (reader->left[number], >, 0);
        if (--reader->left[number] == 0 && !first)
            reader->waiting -= length_of (reader, number);
    }
    g_assert_cmpuint (plan->n_files, ==, reader->introduced - plan->first_file);
}

static guint *
count_uses (const Schedule *schedule)
{
    guint *left = g_new0 (guint, schedule->files->len + 1);

    for (guint i = 0; i < schedule->layers->len; i++) {
        const LayerSchedule *plan = schedule->layers->pdata[i];

        for (guint k = 0; k < plan->files->len; k++)
            left[g_array_index (plan->files, guint64, k)]++;
    }
    for (guint i = 0; i < schedule->files->len; i++)
        if (file_at (schedule, i)->patched)
            left[file_at (schedule, i)->source]++;
    return left;
}

/* A file with one use left after its introduction waits; what has none never does. */
static void
simulate (const Contents *contents, const Schedule *schedule, guint64 budget)
{
    g_autofree guint *left = count_uses (schedule);
    Reader reader = { .contents = contents, .schedule = schedule, .left = left };

    for (guint i = 0; i < contents->layers->len; i++)
        read_layer (&reader, i);
    g_assert_cmpuint (reader.introduced, ==, schedule->files->len);
    g_assert_cmpuint (reader.waiting, ==, 0);
    g_assert_cmpuint (reader.peak, <=, schedule->peak);
    g_assert_cmpuint (schedule->peak, <=, budget);
}

static void
test_random (void)
{
    g_autoptr (GRand) rand = g_rand_new_with_seed (13);

    for (guint i = 0; i < 4000; i++) {
        g_autoptr (Contents) contents = make_contents (rand, 4, 12, 20);
        guint64 budget = (guint64)g_rand_int_range (rand, 0, 120);
        g_autoptr (Schedule) schedule = schedule_new (contents, budget);

        simulate (contents, schedule, budget);
    }
}

/* With room for all, nothing is carried twice and every source is used. */
static void
test_nothing_repeated (void)
{
    g_autoptr (GRand) rand = g_rand_new_with_seed (17);

    for (guint i = 0; i < 500; i++) {
        g_autoptr (Contents) contents = make_contents (rand, 4, 12, 20);
        g_autoptr (Schedule) schedule = schedule_new (contents, G_MAXUINT32);

        simulate (contents, schedule, G_MAXUINT32);
        g_assert_cmpuint (schedule->files->len, ==, contents->contents->len);
        for (guint k = 0; k < schedule->files->len; k++) {
            const Content *content = &g_array_index (contents->contents, Content, k);

            g_assert_cmpuint (file_at (schedule, k)->content, ==, k);
            g_assert_true (file_at (schedule, k)->patched == (content->source != NO_CONTENT));
        }
    }
}

/* With room for nothing, every use is a file of its own. */
static void
test_no_budget (void)
{
    g_autoptr (GRand) rand = g_rand_new_with_seed (19);
    g_autoptr (Contents) contents = make_contents (rand, 4, 40, 20);
    g_autoptr (Schedule) schedule = schedule_new (contents, 0);
    guint uses = 0;

    simulate (contents, schedule, 0);
    for (guint i = 0; i < contents->layers->len; i++)
        uses += ((PackLayer *)contents->layers->pdata[i])->uses->len;
    g_assert_cmpuint (schedule->files->len, ==, uses);
    g_assert_cmpuint (schedule->peak, ==, 0);
}

static void
test_123_same_again (void)
{
    g_autoptr (GRand) rand = g_rand_new_with_seed (23);
    g_autoptr (Contents) contents = make_contents (rand, 6, 60, 100);
    g_autoptr (Schedule) one = schedule_new (contents, 500);
    g_autoptr (Schedule) two = schedule_new (contents, 500);

    g_assert_cmpuint (one->files->len, ==, two->files->len);
    g_assert_cmpuint (one->peak, ==, two->peak);
    for (guint i = 0; i < one->files->len; i++) {
        g_assert_cmpuint (file_at (one, i)->content, ==, file_at (two, i)->content);
        g_assert_true (file_at (one, i)->patched == file_at (two, i)->patched);
        g_assert_cmpuint (file_at (one, i)->source, ==, file_at (two, i)->source);
    }
}

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/schedule/random", test_random);
    g_test_add_func ("/schedule/nothing-repeated", test_nothing_repeated);
    g_test_add_func ("/schedule/no-budget", test_no_budget);
    g_test_add_func ("/schedule/123-same-again", test_123_same_again);
    return g_test_run ();
}
