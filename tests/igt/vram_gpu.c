// SPDX-License-Identifier: MIT
#include <errno.h>
#include <string.h>

#include "vram_gpu.h"

#define FIRST_VA (1ull << 32)
#define VA_STEP (2ull << 20)

enum gpu_engine gpu_queue_engine(unsigned int queue)
{
	return queue == GPU_QUEUES - 1 ? GPU_RENDER : GPU_COPY;
}

bool gpu_id_is_dg1(uint32_t device_id)
{
	return device_id >= 0x4905 && device_id <= 0x4909;
}

int gpu_buf_open(struct gpu *gpu, struct gpu_buf *buf, unsigned int space, enum gpu_place place, uint64_t size)
{
	struct gpu_space *s = &gpu->spaces[space];
	int ret;

	*buf = (struct gpu_buf){ .space = space, .place = place, .size = size, .va = s->next_va };
	ret = gpu->ops->buf_open(gpu, buf);
	if (ret) {
		memset(buf, 0, sizeof(*buf));
		return ret;
	}
	s->next_va += (size + VA_STEP - 1) / VA_STEP * VA_STEP + VA_STEP;
	return 0;
}

void gpu_buf_close(struct gpu *gpu, struct gpu_buf *buf)
{
	if (buf->handle)
		gpu->ops->buf_close(gpu, buf);
	memset(buf, 0, sizeof(*buf));
}

static int open_space(struct gpu *gpu, unsigned int space)
{
	struct gpu_space *s = &gpu->spaces[space];
	int ret = gpu->ops->space_open(gpu, space);

	if (ret)
		return ret;
	s->next_va = FIRST_VA;
	/* Every other space keeps its batches in VRAM: they too must come back. */
	ret = gpu_buf_open(gpu, &s->batch, space, space % 2 ? GPU_VRAM : GPU_SYSTEM, GPU_BATCH_BYTES);
	if (!ret)
		ret = gpu_buf_open(gpu, &s->marks, space, GPU_SYSTEM, 4096);
	return ret;
}

int gpu_open(struct gpu *gpu, int fd, const struct gpu_ops *ops)
{
	int ret;

	memset(gpu, 0, sizeof(*gpu));
	gpu->fd = fd;
	gpu->ops = ops;
	ret = ops->query(gpu);
	for (unsigned int i = 0; !ret && i < GPU_SPACES; i++)
		ret = open_space(gpu, i);
	if (ret)
		gpu_close(gpu);
	return ret;
}

void gpu_close(struct gpu *gpu)
{
	for (unsigned int i = 0; i < GPU_SPACES; i++) {
		gpu_buf_close(gpu, &gpu->spaces[i].batch);
		gpu_buf_close(gpu, &gpu->spaces[i].marks);
		gpu->ops->space_close(gpu, i);
	}
	memset(gpu->spaces, 0, sizeof(gpu->spaces));
}
