/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/state.h"

#include "manifest/error.h"
#include "manifest/file.h"
#include "manifest/limits.h"
#include "manifest/path.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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
    g_free (state);
}

gboolean
state_read (int state_fd, const char *product, State **state, GError **error)
{
    g_autofree char *path = g_build_filename (product, STATE_FILE, NULL);
    g_autoptr (GBytes) text = NULL;
    g_autoptr (GError) local = NULL;
    struct stat st;

    *state = NULL;
    if (state_fd < 0 || (fstatat (state_fd, path, &st, AT_SYMLINK_NOFOLLOW) < 0 &&
                         (errno == ENOENT || errno == ENOTDIR)))
        return TRUE;
    text = file_read_below (state_fd, path, LIMIT_YAML_BYTES, &local);
    if (text != NULL)
        *state = state_parse (text, path, &local);
    /* No state would mean that any old release may be installed. */
    if (*state == NULL)
        return fail (error, ERR_NOT_READY, "the state of '%s' cannot be read, nothing is done: %s",
                     product, local->message);
    if (strcmp ((*state)->product, product) != 0) {
        g_clear_pointer (state, state_free);
        return fail (error, ERR_NOT_READY, "'%s' is the state of another product", path);
    }
    return TRUE;
}

gboolean
state_write (int product_fd, const State *state, GError **error)
{
    g_autoptr (GBytes) text = state_to_text (state);

    return file_replace (product_fd, STATE_FILE, text, 0644, error) ||
           fail_prefix (error, "writing the state of '%s'", state->product);
}

static int
by_product (gconstpointer a, gconstpointer b)
{
    const State *const *left = a, *const *right = b;

    return strcmp ((*left)->product, (*right)->product);
}

static gboolean
read_entries (DIR *dir, int state_fd, GPtrArray *states, GError **error)
{
    const struct dirent *entry;

    while ((entry = readdir (dir)) != NULL) {
        State *state;

        if (!path_check_product (entry->d_name, NULL))
            continue;
        if (!state_read (state_fd, entry->d_name, &state, error))
            return FALSE;
        if (state != NULL)
            g_ptr_array_add (states, state);
    }
    return TRUE;
}

GPtrArray *
state_read_all (int state_fd, GError **error)
{
    g_autoptr (GPtrArray) states = g_ptr_array_new_with_free_func ((GDestroyNotify)state_free);
    gboolean done;
    DIR *dir;
    int fd;

    if (state_fd < 0)
        return g_steal_pointer (&states);
    fd = openat (state_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    dir = fd >= 0 ? fdopendir (fd) : NULL;
    if (dir == NULL) {
        fail_errno (error, ERR_FAILED, errno, "cannot list the state folder");
        file_clear_fd (&fd);
        return NULL;
    }
    done = read_entries (dir, state_fd, states, error);
    closedir (dir);
    if (!done)
        return NULL;
    g_ptr_array_sort (states, by_product);
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
