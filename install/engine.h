/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "install/engine-http.h"
#include "manifest/digest.h"

#include <glib.h>

/* The container engine, over its unix socket. Whatever it answers is outside input: a wrong, late
 * or impossible answer is ERR_ENGINE. */

typedef enum { ENGINE_DOCKER, ENGINE_PODMAN } EngineKind;

/* How images are kept decides what an image ID is and which layers can be left out of a load. */
typedef enum {
    STORE_GRAPHDRIVER, /* Docker's overlay2 and its kin: ID is the config's digest */
    STORE_CONTAINERD,  /* ID is the digest of the OCI manifest */
    STORE_PODMAN,      /* containers/storage: ID is the config's digest */
} EngineStore;

typedef struct {
    EngineKind kind;
    EngineStore store;
    char *version;   /* "20.10.24+dfsg1" */
    char *platform;  /* "linux/amd64" */
    char *id;        /* the engine's own, "" where it has none */
    char *driver;    /* "overlay2" */
    char *data_root; /* as the engine sees it; "" where it does not say */
    char *socket;
    gboolean rootless;
} EngineInfo;

typedef struct {
    Digest id;
    GArray *layers;         /* Digest: diffIDs, lowest first */
    GPtrArray *names;       /* char *: with tag */
    GPtrArray *directories; /* char *: where the files of each layer lie, as the engine says; empty
                               where it does not say it for all */
    guint64 bytes;          /* unpacked; engine_list alone says it */
    gboolean foreseen;      /* not there yet: another bundle of the run brings it */
} EngineImage;

typedef struct {
    char *name; /* NULL where it was asked for by name */
    gboolean running, restarting;
    gboolean terminal; /* has a TTY: its log is plain text */
    guint64 restarts;
    char *health;    /* "healthy", "unhealthy", "starting", or "" without a HEALTHCHECK */
    char *reference; /* what it was made of, as it was said then: a name or an ID */
    Digest image;    /* the ID of that image; zeros where the engine does not say it */
} EngineContainer;

typedef struct Engine Engine;

/* url: "unix:///path", or NULL for the first of the usual sockets that exists. Refuses (ERR_ENGINE)
 * what is no socket owned by root, and rootless engines. */
Engine *engine_open (const char *url, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void engine_free (Engine *engine);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Engine, engine_free)
const EngineInfo *engine_info (const Engine *engine);
/* "docker 20.10.24, graphdriver overlay2". Caller frees. */
char *engine_describe (const Engine *engine);
const char *engine_store_name (EngineStore store);

/* Is the engine there? */
gboolean engine_ping (Engine *engine, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* reference: a name or an ID. *image is NULL where there is none. */
gboolean engine_inspect (Engine *engine, const char *reference, EngineImage **image,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* All images by inspect (EngineImage). */
GPtrArray *engine_inspect_all (Engine *engine, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Only IDs, names and sizes, by the image list: layers are empty. */
GPtrArray *engine_list (Engine *engine, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Gives name (full form with a tag) to what reference names; the name moves if it is taken. */
gboolean engine_tag (Engine *engine, const char *reference, const char *name,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Removes a name; an image without another name and without containers goes with it. A name that
 * is not there is no error. Never by force: *in_use says that a container keeps it. */
gboolean engine_remove_name (Engine *engine, const char *name, gboolean *in_use,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Creates a container that is never started, and removes it again. */
gboolean engine_try_create (Engine *engine, const char *reference,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;
typedef gboolean (*EngineStreamFunc) (EngineStream *stream, gpointer data, GError **error);
/* The merged files of an image as a tar, which func reads as far as it wants. For it a container is
 * created that is never started, and removed again. *there is FALSE, and func was not called, where
 * the engine has no such image. */
gboolean engine_export (Engine *engine, const char *reference, EngineStreamFunc func,
                        EngineStopFunc stop, gpointer data, gboolean *there,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Removes containers of ours that a killed run left. */
gboolean engine_sweep (Engine *engine, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* *container is NULL where there is none of that name. */
gboolean engine_container (Engine *engine, const char *name, EngineContainer **container,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* All containers, running or not: name, running, reference and image of each. */
GPtrArray *engine_containers (Engine *engine, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The last lines that a container wrote. */
GBytes *engine_container_log (Engine *engine, const char *name, gboolean terminal,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* How long a request may take from now on; 0 is as long as usual. */
void engine_set_limit (Engine *engine, guint milliseconds);
/* Streams an archive to the engine and reads every object of its answer. */
gboolean engine_load (Engine *engine, EngineBodyFunc body, EngineStopFunc stop, gpointer data,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;

EngineImage *engine_image_new (void);
void engine_image_free (EngineImage *image);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EngineImage, engine_image_free)
void engine_container_free (EngineContainer *container);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EngineContainer, engine_container_free)
