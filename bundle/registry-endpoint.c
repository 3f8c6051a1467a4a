/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/registry-endpoint.h"

#include "bundle/registry-auth.h"
#include "bundle/registry-retry.h"
#include "bundle/strictjson.h"
#include "manifest/error.h"
#include "manifest/message.h"

#include <string.h>

#define REDIRECTS_MAX 10
#define ROUNDS_MAX 3 /* without a token, with one, with a better one */
#define PROBE_BYTES 4096
#define PROBE_SECONDS 30

struct Endpoint {
    char *name;
    char *base;       /* "https://HOST", where it is asked */
    char *plain_base; /* the same without TLS; NULL unless that is allowed */
    char *repository;
    Hosts *hosts; /* borrowed */
    Auth *auth;
    GMutex mutex;
    const char *chosen; /* of the two bases, once one has answered */
    gboolean is_down;
};

/* docker.io's registry answers under another name than the one that images have. */
static const char *
host_to_ask (const char *host)
{
    return strcmp (host, "docker.io") == 0 ? "registry-1.docker.io" : host;
}

Endpoint *
endpoint_new (const char *host, const char *repository, Hosts *hosts)
{
    Endpoint *endpoint = g_new0 (Endpoint, 1);

    g_mutex_init (&endpoint->mutex);
    endpoint->name = message_printf ("registry %s, repository %s", host, repository);
    endpoint->base = g_strconcat ("https://", host_to_ask (host), NULL);
    if (hosts_is_insecure (hosts, host))
        endpoint->plain_base = g_strconcat ("http://", host_to_ask (host), NULL);
    endpoint->repository = g_strdup (repository);
    endpoint->hosts = hosts;
    endpoint->auth = auth_new (hosts, host, repository);
    return endpoint;
}

void
endpoint_free (Endpoint *endpoint)
{
    if (endpoint == NULL)
        return;
    auth_free (endpoint->auth);
    g_mutex_clear (&endpoint->mutex);
    g_free (endpoint->name);
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

void
endpoint_note (Endpoint *endpoint, const HttpReply *reply)
{
    if (!retry_is_passing (reply) && reply->outcome != HTTP_UNTRUSTED)
        return;
    g_mutex_lock (&endpoint->mutex);
    endpoint->is_down = TRUE;
    g_mutex_unlock (&endpoint->mutex);
}

gboolean
endpoint_is_down (Endpoint *endpoint)
{
    gboolean down;

    g_mutex_lock (&endpoint->mutex);
    down = endpoint->is_down;
    g_mutex_unlock (&endpoint->mutex);
    return down;
}

static gboolean
is_redirect (const HttpReply *reply)
{
    return reply->location != NULL &&
           (reply->status == 301 || reply->status == 302 || reply->status == 303 ||
            reply->status == 307 || reply->status == 308);
}

static gboolean
same_origin (const char *a, const char *b)
{
    g_autofree char *one = http_url_origin (a), *other = http_url_origin (b);

    return one != NULL && g_strcmp0 (one, other) == 0;
}

/* The URL that answered last is *url. */
static gboolean
follow (Endpoint *endpoint, const EndpointRequest *request, const char *authorization, char **url,
        HttpReply *reply, GError **error)
{
    g_autofree char *first = g_strdup (*url);

    for (guint i = 0; i <= REDIRECTS_MAX; i++) {
        const HttpRequest one = {
            .url = *url,
            .authorization = same_origin (first, *url) ? authorization : NULL,
            .accept = request->accept,
            .from = request->from,
            .limit = request->limit,
            .seconds = request->seconds,
            .take = request->take,
            .data = request->data,
        };
        g_autofree char *next = NULL;

        if (!hosts_exchange (endpoint->hosts, &one, reply, error))
            return FALSE;
        if (!is_redirect (reply))
            return TRUE;
        reply->outcome = HTTP_REFUSED;
        next = http_url_resolve (*url, reply->location, error);
        if (next == NULL || !hosts_check_step (endpoint->hosts, *url, next, error))
            return FALSE;
        g_free (*url);
        *url = g_steal_pointer (&next);
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
refuse (Endpoint *endpoint, const HttpReply *reply, GError **error)
{
    g_autofree char *text = refusal_text (reply), *described = NULL;

    if (reply->status == 404)
        return fail (error, ERR_ENGINE, "it has no such thing%s", text);
    if (reply->status == 401 || reply->status == 403) {
        described = auth_describe (endpoint->auth);
        return fail (error, ERR_ENGINE, "it refuses us (HTTP status %u)%s; %s", reply->status, text,
                     described);
    }
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
    g_autofree char *url = g_strconcat (base, "/v2/", NULL);
    const HttpRequest request = { .url = url, .limit = PROBE_BYTES, .seconds = PROBE_SECONDS };
    g_auto (HttpReply) reply = { 0 };

    return hosts_exchange (endpoint->hosts, &request, &reply, NULL);
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
    const char *base = choose_base (endpoint);

    for (guint round = 1;; round++) {
        g_autofree char *value = NULL, *url = g_strconcat (base, "/v2/", endpoint->repository, "/",
                                                           request->path, NULL);

        reply->outcome = HTTP_REFUSED;
        if (!auth_current (endpoint->auth, &value, error) ||
            !follow (endpoint, request, value, &url, reply, error))
            return FALSE;
        if (reply->status == 200 || (reply->status == 206 && request->from > 0))
            return TRUE;
        /* Where we were sent on to, we are nobody. */
        if (reply->status != 401 || round == ROUNDS_MAX || !same_origin (base, url))
            return refuse (endpoint, reply, error);
        if (!auth_answer (endpoint->auth, url, reply, value, error))
            return FALSE;
    }
}
