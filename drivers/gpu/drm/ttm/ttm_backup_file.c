// SPDX-License-Identifier: MIT
/*
 * A backup store in a file or a block device that the administrator provides.
 */
#define pr_fmt(fmt) "[TTM] " fmt

#include <linux/export.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/slab.h>

#include <drm/drm_util.h>
#include <drm/ttm/ttm_backup.h>

#include "ttm_backup_file.h"

/**
 * DOC: The store in a file
 *
 * The file is divided into batches of 1 MiB, the unit of I/O. Content is copied to
 * an open batch in memory, in the order in which it comes, whatever tt it is of.
 * A full batch is written with direct I/O while the next one is filled; a few of
 * them are under way at a time, and no more memory than theirs is used, all of it
 * allocated when the store is made. A batch that was read to copy a page from it
 * stays in memory for the next ones, and its successor is read ahead.
 *
 * A batch has a checksum, which is kept in memory. When the batch is read and does
 * not match, because somebody wrote to the file, cut it off, or the disk failed, its
 * content is refused with -EBADMSG.
 *
 * A batch whose write fails stays in memory, with its content. The store takes no
 * more from then on and returns the error, for each attempt and to
 * ttm_backup_sync(), so that the owners of the content take it back. Once the
 * store is empty it is used again.
 *
 * A batch is free when all its pages have been dropped. Dropped pages of a batch
 * that others are still in are not reused.
 */

static DEFINE_MUTEX(ttm_backup_files_lock);
static LIST_HEAD(ttm_backup_files);

static struct ttm_backup_file *to_file(struct ttm_backup *backup)
{
	return container_of(backup, struct ttm_backup_file, base);
}

static unsigned long slot_to_handle(unsigned int slot, unsigned int page)
{
	return (unsigned long)slot * TTM_BATCH_PAGES + page + 1;
}

static unsigned int handle_to_slot(unsigned long handle)
{
	return (handle - 1) / TTM_BATCH_PAGES;
}

static unsigned int handle_to_page(unsigned long handle)
{
	return (handle - 1) % TTM_BATCH_PAGES;
}

/* Take the content of @slot out of memory. It is on disk, or nobody needs it. */
static void batch_release(struct ttm_backup_file *store, struct ttm_batch *batch)
{
	if (batch->state == TTM_BATCH_IDLE)
		return;

	store->slot[batch->slot].batch = NULL;
	batch->state = TTM_BATCH_IDLE;
	if (!store->slot[batch->slot].live) {
		__clear_bit(batch->slot, store->used);
		store->nr_used--;
	}
}

static void batch_take(struct ttm_backup_file *store, struct ttm_batch *batch,
		       unsigned int slot, enum ttm_batch_state state)
{
	batch->slot = slot;
	batch->state = state;
	batch->stamp = ++store->stamp;
	store->slot[slot].batch = batch;
}

/* Take no more until the store is empty. Returns what callers are told. */
static int store_fail(struct ttm_backup_file *store, int error)
{
	/* To callers these would mean that there is room for less. */
	if (error == -ENOSPC || error == -ENOMEM)
		error = -EIO;
	if (!store->error)
		store->error = error;

	return error;
}

static void batch_written(struct ttm_backup_file *store, struct ttm_batch *batch)
{
	long ret = batch->io.ret;

	if (ret == TTM_BATCH_SIZE)
		return;
	if (ret >= 0)
		ret = -EIO;

	pr_err("backup store %pD: cannot write at %lld: %pe; its content stays in memory\n",
	       store->file, ttm_batch_pos(batch), ERR_PTR(ret));
	batch->state = TTM_BATCH_FAILED;
	store_fail(store, ret);
}

static void batch_was_read(struct ttm_backup_file *store, struct ttm_batch *batch)
{
	long ret = batch->io.ret;
	bool changed = false;

	if (ret == TTM_BATCH_SIZE)
		changed = ttm_batch_checksum(batch) != store->slot[batch->slot].checksum;
	else if (ret >= 0 && S_ISREG(file_inode(store->file)->i_mode))
		changed = true;		/* Cut off. */
	else if (ret >= 0)
		ret = -EIO;		/* A device that is gone has no size. */

	if (changed) {
		ret = -EBADMSG;
		pr_err("backup store %pD: content at %lld is not what was written\n",
		       store->file, ttm_batch_pos(batch));
	} else if (ret < 0) {
		pr_err("backup store %pD: content at %lld cannot be read: %pe\n",
		       store->file, ttm_batch_pos(batch), ERR_PTR(ret));
	} else {
		return;
	}

	batch->state = TTM_BATCH_BAD;
	batch->error = ret;
}

/* What to do when the I/O of a batch is over. */
static void batch_reap(struct ttm_backup_file *store, struct ttm_batch *batch)
{
	bool write = batch->state == TTM_BATCH_WRITING;

	batch->state = TTM_BATCH_CACHED;
	if (write)
		batch_written(store, batch);
	else
		batch_was_read(store, batch);

	if (!store->slot[batch->slot].live)
		batch_release(store, batch);
}

static bool batch_busy(const struct ttm_batch *batch)
{
	return batch->state == TTM_BATCH_WRITING ||
	       batch->state == TTM_BATCH_READING;
}

/* Wait until the I/O of a batch is over, or with @intr for a signal. */
static int batch_wait(struct ttm_backup_file *store, struct ttm_batch *batch,
		      bool intr)
{
	if (intr && wait_for_completion_interruptible(&batch->io.done))
		return -EINTR;
	if (!intr)
		wait_for_completion(&batch->io.done);
	batch_reap(store, batch);

	return 0;
}

/* Reap what is finished. */
static void batches_reap(struct ttm_backup_file *store)
{
	unsigned int i;

	for (i = 0; i < TTM_NR_BATCHES; i++)
		if (batch_busy(&store->batch[i]) &&
		    try_wait_for_completion(&store->batch[i].io.done))
			batch_reap(store, &store->batch[i]);

	/* Nobody has to be told any more. */
	if (!store->live)
		store->error = 0;
}

/*
 * A batch in memory to be filled or read to: one that is idle, or else the cached
 * one that was not needed for longest, but for @keep, or else the next one whose I/O
 * is over, if the caller can wait.
 */
static struct ttm_batch *batch_get(struct ttm_backup_file *store, bool wait,
				   const struct ttm_batch *keep)
{
	struct ttm_batch *batch, *cached, *busy;
	unsigned int i;

	batches_reap(store);
	for (;;) {
		cached = NULL;
		busy = NULL;
		for (i = 0; i < TTM_NR_BATCHES; i++) {
			batch = &store->batch[i];
			if (batch->state == TTM_BATCH_IDLE)
				return batch;
			if (batch == keep)
				continue;
			if ((batch->state == TTM_BATCH_CACHED ||
			     batch->state == TTM_BATCH_BAD) &&
			    (!cached || batch->stamp < cached->stamp))
				cached = batch;
			if (batch_busy(batch) &&
			    (!busy || batch->stamp < busy->stamp))
				busy = batch;
		}
		if (cached) {
			batch_release(store, cached);
			return cached;
		}
		if (!wait || !busy)
			return NULL;
		batch_wait(store, busy, false);
	}
}

/*
 * Wait until few enough batches are being written: if all of them fail, and stay
 * in memory, there must be one left to read the rest of the content with.
 */
static void store_throttle(struct ttm_backup_file *store)
{
	struct ttm_batch *oldest;
	unsigned int i, writing;

	do {
		oldest = NULL;
		writing = 0;
		for (i = 0; i < TTM_NR_BATCHES; i++) {
			struct ttm_batch *batch = &store->batch[i];

			if (batch->state != TTM_BATCH_WRITING)
				continue;
			writing++;
			if (!oldest || batch->stamp < oldest->stamp)
				oldest = batch;
		}
		if (writing > TTM_MAX_WRITING)
			batch_wait(store, oldest, false);
	} while (writing > TTM_MAX_WRITING);
}

/* Write out the open batch. What is behind its content is zeros. */
static void store_close_batch(struct ttm_backup_file *store)
{
	struct ttm_batch *batch = store->open;

	if (!batch)
		return;

	store->open = NULL;
	if (!store->slot[batch->slot].live) {
		batch_release(store, batch);
		return;
	}
	for (; store->fill < TTM_BATCH_PAGES; store->fill++)
		clear_highpage(batch->bvec[store->fill].bv_page);

	store->slot[batch->slot].checksum = ttm_batch_checksum(batch);
	batch->state = TTM_BATCH_WRITING;
	ttm_batch_submit(store, batch, true);
	store_throttle(store);
}

/* Whether a slot is only held by I/O of what was dropped meanwhile. */
static bool batch_dead(const struct ttm_backup_file *store,
		       const struct ttm_batch *batch)
{
	return batch_busy(batch) && !store->slot[batch->slot].live;
}

/* Wait for such a slot. */
static bool store_wait_dead(struct ttm_backup_file *store)
{
	unsigned int i;

	for (i = 0; i < TTM_NR_BATCHES; i++) {
		struct ttm_batch *batch = &store->batch[i];

		if (batch_dead(store, batch)) {
			batch_wait(store, batch, false);
			return true;
		}
	}

	return false;
}

static int store_open_batch(struct ttm_backup_file *store)
{
	struct ttm_batch *batch;
	unsigned int slot;

	slot = find_next_zero_bit(store->used, store->nr_slots, store->cursor);
	if (slot == store->nr_slots)
		slot = find_first_zero_bit(store->used, store->nr_slots);
	if (slot == store->nr_slots)
		return store_wait_dead(store) ? -EAGAIN : -ENOSPC;

	batch = batch_get(store, true, NULL);
	if (store->error)
		return store->error;
	if (WARN_ON_ONCE(!batch))
		return -EBUSY;

	__set_bit(slot, store->used);
	store->nr_used++;
	store->cursor = slot + 1;
	batch_take(store, batch, slot, TTM_BATCH_OPEN);
	store->open = batch;
	store->fill = 0;

	return 0;
}

static long file_backup_page(struct ttm_backup *backup, struct page *page,
			     pgoff_t nr, bool writeback, pgoff_t idx,
			     gfp_t alloc_gfp, unsigned long *handle)
{
	struct ttm_backup_file *store = to_file(backup);
	struct ttm_slot *slot;
	unsigned int i;
	long ret = 0;

	guard(mutex)(&store->lock);

	batches_reap(store);
	if (store->error)
		return store->error;

	while (!store->open) {
		ret = store_open_batch(store);
		if (ret && ret != -EAGAIN)
			return ret;
	}

	slot = &store->slot[store->open->slot];
	nr = min_t(pgoff_t, nr, TTM_BATCH_PAGES - store->fill);
	for (i = 0; i < nr; i++) {
		copy_highpage(store->open->bvec[store->fill + i].bv_page, page + i);
		__set_bit(store->fill + i, slot->map);
	}
	*handle = slot_to_handle(store->open->slot, store->fill);
	slot->live += nr;
	store->live += nr;
	store->fill += nr;
	if (store->fill == TTM_BATCH_PAGES)
		store_close_batch(store);

	return nr;
}

/* Start to read a slot into memory. */
static struct ttm_batch *store_read(struct ttm_backup_file *store,
				    unsigned int slot, bool wait,
				    const struct ttm_batch *keep)
{
	struct ttm_batch *batch = batch_get(store, wait, keep);

	if (!batch)
		return NULL;

	batch_take(store, batch, slot, TTM_BATCH_READING);
	ttm_batch_submit(store, batch, false);

	return batch;
}

/* Read what follows @batch, too. */
static void store_read_ahead(struct ttm_backup_file *store,
			     const struct ttm_batch *batch)
{
	unsigned int slot = batch->slot + 1;

	if (slot < store->nr_slots && store->slot[slot].live &&
	    !store->slot[slot].batch)
		store_read(store, slot, false, batch);
}

static long file_copy_backed_up_page(struct ttm_backup *backup,
				     struct page *dst, unsigned long handle,
				     pgoff_t nr, bool intr, gfp_t additional_gfp)
{
	struct ttm_backup_file *store = to_file(backup);
	unsigned int slot = handle_to_slot(handle);
	unsigned int first = handle_to_page(handle);
	struct ttm_batch *batch;
	unsigned int i;
	long ret;

	guard(mutex)(&store->lock);

	if (WARN_ON_ONCE(slot >= store->nr_slots ||
			 !test_bit(first, store->slot[slot].map)))
		return -EINVAL;

	batch = store->slot[slot].batch;
	if (!batch)
		batch = store_read(store, slot, true, NULL);
	if (WARN_ON_ONCE(!batch))
		return -EBUSY;

	store_read_ahead(store, batch);
	if (batch->state == TTM_BATCH_READING) {
		ret = batch_wait(store, batch, intr);
		if (ret)
			return ret;
	}
	if (batch->state == TTM_BATCH_BAD) {
		ret = batch->error;
		/* The next attempt reads anew. */
		batch_release(store, batch);
		return ret;
	}

	batch->stamp = ++store->stamp;
	nr = min_t(pgoff_t, nr, TTM_BATCH_PAGES - first);
	for (i = 0; i < nr; i++)
		copy_highpage(dst + i, batch->bvec[first + i].bv_page);

	return nr;
}

static void slot_drop(struct ttm_backup_file *store, unsigned int nr,
		      unsigned int first, unsigned int pages)
{
	struct ttm_slot *slot = &store->slot[nr];
	unsigned int i;

	for (i = first; i < first + pages; i++)
		if (!WARN_ON_ONCE(!__test_and_clear_bit(i, slot->map))) {
			slot->live--;
			store->live--;
		}

	if (slot->live)
		return;

	if (!slot->batch) {
		__clear_bit(nr, store->used);
		store->nr_used--;
	} else if (slot->batch == store->open) {
		store->fill = 0;
	} else if (!batch_busy(slot->batch)) {
		batch_release(store, slot->batch);
	}
}

static void file_drop(struct ttm_backup *backup, unsigned long handle, pgoff_t nr)
{
	struct ttm_backup_file *store = to_file(backup);

	guard(mutex)(&store->lock);

	while (nr) {
		unsigned int slot = handle_to_slot(handle);
		unsigned int first = handle_to_page(handle);
		unsigned int pages = min_t(pgoff_t, nr, TTM_BATCH_PAGES - first);

		if (WARN_ON_ONCE(slot >= store->nr_slots))
			return;
		slot_drop(store, slot, first, pages);
		handle += pages;
		nr -= pages;
	}
}

static u64 file_bytes_avail(struct ttm_backup *backup)
{
	struct ttm_backup_file *store = to_file(backup);
	unsigned int i, slots;
	u64 pages;

	guard(mutex)(&store->lock);

	batches_reap(store);
	if (store->error)
		return 0;
	slots = store->nr_slots - store->nr_used;
	/* Whoever needs these can wait for them, and does: see store_wait_dead(). */
	for (i = 0; i < TTM_NR_BATCHES; i++)
		if (batch_dead(store, &store->batch[i]))
			slots++;
	pages = (u64)slots * TTM_BATCH_PAGES;
	if (store->open)
		pages += TTM_BATCH_PAGES - store->fill;

	return pages << PAGE_SHIFT;
}

static int file_sync(struct ttm_backup *backup)
{
	struct ttm_backup_file *store = to_file(backup);
	unsigned int i;
	int ret;

	/* A file tells only one of those who flush it that something was lost. */
	guard(mutex)(&store->sync_lock);

	scoped_guard(mutex, &store->lock) {
		store_close_batch(store);
		for (i = 0; i < TTM_NR_BATCHES; i++)
			if (store->batch[i].state == TTM_BATCH_WRITING)
				batch_wait(store, &store->batch[i], false);
		batches_reap(store);
		if (store->error)
			return store->error;
	}

	/* Takes locks of the file system, which come before the store's. */
	ret = ttm_backup_file_flush(store);
	if (!ret)
		return 0;

	pr_err("backup store %pD: cannot flush: %pe\n", store->file, ERR_PTR(ret));
	scoped_guard(mutex, &store->lock)
		ret = store_fail(store, ret);

	return ret;
}

static void store_free(struct ttm_backup_file *store)
{
	unsigned int i, j;

	if (store->wq)
		destroy_workqueue(store->wq);
	for (i = 0; i < TTM_NR_BATCHES; i++) {
		for (j = 0; j < TTM_BATCH_PAGES; j++)
			if (store->batch[i].bvec[j].bv_page)
				__free_page(store->batch[i].bvec[j].bv_page);
	}
	bitmap_free(store->used);
	kvfree(store->slot);
	mutex_destroy(&store->sync_lock);
	mutex_destroy(&store->lock);
	kvfree(store);
}

static void file_fini(struct ttm_backup *backup)
{
	struct ttm_backup_file *store = to_file(backup);
	unsigned int i;

	/* The file, and that nobody else has it, are for the I/O under way. */
	for (i = 0; i < TTM_NR_BATCHES; i++)
		if (batch_busy(&store->batch[i]))
			wait_for_completion(&store->batch[i].io.done);
	scoped_guard(mutex, &ttm_backup_files_lock)
		list_del(&store->link);
	fput(store->file);
	store_free(store);
}

static const struct ttm_backup_ops ttm_backup_file_ops = {
	.name = "file",
	.promises = TTM_BACKUP_SURVIVES_POWEROFF,
	.drop = file_drop,
	.copy_backed_up_page = file_copy_backed_up_page,
	.backup_page = file_backup_page,
	.bytes_avail = file_bytes_avail,
	.sync = file_sync,
	.fini = file_fini,
};

static struct ttm_backup_file *store_alloc(unsigned int nr_slots)
{
	struct ttm_backup_file *store;
	unsigned int i, j;

	store = kvzalloc_obj(*store);
	if (!store)
		return NULL;

	mutex_init(&store->lock);
	mutex_init(&store->sync_lock);
	store->nr_slots = nr_slots;
	store->slot = kvzalloc_objs(*store->slot, nr_slots);
	store->used = bitmap_zalloc(nr_slots, GFP_KERNEL);
	store->wq = alloc_workqueue("ttm_backup", WQ_UNBOUND | WQ_MEM_RECLAIM,
				    TTM_NR_BATCHES);
	if (!store->slot || !store->used || !store->wq)
		goto err;

	for (i = 0; i < TTM_NR_BATCHES; i++) {
		ttm_batch_init(&store->batch[i]);
		for (j = 0; j < TTM_BATCH_PAGES; j++) {
			struct page *page = alloc_page(GFP_KERNEL);

			if (!page)
				goto err;
			bvec_set_page(&store->batch[i].bvec[j], page, PAGE_SIZE, 0);
		}
	}

	return store;

err:
	store_free(store);
	return NULL;
}

/* A file can be one store only: two would write over each other. */
static int store_register(struct ttm_backup_file *store)
{
	struct ttm_backup_file *other;

	guard(mutex)(&ttm_backup_files_lock);

	list_for_each_entry(other, &ttm_backup_files, link)
		if (other->file->f_mapping == store->file->f_mapping)
			return -EBUSY;
	list_add(&store->link, &ttm_backup_files);

	return 0;
}

/**
 * ttm_backup_file_create() - Create a store in a file or block device
 * @file: The file, open for reading and writing, of a file system or driver that
 * does direct I/O. A block device has to be opened exclusively. The store takes a
 * reference of its own.
 * @size: How much of the file to use, from its start, in bytes. What is beyond the
 * last whole MiB is not used.
 *
 * The space is reserved: holes of the file are filled. A file system that cannot
 * reserve space needs a file without holes. One that writes to another place each
 * time, as for copy on write, may run out of space all the same; this is found when
 * content is written. What is in the file is lost.
 *
 * The store can be shared by any number of tts, see ttm_tt_assign_backup().
 *
 * Context: May sleep, does I/O.
 * Return: The store with one reference, see ttm_backup_put(), or an error pointer:
 *
 * * -EINVAL: neither a regular file nor a block device; less than 1 MiB; a block
 *   device that is not held exclusively; a file with holes that cannot be filled
 * * -EBADF: not open for reading and writing
 * * -EROFS: on a file system or device that is read-only
 * * -EOPNOTSUPP: no direct I/O
 * * -ETXTBSY: in use as swap space
 * * -EBUSY: another store already
 * * -ENOSPC: the device is smaller, or the file system too full
 * * -EFBIG: more than 2 GiB of a file that was not opened for that
 * * -ENOMEM: no memory for the store itself, which is about 8 MiB
 */
struct ttm_backup *ttm_backup_file_create(struct file *file, loff_t size)
{
	struct ttm_backup_file *store;
	int ret;

	ret = ttm_backup_file_check(file, size);
	if (ret)
		return ERR_PTR(ret);

	store = store_alloc(size / TTM_BATCH_SIZE);
	if (!store)
		return ERR_PTR(-ENOMEM);

	store->file = get_file(file);
	ret = store_register(store);
	if (ret)
		goto err_free;

	ret = ttm_backup_file_reserve(file, size);
	if (ret)
		goto err_unregister;

	ttm_backup_init(&store->base, &ttm_backup_file_ops);

	return &store->base;

err_unregister:
	scoped_guard(mutex, &ttm_backup_files_lock)
		list_del(&store->link);
err_free:
	fput(file);
	store_free(store);
	return ERR_PTR(ret);
}
EXPORT_SYMBOL_GPL(ttm_backup_file_create);
