/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "bundle/crew.h"

typedef struct {
    GPtrArray *jobs;
    GFunc func;
    gpointer user;
    gint next; /* the first job that nobody took */
} Crew;

static gpointer
work (gpointer data)
{
    Crew *crew = data;

    for (;;) {
        guint i = (guint)g_atomic_int_add (&crew->next, 1);

        if (i >= crew->jobs->len)
            return NULL;
        crew->func (crew->jobs->pdata[i], crew->user);
    }
}

void
crew_run (GPtrArray *jobs, guint threads, GFunc func, gpointer user)
{
    Crew crew = { jobs, func, user, 0 };
    g_autofree GThread **all = g_new (GThread *, threads);
    guint count = MIN (threads, jobs->len);

    for (guint i = 0; i < count; i++)
        all[i] = g_thread_new ("crew", work, &crew);
    for (guint i = 0; i < count; i++)
        g_thread_join (all[i]);
}
