// SPDX-License-Identifier: MIT
/*
 * Backups without a suspend of the system, and the files to ask for them.
 */
#include "xe_vram_backup_manual.h"

#include <linux/capability.h>
#include <linux/debugfs.h>
#include <linux/delay.h>
#include <linux/device.h>
#include <linux/pm_runtime.h>
#include <linux/sysfs.h>

#include <drm/drm_drv.h>
#include <drm/drm_print.h>

#include "xe_device.h"
#include "xe_pm.h"
#include "xe_vram_backup.h"

/* How long users of the device may take to let go of it, in ms. */
#define IDLE_TIMEOUT	10000
#define IDLE_STEP	20

static void end_manual(struct xe_device *xe, int err)
{
	xe->vram_backup.manual = false;
	xe->vram_backup.poison = false;
	xe_vram_backup_complete(xe, err);
}

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

static int backup(struct xe_device *xe, bool poison)
{
	int err;

	/* Not to wake up a device that was asked for this before. */
	if (ttm_vram_backup_active(&xe->vram_backup.base))
		return -EBUSY;

	xe_pm_runtime_get(xe);
	err = xe_device_wedged(xe) ? -EIO :
		xe_vram_backup_prepare(xe, TTM_VRAM_BACKUP_MANUAL);
	if (err) {
		xe_pm_runtime_put(xe);
		return err;
	}

	xe->vram_backup.poison = poison;
	xe->vram_backup.manual = true;
	pm_runtime_put_noidle(xe->drm.dev);

	err = suspend_now(xe);
	if (err) {
		xe_pm_runtime_get(xe);
		end_manual(xe, err);
		xe_pm_runtime_put(xe);
	}

	return err;
}

/* What is saved comes back as the device resumes; what failed to is tried once more. */
static int restore(struct xe_device *xe, bool recover)
{
	struct ttm_vram_backup *vb = &xe->vram_backup.base;
	bool manual = xe->vram_backup.manual;
	int err = 0;

	/* What is saved for a suspend is for the resume to restore. */
	if (xe_vram_backup_for_system(xe))
		return -EBUSY;

	xe_pm_runtime_get(xe);
	if (manual) {
		end_manual(xe, 0);
		err = ttm_vram_backup_unrestored(vb, TTM_VRAM_BACKUP_ALL_LISTS) ? -EIO : 0;
	} else if (ttm_vram_backup_unrestored(vb, TTM_VRAM_BACKUP_ALL_LISTS)) {
		err = xe_vram_backup_retry(xe, recover ? TTM_VRAM_BACKUP_CPU :
					   TTM_VRAM_BACKUP_BLIT);
	} else if (!recover) {
		err = -ENODATA;
	}
	xe_pm_runtime_put(xe);

	return err;
}

static int cycle(struct xe_device *xe)
{
	return backup(xe, true) ?: restore(xe, false);
}

static int run_trigger(struct xe_device *xe, const char *word)
{
	if (sysfs_streq(word, "cycle"))
		return cycle(xe);
	if (sysfs_streq(word, "backup"))
		return backup(xe, false);
	if (sysfs_streq(word, "restore"))
		return restore(xe, false);
	if (sysfs_streq(word, "recover"))
		return restore(xe, true);

	return -EINVAL;
}

static ssize_t trigger_write(struct file *file, const char __user *from,
			     size_t size, loff_t *pos)
{
	struct xe_device *xe = file->private_data;
	char word[16] = {};
	int err, idx;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (!size || size >= sizeof(word))
		return -EINVAL;
	if (copy_from_user(word, from, size))
		return -EFAULT;
	if (!IS_DGFX(xe))
		return -ENODEV;
	if (!drm_dev_enter(&xe->drm, &idx))
		return -ENODEV;

	if (mutex_trylock(&xe->vram_backup.trigger_lock)) {
		err = run_trigger(xe, word);
		mutex_unlock(&xe->vram_backup.trigger_lock);
	} else {
		err = -EBUSY;
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
 * xe_vram_backup_debugfs_register() - Make the vram_backup directory
 * @xe: The device.
 * @root: The debugfs directory of the device.
 *
 * Context: Process context.
 */
void xe_vram_backup_debugfs_register(struct xe_device *xe, struct dentry *root)
{
	struct dentry *dir = debugfs_create_dir("vram_backup", root);

	ttm_vram_backup_debugfs(&xe->vram_backup.base, dir);
	debugfs_create_file("trigger", 0200, dir, xe, &trigger_fops);
}

static struct ttm_vram_backup *dev_to_vb(struct device *dev)
{
	return &kdev_to_xe_device(dev)->vram_backup.base;
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
 * xe_vram_backup_sysfs_init() - Make the files that are there to stay
 * @xe: The device.
 *
 * Context: Process context.
 * Return: 0, or a negative error code.
 */
int xe_vram_backup_sysfs_init(struct xe_device *xe)
{
	if (!IS_DGFX(xe) || IS_SRIOV_VF(xe))
		return 0;

	return devm_device_add_group(xe->drm.dev, &vram_backup_group);
}
