/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include <glib.h>

/* Checks on names from outside. Each fails with ERR_FORMAT and a sentence that quotes the name and
 * says what is wrong with it. */

/* A path below a folder: relative, valid UTF-8, no control characters, no backslash, no empty, "."
 * or ".." component, components at most 255 bytes, at most 4096 in all, in Unicode's composed form
 * (NFC). "foo@.service" and "lost+found" are fine. */
gboolean path_check_relative (const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same rules after one leading "/"; any form of Unicode. */
gboolean path_check_absolute (const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* [a-z0-9]+(-[a-z0-9]+)*: product and channel. */
gboolean path_check_product (const char *name, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Is it the name of a folder that handcarry has on a host beside those of the products
 * (install/FORMAT.md)? No product can have it. */
gboolean path_is_taken (const char *product);
/* [A-Za-z0-9][A-Za-z0-9._+~-]*, at most 64 bytes: it becomes part of a file name. */
gboolean path_check_version (const char *version, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* A container image reference with a tag and without a digest: [host[:port]/]path:tag, as
 * github.com/distribution/reference has it. */
gboolean path_check_image_name (const char *name, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Two names that a case-insensitive or normalizing file system would make one (NFC, case folded)
 * have the same fold. Caller frees. */
char *path_fold (const char *path);
/* The full form that engines store: "x:1" is "docker.io/library/x:1". Caller frees. */
char *path_normalize_image_name (const char *name);
/* The short form again, as people write it: a part of full. */
const char *path_short_image_name (const char *full);
