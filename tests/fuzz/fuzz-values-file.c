/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/values-file.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

/* A value is one thing only, and what is set can be found again. */
static void
check (GPtrArray *given)
{
    for (guint i = 0; i < given->len; i++) {
        const ValueGiven *one = given->pdata[i];

        g_assert_true ((one->kind == VALUE_COMMAND) == (one->command != NULL));
        g_assert_true ((one->kind == VALUE_COMMAND) == (one->text == NULL));
        g_assert_true (one->command == NULL || one->command[0][0] == '/');
        g_assert_true (one->kind != VALUE_FILE || *one->text == '/');
        g_assert_true (values_file_find (given, one->name) ==
                       (one->kind == VALUE_UNSET ? NULL : one));
        g_assert_cmpuint (one->line, >, 0);
    }
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
    g_autoptr (GBytes) text = g_bytes_new (data, size);
    g_autoptr (GError) error = NULL;
    g_autoptr (GPtrArray) given = values_file_parse (text, "values", &error);

    g_assert_true ((given == NULL) == (error != NULL));
    if (given != NULL)
        check (given);
    return 0;
}
