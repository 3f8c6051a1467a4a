/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/strictjson.h"

#include "manifest/error.h"
#include "manifest/limits.h"

#include <string.h>

#define DEPTH_MAX 64
/* Each takes json-glib some 300 bytes. */
#define VALUES_MAX 3000000

typedef struct {
    const char *start, *at, *end;
    const char *name;
    guint depth, values;
    GError **error;
} Scan;

static gboolean scan_value (Scan *scan);

static gboolean
scan_fail (Scan *scan, const char *what)
{
    return fail (scan->error, ERR_FORMAT, "%s is no JSON: %s at byte %" G_GSIZE_FORMAT, scan->name,
                 what, (gsize)(scan->at - scan->start));
}

static void
skip_space (Scan *scan)
{
    while (scan->at < scan->end && strchr (" \t\r\n", *scan->at) != NULL && *scan->at != '\0')
        scan->at++;
}

static gboolean
take (Scan *scan, char c)
{
    skip_space (scan);
    if (scan->at == scan->end || *scan->at != c)
        return FALSE;
    scan->at++;
    return TRUE;
}

/* The four digits of a \u escape. */
static gboolean
scan_code (Scan *scan, guint *code)
{
    *code = 0;
    if (scan->end - scan->at < 4)
        return scan_fail (scan, "short \\u escape");
    for (gsize i = 0; i < 4; i++) {
        if (!g_ascii_isxdigit (scan->at[i]))
            return scan_fail (scan, "bad \\u escape");
        *code = *code * 16 + (guint)g_ascii_xdigit_value (scan->at[i]);
    }
    scan->at += 4;
    return TRUE;
}

/* Half a surrogate pair is no character: json-glib would make bytes of it that are not UTF-8. */
static gboolean
scan_unicode (Scan *scan)
{
    guint code, low = 0;

    if (!scan_code (scan, &code))
        return FALSE;
    /* C strings would end here, and what was checked would not be what was meant. */
    if (code == 0)
        return scan_fail (scan, "U+0000 in a string");
    if (code < 0xd800 || code > 0xdfff)
        return TRUE;
    if (code < 0xdc00 && scan->end - scan->at >= 2 && memcmp (scan->at, "\\u", 2) == 0) {
        scan->at += 2;
        if (!scan_code (scan, &low))
            return FALSE;
    }
    return (low >= 0xdc00 && low <= 0xdfff) || scan_fail (scan, "half a surrogate pair");
}

static gboolean
scan_escape (Scan *scan)
{
    char c = scan->at < scan->end ? *scan->at : '\0';

    if (c == '\0' || strchr ("\"\\/bfnrtu", c) == NULL)
        return scan_fail (scan, "unknown escape");
    scan->at++;
    return c != 'u' || scan_unicode (scan);
}

static gboolean
scan_string (Scan *scan)
{
    if (!take (scan, '"'))
        return scan_fail (scan, "no string where one is expected");
    while (scan->at < scan->end && *scan->at != '"') {
        if ((guint8)*scan->at < 0x20)
            return scan_fail (scan, "control character in a string");
        if (*scan->at++ == '\\' && !scan_escape (scan))
            return FALSE;
    }
    if (scan->at == scan->end)
        return scan_fail (scan, "string without end");
    scan->at++;
    return TRUE;
}

static gboolean
scan_digits (Scan *scan)
{
    const char *begin = scan->at;

    while (scan->at < scan->end && g_ascii_isdigit (*scan->at))
        scan->at++;
    return scan->at > begin || scan_fail (scan, "number without digits");
}

static gboolean
scan_number (Scan *scan)
{
    if (*scan->at == '-')
        scan->at++;
    if (scan->end - scan->at >= 2 && scan->at[0] == '0' && g_ascii_isdigit (scan->at[1]))
        return scan_fail (scan, "number with a leading zero");
    if (!scan_digits (scan))
        return FALSE;
    if (scan->at < scan->end && *scan->at == '.') {
        scan->at++;
        if (!scan_digits (scan))
            return FALSE;
    }
    if (scan->at == scan->end || (*scan->at != 'e' && *scan->at != 'E'))
        return TRUE;
    scan->at++;
    if (scan->at < scan->end && (*scan->at == '+' || *scan->at == '-'))
        scan->at++;
    return scan_digits (scan);
}

static gboolean
scan_member (Scan *scan, GHashTable *keys)
{
    const char *begin;

    skip_space (scan);
    begin = scan->at;
    if (!scan_string (scan))
        return FALSE;
    if (!g_hash_table_add (keys, g_strndup (begin, (gsize)(scan->at - begin))))
        return scan_fail (scan, "the same key twice");
    if (!take (scan, ':'))
        return scan_fail (scan, "no ':' after a key");
    return scan_value (scan);
}

static gboolean
scan_object (Scan *scan)
{
    g_autoptr (GHashTable) keys = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

    if (take (scan, '}'))
        return TRUE;
    do {
        if (!scan_member (scan, keys))
            return FALSE;
    } while (take (scan, ','));
    return take (scan, '}') || scan_fail (scan, "object without end");
}

static gboolean
scan_array (Scan *scan)
{
    if (take (scan, ']'))
        return TRUE;
    do {
        if (!scan_value (scan))
            return FALSE;
    } while (take (scan, ','));
    return take (scan, ']') || scan_fail (scan, "array without end");
}

static gboolean
scan_literal (Scan *scan)
{
    static const char *const words[] = { "true", "false", "null" };

    for (gsize i = 0; i < G_N_ELEMENTS (words); i++) {
        gsize length = strlen (words[i]);

        if ((gsize)(scan->end - scan->at) < length || memcmp (scan->at, words[i], length) != 0)
            continue;
        scan->at += length;
        return TRUE;
    }
    return scan_fail (scan, "no value where one is expected");
}

static gboolean
scan_value (Scan *scan)
{
    gboolean ok;

    skip_space (scan);
    if (scan->at == scan->end)
        return scan_fail (scan, "the text ends");
    if (++scan->values > VALUES_MAX)
        return scan_fail (scan, "more than 3000000 values");
    if (*scan->at == '"')
        return scan_string (scan);
    if (*scan->at == '-' || g_ascii_isdigit (*scan->at))
        return scan_number (scan);
    if (*scan->at != '{' && *scan->at != '[')
        return scan_literal (scan);
    if (++scan->depth > DEPTH_MAX)
        return scan_fail (scan, "more than 64 levels");
    ok = *scan->at++ == '{' ? scan_object (scan) : scan_array (scan);
    scan->depth--;
    return ok;
}

static gboolean
check_text (const char *text, gsize length, const char *name, gsize limit, GError **error)
{
    Scan scan = { text, text, text + length, name, 0, 0, error };

    if (length > limit)
        return fail (error, ERR_FORMAT,
                     "%s has %" G_GSIZE_FORMAT " bytes; at most %" G_GSIZE_FORMAT " are read", name,
                     length, limit);
    if (!g_utf8_validate_len (text, length, NULL))
        return fail (error, ERR_FORMAT, "%s is no JSON: not UTF-8", name);
    if (!scan_value (&scan))
        return FALSE;
    skip_space (&scan);
    return scan.at == scan.end || scan_fail (&scan, "something follows the value");
}

JsonNode *
strictjson_parse_within (GBytes *text, const char *name, gsize limit, GError **error)
{
    gsize length;
    const char *data = g_bytes_get_data (text, &length);
    g_autoptr (JsonParser) parser = json_parser_new_immutable ();
    g_autoptr (GError) cause = NULL;

    if (!check_text (data == NULL ? "" : data, length, name, limit, error))
        return NULL;
    if (!json_parser_load_from_data (parser, data, (gssize)length, &cause))
        return fail_null (error, ERR_FORMAT, "%s is no JSON: %s", name, cause->message);
    return json_parser_steal_root (parser);
}

JsonNode *
strictjson_parse (GBytes *text, const char *name, GError **error)
{
    return strictjson_parse_within (text, name, LIMIT_JSON_BYTES, error);
}

JsonObject *
strictjson_parse_object (GBytes *text, const char *name, JsonNode **root, GError **error)
{
    g_autoptr (JsonNode) node = strictjson_parse (text, name, error);

    if (node == NULL)
        return NULL;
    if (!JSON_NODE_HOLDS_OBJECT (node))
        return fail_null (error, ERR_FORMAT, "%s is JSON but no object", name);
    *root = g_steal_pointer (&node);
    return json_node_get_object (*root);
}

static gboolean
find_member (JsonObject *object, const char *key, const char *name, JsonNode **out, GError **error)
{
    JsonObjectIter iter;
    const char *found;
    JsonNode *node, *match = NULL;

    json_object_iter_init (&iter, object);
    while (json_object_iter_next (&iter, &found, &node)) {
        if (strcmp (found, key) == 0)
            match = node;
        else if (g_ascii_strcasecmp (found, key) == 0)
            return fail (error, ERR_FORMAT, "%s has the key '%s'; it is written '%s'", name, found,
                         key);
    }
    *out = match == NULL || JSON_NODE_HOLDS_NULL (match) ? NULL : match;
    return TRUE;
}

static gboolean
is_string (JsonNode *node)
{
    return JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING;
}

gboolean
strictjson_string (JsonObject *object, const char *key, const char *name, const char **out,
                   GError **error)
{
    JsonNode *node;

    if (!find_member (object, key, name, &node, error))
        return FALSE;
    if (node != NULL && !is_string (node))
        return fail (error, ERR_FORMAT, "%s: '%s' is no string", name, key);
    *out = node == NULL ? NULL : json_node_get_string (node);
    return TRUE;
}

gboolean
strictjson_object (JsonObject *object, const char *key, const char *name, JsonObject **out,
                   GError **error)
{
    JsonNode *node;

    if (!find_member (object, key, name, &node, error))
        return FALSE;
    if (node != NULL && !JSON_NODE_HOLDS_OBJECT (node))
        return fail (error, ERR_FORMAT, "%s: '%s' is no object", name, key);
    *out = node == NULL ? NULL : json_node_get_object (node);
    return TRUE;
}

gboolean
strictjson_array (JsonObject *object, const char *key, const char *name, JsonArray **out,
                  GError **error)
{
    JsonNode *node;

    if (!find_member (object, key, name, &node, error))
        return FALSE;
    if (node != NULL && !JSON_NODE_HOLDS_ARRAY (node))
        return fail (error, ERR_FORMAT, "%s: '%s' is no array", name, key);
    *out = node == NULL ? NULL : json_node_get_array (node);
    return TRUE;
}

gboolean
strictjson_size (JsonObject *object, const char *key, const char *name, guint64 *out,
                 GError **error)
{
    JsonNode *node;

    if (!find_member (object, key, name, &node, error))
        return FALSE;
    if (node == NULL || !JSON_NODE_HOLDS_VALUE (node) ||
        json_node_get_value_type (node) != G_TYPE_INT64 || json_node_get_int (node) < 0)
        return fail (error, ERR_FORMAT, "%s: '%s' is no size in bytes", name, key);
    *out = (guint64)json_node_get_int (node);
    return TRUE;
}

gboolean
strictjson_string_at (JsonArray *array, guint i, const char *name, const char **out, GError **error)
{
    JsonNode *node = json_array_get_element (array, i);

    if (!is_string (node))
        return fail (error, ERR_FORMAT, "%s: element %u is no string", name, i);
    *out = json_node_get_string (node);
    return TRUE;
}

gboolean
strictjson_object_at (JsonArray *array, guint i, const char *name, JsonObject **out, GError **error)
{
    JsonNode *node = json_array_get_element (array, i);

    if (!JSON_NODE_HOLDS_OBJECT (node))
        return fail (error, ERR_FORMAT, "%s: element %u is no object", name, i);
    *out = json_node_get_object (node);
    return TRUE;
}

void
strictjson_append (GString *out, const char *text)
{
    g_string_append_c (out, '"');
    for (; *text != '\0'; text++) {
        guint8 c = (guint8)*text;

        if (c == '"' || c == '\\')
            g_string_append_printf (out, "\\%c", c);
        else if (c < 0x20)
            g_string_append_printf (out, "\\u%04x", c);
        else
            g_string_append_c (out, (char)c);
    }
    g_string_append_c (out, '"');
}
