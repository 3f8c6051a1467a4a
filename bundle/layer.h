/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "manifest/digest.h"

#include <glib.h>

/* An uncompressed layer tar that lies in a plain file. */
typedef struct {
    int fd;         /* borrowed; read with pread */
    guint64 offset; /* where the tar begins */
    guint64 bytes;
    Digest diffid; /* as was said; whoever reads all bytes compares */
    /* All bytes were compared with it when they were written, to a file that nobody else has. */
    gboolean proven;
} LayerTar;
