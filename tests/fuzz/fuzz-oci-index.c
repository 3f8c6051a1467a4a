/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/oci-index.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

/* Whatever an index names is the same document again. */
static GBytes *
read_again (gpointer user, const OciDescriptor *blob, GError **error)
{
    (void)blob;
    (void)error;
    return g_bytes_ref (user);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
    g_autoptr (GBytes) input = g_bytes_new (data, size);
    g_autoptr (GPtrArray) found = oci_index_parse (input, NULL, NULL);
    g_autoptr (GPtrArray) parts = NULL;
    g_autoptr (GError) error = NULL;
    OciKind kind;
    Digest manifest;

    g_assert (found == NULL || found->len <= 1001);
    g_assert (found == NULL || (oci_document_kind (input, NULL, &kind, NULL) && kind == OCI_INDEX));
    parts = oci_index_follow (input, NULL, NULL, "linux/arm", read_again, input, &manifest, &error);
    g_assert ((parts == NULL) == (error != NULL));
    /* No document is index and manifest at once. */
    g_assert (found == NULL || parts == NULL);
    return 0;
}
