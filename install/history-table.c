/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/history-table.h"

#include "manifest/error.h"
#include "manifest/message.h"

#include <string.h>

#define RELEASES_MAX 8 /* columns */
#define MINUTE 60
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

/* Rows of cells (char **), as many in each; the first row is the heading. */
static GPtrArray *
table_new (void)
{
    return g_ptr_array_new_with_free_func ((GDestroyNotify)g_strfreev);
}

static GArray *
column_widths (const GPtrArray *rows, guint columns)
{
    GArray *widths = g_array_new (FALSE, TRUE, sizeof (gsize));

    g_array_set_size (widths, columns);
    for (guint i = 0; i < rows->len; i++) {
        char **cells = rows->pdata[i];

        for (guint j = 0; j < columns; j++) {
            gsize *width = &g_array_index (widths, gsize, j);

            *width = MAX (*width, (gsize)message_columns (cells[j]));
        }
    }
    return widths;
}

/* printf pads by bytes, not by columns. */
static char *
table_to_text (const GPtrArray *rows)
{
    GString *text = g_string_new (NULL);
    guint columns = g_strv_length (rows->pdata[0]);
    g_autoptr (GArray) widths = column_widths (rows, columns);

    for (guint i = 0; i < rows->len; i++) {
        char **cells = rows->pdata[i];
        gsize gap = 0;

        for (guint j = 0; j < columns; j++) {
            g_string_append_printf (text, "%*s%s", (int)gap, "", cells[j]);
            gap = g_array_index (widths, gsize, j) - (gsize)message_columns (cells[j]) + 2;
        }
        g_string_append_c (text, '\n');
    }
    return g_string_free (text, FALSE);
}

static char *
when (gint64 time, const char *format)
{
    g_autoptr (GDateTime) date = g_date_time_new_from_unix_utc (time);

    return date != NULL ? g_date_time_format (date, format) : g_strdup ("?");
}

static char *
span (gint64 seconds)
{
    if (seconds < 2 * MINUTE)
        return message_show ("%" G_GINT64_FORMAT " s", seconds);
    if (seconds < 2 * HOUR)
        return message_show ("%" G_GINT64_FORMAT " min", seconds / MINUTE);
    if (seconds < 2 * DAY)
        return message_show ("%" G_GINT64_FORMAT " h", seconds / HOUR);
    return message_show ("%" G_GINT64_FORMAT " days", seconds / DAY);
}

static char *
number (const ReceiptRelease *release)
{
    return release->release > 0 ? g_strdup_printf ("r%" G_GUINT64_FORMAT, release->release)
                                : g_strdup ("-");
}

static char *
or_dash (const char *text)
{
    return text != NULL ? error_quote (text) : g_strdup ("-");
}

static char *
took (const Receipt *receipt)
{
    if (!receipt->has_ms)
        return g_strdup ("-");
    if (receipt->ms < 2 * MINUTE * 1000)
        return message_show ("%.1f s", (double)receipt->ms / 1000);
    return span ((gint64)(receipt->ms / 1000));
}

/* As receipt-text.c writes it, so that it can be shown translated. */
static char *
outcome_of (const Receipt *receipt)
{
    static const char *const known[] = { N_ ("done"), "rolled back", N_ ("failed"),
                                         "needs attention" };

    for (gsize i = 0; i < G_N_ELEMENTS (known); i++)
        if (strcmp (receipt->outcome, known[i]) == 0)
            return message_show ("%s", known[i]);
    return error_quote (receipt->outcome);
}

static char *
ended_as (const Receipt *receipt)
{
    g_autofree char *outcome = outcome_of (receipt);

    return receipt->code == 0
               ? g_steal_pointer (&outcome)
               : message_show ("%s (exit %" G_GUINT64_FORMAT ")", outcome, receipt->code);
}

static void
add_run (GPtrArray *rows, const HistoryEntry *entry, gboolean hosts)
{
    const Receipt *receipt = entry->receipt;
    g_autoptr (GStrvBuilder) cells = g_strv_builder_new ();
    g_autofree char *no = g_strdup_printf ("%06" G_GUINT64_FORMAT, receipt->number);
    g_autofree char *date = when (receipt->begun, "%Y-%m-%d %H:%M");
    g_autofree char *verb = error_quote (receipt->verb);
    g_autofree char *from = number (&receipt->before), *to = number (&receipt->wanted);
    g_autofree char *change = g_strdup_printf ("%s → %s", from, to);
    g_autofree char *by = or_dash (receipt->by), *ref = or_dash (receipt->ref);
    g_autofree char *result = ended_as (receipt), *duration = took (receipt);

    g_strv_builder_add (cells, no);
    if (hosts)
        g_strv_builder_add (cells, receipt->host);
    g_strv_builder_add_many (cells, date, verb, receipt->product, change, by, ref, result, duration,
                             NULL);
    g_ptr_array_add (rows, g_strv_builder_end (cells));
}

char *
history_runs_text (const History *history)
{
    g_autoptr (GPtrArray) rows = table_new ();
    g_autoptr (GStrvBuilder) heading = g_strv_builder_new ();
    gboolean hosts = history->hosts->len > 1;
    static const char *const words[] = {
        N_ ("receipt"), N_ ("host"), "when (UTC)", N_ ("what"),   N_ ("product"),
        N_ ("release"), N_ ("by"),   N_ ("ref"),   N_ ("result"), N_ ("took"),
    };

    for (gsize i = 0; i < G_N_ELEMENTS (words); i++) {
        g_autofree char *shown = message_show ("%s", words[i]);

        if (i != 1 || hosts)
            g_strv_builder_add (heading, shown);
    }
    g_ptr_array_add (rows, g_strv_builder_end (heading));
    for (guint i = 0; i < history->entries->len; i++)
        add_run (rows, history->entries->pdata[i], hosts);
    return table_to_text (rows);
}

static int
by_value (gconstpointer a, gconstpointer b)
{
    guint64 left = *(const guint64 *)a, right = *(const guint64 *)b;

    return left < right ? -1 : left > right;
}

/* The releases that runs of a product wanted, lowest first, the newest RELEASES_MAX of them. */
static GArray *
wanted_releases (const History *history, const char *product)
{
    GArray *numbers = g_array_new (FALSE, FALSE, sizeof (guint64));
    g_autoptr (GHashTable) seen = g_hash_table_new (g_int64_hash, g_int64_equal);

    for (guint i = 0; i < history->entries->len; i++) {
        const Receipt *receipt = ((const HistoryEntry *)history->entries->pdata[i])->receipt;

        if (strcmp (receipt->product, product) == 0 && receipt->wanted.release > 0 &&
            g_hash_table_add (seen, (gpointer)&receipt->wanted.release))
            g_array_append_val (numbers, receipt->wanted.release);
    }
    g_array_sort (numbers, by_value);
    if (numbers->len > RELEASES_MAX)
        g_array_remove_range (numbers, 0, numbers->len - RELEASES_MAX);
    return numbers;
}

/* What became of one release on one host: since when, "*" where it is the current one. */
static char *
describe (const History *history, const HistoryHost *host, const char *product, guint64 release)
{
    const Receipt *last = NULL, *newest = NULL;
    g_autofree char *date = NULL;

    for (guint i = 0; i < history->entries->len; i++) {
        const HistoryEntry *entry = history->entries->pdata[i];

        if (entry->host != host || strcmp (entry->receipt->product, product) != 0)
            continue;
        newest = entry->receipt;
        if (newest->wanted.release == release)
            last = newest;
    }
    if (last == NULL)
        return g_strdup ("-");
    date = when (last->ended, "%Y-%m-%d");
    if (newest->after.release == release)
        return g_strdup_printf ("%s *", date);
    return last->code == 0 ? g_steal_pointer (&date)
                           : message_show ("exit %" G_GUINT64_FORMAT, last->code);
}

static gboolean
has_product (const History *history, const HistoryHost *host, const char *product)
{
    for (guint i = 0; i < history->entries->len; i++) {
        const HistoryEntry *entry = history->entries->pdata[i];

        if (entry->host == host && strcmp (entry->receipt->product, product) == 0)
            return TRUE;
    }
    return FALSE;
}

static void
add_product (GString *text, const History *history, const char *product)
{
    g_autoptr (GPtrArray) rows = table_new ();
    g_autoptr (GArray) releases = wanted_releases (history, product);
    g_autoptr (GStrvBuilder) heading = g_strv_builder_new ();
    g_autofree char *table = NULL;

    g_strv_builder_add (heading, product);
    for (guint j = 0; j < releases->len; j++) {
        const ReceiptRelease release = { .release = g_array_index (releases, guint64, j) };
        g_autofree char *name = number (&release);

        g_strv_builder_add (heading, name);
    }
    g_ptr_array_add (rows, g_strv_builder_end (heading));
    for (guint i = 0; i < history->hosts->len; i++) {
        const HistoryHost *host = history->hosts->pdata[i];
        g_autoptr (GStrvBuilder) cells = g_strv_builder_new ();

        if (!has_product (history, host, product))
            continue;
        g_strv_builder_add (cells, host->name);
        for (guint j = 0; j < releases->len; j++) {
            g_autofree char *cell =
                describe (history, host, product, g_array_index (releases, guint64, j));

            g_strv_builder_add (cells, cell);
        }
        g_ptr_array_add (rows, g_strv_builder_end (cells));
    }
    table = table_to_text (rows);
    g_string_append_printf (text, "%s%s", text->len > 0 ? "\n" : "", table);
}

char *
history_releases_text (const History *history)
{
    g_autoptr (GPtrArray) doras = dora_of (history); /* every product once, sorted */
    GString *text = g_string_new (NULL);

    for (guint i = 0; i < doras->len; i++)
        add_product (text, history, ((const Dora *)doras->pdata[i])->product);
    return g_string_free (text, FALSE);
}

char *
history_hosts_text (const History *history)
{
    g_autoptr (GPtrArray) rows = table_new ();
    char *heading[] = { message_show ("host"), message_show ("receipts"), message_show ("checked"),
                        message_show ("key"), NULL };

    g_ptr_array_add (rows, g_memdup2 (heading, sizeof heading));
    for (guint i = 0; i < history->hosts->len; i++) {
        const HistoryHost *host = history->hosts->pdata[i];
        g_autofree char *count = g_strdup_printf ("%u", host->chain->links->len);
        g_autofree char *id = host->has_key ? public_key_id (&host->key) : message_show ("none");
        g_autofree char *key = host->known_as != NULL
                                   ? message_show ("%s, known as %s", id, host->known_as)
                                   : message_show ("%s, not in the trust root", id);
        g_autofree char *checked =
            message_show ("%s", host->problem == NULL ? N_ ("good") : N_ ("BAD"));
        const char *const cells[] = { host->name, count, checked, key, NULL };

        g_ptr_array_add (rows, g_strdupv ((char **)cells));
    }
    return table_to_text (rows);
}

static void
append_median (GString *text, const char *what, guint count, gint64 seconds)
{
    g_autofree char *shown = span (seconds);

    if (count > 0)
        message_show_append (text, "  %-20s %s (median of %u)\n", what, shown, count);
    else
        message_show_append (text, "  %-20s -\n", what);
}

char *
history_dora_text (GPtrArray *doras)
{
    GString *text = g_string_new (NULL);

    for (guint i = 0; i < doras->len; i++) {
        const Dora *dora = doras->pdata[i];

        g_string_append_printf (text, "%s%s\n", i > 0 ? "\n" : "", dora->product);
        message_show_append (text,
                             dora->days == 1 ? N_ ("  %-20s %u in %" G_GINT64_FORMAT " day")
                                             : N_ ("  %-20s %u in %" G_GINT64_FORMAT " days"),
                             N_ ("deployments"), dora->deployments, dora->days);
        if (dora->days >= 7)
            message_show_append (text, ", %.1f a week",
                                 (double)dora->deployments * 7 / (double)dora->days);
        g_string_append_c (text, '\n');
        append_median (text, "lead time", dora->leads, dora->lead);
        if (dora->deployments > 0)
            message_show_append (text, "  %-20s %.0f %% (%u of %u)\n", N_ ("failed"),
                                 100.0 * dora->failed / dora->deployments, dora->failed,
                                 dora->deployments);
        append_median (text, "time to restore", dora->restores, dora->restore);
    }
    return g_string_free (text, FALSE);
}
