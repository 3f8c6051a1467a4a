/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "install/engine-http.h"

/* Bytes in the place of an engine's stream: include before the .c file that reads the stream. */
typedef struct {
    const guint8 *data;
    gsize size;
} Input;

static gssize
input_read (gpointer stream, const guint8 **bytes, GError **error)
{
    Input *input = stream;
    gsize n = MIN (input->size, 1000);

    *bytes = input->data;
    input->data += n;
    input->size -= n;
    return (gssize)n;
}

#define engine_stream_read(stream, bytes, error) input_read (stream, bytes, error)
