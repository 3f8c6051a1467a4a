/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/receipt.h"

#include "install/json-member.h"
#include "install/run-log.h"
#include "install/state.h"
#include "manifest/error.h"
#include "manifest/json-out.h"
#include "manifest/message.h"

#include <string.h>

/* The text of a receipt: what the journal says, and how the host is now. */

/* Members that are in the journal's first record as they are in the receipt. */
static const char *const copied[] = {
    "run",       "verb",    "product", "channel", "host",   "site",  "by",    "ref",    "key",
    "handcarry", "network", "engine",  "bundles", "issued", "votes", "trust", "before",
};

static void
copy_members (JsonBuilder *json, JsonObject *begin)
{
    for (guint i = 0; i < G_N_ELEMENTS (copied); i++) {
        JsonNode *node = json_object_get_member (begin, copied[i]);

        if (node == NULL)
            continue;
        json_builder_set_member_name (json, copied[i]);
        json_builder_add_value (json, json_node_copy (node));
    }
}

static void
add_null (JsonBuilder *json, const char *name)
{
    json_builder_set_member_name (json, name);
    json_builder_add_null_value (json);
}

/* What the run was to make of the host; nothing, where it removes a product. */
static void
add_wanted (JsonBuilder *json, const Journal *journal)
{
    guint64 to = journal_number (journal, "to");

    if (to == 0) {
        add_null (json, "wanted");
        return;
    }
    json_out_object (json, "wanted");
    json_out_number (json, "release", to);
    json_out_text (json, "version", journal_text (journal, "version"));
    json_out_text (json, "digest", journal_text (journal, "digest"));
    json_builder_end_object (json);
}

static gboolean
add_after (JsonBuilder *json, const Host *host, const char *product, GError **error)
{
    g_autoptr (State) state = NULL;

    if (!state_read (host->state_fd, product, &state, error))
        return FALSE;
    if (state == NULL || state->release == 0) {
        add_null (json, "after");
    } else {
        json_out_object (json, "after");
        json_out_number (json, "release", state->release);
        json_out_text (json, "version", state->version);
        json_out_digest (json, "digest", &state->digest);
        json_builder_end_object (json);
    }
    json_out_number (json, "state-generation", state != NULL ? state->generation : 0);
    return TRUE;
}

/* A clock that nobody can set begins anew with each boot, so that only one boot has durations. */
static gboolean
is_one_boot (const Journal *journal)
{
    g_autofree char *now = receipt_boot ();

    return *now != '\0' && strcmp (now, journal_text (journal, "boot")) == 0;
}

static void
add_milliseconds (JsonBuilder *json, gint64 from, gint64 until)
{
    if (from > 0 && until >= from)
        json_out_number (json, "ms", (guint64)(until - from) / 1000);
}

static void
add_phases (JsonBuilder *json, const Journal *journal)
{
    json_builder_set_member_name (json, "phases");
    json_builder_begin_array (json);
    for (guint i = 0; i < journal->records->len; i++) {
        JsonObject *record = journal->records->pdata[i];
        const char *phase = json_member_string (record, "phase");

        if (phase == NULL)
            continue;
        json_builder_begin_object (json);
        json_out_text (json, "phase", phase);
        json_out_text (json, "time", json_member_string (record, "time"));
        json_out_text (json, "message", json_member_string (record, "message"));
        json_builder_end_object (json);
    }
    json_builder_end_array (json);
}

/* The record that ends the part which begins with records[at], or NULL: it was cut off. */
static JsonObject *
find_end (const Journal *journal, guint at)
{
    JsonObject *start = journal->records->pdata[at];

    for (guint i = at + 1; i < journal->records->len; i++) {
        JsonObject *record = journal->records->pdata[i];

        if (json_member_string (record, "part") == NULL ||
            json_member_count (record, "step") != json_member_count (start, "step") ||
            g_strcmp0 (json_member_string (record, "part"), json_member_string (start, "part")) !=
                0)
            continue;
        return g_strcmp0 (json_member_string (record, "event"), "start") != 0 ? record : NULL;
    }
    return NULL;
}

static void
add_part (JsonBuilder *json, JsonObject *start, JsonObject *end, gboolean timed)
{
    json_builder_begin_object (json);
    json_out_text (json, "part", json_member_string (start, "part"));
    json_out_text (json, "time", json_member_string (start, "time"));
    json_out_text (json, "result", end != NULL ? json_member_string (end, "event") : "cut off");
    if (end != NULL && timed)
        add_milliseconds (json, (gint64)json_member_count (start, "monotonic"),
                          (gint64)json_member_count (end, "monotonic"));
    if (end != NULL)
        json_out_text (json, "message", json_member_string (end, "message"));
    json_builder_end_object (json);
}

static void
add_parts (JsonBuilder *json, const Journal *journal, guint step, gboolean timed)
{
    json_builder_set_member_name (json, "parts");
    json_builder_begin_array (json);
    for (guint i = 0; i < journal->records->len; i++) {
        JsonObject *record = journal->records->pdata[i];

        if (json_member_string (record, "part") != NULL &&
            json_member_count (record, "step") == step &&
            g_strcmp0 (json_member_string (record, "event"), "start") == 0)
            add_part (json, record, find_end (journal, i), timed);
    }
    json_builder_end_array (json);
}

/* How much of the journal goes into the text. */
typedef struct {
    gboolean timed;   /* durations mean something */
    gboolean reports; /* what steps said of themselves */
} Detail;

static void
add_step (JsonBuilder *json, const Journal *journal, JsonObject *step, guint index, Detail detail)
{
    JsonObject *report =
        detail.reports ? json_member_object (journal_step_data (journal, index), "report") : NULL;

    json_builder_begin_object (json);
    json_out_text (json, "kind", json_member_string (step, "kind"));
    json_out_text (json, "subject", json_member_string (step, "subject"));
    json_out_text (json, "action", json_member_string (step, "action"));
    add_parts (json, journal, index, detail.timed);
    if (report != NULL) {
        json_builder_set_member_name (json, "report");
        json_builder_add_value (json, json_node_init_object (json_node_alloc (), report));
    }
    json_builder_end_object (json);
}

static void
add_steps (JsonBuilder *json, const Journal *journal, Detail detail)
{
    JsonArray *steps = json_member_array (journal->begin, "steps");
    guint count = steps != NULL ? json_array_get_length (steps) : 0;

    json_builder_set_member_name (json, "steps");
    json_builder_begin_array (json);
    for (guint i = 0; i < count; i++)
        add_step (json, journal, json_member_object_at (steps, i), i, detail);
    json_builder_end_array (json);
}

static gboolean
add_log (JsonBuilder *json, const Host *host, const Journal *journal, GError **error)
{
    const char *run = journal_text (journal, "run");
    guint64 bytes = 0;
    Digest digest;
    gboolean there;

    if (!run_log_digest (host, run, &there, &bytes, &digest, error))
        return FALSE;
    if (!there) {
        add_null (json, "log");
        return TRUE;
    }
    json_out_object (json, "log");
    json_out_number (json, "bytes", bytes);
    json_out_digest (json, "digest", &digest);
    json_builder_end_object (json);
    return TRUE;
}

static const char *
outcome (int code)
{
    switch (code) {
    case 0:
        return N_ ("done");
    case ERR_ROLLED_BACK:
        return "rolled back";
    case ERR_NEEDS_ATTENTION:
        return "needs attention";
    default:
        return N_ ("failed");
    }
}

/* What a program printed may be part of a message. */
static void
add_result (JsonBuilder *json, const ReceiptResult *result)
{
    g_autofree char *message =
        result->message != NULL ? g_utf8_make_valid (result->message, -1) : NULL;

    json_out_object (json, "result");
    json_out_number (json, "code", (guint64)result->code);
    json_out_text (json, "outcome", outcome (result->code));
    json_out_text (json, "message", message);
    json_builder_end_object (json);
    json_builder_set_member_name (json, "notes");
    json_builder_begin_array (json);
    for (guint i = 0; result->notes != NULL && i < result->notes->len; i++) {
        g_autofree char *note = g_utf8_make_valid (result->notes->pdata[i], -1);

        json_builder_add_string_value (json, note);
    }
    json_builder_end_array (json);
}

static void
add_times (JsonBuilder *json, const Journal *journal, gboolean timed)
{
    g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
    g_autofree char *ended = g_date_time_format (now, "%Y-%m-%dT%H:%M:%S.%fZ");

    json_out_text (json, "begun", journal_text (journal, "time"));
    json_out_text (json, "ended", ended);
    if (timed)
        add_milliseconds (json, (gint64)journal_number (journal, "monotonic"),
                          g_get_monotonic_time ());
}

static GBytes *
finish (JsonBuilder *json)
{
    g_autoptr (JsonNode) root = json_builder_get_root (json);
    g_autofree char *text = json_to_string (root, TRUE);
    char *whole = g_strconcat (text, "\n", NULL);

    return g_bytes_new_take (whole, strlen (whole));
}

static GBytes *
make (const Host *host, const Journal *journal, const ReceiptResult *result, guint64 number,
      const Digest *previous, Detail detail, GError **error)
{
    g_autoptr (JsonBuilder) json = json_builder_new ();

    json_builder_begin_object (json);
    json_out_text (json, "schema", RECEIPT_SCHEMA);
    json_out_number (json, "number", number);
    json_out_digest (json, "previous", previous);
    copy_members (json, journal->begin);
    add_wanted (json, journal);
    if (!add_after (json, host, journal_text (journal, "product"), error))
        return NULL;
    add_times (json, journal, detail.timed);
    add_result (json, result);
    if (!add_log (json, host, journal, error))
        return NULL;
    add_phases (json, journal);
    add_steps (json, journal, detail);
    json_builder_end_object (json);
    return finish (json);
}

/* What a reader would refuse is not written; the log has what is left out. */
GBytes *
receipt_text (const Host *host, const Journal *journal, const ReceiptResult *result, guint64 number,
              const Digest *previous, GError **error)
{
    Detail detail = { .timed = is_one_boot (journal), .reports = TRUE };
    GBytes *text = make (host, journal, result, number, previous, detail, error);

    if (text == NULL || g_bytes_get_size (text) <= RECEIPT_BYTES)
        return text;
    g_bytes_unref (text);
    detail.reports = FALSE;
    return make (host, journal, result, number, previous, detail, error);
}
