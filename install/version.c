/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/version.h"

/* The next number, and over the dot behind it. 0 where there is none. */
static guint64
next_number (const char **at)
{
    char *end;
    guint64 number;

    if (!g_ascii_isdigit (**at))
        return 0;
    number = g_ascii_strtoull (*at, &end, 10);
    /* "1.2rc.3": what is no number ends the version. */
    *at = *end == '.' ? end + 1 : "";
    return number;
}

int
version_compare (const char *a, const char *b)
{
    while (*a != '\0' || *b != '\0') {
        guint64 left = next_number (&a), right = next_number (&b);

        if (left != right)
            return left < right ? -1 : 1;
        if (!g_ascii_isdigit (*a) && !g_ascii_isdigit (*b))
            return 0;
    }
    return 0;
}
