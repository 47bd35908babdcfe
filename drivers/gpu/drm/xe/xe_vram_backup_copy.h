/* SPDX-License-Identifier: MIT */
#ifndef _XE_VRAM_BACKUP_COPY_H_
#define _XE_VRAM_BACKUP_COPY_H_

#include <linux/types.h>

#include <drm/ttm/ttm_vram_backup.h>

struct dma_fence;
struct ttm_buffer_object;
struct ttm_operation_ctx;
struct ttm_resource;
struct ttm_tt;
struct xe_bo;
struct xe_device;
struct xe_migrate;

bool xe_vram_backup_has_vram(struct xe_device *xe);
struct xe_migrate *xe_vram_backup_migrate(struct xe_bo *bo);
struct dma_fence *xe_vram_backup_blit(struct xe_migrate *migrate, struct xe_bo *src_bo,
				      struct xe_bo *dst_bo, struct ttm_resource *src,
				      struct ttm_resource *dst, struct dma_fence **last);
int xe_vram_backup_copy_by_cpu(struct xe_bo *bo, struct ttm_tt *tt,
			       bool to_vram);
int xe_vram_backup_checksum_bo(struct xe_bo *bo, u64 *sum);
int xe_vram_backup_checksum_out(struct ttm_buffer_object *ttm_bo, u64 *sum);
int xe_vram_backup_unbind(struct ttm_buffer_object *ttm_bo,
			  struct ttm_operation_ctx *ctx);
int xe_vram_backup_copy_out(struct ttm_buffer_object *ttm_bo,
			    struct ttm_resource *res,
			    enum ttm_vram_backup_engine engine,
			    struct dma_fence **fence);
void xe_vram_backup_moved(struct ttm_buffer_object *ttm_bo);
struct dma_fence *xe_vram_backup_copy_back(struct xe_bo *bo, struct xe_migrate *migrate,
					   struct ttm_resource *res,
					   struct ttm_operation_ctx *ctx);

#endif
