/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "keys/verb-sign.h"

#include "bundle/bundle.h"
#include "bundle/compare-tree.h"
#include "keys/trust.h"
#include "manifest/error.h"
#include "manifest/file.h"
#include "manifest/limits.h"
#include "manifest/packing.h"
#include "manifest/statement.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

void
sign_texts_clear (SignTexts *texts)
{
    g_clear_pointer (&texts->statement, g_bytes_unref);
    g_clear_pointer (&texts->packing, g_bytes_unref);
}

static gboolean
begins_with (const char *head, const char *type_line)
{
    gsize expected = strlen (type_line);

    return strncmp (head, type_line, expected) == 0 && head[expected] == '\n';
}

/* The text where path is a statement file; NULL without an error where it may be a bundle, of one
 * file or of parts. A packing list or trust root signed by mistake would be a vote that nobody
 * meant to give. */
static GBytes *
read_statement (const char *path, GError **error)
{
    autofd int fd = -1;
    char head[64] = { 0 };

    if (!g_file_test (path, G_FILE_TEST_EXISTS))
        return NULL;
    fd = file_open_given (path, error);
    if (fd < 0)
        return NULL;
    if (TEMP_FAILURE_RETRY (pread (fd, head, sizeof head - 1, 0)) < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot read '%s'", path), NULL;
    if (begins_with (head, PACKING_TYPE_LINE))
        return fail_null (error, ERR_USAGE, "'%s' is a packing list; sign the bundle itself", path);
    if (begins_with (head, ROOT_TYPE_LINE))
        return fail_null (error, ERR_USAGE, "'%s' is a trust root, not a release", path);
    if (!begins_with (head, STATEMENT_TYPE_LINE))
        return NULL;
    return file_read_fd (fd, path, LIMIT_YAML_BYTES, error);
}

gboolean
sign_read_texts (const VerbOutput *output, const char *path, SignTexts *texts, GError **error)
{
    g_autoptr (Progress) progress = verb_progress_new (output);
    g_autoptr (GError) problem = NULL;
    g_autoptr (Bundle) bundle = NULL;

    texts->statement = read_statement (path, &problem);
    if (texts->statement != NULL)
        return TRUE;
    if (problem != NULL) {
        g_propagate_error (error, g_steal_pointer (&problem));
        return FALSE;
    }
    bundle = bundle_open (path, error);
    /* A vote stands for the content too: what was swapped since packing is not signed over. */
    if (bundle == NULL || !bundle_check_frames (bundle, g_get_num_processors (), progress, error))
        return FALSE;
    texts->statement = g_bytes_ref (bundle_statement_text (bundle));
    texts->packing = g_bytes_ref (bundle_packing_text (bundle));
    return TRUE;
}

gboolean
sign_print_subject (const VerbOutput *output, const SignTexts *texts, GError **error)
{
    g_autoptr (Statement) statement = statement_parse (texts->statement, error);
    Digest digest = digest_of_bytes (texts->statement);
    g_autofree char *shown = digest_to_text (&digest), *version = NULL;
    const Release *release;

    if (statement == NULL)
        return FALSE;
    release = statement->release;
    version = error_quote (release->version);
    verb_print (output,
                "To be signed:\n"
                "  product  %s, channel %s\n"
                "  version  %s, release number %" G_GUINT64_FORMAT "\n"
                "  carries  %u images, %" G_GUINT64_FORMAT " files\n"
                "  digest   %s\n",
                release->product, release->channel, version, release->release,
                statement->images->len, statement->tree_files, shown);
    return TRUE;
}

static gboolean
open_base (DiffSide *side, const char *base, GError **error)
{
    g_autoptr (GError) problem = NULL;
    g_autoptr (GBytes) text = read_statement (base, &problem);

    if (problem != NULL) {
        g_propagate_error (error, g_steal_pointer (&problem));
        return FALSE;
    }
    if (text != NULL)
        return compare_side_open_statement (side, base, text, error);
    if (!compare_side_open (side, base, error))
        return FALSE;
    if (side->have != NULL)
        return fail (error, ERR_USAGE,
                     "'%s' is a have file; --base takes a bundle, or a statement file", base);
    return TRUE;
}

/* What is shown is what is signed, also where somebody swaps the bundle meanwhile. */
static gboolean
open_new (DiffSide *side, const char *path, const SignTexts *texts, GError **error)
{
    if (texts->packing == NULL)
        return compare_side_open_statement (side, path, texts->statement, error);
    if (!compare_side_open (side, path, error))
        return FALSE;
    if (side->bundle == NULL ||
        !g_bytes_equal (bundle_statement_text (side->bundle), texts->statement) ||
        !g_bytes_equal (bundle_packing_text (side->bundle), texts->packing))
        return fail (error, ERR_FAILED, "'%s' has changed while it was read", path);
    return TRUE;
}

gboolean
sign_print_changes (const VerbOutput *output, const char *base, const char *path,
                    const SignTexts *texts, GError **error)
{
    g_autoptr (Progress) progress = verb_progress_new (output);
    g_auto (Diff) diff = { 0 };

    if (!open_base (&diff.sides[0], base, error) || !open_new (&diff.sides[1], path, texts, error))
        return fail_prefix (error, "--base");
    compare_releases (&diff);
    compare_images (&diff);
    if (diff.sides[0].bundle != NULL && diff.sides[1].bundle != NULL &&
        (!compare_packages (&diff, error) || !compare_trees (&diff, progress, error)))
        return FALSE;
    sign_print_diff (output, &diff);
    return TRUE;
}
