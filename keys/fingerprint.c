/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "keys/fingerprint.h"

#include "manifest/error.h"

#include <string.h>

#define GROUP 4
#define GROUPS (DIGEST_HEX_LENGTH / GROUP)
#define GROUPS_PER_LINE 8

char *
fingerprint_to_text (const Digest *digest, const char *indent)
{
    g_autofree char *hex = digest_to_hex (digest);
    GString *text = g_string_new (NULL);

    for (guint i = 0; i < DIGEST_HEX_LENGTH; i += GROUP) {
        gboolean first = i % (GROUP * GROUPS_PER_LINE) == 0;
        gboolean last = (i + GROUP) % (GROUP * GROUPS_PER_LINE) == 0;

        g_string_append (text, first ? indent : " ");
        g_string_append_len (text, hex + i, GROUP);
        if (last)
            g_string_append_c (text, '\n');
    }
    return g_string_free (text, FALSE);
}

/* What stands between groups, on paper and in what is pasted from a mail or a text document. */
static gboolean
is_separator (gunichar c)
{
    return c == ':' || g_unichar_isspace (c) || g_unichar_type (c) == G_UNICODE_DASH_PUNCTUATION;
}

gboolean
fingerprint_add_typed (GString *digits, const char *typed, GError **error)
{
    g_autofree char *valid = g_utf8_make_valid (typed, -1);

    for (const char *at = valid; *at != '\0'; at = g_utf8_next_char (at)) {
        g_autofree char *one = NULL, *shown = NULL;

        if (g_ascii_isxdigit (*at))
            g_string_append_c (digits, g_ascii_tolower (*at));
        if (g_ascii_isxdigit (*at) || is_separator (g_utf8_get_char (at)))
            continue;
        one = g_strndup (at, (gsize)(g_utf8_next_char (at) - at));
        shown = error_quote (one);
        return fail (error, ERR_TRUST,
                     "'%s' is no digit of a fingerprint, which has 0 to 9 and a to f", shown);
    }
    return TRUE;
}

gboolean
fingerprint_check (const Digest *digest, const char *digits, GError **error)
{
    g_autofree char *hex = digest_to_hex (digest);
    guint wrong[GROUPS], count = 0;

    if (strlen (digits) != DIGEST_HEX_LENGTH)
        return fail (error, ERR_TRUST,
                     "a fingerprint has %d digits, and these are %" G_GSIZE_FORMAT,
                     DIGEST_HEX_LENGTH, strlen (digits));
    for (guint i = 0; i < GROUPS; i++)
        if (memcmp (hex + i * GROUP, digits + i * GROUP, GROUP) != 0)
            wrong[count++] = i;
    if (count == 0)
        return TRUE;
    /* Nobody can make a root that is right in all other groups, so this is a slip of the finger. */
    if (count == 1)
        return fail (error, ERR_TRUST,
                     "group %u of %d, '%.4s', is not that of the trust root; compare it with the "
                     "paper",
                     wrong[0] + 1, GROUPS, digits + wrong[0] * GROUP);
    if (count == 2)
        return fail (error, ERR_TRUST,
                     "groups %u and %u of %d, '%.4s' and '%.4s', are not those of the trust root; "
                     "compare them with the paper",
                     wrong[0] + 1, wrong[1] + 1, GROUPS, digits + wrong[0] * GROUP,
                     digits + wrong[1] * GROUP);
    return fail (error, ERR_TRUST, "this is not the fingerprint of the trust root");
}

gboolean
fingerprint_check_typed (const Digest *digest, const char *typed, GError **error)
{
    g_autoptr (GString) digits = g_string_new (NULL);

    return fingerprint_add_typed (digits, typed, error) &&
           fingerprint_check (digest, digits->str, error);
}
