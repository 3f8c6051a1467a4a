/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include <glib.h>

/* The kit: the program of the isolated side with all it needs, in one file (make side;
 * bundle/KIT.md). */

#define KIT_HOME "/opt/handcarry/" HANDCARRY_VERSION

typedef struct {
    char *name; /* below the version's folder */
    GBytes *bytes;
    gboolean executable;
} KitFile;

typedef struct {
    char *machine;      /* as 'uname -m' says it */
    char *loader;       /* name of the program's interpreter, in lib/ */
    GPtrArray *files;   /* KitFile, sorted by name; without KIT_OWN_FILES */
    GPtrArray *missing; /* char *: a sentence for each part that was not there */
} Kit;

/* Made when it is written: install, uninstall, SHA256SUMS. */
#define KIT_OWN_FILES 3

typedef struct {
    const char *program; /* NULL: handcarry-host beside this program, or where it was installed */
    const char *sysroot; /* where its libraries lie; NULL: here */
} KitOptions;

/* ERR_FAILED where the program or one of its libraries is missing; what people can do without is
 * in missing. */
Kit *kit_collect (const KitOptions *options, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void kit_free (Kit *kit);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Kit, kit_free)

/* Takes bytes over. */
void kit_add (Kit *kit, const char *name, GBytes *bytes, gboolean executable);
gboolean kit_add_file (Kit *kit, const char *name, const char *path, gboolean executable,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Man pages, docs, catalogue, completions: of a build folder, or of an installed prefix. */
gboolean kit_add_share (Kit *kit, const char *beside, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Which package each library (KitLibrary) is of, and their licences, as far as dpkg's records in
 * sysroot (NULL: /) say. What they do not say is in missing. */
void kit_add_origins (Kit *kit, const GPtrArray *libraries, const char *sysroot);
/* Names of files that this machine's meson has installed or would; for tests: what of datadir is
 * carried, and under which name. NULL: not carried. Caller frees. */
char *kit_share_name (const char *below_datadir);

/* The same bytes for the same files. The tar, and what it is carried as. */
GBytes *kit_tar (const Kit *kit);
GBytes *kit_compress (GBytes *tar, int level, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* level goes to 22 as zstd has it, and for gzip counts to 9. */
GBytes *kit_script (const Kit *kit, GBytes *tar, int level,
                    GError **error) G_GNUC_WARN_UNUSED_RESULT;
