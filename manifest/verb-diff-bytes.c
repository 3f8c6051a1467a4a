/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "manifest/verb-diff-bytes.h"

#include "manifest/error.h"
#include "manifest/line-diff.h"
#include "manifest/message.h"

#include <string.h>

static void
key_free (gpointer data)
{
    BytesKey *key = data;

    g_free (key->value[0]);
    g_free (key->value[1]);
    g_free (key);
}

static void
bytes_diff_clear (BytesDiff *diff)
{
    bundle_free (diff->bundle[0]);
    bundle_free (diff->bundle[1]);
    cmp_clear (&diff->found);
    g_free (diff->statement);
    g_clear_pointer (&diff->packing, g_ptr_array_unref);
    g_clear_pointer (&diff->provenance, g_ptr_array_unref);
    g_free (diff->verdict);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (BytesDiff, bytes_diff_clear)

void
bytes_add_key (GPtrArray *keys, const char *key, char *a, char *b)
{
    BytesKey *differs;

    if (strcmp (a, b) == 0) {
        g_free (a);
        g_free (b);
        return;
    }
    differs = g_new0 (BytesKey, 1);
    differs->key = key;
    differs->value[0] = a;
    differs->value[1] = b;
    g_ptr_array_add (keys, differs);
}

/* "3 layers (sha256 of the list 0123…)": lists of the same length may differ. */
static char *
describe_digests (const GArray *digests)
{
    Digest all = digest_of (digests->data, digests->len * sizeof (Digest));
    g_autofree char *hex = digest_to_hex (&all);

    if (digests->len == 0)
        return message_printf ("none");
    return message_printf ("%u %s (%.12s)", digests->len, digests->len == 1 ? "layer" : "layers",
                           hex);
}

static char *
describe_bases (const GPtrArray *bases)
{
    g_autoptr (GString) text = g_string_new (bases->len == 0 ? N_ ("none") : NULL);

    for (guint i = 0; i < bases->len; i++) {
        const PackingBase *base = bases->pdata[i];
        g_autofree char *layers = describe_digests (base->layers);

        message_append (text, "%s%s: %s", i > 0 ? ", " : "", base->name, layers);
    }
    return g_string_free (g_steal_pointer (&text), FALSE);
}

static char *
describe_from (const Packing *packing)
{
    g_autofree char *made_from = packing_made_from (packing);
    g_autoptr (GString) text = g_string_new (*made_from != '\0' ? made_from : "nothing");

    for (guint i = 0; i < packing->from->len; i++) {
        g_autofree char *hex = digest_to_hex (&((PackingFrom *)packing->from->pdata[i])->digest);

        message_append (text, "%s%.12s", i > 0 ? ", " : "; ", hex);
    }
    return g_string_free (g_steal_pointer (&text), FALSE);
}

char *
bytes_describe_number (guint64 number)
{
    return g_strdup_printf ("%" G_GUINT64_FORMAT, number);
}

static char *
describe_tree_left_out (const Packing *packing)
{
    return message_printf ("%" G_GUINT64_FORMAT " files, %" G_GUINT64_FORMAT " bytes",
                           packing->tree_left_out.files, packing->tree_left_out.bytes);
}

static void
compare_packing (BytesDiff *diff)
{
    const Packing *a = bundle_packing (diff->bundle[0]), *b = bundle_packing (diff->bundle[1]);

    GPtrArray *keys = diff->packing;

    bytes_add_key (keys, "tool", g_strdup (a->tool), g_strdup (b->tool));
    bytes_add_key (keys, "zstd", g_strdup (a->zstd), g_strdup (b->zstd));
    bytes_add_key (keys, "level", bytes_describe_number (a->level),
                   bytes_describe_number (b->level));
    bytes_add_key (keys, "spool", bytes_describe_number (a->spool),
                   bytes_describe_number (b->spool));
    bytes_add_key (keys, "from", describe_from (a), describe_from (b));
    bytes_add_key (keys, "bases", describe_bases (a->bases), describe_bases (b->bases));
    bytes_add_key (keys, "left-out", describe_digests (a->left_out),
                   describe_digests (b->left_out));
    bytes_add_key (keys, "tree-left-out", describe_tree_left_out (a), describe_tree_left_out (b));
}

static char *
show_line (const char *line, gsize length, gpointer data)
{
    g_autofree char *text = g_strndup (line, length);

    return error_clean (text);
}

static void
compare_statements (BytesDiff *diff)
{
    GBytes *a = bundle_statement_text (diff->bundle[0]),
           *b = bundle_statement_text (diff->bundle[1]);

    diff->same_statement = g_bytes_equal (a, b);
    if (!diff->same_statement)
        diff->statement = line_diff (a, b, show_line, NULL, &diff->why);
}

static gboolean
has_key (const BytesDiff *diff, const char *key)
{
    for (guint i = 0; i < diff->packing->len; i++)
        if (strcmp (((BytesKey *)diff->packing->pdata[i])->key, key) == 0)
            return TRUE;
    return FALSE;
}

static gboolean
same_content (const BytesDiff *diff)
{
    for (Region region = 0; region < N_REGIONS; region++)
        if (!diff->found.regions[region].same_content &&
            !diff->found.regions[region].only_provenance)
            return FALSE;
    return TRUE;
}

/* Of bundles of one release: what the packers did otherwise. */
static char *
judge_packing (const BytesDiff *diff)
{
    const char *cause = has_key (diff, "zstd")    ? "another zstd"
                        : has_key (diff, "level") ? "another level"
                                                  : NULL;

    if (!same_content (diff))
        return message_printf ("the same release, carried in other content");
    if (cause == NULL && diff->packing->len == 0 &&
        diff->found.regions[REGION_META].only_provenance)
        return message_printf ("the same but for the provenance");
    if (!diff->same_frames && cause != NULL)
        return message_printf ("the same release and content, compressed by %s", cause);
    if (!diff->same_frames)
        return message_printf ("the same release and content, compressed otherwise");
    return message_printf ("the same but for the packing list");
}

static char *
judge_release (const BytesDiff *diff)
{
    const Release *a = bundle_statement (diff->bundle[0])->release;
    const Release *b = bundle_statement (diff->bundle[1])->release;

    if (strcmp (a->product, b->product) != 0 || strcmp (a->channel, b->channel) != 0 ||
        a->release != b->release)
        return message_printf ("not the same release");
    return message_printf ("another release under the same number %" G_GUINT64_FORMAT, a->release);
}

static char *
judge (const BytesDiff *diff)
{
    const Cmp *found = &diff->found;

    if (found->bytes.same)
        return message_printf ("the same file");
    if (found->bytes.damaged[0] && found->bytes.damaged[1])
        return message_printf ("both are damaged");
    if (found->bytes.damaged[0] || found->bytes.damaged[1])
        return message_printf ("%s is damaged", found->bytes.damaged[0] ? "A" : "B");
    if (!diff->same_statement)
        return judge_release (diff);
    if (diff->packing->len > 0 || !diff->same_frames)
        return judge_packing (diff);
    if (!found->same_votes && !found->same_roots)
        return message_printf ("the same but for the votes and the trust roots");
    return message_printf ("the same but for the %s", found->same_votes ? "trust roots" : "votes");
}

gboolean
diff_bytes (char **paths, const VerbOutput *output, gboolean *same, GError **error)
{
    g_autoptr (Progress) progress = verb_progress_new (output);
    g_auto (BytesDiff) diff = { 0 };

    for (guint side = 0; side < 2; side++) {
        diff.path[side] = paths[side];
        diff.bundle[side] = bundle_open (paths[side], error);
        if (diff.bundle[side] == NULL)
            return FALSE;
        bundle_read_apart (diff.bundle[side]);
    }
    diff.packing = g_ptr_array_new_with_free_func (key_free);
    diff.provenance = g_ptr_array_new_with_free_func (key_free);
    compare_statements (&diff);
    compare_packing (&diff);
    if (!cmp_bundles (diff.bundle[0], diff.bundle[1], progress, &diff.found, error) ||
        !bytes_compare_provenance (&diff, error))
        return FALSE;
    diff.same_frames = TRUE;
    for (Region region = 0; region < N_REGIONS; region++)
        diff.same_frames = diff.same_frames && diff.found.regions[region].differ == 0;
    diff.verdict = judge (&diff);
    *same = diff.found.bytes.same;
    if (output->json)
        bytes_print_json (&diff);
    else if (!output->quiet)
        bytes_print_text (&diff);
    return TRUE;
}
