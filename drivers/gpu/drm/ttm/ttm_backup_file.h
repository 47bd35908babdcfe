/* SPDX-License-Identifier: MIT */
/*
 * Between the two halves of the store in a file: what is where (ttm_backup_file.c)
 * and how it gets there and back (ttm_backup_file_io.c).
 */
#ifndef _TTM_BACKUP_FILE_H_
#define _TTM_BACKUP_FILE_H_

#include <linux/bvec.h>
#include <linux/completion.h>
#include <linux/fs.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/sizes.h>
#include <linux/workqueue.h>

#include <drm/ttm/ttm_backup.h>

#define TTM_BATCH_SIZE	SZ_1M
#define TTM_BATCH_PAGES	(TTM_BATCH_SIZE / PAGE_SIZE)

/* In memory at a time: one being filled, some being written, some to read from. */
#define TTM_NR_BATCHES	8
#define TTM_MAX_WRITING	6

/**
 * enum ttm_batch_state - What a batch in memory is good for
 * @TTM_BATCH_IDLE: Nothing.
 * @TTM_BATCH_OPEN: Being filled.
 * @TTM_BATCH_WRITING: Being written. Has content.
 * @TTM_BATCH_READING: Being read.
 * @TTM_BATCH_CACHED: Has content that is on disk, too.
 * @TTM_BATCH_FAILED: Has content that did not get to the disk.
 * @TTM_BATCH_BAD: Could not be read.
 */
enum ttm_batch_state {
	TTM_BATCH_IDLE,
	TTM_BATCH_OPEN,
	TTM_BATCH_WRITING,
	TTM_BATCH_READING,
	TTM_BATCH_CACHED,
	TTM_BATCH_FAILED,
	TTM_BATCH_BAD,
};

/**
 * struct ttm_batch_io - I/O of a batch
 * @work: Starts it. Whoever needs it may be limited in what files it can access, and
 * in how large they may get, and holds locks that file systems come before.
 * @file: The file.
 * @write: Whether it is a write.
 * @iocb: As the file system knows it.
 * @done: Completed when it is over.
 * @ret: Bytes transferred, or a negative error code.
 */
struct ttm_batch_io {
	struct work_struct work;
	struct file *file;
	bool write;
	struct kiocb iocb;
	struct completion done;
	long ret;
};

/**
 * struct ttm_batch - A batch in memory
 * @bvec: Its pages.
 * @io: The I/O under way, while WRITING or READING.
 * @state: See enum ttm_batch_state.
 * @slot: Which batch of the file it is, unless IDLE.
 * @stamp: When it was last of use.
 * @error: Why it is BAD.
 */
struct ttm_batch {
	struct bio_vec bvec[TTM_BATCH_PAGES];
	struct ttm_batch_io io;
	enum ttm_batch_state state;
	unsigned int slot;
	u64 stamp;
	int error;
};

/**
 * struct ttm_slot - A batch of the file
 * @map: Pages that have a handle.
 * @live: How many these are.
 * @batch: The batch in memory with the content, if there is one.
 * @checksum: Of the content, once written.
 */
struct ttm_slot {
	DECLARE_BITMAP(map, TTM_BATCH_PAGES);
	unsigned int live;
	struct ttm_batch *batch;
	u64 checksum;
};

/**
 * struct ttm_backup_file - A store in a file
 * @base: The base.
 * @file: The file.
 * @wq: Where I/O is started.
 * @link: In the list of all such stores.
 * @sync_lock: One ttm_backup_sync() at a time. Taken before @lock.
 * @lock: For the members below.
 * @slot: The batches of the file.
 * @nr_slots: How many.
 * @used: Slots that are not free.
 * @nr_used: How many.
 * @cursor: Where to look for a free one.
 * @live: Pages that have a handle.
 * @open: The batch being filled, or NULL.
 * @fill: How far, in pages.
 * @stamp: The last one given to a batch.
 * @error: A write failed, with this code.
 * @batch: The batches in memory.
 */
struct ttm_backup_file {
	struct ttm_backup base;
	struct file *file;
	struct workqueue_struct *wq;
	struct list_head link;
	struct mutex sync_lock; /* one ttm_backup_sync() at a time */
	struct mutex lock; /* for the members below */
	struct ttm_slot *slot;
	unsigned int nr_slots;
	unsigned long *used;
	unsigned int nr_used;
	unsigned int cursor;
	u64 live;
	struct ttm_batch *open;
	unsigned int fill;
	u64 stamp;
	int error;
	struct ttm_batch batch[TTM_NR_BATCHES];
};

/* Where a batch is in the file, in bytes. */
static inline loff_t ttm_batch_pos(const struct ttm_batch *batch)
{
	return (loff_t)batch->slot * TTM_BATCH_SIZE;
}

u64 ttm_batch_checksum(const struct ttm_batch *batch);
void ttm_batch_init(struct ttm_batch *batch);
void ttm_batch_submit(struct ttm_backup_file *store, struct ttm_batch *batch,
		      bool write);
void ttm_batch_queue(struct ttm_backup_file *store, struct ttm_batch *batch);
void ttm_batch_run(struct ttm_batch *batch);
void ttm_batch_done(struct ttm_batch *batch, long ret);
int ttm_backup_file_flush(struct ttm_backup_file *store);
int ttm_backup_file_check(struct file *file, loff_t size);
int ttm_backup_file_reserve(struct file *file, loff_t size);

#endif
