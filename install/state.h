/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "manifest/digest.h"

#include <glib.h>

/* What a host knows of one product: STATE/PRODUCT/state.yaml, written whole after a run that
 * succeeded. Readable with cat. */

#define STATE_TYPE_LINE "handcarry-state: 1"
#define STATE_FILE "state.yaml"

typedef struct {
    char *name; /* full form */
    Digest id;  /* as the engine showed it */
    Digest config, manifest;
} StateImage;

typedef struct {
    char *path;
    Digest digest; /* of the bytes last placed or offered; of a folder: see place.h */
} StateFile;

typedef struct {
    char *channel;
    guint64 highest; /* highest number committed */
    Digest digest;   /* and its release digest */
} StateChannel;

typedef struct {
    char *product, *channel, *version;
    guint64 release;
    Digest digest;
    char *engine_id, *engine_store, *engine_root;
    GPtrArray *images, *configs, *files, *channels;
    GArray *manifests; /* Digest: OCI manifests of all releases ever installed here */
} State;

State *state_new (const char *product);
void state_free (State *state);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (State, state_free)

/* *state is NULL where the product was never installed. A file that cannot be read whole is
 * ERR_NOT_READY: it is never taken for no state. */
gboolean state_read (int state_fd, const char *product, State **state,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean state_write (int product_fd, const State *state, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* For the parser's tests. */
State *state_parse (GBytes *text, const char *name, GError **error) G_GNUC_WARN_UNUSED_RESULT;
GBytes *state_to_text (const State *state);
/* States of all products (State), sorted by name. state_fd may be -1. */
GPtrArray *state_read_all (int state_fd, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* NULL where it is not there; owned by state. */
const StateFile *state_find_file (GPtrArray *files, const char *path);
const StateImage *state_find_image (const State *state, const char *name);
const StateChannel *state_find_channel (const State *state, const char *channel);
