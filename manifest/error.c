/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "manifest/error.h"

#include "manifest/message.h"

#include <errno.h>
#include <gio/gio.h>
#include <string.h>

/* Long enough for two of the engine's paths, which a person may have to remove (trust.md 102). */
#define QUOTE_MAX 400

G_DEFINE_QUARK (handcarry - error - quark, handcarry_error)

static void
set_message (GError **error, ErrorCode code, char *message)
{
    *error = g_error_new_literal (HANDCARRY_ERROR, (int)code, message);
    g_free (message);
}

gboolean
fail (GError **error, ErrorCode code, const char *format, ...)
{
    va_list args;

    if (error == NULL)
        return FALSE;
    va_start (args, format);
    set_message (error, code, message_vprintf (format, args));
    va_end (args);
    return FALSE;
}

gboolean
fail_errno (GError **error, ErrorCode code, int errnum, const char *format, ...)
{
    g_autofree char *what = NULL, *why = NULL;
    va_list args;

    if (error == NULL)
        return FALSE;
    va_start (args, format);
    what = message_vprintf (format, args);
    va_end (args);
    if (errnum == ENOSPC || errnum == EDQUOT)
        code = ERR_SPACE;
    why = message_errno (errnum);
    set_message (error, code, message_join (what, why));
    return FALSE;
}

gboolean
fail_prefix (GError **error, const char *format, ...)
{
    g_autofree char *prefix = NULL, *message = NULL;
    va_list args;

    if (error == NULL || *error == NULL)
        return FALSE;
    va_start (args, format);
    prefix = message_vprintf (format, args);
    va_end (args);
    message = g_steal_pointer (&(*error)->message);
    (*error)->message = message_join (prefix, message);
    return FALSE;
}

int
error_exit_status (const GError *error)
{
    if (error->domain == HANDCARRY_ERROR)
        return error->code;
    if (error->domain == G_OPTION_ERROR)
        return ERR_USAGE;
    if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE))
        return ERR_SPACE;
    return ERR_FAILED;
}

const char *
error_hint (int status)
{
    static const struct {
        int status;
        const char *hint;
    } hints[] = {
        { ERR_TRUST, N_ ("'handcarry trust show' lists the keys believed here") },
        { ERR_BUSY, N_ ("wait for the other run to end, then call again") },
    };

    for (gsize i = 0; i < G_N_ELEMENTS (hints); i++)
        if (hints[i].status == status)
            return hints[i].hint;
    return NULL;
}

/* Bidirectional overrides and isolates can make a shown name read backwards. */
static gboolean
is_bidi_control (gunichar c)
{
    return (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0x200e ||
           c == 0x200f || c == 0x061c;
}

/* Appends the first character of text, and returns what is behind it. */
static const char *
quote_one (GString *out, const char *text)
{
    gunichar c = g_utf8_get_char_validated (text, -1);

    if (c == (gunichar)-1 || c == (gunichar)-2) {
        g_string_append_printf (out, "\\x%02x", (guint8)*text);
        return text + 1;
    }
    if (c < 0x20 || c == 0x7f)
        g_string_append_printf (out, "\\x%02x", c);
    else if ((c < 0xa0 && c > 0x7f) || is_bidi_control (c))
        g_string_append_printf (out, "\\u{%x}", c);
    else
        g_string_append_unichar (out, c);
    return g_utf8_next_char (text);
}

char *
error_quote (const char *text)
{
    g_autoptr (GString) out = g_string_new (NULL);

    while (*text != '\0' && out->len < QUOTE_MAX)
        text = quote_one (out, text);
    if (*text != '\0')
        g_string_append (out, "…");
    return g_string_free (g_steal_pointer (&out), FALSE);
}

char *
error_clean (const char *text)
{
    g_autoptr (GString) out = g_string_new (NULL);

    while (*text != '\0')
        if (*text == '\n' || *text == '\t')
            g_string_append_c (out, *text++);
        else
            text = quote_one (out, text);
    return g_string_free (g_steal_pointer (&out), FALSE);
}

char *
error_shell_word (const char *word)
{
    const char *safe = G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS "-_./:=@%+,";

    return *word != '\0' && strspn (word, safe) == strlen (word) ? g_strdup (word)
                                                                 : g_shell_quote (word);
}
