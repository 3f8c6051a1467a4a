/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/load.h"

#include "install/queue.h"
#include "manifest/error.h"
#include "manifest/message.h"

#define QUEUE_BYTES (4 * 1024 * 1024)
#define STOP_MILLISECONDS 500

/* One load: a writer thread on the left of the queue, libcurl on its right. */
typedef struct {
    const Thin *thin;
    Queue *queue;
    Progress *progress;
    EngineStopFunc stop;
    gpointer stop_data;
    gboolean stopped;
    GError *error; /* of the writer; read after it was joined */
} Load;

static gboolean
push (const guint8 *bytes, gsize length, gpointer data, GError **error)
{
    Load *load = data;

    if (!queue_push (load->queue, bytes, length))
        return fail (error, ERR_ENGINE, "the engine stopped reading");
    progress_add (load->progress, length);
    return TRUE;
}

static gpointer
writer (gpointer data)
{
    Load *load = data;
    gboolean whole = thin_write (load->thin, push, load, &load->error);

    queue_close (load->queue, whole);
    return GINT_TO_POINTER (whole);
}

static gboolean
on_stop (gpointer data)
{
    Load *load = data;

    if (!load->stopped && load->stop != NULL)
        load->stopped = load->stop (load->stop_data);
    return load->stopped;
}

static gssize
on_body (guint8 *buffer, gsize length, gpointer data)
{
    Load *load = data;
    gssize n;

    do {
        n = queue_pop (load->queue, buffer, length, STOP_MILLISECONDS);
    } while (n == -2 && !on_stop (load));
    return n;
}

/* Whose failure is it? A stop, then the writer's (unless it only saw the engine go away), then the
 * engine's. */
static gboolean
settle (Load *load, gboolean written, gboolean loaded, GError *engine_error, GError **error)
{
    gboolean writer_gave_up =
        !written && g_error_matches (load->error, HANDCARRY_ERROR, ERR_ENGINE);

    if (load->stopped)
        return fail (error, ERR_FAILED, "stopped while loading '%s'", load->thin->image->name);
    if (!written && !(writer_gave_up && engine_error != NULL)) {
        g_propagate_error (error, g_steal_pointer (&load->error));
        return fail_prefix (error, "loading '%s'", load->thin->image->name);
    }
    if (loaded)
        return TRUE;
    g_propagate_error (error, g_error_copy (engine_error));
    return fail_prefix (error, "loading '%s'", load->thin->image->name);
}

gboolean
load_image (Engine *engine, const Thin *thin, EngineStopFunc stop, gpointer stop_data,
            Progress *progress, GError **error)
{
    g_autoptr (Queue) queue = queue_new (QUEUE_BYTES);
    Load load = { thin, queue, progress, stop, stop_data, FALSE, NULL };
    g_autofree char *what = message_printf ("loading %s", thin->image->name);
    g_autoptr (GError) engine_error = NULL;
    gboolean loaded, written;
    GThread *thread;

    progress_begin (progress, what, thin_layer_bytes (thin));
    thread = g_thread_new ("layers", writer, &load);
    loaded = engine_load (engine, on_body, on_stop, &load, &engine_error);
    queue_abandon (queue);
    written = GPOINTER_TO_INT (g_thread_join (thread));
    progress_end (progress);
    loaded = settle (&load, written, loaded, engine_error, error);
    g_clear_error (&load.error);
    return loaded;
}

const Digest *
load_image_id (const Engine *engine, const StatementImage *image)
{
    return engine_info (engine)->store == STORE_CONTAINERD ? &image->manifest : &image->config;
}

static gboolean
same_layers (const EngineImage *found, const StatementImage *image)
{
    g_autoptr (GArray) diffids = statement_image_diffids (image);

    return found->layers->len == diffids->len &&
           digests_common (found->layers, diffids) == diffids->len;
}

static gboolean
prove_same (Engine *engine, const StatementImage *image, const EngineImage *found, GError **error)
{
    const Digest *expected = load_image_id (engine, image);

    if (!digest_equal (&found->id, expected)) {
        g_autofree char *expected_text = digest_to_text (expected);
        g_autofree char *found_text = digest_to_text (&found->id);

        return fail (error, ERR_ENGINE, "image '%s' has ID %s in the engine, signed is %s",
                     image->name, found_text, expected_text);
    }
    if (!same_layers (found, image))
        return fail (error, ERR_ENGINE, "image '%s' has other layers in the engine than signed",
                     image->name);
    return TRUE;
}

static gboolean
prove_listed (const GPtrArray *listed, const StatementImage *image, GError **error)
{
    for (guint i = 0; i < listed->len; i++) {
        const EngineImage *entry = g_ptr_array_index (listed, i);

        if (digest_equal (&entry->id, &image->manifest))
            return TRUE;
    }
    return fail (error, ERR_ENGINE,
                 "the engine's list of images does not have '%s'; it is not whole", image->name);
}

/* On the containerd store inspect shows the right ID even of an image whose layers are nowhere. */
gboolean
load_check_found (Engine *engine, const StatementImage *image, const EngineImage *found,
                  GPtrArray **listed, GError **error)
{
    if (!prove_same (engine, image, found, error))
        return FALSE;
    if (engine_info (engine)->store != STORE_CONTAINERD)
        return TRUE;
    if (*listed == NULL)
        *listed = engine_list (engine, error);
    return *listed != NULL && prove_listed (*listed, image, error);
}

gboolean
load_check (Engine *engine, const StatementImage *image, const char *reference, GError **error)
{
    g_autoptr (EngineImage) found = NULL;
    g_autoptr (GPtrArray) listed = NULL;

    if (!engine_inspect (engine, reference, &found, error))
        return FALSE;
    if (found == NULL)
        return fail (error, ERR_ENGINE,
                     "the engine does not know image '%s' as '%s' after loading it", image->name,
                     reference);
    return load_check_found (engine, image, found, &listed, error);
}

gboolean
load_prove (Engine *engine, const StatementImage *image, const char *name, GError **error)
{
    if (!load_check (engine, image, name, error))
        return FALSE;
    return engine_info (engine)->store != STORE_CONTAINERD ||
           engine_try_create (engine, name, error);
}
