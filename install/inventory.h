/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "install/engine.h"
#include "install/host.h"
#include "manifest/have.h"

#include <glib.h>

/* What this host has, by its state folder and its engine. *left_out: images for which there was no
 * room in a have file. A host whose name has neither letter nor digit is ERR_NOT_READY. */
Have *inventory_take (const Host *host, Engine *engine, guint *left_out,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;
