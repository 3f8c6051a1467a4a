/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include <glib.h>

/* What a program needs to run beside no distribution (make side). */
typedef struct {
    char *soname;    /* its name in the kit's lib/ */
    char *path;      /* the file, below the system root where there is one */
    gboolean loader; /* the program's interpreter: executable, the others are not */
} KitLibrary;

void kit_library_free (KitLibrary *library);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (KitLibrary, kit_library_free)

/* Every library that the ELF file `program` needs and those that these need, as KitLibrary, sorted
 * by soname; the loader is one of them. They are looked for where ld.so would: in the folder
 * "handcarry-left-out" beside the program, which holds what stands in for libraries that the
 * isolated side never uses; DT_RPATH or DT_RUNPATH; the folders of ld.so.conf; /lib and /usr/lib.
 * With `sysroot` (or NULL) those folders lie below it, and the program may be one of another
 * architecture. Caller frees. ERR_FAILED where one is missing or is no ELF file. */
GPtrArray *kit_libraries (const char *program, const char *sysroot,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The machine that the program is for, as `uname -m` calls it. Caller frees. */
char *kit_machine (const char *program, GError **error) G_GNUC_WARN_UNUSED_RESULT;
