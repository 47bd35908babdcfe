// SPDX-License-Identifier: GPL-2.0
/*
 * Objects that can move leave VRAM: all of them, with their content, or the reason is told.
 */
#include <linux/delay.h>
#include <linux/dma-resv.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/sched/signal.h>
#include <linux/workqueue.h>

#include <drm/ttm/ttm_tt.h>

#include "ttm_backup_kunit_helpers.h"
#include "ttm_vram_backup_evict_fake.h"

#define WINDOW		16

#define POINT(name)	BIT_ULL(TTM_VRAM_BACKUP_POINT_##name)

static int vram_backup_evict_init(struct kunit *test)
{
	test->priv = evict_dev_create(test);

	return 0;
}

static void vram_backup_evict_exit(struct kunit *test)
{
	if (test->priv)
		evict_dev_destroy(test->priv);
}

/* None, one and many; pinned ones stay, in both managers. */
static void evict_numbers(struct kunit *test)
{
	static const unsigned int numbers[] = { 0, 1, 36 };
	struct evict_dev *dev = test->priv;
	struct evict_bo *pinned[2];

	pinned[0] = evict_bo_create(dev, TTM_PL_VRAM, EVICT_BO_BYTES, NULL);
	pinned[1] = evict_bo_create(dev, TTM_PL_PRIV, EVICT_BO_BYTES, NULL);
	evict_bo_set_pinned(pinned[0], true);
	evict_bo_set_pinned(pinned[1], true);
	for (int i = 0; i < ARRAY_SIZE(numbers); i++) {
		struct ttm_vram_backup_stats *stats = &dev->vb.stats;
		unsigned int num = numbers[i] + !!numbers[i];

		evict_bos_create(dev, numbers[i]);
		if (num)
			evict_bo_create(dev, TTM_PL_PRIV, EVICT_BO_BYTES, NULL);
		dev->blitter.most = 0;
		KUNIT_EXPECT_EQ(test, 0, evict_dev_begin(dev));
		KUNIT_EXPECT_EQ(test, 0, evict_dev_evict(dev));
		KUNIT_EXPECT_EQ(test, 0, evict_dev_evict(dev));
		KUNIT_EXPECT_EQ(test, num, stats->evicted);
		KUNIT_EXPECT_EQ(test, num * EVICT_BO_BYTES, stats->evicted_bytes);
		KUNIT_EXPECT_EQ(test, num * EVICT_BO_BYTES, stats->blit_bytes);
		KUNIT_EXPECT_EQ(test, num * EVICT_BO_BYTES, stats->ram);
		KUNIT_EXPECT_EQ(test, 0, stats->retries + stats->store_bytes);
		KUNIT_EXPECT_EQ(test, min(numbers[i], WINDOW), dev->blitter.most);
		KUNIT_EXPECT_EQ(test, 0, ttm_vram_backup_end(&dev->vb, 0));
		evict_expect_left(test, dev);
	}
	KUNIT_EXPECT_EQ(test, 0, pinned[0]->blits + pinned[1]->blits);
}

/* Large ones do not leave together, so that few of their copies fill memory. */
static void evict_large(struct kunit *test)
{
	static const u64 sizes[] = { SZ_8M + SZ_4M, SZ_16M + SZ_4M, SZ_32M + SZ_4K };
	static const int together[] = { 2, 1, 1 };
	struct evict_dev *dev = test->priv;

	for (int i = 0; i < ARRAY_SIZE(sizes); i++) {
		dev->blitter.most = 0;
		for (int j = 0; j < 2; j++)
			evict_bo_create(dev, TTM_PL_VRAM, sizes[i], NULL);
		KUNIT_EXPECT_EQ(test, 0, evict_dev_begin(dev));
		KUNIT_EXPECT_EQ(test, 0, evict_dev_evict(dev));
		KUNIT_EXPECT_EQ(test, 2, dev->vb.stats.evicted);
		KUNIT_EXPECT_EQ(test, together[i], dev->blitter.most);
		KUNIT_EXPECT_EQ(test, 0, ttm_vram_backup_end(&dev->vb, 0));
		/* The memory is for the next ones. */
		while (dev->num)
			ttm_bo_fini(&dev->bo[--dev->num]->base);
	}
}

/* The CPU copies what the blitter does not. */
static void evict_blit_fails(struct kunit *test)
{
	static const enum fake_mode modes[] = {
		FAKE_FENCE_ERROR, FAKE_REFUSED, FAKE_NO_FENCE, FAKE_SIGNALED,
	};
	struct evict_dev *dev = test->priv;

	evict_bos_create(dev, 24);
	for (int i = 0; i < dev->num; i++)
		dev->bo[i]->blit = modes[i % 4];
	KUNIT_EXPECT_EQ(test, 0, evict_dev_begin(dev));
	KUNIT_EXPECT_EQ(test, 0, evict_dev_evict(dev));
	evict_expect_left(test, dev);
	KUNIT_EXPECT_EQ(test, 12, dev->vb.stats.retries);
	KUNIT_EXPECT_EQ(test, 12 * EVICT_BO_BYTES, dev->vb.stats.cpu_bytes);
	KUNIT_EXPECT_EQ(test, 12 * EVICT_BO_BYTES, dev->vb.stats.blit_bytes);
	KUNIT_EXPECT_EQ(test, 0, dev->vb.stats.failures);
}

/* With checksums a bad copy is found, and made again, or its object stays. */
static void evict_verify(struct kunit *test)
{
	struct evict_dev *dev = test->priv;

	dev->vb.verify = true;
	evict_bos_create(dev, 12);
	for (int i = 0; i < dev->num; i += 3)
		dev->bo[i]->blit = FAKE_WRONG;
	dev->bo[1]->out_of_reach = true;
	dev->bo[3]->cpu = FAKE_WRONG;
	KUNIT_EXPECT_EQ(test, 0, evict_dev_begin(dev));
	KUNIT_EXPECT_EQ(test, -EBADMSG, evict_dev_evict(dev));
	KUNIT_EXPECT_TRUE(test, evict_bo_in_vram(dev->bo[3]));
	KUNIT_EXPECT_NULL(test, dev->bo[3]->base.ttm);
	KUNIT_EXPECT_EQ(test, 1, dev->vb.stats.failures);
	evict_expect_content(test, dev);

	dev->bo[3]->cpu = FAKE_LATE;
	KUNIT_EXPECT_EQ(test, 0, evict_dev_evict(dev));
	evict_expect_left(test, dev);
	/* The four, and the one once more. */
	KUNIT_EXPECT_EQ(test, 5, dev->vb.stats.retries);
	KUNIT_EXPECT_EQ(test, 4 * EVICT_BO_BYTES, dev->vb.stats.cpu_bytes);
	KUNIT_EXPECT_EQ(test, 8 * EVICT_BO_BYTES, dev->vb.stats.blit_bytes);
	KUNIT_EXPECT_EQ(test, 1, dev->bo[1]->blits);
	KUNIT_EXPECT_EQ(test, 0, dev->bo[1]->cpu_copies);
}

/* What nobody can copy stays where it is, as it was, and can be evicted later. */
static void evict_fails(struct kunit *test)
{
	struct evict_dev *dev = test->priv;

	evict_bos_create(dev, 20);
	for (int i = 0; i < 20; i += 3) {
		struct evict_bo *bo = dev->bo[i];
		bool unbind = i % 2;

		bo->unbind_error = unbind ? -EDEADLK : 0;
		bo->blit = FAKE_FENCE_ERROR;
		bo->cpu = FAKE_REFUSED;
		KUNIT_EXPECT_EQ(test, 0, evict_dev_begin(dev));
		KUNIT_EXPECT_EQ(test, unbind ? -EDEADLK : -ENXIO, evict_dev_evict(dev));
		KUNIT_EXPECT_TRUE(test, evict_bo_in_vram(bo));
		KUNIT_EXPECT_NULL(test, bo->base.ttm);
		KUNIT_EXPECT_EQ(test, !unbind, dev->vb.stats.failures);
		KUNIT_EXPECT_EQ(test, dev->vb.stats.evicted_bytes, dev->vb.stats.ram);
		KUNIT_EXPECT_EQ(test, 0, ttm_vram_backup_end(&dev->vb, -ENXIO));
		evict_expect_content(test, dev);

		bo->unbind_error = 0;
		bo->blit = FAKE_LATE;
		KUNIT_EXPECT_EQ(test, 0, evict_dev_begin(dev));
		KUNIT_EXPECT_EQ(test, 0, evict_dev_evict(dev));
		KUNIT_EXPECT_EQ(test, 0, ttm_vram_backup_end(&dev->vb, 0));
		evict_expect_left(test, dev);
		evict_back_to_vram(test, dev);
	}
}

static const fake_points evict_params[] = {
	POINT(EVICT_SPACE),
	POINT(EVICT_POPULATE),
	POINT(EVICT_BLIT),
	POINT(EVICT_WAIT),
	POINT(EVICT_BLIT) | POINT(EVICT_WAIT) | POINT(EVICT_CPU),
	POINT(EVICT_STOP),
	POINT(STORE_ASSIGN),
	POINT(STORE_WRITE),
	POINT(STORE_SYNC),
};

static void evict_desc(const fake_points *points, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "points %#llx", *points);
}

KUNIT_ARRAY_PARAM(evict, evict_params, evict_desc);

/* Each point, from its first pass to its last. Content is kept, wherever it is. */
static void evict_points(struct kunit *test)
{
	fake_points points = *(const fake_points *)test->param_value;
	bool repaired = points == POINT(EVICT_BLIT) || points == POINT(EVICT_WAIT);
	bool to_store = points & (POINT(STORE_ASSIGN) | POINT(STORE_WRITE) |
				  POINT(STORE_SYNC));
	struct evict_dev *dev = test->priv;
	unsigned int fired;
	int after = 0, err;

	if (!IS_ENABLED(CONFIG_FAULT_INJECTION))
		kunit_skip(test, "no fault injection");

	dev->tt_flags = TTM_TT_FLAG_EXTERNAL | TTM_TT_FLAG_EXTERNAL_MAPPABLE;
	if (to_store)
		ttm_vram_backup_set_store(&dev->vb,
					  &fake_backup_create(test, -1)->base);
	evict_bos_create(dev, 5);
	do {
		KUNIT_EXPECT_EQ(test, 0, evict_dev_begin(dev));
		dev->vb.plan.to_store = to_store;
		fake_faults(&dev->vb, points, after++, repaired ? 1 : -1);
		err = evict_dev_evict(dev);
		fired = fake_fired(&dev->vb);
		KUNIT_EXPECT_EQ(test, fired && !repaired, err != 0);
		fake_faults(&dev->vb, 0, 0, 0);
		KUNIT_EXPECT_EQ(test, dev->vb.stats.evicted_bytes - dev->vb.stats.store_bytes,
				dev->vb.stats.ram);
		KUNIT_EXPECT_EQ(test, 0, ttm_vram_backup_end(&dev->vb, err));
		evict_expect_content(test, dev);
		evict_back_to_vram(test, dev);
		evict_expect_content(test, dev);
	} while (fired);
	KUNIT_EXPECT_GE(test, after, 2);
}

/* It may end early, but not without telling about an object that cannot be saved. */
static void evict_stops(struct kunit *test)
{
	struct evict_dev *dev = test->priv;

	if (!IS_ENABLED(CONFIG_FAULT_INJECTION))
		kunit_skip(test, "no fault injection");

	evict_bos_create(dev, 8);
	dev->bo[1]->blit = FAKE_FENCE_ERROR;
	dev->bo[1]->cpu = FAKE_REFUSED;
	KUNIT_EXPECT_EQ(test, 0, evict_dev_begin(dev));
	fake_faults(&dev->vb, POINT(EVICT_STOP), 3, -1);
	KUNIT_EXPECT_EQ(test, -ENXIO, evict_dev_evict(dev));
	KUNIT_EXPECT_EQ(test, 1, fake_fired(&dev->vb));
	KUNIT_EXPECT_EQ(test, 2, dev->vb.stats.evicted);

	dev->bo[1]->cpu = FAKE_LATE;
	fake_faults(&dev->vb, POINT(EVICT_STOP), 3, -1);
	KUNIT_EXPECT_EQ(test, -EBUSY, evict_dev_evict(dev));
	KUNIT_EXPECT_EQ(test, 5, dev->vb.stats.evicted);
	evict_expect_content(test, dev);

	fake_faults(&dev->vb, 0, 0, 0);
	KUNIT_EXPECT_EQ(test, 0, evict_dev_evict(dev));
	evict_expect_left(test, dev);
}

struct holder {
	struct evict_dev *dev;
	struct ttm_buffer_object *bo;
	struct completion locked;
	bool let_go, others_left;
};

static int hold_lock(void *arg)
{
	struct holder *holder = arg;

	dma_resv_lock(holder->bo->base.resv, NULL);
	complete(&holder->locked);
	/* Until those before it have left, or it is clear that they do not. */
	for (int i = 0; i < 1000 && !holder->others_left; i++) {
		msleep(20);
		holder->others_left = READ_ONCE(holder->dev->vb.stats.evicted) == 5;
	}
	WRITE_ONCE(holder->let_go, true);
	dma_resv_unlock(holder->bo->base.resv);
	while (!kthread_should_stop())
		msleep(20);

	return 0;
}

/* An object that is locked is waited for, while nothing else is held. */
static void evict_locked(struct kunit *test)
{
	struct evict_dev *dev = test->priv;
	struct holder holder = { .dev = dev };
	struct task_struct *task;

	evict_bos_create(dev, 12);
	holder.bo = &dev->bo[5]->base;
	init_completion(&holder.locked);
	task = kthread_run(hold_lock, &holder, "vram-backup-lock");
	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	wait_for_completion(&holder.locked);

	KUNIT_EXPECT_EQ(test, 0, evict_dev_begin(dev));
	KUNIT_EXPECT_EQ(test, 0, evict_dev_evict(dev));
	KUNIT_EXPECT_TRUE(test, READ_ONCE(holder.let_go));
	kthread_stop(task);
	KUNIT_EXPECT_TRUE(test, holder.others_left);
	evict_expect_left(test, dev);
}

struct signal_later {
	struct delayed_work work;
	struct dma_fence *fence;
	struct task_struct *task;
	struct evict_bo *gripped;
};

static void signal_later_work(struct work_struct *work)
{
	struct signal_later *later = container_of(work, struct signal_later, work.work);

	if (later->gripped) {
		dma_resv_lock(later->gripped->base.base.resv, NULL);
		later->gripped->unbind_error = 0;
		dma_resv_unlock(later->gripped->base.base.resv);
	} else if (later->task) {
		send_sig(SIGINT, later->task, 1);
	} else {
		dma_fence_signal(later->fence);
	}
}

/* The GPU uses an object until the fence signals. */
static struct dma_fence *busy(struct kunit *test, struct evict_bo *bo)
{
	struct dma_resv *resv = bo->base.base.resv;
	struct dma_fence *fence = fake_fence();

	KUNIT_ASSERT_NOT_NULL(test, fence);
	dma_resv_lock(resv, NULL);
	KUNIT_ASSERT_EQ(test, 0, dma_resv_reserve_fences(resv, 1));
	dma_resv_add_fence(resv, fence, DMA_RESV_USAGE_BOOKKEEP);
	dma_resv_unlock(resv);

	return fence;
}

/* Objects in use are waited for, deleted ones as well. */
static void evict_busy(struct kunit *test)
{
	struct evict_dev *dev = test->priv;
	struct signal_later later = {};
	bool gone = false;

	INIT_DELAYED_WORK_ONSTACK(&later.work, signal_later_work);
	evict_bos_create(dev, 8);
	do {
		struct evict_bo *bo = dev->bo[gone ? 5 : 2];

		later.fence = busy(test, bo);
		if (gone) {
			bo->gone = true;
			ttm_bo_fini(&bo->base);
		}
		schedule_delayed_work(&later.work, HZ / 10 + HZ / 20);
		KUNIT_EXPECT_EQ(test, 0, evict_dev_begin(dev));
		KUNIT_EXPECT_EQ(test, 0, evict_dev_evict(dev));
		KUNIT_EXPECT_TRUE(test, dma_fence_is_signaled(later.fence));
		KUNIT_EXPECT_EQ(test, 0, ttm_resource_manager_usage(dev->vram));
		KUNIT_EXPECT_EQ(test, 0, ttm_vram_backup_end(&dev->vb, 0));
		flush_delayed_work(&later.work);
		dma_fence_put(later.fence);
		evict_expect_left(test, dev);
		if (!gone)
			evict_back_to_vram(test, dev);
		gone = !gone;
	} while (gone);
	KUNIT_EXPECT_EQ(test, 0, dev->bo[5]->blits - 1);
	destroy_delayed_work_on_stack(&later.work);
}

/* Objects that share a lock, in between others, and with one that stays. */
static void evict_shared(struct kunit *test)
{
	struct evict_dev *dev = test->priv;
	struct dma_resv *resv;

	evict_bos_create(dev, 1);
	resv = dev->bo[0]->base.base.resv;
	for (int i = 1; i < 30; i++)
		evict_bo_create(dev, TTM_PL_VRAM, EVICT_BO_BYTES, i % 3 ? resv : NULL);
	for (int i = 0; i < 30; i += 7) {
		dev->bo[i]->blit = FAKE_REFUSED;
		dev->bo[i]->cpu = FAKE_REFUSED;
		KUNIT_EXPECT_EQ(test, 0, evict_dev_begin(dev));
		KUNIT_EXPECT_EQ(test, -ENXIO, evict_dev_evict(dev));
		KUNIT_EXPECT_EQ(test, 0, ttm_vram_backup_end(&dev->vb, -ENXIO));
		KUNIT_EXPECT_FALSE(test, dma_resv_is_locked(resv));
		evict_expect_content(test, dev);
		dev->bo[i]->blit = FAKE_LATE;
		KUNIT_EXPECT_EQ(test, 0, evict_dev_begin(dev));
		KUNIT_EXPECT_EQ(test, 0, evict_dev_evict(dev));
		KUNIT_EXPECT_EQ(test, 0, ttm_vram_backup_end(&dev->vb, 0));
		evict_expect_left(test, dev);
		for (int j = 0; j < 30; j++)
			KUNIT_EXPECT_FALSE(test,
					   dma_resv_is_locked(dev->bo[j]->base.base.resv));
		evict_back_to_vram(test, dev);
	}
}

/* Who has a grip on an object for a moment needs its lock to let go. */
static void evict_gripped(struct kunit *test)
{
	static const int errors[] = { -EBUSY, -EAGAIN };
	struct evict_dev *dev = test->priv;
	struct signal_later later = {};

	INIT_DELAYED_WORK_ONSTACK(&later.work, signal_later_work);
	evict_bos_create(dev, 1);
	for (int i = 0; i < 5; i++) {
		struct evict_bo *bo = dev->bo[i ? 7 * i : 0];
		bool let_go = i < 3;

		bo->unbind_error = errors[i % 2];
		later.gripped = bo;
		if (let_go)
			schedule_delayed_work(&later.work, i ? HZ / 20 : HZ * 4 / 5);
		KUNIT_EXPECT_EQ(test, 0, evict_dev_begin(dev));
		KUNIT_EXPECT_EQ(test, let_go ? 0 : -EBUSY, evict_dev_evict(dev));
		KUNIT_EXPECT_EQ(test, !let_go, evict_bo_in_vram(bo));
		KUNIT_EXPECT_EQ(test, !let_go, !bo->base.ttm);
		KUNIT_EXPECT_EQ(test, 0, ttm_vram_backup_end(&dev->vb, 0));
		flush_delayed_work(&later.work);
		evict_expect_content(test, dev);
		bo->unbind_error = 0;
		evict_back_to_vram(test, dev);
		/* With one object to begin with. */
		while (dev->num < 30)
			evict_bo_create(dev, TTM_PL_VRAM, EVICT_BO_BYTES,
					dev->num % 3 ? dev->bo[0]->base.base.resv : NULL);
	}
	destroy_delayed_work_on_stack(&later.work);
}

/* What is worth nothing is dropped, not copied. */
static void evict_dropped(struct kunit *test)
{
	struct evict_dev *dev = test->priv;

	evict_bos_create(dev, 6);
	dev->bo[3]->drop = true;
	KUNIT_EXPECT_EQ(test, 0, evict_dev_begin(dev));
	KUNIT_EXPECT_EQ(test, 0, evict_dev_evict(dev));
	KUNIT_EXPECT_FALSE(test, evict_bo_in_vram(dev->bo[3]));
	KUNIT_EXPECT_EQ(test, 0, dev->bo[3]->blits);
	KUNIT_EXPECT_EQ(test, 5 * EVICT_BO_BYTES, dev->vb.stats.evicted_bytes);
	evict_expect_left(test, dev);
}

/* A signal ends it if the caller says so, before it begins and while it waits. */
static void evict_signal(struct kunit *test)
{
	struct evict_dev *dev = test->priv;
	struct signal_later later = { .task = current };
	struct dma_fence *fence;

	evict_bos_create(dev, 6);
	allow_signal(SIGINT);
	send_sig(SIGINT, current, 1);
	KUNIT_EXPECT_EQ(test, 0, evict_dev_begin(dev));
	KUNIT_EXPECT_EQ(test, -EINTR, evict_dev_evict(dev));
	KUNIT_EXPECT_EQ(test, 0, dev->vb.stats.evicted);
	flush_signals(current);

	INIT_DELAYED_WORK_ONSTACK(&later.work, signal_later_work);
	fence = busy(test, dev->bo[4]);
	schedule_delayed_work(&later.work, HZ / 20);
	KUNIT_EXPECT_EQ(test, -EINTR, evict_dev_evict(dev));
	KUNIT_EXPECT_TRUE(test, evict_bo_in_vram(dev->bo[4]));
	KUNIT_EXPECT_EQ(test, 4, dev->vb.stats.evicted);
	evict_expect_content(test, dev);
	dma_fence_signal(fence);
	dma_fence_put(fence);
	flush_delayed_work(&later.work);
	destroy_delayed_work_on_stack(&later.work);

	/* It is still pending. */
	KUNIT_EXPECT_EQ(test, 0, ttm_vram_backup_evict(&dev->vb, false));
	flush_signals(current);
	disallow_signal(SIGINT);
	evict_expect_left(test, dev);
}

/* It does not go on for ever with an object that comes back each time. */
static void evict_comes_back(struct kunit *test)
{
	struct evict_dev *dev = test->priv;

	evict_bos_create(dev, 4);
	dev->bo[1]->comes_back = true;
	KUNIT_EXPECT_EQ(test, 0, evict_dev_begin(dev));
	KUNIT_EXPECT_EQ(test, -EBUSY, evict_dev_evict(dev));
	KUNIT_EXPECT_GT(test, dev->bo[1]->blits, 4);
	dev->bo[1]->comes_back = false;
	evict_expect_content(test, dev);
	KUNIT_EXPECT_EQ(test, 0, evict_dev_evict(dev));
	evict_expect_left(test, dev);
}

/* To a store, or to shmem, from where it can be swapped out. */
static void evict_push(struct kunit *test)
{
	struct evict_dev *dev = test->priv;
	struct ttm_vram_backup_stats *stats = &dev->vb.stats;
	struct fake_backup *fake = fake_backup_create(test, -1);

	dev->tt_flags = TTM_TT_FLAG_EXTERNAL | TTM_TT_FLAG_EXTERNAL_MAPPABLE;
	evict_bos_create(dev, 20);
	KUNIT_EXPECT_EQ(test, 0, ttm_vram_backup_set_store(&dev->vb, &fake->base));
	for (int swap = 0; swap < 2; swap++) {
		KUNIT_EXPECT_EQ(test, 0, evict_dev_begin(dev));
		dev->vb.plan.to_store = !swap;
		dev->vb.plan.to_swap = swap;
		KUNIT_EXPECT_EQ(test, 0, evict_dev_evict(dev));
		KUNIT_EXPECT_EQ(test, swap ? 0 : 20 * EVICT_BO_PAGES, fake->live);
		KUNIT_EXPECT_EQ(test, 20 * EVICT_BO_BYTES, stats->store_bytes);
		KUNIT_EXPECT_EQ(test, 0, stats->ram);
		KUNIT_EXPECT_LE(test, stats->ram_peak, WINDOW * EVICT_BO_BYTES);
		KUNIT_EXPECT_EQ(test, 0, ttm_vram_backup_end(&dev->vb, 0));
		for (int i = 0; i < 20; i++)
			KUNIT_EXPECT_FALSE(test, ttm_tt_is_populated(dev->bo[i]->base.ttm));
		evict_expect_left(test, dev);
		KUNIT_EXPECT_EQ(test, 0, fake->live);
		evict_back_to_vram(test, dev);
	}

	/* Only what there is no memory for goes on. */
	KUNIT_EXPECT_EQ(test, 0, evict_dev_begin(dev));
	dev->vb.plan.to_swap = true;
	dev->vb.plan.ram = 8 * EVICT_BO_BYTES;
	KUNIT_EXPECT_EQ(test, 0, evict_dev_evict(dev));
	KUNIT_EXPECT_LE(test, stats->ram, 8 * EVICT_BO_BYTES);
	KUNIT_EXPECT_GT(test, stats->ram, 0);
	KUNIT_EXPECT_EQ(test, 20 * EVICT_BO_BYTES, stats->store_bytes + stats->ram);
	evict_expect_left(test, dev);
}

/* A store that is full, or broken, loses nothing. */
static void evict_push_fails(struct kunit *test)
{
	static const int errors[] = { -ENOSPC, -ENOMEM, -EIO };
	struct evict_dev *dev = test->priv;
	struct fake_backup *fake = fake_backup_create(test, -1);

	dev->tt_flags = TTM_TT_FLAG_EXTERNAL | TTM_TT_FLAG_EXTERNAL_MAPPABLE;
	evict_bos_create(dev, 10);
	KUNIT_EXPECT_EQ(test, 0, ttm_vram_backup_set_store(&dev->vb, &fake->base));
	for (int i = 0; i < ARRAY_SIZE(errors); i++) {
		for (int in = 1; in <= 10 * EVICT_BO_PAGES; in += 3) {
			int err;

			KUNIT_EXPECT_EQ(test, 0, evict_dev_begin(dev));
			dev->vb.plan.to_store = true;
			fake_backup_fail_on(fake, in, errors[i]);
			err = evict_dev_evict(dev);
			/* Content that is in memory is as good, if the store does not say. */
			if (errors[i] != -EIO)
				KUNIT_EXPECT_EQ(test, errors[i], err);
			fake_backup_fail(fake, 0, 0);
			KUNIT_EXPECT_EQ(test, 0, ttm_vram_backup_end(&dev->vb, err));
			/* With all of it in memory reclaim has somewhere to save it. */
			for (int j = 0; j < dev->num; j++) {
				struct ttm_tt *tt = dev->bo[j]->base.ttm;

				if (tt && !ttm_tt_is_backed_up(tt))
					KUNIT_EXPECT_PTR_NE(test, &fake->base, tt->backup);
			}
			evict_expect_content(test, dev);
			evict_back_to_vram(test, dev);
			KUNIT_EXPECT_EQ(test, 0, fake->live);
		}
	}
}

static bool says_saved(struct ttm_buffer_object *bo)
{
	return true;
}

/* One that was unpinned after the eviction is noticed, unless it has a copy. */
static void evict_unpinned_late(struct kunit *test)
{
	struct evict_dev *dev = test->priv;
	struct ttm_vram_backup *vb = &dev->vb;
	struct evict_bo *bo;

	evict_bos_create(dev, 3);
	bo = evict_bo_create(dev, TTM_PL_PRIV, EVICT_BO_BYTES, NULL);
	evict_bo_set_pinned(bo, true);
	KUNIT_EXPECT_EQ(test, 0, evict_dev_begin(dev));
	KUNIT_EXPECT_EQ(test, -EBUSY, ttm_vram_backup_evicted(vb, NULL));
	KUNIT_EXPECT_EQ(test, 0, evict_dev_evict(dev));
	KUNIT_EXPECT_EQ(test, 0, ttm_vram_backup_evicted(vb, NULL));
	evict_bo_set_pinned(bo, false);
	KUNIT_EXPECT_EQ(test, -EBUSY, ttm_vram_backup_evicted(vb, NULL));
	KUNIT_EXPECT_EQ(test, 0, ttm_vram_backup_evicted(vb, says_saved));
	KUNIT_EXPECT_EQ(test, 0, evict_dev_evict(dev));
	KUNIT_EXPECT_EQ(test, 0, ttm_vram_backup_evicted(vb, NULL));
	evict_expect_left(test, dev);
}

static u64 store_avail;

static u64 avail(struct ttm_backup *backup)
{
	return store_avail;
}

static int preflight(struct evict_dev *dev, enum ttm_vram_backup_kind kind)
{
	int err = ttm_vram_backup_begin(&dev->vb, kind) ?:
		  ttm_vram_backup_preflight(&dev->vb);
	struct ttm_vram_backup_plan plan = dev->vb.plan;

	ttm_vram_backup_end(&dev->vb, 0);
	dev->vb.plan = plan;

	return err;
}

/* What it counts, and where it has the content go. */
static void evict_preflight(struct kunit *test)
{
	struct evict_dev *dev = test->priv;
	struct ttm_vram_backup_plan *plan = &dev->vb.plan;
	struct fake_backup *fake = fake_backup_create(test, -1);
	struct ttm_vram_backup_object obj;

	fake->ops.bytes_avail = avail;
	ttm_vram_backup_object_init(&obj);
	for (int i = 0; i < 4; i++)
		evict_bo_create(dev, i % 2 ? TTM_PL_VRAM : TTM_PL_PRIV, SZ_64M, NULL);
	evict_bo_set_pinned(evict_bo_create(dev, TTM_PL_VRAM, SZ_128M, NULL), true);
	ttm_vram_backup_add(&dev->vb, &obj, TTM_VRAM_BACKUP_LATE, SZ_8K);

	preflight(dev, TTM_VRAM_BACKUP_SUSPEND);
	KUNIT_EXPECT_EQ(test, SZ_256M, plan->movable);
	KUNIT_EXPECT_EQ(test, SZ_64M, plan->largest);
	KUNIT_EXPECT_EQ(test, SZ_8K, plan->pinned);
	KUNIT_EXPECT_EQ(test, 0, plan->store);

	/* In memory there is more to them, each. */
	dev->vb.aux_ratio = 256;
	preflight(dev, TTM_VRAM_BACKUP_SUSPEND);
	KUNIT_EXPECT_EQ(test, SZ_256M + SZ_1M, plan->movable);
	KUNIT_EXPECT_EQ(test, SZ_64M + SZ_256K, plan->largest);
	KUNIT_EXPECT_EQ(test, SZ_8K, plan->pinned);
	dev->vb.aux_ratio = 0;
	preflight(dev, TTM_VRAM_BACKUP_SUSPEND);
	KUNIT_EXPECT_EQ(test, SZ_256M, plan->movable);
	if (plan->ram < SZ_256M)
		kunit_skip(test, "too little memory");

	/* Where there is memory for all of it, that is where it stays. */
	store_avail = SZ_256M;
	KUNIT_EXPECT_EQ(test, 0, ttm_vram_backup_set_store(&dev->vb, &fake->base));
	if (plan->ram > SZ_512M) {
		KUNIT_EXPECT_EQ(test, 0, preflight(dev, TTM_VRAM_BACKUP_SUSPEND));
		KUNIT_EXPECT_FALSE(test, plan->to_store || plan->to_swap);
	}

	/* There is not, but in the store. */
	obj.size = plan->ram - SZ_128M;
	KUNIT_EXPECT_EQ(test, 0, preflight(dev, TTM_VRAM_BACKUP_SUSPEND));
	KUNIT_EXPECT_TRUE(test, plan->to_store);
	KUNIT_EXPECT_EQ(test, SZ_256M, plan->store);

	/* There is neither: swap space, if there is enough. */
	store_avail = SZ_256M - 1;
	if (preflight(dev, TTM_VRAM_BACKUP_SUSPEND))
		KUNIT_EXPECT_LT(test, plan->swap, SZ_256M);
	else
		KUNIT_EXPECT_GT(test, plan->swap, SZ_64M);
	KUNIT_EXPECT_FALSE(test, plan->to_store);
	KUNIT_EXPECT_TRUE(test, plan->to_swap);

	/* Pinned objects go nowhere else. */
	store_avail = U64_MAX;
	obj.size = 1ULL << 50;
	KUNIT_EXPECT_EQ(test, -ENOSPC, preflight(dev, TTM_VRAM_BACKUP_SUSPEND));
	obj.size = SZ_8K;

	/* A hibernation takes a store that survives it, and no other. */
	fake->ops.promises |= TTM_BACKUP_SURVIVES_POWEROFF;
	KUNIT_EXPECT_EQ(test, 0, preflight(dev, TTM_VRAM_BACKUP_HIBERNATE));
	KUNIT_EXPECT_TRUE(test, plan->to_store);
	fake->ops.promises &= ~TTM_BACKUP_SURVIVES_POWEROFF;
	preflight(dev, TTM_VRAM_BACKUP_HIBERNATE);
	KUNIT_EXPECT_FALSE(test, plan->to_store);
	KUNIT_EXPECT_EQ(test, 0, plan->store);

	ttm_vram_backup_forget(&obj);
}

static struct kunit_case vram_backup_evict_cases[] = {
	KUNIT_CASE(evict_numbers),
	KUNIT_CASE(evict_large),
	KUNIT_CASE(evict_blit_fails),
	KUNIT_CASE(evict_fails),
	KUNIT_CASE(evict_verify),
	KUNIT_CASE_PARAM(evict_points, evict_gen_params),
	KUNIT_CASE(evict_stops),
	KUNIT_CASE(evict_locked),
	KUNIT_CASE(evict_busy),
	KUNIT_CASE(evict_shared),
	KUNIT_CASE(evict_gripped),
	KUNIT_CASE(evict_dropped),
	KUNIT_CASE(evict_signal),
	KUNIT_CASE(evict_comes_back),
	KUNIT_CASE(evict_unpinned_late),
	KUNIT_CASE(evict_push),
	KUNIT_CASE(evict_push_fails),
	KUNIT_CASE(evict_preflight),
	{}
};

static struct kunit_suite vram_backup_evict_suite = {
	.name = "ttm_vram_backup_evict",
	.init = vram_backup_evict_init,
	.exit = vram_backup_evict_exit,
	.test_cases = vram_backup_evict_cases,
};

kunit_test_suites(&vram_backup_evict_suite);

MODULE_DESCRIPTION("KUnit tests for TTM's VRAM backup: eviction");
MODULE_LICENSE("GPL");
