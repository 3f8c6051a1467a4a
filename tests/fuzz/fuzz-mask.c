/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/host.h"
#include "install/mask.h"

#include <string.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

static void
collect (const guint8 *bytes, gsize length, gpointer data)
{
    g_byte_array_append (data, bytes, (guint)length);
}

/* However the output is cut into pieces, no secret is in what comes out. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
    HostValue whole = { (char *)"a", (char *)"hunter2", TRUE };
    HostValue quoted = { (char *)"b", (char *)"say \"x\"", TRUE };
    HostValue open = { (char *)"c", (char *)"8080", FALSE };
    g_autoptr (GPtrArray) values = g_ptr_array_new ();
    g_autoptr (GByteArray) out = g_byte_array_new ();
    g_autofree char *text = NULL, *masked = NULL;
    Mask *mask;

    g_ptr_array_add (values, &whole);
    g_ptr_array_add (values, &quoted);
    g_ptr_array_add (values, &open);
    mask = mask_new (values, collect, out);
    mask_add (mask, data, size / 3);
    mask_add (mask, data + size / 3, size - size / 3);
    mask_free (mask);
    g_byte_array_append (out, (const guint8 *)"", 1);
    text = g_strndup (size > 0 ? (const char *)data : "", size);
    masked = mask_text (values, text);
    g_assert_null (strstr (masked, "hunter2"));
    g_assert_null (strstr ((const char *)out->data, "hunter2"));
    g_assert_null (strstr ((const char *)out->data, "say \"x\""));
    g_assert_null (strstr ((const char *)out->data, "say \\\"x\\\""));
    return 0;
}
