// SPDX-License-Identifier: MIT
/*
 * A backup store in shmem, from where content can be swapped out.
 */
#include <linux/export.h>
#include <linux/file.h>
#include <linux/highmem.h>
#include <linux/pagemap.h>
#include <linux/shmem_fs.h>
#include <linux/slab.h>
#include <linux/swap.h>

#include <kunit/static_stub.h>

#include <drm/drm_util.h>
#include <drm/ttm/ttm_backup.h>

#include "ttm_pool_internal.h"

/**
 * struct ttm_backup_shmem - A store in shmem
 * @base: The base.
 * @file: Holds the content of page i of the tt at index i.
 */
struct ttm_backup_shmem {
	struct ttm_backup base;
	struct file *file;
};

static struct ttm_backup_shmem *to_shmem(struct ttm_backup *backup)
{
	return container_of(backup, struct ttm_backup_shmem, base);
}

/* Index 0 has to have a handle, too, and 0 is none. */
static unsigned long index_to_handle(pgoff_t index)
{
	return index + 1;
}

static pgoff_t handle_to_index(unsigned long handle)
{
	return handle - 1;
}

static void shmem_drop(struct ttm_backup *backup, unsigned long handle,
		       pgoff_t nr)
{
	loff_t start = (loff_t)handle_to_index(handle) << PAGE_SHIFT;

	shmem_truncate_range(file_inode(to_shmem(backup)->file), start,
			     start + ((loff_t)nr << PAGE_SHIFT) - 1);
}

static long shmem_copy_backed_up_page(struct ttm_backup *backup,
				      struct page *dst, unsigned long handle,
				      pgoff_t nr, bool intr,
				      gfp_t additional_gfp)
{
	struct address_space *mapping = to_shmem(backup)->file->f_mapping;
	gfp_t gfp = mapping_gfp_mask(mapping) | additional_gfp;
	pgoff_t index = handle_to_index(handle);
	pgoff_t done = 0;

	while (done < nr) {
		struct folio *folio;
		pgoff_t end;

		if (intr && done && signal_pending(current))
			break;

		folio = shmem_read_folio_gfp(mapping, index + done, gfp);
		if (IS_ERR(folio))
			return done ?: PTR_ERR(folio);

		end = min(nr, folio_next_index(folio) - index);
		for (; done < end; done++)
			copy_highpage(dst + done,
				      folio_file_page(folio, index + done));
		folio_put(folio);
	}

	return done;
}

/* Ask for the folio to be swapped out. Takes it locked, returns it unlocked. */
static void shmem_start_writeback(struct folio *folio)
{
	bool locked = true;

	if (!folio_mapped(folio) && folio_clear_dirty_for_io(folio)) {
		/* To be freed, not aged, once it is written. */
		folio_set_reclaim(folio);
		locked = shmem_write_folio(folio) == AOP_WRITEPAGE_ACTIVATE;
		if (!folio_test_writeback(folio))
			folio_clear_reclaim(folio);
	}
	if (locked)
		folio_unlock(folio);
}

static long shmem_backup_page(struct ttm_backup *backup, struct page *page,
			      pgoff_t nr, bool writeback, pgoff_t idx,
			      gfp_t alloc_gfp, unsigned long *handle)
{
	struct address_space *mapping = to_shmem(backup)->file->f_mapping;
	pgoff_t done = 0;
	int ret = 0;

	while (done < nr) {
		struct folio *folio;
		pgoff_t end;

		if (done && ttm_backup_fault_inject_folio())
			break;

		folio = shmem_read_folio_gfp(mapping, idx + done, alloc_gfp);
		if (IS_ERR(folio)) {
			ret = PTR_ERR(folio);
			break;
		}

		folio_lock(folio);
		end = min(nr, folio_next_index(folio) - idx);
		for (; done < end; done++)
			copy_highpage(folio_file_page(folio, idx + done),
				      page + done);
		folio_mark_dirty(folio);
		folio_mark_accessed(folio);
		if (writeback)
			shmem_start_writeback(folio);
		else
			folio_unlock(folio);
		folio_put(folio);
	}

	*handle = index_to_handle(idx);
	if (done && ret && ret != -ENOMEM && ret != -ENOSPC) {
		shmem_drop(backup, *handle, done);
		done = 0;
	}

	return done ?: ret;
}

static int shmem_take_folio(struct ttm_backup *backup, struct page *page,
			    unsigned int order, bool writeback, pgoff_t idx,
			    gfp_t alloc_gfp, unsigned long *handle)
{
	int ret;

	if (ttm_backup_fault_inject_folio())
		return -ENOMEM;

	ret = shmem_insert_folio(to_shmem(backup)->file, page_folio(page),
				 order, idx, writeback, alloc_gfp);
	if (!ret)
		*handle = index_to_handle(idx);

	/*
	 * Copying a page may have brought a larger folio to the place, which nobody
	 * but this tt has: its other pages are for copying, too.
	 */
	return ret == -EINVAL || ret == -EEXIST ? -EOPNOTSUPP : ret;
}

static unsigned int shmem_max_order(struct ttm_backup *backup)
{
	return mapping_max_folio_order(to_shmem(backup)->file->f_mapping);
}

/**
 * ttm_backup_shmem_bytes_avail() - How much can be swapped out
 *
 * What is in shmem takes as much memory as it did before, until it is swapped
 * out. So only swap space counts.
 *
 * Context: Any.
 * Return: Free swap space in bytes, all of which others may take.
 */
u64 ttm_backup_shmem_bytes_avail(void)
{
	KUNIT_STATIC_STUB_REDIRECT(ttm_backup_shmem_bytes_avail);

	return (u64)get_nr_swap_pages() << PAGE_SHIFT;
}
EXPORT_SYMBOL_GPL(ttm_backup_shmem_bytes_avail);

static u64 shmem_bytes_avail(struct ttm_backup *backup)
{
	return ttm_backup_shmem_bytes_avail();
}

static void shmem_fini(struct ttm_backup *backup)
{
	struct ttm_backup_shmem *shmem = to_shmem(backup);

	fput(shmem->file);
	kfree(shmem);
}

static const struct ttm_backup_ops ttm_backup_shmem_ops = {
	.name = "shmem",
	.promises = TTM_BACKUP_RECLAIM_SAFE | TTM_BACKUP_SURVIVES_POWEROFF |
		    TTM_BACKUP_USABLE_FROZEN,
	.drop = shmem_drop,
	.copy_backed_up_page = shmem_copy_backed_up_page,
	.backup_page = shmem_backup_page,
	.insert_folio = shmem_take_folio,
	.max_order = shmem_max_order,
	.bytes_avail = shmem_bytes_avail,
	.fini = shmem_fini,
};

/**
 * ttm_backup_shmem_file() - The file behind a store in shmem
 * @size: Its size in bytes.
 *
 * A place for tests to look at the files that stores are made of.
 *
 * Context: May sleep.
 * Return: The file, or an error pointer of shmem_file_setup().
 */
struct file *ttm_backup_shmem_file(loff_t size)
{
	KUNIT_STATIC_STUB_REDIRECT(ttm_backup_shmem_file, size);

	return shmem_file_setup("ttm shmem backup", size, EMPTY_VMA_FLAGS);
}
EXPORT_SYMBOL_FOR_TESTS_ONLY(ttm_backup_shmem_file);

/**
 * ttm_backup_shmem_create() - Create a store in shmem
 * @size: The size in bytes of the tt that it is for.
 *
 * The store is for one tt: its handles are positions in the tt.
 *
 * Context: May sleep.
 * Return: The store with one reference, see ttm_backup_put(), or an error
 * pointer: -ENOMEM, -EINVAL for a size that no file can have.
 */
struct ttm_backup *ttm_backup_shmem_create(loff_t size)
{
	struct ttm_backup_shmem *shmem;

	shmem = kzalloc_obj(*shmem);
	if (!shmem)
		return ERR_PTR(-ENOMEM);

	shmem->file = ttm_backup_shmem_file(size);
	if (IS_ERR(shmem->file)) {
		struct file *file = shmem->file;

		kfree(shmem);
		return ERR_CAST(file);
	}

	ttm_backup_init(&shmem->base, &ttm_backup_shmem_ops);

	return &shmem->base;
}
EXPORT_SYMBOL_FOR_TESTS_ONLY(ttm_backup_shmem_create);
