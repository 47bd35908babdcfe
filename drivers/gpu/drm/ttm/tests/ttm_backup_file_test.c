// SPDX-License-Identifier: GPL-2.0
/*
 * The backup store in a file: files that cannot be used, disks that fail, content that
 * changed.
 */
#include <linux/file.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/shmem_fs.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include <kunit/static_stub.h>
#include <kunit/test-bug.h>

#include <drm/ttm/ttm_backup.h>

#include "ttm_backup_kunit_helpers.h"
#include "../ttm_backup_file.h"

#define NR_SLOTS	16
#define STORE_SIZE	(NR_SLOTS * TTM_BATCH_SIZE)
#define STORE_PAGES	(NR_SLOTS * TTM_BATCH_PAGES)

struct disk;

struct disk_io {
	struct work_struct work;
	struct disk *disk;
	unsigned int nr;
	struct ttm_batch *batch;
	bool fail;
	long ret;
};

/* How many more have to be under way for a slow disk to come to the end of one. */
#define SLOW_BY	3

/* The disk, and how it fails. */
struct disk {
	struct file *file;
	struct ttm_backup *store;
	struct page *page;
	unsigned long handle[STORE_PAGES];
	unsigned int fail_write_in;
	unsigned int fail_read_in;
	unsigned int fail_nr;
	long fail_with;
	int fail_flush;
	unsigned int written;
	unsigned int read;
	bool slow;
	bool drain;
	wait_queue_head_t more;
	struct disk_io io[NR_SLOTS * 4];
	unsigned int nr_io;
	u64 seed;
};

static struct disk *disk_get(void)
{
	return kunit_get_current_test()->priv;
}

static void disk_io(struct ttm_batch *batch, bool fail, long ret)
{
	if (fail)
		ttm_batch_done(batch, ret);
	else
		ttm_batch_run(batch);
}

static void disk_work(struct work_struct *work)
{
	struct disk_io *io = container_of(work, struct disk_io, work);

	wait_event(io->disk->more, READ_ONCE(io->disk->drain) ||
		   READ_ONCE(io->disk->nr_io) > io->nr + SLOW_BY);
	disk_io(io->batch, io->fail, io->ret);
}

static bool disk_fails(struct disk *disk, unsigned int *in)
{
	if (!*in || --*in)
		return false;
	if (--disk->fail_nr)
		*in = 1;

	return true;
}

static void disk_queue(struct ttm_backup_file *store, struct ttm_batch *batch)
{
	struct disk *disk = disk_get();
	bool fail = disk_fails(disk, batch->io.write ? &disk->fail_write_in :
						       &disk->fail_read_in);
	struct disk_io *io;

	if (batch->io.write)
		disk->written++;
	else
		disk->read++;
	if (!disk->slow || disk->nr_io == ARRAY_SIZE(disk->io)) {
		disk_io(batch, fail, disk->fail_with);
		return;
	}

	io = &disk->io[disk->nr_io];
	INIT_WORK(&io->work, disk_work);
	io->disk = disk;
	io->nr = disk->nr_io;
	io->batch = batch;
	io->fail = fail;
	io->ret = disk->fail_with;
	queue_work(system_dfl_wq, &io->work);
	WRITE_ONCE(disk->nr_io, disk->nr_io + 1);
	wake_up_all(&disk->more);
}

/* Whoever waits for the disk from now on gets what it waits for. */
static void disk_drain(struct disk *disk)
{
	WRITE_ONCE(disk->drain, true);
	wake_up_all(&disk->more);
}

static int disk_flush(struct ttm_backup_file *store)
{
	/* Locks of the file system are taken here, and the store's after these. */
	KUNIT_EXPECT_FALSE(kunit_get_current_test(), mutex_is_locked(&store->lock));

	return disk_get()->fail_flush;
}

static struct ttm_backup_file *disk_store(struct disk *disk)
{
	return container_of(disk->store, struct ttm_backup_file, base);
}

static unsigned int disk_writing(struct disk *disk)
{
	struct ttm_backup_file *store = disk_store(disk);
	unsigned int i, nr = 0;

	for (i = 0; i < TTM_NR_BATCHES; i++)
		nr += store->batch[i].state == TTM_BATCH_WRITING;

	return nr;
}

static int ttm_backup_file_test_init(struct kunit *test)
{
	struct disk *disk = kunit_kzalloc(test, sizeof(*disk), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, disk);
	init_waitqueue_head(&disk->more);
	disk->page = alloc_page(GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, disk->page);
	disk->file = backup_file_create(test, STORE_SIZE);
	disk->store = ttm_backup_file_create(disk->file, STORE_SIZE);
	KUNIT_ASSERT_FALSE(test, IS_ERR(disk->store));
	disk->seed = content_seed(test);
	test->priv = disk;
	kunit_activate_static_stub(test, ttm_batch_queue, disk_queue);
	kunit_activate_static_stub(test, ttm_backup_file_flush, disk_flush);

	return 0;
}

static void ttm_backup_file_test_exit(struct kunit *test)
{
	struct disk *disk = test->priv;
	unsigned int i;

	if (!disk)
		return;
	disk_drain(disk);
	for (i = 0; i < STORE_PAGES; i++)
		if (disk->handle[i])
			ttm_backup_drop(disk->store, disk->handle[i], 1);
	ttm_backup_put(disk->store);
	for (i = 0; i < disk->nr_io; i++)
		flush_work(&disk->io[i].work);
	__free_page(disk->page);
}

/* Store page @i. */
static long store_page(struct disk *disk, unsigned int i)
{
	long ret;

	content_fill(disk->page, disk->seed + i);
	ret = ttm_backup_backup_pages(disk->store, disk->page, 1, false, i, GFP_KERNEL,
				      &disk->handle[i]);
	if (ret < 0)
		disk->handle[i] = 0;

	return ret;
}

static void store_pages(struct kunit *test, unsigned int nr)
{
	struct disk *disk = test->priv;
	unsigned int i;

	for (i = 0; i < nr; i++)
		KUNIT_ASSERT_EQ(test, 1, store_page(disk, i));
}

static long load_page(struct disk *disk, unsigned int i)
{
	long ret;

	clear_highpage(disk->page);
	ret = ttm_backup_copy_pages(disk->store, disk->page, disk->handle[i], 1, true, 0);
	if (ret == 1 && !content_is(disk->page, disk->seed + i))
		return -EILSEQ;

	return ret;
}

static void expect_pages(struct kunit *test, unsigned int first, unsigned int nr)
{
	struct disk *disk = test->priv;
	unsigned int i;

	for (i = first; i < first + nr; i++)
		if (disk->handle[i])
			KUNIT_ASSERT_EQ_MSG(test, 1, load_page(disk, i), "page %u", i);
}

static void drop_pages(struct disk *disk)
{
	unsigned int i;

	for (i = 0; i < STORE_PAGES; i++)
		if (disk->handle[i])
			ttm_backup_drop(disk->store, disk->handle[i], 1);
	memset(disk->handle, 0, sizeof(disk->handle));
}

/* Files that cannot be a store are refused when the store is made. */
static void file_refused(struct kunit *test)
{
	struct file *file = backup_file_create(test, STORE_SIZE);
	struct inode *inode = file_inode(file);
	struct ttm_backup *store;
	umode_t mode;

	KUNIT_EXPECT_EQ(test, -EINVAL, PTR_ERR(ttm_backup_file_create(file, 0)));
	KUNIT_EXPECT_EQ(test, -EINVAL, PTR_ERR(ttm_backup_file_create(file, -SZ_1M)));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			PTR_ERR(ttm_backup_file_create(file, TTM_BATCH_SIZE - 1)));

	file->f_mode &= ~FMODE_WRITE;
	KUNIT_EXPECT_EQ(test, -EBADF, PTR_ERR(ttm_backup_file_create(file, STORE_SIZE)));
	file->f_mode |= FMODE_WRITE;
	file->f_mode &= ~FMODE_READ;
	KUNIT_EXPECT_EQ(test, -EBADF, PTR_ERR(ttm_backup_file_create(file, STORE_SIZE)));
	file->f_mode |= FMODE_READ;

	file->f_mode &= ~FMODE_CAN_ODIRECT;
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP,
			PTR_ERR(ttm_backup_file_create(file, STORE_SIZE)));
	file->f_mode |= FMODE_CAN_ODIRECT;

	inode->i_flags |= S_SWAPFILE;
	KUNIT_EXPECT_EQ(test, -ETXTBSY,
			PTR_ERR(ttm_backup_file_create(file, STORE_SIZE)));
	inode->i_flags &= ~S_SWAPFILE;

	mode = inode->i_mode;
	inode->i_mode = (mode & ~S_IFMT) | S_IFDIR;
	KUNIT_EXPECT_EQ(test, -EINVAL, PTR_ERR(ttm_backup_file_create(file, STORE_SIZE)));
	inode->i_mode = mode;

	store = ttm_backup_file_create(file, STORE_SIZE);
	KUNIT_ASSERT_FALSE(test, IS_ERR(store));
	KUNIT_EXPECT_EQ(test, -EBUSY, PTR_ERR(ttm_backup_file_create(file, STORE_SIZE)));
	ttm_backup_put(store);
	store = ttm_backup_file_create(file, STORE_SIZE);
	KUNIT_ASSERT_FALSE(test, IS_ERR(store));
	ttm_backup_put(store);
}

/* It takes as much as it says, and again after that was dropped. */
static void file_full(struct kunit *test)
{
	struct disk *disk = test->priv;
	unsigned long handle;
	unsigned int round;

	for (round = 0; round < 3; round++) {
		KUNIT_EXPECT_EQ(test, STORE_SIZE, ttm_backup_bytes_avail(disk->store));
		store_pages(test, STORE_PAGES);
		KUNIT_EXPECT_EQ(test, 0, ttm_backup_bytes_avail(disk->store));
		KUNIT_EXPECT_EQ(test, -ENOSPC,
				ttm_backup_backup_pages(disk->store, disk->page, 1,
							false, 0, GFP_KERNEL,
							&handle));
		KUNIT_EXPECT_EQ(test, 0, ttm_backup_sync(disk->store));
		expect_pages(test, 0, STORE_PAGES);
		drop_pages(disk);
		disk->seed += STORE_PAGES;
	}
	KUNIT_EXPECT_EQ(test, 3 * NR_SLOTS, disk->written);
}

/* I/O is in batches, and read once for all of their pages. */
static void file_batches(struct kunit *test)
{
	struct disk *disk = test->priv;

	/* What is synced early costs the rest of its batch. */
	store_pages(test, 5 * TTM_BATCH_PAGES + 1);
	KUNIT_EXPECT_EQ(test, 0, ttm_backup_sync(disk->store));
	KUNIT_EXPECT_EQ(test, 6, disk->written);
	KUNIT_EXPECT_EQ(test, STORE_SIZE - 6 * TTM_BATCH_SIZE,
			ttm_backup_bytes_avail(disk->store));
	drop_pages(disk);

	store_pages(test, STORE_PAGES);
	KUNIT_EXPECT_EQ(test, 0, ttm_backup_sync(disk->store));
	disk->read = 0;
	expect_pages(test, 0, STORE_PAGES);
	/* What was read ahead at the end of the file may have been for nothing. */
	KUNIT_EXPECT_LE(test, disk->read, NR_SLOTS + 2);
}

/* Several batches are under way at a time, and read ahead. */
static void file_in_flight(struct kunit *test)
{
	struct disk *disk = test->priv;
	unsigned int i, most = 0;

	disk->slow = true;
	for (i = 0; i < STORE_PAGES; i++) {
		KUNIT_ASSERT_EQ(test, 1, store_page(disk, i));
		most = max(most, disk_writing(disk));
	}
	KUNIT_EXPECT_GT(test, most, 2);
	KUNIT_EXPECT_LE(test, most, TTM_MAX_WRITING);
	disk_drain(disk);
	expect_pages(test, 0, STORE_PAGES);
	KUNIT_EXPECT_EQ(test, 0, ttm_backup_sync(disk->store));
	expect_pages(test, 0, STORE_PAGES);
}

static void expect_failed(struct kunit *test, long error, unsigned int stored)
{
	struct disk *disk = test->priv;
	unsigned long handle;

	KUNIT_EXPECT_EQ(test, error, ttm_backup_sync(disk->store));
	KUNIT_EXPECT_EQ(test, error,
			ttm_backup_backup_pages(disk->store, disk->page, 1, false, 0,
						GFP_KERNEL, &handle));
	KUNIT_EXPECT_EQ(test, 0, ttm_backup_bytes_avail(disk->store));
	/* All of it can be had back, what did not get to the disk and what did. */
	expect_pages(test, 0, stored);
	drop_pages(disk);

	/* Empty, it is used again. */
	KUNIT_EXPECT_EQ(test, STORE_SIZE, ttm_backup_bytes_avail(disk->store));
	store_pages(test, 2 * TTM_BATCH_PAGES);
	KUNIT_EXPECT_EQ(test, 0, ttm_backup_sync(disk->store));
	expect_pages(test, 0, 2 * TTM_BATCH_PAGES);
	drop_pages(disk);
}

/* A write fails, the n-th of them, for each n. No content is lost. */
static void file_write_fails(struct kunit *test)
{
	static const long results[] = { -EIO, -ENOSPC, TTM_BATCH_SIZE - SZ_4K, 0 };
	struct disk *disk = test->priv;
	unsigned int n, i;

	for (n = 1; n <= NR_SLOTS; n++) {
		disk->fail_with = results[n % ARRAY_SIZE(results)];
		disk->fail_write_in = n;
		disk->fail_nr = 1;
		for (i = 0; i < STORE_PAGES; i++)
			if (store_page(disk, i) != 1)
				break;
		KUNIT_EXPECT_GE(test, i, n * TTM_BATCH_PAGES);
		expect_failed(test, -EIO, i);
	}
}

/* All that can be under way fails: there is still memory to read the rest with. */
static void file_all_writes_fail(struct kunit *test)
{
	struct disk *disk = test->priv;
	unsigned int i;

	disk->slow = true;
	disk->fail_with = -EIO;
	disk->fail_write_in = 5;
	disk->fail_nr = NR_SLOTS;
	for (i = 0; i < STORE_PAGES; i++)
		if (store_page(disk, i) != 1)
			break;
	KUNIT_EXPECT_GT(test, i, 5 * TTM_BATCH_PAGES);
	disk_drain(disk);
	KUNIT_EXPECT_EQ(test, -EIO, ttm_backup_sync(disk->store));
	disk->fail_write_in = 0;
	expect_failed(test, -EIO, i);
}

static void file_flush_fails(struct kunit *test)
{
	/* Not to be taken for a store that is full. */
	static const int results[] = { -EIO, -ENOSPC, -ENOMEM };
	struct disk *disk = test->priv;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(results); i++) {
		store_pages(test, 10);
		disk->fail_flush = results[i];
		KUNIT_EXPECT_EQ(test, -EIO, ttm_backup_sync(disk->store));
		disk->fail_flush = 0;
		expect_failed(test, -EIO, 10);
	}
}

/* A read that failed can be tried again. */
static void file_read_fails(struct kunit *test)
{
	struct disk *disk = test->priv;
	unsigned int i, failed = 0;

	store_pages(test, STORE_PAGES);
	KUNIT_EXPECT_EQ(test, 0, ttm_backup_sync(disk->store));
	disk->fail_with = -EIO;
	for (i = 0; i < STORE_PAGES; i++) {
		if (i % (2 * TTM_BATCH_PAGES) == 5) {
			disk->fail_read_in = 1;
			disk->fail_nr = 1;
		}
		if (load_page(disk, i) == 1)
			continue;
		failed++;
		KUNIT_ASSERT_EQ(test, 1, load_page(disk, i));
	}
	KUNIT_EXPECT_GT(test, failed, 0);
}

/* A device that was taken away reads as one without a size. */
static void file_gone(struct kunit *test)
{
	struct disk *disk = test->priv;
	struct inode *inode = file_inode(disk->file);
	umode_t mode = inode->i_mode;

	store_pages(test, STORE_PAGES);
	KUNIT_EXPECT_EQ(test, 0, ttm_backup_sync(disk->store));
	inode->i_mode = (mode & ~S_IFMT) | S_IFBLK;
	disk->fail_with = 0;
	disk->fail_read_in = 1;
	disk->fail_nr = 1;
	KUNIT_EXPECT_EQ(test, -EIO, load_page(disk, 0));
	inode->i_mode = mode;
	expect_pages(test, 0, STORE_PAGES);
}

static void file_write(struct kunit *test, loff_t pos, const void *data, size_t size)
{
	struct disk *disk = test->priv;

	KUNIT_ASSERT_EQ(test, size, kernel_write(disk->file, data, size, &pos));
}

/* One byte that is not as it was, and its batch is refused; the others are not. */
static void file_changed(struct kunit *test)
{
	struct disk *disk = test->priv;
	unsigned int slot, i;
	loff_t pos;
	u8 byte;

	store_pages(test, STORE_PAGES);
	KUNIT_EXPECT_EQ(test, 0, ttm_backup_sync(disk->store));
	slot = (disk->handle[0] - 1) / TTM_BATCH_PAGES;
	pos = (loff_t)slot * TTM_BATCH_SIZE + 12345;
	KUNIT_ASSERT_EQ(test, 1, kernel_read(disk->file, &byte, 1, &pos));
	pos--;
	byte ^= 0x10;
	file_write(test, pos, &byte, 1);

	for (i = 0; i < TTM_BATCH_PAGES; i += 100)
		KUNIT_EXPECT_EQ(test, -EBADMSG, load_page(disk, i));
	expect_pages(test, TTM_BATCH_PAGES, STORE_PAGES - TTM_BATCH_PAGES);

	/* Put right, it is good again. */
	byte ^= 0x10;
	file_write(test, pos, &byte, 1);
	expect_pages(test, 0, TTM_BATCH_PAGES);
}

/* Content of another place is as wrong as any, also if it is the store's own. */
static void file_exchanged(struct kunit *test)
{
	struct disk *disk = test->priv;
	void *data = kvmalloc(TTM_BATCH_SIZE, GFP_KERNEL);
	loff_t pos = 0;

	KUNIT_ASSERT_NOT_NULL(test, data);
	store_pages(test, STORE_PAGES);
	KUNIT_EXPECT_EQ(test, 0, ttm_backup_sync(disk->store));
	KUNIT_ASSERT_EQ(test, TTM_BATCH_SIZE,
			kernel_read(disk->file, data, TTM_BATCH_SIZE, &pos));
	file_write(test, TTM_BATCH_SIZE, data, TTM_BATCH_SIZE);
	kvfree(data);

	expect_pages(test, 0, 1);
	KUNIT_EXPECT_EQ(test, -EBADMSG, load_page(disk, TTM_BATCH_PAGES));
}

/* A file that was cut off: what is gone is refused, and nothing new is taken. */
static void file_truncated(struct kunit *test)
{
	struct disk *disk = test->priv;
	unsigned int i;

	store_pages(test, STORE_PAGES);
	KUNIT_EXPECT_EQ(test, 0, ttm_backup_sync(disk->store));
	/* What is in memory is good in any case: have the end of the file there. */
	expect_pages(test, STORE_PAGES / 2, STORE_PAGES / 2);
	i_size_write(file_inode(disk->file), TTM_BATCH_SIZE + SZ_4K);
	shmem_truncate_range(file_inode(disk->file), TTM_BATCH_SIZE + SZ_4K, (loff_t)-1);

	expect_pages(test, STORE_PAGES / 2, STORE_PAGES / 2);
	expect_pages(test, 0, TTM_BATCH_PAGES);
	KUNIT_EXPECT_EQ(test, -EBADMSG, load_page(disk, TTM_BATCH_PAGES));
	KUNIT_EXPECT_EQ(test, -EBADMSG, load_page(disk, 3 * TTM_BATCH_PAGES));
	drop_pages(disk);

	for (i = 0; i < STORE_PAGES; i++)
		if (store_page(disk, i) != 1)
			break;
	KUNIT_EXPECT_LT(test, i, STORE_PAGES);
	KUNIT_EXPECT_EQ(test, -ESTALE, ttm_backup_sync(disk->store));
	expect_pages(test, 0, i);
}

/* A signal ends the wait for a read, which can be waited for again. */
static void file_interrupted(struct kunit *test)
{
	struct disk *disk = test->priv;

	store_pages(test, STORE_PAGES);
	KUNIT_EXPECT_EQ(test, 0, ttm_backup_sync(disk->store));
	disk->slow = true;

	allow_signal(SIGINT);
	send_sig(SIGINT, current, 1);
	KUNIT_EXPECT_EQ(test, -EINTR, load_page(disk, 0));
	flush_signals(current);
	disallow_signal(SIGINT);
	disk_drain(disk);

	expect_pages(test, 0, STORE_PAGES);
}

/* Pages that are dropped while their batch is filled or written. */
static void file_drop_early(struct kunit *test)
{
	struct disk *disk = test->priv;
	unsigned int round;

	disk->slow = true;
	for (round = 0; round < 4; round++) {
		store_pages(test, TTM_BATCH_PAGES - 1);
		drop_pages(disk);
		store_pages(test, 3 * TTM_BATCH_PAGES);
		drop_pages(disk);
	}
	disk_drain(disk);
	KUNIT_EXPECT_EQ(test, 0, ttm_backup_sync(disk->store));
	KUNIT_EXPECT_EQ(test, STORE_SIZE, ttm_backup_bytes_avail(disk->store));
	disk->slow = false;
	store_pages(test, STORE_PAGES);
	expect_pages(test, 0, STORE_PAGES);
}

/* What is held by writes of dropped content only is there for the next. */
static void file_full_of_dropped(struct kunit *test)
{
	struct disk *disk = test->priv;
	unsigned int i;

	store_pages(test, STORE_PAGES - 2 * TTM_BATCH_PAGES);
	KUNIT_EXPECT_EQ(test, 0, ttm_backup_sync(disk->store));
	disk->slow = true;
	for (i = STORE_PAGES - 2 * TTM_BATCH_PAGES; i < STORE_PAGES; i++)
		KUNIT_ASSERT_EQ(test, 1, store_page(disk, i));
	KUNIT_EXPECT_EQ(test, 2, disk_writing(disk));
	KUNIT_EXPECT_EQ(test, 0, ttm_backup_bytes_avail(disk->store));
	for (i = STORE_PAGES - 2 * TTM_BATCH_PAGES; i < STORE_PAGES; i++) {
		ttm_backup_drop(disk->store, disk->handle[i], 1);
		disk->handle[i] = 0;
	}
	KUNIT_EXPECT_EQ(test, 2, disk_writing(disk));
	KUNIT_EXPECT_EQ(test, 2 * TTM_BATCH_SIZE, ttm_backup_bytes_avail(disk->store));

	disk_drain(disk);
	for (i = STORE_PAGES - 2 * TTM_BATCH_PAGES; i < STORE_PAGES; i++)
		KUNIT_ASSERT_EQ(test, 1, store_page(disk, i));
	expect_pages(test, 0, STORE_PAGES);
}

static const struct file_operations *usual_fops;

static loff_t usual_llseek(struct file *file, loff_t offset, int whence)
{
	return usual_fops->llseek(file, offset, whence);
}

/* As of a file system that cannot reserve space. */
static const struct file_operations no_fallocate_fops = {
	.llseek = usual_llseek,
};

static int try_without_fallocate(struct file *file, loff_t size)
{
	struct ttm_backup *store;

	usual_fops = file->f_op;
	file->f_op = &no_fallocate_fops;
	store = ttm_backup_file_create(file, size);
	if (!IS_ERR(store))
		ttm_backup_put(store);
	file->f_op = usual_fops;

	return PTR_ERR_OR_ZERO(store);
}

/* Blocks behind the part in use do not make up for holes in it. */
static void file_holes(struct kunit *test)
{
	struct file *file = backup_file_create(test, STORE_SIZE);
	void *data = kunit_kzalloc(test, SZ_1M, GFP_KERNEL);
	loff_t pos, half = STORE_SIZE / 2;

	KUNIT_ASSERT_NOT_NULL(test, data);
	for (pos = half; pos < STORE_SIZE;)
		KUNIT_ASSERT_EQ(test, SZ_1M, kernel_write(file, data, SZ_1M, &pos));
	file->f_pos = 4711;
	KUNIT_EXPECT_EQ(test, -EINVAL, try_without_fallocate(file, half));
	KUNIT_EXPECT_EQ(test, 4711, file->f_pos);

	for (pos = 0; pos < half;)
		KUNIT_ASSERT_EQ(test, SZ_1M, kernel_write(file, data, SZ_1M, &pos));
	KUNIT_EXPECT_EQ(test, 0, try_without_fallocate(file, half));
}

static struct kunit_case ttm_backup_file_cases[] = {
	KUNIT_CASE(file_refused),
	KUNIT_CASE(file_holes),
	KUNIT_CASE(file_full),
	KUNIT_CASE(file_full_of_dropped),
	KUNIT_CASE(file_batches),
	KUNIT_CASE(file_in_flight),
	KUNIT_CASE(file_write_fails),
	KUNIT_CASE(file_all_writes_fail),
	KUNIT_CASE(file_flush_fails),
	KUNIT_CASE(file_read_fails),
	KUNIT_CASE(file_gone),
	KUNIT_CASE(file_changed),
	KUNIT_CASE(file_exchanged),
	KUNIT_CASE(file_truncated),
	KUNIT_CASE(file_interrupted),
	KUNIT_CASE(file_drop_early),
	{}
};

static struct kunit_suite ttm_backup_file_suite = {
	.name = "ttm_backup_file",
	.init = ttm_backup_file_test_init,
	.exit = ttm_backup_file_test_exit,
	.test_cases = ttm_backup_file_cases,
};

kunit_test_suites(&ttm_backup_file_suite);

MODULE_DESCRIPTION("KUnit tests for TTM's backup store in a file");
MODULE_LICENSE("GPL");
