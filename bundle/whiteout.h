/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

/* Names in layers by which the image format removes what lies below (OCI image-spec, layer.md). */

typedef enum {
    WHITEOUT_NONE,   /* an ordinary name */
    WHITEOUT_NAME,   /* *target is gone, with all that is in it */
    WHITEOUT_OPAQUE, /* what lies in the folder *target is gone */
    WHITEOUT_IGNORE, /* left from aufs; means nothing */
} Whiteout;

/* path is absolute and in shortest form. *target is NULL where there is none; the caller frees
 * it. */
Whiteout whiteout_read (const char *path, char **target);
