/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/verb-history.h"

#include "install/history-table.h"
#include "install/verb-host.h"
#include "keys/trust-folder.h"
#include "manifest/error.h"

static gboolean
collect_local (History *history, const HostOptions *options, gboolean check, GError **error)
{
    g_autoptr (Host) host = host_open (options->root, FALSE, error);

    if (host == NULL || !history_add_local (history, host, check, error))
        return FALSE;
    history_merge (history);
    return TRUE;
}

/* Where there is no trust root, no key is known; one that is there must be good. */
static gboolean
find_known (History *history, const HostOptions *options, GError **error)
{
    g_autofree char *usual =
        g_build_filename (options->root != NULL ? options->root : "/", "etc/handcarry/trust", NULL);
    const char *dir = options->trust != NULL ? options->trust : usual;
    g_autoptr (TrustRoot) trust = NULL;

    if (options->trust == NULL && !trust_folder_has_root (dir))
        return TRUE;
    trust = trust_load (dir, error);
    if (trust == NULL)
        return FALSE;
    history_find_known (history, trust);
    return TRUE;
}

static gboolean
collect (History *history, const HostOptions *options, char **dirs, gboolean check, GError **error)
{
    if (*dirs == NULL)
        return collect_local (history, options, check, error);
    for (char **dir = dirs; *dir != NULL; dir++)
        if (!history_add_folder (history, *dir, error))
            return FALSE;
    history_merge (history);
    return find_known (history, options, error);
}

static void
print_runs (const History *history, const VerbOutput *output)
{
    g_autofree char *runs = history_runs_text (history);

    if (history->entries->len == 0)
        verb_print (output, "nothing was ever changed here\n");
    else
        verb_print (output, "%s", runs);
}

/* Local receipts that nobody asked to check are shown as they are. */
static void
warn_of_unreadable (const History *history)
{
    for (guint i = 0; i < history->hosts->len; i++) {
        const HistoryHost *host = history->hosts->pdata[i];

        for (guint j = 0; j < host->chain->links->len; j++) {
            const ReceiptLink *link = host->chain->links->pdata[j];

            if (link->receipt == NULL)
                verb_warn ("%s; 'handcarry history --verify' checks all", link->error->message);
        }
    }
}

static void
print_merged (const History *history, GPtrArray *doras, const VerbOutput *output)
{
    g_autofree char *hosts = history_hosts_text (history);
    g_autofree char *releases = history_releases_text (history);
    g_autofree char *figures = history_dora_text (doras);

    verb_print (output, "%s\n%s\n%s", hosts, releases, figures);
}

static void
print_checked (const History *history, const VerbOutput *output)
{
    guint count = history->hosts->len > 0
                      ? ((const HistoryHost *)history->hosts->pdata[0])->chain->links->len
                      : 0;

    verb_print (output, "%u receipt%s: all there, in order, and as this host signed %s\n", count,
                count == 1 ? "" : "s", count == 1 ? "it" : "them");
}

static void
print (const History *history, gboolean local, gboolean check, const VerbOutput *output)
{
    g_autoptr (GPtrArray) doras = dora_of (history);

    if (output->json && !output->quiet)
        verb_history_json (history, doras, check || !local);
    if (output->json)
        return;
    if (!local)
        print_merged (history, doras, output);
    else if (!check)
        print_runs (history, output);
    if (local && !check)
        warn_of_unreadable (history);
}

static int
run (const HostOptions *options, char **dirs, gboolean check, const VerbOutput *output,
     GError **error)
{
    g_autoptr (History) history = history_new ();
    gboolean local = *dirs == NULL;

    if (!collect (history, options, dirs, check, error))
        return error_exit_status (*error);
    print (history, local, check, output);
    if (!history_check (history, error))
        return error_exit_status (*error);
    if (local && check && !output->json)
        print_checked (history, output);
    return 0;
}

int
verb_history (int argc, char **argv, GError **error)
{
    g_auto (HostOptions) options = { 0 };
    VerbOutput output = { 0 };
    gboolean check = FALSE;
    const GOptionEntry own[] = {
        { "verify", 0, 0, G_OPTION_ARG_NONE, &check,
          "prove this host's receipts: signatures, order, gaps, and that none was cut off", NULL },
        { NULL },
    };
    g_autoptr (Launcher) launcher = NULL;
    NetworkBarrier barrier;

    if (!verb_host_parse (&argc, &argv, "[DIR…]",
                          "Shows what was done on this host: when, what, by whom, why, and how it "
                          "ended. With folders that --carry-back has filled: the receipts of many "
                          "hosts, each proven with the key beside it; hosts and releases, and how "
                          "often, how fast and how well was deployed. Exit status 4 where anything "
                          "was changed, cut out or is not signed.",
                          own, HOST_TRUST | HOST_ROOT, &options, &output, error))
        return ERR_USAGE;
    launcher = verb_host_begin (NULL, &barrier, error);
    if (launcher == NULL)
        return error_exit_status (*error);
    return run (&options, argv + 1, check, &output, error);
}
