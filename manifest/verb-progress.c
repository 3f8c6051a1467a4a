/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "manifest/size.h"
#include "manifest/verb.h"
#include "manifest/message.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define REDRAW_MICROSECONDS (G_USEC_PER_SEC / 10)
#define LINE_MICROSECONDS (30 * (gint64)G_USEC_PER_SEC) /* between plain lines of one phase */
#define BAR_CELLS 20

typedef struct {
    Progress parent;
    GMutex mutex;
    gboolean terminal;
    gboolean drawn; /* the cursor stands behind a bar */
    char *what;     /* NULL between phases */
    guint64 total, done;
    gint64 started, shown; /* g_get_monotonic_time */
} Meter;

static guint
terminal_columns (void)
{
    struct winsize size;

    if (ioctl (STDERR_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col < 20)
        return 80;
    return size.ws_col;
}

static char *
format_eta (const Meter *meter, double rate)
{
    guint64 seconds;

    if (meter->total <= meter->done || rate < 1)
        return g_strdup ("");
    seconds = (guint64)((double)(meter->total - meter->done) / rate + 0.5);
    if (seconds >= 100 * 3600)
        return g_strdup ("");
    if (seconds >= 3600)
        return message_printf ("  ETA %u:%02u:%02u", (guint)(seconds / 3600),
                               (guint)(seconds / 60 % 60), (guint)(seconds % 60));
    return message_printf ("  ETA %u:%02u", (guint)(seconds / 60), (guint)(seconds % 60));
}

/* "12.3 MB of 45.0 MB  10.1 MB/s  ETA 0:03" */
static char *
format_numbers (const Meter *meter, gint64 now)
{
    double seconds = (double)MAX (now - meter->started, 1) / G_USEC_PER_SEC;
    double rate = (double)meter->done / seconds;
    g_autofree char *done = size_to_text (meter->done);
    g_autofree char *total = size_to_text (meter->total);
    g_autofree char *speed = size_to_text ((guint64)rate);
    g_autofree char *eta = format_eta (meter, rate);

    if (meter->total == 0)
        return message_show ("%s  %s/s%s", done, speed, eta);
    return message_show ("%s of %s  %s/s%s", done, total, speed, eta);
}

static char *
format_bar (const Meter *meter)
{
    char cells[BAR_CELLS + 1];
    guint full;

    if (meter->total == 0)
        return g_strdup ("");
    full = (guint)((double)MIN (meter->done, meter->total) / (double)meter->total * BAR_CELLS);
    memset (cells, '-', BAR_CELLS);
    memset (cells, '#', full);
    cells[BAR_CELLS] = '\0';
    return g_strdup_printf ("[%s] ", cells);
}

/* The name gives way first where the terminal is narrow: the numbers are what moves. */
static void
draw_bar (Meter *meter, gint64 now)
{
    g_autofree char *numbers = format_numbers (meter, now);
    g_autofree char *bar = format_bar (meter);
    guint columns = terminal_columns () - 1;
    guint fixed = message_columns (bar) + message_columns (numbers) + 1;
    guint room = columns > fixed ? columns - fixed : 0;
    g_autofree char *name = g_strdup (meter->what);

    while (message_columns (name) > room)
        *g_utf8_find_prev_char (name, name + strlen (name)) = '\0';

    say_error ("\r\033[K%s %s%s", name, fixed <= columns ? bar : "", numbers);
    fflush (stderr);
    meter->drawn = TRUE;
}

static void
show (Meter *meter, gint64 now)
{
    gint64 pause = meter->terminal ? REDRAW_MICROSECONDS : LINE_MICROSECONDS;

    if (meter->what == NULL || now - meter->shown < pause)
        return;
    meter->shown = now;
    if (meter->terminal) {
        draw_bar (meter, now);
    } else {
        g_autofree char *numbers = format_numbers (meter, now);
        say_error ("%s: %s\n", meter->what, numbers);
    }
}

static void
clear_bar (Meter *meter)
{
    if (meter->drawn)
        fputs ("\r\033[K", stderr);
    meter->drawn = FALSE;
}

/* The line that stays when a phase is over. */
static void
finish (Meter *meter, gint64 now)
{
    double seconds = (double)MAX (now - meter->started, 1) / G_USEC_PER_SEC;
    g_autofree char *done = size_to_text (meter->done);
    g_autofree char *speed = size_to_text ((guint64)((double)meter->done / seconds));

    clear_bar (meter);
    if (meter->done > 0)
        say_error ("%s: %s in %.1f s, %s/s\n", meter->what, done, seconds, speed);
    else
        say_error ("%s: done in %.1f s\n", meter->what, seconds);
    g_clear_pointer (&meter->what, g_free);
}

static void
meter_begin (Progress *progress, const char *what, guint64 total)
{
    Meter *meter = (Meter *)progress;
    gint64 now = g_get_monotonic_time ();
    g_autofree char *shown = message_shown (what);

    g_mutex_lock (&meter->mutex);
    if (meter->what != NULL)
        finish (meter, now);
    meter->what = g_utf8_make_valid (shown, -1);
    meter->total = total;
    meter->done = 0;
    meter->started = now;
    meter->shown = meter->terminal ? 0 : now;
    show (meter, now);
    g_mutex_unlock (&meter->mutex);
}

static void
meter_add (Progress *progress, guint64 bytes)
{
    Meter *meter = (Meter *)progress;

    g_mutex_lock (&meter->mutex);
    meter->done += bytes;
    show (meter, g_get_monotonic_time ());
    g_mutex_unlock (&meter->mutex);
}

static void
meter_end (Progress *progress)
{
    Meter *meter = (Meter *)progress;

    g_mutex_lock (&meter->mutex);
    if (meter->what != NULL)
        finish (meter, g_get_monotonic_time ());
    g_mutex_unlock (&meter->mutex);
}

Progress *
verb_progress_new (const VerbOutput *output)
{
    Meter *meter;

    if (output->quiet || output->json)
        return NULL;
    meter = g_new0 (Meter, 1);
    meter->parent = (Progress){ .begin = meter_begin, .add = meter_add, .end = meter_end };
    meter->terminal = isatty (STDERR_FILENO);
    g_mutex_init (&meter->mutex);
    return &meter->parent;
}

void
verb_progress_free (Progress *progress)
{
    Meter *meter = (Meter *)progress;

    if (meter == NULL)
        return;
    clear_bar (meter);
    g_mutex_clear (&meter->mutex);
    g_free (meter->what);
    g_free (meter);
}
