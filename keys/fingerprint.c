/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "keys/fingerprint.h"

#include <string.h>

#define GROUP 4
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

gboolean
fingerprint_matches (const Digest *digest, const char *typed)
{
    g_autoptr (GString) plain = g_string_new (NULL);
    g_autofree char *hex = digest_to_hex (digest);

    for (; *typed != '\0'; typed++)
        if (!g_ascii_isspace (*typed))
            g_string_append_c (plain, g_ascii_tolower (*typed));
    return strcmp (plain->str, hex) == 0;
}
