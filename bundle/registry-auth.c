/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/registry-auth.h"

#include "bundle/registry-challenge.h"
#include "bundle/registry-credentials.h"
#include "bundle/registry-retry.h"
#include "bundle/registry-token.h"
#include "manifest/error.h"
#include "manifest/message.h"

#include <string.h>

#define ANSWER_BYTES (64 * 1024)
#define ANSWER_SECONDS 60
/* Of a token's life, what is used: the rest is for requests on their way, and for slow clocks. */
#define LIFE_USED(seconds) ((gint64)MIN (seconds, 86400) * 9 / 10)

struct Auth {
    Hosts *hosts;
    char *host;
    char *repository;
    GMutex mutex; /* for all below */
    gboolean looked;
    Credentials credentials;
    char *value;      /* of Authorization */
    gint64 expires;   /* of value (monotonic); G_MAXINT64: never */
    GPtrArray *asked; /* the last challenges, Challenge; NULL: none yet */
    char *realm;      /* of the token server, absolute; NULL: basic */
};

Auth *
auth_new (Hosts *hosts, const char *host, const char *repository)
{
    Auth *auth = g_new0 (Auth, 1);

    auth->hosts = hosts;
    auth->host = g_strdup (host);
    auth->repository = g_strdup (repository);
    g_mutex_init (&auth->mutex);
    return auth;
}

static void
wipe (char *text)
{
    if (text != NULL)
        explicit_bzero (text, strlen (text));
    g_free (text);
}

void
auth_free (Auth *auth)
{
    if (auth == NULL)
        return;
    credentials_clear (&auth->credentials);
    wipe (auth->value);
    g_clear_pointer (&auth->asked, g_ptr_array_unref);
    g_mutex_clear (&auth->mutex);
    g_free (auth->host);
    g_free (auth->repository);
    g_free (auth->realm);
    g_free (auth);
}

static gboolean
look (Auth *auth, GError **error)
{
    if (!auth->looked &&
        !credentials_find (auth->host, auth->repository, &auth->credentials, error))
        return FALSE;
    auth->looked = TRUE;
    return TRUE;
}

static void
set_value (Auth *auth, char *value, gint64 expires)
{
    wipe (auth->value);
    auth->value = value;
    auth->expires = expires;
}

static char *
basic_value (const Credentials *credentials)
{
    g_autofree char *both = g_strconcat (credentials->user, ":", credentials->secret, NULL);
    g_autofree char *encoded = g_base64_encode ((const guchar *)both, strlen (both));
    char *value = g_strconcat ("Basic ", encoded, NULL);

    explicit_bzero (both, strlen (both));
    explicit_bzero (encoded, strlen (encoded));
    return value;
}

static char *
describe (const Auth *auth)
{
    g_autofree char *user =
        error_quote (auth->credentials.user != NULL ? auth->credentials.user : "");

    if (auth->credentials.kind == CREDENTIALS_NONE)
        return message_printf ("no credentials for %s were found; type: docker login %s, or "
                               "skopeo login %s",
                               auth->host, auth->host, auth->host);
    if (auth->credentials.kind == CREDENTIALS_PASSWORD)
        return message_printf ("the credentials of '%s' from %s were used", user,
                               auth->credentials.where);
    return message_printf ("the token from %s was used", auth->credentials.where);
}

/* One answer of the token server; what it sends us on to is not followed, for secrets go with
 * it. */
static gboolean
exchange (Auth *auth, const HttpRequest *request, HttpReply *reply, GError **error)
{
    Retry retry;

    retry_begin (&retry, hosts_options (auth->hosts));
    for (;;) {
        g_autoptr (GError) cause = NULL;

        if (hosts_exchange (auth->hosts, request, reply, &cause) && !retry_is_passing (reply))
            return TRUE;
        if (retry_is_passing (reply) && retry_again (&retry, reply))
            continue;
        if (cause == NULL)
            return fail (error, ERR_ENGINE, "it answers with HTTP status %u", reply->status);
        g_propagate_error (error, g_steal_pointer (&cause));
        return FALSE;
    }
}

static gboolean
take_token (Auth *auth, const HttpReply *reply, GError **error)
{
    g_autoptr (GBytes) text = g_bytes_new (reply->body->data, reply->body->len);
    g_autofree char *described = describe (auth), *token = NULL;
    guint64 seconds;

    if (reply->status != 200)
        return fail (error, ERR_ENGINE, "it gives no token (HTTP status %u); %s", reply->status,
                     described);
    if (!token_parse (text, &token, &seconds, error))
        return FALSE;
    set_value (auth, g_strconcat ("Bearer ", token, NULL),
               g_get_monotonic_time () + LIFE_USED (seconds) * G_TIME_SPAN_SECOND);
    explicit_bzero (token, strlen (token));
    return TRUE;
}

/* From the token server that the challenge names. */
static gboolean
fetch_token (Auth *auth, const Challenge *challenge, GError **error)
{
    const Credentials *credentials = &auth->credentials;
    gboolean identity = credentials->kind == CREDENTIALS_IDENTITY;
    gboolean password = credentials->kind == CREDENTIALS_PASSWORD;
    g_autofree char *scope = token_scope (challenge, auth->repository);
    g_autofree char *url =
        identity ? g_strdup (auth->realm)
                 : token_url (auth->realm, challenge, scope, password ? credentials->user : NULL);
    g_autofree char *origin = http_url_origin (auth->realm);
    char *form = identity ? token_form (challenge, scope, credentials->secret) : NULL;
    char *basic = password ? basic_value (credentials) : NULL;
    const HttpRequest request = { .url = url,
                                  .authorization = basic,
                                  .form = form,
                                  .limit = ANSWER_BYTES,
                                  .seconds = ANSWER_SECONDS };
    g_auto (HttpReply) reply = { 0 };
    gboolean ok = exchange (auth, &request, &reply, error) && take_token (auth, &reply, error);

    wipe (form);
    wipe (basic);
    return ok || fail_prefix (error, "token server %s", origin);
}

static gboolean
renew (Auth *auth, GError **error)
{
    const Challenge *challenge = challenge_choose (auth->asked);
    CredentialsKind kind = auth->credentials.kind;
    g_autofree char *described = describe (auth);

    if (strcmp (challenge->scheme, "bearer") == 0 && kind != CREDENTIALS_BEARER)
        return fetch_token (auth, challenge, error);
    if (strcmp (challenge->scheme, "bearer") == 0)
        set_value (auth, g_strconcat ("Bearer ", auth->credentials.secret, NULL), G_MAXINT64);
    else if (kind == CREDENTIALS_PASSWORD)
        set_value (auth, basic_value (&auth->credentials), G_MAXINT64);
    else
        return fail (error, ERR_ENGINE, "it asks for a user and a password; %s", described);
    return TRUE;
}

/* What of the headers can be read; one that can not be is as if it was not there, unless none is
 * left. */
static gboolean
read_challenges (Auth *auth, const char *url, const HttpReply *reply, GError **error)
{
    g_autoptr (GPtrArray) list = challenge_list_new ();
    g_autoptr (GError) cause = NULL;
    g_autofree char *realm = NULL;
    const Challenge *chosen;

    for (guint i = 0; i < reply->challenges->len; i++) {
        g_clear_error (&cause);
        if (!challenge_parse (reply->challenges->pdata[i], list, &cause))
            g_debug ("%s", cause->message);
    }
    chosen = challenge_choose (list);
    if (chosen == NULL)
        return fail (error, ERR_ENGINE,
                     "it answers with HTTP status 401 and asks for nothing that we have: %s",
                     cause != NULL ? cause->message : "neither Bearer nor Basic");
    if (strcmp (chosen->scheme, "bearer") == 0) {
        realm = http_url_resolve (url, chosen->realm, error);
        if (realm == NULL || !hosts_check_step (auth->hosts, url, realm, error))
            return FALSE;
    }
    g_clear_pointer (&auth->asked, g_ptr_array_unref);
    auth->asked = g_steal_pointer (&list);
    g_free (auth->realm);
    auth->realm = g_steal_pointer (&realm);
    return TRUE;
}

static gboolean
answer_locked (Auth *auth, const char *url, const HttpReply *reply, const char *used,
               GError **error)
{
    g_autofree char *described = NULL;

    /* Another thread was here first. */
    if (auth->value != NULL && g_strcmp0 (auth->value, used) != 0)
        return TRUE;
    if (!look (auth, error) || !read_challenges (auth, url, reply, error))
        return FALSE;
    /* A token may have ended; a password is as wrong the second time, and a third locks it. */
    described = describe (auth);
    if (used != NULL && (auth->realm == NULL || auth->credentials.kind == CREDENTIALS_BEARER))
        return fail (error, ERR_ENGINE, "it refuses us (HTTP status 401); %s", described);
    return renew (auth, error);
}

gboolean
auth_answer (Auth *auth, const char *url, const HttpReply *reply, const char *used, GError **error)
{
    gboolean ok;

    g_mutex_lock (&auth->mutex);
    ok = answer_locked (auth, url, reply, used, error);
    g_mutex_unlock (&auth->mutex);
    return ok;
}

gboolean
auth_current (Auth *auth, char **value, GError **error)
{
    gboolean ok = TRUE;

    g_mutex_lock (&auth->mutex);
    if (auth->value != NULL && g_get_monotonic_time () >= auth->expires)
        ok = renew (auth, error);
    *value = ok ? g_strdup (auth->value) : NULL;
    g_mutex_unlock (&auth->mutex);
    return ok;
}

char *
auth_describe (Auth *auth)
{
    char *text;

    g_mutex_lock (&auth->mutex);
    text = auth->looked ? describe (auth) : message_printf ("nobody asked who we are");
    g_mutex_unlock (&auth->mutex);
    return text;
}
