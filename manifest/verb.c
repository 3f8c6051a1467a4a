/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "manifest/verb.h"

#include "manifest/error.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define HELP_COLUMNS 79
#define HELP_INDENT 26

/* Prints words from column at on, going on at indent; ends the line. */
static void
print_wrapped (const char *text, int at, int indent)
{
    g_auto (GStrv) words = g_strsplit (text, " ", -1);

    for (char **word = words; *word != NULL; word++) {
        int length = (int)message_columns (*word);

        if (at > indent && at + 1 + length > HELP_COLUMNS) {
            printf ("\n%*s", indent, "");
            at = indent;
        } else if (at > indent) {
            putchar (' ');
            at++;
        }
        printf ("%s", *word);
        at += length;
    }
    putchar ('\n');
}

static void
print_option (const GOptionEntry *entry)
{
    g_autoptr (GString) left = g_string_new ("  ");
    g_autofree char *text = message_shown (entry->description != NULL ? entry->description : "");

    if (entry->flags & G_OPTION_FLAG_HIDDEN)
        return;
    if (entry->short_name != 0)
        g_string_append_printf (left, "-%c, ", entry->short_name);
    g_string_append_printf (left, "--%s", entry->long_name);
    if (entry->arg_description != NULL)
        g_string_append_printf (left, "=%s", entry->arg_description);
    printf ("%s", left->str);
    if (left->len + 2 > HELP_INDENT) {
        putchar ('\n');
        left->len = 0;
    }
    printf ("%*s", HELP_INDENT - (int)left->len, "");
    print_wrapped (text, HELP_INDENT, HELP_INDENT);
}

/* GOption's own help neither wraps nor leaves the ending of the program to us. */
static void
print_help (const char *verb, const char *synopsis, const char *description,
            const GOptionEntry *entries, const GOptionEntry *common)
{
    g_autofree char *usage = NULL;

    if (strcmp (synopsis, verb) == 0)
        synopsis = "";
    else if (g_str_has_prefix (synopsis, verb) && synopsis[strlen (verb)] == ' ')
        synopsis += strlen (verb) + 1;
    usage = message_show ("Usage: handcarry %s%s%s", verb, *synopsis != '\0' ? " " : "", synopsis);
    print_wrapped (usage, 0, 0);
    putchar ('\n');
    if (description != NULL) {
        g_autofree char *text = message_shown (description);
        g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

        for (char **line = lines; *line != NULL; line++)
            print_wrapped (*line, 0, 0);
        putchar ('\n');
    }
    for (const GOptionEntry *entry = entries; entry != NULL && entry->long_name != NULL; entry++)
        print_option (entry);
    for (const GOptionEntry *entry = common; entry->long_name != NULL; entry++)
        print_option (entry);
}

/* GLib says it in English; its commonest sentences begin with what is ours to say. */
static gboolean
fail_option (GError **error, const char *verb, const GError *problem)
{
    static const char unknown[] = "Unknown option ", missing[] = "Missing argument for ";
    const char *said = problem->message;

    if (g_str_has_prefix (said, unknown))
        return fail (error, ERR_USAGE, "%s: Unknown option %s", verb, said + strlen (unknown));
    if (g_error_matches (problem, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE))
        return fail (error, ERR_USAGE, "%s: the value of an option cannot be read: %s", verb, said);
    if (g_str_has_prefix (said, missing))
        return fail (error, ERR_USAGE, "%s: Missing argument for %s", verb,
                     said + strlen (missing));
    return fail (error, ERR_USAGE, "%s: %s", verb, said);
}

/* GOption leaves "--" where a later argument begins with '-'. */
static void
drop_separator (int *argc, char **argv)
{
    for (int i = 1; i < *argc; i++) {
        if (strcmp (argv[i], "--") != 0)
            continue;
        memmove (&argv[i], &argv[i + 1], (gsize)(*argc - i) * sizeof *argv);
        (*argc)--;
        return;
    }
}

/* Not translated: no person reads it. */
static void
list_options (const GOptionEntry *entry)
{
    for (; entry != NULL && entry->long_name != NULL; entry++) {
        const char shortly[] = { '-', entry->short_name, '\0' };
        const char *value = entry->arg_description != NULL ? entry->arg_description : "";
        g_autofree char *line = NULL;

        if (entry->flags & G_OPTION_FLAG_HIDDEN)
            continue;
        line = g_strdup_printf ("--%s\t%s\t%s\t%s", entry->long_name,
                                entry->short_name != 0 ? shortly : "", value, entry->description);
        puts (line);
    }
}

gboolean
verb_parse (int *argc, char ***argv, const char *synopsis, const char *description,
            const GOptionEntry *entries, VerbOutput *output, gboolean has_json, GError **error)
{
    gboolean help = FALSE;
    const GOptionEntry common[] = {
        { "quiet", 'q', 0, G_OPTION_ARG_NONE, &output->quiet, "print errors only", NULL },
        { "json", 0, has_json ? 0 : G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_NONE, &output->json,
          "print one JSON object", NULL },
        { "help", 'h', 0, G_OPTION_ARG_NONE, &help, "show this help", NULL },
        { NULL },
    };
    g_autoptr (GOptionContext) context = g_option_context_new (NULL);
    g_autoptr (GError) problem = NULL;

    if (*argc == 2 && strcmp ((*argv)[1], VERB_LIST_OPTIONS) == 0) {
        puts (synopsis);
        list_options (entries);
        list_options (common);
        exit (0); /* lint: allow-exit: as --help does */
    }
    g_option_context_set_help_enabled (context, FALSE);
    if (entries != NULL)
        g_option_context_add_main_entries (context, entries, NULL);
    g_option_context_add_main_entries (context, common, NULL);
    if (!g_option_context_parse (context, argc, argv, &problem))
        return fail_option (error, (*argv)[0], problem);
    if (help) {
        print_help ((*argv)[0], synopsis, description, entries, common);
        exit (0); /* lint: allow-exit: the contract of verb_parse */
    }
    if (output->json && !has_json)
        return fail (error, ERR_USAGE, "%s: --json is not an option of this verb", (*argv)[0]);
    drop_separator (argc, *argv);
    return TRUE;
}

/* Names of files come from media: none may steer the terminal. */
static void G_GNUC_PRINTF (2, 0) print_clean (FILE *to, const char *format, va_list args)
{
    g_autofree char *text = message_vshow (format, args);
    g_autofree char *shown = error_clean (text);

    fputs (shown, to);
}

void
verb_print (const VerbOutput *output, const char *format, ...)
{
    va_list args;

    if (output->quiet)
        return;
    va_start (args, format);
    print_clean (stdout, format, args);
    va_end (args);
}

int
say (const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list args;

    va_start (args, format);
    text = message_vshow (format, args);
    va_end (args);
    fputs (text, stdout);
    return (int)message_columns (text);
}

void
say_error (const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list args;

    va_start (args, format);
    text = message_vshow (format, args);
    va_end (args);
    fputs (text, stderr);
}

void
verb_warn (const char *format, ...)
{
    va_list args;

    say_error ("handcarry: warning: ");
    va_start (args, format);
    print_clean (stderr, format, args);
    va_end (args);
    fputc ('\n', stderr);
}

static char *
read_answer (const char *prompt, GError **error)
{
    char *line = NULL;
    size_t size = 0;
    ssize_t length;

    say_error ("%s", prompt);
    fflush (stderr);
    length = getline (&line, &size, stdin);
    if (length < 0) {
        free (line);
        return fail_null (error, ERR_USAGE, "no answer was given to '%s'", prompt);
    }
    if (length > 0 && line[length - 1] == '\n')
        line[length - 1] = '\0';
    return line;
}

char *
verb_ask (const char *prompt, GError **error)
{
    if (!isatty (STDIN_FILENO))
        return fail_null (error, ERR_USAGE, "'%s' needs an answer, and stdin is no terminal",
                          prompt);
    return read_answer (prompt, error);
}

char *
verb_ask_secret (const char *prompt, GError **error)
{
    struct termios before, silent;
    char *answer;

    if (!isatty (STDIN_FILENO) || tcgetattr (STDIN_FILENO, &before) < 0)
        return fail_null (error, ERR_USAGE, "'%s' needs an answer, and stdin is no terminal",
                          prompt);
    silent = before;
    silent.c_lflag &= ~(tcflag_t)ECHO;
    if (tcsetattr (STDIN_FILENO, TCSAFLUSH, &silent) < 0) {
        fail_errno (error, ERR_FAILED, errno, "cannot switch off the terminal's echo");
        return NULL;
    }
    answer = read_answer (prompt, error);
    tcsetattr (STDIN_FILENO, TCSAFLUSH, &before);
    fputc ('\n', stderr);
    return answer;
}

int
verb_end (int status, const char *verb, const GError *error)
{
    gboolean said = error != NULL && strstr (error->message, "'handcarry trust ") != NULL;
    const char *hint = !said && strcmp (verb, "trust") != 0 ? error_hint (status) : NULL;
    g_autofree char *text = error != NULL ? message_shown (error->message) : NULL;
    g_autofree char *shown = error != NULL ? error_clean (text) : NULL;

    if (error != NULL)
        fprintf (stderr, "handcarry: %s\n", shown);
    if (error != NULL && hint != NULL)
        say_error ("           %s\n", hint);
    else if (error != NULL && status == ERR_USAGE)
        say_error ("           'handcarry %s --help' shows the options\n", verb);
    return status;
}
