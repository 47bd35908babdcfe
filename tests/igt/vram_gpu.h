/* SPDX-License-Identifier: MIT */
/*
 * What the VRAM tests need of a GPU, the same for xe and i915: buffers in VRAM or system
 * memory, address spaces with a few queues each, and batches that are waited for.
 *
 * Functions that return int return 0 or -errno. None of them ends the test: with faults
 * injected an error is a result like any other.
 */
#ifndef VRAM_GPU_H
#define VRAM_GPU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GPU_SPACES 3
#define GPU_QUEUES 3
#define GPU_BATCH_BYTES (256u << 10)

enum gpu_place { GPU_VRAM, GPU_SYSTEM };
enum gpu_engine { GPU_COPY, GPU_RENDER };

struct gpu_buf {
	uint32_t handle;
	unsigned int space;
	enum gpu_place place;
	uint64_t size;
	uint64_t va;
	void *map;
};

/* An address space: the first queues copy, the last one renders. */
struct gpu_space {
	uint32_t vm;
	uint32_t queues[GPU_QUEUES];
	uint32_t fence;
	uint64_t next_va;
	struct gpu_buf batch;
	struct gpu_buf marks;
	uint64_t sequence;
};

struct gpu {
	int fd;
	const struct gpu_ops *ops;
	uint64_t vram_total;
	uint64_t vram_free;
	uint64_t min_align;
	bool has_fast_color;
	struct gpu_space spaces[GPU_SPACES];
};

struct gpu_ops {
	const char *driver;
	int (*query)(struct gpu *gpu);
	int (*space_open)(struct gpu *gpu, unsigned int space);
	void (*space_close)(struct gpu *gpu, unsigned int space);
	/* Makes the buffer, reachable at buf->va in its space, and maps it. */
	int (*buf_open)(struct gpu *gpu, struct gpu_buf *buf);
	void (*buf_close)(struct gpu *gpu, struct gpu_buf *buf);
	/* Says whether the contents are needed; *kept: whether they are still there. May be NULL. */
	int (*buf_advise)(struct gpu *gpu, struct gpu_buf *buf, bool needed, bool *kept);
	/* Runs the space's batch on one queue and waits for its end. */
	int (*run)(struct gpu *gpu, unsigned int space, unsigned int queue, size_t batch_bytes,
		   struct gpu_buf *const *bufs, size_t count);
};

extern const struct gpu_ops gpu_xe;
extern const struct gpu_ops gpu_i915;

int gpu_open(struct gpu *gpu, int fd, const struct gpu_ops *ops);
void gpu_close(struct gpu *gpu);

int gpu_buf_open(struct gpu *gpu, struct gpu_buf *buf, unsigned int space, enum gpu_place place, uint64_t size);
void gpu_buf_close(struct gpu *gpu, struct gpu_buf *buf);

enum gpu_engine gpu_queue_engine(unsigned int queue);
bool gpu_id_is_dg1(uint32_t device_id);

#endif
