/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/run-open.h"
#include "install/stored.h"

#include "install/place-tree.h"
#include "manifest/error.h"
#include "manifest/file.h"
#include "manifest/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define STATE_BEFORE STORED_BEFORE "/state.yaml"

char *
stored_path (guint64 number, const char *name)
{
    return g_strdup_printf ("r%" G_GUINT64_FORMAT "%s%s", number, name != NULL ? "/" : "",
                            name != NULL ? name : "");
}

gboolean
stored_parse_number (const char *text, char end, guint64 *number)
{
    g_autofree char *digits = NULL;
    gsize length;

    if (*text != 'r')
        return FALSE;
    length = strspn (text + 1, "0123456789");
    digits = g_strndup (text + 1, length);
    return text[1 + length] == end &&
           g_ascii_string_to_unsigned (digits, 10, 0, G_MAXUINT64, number, NULL);
}

int
stored_compare_numbers (gconstpointer a, gconstpointer b)
{
    const guint64 *left = a, *right = b;

    return (*left > *right) - (*left < *right);
}

GBytes *
stored_statement_text (int dirfd, const char *product, guint64 number, GError **error)
{
    g_autofree char *path = stored_path (number, STORED_STATEMENT);
    g_autofree char *below = product != NULL ? g_build_filename (product, path, NULL) : NULL;

    return file_read_below (dirfd, below != NULL ? below : path, LIMIT_YAML_BYTES, error);
}

Statement *
stored_statement (int dirfd, const char *product, guint64 number)
{
    g_autoptr (GBytes) text = stored_statement_text (dirfd, product, number, NULL);

    return text != NULL ? statement_parse (text, NULL) : NULL;
}

static gboolean
write_before (Run *run, int folder, GError **error)
{
    g_autoptr (GBytes) text = run->state != NULL ? state_to_text (run->state) : NULL;
    autofd int before = -1;

    if (!place_remove_tree (folder, STORED_BEFORE, error))
        return FALSE;
    before = file_make_below (folder, NULL, STORED_BEFORE, 0700, error);
    return before >= 0 &&
           (text == NULL || file_replace (before, "state.yaml", text, 0600, error)) &&
           file_fsync_dir (before, STORED_BEFORE, error);
}

static gboolean
write_statement (Run *run, int folder, GError **error)
{
    GBytes *text = bundle_statement_text (run->bundle);

    return file_replace (folder, STORED_STATEMENT, text, 0644, error);
}

gboolean
stored_begin (Run *run, GError **error)
{
    g_autofree char *name = run_folder (run);
    gboolean again = run_old_release (run) == run->release->release;
    autofd int folder = -1;

    if (!again && !place_remove_tree (run->product_fd, name, error))
        return FALSE;
    folder = file_make_below (run->product_fd, NULL, name, 0755, error);
    if (folder < 0 || !write_statement (run, folder, error))
        return FALSE;
    return (again || write_before (run, folder, error)) && file_fsync_dir (folder, name, error) &&
           file_fsync_dir (run->product_fd, name, error);
}

gboolean
stored_remove (Run *run, guint64 number, GError **error)
{
    g_autofree char *name = stored_path (number, NULL);

    return place_remove_tree (run->product_fd, name, error) &&
           file_fsync_dir (run->product_fd, name, error);
}

gboolean
stored_undo (Run *run, GError **error)
{
    guint64 from = journal_number (run->journal, "from"), to = journal_number (run->journal, "to");

    return from == to || stored_remove (run, to, error);
}

static gboolean
not_kept (GError **error, guint64 number, const GError *why)
{
    return fail (error, ERR_NOT_READY,
                 "release %" G_GUINT64_FORMAT " is not kept on this host: %s; install its bundle "
                 "again",
                 number, why->message);
}

/* The digest that the release has as far as the state knows: of the current one and of the one
 * before it. */
static gboolean
known_digest (const Run *run, guint64 number, Digest *digest)
{
    const Digest unknown = { 0 }; /* of a number that a person has typed in (adopt.h) */
    const State *state = run->state;
    g_autoptr (State) before = NULL;

    if (state != NULL && state->release != 0 && state->release != number &&
        stored_state_before (run, state->release, &before, NULL))
        state = before;
    if (state == NULL || state->release != number || digest_equal (&state->digest, &unknown))
        return FALSE;
    *digest = state->digest;
    return TRUE;
}

/* What lies there says which playbooks run as root and which images get names, so it is only
 * believed as it was signed. */
static gboolean
check_digest (const Run *run, guint64 number, const char *path, GError **error)
{
    g_autofree char *found = digest_to_text (&run->digest);
    g_autofree char *expected = NULL;
    Digest known;

    if (!known_digest (run, number, &known) || digest_equal (&run->digest, &known))
        return TRUE;
    expected = digest_to_text (&known);
    return fail (error, ERR_NOT_READY,
                 "'%s' was changed since release %" G_GUINT64_FORMAT " was installed: it has %s, "
                 "expected is %s; install the bundle of the release that is to be here",
                 path, number, found, expected);
}

gboolean
stored_take (Run *run, guint64 number, GError **error)
{
    g_autofree char *path = stored_path (number, STORED_STATEMENT);
    g_autoptr (GError) why = NULL;
    g_autoptr (GBytes) text = stored_statement_text (run->product_fd, NULL, number, &why);

    if (text != NULL)
        run->own_statement = statement_parse (text, &why);
    if (run->own_statement == NULL)
        return not_kept (error, number, why);
    run->statement = run->own_statement;
    run->release = run->statement->release;
    run->digest = digest_of_bytes (text);
    if (run->release->release != number)
        return fail (error, ERR_NOT_READY, "'%s' is of release %" G_GUINT64_FORMAT, path,
                     run->release->release);
    if (!check_digest (run, number, path, error))
        return FALSE;
    g_clear_pointer (&run->values, g_ptr_array_unref);
    run->values = run_read_values (run, error);
    return run->values != NULL;
}

Run *
stored_open (Run *like, guint64 number, GError **error)
{
    g_autoptr (Run) run = run_borrow (like);

    run->product_fd = like->product_fd;
    if (!stored_take (run, number, error))
        return NULL;
    return g_steal_pointer (&run);
}

gboolean
stored_open_leaving (Run *run, guint64 number, GError **error)
{
    if (number == 0 || run->leaving != NULL)
        return TRUE;
    run->leaving = stored_open (run, number, error);
    return run->leaving != NULL;
}

Journal *
stored_journal (const Run *run, guint64 number, GError **error)
{
    g_autofree char *path = stored_path (number, JOURNAL_FILE);
    g_autoptr (GError) why = NULL;
    Journal *journal = journal_read (run->product_fd, path, &why);

    if (journal == NULL)
        fail (error, ERR_NOT_READY,
              "how release %" G_GUINT64_FORMAT " was installed is not known here, so it cannot be "
              "taken back: %s",
              number, why->message);
    return journal;
}

GArray *
stored_numbers (const Run *run, GError **error)
{
    g_autoptr (GPtrArray) names = file_list (run->product_fd, "the product's folder", error);
    g_autoptr (GArray) numbers = g_array_new (FALSE, FALSE, sizeof (guint64));

    for (guint i = 0; names != NULL && i < names->len; i++) {
        guint64 number;

        if (stored_parse_number (names->pdata[i], '\0', &number) && number > 0)
            g_array_append_val (numbers, number);
    }
    if (names == NULL)
        return NULL;
    g_array_sort (numbers, stored_compare_numbers);
    return g_steal_pointer (&numbers);
}

char *
stored_kept_name (const char *path)
{
    Digest digest = digest_of (path, strlen (path));

    return digest_to_hex (&digest);
}

gboolean
stored_keep (Run *run, const PlaceData *place, GError **error)
{
    g_autofree char *folder = stored_path (run->release->release, STORED_BEFORE);
    g_autofree char *name = stored_kept_name (place->path);
    autofd int before = -1;

    if (place->found.kind == PLACE_NOTHING || run_old_release (run) == run->release->release)
        return TRUE;
    before = file_open_below (run->product_fd, folder, O_RDONLY | O_DIRECTORY, error);
    return before >= 0 && place_keep (place, before, name, error) &&
           file_fsync_dir (before, folder, error);
}

gboolean
stored_state_before (const Run *run, guint64 number, State **state, GError **error)
{
    g_autofree char *path = stored_path (number, STATE_BEFORE);
    g_autoptr (GBytes) text = NULL;
    struct stat st;

    *state = NULL;
    if (fstatat (run->product_fd, path, &st, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT)
        return TRUE;
    text = file_read_below (run->product_fd, path, LIMIT_YAML_BYTES, error);
    if (text != NULL)
        *state = state_parse (text, path, error);
    return *state != NULL;
}

gboolean
stored_state_to (const Run *run, guint64 number, State **state, GError **error)
{
    return stored_state_before (run, number, state, error) &&
           (*state != NULL || fail (error, ERR_NOT_READY,
                                    "the state before release %" G_GUINT64_FORMAT " is not kept "
                                    "on this host; install a newer release instead",
                                    number));
}

gboolean
stored_is_current (const Run *run)
{
    g_autofree char *folder = run_folder (run);
    g_autofree char *link = g_build_filename (run->release->product, "current", NULL);
    g_autoptr (GBytes) text = stored_statement_text (run->host->state_fd, run->release->product,
                                                     run->release->release, NULL);
    char target[32] = { 0 };
    Digest found;

    if (text == NULL || readlinkat (run->host->state_fd, link, target, sizeof target - 1) < 0)
        return FALSE;
    found = digest_of_bytes (text);
    return digest_equal (&found, &run->digest) && strcmp (target, folder) == 0;
}
