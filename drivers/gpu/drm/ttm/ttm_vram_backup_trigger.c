// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Backups that somebody asks for, without a suspend of the system.
 */
#include <linux/capability.h>
#include <linux/export.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include <drm/drm_util.h>
#include <drm/ttm/ttm_vram_backup.h>

#include "ttm_vram_backup_internal.h"

static int save(struct ttm_vram_backup *vb, bool poison)
{
	/* Not to wake up a device that was asked for this before. */
	if (ttm_vram_backup_active(vb))
		return -EBUSY;

	vb->poison = poison;

	return vb->manual_ops->save(vb);
}

/**
 * ttm_vram_backup_retry() - Try to restore what could not be restored
 * @vb: The session, which is not on, of a device that is awake.
 * @engine: Who is to copy.
 *
 * Context: Process context, no locks held.
 * Return: 0 if nothing is left, -EIO if something is, -ENODATA if nothing was, or
 * what ttm_vram_backup_begin_closed() returned.
 */
int ttm_vram_backup_retry(struct ttm_vram_backup *vb,
			  enum ttm_vram_backup_engine engine)
{
	int err;

	if (!ttm_vram_backup_unrestored(vb, TTM_VRAM_BACKUP_ALL_LISTS))
		return -ENODATA;

	err = ttm_vram_backup_begin_closed(vb, TTM_VRAM_BACKUP_MANUAL);
	if (err)
		return err;

	vb->ops->again(vb, engine);

	return ttm_vram_backup_end_open(vb, 0);
}
EXPORT_SYMBOL_GPL(ttm_vram_backup_retry);

/* What is saved comes back; what failed to is tried once more. */
static int restore(struct ttm_vram_backup *vb, bool recover)
{
	int err;

	/* What is saved for a suspend is for the resume to restore. */
	if (ttm_vram_backup_for_system(vb))
		return -EBUSY;

	err = vb->manual_ops->enter(vb);
	if (err)
		return err;

	if (ttm_vram_backup_manual(vb))
		err = vb->manual_ops->restore(vb);
	else
		err = ttm_vram_backup_retry(vb, recover ? TTM_VRAM_BACKUP_CPU :
					    TTM_VRAM_BACKUP_BLIT);
	vb->manual_ops->leave(vb);

	return recover && err == -ENODATA ? 0 : err;
}

static int run_trigger(struct ttm_vram_backup *vb, const char *word)
{
	if (sysfs_streq(word, "cycle"))
		return save(vb, true) ?: restore(vb, false);
	if (sysfs_streq(word, "backup"))
		return save(vb, false);
	if (sysfs_streq(word, "restore"))
		return restore(vb, false);
	if (sysfs_streq(word, "recover"))
		return restore(vb, true);

	return -EINVAL;
}

/* One at a time: -EBUSY for others. */
int ttm_vram_backup_trigger(struct ttm_vram_backup *vb, const char *word)
{
	int err;

	if (!mutex_trylock(&vb->trigger_lock))
		return -EBUSY;
	err = run_trigger(vb, word);
	mutex_unlock(&vb->trigger_lock);

	return err;
}
EXPORT_SYMBOL_FOR_TESTS_ONLY(ttm_vram_backup_trigger);

static ssize_t trigger_write(struct file *file, const char __user *from,
			     size_t size, loff_t *pos)
{
	char word[16] = {};

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (!size || size >= sizeof(word))
		return -EINVAL;
	if (copy_from_user(word, from, size))
		return -EFAULT;

	return ttm_vram_backup_trigger(file->private_data, word) ?: size;
}

const struct file_operations ttm_vram_backup_trigger_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.write = trigger_write,
	.llseek = noop_llseek,
};
