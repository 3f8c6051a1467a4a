/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/playbook-recap.h"

#include "bundle/strictjson.h"
#include "install/json-member.h"
#include "install/last-lines.h"
#include "install/mask.h"
#include "manifest/error.h"
#include "manifest/message.h"

#include <string.h>

static const char *const statuses[] = {
    [TASK_OK] = "ok",
    [TASK_CHANGED] = "changed",
    [TASK_SKIPPED] = "skipped",
    [TASK_RESCUED] = "rescued",
    [TASK_IGNORED] = "ignored",
    [TASK_FAILED] = "failed",
    [TASK_UNREACHABLE] = "unreachable",
};

/* One line of the plugin's; what it does not have is NULL. */
typedef struct {
    const char *event, *status, *play, *task, *host, *said, *ansible;
    guint64 milliseconds;
} Record;

/* A reading under way. */
typedef struct {
    PlaybookRecap *recap;
    const char *name;
    gboolean well;
    GPtrArray *values;
} Reading;

static void
task_free (gpointer data)
{
    PlaybookTask *task = data;

    g_free (task->play);
    g_free (task->task);
    g_free (task->host);
    g_free (task);
}

void
playbook_recap_free (PlaybookRecap *recap)
{
    if (recap == NULL)
        return;
    g_ptr_array_unref (recap->tasks);
    g_free (recap->ansible);
    g_free (recap->idle);
    g_free (recap->fault);
    g_free (recap);
}

static char *
clean (const Reading *reading, const char *text)
{
    g_autofree char *masked = mask_text (reading->values, text != NULL ? text : "");

    return error_quote (masked);
}

static gboolean
parse_status (const Reading *reading, const char *word, TaskStatus *status, GError **error)
{
    g_autofree char *shown = NULL;

    for (guint i = 0; word != NULL && i < TASK_STATUSES; i++) {
        if (strcmp (statuses[i], word) != 0)
            continue;
        *status = i == TASK_FAILED && reading->well ? TASK_RESCUED : (TaskStatus)i;
        return TRUE;
    }
    shown = error_quote (word != NULL ? word : "");
    return fail (error, ERR_FAILED, "%s: a task ended as '%s'", reading->name, shown);
}

static void
set_fault (Reading *reading, const PlaybookTask *task, const char *said)
{
    g_autoptr (LastLines) lines = last_lines_new (reading->values);
    g_autofree char *text = NULL;

    if (said != NULL)
        last_lines_add ((const guint8 *)said, strlen (said), lines);
    text = last_lines_text (lines);
    g_free (reading->recap->fault);
    reading->recap->fault = message_printf ("task '%s' on '%s': %s%s%s", task->task, task->host,
                                            statuses[task->status], *text != '\0' ? ":" : "", text);
}

static gboolean
add_task (Reading *reading, const Record *record, GError **error)
{
    PlaybookRecap *recap = reading->recap;
    PlaybookTask *task;
    TaskStatus status = TASK_OK;

    if (!parse_status (reading, record->status, &status, error))
        return FALSE;
    recap->counts[status]++;
    if (status < TASK_FAILED && recap->tasks->len >= PLAYBOOK_RECAP_TASKS)
        return TRUE;
    task = g_new0 (PlaybookTask, 1);
    task->play = clean (reading, record->play);
    task->task = clean (reading, record->task);
    task->host = clean (reading, record->host);
    task->status = status;
    task->milliseconds = record->milliseconds;
    if (status >= TASK_FAILED)
        set_fault (reading, task, record->said);
    if (recap->tasks->len < PLAYBOOK_RECAP_TASKS)
        g_ptr_array_add (recap->tasks, task);
    else
        task_free (task);
    return TRUE;
}

static gboolean
read_record (Reading *reading, JsonObject *object, GError **error)
{
    const char *name = reading->name;
    Record record = { 0 };

    if (!strictjson_string (object, "event", name, &record.event, error) ||
        !strictjson_string (object, "status", name, &record.status, error) ||
        !strictjson_string (object, "play", name, &record.play, error) ||
        !strictjson_string (object, "task", name, &record.task, error) ||
        !strictjson_string (object, "host", name, &record.host, error) ||
        !strictjson_string (object, "said", name, &record.said, error) ||
        !strictjson_string (object, "ansible", name, &record.ansible, error))
        return FALSE;
    if (record.ansible != NULL && reading->recap->ansible == NULL)
        reading->recap->ansible = clean (reading, record.ansible);
    if (g_strcmp0 (record.event, "play") == 0)
        reading->recap->plays++;
    else if (g_strcmp0 (record.event, "end") == 0)
        reading->recap->ended = TRUE;
    else if (g_strcmp0 (record.event, "no-hosts") == 0 && reading->recap->idle == NULL)
        reading->recap->idle = clean (reading, record.play);
    else if (g_strcmp0 (record.event, "task") == 0)
        return strictjson_size (object, "ms", name, &record.milliseconds, error) &&
               add_task (reading, &record, error);
    return TRUE;
}

PlaybookRecap *
playbook_recap_read (GBytes *results, const char *name, gboolean well, GPtrArray *values,
                     GError **error)
{
    gsize length;
    const char *data = g_bytes_get_data (results, &length);
    g_autofree char *text = g_strndup (data != NULL ? data : "", length);
    g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
    g_autoptr (PlaybookRecap) recap = g_new0 (PlaybookRecap, 1);
    Reading reading = { recap, name, well, values };

    recap->tasks = g_ptr_array_new_with_free_func (task_free);
    for (char **line = lines; *line != NULL; line++) {
        g_autoptr (GBytes) one = g_bytes_new (*line, strlen (*line));
        g_autoptr (JsonNode) root = NULL;
        JsonObject *object;

        if (**line == '\0')
            continue;
        object = strictjson_parse_object (one, name, &root, error);
        if (object == NULL || !read_record (&reading, object, error))
            return NULL;
    }
    return g_steal_pointer (&recap);
}

gboolean
playbook_recap_check (const PlaybookRecap *recap, const char *name, GError **error)
{
    if (recap->idle != NULL)
        return fail (error, ERR_FAILED,
                     "playbook '%s': play '%s' matches no host, so it did nothing; compare its "
                     "'hosts:' with the inventory",
                     name, recap->idle);
    if (recap->fault != NULL)
        return fail (error, ERR_FAILED, "playbook '%s': %s", name, recap->fault);
    if (!recap->ended || recap->plays == 0)
        return fail (error, ERR_FAILED, "playbook '%s' ended before %s", name,
                     recap->plays == 0 ? "its first play" : "its last one");
    return TRUE;
}

static JsonObject *
task_object (const PlaybookTask *task)
{
    JsonObject *object = json_object_new ();

    json_object_set_string_member (object, "play", task->play);
    json_object_set_string_member (object, "task", task->task);
    json_object_set_string_member (object, "host", task->host);
    json_object_set_string_member (object, "status", statuses[task->status]);
    json_object_set_int_member (object, "ms", (gint64)task->milliseconds);
    return object;
}

void
playbook_recap_add (const PlaybookRecap *recap, JsonObject *object)
{
    JsonObject *counts = json_object_new ();
    JsonArray *tasks = json_array_new ();

    for (guint i = 0; i < TASK_STATUSES; i++)
        json_object_set_int_member (counts, statuses[i], recap->counts[i]);
    for (guint i = 0; i < recap->tasks->len; i++)
        json_array_add_object_element (tasks, task_object (recap->tasks->pdata[i]));
    json_member_set_text (object, "ansible-core", recap->ansible);
    json_object_set_object_member (object, "counts", counts);
    json_object_set_array_member (object, "tasks", tasks);
}
