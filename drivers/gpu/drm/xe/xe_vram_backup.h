/* SPDX-License-Identifier: MIT */
#ifndef _XE_VRAM_BACKUP_H_
#define _XE_VRAM_BACKUP_H_

#include <linux/types.h>

#include <drm/ttm/ttm_vram_backup.h>

struct xe_bo;
struct xe_device;

int xe_vram_backup_init(struct xe_device *xe);

void xe_vram_backup_add(struct xe_bo *bo);

int xe_vram_backup_enter(struct xe_device *xe);
bool xe_vram_backup_try_enter(struct xe_device *xe);
void xe_vram_backup_leave(struct xe_device *xe);
bool xe_vram_backup_ioctl_needs_entry(unsigned int cmd);
bool xe_vram_backup_closed(struct xe_device *xe);
bool xe_vram_backup_suspended(struct xe_device *xe);
bool xe_vram_backup_for_system(struct xe_device *xe);

int xe_vram_backup_prepare(struct xe_device *xe,
			   enum ttm_vram_backup_kind kind);
int xe_vram_backup_begin_runtime(struct xe_device *xe);
int xe_vram_backup_save_late(struct xe_device *xe);
int xe_vram_backup_save_early(struct xe_device *xe);
int xe_vram_backup_saved(struct xe_device *xe);
int xe_vram_backup_restore_early(struct xe_device *xe);
int xe_vram_backup_restore_late(struct xe_device *xe,
				enum ttm_vram_backup_engine engine);
int xe_vram_backup_complete(struct xe_device *xe, int error);
void xe_vram_backup_poison(struct xe_device *xe);

int xe_vram_backup_prepare_bo(struct xe_bo *bo);
void xe_vram_backup_release_bo(struct xe_bo *bo);

#endif
