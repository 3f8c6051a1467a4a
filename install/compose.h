/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "install/run.h"

#include <glib.h>

/* The release's compose files: one project, named as the product, run by the compose that the host
 * has, with images pinned to the carried ones and nothing pulled or built. A release without
 * compose files has nothing to do. run may be that of a stored release. */

typedef struct {
    gboolean plugin; /* "docker compose", else "docker-compose" */
    guint major;     /* 1 or 2 and later, which take other options */
    char *version;
} ComposeTool;

void compose_tool_clear (ComposeTool *tool);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ComposeTool, compose_tool_clear)
/* The host's compose, the plugin before the older program. ERR_NOT_READY where it has none. */
gboolean compose_find (Run *run, ComposeTool *tool, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Does the host's compose take the files? Changes nothing. */
gboolean compose_check (Run *run, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Makes containers as the files say; those of services that are no longer there are removed. */
gboolean compose_up (Run *run, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Stops and removes containers and networks; volumes are kept. */
gboolean compose_down (Run *run, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The file that pins images: JSON, which is YAML too. tree_fd: where the compose files lie. */
GBytes *compose_override (const Run *run, int tree_fd, const ComposeTool *tool,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
