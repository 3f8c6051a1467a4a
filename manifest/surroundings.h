/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#pragma once

/* A caller may have closed 0 to 2; what is opened next must not become this program's output, nor
 * what a program that it starts reads (trust.md 120). */
void surroundings_fill_descriptors (void);

/* What a process of the isolated side takes over from whoever starts it: descriptors 0 to 2, a few
 * variables, the folder it is in, and nothing else. Call first, while there is one thread:
 * libraries look at variables when they please. */
void surroundings_shed (void);

/* For a program that carries its libraries: the folder that they lie in, "lib" beside the program's
 * own. From now on they look there, and nowhere on the host, for what they would load when they
 * please: modules of GIO and OpenSSL, locales. Names of users and groups come from
 * /etc/passwd and /etc/group alone. Where the loader was told to load more (LD_PRELOAD and others),
 * the program begins again without. Call before anything else. */
void surroundings_keep_to_own (char **argv);
