/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/mask.h"

#include "bundle/strictjson.h"
#include "install/host.h"

#include <string.h>

#define LINE_MAX_BYTES (1024 * 1024)
#define STARS "********"

struct Mask {
    GPtrArray *secrets; /* char *: longest first, so that one inside another leaves nothing */
    GString *line;
    MaskOutput output;
    gpointer data;
};

static void
secret_free (gpointer data)
{
    explicit_bzero (data, strlen (data));
    g_free (data);
}

static int
longest_first (gconstpointer a, gconstpointer b)
{
    gsize left = strlen (*(char *const *)a), right = strlen (*(char *const *)b);

    return left > right ? -1 : left < right;
}

/* Ansible prints results as JSON, so the escaped form of a secret counts too. */
static void
add_secret (Mask *mask, const char *text)
{
    g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

    for (char **line = lines; *line != NULL; line++) {
        g_autoptr (GString) json = g_string_new (NULL);

        if (**line == '\0')
            continue;
        strictjson_append (json, *line);
        g_ptr_array_add (mask->secrets, g_strdup (*line));
        g_ptr_array_add (mask->secrets, g_strndup (json->str + 1, json->len - 2));
    }
}

Mask *
mask_new (GPtrArray *values, MaskOutput output, gpointer data)
{
    Mask *mask = g_new0 (Mask, 1);

    mask->secrets = g_ptr_array_new_with_free_func (secret_free);
    mask->line = g_string_new (NULL);
    mask->output = output;
    mask->data = data;
    for (guint i = 0; values != NULL && i < values->len; i++) {
        const HostValue *value = g_ptr_array_index (values, i);

        if (value->secret)
            add_secret (mask, value->text);
    }
    g_ptr_array_sort (mask->secrets, longest_first);
    return mask;
}

static void
flush_line (Mask *mask)
{
    for (guint i = 0; i < mask->secrets->len; i++)
        g_string_replace (mask->line, g_ptr_array_index (mask->secrets, i), STARS, 0);
    if (mask->line->len > 0)
        mask->output ((const guint8 *)mask->line->str, mask->line->len, mask->data);
    g_string_truncate (mask->line, 0);
}

void
mask_add (Mask *mask, const guint8 *bytes, gsize length)
{
    for (gsize i = 0; i < length; i++) {
        /* A NUL would end the line for the search. */
        g_string_append_c (mask->line, bytes[i] != '\0' ? (char)bytes[i] : ' ');
        if (bytes[i] == '\n' || mask->line->len >= LINE_MAX_BYTES)
            flush_line (mask);
    }
}

static void
append_text (const guint8 *bytes, gsize length, gpointer data)
{
    g_string_append_len (data, (const char *)bytes, (gssize)length);
}

char *
mask_text (GPtrArray *values, const char *text)
{
    GString *out = g_string_new (NULL);
    Mask *mask = mask_new (values, append_text, out);

    mask_add (mask, (const guint8 *)text, strlen (text));
    mask_free (mask);
    return g_string_free (out, FALSE);
}

void
mask_free (Mask *mask)
{
    if (mask == NULL)
        return;
    flush_line (mask);
    g_string_free (mask->line, TRUE);
    g_ptr_array_unref (mask->secrets);
    g_free (mask);
}
