/* SPDX-License-Identifier: MIT */
#ifndef _XE_VRAM_BACKUP_TYPES_H_
#define _XE_VRAM_BACKUP_TYPES_H_

#include <linux/types.h>

#include <drm/ttm/ttm_vram_backup.h>

/* Where xe can be made to fail. Follows enum ttm_vram_backup_point. */
enum xe_vram_backup_point {
	XE_VRAM_BACKUP_POINT_PXP = TTM_VRAM_BACKUP_POINT_DRIVER,
	XE_VRAM_BACKUP_POINT_GT_STOP,
	XE_VRAM_BACKUP_POINT_GT_SUSPEND,
	XE_VRAM_BACKUP_POINT_IRQ,
	XE_VRAM_BACKUP_POINT_PCODE,
	XE_VRAM_BACKUP_POINT_GT_RESUME,
	XE_VRAM_BACKUP_POINT_END,
};

/**
 * struct xe_vram_backup - What a device needs to save and restore its VRAM
 */
struct xe_vram_backup {
	/** @base: The session. */
	struct ttm_vram_backup base;
	/** @notified: The PM notifier holds a runtime PM reference. */
	bool notified;
	/** @off: The system suspended the device, and has not tried to resume it. */
	bool off;
	/** @lost: Engines may not have written all contexts back before GTs start. */
	bool lost;
	/** @late_queues: User queues wait for their contexts and page tables. */
	bool late_queues;
	/** @given_up: GTs have not come back, whether the device is wedged or not. */
	bool given_up;
	/** @dev_idx: Of drm_dev_enter(), for whoever asks for a restore. */
	int dev_idx;
	/** @error: Why a runtime suspend has failed. */
	int error;
};

#endif
