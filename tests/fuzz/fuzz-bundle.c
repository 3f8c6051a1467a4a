/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/format.h"
#include "bundle/frame.h"
#include "bundle/member.h"
#include "bundle/reader.h"
#include "bundle/rebuild.h"
#include "manifest/error.h"
#include "tests/fuzz/sections.h"

#include <string.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

/* The input is what lies in a bundle: sections "statement", "packing" and one for each tar member
 * under its name (executable tree files as "+tree/…"), and perhaps roots and votes. A bundle file
 * is made of them: frames of raw blocks, and a packing list whose regions and digests fit, so that
 * a changed member leads to its reader and not to the first length that does not fit. */
typedef struct {
    GByteArray *frames;
    GArray *index; /* Frame */
    PackingRegion regions[N_REGIONS];
} Made;

static Region
region_of (const char *name)
{
    static const char *const meta[] = { "images/", "packages/", "sbom/",        "provenance.json",
                                        "layers/", "bases",     "tree-left-out" };

    if (g_str_has_prefix (name, "tree/") || g_str_has_prefix (name, "+tree/"))
        return REGION_TREE;
    for (guint i = 0; i < G_N_ELEMENTS (meta); i++)
        if (g_str_has_prefix (name, meta[i]))
            return REGION_META;
    for (Region region = REGION_LITERALS; region < N_REGIONS; region++) {
        g_autofree char *prefix = g_strdup_printf ("content/%s.", packing_region_name (region));

        if (g_str_has_prefix (name, prefix))
            return region;
    }
    return N_REGIONS;
}

static void
append_member (GByteArray *to, const Section *section)
{
    static const guint8 zeros[TAR_BLOCK];
    gboolean executable = *section->name == '+';
    gsize size = g_bytes_get_size (section->bytes);
    g_autoptr (GBytes) header = member_header (section->name + executable, size, executable);

    g_byte_array_append (to, g_bytes_get_data (header, NULL), (guint)g_bytes_get_size (header));
    g_byte_array_append (to, g_bytes_get_data (section->bytes, NULL), (guint)size);
    g_byte_array_append (to, zeros, (guint)member_padding (size));
}

static void
add_frame (Made *made, Region region, const GByteArray *content)
{
    g_autoptr (GBytes) raw = frame_raw (content->data, content->len);
    Frame frame = { .offset = made->frames->len,
                    .compressed = g_bytes_get_size (raw),
                    .content = content->len,
                    .digest = digest_of_bytes (raw) };

    g_array_append_val (made->index, frame);
    g_byte_array_append (made->frames, g_bytes_get_data (raw, NULL), (guint)frame.compressed);
    made->regions[region].frames++;
}

/* Tree and meta are one frame each, a stream has a frame for each member. */
static void
add_region (Made *made, GPtrArray *sections, Region region)
{
    g_autoptr (GByteArray) content = g_byte_array_new ();

    for (guint i = 0; i < sections->len; i++) {
        const Section *section = sections->pdata[i];

        if (!g_utf8_validate (section->name, -1, NULL) || region_of (section->name) != region)
            continue;
        append_member (content, section);
        if (region <= REGION_META)
            continue;
        made->regions[region].bytes += g_bytes_get_size (section->bytes);
        add_frame (made, region, content);
        g_byte_array_set_size (content, 0);
    }
    if (content->len == 0)
        return;
    made->regions[region].bytes = content->len;
    add_frame (made, region, content);
}

/* A text that is no packing list stays what it is. */
static GBytes *
fit_packing (GBytes *text, GBytes *statement, GBytes *index, const Made *made)
{
    g_autoptr (Packing) packing = packing_parse (text, NULL);

    if (packing == NULL)
        return g_bytes_ref (text);
    memcpy (packing->regions, made->regions, sizeof made->regions);
    packing->statement = digest_of_bytes (statement);
    packing->index = digest_of_bytes (index);
    return packing_write (packing);
}

static void
append_bytes (GByteArray *to, GBytes *bytes)
{
    g_byte_array_append (to, g_bytes_get_data (bytes, NULL), (guint)g_bytes_get_size (bytes));
}

static void
add_votes (GPtrArray *votes, GPtrArray *sections, const char *name)
{
    g_autoptr (GPtrArray) found = sections_all (sections, name);

    for (guint i = 0; i < found->len; i++)
        g_ptr_array_add (votes, g_bytes_ref (found->pdata[i]));
}

static gboolean
write_bundle (GPtrArray *sections)
{
    GBytes *statement = sections_find (sections, "statement");
    GBytes *packing = sections_find (sections, "packing");
    g_autoptr (GByteArray) frames = g_byte_array_new ();
    g_autoptr (GArray) index = g_array_new (FALSE, FALSE, sizeof (Frame));
    g_autoptr (GBytes) texts = NULL, end = NULL;
    g_autoptr (Tail) tail = tail_new ();
    Made made = { .frames = frames, .index = index };

    if (statement == NULL || packing == NULL)
        return FALSE;
    for (Region region = 0; region < N_REGIONS; region++)
        add_region (&made, sections, region);
    tail->statement = g_bytes_ref (statement);
    tail->index = frame_index_write (index);
    tail->packing = fit_packing (packing, statement, tail->index, &made);
    g_ptr_array_unref (tail->chain);
    tail->chain = sections_chain (sections, "root", "vote-root");
    add_votes (tail->statement_votes, sections, "vote-statement");
    add_votes (tail->packing_votes, sections, "vote-packing");
    texts = tail_texts_frame (tail->statement, tail->packing);
    append_bytes (frames, texts);
    tail->offset = frames->len;
    end = tail_write (tail);
    append_bytes (frames, end);
    scratch_write ("bundle", frames->data, frames->len);
    return TRUE;
}

/* Against a root of the input's own: "trust", voted on by each "vote-root". */
static void
open_verified (GPtrArray *sections, const char *path)
{
    g_autoptr (GPtrArray) chain = sections_chain (sections, "trust", "vote-root");
    g_autoptr (TrustRoot) trust = chain->len > 0 ? trust_prove (chain, NULL) : NULL;
    g_autoptr (VoteReport) report = vote_report_new ();
    g_autoptr (VerifiedBundle) verified = NULL;
    g_autoptr (GPtrArray) carried = NULL;

    if (trust == NULL)
        return;
    carried = bundle_read_chain (path, NULL);
    g_assert_nonnull (carried);
    verified = bundle_open_verified (path, trust, report, NULL);
    if (verified != NULL)
        g_assert_cmpuint (trust_number (verified_bundle_root (verified)), >=, trust_number (trust));
}

/* A base file is the section "base" where it is as long, else zeros; one that is named so is not
 * there. In the base tree files are three bytes long, and some are otherwise. */
static gboolean
read_base (gpointer data, const BaseFile *file, guint64 at, guint8 *bytes, gsize length,
           GError **error)
{
    GBytes *base = data;

    g_assert_true (at <= file->length && length <= file->length - at);
    if (strstr (file->path, "missing") != NULL)
        return fail (error, ERR_BASE_MISSING, "it is not there");
    if (base != NULL && g_bytes_get_size (base) == file->length)
        memcpy (bytes, (const guint8 *)g_bytes_get_data (base, NULL) + at, length);
    else
        memset (bytes, 0, length);
    return TRUE;
}

typedef struct {
    guint left;
} TreeFiles;

static gboolean
begin_tree (gpointer data, GError **error)
{
    return TRUE;
}

static gboolean
find_file (gpointer data, const char *path, gboolean *executable, guint64 *size, GError **error)
{
    if (strstr (path, "missing") != NULL)
        return fail (error, ERR_BASE_MISSING, "it is not there");
    *executable = strchr (path, 'x') != NULL;
    *size = strchr (path, 'L') != NULL ? 4 : 3;
    ((TreeFiles *)data)->left = 3;
    return TRUE;
}

static gssize
read_file (gpointer data, guint8 *bytes, gsize length, GError **error)
{
    TreeFiles *files = data;
    gsize n = MIN (length, files->left);

    memset (bytes, 0, n);
    files->left -= (guint)n;
    return (gssize)n;
}

static gboolean
count_bytes (const guint8 *bytes, gsize length, gpointer data, GError **error)
{
    *(guint64 *)data += length;
    return TRUE;
}

/* Every second layer only, as on a host that has the others. */
static void
rebuild_some (Bundle *bundle)
{
    g_autoptr (GPtrArray) carried = bundle_carried_layers (bundle);
    g_autoptr (GArray) wanted = g_array_new (FALSE, FALSE, sizeof (Digest));
    g_autoptr (Rebuild) rebuild = NULL;
    RebuildCost cost;

    for (guint i = 1; i < carried->len; i += 2)
        g_array_append_val (wanted, ((StatementLayer *)carried->pdata[i])->diffid);
    rebuild = rebuild_new (bundle, wanted, scratch_folder (), NULL);
    if (rebuild == NULL)
        return;
    rebuild_cost (rebuild, &cost);
    for (guint i = 1; i < carried->len; i += 2) {
        const StatementLayer *layer = carried->pdata[i];
        guint64 bytes = 0;

        if (!rebuild_layer (rebuild, &layer->diffid, count_bytes, &bytes, NULL))
            return;
        g_assert_cmpuint (bytes, ==, layer->bytes);
    }
    (void)!rebuild_check_complete (rebuild, NULL);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
    g_autoptr (GPtrArray) sections = sections_split (data, size);
    TreeFiles files = { 0 };
    const BaseReader bases = { read_base, sections_find (sections, "base") };
    const TreeBase tree = { begin_tree, find_file, read_file, &files };
    g_autofree char *path = NULL;
    g_autoptr (Bundle) bundle = NULL;
    g_autoptr (GError) error = NULL;

    if (!write_bundle (sections))
        return 0;
    path = scratch_path ("bundle");
    open_verified (sections, path);
    bundle = bundle_open (path, &error);
    g_assert_true ((bundle == NULL) == (error != NULL));
    if (bundle == NULL)
        return 0;
    bundle_use_bases (bundle, sections_find (sections, "no-base") != NULL ? NULL : &bases);
    bundle_use_tree (bundle, &tree);
    g_assert_true (bundle_check_deep (bundle, scratch_folder (), NULL, &error) == (error == NULL));
    rebuild_some (bundle);
    return 0;
}
