/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/registry-hosts.h"

#include "bundle/registry-certs.h"
#include "manifest/error.h"

#define SLOW_SECONDS 30

struct Hosts {
    const RegistryOptions *options;
    HttpClient *client;
    GMutex mutex;
    GHashTable *certs; /* host → HostCerts; they stay as long as this does */
};

Hosts *
hosts_new (const RegistryOptions *options)
{
    Hosts *hosts = g_new0 (Hosts, 1);

    hosts->options = options;
    hosts->client = http_client_new ();
    g_mutex_init (&hosts->mutex);
    hosts->certs =
        g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)host_certs_free);
    return hosts;
}

void
hosts_free (Hosts *hosts)
{
    if (hosts == NULL)
        return;
    http_client_free (hosts->client);
    g_hash_table_unref (hosts->certs);
    g_mutex_clear (&hosts->mutex);
    g_free (hosts);
}

const RegistryOptions *
hosts_options (const Hosts *hosts)
{
    return hosts->options;
}

gboolean
hosts_is_insecure (const Hosts *hosts, const char *host)
{
    const char *const *insecure = hosts->options->insecure;

    for (gsize i = 0; insecure != NULL && insecure[i] != NULL; i++)
        if (g_ascii_strcasecmp (insecure[i], host) == 0)
            return TRUE;
    return FALSE;
}

gboolean
hosts_check_step (const Hosts *hosts, const char *from, const char *to, GError **error)
{
    g_autofree char *host = http_url_host (to);
    g_autofree char *shown = error_quote (host != NULL ? host : "");

    if (!http_url_is_plain (to))
        return TRUE;
    if (!http_url_is_plain (from))
        return fail (error, ERR_ENGINE, "it sends us on to http://%s, without TLS; refused", shown);
    if (host != NULL && hosts_is_insecure (hosts, host))
        return TRUE;
    return fail (error, ERR_ENGINE,
                 "it sends us on to http://%s, without TLS; if that is meant: --insecure %s", shown,
                 shown);
}

/* Borrowed. */
static const HostCerts *
certs_of (Hosts *hosts, const char *host, GError **error)
{
    HostCerts *certs;

    g_mutex_lock (&hosts->mutex);
    certs = g_hash_table_lookup (hosts->certs, host);
    if (certs == NULL) {
        certs = host_certs_read (host, error);
        if (certs != NULL)
            g_hash_table_insert (hosts->certs, g_strdup (host), certs);
    }
    g_mutex_unlock (&hosts->mutex);
    return certs;
}

/* The untrusted server may be one that has no TLS at all, which is what the option is for. */
static gboolean
explain (const Hosts *hosts, const char *host, const HttpReply *reply, GError *cause,
         GError **error)
{
    g_autoptr (GError) owned = cause;

    if (reply->outcome == HTTP_UNTRUSTED && !hosts_is_insecure (hosts, host))
        return fail (error, ERR_ENGINE,
                     "%s; put the CA that %s has at /etc/containers/certs.d/%s/ca.crt, or, if an "
                     "answer from anybody will do: --insecure %s",
                     owned->message, host, host, host);
    g_propagate_error (error, g_steal_pointer (&owned));
    return FALSE;
}

gboolean
hosts_exchange (Hosts *hosts, const HttpRequest *request, HttpReply *reply, GError **error)
{
    g_autofree char *host = http_url_host (request->url);
    guint slow = hosts->options->slow_seconds;
    HttpRequest whole = *request;
    const HostCerts *certs;
    GError *cause = NULL;

    reply->outcome = HTTP_REFUSED;
    if (host == NULL)
        return fail (error, ERR_FORMAT, "there is a place that is no URL");
    certs = certs_of (hosts, host, error);
    if (certs == NULL)
        return FALSE;
    whole.slow_seconds = slow != 0 ? slow : SLOW_SECONDS;
    whole.unverified = hosts_is_insecure (hosts, host);
    whole.authorities = certs->authorities;
    whole.certificate = certs->certificate;
    whole.key = certs->key;
    whole.cancellable = hosts->options->cancellable;
    return http_exchange (hosts->client, &whole, reply, &cause) ||
           explain (hosts, host, reply, cause, error);
}
