/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/playbook.h"

#include "bundle/strictjson.h"
#include "install/load.h"
#include "manifest/path.h"

#include <string.h>

/* "!unsafe" keeps Ansible from taking a password with "{{" in it for a template. A JSON string is a
 * YAML one too. */
static void
append_unsafe (GString *out, const char *text)
{
    g_string_append (out, "!unsafe ");
    strictjson_append (out, text);
}

static void
append_pair (GString *out, const char *indent, const char *key, const char *text)
{
    g_string_append (out, indent);
    strictjson_append (out, key);
    g_string_append (out, ": ");
    append_unsafe (out, text);
    g_string_append_c (out, '\n');
}

static void
append_image (GString *out, const Run *run, const StatementImage *image)
{
    g_autofree char *id = digest_to_text (load_image_id (run->engine, image));
    g_autofree char *full = path_normalize_image_name (image->name);
    gboolean podman = engine_info (run->engine)->kind == ENGINE_PODMAN;

    g_string_append (out, "    ");
    strictjson_append (out, image->name);
    g_string_append (out, ":\n");
    /* Podman may ask which registry a short name means. */
    append_pair (out, "      ", "ref", podman ? full : image->name);
    append_pair (out, "      ", "id", id);
}

/* Jinja takes "handcarry.values" for the method of that name, so the values are there as
 * handcarry.value too. */
static void
append_values (GString *out, const Run *run, const char *key)
{
    g_string_append_printf (out, "  %s:%s\n", key, run->values->len == 0 ? " {}" : "");
    for (guint i = 0; i < run->values->len; i++) {
        const HostValue *value = g_ptr_array_index (run->values, i);

        append_pair (out, "    ", value->name, value->text);
    }
}

static void
append_number (GString *out, const char *key, guint64 number)
{
    g_string_append_printf (out, "  \"%s\": %" G_GUINT64_FORMAT "\n", key, number);
}

static void
append_facts (GString *out, const Run *run, PlaybookRun kind)
{
    static const char *const kinds[] = { "before", "install", "undo", "remove" };
    g_autofree char *digest = digest_to_text (&run->digest);
    g_autofree char *tree = run_tree_path (run);
    const Release *release = run->release;

    append_pair (out, "  ", "product", release->product);
    append_pair (out, "  ", "channel", release->channel);
    append_pair (out, "  ", "version", release->version);
    append_number (out, "release", release->release);
    append_pair (out, "  ", "digest", digest);
    append_pair (out, "  ", "tree", tree);
    append_pair (out, "  ", "socket", engine_info (run->engine)->socket);
    append_pair (out, "  ", "run", kinds[kind]);
    append_number (out, "from", run->back_from != 0 ? run->back_from : run_old_release (run));
    g_string_append_printf (out, "  \"back\": %s\n", run->back_from != 0 ? "true" : "false");
}

GBytes *
playbook_variables (const Run *run, PlaybookRun kind)
{
    g_autoptr (GString) out = g_string_new ("handcarry:\n");
    char *text;

    append_facts (out, run, kind);
    g_string_append_printf (out, "  images:%s\n", run->statement->images->len == 0 ? " {}" : "");
    for (guint i = 0; i < run->statement->images->len; i++)
        append_image (out, run, g_ptr_array_index (run->statement->images, i));
    append_values (out, run, "values");
    append_values (out, run, "value");
    g_string_append_printf (out, "  changed:%s\n", run->changed->len == 0 ? " []" : "");
    for (guint i = 0; i < run->changed->len; i++) {
        g_string_append (out, "    - ");
        append_unsafe (out, g_ptr_array_index (run->changed, i));
        g_string_append_c (out, '\n');
    }
    text = g_string_free (g_steal_pointer (&out), FALSE);
    return g_bytes_new_take (text, strlen (text));
}
