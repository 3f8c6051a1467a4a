/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "install/engine.h"
#include "install/thin.h"
#include "manifest/progress.h"

#include <glib.h>

/* Brings one image into the engine under a temporary name, and proves it there. */

/* Streams the archive while a thread writes it. stop (may be NULL) is asked about once a second
 * and gives up with ERR_FAILED. The name may be left behind on failure: the caller removes it. */
gboolean load_image (Engine *engine, const Thin *thin, EngineStopFunc stop, gpointer stop_data,
                     Progress *progress, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The ID that the engine must show for this image. */
const Digest *load_image_id (const Engine *engine, const StatementImage *image);

/* Is the image that name refers to the signed one, whole? On overlay2 and Podman by its ID and
 * diffIDs; on the containerd store by its ID, by the image list, and by a container that can be
 * made of it. */
gboolean load_prove (Engine *engine, const StatementImage *image, const char *name,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The same without changing anything: no container is made. */
gboolean load_check (Engine *engine, const StatementImage *image, const char *reference,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same for what was inspected already. *listed: what engine_list said, so that it is asked once
 * for many images; filled where it is NULL and needed. */
gboolean load_check_found (Engine *engine, const StatementImage *image, const EngineImage *found,
                           GPtrArray **listed, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Which layers an engine has, as its store can use them. */
typedef struct LoadPresent LoadPresent;

/* ours: Digests of manifests known to be ours; on the containerd store only the layers of those
 * images count. */
LoadPresent *load_present_new (Engine *engine, GHashTable *ours,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same of images (EngineImage) that were listed already. */
LoadPresent *load_present_of (EngineStore store, GPtrArray *images, GHashTable *ours);
void load_present_free (LoadPresent *present);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LoadPresent, load_present_free)
/* Counts the layers of an image as present from now on. layers: Digest. */
void load_present_add (LoadPresent *present, GArray *layers);
/* Are all of these there, each on top of those before it where that counts? layers: Digest. */
gboolean load_present_has (const LoadPresent *present, const GArray *layers);
/* StatementLayer elements that a load of image must carry, each once. */
GArray *load_present_missing (const LoadPresent *present, const StatementImage *image);
/* The same when nothing is present: for the full load. */
GArray *load_all_layers (const StatementImage *image);
