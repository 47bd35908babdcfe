// SPDX-License-Identifier: MIT
/*
 * Copies between VRAM and system memory, by the migration engine or by the CPU.
 */
#include "xe_vram_backup_copy.h"

#include <linux/highmem.h>
#include <linux/iosys-map.h>

#include <drm/ttm/ttm_bo.h>
#include <drm/ttm/ttm_kmap_iter.h>
#include <drm/ttm/ttm_tt.h>

#include "regs/xe_regs.h"
#include "xe_bo.h"
#include "xe_device.h"
#include "xe_migrate.h"
#include "xe_mmio.h"
#include "xe_pm.h"
#include "xe_res_cursor.h"
#include "xe_tile.h"
#include "xe_vram.h"
#include "xe_vram_types.h"

/**
 * xe_vram_backup_has_vram() - Whether there is VRAM that keeps what is written to it
 * @xe: The device, awake.
 *
 * A card that is not there reads as all ones, and takes all that is written to it.
 *
 * Context: Any.
 * Return: False if there is not.
 */
bool xe_vram_backup_has_vram(struct xe_device *xe)
{
	u32 cntl;

	if (!IS_DGFX(xe) || IS_SRIOV_VF(xe))
		return true;

	cntl = xe_mmio_read32(xe_root_tile_mmio(xe), GU_CNTL);

	return cntl != U32_MAX && cntl & LMEM_INIT;
}

/**
 * xe_vram_backup_migrate() - The migration context of an object in VRAM
 * @bo: The object, locked.
 *
 * Context: Any.
 * Return: That of the object's tile, or of its memory's.
 */
struct xe_migrate *xe_vram_backup_migrate(struct xe_bo *bo)
{
	struct xe_device *xe = xe_bo_device(bo);
	u32 id = bo->ttm.resource->mem_type - XE_PL_VRAM0;

	return bo->tile ? bo->tile->migrate : xe->tiles[id].migrate;
}

/**
 * xe_vram_backup_blit() - Copy by the migration engine, if there is one
 * @migrate: The migration context.
 * @src_bo: See xe_migrate_copy_checked().
 * @dst_bo: The same.
 * @src: The same.
 * @dst: The same.
 * @last: The same.
 *
 * An engine that is out of order may leave what it is asked for undone for ever.
 *
 * Context: Process context, with the objects locked.
 * Return: As xe_migrate_copy_checked(). -ECANCELED if the device was given up.
 */
struct dma_fence *xe_vram_backup_blit(struct xe_migrate *migrate, struct xe_bo *src_bo,
				      struct xe_bo *dst_bo, struct ttm_resource *src,
				      struct ttm_resource *dst, struct dma_fence **last)
{
	if (xe_pm_given_up(xe_bo_device(src_bo)))
		return ERR_PTR(-ECANCELED);

	return xe_migrate_copy_checked(migrate, src_bo, dst_bo, src, dst, last);
}

/* Maps an object in VRAM page by page, best from the first one on. */
struct vram_iter {
	struct ttm_kmap_iter base;
	struct xe_vram_region *vram;
	struct ttm_resource *res;
	struct xe_res_cursor cursor;
	pgoff_t at;
};

static void vram_iter_map_local(struct ttm_kmap_iter *base, struct iosys_map *map,
				pgoff_t i)
{
	struct vram_iter *iter = container_of(base, struct vram_iter, base);

	if (i < iter->at) {
		xe_res_first(iter->res, 0, iter->res->size, &iter->cursor);
		iter->at = 0;
	}
	xe_res_next(&iter->cursor, (u64)(i - iter->at) << PAGE_SHIFT);
	iter->at = i;
	iosys_map_set_vaddr_iomem(map, (void __iomem *)iter->vram->mapping +
				  iter->cursor.start);
}

static const struct ttm_kmap_iter_ops vram_iter_ops = {
	.map_local = vram_iter_map_local,
};

/* -ENXIO if the CPU does not reach all of the place. */
static int vram_iter_init(struct vram_iter *iter, struct ttm_resource *res)
{
	struct xe_vram_region *vram = xe_map_resource_to_region(res);
	struct xe_res_cursor *cursor = &iter->cursor;

	if (!vram->mapping)
		return -ENXIO;

	iter->base.ops = &vram_iter_ops;
	iter->vram = vram;
	iter->res = res;
	iter->at = 0;
	xe_res_first(res, 0, res->size, cursor);
	while (cursor->remaining) {
		if (cursor->start + cursor->size > vram->io_size)
			return -ENXIO;
		xe_res_next(cursor, cursor->size);
	}
	xe_res_first(res, 0, res->size, cursor);

	return 0;
}

/* Between pages of an object and a place that it has in VRAM, or is to have. */
static int copy_vram(struct xe_bo *bo, struct ttm_resource *res, struct ttm_tt *tt,
		     bool to_vram)
{
	struct xe_device *xe = xe_bo_device(bo);
	struct ttm_kmap_iter_tt pages;
	struct vram_iter vram;
	int err;

	if (xe_device_has_flat_ccs(xe) && bo->ttm.type == ttm_bo_type_device)
		return -EOPNOTSUPP;

	err = vram_iter_init(&vram, res);
	if (err)
		return err;
	ttm_kmap_iter_tt_init(&pages, tt);
	ttm_move_memcpy(false, xe_bo_size(bo) >> PAGE_SHIFT,
			to_vram ? &vram.base : &pages.base,
			to_vram ? &pages.base : &vram.base);
	/* Write combining buffers are for nobody else to flush. */
	if (to_vram)
		xe_device_wmb(xe);

	return 0;
}

/* The object was unpinned before it could be restored, and has moved since. */
static int copy_pages(struct xe_bo *bo, struct ttm_tt *tt, bool to_bo)
{
	struct ttm_operation_ctx ctx = {};
	int err = ttm_bo_populate(&bo->ttm, &ctx);

	if (err)
		return err;

	for (u64 i = 0; i < xe_bo_size(bo) >> PAGE_SHIFT; i++) {
		struct page *page = bo->ttm.ttm->pages[i];

		if (to_bo)
			copy_highpage(page, tt->pages[i]);
		else
			copy_highpage(tt->pages[i], page);
		cond_resched();
	}

	return 0;
}

/**
 * xe_vram_backup_copy_by_cpu() - Copy between VRAM and pages
 * @bo: The object in VRAM, locked and idle.
 * @tt: Populated pages of its size.
 * @to_vram: From the pages to VRAM, else from VRAM to the pages.
 *
 * Context: Process context.
 * Return: 0, -ENXIO if the CPU does not reach all of the object, or -EOPNOTSUPP
 * if VRAM may hold it compressed.
 */
int xe_vram_backup_copy_by_cpu(struct xe_bo *bo, struct ttm_tt *tt, bool to_vram)
{
	return xe_bo_is_vram(bo) ? copy_vram(bo, bo->ttm.resource, tt, to_vram) :
		copy_pages(bo, tt, to_vram);
}

/**
 * xe_vram_backup_checksum_bo() - Checksum of the content of an object
 * @bo: The object, locked and idle, in VRAM or with pages.
 * @sum: For the sum.
 *
 * Context: Process context.
 * Return: 0, or -ENXIO if the CPU does not reach all of it.
 */
int xe_vram_backup_checksum_bo(struct xe_bo *bo, u64 *sum)
{
	struct ttm_kmap_iter_tt pages;
	struct ttm_kmap_iter *iter;
	struct vram_iter vram;
	int err;

	if (xe_bo_is_vram(bo)) {
		err = vram_iter_init(&vram, bo->ttm.resource);
		if (err)
			return err;
		iter = &vram.base;
	} else {
		iter = ttm_kmap_iter_tt_init(&pages, bo->ttm.ttm);
	}
	*sum = ttm_vram_backup_checksum(iter, xe_bo_size(bo) >> PAGE_SHIFT);

	return 0;
}

/**
 * xe_vram_backup_checksum_out() - Checksum of an object that is to leave VRAM
 * @ttm_bo: The object, locked and idle, in VRAM.
 * @sum: For the sum.
 *
 * Context: Process context.
 * Return: 0, or -ENXIO if the CPU does not reach all of it.
 */
int xe_vram_backup_checksum_out(struct ttm_buffer_object *ttm_bo, u64 *sum)
{
	return xe_vram_backup_checksum_bo(ttm_to_xe_bo(ttm_bo), sum);
}

/**
 * xe_vram_backup_unbind() - Have users of an object let go of its place in VRAM
 * @ttm_bo: The object, locked.
 * @ctx: How to wait.
 *
 * Context: Process context.
 * Return: 0, or a negative error code.
 */
int xe_vram_backup_unbind(struct ttm_buffer_object *ttm_bo,
			  struct ttm_operation_ctx *ctx)
{
	return xe_bo_move_notify(ttm_to_xe_bo(ttm_bo), ctx);
}

/**
 * xe_vram_backup_copy_out() - Copy an object to its pages, to be evicted
 * @ttm_bo: The object, locked, in VRAM.
 * @res: Where it goes to.
 * @engine: Who copies.
 * @fence: For the fence of the migration engine.
 *
 * Context: Process context.
 * Return: 0, or a negative error code.
 */
int xe_vram_backup_copy_out(struct ttm_buffer_object *ttm_bo,
			    struct ttm_resource *res,
			    enum ttm_vram_backup_engine engine,
			    struct dma_fence **fence)
{
	struct xe_bo *bo = ttm_to_xe_bo(ttm_bo);
	struct dma_fence *copied, *last;
	int err;

	/* The pages are what the object has from now on, whoever copies. */
	err = xe_tt_map_sg(xe_bo_device(bo), ttm_bo->ttm);
	if (err)
		return err;

	if (engine == TTM_VRAM_BACKUP_CPU)
		return xe_vram_backup_copy_by_cpu(bo, ttm_bo->ttm, false);

	copied = xe_vram_backup_blit(xe_vram_backup_migrate(bo), bo, bo, ttm_bo->resource,
				     res, &last);
	if (IS_ERR(copied))
		return PTR_ERR(copied);

	/* There is room for it. */
	dma_resv_add_fence(ttm_bo->base.resv, last, DMA_RESV_USAGE_KERNEL);
	dma_fence_put(last);
	*fence = copied;

	return 0;
}

/**
 * xe_vram_backup_moved() - Remember that the content of an object is in memory only
 * @ttm_bo: The object, locked, which was evicted.
 *
 * Context: Any.
 */
void xe_vram_backup_moved(struct ttm_buffer_object *ttm_bo)
{
	ttm_to_xe_bo(ttm_bo)->backup_evicted = true;
}

static int blit_back(struct xe_bo *bo, struct xe_migrate *migrate,
		     struct ttm_resource *res, struct dma_fence **last)
{
	struct dma_fence *all;
	int err;

	all = xe_vram_backup_blit(migrate, bo, bo, bo->ttm.resource, res, last);
	if (IS_ERR(all))
		return PTR_ERR(all);

	/* Not to be interrupted: the place is somebody else's after an error. */
	dma_fence_wait(all, false);
	err = min(dma_fence_get_status(all), 0);
	dma_fence_put(all);
	if (err)
		dma_fence_put(*last);

	return err;
}

/**
 * xe_vram_backup_copy_back() - Copy an object that was evicted back to VRAM
 * @bo: The object, locked, with pages.
 * @migrate: The migration context.
 * @res: Where it goes to.
 * @ctx: How to wait.
 *
 * The pages are all there is of the content, until the whole copy is seen to be done.
 * If the migration engine fails, the CPU does it.
 *
 * Context: Process context, with the device awake.
 * Return: The fence of a copy that is done without an error, or an error pointer, and the
 * content is in the pages: -EBUSY if @ctx does not permit to wait, -ERESTARTSYS for a
 * signal, or what the engine has failed with.
 */
struct dma_fence *xe_vram_backup_copy_back(struct xe_bo *bo, struct xe_migrate *migrate,
					   struct ttm_resource *res,
					   struct ttm_operation_ctx *ctx)
{
	struct xe_device *xe = xe_bo_device(bo);
	struct dma_fence *fence;
	int err, cpu_err;

	if (ctx->no_wait_gpu)
		return ERR_PTR(-EBUSY);

	err = blit_back(bo, migrate, res, &fence);
	if (err) {
		cpu_err = xe_vram_backup_has_vram(xe) ? ttm_bo_wait_ctx(&bo->ttm, ctx) : err;
		if (cpu_err == -ERESTARTSYS)
			return ERR_PTR(cpu_err);
		if (cpu_err || copy_vram(bo, res, bo->ttm.ttm, true))
			return ERR_PTR(err);
		fence = dma_fence_get_stub();
	}
	bo->backup_evicted = false;

	return fence;
}
