// SPDX-License-Identifier: MIT
/*
 * I/O of the backup store in a file.
 */
#include <linux/blkdev.h>
#include <linux/falloc.h>
#include <linux/file.h>
#include <linux/highmem.h>
#include <linux/pagemap.h>
#include <linux/uio.h>
#include <linux/xxhash.h>

#include <kunit/static_stub.h>

#include <drm/drm_util.h>

#include "ttm_backup_file.h"

/**
 * ttm_batch_checksum() - The checksum of a batch
 * @batch: The batch, with content.
 *
 * Context: May sleep.
 * Return: The checksum.
 */
u64 ttm_batch_checksum(const struct ttm_batch *batch)
{
	struct xxh64_state state;
	unsigned int i;

	xxh64_reset(&state, 0);
	for (i = 0; i < TTM_BATCH_PAGES; i++) {
		void *addr = kmap_local_page(batch->bvec[i].bv_page);

		xxh64_update(&state, addr, PAGE_SIZE);
		kunmap_local(addr);
	}

	return xxh64_digest(&state);
}

/**
 * ttm_batch_done() - The I/O of a batch is over
 * @batch: The batch.
 * @ret: Bytes transferred, or a negative error code.
 *
 * Context: Any. The batch must not be accessed afterwards.
 */
void ttm_batch_done(struct ttm_batch *batch, long ret)
{
	batch->io.ret = ret;
	complete(&batch->io.done);
}
EXPORT_SYMBOL_FOR_TESTS_ONLY(ttm_batch_done);

static void ttm_batch_complete(struct kiocb *iocb, long ret)
{
	ttm_batch_done(container_of(iocb, struct ttm_batch, io.iocb), ret);
}

static void ttm_batch_write_complete(struct kiocb *iocb, long ret)
{
	kiocb_end_write(iocb);
	ttm_batch_complete(iocb, ret);
}

static int ttm_batch_may_write(const struct ttm_batch *batch)
{
	struct inode *inode = file_inode(batch->io.file);

	if (!S_ISREG(inode->i_mode))
		return 0;
	/* Cut off: writing would have to allocate what was reserved. */
	if (i_size_read(inode) < ttm_batch_pos(batch) + TTM_BATCH_SIZE)
		return -ESTALE;
	/* A frozen file system takes nothing until it is thawed. */
	if (READ_ONCE(inode->i_sb->s_writers.frozen) != SB_UNFROZEN)
		return -EBUSY;

	return 0;
}

/**
 * ttm_batch_run() - Do the I/O of a batch
 * @batch: The batch.
 *
 * Context: May sleep.
 */
void ttm_batch_run(struct ttm_batch *batch)
{
	struct ttm_batch_io *io = &batch->io;
	struct iov_iter iter;
	long ret;

	iov_iter_bvec(&iter, io->write ? ITER_SOURCE : ITER_DEST, batch->bvec,
		      TTM_BATCH_PAGES, TTM_BATCH_SIZE);
	io->iocb = (struct kiocb) {
		.ki_filp = io->file,
		.ki_pos = ttm_batch_pos(batch),
		.ki_flags = IOCB_DIRECT,
		.ki_complete = io->write ? ttm_batch_write_complete :
					   ttm_batch_complete,
	};

	if (io->write) {
		ret = ttm_batch_may_write(batch);
		if (!ret)
			ret = vfs_iocb_iter_write(io->file, &io->iocb, &iter);
	} else {
		ret = vfs_iocb_iter_read(io->file, &io->iocb, &iter);
	}
	if (ret != -EIOCBQUEUED)
		ttm_batch_done(batch, ret);
}
EXPORT_SYMBOL_FOR_TESTS_ONLY(ttm_batch_run);

static void ttm_batch_work(struct work_struct *work)
{
	ttm_batch_run(container_of(work, struct ttm_batch, io.work));
}

/**
 * ttm_batch_init() - Initialize a batch
 * @batch: The batch.
 *
 * Context: Any.
 */
void ttm_batch_init(struct ttm_batch *batch)
{
	init_completion(&batch->io.done);
	INIT_WORK(&batch->io.work, ttm_batch_work);
}

/**
 * ttm_batch_queue() - Have the I/O of a batch done
 * @store: The store.
 * @batch: The batch.
 *
 * A place for tests to have it fail or take long.
 *
 * Context: Any.
 */
void ttm_batch_queue(struct ttm_backup_file *store, struct ttm_batch *batch)
{
	KUNIT_STATIC_STUB_REDIRECT(ttm_batch_queue, store, batch);

	queue_work(store->wq, &batch->io.work);
}
EXPORT_SYMBOL_FOR_TESTS_ONLY(ttm_batch_queue);

/**
 * ttm_batch_submit() - Start to write or read a batch
 * @store: The store.
 * @batch: The batch: WRITING or READING.
 * @write: Which of them.
 *
 * The batch's completion tells when it is over, and its result how it went.
 *
 * Context: Any.
 */
void ttm_batch_submit(struct ttm_backup_file *store, struct ttm_batch *batch,
		      bool write)
{
	reinit_completion(&batch->io.done);
	batch->io.file = store->file;
	batch->io.write = write;
	ttm_batch_queue(store, batch);
}

/**
 * ttm_backup_file_flush() - Have the disk keep what was written to it
 * @store: The store.
 *
 * Context: May sleep, does I/O.
 * Return: 0, or a negative error code of the file system or device.
 */
int ttm_backup_file_flush(struct ttm_backup_file *store)
{
	KUNIT_STATIC_STUB_REDIRECT(ttm_backup_file_flush, store);

	return vfs_fsync(store->file, 1);
}
EXPORT_SYMBOL_FOR_TESTS_ONLY(ttm_backup_file_flush);

static int ttm_backup_bdev_check(struct file *file, loff_t size)
{
	struct block_device *bdev = file_bdev(file);

	if (bdev_read_only(bdev))
		return -EROFS;
	/* What an exclusive open leaves; the flag itself is not kept. */
	if (!file->private_data)
		return -EINVAL;
	if (bdev_logical_block_size(bdev) > PAGE_SIZE)
		return -EOPNOTSUPP;
	if (bdev_nr_bytes(bdev) < size)
		return -ENOSPC;

	return 0;
}

/**
 * ttm_backup_file_check() - Whether a file can be a store
 * @file: The file.
 * @size: How much of it, in bytes.
 *
 * Context: May sleep.
 * Return: 0 or an error as for ttm_backup_file_create().
 */
int ttm_backup_file_check(struct file *file, loff_t size)
{
	struct inode *inode = file->f_mapping->host;

	if (!S_ISREG(inode->i_mode) && !S_ISBLK(inode->i_mode))
		return -EINVAL;
	if (size < TTM_BATCH_SIZE || size >> PAGE_SHIFT > min(LONG_MAX >> 1, INT_MAX))
		return -EINVAL;
	if ((file->f_mode & (FMODE_READ | FMODE_WRITE)) != (FMODE_READ | FMODE_WRITE))
		return -EBADF;
	if (!(file->f_mode & FMODE_CAN_ODIRECT))
		return -EOPNOTSUPP;
	if (IS_SWAPFILE(inode))
		return -ETXTBSY;
	if (S_ISBLK(inode->i_mode))
		return ttm_backup_bdev_check(file, size);
	if (sb_rdonly(inode->i_sb))
		return -EROFS;
	if (size > MAX_NON_LFS && !(file->f_flags & O_LARGEFILE))
		return -EFBIG;

	return 0;
}

/*
 * Whether the start of a file has holes. The blocks that a file has say something for
 * file systems that cannot tell; for others these may be behind what is asked about.
 */
static bool file_has_holes(struct file *file, loff_t size)
{
	loff_t hole, pos = file->f_pos;

	hole = vfs_llseek(file, 0, SEEK_HOLE);
	vfs_llseek(file, pos, SEEK_SET);
	if (hole >= 0 && hole < size)
		return true;

	return (u64)file_inode(file)->i_blocks << SECTOR_SHIFT < size;
}

/**
 * ttm_backup_file_reserve() - Have space for all that may be written
 * @file: The file, that has been checked.
 * @size: How much of it, in bytes.
 *
 * Context: May sleep, does I/O.
 * Return: 0, -ENOSPC if there is not enough, -EINVAL for a file with holes that
 * cannot be filled, or another error of the file system.
 */
int ttm_backup_file_reserve(struct file *file, loff_t size)
{
	struct inode *inode = file_inode(file);
	int ret;

	if (!S_ISREG(inode->i_mode))
		return 0;

	ret = vfs_fallocate(file, 0, 0, size);
	if (ret != -EOPNOTSUPP)
		return ret;
	if (i_size_read(inode) < size)
		return -ENOSPC;

	/* What was written lately may have no blocks yet. */
	ret = filemap_write_and_wait(file->f_mapping);
	if (ret)
		return ret;

	return file_has_holes(file, size) ? -EINVAL : 0;
}
