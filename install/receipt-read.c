/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/receipt-read.h"

#include "bundle/strictjson.h"
#include "install/receipt.h"
#include "manifest/error.h"
#include "manifest/path.h"

#include <string.h>

/* A reading under way. */
typedef struct {
    JsonObject *object;
    const char *name;
    GError **error;
} Reader;

void
receipt_free (Receipt *receipt)
{
    if (receipt == NULL)
        return;
    g_free (receipt->run);
    g_free (receipt->verb);
    g_free (receipt->product);
    g_free (receipt->channel);
    g_free (receipt->host);
    g_free (receipt->site);
    g_free (receipt->by);
    g_free (receipt->ref);
    g_free (receipt->before.version);
    g_free (receipt->wanted.version);
    g_free (receipt->after.version);
    g_free (receipt->outcome);
    g_free (receipt->message);
    g_free (receipt->begun_text);
    g_free (receipt);
}

static gboolean
optional_text (const Reader *reader, const char *key, char **out)
{
    const char *text;

    if (!strictjson_string (reader->object, key, reader->name, &text, reader->error))
        return FALSE;
    *out = g_strdup (text);
    return TRUE;
}

static gboolean
text (const Reader *reader, const char *key, char **out)
{
    return optional_text (reader, key, out) &&
           (*out != NULL ||
            fail (reader->error, ERR_FORMAT, "%s: '%s' is missing", reader->name, key));
}

static gboolean
number (const Reader *reader, const char *key, guint64 *out)
{
    return strictjson_size (reader->object, key, reader->name, out, reader->error);
}

/* Seconds since 1970. */
static gboolean
take_time (const Reader *reader, const char *key, const char *value, gint64 *out)
{
    g_autoptr (GDateTime) time = g_date_time_new_from_iso8601 (value, NULL);

    if (time == NULL)
        return fail (reader->error, ERR_FORMAT, "%s: '%s' is no time", reader->name, key);
    *out = g_date_time_to_unix (time);
    return TRUE;
}

static gboolean
read_times (const Reader *reader, Receipt *receipt)
{
    g_autofree char *ended = NULL;
    g_autofree char *issued = NULL;

    if (!text (reader, "begun", &receipt->begun_text) || !text (reader, "ended", &ended) ||
        !optional_text (reader, "issued", &issued) ||
        !take_time (reader, "begun", receipt->begun_text, &receipt->begun) ||
        !take_time (reader, "ended", ended, &receipt->ended) ||
        (issued != NULL && !take_time (reader, "issued", issued, &receipt->issued)))
        return FALSE;
    receipt->has_ms = json_object_has_member (reader->object, "ms");
    return !receipt->has_ms || number (reader, "ms", &receipt->ms);
}

static gboolean
read_digest (const Reader *reader, const char *key, Digest *out)
{
    g_autofree char *value = NULL;

    return text (reader, key, &value) && (digest_parse (value, out, reader->error) ||
                                          fail_prefix (reader->error, "%s", reader->name));
}

static gboolean
read_release (const Reader *reader, const char *key, ReceiptRelease *release)
{
    Reader inner = { NULL, reader->name, reader->error };

    if (!strictjson_object (reader->object, key, reader->name, &inner.object, reader->error))
        return FALSE;
    return inner.object == NULL || (number (&inner, "release", &release->release) &&
                                    text (&inner, "version", &release->version));
}

static gboolean
read_result (const Reader *reader, Receipt *receipt)
{
    Reader inner = { NULL, reader->name, reader->error };

    if (!strictjson_object (reader->object, "result", reader->name, &inner.object, reader->error))
        return FALSE;
    if (inner.object == NULL)
        return fail (reader->error, ERR_FORMAT, "%s: 'result' is missing", reader->name);
    return number (&inner, "code", &receipt->code) && text (&inner, "outcome", &receipt->outcome) &&
           optional_text (&inner, "message", &receipt->message);
}

static gboolean
check_schema (const Reader *reader)
{
    g_autofree char *schema = NULL;
    g_autofree char *shown = NULL;

    if (!text (reader, "schema", &schema))
        return FALSE;
    shown = error_quote (schema);
    return strcmp (schema, RECEIPT_SCHEMA) == 0 ||
           fail (reader->error, ERR_FORMAT,
                 "%s is of the kind '%s'; this handcarry reads '" RECEIPT_SCHEMA "'", reader->name,
                 shown);
}

/* The product becomes a heading, the host a folder's name. */
static gboolean
read_names (const Reader *reader, Receipt *receipt)
{
    if (!text (reader, "run", &receipt->run) || !text (reader, "verb", &receipt->verb) ||
        !text (reader, "product", &receipt->product) ||
        !text (reader, "channel", &receipt->channel) || !text (reader, "host", &receipt->host) ||
        !optional_text (reader, "site", &receipt->site) ||
        !optional_text (reader, "by", &receipt->by) ||
        !optional_text (reader, "ref", &receipt->ref))
        return FALSE;
    return (path_check_product (receipt->product, reader->error) &&
            path_check_product (receipt->host, reader->error)) ||
           fail_prefix (reader->error, "%s", reader->name);
}

Receipt *
receipt_parse (GBytes *bytes, const char *name, GError **error)
{
    g_autoptr (JsonNode) root = NULL;
    g_autoptr (Receipt) receipt = g_new0 (Receipt, 1);
    Reader reader = { strictjson_parse_object (bytes, name, &root, error), name, error };

    if (reader.object == NULL || !check_schema (&reader) ||
        !number (&reader, "number", &receipt->number) ||
        !read_digest (&reader, "previous", &receipt->previous) || !read_names (&reader, receipt) ||
        !read_times (&reader, receipt) || !read_release (&reader, "before", &receipt->before) ||
        !read_release (&reader, "wanted", &receipt->wanted) ||
        !read_release (&reader, "after", &receipt->after) ||
        !number (&reader, "state-generation", &receipt->generation) ||
        !read_result (&reader, receipt))
        return NULL;
    return g_steal_pointer (&receipt);
}
