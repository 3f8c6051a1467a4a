/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/report-configs.h"

#include "bundle/compare-tree.h"
#include "manifest/line-diff.h"

#include <string.h>

/* One text may be placed in many places, and each place is a comparison: of so many bytes all
 * together, and no more. */
#define COMPARED_BYTES (64 * 1024 * 1024)

/* The configs of a side; NULL where it is a have file, which does not tell them. */
static const GPtrArray *
configs_of (const Diff *diff, guint side)
{
    Bundle *bundle = diff->sides[side].bundle;

    return bundle != NULL ? bundle_statement (bundle)->release->configs : NULL;
}

void
report_want_configs (Diff *diff)
{
    for (guint side = 0; side < 2; side++) {
        const GPtrArray *configs = configs_of (diff, side);

        for (guint i = 0; configs != NULL && i < configs->len; i++)
            compare_want_text (diff, side, ((ReleaseConfig *)configs->pdata[i])->from);
    }
}

static const ReleaseConfig *
find (const GPtrArray *configs, const char *to)
{
    for (guint i = 0; i < configs->len; i++) {
        const ReleaseConfig *config = configs->pdata[i];

        if (strcmp (config->to, to) == 0)
            return config;
    }
    return NULL;
}

static gboolean
is_placed_alike (const ReleaseConfig *a, const ReleaseConfig *b)
{
    return a->template == b->template && a->mode == b->mode && strcmp (a->owner, b->owner) == 0 &&
           a->on_conflict == b->on_conflict;
}

static GBytes *
text_of (const Diff *diff, guint side, const ReleaseConfig *config, const char **why)
{
    const DiffText *text = g_hash_table_lookup (diff->wanted[side], config->from);

    if (text == NULL || text->cut || text->bytes == NULL) {
        *why = "the texts are too long";
        return NULL;
    }
    return g_bytes_new_static (text->bytes->data, text->bytes->len);
}

static void
compare_texts (const Diff *diff, ReportConfig *config, gsize *room)
{
    g_autoptr (GBytes) a = text_of (diff, 0, config->a, &config->why);
    g_autoptr (GBytes) b = text_of (diff, 1, config->b, &config->why);

    if (a == NULL || b == NULL) {
        config->state = REPORT_CONFIG_UNKNOWN;
        return;
    }
    if (g_bytes_equal (a, b)) {
        config->state =
            is_placed_alike (config->a, config->b) ? REPORT_CONFIG_SAME : REPORT_CONFIG_PLACED;
        return;
    }
    config->state = REPORT_CONFIG_CHANGED;
    if (g_bytes_get_size (a) + g_bytes_get_size (b) > *room) {
        config->why = "too much to be shown here; 'handcarry extract --tree' has the texts";
        return;
    }
    *room -= g_bytes_get_size (a) + g_bytes_get_size (b);
    config->hunks = line_diff (a, b, NULL, NULL, &config->why);
}

static void
config_free (gpointer data)
{
    ReportConfig *config = data;

    g_free (config->hunks);
    g_free (config);
}

static void
add (GPtrArray *rows, const Diff *diff, const ReleaseConfig *a, const ReleaseConfig *b, gsize *room)
{
    ReportConfig *config = g_new0 (ReportConfig, 1);

    config->a = a;
    config->b = b;
    g_ptr_array_add (rows, config);
    if (a != NULL && b != NULL && diff->tree != NULL) {
        compare_texts (diff, config, room);
    } else if (a != NULL && b != NULL) {
        config->state = REPORT_CONFIG_UNKNOWN;
        config->why = diff->no_tree;
    } else {
        config->state = b != NULL ? REPORT_CONFIG_NEW : REPORT_CONFIG_GONE;
    }
}

GPtrArray *
report_compare_configs (const Diff *diff)
{
    const GPtrArray *a = configs_of (diff, 0), *b = configs_of (diff, 1);
    GPtrArray *rows = g_ptr_array_new_with_free_func (config_free);
    gsize room = COMPARED_BYTES;

    for (guint i = 0; a != NULL && b != NULL && i < b->len; i++) {
        const ReleaseConfig *config = b->pdata[i];

        add (rows, diff, find (a, config->to), config, &room);
    }
    for (guint i = 0; a != NULL && b != NULL && i < a->len; i++) {
        const ReleaseConfig *config = a->pdata[i];

        if (find (b, config->to) == NULL)
            add (rows, diff, config, NULL, &room);
    }
    return rows;
}
