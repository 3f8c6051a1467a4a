/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/receipt-read.h"
#include "install/receipt.h"
#include "install/run-log.h"
#include "install/verb-host.h"
#include "manifest/error.h"
#include "manifest/file.h"
#include "manifest/json-out.h"
#include "manifest/verb-json.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define CHUNK 65536

static gboolean
copy_out (int fd, const char *name, GError **error)
{
    g_autofree char *buffer = g_malloc (CHUNK);
    ssize_t n;

    while ((n = read (fd, buffer, CHUNK)) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fail_errno (error, ERR_FAILED, errno, "cannot read the log '%s'", name);
        if (fwrite (buffer, 1, (gsize)n, stdout) < (gsize)n)
            return fail_errno (error, ERR_FAILED, errno, "cannot print the log '%s'", name);
    }
    return TRUE;
}

/* The number of a receipt, as 'history' shows it, stands for its run. */
static char *
find_run (const Host *host, const char *given, GError **error)
{
    g_autofree char *name = NULL;
    g_autofree char *path = NULL;
    g_autoptr (GBytes) text = NULL;
    g_autoptr (Receipt) receipt = NULL;

    if (*given == '\0' || given[strspn (given, "0123456789")] != '\0')
        return g_strdup (given);
    name = receipt_name (g_ascii_strtoull (given, NULL, 10));
    path = g_build_filename (RECEIPT_FOLDER, name, NULL);
    text = file_read_below (host->state_fd, path, RECEIPT_BYTES, error);
    receipt = text != NULL ? receipt_parse (text, name, error) : NULL;
    return receipt != NULL ? g_strdup (receipt->run) : NULL;
}

static void
print_json (const char *run, GBytes *text)
{
    g_autoptr (JsonBuilder) json = json_builder_new ();
    g_autofree char *log =
        g_utf8_make_valid (g_bytes_get_data (text, NULL), (gssize)g_bytes_get_size (text));

    json_builder_begin_object (json);
    json_out_text (json, "schema", "handcarry.log/1");
    json_out_text (json, "run", run);
    json_out_text (json, "log", log);
    json_builder_end_object (json);
    verb_json_print (json);
}

static gboolean
show (const HostOptions *options, const VerbOutput *output, const char *given, GError **error)
{
    g_autoptr (Host) host = host_open (options->root, FALSE, error);
    g_autofree char *run = host != NULL && given != NULL ? find_run (host, given, error) : NULL;
    g_autofree char *name = NULL;
    g_autoptr (GBytes) text = NULL;
    autofd int fd = -1;

    if (host == NULL || (given != NULL && run == NULL))
        return FALSE;
    fd = run_log_find (host, run, &name, error);
    if (fd < 0)
        return FALSE;
    if (output->quiet)
        return TRUE;
    if (!output->json)
        return copy_out (fd, name, error);
    text = file_read_fd (fd, name, RUN_LOG_BYTES, error);
    if (text == NULL)
        return FALSE;
    name[strlen (name) - strlen (RUN_LOG_SUFFIX)] = '\0';
    print_json (name, text);
    return TRUE;
}

int
verb_log (int argc, char **argv, GError **error)
{
    g_auto (HostOptions) options = { 0 };
    VerbOutput output = { 0 };
    g_autoptr (Launcher) launcher = NULL;
    NetworkBarrier barrier;

    if (!verb_host_parse (&argc, &argv, "[RUN]",
                          "Prints what the last run that changed this host printed, or the one "
                          "named: RUN is its number in 'handcarry history', or its full name. "
                          "Secrets are masked. Only root may read logs.",
                          NULL, HOST_ROOT, &options, &output, error))
        return ERR_USAGE;
    if (argc > 2)
        return fail (error, ERR_USAGE, "log takes one run at the most"), ERR_USAGE;
    launcher = verb_host_begin (NULL, &barrier, error);
    if (launcher == NULL || !show (&options, &output, argc == 2 ? argv[1] : NULL, error))
        return error_exit_status (*error);
    return 0;
}
