/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "manifest/statement.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

/* A statement has the images themselves; that one carries Ansible is in no other place of it. */
static GPtrArray *
images_of (const Release *release)
{
    GPtrArray *images = g_ptr_array_new_with_free_func ((GDestroyNotify)statement_image_free);
    StatementLayer layer = { .bytes = 1024 };
    StatementImage *image;

    if (!release_carries_ansible (release))
        return images;
    image = statement_image_new ();
    image->name = g_strdup ("ansible:1");
    image->platform = g_strdup (release->platforms[0]);
    image->config_bytes = 2;
    image->ansible = TRUE;
    g_array_append_val (image->layers, layer);
    g_ptr_array_add (images, image);
    return images;
}

/* What is taken from a person must come through sealing. */
static void
seal (Release *release)
{
    Statement statement = { .release = release, .images = images_of (release) };
    g_autoptr (GBytes) text = statement_write (&statement);
    g_autoptr (GError) error = NULL;
    g_autoptr (Statement) again = statement_parse (text, &error);

    g_assert_no_error (error);
    g_ptr_array_unref (statement.images);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
    g_autoptr (GBytes) text = g_bytes_new (data, size);
    g_autoptr (GPtrArray) problems = g_ptr_array_new_with_free_func (g_free);
    g_autoptr (GError) error = NULL;
    g_autoptr (Release) release = release_parse_authored (text, "input", NULL, problems, &error);

    g_assert ((release == NULL) == (error != NULL) && (release == NULL) == (problems->len > 0));
    if (release != NULL)
        seal (release);
    return 0;
}
