// SPDX-License-Identifier: MIT
/*
 * What all backup stores have in common.
 */
#include <linux/errno.h>
#include <linux/export.h>

#include <drm/ttm/ttm_backup.h>

/**
 * DOC: Backup stores
 *
 * A struct ttm_backup is a place outside of a buffer object where the content
 * of its system pages can be put: a shmem file, from where it can be swapped
 * out (ttm_backup_shmem_create()), or a file or block device that the
 * administrator provides (ttm_backup_file_create()). What the places differ in
 * that matters to a user are the promises of enum ttm_backup_promise.
 *
 * **Handles.** Content in a store is known by its handle, one for each page of
 * PAGE_SIZE, never 0. What is given to the store in one call gets consecutive
 * handles. A handle is good until it is dropped, however often the content is
 * copied back. In &ttm_tt.pages a handle takes the place of the page, dressed by
 * ttm_backup_handle_to_page_ptr(), so that a tt may be partly in the store. The
 * handle 0 marks an entry whose content a restore under way has already.
 *
 * **Partial progress.** Storing stops where the store is full or memory is
 * short, with -ENOSPC or -ENOMEM if nothing was stored. What was stored before
 * stays stored, and the call can be made again for the rest. So can a copy that
 * was interrupted. Any other error means that nothing of the call was stored.
 *
 * **Ownership.** ttm_backup_backup_pages() copies, the pages remain the
 * caller's. ttm_backup_insert_folio() moves them into the store, which saves
 * the copy and, while memory is short, the second page. If it fails the pages
 * are as they were. A store that cannot do it has no such operation, and what
 * a store cannot take in one piece the caller splits, ttm_backup_max_order().
 *
 * **Range operations.** Content that went in as one folio should be copied and
 * dropped in pieces as large as possible, since a store may have to split what
 * it holds to drop a part, or read all of it to copy a part.
 *
 * **Locking.** A store has no lock that a caller could see. Handles belong to
 * the tt they are in, whose dma_resv lock its owner holds; for calls with
 * different handles the store does its own locking. Calls may sleep. From
 * reclaim only a store that is TTM_BACKUP_RECLAIM_SAFE may be called, and only
 * with __GFP_FS in the shrinker's mask, since a folio is locked; with
 * writeback also with __GFP_IO.
 *
 * Saving one page and getting it back:
 *
 * .. code-block:: c
 *
 *	ret = ttm_backup_backup_pages(store, page, 1, false, 0, GFP_KERNEL,
 *				      &handle);
 *	if (ret < 0)
 *		return ret;		// the page is all there is
 *	ret = ttm_backup_sync(store);
 *	if (ret)
 *		goto drop;		// do not let go of the page
 *	...
 *	ret = ttm_backup_copy_pages(store, page, handle, 1, true, 0);
 *	if (ret < 0)
 *		return ret;		// still in the store, try again
 *	drop:
 *	ttm_backup_drop(store, handle, 1);
 */

/**
 * ttm_backup_init() - Initialize the base of a store
 * @backup: The base.
 * @ops: What the store can do.
 *
 * For implementations of stores. The caller has the only reference.
 *
 * Context: Any.
 */
void ttm_backup_init(struct ttm_backup *backup, const struct ttm_backup_ops *ops)
{
	backup->ops = ops;
	kref_init(&backup->refcount);
}
EXPORT_SYMBOL_GPL(ttm_backup_init);

/**
 * ttm_backup_get() - Share a store
 * @backup: The store, may be NULL.
 *
 * Context: Any.
 * Return: @backup with one more reference.
 */
struct ttm_backup *ttm_backup_get(struct ttm_backup *backup)
{
	if (backup)
		kref_get(&backup->refcount);

	return backup;
}
EXPORT_SYMBOL_GPL(ttm_backup_get);

static void ttm_backup_release(struct kref *refcount)
{
	struct ttm_backup *backup =
		container_of(refcount, struct ttm_backup, refcount);

	backup->ops->fini(backup);
}

/**
 * ttm_backup_put() - Give up a reference to a store
 * @backup: The store, may be NULL.
 *
 * The last reference releases the store and everything in it.
 *
 * Context: May sleep. From reclaim see the section on locking above.
 */
void ttm_backup_put(struct ttm_backup *backup)
{
	if (backup)
		kref_put(&backup->refcount, ttm_backup_release);
}
EXPORT_SYMBOL_GPL(ttm_backup_put);

/**
 * ttm_backup_drop() - Forget stored content
 * @backup: The store.
 * @handle: The first handle.
 * @nr: The number of consecutive handles, in pages.
 *
 * Context: May sleep. From reclaim see the section on locking above.
 */
void ttm_backup_drop(struct ttm_backup *backup, unsigned long handle, pgoff_t nr)
{
	if (nr && !WARN_ON_ONCE(!handle))
		backup->ops->drop(backup, handle, nr);
}
EXPORT_SYMBOL_GPL(ttm_backup_drop);

/**
 * ttm_backup_copy_pages() - Copy stored content to pages
 * @backup: The store.
 * @dst: The first of @nr contiguous pages.
 * @handle: The first of @nr consecutive handles.
 * @nr: How many pages.
 * @intr: Let signals interrupt waiting.
 * @additional_gfp: Added to the store's own flags where it has to allocate.
 *
 * Context: May sleep, may do I/O.
 * Return: The number of pages copied, from the first on, which may be less than
 * @nr: call again for the others. If none was: -EINTR for a signal, -ENOMEM,
 * -EBADMSG if the store's content is not what it was, -EIO or another code of
 * its device. The content stays in the store in any case.
 */
long ttm_backup_copy_pages(struct ttm_backup *backup, struct page *dst,
			   unsigned long handle, pgoff_t nr, bool intr,
			   gfp_t additional_gfp)
{
	if (WARN_ON_ONCE(!handle || !nr))
		return -EINVAL;

	return backup->ops->copy_backed_up_page(backup, dst, handle, nr, intr,
						additional_gfp);
}
EXPORT_SYMBOL_GPL(ttm_backup_copy_pages);

/**
 * ttm_backup_backup_pages() - Copy pages into a store
 * @backup: The store.
 * @page: The first of @nr contiguous pages, cached, with no device writing.
 * @nr: How many pages.
 * @writeback: Start to write the content out, where the store has a further
 * place for it. Costs time, frees memory earlier.
 * @idx: Where in the tt the first page is, in pages. Unique to the content
 * where a store serves a single tt.
 * @alloc_gfp: Flags for what the store has to allocate.
 * @handle: Where to put the handle of the first page.
 *
 * Context: May sleep. From reclaim see the section on locking above.
 * Return: The number of pages stored, from the first on, which may be less than
 * @nr. If none was: -ENOMEM, -ENOSPC, or an error of the store's device.
 */
long ttm_backup_backup_pages(struct ttm_backup *backup, struct page *page,
			     pgoff_t nr, bool writeback, pgoff_t idx,
			     gfp_t alloc_gfp, unsigned long *handle)
{
	return backup->ops->backup_page(backup, page, nr, writeback, idx,
					alloc_gfp, handle);
}
EXPORT_SYMBOL_GPL(ttm_backup_backup_pages);

/**
 * ttm_backup_insert_folio() - Move pages into a store
 * @backup: The store.
 * @page: The first of 2^@order contiguous pages, allocated as one, cached, with
 * no device writing, not mapped, on no list, with one reference.
 * @order: The order; more than ttm_backup_max_order() gives -EOPNOTSUPP.
 * @writeback: As for ttm_backup_backup_pages().
 * @idx: As for ttm_backup_backup_pages(), a multiple of 2^@order.
 * @alloc_gfp: Flags for what the store has to allocate.
 * @handle: Where to put the handle of the first page.
 *
 * Context: May sleep. From reclaim see the section on locking above.
 * Return: 0 if the pages are the store's now. Otherwise they are the caller's, as
 * they were: -EOPNOTSUPP if the store has to copy, -ENOMEM or -ENOSPC
 * if smaller pieces may fit, another code if the store cannot work.
 */
int ttm_backup_insert_folio(struct ttm_backup *backup, struct page *page,
			    unsigned int order, bool writeback, pgoff_t idx,
			    gfp_t alloc_gfp, unsigned long *handle)
{
	if (!backup->ops->insert_folio)
		return -EOPNOTSUPP;

	return backup->ops->insert_folio(backup, page, order, writeback, idx,
					 alloc_gfp, handle);
}
EXPORT_SYMBOL_GPL(ttm_backup_insert_folio);

/**
 * ttm_backup_max_order() - The largest folio a store takes without a copy
 * @backup: The store.
 *
 * Context: Any.
 * Return: The order, 0 also for a store that only copies.
 */
unsigned int ttm_backup_max_order(struct ttm_backup *backup)
{
	return backup->ops->max_order ? backup->ops->max_order(backup) : 0;
}
EXPORT_SYMBOL_GPL(ttm_backup_max_order);

/**
 * ttm_backup_bytes_avail() - How much more a store can take
 * @backup: The store.
 *
 * Context: Any context that may sleep. From reclaim see the section on locking above.
 * Return: About how many bytes. Others may use the same space. 0 also for a store
 * that does not work; storing something tells the error.
 */
u64 ttm_backup_bytes_avail(struct ttm_backup *backup)
{
	return backup->ops->bytes_avail(backup);
}
EXPORT_SYMBOL_GPL(ttm_backup_bytes_avail);

/**
 * ttm_backup_sync() - Wait until stored content is where it is promised to be
 * @backup: The store.
 *
 * Context: May sleep, may do I/O. Not from reclaim.
 * Return: 0, or the error of the store's device: what did not get to its place
 * can still be copied back.
 */
int ttm_backup_sync(struct ttm_backup *backup)
{
	return backup->ops->sync ? backup->ops->sync(backup) : 0;
}
EXPORT_SYMBOL_GPL(ttm_backup_sync);
