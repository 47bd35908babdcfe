// SPDX-License-Identifier: MIT
/*
 * When VRAM is backed up: as the system sleeps, or as somebody asks in debugfs. The files
 * about it.
 */

#include <linux/capability.h>
#include <linux/debugfs.h>
#include <linux/device.h>
#include <linux/suspend.h>
#include <linux/sysfs.h>

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
			drm_err(&i915->drm, "VRAM cannot be saved, no suspend: %pe\n",
				ERR_PTR(err));
		break;
	case PM_POST_HIBERNATION:
	case PM_POST_SUSPEND:
	case PM_POST_RESTORE:
		/* The device may be younger than the suspend. */
		if (!ttm_vram_backup_active(vb) ||
		    vb->kind == TTM_VRAM_BACKUP_MANUAL)
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
	else
		i915->vram_backup.manual = true;

	return err;
}

static int restore(struct drm_i915_private *i915, bool lose, bool recover)
{
	struct ttm_vram_backup *vb = &i915->vram_backup.base;

	if (i915->vram_backup.manual) {
		struct intel_gt *gt;
		unsigned int i;

		for_each_gt(gt, i915, i)
			intel_gt_suspend_late(gt);
		if (lose)
			poison(i915);
		i915->vram_backup.manual = false;
		i915_gem_resume(i915);
		i915_ttm_backup_complete(i915, 0);

		return ttm_vram_backup_unrestored(vb, TTM_VRAM_BACKUP_ALL_LISTS) ?
			-EIO : 0;
	}
	if (ttm_vram_backup_active(vb))
		return -EBUSY;
	if (ttm_vram_backup_unrestored(vb, TTM_VRAM_BACKUP_ALL_LISTS))
		return i915_ttm_backup_retry(i915, recover ? TTM_VRAM_BACKUP_CPU :
					     TTM_VRAM_BACKUP_BLIT);

	return recover ? 0 : -ENODATA;
}

static int run_trigger(struct drm_i915_private *i915, const char *word)
{
	if (!i915->vram_backup.notifier.notifier_call)
		return -ENODEV;
	if (sysfs_streq(word, "cycle"))
		return backup(i915) ?: restore(i915, true, false);
	if (sysfs_streq(word, "backup"))
		return backup(i915);
	if (sysfs_streq(word, "restore"))
		return restore(i915, false, false);
	if (sysfs_streq(word, "recover"))
		return restore(i915, false, true);

	return -EINVAL;
}

static ssize_t trigger_write(struct file *file, const char __user *from,
			     size_t size, loff_t *pos)
{
	struct drm_i915_private *i915 = file->private_data;
	char word[16] = {};
	int err = -EBUSY, idx;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (!size || size >= sizeof(word))
		return -EINVAL;
	if (copy_from_user(word, from, size))
		return -EFAULT;
	if (!drm_dev_enter(&i915->drm, &idx))
		return -ENODEV;

	if (mutex_trylock(&i915->vram_backup.trigger_lock)) {
		intel_wakeref_t wakeref;

		with_intel_runtime_pm(&i915->runtime_pm, wakeref)
			err = run_trigger(i915, word);
		mutex_unlock(&i915->vram_backup.trigger_lock);
	}
	drm_dev_exit(idx);

	return err ?: size;
}

static const struct file_operations trigger_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.write = trigger_write,
	.llseek = noop_llseek,
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
	struct dentry *dir = debugfs_create_dir("vram_backup", root);

	ttm_vram_backup_debugfs(&i915->vram_backup.base, dir);
	debugfs_create_file("trigger", 0200, dir, i915, &trigger_fops);
}

static struct ttm_vram_backup *dev_to_vb(struct device *dev)
{
	return &kdev_to_i915(dev)->vram_backup.base;
}

static ssize_t store_show(struct device *dev, struct device_attribute *attr,
			  char *buf)
{
	return ttm_vram_backup_store_show(dev_to_vb(dev), buf);
}

static ssize_t store_store(struct device *dev, struct device_attribute *attr,
			   const char *buf, size_t count)
{
	return ttm_vram_backup_store_write(dev_to_vb(dev), buf) ?: count;
}
static DEVICE_ATTR_ADMIN_RW(store);

static ssize_t store_size_show(struct device *dev, struct device_attribute *attr,
			       char *buf)
{
	return ttm_vram_backup_store_size_show(dev_to_vb(dev), buf);
}

static ssize_t store_size_store(struct device *dev, struct device_attribute *attr,
				const char *buf, size_t count)
{
	return ttm_vram_backup_store_size_write(dev_to_vb(dev), buf) ?: count;
}
static DEVICE_ATTR_ADMIN_RW(store_size);

static ssize_t store_avail_show(struct device *dev, struct device_attribute *attr,
				char *buf)
{
	return ttm_vram_backup_store_avail_show(dev_to_vb(dev), buf);
}
static DEVICE_ATTR_ADMIN_RO(store_avail);

static struct attribute *vram_backup_attrs[] = {
	&dev_attr_store.attr,
	&dev_attr_store_size.attr,
	&dev_attr_store_avail.attr,
	NULL
};

static const struct attribute_group vram_backup_group = {
	.name = "vram_backup",
	.attrs = vram_backup_attrs,
};

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
	int err;

	if (!HAS_LMEM(i915))
		return 0;

	err = device_add_group(i915->drm.dev, &vram_backup_group);
	if (err)
		return err;

	notifier->notifier_call = backup_notify;
	err = register_pm_notifier(notifier);
	if (err) {
		notifier->notifier_call = NULL;
		device_remove_group(i915->drm.dev, &vram_backup_group);
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
	if (!i915->vram_backup.notifier.notifier_call)
		return;

	unregister_pm_notifier(&i915->vram_backup.notifier);
	mutex_lock(&i915->vram_backup.trigger_lock);
	i915->vram_backup.notifier.notifier_call = NULL;
	if (i915->vram_backup.manual)
		restore(i915, false, false);
	else
		i915_ttm_backup_complete(i915, -ENODEV);
	mutex_unlock(&i915->vram_backup.trigger_lock);

	/* Not later, when its files do not find the device any more. */
	device_remove_group(i915->drm.dev, &vram_backup_group);
}

#if IS_ENABLED(CONFIG_DRM_I915_SELFTEST)
#include "selftests/i915_gem_ttm_pm.c"
#endif
