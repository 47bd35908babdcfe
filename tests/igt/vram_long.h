/* SPDX-License-Identifier: MIT */
/*
 * Work without an end of its own, as compute programs have it: a batch of a long-running
 * address space that counts its beginnings, and then waits in VRAM for a word. Xe only.
 */
#ifndef VRAM_LONG_H
#define VRAM_LONG_H

#include "vram_gpu.h"

struct long_run {
	struct gpu *gpu;
	uint32_t vm;
	uint32_t queue;
	uint32_t handle;
	volatile uint32_t *map;
	/* The driver writes it when the memory is bound, however late that is. */
	uint64_t bound;
};

/* Returns when the batch waits. */
int long_run_begin(struct long_run *l, struct gpu *gpu);
/* Has it go on. -ETIME if it does not come to its end; *begun: how often it was begun. */
int long_run_end(struct long_run *l, uint32_t *begun);
void long_run_drop(struct long_run *l);

#endif
