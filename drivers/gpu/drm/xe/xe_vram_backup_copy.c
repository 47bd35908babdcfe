// SPDX-License-Identifier: MIT
/*
 * Copies between VRAM and system memory, by the migration engine or by the CPU.
 */
#include "xe_vram_backup_copy.h"

#include <linux/highmem.h>
#include <linux/io.h>
#include <linux/iosys-map.h>
#include <linux/xxhash.h>

#include <drm/drm_cache.h>

#include "xe_bo.h"
#include "xe_device.h"
#include "xe_migrate.h"
#include "xe_res_cursor.h"
#include "xe_tile.h"
#include "xe_vram.h"
#include "xe_vram_types.h"

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

/* One page at most; at is an offset into the object. */
typedef void (*piece_fn)(void __iomem *vram, u64 at, u32 len, void *arg);

/* Call for every piece of an object in VRAM, if the CPU reaches all of it. */
static int walk_pieces(struct xe_bo *bo, piece_fn fn, void *arg)
{
	struct xe_vram_region *vram = xe_map_resource_to_region(bo->ttm.resource);
	u64 size = xe_bo_size(bo), at = 0;
	struct xe_res_cursor cursor;

	if (!vram->mapping)
		return -ENXIO;

	xe_res_first(bo->ttm.resource, 0, size, &cursor);
	while (cursor.remaining) {
		if (cursor.start + cursor.size > vram->io_size)
			return -ENXIO;
		xe_res_next(&cursor, cursor.size);
	}

	xe_res_first(bo->ttm.resource, 0, size, &cursor);
	while (cursor.remaining) {
		u32 len = min_t(u64, cursor.size, PAGE_SIZE);

		fn((void __iomem *)vram->mapping + cursor.start, at, len, arg);
		at += len;
		xe_res_next(&cursor, len);
		cond_resched();
	}

	return 0;
}

static void piece_to_tt(void __iomem *vram, u64 at, u32 len, void *arg)
{
	struct ttm_tt *tt = arg;
	void *page = kmap_local_page(tt->pages[at >> PAGE_SHIFT]);
	struct iosys_map from, to;

	iosys_map_set_vaddr_iomem(&from, vram);
	iosys_map_set_vaddr(&to, page + offset_in_page(at));
	drm_memcpy_from_wc(&to, &from, len);
	kunmap_local(page);
}

static void piece_from_tt(void __iomem *vram, u64 at, u32 len, void *arg)
{
	struct ttm_tt *tt = arg;
	void *page = kmap_local_page(tt->pages[at >> PAGE_SHIFT]);

	memcpy_toio(vram, page + offset_in_page(at), len);
	kunmap_local(page);
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
	struct xe_device *xe = xe_bo_device(bo);
	int err;

	if (!xe_bo_is_vram(bo))
		return copy_pages(bo, tt, to_vram);
	if (xe_device_has_flat_ccs(xe) && bo->ttm.type == ttm_bo_type_device)
		return -EOPNOTSUPP;

	err = walk_pieces(bo, to_vram ? piece_from_tt : piece_to_tt, tt);
	/* Write combining buffers are for nobody else to flush. */
	if (!err && to_vram)
		xe_device_wmb(xe);

	return err;
}

static void piece_checksum(void __iomem *vram, u64 at, u32 len, void *arg)
{
	struct xxh64_state *state = arg;
	struct iosys_map from, to;
	u8 bytes[256];

	for (u32 i = 0; i < len; i += sizeof(bytes)) {
		iosys_map_set_vaddr_iomem(&from, vram + i);
		iosys_map_set_vaddr(&to, bytes);
		drm_memcpy_from_wc(&to, &from, sizeof(bytes));
		xxh64_update(state, bytes, sizeof(bytes));
	}
}

static void checksum_tt(struct ttm_tt *tt, u64 size, struct xxh64_state *state)
{
	for (u64 i = 0; i < size >> PAGE_SHIFT; i++) {
		void *page = kmap_local_page(tt->pages[i]);

		xxh64_update(state, page, PAGE_SIZE);
		kunmap_local(page);
	}
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
	struct xxh64_state state;
	int err = 0;

	xxh64_reset(&state, 0);
	if (xe_bo_is_vram(bo))
		err = walk_pieces(bo, piece_checksum, &state);
	else
		checksum_tt(bo->ttm.ttm, xe_bo_size(bo), &state);
	*sum = xxh64_digest(&state);

	return err;
}

/**
 * xe_vram_backup_verify_out() - Compare an object in VRAM with its new pages
 * @ttm_bo: The object, locked and idle, in VRAM and populated.
 *
 * Context: Process context.
 * Return: 0, -EBADMSG if they differ, or -ENXIO if the CPU does not reach all
 * of it.
 */
int xe_vram_backup_verify_out(struct ttm_buffer_object *ttm_bo)
{
	struct xe_bo *bo = ttm_to_xe_bo(ttm_bo);
	struct xxh64_state state;
	u64 sum;
	int err;

	err = xe_vram_backup_checksum_bo(bo, &sum);
	if (err)
		return err;

	xxh64_reset(&state, 0);
	checksum_tt(ttm_bo->ttm, xe_bo_size(bo), &state);

	return xxh64_digest(&state) == sum ? 0 : -EBADMSG;
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

	copied = xe_migrate_copy_checked(xe_vram_backup_migrate(bo), bo, bo,
					 ttm_bo->resource, res, &last);
	if (IS_ERR(copied))
		return PTR_ERR(copied);

	/* There is room for it. */
	dma_resv_add_fence(ttm_bo->base.resv, last, DMA_RESV_USAGE_KERNEL);
	dma_fence_put(last);
	*fence = copied;

	return 0;
}
