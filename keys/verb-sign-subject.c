/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "keys/verb-sign.h"

#include "bundle/bundle.h"
#include "keys/trust.h"
#include "manifest/error.h"
#include "manifest/file.h"
#include "manifest/limits.h"
#include "manifest/packing.h"
#include "manifest/statement.h"

#include <string.h>
#include <unistd.h>

void
sign_texts_clear (SignTexts *texts)
{
    g_clear_pointer (&texts->statement, g_bytes_unref);
    g_clear_pointer (&texts->packing, g_bytes_unref);
}

static gboolean
begins_with (const char *head, gsize length, const char *type_line)
{
    gsize expected = strlen (type_line);

    return length > expected && memcmp (head, type_line, expected) == 0 && head[expected] == '\n';
}

/* A packing list or trust root signed by mistake would be a vote that nobody meant to give. */
gboolean
sign_read_texts (const char *path, SignTexts *texts, GError **error)
{
    autofd int fd = file_open_given (path, error);
    g_autoptr (Bundle) bundle = NULL;
    char head[64];
    ssize_t length = fd >= 0 ? TEMP_FAILURE_RETRY (pread (fd, head, sizeof head, 0)) : -1;

    if (fd < 0)
        return FALSE;
    if (begins_with (head, (gsize)MAX (length, 0), STATEMENT_TYPE_LINE)) {
        texts->statement = file_read_fd (fd, path, LIMIT_YAML_BYTES, error);
        return texts->statement != NULL;
    }
    if (begins_with (head, (gsize)MAX (length, 0), PACKING_TYPE_LINE))
        return fail (error, ERR_USAGE, "'%s' is a packing list; sign the bundle itself", path);
    if (begins_with (head, (gsize)MAX (length, 0), ROOT_TYPE_LINE))
        return fail (error, ERR_USAGE, "'%s' is a trust root, not a release", path);
    bundle = bundle_open (path, error);
    /* A vote stands for the content too: what was swapped since packing is not signed over. */
    if (bundle == NULL || !bundle_check_frames (bundle, g_get_num_processors (), NULL, error))
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
