/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/journal-file.h"

#include "bundle/strictjson.h"
#include "install/json-member.h"
#include "manifest/error.h"
#include "manifest/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Reading: a power cut may tear the last line, and only that one. */

static int
word_index (const char *word, const char *const *words)
{
    for (int i = 0; word != NULL && words[i] != NULL; i++)
        if (strcmp (word, words[i]) == 0)
            return i;
    return -1;
}

static gboolean
malformed (GError **error, guint number, const char *what)
{
    return fail (error, ERR_FORMAT, "record %u of the journal %s", number, what);
}

static gboolean
take_step (Journal *journal, JsonObject *record, guint number, GError **error)
{
    JsonArray *steps = json_member_array (journal->begin, "steps");
    const char *event = json_member_string (record, "event");
    guint64 step;

    if (!strictjson_size (record, "step", "journal", &step, error))
        return FALSE;
    if (steps == NULL || step >= json_array_get_length (steps))
        return malformed (error, number, "speaks of a step that is not there");
    if (word_index (json_member_string (record, "part"), journal_parts) < 0 || event == NULL)
        return malformed (error, number, "does not say what was done");
    return TRUE;
}

static gboolean
take_phase (Journal *journal, JsonObject *record, guint number, GError **error)
{
    int phase = word_index (json_member_string (record, "phase"), journal_phases);

    if (phase < 0)
        return malformed (error, number, "names a phase that is not known");
    journal_reach (journal, (JournalPhase)phase);
    return TRUE;
}

/* A journal of another version is a run that its own handcarry can end. */
static gboolean
check_schema (const char *schema, GError **error)
{
    g_autofree char *shown = error_quote (schema != NULL ? schema : "");

    return g_strcmp0 (schema, JOURNAL_SCHEMA) == 0 ||
           fail (error, ERR_FORMAT,
                 "record 0 of the journal is not the begin of a run that this handcarry knows: "
                 "its schema is '%s', expected '" JOURNAL_SCHEMA "'; if another version of "
                 "handcarry wrote it, that one can recover",
                 shown);
}

static gboolean
take_record (Journal *journal, JsonObject *record, GError **error)
{
    const char *type = json_member_string (record, "record");
    guint number = journal->records->len + 1;

    if (journal->begin == NULL) {
        if (g_strcmp0 (type, "begin") != 0)
            return malformed (error, 0, "is not the begin of a run that this handcarry knows");
        if (!check_schema (json_member_string (record, "schema"), error))
            return FALSE;
        journal->begin = json_object_ref (record);
        return TRUE;
    }
    g_ptr_array_add (journal->records, json_object_ref (record));
    if (g_strcmp0 (type, "step") == 0)
        return take_step (journal, record, number, error);
    if (g_strcmp0 (type, "phase") == 0)
        return take_phase (journal, record, number, error);
    return malformed (error, number, "is of no known type");
}

/* *whole is FALSE where the line is not what was written. */
static gboolean
take_line (Journal *journal, const char *line, gsize length, gboolean *whole, GError **error)
{
    const gsize head = DIGEST_HEX_LENGTH + 1;
    g_autoptr (GBytes) json = NULL;
    g_autoptr (JsonNode) root = NULL;
    g_autofree char *hex = NULL;
    JsonObject *record;
    Digest said, found;

    *whole = FALSE;
    if (length <= head || line[head - 1] != ' ')
        return TRUE;
    hex = g_strndup (line, DIGEST_HEX_LENGTH);
    found = journal_chain (&journal->file->head, line + head, length - head);
    if (!digest_parse_hex (hex, &said, NULL) || !digest_equal (&said, &found))
        return TRUE;
    *whole = TRUE;
    json = g_bytes_new_static (line + head, length - head);
    record = strictjson_parse_object (json, "journal", &root, error);
    if (record == NULL || !take_record (journal, record, error))
        return FALSE;
    journal->file->head = found;
    journal->file->bytes += length + 1;
    return TRUE;
}

Journal *
journal_parse (GBytes *text, GError **error)
{
    g_autoptr (Journal) journal = journal_new ();
    gsize length, at = 0;
    const char *data = g_bytes_get_data (text, &length);

    while (at < length) {
        const char *end = memchr (data + at, '\n', length - at);
        gboolean whole = FALSE;
        gsize line = end != NULL ? (gsize)(end - data) - at : length - at;

        if (end != NULL && !take_line (journal, data + at, line, &whole, error))
            return NULL;
        at += line + 1;
        if (whole)
            continue;
        /* What was written after it cannot be known either. */
        if (at < length)
            return malformed (error, journal->records->len + 1, "is damaged, and others follow"),
                   NULL;
        journal->torn = TRUE;
    }
    if (journal->begin == NULL)
        return malformed (error, 0, "is not there"), NULL;
    return g_steal_pointer (&journal);
}

Journal *
journal_read (int dirfd, const char *name, GError **error)
{
    g_autoptr (GBytes) text = file_read_below (dirfd, name, JOURNAL_BYTES, error);

    return text != NULL ? journal_parse (text, error) : NULL;
}

static gboolean
open_for_more (Journal *journal, int state_fd, GError **error)
{
    journal->file->fd = file_open_below (state_fd, JOURNAL_FILE, O_RDWR, error);
    if (journal->file->fd < 0)
        return FALSE;
    /* The next record must not hang on half a line. */
    if (ftruncate (journal->file->fd, (off_t)journal->file->bytes) < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot take up the journal");
    return TRUE;
}

gboolean
journal_open (int state_fd, gboolean write, Journal **journal, GError **error)
{
    g_autoptr (Journal) found = NULL;
    g_autoptr (GError) local = NULL;
    struct stat st;

    *journal = NULL;
    /* What a run that was killed as it began had not named yet. */
    if (write)
        unlinkat (state_fd, JOURNAL_FRESH, 0);
    if (state_fd < 0 ||
        (fstatat (state_fd, JOURNAL_FILE, &st, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT))
        return TRUE;
    found = journal_read (state_fd, JOURNAL_FILE, &local);
    if (found == NULL || (write && !open_for_more (found, state_fd, &local)))
        return fail (
            error, ERR_NEEDS_ATTENTION,
            "a run was interrupted and its journal cannot be read, so nobody knows how far it "
            "got: %s\nnext: keep a copy of the file '" JOURNAL_FILE "' of the state folder, "
            "compare the host with the release by hand, then type: handcarry recover "
            "--give-up",
            local->message);
    *journal = g_steal_pointer (&found);
    return TRUE;
}

static gboolean
has_record (const Journal *journal, guint step, JournalPart part, const char *event)
{
    for (guint i = 0; i < journal->records->len; i++) {
        JsonObject *record = g_ptr_array_index (journal->records, i);

        if (g_strcmp0 (json_member_string (record, "record"), "step") == 0 &&
            json_member_count (record, "step") == step &&
            g_strcmp0 (json_member_string (record, "part"), journal_parts[part]) == 0 &&
            (event == NULL || g_strcmp0 (json_member_string (record, "event"), event) == 0))
            return TRUE;
    }
    return FALSE;
}

gboolean
journal_step_begun (const Journal *journal, guint step, JournalPart part)
{
    return has_record (journal, step, part, NULL);
}

gboolean
journal_step_done (const Journal *journal, guint step, JournalPart part)
{
    return has_record (journal, step, part, "done");
}

JsonObject *
journal_step_data (const Journal *journal, guint step)
{
    JsonArray *steps = json_member_array (journal->begin, "steps");

    for (guint i = journal->records->len; i > 0; i--) {
        JsonObject *record = g_ptr_array_index (journal->records, i - 1);
        JsonObject *data = json_member_object (record, "data");

        if (data != NULL && json_member_count (record, "step") == step &&
            g_strcmp0 (json_member_string (record, "record"), "step") == 0)
            return data;
    }
    return json_member_object (json_member_object_at (steps, step), "data");
}

const char *
journal_text (const Journal *journal, const char *name)
{
    const char *text = json_member_string (journal->begin, name);

    return text != NULL ? text : "";
}

guint64
journal_number (const Journal *journal, const char *name)
{
    return json_member_count (journal->begin, name);
}
