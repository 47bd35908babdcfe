// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * The administrator's choice of a file or block device that evicted content goes to.
 */
#include <linux/blkdev.h>
#include <linux/device.h>
#include <linux/export.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include <drm/drm_util.h>
#include <drm/ttm/ttm_backup.h>
#include <drm/ttm/ttm_vram_backup.h>

#include "ttm_vram_backup_internal.h"

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

/*
 * Open with the credentials of the caller, and with its space reserved. If that fails, the
 * store is the one that it was. "none" is for none.
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
EXPORT_SYMBOL_FOR_TESTS_ONLY(ttm_vram_backup_store_write);

static struct ttm_vram_backup *attr_to_vb(struct device_attribute *attr)
{
	return container_of(attr, struct dev_ext_attribute, attr)->var;
}

static ssize_t store_show(struct device *dev, struct device_attribute *attr,
			  char *buf)
{
	struct ttm_vram_backup *vb = attr_to_vb(attr);

	guard(mutex)(&vb->store_lock);

	return sysfs_emit(buf, "%s\n", vb->store_path ?: "none");
}

static ssize_t store_store(struct device *dev, struct device_attribute *attr,
			   const char *buf, size_t count)
{
	return ttm_vram_backup_store_write(attr_to_vb(attr), buf) ?: count;
}

static ssize_t store_size_show(struct device *dev, struct device_attribute *attr,
			       char *buf)
{
	struct ttm_vram_backup *vb = attr_to_vb(attr);

	guard(mutex)(&vb->store_lock);

	return sysfs_emit(buf, "%llu\n", vb->store_size);
}

static ssize_t store_size_store(struct device *dev, struct device_attribute *attr,
				const char *buf, size_t count)
{
	struct ttm_vram_backup *vb = attr_to_vb(attr);
	char *end;
	u64 size = memparse(buf, &end);

	if (end == buf || (*end && *end != '\n') || size > LLONG_MAX)
		return -EINVAL;

	guard(mutex)(&vb->store_lock);
	vb->store_size = size;

	return count;
}

static ssize_t store_avail_show(struct device *dev, struct device_attribute *attr,
				char *buf)
{
	struct ttm_vram_backup *vb = attr_to_vb(attr);

	guard(mutex)(&vb->lock);

	return sysfs_emit(buf, "%llu\n",
			  vb->store ? ttm_backup_bytes_avail(vb->store) : 0);
}

static const struct device_attribute store_attrs[] = {
	__ATTR_RW_MODE(store, 0600),
	__ATTR_RW_MODE(store_size, 0600),
	__ATTR_RO_MODE(store_avail, 0400),
};

/* Each knows its session, so that the driver data of the device may be anything. */
struct ttm_vram_backup_files {
	struct dev_ext_attribute attrs[ARRAY_SIZE(store_attrs)];
	struct attribute *list[ARRAY_SIZE(store_attrs) + 1];
	struct attribute_group group;
};

/**
 * ttm_vram_backup_sysfs_init() - Make the files that choose a store
 * @vb: The session, of a device that is in sysfs.
 *
 * They are in the directory "vram_backup" of the device: "store" has the path of
 * the file or block device that evicted content goes to, "store_size" how many
 * bytes of the next one are used, "store_avail" how many are free. A store is
 * opened with the credentials of whoever writes, and refused with -EBUSY while
 * the session is on.
 *
 * Context: Process context.
 * Return: 0, or a negative error code.
 */
int ttm_vram_backup_sysfs_init(struct ttm_vram_backup *vb)
{
	struct ttm_vram_backup_files *files;
	int err;

	files = kzalloc_obj(*files);
	if (!files)
		return -ENOMEM;

	for (int i = 0; i < ARRAY_SIZE(store_attrs); i++) {
		files->attrs[i].attr = store_attrs[i];
		files->attrs[i].var = vb;
		files->list[i] = &files->attrs[i].attr.attr;
		sysfs_attr_init(files->list[i]);
	}
	files->group.name = "vram_backup";
	files->group.attrs = files->list;

	err = device_add_group(vb->dev, &files->group);
	if (err) {
		kfree(files);
		return err;
	}
	vb->files = files;

	return 0;
}
EXPORT_SYMBOL_GPL(ttm_vram_backup_sysfs_init);

/**
 * ttm_vram_backup_sysfs_fini() - Undo ttm_vram_backup_sysfs_init()
 * @vb: The session. If it has no files, nothing happens.
 *
 * Context: Process context. Waits for whoever reads or writes one of the files.
 */
void ttm_vram_backup_sysfs_fini(struct ttm_vram_backup *vb)
{
	if (!vb->files)
		return;

	device_remove_group(vb->dev, &vb->files->group);
	kfree(vb->files);
	vb->files = NULL;
}
EXPORT_SYMBOL_GPL(ttm_vram_backup_sysfs_fini);
