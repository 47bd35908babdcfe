// SPDX-License-Identifier: GPL-2.0
/*
 * Swapout: who is asked for pages, for which reason, in which order, and what
 * callers are told.
 */
#include <linux/dma-fence.h>
#include <linux/dma-resv.h>
#include <linux/highmem.h>
#include <linux/limits.h>
#include <linux/list.h>

#include <drm/ttm/ttm_tt.h>

#include "ttm_kunit_helpers.h"
#include "ttm_mock_manager.h"

#define NR_PAGES	4
#define MAX_BOS		4
#define MAX_CALLS	16
#define TT_MANAGER_SIZE	SZ_1M

#define OWN		0
#define EXTERNAL	(TTM_TT_FLAG_EXTERNAL | TTM_TT_FLAG_EXTERNAL_MAPPABLE)
#define IMPORTED	TTM_TT_FLAG_EXTERNAL

struct swap_bo {
	struct ttm_buffer_object base;
	u32 tt_flags;
	/* What bo_shrink() does with this object. */
	bool keeps_pages;
	long returns;
};

struct swap_call {
	struct swap_bo *bo;
	enum ttm_shrink_reason reason;
	bool purgeable;
};

struct swap_dev {
	struct ttm_device base;
	struct ttm_test_devices *devs;
	struct ttm_device_funcs funcs;
	struct swap_bo *bo[MAX_BOS];
	struct swap_call call[MAX_CALLS];
	unsigned int nr_bos, nr_calls;
};

static struct swap_bo *to_swap_bo(struct ttm_buffer_object *bo)
{
	return container_of(bo, struct swap_bo, base);
}

static struct ttm_tt *swap_tt_create(struct ttm_buffer_object *bo, u32 flags)
{
	struct ttm_tt *tt = kzalloc_obj(*tt);

	/* As for a tt whose contents come from VRAM: nothing is cleared. */
	flags &= ~TTM_TT_FLAG_ZERO_ALLOC;
	flags |= to_swap_bo(bo)->tt_flags;
	if (tt && ttm_tt_init(tt, bo, flags, ttm_cached, 0)) {
		kfree(tt);
		return NULL;
	}

	return tt;
}

static void swap_tt_destroy(struct ttm_device *bdev, struct ttm_tt *tt)
{
	ttm_tt_fini(tt);
	kfree(tt);
}

static int swap_move(struct ttm_buffer_object *bo, bool evict,
		     struct ttm_operation_ctx *ctx, struct ttm_resource *new_mem,
		     struct ttm_place *hop)
{
	ttm_bo_move_null(bo, new_mem);
	return 0;
}

static long swap_bo_shrink(struct ttm_operation_ctx *ctx, struct ttm_buffer_object *bo,
			   enum ttm_shrink_reason reason)
{
	struct swap_dev *dev = container_of(bo->bdev, struct swap_dev, base);
	struct swap_bo *swap_bo = to_swap_bo(bo);

	dma_resv_assert_held(bo->base.resv);
	if (dev->nr_calls < MAX_CALLS)
		dev->call[dev->nr_calls] = (struct swap_call) {
			.bo = swap_bo,
			.reason = reason,
			.purgeable = ttm_tt_purgeable(bo->ttm),
		};
	/* A walk that does not end is to fail the test, not to hang it. */
	if (++dev->nr_calls > 10 * MAX_CALLS)
		return -EDEADLK;

	if (!swap_bo->keeps_pages)
		ttm_tt_unpopulate(bo->bdev, bo->ttm);

	return swap_bo->returns;
}

static const struct ttm_device_funcs swap_funcs = {
	.ttm_tt_create = swap_tt_create,
	.ttm_tt_destroy = swap_tt_destroy,
	.eviction_valuable = ttm_bo_eviction_valuable,
	.move = swap_move,
};

static struct swap_dev *swap_dev_create(struct kunit *test, struct ttm_test_devices *devs)
{
	struct drm_device *drm = devs->drm;
	struct swap_dev *dev;

	dev = kunit_kzalloc(test, sizeof(*dev), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, dev);

	dev->devs = devs;
	dev->funcs = swap_funcs;
	dev->funcs.bo_shrink = swap_bo_shrink;
	KUNIT_ASSERT_EQ(test, 0,
			ttm_device_init(&dev->base, &dev->funcs, drm->dev,
					drm->anon_inode->i_mapping,
					drm->vma_offset_manager, 0));
	ttm_mock_manager_init(&dev->base, TTM_PL_TT, TT_MANAGER_SIZE);

	return dev;
}

static void swap_dev_destroy(struct swap_dev *dev)
{
	unsigned int i;

	for (i = 0; i < dev->nr_bos; i++)
		ttm_bo_fini(&dev->bo[i]->base);
	ttm_mock_manager_fini(&dev->base, TTM_PL_TT);
	ttm_device_fini(&dev->base);
}

static int ttm_swapout_test_init(struct kunit *test)
{
	test->priv = swap_dev_create(test, ttm_test_devices_basic(test));
	return 0;
}

static void ttm_swapout_test_exit(struct kunit *test)
{
	struct swap_dev *dev = test->priv;
	struct ttm_test_devices *devs;

	if (!dev)
		return;

	devs = dev->devs;
	swap_dev_destroy(dev);
	ttm_test_devices_put(test, devs);
}

static void populate(struct kunit *test, struct swap_bo *bo)
{
	struct ttm_operation_ctx ctx = { };

	dma_resv_lock(bo->base.base.resv, NULL);
	KUNIT_EXPECT_EQ(test, 0, ttm_bo_populate(&bo->base, &ctx));
	dma_resv_unlock(bo->base.base.resv);
}

/* An object with pages, the most recently used of its manager. */
static struct swap_bo *bo_create_on(struct kunit *test, struct swap_dev *dev,
				    u32 tt_flags, u32 mem_type)
{
	struct ttm_place place = { .mem_type = mem_type };
	struct ttm_placement placement = { .num_placement = 1, .placement = &place };
	struct ttm_operation_ctx ctx = { };
	struct swap_bo *bo;

	KUNIT_ASSERT_LT(test, dev->nr_bos, MAX_BOS);
	bo = kunit_kzalloc(test, sizeof(*bo), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, bo);

	bo->tt_flags = tt_flags;
	bo->returns = NR_PAGES;
	drm_gem_private_object_init(dev->devs->drm, &bo->base.base, NR_PAGES * PAGE_SIZE);
	KUNIT_ASSERT_EQ(test, 0,
			ttm_bo_init_reserved(&dev->base, &bo->base, ttm_bo_type_device,
					     &placement, 1, &ctx, NULL, NULL,
					     dummy_ttm_bo_destroy));
	dev->bo[dev->nr_bos++] = bo;
	dma_resv_unlock(bo->base.base.resv);
	populate(test, bo);
	KUNIT_ASSERT_TRUE(test, ttm_tt_is_populated(bo->base.ttm));

	return bo;
}

static struct swap_bo *bo_create(struct kunit *test, u32 tt_flags)
{
	return bo_create_on(test, test->priv, tt_flags, TTM_PL_SYSTEM);
}

static struct swap_bo *bo_create_purgeable(struct kunit *test, u32 tt_flags)
{
	struct swap_bo *bo = bo_create(test, tt_flags);

	ttm_tt_set_purgeable(bo->base.ttm, true);

	return bo;
}

static void fill(struct swap_bo *bo, u8 value)
{
	unsigned int i;

	for (i = 0; i < NR_PAGES; i++)
		memset_page(bo->base.ttm->pages[i], 0, value, PAGE_SIZE);
}

/* Whether all pages are there and hold but @value. */
static bool holds(struct swap_bo *bo, u8 value)
{
	unsigned int i;

	for (i = 0; i < NR_PAGES; i++) {
		void *map = kmap_local_page(bo->base.ttm->pages[i]);
		bool same = !memchr_inv(map, value, PAGE_SIZE);

		kunmap_local(map);
		if (!same)
			return false;
	}

	return true;
}

static bool has_pages(struct swap_bo *bo)
{
	return bo->base.ttm && ttm_tt_is_populated(bo->base.ttm);
}

static bool swapped_out(struct swap_bo *bo)
{
	return bo->base.ttm && !ttm_tt_is_populated(bo->base.ttm) &&
		ttm_tt_is_swapped(bo->base.ttm);
}

static long swapout(struct swap_dev *dev, enum ttm_shrink_reason reason)
{
	struct ttm_operation_ctx ctx = { .no_wait_gpu = true };

	return ttm_device_swapout(&dev->base, &ctx, GFP_KERNEL, reason);
}

static void expect_call(struct kunit *test, unsigned int nr, struct swap_bo *bo,
			enum ttm_shrink_reason reason)
{
	struct swap_dev *dev = test->priv;

	KUNIT_ASSERT_LT_MSG(test, nr, dev->nr_calls, "bo_shrink() was not called");
	KUNIT_EXPECT_PTR_EQ(test, bo, dev->call[nr].bo);
	KUNIT_EXPECT_EQ(test, reason, dev->call[nr].reason);
}

static const char *swap_fence_name(struct dma_fence *fence)
{
	return "ttm swapout test";
}

static const struct dma_fence_ops swap_fence_ops = {
	.get_driver_name = swap_fence_name,
	.get_timeline_name = swap_fence_name,
};

/* The GPU uses @bo, until idle(). */
static struct dma_fence *busy(struct kunit *test, struct swap_bo *bo)
{
	struct dma_resv *resv = bo->base.base.resv;
	struct dma_fence *fence = kzalloc_obj(*fence);

	KUNIT_ASSERT_NOT_NULL(test, fence);
	dma_fence_init(fence, &swap_fence_ops, NULL, dma_fence_context_alloc(1), 1);
	dma_resv_lock(resv, NULL);
	KUNIT_ASSERT_EQ(test, 0, dma_resv_reserve_fences(resv, 1));
	dma_resv_add_fence(resv, fence, DMA_RESV_USAGE_BOOKKEEP);
	dma_resv_unlock(resv);

	return fence;
}

static void idle(struct dma_fence *fence)
{
	dma_fence_signal(fence);
	dma_fence_put(fence);
}

/* The cases with a parameter run for each reason. */
static const enum ttm_shrink_reason reasons[] = {
	TTM_SHRINK_WATERMARK,
	TTM_SHRINK_PURGE,
	TTM_SHRINK_SWAP,
};

static void reason_desc(const enum ttm_shrink_reason *reason, char *desc)
{
	static const char * const names[] = {
		[TTM_SHRINK_WATERMARK] = "watermark",
		[TTM_SHRINK_PURGE] = "purge",
		[TTM_SHRINK_SWAP] = "swap",
	};

	strscpy(desc, names[*reason], KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(reason, reasons, reason_desc);

/* Pages that are TTM's own are saved, and come back as they were. */
static void ttm_swapout_own(struct kunit *test)
{
	enum ttm_shrink_reason reason = *(const enum ttm_shrink_reason *)test->param_value;
	bool saves = reason != TTM_SHRINK_PURGE;
	struct swap_bo *bo = bo_create(test, OWN);
	struct swap_dev *dev = test->priv;

	fill(bo, 0x5a);
	KUNIT_EXPECT_EQ(test, saves ? NR_PAGES : 0, swapout(dev, reason));
	KUNIT_EXPECT_EQ(test, saves, swapped_out(bo));
	KUNIT_EXPECT_EQ(test, 0, swapout(dev, reason));
	KUNIT_EXPECT_EQ(test, 0, dev->nr_calls);

	populate(test, bo);
	KUNIT_EXPECT_TRUE(test, holds(bo, 0x5a));
}

/* The driver is asked for the pages that it owns, if TTM gains from it. */
static void ttm_swapout_external(struct kunit *test)
{
	enum ttm_shrink_reason reason = *(const enum ttm_shrink_reason *)test->param_value;
	bool asked = reason == TTM_SHRINK_SWAP;
	struct swap_bo *bo = bo_create(test, EXTERNAL);
	struct swap_dev *dev = test->priv;

	KUNIT_EXPECT_EQ(test, asked ? NR_PAGES : 0, swapout(dev, reason));
	KUNIT_EXPECT_EQ(test, asked, dev->nr_calls);
	if (asked)
		expect_call(test, 0, bo, reason);
	KUNIT_EXPECT_EQ(test, !asked, has_pages(bo));
	KUNIT_EXPECT_FALSE(test, swapped_out(bo));

	/* There is nothing left to ask for. */
	KUNIT_EXPECT_EQ(test, 0, swapout(dev, reason));
	KUNIT_EXPECT_EQ(test, asked, dev->nr_calls);
}

/* A driver that cannot be asked keeps its pages, purgeable and deleted ones too. */
static void ttm_swapout_no_callback(struct kunit *test)
{
	enum ttm_shrink_reason reason = *(const enum ttm_shrink_reason *)test->param_value;
	struct swap_bo *bo[3] = {
		bo_create(test, EXTERNAL),
		bo_create_purgeable(test, EXTERNAL),
		bo_create(test, EXTERNAL),
	};
	struct swap_dev *dev = test->priv;
	unsigned int i;

	dev->funcs.bo_shrink = NULL;
	bo[2]->base.deleted = true;
	KUNIT_EXPECT_EQ(test, 0, swapout(dev, reason));
	bo[2]->base.deleted = false;
	for (i = 0; i < ARRAY_SIZE(bo); i++)
		KUNIT_EXPECT_TRUE_MSG(test, has_pages(bo[i]), "object %u", i);
	KUNIT_EXPECT_EQ(test, 0, ttm_device_prepare_hibernation(&dev->base));
	for (i = 0; i < ARRAY_SIZE(bo); i++)
		KUNIT_EXPECT_TRUE_MSG(test, has_pages(bo[i]), "object %u", i);
}

/* Thrown away means: nothing is saved, and nothing of it is seen later. */
static void ttm_swapout_purge_own(struct kunit *test)
{
	enum ttm_shrink_reason reason = *(const enum ttm_shrink_reason *)test->param_value;
	struct swap_bo *bo = bo_create_purgeable(test, OWN);
	struct swap_dev *dev = test->priv;

	fill(bo, 0x5a);
	KUNIT_EXPECT_EQ(test, NR_PAGES, swapout(dev, reason));
	KUNIT_EXPECT_FALSE(test, has_pages(bo));
	KUNIT_EXPECT_FALSE(test, swapped_out(bo));
	KUNIT_EXPECT_FALSE(test, ttm_tt_purgeable(bo->base.ttm));

	populate(test, bo);
	KUNIT_EXPECT_TRUE(test, holds(bo, 0));
}

/* For the driver, too, purgeable pages are for purging. */
static void ttm_swapout_purge_external(struct kunit *test)
{
	enum ttm_shrink_reason reason = *(const enum ttm_shrink_reason *)test->param_value;
	struct swap_bo *bo = bo_create_purgeable(test, EXTERNAL);
	struct swap_dev *dev = test->priv;

	if (reason == TTM_SHRINK_WATERMARK) {
		KUNIT_EXPECT_EQ(test, 0, swapout(dev, reason));
		KUNIT_EXPECT_EQ(test, 0, dev->nr_calls);
		KUNIT_EXPECT_TRUE(test, has_pages(bo));
		return;
	}

	KUNIT_EXPECT_EQ(test, NR_PAGES, swapout(dev, reason));
	KUNIT_EXPECT_EQ(test, 1, dev->nr_calls);
	expect_call(test, 0, bo, TTM_SHRINK_PURGE);
	KUNIT_EXPECT_TRUE(test, dev->call[0].purgeable);

	/* Somebody wants it again, so it is not purgeable any more. */
	populate(test, bo);
	KUNIT_EXPECT_FALSE(test, ttm_tt_purgeable(bo->base.ttm));
	KUNIT_EXPECT_EQ(test, 0, swapout(dev, TTM_SHRINK_PURGE));
}

/* For a watermark only pages count that TTM has counted, though others go cheaper. */
static void ttm_swapout_watermark(struct kunit *test)
{
	struct swap_bo *purgeable = bo_create_purgeable(test, EXTERNAL);
	struct swap_bo *external = bo_create(test, EXTERNAL);
	struct swap_bo *own = bo_create(test, OWN);
	struct swap_bo *cheap = bo_create_purgeable(test, OWN);
	struct swap_dev *dev = test->priv;

	KUNIT_EXPECT_EQ(test, NR_PAGES, swapout(dev, TTM_SHRINK_WATERMARK));
	KUNIT_EXPECT_FALSE(test, has_pages(cheap));
	KUNIT_EXPECT_TRUE(test, has_pages(own));
	KUNIT_EXPECT_EQ(test, NR_PAGES, swapout(dev, TTM_SHRINK_WATERMARK));
	KUNIT_EXPECT_TRUE(test, swapped_out(own));
	KUNIT_EXPECT_EQ(test, 0, swapout(dev, TTM_SHRINK_WATERMARK));

	KUNIT_EXPECT_EQ(test, 0, dev->nr_calls);
	KUNIT_EXPECT_TRUE(test, has_pages(purgeable));
	KUNIT_EXPECT_TRUE(test, ttm_tt_purgeable(purgeable->base.ttm));
	KUNIT_EXPECT_TRUE(test, has_pages(external));
}

/* What is purgeable goes first, though others were used longer ago. */
static void ttm_swapout_purge_first(struct kunit *test)
{
	struct swap_bo *oldest = bo_create(test, OWN);
	struct swap_bo *external = bo_create(test, EXTERNAL);
	struct swap_bo *purgeable = bo_create_purgeable(test, OWN);
	struct swap_bo *newest = bo_create_purgeable(test, EXTERNAL);
	struct swap_dev *dev = test->priv;

	KUNIT_EXPECT_EQ(test, NR_PAGES, swapout(dev, TTM_SHRINK_SWAP));
	KUNIT_EXPECT_FALSE(test, has_pages(purgeable));
	KUNIT_EXPECT_FALSE(test, swapped_out(purgeable));
	KUNIT_EXPECT_EQ(test, 0, dev->nr_calls);

	KUNIT_EXPECT_EQ(test, NR_PAGES, swapout(dev, TTM_SHRINK_SWAP));
	KUNIT_EXPECT_EQ(test, 1, dev->nr_calls);
	expect_call(test, 0, newest, TTM_SHRINK_PURGE);
	KUNIT_EXPECT_TRUE(test, has_pages(oldest));

	KUNIT_EXPECT_EQ(test, NR_PAGES, swapout(dev, TTM_SHRINK_SWAP));
	KUNIT_EXPECT_TRUE(test, swapped_out(oldest));
	KUNIT_EXPECT_EQ(test, 1, dev->nr_calls);

	KUNIT_EXPECT_EQ(test, NR_PAGES, swapout(dev, TTM_SHRINK_SWAP));
	expect_call(test, 1, external, TTM_SHRINK_SWAP);
	KUNIT_EXPECT_EQ(test, 0, swapout(dev, TTM_SHRINK_SWAP));
}

/* The order holds across managers, of which that of system memory is the first. */
static void ttm_swapout_purge_first_managers(struct kunit *test)
{
	struct swap_dev *dev = test->priv;
	struct swap_bo *kept = bo_create(test, OWN);
	struct swap_bo *bound = bo_create_on(test, dev, OWN, TTM_PL_TT);

	ttm_tt_set_purgeable(bound->base.ttm, true);
	KUNIT_EXPECT_EQ(test, NR_PAGES, swapout(dev, TTM_SHRINK_SWAP));
	KUNIT_EXPECT_TRUE(test, has_pages(kept));
	KUNIT_EXPECT_FALSE(test, has_pages(bound));
	KUNIT_EXPECT_EQ(test, TTM_PL_SYSTEM, bound->base.resource->mem_type);
}

/* A tt that is to be kept after all is kept. */
static void ttm_swapout_unpurgeable(struct kunit *test)
{
	struct swap_bo *bo = bo_create_purgeable(test, OWN);
	struct swap_dev *dev = test->priv;

	fill(bo, 0xa5);
	/* Once or twice makes no difference. */
	ttm_tt_set_purgeable(bo->base.ttm, true);
	ttm_tt_set_purgeable(bo->base.ttm, false);
	KUNIT_EXPECT_EQ(test, 0, swapout(dev, TTM_SHRINK_PURGE));
	KUNIT_EXPECT_TRUE(test, holds(bo, 0xa5));
	KUNIT_EXPECT_EQ(test, NR_PAGES, swapout(dev, TTM_SHRINK_SWAP));
	KUNIT_EXPECT_TRUE(test, swapped_out(bo));
}

/* Pinned objects stay, whoever owns their pages and whatever they hold. */
static void ttm_swapout_pinned(struct kunit *test)
{
	enum ttm_shrink_reason reason = *(const enum ttm_shrink_reason *)test->param_value;
	struct swap_bo *bo[3] = {
		bo_create(test, OWN),
		bo_create(test, EXTERNAL),
		bo_create_purgeable(test, EXTERNAL),
	};
	struct swap_dev *dev = test->priv;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bo); i++) {
		dma_resv_lock(bo[i]->base.base.resv, NULL);
		ttm_bo_pin(&bo[i]->base);
		/* As a driver has it whose pinned objects stay in the lists. */
		spin_lock(&dev->base.lru_lock);
		list_move_tail(&bo[i]->base.resource->lru.link,
			       &ttm_manager_type(&dev->base, TTM_PL_SYSTEM)->lru[0]);
		spin_unlock(&dev->base.lru_lock);
		dma_resv_unlock(bo[i]->base.base.resv);
	}

	KUNIT_EXPECT_EQ(test, 0, swapout(dev, reason));
	KUNIT_EXPECT_EQ(test, 0, dev->nr_calls);

	for (i = 0; i < ARRAY_SIZE(bo); i++) {
		KUNIT_EXPECT_TRUE_MSG(test, has_pages(bo[i]), "object %u", i);
		dma_resv_lock(bo[i]->base.base.resv, NULL);
		ttm_bo_unpin(&bo[i]->base);
		dma_resv_unlock(bo[i]->base.base.resv);
	}
}

/* What the GPU uses stays, purgeable or not, and the next object is taken. */
static void ttm_swapout_busy(struct kunit *test)
{
	enum ttm_shrink_reason reason = *(const enum ttm_shrink_reason *)test->param_value;
	struct swap_bo *used = bo_create_purgeable(test, OWN);
	struct swap_bo *unused = bo_create_purgeable(test, OWN);
	struct dma_fence *fence = busy(test, used);
	struct swap_dev *dev = test->priv;

	KUNIT_EXPECT_EQ(test, NR_PAGES, swapout(dev, reason));
	KUNIT_EXPECT_TRUE(test, has_pages(used));
	KUNIT_EXPECT_FALSE(test, has_pages(unused));
	KUNIT_EXPECT_EQ(test, 0, swapout(dev, reason));

	idle(fence);
	KUNIT_EXPECT_EQ(test, NR_PAGES, swapout(dev, reason));
	KUNIT_EXPECT_FALSE(test, has_pages(used));
}

/* A deleted object has nothing to save; its pages are free once it is idle. */
static void ttm_swapout_deleted(struct kunit *test)
{
	enum ttm_shrink_reason reason = *(const enum ttm_shrink_reason *)test->param_value;
	static const u32 tt_flags[] = { OWN, EXTERNAL, IMPORTED };
	struct swap_dev *dev = test->priv;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(tt_flags); i++) {
		struct swap_bo *bo = bo_create(test, tt_flags[i]);
		struct dma_fence *fence = busy(test, bo);

		bo->base.deleted = true;
		KUNIT_EXPECT_EQ_MSG(test, 0, swapout(dev, reason), "flags %#x", tt_flags[i]);
		KUNIT_EXPECT_TRUE(test, has_pages(bo));

		idle(fence);
		KUNIT_EXPECT_EQ_MSG(test, tt_flags[i] == IMPORTED ? 0 : NR_PAGES,
				    swapout(dev, reason), "flags %#x", tt_flags[i]);
		KUNIT_EXPECT_NULL(test, bo->base.ttm);
		KUNIT_EXPECT_NULL(test, bo->base.resource);
		KUNIT_EXPECT_EQ(test, 0, dev->nr_calls);
		/* The rest of it is for the end of the test. */
		bo->base.deleted = false;
	}
}

/* An object that cannot give its pages does not keep others from doing so. */
static void ttm_swapout_goes_on(struct kunit *test)
{
	static const long answers[] = { 0, -EBUSY, -ENOMEM, -ENOSPC };
	struct swap_bo *stuck = bo_create(test, EXTERNAL);
	struct swap_bo *ready = bo_create(test, EXTERNAL);
	struct swap_dev *dev = test->priv;
	unsigned int i;

	stuck->keeps_pages = true;
	for (i = 0; i < ARRAY_SIZE(answers); i++) {
		long told = answers[i] == -EBUSY ? 0 : answers[i];

		stuck->returns = answers[i];
		populate(test, ready);
		dev->nr_calls = 0;
		KUNIT_EXPECT_EQ_MSG(test, NR_PAGES, swapout(dev, TTM_SHRINK_SWAP),
				    "after %ld", answers[i]);
		expect_call(test, 0, stuck, TTM_SHRINK_SWAP);
		expect_call(test, 1, ready, TTM_SHRINK_SWAP);

		/* Only when nothing was given does it matter why. */
		KUNIT_EXPECT_EQ_MSG(test, told, swapout(dev, TTM_SHRINK_SWAP),
				    "after %ld", answers[i]);
	}
}

/* Any other error ends the walk, and is told. */
static void ttm_swapout_error(struct kunit *test)
{
	enum ttm_shrink_reason reason = *(const enum ttm_shrink_reason *)test->param_value;
	struct swap_bo *broken = bo_create_purgeable(test, EXTERNAL);
	struct swap_bo *ready = bo_create_purgeable(test, EXTERNAL);
	bool asked = reason != TTM_SHRINK_WATERMARK;
	struct swap_dev *dev = test->priv;

	broken->keeps_pages = true;
	broken->returns = -EIO;
	KUNIT_EXPECT_EQ(test, asked ? -EIO : 0, swapout(dev, reason));
	KUNIT_EXPECT_EQ(test, asked, dev->nr_calls);
	KUNIT_EXPECT_TRUE(test, has_pages(ready));
}

/* One object is enough for ttm_device_swapout(), a target is met as a whole. */
static void ttm_swapout_target(struct kunit *test)
{
	struct ttm_operation_ctx ctx = { };
	struct swap_dev *dev = test->priv;
	struct ttm_resource_manager *man = ttm_manager_type(&dev->base, TTM_PL_SYSTEM);
	struct swap_bo *bo[3] = {
		bo_create(test, EXTERNAL),
		bo_create(test, OWN),
		bo_create_purgeable(test, EXTERNAL),
	};

	KUNIT_EXPECT_EQ(test, 2 * NR_PAGES,
			ttm_bo_swapout(&dev->base, &ctx, man, GFP_KERNEL,
				       TTM_SHRINK_SWAP, NR_PAGES + 1));
	KUNIT_EXPECT_FALSE(test, has_pages(bo[2]));
	KUNIT_EXPECT_FALSE(test, has_pages(bo[0]));
	KUNIT_EXPECT_TRUE(test, has_pages(bo[1]));

	populate(test, bo[0]);
	KUNIT_EXPECT_EQ(test, NR_PAGES, swapout(dev, TTM_SHRINK_SWAP));
	KUNIT_EXPECT_FALSE(test, has_pages(bo[0]));
	KUNIT_EXPECT_TRUE(test, has_pages(bo[1]));
}

/* More pages than an int can count are still pages, not an error. */
static void ttm_swapout_many_pages(struct kunit *test)
{
	/* An int would take the first for an error, the second for nothing. */
	static const s64 amounts[] = { INT_MAX + 1LL, UINT_MAX + 1LL };
	struct ttm_operation_ctx ctx = { };
	struct swap_bo *bo = bo_create(test, EXTERNAL);
	struct swap_dev *dev = test->priv;
	unsigned int i;

	if (BITS_PER_LONG == 32)
		kunit_skip(test, "no machine with such a long has so much memory");

	for (i = 0; i < ARRAY_SIZE(amounts); i++) {
		bo->returns = amounts[i];
		KUNIT_EXPECT_EQ(test, amounts[i], swapout(dev, TTM_SHRINK_SWAP));
		populate(test, bo);
		if (list_is_singular(&ttm_glob.device_list))
			KUNIT_EXPECT_EQ(test, amounts[i],
					ttm_global_swapout(&ctx, GFP_KERNEL, TTM_SHRINK_SWAP));
		populate(test, bo);
		KUNIT_EXPECT_EQ(test, 0, ttm_device_prepare_hibernation(&dev->base));
		KUNIT_EXPECT_FALSE(test, has_pages(bo));
		populate(test, bo);
	}
}

/* Without the pages being gone, a number of pages is worth nothing. */
static void ttm_swapout_false_progress(struct kunit *test)
{
	struct swap_bo *false_bo = bo_create(test, EXTERNAL);
	struct swap_dev *dev = test->priv;

	false_bo->keeps_pages = true;
	KUNIT_EXPECT_EQ(test, 0, swapout(dev, TTM_SHRINK_SWAP));
	KUNIT_EXPECT_EQ(test, 1, dev->nr_calls);
}

/* All that can go is saved. */
static void ttm_swapout_hibernation(struct kunit *test)
{
	struct swap_dev *dev = test->priv;
	struct swap_bo *own = bo_create(test, OWN);
	struct swap_bo *bound = bo_create_on(test, dev, OWN, TTM_PL_TT);
	struct swap_bo *external = bo_create_on(test, dev, EXTERNAL, TTM_PL_TT);
	struct swap_bo *purgeable = bo_create_purgeable(test, OWN);

	fill(own, 0x11);
	fill(bound, 0x22);
	KUNIT_EXPECT_EQ(test, 0, ttm_device_prepare_hibernation(&dev->base));
	KUNIT_EXPECT_TRUE(test, swapped_out(own));
	KUNIT_EXPECT_TRUE(test, swapped_out(bound));
	KUNIT_EXPECT_FALSE(test, has_pages(purgeable));
	KUNIT_EXPECT_FALSE(test, swapped_out(purgeable));
	KUNIT_EXPECT_EQ(test, 1, dev->nr_calls);
	expect_call(test, 0, external, TTM_SHRINK_SWAP);

	populate(test, own);
	populate(test, bound);
	KUNIT_EXPECT_TRUE(test, holds(own, 0x11));
	KUNIT_EXPECT_TRUE(test, holds(bound, 0x22));
}

/*
 * It ends, with success, though an object never makes the progress it claims,
 * and does not come back to that one after each of the others.
 */
static void ttm_swapout_hibernation_ends(struct kunit *test)
{
	struct swap_bo *false_bo = bo_create(test, EXTERNAL);
	struct swap_bo *ready = bo_create(test, EXTERNAL);
	struct swap_bo *last = bo_create(test, EXTERNAL);
	struct swap_dev *dev = test->priv;

	false_bo->keeps_pages = true;
	KUNIT_EXPECT_EQ(test, 0, ttm_device_prepare_hibernation(&dev->base));
	KUNIT_EXPECT_FALSE(test, has_pages(ready));
	KUNIT_EXPECT_FALSE(test, has_pages(last));
	/* Each once, and the one that stayed once more. */
	KUNIT_EXPECT_EQ(test, 4, dev->nr_calls);
}

/* What stayed for lack of room, and what failed, is told. */
static void ttm_swapout_hibernation_error(struct kunit *test)
{
	static const long errors[] = { -ENOMEM, -ENOSPC, -EIO };
	struct swap_bo *ready = bo_create(test, EXTERNAL);
	struct swap_bo *stuck = bo_create(test, EXTERNAL);
	struct swap_dev *dev = test->priv;
	unsigned int i;

	stuck->keeps_pages = true;
	for (i = 0; i < ARRAY_SIZE(errors); i++) {
		stuck->returns = errors[i];
		populate(test, ready);
		KUNIT_EXPECT_EQ(test, errors[i], ttm_device_prepare_hibernation(&dev->base));
		KUNIT_EXPECT_FALSE(test, has_pages(ready));
	}

	/* Pinned or in use is another matter. */
	stuck->returns = -EBUSY;
	KUNIT_EXPECT_EQ(test, 0, ttm_device_prepare_hibernation(&dev->base));
}

/* The error of one device does not stop the next one, but is not forgotten. */
static void ttm_swapout_devices(struct kunit *test)
{
	struct ttm_operation_ctx ctx = { };
	struct swap_dev *first = test->priv, *second;
	struct swap_bo *broken, *ready;

	if (!list_is_singular(&ttm_glob.device_list))
		kunit_skip(test, "there are other devices, with objects of their own");

	broken = bo_create(test, EXTERNAL);
	broken->keeps_pages = true;
	broken->returns = -EIO;
	second = swap_dev_create(test, first->devs);
	ready = bo_create_on(test, second, EXTERNAL, TTM_PL_SYSTEM);

	KUNIT_EXPECT_EQ(test, NR_PAGES, ttm_global_swapout(&ctx, GFP_KERNEL, TTM_SHRINK_SWAP));
	KUNIT_EXPECT_FALSE(test, has_pages(ready));
	KUNIT_EXPECT_EQ(test, -EIO, ttm_global_swapout(&ctx, GFP_KERNEL, TTM_SHRINK_SWAP));
	KUNIT_EXPECT_EQ(test, 0, ttm_global_swapout(&ctx, GFP_KERNEL, TTM_SHRINK_PURGE));

	swap_dev_destroy(second);
}

static struct kunit_case ttm_swapout_test_cases[] = {
	KUNIT_CASE_PARAM(ttm_swapout_own, reason_gen_params),
	KUNIT_CASE_PARAM(ttm_swapout_external, reason_gen_params),
	KUNIT_CASE_PARAM(ttm_swapout_no_callback, reason_gen_params),
	KUNIT_CASE_PARAM(ttm_swapout_purge_own, reason_gen_params),
	KUNIT_CASE_PARAM(ttm_swapout_purge_external, reason_gen_params),
	KUNIT_CASE(ttm_swapout_watermark),
	KUNIT_CASE(ttm_swapout_purge_first),
	KUNIT_CASE(ttm_swapout_purge_first_managers),
	KUNIT_CASE(ttm_swapout_unpurgeable),
	KUNIT_CASE_PARAM(ttm_swapout_pinned, reason_gen_params),
	KUNIT_CASE_PARAM(ttm_swapout_busy, reason_gen_params),
	KUNIT_CASE_PARAM(ttm_swapout_deleted, reason_gen_params),
	KUNIT_CASE(ttm_swapout_goes_on),
	KUNIT_CASE_PARAM(ttm_swapout_error, reason_gen_params),
	KUNIT_CASE(ttm_swapout_target),
	KUNIT_CASE(ttm_swapout_many_pages),
	KUNIT_CASE(ttm_swapout_false_progress),
	KUNIT_CASE(ttm_swapout_hibernation),
	KUNIT_CASE(ttm_swapout_hibernation_ends),
	KUNIT_CASE(ttm_swapout_hibernation_error),
	KUNIT_CASE(ttm_swapout_devices),
	{}
};

static struct kunit_suite ttm_swapout_test_suite = {
	.name = "ttm_swapout",
	.init = ttm_swapout_test_init,
	.exit = ttm_swapout_test_exit,
	.test_cases = ttm_swapout_test_cases,
};

kunit_test_suites(&ttm_swapout_test_suite);

MODULE_DESCRIPTION("KUnit tests for TTM's swapout");
MODULE_LICENSE("GPL");
