// SPDX-License-Identifier: GPL-2.0
/*
 * What the tests of the session that saves VRAM share: a blitter, content, failures.
 */
#include <linux/export.h>
#include <linux/hash.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "ttm_vram_backup_kunit_helpers.h"

struct fake_blit {
	struct dma_fence base;
	struct work_struct work;
	struct fake_blitter *blitter;
	struct fake_job *job;
	enum fake_mode mode;
};

static const char *fake_name(struct dma_fence *fence)
{
	return "vram backup test";
}

static void blit_run(struct fake_blit *blit)
{
	if (blit->mode == FAKE_FENCE_ERROR)
		dma_fence_set_error(&blit->base, -EIO);
	else
		blit->job->copy(blit->job, blit->mode == FAKE_WRONG);
	atomic_inc(&blit->blitter->done);
	dma_fence_signal(&blit->base);
}

static void blit_work(struct work_struct *work)
{
	struct fake_blit *blit = container_of(work, struct fake_blit, work);

	blit_run(blit);
	dma_fence_put(&blit->base);
}

/* Not before: whoever does not wait is to find that nothing was copied. */
static bool blit_enable_signaling(struct dma_fence *fence)
{
	struct fake_blit *blit = container_of(fence, struct fake_blit, base);

	dma_fence_get(fence);
	queue_work(blit->blitter->wq, &blit->work);

	return true;
}

static void blit_release(struct dma_fence *fence)
{
	struct fake_blit *blit = container_of(fence, struct fake_blit, base);

	blit->job->free(blit->job);
	dma_fence_free(fence);
}

static const struct dma_fence_ops blit_ops = {
	.get_driver_name = fake_name,
	.get_timeline_name = fake_name,
	.enable_signaling = blit_enable_signaling,
	.release = blit_release,
};

static const struct dma_fence_ops fence_ops = {
	.get_driver_name = fake_name,
	.get_timeline_name = fake_name,
};

int fake_blitter_init(struct fake_blitter *blitter)
{
	blitter->wq = alloc_ordered_workqueue("vram-backup-test", 0);

	return blitter->wq ? 0 : -ENOMEM;
}
EXPORT_SYMBOL_GPL(fake_blitter_init);

void fake_blitter_fini(struct fake_blitter *blitter)
{
	destroy_workqueue(blitter->wq);
	/* The last fences are freed then, and their code is not needed any more. */
	rcu_barrier();
}
EXPORT_SYMBOL_GPL(fake_blitter_fini);

/* As a driver's op with the blitter as the engine. The job is freed, now or later. */
int fake_blit(struct fake_blitter *blitter, struct fake_job *job,
	      enum fake_mode mode, struct dma_fence **fence)
{
	struct fake_blit *blit;

	if (mode == FAKE_NO_FENCE || mode == FAKE_REFUSED) {
		if (mode == FAKE_NO_FENCE)
			job->copy(job, false);
		job->free(job);
		return mode == FAKE_REFUSED ? -ENODEV : 0;
	}

	blit = kzalloc_obj(*blit);
	if (!blit) {
		job->free(job);
		return -ENOMEM;
	}
	blit->blitter = blitter;
	blit->job = job;
	blit->mode = mode;
	INIT_WORK(&blit->work, blit_work);
	dma_fence_init(&blit->base, &blit_ops, NULL, dma_fence_context_alloc(1), 1);
	blitter->most = max(blitter->most, atomic_inc_return(&blitter->begun) -
					   atomic_read(&blitter->done));
	if (mode == FAKE_SIGNALED)
		blit_run(blit);
	*fence = &blit->base;

	return 0;
}
EXPORT_SYMBOL_GPL(fake_blit);

/* The same with the CPU. */
int fake_cpu_copy(struct fake_job *job, enum fake_mode mode)
{
	bool fails = mode == FAKE_REFUSED || mode == FAKE_FENCE_ERROR;

	if (!fails)
		job->copy(job, mode == FAKE_WRONG);
	job->free(job);

	return fails ? -ENXIO : 0;
}
EXPORT_SYMBOL_GPL(fake_cpu_copy);

/* One that the test signals. */
struct dma_fence *fake_fence(void)
{
	struct dma_fence *fence = kzalloc_obj(*fence);

	if (fence)
		dma_fence_init(fence, &fence_ops, NULL,
			       dma_fence_context_alloc(1), 1);

	return fence;
}
EXPORT_SYMBOL_GPL(fake_fence);

u8 fake_byte(u64 seed, size_t at)
{
	return hash_64(seed * 0x100000001b3ULL + at, 8);
}
EXPORT_SYMBOL_GPL(fake_byte);

void fake_fill(u8 *to, size_t size, u64 seed)
{
	for (size_t i = 0; i < size; i++)
		to[i] = fake_byte(seed, i);
}
EXPORT_SYMBOL_GPL(fake_fill);

bool fake_is(const u8 *bytes, size_t size, u64 seed)
{
	for (size_t i = 0; i < size; i++)
		if (bytes[i] != fake_byte(seed, i))
			return false;

	return true;
}
EXPORT_SYMBOL_GPL(fake_is);

/*
 * Fail @times times, -1 for ever, after @after passes of @points. Without fault injection
 * nothing fails, and fake_fired() says so.
 */
void fake_faults(struct ttm_vram_backup *vb, fake_points points, int after,
		 int times)
{
#ifdef CONFIG_FAULT_INJECTION
	bitmap_from_u64(vb->fault_points, points);
	memset(vb->fault_fired, 0, sizeof(vb->fault_fired));
	vb->fault.probability = 100;
	vb->fault.interval = 1;
	atomic_set(&vb->fault.space, after + 1);
	atomic_set(&vb->fault.times, times);
#endif
}
EXPORT_SYMBOL_GPL(fake_faults);

unsigned int fake_fired(struct ttm_vram_backup *vb)
{
	unsigned int fired = 0;

#ifdef CONFIG_FAULT_INJECTION
	for (int i = 0; i < ARRAY_SIZE(vb->fault_fired); i++)
		fired += vb->fault_fired[i];
#endif
	return fired;
}
EXPORT_SYMBOL_GPL(fake_fired);

MODULE_DESCRIPTION("Helpers of the KUnit tests of TTM's VRAM backup");
MODULE_LICENSE("GPL");
