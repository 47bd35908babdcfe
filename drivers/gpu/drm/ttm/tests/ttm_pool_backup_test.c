// SPDX-License-Identifier: GPL-2.0
/*
 * What becomes of a tt when its content goes to a store and comes back.
 */
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/vmstat.h>
#include <linux/workqueue.h>
#ifdef CONFIG_X86
#include <asm/set_memory.h>
#endif

#include <kunit/resource.h>
#include <kunit/static_stub.h>

#include <drm/ttm/ttm_backup.h>
#include <drm/ttm/ttm_pool.h>
#include <drm/ttm/ttm_tt.h>

#include "ttm_backup_kunit_helpers.h"
#include "ttm_kunit_helpers.h"

#define EXTERNAL	(TTM_TT_FLAG_EXTERNAL | TTM_TT_FLAG_EXTERNAL_MAPPABLE)

/* Folios of many orders, with the largest that the system has, as memory permits. */
#define TT_SIZE		(SZ_4M + SZ_2M + SZ_64K + SZ_4K)
#define TT_PAGES	(TT_SIZE / SZ_4K)

/* As a driver whose content can be backed up does it. */
static int test_tt_populate(struct ttm_device *bdev, struct ttm_tt *tt,
			    struct ttm_operation_ctx *ctx)
{
	if (ttm_tt_is_backed_up(tt))
		return ttm_tt_restore(bdev, tt, ctx);

	return ttm_pool_alloc(&bdev->pool, tt, ctx);
}

static void test_tt_unpopulate(struct ttm_device *bdev, struct ttm_tt *tt)
{
	ttm_pool_free(&bdev->pool, tt);
}

struct backup_test {
	struct ttm_test_devices *devs;
	struct ttm_device_funcs funcs;
	struct ttm_buffer_object *bo;
	struct ttm_tt tt;
	u64 seed;
};

static struct ttm_device *test_bdev(struct kunit *test)
{
	struct backup_test *priv = test->priv;

	return priv->devs->ttm_dev;
}

static int ttm_pool_backup_test_init(struct kunit *test)
{
	struct backup_test *priv;

	priv = kunit_kzalloc(test, sizeof(*priv), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, priv);

	priv->devs = ttm_test_devices_all(test);
	test->priv = priv;
	priv->funcs = *test_bdev(test)->funcs;
	priv->funcs.ttm_tt_populate = test_tt_populate;
	priv->funcs.ttm_tt_unpopulate = test_tt_unpopulate;
	test_bdev(test)->funcs = &priv->funcs;
	priv->seed = content_seed(test);

	return 0;
}

static void tt_free(struct kunit *test)
{
	struct backup_test *priv = test->priv;

	ttm_tt_unpopulate(test_bdev(test), &priv->tt);
	ttm_tt_fini(&priv->tt);
}

static void ttm_pool_backup_test_exit(struct kunit *test)
{
	struct backup_test *priv = test->priv;

	if (!priv)
		return;
	if (priv->tt.pages)
		tt_free(test);
	ttm_test_devices_put(test, priv->devs);
}

static int tt_populate(struct kunit *test, struct ttm_tt *tt)
{
	struct ttm_operation_ctx ctx = { .interruptible = true };

	return ttm_tt_populate(test_bdev(test), tt, &ctx);
}

static long tt_backup(struct kunit *test, struct ttm_tt *tt)
{
	return ttm_tt_backup(test_bdev(test), tt, (struct ttm_backup_flags) {});
}

static void tt_fill(struct kunit *test, struct ttm_tt *tt)
{
	struct backup_test *priv = test->priv;
	pgoff_t i;

	for (i = 0; i < tt->num_pages; i++)
		content_fill(tt->pages[i], priv->seed + i);
}

static void tt_expect_content(struct kunit *test, struct ttm_tt *tt)
{
	struct backup_test *priv = test->priv;
	pgoff_t i;

	KUNIT_ASSERT_TRUE(test, ttm_tt_is_populated(tt));
	KUNIT_ASSERT_FALSE(test, ttm_tt_is_backed_up(tt));
	for (i = 0; i < tt->num_pages; i++)
		if (!content_is(tt->pages[i], priv->seed + i)) {
			KUNIT_FAIL(test, "page %lu lost its content", i);
			break;
		}
}

/* A populated tt with content, that is backed up to @backup. Takes the reference. */
static struct ttm_tt *tt_create(struct kunit *test, size_t size,
				enum ttm_caching caching, bool dma,
				struct ttm_backup *backup)
{
	struct backup_test *priv = test->priv;
	struct ttm_tt *tt = &priv->tt;
	struct ttm_buffer_object *bo;

	bo = ttm_bo_kunit_init(test, priv->devs, size, NULL);
	priv->bo = bo;
	if (dma)
		KUNIT_ASSERT_EQ(test, 0, ttm_sg_tt_init(tt, bo, 0, caching));
	else
		KUNIT_ASSERT_EQ(test, 0, ttm_tt_init(tt, bo, 0, caching, 0));
	tt->page_flags |= EXTERNAL;
	KUNIT_ASSERT_EQ(test, 0, ttm_tt_assign_backup(tt, backup));
	ttm_backup_put(backup);
	KUNIT_ASSERT_EQ(test, 0, tt_populate(test, tt));
	tt_fill(test, tt);

	return tt;
}

static unsigned long pte_caching(struct page *page)
{
#ifdef CONFIG_X86
	unsigned int level;
	pte_t *pte = lookup_address((unsigned long)page_address(page), &level);
	unsigned long bits;

	if (!pte)
		return 0;
	bits = pte_val(*pte) & (_PAGE_PWT | _PAGE_PCD);
	if (pte_val(*pte) & (level == PG_LEVEL_4K ? _PAGE_PAT : _PAGE_PAT_LARGE))
		bits |= _PAGE_PAT;
	return bits;
#else
	return 0;
#endif
}

/* What a tt is made of, to see whether it is still the same. */
struct tt_state {
	struct page *page[TT_PAGES];
	unsigned long caching[TT_PAGES];
	unsigned long private[TT_PAGES];
	dma_addr_t dma[TT_PAGES];
	u32 page_flags;
};

static struct tt_state *tt_state_get(struct kunit *test, struct ttm_tt *tt)
{
	struct tt_state *state;
	pgoff_t i;

	state = kunit_kzalloc(test, sizeof(*state), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, state);
	KUNIT_ASSERT_LE(test, tt->num_pages, TT_PAGES);

	for (i = 0; i < tt->num_pages; i++) {
		state->page[i] = tt->pages[i];
		state->private[i] = tt->pages[i]->private;
		state->caching[i] = pte_caching(tt->pages[i]);
		state->dma[i] = tt->dma_address ? tt->dma_address[i] : 0;
	}
	state->page_flags = tt->page_flags;

	return state;
}

static void tt_expect_state(struct kunit *test, struct ttm_tt *tt,
			    struct tt_state *state)
{
	pgoff_t i;

	KUNIT_EXPECT_EQ(test, state->page_flags, tt->page_flags);
	for (i = 0; i < tt->num_pages; i++) {
		if (state->page[i] == tt->pages[i] &&
		    state->private[i] == tt->pages[i]->private &&
		    state->caching[i] == pte_caching(tt->pages[i]) &&
		    state->dma[i] == (tt->dma_address ? tt->dma_address[i] : 0))
			continue;
		KUNIT_FAIL(test, "page %lu is not as it was", i);
		break;
	}
}

struct tt_kind {
	const char *name;
	enum ttm_caching caching;
	bool dma;
	int max_order;
	unsigned int chunk;
};

static const struct tt_kind tt_kinds[] = {
	{ "cached, copied", ttm_cached, false, -1 },
	{ "cached, copied in pieces", ttm_cached, false, -1, 100 },
	{ "cached, moved", ttm_cached, false, MAX_PAGE_ORDER },
	{ "cached, moved after a split", ttm_cached, false, 3 },
	{ "cached and mapped, copied", ttm_cached, true, -1 },
	{ "cached and mapped, moved", ttm_cached, true, MAX_PAGE_ORDER },
	{ "write-combined, copied", ttm_write_combined, false, -1 },
	{ "write-combined, moved", ttm_write_combined, false, 9 },
	{ "write-combined and mapped, moved", ttm_write_combined, true, 9 },
	{ "uncached and mapped, copied", ttm_uncached, true, -1 },
};

KUNIT_ARRAY_PARAM_DESC(tt_kind, tt_kinds, name);

static struct ttm_tt *tt_of_kind(struct kunit *test, size_t size,
				 struct fake_backup **fake)
{
	const struct tt_kind *kind = test->param_value;

	*fake = fake_backup_create(test, kind->max_order);
	(*fake)->chunk = kind->chunk;

	return tt_create(test, size, kind->caching, kind->dma, &(*fake)->base);
}

/* Everything goes to the store, nothing is left there, the content is the same. */
static void backup_and_restore(struct kunit *test)
{
	const struct tt_kind *kind = test->param_value;
	struct fake_backup *fake;
	struct ttm_tt *tt = tt_of_kind(test, TT_SIZE, &fake);
	int i;

	for (i = 0; i < 2; i++) {
		KUNIT_EXPECT_EQ(test, TT_PAGES, tt_backup(test, tt));
		KUNIT_EXPECT_TRUE(test, ttm_tt_is_backed_up(tt));
		KUNIT_EXPECT_FALSE(test, ttm_tt_is_populated(tt));
		KUNIT_EXPECT_EQ(test, 0, ttm_tt_pages_retained(tt));
		KUNIT_EXPECT_EQ(test, TT_PAGES, fake->live);
		KUNIT_ASSERT_EQ(test, 0, tt_populate(test, tt));
		KUNIT_EXPECT_EQ(test, 0, fake->live);
		tt_expect_content(test, tt);
	}

	KUNIT_EXPECT_EQ(test, 0, fake->split);
	if (kind->max_order < 0)
		KUNIT_EXPECT_EQ(test, 0, fake->moved);
	else if (!kind->dma)
		KUNIT_EXPECT_EQ(test, 0, fake->copied);
}

/* A failure without progress leaves the tt as it was, in every respect. */
static void backup_fails_at_once(struct kunit *test)
{
	static const int errors[] = { -ENOMEM, -ENOSPC, -EIO, -EROFS };
	const struct tt_kind *kind = test->param_value;
	struct fake_backup *fake;
	struct ttm_tt *tt = tt_of_kind(test, TT_SIZE, &fake);
	unsigned long accounted;
	struct tt_state *state;
	int i;

	/* A folio that is too large for the store is split before that. */
	if (kind->max_order >= 0 && kind->max_order < MAX_PAGE_ORDER && !kind->dma) {
		fake_backup_fail_on(fake, 1, -EIO);
		KUNIT_EXPECT_EQ(test, -EIO, tt_backup(test, tt));
	}

	state = tt_state_get(test, tt);
	accounted = global_node_page_state(NR_GPU_ACTIVE);
	for (i = 0; i < ARRAY_SIZE(errors); i++) {
		fake_backup_fail_on(fake, 1, errors[i]);
		KUNIT_EXPECT_EQ(test, errors[i], tt_backup(test, tt));
		tt_expect_state(test, tt, state);
		KUNIT_EXPECT_EQ(test, 0, fake->live);
	}
	tt_expect_content(test, tt);
	/* Each processor may have some pages that are not yet in the sum. */
	KUNIT_EXPECT_LT(test, abs((long)(global_node_page_state(NR_GPU_ACTIVE) -
					 accounted)), SZ_1M / SZ_4K);
}

/* Back up with no room for the n-th page; @on: nor for any after it. */
static long backup_without_room(struct kunit *test, struct fake_backup *fake,
				struct ttm_tt *tt, unsigned long n, bool on)
{
	int error = n % 2 ? -ENOMEM : -ENOSPC;
	long ret;

	if (on)
		fake_backup_fail_on(fake, n, error);
	else
		fake_backup_fail(fake, n, error);
	ret = tt_backup(test, tt);
	fake->fail_in = 0;

	if (ret > 0) {
		KUNIT_EXPECT_EQ(test, ret, fake->live);
		KUNIT_EXPECT_EQ(test, tt->num_pages - ret, ttm_tt_pages_retained(tt));
		KUNIT_EXPECT_FALSE(test, ttm_tt_is_populated(tt));
		return ret;
	}

	KUNIT_EXPECT_EQ(test, error, ret);
	KUNIT_EXPECT_EQ(test, 0, fake->live);
	KUNIT_EXPECT_TRUE(test, ttm_tt_is_populated(tt));
	return 0;
}

/*
 * Room runs out at the n-th page, for each n: what is stored stays stored, the rest
 * can be stored by another attempt, and the content is right after one and after two.
 */
static void backup_in_parts(struct kunit *test)
{
	const size_t size = SZ_64K + SZ_32K + SZ_4K;
	struct fake_backup *fake;
	struct ttm_tt *tt = tt_of_kind(test, size, &fake);
	unsigned int partly = 0;
	unsigned long n;
	unsigned int how;

	for (n = 1; n <= tt->num_pages; n++) {
		for (how = 0; how < 4; how++) {
			long stored = backup_without_room(test, fake, tt, n, how & 1);

			partly += stored && stored < tt->num_pages;
			/* Where only a folio finds no room its pages still do. */
			if (!(how & 1) && fake->max_order >= 0)
				KUNIT_EXPECT_GE(test, stored, tt->num_pages - 1);
			if (how & 2) {
				if (stored < tt->num_pages)
					stored += tt_backup(test, tt);
				KUNIT_EXPECT_EQ(test, tt->num_pages, stored);
				KUNIT_EXPECT_EQ(test, 0, ttm_tt_pages_retained(tt));
				KUNIT_EXPECT_EQ(test, tt->num_pages, fake->live);
			}
			KUNIT_ASSERT_EQ(test, 0, tt_populate(test, tt));
			tt_expect_content(test, tt);
			KUNIT_EXPECT_EQ(test, 0, fake->live);
		}
	}
	KUNIT_EXPECT_GT(test, partly, 0);
}

/* An error that has nothing to do with room: what was stored is kept all the same. */
static void backup_breaks_off(struct kunit *test)
{
	const size_t size = SZ_64K + SZ_32K + SZ_4K;
	struct fake_backup *fake;
	struct ttm_tt *tt = tt_of_kind(test, size, &fake);
	unsigned long n;

	for (n = 1; n <= tt->num_pages; n++) {
		long ret;

		fake_backup_fail_on(fake, n, -EIO);
		ret = tt_backup(test, tt);
		KUNIT_EXPECT_TRUE(test, ret > 0 || ret == -EIO);
		KUNIT_EXPECT_EQ(test, max(ret, 0L), fake->live);
		fake->fail_in = 0;
		KUNIT_ASSERT_EQ(test, 0, tt_populate(test, tt));
		tt_expect_content(test, tt);
	}
}

/* A restore that is interrupted at the n-th page, for each n, can be taken up again. */
static void restore_interrupted(struct kunit *test)
{
	const size_t size = SZ_64K + SZ_32K + SZ_4K;
	struct fake_backup *fake;
	struct ttm_tt *tt = tt_of_kind(test, size, &fake);
	unsigned long n;
	bool drop;

	for (n = 1; n <= tt->num_pages; n++) {
		for (drop = false; ; drop = true) {
			KUNIT_ASSERT_EQ(test, tt->num_pages, tt_backup(test, tt));
			fake_backup_fail_on(fake, n, -EINTR);
			KUNIT_EXPECT_EQ(test, -EINTR, tt_populate(test, tt));
			fake->fail_in = 0;
			KUNIT_EXPECT_TRUE(test, ttm_tt_is_backed_up(tt));
			/* It cannot go back to the store now. */
			KUNIT_EXPECT_EQ(test, -EBUSY, tt_backup(test, tt));
			KUNIT_EXPECT_EQ(test, 0, ttm_tt_pages_retained(tt));
			if (drop)
				break;
			KUNIT_ASSERT_EQ(test, 0, tt_populate(test, tt));
			KUNIT_EXPECT_EQ(test, 0, fake->live);
			KUNIT_EXPECT_EQ(test, 0, fake->split);
			tt_expect_content(test, tt);
		}
		ttm_tt_discard_backup(tt);
		fake->split = 0;
		KUNIT_EXPECT_EQ(test, 0, fake->live);
		KUNIT_ASSERT_EQ(test, 0, tt_populate(test, tt));
		tt_fill(test, tt);
	}
}

#ifdef CONFIG_FAULT_INJECTION
/* Folios that a tt of pages that were allocated one by one, not for DMA, is made of. */
static unsigned int tt_folios(struct ttm_tt *tt)
{
	unsigned int nr = 0;
	pgoff_t i;

	for (i = 0; i < tt->num_pages; i += 1UL << tt->pages[i]->private)
		nr++;

	return nr;
}

/*
 * Content comes back to smaller pages than it left, as an allocation fails: it is the
 * same, and no folio in the store is cut up for that. Which allocations can fail is set
 * in debugfs, for failslab and fail_page_alloc.
 */
static void restore_to_smaller_pages(struct kunit *test)
{
	const struct tt_kind *kind = test->param_value;
	struct fake_backup *fake;
	struct ttm_tt *tt = tt_of_kind(test, TT_SIZE, &fake);
	unsigned int folios = tt_folios(tt);
	unsigned int n, fired = 0, smaller = 0;
	/* Pages of other caching may have come from the pool. */
	bool wanted = tt->caching == ttm_cached && folios < tt->num_pages;

	/* A kernel that looks for errors allocates more along with each page. */
	for (n = 1; n <= 6 || (wanted && !smaller && n <= 60); n++) {
		int ret;

		/* How large pages are if none fails: others need memory, too. */
		if (n == 1 || n > 6) {
			KUNIT_ASSERT_EQ(test, TT_PAGES, tt_backup(test, tt));
			KUNIT_ASSERT_EQ(test, 0, tt_populate(test, tt));
			folios = tt_folios(tt);
		}
		KUNIT_ASSERT_EQ(test, TT_PAGES, tt_backup(test, tt));
		current->fail_nth = n;
		ret = tt_populate(test, tt);
		fired += !READ_ONCE(current->fail_nth);
		current->fail_nth = 0;
		KUNIT_ASSERT_TRUE(test, !ret || ret == -ENOMEM || ret == -EINTR);
		KUNIT_ASSERT_EQ(test, 0, tt_populate(test, tt));
		smaller += tt_folios(tt) > folios;
		KUNIT_EXPECT_EQ(test, 0, fake->live);
		/* A folio in the page cache is no larger than that. */
		if (kind->max_order <= (int)MAX_PAGECACHE_ORDER)
			KUNIT_EXPECT_EQ(test, 0, fake->split);
		tt_expect_content(test, tt);
	}
	if (fired && wanted)
		KUNIT_EXPECT_GT(test, smaller, 0);
	kunit_info(test, "%u allocations failed, %u times to smaller pages", fired, smaller);
}
#endif

/* Nothing is left behind when a tt goes away, whatever state it is in. */
static void tt_gone(struct kunit *test)
{
	struct backup_test *priv = test->priv;
	const size_t size = SZ_64K + SZ_32K + SZ_4K;
	unsigned long before = global_node_page_state(NR_GPU_ACTIVE);
	/* Where each access is checked one round is enough, and takes as long. */
	const unsigned int rounds = IS_ENABLED(CONFIG_KASAN) ? 1 : 40;
	unsigned int i;

	for (i = 0; i < 5 * rounds; i++) {
		struct fake_backup *fake;
		struct ttm_tt *tt = tt_of_kind(test, size, &fake);
		unsigned int state = i % 5;
		bool released = false;

		fake->released = &released;
		if (state == 2)
			fake_backup_fail_on(fake, 20, -ENOMEM);
		if (state)
			KUNIT_EXPECT_GT(test, tt_backup(test, tt), 0);
		if (state == 3 || state == 4) {
			fake_backup_fail_on(fake, state == 3 ? 1 : 18, -EINTR);
			KUNIT_EXPECT_EQ(test, -EINTR, tt_populate(test, tt));
		}
		tt_free(test);
		KUNIT_EXPECT_EQ_MSG(test, 0, fake->live, "state %u", state);
		KUNIT_EXPECT_TRUE(test, released);
	}
	memset(&priv->tt, 0, sizeof(priv->tt));
	/* Each processor may have some pages that are not yet in the sum. */
	KUNIT_EXPECT_LT(test, abs((long)(global_node_page_state(NR_GPU_ACTIVE) - before)),
			320);
}

/* Purging drops what is in the store and frees what is not. */
static void purge(struct kunit *test)
{
	const size_t size = SZ_64K + SZ_32K + SZ_4K;
	const struct ttm_backup_flags flags = { .purge = true };
	struct fake_backup *fake;
	struct ttm_tt *tt = tt_of_kind(test, size, &fake);
	long stored;

	KUNIT_EXPECT_EQ(test, tt->num_pages,
			ttm_tt_backup(test_bdev(test), tt, flags));
	KUNIT_EXPECT_EQ(test, 0, fake->copied + fake->moved);
	ttm_tt_discard_backup(tt);

	KUNIT_ASSERT_EQ(test, 0, tt_populate(test, tt));
	fake_backup_fail_on(fake, 20, -ENOMEM);
	stored = tt_backup(test, tt);
	KUNIT_ASSERT_GT(test, stored, 0);
	fake->fail_in = 0;
	KUNIT_EXPECT_EQ(test, tt->num_pages - stored,
			ttm_tt_backup(test_bdev(test), tt, flags));
	KUNIT_EXPECT_EQ(test, 0, fake->live);
	ttm_tt_discard_backup(tt);

	KUNIT_ASSERT_EQ(test, 0, tt_populate(test, tt));
	tt_fill(test, tt);
	tt_expect_content(test, tt);
}

static unsigned int asked;

static u64 ask_bytes_avail(struct ttm_backup *backup)
{
	asked++;

	return 0;
}

/* A store that is full says so, and the tt is as it was. */
static void store_full(struct kunit *test)
{
	struct fake_backup *fake = fake_backup_create(test, MAX_PAGE_ORDER);
	const struct ttm_backup_ops *ops = fake->base.ops;
	struct ttm_backup_ops full = *ops;
	struct tt_state *state;
	struct ttm_tt *tt;

	full.bytes_avail = ask_bytes_avail;
	tt = tt_create(test, SZ_64K, ttm_write_combined, false, &fake->base);
	state = tt_state_get(test, tt);
	fake->base.ops = &full;
	KUNIT_EXPECT_EQ(test, -ENOSPC, tt_backup(test, tt));
	fake->base.ops = ops;
	tt_expect_state(test, tt, state);
	tt_expect_content(test, tt);
}

/* A store that is not made for it is not even asked from reclaim. */
static void store_not_for_reclaim(struct kunit *test)
{
	struct fake_backup *fake = fake_backup_create(test, -1);
	const struct ttm_backup_ops *usual = fake->base.ops;
	struct ttm_backup_ops ops = *usual;
	unsigned int noreclaim;
	struct ttm_tt *tt;
	long ret;

	ops.promises &= ~TTM_BACKUP_RECLAIM_SAFE;
	ops.bytes_avail = ask_bytes_avail;
	tt = tt_create(test, SZ_64K, ttm_cached, false, &fake->base);
	fake->base.ops = &ops;

	asked = 0;
	noreclaim = memalloc_noreclaim_save();
	ret = tt_backup(test, tt);
	memalloc_noreclaim_restore(noreclaim);
	KUNIT_EXPECT_EQ(test, -EBUSY, ret);
	KUNIT_EXPECT_EQ(test, 0, asked);
	KUNIT_EXPECT_EQ(test, 0, fake->copied);

	fake->base.ops = usual;
	KUNIT_EXPECT_EQ(test, tt->num_pages, tt_backup(test, tt));
	fake->base.ops = &ops;
	noreclaim = memalloc_noreclaim_save();
	ret = ttm_tt_backup(test_bdev(test), tt, (struct ttm_backup_flags) { .purge = true });
	memalloc_noreclaim_restore(noreclaim);
	fake->base.ops = usual;
	KUNIT_EXPECT_EQ(test, -EBUSY, ret);
	KUNIT_EXPECT_EQ(test, tt->num_pages, fake->live);

	KUNIT_ASSERT_EQ(test, 0, tt_populate(test, tt));
	tt_expect_content(test, tt);
}

/* A store that knows where it was released. */
struct watched_store {
	struct ttm_backup base;
	struct ttm_backup_ops ops;
	bool released;
	bool in_reclaim;
};

static void watched_fini(struct ttm_backup *backup)
{
	struct watched_store *store = container_of(backup, struct watched_store, base);

	store->released = true;
	store->in_reclaim = current->flags & PF_MEMALLOC;
}

/* The helpers' devices leave out the first. */
static void tt_fini_and_free(struct ttm_device *bdev, struct ttm_tt *tt)
{
	ttm_tt_fini(tt);
	kfree(tt);
}

static struct ttm_buffer_object *bo_with_store(struct kunit *test,
					       struct ttm_backup *backup)
{
	struct ttm_place place = { .mem_type = TTM_PL_SYSTEM };
	struct backup_test *priv = test->priv;
	struct ttm_buffer_object *bo;

	bo = ttm_bo_kunit_init(test, priv->devs, SZ_64K, NULL);
	bo->type = ttm_bo_type_device;
	KUNIT_ASSERT_EQ(test, 0, ttm_resource_alloc(bo, &place, &bo->resource, NULL));
	dma_resv_lock(bo->base.resv, NULL);
	KUNIT_EXPECT_EQ(test, 0, ttm_tt_create(bo, false));
	if (bo->ttm) {
		bo->ttm->page_flags |= EXTERNAL;
		KUNIT_EXPECT_EQ(test, 0, ttm_tt_assign_backup(bo->ttm, backup));
	}
	dma_resv_unlock(bo->base.resv);

	return bo;
}

/* Reclaim can put the last reference, but does not come to a store that is not for it. */
static void gone_in_reclaim(struct kunit *test)
{
	static const u32 promises[] = { 0, TTM_BACKUP_RECLAIM_SAFE };
	struct backup_test *priv = test->priv;
	struct watched_store *store;
	unsigned int i, noreclaim;

	priv->funcs.ttm_tt_destroy = tt_fini_and_free;
	store = kunit_kcalloc(test, ARRAY_SIZE(promises), sizeof(*store), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, store);
	for (i = 0; i < ARRAY_SIZE(promises); i++, store++) {
		struct ttm_buffer_object *bo;

		store->ops.promises = promises[i];
		store->ops.fini = watched_fini;
		ttm_backup_init(&store->base, &store->ops);
		bo = bo_with_store(test, &store->base);
		ttm_backup_put(&store->base);
		KUNIT_EXPECT_FALSE(test, store->released);

		noreclaim = memalloc_noreclaim_save();
		ttm_bo_fini(bo);
		memalloc_noreclaim_restore(noreclaim);
		drain_workqueue(test_bdev(test)->wq);
		KUNIT_EXPECT_TRUE(test, store->released);
		if (!promises[i])
			KUNIT_EXPECT_FALSE(test, store->in_reclaim);
		else if (!want_init_on_free())
			KUNIT_EXPECT_TRUE(test, store->in_reclaim);
	}
}

/* Another store only for a tt that has nothing in the one it has. */
static void assign_backup(struct kunit *test)
{
	struct fake_backup *one = fake_backup_create(test, -1);
	struct fake_backup *two = fake_backup_create(test, -1);
	struct ttm_tt *tt = tt_create(test, SZ_64K, ttm_cached, false, &one->base);
	bool released[2] = {};

	one->released = &released[0];
	two->released = &released[1];

	KUNIT_ASSERT_GT(test, tt_backup(test, tt), 0);
	KUNIT_EXPECT_EQ(test, -EBUSY, ttm_tt_assign_backup(tt, &two->base));
	fake_backup_fail_on(one, 3, -EINTR);
	KUNIT_EXPECT_EQ(test, -EINTR, tt_populate(test, tt));
	one->fail_in = 0;
	KUNIT_EXPECT_EQ(test, -EBUSY, ttm_tt_assign_backup(tt, &two->base));
	KUNIT_ASSERT_EQ(test, 0, tt_populate(test, tt));
	KUNIT_EXPECT_EQ(test, 0, ttm_tt_assign_backup(tt, &two->base));
	KUNIT_EXPECT_TRUE(test, released[0]);
	KUNIT_EXPECT_FALSE(test, released[1]);

	KUNIT_ASSERT_GT(test, tt_backup(test, tt), 0);
	KUNIT_EXPECT_EQ(test, tt->num_pages, two->live);
	ttm_backup_put(&two->base);
	KUNIT_EXPECT_FALSE(test, released[1]);
	KUNIT_ASSERT_EQ(test, 0, tt_populate(test, tt));
	tt_expect_content(test, tt);

	/* It goes away with the tt, later than this stack. */
	two->released = NULL;
	tt->page_flags &= ~TTM_TT_FLAG_EXTERNAL_MAPPABLE;
	KUNIT_EXPECT_EQ(test, -EINVAL, ttm_tt_assign_backup(tt, &one->base));
}

static struct file *no_file(loff_t size)
{
	return ERR_PTR(-ENOMEM);
}

static u64 no_swap_space(void)
{
	return 0;
}

static u64 much_swap_space(void)
{
	return SZ_1G;
}

/* A tt that was made without a store gets one when it is to be backed up. */
static void store_made_late(struct kunit *test)
{
	struct ttm_tt *tt = tt_create(test, SZ_64K, ttm_cached, false, NULL);
	struct tt_state *state = tt_state_get(test, tt);

	kunit_activate_static_stub(test, ttm_backup_shmem_bytes_avail, no_swap_space);
	KUNIT_EXPECT_EQ(test, -ENOSPC, tt_backup(test, tt));
	KUNIT_EXPECT_NULL(test, tt->backup);

	kunit_activate_static_stub(test, ttm_backup_shmem_bytes_avail, much_swap_space);
	kunit_activate_static_stub(test, ttm_backup_shmem_file, no_file);
	KUNIT_EXPECT_EQ(test, -ENOMEM, tt_backup(test, tt));
	KUNIT_EXPECT_NULL(test, tt->backup);
	tt_expect_state(test, tt, state);
	tt_expect_content(test, tt);
	kunit_deactivate_static_stub(test, ttm_backup_shmem_file);

	KUNIT_EXPECT_EQ(test, tt->num_pages, tt_backup(test, tt));
	KUNIT_EXPECT_TRUE(test, ttm_tt_is_backed_up(tt));
	KUNIT_ASSERT_EQ(test, 0, tt_populate(test, tt));
	tt_expect_content(test, tt);
}

static struct kunit_case ttm_pool_backup_cases[] = {
	KUNIT_CASE_PARAM(backup_and_restore, tt_kind_gen_params),
	KUNIT_CASE_PARAM(backup_fails_at_once, tt_kind_gen_params),
	KUNIT_CASE_PARAM(backup_in_parts, tt_kind_gen_params),
	KUNIT_CASE_PARAM(backup_breaks_off, tt_kind_gen_params),
	KUNIT_CASE_PARAM(restore_interrupted, tt_kind_gen_params),
#ifdef CONFIG_FAULT_INJECTION
	KUNIT_CASE_PARAM(restore_to_smaller_pages, tt_kind_gen_params),
#endif
	KUNIT_CASE_PARAM(tt_gone, tt_kind_gen_params),
	KUNIT_CASE_PARAM(purge, tt_kind_gen_params),
	KUNIT_CASE(store_full),
	KUNIT_CASE(store_not_for_reclaim),
	KUNIT_CASE(gone_in_reclaim),
	KUNIT_CASE(assign_backup),
	KUNIT_CASE(store_made_late),
	{}
};

static struct kunit_suite ttm_pool_backup_suite = {
	.name = "ttm_pool_backup",
	.init = ttm_pool_backup_test_init,
	.exit = ttm_pool_backup_test_exit,
	.test_cases = ttm_pool_backup_cases,
};

kunit_test_suites(&ttm_pool_backup_suite);

MODULE_DESCRIPTION("KUnit tests for the backup of tts");
MODULE_LICENSE("GPL");
