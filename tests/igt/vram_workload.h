/* SPDX-License-Identifier: MIT */
/*
 * A full card: many buffers of many sizes in a few address spaces, filled by the CPU and by
 * the blitter, whose every byte can be compared later.
 */
#ifndef VRAM_WORKLOAD_H
#define VRAM_WORKLOAD_H

#include "vram_gpu.h"

enum fill_way { FILL_MMAP, FILL_COPY, FILL_COLOR, FILL_WAYS };

extern const char *const fill_way_names[FILL_WAYS];

struct vram_object {
	struct gpu_buf buf;
	enum fill_way way;
	uint64_t key;
};

struct workload {
	struct gpu *gpu;
	uint64_t seed;
	bool all_mapped;
	struct gpu_buf staging[GPU_SPACES];
	struct vram_object *objects;
	size_t count;
	uint64_t bytes;
	uint64_t bytes_by_way[FILL_WAYS];
};

/* What a comparison found. Objects that could not be read count as errors, not as equal. */
struct tally {
	uint64_t bytes;
	uint64_t mismatches;
	uint64_t bad_objects;
	uint64_t errors;
	int first_error;
	double seconds;
	size_t first_object;
	uint64_t first_at;
	uint64_t first_got;
	uint64_t first_want;
};

/*
 * Fills "bytes" of VRAM or system memory, or "percent" of the free VRAM where bytes is 0, with
 * objects of "each" bytes, all of them by the CPU, or of all sizes and in all ways where each is 0.
 */
int workload_fill(struct workload *w, struct gpu *gpu, enum gpu_place place, uint64_t seed, uint64_t bytes,
		  unsigned int percent, uint64_t each);
void workload_drop(struct workload *w);

/* Says of all contents whether they are needed. How many bytes are in objects that still have theirs. */
int workload_advise(struct workload *w, bool needed, uint64_t *kept);

void workload_compare_cpu(struct workload *w, struct tally *t);
/* Through a copy that the blitter makes in system memory. */
void workload_compare_blit(struct workload *w, struct tally *t);

/* Lets every queue of every space write values, and looks at them. */
int workload_jobs(struct workload *w, unsigned int rounds, uint64_t *done);

double workload_clock(void);

#endif
