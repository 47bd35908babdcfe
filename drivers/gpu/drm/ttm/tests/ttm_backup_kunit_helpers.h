/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A backup store that keeps content in memory and fails on request, content that
 * can be told apart, and a file that can be made to fail.
 */
#ifndef TTM_BACKUP_KUNIT_HELPERS_H
#define TTM_BACKUP_KUNIT_HELPERS_H

#include <linux/fs.h>
#include <linux/xarray.h>

#include <kunit/test.h>

#include <drm/ttm/ttm_backup.h>

/**
 * struct fake_backup - A store for tests
 * @base: The base.
 * @ops: Its operations.
 * @pages: Content by handle. The index of a moved folio is marked FAKE_MOVED for all of
 * its pages.
 * @next: The next handle.
 * @live: Pages it has.
 * @max_order: Folios it takes; less than 0 for a store that copies.
 * @chunk: Pages that one call copies at most, 0 for all.
 * @fail_in: The n-th page from now on fails, with @fail_with; 0 for none.
 * @fail_on: All pages after this one fail, too.
 * @fail_with: The error.
 * @copied: Pages that were copied in.
 * @moved: Pages that were moved in.
 * @returned: Pages that were copied back.
 * @split: Drops that cut a folio.
 * @released: Set by the last put, if not NULL.
 */
struct fake_backup {
	struct ttm_backup base;
	struct ttm_backup_ops ops;
	struct xarray pages;
	unsigned long next;
	unsigned long live;
	int max_order;
	unsigned int chunk;
	unsigned long fail_in;
	bool fail_on;
	int fail_with;
	unsigned long copied;
	unsigned long moved;
	unsigned long returned;
	unsigned long split;
	bool *released;
};

struct fake_backup *fake_backup_create(struct kunit *test, int max_order);
void fake_backup_fail(struct fake_backup *fake, unsigned long in, int with);
void fake_backup_fail_on(struct fake_backup *fake, unsigned long in, int with);

void content_fill(struct page *page, u64 seed);
bool content_is(struct page *page, u64 seed);
u64 content_seed(struct kunit *test);

struct file *backup_file_create(struct kunit *test, loff_t size);

#endif
