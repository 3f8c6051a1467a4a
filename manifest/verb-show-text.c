/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "manifest/error.h"
#include "manifest/release-internal.h"
#include "manifest/size.h"
#include "manifest/verb-show.h"
#include "manifest/verb.h"

#include <stdio.h>
#include <string.h>

#define LABEL_COLUMNS 16
#define NAME_COLUMNS 48 /* of a row with figures behind it */
#define PAIR_COLUMNS 28
#define TEXT_COLUMNS 80

void
show_print_words (const char *label, char **words)
{
    gsize at = LABEL_COLUMNS;

    for (guint i = 0; words != NULL && words[i] != NULL; i++) {
        g_autofree char *word = message_shown (words[i]), *shown = error_quote (word);
        gsize length = message_columns (shown) + 2;
        gboolean fits = at + length <= TEXT_COLUMNS;

        if (i == 0)
            say ("%-*s%s", LABEL_COLUMNS, label, shown);
        else if (fits)
            say (", %s", shown);
        else
            say (",\n%*s%s", LABEL_COLUMNS, "", shown);
        at = fits ? at + length : LABEL_COLUMNS + length;
    }
    if (words != NULL && *words != NULL)
        putchar ('\n');
}

/* A name and what belongs to it; a long name has its own line. */
static void print_row (const char *name, const char *format, ...) G_GNUC_PRINTF (2, 3);

static void
print_row (const char *name, const char *format, ...)
{
    g_autofree char *shown = error_quote (name);
    glong length = (glong)message_columns (shown);
    va_list args;

    say ("  %s", shown);
    if (length > NAME_COLUMNS - 1) {
        putchar ('\n');
        length = -2;
    }
    say ("%*s", (int)(NAME_COLUMNS - length), "");
    va_start (args, format);
    vprintf (format, args);
    va_end (args);
    putchar ('\n');
}

/* A name and a few words about it, on two lines where one is too short. */
static void
print_pair (const char *name, const char *text)
{
    g_autofree char *shown = error_quote (name);
    g_autofree char *words = message_shown (text), *second = error_quote (words);
    glong length = (glong)message_columns (shown), pad = MAX (PAIR_COLUMNS - length, 0);

    if (length + pad + (glong)message_columns (second) + 4 <= TEXT_COLUMNS)
        say ("  %s%*s  %s\n", shown, (int)pad, "", second);
    else
        say ("  %s\n      %s\n", shown, second);
}

static void
print_requirements (const Release *release)
{
    g_autoptr (GPtrArray) words = g_ptr_array_new_with_free_func (g_free);
    const char *const needs[][2] = { { "handcarry ", release->requires_handcarry },
                                     { "docker ", release->requires_docker },
                                     { "ansible-core ", release->requires_ansible } };

    for (gsize i = 0; i < G_N_ELEMENTS (needs); i++)
        if (needs[i][1] != NULL)
            g_ptr_array_add (words, g_strconcat (needs[i][0], needs[i][1], NULL));
    for (char **module = release->requires_python; module != NULL && *module != NULL; module++)
        g_ptr_array_add (words, g_strconcat ("python module ", *module, NULL));
    g_ptr_array_add (words, NULL);
    show_print_words ("requires", (char **)words->pdata);
}

static void
print_bound (const char *label, guint64 number)
{
    if (number != 0)
        say ("%-*s%" G_GUINT64_FORMAT "\n", LABEL_COLUMNS, label, number);
}

static void
print_release (const ShowInput *input)
{
    const Release *release = input->statement->release;
    g_autofree char *digest = digest_to_text (&input->release_digest);

    say ("%-*s%s\n%-*s%s\n", LABEL_COLUMNS, "product", release->product, LABEL_COLUMNS, "version",
         release->version);
    say ("%-*s%s\n%-*s%" G_GUINT64_FORMAT "\n", LABEL_COLUMNS, "channel", release->channel,
         LABEL_COLUMNS, "release", release->release);
    say ("release digest\n  %s\n", digest);
    show_print_words ("platforms", release->platforms);
    print_bound ("epoch", release->epoch);
    show_print_words ("issued", (char *[]){ release->issued, NULL });
    show_print_words ("advise until", (char *[]){ release->advise_until, NULL });
    show_print_words ("only for sites", release->sites);
    show_print_words ("only for hosts", release->hosts);
    print_requirements (release);
    show_print_words ("volumes", release->volumes);
    print_bound ("upgrade from", release->upgrade_from);
    print_bound ("rollback to", release->rollback_to);
}

static void
print_images (const Statement *statement)
{
    if (statement->images->len > 0)
        say ("\n%-*s%10s %10s\n", NAME_COLUMNS + 2, "images", "layers", "unpacked");
    for (guint i = 0; i < statement->images->len; i++) {
        const StatementImage *image = statement->images->pdata[i];
        g_autofree char *config = digest_to_text (&image->config);
        g_autofree char *shown = NULL;
        guint64 bytes = 0;

        for (guint layer = 0; layer < image->layers->len; layer++)
            bytes += g_array_index (image->layers, StatementLayer, layer).bytes;
        shown = size_to_text (bytes);
        print_row (image->name, "%10u %10s", image->layers->len, shown);
        say ("    %s\n", config);
    }
}

static void
print_compose (const Release *release)
{
    if (release->compose->len > 0)
        say ("\ncompose\n");
    for (guint i = 0; i < release->compose->len; i++)
        print_pair (((const ReleaseCompose *)release->compose->pdata[i])->path,
                    "one project, named as the product");
}

static void
print_playbooks (const Release *release)
{
    if (release->playbooks->len > 0)
        say ("\nplaybooks\n");
    for (guint i = 0; i < release->playbooks->len; i++) {
        const ReleasePlaybook *playbook = release->playbooks->pdata[i];
        g_autofree char *how =
            message_printf ("run at %s, inventory %s", release_playbook_runs[playbook->run],
                            playbook->inventory != NULL ? playbook->inventory : "localhost");

        print_pair (playbook->path, how);
    }
}

static void
print_placed (const Release *release)
{
    if (release->configs->len > 0)
        say ("\nconfigs\n");
    for (guint i = 0; i < release->configs->len; i++) {
        const ReleaseConfig *config = release->configs->pdata[i];
        g_autofree char *how = message_printf (
            "%04o %s, on conflict %s%s", config->mode, config->owner,
            release_conflicts[config->on_conflict], config->template ? ", template" : "");

        print_pair (config->to, how);
    }
    if (release->files->len > 0)
        say ("\nfiles\n");
    for (guint i = 0; i < release->files->len; i++) {
        const ReleaseFiles *files = release->files->pdata[i];
        g_autofree char *from = g_strconcat ("from ", files->from, NULL);

        print_pair (files->to, from);
    }
}

static char *
describe_value (const ReleaseValue *value)
{
    GString *text = g_string_new (value->description);

    if (text->len > 0)
        g_string_append (text, "; ");
    if (value->fallback != NULL)
        message_append (text, "default \"%s\"", value->fallback);
    else
        message_append (text, "%s", value->secret ? N_ ("required, secret") : N_ ("required"));
    return g_string_free (text, FALSE);
}

static void
print_values (const Release *release)
{
    if (release->values->len > 0)
        say ("\nvalues that the host supplies\n");
    for (guint i = 0; i < release->values->len; i++) {
        const ReleaseValue *value = release->values->pdata[i];
        g_autofree char *text = describe_value (value);

        print_pair (value->name, text);
    }
}

static void
print_health (const Release *release)
{
    static const char *const kinds[] = { "container ", "", "command " };

    if (release->health->len > 0)
        say ("\nhealth\n");
    for (guint i = 0; i < release->health->len; i++) {
        const ReleaseHealth *health = release->health->pdata[i];
        g_autofree char *command =
            health->command != NULL ? g_strjoinv (" ", health->command) : NULL;
        g_autofree char *what =
            g_strconcat (kinds[health->kind], command != NULL ? command : health->target, NULL);
        g_autofree char *within = message_printf ("within %u s", health->within);

        print_pair (what, within);
    }
}

void
show_print_text (const ShowInput *input)
{
    const Release *release = input->statement->release;

    say ("NOT VERIFIED: no signature was checked; 'handcarry verify' does that.\n\n");
    print_release (input);
    print_images (input->statement);
    print_playbooks (release);
    print_compose (release);
    print_placed (release);
    print_values (release);
    print_health (release);
    show_print_packing (input);
    show_print_packages (input);
}
