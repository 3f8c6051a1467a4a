/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/verb-record.h"

#include "install/audit.h"
#include "install/carry-back.h"
#include "manifest/error.h"

#include <pwd.h>
#include <string.h>
#include <unistd.h>

#define WORD_BYTES 200

/* They go into receipts and onto terminals: nothing that would have to be quoted there. */
static gboolean
check_word (const char *option, const char *text, GError **error)
{
    g_autofree char *shown = error_quote (text);

    if (*text != '\0' && strlen (text) <= WORD_BYTES && strcmp (shown, text) == 0)
        return TRUE;
    return fail (error, ERR_USAGE,
                 "%s '%s': a name or a number of at most %d bytes, without control characters",
                 option, shown, WORD_BYTES);
}

/* SUDO_USER is the word of whoever calls, as --by is. */
static char *
login_name (void)
{
    const char *sudo = g_getenv ("SUDO_USER");
    const struct passwd *user;

    if (geteuid () == 0 && sudo != NULL && check_word ("SUDO_USER", sudo, NULL))
        return g_strdup (sudo);
    user = getpwuid (getuid ());
    return user != NULL ? g_strdup (user->pw_name) : g_strdup_printf ("uid %u", getuid ());
}

gboolean
verb_record_find_person (HostOptions *options, GError **error)
{
    if ((options->by != NULL && !check_word ("--by", options->by, error)) ||
        (options->ref != NULL && !check_word ("--ref", options->ref, error)))
        return FALSE;
    if (options->by == NULL)
        options->by = login_name ();
    return TRUE;
}

void
verb_record_refusal (const RunOptions *options, const char *verb, NetworkBarrier barrier,
                     const Run *run, const GError *why)
{
    g_autoptr (Host) own = run == NULL ? host_open (options->root, FALSE, NULL) : NULL;
    const Release *release = run != NULL ? run->release : NULL;
    g_autofree char *digest = release != NULL ? digest_to_text (&run->digest) : NULL;
    const Host *host = run != NULL ? run->host : own;
    g_autoptr (GError) local = NULL;
    const Refusal refusal = {
        .verb = verb,
        .path = options->given,
        .by = options->by,
        .product = release != NULL ? release->product : NULL,
        .release = release != NULL ? release->release : 0,
        .digest = digest,
        .network = network_barrier_name (barrier),
        .status = error_exit_status (why),
        .message = why->message,
    };

    if (host == NULL || host->state_fd < 0)
        return;
    if (!audit_add (host, &refusal, &local))
        verb_warn ("%s", local->message);
}

void
verb_record_carry_back (const RunOptions *options, const VerbOutput *output)
{
    g_autoptr (GError) error = NULL;
    g_autoptr (Host) host =
        options->carry_back != NULL ? host_open (options->root, FALSE, &error) : NULL;
    guint copied = 0;

    if (options->carry_back == NULL)
        return;
    if (host == NULL || !carry_back (host, options->carry_back, &copied, &error))
        verb_warn ("%s", error->message);
    if (copied > 0 && !output->json)
        verb_print (output, "%u receipt%s copied to '%s'\n", copied, copied == 1 ? "" : "s",
                    options->carry_back);
}
