/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/verb-history.h"

#include "manifest/json-out.h"
#include "manifest/verb-json.h"

static void
add_host (JsonBuilder *json, gconstpointer item)
{
    const HistoryHost *host = item;
    g_autofree char *key = host->has_key ? public_key_to_base64 (&host->key) : NULL;

    json_out_text (json, "host", host->name);
    json_out_text (json, "folder", host->path);
    json_out_number (json, "receipts", host->chain->links->len);
    json_out_text (json, "key", key);
    json_out_text (json, "known-as", host->known_as);
    json_out_text (json, "problem", host->problem != NULL ? host->problem->message : NULL);
}

static void
add_release (JsonBuilder *json, const char *name, const ReceiptRelease *release)
{
    if (release->release > 0)
        json_out_number (json, name, release->release);
}

static void
add_entry (JsonBuilder *json, gconstpointer item)
{
    const Receipt *receipt = ((const HistoryEntry *)item)->receipt;

    json_out_text (json, "host", receipt->host);
    json_out_text (json, "site", receipt->site);
    json_out_number (json, "number", receipt->number);
    json_out_text (json, "run", receipt->run);
    json_out_text (json, "verb", receipt->verb);
    json_out_text (json, "product", receipt->product);
    json_out_text (json, "channel", receipt->channel);
    add_release (json, "before", &receipt->before);
    add_release (json, "wanted", &receipt->wanted);
    add_release (json, "after", &receipt->after);
    json_out_text (json, "by", receipt->by);
    json_out_text (json, "ref", receipt->ref);
    json_out_text (json, "begun", receipt->begun_text);
    if (receipt->has_ms)
        json_out_number (json, "ms", receipt->ms);
    json_out_number (json, "code", receipt->code);
    json_out_text (json, "outcome", receipt->outcome);
    json_out_text (json, "message", receipt->message);
}

static void
add_dora (JsonBuilder *json, gconstpointer item)
{
    const Dora *dora = item;

    json_out_text (json, "product", dora->product);
    json_out_number (json, "deployments", dora->deployments);
    json_out_number (json, "days", (guint64)dora->days);
    json_out_number (json, "failed", dora->failed);
    if (dora->leads > 0)
        json_out_number (json, "lead-seconds", (guint64)dora->lead);
    if (dora->restores > 0)
        json_out_number (json, "restore-seconds", (guint64)dora->restore);
}

void
verb_history_json (const History *history, GPtrArray *doras, gboolean checked)
{
    g_autoptr (JsonBuilder) json = json_builder_new ();

    json_builder_begin_object (json);
    json_out_text (json, "schema", "handcarry.history/1");
    json_out_flag (json, "checked", checked);
    json_out_list (json, "hosts", history->hosts, add_host);
    json_out_list (json, "receipts", history->entries, add_entry);
    json_out_list (json, "products", doras, add_dora);
    json_builder_end_object (json);
    verb_json_print (json);
}
