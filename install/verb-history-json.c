/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/verb-history.h"

#include "manifest/verb-json.h"

static void
add_host (JsonBuilder *json, gconstpointer item)
{
    const HistoryHost *host = item;
    g_autofree char *key = host->has_key ? public_key_to_base64 (&host->key) : NULL;

    verb_json_text (json, "host", host->name);
    verb_json_text (json, "folder", host->path);
    verb_json_number (json, "receipts", host->chain->links->len);
    verb_json_text (json, "key", key);
    verb_json_text (json, "known-as", host->known_as);
    verb_json_text (json, "problem", host->problem != NULL ? host->problem->message : NULL);
}

static void
add_release (JsonBuilder *json, const char *name, const ReceiptRelease *release)
{
    if (release->release > 0)
        verb_json_number (json, name, release->release);
}

static void
add_entry (JsonBuilder *json, gconstpointer item)
{
    const Receipt *receipt = ((const HistoryEntry *)item)->receipt;

    verb_json_text (json, "host", receipt->host);
    verb_json_text (json, "site", receipt->site);
    verb_json_number (json, "number", receipt->number);
    verb_json_text (json, "run", receipt->run);
    verb_json_text (json, "verb", receipt->verb);
    verb_json_text (json, "product", receipt->product);
    verb_json_text (json, "channel", receipt->channel);
    add_release (json, "before", &receipt->before);
    add_release (json, "wanted", &receipt->wanted);
    add_release (json, "after", &receipt->after);
    verb_json_text (json, "by", receipt->by);
    verb_json_text (json, "ref", receipt->ref);
    verb_json_text (json, "begun", receipt->begun_text);
    if (receipt->has_ms)
        verb_json_number (json, "ms", receipt->ms);
    verb_json_number (json, "code", receipt->code);
    verb_json_text (json, "outcome", receipt->outcome);
    verb_json_text (json, "message", receipt->message);
}

static void
add_dora (JsonBuilder *json, gconstpointer item)
{
    const Dora *dora = item;

    verb_json_text (json, "product", dora->product);
    verb_json_number (json, "deployments", dora->deployments);
    verb_json_number (json, "days", (guint64)dora->days);
    verb_json_number (json, "failed", dora->failed);
    if (dora->leads > 0)
        verb_json_number (json, "lead-seconds", (guint64)dora->lead);
    if (dora->restores > 0)
        verb_json_number (json, "restore-seconds", (guint64)dora->restore);
}

void
verb_history_json (const History *history, GPtrArray *doras, gboolean checked)
{
    g_autoptr (JsonBuilder) json = json_builder_new ();

    json_builder_begin_object (json);
    verb_json_text (json, "schema", "handcarry.history/1");
    verb_json_flag (json, "checked", checked);
    verb_json_list (json, "hosts", history->hosts, add_host);
    verb_json_list (json, "receipts", history->entries, add_entry);
    verb_json_list (json, "products", doras, add_dora);
    json_builder_end_object (json);
    verb_json_print (json);
}
