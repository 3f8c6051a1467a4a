/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "manifest/error.h"
#include "manifest/file.h"
#include "manifest/path.h"
#include "manifest/verb-show.h"

#include <string.h>
#include <unistd.h>

static char *
list_names (const GPtrArray *images)
{
    g_autoptr (GString) names = g_string_new (NULL);

    for (guint i = 0; i < images->len; i++)
        g_string_append_printf (names, "\n  %s", ((StatementImage *)images->pdata[i])->name);
    return g_string_free (g_steal_pointer (&names), FALSE);
}

static const StatementImage *
find_image (const GPtrArray *images, const char *name)
{
    g_autofree char *full = path_normalize_image_name (name);

    for (guint i = 0; i < images->len; i++) {
        const StatementImage *image = images->pdata[i];
        g_autofree char *other = path_normalize_image_name (image->name);

        if (strcmp (full, other) == 0)
            return image;
    }
    return NULL;
}

static const StatementImage *
choose_image (const GPtrArray *images, const char *name, GError **error)
{
    g_autofree char *names = list_names (images);
    g_autofree char *shown = name != NULL ? error_quote (name) : NULL;
    const StatementImage *image = name != NULL ? find_image (images, name) : NULL;

    if (images->len == 0)
        return fail_null (error, ERR_USAGE, "show: the bundle carries no images, so no SBOM");
    if (image != NULL)
        return image;
    if (name != NULL)
        return fail_null (error, ERR_USAGE, "show: the bundle has no image '%s'; it has%s", shown,
                          names);
    for (guint i = 1; i < images->len; i++)
        if (!digest_equal (&((StatementImage *)images->pdata[i])->config,
                           &((StatementImage *)images->pdata[0])->config))
            return fail_null (error, ERR_USAGE,
                              "show: each image has an SBOM of its own; name one behind the "
                              "bundle:%s",
                              names);
    return images->pdata[0];
}

gboolean
show_print_sbom (Bundle *bundle, const char *name, GError **error)
{
    const StatementImage *image = choose_image (bundle_statement (bundle)->images, name, error);
    g_autoptr (GBytes) text = NULL;
    gconstpointer data;
    gsize length;

    if (image == NULL)
        return FALSE;
    text = bundle_read_sbom (bundle, image, error);
    if (text == NULL)
        return fail_prefix (error, "%s: image '%s'", bundle_path (bundle), image->name);
    data = g_bytes_get_data (text, &length);
    return file_write_all (STDOUT_FILENO, "stdout", data, length, error);
}
