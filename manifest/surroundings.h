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
