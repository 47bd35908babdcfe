// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <xf86drm.h>

#include "vram_gpu.h"
#include "xe_drm.h"

#define WAIT_SECONDS 30

static int xe_ioctl(struct gpu *gpu, unsigned long request, void *arg)
{
	return drmIoctl(gpu->fd, request, arg) ? -errno : 0;
}

/* A query whose answer is made of as many bytes as the driver says; the caller frees it. */
static void *query_all(struct gpu *gpu, uint32_t what)
{
	struct drm_xe_device_query query = { .query = what };
	void *data;

	if (xe_ioctl(gpu, DRM_IOCTL_XE_DEVICE_QUERY, &query) || !query.size)
		return NULL;
	data = calloc(1, query.size);
	query.data = (uintptr_t)data;
	if (data && !xe_ioctl(gpu, DRM_IOCTL_XE_DEVICE_QUERY, &query))
		return data;
	free(data);
	return NULL;
}

static int query_regions(struct gpu *gpu)
{
	struct drm_xe_query_mem_regions *all = query_all(gpu, DRM_XE_DEVICE_QUERY_MEM_REGIONS);

	if (!all)
		return -ENODEV;
	for (uint32_t i = 0; i < all->num_mem_regions; i++) {
		struct drm_xe_mem_region *region = &all->mem_regions[i];

		if (region->mem_class != DRM_XE_MEM_REGION_CLASS_VRAM)
			continue;
		gpu->vram_total = region->total_size;
		gpu->vram_free = region->total_size - region->used;
		gpu->min_align = region->min_page_size;
	}
	free(all);
	return gpu->vram_total ? 0 : -ENODEV;
}

static int xe_query(struct gpu *gpu)
{
	struct drm_xe_query_config *config = query_all(gpu, DRM_XE_DEVICE_QUERY_CONFIG);

	if (!config)
		return -ENODEV;
	gpu->has_fast_color = gpu_id_is_dg1(config->info[DRM_XE_QUERY_CONFIG_REV_AND_DEVICE_ID] & 0xffff);
	free(config);
	return query_regions(gpu);
}

static int open_queue(struct gpu *gpu, struct gpu_space *s, unsigned int queue)
{
	struct drm_xe_engine_class_instance engine = {
		.engine_class = gpu_queue_engine(queue) == GPU_COPY ? DRM_XE_ENGINE_CLASS_COPY :
								      DRM_XE_ENGINE_CLASS_RENDER,
	};
	struct drm_xe_exec_queue_create create = {
		.width = 1,
		.num_placements = 1,
		.vm_id = s->vm,
		.instances = (uintptr_t)&engine,
	};
	int ret = xe_ioctl(gpu, DRM_IOCTL_XE_EXEC_QUEUE_CREATE, &create);

	s->queues[queue] = create.exec_queue_id;
	return ret;
}

static int xe_space_open(struct gpu *gpu, unsigned int space)
{
	struct gpu_space *s = &gpu->spaces[space];
	struct drm_xe_vm_create create = { 0 };
	int ret = xe_ioctl(gpu, DRM_IOCTL_XE_VM_CREATE, &create);

	if (ret)
		return ret;
	s->vm = create.vm_id;
	if (drmSyncobjCreate(gpu->fd, 0, &s->fence))
		return -errno;
	for (unsigned int i = 0; !ret && i < GPU_QUEUES; i++)
		ret = open_queue(gpu, s, i);
	return ret;
}

static void xe_space_close(struct gpu *gpu, unsigned int space)
{
	struct gpu_space *s = &gpu->spaces[space];

	for (unsigned int i = 0; i < GPU_QUEUES; i++) {
		struct drm_xe_exec_queue_destroy destroy = { .exec_queue_id = s->queues[i] };

		if (s->queues[i])
			xe_ioctl(gpu, DRM_IOCTL_XE_EXEC_QUEUE_DESTROY, &destroy);
	}
	if (s->fence)
		drmSyncobjDestroy(gpu->fd, s->fence);
	if (s->vm) {
		struct drm_xe_vm_destroy destroy = { .vm_id = s->vm };

		xe_ioctl(gpu, DRM_IOCTL_XE_VM_DESTROY, &destroy);
	}
}

static int wait_fence(struct gpu *gpu, struct gpu_space *s)
{
	struct timespec now;
	int64_t until;

	clock_gettime(CLOCK_MONOTONIC, &now);
	until = (now.tv_sec + WAIT_SECONDS) * 1000000000ll + now.tv_nsec;
	if (drmSyncobjWait(gpu->fd, &s->fence, 1, until, 0, NULL))
		return -errno;
	drmSyncobjReset(gpu->fd, &s->fence, 1);
	return 0;
}

static int bind(struct gpu *gpu, struct gpu_buf *buf, uint32_t op)
{
	struct gpu_space *s = &gpu->spaces[buf->space];
	struct drm_xe_sync done = {
		.type = DRM_XE_SYNC_TYPE_SYNCOBJ,
		.flags = DRM_XE_SYNC_FLAG_SIGNAL,
		.handle = s->fence,
	};
	struct drm_xe_vm_bind request = {
		.vm_id = s->vm,
		.num_binds = 1,
		.bind = {
			.obj = op == DRM_XE_VM_BIND_OP_MAP ? buf->handle : 0,
			.range = buf->size,
			.addr = buf->va,
			.op = op,
		},
		.num_syncs = 1,
		.syncs = (uintptr_t)&done,
	};
	int ret = xe_ioctl(gpu, DRM_IOCTL_XE_VM_BIND, &request);

	return ret ? ret : wait_fence(gpu, s);
}

static int map(struct gpu *gpu, struct gpu_buf *buf)
{
	struct drm_xe_gem_mmap_offset where = { .handle = buf->handle };
	int ret = xe_ioctl(gpu, DRM_IOCTL_XE_GEM_MMAP_OFFSET, &where);

	if (ret)
		return ret;
	buf->map = mmap(NULL, buf->size, PROT_READ | PROT_WRITE, MAP_SHARED, gpu->fd, where.offset);
	if (buf->map == MAP_FAILED) {
		buf->map = NULL;
		return -errno;
	}
	return 0;
}

static void xe_buf_close(struct gpu *gpu, struct gpu_buf *buf)
{
	struct drm_gem_close request = { .handle = buf->handle };

	bind(gpu, buf, DRM_XE_VM_BIND_OP_UNMAP);
	if (buf->map)
		munmap(buf->map, buf->size);
	xe_ioctl(gpu, DRM_IOCTL_GEM_CLOSE, &request);
}

static int xe_buf_open(struct gpu *gpu, struct gpu_buf *buf)
{
	bool vram = buf->place == GPU_VRAM;
	struct drm_xe_gem_create create = {
		.size = buf->size,
		/* Region instances: system memory is 0, the first tile's VRAM is 1. */
		.placement = vram ? 1 << 1 : 1 << 0,
		.flags = vram ? DRM_XE_GEM_CREATE_FLAG_NEEDS_VISIBLE_VRAM : 0,
		.cpu_caching = vram ? DRM_XE_GEM_CPU_CACHING_WC : DRM_XE_GEM_CPU_CACHING_WB,
	};
	int ret = xe_ioctl(gpu, DRM_IOCTL_XE_GEM_CREATE, &create);

	if (ret)
		return ret;
	buf->handle = create.handle;
	ret = bind(gpu, buf, DRM_XE_VM_BIND_OP_MAP);
	if (!ret)
		ret = map(gpu, buf);
	if (ret)
		xe_buf_close(gpu, buf);
	return ret;
}

static int xe_buf_advise(struct gpu *gpu, struct gpu_buf *buf, bool needed, bool *kept)
{
	uint32_t retained = 0;
	struct drm_xe_madvise advice = {
		.vm_id = gpu->spaces[buf->space].vm,
		.start = buf->va,
		.range = buf->size,
		.type = DRM_XE_VMA_ATTR_PURGEABLE_STATE,
		.purge_state_val = {
			.val = needed ? DRM_XE_VMA_PURGEABLE_STATE_WILLNEED : DRM_XE_VMA_PURGEABLE_STATE_DONTNEED,
			.retained_ptr = (uintptr_t)&retained,
		},
	};
	int ret = xe_ioctl(gpu, DRM_IOCTL_XE_MADVISE, &advice);

	*kept = retained;
	return ret;
}

static int xe_run(struct gpu *gpu, unsigned int space, unsigned int queue, size_t batch_bytes,
		  struct gpu_buf *const *bufs, size_t count)
{
	struct gpu_space *s = &gpu->spaces[space];
	struct drm_xe_sync done = {
		.type = DRM_XE_SYNC_TYPE_SYNCOBJ,
		.flags = DRM_XE_SYNC_FLAG_SIGNAL,
		.handle = s->fence,
	};
	struct drm_xe_exec exec = {
		.exec_queue_id = s->queues[queue],
		.num_syncs = 1,
		.syncs = (uintptr_t)&done,
		.address = s->batch.va,
		.num_batch_buffer = 1,
	};
	int ret = xe_ioctl(gpu, DRM_IOCTL_XE_EXEC, &exec);

	(void)batch_bytes;
	(void)bufs;
	(void)count;
	return ret ? ret : wait_fence(gpu, s);
}

const struct gpu_ops gpu_xe = {
	.driver = "xe",
	.query = xe_query,
	.space_open = xe_space_open,
	.space_close = xe_space_close,
	.buf_open = xe_buf_open,
	.buf_close = xe_buf_close,
	.buf_advise = xe_buf_advise,
	.run = xe_run,
};
