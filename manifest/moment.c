/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "manifest/moment.h"

#define MOMENT_FORM "\\A[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z\\z"
#define MOMENT_FIRST (-30610224000) /* 1000-01-01: GLib writes earlier years with fewer digits */
#define MOMENT_LAST 253402300799    /* 9999-12-31 */

gboolean
moment_parse (const char *text, gint64 *seconds)
{
    g_autoptr (GDateTime) time = NULL;

    /* GLib takes more forms than one, and a reader of another program need not. */
    if (!g_regex_match_simple (MOMENT_FORM, text, 0, 0))
        return FALSE;
    time = g_date_time_new_from_iso8601 (text, NULL);
    if (time == NULL)
        return FALSE;
    *seconds = g_date_time_to_unix (time);
    return TRUE;
}

static char *
format (gint64 seconds, const char *form)
{
    g_autoptr (GDateTime) time =
        g_date_time_new_from_unix_utc (CLAMP (seconds, MOMENT_FIRST, MOMENT_LAST));

    return g_date_time_format (time, form);
}

char *
moment_to_text (gint64 seconds)
{
    return format (seconds, "%Y-%m-%dT%H:%M:%SZ");
}

char *
moment_to_words (gint64 seconds)
{
    return format (seconds, "%Y-%m-%d %H:%M UTC");
}
