/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "keys/verb-sign.h"

#include "manifest/line-diff.h"
#include "manifest/yaml.h"

static GBytes *
text_of (const Release *release)
{
    YamlWriter *writer = yaml_writer_new ("#");

    release_write (release, writer);
    return yaml_writer_finish (writer);
}

void
sign_print_release (const VerbOutput *output, const Release *a, const Release *b)
{
    g_autoptr (GBytes) before = text_of (a), after = text_of (b);
    const char *why = NULL;
    g_autofree char *hunks = line_diff (before, after, NULL, NULL, &why);

    if (hunks == NULL)
        verb_print (output, "  release  not compared: %s\n", why);
    else
        verb_print (output, "  release  %s\n%s",
                    *hunks != '\0' ? "what it says changes:" : "as before", hunks);
}
