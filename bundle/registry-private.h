/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "bundle/registry-endpoint.h"
#include "bundle/registry-retry.h"
#include "bundle/registry.h"

struct Registry {
    RegistryOptions options;
    GCancellable *cancellable; /* owns the one in options */
    Hosts *hosts;
    GPtrArray *endpoints; /* Endpoint: mirrors, then the registry itself */
};

/* The tries that this endpoint gets. */
void registry_begin_tries (const Registry *registry, const Endpoint *endpoint, Retry *retry);

/* Asks one of the endpoints; what went wrong with the answer, if any came, goes to *reply. */
typedef gboolean (*AskFunc) (Registry *registry, Endpoint *endpoint, gpointer data,
                             HttpReply *reply, GError **error);

/* Asks one after the other until one has what, and names all that had not. A mirror that is down is
 * left out from then on. */
gboolean registry_ask_each (Registry *registry, const char *what, AskFunc ask, gpointer data,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;
