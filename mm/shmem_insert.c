// SPDX-License-Identifier: GPL-2.0
/*
 * Handing memory that the kernel allocated over to a shmem file, without a copy.
 */

#include <linux/export.h>
#include <linux/memcontrol.h>
#include <linux/page_owner.h>
#include <linux/pagemap.h>
#include <linux/pgalloc_tag.h>
#include <linux/shmem_fs.h>
#include <linux/string.h>
#include <linux/swap.h>

#include "internal.h"

/* Flags of the first page that insertion sets, and a failure takes back. */
#define SHMEM_INSERT_FLAGS	(BIT(PG_uptodate) | BIT(PG_dirty) | \
				 BIT(PG_swapbacked) | BIT(PG_head))

/* Tail pages that a large folio keeps data of its own in. */
#define SHMEM_INSERT_TAILS	2

/*
 * What becoming a folio of a shmem mapping overwrites. The later tail pages only lose the
 * word below compound_info; it waits in their private field, which is unused.
 */
struct shmem_insert_undo {
	struct page tail[SHMEM_INSERT_TAILS];
	unsigned long flags;
	void *private;
	pgoff_t index;
	bool promoted;
	bool rmappable;
};

static bool shmem_insert_in_size(struct inode *inode, pgoff_t index, unsigned long nr)
{
	u64 pages = i_size_read(inode) >> PAGE_SHIFT;

	return nr <= pages && index <= pages - nr;
}

/* Whether the caller can be the only one to know of these pages. */
static bool shmem_insert_isolated(struct folio *folio, unsigned int order)
{
	struct page *page = &folio->page;
	unsigned long i;

	if (folio->flags.f & PAGE_FLAGS_CHECK_AT_FREE || folio->mapping ||
	    page_has_type(page) || folio_mapped(folio) || folio_memcg_charged(folio))
		return false;

	if (folio_test_large(folio))
		return folio_order(folio) == order;

	for (i = 1; i < 1UL << order; i++)
		if (page_ref_count(page + i) || PageCompound(page + i) ||
		    page[i].mapping || page[i].private)
			return false;

	return true;
}

static void shmem_insert_promote(struct folio *folio, unsigned int order,
				 struct shmem_insert_undo *undo)
{
	struct page *page = &folio->page;
	unsigned long i;

	undo->promoted = order && !folio_test_large(folio);
	if (undo->promoted) {
		set_bit(PG_head, &page->flags.f);
		for (i = 1; i < 1UL << order; i++) {
			unsigned long word = page[i].compound_info;

			if (i <= SHMEM_INSERT_TAILS)
				undo->tail[i - 1] = page[i];
			prep_compound_tail(page + i, page, order);
			if (i > SHMEM_INSERT_TAILS)
				set_page_private(page + i, word);
		}
		prep_compound_head(page, order);
	}

	undo->rmappable = !order || folio_test_large_rmappable(folio);
	if (!undo->rmappable)
		folio_set_large_rmappable(folio);
}

/* Past the point of failure: nothing needs to be put back in the tail pages. */
static void shmem_insert_commit(struct folio *folio, unsigned int order,
				const struct shmem_insert_undo *undo)
{
	unsigned long i;

	if (undo->promoted)
		for (i = SHMEM_INSERT_TAILS + 1; i < 1UL << order; i++)
			set_page_private(folio_page(folio, i), 0);
}

static void shmem_insert_demote(struct folio *folio, unsigned int order,
				const struct shmem_insert_undo *undo)
{
	const size_t skip = offsetofend(struct page, compound_info);
	struct page *page = &folio->page;
	unsigned long i;

	if (!undo->rmappable)
		folio_clear_large_rmappable(folio);
	if (!undo->promoted)
		return;

	for (i = 1; i < 1UL << order; i++) {
		if (i <= SHMEM_INSERT_TAILS) {
			const struct page *was = &undo->tail[i - 1];

			/* Poisoning may set a flag here at any time. */
			set_mask_bits(&page[i].flags.f, PAGE_FLAGS_SECOND,
				      was->flags.f & PAGE_FLAGS_SECOND);
			/* Whoever walks over pages looks at this word at any time. */
			WRITE_ONCE(page[i].compound_info, was->compound_info);
			memcpy((void *)(page + i) + skip, (void *)was + skip,
			       sizeof(*page) - skip);
		} else {
			page[i].mapping = NULL;
			WRITE_ONCE(page[i].compound_info, page_private(page + i));
			set_page_private(page + i, 0);
		}
	}
}

/* Writing to a swap device without room would split the folio and then fail. */
static bool shmem_insert_may_swap(struct folio *folio)
{
	long room;

	rcu_read_lock();
	room = mem_cgroup_get_nr_swap_pages(folio_memcg(folio));
	rcu_read_unlock();

	return room >= (long)folio_nr_pages(folio);
}

/* Start writing a locked folio, or a first part of it, and unlock it. */
static bool shmem_insert_write(struct folio *folio)
{
	int err;

	if (folio_mapped(folio) || !shmem_insert_may_swap(folio) ||
	    !folio_clear_dirty_for_io(folio)) {
		folio_unlock(folio);
		return false;
	}

	/* Let the end of the write move it to where reclaim looks first. */
	folio_set_reclaim(folio);
	err = shmem_write_folio(folio);
	if (!folio_test_writeback(folio))
		folio_clear_reclaim(folio);
	if (err == AOP_WRITEPAGE_ACTIVATE)
		folio_unlock(folio);

	return !err;
}

/* As above for all up to @end; takes over the reference, too. */
static void shmem_insert_writeback(struct address_space *mapping, struct folio *folio,
				   pgoff_t end)
{
	pgoff_t index = folio->index;
	bool more;

	/* Without contiguous swap space the write splits the folio. */
	do {
		more = shmem_insert_write(folio);
		index += folio_nr_pages(folio);
		folio_put(folio);
		if (!more || index >= end)
			return;
		folio = filemap_lock_folio(mapping, index);
	} while (!IS_ERR(folio));
}

/**
 * shmem_split_for_insert() - Split memory that is too large for a folio
 * @page: The first page of the memory, allocated without __GFP_COMP and charged to no
 *	memory cgroup.
 * @order: Its size: 2^@order pages.
 * @new_order: The size of the pieces, at most @order.
 *
 * Each of the pieces has a reference afterwards, and can be inserted, or freed, by itself.
 * As split_page(), but for pieces that are larger than a page.
 *
 * Context: Any. The caller has the only reference to the memory.
 */
void shmem_split_for_insert(struct page *page, unsigned int order, unsigned int new_order)
{
	unsigned long i;

	VM_WARN_ON_PAGE(PageCompound(page), page);
	VM_WARN_ON_PAGE(page_count(page) != 1, page);

	for (i = 1UL << new_order; i < 1UL << order; i += 1UL << new_order)
		set_page_refcounted(page + i);

	split_page_owner(page, order, new_order);
	pgalloc_tag_split(page_folio(page), order, new_order);
}
EXPORT_SYMBOL_GPL(shmem_split_for_insert);

/**
 * shmem_insert_folio() - Put memory into a shmem file without copying it
 * @file: The shmem file.
 * @folio: The first page of the memory, as a folio.
 * @order: The memory's size: 2^@order pages.
 * @index: Where to put it, in pages from the start of @file; a multiple of the size.
 * @writeback: Whether to start writing it to swap space at once.
 * @gfp: How to reclaim memory for what the insertion itself needs; with __GFP_NORETRY or
 *	__GFP_RETRY_MAYFAIL a memory cgroup at its limit does not start the OOM killer.
 *
 * Makes pages that the kernel has allocated for itself part of a file, with what they hold,
 * so that they can be swapped out without more memory to copy them to.
 *
 * Nobody else may know of the memory: the caller has the only reference, it is not mapped to
 * user space, in no mapping, on no LRU list and charged to no memory cgroup. The kernel
 * must map it write-back cached. It may be a folio of @order, or an allocation of that
 * order without __GFP_COMP, of which only the first page has a reference; this becomes a
 * folio. The first page's private field is the caller's as long as the memory is.
 *
 * The largest order is mapping_max_folio_order(). With CONFIG_TRANSPARENT_HUGEPAGE this is
 * MAX_PAGECACHE_ORDER for every shmem file, whatever huge= says for its mount: that is about
 * what shmem allocates by itself. Memory of a higher order is for the caller to split.
 *
 * When the folio is swapped out and there is no contiguous space for it, or no
 * CONFIG_THP_SWAP, it is split.
 *
 * With @writeback, memory stays in the page cache when there is not enough swap space or the
 * write cannot be started. That is no error.
 *
 * Truncation and hole punching at the same time take effect either before the insertion or
 * after it.
 *
 * Context: Process context, may sleep. In reclaim only if that has __GFP_FS, since it needs
 * folio locks, and with @writeback also __GFP_IO. Takes the folio lock, which the caller
 * must not hold.
 *
 * Return: 0 if the memory and the caller's reference now belong to the file: up to date,
 * dirty, charged to the active or else the current task's memory cgroup. It may already have
 * been swapped out or truncated. A negative error code if it is still the caller's and all
 * as it was:
 * * -EINVAL: not a shmem file, an order that the mapping does not allow, an unaligned
 *   @index, a range beyond the file's size, memory in a zone that the mapping must not use,
 *   or memory that others know of.
 * * -EEXIST: there is a page or a swap entry in the range.
 * * -ENOMEM: the memory cgroup is at its limit, or no memory for the index.
 * * -ENOSPC, -EDQUOT: no space left in the file system.
 * * -EOPNOTSUPP: the kernel has no CONFIG_SHMEM.
 */
int shmem_insert_folio(struct file *file, struct folio *folio, unsigned int order,
		       pgoff_t index, bool writeback, gfp_t gfp)
{
	struct address_space *mapping = file->f_mapping;
	struct inode *inode = mapping->host;
	struct shmem_insert_undo undo;
	unsigned long nr;
	loff_t size;
	int err;

	if (!shmem_mapping(mapping) || order > mapping_max_folio_order(mapping) ||
	    order < mapping_min_folio_order(mapping))
		return -EINVAL;

	nr = 1UL << order;
	if (!IS_ALIGNED(index, nr) || !shmem_insert_in_size(inode, index, nr))
		return -EINVAL;

	if (folio_zonenum(folio) > gfp_zone(mapping_gfp_mask(mapping)) ||
	    !shmem_insert_isolated(folio, order) || !folio_trylock(folio))
		return -EINVAL;

	/*
	 * Blocks come first: unlike when shmem allocates, nobody fills the same place with
	 * the same at the same time, and a folio that was never seen in the page cache can
	 * be taken back without a trace.
	 */
	err = shmem_inode_acct_blocks(inode, nr);
	if (err) {
		/* Clean pages that reclaim has dropped may still be counted. */
		shmem_recalc_inode(inode, 0, 0);
		err = shmem_inode_acct_blocks(inode, nr);
		if (err)
			goto unlock;
	}

	undo.flags = folio->flags.f;
	undo.private = folio->private;
	undo.index = folio->index;
	shmem_insert_promote(folio, order, &undo);
	folio->private = NULL;
	folio_set_swapbacked(folio);
	folio_mark_uptodate(folio);
	folio_set_dirty(folio);

	gfp &= GFP_RECLAIM_MASK;
	err = mem_cgroup_charge(folio, NULL, gfp);
	if (err)
		goto demote;

	err = shmem_add_to_page_cache(folio, mapping, index, NULL, gfp);
	if (err)
		goto uncharge;

	shmem_insert_commit(folio, order, &undo);
	shmem_recalc_inode(inode, nr, 0);
	folio_add_lru(folio);

	/* A truncation may have gone past before there was anything to truncate. */
	size = i_size_read(inode);
	if (unlikely(size < folio_next_pos(folio))) {
		truncate_inode_partial_folio(folio, size, folio_next_pos(folio) - 1);
		shmem_recalc_inode(inode, 0, 0);
	}

	if (writeback && folio->mapping) {
		shmem_insert_writeback(mapping, folio, index + nr);
	} else {
		folio_unlock(folio);
		folio_put(folio);
	}
	return 0;

uncharge:
	mem_cgroup_uncharge(folio);
demote:
	shmem_insert_demote(folio, order, &undo);
	folio->private = undo.private;
	folio->index = undo.index;
	set_mask_bits(&folio->flags.f, SHMEM_INSERT_FLAGS, undo.flags & SHMEM_INSERT_FLAGS);
	/* Counts what is not there, and so gives the blocks back. */
	shmem_recalc_inode(inode, nr, 0);
unlock:
	folio_unlock(folio);
	return err;
}
EXPORT_SYMBOL_GPL(shmem_insert_folio);
