/* SPDX-License-Identifier: MIT */
#ifndef IGT_SELECT_H
#define IGT_SELECT_H

#include <stdbool.h>

/*
 * Whether a name is chosen by a comma-separated list of shell patterns. A pattern after '!'
 * takes names away; the last pattern that matches decides.
 */
bool igt_name_selected(const char *patterns, const char *name);

#endif
