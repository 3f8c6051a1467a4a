/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "manifest/digest.h"

#include <glib.h>

/* What a host knows of one product: STATE/PRODUCT/state.yaml and its copy (install/twice.h),
 * written whole after a run that succeeded. Readable with cat. */

#define STATE_TYPE_LINE "handcarry-state: 1"
#define STATE_NAME "state"

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
    guint64 epoch;   /* of the trust root that judged it: a higher one counts anew */
} StateChannel;

typedef struct {
    guint64 generation; /* how often the state was written; 0: never */
    char *product, *channel, *version;
    guint64 release; /* 0: removed; what was there is known only for its highest number */
    Digest digest;
    char *engine_id, *engine_store, *engine_root;
    GPtrArray *images, *configs, *files, *channels;
    GArray *manifests; /* Digest: OCI manifests of all releases ever installed here */
    char *note; /* one of the two copies is bad: a sentence for a person; NULL: both are good */
} State;

State *state_new (const char *product);
void state_free (State *state);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (State, state_free)

/* *state is NULL where the product was never installed. ERR_NOT_READY, with the command that helps,
 * where neither copy can be read, or where a newer one is known to have been here (records.h): what
 * is lost is never taken for what never was. */
gboolean state_read (int state_fd, const char *product, State **state,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* What the copies say, whatever is known of newer ones; NULL where neither can be read. */
State *state_read_alone (int state_fd, const char *product);
/* Counts state->generation up from what is there. TRUE: the state lies on the disk, at least once;
 * state->note says where a copy could not be written. */
gboolean state_write (int product_fd, State *state, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The text without its check sum, for the parser's tests. */
State *state_parse (GBytes *text, const char *name, GError **error) G_GNUC_WARN_UNUSED_RESULT;
GBytes *state_to_text (const State *state);
/* States of all products (State), sorted by name. state_fd may be -1. A product whose state is gone
 * fails as in state_read. */
GPtrArray *state_read_all (int state_fd, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* NULL where it is not there; owned by state. */
const StateFile *state_find_file (GPtrArray *files, const char *path);
/* Among configs and files. */
const StateFile *state_find_placed (const State *state, const char *path);
const StateImage *state_find_image (const State *state, const char *name);
const StateChannel *state_find_channel (const State *state, const char *channel);
/* Takes a copy of channel, in the place of the one of that name. */
void state_set_channel (State *state, const StateChannel *channel);
