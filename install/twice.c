/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/twice.h"

#include "manifest/digest.h"
#include "manifest/error.h"
#include "manifest/file.h"
#include "manifest/limits.h"
#include "manifest/message.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COPIES 2
#define CHECK "check: "
#define CHECK_LENGTH (sizeof CHECK - 1 + DIGEST_TEXT_LENGTH + 1)
#define GENERATION "generation: "

static const char *const suffixes[COPIES] = { ".yaml", ".copy.yaml" };

/* One of the two as it was found. */
typedef struct {
    char *path;
    GBytes *text;  /* NULL: not there, or bad */
    GError *error; /* NULL: not there, or good */
    guint64 generation;
} Copy;

typedef struct {
    Copy copy[COPIES];
} Pair;

static void
pair_clear (Pair *pair)
{
    for (guint i = 0; i < COPIES; i++) {
        g_free (pair->copy[i].path);
        g_clear_pointer (&pair->copy[i].text, g_bytes_unref);
        g_clear_error (&pair->copy[i].error);
    }
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Pair, pair_clear)

void
twice_clear (Twice *twice)
{
    g_clear_pointer (&twice->text, g_bytes_unref);
    g_free (twice->note);
}

static gboolean
read_generation (const char *data, gsize length, guint64 *generation)
{
    const char *end = memchr (data, '\n', length);
    const char *line = end != NULL ? end + 1 : data;
    const char *stop = memchr (line, '\n', length - (gsize)(line - data));
    g_autofree char *text = NULL;

    if (end == NULL || stop == NULL || stop - line < (gssize)strlen (GENERATION) ||
        memcmp (line, GENERATION, strlen (GENERATION)) != 0)
        return FALSE;
    line += strlen (GENERATION);
    text = g_strndup (line, (gsize)(stop - line));
    return g_ascii_string_to_unsigned (text, 10, 1, G_MAXUINT64, generation, NULL);
}

GBytes *
twice_seal (GBytes *text)
{
    gsize length;
    const char *data = g_bytes_get_data (text, &length);
    Digest digest = digest_of_bytes (text);
    g_autofree char *check = digest_to_text (&digest);
    GString *all = g_string_new_len (data, (gssize)length);

    g_string_append_printf (all, CHECK "%s\n", check);
    return g_string_free_to_bytes (all);
}

GBytes *
twice_open (GBytes *bytes, const char *name, guint64 *generation, GError **error)
{
    gsize length;
    const char *data = g_bytes_get_data (bytes, &length);
    g_autoptr (GBytes) text = NULL, expected = NULL;

    if (length <= CHECK_LENGTH || memcmp (data + length - CHECK_LENGTH, CHECK, strlen (CHECK)) != 0)
        return fail_null (error, ERR_FORMAT, "'%s' does not end with its check sum", name);
    text = g_bytes_new_from_bytes (bytes, 0, length - CHECK_LENGTH);
    expected = twice_seal (text);
    if (!g_bytes_equal (expected, bytes))
        return fail_null (error, ERR_FORMAT, "'%s' is not what its check sum says", name);
    if (!read_generation (data, length - CHECK_LENGTH, generation))
        return fail_null (error, ERR_FORMAT, "'%s': the second line must be 'generation: N'", name);
    return g_steal_pointer (&text);
}

static void
read_copy (int dirfd, Copy *copy)
{
    g_autoptr (GBytes) bytes = NULL;
    struct stat st;

    if (fstatat (dirfd, copy->path, &st, AT_SYMLINK_NOFOLLOW) < 0 &&
        (errno == ENOENT || errno == ENOTDIR))
        return;
    bytes = file_read_below (dirfd, copy->path, LIMIT_YAML_BYTES, &copy->error);
    if (bytes != NULL)
        copy->text = twice_open (bytes, copy->path, &copy->generation, &copy->error);
}

static void
read_pair (int dirfd, const char *path, Pair *pair)
{
    for (guint i = 0; i < COPIES; i++) {
        pair->copy[i].path = g_strconcat (path, suffixes[i], NULL);
        read_copy (dirfd, &pair->copy[i]);
    }
}

/* The first one where neither is good. */
static const Copy *
newest (const Pair *pair)
{
    const Copy *first = &pair->copy[0], *second = &pair->copy[1];

    return second->text != NULL && (first->text == NULL || second->generation > first->generation)
               ? second
               : first;
}

static gboolean
fail_bad (const Pair *pair, GError **error)
{
    const Copy *first = &pair->copy[0], *second = &pair->copy[1];
    const char *one = first->error != NULL ? first->error->message : "is not there";
    const char *two = second->error != NULL ? second->error->message : "is not there";

    return fail (error, ERR_NOT_READY, "neither of two copies can be read: %s: %s; %s: %s",
                 first->path, one, second->path, two);
}

/* A host that died between the two has an older copy, which is as it should be. */
static char *
judge_other (const Copy *used, const Copy *other)
{
    if (other->text != NULL)
        return NULL;
    return message_printf ("%s; '%s' is good and was used",
                           other->error != NULL ? other->error->message : "one copy is not there",
                           used->path);
}

gboolean
twice_read (int dirfd, const char *path, Twice *twice, GError **error)
{
    g_auto (Pair) pair = { 0 };
    const Copy *used, *other;

    *twice = (Twice){ 0 };
    read_pair (dirfd, path, &pair);
    used = newest (&pair);
    other = used == &pair.copy[0] ? &pair.copy[1] : &pair.copy[0];
    if (used->text == NULL)
        return (used->error == NULL && other->error == NULL) || fail_bad (&pair, error);
    if (other->text != NULL && used->generation == other->generation &&
        !g_bytes_equal (used->text, other->text))
        return fail (error, ERR_NOT_READY,
                     "'%s' and '%s' differ, but both are generation %" G_GUINT64_FORMAT, used->path,
                     other->path, used->generation);
    twice->text = g_bytes_ref (used->text);
    twice->generation = used->generation;
    twice->note = judge_other (used, other);
    return TRUE;
}

gboolean
twice_sweep (int dirfd, const char *name, GError **error)
{
    g_autofree char *prefix = g_strdup_printf (".%s.", name);
    g_autoptr (GPtrArray) names = file_list (dirfd, name, error);

    for (guint i = 0; names != NULL && i < names->len; i++) {
        const char *found = g_ptr_array_index (names, i);

        if (g_str_has_prefix (found, prefix) && g_str_has_suffix (found, ".tmp") &&
            unlinkat (dirfd, found, 0) < 0 && errno != ENOENT)
            return fail_errno (error, ERR_FAILED, errno, "cannot remove '%s'", found);
    }
    return names != NULL;
}

gboolean
twice_write (int dirfd, const char *name, GBytes *text, char **note, GError **error)
{
    g_auto (Pair) pair = { 0 };
    g_autoptr (GBytes) bytes = twice_seal (text);
    g_autoptr (GError) local = NULL;
    const Copy *last, *first;

    *note = NULL;
    if (!twice_sweep (dirfd, name, error))
        return FALSE;
    read_pair (dirfd, name, &pair);
    last = newest (&pair);
    first = last == &pair.copy[0] ? &pair.copy[1] : &pair.copy[0];
    if (!file_replace (dirfd, first->path, bytes, 0644, error))
        return FALSE;
    if (!file_replace (dirfd, last->path, bytes, 0644, &local))
        *note =
            message_printf ("'%s' is written, but not its copy: %s", first->path, local->message);
    return TRUE;
}
