/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/sbom.h"

#include "manifest/error.h"
#include "manifest/limits.h"

#include <string.h>

char *
sbom_member (const Digest *config)
{
    g_autofree char *hex = digest_to_hex (config);

    return g_strdup_printf ("sbom/%s.json", hex);
}

gboolean
sbom_check_text (GBytes *text, GError **error)
{
    gsize length, at = 0;
    const char *bytes = g_bytes_get_data (text, &length);
    g_autofree char *copy = NULL;
    g_autofree char *clean = NULL;

    if (length == 0 || length > LIMIT_SBOM_BYTES)
        return fail (error, ERR_FORMAT, "SBOM has %" G_GSIZE_FORMAT " bytes, not 1 to %d", length,
                     LIMIT_SBOM_BYTES);
    copy = g_strndup (bytes, length);
    for (char *end = copy; (end = strstr (end, "\r\n")) != NULL;)
        *end = ' ';
    clean = error_clean (copy);
    while (at < length && copy[at] == clean[at] && copy[at] != '\0')
        at++;
    if (at == length)
        return TRUE;
    return fail (error, ERR_FORMAT,
                 "SBOM is no plain text: at byte %" G_GSIZE_FORMAT
                 " there is something that is not UTF-8, or a character that terminals obey; JSON "
                 "can hold that as \\uXXXX",
                 at);
}
