/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "keys/verb-sign.h"

#include "manifest/error.h"
#include "manifest/statement.h"
#include "bundle/compare.h"
#include "manifest/message.h"

#include <string.h>

#define NAMES_SHOWN 8

/* What became of things of one kind, and the names of those that are not as they were. */
typedef struct {
    guint changed, fresh, gone, same;
    GPtrArray *names; /* char * */
} Changes;

static void
changes_clear (Changes *changes)
{
    g_clear_pointer (&changes->names, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Changes, changes_clear)

static Changes
changes_new (void)
{
    return (Changes){ .names = g_ptr_array_new_with_free_func (g_free) };
}

static void
note (Changes *changes, guint *count, const char *name)
{
    (*count)++;
    g_ptr_array_add (changes->names, error_quote (name));
}

static void
append_count (GString *text, guint n, const char *what)
{
    if (n > 0)
        message_append (text, "%s%u %s", text->len > 0 ? ", " : "", n, what);
}

static void
print_changes (const VerbOutput *output, const char *label, const Changes *changes)
{
    g_autoptr (GString) text = g_string_new (NULL);

    append_count (text, changes->changed, "changed");
    append_count (text, changes->fresh, "new");
    append_count (text, changes->gone, "gone");
    append_count (text, changes->same, "as before");
    verb_print (output, "  %-8s %s\n", label, text->len > 0 ? text->str : "none changed");
    for (guint i = 0; i < MIN (changes->names->len, NAMES_SHOWN); i++)
        verb_print (output, "           %s\n", (const char *)changes->names->pdata[i]);
    if (changes->names->len > NAMES_SHOWN)
        verb_print (output, "           and %u more ('handcarry diff --files' lists all)\n",
                    changes->names->len - NAMES_SHOWN);
}

static void
print_images (const VerbOutput *output, const Diff *diff)
{
    g_auto (Changes) images = changes_new ();

    for (guint i = 0; i < diff->images->len; i++) {
        const DiffPair *pair = diff->images->pdata[i];

        if (pair->state == DIFF_SAME || pair->state == DIFF_SAME_LAYERS)
            images.same++;
        else if (pair->state == DIFF_CHANGED)
            note (&images, &images.changed, pair->b->name);
        else if (pair->state == DIFF_ADDED)
            note (&images, &images.fresh, pair->b->name);
        else
            note (&images, &images.gone, pair->a->name);
    }
    print_changes (output, "images", &images);
}

static void
print_layers (const VerbOutput *output, const DiffLayers *layers)
{
    g_auto (Changes) changes = changes_new ();

    changes.fresh = layers->fresh.n + layers->moved.n;
    changes.gone = layers->gone.n;
    changes.same = layers->same.n;
    print_changes (output, "layers", &changes);
}

static void
print_packages (const VerbOutput *output, const Diff *diff)
{
    g_auto (Changes) packages = changes_new ();

    for (guint i = 0; i < diff->images->len; i++) {
        const DiffPair *pair = diff->images->pdata[i];

        /* The packages of an image that is new or gone are so too. */
        for (guint k = 0; pair->state == DIFF_CHANGED && k < pair->packages->len; k++) {
            const DiffPackage *package = pair->packages->pdata[k];
            g_autofree char *shown = g_strdup_printf (
                "%s %s -> %s", package->name, package->from != NULL ? package->from : "none",
                package->to != NULL ? package->to : "none");

            note (&packages,
                  package->from == NULL ? &packages.fresh
                  : package->to == NULL ? &packages.gone
                                        : &packages.changed,
                  shown);
        }
    }
    print_changes (output, "packages", &packages);
}

static void
print_files (const VerbOutput *output, const Diff *diff)
{
    g_auto (Changes) files = changes_new ();

    if (diff->tree == NULL) {
        verb_print (output, "  %-8s not known: %s\n", "files", diff->no_tree);
        return;
    }
    for (guint i = 0; i < diff->tree->len; i++) {
        const DiffFile *file = diff->tree->pdata[i];

        note (&files,
              file->a == NULL   ? &files.fresh
              : file->b == NULL ? &files.gone
                                : &files.changed,
              file->path);
    }
    print_changes (output, "files", &files);
}

static const ReleaseConfig *
find_config (const Release *release, const char *to)
{
    for (guint i = 0; i < release->configs->len; i++) {
        const ReleaseConfig *config = release->configs->pdata[i];

        if (strcmp (config->to, to) == 0)
            return config;
    }
    return NULL;
}

static gboolean
file_changed (const Diff *diff, const char *path)
{
    for (guint i = 0; diff->tree != NULL && i < diff->tree->len; i++)
        if (strcmp (((const DiffFile *)diff->tree->pdata[i])->path, path) == 0)
            return TRUE;
    return FALSE;
}

static gboolean
config_changed (const Diff *diff, const ReleaseConfig *a, const ReleaseConfig *b)
{
    return strcmp (a->from, b->from) != 0 || a->template != b->template || a->mode != b->mode ||
           strcmp (a->owner, b->owner) != 0 || a->on_conflict != b->on_conflict ||
           file_changed (diff, b->from);
}

static void
print_configs (const VerbOutput *output, const Diff *diff, const Release *a, const Release *b)
{
    g_auto (Changes) configs = changes_new ();

    for (guint i = 0; i < b->configs->len; i++) {
        const ReleaseConfig *config = b->configs->pdata[i];
        const ReleaseConfig *old = find_config (a, config->to);

        if (old == NULL)
            note (&configs, &configs.fresh, config->to);
        else if (config_changed (diff, old, config))
            note (&configs, &configs.changed, config->to);
        else
            configs.same++;
    }
    for (guint i = 0; i < a->configs->len; i++) {
        const ReleaseConfig *config = a->configs->pdata[i];

        if (find_config (b, config->to) == NULL)
            note (&configs, &configs.gone, config->to);
    }
    print_changes (output, "configs", &configs);
}

static const Statement *
statement_of (const DiffSide *side)
{
    return side->bundle != NULL ? bundle_statement (side->bundle) : side->statement;
}

/* What somebody who knows the base would stumble over. */
static void
print_oddities (const VerbOutput *output, const Release *a, const Release *b)
{
    if (strcmp (a->product, b->product) != 0 || strcmp (a->channel, b->channel) != 0)
        verb_print (output, "  ATTENTION: the base is of product %s, channel %s\n", a->product,
                    a->channel);
    else if (b->release <= a->release)
        verb_print (output, "  ATTENTION: the release number is not above the base's\n");
}

void
sign_print_diff (const VerbOutput *output, const Diff *diff)
{
    const Release *a = statement_of (&diff->sides[0])->release;
    const Release *b = statement_of (&diff->sides[1])->release;
    const DiffProduct *before = diff->sides[0].products->pdata[0];
    const DiffProduct *after = diff->sides[1].products->pdata[0];
    gboolean bundles = diff->sides[0].bundle != NULL && diff->sides[1].bundle != NULL;
    g_autofree char *version = error_quote (a->version);

    verb_print (output,
                "What changes against version %s, release number %" G_GUINT64_FORMAT
                " ('%s', signatures NOT VERIFIED):\n",
                version, a->release, diff->sides[0].path);
    print_oddities (output, a, b);
    if (digest_equal (before->digest, after->digest)) {
        verb_print (output, "  nothing: it is the same release\n");
        return;
    }
    print_images (output, diff);
    print_layers (output, &diff->layers);
    if (bundles) {
        print_packages (output, diff);
        print_files (output, diff);
    } else {
        verb_print (output, "  %-8s %s\n", "tree",
                    digest_equal (before->tree, after->tree)
                        ? "as before"
                        : "changed; which files, and which packages, only two bundles can tell");
    }
    print_configs (output, diff, a, b);
    sign_print_release (output, a, b);
}
