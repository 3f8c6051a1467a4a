/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "install/run.h"

#include <glib.h>

/* Rebuilds what a host knows of a product, where that was lost: the highest number that was ever
 * installed, which only a person can know, and whatever rN and the engine still show. */

typedef struct {
    const char *product;
    guint64 floor;       /* nothing below it is installed later; 0: the product was never here */
    const char *channel; /* of the floor, where no stored release says it; NULL: "stable" */
} Adoption;

/* Is there anything to adopt? ERR_POLICY where nothing was lost, so that no floor is lowered by it;
 * ERR_NOT_READY where the host believes no trust root yet. */
gboolean adopt_check (const Run *run, const Adoption *adoption,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* run: of run_open_on_host. Writes records, state and a receipt that says so. A run that was open
 * is given up; its journal is kept. What was found becomes notes of run. */
gboolean adopt_product (Run *run, const Adoption *adoption,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;
