/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/journal.h"

#include "install/journal-file.h"
#include "install/json-member.h"
#include "manifest/digest.h"
#include "manifest/error.h"
#include "manifest/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Writing: every record is one line that is synced before anything it speaks of is done. */

#define ROOM (1024 * 1024)

const char *const journal_phases[] = {
    [PHASE_PREPARE] = "prepare",     [PHASE_SWITCH] = "switch",
    [PHASE_FORWARD] = "forward",     [PHASE_HEALTHY] = "healthy",
    [PHASE_BACK] = "back",           [PHASE_LEFT] = "left",
    [PHASE_UNDONE] = "undone",       [PHASE_REMOVED] = "removed",
    [PHASE_ATTENTION] = "attention", NULL,
};
const char *const journal_parts[] = { "prepare", "apply", NULL };

void
journal_free (Journal *journal)
{
    if (journal == NULL)
        return;
    g_clear_pointer (&journal->begin, json_object_unref);
    g_ptr_array_unref (journal->records);
    file_clear_fd (&journal->file->fd);
    g_free (journal->file);
    g_free (journal);
}

Journal *
journal_new (void)
{
    Journal *journal = g_new0 (Journal, 1);

    journal->records = g_ptr_array_new_with_free_func ((GDestroyNotify)json_object_unref);
    journal->file = g_new0 (JournalFile, 1);
    journal->file->fd = -1;
    return journal;
}

Digest
journal_chain (const Digest *head, const char *json, gsize length)
{
    g_autoptr (DigestStream) stream = digest_stream_new ();
    Digest digest;

    digest_stream_add (stream, head->b, sizeof head->b);
    digest_stream_add (stream, json, length);
    digest_stream_finish (stream, &digest);
    return digest;
}

void
journal_reach (Journal *journal, JournalPhase phase)
{
    journal->phase = phase;
    if (phase == PHASE_ATTENTION)
        return;
    journal->tries = journal->reached == phase ? journal->tries + 1 : 1;
    journal->reached = phase;
}

static void
add_time (JsonObject *record)
{
    g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
    g_autofree char *when = g_date_time_format (now, "%Y-%m-%dT%H:%M:%S.%fZ");

    json_object_set_string_member (record, "time", when);
    json_object_set_int_member (record, "monotonic", g_get_monotonic_time ());
}

static gboolean
write_record (Journal *journal, JsonObject *record, GError **error)
{
    g_autoptr (JsonNode) node = json_node_init_object (json_node_alloc (), record);
    g_autofree char *json = json_to_string (node, FALSE);
    Digest next = journal_chain (&journal->file->head, json, strlen (json));
    g_autofree char *hex = digest_to_hex (&next);
    g_autofree char *line = g_strconcat (hex, " ", json, "\n", NULL);

    if (!file_pwrite_all (journal->file->fd, JOURNAL_FILE, line, strlen (line),
                          journal->file->bytes, error))
        return FALSE;
    if (fdatasync (journal->file->fd) < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot sync the journal");
    journal->file->head = next;
    journal->file->bytes += strlen (line);
    return TRUE;
}

/* What a program printed may be part of a message. */
static void
add_message (JsonObject *record, const char *message)
{
    g_autofree char *valid = message != NULL ? g_utf8_make_valid (message, -1) : NULL;

    json_member_set_text (record, "message", valid);
}

static gboolean
add_record (Journal *journal, JsonObject *record, GError **error)
{
    add_time (record);
    if (!write_record (journal, record, error))
        return FALSE;
    g_ptr_array_add (journal->records, json_object_ref (record));
    return TRUE;
}

/* Where a file system cannot reserve, the records take their chance. */
static gboolean
reserve (int fd, GError **error)
{
    if (fallocate (fd, FALLOC_FL_KEEP_SIZE, 0, ROOM) < 0 && errno != EOPNOTSUPP)
        return fail_errno (error, ERR_FAILED, errno, "cannot reserve room for the journal");
    return TRUE;
}

static gboolean
create (Journal *journal, int state_fd, GError **error)
{
    journal->file->fd =
        openat (state_fd, JOURNAL_FRESH, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (journal->file->fd < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot make the journal");
    if (!reserve (journal->file->fd, error) || !write_record (journal, journal->begin, error))
        return FALSE;
    if (fsync (journal->file->fd) < 0 ||
        renameat (state_fd, JOURNAL_FRESH, state_fd, JOURNAL_FILE) < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot begin the journal");
    return file_fsync_dir (state_fd, JOURNAL_FILE, error);
}

Journal *
journal_begin (int state_fd, JsonObject *begin, GError **error)
{
    g_autoptr (Journal) journal = journal_new ();

    journal->begin = json_object_ref (begin);
    json_object_set_string_member (begin, "record", "begin");
    json_object_set_string_member (begin, "schema", JOURNAL_SCHEMA);
    add_time (begin);
    if (!create (journal, state_fd, error)) {
        /* The run has not begun, also where the rename was done and its sync failed. */
        unlinkat (state_fd, JOURNAL_FRESH, 0);
        unlinkat (state_fd, JOURNAL_FILE, 0);
        return NULL;
    }
    return g_steal_pointer (&journal);
}

gboolean
journal_phase (Journal *journal, JournalPhase phase, const char *message, GError **error)
{
    g_autoptr (JsonObject) record = json_object_new ();

    json_object_set_string_member (record, "record", "phase");
    json_object_set_string_member (record, "phase", journal_phases[phase]);
    add_message (record, message);
    if (!add_record (journal, record, error))
        return FALSE;
    journal_reach (journal, phase);
    return TRUE;
}

gboolean
journal_step (Journal *journal, guint step, JournalPart part, const char *event,
              const char *message, JsonObject *data, GError **error)
{
    g_autoptr (JsonObject) record = json_object_new ();

    json_object_set_string_member (record, "record", "step");
    json_object_set_int_member (record, "step", step);
    json_object_set_string_member (record, "part", journal_parts[part]);
    json_object_set_string_member (record, "event", event);
    add_message (record, message);
    if (data != NULL)
        json_object_set_object_member (record, "data", json_object_ref (data));
    return add_record (journal, record, error);
}

gboolean
journal_end (Journal *journal, int state_fd, int dirfd, const char *name, GError **error)
{
    int result = name != NULL ? renameat (state_fd, JOURNAL_FILE, dirfd, name)
                              : unlinkat (state_fd, JOURNAL_FILE, 0);

    if (result < 0 && errno != ENOENT)
        return fail_errno (error, ERR_FAILED, errno, "cannot end the journal");
    return (name == NULL || file_fsync_dir (dirfd, name, error)) &&
           file_fsync_dir (state_fd, JOURNAL_FILE, error);
}
