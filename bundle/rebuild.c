/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/form.h"
#include "bundle/format.h"
#include "bundle/rebuild-state.h"
#include "bundle/sparse.h"
#include "manifest/error.h"
#include "manifest/fuzzing.h"

#include <string.h>

static const RecipeFile *
file_at (const Rebuild *rebuild, guint64 number)
{
    return &g_array_index (rebuild->table->files, RecipeFile, number);
}

/* Where the bytes of a file go: to the layer, to the spool, or both. */
typedef struct {
    Rebuild *rebuild;
    gboolean to_layer;
    guint64 spool_at; /* next byte; NOT_SPOOLED for no spool */
    const RecipeFile *file;
    guint64 values_at, extra_at;
    SparseReader difference;
    GByteArray *inner; /* collects what is packed afterwards; else NULL */
} Target;

static gboolean
give (Target *target, const guint8 *bytes, gsize length, GError **error)
{
    Rebuild *rebuild = target->rebuild;

    if (target->inner != NULL) {
        g_byte_array_append (target->inner, bytes, (guint)length);
        return TRUE;
    }
    if (target->to_layer) {
        if (rebuild->digest != NULL)
            digest_stream_add (rebuild->digest, bytes, length);
        if (!rebuild->sink (bytes, length, rebuild->sink_data, error))
            return FALSE;
    }
    if (target->spool_at == NOT_SPOOLED)
        return TRUE;
    if (!spool_write (rebuild->spool, target->spool_at, bytes, length, error))
        return FALSE;
    target->spool_at += length;
    return TRUE;
}

static gboolean
give_stream (Target *target, Region region, guint64 offset, guint64 length, GError **error)
{
    while (length > 0) {
        gsize n;
        const guint8 *bytes =
            stream_peek (target->rebuild->streams[region], offset, length, &n, error);

        if (bytes == NULL || !give (target, bytes, n, error))
            return FALSE;
        offset += n;
        length -= n;
    }
    return TRUE;
}

static gboolean
copy_stream (Rebuild *rebuild, Region region, guint64 *offset, guint8 *to, gsize length,
             GError **error)
{
    while (length > 0) {
        gsize n;
        const guint8 *bytes = stream_peek (rebuild->streams[region], *offset, length, &n, error);

        if (bytes == NULL)
            return FALSE;
        memcpy (to, bytes, n);
        *offset += n;
        to += n;
        length -= n;
    }
    return TRUE;
}

static gboolean
port_difference (gpointer data, guint8 *bytes, gsize length, GError **error)
{
    Target *target = data;

    while (length > 0) {
        gsize zeros, values;

        if (!sparse_read (&target->difference, length, &zeros, &values, error))
            return FALSE;
        memset (bytes, 0, zeros);
        if (!copy_stream (target->rebuild, REGION_DIFFERENCE, &target->values_at, bytes + zeros,
                          values, error))
            return FALSE;
        bytes += zeros + values;
        length -= zeros + values;
    }
    return TRUE;
}

static gboolean
port_extra (gpointer data, guint8 *bytes, gsize length, GError **error)
{
    Target *target = data;

    return copy_stream (target->rebuild, REGION_EXTRA, &target->extra_at, bytes, length, error);
}

static gboolean
port_source (gpointer data, guint64 at, guint8 *bytes, gsize length, GError **error)
{
    Target *target = data;

    return rebuild_read_source (target->rebuild, target->file, at, bytes, length, error);
}

static gboolean
port_result (gpointer data, const guint8 *bytes, gsize length, GError **error)
{
    return give (data, bytes, length, error);
}

static gboolean
port_base (const guint8 *bytes, gsize length, gpointer data, GError **error)
{
    return give (data, bytes, length, error);
}

static void
release_use (Rebuild *rebuild, guint64 number)
{
    FileState *state = &rebuild->files[number];

    if (--state->uses > 0 || state->spool_at == NOT_SPOOLED)
        return;
    spool_release (rebuild->spool, state->spool_at,
                   g_array_index (rebuild->table->files, RecipeFile, number).length);
    state->spool_at = NOT_SPOOLED;
}

/* Puts the source of a patch in its place. */
static gboolean
open_source (Target *target, guint64 *length, GError **error)
{
    Rebuild *rebuild = target->rebuild;
    const RecipeFile *file = target->file, *source = file_at (rebuild, file->source);

    *length = source->length;
    if (source->kind == RECIPE_BASE) {
        if (!rebuild_base_open (rebuild, &source->base, error))
            return FALSE;
    } else if (rebuild->files[file->source].spool_at == NOT_SPOOLED) {
        return fail (error, ERR_FORMAT, "recipe has a patch before the file it is on");
    }
    return file->form == FORM_PLAIN || rebuild_form_source (rebuild, file, length, error);
}

static gboolean
apply_patch (Target *target, guint64 source_length, GError **error)
{
    const RecipeFile *file = target->file;
    PatchPorts ports = { port_difference, port_extra, port_source, port_result, target };
    guint64 at = file->control_at, length = file->control + file->gaps + file->runs;
    g_autofree guint8 *control = NULL;

    if (length > PATCH_CONTROL_MAX)
        return fail (error, ERR_FORMAT, "recipe has a patch with a control of more than %d bytes",
                     PATCH_CONTROL_MAX);
    control = g_malloc (length);
    if (!copy_stream (target->rebuild, REGION_CONTROL, &at, control, length, error))
        return FALSE;
    sparse_reader_init (&target->difference, control + file->control, file->gaps,
                        control + file->control + file->gaps, file->runs);
    target->values_at = file->values_at;
    target->extra_at = file->extra_at;
    if (!patch_apply (control, file->control, source_length, file->inner, &ports, error))
        return FALSE;
    if (target->values_at != file->values_at + file->values ||
        target->extra_at != file->extra_at + file->extra ||
        !sparse_reader_is_done (&target->difference))
        return fail (error, ERR_FORMAT, "patch does not use all of its parts");
    return TRUE;
}

static gboolean
give_patch (Target *target, GError **error)
{
    Rebuild *rebuild = target->rebuild;
    guint64 length;

    if (!open_source (target, &length, error) || !apply_patch (target, length, error))
        return FALSE;
    rebuild_form_close (rebuild);
    rebuild_base_close (rebuild);
    release_use (rebuild, target->file->source);
    return TRUE;
}

/* Base files are read where they lie, each time they are used: nothing of them is spooled. */
static gboolean
give_base (Rebuild *rebuild, const RecipeFile *file, GError **error)
{
    Target target = { .rebuild = rebuild, .to_layer = TRUE, .spool_at = NOT_SPOOLED };

    return rebuild_base_walk (rebuild, &file->base, port_base, &target, error);
}

/* What the streams hold of a file. */
static gboolean
give_new (Target *target, GError **error)
{
    const RecipeFile *file = target->file;

    if (file->kind == RECIPE_CONTENT)
        return give_stream (target, REGION_DATA, file->data_at, file->inner, error);
    return give_patch (target, error);
}

static gboolean
give_packed (Target *target, GError **error)
{
    g_autoptr (GByteArray) inner = g_byte_array_new ();
    g_autoptr (GByteArray) packed = NULL;

    target->inner = inner;
    if (!give_new (target, error))
        return FALSE;
    target->inner = NULL;
    packed = rebuild_form_pack (target->file, inner, error);
    return packed != NULL && give (target, packed->data, packed->len, error);
}

/* Makes a file for the first time. It also goes to the spool when it is wanted again after this. */
static gboolean
make_file (Rebuild *rebuild, guint64 number, gboolean to_layer, GError **error)
{
    FileState *state = &rebuild->files[number];
    const RecipeFile *file = file_at (rebuild, number);
    Target target = {
        .rebuild = rebuild, .to_layer = to_layer, .spool_at = NOT_SPOOLED, .file = file
    };
    guint64 spool_at = NOT_SPOOLED;
    gboolean ok = FALSE;

    if (!to_layer || state->uses > 1)
        target.spool_at = spool_at = spool_reserve (rebuild->spool, file->length);
    /* The number is signed, and plan reckons with it. */
    if (spool_used (rebuild->spool) > rebuild->bundle->packing->spool)
        return fail (error, ERR_FORMAT,
                     "recipes keep more than the %" G_GUINT64_FORMAT
                     " bytes waiting that the packing list says",
                     rebuild->bundle->packing->spool);
    ok = (file->form & FORM_PACKED) != 0 ? give_packed (&target, error) : give_new (&target, error);
    state->spool_at = spool_at;
    return ok;
}

static gboolean
give_spooled (Rebuild *rebuild, guint64 number, GError **error)
{
    Target target = { .rebuild = rebuild, .to_layer = TRUE, .spool_at = NOT_SPOOLED };
    guint64 at = rebuild->files[number].spool_at;
    guint64 left = g_array_index (rebuild->table->files, RecipeFile, number).length;

    while (left > 0) {
        gsize n = (gsize)MIN (left, sizeof rebuild->chunk);

        if (!spool_read (rebuild->spool, at, rebuild->chunk, n, error) ||
            !give (&target, rebuild->chunk, n, error))
            return FALSE;
        at += n;
        left -= n;
    }
    return TRUE;
}

/* Files that skipped layers introduce and chosen ones need. */
static gboolean
catch_up (Rebuild *rebuild, guint64 to, GError **error)
{
    for (; rebuild->next_file < to; rebuild->next_file++)
        if (rebuild->files[rebuild->next_file].uses > 0 &&
            file_at (rebuild, rebuild->next_file)->kind != RECIPE_BASE &&
            !make_file (rebuild, rebuild->next_file, FALSE, error))
            return FALSE;
    return TRUE;
}

static gboolean
give_file (Rebuild *rebuild, guint64 number, GError **error)
{
    const RecipeFile *file = file_at (rebuild, number);

    if (!catch_up (rebuild, number, error))
        return FALSE;
    if (file->kind == RECIPE_BASE) {
        if (!give_base (rebuild, file, error))
            return FALSE;
        rebuild->next_file = MAX (rebuild->next_file, number + 1);
    } else if (number == rebuild->next_file) {
        if (!make_file (rebuild, number, TRUE, error))
            return FALSE;
        rebuild->next_file++;
    } else if (!give_spooled (rebuild, number, error)) {
        return FALSE;
    }
    release_use (rebuild, number);
    return TRUE;
}

/* The path of the base file that it is or is patched on; else NULL. */
static const char *
base_path (const Rebuild *rebuild, const RecipeFile *file)
{
    if (file->kind == RECIPE_PATCH)
        file = file_at (rebuild, file->source);
    return file->kind == RECIPE_BASE ? file->base.path : NULL;
}

/* What comes before a file; the last block of it hides what is known of the file's header. */
static gboolean
give_literal (Target *target, guint64 at, const RecipeOp *op, GError **error)
{
    Rebuild *rebuild = target->rebuild;
    const RecipeFile *file = file_at (rebuild, op->file);
    guint8 block[TAR_BLOCK];
    guint64 before = op->literal;

    if (before < TAR_BLOCK)
        return give_stream (target, REGION_LITERALS, at, before, error);
    before -= TAR_BLOCK;
    if (!give_stream (target, REGION_LITERALS, at, before, error))
        return FALSE;
    at += before;
    if (!copy_stream (rebuild, REGION_LITERALS, &at, block, sizeof block, error))
        return FALSE;
    form_header_show (block, file->length, base_path (rebuild, file));
    return give (target, block, sizeof block, error);
}

static gboolean
run_recipe (Rebuild *rebuild, const Recipe *recipe, GError **error)
{
    Target target = { .rebuild = rebuild, .to_layer = TRUE, .spool_at = NOT_SPOOLED };
    guint64 literals = recipe->literals_at;

    if (!catch_up (rebuild, recipe->first_file, error))
        return FALSE;
    for (guint i = 0; i < recipe->ops->len; i++) {
        const RecipeOp *op = &g_array_index (recipe->ops, RecipeOp, i);

        if (!give_literal (&target, literals, op, error))
            return FALSE;
        literals += op->literal;
        if (!give_file (rebuild, op->file, error))
            return FALSE;
    }
    return give_stream (&target, REGION_LITERALS, literals, recipe->rest, error);
}

gboolean
rebuild_prove (Rebuild *rebuild, const Digest *diffid, GError **error)
{
    g_autofree char *text = NULL, *other = NULL;
    Digest found;

    digest_stream_finish (rebuild->digest, &found);
    if (check_holds (digest_equal (&found, diffid)))
        return TRUE;
    text = digest_to_text (diffid);
    other = digest_to_text (&found);
    return fail (error, ERR_FORMAT, "layer %s: its recipe makes %s instead", text, other);
}

gboolean
rebuild_layer (Rebuild *rebuild, const Digest *diffid, RebuildSink sink, gpointer data,
               GError **error)
{
    g_autofree char *text = digest_to_text (diffid);
    guint k;

    if (rebuild->next == rebuild->chosen->len)
        return fail (error, ERR_FAILED, "layer %s: all layers are rebuilt", text);
    k = g_array_index (rebuild->chosen, guint, rebuild->next++);
    if (!digest_equal (&((StatementLayer *)rebuild->layers->pdata[k])->diffid, diffid))
        return fail (error, ERR_FAILED, "layer %s is asked for out of order", text);
    if (rebuild->number != 0)
        return rebuild_apart_layer (rebuild, rebuild->layers->pdata[k], sink, data, error);
    rebuild->sink = sink;
    rebuild->sink_data = data;
    if (!run_recipe (rebuild, rebuild->recipes->pdata[k], error))
        return fail_prefix (error, "layer %s", text);
    return rebuild->digest == NULL || rebuild_prove (rebuild, diffid, error);
}

gboolean
rebuild_check_complete (const Rebuild *rebuild, GError **error)
{
    const PackingRegion *regions = rebuild->bundle->packing->regions;
    const RecipeTable *table = rebuild->table;

    if (rebuild->number != 0)
        return rebuild_apart_complete (rebuild, error);
    if (rebuild->unused > 0)
        return fail (error, ERR_FORMAT,
                     "recipes introduce %" G_GUINT64_FORMAT " files that no layer uses",
                     rebuild->unused);
    if (table->next_base != table->bases->len)
        return fail (error, ERR_FORMAT, "the list of base files has %u that no recipe draws on",
                     table->bases->len - table->next_base);
    if (table->literals != regions[REGION_LITERALS].bytes ||
        table->control != regions[REGION_CONTROL].bytes ||
        table->difference != regions[REGION_DIFFERENCE].bytes ||
        table->extra != regions[REGION_EXTRA].bytes || table->data != regions[REGION_DATA].bytes)
        return fail (error, ERR_FORMAT, "streams hold bytes that no recipe uses");
    return TRUE;
}
