/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/have-file.h"
#include "install/host-key.h"
#include "install/inventory.h"
#include "install/verb-host.h"
#include "keys/secret.h"
#include "manifest/error.h"
#include "manifest/json-out.h"
#include "manifest/verb.h"

#include <string.h>

/* One run: what was found and where it was written. */
typedef struct {
    Have *have;
    guint left_out;
    char *path, *key;
    gboolean fresh_key;
} Result;

static void
result_clear (Result *result)
{
    have_free (result->have);
    g_free (result->path);
    g_free (result->key);
}

static void
print_text (const VerbOutput *output, const Result *result)
{
    const Have *have = result->have;
    g_autofree char *base = g_path_get_basename (result->path);

    verb_print (output, "Host %s: %s %s, %s%s%s, %u image%s, %u product%s\n", have->host,
                have->engine.kind, have->engine.version, have->engine.store,
                have->engine.driver != NULL ? " " : "",
                have->engine.driver != NULL ? have->engine.driver : "", have->images->len,
                have->images->len == 1 ? "" : "s", have->products->len,
                have->products->len == 1 ? "" : "s");
    for (guint i = 0; i < have->products->len; i++) {
        const HaveProduct *product = g_ptr_array_index (have->products, i);

        verb_print (output, "  %s %s, release %" G_GUINT64_FORMAT " (%s)\n", product->product,
                    product->version, product->release, product->channel);
    }
    verb_print (output,
                "\nWritten: '%s', and beside it its signature .minisig and the key .pub\n"
                "\nPublic key of this host%s:\n  %s\n"
                "\nCarry the three files back. There, the first time, where the key is the same:\n"
                "  handcarry trust add --host %s --key %s.pub --sign root.key\n"
                "and for a bundle that fits this host:\n"
                "  handcarry bundle RELEASE.yaml --base OLD.tar.zst --for %s\n",
                result->path, result->fresh_key ? ", made just now" : "", result->key, have->host,
                base, base);
}

static void
print_json (const VerbOutput *output, const Result *result)
{
    g_autoptr (JsonBuilder) json = json_builder_new ();
    g_autoptr (JsonGenerator) generator = json_generator_new ();
    g_autoptr (JsonNode) root = NULL;
    g_autofree char *text = NULL;

    json_builder_begin_object (json);
    json_out_text (json, "schema", "handcarry.have/1");
    json_out_flag (json, "changed", result->fresh_key);
    json_out_text (json, "host", result->have->host);
    json_out_text (json, "public-key", result->key);
    json_out_text (json, "file", result->path);
    json_out_number (json, "products", result->have->products->len);
    json_out_number (json, "images", result->have->images->len);
    json_out_number (json, "left-out", result->left_out);
    json_builder_end_object (json);
    root = json_builder_get_root (json);
    json_generator_set_pretty (generator, TRUE);
    json_generator_set_root (generator, root);
    text = json_generator_to_data (generator, NULL);
    verb_print (output, "%s\n", text);
}

/* A folder means: a file in it with the host's name. */
static char *
choose_path (const char *given, const char *host)
{
    g_autofree char *name = g_strconcat (host, ".have", NULL);

    return g_file_test (given, G_FILE_TEST_IS_DIR) ? g_build_filename (given, name, NULL)
                                                   : g_strdup (given);
}

static gboolean
take (const HostOptions *options, const char *path, Result *result, GError **error)
{
    g_autoptr (Host) host = host_open (options->root, FALSE, error);
    g_autoptr (Engine) engine = host != NULL ? engine_open (options->engine, error) : NULL;
    g_autoptr (SecretKey) key = NULL;
    PublicKey public_key;

    result->have = engine != NULL ? inventory_take (host, engine, &result->left_out, error) : NULL;
    key = result->have != NULL ? host_key_open (host, &result->fresh_key, error) : NULL;
    if (key == NULL)
        return FALSE;
    if (secret_key_is_exposed (key))
        verb_warn ("others may read the key of this host: chmod 600 '%s/host.key'", host->etc_path);
    secret_key_get_public (key, &public_key);
    result->key = public_key_to_base64 (&public_key);
    result->path = choose_path (path, result->have->host);
    return have_file_write (result->path, result->have, key, error);
}

static int
run (const VerbOutput *output, const HostOptions *options, const char *path, GError **error)
{
    __attribute__ ((cleanup (result_clear))) Result result = { 0 };

    if (!take (options, path, &result, error))
        return error_exit_status (*error);
    if (result.left_out > 0)
        verb_warn ("%u images did not fit into the have file; bundles for this host may be larger "
                   "than they had to be",
                   result.left_out);
    if (output->json)
        print_json (output, &result);
    else
        print_text (output, &result);
    return 0;
}

int
verb_have (int argc, char **argv, GError **error)
{
    g_auto (HostOptions) options = { 0 };
    g_autofree char *path = NULL;
    VerbOutput output = { 0 };
    const GOptionEntry entries[] = {
        { "output", 'o', 0, G_OPTION_ARG_FILENAME, &path,
          "the have file to write; a folder means NAME-OF-HOST.have in it", "FILE" },
        { NULL },
    };
    g_autoptr (Launcher) launcher = NULL;
    NetworkBarrier barrier;

    if (!verb_host_parse (
            &argc, &argv, "-o FILE",
            "Writes what this host has into FILE, to be carried back: a bundle that is "
            "made for it leaves that out. Beside it FILE.minisig, a signature by the "
            "host's own key, and FILE.pub, that key, which the connected side enrolls "
            "once. The key is made on first use, in /etc/handcarry.",
            entries, HOST_ENGINE | HOST_ROOT, &options, &output, error))
        return ERR_USAGE;
    if (argc != 1 || path == NULL) {
        fail (error, ERR_USAGE, "have takes -o FILE, and no other argument");
        return ERR_USAGE;
    }
    launcher = verb_host_begin (NULL, &barrier, error);
    if (launcher == NULL)
        return error_exit_status (*error);
    return run (&output, &options, path, error);
}
