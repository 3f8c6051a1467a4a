/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "manifest/compose.h"
#include "manifest/error.h"
#include "manifest/file.h"
#include "manifest/limits.h"
#include "manifest/path.h"
#include "manifest/release.h"
#include "manifest/message.h"

#include <string.h>

const char *
release_find_image (const Release *release, const char *name)
{
    g_autofree char *wanted = path_normalize_image_name (name);

    for (guint i = 0; i < release->images->len; i++) {
        const ReleaseImage *image = release->images->pdata[i];
        g_autofree char *full = path_normalize_image_name (image->name);

        if (strcmp (full, wanted) == 0)
            return image->name;
    }
    return NULL;
}

static void
note (GPtrArray *problems, GError **first, const char *text)
{
    if (*first == NULL)
        fail (first, ERR_FORMAT, "%s", text);
    if (problems != NULL)
        g_ptr_array_add (problems, g_strdup (text));
}

static void
check_service (const Release *release, const ComposeService *service, GPtrArray *problems,
               GError **first)
{
    g_autofree char *text = NULL;

    if (service->image == NULL)
        text = message_printf ("%s: service '%s' has no 'image'", service->place, service->name);
    else if (release_find_image (release, service->image) == NULL)
        text = message_printf ("%s: service '%s' has the image '%s', which the release does not "
                               "carry; add it to 'images', for nothing is pulled on a host",
                               service->place, service->name, service->image);
    if (text != NULL)
        note (problems, first, text);
}

Compose *
release_read_compose_files (const Release *release, int dirfd, GPtrArray *problems, GError **error)
{
    g_autoptr (Compose) compose = compose_new ();
    GError *first = NULL;

    for (guint i = 0; i < release->compose->len; i++) {
        const ReleaseCompose *file = release->compose->pdata[i];
        g_autoptr (GError) local = NULL;
        g_autoptr (GBytes) text = file_read_below (dirfd, file->path, LIMIT_YAML_BYTES, &local);

        if (text == NULL || !compose_add (compose, text, file->path, release->version, &local))
            note (problems, &first, local->message);
    }
    for (guint i = 0; first == NULL && i < compose->services->len; i++)
        check_service (release, compose->services->pdata[i], problems, &first);
    if (first == NULL)
        return g_steal_pointer (&compose);
    g_propagate_error (error, first);
    return NULL;
}
