// SPDX-License-Identifier: MIT
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xf86drm.h>

#include "vram_long.h"
#include "xe_drm.h"

#define BYTES (64u << 10)
#define VA (1ull << 32)
#define WAIT_SECONDS 30

#define MI_ATOMIC_INCREMENT (0x2fu << 23 | 5u << 8 | 1)
#define MI_SEMAPHORE_POLL_EQUAL (0x1cu << 23 | 1u << 15 | 4u << 12 | 3)
#define MI_STORE_DATA_IMM (0x20u << 23 | 2)
#define MI_BATCH_BUFFER_END (0x0au << 23)

/* Words behind the batch. */
enum { BEGUN = 0x400, GO_ON, ENDED };

static int xe_ioctl(struct long_run *l, unsigned long request, void *arg)
{
	return drmIoctl(l->gpu->fd, request, arg) ? -errno : 0;
}

static uint64_t word_va(unsigned int word)
{
	return VA + word * sizeof(uint32_t);
}

static int await(const volatile void *where, uint32_t value)
{
	const volatile uint32_t *word = where;

	for (int i = 0; i < WAIT_SECONDS * 100; i++) {
		if (*word == value)
			return 0;
		usleep(10000);
	}
	return -ETIME;
}

static void write_batch(struct long_run *l)
{
	const uint64_t begun = word_va(BEGUN), go_on = word_va(GO_ON), ended = word_va(ENDED);
	const uint32_t batch[] = {
		MI_ATOMIC_INCREMENT, begun, begun >> 32,
		MI_SEMAPHORE_POLL_EQUAL, 1, go_on, go_on >> 32, 0,
		MI_STORE_DATA_IMM, ended, ended >> 32, 1,
		MI_BATCH_BUFFER_END, 0,
	};

	memset((void *)l->map, 0, BYTES);
	memcpy((void *)l->map, batch, sizeof(batch));
}

/* Jobs of such address spaces have no fences but words in memory. */
static int bind(struct long_run *l)
{
	struct drm_xe_sync done = {
		.type = DRM_XE_SYNC_TYPE_USER_FENCE,
		.flags = DRM_XE_SYNC_FLAG_SIGNAL,
		.addr = (uintptr_t)&l->bound,
		.timeline_value = 1,
	};
	struct drm_xe_vm_bind request = {
		.vm_id = l->vm,
		.num_binds = 1,
		.bind = { .obj = l->handle, .range = BYTES, .addr = VA, .op = DRM_XE_VM_BIND_OP_MAP },
		.num_syncs = 1,
		.syncs = (uintptr_t)&done,
	};
	int ret = xe_ioctl(l, DRM_IOCTL_XE_VM_BIND, &request);

	return ret ? ret : await(&l->bound, 1);
}

static int make_memory(struct long_run *l)
{
	struct drm_xe_gem_create create = {
		.size = BYTES,
		.placement = 1 << 1,
		.flags = DRM_XE_GEM_CREATE_FLAG_NEEDS_VISIBLE_VRAM,
		.cpu_caching = DRM_XE_GEM_CPU_CACHING_WC,
	};
	struct drm_xe_gem_mmap_offset where = { 0 };
	void *map;
	int ret = xe_ioctl(l, DRM_IOCTL_XE_GEM_CREATE, &create);

	if (ret)
		return ret;
	l->handle = create.handle;
	where.handle = l->handle;
	ret = xe_ioctl(l, DRM_IOCTL_XE_GEM_MMAP_OFFSET, &where);
	if (ret)
		return ret;
	map = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, l->gpu->fd, where.offset);
	if (map == MAP_FAILED)
		return -errno;
	l->map = map;
	return bind(l);
}

static int make_queue(struct long_run *l)
{
	struct drm_xe_engine_class_instance engine = { .engine_class = DRM_XE_ENGINE_CLASS_RENDER };
	struct drm_xe_exec_queue_create create = {
		.width = 1,
		.num_placements = 1,
		.vm_id = l->vm,
		.instances = (uintptr_t)&engine,
	};
	int ret = xe_ioctl(l, DRM_IOCTL_XE_EXEC_QUEUE_CREATE, &create);

	l->queue = create.exec_queue_id;
	return ret;
}

int long_run_begin(struct long_run *l, struct gpu *gpu)
{
	struct drm_xe_vm_create create = { .flags = DRM_XE_VM_CREATE_FLAG_LR_MODE };
	struct drm_xe_exec exec = { .address = VA, .num_batch_buffer = 1 };
	int ret;

	if (gpu->ops != &gpu_xe)
		return -EOPNOTSUPP;
	long_run_drop(l);
	l->gpu = gpu;
	ret = xe_ioctl(l, DRM_IOCTL_XE_VM_CREATE, &create);
	l->vm = create.vm_id;
	if (!ret)
		ret = make_memory(l);
	if (!ret)
		ret = make_queue(l);
	if (!ret) {
		write_batch(l);
		exec.exec_queue_id = l->queue;
		ret = xe_ioctl(l, DRM_IOCTL_XE_EXEC, &exec);
	}
	if (!ret)
		ret = await(&l->map[BEGUN], 1);
	if (ret)
		long_run_drop(l);
	return ret;
}

int long_run_end(struct long_run *l, uint32_t *begun)
{
	int ret;

	if (!l->map)
		return -ENOENT;
	l->map[GO_ON] = 1;
	ret = await(&l->map[ENDED], 1);
	*begun = l->map[BEGUN];
	return ret;
}

void long_run_drop(struct long_run *l)
{
	struct drm_xe_exec_queue_destroy no_queue = { .exec_queue_id = l->queue };
	struct drm_xe_vm_destroy no_vm = { .vm_id = l->vm };
	struct drm_gem_close no_memory = { .handle = l->handle };

	if (l->queue)
		xe_ioctl(l, DRM_IOCTL_XE_EXEC_QUEUE_DESTROY, &no_queue);
	if (l->map)
		munmap((void *)l->map, BYTES);
	if (l->vm)
		xe_ioctl(l, DRM_IOCTL_XE_VM_DESTROY, &no_vm);
	if (l->handle)
		xe_ioctl(l, DRM_IOCTL_GEM_CLOSE, &no_memory);
	*l = (struct long_run){ 0 };
}
