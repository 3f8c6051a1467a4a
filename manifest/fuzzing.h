/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

#include <glib.h>

/* Whether a check sum or signature that was compared counts as good: it does where it fits. A fuzz
 * build takes each for good, so that a fuzzer comes to what lies behind it. This is the only place
 * where that build differs; it makes no program (meson.build, main.c). */
static inline gboolean
check_holds (gboolean fits)
{
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
    return TRUE;
#else
    return fits;
#endif
}
