/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/registry-endpoint.h"

#include "bundle/strictjson.h"
#include "manifest/error.h"

#include <string.h>

#define REDIRECTS_MAX 10
#define SLOW_SECONDS 30
#define PROBE_BYTES 4096
#define PROBE_SECONDS 30

struct Endpoint {
    char *name;
    char *host;       /* as the user knows it */
    char *base;       /* "https://HOST", where it is asked */
    char *plain_base; /* the same without TLS; NULL unless that is allowed */
    char *repository;
    HttpClient *client; /* borrowed */
    const RegistryOptions *options;
    GMutex mutex;
    const char *chosen; /* of the two, once one has answered */
};

/* docker.io's registry answers under another name than the one that images have. */
static const char *
host_to_ask (const char *host)
{
    return strcmp (host, "docker.io") == 0 ? "registry-1.docker.io" : host;
}

static gboolean
is_insecure (const RegistryOptions *options, const char *host)
{
    for (gsize i = 0; options->insecure != NULL && options->insecure[i] != NULL; i++)
        if (g_ascii_strcasecmp (options->insecure[i], host) == 0)
            return TRUE;
    return FALSE;
}

Endpoint *
endpoint_new (const char *host, const char *repository, HttpClient *client,
              const RegistryOptions *options, GError **error)
{
    g_autoptr (Endpoint) endpoint = g_new0 (Endpoint, 1);

    g_mutex_init (&endpoint->mutex);
    endpoint->name = g_strdup_printf ("registry %s, repository %s", host, repository);
    endpoint->host = g_strdup (host);
    endpoint->base = g_strconcat ("https://", host_to_ask (host), NULL);
    if (is_insecure (options, host))
        endpoint->plain_base = g_strconcat ("http://", host_to_ask (host), NULL);
    endpoint->repository = g_strdup (repository);
    endpoint->client = client;
    endpoint->options = options;
    return g_steal_pointer (&endpoint);
}

void
endpoint_free (Endpoint *endpoint)
{
    if (endpoint == NULL)
        return;
    g_mutex_clear (&endpoint->mutex);
    g_free (endpoint->name);
    g_free (endpoint->host);
    g_free (endpoint->base);
    g_free (endpoint->plain_base);
    g_free (endpoint->repository);
    g_free (endpoint);
}

const char *
endpoint_name (const Endpoint *endpoint)
{
    return endpoint->name;
}

static gboolean
is_redirect (const HttpReply *reply)
{
    return reply->location != NULL &&
           (reply->status == 301 || reply->status == 302 || reply->status == 303 ||
            reply->status == 307 || reply->status == 308);
}

/* Without TLS only where the user named that very host, and never behind a step that had it. */
static gboolean
check_step (const Endpoint *endpoint, const char *from, const char *to, GError **error)
{
    g_autofree char *host = http_url_host (to);
    g_autofree char *shown = error_quote (host != NULL ? host : "");

    if (!http_url_is_plain (to))
        return TRUE;
    if (!http_url_is_plain (from))
        return fail (error, ERR_ENGINE, "it sends us on to http://%s, without TLS; refused", shown);
    if (host != NULL && is_insecure (endpoint->options, host))
        return TRUE;
    return fail (error, ERR_ENGINE,
                 "it sends us on to http://%s, without TLS; if that is meant: --insecure %s", shown,
                 shown);
}

/* The untrusted server may be one that has no TLS at all, which is what the option is for. */
static gboolean
explain (const Endpoint *endpoint, const char *url, const HttpReply *reply, GError *cause,
         GError **error)
{
    g_autoptr (GError) owned = cause;
    g_autofree char *host = http_url_host (url);

    if (reply->outcome == HTTP_UNTRUSTED && host != NULL && !is_insecure (endpoint->options, host))
        return fail (error, ERR_ENGINE,
                     "%s; put the CA that %s has at /etc/containers/certs.d/%s/ca.crt, or, if an "
                     "answer from anybody will do: --insecure %s",
                     owned->message, host, host, host);
    g_propagate_error (error, g_steal_pointer (&owned));
    return FALSE;
}

static gboolean
exchange_at (Endpoint *endpoint, const EndpointRequest *request, const char *url, HttpReply *reply,
             GError **error)
{
    g_autofree char *host = http_url_host (url);
    guint slow = endpoint->options->slow_seconds;
    HttpRequest one = {
        .url = url,
        .accept = request->accept,
        .from = request->from,
        .limit = request->limit,
        .seconds = request->seconds,
        .slow_seconds = slow != 0 ? slow : SLOW_SECONDS,
        .take = request->take,
        .data = request->data,
        .unverified = host != NULL && is_insecure (endpoint->options, host),
        .cancellable = endpoint->options->cancellable,
    };
    GError *cause = NULL;

    return http_exchange (endpoint->client, &one, reply, &cause) ||
           explain (endpoint, url, reply, cause, error);
}

static gboolean
follow (Endpoint *endpoint, const EndpointRequest *request, const char *base, HttpReply *reply,
        GError **error)
{
    g_autofree char *url =
        g_strconcat (base, "/v2/", endpoint->repository, "/", request->path, NULL);

    for (guint i = 0; i <= REDIRECTS_MAX; i++) {
        g_autofree char *next = NULL;

        if (!exchange_at (endpoint, request, url, reply, error))
            return FALSE;
        if (!is_redirect (reply))
            return TRUE;
        next = http_url_resolve (url, reply->location, error);
        reply->outcome = HTTP_REFUSED;
        if (next == NULL || !check_step (endpoint, url, next, error))
            return FALSE;
        g_free (url);
        url = g_steal_pointer (&next);
    }
    return fail (error, ERR_ENGINE, "it sends us on more than %d times", REDIRECTS_MAX);
}

/* {"errors": [{"code": …, "message": …}]}, or nothing. Caller frees. */
static char *
refusal_text (const HttpReply *reply)
{
    g_autoptr (GBytes) bytes = g_bytes_new (reply->body->data, reply->body->len);
    g_autoptr (JsonNode) root = NULL;
    JsonObject *object = strictjson_parse_object (bytes, "answer", &root, NULL), *first;
    const char *code = NULL, *message = NULL;
    g_autofree char *both = NULL, *shown = NULL;
    JsonArray *list = NULL;

    if (object == NULL || !strictjson_array (object, "errors", "answer", &list, NULL) ||
        list == NULL || json_array_get_length (list) == 0 ||
        !strictjson_object_at (list, 0, "errors", &first, NULL) ||
        !strictjson_string (first, "code", "errors", &code, NULL) ||
        !strictjson_string (first, "message", "errors", &message, NULL))
        return g_strdup ("");
    both = g_strconcat (code != NULL ? code : "", code != NULL && message != NULL ? ": " : "",
                        message != NULL ? message : "", NULL);
    shown = error_quote (both);
    return *shown == '\0' ? g_strdup ("") : g_strdup_printf (" (%s)", shown);
}

static gboolean
refuse (const HttpReply *reply, GError **error)
{
    g_autofree char *text = refusal_text (reply);

    if (reply->status == 404)
        return fail (error, ERR_ENGINE, "it has no such thing%s", text);
    if (reply->status == 429 && reply->wait > 0)
        return fail (error, ERR_ENGINE,
                     "it takes no more requests now and asks to wait %" G_GUINT64_FORMAT
                     " seconds%s",
                     reply->wait, text);
    return fail (error, ERR_ENGINE, "it answers with HTTP status %u%s", reply->status, text);
}

/* Whether anything answers there, whatever it says. */
static gboolean
answers (Endpoint *endpoint, const char *base)
{
    const EndpointRequest request = { .limit = PROBE_BYTES, .seconds = PROBE_SECONDS };
    g_autofree char *url = g_strconcat (base, "/v2/", NULL);
    g_auto (HttpReply) reply = { 0 };

    return exchange_at (endpoint, &request, url, &reply, NULL);
}

/* A host that was named insecure is asked with TLS first, and which it is stays so: a connection
 * that breaks later is no reason to go on without. */
static const char *
choose_base (Endpoint *endpoint)
{
    const char *chosen;

    g_mutex_lock (&endpoint->mutex);
    if (endpoint->chosen == NULL) {
        if (endpoint->plain_base == NULL || answers (endpoint, endpoint->base))
            endpoint->chosen = endpoint->base;
        else if (answers (endpoint, endpoint->plain_base))
            endpoint->chosen = endpoint->plain_base;
    }
    chosen = endpoint->chosen;
    g_mutex_unlock (&endpoint->mutex);
    return chosen != NULL ? chosen : endpoint->base;
}

gboolean
endpoint_get (Endpoint *endpoint, const EndpointRequest *request, HttpReply *reply, GError **error)
{
    return follow (endpoint, request, choose_base (endpoint), reply, error) &&
           (reply->status == 200 || (reply->status == 206 && request->from > 0) ||
            refuse (reply, error));
}
