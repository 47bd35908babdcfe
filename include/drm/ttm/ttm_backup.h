/* SPDX-License-Identifier: MIT */
/*
 * Stores that the content of a struct ttm_tt can be backed up to.
 */
#ifndef _TTM_BACKUP_H_
#define _TTM_BACKUP_H_

#include <linux/bits.h>
#include <linux/bug.h>
#include <linux/gfp_types.h>
#include <linux/kref.h>
#include <linux/types.h>

struct file;
struct page;
struct ttm_backup;

/**
 * enum ttm_backup_promise - What a store promises
 * @TTM_BACKUP_RECLAIM_SAFE: Content may be given to it from reclaim, under the
 * conditions of ttm_backup_insert_folio().
 * @TTM_BACKUP_SURVIVES_POWEROFF: Content that ttm_backup_sync() has seen is not
 * lost when the machine loses power with a hibernation image of this kernel
 * written. The store's own bookkeeping is in the image.
 * @TTM_BACKUP_USABLE_FROZEN: Content can be given to it and read from it after
 * file systems have been frozen and before they are thawed. Nobody enforces it:
 * whoever would use a store then has to look. While tasks run any store will do.
 */
enum ttm_backup_promise {
	TTM_BACKUP_RECLAIM_SAFE = BIT(0),
	TTM_BACKUP_SURVIVES_POWEROFF = BIT(1),
	TTM_BACKUP_USABLE_FROZEN = BIT(2),
};

/**
 * struct ttm_backup_ops - What a store can do
 *
 * A store's operations are called with distinct handles from any number of
 * threads; what it shares between them it locks itself. They may sleep.
 */
struct ttm_backup_ops {
	/** @name: For people, in messages and debugfs. */
	const char *name;

	/** @promises: Bits of enum ttm_backup_promise. */
	u32 promises;

	/**
	 * @drop: Forget the content of @nr consecutive handles. Does not fail.
	 * Handles of content inserted as one folio should be dropped together:
	 * a part of it may cost the store a split.
	 */
	void (*drop)(struct ttm_backup *backup, unsigned long handle,
		     pgoff_t nr);

	/**
	 * @copy_backed_up_page: Copy the content of @nr consecutive handles to
	 * the pages that follow @dst. The content stays.
	 *
	 * Returns the number of pages copied, from the first on, which may be
	 * less than @nr, or a negative error code if it is none.
	 */
	long (*copy_backed_up_page)(struct ttm_backup *backup, struct page *dst,
				    unsigned long handle, pgoff_t nr,
				    bool intr, gfp_t additional_gfp);

	/**
	 * @backup_page: Copy up to @nr pages, @page and those after it, into the
	 * store. The pages stay with the caller.
	 *
	 * Returns the number of pages copied, from the first on, which may be
	 * less than @nr, with the handle of the first in *@handle; the others
	 * follow it. A negative error code if it is none.
	 */
	long (*backup_page)(struct ttm_backup *backup, struct page *page,
			    pgoff_t nr, bool writeback, pgoff_t idx,
			    gfp_t alloc_gfp, unsigned long *handle);

	/**
	 * @insert_folio: Optional. Take 2^@order pages into the store without a
	 * copy. On success they are the store's. On error the caller has them
	 * as they were; -EOPNOTSUPP if pages like these are never taken.
	 */
	int (*insert_folio)(struct ttm_backup *backup, struct page *page,
			    unsigned int order, bool writeback, pgoff_t idx,
			    gfp_t alloc_gfp, unsigned long *handle);

	/** @max_order: The highest order that @insert_folio takes. */
	unsigned int (*max_order)(struct ttm_backup *backup);

	/**
	 * @bytes_avail: About how much more content the store can take. 0 also
	 * if it does not work.
	 */
	u64 (*bytes_avail)(struct ttm_backup *backup);

	/**
	 * @sync: Optional. Wait until what was given to the store is where its
	 * promises say. A negative error code if some of it cannot get there;
	 * it can still be read back, but should not be relied on any longer.
	 */
	int (*sync)(struct ttm_backup *backup);

	/** @fini: Release the store, and all content that is still in it. */
	void (*fini)(struct ttm_backup *backup);
};

/**
 * struct ttm_backup - Base class of a store
 */
struct ttm_backup {
	/** @ops: What it can do. */
	const struct ttm_backup_ops *ops;
	/** @refcount: One for each user, see ttm_backup_get(). */
	struct kref refcount;
};

/**
 * ttm_backup_handle_to_page_ptr() - Dress a handle as a page pointer
 * @handle: The handle.
 *
 * The result stands in &ttm_tt.pages for a page that is in the store. It is odd,
 * which no page pointer is, and must not be dereferenced.
 *
 * Return: The handle as a page pointer.
 */
static inline struct page *ttm_backup_handle_to_page_ptr(unsigned long handle)
{
	return (struct page *)((handle << 1) | 1UL);
}

/**
 * ttm_backup_page_ptr_is_handle() - Tell a dressed handle from a page pointer
 * @page: An entry of &ttm_tt.pages.
 *
 * Return: true if @page is a handle, false if it is a page or NULL.
 */
static inline bool ttm_backup_page_ptr_is_handle(const struct page *page)
{
	return (uintptr_t)page & 1UL;
}

/**
 * ttm_backup_page_ptr_to_handle() - The handle inside a dressed one
 * @page: An entry of &ttm_tt.pages that is a handle.
 *
 * Return: The handle; 0 for an entry that was restored already.
 */
static inline unsigned long
ttm_backup_page_ptr_to_handle(const struct page *page)
{
	WARN_ON_ONCE(!ttm_backup_page_ptr_is_handle(page));

	return (uintptr_t)page >> 1;
}

void ttm_backup_init(struct ttm_backup *backup,
		     const struct ttm_backup_ops *ops);
struct ttm_backup *ttm_backup_get(struct ttm_backup *backup);
void ttm_backup_put(struct ttm_backup *backup);

void ttm_backup_drop(struct ttm_backup *backup, unsigned long handle,
		     pgoff_t nr);
long ttm_backup_copy_pages(struct ttm_backup *backup, struct page *dst,
			   unsigned long handle, pgoff_t nr, bool intr,
			   gfp_t additional_gfp);
long ttm_backup_backup_pages(struct ttm_backup *backup, struct page *page,
			     pgoff_t nr, bool writeback, pgoff_t idx,
			     gfp_t alloc_gfp, unsigned long *handle);
int ttm_backup_insert_folio(struct ttm_backup *backup, struct page *page,
			    unsigned int order, bool writeback, pgoff_t idx,
			    gfp_t alloc_gfp, unsigned long *handle);
unsigned int ttm_backup_max_order(struct ttm_backup *backup);
u64 ttm_backup_bytes_avail(struct ttm_backup *backup);
int ttm_backup_sync(struct ttm_backup *backup);

/**
 * ttm_backup_promises() - Whether a store promises all of what is asked
 * @backup: The store.
 * @promises: Bits of enum ttm_backup_promise.
 *
 * Return: true if it does.
 */
static inline bool ttm_backup_promises(const struct ttm_backup *backup,
				       u32 promises)
{
	return (backup->ops->promises & promises) == promises;
}

struct ttm_backup *ttm_backup_shmem_create(loff_t size);
struct file *ttm_backup_shmem_file(loff_t size);
u64 ttm_backup_shmem_bytes_avail(void);
struct ttm_backup *ttm_backup_file_create(struct file *file, loff_t size);

#endif
