/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/values-text.h"
#include "install/verb-values.h"
#include "manifest/error.h"
#include "manifest/file.h"
#include "manifest/message.h"

#include <string.h>
#include <unistd.h>

typedef struct {
    Values *values;
    ValuesStore *store;
    char **editor;
    GPtrArray *before; /* ValueGiven; NULL: what was there is no values file */
    GBytes *prefilled; /* what the editor was given first */
    int signals;
} Edit;

typedef enum { EDIT_AGAIN, EDIT_SAVE, EDIT_DROP } Choice;

/* Without a terminal there is nobody to ask. */
static gboolean
ask (const Edit *edit, gboolean may_save, Choice *choice, GError **error)
{
    for (;;) {
        g_autofree char *answer =
            values_ask (edit->signals,
                        may_save ? N_ ("e: edit again, s: save as it is, d: drop [e] ")
                                 : N_ ("e: edit again, d: drop [e] "),
                        error);

        if (answer == NULL)
            return FALSE;
        *choice = EDIT_AGAIN;
        if (*answer == '\0' || g_ascii_strcasecmp (answer, "e") == 0)
            return TRUE;
        *choice = EDIT_DROP;
        if (g_ascii_strcasecmp (answer, "d") == 0)
            return TRUE;
        *choice = EDIT_SAVE;
        if (may_save && g_ascii_strcasecmp (answer, "s") == 0)
            return TRUE;
    }
}

/* FALSE: the values cannot be read, and *problem says why. */
static gboolean
judge (const Edit *edit, GBytes *text, GPtrArray **after, GPtrArray **problems, GError **problem)
{
    *problems = NULL;
    *after = values_file_parse (text, values_store_path (edit->store), problem);
    if (*after == NULL)
        return FALSE;
    *problems = values_find_problems (edit->values, *after);
    return TRUE;
}

/* Asks where something is wrong; without a terminal what can be read is saved, with a warning. */
static gboolean
decide (const Edit *edit, const GPtrArray *problems, GError *problem, Choice *choice,
        GError **error)
{
    *choice = EDIT_SAVE;
    if (problem == NULL && (problems == NULL || problems->len == 0))
        return TRUE;
    if (problem != NULL && !isatty (STDIN_FILENO)) {
        g_propagate_error (error, problem);
        return fail_prefix (error, "nothing was changed");
    }
    if (problem != NULL)
        verb_warn ("%s", problem->message);
    g_clear_error (&problem);
    for (guint i = 0; problems != NULL && i < problems->len; i++)
        verb_warn ("%s", (char *)problems->pdata[i]);
    return !isatty (STDIN_FILENO) || ask (edit, problems != NULL, choice, error);
}

static gboolean
save (const Edit *edit, GBytes *text, Choice *choice, GError **error)
{
    g_autoptr (GError) problem = NULL;

    if (values_store_write (edit->store, text, &problem))
        return TRUE;
    if (!isatty (STDIN_FILENO))
        return g_propagate_error (error, g_steal_pointer (&problem)), FALSE;
    /* What was typed is not thrown away because a disk is full. */
    verb_warn ("%s", problem->message);
    return ask (edit, TRUE, choice, error) &&
           (*choice != EDIT_SAVE || save (edit, text, choice, error));
}

/* One look at what the editor left. *choice says how it goes on. */
static gboolean
take (Edit *edit, Choice *choice, GError **error)
{
    g_autoptr (GBytes) edited = values_store_read_edit (edit->store, error), text = NULL;
    g_autoptr (GPtrArray) after = NULL, problems = NULL;
    GError *problem = NULL;

    if (edited == NULL)
        return fail_prefix (error, "nothing was changed");
    *choice = EDIT_DROP;
    if (g_bytes_equal (edited, edit->prefilled))
        return verb_print (&edit->values->output, "No value was changed.\n"), TRUE;
    text = values_text_strip (edited);
    (void)!judge (edit, text, &after, &problems, &problem);
    if (!decide (edit, problems, problem, choice, error))
        return FALSE;
    if (*choice == EDIT_SAVE && !save (edit, text, choice, error))
        return FALSE;
    if (*choice == EDIT_SAVE)
        values_print_change (edit->values, edit->before, after);
    else if (*choice == EDIT_DROP)
        verb_print (&edit->values->output, "Dropped; no value was changed.\n");
    return TRUE;
}

static gboolean
run (Edit *edit, GError **error)
{
    Choice choice = EDIT_AGAIN;

    if (!values_store_begin_edit (edit->store, edit->prefilled, error))
        return FALSE;
    while (choice == EDIT_AGAIN) {
        if (!values_run_editor (edit->values->launcher, edit->editor,
                                values_store_edit_folder (edit->store),
                                values_store_name (edit->store), error))
            return FALSE;
        values_forget_signals (edit->signals);
        if (!take (edit, &choice, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean
edit_values (Values *values, GError **error)
{
    gboolean is_chosen;
    g_auto (GStrv) editor = values_find_editor (&is_chosen, error);
    g_autoptr (ValuesStore) store = NULL;
    g_autoptr (GBytes) text = NULL, prefilled = NULL;
    g_autoptr (GPtrArray) before = NULL;
    char *filled;
    autofd int signals = values_hold_signals (error);
    Edit edit;

    if (editor == NULL || signals < 0)
        return FALSE;
    if (!is_chosen && !isatty (STDIN_FILENO))
        return fail (error, ERR_USAGE,
                     "there is no terminal to edit on; set each value with 'handcarry values set'");
    store = values_store_open (values->at->etc_path, values->product, error);
    if (store == NULL || !values_store_read (store, &text, error))
        return FALSE;
    before = text != NULL ? values_file_parse (text, values_store_path (store), NULL) : NULL;
    if (before == NULL)
        before = g_ptr_array_new ();
    filled = values_text_prefill (text, values->declared->release);
    prefilled = g_bytes_new_take (filled, strlen (filled));
    edit = (Edit){ values, store, editor, before, prefilled, signals };
    return run (&edit, error);
}

int
verb_values_edit (int argc, char **argv, GError **error)
{
    g_auto (Values) values = { 0 };

    if (!values_parse (
            &values, &argc, &argv, "PRODUCT [PATH…]",
            "Opens a file with every value that a release declares in $VISUAL or $EDITOR (else vi, "
            "nano, vim or busybox vi): what it is for, its default, what is set, what is missing. "
            "PATH is a bundle, or a folder with bundles; without it, the release that is installed "
            "counts. Afterwards the values are checked, and written whole or not at all.",
            NULL, error) ||
        !values_open (&values, argv + 2, error) || !edit_values (&values, error))
        return error_exit_status (*error);
    return 0;
}
