// SPDX-License-Identifier: MIT
#include <errno.h>

#include "vram_batch.h"

#define MI_BATCH_BUFFER_END (0x0au << 23)
#define MI_STORE_DATA_IMM (0x20u << 23 | 2)
#define MI_FLUSH_DW (0x26u << 23 | 3)
#define FLUSH_DW_STORE (1u << 14)
#define XY_FAST_COPY (2u << 29 | 0x42u << 22 | 8)
#define XY_FAST_COLOR (2u << 29 | 0x44u << 22 | 2u << 19 | 9)
#define COLOR_DEPTH_32 (3u << 24)

/* The longest command, and what batch_run() adds. */
#define ROOM 32

static uint32_t *next(struct batch *b)
{
	return (uint32_t *)b->gpu->spaces[b->space].batch.map + b->dwords;
}

void batch_begin(struct batch *b, struct gpu *gpu, unsigned int space)
{
	*b = (struct batch){ .gpu = gpu, .space = space };
}

bool batch_has_room(const struct batch *b)
{
	return (b->dwords + ROOM) * sizeof(uint32_t) < GPU_BATCH_BYTES;
}

void batch_copy(struct batch *b, const struct gpu_buf *dst, uint64_t dst_at,
		const struct gpu_buf *src, uint64_t src_at, uint64_t bytes)
{
	uint64_t to = dst->va + dst_at, from = src->va + src_at;
	uint32_t rows = bytes / BATCH_ROW;
	uint32_t *p = next(b);

	p[0] = XY_FAST_COPY;
	p[1] = COLOR_DEPTH_32 | BATCH_ROW;
	p[2] = 0;
	p[3] = rows << 16 | BATCH_ROW / 4;
	p[4] = to;
	p[5] = to >> 32;
	p[6] = 0;
	p[7] = BATCH_ROW;
	p[8] = from;
	p[9] = from >> 32;
	b->dwords += 10;
}

void batch_color(struct batch *b, const struct gpu_buf *dst, uint64_t at, uint64_t bytes, uint32_t color)
{
	uint64_t to = dst->va + at;
	uint32_t *p = next(b);

	p[0] = XY_FAST_COLOR;
	p[1] = BATCH_ROW - 1;
	p[2] = 0;
	p[3] = (uint32_t)(bytes / BATCH_ROW) << 16 | BATCH_ROW / 4;
	p[4] = to;
	p[5] = to >> 32;
	/* Bit 31 says that the target is system memory. */
	p[6] = dst->place == GPU_SYSTEM ? 1u << 31 : 0;
	p[7] = color;
	p[8] = 0;
	p[9] = 0;
	p[10] = 0;
	b->dwords += 11;
}

void batch_store(struct batch *b, const struct gpu_buf *dst, uint64_t at, uint32_t value)
{
	uint64_t to = dst->va + at;
	uint32_t *p = next(b);

	p[0] = MI_STORE_DATA_IMM;
	p[1] = to;
	p[2] = to >> 32;
	p[3] = value;
	b->dwords += 4;
}

static void end_with_mark(struct batch *b, unsigned int queue, uint64_t value)
{
	const struct gpu_buf *marks = &b->gpu->spaces[b->space].marks;
	uint64_t at = marks->va + queue * sizeof(uint64_t);
	uint32_t *p;

	if (gpu_queue_engine(queue) == GPU_COPY) {
		p = next(b);
		p[0] = MI_FLUSH_DW | FLUSH_DW_STORE;
		p[1] = at;
		p[2] = at >> 32;
		p[3] = value;
		p[4] = value >> 32;
		b->dwords += 5;
	} else {
		batch_store(b, marks, queue * sizeof(uint64_t), value);
		batch_store(b, marks, queue * sizeof(uint64_t) + 4, value >> 32);
	}
	p = next(b);
	p[0] = MI_BATCH_BUFFER_END;
	p[1] = 0;
	/* i915 wants whole qwords. */
	b->dwords = (b->dwords + 2) & ~(size_t)1;
}

int batch_run(struct batch *b, unsigned int queue, struct gpu_buf *const *bufs, size_t count)
{
	struct gpu_space *s = &b->gpu->spaces[b->space];
	volatile uint64_t *mark = (uint64_t *)s->marks.map + queue;
	int ret;

	end_with_mark(b, queue, ++s->sequence);
	ret = b->gpu->ops->run(b->gpu, b->space, queue, b->dwords * sizeof(uint32_t), bufs, count);
	b->dwords = 0;
	if (!ret && *mark != s->sequence)
		ret = -EIO;
	return ret;
}
