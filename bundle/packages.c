/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/packages.h"

#include "manifest/error.h"
#include "manifest/limits.h"

#include <string.h>

#define UNREAD_WORD "unread"

#define KIND_MAX 32
/* In the order of the bits of PackagesUnread. */
static const char *const unread_names[] = { "apk", "deb", "layer", "sbom" };

char *
package_list_member (const Digest *config)
{
    g_autofree char *hex = digest_to_hex (config);

    return g_strconcat ("packages/", hex, NULL);
}

const char *
package_known (const char *word)
{
    return strcmp (word, PACKAGE_NONE) != 0 ? word : NULL;
}

static void
package_free (gpointer data)
{
    Package *package = data;

    if (package == NULL)
        return;
    g_free (package->kind);
    g_free (package->name);
    g_free (package->version);
    g_free (package->arch);
    g_free (package->source);
    g_free (package->source_version);
    g_free (package->licence);
    g_free (package);
}

PackageList *
package_list_new (void)
{
    PackageList *list = g_new0 (PackageList, 1);

    list->packages = g_ptr_array_new_with_free_func (package_free);
    return list;
}

void
package_list_free (PackageList *list)
{
    if (list == NULL)
        return;
    g_ptr_array_unref (list->packages);
    g_free (list);
}

static gboolean
check_word (const char *what, const char *word, GError **error)
{
    gsize length = strlen (word);

    if (length == 0 || length > LIMIT_NAME_BYTES)
        return fail (error, ERR_FORMAT, "a package's %s has %" G_GSIZE_FORMAT " bytes, not 1 to %d",
                     what, length, LIMIT_NAME_BYTES);
    for (const char *at = word; *at != '\0'; at++) {
        if (!g_ascii_isgraph (*at)) {
            g_autofree char *shown = error_quote (word);

            return fail (error, ERR_FORMAT, "a package's %s '%s' is not one word of plain ASCII",
                         what, shown);
        }
    }
    return TRUE;
}

/* The types of package URLs; one of them would be taken for what begins another line. */
static gboolean
check_kind (const char *kind, GError **error)
{
    gsize length = strspn (kind, "abcdefghijklmnopqrstuvwxyz0123456789.+-");
    g_autofree char *shown = NULL;

    if (g_ascii_isalpha (*kind) && kind[length] == '\0' && length <= KIND_MAX &&
        strcmp (kind, UNREAD_WORD) != 0)
        return TRUE;
    shown = error_quote (kind);
    return fail (error, ERR_FORMAT, "'%s' is no kind of packages", shown);
}

Package *
package_list_add (PackageList *list, const char *kind, const char *name, const char *version,
                  const char *arch, GError **error)
{
    Package *package;

    if (!check_kind (kind, error) || !check_word ("name", name, error) ||
        !check_word ("version", version, error) || !check_word ("architecture", arch, error))
        return NULL;
    if (list->packages->len >= LIMIT_PACKAGES)
        return fail_null (error, ERR_FORMAT, "there are more than %d packages", LIMIT_PACKAGES);
    package = g_new0 (Package, 1);
    package->kind = g_strdup (kind);
    package->name = g_strdup (name);
    package->version = g_strdup (version);
    package->arch = g_strdup (arch);
    g_ptr_array_add (list->packages, package);
    return package;
}

/* The order of the lines: a blank is less than every byte of a word. */
int
package_compare (const Package *a, const Package *b)
{
    int order = strcmp (a->kind, b->kind);

    order = order != 0 ? order : strcmp (a->name, b->name);
    order = order != 0 ? order : strcmp (a->version, b->version);
    return order != 0 ? order : strcmp (a->arch, b->arch);
}

static int
compare_pointers (gconstpointer a, gconstpointer b)
{
    return package_compare (*(Package *const *)a, *(Package *const *)b);
}

void
package_list_sort (PackageList *list)
{
    GPtrArray *all = list->packages;
    guint kept = 0;

    g_ptr_array_sort (all, compare_pointers);
    for (guint i = 0; i < all->len; i++) {
        gpointer package = g_steal_pointer (&all->pdata[i]);

        if (kept > 0 && package_compare (all->pdata[kept - 1], package) == 0)
            package_free (package);
        else
            all->pdata[kept++] = package;
    }
    g_ptr_array_set_size (all, (int)kept);
}

static void
write_unread (GString *text, guint unread)
{
    for (guint bit = 0; bit < G_N_ELEMENTS (unread_names); bit++)
        if ((unread & 1u << bit) != 0)
            g_string_append_printf (text, UNREAD_WORD " %s\n", unread_names[bit]);
}

GBytes *
package_list_write (PackageList *list)
{
    GString *text = g_string_new (NULL);
    guint unread = list->unread;

    package_list_sort (list);
    for (guint i = 0; i < list->packages->len; i++) {
        const Package *package = list->packages->pdata[i];

        if (strcmp (package->kind, UNREAD_WORD) > 0) {
            write_unread (text, unread);
            unread = 0;
        }
        g_string_append_printf (text, "%s %s %s %s\n", package->kind, package->name,
                                package->version, package->arch);
    }
    write_unread (text, unread);
    return g_string_free_to_bytes (text);
}

static gboolean
parse_words (PackageList *list, char **words, GError **error)
{
    guint n = g_strv_length (words);

    for (guint bit = 0; n == 2 && bit < G_N_ELEMENTS (unread_names); bit++) {
        if (strcmp (words[0], UNREAD_WORD) == 0 && strcmp (words[1], unread_names[bit]) == 0) {
            list->unread |= 1u << bit;
            return TRUE;
        }
    }
    if (n == 4)
        return package_list_add (list, words[0], words[1], words[2], words[3], error) != NULL;
    return fail (error, ERR_FORMAT, "it is neither 'KIND NAME VERSION ARCH' nor 'unread WHAT'");
}

/* Lines ascend strictly, so there is one text of each list. */
PackageList *
package_list_parse (GBytes *text, GError **error)
{
    gsize length;
    const char *bytes = g_bytes_get_data (text, &length);
    g_autofree char *copy = length > 0 ? g_strndup (bytes, length) : g_strdup ("");
    g_autoptr (PackageList) list = package_list_new ();
    const char *before = "";
    guint number = 1;

    if (length > 0 && (strlen (copy) != length || copy[length - 1] != '\n'))
        return fail_null (error, ERR_FORMAT, "package list: a line without its end, or a NUL byte");
    for (char *line = copy, *end; *line != '\0'; before = line, line = end + 1, number++) {
        g_auto (GStrv) words = NULL;

        end = line + strcspn (line, "\n");
        *end = '\0';
        words = g_strsplit (line, " ", 5);
        if (!parse_words (list, words, error)) {
            fail_prefix (error, "package list, line %u", number);
            return NULL;
        }
        if (strcmp (before, line) >= 0)
            return fail_null (error, ERR_FORMAT,
                              "package list, line %u: it does not come behind the line before",
                              number);
    }
    return g_steal_pointer (&list);
}
