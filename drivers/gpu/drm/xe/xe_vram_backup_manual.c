// SPDX-License-Identifier: MIT
/*
 * Backups without a suspend of the system, and the files to ask for them.
 */
#include "xe_vram_backup_manual.h"

#include <linux/delay.h>
#include <linux/device.h>
#include <linux/pm_runtime.h>

#include <drm/drm_drv.h>
#include <drm/drm_print.h>

#include "xe_device.h"
#include "xe_pm.h"
#include "xe_vram_backup.h"

/* How long users of the device may take to let go of it, in ms. */
#define IDLE_TIMEOUT	10000
#define IDLE_STEP	20

/* Runtime PM keeps everybody away from the hardware while VRAM is saved. */
static int suspend_now(struct xe_device *xe)
{
	int err, left = IDLE_TIMEOUT;

	xe->vram_backup.error = 0;
	do {
		err = pm_runtime_suspend(xe->drm.dev);
		if (err != -EAGAIN)
			break;
		if (ttm_vram_backup_stop(&xe->vram_backup.base, true))
			return -EINTR;
		msleep(IDLE_STEP);
		left -= IDLE_STEP;
	} while (left > 0);

	if (err == -EAGAIN || err == -EACCES) {
		drm_err(&xe->drm, "VRAM: the device is in use, or may not suspend at runtime\n");
		return -EBUSY;
	}

	return xe->vram_backup.error ?: min(err, 0);
}

static int backup(struct xe_device *xe)
{
	int err;

	xe_pm_runtime_get(xe);
	err = xe_device_wedged(xe) ? -EIO :
		xe_vram_backup_prepare(xe, TTM_VRAM_BACKUP_MANUAL);
	if (err) {
		xe_pm_runtime_put(xe);
		return err;
	}

	pm_runtime_put_noidle(xe->drm.dev);

	err = suspend_now(xe);
	if (err) {
		xe_pm_runtime_get(xe);
		xe_vram_backup_complete(xe, err);
		xe_pm_runtime_put(xe);
	}

	return err;
}

static struct xe_device *vb_to_xe(struct ttm_vram_backup *vb)
{
	return container_of(vb, struct xe_device, vram_backup.base);
}

static int manual_save(struct ttm_vram_backup *vb)
{
	struct xe_device *xe = vb_to_xe(vb);
	int err, idx;

	if (!IS_DGFX(xe) || !drm_dev_enter(&xe->drm, &idx))
		return -ENODEV;
	err = backup(xe);
	drm_dev_exit(idx);

	return err;
}

/* What is saved comes back as the device resumes. */
static int manual_enter(struct ttm_vram_backup *vb)
{
	struct xe_device *xe = vb_to_xe(vb);

	if (!IS_DGFX(xe) || !drm_dev_enter(&xe->drm, &xe->vram_backup.dev_idx))
		return -ENODEV;
	xe_pm_runtime_get(xe);

	return 0;
}

static void manual_leave(struct ttm_vram_backup *vb)
{
	struct xe_device *xe = vb_to_xe(vb);

	xe_pm_runtime_put(xe);
	drm_dev_exit(xe->vram_backup.dev_idx);
}

static int manual_restore(struct ttm_vram_backup *vb)
{
	return xe_vram_backup_complete(vb_to_xe(vb), 0);
}

static const struct ttm_vram_backup_manual_ops manual_ops = {
	.enter = manual_enter,
	.leave = manual_leave,
	.save = manual_save,
	.restore = manual_restore,
};

/**
 * xe_vram_backup_debugfs_register() - Make the vram_backup directory
 * @xe: The device.
 * @root: The debugfs directory of the device.
 *
 * Context: Process context.
 */
void xe_vram_backup_debugfs_register(struct xe_device *xe, struct dentry *root)
{
	ttm_vram_backup_debugfs(&xe->vram_backup.base, root, &manual_ops);
}

static void sysfs_fini(void *vb)
{
	ttm_vram_backup_sysfs_fini(vb);
}

/**
 * xe_vram_backup_sysfs_init() - Make the files that are there to stay
 * @xe: The device.
 *
 * Context: Process context.
 * Return: 0, or a negative error code.
 */
int xe_vram_backup_sysfs_init(struct xe_device *xe)
{
	struct ttm_vram_backup *vb = &xe->vram_backup.base;

	if (!IS_DGFX(xe) || IS_SRIOV_VF(xe))
		return 0;

	return ttm_vram_backup_sysfs_init(vb) ?:
	       devm_add_action_or_reset(xe->drm.dev, sysfs_fini, vb);
}
