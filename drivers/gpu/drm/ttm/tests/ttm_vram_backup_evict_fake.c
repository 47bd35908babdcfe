// SPDX-License-Identifier: GPL-2.0
/*
 * A driver with objects in VRAM that can move, and whose content a test can look at.
 */
#include <linux/dma-resv.h>
#include <linux/export.h>
#include <linux/highmem.h>
#include <linux/iosys-map.h>
#include <linux/module.h>

#include <drm/ttm/ttm_kmap_iter.h>
#include <drm/ttm/ttm_resource.h>
#include <drm/ttm/ttm_tt.h>

#include "ttm_mock_manager.h"
#include "ttm_vram_backup_evict_fake.h"

#define MAN_SIZE	SZ_1G

static const struct ttm_place vram_place = { .mem_type = TTM_PL_VRAM };
static const struct ttm_place tt_place = { .mem_type = TTM_PL_TT };
static struct ttm_placement vram_placement = { .num_placement = 1, .placement = &vram_place };

static struct evict_bo *to_evict_bo(struct ttm_buffer_object *bo)
{
	return container_of(bo, struct evict_bo, base);
}

bool evict_bo_in_vram(struct evict_bo *bo)
{
	return bo->base.resource && (bo->base.resource->mem_type == TTM_PL_VRAM ||
				     bo->base.resource->mem_type == TTM_PL_PRIV);
}
EXPORT_SYMBOL_GPL(evict_bo_in_vram);

static void copy_pages(struct evict_bo *bo, bool to_vram)
{
	for (int i = 0; i < EVICT_BO_PAGES && bo->vram; i++) {
		u8 *page = kmap_local_page(bo->base.ttm->pages[i]);
		u8 *vram = bo->vram + i * PAGE_SIZE;

		memcpy(to_vram ? vram : page, to_vram ? page : vram, PAGE_SIZE);
		kunmap_local(page);
	}
}

static struct ttm_tt *evict_tt_create(struct ttm_buffer_object *bo, u32 flags)
{
	struct ttm_tt *tt = kzalloc_obj(*tt);
	struct evict_dev *dev = to_evict_bo(bo)->dev;

	if (!tt)
		return NULL;
	flags = (flags & ~TTM_TT_FLAG_ZERO_ALLOC) | dev->tt_flags;
	if (ttm_tt_init(tt, bo, flags, ttm_cached, 0)) {
		kfree(tt);
		return NULL;
	}
	if (flags & TTM_TT_FLAG_EXTERNAL_MAPPABLE && ttm_tt_setup_backup(tt)) {
		ttm_tt_fini(tt);
		kfree(tt);
		return NULL;
	}

	return tt;
}

static void evict_tt_destroy(struct ttm_device *bdev, struct ttm_tt *tt)
{
	ttm_tt_fini(tt);
	kfree(tt);
}

static int evict_tt_populate(struct ttm_device *bdev, struct ttm_tt *tt,
			     struct ttm_operation_ctx *ctx)
{
	return ttm_tt_is_backed_up(tt) ? ttm_tt_restore(bdev, tt, ctx) :
					 ttm_pool_alloc(&bdev->pool, tt, ctx);
}

static void evict_tt_unpopulate(struct ttm_device *bdev, struct ttm_tt *tt)
{
	ttm_pool_free(&bdev->pool, tt);
}

static int evict_move(struct ttm_buffer_object *bo, bool evict,
		      struct ttm_operation_ctx *ctx, struct ttm_resource *new_mem,
		      struct ttm_place *hop)
{
	struct evict_bo *evict_bo = to_evict_bo(bo);
	bool to_vram = new_mem->mem_type == TTM_PL_VRAM;

	if (bo->resource && bo->ttm && ttm_tt_is_populated(bo->ttm) &&
	    to_vram != evict_bo_in_vram(evict_bo))
		copy_pages(evict_bo, to_vram);
	if (to_vram && bo->ttm)
		ttm_bo_move_sync_cleanup(bo, new_mem);
	else
		ttm_bo_move_null(bo, new_mem);

	return 0;
}

static void evict_evict_flags(struct ttm_buffer_object *bo,
			      struct ttm_placement *placement)
{
	placement->num_placement = !to_evict_bo(bo)->drop;
	placement->placement = &tt_place;
}

static long evict_bo_shrink(struct ttm_operation_ctx *ctx, struct ttm_buffer_object *bo,
			    enum ttm_shrink_reason reason)
{
	return ttm_bo_shrink(ctx, bo, (struct ttm_bo_shrink_flags){ .allow_move = true });
}

static const struct ttm_device_funcs evict_funcs = {
	.ttm_tt_create = evict_tt_create,
	.ttm_tt_destroy = evict_tt_destroy,
	.ttm_tt_populate = evict_tt_populate,
	.ttm_tt_unpopulate = evict_tt_unpopulate,
	.eviction_valuable = ttm_bo_eviction_valuable,
	.evict_flags = evict_evict_flags,
	.move = evict_move,
	.bo_shrink = evict_bo_shrink,
};

static int evict_unbind(struct ttm_buffer_object *bo, struct ttm_operation_ctx *ctx)
{
	dma_resv_assert_held(bo->base.resv);

	return to_evict_bo(bo)->unbind_error;
}

struct evict_job {
	struct fake_job base;
	struct evict_bo *bo;
};

static void evict_job_copy(struct fake_job *base, bool wrong)
{
	struct evict_bo *bo = container_of(base, struct evict_job, base)->bo;
	u8 *page;

	copy_pages(bo, false);
	if (!wrong)
		return;
	page = kmap_local_page(bo->base.ttm->pages[EVICT_BO_PAGES - 1]);
	page[PAGE_SIZE - 1] ^= 1;
	kunmap_local(page);
}

static void evict_job_free(struct fake_job *base)
{
	kfree(container_of(base, struct evict_job, base));
}

static int evict_copy_out(struct ttm_buffer_object *base, struct ttm_resource *res,
			  enum ttm_vram_backup_engine engine,
			  struct dma_fence **fence)
{
	struct evict_bo *bo = to_evict_bo(base);
	struct evict_job *job = kzalloc_obj(*job);

	if (!job)
		return -ENOMEM;
	job->base.copy = evict_job_copy;
	job->base.free = evict_job_free;
	job->bo = bo;

	dma_resv_assert_held(base->base.resv);
	KUNIT_EXPECT_TRUE(bo->dev->test, evict_bo_in_vram(bo));
	KUNIT_EXPECT_EQ(bo->dev->test, 0, base->pin_count);
	KUNIT_EXPECT_TRUE(bo->dev->test, base->ttm && ttm_tt_is_populated(base->ttm));
	/* With a fence of another object on its way no blit may have begun. */
	KUNIT_EXPECT_TRUE(bo->dev->test,
			  dma_resv_test_signaled(base->base.resv,
						 DMA_RESV_USAGE_BOOKKEEP) ||
			  engine == TTM_VRAM_BACKUP_CPU);
	if (engine == TTM_VRAM_BACKUP_CPU) {
		bo->cpu_copies++;
		return fake_cpu_copy(&job->base, bo->cpu);
	}
	bo->blits++;

	return fake_blit(&bo->dev->blitter, &job->base, bo->blit, fence);
}

struct vram_iter {
	struct ttm_kmap_iter base;
	u8 *vram;
};

static void vram_map_local(struct ttm_kmap_iter *base, struct iosys_map *map, pgoff_t i)
{
	struct vram_iter *iter = container_of(base, struct vram_iter, base);

	iosys_map_set_vaddr(map, iter->vram + i * PAGE_SIZE);
}

static const struct ttm_kmap_iter_ops vram_iter_ops = {
	.map_local = vram_map_local,
};

static int evict_checksum_out(struct ttm_buffer_object *base, u64 *sum)
{
	struct evict_bo *bo = to_evict_bo(base);
	struct vram_iter iter = { .base.ops = &vram_iter_ops, .vram = bo->vram };

	dma_resv_assert_held(base->base.resv);
	KUNIT_EXPECT_TRUE(bo->dev->test, evict_bo_in_vram(bo));
	if (bo->out_of_reach || !bo->vram)
		return -ENXIO;
	*sum = ttm_vram_backup_checksum(&iter.base, EVICT_BO_PAGES);

	return 0;
}

static void evict_moved(struct ttm_buffer_object *base)
{
	struct ttm_operation_ctx ctx = {};
	struct evict_bo *bo = to_evict_bo(base);

	KUNIT_EXPECT_FALSE(bo->dev->test, evict_bo_in_vram(bo));
	if (bo->vram)
		memset(bo->vram, 0xa5, EVICT_BO_BYTES);
	if (bo->comes_back)
		KUNIT_EXPECT_EQ(bo->dev->test, 0,
				ttm_bo_validate(base, &vram_placement, &ctx));
}

/* Of what is pinned nothing is copied here. */
static bool evict_get(struct ttm_vram_backup_object *obj)
{
	return true;
}

static void evict_put(struct ttm_vram_backup_object *obj)
{
}

static const struct ttm_vram_backup_ops evict_ops = {
	.get = evict_get,
	.put = evict_put,
	.unbind = evict_unbind,
	.copy_out = evict_copy_out,
	.checksum_out = evict_checksum_out,
	.moved = evict_moved,
	.mem_types = BIT(TTM_PL_VRAM) | BIT(TTM_PL_PRIV),
};

struct evict_dev *evict_dev_create(struct kunit *test)
{
	struct ttm_test_devices *devs = ttm_test_devices_basic(test);
	struct drm_device *drm = devs->drm;
	struct evict_dev *dev;

	dev = kunit_kzalloc(test, sizeof(*dev), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, dev);
	dev->devs = devs;
	dev->test = test;
	dev->funcs = evict_funcs;
	KUNIT_ASSERT_EQ(test, 0, fake_blitter_init(&dev->blitter));
	KUNIT_ASSERT_EQ(test, 0,
			ttm_device_init(&dev->base, &dev->funcs, drm->dev,
					drm->anon_inode->i_mapping,
					drm->vma_offset_manager, 0));
	ttm_mock_manager_init(&dev->base, TTM_PL_VRAM, MAN_SIZE);
	ttm_mock_manager_init(&dev->base, TTM_PL_PRIV, MAN_SIZE);
	ttm_mock_manager_init(&dev->base, TTM_PL_TT, MAN_SIZE);
	dev->vram = ttm_manager_type(&dev->base, TTM_PL_VRAM);
	dev->vram->use_tt = false;
	ttm_manager_type(&dev->base, TTM_PL_PRIV)->use_tt = false;
	KUNIT_ASSERT_EQ(test, 0, ttm_vram_backup_init(&dev->vb, &dev->base, devs->dev, &evict_ops));

	return dev;
}
EXPORT_SYMBOL_GPL(evict_dev_create);

void evict_bo_set_pinned(struct evict_bo *bo, bool pinned)
{
	dma_resv_lock(bo->base.base.resv, NULL);
	if (pinned)
		ttm_bo_pin(&bo->base);
	else
		ttm_bo_unpin(&bo->base);
	dma_resv_unlock(bo->base.base.resv);
}
EXPORT_SYMBOL_GPL(evict_bo_set_pinned);

void evict_dev_destroy(struct evict_dev *dev)
{
	struct ttm_test_devices *devs = dev->devs;

	if (ttm_vram_backup_active(&dev->vb))
		ttm_vram_backup_end(&dev->vb, 0);
	for (unsigned int i = dev->num; i--;) {
		if (dev->bo[i]->base.pin_count)
			evict_bo_set_pinned(dev->bo[i], false);
		if (!dev->bo[i]->gone)
			ttm_bo_fini(&dev->bo[i]->base);
	}
	ttm_vram_backup_fini(&dev->vb);
	ttm_mock_manager_fini(&dev->base, TTM_PL_TT);
	ttm_mock_manager_fini(&dev->base, TTM_PL_PRIV);
	ttm_mock_manager_fini(&dev->base, TTM_PL_VRAM);
	ttm_device_fini(&dev->base);
	fake_blitter_fini(&dev->blitter);
	ttm_test_devices_put(dev->test, devs);
}
EXPORT_SYMBOL_GPL(evict_dev_destroy);

struct evict_bo *evict_bo_create(struct evict_dev *dev, u32 mem_type, u64 size,
				 struct dma_resv *resv)
{
	struct ttm_place place = { .mem_type = mem_type };
	struct ttm_placement placement = { .num_placement = 1, .placement = &place };
	struct ttm_operation_ctx ctx = {};
	struct kunit *test = dev->test;
	struct evict_bo *bo;

	KUNIT_ASSERT_LT(test, dev->num, EVICT_BOS);
	bo = kunit_kzalloc(test, sizeof(*bo), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, bo);
	bo->dev = dev;
	bo->seed = dev->num + 1;
	if (size == EVICT_BO_BYTES) {
		bo->vram = kunit_kmalloc(test, size, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, bo->vram);
		fake_fill(bo->vram, size, bo->seed);
	}
	drm_gem_private_object_init(dev->devs->drm, &bo->base.base, size);
	if (resv)
		dma_resv_lock(resv, NULL);
	KUNIT_ASSERT_EQ(test, 0,
			ttm_bo_init_reserved(&dev->base, &bo->base, ttm_bo_type_device,
					     &placement, 1, &ctx, NULL, resv,
					     dummy_ttm_bo_destroy));
	dma_resv_unlock(bo->base.base.resv);
	dev->bo[dev->num++] = bo;

	return bo;
}
EXPORT_SYMBOL_GPL(evict_bo_create);

void evict_bos_create(struct evict_dev *dev, unsigned int num)
{
	while (num--)
		evict_bo_create(dev, TTM_PL_VRAM, EVICT_BO_BYTES, NULL);
}
EXPORT_SYMBOL_GPL(evict_bos_create);

/* Wherever it is now, and were it in a store. */
bool evict_bo_holds(struct evict_bo *bo)
{
	struct ttm_operation_ctx ctx = {};
	bool same = true;

	if (evict_bo_in_vram(bo))
		return fake_is(bo->vram, EVICT_BO_BYTES, bo->seed);

	dma_resv_lock(bo->base.base.resv, NULL);
	same = bo->base.ttm && !ttm_bo_populate(&bo->base, &ctx);
	for (int i = 0; same && i < EVICT_BO_BYTES; i += PAGE_SIZE) {
		u8 *page = kmap_local_page(bo->base.ttm->pages[i / PAGE_SIZE]);

		for (int j = 0; same && j < PAGE_SIZE; j++)
			same = page[j] == fake_byte(bo->seed, i + j);
		kunmap_local(page);
	}
	dma_resv_unlock(bo->base.base.resv);

	return same;
}
EXPORT_SYMBOL_GPL(evict_bo_holds);

int evict_dev_begin(struct evict_dev *dev)
{
	return ttm_vram_backup_begin(&dev->vb, TTM_VRAM_BACKUP_MANUAL);
}
EXPORT_SYMBOL_GPL(evict_dev_begin);

int evict_dev_evict(struct evict_dev *dev)
{
	return ttm_vram_backup_evict(&dev->vb, true);
}
EXPORT_SYMBOL_GPL(evict_dev_evict);

/* All that is not pinned has left, and all has its content. */
void evict_expect_left(struct kunit *test, struct evict_dev *dev)
{
	for (unsigned int i = 0; i < dev->num; i++) {
		struct evict_bo *bo = dev->bo[i];

		if (bo->gone || bo->drop)
			continue;
		KUNIT_EXPECT_EQ_MSG(test, !!bo->base.pin_count, evict_bo_in_vram(bo),
				    "object %u", i);
		KUNIT_EXPECT_TRUE_MSG(test, evict_bo_holds(bo), "object %u", i);
	}
}
EXPORT_SYMBOL_GPL(evict_expect_left);

void evict_expect_content(struct kunit *test, struct evict_dev *dev)
{
	for (unsigned int i = 0; i < dev->num; i++)
		KUNIT_EXPECT_TRUE_MSG(test, evict_bo_holds(dev->bo[i]), "object %u", i);
}
EXPORT_SYMBOL_GPL(evict_expect_content);

void evict_back_to_vram(struct kunit *test, struct evict_dev *dev)
{
	struct ttm_operation_ctx ctx = {};

	for (unsigned int i = 0; i < dev->num; i++) {
		struct ttm_buffer_object *bo = &dev->bo[i]->base;

		dma_resv_lock(bo->base.resv, NULL);
		KUNIT_EXPECT_EQ(test, 0, ttm_bo_validate(bo, &vram_placement, &ctx));
		dma_resv_unlock(bo->base.resv);
	}
}
EXPORT_SYMBOL_GPL(evict_back_to_vram);

MODULE_DESCRIPTION("A driver for the KUnit tests of TTM's VRAM backup: eviction");
MODULE_LICENSE("GPL");
