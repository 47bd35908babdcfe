// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <xf86drm.h>

#include "i915_drm.h"
#include "vram_gpu.h"

#define WAIT_NS (60ll * 1000 * 1000 * 1000)
#define MAX_BUFS 8
#define EXEC_SLOT_COPY 0
#define EXEC_SLOT_RENDER 1

static int i915_ioctl(struct gpu *gpu, unsigned long request, void *arg)
{
	return drmIoctl(gpu->fd, request, arg) ? -errno : 0;
}

static int query_regions(struct gpu *gpu)
{
	struct drm_i915_query_item item = { .query_id = DRM_I915_QUERY_MEMORY_REGIONS };
	struct drm_i915_query query = { .num_items = 1, .items_ptr = (uintptr_t)&item };
	struct drm_i915_query_memory_regions *all;
	int ret = i915_ioctl(gpu, DRM_IOCTL_I915_QUERY, &query);

	if (ret || item.length <= 0)
		return ret ? ret : -ENODEV;
	all = calloc(1, item.length);
	if (!all)
		return -ENOMEM;
	item.data_ptr = (uintptr_t)all;
	ret = i915_ioctl(gpu, DRM_IOCTL_I915_QUERY, &query);
	for (uint32_t i = 0; !ret && i < all->num_regions; i++) {
		if (all->regions[i].region.memory_class != I915_MEMORY_CLASS_DEVICE)
			continue;
		gpu->vram_total = all->regions[i].probed_size;
		gpu->vram_free = all->regions[i].unallocated_size;
	}
	free(all);
	/* i915 has no query for it; 64K suits every card with local memory. */
	gpu->min_align = 4096;
	return ret ? ret : gpu->vram_total ? 0 : -ENODEV;
}

static int i915_query(struct gpu *gpu)
{
	int id = 0;
	struct drm_i915_getparam param = { .param = I915_PARAM_CHIPSET_ID, .value = &id };
	int ret = i915_ioctl(gpu, DRM_IOCTL_I915_GETPARAM, &param);

	if (ret)
		return ret;
	gpu->has_fast_color = gpu_id_is_dg1(id);
	return query_regions(gpu);
}

static int open_context(struct gpu *gpu, struct gpu_space *s, unsigned int queue)
{
	I915_DEFINE_CONTEXT_PARAM_ENGINES(engines, 2) = {
		.engines = {
			[EXEC_SLOT_COPY] = { I915_ENGINE_CLASS_COPY, 0 },
			[EXEC_SLOT_RENDER] = { I915_ENGINE_CLASS_RENDER, 0 },
		},
	};
	struct drm_i915_gem_context_create_ext_setparam set_engines = {
		.base = { .name = I915_CONTEXT_CREATE_EXT_SETPARAM },
		.param = {
			.param = I915_CONTEXT_PARAM_ENGINES,
			.value = (uintptr_t)&engines,
			.size = sizeof(engines),
		},
	};
	struct drm_i915_gem_context_create_ext_setparam set_vm = {
		.base = { .name = I915_CONTEXT_CREATE_EXT_SETPARAM, .next_extension = (uintptr_t)&set_engines },
		.param = { .param = I915_CONTEXT_PARAM_VM, .value = s->vm },
	};
	struct drm_i915_gem_context_create_ext create = {
		.flags = I915_CONTEXT_CREATE_FLAGS_USE_EXTENSIONS,
		.extensions = (uintptr_t)&set_vm,
	};
	int ret = i915_ioctl(gpu, DRM_IOCTL_I915_GEM_CONTEXT_CREATE_EXT, &create);

	s->queues[queue] = create.ctx_id;
	return ret;
}

static int i915_space_open(struct gpu *gpu, unsigned int space)
{
	struct gpu_space *s = &gpu->spaces[space];
	struct drm_i915_gem_vm_control vm = { 0 };
	int ret = i915_ioctl(gpu, DRM_IOCTL_I915_GEM_VM_CREATE, &vm);

	s->vm = vm.vm_id;
	for (unsigned int i = 0; !ret && i < GPU_QUEUES; i++)
		ret = open_context(gpu, s, i);
	return ret;
}

static void i915_space_close(struct gpu *gpu, unsigned int space)
{
	struct gpu_space *s = &gpu->spaces[space];
	struct drm_i915_gem_vm_control vm = { .vm_id = s->vm };

	for (unsigned int i = 0; i < GPU_QUEUES; i++) {
		struct drm_i915_gem_context_destroy destroy = { .ctx_id = s->queues[i] };

		if (s->queues[i])
			i915_ioctl(gpu, DRM_IOCTL_I915_GEM_CONTEXT_DESTROY, &destroy);
	}
	if (s->vm)
		i915_ioctl(gpu, DRM_IOCTL_I915_GEM_VM_DESTROY, &vm);
}

static int map(struct gpu *gpu, struct gpu_buf *buf)
{
	struct drm_i915_gem_mmap_offset where = {
		.handle = buf->handle,
		.flags = I915_MMAP_OFFSET_FIXED,
	};
	int ret = i915_ioctl(gpu, DRM_IOCTL_I915_GEM_MMAP_OFFSET, &where);

	if (ret)
		return ret;
	buf->map = mmap(NULL, buf->size, PROT_READ | PROT_WRITE, MAP_SHARED, gpu->fd, where.offset);
	if (buf->map == MAP_FAILED) {
		buf->map = NULL;
		return -errno;
	}
	return 0;
}

static void i915_buf_close(struct gpu *gpu, struct gpu_buf *buf)
{
	struct drm_gem_close request = { .handle = buf->handle };

	if (buf->map)
		munmap(buf->map, buf->size);
	i915_ioctl(gpu, DRM_IOCTL_GEM_CLOSE, &request);
}

static int i915_buf_open(struct gpu *gpu, struct gpu_buf *buf)
{
	struct drm_i915_gem_memory_class_instance region = {
		.memory_class = buf->place == GPU_VRAM ? I915_MEMORY_CLASS_DEVICE : I915_MEMORY_CLASS_SYSTEM,
	};
	struct drm_i915_gem_create_ext_memory_regions regions = {
		.base = { .name = I915_GEM_CREATE_EXT_MEMORY_REGIONS },
		.num_regions = 1,
		.regions = (uintptr_t)&region,
	};
	struct drm_i915_gem_create_ext create = { .size = buf->size, .extensions = (uintptr_t)&regions };
	int ret = i915_ioctl(gpu, DRM_IOCTL_I915_GEM_CREATE_EXT, &create);

	if (ret)
		return ret;
	buf->handle = create.handle;
	ret = map(gpu, buf);
	if (ret)
		i915_buf_close(gpu, buf);
	return ret;
}

static int i915_run(struct gpu *gpu, unsigned int space, unsigned int queue, size_t batch_bytes,
		    struct gpu_buf *const *bufs, size_t count)
{
	struct gpu_space *s = &gpu->spaces[space];
	struct drm_i915_gem_exec_object2 objects[MAX_BUFS + 2] = { 0 };
	struct drm_i915_gem_wait wait = { .bo_handle = s->batch.handle, .timeout_ns = WAIT_NS };
	struct drm_i915_gem_execbuffer2 exec = {
		.buffers_ptr = (uintptr_t)objects,
		.buffer_count = count + 2,
		.batch_len = batch_bytes,
		.flags = I915_EXEC_NO_RELOC |
			 (gpu_queue_engine(queue) == GPU_COPY ? EXEC_SLOT_COPY : EXEC_SLOT_RENDER),
		.rsvd1 = s->queues[queue],
	};
	int ret;

	if (count > MAX_BUFS)
		return -EINVAL;
	for (size_t i = 0; i < count + 2; i++) {
		/* The batch is the last one. */
		const struct gpu_buf *buf = i < count ? bufs[i] : i == count ? &s->marks : &s->batch;

		objects[i].handle = buf->handle;
		objects[i].offset = buf->va;
		objects[i].flags = EXEC_OBJECT_PINNED | EXEC_OBJECT_SUPPORTS_48B_ADDRESS |
				   (buf == &s->batch ? 0 : EXEC_OBJECT_WRITE);
	}
	ret = i915_ioctl(gpu, DRM_IOCTL_I915_GEM_EXECBUFFER2, &exec);
	if (!ret)
		ret = i915_ioctl(gpu, DRM_IOCTL_I915_GEM_WAIT, &wait);
	return ret;
}

const struct gpu_ops gpu_i915 = {
	.driver = "i915",
	.query = i915_query,
	.space_open = i915_space_open,
	.space_close = i915_space_close,
	.buf_open = i915_buf_open,
	.buf_close = i915_buf_close,
	.run = i915_run,
};
