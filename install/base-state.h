/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "install/base.h"

/* Bases from inside: base.c keeps and reads, base-find.c looks, base-export.c spools, base-lack.c
 * says what is not there. */
struct Bases {
    Run *run;
    const Packing *packing;
    BaseReader reader;
    GHashTable *left_out; /* Digest of packing */
    GHashTable *known;    /* BaseFile of layers: each once */
    GPtrArray *layers;    /* BaseLayer */
    GPtrArray *images;    /* EngineImage; NULL before bases_find */
    GPtrArray *lacking;   /* char * */
    int root_fd;          /* the engine's data root; -1 where it is not seen */
    char *root;           /* its path without symlinks */
    int containerd_fd;    /* the same of a containerd that is not Docker's own */
    int spool_fd;         /* -1 before the first export */
    guint64 spool_end;
    GHashTable *spooled; /* BaseFile → guint64 where it begins in the spool */
    GHashTable *wrong;   /* BaseFile → char *: why an export did not have it */
    BaseFile open;       /* the file that was read last; its path is owned */
    int open_fd;
};

/* Opens a file of a layer in its directory: a plain file of the right length, and no symlink on the
 * way. ERR_BASE_MISSING. */
int base_open_file (const BaseLayer *layer, const BaseFile *file,
                    GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* base-lack.c: notes a base layer that no image has, and a file that is not as it was. */
void base_lack_layer (Bases *bases, const BaseLayer *layer);
void base_lack_file (Bases *bases, const BaseLayer *layer, const BaseFile *file, const char *why);
