/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/dora.h"

#include "manifest/error.h"

#include <string.h>

#define DAY_SECONDS (24 * 60 * 60)

/* What is counted for one product. */
typedef struct {
    Dora *dora;
    gint64 first, last;
    GArray *leads, *restores; /* gint64 */
} Count;

static void
dora_free (gpointer data)
{
    Dora *dora = data;

    g_free (dora->product);
    g_free (dora);
}

static gboolean
is_deployment (const Receipt *receipt)
{
    return strcmp (receipt->verb, "install") == 0 &&
           receipt->wanted.release != receipt->before.release &&
           (receipt->code == 0 || receipt->code == ERR_ROLLED_BACK ||
            receipt->code == ERR_NEEDS_ATTENTION);
}

/* The next run of the same product on the same host that ended well; first: the very next one. */
static const Receipt *
find_next (const GPtrArray *entries, guint at, gboolean first)
{
    const HistoryEntry *from = entries->pdata[at];

    for (guint i = at + 1; i < entries->len; i++) {
        const HistoryEntry *entry = entries->pdata[i];

        if (entry->host != from->host ||
            strcmp (entry->receipt->product, from->receipt->product) != 0)
            continue;
        if (first || entry->receipt->code == 0)
            return entry->receipt;
    }
    return NULL;
}

static void
add_restore (Count *count, gint64 from, gint64 until)
{
    gint64 seconds = MAX (until - from, 0);

    g_array_append_val (count->restores, seconds);
}

static void
count_failure (Count *count, const Receipt *receipt, const Receipt *next)
{
    count->dora->failed++;
    if (receipt->code == ERR_ROLLED_BACK)
        add_restore (count, receipt->begun, receipt->ended);
    else if (next != NULL)
        add_restore (count, receipt->ended, next->ended);
}

static void
count_deployment (Count *count, const GPtrArray *entries, guint at)
{
    const Receipt *receipt = ((const HistoryEntry *)entries->pdata[at])->receipt;
    const Receipt *next = find_next (entries, at, receipt->code == 0);
    gint64 lead = receipt->ended - receipt->issued;

    count->first =
        count->dora->deployments == 0 ? receipt->begun : MIN (count->first, receipt->begun);
    count->last = MAX (count->last, receipt->begun);
    count->dora->deployments++;
    if (receipt->code == 0 && receipt->issued > 0 && lead >= 0)
        g_array_append_val (count->leads, lead);
    if (receipt->code != 0 ||
        (next != NULL && next->code == 0 && strcmp (next->verb, "rollback") == 0))
        count_failure (count, receipt, next);
}

static int
by_value (gconstpointer a, gconstpointer b)
{
    gint64 left = *(const gint64 *)a, right = *(const gint64 *)b;

    return left < right ? -1 : left > right;
}

/* Of an even number the mean of the two in the middle. */
static gint64
median (GArray *values)
{
    guint half = values->len / 2;

    if (values->len == 0)
        return 0;
    g_array_sort (values, by_value);
    if (values->len % 2 == 1)
        return g_array_index (values, gint64, half);
    return (g_array_index (values, gint64, half - 1) + g_array_index (values, gint64, half)) / 2;
}

static Dora *
count_product (const History *history, const char *product)
{
    Dora *dora = g_new0 (Dora, 1);
    g_autoptr (GArray) leads = g_array_new (FALSE, FALSE, sizeof (gint64));
    g_autoptr (GArray) restores = g_array_new (FALSE, FALSE, sizeof (gint64));
    Count count = { .dora = dora, .leads = leads, .restores = restores };

    dora->product = g_strdup (product);
    for (guint i = 0; i < history->entries->len; i++) {
        const Receipt *receipt = ((const HistoryEntry *)history->entries->pdata[i])->receipt;

        if (strcmp (receipt->product, product) == 0 && is_deployment (receipt))
            count_deployment (&count, history->entries, i);
    }
    dora->days = MAX ((count.last - count.first + DAY_SECONDS - 1) / DAY_SECONDS, 1);
    dora->leads = leads->len;
    dora->restores = restores->len;
    dora->lead = median (leads);
    dora->restore = median (restores);
    return dora;
}

static int
by_product (gconstpointer a, gconstpointer b)
{
    const Dora *left = *(const Dora *const *)a, *right = *(const Dora *const *)b;

    return strcmp (left->product, right->product);
}

GPtrArray *
dora_of (const History *history)
{
    GPtrArray *all = g_ptr_array_new_with_free_func (dora_free);
    g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);

    for (guint i = 0; i < history->entries->len; i++) {
        const Receipt *receipt = ((const HistoryEntry *)history->entries->pdata[i])->receipt;

        if (g_hash_table_add (seen, receipt->product))
            g_ptr_array_add (all, count_product (history, receipt->product));
    }
    g_ptr_array_sort (all, by_product);
    return all;
}
