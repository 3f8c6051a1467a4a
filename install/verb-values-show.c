/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/values-text.h"
#include "install/verb-values.h"
#include "manifest/error.h"
#include "manifest/json-out.h"
#include "manifest/message.h"
#include "manifest/verb-json.h"

#include <string.h>

/* One name, and all that is known of it. */
typedef struct {
    const char *name;
    const ReleaseValue *declared; /* or NULL */
    const ValueGiven *given;      /* or NULL */
} Row;

static GPtrArray *
make_rows (const Release *release, GPtrArray *given)
{
    GPtrArray *rows = g_ptr_array_new_with_free_func (g_free);
    g_autoptr (GPtrArray) unknown = values_text_unknown (given, release);

    for (guint i = 0; i < release->values->len; i++) {
        const ReleaseValue *value = release->values->pdata[i];
        Row *row = g_new0 (Row, 1);

        *row = (Row){ value->name, value, values_file_find (given, value->name) };
        g_ptr_array_add (rows, row);
    }
    for (guint i = 0; i < unknown->len; i++) {
        Row *row = g_new0 (Row, 1);

        *row = (Row){ unknown->pdata[i], NULL, values_file_find (given, unknown->pdata[i]) };
        g_ptr_array_add (rows, row);
    }
    return rows;
}

static const char *
source_of (const Row *row)
{
    if (row->given == NULL)
        return row->declared->fallback != NULL ? "default" : "missing";
    return row->given->kind == VALUE_FILE      ? "file"
           : row->given->kind == VALUE_COMMAND ? "command"
                                               : "text";
}

/* What stands here and is no secret; NULL where it is one, or nothing. */
static const char *
open_text (const Row *row)
{
    if (row->declared == NULL || row->declared->secret)
        return NULL;
    if (row->given == NULL)
        return row->declared->fallback;
    return row->given->kind == VALUE_TEXT ? row->given->text : NULL;
}

static char *
describe (const Row *row)
{
    const char *text = open_text (row);

    if (row->given == NULL && (row->declared == NULL || row->declared->fallback == NULL))
        return message_show ("MISSING");
    if (row->given != NULL && row->given->kind == VALUE_FILE)
        return message_show ("from the file '%s'", row->given->text);
    if (row->given != NULL && row->given->kind == VALUE_COMMAND)
        return message_show ("from the program '%s'", row->given->command[0]);
    if (text == NULL)
        return message_show ("set, and not shown");
    return row->given != NULL ? message_show ("'%s'", text) : message_show ("'%s' (default)", text);
}

static void
print_row (const VerbOutput *output, const Row *row, int width)
{
    g_autofree char *value = describe (row);

    verb_print (output, "  %-*s  %s\n", width, row->name, value);
    if (row->declared == NULL)
        verb_print (output, "  %-*s  not declared by this release\n", width, "");
    else if (row->declared->description != NULL)
        verb_print (output, "  %-*s  %s\n", width, "", row->declared->description);
}

static void
print_text (const Values *values, const char *path, const GPtrArray *rows)
{
    const Release *release = values->declared->release;
    int width = 0;

    for (guint i = 0; i < rows->len; i++)
        width = MAX (width, (int)strlen (((const Row *)rows->pdata[i])->name));
    verb_print (&values->output, "%s %s, release %" G_GUINT64_FORMAT ", with the values in '%s':\n",
                release->product, release->version, release->release, path);
    for (guint i = 0; i < rows->len; i++)
        print_row (&values->output, rows->pdata[i], width);
    if (rows->len == 0)
        verb_print (&values->output, "  none is declared, and none is set\n");
}

static void
add_row (JsonBuilder *json, gconstpointer item)
{
    const Row *row = item;

    json_out_text (json, "name", row->name);
    json_out_flag (json, "declared", row->declared != NULL);
    json_out_flag (json, "secret", row->declared != NULL && row->declared->secret);
    json_out_text (json, "description", row->declared != NULL ? row->declared->description : NULL);
    json_out_text (json, "default", row->declared != NULL ? row->declared->fallback : NULL);
    json_out_text (json, "source", source_of (row));
    json_out_text (json, "value", open_text (row));
    if (row->given != NULL && row->given->kind == VALUE_FILE)
        json_out_text (json, "file", row->given->text);
    if (row->given != NULL && row->given->kind == VALUE_COMMAND)
        json_out_text (json, "program", row->given->command[0]);
}

static void
print_json (const Values *values, const char *path, const GPtrArray *rows)
{
    const Release *release = values->declared->release;
    g_autoptr (JsonBuilder) json = json_builder_new ();

    json_builder_begin_object (json);
    json_out_text (json, "schema", "handcarry.values/1");
    json_out_text (json, "product", release->product);
    json_out_text (json, "version", release->version);
    json_out_number (json, "release", release->release);
    json_out_text (json, "bundle", values->declared->from);
    json_out_text (json, "path", path);
    json_out_list (json, "values", rows, add_row);
    json_builder_end_object (json);
    verb_json_print (json);
}

int
verb_values_show (int argc, char **argv, GError **error)
{
    g_auto (Values) values = { 0 };
    g_autoptr (GPtrArray) given = NULL, rows = NULL;
    g_autofree char *path = NULL;

    if (!values_parse (&values, &argc, &argv, "PRODUCT [PATH…]",
                       "Shows the values that a release declares and what is set here; secrets are "
                       "not shown, and no program is run. PATH is a bundle, or a folder with "
                       "bundles; without it, the release that is installed counts.",
                       NULL, error) ||
        !values_open (&values, argv + 2, error))
        return error_exit_status (*error);
    path = host_values_path (values.at, values.product);
    given = host_values_given (values.at, values.product, error);
    if (given == NULL)
        return error_exit_status (*error);
    rows = make_rows (values.declared->release, given);
    if (!values.output.json)
        print_text (&values, path, rows);
    else if (!values.output.quiet)
        print_json (&values, path, rows);
    return 0;
}
