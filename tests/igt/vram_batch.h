/* SPDX-License-Identifier: MIT */
/* Batches of blitter commands, run and checked one after the other. */
#ifndef VRAM_BATCH_H
#define VRAM_BATCH_H

#include "vram_gpu.h"

#define BATCH_ROW 4096u

struct batch {
	struct gpu *gpu;
	unsigned int space;
	size_t dwords;
};

void batch_begin(struct batch *b, struct gpu *gpu, unsigned int space);
bool batch_has_room(const struct batch *b);
/* Sizes and offsets are multiples of BATCH_ROW; one copy takes up to 128 MB. */
void batch_copy(struct batch *b, const struct gpu_buf *dst, uint64_t dst_at,
		const struct gpu_buf *src, uint64_t src_at, uint64_t bytes);
void batch_color(struct batch *b, const struct gpu_buf *dst, uint64_t at, uint64_t bytes, uint32_t color);
void batch_store(struct batch *b, const struct gpu_buf *dst, uint64_t at, uint32_t value);
/*
 * Ends the batch with a mark, runs it and waits. -EIO if the mark did not appear: a reset
 * signals fences, too.
 */
int batch_run(struct batch *b, unsigned int queue, struct gpu_buf *const *bufs, size_t count);

#endif
