/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/patch.h"

#include "bundle/recipe.h"
#include "manifest/error.h"

typedef struct {
    const PatchPorts *ports;
    guint64 source_length, source_at;
    guint64 left; /* of the result */
    guint8 bytes[PATCH_CHUNK], old[PATCH_CHUNK];
} Patch;

static gboolean
add_difference (Patch *patch, guint64 length, GError **error)
{
    if (length > patch->left || length > patch->source_length - patch->source_at)
        return fail (error, ERR_FORMAT, "patch takes more than its source or its result holds");
    patch->left -= length;
    while (length > 0) {
        gsize n = (gsize)MIN (length, PATCH_CHUNK);

        if (!patch->ports->difference (patch->ports->data, patch->bytes, n, error) ||
            !patch->ports->source (patch->ports->data, patch->source_at, patch->old, n, error))
            return FALSE;
        for (gsize i = 0; i < n; i++)
            patch->bytes[i] = (guint8)(patch->bytes[i] + patch->old[i]);
        if (!patch->ports->result (patch->ports->data, patch->bytes, n, error))
            return FALSE;
        patch->source_at += n;
        length -= n;
    }
    return TRUE;
}

static gboolean
add_extra (Patch *patch, guint64 length, GError **error)
{
    if (length > patch->left)
        return fail (error, ERR_FORMAT, "patch makes more than its file holds");
    patch->left -= length;
    while (length > 0) {
        gsize n = (gsize)MIN (length, PATCH_CHUNK);

        if (!patch->ports->extra (patch->ports->data, patch->bytes, n, error) ||
            !patch->ports->result (patch->ports->data, patch->bytes, n, error))
            return FALSE;
        length -= n;
    }
    return TRUE;
}

static gboolean
move (Patch *patch, gint64 step, GError **error)
{
    gint64 to;

    if (__builtin_add_overflow ((gint64)patch->source_at, step, &to) || to < 0 ||
        (guint64)to > patch->source_length)
        return fail (error, ERR_FORMAT, "patch points outside its source");
    patch->source_at = (guint64)to;
    return TRUE;
}

gboolean
patch_apply (const guint8 *control, gsize control_length, guint64 source_length, guint64 length,
             const PatchPorts *ports, GError **error)
{
    const guint8 *at = control, *end = control_length > 0 ? control + control_length : control;
    g_autofree Patch *patch = g_new0 (Patch, 1);

    patch->ports = ports;
    patch->source_length = source_length;
    patch->left = length;
    while (at < end) {
        guint64 difference, extra, step;

        if (!recipe_get_number (&at, end, &difference, error) ||
            !recipe_get_number (&at, end, &extra, error) ||
            !recipe_get_number (&at, end, &step, error))
            return FALSE;
        if (!add_difference (patch, difference, error) || !add_extra (patch, extra, error) ||
            !move (patch, recipe_unzigzag (step), error))
            return FALSE;
    }
    if (patch->left > 0)
        return fail (error, ERR_FORMAT, "patch ends %" G_GUINT64_FORMAT " bytes before its file",
                     patch->left);
    return TRUE;
}
