// SPDX-License-Identifier: GPL-2.0
/*
 * What the tests of backup stores and of their users share.
 */
#include <linux/export.h>
#include <linux/file.h>
#include <linux/hash.h>
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/shmem_fs.h>
#include <linux/slab.h>

#include "ttm_backup_kunit_helpers.h"

/* On the first page of a folio, and on the others. */
#define FAKE_HEAD	XA_MARK_0
#define FAKE_MOVED	XA_MARK_1

static struct fake_backup *to_fake(struct ttm_backup *backup)
{
	return container_of(backup, struct fake_backup, base);
}

/* Whether it is time to fail. */
static int fake_page(struct fake_backup *fake)
{
	if (!fake->fail_in || --fake->fail_in)
		return 0;
	if (fake->fail_on)
		fake->fail_in = 1;

	return fake->fail_with;
}

static long fake_backup_page(struct ttm_backup *backup, struct page *page,
			     pgoff_t nr, bool writeback, pgoff_t idx,
			     gfp_t alloc_gfp, unsigned long *handle)
{
	struct fake_backup *fake = to_fake(backup);
	pgoff_t i;
	int ret = 0;

	if (fake->chunk)
		nr = min_t(pgoff_t, nr, fake->chunk);
	*handle = fake->next;
	for (i = 0; i < nr; i++) {
		struct page *copy;

		ret = fake_page(fake);
		if (ret)
			break;
		copy = alloc_page(GFP_KERNEL);
		if (!copy) {
			ret = -ENOMEM;
			break;
		}
		copy_highpage(copy, page + i);
		xa_store(&fake->pages, fake->next + i, copy, GFP_KERNEL);
	}
	fake->next += i;
	/* The next piece is not consecutive. */
	if (fake->chunk)
		fake->next++;
	fake->live += i;
	fake->copied += i;

	return i ?: ret;
}

static int fake_insert_folio(struct ttm_backup *backup, struct page *page,
			     unsigned int order, bool writeback, pgoff_t idx,
			     gfp_t alloc_gfp, unsigned long *handle)
{
	struct fake_backup *fake = to_fake(backup);
	pgoff_t i, nr = 1UL << order;
	int ret;

	if (order > fake->max_order)
		return -EOPNOTSUPP;

	/* All of it fails if one page does. */
	for (i = 0; i < nr; i++) {
		ret = fake_page(fake);
		if (ret)
			return ret;
	}

	split_page(page, order);
	for (i = 0; i < nr; i++) {
		xa_store(&fake->pages, fake->next + i, page + i, GFP_KERNEL);
		xa_set_mark(&fake->pages, fake->next + i, i ? FAKE_MOVED : FAKE_HEAD);
	}
	*handle = fake->next;
	fake->next += nr;
	fake->live += nr;
	fake->moved += nr;

	return 0;
}

static long fake_copy_backed_up_page(struct ttm_backup *backup, struct page *dst,
				     unsigned long handle, pgoff_t nr, bool intr,
				     gfp_t additional_gfp)
{
	struct fake_backup *fake = to_fake(backup);
	pgoff_t i;
	int ret = 0;

	if (fake->chunk)
		nr = min_t(pgoff_t, nr, fake->chunk);
	for (i = 0; i < nr; i++) {
		struct page *copy = xa_load(&fake->pages, handle + i);

		ret = copy ? fake_page(fake) : -EINVAL;
		if (ret)
			break;
		copy_highpage(dst + i, copy);
	}
	fake->returned += i;

	return i ?: ret;
}

static void fake_drop(struct ttm_backup *backup, unsigned long handle, pgoff_t nr)
{
	struct fake_backup *fake = to_fake(backup);

	/* The first is in the middle of a folio, or the last is not its end. */
	if (xa_get_mark(&fake->pages, handle, FAKE_MOVED) ||
	    xa_get_mark(&fake->pages, handle + nr, FAKE_MOVED))
		fake->split++;

	for (; nr--; handle++) {
		struct page *copy = xa_erase(&fake->pages, handle);

		if (WARN_ON_ONCE(!copy))
			continue;
		__free_page(copy);
		fake->live--;
	}
}

static unsigned int fake_max_order(struct ttm_backup *backup)
{
	return to_fake(backup)->max_order;
}

static u64 fake_bytes_avail(struct ttm_backup *backup)
{
	return U64_MAX;
}

/* Lives in memory of the test, which has to look at it after the last put. */
static void fake_fini(struct ttm_backup *backup)
{
	struct fake_backup *fake = to_fake(backup);
	unsigned long handle;
	struct page *copy;

	xa_for_each(&fake->pages, handle, copy)
		__free_page(copy);
	xa_destroy(&fake->pages);
	if (fake->released)
		*fake->released = true;
}

static const struct ttm_backup_ops fake_backup_ops = {
	.name = "fake",
	.promises = TTM_BACKUP_RECLAIM_SAFE,
	.drop = fake_drop,
	.copy_backed_up_page = fake_copy_backed_up_page,
	.backup_page = fake_backup_page,
	.insert_folio = fake_insert_folio,
	.max_order = fake_max_order,
	.bytes_avail = fake_bytes_avail,
	.fini = fake_fini,
};

struct fake_backup *fake_backup_create(struct kunit *test, int max_order)
{
	struct fake_backup *fake;

	fake = kunit_kzalloc(test, sizeof(*fake), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, fake);

	xa_init(&fake->pages);
	fake->next = 1;
	fake->max_order = max_order;
	fake->ops = fake_backup_ops;
	if (max_order < 0) {
		fake->ops.insert_folio = NULL;
		fake->ops.max_order = NULL;
	}
	ttm_backup_init(&fake->base, &fake->ops);

	return fake;
}
EXPORT_SYMBOL_GPL(fake_backup_create);

void fake_backup_fail(struct fake_backup *fake, unsigned long in, int with)
{
	fake->fail_in = in;
	fake->fail_with = with;
	fake->fail_on = false;
}
EXPORT_SYMBOL_GPL(fake_backup_fail);

/* As a store that is full, or a system without memory. */
void fake_backup_fail_on(struct fake_backup *fake, unsigned long in, int with)
{
	fake_backup_fail(fake, in, with);
	fake->fail_on = true;
}
EXPORT_SYMBOL_GPL(fake_backup_fail_on);

/* Another word at each place of each page. */
static __no_sanitize_address u64 content_word(u64 seed, unsigned int i)
{
	return (seed + 1) * GOLDEN_RATIO_64 ^ ((u64)i << 32 | i);
}

/* Neither goes beyond its page: what KASAN would do at each word is most of a test's time. */
__no_sanitize_address void content_fill(struct page *page, u64 seed)
{
	u64 *word = kmap_local_page(page);
	unsigned int i;

	for (i = 0; i < PAGE_SIZE / sizeof(*word); i++)
		word[i] = content_word(seed, i);
	kunmap_local(word);
}
EXPORT_SYMBOL_GPL(content_fill);

__no_sanitize_address bool content_is(struct page *page, u64 seed)
{
	u64 *word = kmap_local_page(page);
	unsigned int i;

	for (i = 0; i < PAGE_SIZE / sizeof(*word); i++)
		if (word[i] != content_word(seed, i))
			break;
	kunmap_local(word);

	return i == PAGE_SIZE / sizeof(*word);
}
EXPORT_SYMBOL_GPL(content_is);

u64 content_seed(struct kunit *test)
{
	u64 seed = get_random_u64();

	kunit_info(test, "seed %#llx", seed);

	return seed;
}
EXPORT_SYMBOL_GPL(content_seed);

static void backup_file_put(void *file)
{
	fput(file);
}

/* A file in memory that can do what a store needs. */
struct file *backup_file_create(struct kunit *test, loff_t size)
{
	struct file *file;

	file = shmem_file_setup("backup file", size, EMPTY_VMA_FLAGS);
	KUNIT_ASSERT_FALSE(test, IS_ERR(file));
	file->f_mode |= FMODE_CAN_ODIRECT;
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, backup_file_put, file));

	return file;
}
EXPORT_SYMBOL_GPL(backup_file_create);

MODULE_DESCRIPTION("Helpers of the KUnit tests of TTM's backup");
MODULE_LICENSE("GPL");
