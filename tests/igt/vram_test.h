/* SPDX-License-Identifier: MIT */
/* The subtests that xe and i915 have in common. */
#ifndef VRAM_TEST_H
#define VRAM_TEST_H

#include <getopt.h>

#include "vram_workload.h"

struct vram_test {
	struct gpu gpu;
	int fd;
	unsigned int percent;
	uint64_t bytes;
	uint64_t seed;
	unsigned int cycles;
};

extern const char vram_test_help[];
extern const struct option vram_test_options[];
int vram_test_option(int opt, int index, void *data);

void vram_test_open(struct vram_test *t, int driver, const struct gpu_ops *ops);
void vram_test_close(struct vram_test *t);
/* To be called from igt_main(), between its fixtures. */
void vram_test_subtests(struct vram_test *t);

#endif
