/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/verb-values.h"

#include "install/values-source.h"
#include "install/values-text.h"
#include "manifest/error.h"
#include "manifest/json-out.h"
#include "manifest/message.h"
#include "manifest/path.h"
#include "manifest/verb-json.h"

static const VerbSub sub_verbs[] = {
    { "edit", N_ ("edit all values of a product"), verb_values_edit },
    { "show", N_ ("show which values there are, and what is set"), verb_values_show },
    { "set", N_ ("set one value"), verb_values_set },
    { NULL },
};

void
values_clear (Values *values)
{
    g_clear_pointer (&values->declared, declared_free);
    g_clear_pointer (&values->at, host_free);
    g_clear_pointer (&values->launcher, launcher_free);
    host_options_clear (&values->host);
}

gboolean
values_parse (Values *values, int *argc, char ***argv, const char *synopsis,
              const char *description, const GOptionEntry *own, GError **error)
{
    NetworkBarrier barrier;

    if (!verb_host_parse (argc, argv, synopsis, description, own, HOST_TRUST | HOST_ROOT,
                          &values->host, &values->output, error))
        return FALSE;
    if (*argc < 2)
        return fail (error, ERR_USAGE, "%s takes the name of a product", (*argv)[0]);
    values->product = (*argv)[1];
    if (!path_check_product (values->product, error))
        return fail_prefix (error, "%s takes the name of a product first", (*argv)[0]);
    values->launcher = verb_host_begin (NULL, &barrier, error);
    return values->launcher != NULL;
}

gboolean
values_open (Values *values, char **paths, GError **error)
{
    g_autoptr (GPtrArray) notes = g_ptr_array_new_with_free_func (g_free);

    values->at = host_open (values->host.root, FALSE, error);
    if (values->at == NULL)
        return FALSE;
    values->declared =
        declared_open (values->at, values->host.trust, values->product, paths, notes, error);
    for (guint i = 0; i < notes->len && !values->output.json; i++)
        verb_warn ("%s", (char *)notes->pdata[i]);
    return values->declared != NULL;
}

GPtrArray *
values_find_problems (const Values *values, GPtrArray *given)
{
    GPtrArray *problems = g_ptr_array_new_with_free_func (g_free);
    g_autoptr (GPtrArray) missing = values_text_missing (given, values->declared->release);
    g_autoptr (GPtrArray) unknown = values_text_unknown (given, values->declared->release);

    for (guint i = 0; i < missing->len; i++)
        g_ptr_array_add (problems, message_printf ("'%s' is missing", (char *)missing->pdata[i]));
    for (guint i = 0; i < unknown->len; i++)
        g_ptr_array_add (problems, message_printf ("'%s' is declared by no value of this release",
                                                   (char *)unknown->pdata[i]));
    for (guint i = 0; i < given->len; i++) {
        g_autoptr (GError) why = NULL;

        if (!value_source_check (given->pdata[i], &why))
            g_ptr_array_add (problems, g_strdup (why->message));
    }
    return problems;
}

/* A value that nobody declares may be anything. */
static gboolean
may_be_shown (const Values *values, const ValueGiven *given)
{
    const ReleaseValue *value = values_text_declared (values->declared->release, given->name);

    return value != NULL && !value->secret && given->kind == VALUE_TEXT;
}

static void
print_changed (const Values *values, const char *name, const ValueGiven *then,
               const ValueGiven *now)
{
    const VerbOutput *output = &values->output;

    if (now == NULL)
        verb_print (output, "  %s: not set any more\n", name);
    else if (now->kind == VALUE_FILE)
        verb_print (output, "  %s: from the file '%s'\n", name, now->text);
    else if (now->kind == VALUE_COMMAND)
        verb_print (output, "  %s: from the program '%s'\n", name, now->command[0]);
    else if (!may_be_shown (values, now))
        verb_print (output, then != NULL ? "  %s: changed\n" : "  %s: set\n", name);
    else if (then != NULL && may_be_shown (values, then))
        verb_print (output, "  %s: '%s', was '%s'\n", name, now->text, then->text);
    else
        verb_print (output, "  %s: '%s'\n", name, now->text);
}

static void
print_json (const Values *values, const GPtrArray *changed, const GPtrArray *missing)
{
    g_autoptr (JsonBuilder) json = json_builder_new ();

    json_builder_begin_object (json);
    json_out_text (json, "schema", "handcarry.values-change/1");
    json_out_text (json, "product", values->product);
    json_out_lines (json, "changed", changed);
    json_out_lines (json, "missing", missing);
    json_builder_end_object (json);
    verb_json_print (json);
}

void
values_print_change (const Values *values, GPtrArray *before, GPtrArray *after)
{
    g_autoptr (GPtrArray) changed = values_text_changed (before, after);
    g_autoptr (GPtrArray) missing = values_text_missing (after, values->declared->release);

    if (values->output.json) {
        if (!values->output.quiet)
            print_json (values, changed, missing);
        return;
    }
    if (changed->len == 0)
        verb_print (&values->output, "No value was changed.\n");
    for (guint i = 0; i < changed->len; i++)
        print_changed (values, changed->pdata[i], values_file_find (before, changed->pdata[i]),
                       values_file_find (after, changed->pdata[i]));
    for (guint i = 0; i < missing->len; i++)
        verb_print (&values->output, "  %s: still missing\n", (char *)missing->pdata[i]);
}

int
verb_values (int argc, char **argv, GError **error)
{
    g_autofree char *name = NULL;
    const VerbSub *sub = verb_find_sub (
        argc, argv,
        N_ ("Values are what differs from host to host: names, addresses, passwords. A\n"
            "release declares them, a bundle never carries them, and each host has its own."),
        sub_verbs, &name, error);

    if (sub == NULL)
        return *error == NULL ? 0 : ERR_USAGE;
    return sub->func (argc - 1, argv + 1, error);
}
