/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/format.h"
#include "bundle/pack-private.h"
#include "bundle/reader.h"
#include "bundle/tail.h"
#include "keys/signature.h"
#include "keys/trust.h"
#include "manifest/error.h"

#include <zstd.h>

/* The signed end lies in one part, with room for votes that are added later: signing rewrites it in
 * place. */
#define VOTES_ROOM (16 * 1024)

static gboolean
sign_texts (const Packer *packer, Tail *tail, GError **error)
{
    g_autofree char *comment = tail_statement_comment (tail->statement, error);
    g_autofree char *packing = NULL;

    if (comment == NULL)
        return FALSE;
    packing = tail_packing_comment (tail->statement, tail->packing, error);
    if (packing == NULL)
        return FALSE;
    for (guint i = 0; packer->options->keys != NULL && i < packer->options->keys->len; i++) {
        GBytes *vote =
            sign_bytes (packer->options->keys->pdata[i], tail->statement, comment, error);

        if (vote == NULL)
            return FALSE;
        g_ptr_array_add (tail->statement_votes, vote);
        vote = sign_bytes (packer->options->keys->pdata[i], tail->packing, packing, error);
        if (vote == NULL)
            return FALSE;
        g_ptr_array_add (tail->packing_votes, vote);
    }
    return TRUE;
}

/* Votes on roots may come from stock minisign, with comments of their own. */
static gboolean
add_chain (const GPtrArray *chain, Tail *tail, GError **error)
{
    for (guint i = 0; i < chain->len; i++) {
        const SignedRoot *root = chain->pdata[i];
        SignedRoot *copy = signed_root_new (root->text);

        g_ptr_array_add (tail->chain, copy);
        for (guint v = 0; v < root->votes->len; v++) {
            GBytes *vote = signature_rewrite (root->votes->pdata[v], "vote on a root", error);

            if (vote == NULL)
                return FALSE;
            g_ptr_array_add (copy->votes, vote);
        }
    }
    return TRUE;
}

gboolean
pack_write_end (Packer *packer, Output *output, PackResult *result, GError **error)
{
    g_autoptr (Tail) tail = tail_new ();
    g_autoptr (GBytes) texts = NULL;
    g_autoptr (GBytes) end = NULL;

    tail->statement = statement_write (&packer->statement);
    tail->index = frame_index_write (packer->frames);
    if (g_bytes_get_size (tail->statement) > LIMIT_YAML_BYTES)
        return fail (error, ERR_FORMAT,
                     "the statement would have %" G_GSIZE_FORMAT " bytes, at most %d can be read: "
                     "name fewer images or files in one release",
                     g_bytes_get_size (tail->statement), LIMIT_YAML_BYTES);
    packer->packing.statement = digest_of_bytes (tail->statement);
    packer->packing.index = digest_of_bytes (tail->index);
    packer->packing.tool = g_strdup ("handcarry " HANDCARRY_VERSION);
    packer->packing.zstd = g_strdup (ZSTD_versionString ());
    packer->packing.level = (guint64)packer->options->level;
    tail->packing = packing_write (&packer->packing);
    if (packer->options->chain != NULL && !add_chain (packer->options->chain, tail, error))
        return FALSE;
    if (!sign_texts (packer, tail, error))
        return FALSE;
    texts = tail_texts_frame (tail->statement, tail->packing);
    tail->offset = output_bytes (output) + g_bytes_get_size (texts);
    end = tail_write (tail);
    if (!output_keep_together (
            output, g_bytes_get_size (texts) + g_bytes_get_size (end) + VOTES_ROOM, error) ||
        !output_write (output, texts, error))
        return FALSE;
    result->release_digest = digest_to_text (&packer->packing.statement);
    return output_write (output, end, error);
}
