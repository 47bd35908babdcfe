// SPDX-License-Identifier: MIT
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "igt_select.h"

bool igt_name_selected(const char *patterns, const char *name)
{
	/* A list that begins by taking away takes away from everything. */
	bool selected = patterns[strspn(patterns, ", ")] == '!';
	char one[256];

	while (*patterns) {
		size_t len = strcspn(patterns, ",");
		const char *text = one;

		snprintf(one, sizeof(one), "%.*s", (int)len, patterns);
		text += strspn(text, " ");
		if (*text == '!') {
			if (!fnmatch(text + 1, name, 0))
				selected = false;
		} else if (!fnmatch(text, name, 0)) {
			selected = true;
		}
		patterns += len + (patterns[len] == ',');
	}
	return selected;
}
