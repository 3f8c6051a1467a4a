/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/registry.h"

#include "bundle/registry-manifest.h"
#include "bundle/registry-mirrors.h"
#include "bundle/registry-private.h"
#include "manifest/error.h"
#include "manifest/message.h"

#define MANIFEST_BYTES (4 * 1024 * 1024)
#define MANIFEST_SECONDS 120

static gboolean
add_endpoints (Registry *registry, const ImageReference *reference, GError **error)
{
    g_autoptr (GPtrArray) mirrors = mirrors_of (reference->host, &registry->options, error);

    if (mirrors == NULL)
        return FALSE;
    for (guint i = 0; i < mirrors->len; i++) {
        const Mirror *mirror = mirrors->pdata[i];
        g_autofree char *repository = g_strconcat (mirror->prefix, reference->repository, NULL);

        g_ptr_array_add (registry->endpoints,
                         endpoint_new (mirror->host, repository, registry->hosts));
    }
    g_ptr_array_add (registry->endpoints,
                     endpoint_new (reference->host, reference->repository, registry->hosts));
    return TRUE;
}

static gboolean
check_insecure (const RegistryOptions *options, GError **error)
{
    for (gsize i = 0; options->insecure != NULL && options->insecure[i] != NULL; i++) {
        g_autofree char *shown = error_quote (options->insecure[i]);

        if (!image_reference_is_host (options->insecure[i]))
            return fail (error, ERR_USAGE, "--insecure '%s' is no host: HOST[:PORT] is expected",
                         shown);
    }
    return TRUE;
}

static const char *const *
copy_list (const char *const *list)
{
    return (const char *const *)g_strdupv ((char **)list);
}

Registry *
registry_new (const ImageReference *reference, const RegistryOptions *options, GError **error)
{
    g_autoptr (Registry) registry = g_new0 (Registry, 1);

    if (options != NULL)
        registry->options = *options;
    registry->options.insecure = copy_list (registry->options.insecure);
    registry->options.mirrors = copy_list (registry->options.mirrors);
    g_set_object (&registry->cancellable, registry->options.cancellable);
    registry->hosts = hosts_new (&registry->options);
    registry->endpoints = g_ptr_array_new_with_free_func ((GDestroyNotify)endpoint_free);
    if (!check_insecure (&registry->options, error) || !add_endpoints (registry, reference, error))
        return NULL;
    return g_steal_pointer (&registry);
}

void
registry_free (Registry *registry)
{
    if (registry == NULL)
        return;
    g_ptr_array_unref (registry->endpoints);
    hosts_free (registry->hosts);
    g_strfreev ((char **)registry->options.insecure);
    g_strfreev ((char **)registry->options.mirrors);
    g_clear_object (&registry->cancellable);
    g_free (registry);
}

static gboolean
is_last (const Registry *registry, const Endpoint *endpoint)
{
    return registry->endpoints->pdata[registry->endpoints->len - 1] == endpoint;
}

void
registry_begin_tries (const Registry *registry, const Endpoint *endpoint, Retry *retry)
{
    retry_begin (retry, &registry->options);
    if (!is_last (registry, endpoint))
        retry_spare (retry);
}

/* A full disk, or a run that was stopped, is no better at the next. */
static gboolean
is_theirs (const GError *error)
{
    return error->domain == HANDCARRY_ERROR &&
           (error->code == ERR_ENGINE || error->code == ERR_FORMAT);
}

gboolean
registry_ask_each (Registry *registry, const char *what, AskFunc ask, gpointer data, GError **error)
{
    g_autoptr (GString) before = g_string_new (NULL);

    for (guint i = 0;; i++) {
        Endpoint *endpoint = registry->endpoints->pdata[i];
        g_auto (HttpReply) reply = { 0 };
        g_autoptr (GError) cause = NULL;

        if (!is_last (registry, endpoint) && endpoint_is_down (endpoint))
            continue;
        if (ask (registry, endpoint, data, &reply, &cause))
            return TRUE;
        fail_prefix (&cause, "%s: %s", endpoint_name (endpoint), what);
        if (is_last (registry, endpoint) && before->len > 0 && is_theirs (cause))
            return fail (error, cause->code, "%s; asked before that: %s", cause->message,
                         before->str);
        if (is_last (registry, endpoint) || !is_theirs (cause)) {
            g_propagate_error (error, g_steal_pointer (&cause));
            return FALSE;
        }
        endpoint_note (endpoint, &reply);
        message_append (before, "%s%s", before->len == 0 ? "" : "; ", cause->message);
    }
}

typedef struct {
    const char *asked;
    GBytes *text;
    char *type;
    Digest digest;
} Manifest;

static gboolean
ask_manifest (Registry *registry, Endpoint *endpoint, gpointer data, HttpReply *reply,
              GError **error)
{
    Manifest *manifest = data;
    g_autofree char *path = g_strconcat ("manifests/", manifest->asked, NULL);
    const EndpointRequest request = { .path = path,
                                      .accept = REGISTRY_MANIFEST_ACCEPT,
                                      .limit = MANIFEST_BYTES,
                                      .seconds = MANIFEST_SECONDS };
    Retry retry;

    registry_begin_tries (registry, endpoint, &retry);
    for (;;) {
        g_autoptr (GError) cause = NULL;

        if (endpoint_get (endpoint, &request, reply, &cause))
            break;
        if (!retry_is_passing (reply) || !retry_again (&retry, reply)) {
            g_propagate_error (error, g_steal_pointer (&cause));
            return FALSE;
        }
    }
    manifest->text =
        registry_manifest_take (reply, manifest->asked, &manifest->type, &manifest->digest, error);
    return manifest->text != NULL;
}

GBytes *
registry_read_manifest (Registry *registry, const char *asked, char **type, Digest *digest,
                        GError **error)
{
    g_autofree char *shown = error_quote (asked);
    g_autofree char *what = message_printf ("manifest '%s'", shown);
    Manifest manifest = { .asked = asked };

    if (!registry_ask_each (registry, what, ask_manifest, &manifest, error))
        return NULL;
    *type = manifest.type;
    *digest = manifest.digest;
    return manifest.text;
}
