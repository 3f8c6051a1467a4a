/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/state.h"

#include "install/records.h"
#include "install/twice.h"
#include "manifest/error.h"
#include "manifest/file.h"
#include "manifest/limits.h"
#include "manifest/path.h"
#include "manifest/message.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#define STATE_TEXT_BYTES (LIMIT_YAML_BYTES - 4096) /* its check sum comes behind */

static void
image_free (gpointer data)
{
    StateImage *image = data;

    g_free (image->name);
    g_free (image);
}

static void
file_free (gpointer data)
{
    StateFile *file = data;

    g_free (file->path);
    g_free (file);
}

static void
channel_free (gpointer data)
{
    StateChannel *channel = data;

    g_free (channel->channel);
    g_free (channel);
}

State *
state_new (const char *product)
{
    State *state = g_new0 (State, 1);

    state->product = g_strdup (product);
    state->images = g_ptr_array_new_with_free_func (image_free);
    state->configs = g_ptr_array_new_with_free_func (file_free);
    state->files = g_ptr_array_new_with_free_func (file_free);
    state->channels = g_ptr_array_new_with_free_func (channel_free);
    state->manifests = g_array_new (FALSE, FALSE, sizeof (Digest));
    return state;
}

void
state_free (State *state)
{
    if (state == NULL)
        return;
    g_free (state->product);
    g_free (state->channel);
    g_free (state->version);
    g_free (state->engine_id);
    g_free (state->engine_store);
    g_free (state->engine_root);
    g_ptr_array_unref (state->images);
    g_ptr_array_unref (state->configs);
    g_ptr_array_unref (state->files);
    g_ptr_array_unref (state->channels);
    g_array_unref (state->manifests);
    g_free (state->note);
    g_free (state);
}

static gboolean fail_lost (GError **error, const char *product, const char *format, ...)
    G_GNUC_PRINTF (3, 4);

/* No state would mean that any old release may be installed (trust.md 115). */
static gboolean
fail_lost (GError **error, const char *product, const char *format, ...)
{
    g_autofree char *why = NULL;
    va_list args;

    va_start (args, format);
    why = message_vprintf (format, args);
    va_end (args);
    return fail (error, ERR_NOT_READY,
                 "%s, so nothing is done\nnext: find the highest release number, N, that was ever "
                 "installed here of it " RECORDS_WHERE ", then type at the console: handcarry "
                 "recover --adopt %s --floor N",
                 why, product);
}

static State *
read_copies (int state_fd, const char *product, GError **error)
{
    g_autofree char *path = g_build_filename (product, STATE_NAME, NULL);
    g_auto (Twice) twice = { 0 };
    g_autoptr (GError) local = NULL;
    State *state = NULL;

    if (!twice_read (state_fd, path, &twice, &local))
        return fail_lost (error, product, "the state of '%s' cannot be read: %s", product,
                          local->message),
               NULL;
    if (twice.text == NULL)
        return NULL;
    state = state_parse (twice.text, path, &local);
    if (state == NULL)
        return fail_lost (error, product, "the state of '%s' cannot be read: %s", product,
                          local->message),
               NULL;
    state->note = g_steal_pointer (&twice.note);
    return state;
}

/* trust.md 115, 116: a copy that came out of a backup is good in itself, but not the newest. */
static gboolean
check_newest (const Records *records, const char *product, const State *state, GError **error)
{
    guint64 known = records_generation (records, product);
    guint64 found = state != NULL ? state->generation : 0;

    if (found >= known)
        return TRUE;
    if (state == NULL)
        return fail_lost (error, product, "the state of '%s' is gone", product);
    return fail_lost (error, product,
                      "the state of '%s' is an older one that was put back: it was written "
                      "%" G_GUINT64_FORMAT " times, and the receipts know of %" G_GUINT64_FORMAT,
                      product, found, known);
}

static gboolean
read_one (int state_fd, const Records *records, const char *product, State **state, GError **error)
{
    g_autoptr (GError) local = NULL;
    g_autoptr (State) found = read_copies (state_fd, product, &local);

    *state = NULL;
    if (local != NULL) {
        g_propagate_error (error, g_steal_pointer (&local));
        return FALSE;
    }
    if (found != NULL && strcmp (found->product, product) != 0)
        return fail_lost (error, product,
                          "'%s/" STATE_NAME ".yaml' is the state of another product", product);
    if (!check_newest (records, product, found, error))
        return FALSE;
    *state = g_steal_pointer (&found);
    return TRUE;
}

gboolean
state_read (int state_fd, const char *product, State **state, GError **error)
{
    g_autoptr (Records) records = NULL;

    *state = NULL;
    return state_fd < 0 || (records_read (state_fd, &records, error) &&
                            read_one (state_fd, records, product, state, error));
}

State *
state_read_alone (int state_fd, const char *product)
{
    State *state = read_copies (state_fd, product, NULL);

    if (state != NULL && strcmp (state->product, product) != 0)
        g_clear_pointer (&state, state_free);
    return state;
}

/* No reader takes a longer text. Without a manifest its image's layers are sent again, no more; the
 * oldest are the first. */
static GBytes *
fitting_text (State *state)
{
    GBytes *text = state_to_text (state);

    while (g_bytes_get_size (text) > STATE_TEXT_BYTES &&
           state->manifests->len > state->images->len) {
        guint extra = state->manifests->len - state->images->len;

        g_array_remove_range (state->manifests, 0, extra - extra / 2);
        g_bytes_unref (text);
        text = state_to_text (state);
    }
    return text;
}

gboolean
state_write (int product_fd, State *state, GError **error)
{
    g_autoptr (GBytes) text = NULL;
    g_auto (Twice) before = { 0 };
    g_autoptr (GError) unreadable = NULL;

    /* Where neither can be read a person has said that they may be replaced (recover --adopt). */
    if (twice_read (product_fd, STATE_NAME, &before, &unreadable))
        state->generation = MAX (state->generation, before.generation);
    state->generation++;
    text = fitting_text (state);
    g_clear_pointer (&state->note, g_free);
    return twice_write (product_fd, STATE_NAME, text, &state->note, error) ||
           fail_prefix (error, "writing the state of '%s'", state->product);
}

static gboolean
read_each (GPtrArray *names, int state_fd, const Records *records, GPtrArray *states,
           GError **error)
{
    for (guint i = 0; i < names->len; i++) {
        const char *name = names->pdata[i];
        State *state;

        if (!path_check_product (name, NULL) || path_is_taken (name))
            continue;
        if (!read_one (state_fd, records, name, &state, error))
            return FALSE;
        if (state != NULL)
            g_ptr_array_add (states, state);
    }
    return TRUE;
}

static gboolean
has_product (GPtrArray *states, const char *product)
{
    for (guint i = 0; i < states->len; i++)
        if (strcmp (((const State *)states->pdata[i])->product, product) == 0)
            return TRUE;
    return FALSE;
}

/* A folder that is gone is in no listing. */
static gboolean
check_all_there (const Records *records, GPtrArray *states, GError **error)
{
    for (guint i = 0; records != NULL && i < records->products->len; i++) {
        const RecordsProduct *product = records->products->pdata[i];

        if (!has_product (states, product->product) &&
            !check_newest (records, product->product, NULL, error))
            return FALSE;
    }
    return TRUE;
}

GPtrArray *
state_read_all (int state_fd, GError **error)
{
    g_autoptr (GPtrArray) states = g_ptr_array_new_with_free_func ((GDestroyNotify)state_free);
    g_autoptr (Records) records = NULL;
    g_autoptr (GPtrArray) names = NULL;

    if (state_fd < 0)
        return g_steal_pointer (&states);
    if (!records_read (state_fd, &records, error))
        return NULL;
    names = file_list (state_fd, "the state folder", error);
    if (names == NULL || !read_each (names, state_fd, records, states, error) ||
        !check_all_there (records, states, error))
        return NULL;
    return g_steal_pointer (&states);
}

const StateFile *
state_find_file (GPtrArray *files, const char *path)
{
    for (guint i = 0; i < files->len; i++) {
        const StateFile *file = g_ptr_array_index (files, i);

        if (strcmp (file->path, path) == 0)
            return file;
    }
    return NULL;
}

const StateFile *
state_find_placed (const State *state, const char *path)
{
    const StateFile *file = state_find_file (state->configs, path);

    return file != NULL ? file : state_find_file (state->files, path);
}

const StateImage *
state_find_image (const State *state, const char *name)
{
    for (guint i = 0; i < state->images->len; i++) {
        const StateImage *image = g_ptr_array_index (state->images, i);

        if (strcmp (image->name, name) == 0)
            return image;
    }
    return NULL;
}

const StateChannel *
state_find_channel (const State *state, const char *channel)
{
    for (guint i = 0; i < state->channels->len; i++) {
        const StateChannel *entry = g_ptr_array_index (state->channels, i);

        if (strcmp (entry->channel, channel) == 0)
            return entry;
    }
    return NULL;
}

void
state_set_channel (State *state, const StateChannel *channel)
{
    StateChannel *entry = (StateChannel *)state_find_channel (state, channel->channel);
    char *name;

    if (entry == NULL) {
        entry = g_new0 (StateChannel, 1);
        entry->channel = g_strdup (channel->channel);
        g_ptr_array_add (state->channels, entry);
    }
    name = entry->channel;
    *entry = *channel;
    entry->channel = name;
}
