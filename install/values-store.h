/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include <glib.h>

/* ETC/values, to write PRODUCT.yaml in it. Everything in it that holds values has mode 0600 from
 * its first byte on, or lies in a folder of mode 0700. */

typedef struct ValuesStore ValuesStore;

/* Makes the folder where it is not there, locks it (ERR_BUSY at once where another process has it),
 * and removes what a killed one left. */
ValuesStore *values_store_open (const char *etc_path, const char *product,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;
void values_store_free (ValuesStore *store);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ValuesStore, values_store_free)

/* ETC/values/PRODUCT.yaml, and its last part; owned by the store. */
const char *values_store_name (const ValuesStore *store);
const char *values_store_path (const ValuesStore *store);
/* The text; *text is NULL where there is none. As values_file_read. */
gboolean values_store_read (const ValuesStore *store, GBytes **text,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The new text appears whole or not at all. */
gboolean values_store_write (const ValuesStore *store, GBytes *text,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A copy to edit, of the same name, in a folder of its own, so that backups and swap files of an
 * editor lie beside it. */
gboolean values_store_begin_edit (ValuesStore *store, GBytes *text,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* That folder; owned by the store. */
const char *values_store_edit_folder (const ValuesStore *store);
/* What the editor left there: a regular file of that name, whoever made it. */
GBytes *values_store_read_edit (const ValuesStore *store, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Removes the copy and all that lies beside it; values_store_free does it too. */
void values_store_end_edit (ValuesStore *store);
