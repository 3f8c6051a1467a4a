/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/values-file.h"

#include "manifest/error.h"
#include "manifest/file.h"
#include "manifest/limits.h"
#include "manifest/yaml.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void
given_free (gpointer data)
{
    ValueGiven *given = data;

    /* A secret is not left behind in freed memory. */
    if (given->text != NULL)
        explicit_bzero (given->text, strlen (given->text));
    g_free (given->text);
    g_free (given->name);
    g_strfreev (given->command);
    g_free (given);
}

/* Passwords lie in it. */
static gboolean
check_owner (int fd, const char *path, GError **error)
{
    struct stat st;

    if (fstat (fd, &st) < 0)
        return fail_errno (error, ERR_NOT_READY, errno, "cannot read the values in '%s'", path);
    if (!S_ISREG (st.st_mode))
        return fail (error, ERR_NOT_READY, "the values in '%s' are no regular file", path);
    if (st.st_uid != 0 && st.st_uid != geteuid ())
        return fail (error, ERR_NOT_READY,
                     "the values in '%s' belong to user %u, not to root; type: chown root %s", path,
                     (guint)st.st_uid, path);
    if ((st.st_mode & 077) != 0)
        return fail (error, ERR_NOT_READY,
                     "others may read the values in '%s' (mode %04o); type: chmod 600 %s", path,
                     st.st_mode & 07777, path);
    return TRUE;
}

gboolean
values_file_read (const char *path, GBytes **text, GError **error)
{
    /* O_NONBLOCK: a FIFO must not hold up the open. */
    autofd int fd =
        openat (AT_FDCWD, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

    *text = NULL;
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
        return TRUE;
    if (fd < 0 && errno == ELOOP)
        return fail (error, ERR_NOT_READY,
                     "'%s' is a symbolic link; put the values there themselves, or {file: /path} "
                     "for what lies elsewhere",
                     path);
    if (fd < 0)
        return fail_errno (error, ERR_NOT_READY, errno, "cannot read the values in '%s'", path);
    if (!check_owner (fd, path, error))
        return FALSE;
    *text = file_read_fd (fd, path, LIMIT_YAML_BYTES, error);
    return *text != NULL;
}

static gboolean
is_name (const char *text)
{
    gsize length = strspn (text, G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS "_");

    return length > 0 && length <= LIMIT_VALUE_NAME_BYTES && text[length] == '\0' &&
           !g_ascii_isdigit (*text);
}

static gboolean
take_file (const YamlNode *node, const char *name, ValueGiven *given, GError **error)
{
    if (node->kind != YAML_NODE_SCALAR || *node->text != '/' ||
        strlen (node->text) > LIMIT_PATH_BYTES)
        return yaml_fail (node, name, error, "'file' must be a path that begins with '/'");
    given->kind = VALUE_FILE;
    given->text = g_strdup (node->text);
    return TRUE;
}

static gboolean
take_command (const YamlNode *node, const char *name, ValueGiven *given, GError **error)
{
    g_autoptr (GStrvBuilder) words = g_strv_builder_new ();

    if (node->kind != YAML_NODE_LIST || node->values->len == 0 ||
        node->values->len > LIMIT_VALUE_WORDS)
        return yaml_fail (node, name, error,
                          "'command' must be a list: a program and its arguments, %d at most",
                          LIMIT_VALUE_WORDS - 1);
    for (guint i = 0; i < node->values->len; i++) {
        const YamlNode *word = node->values->pdata[i];

        if (word->kind != YAML_NODE_SCALAR)
            return yaml_fail (word, name, error, "a word of 'command' must be a text");
        if (i == 0 && *word->text != '/')
            return yaml_fail (word, name, error,
                              "'command' must name its program with a path that begins with '/'");
        g_strv_builder_add (words, word->text);
    }
    given->kind = VALUE_COMMAND;
    given->command = g_strv_builder_end (words);
    return TRUE;
}

static gboolean
take_value (const YamlNode *node, const char *name, ValueGiven *given, GError **error)
{
    const YamlNode *key =
        node->kind == YAML_NODE_MAP && node->keys->len == 1 ? node->keys->pdata[0] : NULL;

    if (node->kind == YAML_NODE_SCALAR) {
        given->text = g_strdup (node->text);
        given->kind = node->plain && (*node->text == '\0' || strcmp (node->text, "~") == 0)
                          ? VALUE_UNSET
                          : VALUE_TEXT;
        return TRUE;
    }
    if (key != NULL && strcmp (key->text, "file") == 0)
        return take_file (node->values->pdata[0], name, given, error);
    if (key != NULL && strcmp (key->text, "command") == 0)
        return take_command (node->values->pdata[0], name, given, error);
    return yaml_fail (node, name, error,
                      "the value of '%s' must be a text, {file: /path} or {command: [/program, "
                      "argument]}",
                      given->name);
}

/* What a person has yet to fill in; no document, for YAML. */
static gboolean
is_empty (GBytes *text)
{
    gsize length;
    const char *bytes = g_bytes_get_data (text, &length);

    for (gsize i = 0; i < length; i++) {
        if (bytes[i] == '#')
            while (i + 1 < length && bytes[i + 1] != '\n')
                i++;
        else if (!g_ascii_isspace (bytes[i]))
            return FALSE;
    }
    return TRUE;
}

GPtrArray *
values_file_parse (GBytes *text, const char *name, GError **error)
{
    g_autoptr (GPtrArray) all = g_ptr_array_new_with_free_func (given_free);
    g_autoptr (YamlNode) node = NULL;

    if (is_empty (text))
        return g_steal_pointer (&all);
    node = yaml_parse (text, name, error);
    if (node == NULL)
        return NULL;
    if (node->kind != YAML_NODE_MAP)
        return yaml_fail (node, name, error, "expected lines of 'name: value'"), NULL;
    for (guint i = 0; i < node->keys->len; i++) {
        const YamlNode *key = node->keys->pdata[i];
        ValueGiven *given = g_new0 (ValueGiven, 1);

        given->name = g_strdup (key->text);
        given->line = key->line;
        g_ptr_array_add (all, given);
        if (!is_name (key->text))
            return yaml_fail (key, name, error,
                              "the name of a value has letters, digits and '_', and does not begin "
                              "with a digit"),
                   NULL;
        if (!take_value (node->values->pdata[i], name, given, error))
            return NULL;
    }
    return g_steal_pointer (&all);
}

const ValueGiven *
values_file_find (GPtrArray *given, const char *name)
{
    for (guint i = 0; i < given->len; i++) {
        const ValueGiven *one = given->pdata[i];

        if (one->kind != VALUE_UNSET && strcmp (one->name, name) == 0)
            return one;
    }
    return NULL;
}
