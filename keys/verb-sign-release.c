/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "keys/verb-sign.h"

#include "manifest/line-diff.h"
#include "manifest/release.h"

void
sign_print_release (const VerbOutput *output, const Release *a, const Release *b)
{
    g_autoptr (GBytes) before = release_to_text (a), after = release_to_text (b);
    const char *why = NULL;
    g_autofree char *hunks = line_diff (before, after, NULL, NULL, &why);

    if (hunks == NULL)
        verb_print (output, "  release  not compared: %s\n", why);
    else
        verb_print (output, "  release  %s\n%s",
                    *hunks != '\0' ? "what it says changes:" : "as before", hunks);
}
