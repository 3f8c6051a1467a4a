/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/host.h"

#include "manifest/error.h"
#include "manifest/file.h"
#include "manifest/limits.h"
#include "manifest/yaml.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

static void
value_free (gpointer data)
{
    HostValue *value = data;

    /* A secret is not left behind in freed memory. */
    if (value->text != NULL)
        explicit_bzero (value->text, strlen (value->text));
    g_free (value->text);
    g_free (value->name);
    g_free (value);
}

/* Passwords lie in it. */
static gboolean
check_mode (const char *path, gboolean *there, GError **error)
{
    struct stat st;

    *there = fstatat (AT_FDCWD, path, &st, 0) == 0;
    if (!*there && errno != ENOENT && errno != ENOTDIR)
        return fail_errno (error, ERR_NOT_READY, errno, "cannot read the values in '%s'", path);
    if (*there && (st.st_mode & 077) != 0)
        return fail (error, ERR_NOT_READY,
                     "others may read the values in '%s' (mode %04o); type: chmod 600 %s", path,
                     st.st_mode & 07777, path);
    return TRUE;
}

static gboolean
read_file (const char *path, YamlNode **node, GError **error)
{
    g_autoptr (GBytes) text = NULL;
    g_autoptr (YamlNode) found = NULL;
    gboolean there;

    *node = NULL;
    if (!check_mode (path, &there, error))
        return FALSE;
    if (!there)
        return TRUE;
    text = file_read_given (path, LIMIT_YAML_BYTES, error);
    if (text == NULL)
        return FALSE;
    found = yaml_parse (text, path, error);
    if (found == NULL)
        return FALSE;
    if (found->kind != YAML_NODE_MAP)
        return yaml_fail (found, path, error, "expected lines of 'name: value'");
    *node = g_steal_pointer (&found);
    return TRUE;
}

static const YamlNode *
find (const YamlNode *node, const char *name)
{
    for (guint i = 0; node != NULL && i < node->keys->len; i++) {
        const YamlNode *key = g_ptr_array_index (node->keys, i);

        if (strcmp (key->text, name) == 0)
            return g_ptr_array_index (node->values, i);
    }
    return NULL;
}

static void
add_missing (GString *missing, const ReleaseValue *value)
{
    g_autofree char *about = error_quote (value->description != NULL ? value->description : "");

    g_string_append_printf (missing, "\n  %s: \"\"%s%s", value->name, *about ? "   # " : "", about);
}

static gboolean
take_value (const ReleaseValue *declared, const YamlNode *given, const char *path,
            GPtrArray *values, GString *missing, GError **error)
{
    HostValue *value;

    if (given != NULL && given->kind != YAML_NODE_SCALAR)
        return yaml_fail (given, path, error, "the value of '%s' must be a text", declared->name);
    if (given == NULL && declared->fallback == NULL) {
        add_missing (missing, declared);
        return TRUE;
    }
    value = g_new0 (HostValue, 1);
    value->name = g_strdup (declared->name);
    value->text = g_strdup (given != NULL ? given->text : declared->fallback);
    value->secret = declared->secret;
    g_ptr_array_add (values, value);
    return TRUE;
}

GPtrArray *
host_values (const Host *host, const Release *release, GError **error)
{
    g_autofree char *file = g_strconcat (release->product, ".yaml", NULL);
    g_autofree char *path = g_build_filename (host->etc_path, "values", file, NULL);
    g_autoptr (GPtrArray) values = g_ptr_array_new_with_free_func (value_free);
    g_autoptr (GString) missing = g_string_new (NULL);
    g_autoptr (YamlNode) node = NULL;

    if (release->values == NULL || release->values->len == 0)
        return g_steal_pointer (&values);
    if (!read_file (path, &node, error))
        return NULL;
    for (guint i = 0; i < release->values->len; i++) {
        const ReleaseValue *declared = g_ptr_array_index (release->values, i);

        if (!take_value (declared, find (node, declared->name), path, values, missing, error))
            return NULL;
    }
    if (missing->len > 0)
        return fail_null (error, ERR_NOT_READY,
                          "values of this host are missing; add them to '%s' (mode 0600):%s", path,
                          missing->str);
    return g_steal_pointer (&values);
}

const char *
host_value_find (GPtrArray *values, const char *name, gsize length)
{
    for (guint i = 0; i < values->len; i++) {
        const HostValue *value = g_ptr_array_index (values, i);

        if (strlen (value->name) == length && memcmp (value->name, name, length) == 0)
            return value->text;
    }
    return NULL;
}
