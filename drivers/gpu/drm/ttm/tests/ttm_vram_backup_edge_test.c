// SPDX-License-Identifier: GPL-2.0
/*
 * The session that saves VRAM: what happens seldom, and at the wrong time.
 */
#include <linux/dma-resv.h>
#include <linux/module.h>
#include <linux/sched/signal.h>
#include <linux/workqueue.h>

#include <drm/ttm/ttm_tt.h>

#include "ttm_vram_backup_evict_fake.h"
#include "ttm_vram_backup_fake.h"

/* A copy kept from a session before is still accounted for when it is freed. */
static void edge_ram(struct kunit *test)
{
	struct fake_dev *dev = fake_dev_create(test);

	fake_add(dev, TTM_VRAM_BACKUP_LATE, FAKE_BYTES);
	dev->mode[OP_RESTORE_BLIT] = FAKE_REFUSED;
	dev->mode[OP_RESTORE_CPU] = FAKE_REFUSED;
	KUNIT_EXPECT_EQ(test, 0, fake_suspend(dev));
	KUNIT_EXPECT_EQ(test, -EIO, fake_resume(dev, TTM_VRAM_BACKUP_BLIT));
	fake_all_well(dev);
	KUNIT_EXPECT_EQ(test, 0, fake_suspend(dev));
	KUNIT_EXPECT_EQ(test, FAKE_BYTES, dev->base.stats.ram);
	KUNIT_EXPECT_EQ(test, 0, fake_resume(dev, TTM_VRAM_BACKUP_BLIT));
	KUNIT_EXPECT_EQ(test, 0, dev->base.stats.ram);
	KUNIT_EXPECT_EQ(test, FAKE_BYTES, dev->base.stats.ram_peak);
	fake_dev_destroy(dev);
}

static void hook_again(struct fake_obj *obj, enum fake_op op)
{
	struct fake_obj *other = obj->dev->hook_obj;

	if (fake_remove(other)) {
		other->used = true;
		ttm_vram_backup_add(&obj->dev->base, &other->base,
				    TTM_VRAM_BACKUP_LATE, FAKE_BYTES);
	}
}

/* Removed and added again while its blit is under way: that copy is no more. */
static void edge_again(struct kunit *test)
{
	struct fake_dev *dev = fake_dev_create(test);
	struct ttm_vram_backup *vb = &dev->base;
	struct fake_obj *second = fake_add(dev, TTM_VRAM_BACKUP_LATE, FAKE_BYTES);
	struct fake_obj *first = fake_add(dev, TTM_VRAM_BACKUP_LATE, FAKE_BYTES);

	dev->mode[OP_SAVE_BLIT] = FAKE_FENCE_ERROR;
	dev->only = first;
	dev->hook = hook_again;
	dev->hook_op = OP_SAVE_CPU;
	dev->hook_obj = second;
	KUNIT_EXPECT_EQ(test, 0, ttm_vram_backup_begin(vb, TTM_VRAM_BACKUP_MANUAL));
	KUNIT_EXPECT_EQ(test, 0, ttm_vram_backup_save(vb, TTM_VRAM_BACKUP_LATE));
	KUNIT_EXPECT_TRUE(test, fake_copy_intact(first));
	if (second->base.state == TTM_VRAM_BACKUP_SAVED)
		KUNIT_EXPECT_TRUE(test, fake_copy_intact(second));
	if (second->base.state == TTM_VRAM_BACKUP_SAVED && !second->copy)
		/* So that it can go on. */
		second->base.state = TTM_VRAM_BACKUP_PRESENT;
	ttm_vram_backup_rollback(vb, -EIO);
	ttm_vram_backup_end(vb, 0);
	fake_dev_destroy(dev);
}

/* One that came after its list was saved is in VRAM only, which is not to be lost. */
static void edge_too_late(struct kunit *test)
{
	struct fake_dev *dev = fake_dev_create(test);
	struct ttm_vram_backup *vb = &dev->base;

	fake_add_many(dev, 6, FAKE_BYTES);
	KUNIT_EXPECT_EQ(test, 0, ttm_vram_backup_begin(vb, TTM_VRAM_BACKUP_MANUAL));
	for (int i = 0; i < ARRAY_SIZE(fake_lists); i++)
		KUNIT_EXPECT_EQ(test, 0, ttm_vram_backup_save(vb, fake_lists[i]));
	fake_add(dev, TTM_VRAM_BACKUP_EXTERNAL, FAKE_BYTES);
	KUNIT_EXPECT_NE(test, 0, ttm_vram_backup_saved(vb));
	ttm_vram_backup_rollback(vb, -EIO);
	ttm_vram_backup_end(vb, 0);
	fake_dev_destroy(dev);
}

/* No store is no place to go to, even for nothing. */
static void edge_no_store(struct kunit *test)
{
	struct fake_dev *dev = fake_dev_create(test);
	struct ttm_vram_backup *vb = &dev->base;

	KUNIT_EXPECT_EQ(test, 0, ttm_vram_backup_begin(vb, TTM_VRAM_BACKUP_HIBERNATE));
	KUNIT_EXPECT_EQ(test, 0, ttm_vram_backup_preflight(vb));
	/* ttm_vram_backup_evict() would sync it. */
	KUNIT_EXPECT_FALSE(test, vb->plan.to_store);
	ttm_vram_backup_end(vb, 0);
	fake_dev_destroy(dev);
}

struct later {
	struct delayed_work work;
	struct dma_fence *fence;
	struct task_struct *task;
};

static void later_work(struct work_struct *work)
{
	struct later *later = container_of(work, struct later, work.work);

	if (later->task)
		send_sig(SIGINT, later->task, 1);
	else
		dma_fence_signal(later->fence);
}

/* Blits of others who moved objects out of VRAM read VRAM, too. */
static void edge_move_fences(struct kunit *test)
{
	struct evict_dev *dev = evict_dev_create(test);
	struct later later = { .fence = fake_fence() };

	INIT_DELAYED_WORK_ONSTACK(&later.work, later_work);
	dev->vram->eviction_fences[0] = later.fence;
	schedule_delayed_work(&later.work, HZ / 10);
	KUNIT_EXPECT_EQ(test, 0, evict_dev_begin(dev));
	KUNIT_EXPECT_EQ(test, 0, evict_dev_evict(dev));
	KUNIT_EXPECT_TRUE(test, dma_fence_is_signaled(later.fence));
	flush_delayed_work(&later.work);
	destroy_delayed_work_on_stack(&later.work);
	dev->vram->eviction_fences[0] = NULL;
	dma_fence_put(later.fence);
	evict_dev_destroy(dev);
}

/* Copies of pinned objects, made before, take memory once. */
static void edge_ram_twice(struct kunit *test)
{
	struct evict_dev *dev = evict_dev_create(test);
	struct ttm_vram_backup *vb = &dev->vb;

	dev->tt_flags = TTM_TT_FLAG_EXTERNAL | TTM_TT_FLAG_EXTERNAL_MAPPABLE;
	evict_bos_create(dev, 10);
	KUNIT_EXPECT_EQ(test, 0, evict_dev_begin(dev));
	/* As after ttm_vram_backup_prepare(). */
	vb->plan.to_swap = true;
	vb->plan.pinned = 10 * EVICT_BO_BYTES;
	vb->stats.ram = 10 * EVICT_BO_BYTES;
	vb->plan.ram = 18 * EVICT_BO_BYTES;
	KUNIT_EXPECT_EQ(test, 0, evict_dev_evict(dev));
	KUNIT_EXPECT_EQ(test, 2 * EVICT_BO_BYTES, vb->stats.store_bytes);
	evict_expect_content(test, dev);
	evict_dev_destroy(dev);
}

/* A signal is told as -EINTR, whatever it interrupts. */
static void edge_signal(struct kunit *test)
{
	struct evict_dev *dev = evict_dev_create(test);
	struct later later = { .task = current };
	struct dma_fence *fence = fake_fence();
	struct evict_bo *bo;

	evict_bos_create(dev, 2);
	bo = dev->bo[1];
	dma_resv_lock(bo->base.base.resv, NULL);
	KUNIT_EXPECT_EQ(test, 0, dma_resv_reserve_fences(bo->base.base.resv, 1));
	dma_resv_add_fence(bo->base.base.resv, fence, DMA_RESV_USAGE_BOOKKEEP);
	dma_resv_unlock(bo->base.base.resv);
	bo->gone = true;
	ttm_bo_fini(&bo->base);

	INIT_DELAYED_WORK_ONSTACK(&later.work, later_work);
	allow_signal(SIGINT);
	schedule_delayed_work(&later.work, HZ / 10);
	KUNIT_EXPECT_EQ(test, 0, evict_dev_begin(dev));
	KUNIT_EXPECT_EQ(test, -EINTR, evict_dev_evict(dev));
	flush_delayed_work(&later.work);
	destroy_delayed_work_on_stack(&later.work);
	flush_signals(current);
	disallow_signal(SIGINT);
	dma_fence_signal(fence);
	dma_fence_put(fence);
	evict_dev_destroy(dev);
}

static void hook_lose_power(struct fake_obj *obj, enum fake_op op)
{
	fake_lose_power(obj->dev);
	obj->dev->mode[op] = FAKE_FENCE_ERROR;
}

static void hook_fail_from_here(struct fake_obj *obj, enum fake_op op)
{
	obj->dev->mode[op] = FAKE_FENCE_ERROR;
}

static int restore_early(struct ttm_vram_backup *vb)
{
	return ttm_vram_backup_restore(vb, TTM_VRAM_BACKUP_EARLY,
				       TTM_VRAM_BACKUP_CPU);
}

static int restore_late(struct ttm_vram_backup *vb)
{
	return ttm_vram_backup_restore_late(vb, TTM_VRAM_BACKUP_BLIT);
}

/* Power goes in the middle of a restore, with what has been restored by then. */
static void edge_lost(struct kunit *test)
{
	const unsigned int num = FAKE_OBJS / 2, blits = num * 2 / 3;
	struct fake_dev *dev = fake_dev_create(test);
	struct ttm_vram_backup *vb = &dev->base;

	fake_add_many(dev, num, FAKE_BYTES);
	for (unsigned int after = 1; after < blits; after++) {
		KUNIT_EXPECT_EQ(test, 0, fake_suspend(dev));
		dev->mode[OP_RESTORE_BLIT] = FAKE_SIGNALED;
		dev->hook = hook_lose_power;
		dev->hook_op = OP_RESTORE_BLIT;
		dev->hook_after = after;
		KUNIT_EXPECT_EQ(test, 0, restore_early(vb));
		KUNIT_EXPECT_EQ(test, -ENODATA, restore_late(vb));
		for (unsigned int i = 0; i < num; i++) {
			struct fake_obj *obj = &dev->obj[i];
			bool early = obj->base.list == TTM_VRAM_BACKUP_EARLY;

			KUNIT_EXPECT_EQ(test, early ? TTM_VRAM_BACKUP_FAILED :
					TTM_VRAM_BACKUP_PREPARED, obj->base.state);
			KUNIT_EXPECT_TRUE(test, early ? fake_copy_intact(obj) : fake_intact(obj));
		}
		fake_all_well(dev);
		KUNIT_EXPECT_EQ(test, 0, restore_early(vb));
		KUNIT_EXPECT_EQ(test, 0, ttm_vram_backup_end(vb, 0));
		fake_expect_whole(test, dev);
	}
	fake_dev_destroy(dev);
}

/* Blits that fail, and nothing else: nothing is restored twice, nor if it cannot be looked at. */
static void edge_not_lost(struct kunit *test)
{
	const unsigned int num = FAKE_OBJS / 2, after = 5;
	struct fake_dev *dev = fake_dev_create(test);

	fake_add_many(dev, num, FAKE_BYTES);
	for (int seen = 0; seen < 2; seen++) {
		KUNIT_EXPECT_EQ(test, 0, fake_suspend(dev));
		dev->mode[OP_CHECKSUM] = seen ? FAKE_LATE : FAKE_REFUSED;
		dev->hook = hook_fail_from_here;
		dev->hook_op = OP_RESTORE_BLIT;
		dev->hook_after = after;
		dev->calls[OP_RESTORE_CPU] = 0;
		KUNIT_EXPECT_EQ(test, 0, fake_restore_all(dev, TTM_VRAM_BACKUP_BLIT));
		KUNIT_EXPECT_EQ(test, num - after, dev->calls[OP_RESTORE_CPU]);
		KUNIT_EXPECT_EQ(test, 0, ttm_vram_backup_end(&dev->base, 0));
		fake_all_well(dev);
		fake_expect_whole(test, dev);
	}
	fake_dev_destroy(dev);
}

static void hook_write_and_fail(struct fake_obj *obj, enum fake_op op)
{
	fake_write_new(obj->dev->hook_obj);
	obj->dev->mode[op] = FAKE_REFUSED;
}

/* A console writes to its framebuffer as soon as it is back. */
static void edge_users_write(struct kunit *test)
{
	struct fake_dev *dev = fake_dev_create(test);

	fake_add(dev, TTM_VRAM_BACKUP_LATE, FAKE_BYTES);
	fake_add(dev, TTM_VRAM_BACKUP_EXTERNAL, FAKE_BYTES);
	/* The newest comes first. */
	dev->hook_obj = fake_add(dev, TTM_VRAM_BACKUP_EXTERNAL, FAKE_BYTES);
	KUNIT_EXPECT_EQ(test, 0, fake_suspend(dev));
	dev->mode[OP_RESTORE_BLIT] = FAKE_SIGNALED;
	dev->hook = hook_write_and_fail;
	dev->hook_op = OP_RESTORE_BLIT;
	dev->hook_after = 2;
	KUNIT_EXPECT_EQ(test, 0, fake_resume(dev, TTM_VRAM_BACKUP_BLIT));
	KUNIT_EXPECT_EQ(test, 1, dev->base.stats.retries);
	fake_expect_whole(test, dev);
	fake_dev_destroy(dev);
}

/* Copies of a suspend that was called off are void, whatever happens to others. */
static void edge_lost_later(struct kunit *test)
{
	struct fake_dev *dev = fake_dev_create(test);
	struct ttm_vram_backup *vb = &dev->base;
	struct fake_obj *first = fake_add(dev, TTM_VRAM_BACKUP_LATE, FAKE_BYTES);
	struct fake_obj *second;

	dev->mode[OP_RESTORE_BLIT] = FAKE_REFUSED;
	dev->mode[OP_RESTORE_CPU] = FAKE_REFUSED;
	KUNIT_EXPECT_EQ(test, 0, fake_suspend(dev));
	KUNIT_EXPECT_EQ(test, -EIO, fake_resume(dev, TTM_VRAM_BACKUP_BLIT));
	second = fake_add(dev, TTM_VRAM_BACKUP_LATE, FAKE_BYTES);
	fake_add(dev, TTM_VRAM_BACKUP_EARLY, FAKE_BYTES);
	KUNIT_EXPECT_EQ(test, 0, ttm_vram_backup_begin(vb, TTM_VRAM_BACKUP_MANUAL));
	KUNIT_EXPECT_EQ(test, 0, ttm_vram_backup_prepare(vb));
	KUNIT_EXPECT_EQ(test, 0, ttm_vram_backup_save(vb, TTM_VRAM_BACKUP_LATE));
	ttm_vram_backup_rollback(vb, -EBUSY);
	fake_write_new(second);
	dev->mode[OP_RESTORE_CPU] = FAKE_LATE;
	KUNIT_EXPECT_EQ(test, 0, restore_late(vb));
	KUNIT_EXPECT_EQ(test, 1, vb->stats.retries);
	KUNIT_EXPECT_TRUE(test, fake_intact(first) && fake_intact(second));
	KUNIT_EXPECT_EQ(test, 0, ttm_vram_backup_end(vb, 0));
	fake_all_well(dev);
	fake_expect_whole(test, dev);
	fake_dev_destroy(dev);
}

static struct kunit_case vram_backup_edge_cases[] = {
	KUNIT_CASE(edge_ram),
	KUNIT_CASE(edge_again),
	KUNIT_CASE(edge_too_late),
	KUNIT_CASE(edge_no_store),
	KUNIT_CASE(edge_move_fences),
	KUNIT_CASE(edge_ram_twice),
	KUNIT_CASE(edge_signal),
	KUNIT_CASE(edge_lost),
	KUNIT_CASE(edge_not_lost),
	KUNIT_CASE(edge_users_write),
	KUNIT_CASE(edge_lost_later),
	{}
};

static struct kunit_suite vram_backup_edge_suite = {
	.name = "ttm_vram_backup_edge",
	.test_cases = vram_backup_edge_cases,
};

kunit_test_suites(&vram_backup_edge_suite);

MODULE_DESCRIPTION("KUnit tests for TTM's VRAM backup: what happens seldom");
MODULE_LICENSE("GPL");
