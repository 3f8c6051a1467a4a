/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/registry.h"

#include "bundle/registry-manifest.h"
#include "bundle/registry-private.h"
#include "bundle/registry-retry.h"
#include "manifest/error.h"

#define MANIFEST_BYTES (4 * 1024 * 1024)
#define MANIFEST_SECONDS 120

Registry *
registry_new (const ImageReference *reference, const RegistryOptions *options, GError **error)
{
    g_autoptr (Registry) registry = g_new0 (Registry, 1);

    if (options != NULL)
        registry->options = *options;
    registry->options.insecure =
        (const char *const *)g_strdupv ((char **)registry->options.insecure);
    g_set_object (&registry->cancellable, registry->options.cancellable);
    registry->hosts = hosts_new (&registry->options);
    registry->endpoint = endpoint_new (reference->host, reference->repository, registry->hosts);
    return g_steal_pointer (&registry);
}

void
registry_free (Registry *registry)
{
    if (registry == NULL)
        return;
    endpoint_free (registry->endpoint);
    hosts_free (registry->hosts);
    g_strfreev ((char **)registry->options.insecure);
    g_clear_object (&registry->cancellable);
    g_free (registry);
}

static gboolean
ask (Registry *registry, const char *asked, HttpReply *reply, GError **error)
{
    g_autofree char *path = g_strconcat ("manifests/", asked, NULL);
    EndpointRequest request = { .path = path,
                                .accept = REGISTRY_MANIFEST_ACCEPT,
                                .limit = MANIFEST_BYTES,
                                .seconds = MANIFEST_SECONDS };
    Retry retry;

    retry_begin (&retry, &registry->options);
    for (;;) {
        g_autoptr (GError) cause = NULL;

        if (endpoint_get (registry->endpoint, &request, reply, &cause))
            return TRUE;
        if (!retry_is_passing (reply) || !retry_again (&retry, reply)) {
            g_propagate_error (error, g_steal_pointer (&cause));
            return FALSE;
        }
    }
}

GBytes *
registry_read_manifest (Registry *registry, const char *asked, char **type, Digest *digest,
                        GError **error)
{
    g_auto (HttpReply) reply = { 0 };
    g_autofree char *shown = error_quote (asked);
    GBytes *text = NULL;

    if (ask (registry, asked, &reply, error))
        text = registry_manifest_take (&reply, asked, type, digest, error);
    if (text == NULL)
        fail_prefix (error, "%s: manifest '%s'", endpoint_name (registry->endpoint), shown);
    return text;
}
