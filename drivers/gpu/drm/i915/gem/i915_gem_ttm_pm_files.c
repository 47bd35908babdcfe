// SPDX-License-Identifier: MIT
/*
 * When VRAM is backed up: as the system sleeps, or as somebody asks in debugfs. The files
 * about it.
 */

#include <linux/suspend.h>

#include <drm/drm_drv.h>
#include <drm/drm_print.h>

#include "gt/intel_gt.h"
#include "gt/intel_gt_pm.h"

#include "i915_drv.h"
#include "intel_memory_region.h"

#include "gem/i915_gem_pm.h"
#include "gem/i915_gem_region.h"
#include "gem/i915_gem_ttm.h"
#include "gem/i915_gem_ttm_pm.h"

static int backup_notify(struct notifier_block *nb, unsigned long action,
			 void *data)
{
	struct drm_i915_private *i915 =
		container_of(nb, typeof(*i915), vram_backup.notifier);
	struct ttm_vram_backup *vb = &i915->vram_backup.base;
	intel_wakeref_t wakeref;
	int err = 0;

	switch (action) {
	case PM_HIBERNATION_PREPARE:
	case PM_SUSPEND_PREPARE:
	case PM_RESTORE_PREPARE:
		with_intel_runtime_pm(&i915->runtime_pm, wakeref)
			err = i915_ttm_backup_prepare(i915,
						      action == PM_HIBERNATION_PREPARE ?
						      TTM_VRAM_BACKUP_HIBERNATE :
						      TTM_VRAM_BACKUP_SUSPEND);
		if (err)
			ttm_vram_backup_refused(&i915->vram_backup.base, err);
		break;
	case PM_POST_HIBERNATION:
	case PM_POST_SUSPEND:
	case PM_POST_RESTORE:
		/* The device may be younger than the suspend. */
		if (!ttm_vram_backup_for_system(vb))
			break;
		with_intel_runtime_pm(&i915->runtime_pm, wakeref)
			i915_ttm_backup_complete(i915, 0);
		break;
	}

	return notifier_from_errno(err);
}

/* As losing power would. */
static void poison(struct drm_i915_private *i915)
{
	struct intel_memory_region *mr;
	int id;

	for_each_memory_region(mr, i915, id) {
		resource_size_t size = resource_size(&mr->io);

		if (mr->type != INTEL_MEMORY_LOCAL)
			continue;
		for (resource_size_t at = 0; at < size; at += SZ_2M) {
			size_t len = min_t(resource_size_t, SZ_2M, size - at);
			void __iomem *to = io_mapping_map_wc(&mr->iomap, at, len);

			if (to) {
				memset_io(to, 0xa5, len);
				io_mapping_unmap(to);
			}
			cond_resched();
		}
	}
	/* Write combining buffers are for nobody else to flush. */
	wmb();
}

static int backup(struct drm_i915_private *i915)
{
	int err;

	err = i915_ttm_backup_prepare(i915, TTM_VRAM_BACKUP_MANUAL);
	if (err)
		return err;

	err = i915_gem_backup_suspend(i915);
	if (err)
		i915_ttm_backup_complete(i915, err);

	return err;
}

static int restore(struct drm_i915_private *i915)
{
	struct intel_gt *gt;
	unsigned int i;

	for_each_gt(gt, i915, i)
		intel_gt_suspend_late(gt);
	if (i915->vram_backup.base.poison)
		poison(i915);
	i915_gem_resume(i915);

	return i915_ttm_backup_complete(i915, 0);
}

static struct drm_i915_private *vb_to_i915(struct ttm_vram_backup *vb)
{
	return container_of(vb, struct drm_i915_private, vram_backup.base);
}

/* For whoever asks for a backup, who has to be told if there is nothing to back up. */
static int manual_enter(struct ttm_vram_backup *vb)
{
	struct drm_i915_private *i915 = vb_to_i915(vb);
	struct i915_ttm_backup *backup = &i915->vram_backup;

	if (!backup->notifier.notifier_call || !drm_dev_enter(&i915->drm, &backup->dev_idx))
		return -ENODEV;
	backup->wakeref = intel_runtime_pm_get(&i915->runtime_pm);

	return 0;
}

static void manual_leave(struct ttm_vram_backup *vb)
{
	struct drm_i915_private *i915 = vb_to_i915(vb);
	struct i915_ttm_backup *backup = &i915->vram_backup;

	intel_runtime_pm_put(&i915->runtime_pm, backup->wakeref);
	drm_dev_exit(backup->dev_idx);
}

static int manual_save(struct ttm_vram_backup *vb)
{
	int err = manual_enter(vb);

	if (err)
		return err;
	err = backup(vb_to_i915(vb));
	manual_leave(vb);

	return err;
}

static int manual_restore(struct ttm_vram_backup *vb)
{
	return restore(vb_to_i915(vb));
}

static const struct ttm_vram_backup_manual_ops manual_ops = {
	.enter = manual_enter,
	.leave = manual_leave,
	.save = manual_save,
	.restore = manual_restore,
};

/**
 * i915_ttm_backup_debugfs_register() - Make the vram_backup directory
 * @i915: The device.
 * @root: The debugfs directory of the device.
 *
 * Context: Process context.
 */
void i915_ttm_backup_debugfs_register(struct drm_i915_private *i915,
				      struct dentry *root)
{
	ttm_vram_backup_debugfs(&i915->vram_backup.base, root, &manual_ops);
}

/**
 * i915_ttm_backup_register() - Back up VRAM from now on when the system sleeps
 * @i915: The device.
 *
 * Context: Process context.
 * Return: 0, or a negative error code: the device keeps the system from sleeping.
 */
int i915_ttm_backup_register(struct drm_i915_private *i915)
{
	struct notifier_block *notifier = &i915->vram_backup.notifier;
	struct ttm_vram_backup *vb = &i915->vram_backup.base;
	int err;

	if (!HAS_LMEM(i915))
		return 0;

	err = ttm_vram_backup_sysfs_init(vb);
	if (err)
		return err;

	notifier->notifier_call = backup_notify;
	err = register_pm_notifier(notifier);
	if (err) {
		notifier->notifier_call = NULL;
		ttm_vram_backup_sysfs_fini(vb);
	}

	return err;
}

/**
 * i915_ttm_backup_unregister() - Undo i915_ttm_backup_register()
 * @i915: The device, awake.
 *
 * A backup that somebody has asked for is restored, and a session of a suspend that
 * has only just begun comes to an end.
 *
 * Context: Process context.
 */
void i915_ttm_backup_unregister(struct drm_i915_private *i915)
{
	struct ttm_vram_backup *vb = &i915->vram_backup.base;

	if (!i915->vram_backup.notifier.notifier_call)
		return;

	unregister_pm_notifier(&i915->vram_backup.notifier);
	mutex_lock(&vb->trigger_lock);
	i915->vram_backup.notifier.notifier_call = NULL;
	if (ttm_vram_backup_manual(vb))
		restore(i915);
	else
		i915_ttm_backup_complete(i915, -ENODEV);
	mutex_unlock(&vb->trigger_lock);

	ttm_vram_backup_sysfs_fini(vb);
}

#if IS_ENABLED(CONFIG_DRM_I915_SELFTEST)
#include "selftests/i915_gem_ttm_pm.c"
#endif
