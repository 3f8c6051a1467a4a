/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/collect-tree.h"
#include "bundle/verb-bundle.h"
#include "manifest/compose.h"
#include "manifest/error.h"
#include "manifest/file.h"
#include "manifest/lint.h"
#include "manifest/message.h"

#define SHOWN_SECRETS 3

/* What would fail on every host is found before anything is packed. */

gboolean
verb_bundle_check (const Release *release, const char *dir, GError **error)
{
    autofd int dirfd = file_open_dir_given (dir, error);
    g_autoptr (Compose) compose = NULL;

    if (dirfd < 0)
        return FALSE;
    compose = release_read_compose_files (release, dirfd, NULL, error);
    return compose != NULL;
}

/* Said here, and not first by the hosts. */
gboolean
verb_bundle_check_epoch (const Release *release, const TrustRoot *trust, GError **error)
{
    guint64 epoch = trust != NULL ? trust_epoch (trust) : release->epoch;

    return release->epoch == epoch ||
           fail (error, ERR_POLICY,
                 "'%s' is of epoch %" G_GUINT64_FORMAT ", and trust root %" G_GUINT64_FORMAT
                 " is of epoch %" G_GUINT64_FORMAT
                 ": no host would take it; write 'epoch: %" G_GUINT64_FORMAT "' into that file",
                 release->file, release->epoch, trust_number (trust), epoch, epoch);
}

/* Of all that lint would say this alone cannot be taken back once the bundle has left. */
void
verb_bundle_warn_secrets (const Release *release, GBytes *text, const char *dir,
                          GPtrArray *warnings)
{
    autofd int dirfd = file_open_dir_given (dir, NULL);
    g_autoptr (GPtrArray) paths = dirfd >= 0 ? collect_tree_paths (release, dirfd, NULL) : NULL;
    g_auto (Lint) lint = { 0 };
    guint count = 0;

    /* What cannot be carried is told when it is packed. */
    if (paths == NULL)
        return;
    lint_init (&lint, release, text, dirfd, paths, NULL);
    lint_texts (&lint);
    lint_finish (&lint);
    for (guint i = 0; i < lint.findings->len; i++) {
        const LintFinding *finding = lint.findings->pdata[i];
        gboolean secret = finding->rule == LINT_SECRET || finding->rule == LINT_SECRET_FILE;

        if (!secret || finding->reason != NULL || count++ >= SHOWN_SECRETS)
            continue;
        g_ptr_array_add (warnings, message_printf ("%s:%u: %s; %s", finding->file, finding->line,
                                                   finding->found, lint_rule (finding->rule)->why));
    }
    if (count > SHOWN_SECRETS)
        g_ptr_array_add (warnings, message_printf ("%u more files or lines look like secrets: "
                                                   "'handcarry lint' lists them",
                                                   count - SHOWN_SECRETS));
}
