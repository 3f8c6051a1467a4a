/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "manifest/lint-task.h"

#include <string.h>

#define RELEASE                                                                                    \
    "handcarry: 1\nproduct: p\nversion: 1\nrelease: 1\nimages: [{name: 'x:1', from: 'oci:x'}]\n"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

/* Each finding lies in the text. The release stays for the next one. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
    static GBytes *text;
    static Release *release;
    const ReleaseOverrides overrides = { 0 };
    g_autoptr (GPtrArray) paths = g_ptr_array_new ();
    g_autoptr (GBytes) input = g_bytes_new (data, size);
    g_auto (Lint) lint = { 0 };

    if (release == NULL) {
        text = g_bytes_new_static (RELEASE, strlen (RELEASE));
        release = release_parse_authored (text, "r.yaml", &overrides, NULL, NULL);
    }
    lint_init (&lint, release, text, -1, paths, NULL);
    lint_tasks_read (&lint, "site.yml", input);
    lint_finish (&lint);
    for (guint i = 0; i < lint.findings->len; i++) {
        const LintFinding *finding = lint.findings->pdata[i];
        g_autofree char *message = lint_message (finding);

        g_assert_true (g_utf8_validate (message, -1, NULL));
        g_assert_cmpuint (finding->line, >, 0);
        g_assert_cmpuint (finding->line, <=, size + 1);
    }
    return 0;
}
