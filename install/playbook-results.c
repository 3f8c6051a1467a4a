/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/playbook.h"

#include "bundle/strictjson.h"
#include "manifest/error.h"

#include <string.h>

/* What is told of the run so far. */
typedef struct {
    guint plays;
    gboolean ended;
} Results;

static gboolean
read_record (JsonObject *record, const char *name, Results *results, GError **error)
{
    const char *event, *status, *play, *task, *host;

    if (!strictjson_string (record, "event", name, &event, error) ||
        !strictjson_string (record, "status", name, &status, error) ||
        !strictjson_string (record, "play", name, &play, error) ||
        !strictjson_string (record, "task", name, &task, error) ||
        !strictjson_string (record, "host", name, &host, error))
        return FALSE;
    results->plays += g_strcmp0 (event, "play") == 0;
    results->ended = results->ended || g_strcmp0 (event, "end") == 0;
    if (g_strcmp0 (event, "no-hosts") == 0) {
        g_autofree char *shown = error_quote (play != NULL ? play : "");

        return fail (error, ERR_FAILED,
                     "playbook '%s': play '%s' matches no host, so it did nothing; compare its "
                     "'hosts:' with the inventory",
                     name, shown);
    }
    if (g_strcmp0 (status, "failed") == 0 || g_strcmp0 (status, "unreachable") == 0) {
        g_autofree char *shown = error_quote (task != NULL ? task : "");
        g_autofree char *where = error_quote (host != NULL ? host : "");

        return fail (error, ERR_FAILED, "playbook '%s': task '%s' on '%s': %s", name, shown, where,
                     status);
    }
    return TRUE;
}

gboolean
playbook_check_results (GBytes *results, const char *name, GError **error)
{
    gsize length;
    const char *data = g_bytes_get_data (results, &length);
    g_autofree char *text = g_strndup (data != NULL ? data : "", length);
    g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
    Results found = { 0 };

    for (char **line = lines; *line != NULL; line++) {
        g_autoptr (GBytes) one = g_bytes_new (*line, strlen (*line));
        g_autoptr (JsonNode) root = NULL;
        JsonObject *record;

        if (**line == '\0')
            continue;
        record = strictjson_parse_object (one, name, &root, error);
        if (record == NULL || !read_record (record, name, &found, error))
            return FALSE;
    }
    if (!found.ended || found.plays == 0)
        return fail (error, ERR_FAILED, "playbook '%s' ended before %s", name,
                     found.plays == 0 ? "its first play" : "its last one");
    return TRUE;
}
