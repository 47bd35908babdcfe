/* SPDX-License-Identifier: MIT */
#ifndef _I915_GEM_TTM_PM_TYPES_H_
#define _I915_GEM_TTM_PM_TYPES_H_

#include <linux/atomic.h>
#include <linux/notifier.h>

#include <drm/ttm/ttm_vram_backup.h>

#include "intel_wakeref.h"

/* Where i915 can be made to fail. Follows enum ttm_vram_backup_point. */
enum i915_ttm_backup_point {
	I915_TTM_BACKUP_POINT_GT_STOP = TTM_VRAM_BACKUP_POINT_DRIVER,
	I915_TTM_BACKUP_POINT_GT_SUSPEND,
	I915_TTM_BACKUP_POINT_GT_RESUME,
	I915_TTM_BACKUP_POINT_END,
};

/**
 * struct i915_ttm_backup - What a device needs to save and restore its VRAM
 */
struct i915_ttm_backup {
	/** @base: The session. */
	struct ttm_vram_backup base;
	/** @notifier: Tells when the system is about to sleep, and when it is over. */
	struct notifier_block notifier;
	/**
	 * @lost: Page tables, or what engines need, are without their content: no
	 * GT may run.
	 */
	bool lost;
	/** @wakeref: For whoever asks for a restore. */
	intel_wakeref_t wakeref;
	/** @dev_idx: Of drm_dev_enter(), for the same. */
	int dev_idx;
	/** @gone: The device has not resumed. It may have no memory. */
	bool gone;
	/**
	 * @stale: Page tables of users that were restored, or are to be, after these
	 * had been let in. What was written to them meanwhile is missing.
	 */
	atomic_t stale;
};

#endif
