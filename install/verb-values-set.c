/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/values-source.h"
#include "install/values-text.h"
#include "install/verb-values.h"
#include "manifest/error.h"
#include "manifest/file.h"
#include "manifest/limits.h"
#include "manifest/message.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

typedef struct {
    Values *values;
    char *name;        /* of the value */
    const char *typed; /* behind the '='; NULL: nothing */
    char *file;        /* --from-file */
    gboolean unset;
} Set;

/* What is typed is a line; what comes through a pipe or from a file loses the line end at its end.
 */
static char *
read_all (const Set *set, GError **error)
{
    g_autoptr (GBytes) bytes =
        set->file != NULL ? file_read_given (set->file, LIMIT_VALUE_BYTES + 2, error)
                          : file_read_fd (STDIN_FILENO, "stdin", LIMIT_VALUE_BYTES + 2, error);
    g_autofree char *what =
        set->file != NULL ? g_strdup_printf ("'%s'", set->file) : g_strdup ("stdin");
    gsize length;
    const char *data;

    if (bytes == NULL)
        return NULL;
    data = g_bytes_get_data (bytes, &length);
    return value_source_text (g_string_new_len (data, (gssize)length), what, error);
}

static char *
ask_secret (const char *name, GError **error)
{
    g_autofree char *prompt = message_show ("Value of '%s' (it is not shown): ", name);
    char *first = verb_ask_secret (prompt, error), *second;

    if (first == NULL)
        return NULL;
    second = verb_ask_secret (N_ ("The same once more: "), error);
    if (second != NULL && strcmp (first, second) != 0)
        fail (error, ERR_USAGE, "the two are not the same; nothing was changed");
    if (second == NULL || strcmp (first, second) != 0)
        g_clear_pointer (&first, value_source_free);
    value_source_free (second);
    return first;
}

static char *
get_value (const Set *set, gboolean secret, GError **error)
{
    g_autofree char *prompt = message_show ("Value of '%s': ", set->name);

    if (set->typed != NULL && secret)
        return fail_null (error, ERR_USAGE,
                          "'%s' is a secret, and others can read a command line; leave out what is "
                          "behind the '=' and it is asked for",
                          set->name);
    if (set->typed != NULL)
        return g_strdup (set->typed);
    if (set->file != NULL || !isatty (STDIN_FILENO))
        return read_all (set, error);
    return secret ? ask_secret (set->name, error) : verb_ask (prompt, error);
}

static gboolean
check_name (const Set *set, const ReleaseValue *declared, GError **error)
{
    const Release *release = set->values->declared->release;
    g_autoptr (GString) names = g_string_new (NULL);

    /* What an older release declared may still go. */
    if (declared != NULL || set->unset)
        return TRUE;
    for (guint i = 0; i < release->values->len; i++)
        g_string_append_printf (names, "\n  %s",
                                ((const ReleaseValue *)release->values->pdata[i])->name);
    return fail (error, ERR_USAGE, "%s %s declares no value '%s'; it declares:%s", release->product,
                 release->version, set->name, names->str);
}

static gboolean
set_value (const Set *set, GError **error)
{
    const Values *values = set->values;
    const ReleaseValue *declared = values_text_declared (values->declared->release, set->name);
    g_autoptr (ValuesStore) store = NULL;
    g_autoptr (GBytes) text = NULL, new = NULL;
    g_autoptr (GPtrArray) before = NULL, after = NULL;
    char *value = NULL;

    if (!check_name (set, declared, error))
        return FALSE;
    if (!set->unset && (value = get_value (set, declared->secret, error)) == NULL)
        return FALSE;
    store = values_store_open (values->at->etc_path, values->product, error);
    if (store != NULL && values_store_read (store, &text, error))
        new = values_text_set (text, set->name, value, values_store_path (store), error);
    value_source_free (value);
    if (new == NULL || !values_store_write (store, new, error))
        return FALSE;
    before = text != NULL ? values_file_parse (text, "", NULL) : g_ptr_array_new ();
    after = values_file_parse (new, "", NULL);
    values_print_change (values, before, after);
    return TRUE;
}

static gboolean
check_call (Set *set, int argc, char **argv, GError **error)
{
    const char *equals;

    if (argc < 3)
        return fail (error, ERR_USAGE, "%s takes the name of a product and of a value", argv[0]);
    equals = strchr (argv[2], '=');
    set->typed = equals != NULL ? equals + 1 : NULL;
    set->name =
        equals != NULL ? g_strndup (argv[2], (gsize)(equals - argv[2])) : g_strdup (argv[2]);
    /* Not named: it may be a secret that was typed where a PATH stands. */
    for (char **path = argv + 3; *path != NULL; path++)
        if (strchr (*path, '=') != NULL && faccessat (AT_FDCWD, *path, F_OK, 0) < 0)
            return fail (error, ERR_USAGE, "%s sets one value at a time", argv[0]);
    if ((set->typed != NULL) + (set->file != NULL) + set->unset > 1)
        return fail (error, ERR_USAGE, "%s takes one of NAME=VALUE, --from-file and --unset",
                     argv[0]);
    return TRUE;
}

static void
set_clear (Set *set)
{
    g_free (set->name);
    g_free (set->file);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Set, set_clear)

int
verb_values_set (int argc, char **argv, GError **error)
{
    g_auto (Values) values = { 0 };
    g_auto (Set) set = { .values = &values };
    const GOptionEntry own[] = {
        { "from-file", 0, 0, G_OPTION_ARG_FILENAME, &set.file,
          "take the value from FILE, without the line end at its end", "FILE" },
        { "unset", 0, 0, G_OPTION_ARG_NONE, &set.unset, "set it no more: its default counts",
          NULL },
        { NULL },
    };

    if (!values_parse (
            &values, &argc, &argv, "PRODUCT NAME[=VALUE] [PATH…]",
            "Sets one value of this host. Without VALUE it is asked for, a secret without echo and "
            "twice; where stdin is no terminal it is read from there. A secret is never taken "
            "from the command line. PATH is a bundle, or a folder with bundles; without it, the "
            "release that is installed says which values there are.",
            own, error) ||
        !check_call (&set, argc, argv, error) || !values_open (&values, argv + 3, error) ||
        !set_value (&set, error))
        return error_exit_status (*error);
    return 0;
}
