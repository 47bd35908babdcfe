// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * The administrator's choice of a file or block device that evicted content goes to.
 */
#include <linux/blkdev.h>
#include <linux/export.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include <drm/ttm/ttm_backup.h>
#include <drm/ttm/ttm_vram_backup.h>

/* Open with the credentials of the caller. A block device is to be nobody else's. */
static struct file *open_store(const char *path)
{
	int flags = O_RDWR | O_LARGEFILE | O_DIRECT;
	struct file *file = filp_open(path, flags, 0);

	if (IS_ERR(file) || !S_ISBLK(file_inode(file)->i_mode))
		return file;

	fput(file);

	return filp_open(path, flags | O_EXCL, 0);
}

static loff_t size_of(struct file *file)
{
	struct inode *inode = file->f_mapping->host;

	return i_size_read(inode);
}

static struct ttm_backup *make_store(const char *path, u64 size)
{
	struct file *file = open_store(path);
	struct ttm_backup *store;

	if (IS_ERR(file))
		return ERR_CAST(file);

	store = ttm_backup_file_create(file, size ?: size_of(file));
	fput(file);

	return store;
}

/**
 * ttm_vram_backup_store_write() - Choose the file that evicted content goes to
 * @vb: The session.
 * @text: What was written to a sysfs attribute: a path, or "none".
 *
 * The file is opened with the credentials of the caller, and its space is reserved
 * before this returns. If it fails, the store is the one that it was.
 *
 * Context: Process context, in the task of whoever chooses.
 * Return: 0, -EBUSY while a session is on, what filp_open() returns, or what
 * ttm_backup_file_create() returns.
 */
int ttm_vram_backup_store_write(struct ttm_vram_backup *vb, const char *text)
{
	char *path __free(kfree) = kstrdup(text, GFP_KERNEL);
	struct ttm_backup *store = NULL;
	bool none;
	int err;

	if (!path)
		return -ENOMEM;
	path[strcspn(path, "\n")] = 0;
	if (!*path)
		return -EINVAL;

	guard(mutex)(&vb->store_lock);

	/* Not to be found out after all space was reserved. */
	if (ttm_vram_backup_active(vb))
		return -EBUSY;

	none = !strcmp(path, "none");
	if (!none) {
		store = make_store(path, vb->store_size);
		if (IS_ERR(store)) {
			dev_err(vb->dev, "VRAM: %s cannot be the backup store: %pe\n",
				path, store);
			return PTR_ERR(store);
		}
	}

	err = ttm_vram_backup_set_store(vb, store);
	ttm_backup_put(store);
	if (err)
		return err;

	kfree(vb->store_path);
	vb->store_path = none ? NULL : no_free_ptr(path);

	return 0;
}
EXPORT_SYMBOL_GPL(ttm_vram_backup_store_write);

/**
 * ttm_vram_backup_store_show() - Show the file that evicted content goes to
 * @vb: The session.
 * @buf: The buffer of a sysfs attribute.
 *
 * Context: Process context.
 * Return: Length of the text, which is the path or "none".
 */
ssize_t ttm_vram_backup_store_show(struct ttm_vram_backup *vb, char *buf)
{
	guard(mutex)(&vb->store_lock);

	return sysfs_emit(buf, "%s\n", vb->store_path ?: "none");
}
EXPORT_SYMBOL_GPL(ttm_vram_backup_store_show);

/**
 * ttm_vram_backup_store_size_write() - Choose how much of the next file is used
 * @vb: The session.
 * @text: What was written: bytes, maybe with a suffix as K, M or G. 0 is for all.
 *
 * Context: Process context.
 * Return: 0, or -EINVAL.
 */
int ttm_vram_backup_store_size_write(struct ttm_vram_backup *vb,
				     const char *text)
{
	char *end;
	u64 size = memparse(text, &end);

	if (end == text || (*end && *end != '\n') || size > LLONG_MAX)
		return -EINVAL;

	guard(mutex)(&vb->store_lock);
	vb->store_size = size;

	return 0;
}
EXPORT_SYMBOL_GPL(ttm_vram_backup_store_size_write);

/**
 * ttm_vram_backup_store_size_show() - Show how much of the next file is used
 * @vb: The session.
 * @buf: The buffer of a sysfs attribute.
 *
 * Context: Process context.
 * Return: Length of the text.
 */
ssize_t ttm_vram_backup_store_size_show(struct ttm_vram_backup *vb, char *buf)
{
	guard(mutex)(&vb->store_lock);

	return sysfs_emit(buf, "%llu\n", vb->store_size);
}
EXPORT_SYMBOL_GPL(ttm_vram_backup_store_size_show);

/**
 * ttm_vram_backup_store_avail_show() - Show how much room the store has
 * @vb: The session.
 * @buf: The buffer of a sysfs attribute.
 *
 * Context: Process context.
 * Return: Length of the text.
 */
ssize_t ttm_vram_backup_store_avail_show(struct ttm_vram_backup *vb, char *buf)
{
	guard(mutex)(&vb->lock);

	return sysfs_emit(buf, "%llu\n",
			  vb->store ? ttm_backup_bytes_avail(vb->store) : 0);
}
EXPORT_SYMBOL_GPL(ttm_vram_backup_store_avail_show);
