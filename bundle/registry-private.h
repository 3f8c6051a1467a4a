/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include "bundle/registry-endpoint.h"
#include "bundle/registry.h"

struct Registry {
    RegistryOptions options;
    Hosts *hosts;
    Endpoint *endpoint;
    GCancellable *cancellable; /* owns the one in options */
};
