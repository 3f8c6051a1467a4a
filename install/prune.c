/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/prune.h"

#include "install/ansible-root.h"
#include "install/load.h"
#include "install/place-tree.h"
#include "install/stored.h"
#include "install/tree-store.h"
#include "manifest/error.h"
#include "manifest/file.h"
#include "manifest/path.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEEPER "handcarry.local/%s/"
#define LOGS "log"

void
prune_free (Prune *prune)
{
    if (prune == NULL)
        return;
    g_free (prune->product);
    g_array_unref (prune->kept);
    g_array_unref (prune->releases);
    g_ptr_array_unref (prune->names);
    g_ptr_array_unref (prune->used);
    g_ptr_array_unref (prune->logs);
    g_ptr_array_unref (prune->ansible);
    g_free (prune);
}

static Prune *
prune_new (const char *product)
{
    Prune *prune = g_new0 (Prune, 1);

    prune->product = g_strdup (product);
    prune->kept = g_array_new (FALSE, FALSE, sizeof (guint64));
    prune->releases = g_array_new (FALSE, FALSE, sizeof (guint64));
    prune->names = g_ptr_array_new_with_free_func (g_free);
    prune->used = g_ptr_array_new_with_free_func (g_free);
    prune->logs = g_ptr_array_new_with_free_func (g_free);
    prune->ansible = g_ptr_array_new_with_free_func (g_free);
    return prune;
}

gboolean
prune_is_empty (const Prune *prune)
{
    return prune->releases->len == 0 && prune->names->len == 0 && prune->logs->len == 0 &&
           prune->ansible->len == 0;
}

static gboolean
has (const GArray *numbers, guint64 number)
{
    for (guint i = 0; i < numbers->len; i++)
        if (g_array_index (numbers, guint64, i) == number)
            return TRUE;
    return FALSE;
}

/* Names in a folder that may not be there. */
static GPtrArray *
list (int dirfd, const char *path, GError **error)
{
    autofd int fd =
        dirfd >= 0 ? openat (dirfd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;

    if (fd < 0 && dirfd >= 0 && errno != ENOENT)
        return fail_errno (error, ERR_FAILED, errno, "cannot open '%s'", path), NULL;
    return fd >= 0 ? file_list (fd, path, error) : g_ptr_array_new_with_free_func (g_free);
}

static gboolean
add_releases (GArray *numbers, int dirfd, const char *path, GError **error)
{
    g_autoptr (GPtrArray) names = list (dirfd, path, error);

    for (guint i = 0; names != NULL && i < names->len; i++) {
        guint64 number;

        if (stored_parse_number (names->pdata[i], '\0', &number) && !has (numbers, number))
            g_array_append_val (numbers, number);
    }
    return names != NULL;
}

/* The release that this one followed. Where that is not written down, the next lower one that is
 * there is the best guess, and keeping it does no harm. */
static guint64
before (const Run *run, const char *product, int product_fd, guint64 number, const GArray *there)
{
    g_autofree char *path = stored_path (number, JOURNAL_FILE);
    g_autoptr (Journal) own = NULL;
    const Journal *journal = run->journal;
    guint64 from = 0;

    /* The journal of a run that is about to end lies there soon. */
    if (journal == NULL || strcmp (journal_text (journal, "product"), product) != 0 ||
        journal_number (journal, "to") != number || journal_number (journal, "from") == number)
        journal = own = journal_read (product_fd, path, NULL);
    /* It may be higher: of another channel, or of an older epoch. */
    if (journal != NULL)
        return journal_number (journal, "from");
    for (guint i = 0; i < there->len; i++)
        if (g_array_index (there, guint64, i) < number)
            from = MAX (from, g_array_index (there, guint64, i));
    return from;
}

static gboolean
sort_out_releases (Run *run, Prune *prune, int product_fd, guint64 current, guint keep,
                   GError **error)
{
    g_autofree char *refs =
        g_build_filename (TREE_STORE_FOLDER "/refs/heads", prune->product, NULL);
    g_autoptr (GArray) there = g_array_new (FALSE, FALSE, sizeof (guint64));

    if (!add_releases (there, product_fd, ".", error))
        return FALSE;
    g_array_append_val (prune->kept, current);
    for (guint64 at = current; at != 0 && prune->kept->len < keep;) {
        at = before (run, prune->product, product_fd, at, there);
        if (has (prune->kept, at))
            break;
        g_array_append_val (prune->kept, at);
    }
    if (!add_releases (there, run->host->state_fd, refs, error))
        return FALSE;
    for (guint i = 0; i < there->len; i++)
        if (!has (prune->kept, g_array_index (there, guint64, i)))
            g_array_append_val (prune->releases, g_array_index (there, guint64, i));
    g_array_sort (prune->releases, stored_compare_numbers);
    return TRUE;
}

static void
add_foreign (GHashTable *names, const Prune *prune, const State *state)
{
    for (guint i = 0; strcmp (state->product, prune->product) != 0 && i < state->images->len; i++) {
        const StateImage *image = g_ptr_array_index (state->images, i);

        g_hash_table_add (names, g_strdup (image->name));
    }
}

/* Names that a release which stays, or another product, has. */
static GHashTable *
needed_names (const Run *run, const Prune *prune, int product_fd)
{
    GHashTable *names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

    for (guint i = 0; i < prune->kept->len; i++) {
        g_autoptr (Statement) statement =
            stored_statement (product_fd, NULL, g_array_index (prune->kept, guint64, i));

        for (guint k = 0; statement != NULL && k < statement->images->len; k++) {
            const StatementImage *image = g_ptr_array_index (statement->images, k);

            g_hash_table_add (names, path_normalize_image_name (image->name));
        }
    }
    for (guint i = 0; run->others != NULL && i < run->others->len; i++)
        add_foreign (names, prune, g_ptr_array_index (run->others, i));
    if (run->state != NULL)
        add_foreign (names, prune, run->state);
    return names;
}

/* Names that releases which go gave to their images: name → the image's ID. */
static GHashTable *
given_names (const Run *run, const Prune *prune, int product_fd)
{
    g_autoptr (GHashTable) needed = needed_names (run, prune, product_fd);
    GHashTable *names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);

    for (guint i = 0; i < prune->releases->len; i++) {
        g_autoptr (Statement) statement =
            stored_statement (product_fd, NULL, g_array_index (prune->releases, guint64, i));

        for (guint k = 0; statement != NULL && k < statement->images->len; k++) {
            const StatementImage *image = g_ptr_array_index (statement->images, k);
            g_autofree char *full = path_normalize_image_name (image->name);

            if (!g_hash_table_contains (needed, full))
                g_hash_table_replace (names, g_steal_pointer (&full),
                                      digest_to_hex (load_image_id (run->engine, image)));
        }
    }
    return names;
}

/* "handcarry.local/PRODUCT/NAME:rM-TAG" of a release M that does not stay. */
static gboolean
is_old_keeper (const Prune *prune, const char *name)
{
    g_autofree char *prefix = g_strdup_printf (KEEPER, prune->product);
    const char *colon = strrchr (name, ':');
    guint64 number;

    return g_str_has_prefix (name, prefix) && colon != NULL &&
           stored_parse_number (colon + 1, '-', &number) && !has (prune->kept, number);
}

static void
add_image (Prune *prune, const EngineImage *image, GHashTable *given)
{
    g_autofree char *id = digest_to_hex (&image->id);
    guint before_it = prune->names->len;

    for (guint i = 0; i < image->names->len; i++) {
        /* Docker leaves its own registry out of what it shows. */
        g_autofree char *full = path_normalize_image_name (g_ptr_array_index (image->names, i));

        if (is_old_keeper (prune, full) || g_strcmp0 (g_hash_table_lookup (given, full), id) == 0)
            g_ptr_array_add (prune->names, g_steal_pointer (&full));
    }
    if (prune->names->len - before_it == image->names->len && image->names->len > 0)
        prune->engine_bytes += image->bytes;
}

static gboolean
sort_out_names (Run *run, Prune *prune, int product_fd, GError **error)
{
    g_autoptr (GHashTable) given = given_names (run, prune, product_fd);
    g_autoptr (GPtrArray) images = engine_list (run->engine, error);

    for (guint i = 0; images != NULL && i < images->len; i++)
        add_image (prune, g_ptr_array_index (images, i), given);
    return images != NULL;
}

/* "20261122T031500Z-PRODUCT-rN.log"; not of the run that is about to end, which sorts among the
 * oldest where the clock is wrong (trust.md 41). */
static gboolean
is_log_of (const Run *run, const Prune *prune, const char *name)
{
    const char *own = run->journal != NULL ? journal_text (run->journal, "run") : "";
    const char *product = strchr (name, '-');
    gsize length = strlen (prune->product);
    guint64 number;

    if (g_str_has_prefix (name, own) && strcmp (name + strlen (own), ".log") == 0)
        return FALSE;
    return product != NULL && strncmp (product + 1, prune->product, length) == 0 &&
           product[1 + length] == '-' && g_str_has_suffix (name, ".log") &&
           stored_parse_number (product + length + 2, '.', &number);
}

static gboolean
sort_out_logs (const Run *run, Prune *prune, GError **error)
{
    g_autofree char *folder = g_build_filename (prune->product, LOGS, NULL);
    g_autoptr (GPtrArray) runs = list (run->host->state_fd, LOGS, error);
    g_autoptr (GPtrArray) plays = runs != NULL ? list (run->host->state_fd, folder, error) : NULL;
    guint newer = 0;

    if (plays == NULL)
        return FALSE;
    /* Sorted by name, and so by time. */
    for (guint i = runs->len; i > 0; i--)
        if (is_log_of (run, prune, runs->pdata[i - 1]) && ++newer > PRUNE_LOGS)
            g_ptr_array_add (prune->logs, g_build_filename (LOGS, runs->pdata[i - 1], NULL));
    for (guint i = 0; i < plays->len; i++) {
        guint64 number;

        if (stored_parse_number (plays->pdata[i], '-', &number) && has (prune->releases, number))
            g_ptr_array_add (prune->logs, g_build_filename (folder, plays->pdata[i], NULL));
    }
    return TRUE;
}

static gboolean
sort_out_ansible (Prune *prune, int product_fd, GError **error)
{
    GPtrArray *paths = ansible_root_unneeded (product_fd, prune->kept, error);

    if (paths == NULL)
        return FALSE;
    g_ptr_array_unref (prune->ansible);
    prune->ansible = paths;
    return TRUE;
}

static gboolean
add_blocks (int dirfd, const char *name, const char *path, const struct stat *st, gpointer data,
            GError **error)
{
    *(guint64 *)data += (guint64)st->st_blocks * 512;
    return TRUE;
}

static gboolean
measure_folder (Prune *prune, int product_fd, const char *name, GError **error)
{
    static const PlaceWalk calls = { .file = add_blocks };
    autofd int fd = file_open_below (product_fd, name, O_RDONLY | O_DIRECTORY, NULL);

    return fd < 0 || place_walk (fd, &calls, &prune->state_bytes, error);
}

static gboolean
measure (const Run *run, Prune *prune, int product_fd, GError **error)
{
    for (guint i = 0; i < prune->releases->len; i++) {
        g_autofree char *name = stored_path (g_array_index (prune->releases, guint64, i), NULL);

        if (!measure_folder (prune, product_fd, name, error))
            return FALSE;
    }
    for (guint i = 0; i < prune->ansible->len; i++)
        if (!measure_folder (prune, product_fd, prune->ansible->pdata[i], error))
            return FALSE;
    for (guint i = 0; i < prune->logs->len; i++) {
        struct stat st;

        if (fstatat (run->host->state_fd, prune->logs->pdata[i], &st, AT_SYMLINK_NOFOLLOW) == 0)
            prune->state_bytes += (guint64)st.st_blocks * 512;
    }
    return TRUE;
}

Prune *
prune_estimate (Run *run, const char *product, guint64 current, guint keep, GError **error)
{
    g_autoptr (Prune) prune = prune_new (product);
    autofd int product_fd =
        file_open_below (run->host->state_fd, product, O_RDONLY | O_DIRECTORY, NULL);

    if (product_fd < 0)
        return g_steal_pointer (&prune);
    if (!sort_out_releases (run, prune, product_fd, current, keep, error) ||
        !sort_out_ansible (prune, product_fd, error) ||
        !sort_out_names (run, prune, product_fd, error) || !sort_out_logs (run, prune, error) ||
        !measure (run, prune, product_fd, error))
        return NULL;
    return g_steal_pointer (&prune);
}

static gboolean
gave_name (int product_fd, guint64 number, const char *name)
{
    g_autoptr (Statement) statement = stored_statement (product_fd, NULL, number);

    for (guint i = 0; statement != NULL && i < statement->images->len; i++) {
        const StatementImage *image = g_ptr_array_index (statement->images, i);
        g_autofree char *full = path_normalize_image_name (image->name);

        if (strcmp (full, name) == 0)
            return TRUE;
    }
    return FALSE;
}

/* A release whose image is in use stays, so that the name is found again when it is not. */
static gboolean
keep_used (Run *run, Prune *prune, GError **error)
{
    autofd int product_fd =
        file_open_below (run->host->state_fd, prune->product, O_RDONLY | O_DIRECTORY, error);

    for (guint i = 0; product_fd >= 0 && i < prune->used->len; i++)
        for (guint k = prune->releases->len; k > 0; k--)
            if (gave_name (product_fd, g_array_index (prune->releases, guint64, k - 1),
                           prune->used->pdata[i]))
                g_array_remove_index (prune->releases, k - 1);
    prune->state_bytes = 0;
    return product_fd >= 0 && measure (run, prune, product_fd, error);
}

static gboolean
remove_names (Run *run, Prune *prune, GError **error)
{
    for (guint i = 0; i < prune->names->len;) {
        const char *name = g_ptr_array_index (prune->names, i);
        gboolean in_use;

        if (!engine_remove_name (run->engine, name, &in_use, error))
            return FALSE;
        if (in_use)
            g_ptr_array_add (prune->used, g_ptr_array_steal_index (prune->names, i));
        else
            i++;
    }
    return prune->used->len == 0 || keep_used (run, prune, error);
}

static gboolean
prune_repository (Run *run, Prune *prune, GError **error)
{
    TreeStore *store = run->options.trees;
    gboolean done = tree_store_open (store, run->host, -1, error);
    guint64 freed = 0;

    for (guint i = 0; done && i < prune->releases->len; i++)
        done = tree_store_drop (store, prune->product, g_array_index (prune->releases, guint64, i),
                                error);
    done = done && tree_store_prune (store, &freed, error);
    tree_store_close (store);
    prune->state_bytes += freed;
    return done && tree_store_remove_empty (run->host, error);
}

/* Without its statement a release is not kept any more, also where this is interrupted. */
static gboolean
remove_release (const Run *run, const Prune *prune, guint64 number, GError **error)
{
    g_autofree char *folder = stored_path (number, NULL);
    g_autofree char *path = g_build_filename (prune->product, folder, NULL);
    g_autofree char *statement = g_build_filename (path, STORED_STATEMENT, NULL);

    if (unlinkat (run->host->state_fd, statement, 0) < 0 && errno != ENOENT)
        return fail_errno (error, ERR_FAILED, errno, "cannot remove '%s'", statement);
    return place_remove_tree (run->host->state_fd, path, error);
}

static gboolean
remove_files (Run *run, Prune *prune, GError **error)
{
    autofd int product_fd =
        file_open_below (run->host->state_fd, prune->product, O_RDONLY | O_DIRECTORY, error);

    if (product_fd < 0)
        return FALSE;
    for (guint i = 0; i < prune->releases->len; i++)
        if (!remove_release (run, prune, g_array_index (prune->releases, guint64, i), error))
            return FALSE;
    for (guint i = 0; i < prune->ansible->len; i++)
        if (!ansible_root_remove (product_fd, prune->ansible->pdata[i], error))
            return FALSE;
    for (guint i = 0; i < prune->logs->len; i++) {
        const char *log = g_ptr_array_index (prune->logs, i);

        if (unlinkat (run->host->state_fd, log, 0) < 0 && errno != ENOENT)
            return fail_errno (error, ERR_FAILED, errno, "cannot remove '%s'", log);
    }
    return TRUE;
}

gboolean
prune_run (Run *run, Prune *prune, GError **error)
{
    return (remove_names (run, prune, error) && prune_repository (run, prune, error) &&
            remove_files (run, prune, error)) ||
           fail_prefix (error, "removing what %s does not need any more", prune->product);
}

static void
note_used (Run *run, const Prune *prune)
{
    for (guint i = 0; i < prune->used->len; i++)
        run_note (run,
                  "the image '%s' is of no release that is kept and stays: a container uses it",
                  (char *)g_ptr_array_index (prune->used, i));
}

void
prune_after (Run *run, guint64 current)
{
    const char *product = journal_text (run->journal, "product");
    g_autoptr (GError) error = NULL;
    g_autoptr (Prune) prune = prune_estimate (run, product, current, PRUNE_KEEP, &error);

    if (prune != NULL && (prune_is_empty (prune) || prune_run (run, prune, &error)))
        note_used (run, prune);
    else
        run_note (run, "%s; 'handcarry prune' tries again", error->message);
}
