// SPDX-License-Identifier: GPL-2.0
/*
 * What any backup store has to do, for each of them.
 */
#include <linux/mm.h>
#include <linux/prandom.h>
#include <linux/sched/mm.h>

#include <kunit/static_stub.h>

#include <drm/ttm/ttm_backup.h>
#include <drm/ttm/ttm_pool.h>
#include <drm/ttm/ttm_tt.h>

#include "ttm_backup_kunit_helpers.h"
#include "ttm_kunit_helpers.h"

#define STORE_SIZE	SZ_8M
#define STORE_PAGES	(STORE_SIZE / SZ_4K)
#define WALK_STEPS	(IS_ENABLED(CONFIG_KASAN) ? 1000 : 10000)

enum store_kind { STORE_FAKE, STORE_SHMEM, STORE_FILE };

static const struct {
	const char *name;
	enum store_kind kind;
} stores[] = {
	{ "fake", STORE_FAKE },
	{ "shmem", STORE_SHMEM },
	{ "file", STORE_FILE },
};

KUNIT_ARRAY_PARAM_DESC(stores, stores, name);

struct store_test {
	struct ttm_test_devices *devs;
	struct ttm_backup *store;
	struct rnd_state rnd;
	u64 seed;
};

static u64 swap_is_there(void)
{
	return SZ_1G;
}

static int ttm_backup_test_init(struct kunit *test)
{
	enum store_kind kind = *(const enum store_kind *)
		((const char *)test->param_value + offsetof(typeof(stores[0]), kind));
	struct store_test *priv;

	priv = kunit_kzalloc(test, sizeof(*priv), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, priv);
	test->priv = priv;
	priv->devs = ttm_test_devices_all(test);
	kunit_activate_static_stub(test, ttm_backup_shmem_bytes_avail,
				   swap_is_there);

	switch (kind) {
	case STORE_FAKE:
		priv->store = &fake_backup_create(test, 4)->base;
		break;
	case STORE_SHMEM:
		priv->store = ttm_backup_shmem_create(STORE_SIZE);
		break;
	case STORE_FILE:
		priv->store = ttm_backup_file_create(backup_file_create(test, STORE_SIZE),
						     STORE_SIZE);
		break;
	}
	KUNIT_ASSERT_FALSE(test, IS_ERR(priv->store));
	priv->seed = content_seed(test);
	prandom_seed_state(&priv->rnd, priv->seed);

	return 0;
}

static void ttm_backup_test_exit(struct kunit *test)
{
	struct store_test *priv = test->priv;

	if (!priv)
		return;
	if (!IS_ERR(priv->store))
		ttm_backup_put(priv->store);
	ttm_test_devices_put(test, priv->devs);
}

static struct page *pages_create(struct kunit *test, unsigned int order)
{
	struct page *page = alloc_pages(GFP_KERNEL, order);

	KUNIT_ASSERT_NOT_NULL(test, page);

	return page;
}

/* Copies in and out, of one page and of more than one call takes. */
static void store_copies(struct kunit *test)
{
	struct store_test *priv = test->priv;
	static const unsigned int orders[] = { 0, 1, 3, 9 };
	unsigned long *handle;
	unsigned int k;

	handle = kunit_kcalloc(test, 512, sizeof(*handle), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, handle);

	for (k = 0; k < ARRAY_SIZE(orders); k++) {
		pgoff_t i, nr = 1UL << orders[k];
		struct page *page = pages_create(test, orders[k]);
		long done, ret;

		for (i = 0; i < nr; i++)
			content_fill(page + i, priv->seed + i);
		for (done = 0; done < nr; done += ret) {
			ret = ttm_backup_backup_pages(priv->store, page + done,
						      nr - done, false, done,
						      GFP_KERNEL, &handle[done]);
			KUNIT_ASSERT_GT(test, ret, 0);
			KUNIT_ASSERT_NE(test, 0, handle[done]);
			for (i = 1; i < ret; i++)
				handle[done + i] = handle[done] + i;
		}
		if (ttm_backup_promises(priv->store, TTM_BACKUP_SURVIVES_POWEROFF))
			KUNIT_EXPECT_EQ(test, 0, ttm_backup_sync(priv->store));

		/* Each page by itself, then as many as come; twice, for they stay. */
		for (i = 0; i < nr; i++) {
			clear_highpage(page + i);
			ret = ttm_backup_copy_pages(priv->store, page + i, handle[i],
						    1, true, 0);
			KUNIT_ASSERT_EQ(test, 1, ret);
			KUNIT_ASSERT_TRUE(test, content_is(page + i, priv->seed + i));
			clear_highpage(page + i);
		}
		for (done = 0; done < nr; done += ret) {
			for (i = done; i < nr && handle[i] == handle[done] + i - done; i++)
				;
			ret = ttm_backup_copy_pages(priv->store, page + done,
						    handle[done], i - done, true, 0);
			KUNIT_ASSERT_GT(test, ret, 0);
			KUNIT_ASSERT_LE(test, ret, i - done);
		}
		for (i = 0; i < nr; i++)
			KUNIT_ASSERT_TRUE(test, content_is(page + i, priv->seed + i));
		for (i = 0; i < nr; i++)
			ttm_backup_drop(priv->store, handle[i], 1);
		__free_pages(page, orders[k]);
	}
}

static void store_takes_folios(struct kunit *test)
{
	struct store_test *priv = test->priv;
	unsigned int max = ttm_backup_max_order(priv->store);
	struct page *dst = pages_create(test, max);
	unsigned int order;
	unsigned long handle;
	struct page *page;
	pgoff_t i;

	if (!priv->store->ops->insert_folio) {
		page = pages_create(test, 0);
		KUNIT_EXPECT_EQ(test, -EOPNOTSUPP,
				ttm_backup_insert_folio(priv->store, page, 0, false, 0,
							GFP_KERNEL, &handle));
		__free_pages(page, 0);
		__free_pages(dst, max);
		kunit_skip(test, "this store copies");
	}

	for (order = 0; order <= max; order++) {
		page = pages_create(test, order);
		for (i = 0; i < 1UL << order; i++)
			content_fill(page + i, priv->seed + i);
		KUNIT_ASSERT_EQ(test, 0,
				ttm_backup_insert_folio(priv->store, page, order, false,
							1UL << order, GFP_KERNEL,
							&handle));
		KUNIT_ASSERT_EQ(test, 1UL << order,
				ttm_backup_copy_pages(priv->store, dst, handle,
						      1UL << order, true, 0));
		for (i = 0; i < 1UL << order; i++)
			KUNIT_ASSERT_TRUE(test, content_is(dst + i, priv->seed + i));
		ttm_backup_drop(priv->store, handle, 1UL << order);
	}

	if (max < MAX_PAGE_ORDER) {
		page = pages_create(test, max + 1);
		KUNIT_EXPECT_EQ(test, -EOPNOTSUPP,
				ttm_backup_insert_folio(priv->store, page, max + 1,
							false, 0, GFP_KERNEL, &handle));
		__free_pages(page, max + 1);
	}
	__free_pages(dst, max);
}

/* What is known of the walk's store: handle and seed of each position, if any. */
struct walk {
	unsigned long handle[STORE_PAGES];
	u64 content[STORE_PAGES];
	struct page *buffer;
	pgoff_t live;
};

#define WALK_ORDER	4

static u32 walk_below(struct store_test *priv, u32 limit)
{
	return prandom_u32_state(&priv->rnd) % limit;
}

static void walk_store(struct kunit *test, struct walk *walk, pgoff_t at, pgoff_t nr)
{
	struct store_test *priv = test->priv;
	unsigned long handle;
	pgoff_t i;
	long ret;

	for (i = 0; i < nr; i++) {
		if (walk->handle[at + i])
			break;
		walk->content[at + i] = prandom_u32_state(&priv->rnd);
		content_fill(walk->buffer + i, walk->content[at + i]);
	}
	if (!i)
		return;

	ret = ttm_backup_backup_pages(priv->store, walk->buffer, i, false, at,
				      GFP_KERNEL, &handle);
	if (ret < 0) {
		KUNIT_ASSERT_EQ(test, -ENOSPC, ret);
		return;
	}
	KUNIT_ASSERT_LE(test, ret, i);
	while (ret--)
		walk->handle[at + ret] = handle + ret;
}

static void walk_move(struct kunit *test, struct walk *walk, pgoff_t at)
{
	struct store_test *priv = test->priv;
	unsigned int order = walk_below(priv, WALK_ORDER + 1);
	pgoff_t i, nr = 1UL << order;
	unsigned long handle;
	struct page *page;

	at = round_down(at, nr);
	for (i = 0; i < nr; i++)
		if (walk->handle[at + i])
			return;

	page = pages_create(test, order);
	for (i = 0; i < nr; i++) {
		walk->content[at + i] = prandom_u32_state(&priv->rnd);
		content_fill(page + i, walk->content[at + i]);
	}
	if (ttm_backup_insert_folio(priv->store, page, order, false, at, GFP_KERNEL,
				    &handle)) {
		__free_pages(page, order);
		return;
	}
	for (i = 0; i < nr; i++)
		walk->handle[at + i] = handle + i;
}

static pgoff_t walk_run(struct walk *walk, pgoff_t at, pgoff_t nr)
{
	pgoff_t i;

	for (i = 0; i < nr && walk->handle[at + i]; i++)
		if (walk->handle[at + i] != walk->handle[at] + i)
			break;

	return i;
}

static void walk_check(struct kunit *test, struct walk *walk, pgoff_t at, pgoff_t nr)
{
	struct store_test *priv = test->priv;
	long ret;

	nr = walk_run(walk, at, nr);
	if (!nr)
		return;
	ret = ttm_backup_copy_pages(priv->store, walk->buffer, walk->handle[at], nr,
				    true, 0);
	KUNIT_ASSERT_GT(test, ret, 0);
	while (ret--)
		KUNIT_ASSERT_TRUE_MSG(test, content_is(walk->buffer + ret,
						       walk->content[at + ret]),
				      "position %lu", at + ret);
}

static void walk_drop(struct kunit *test, struct walk *walk, pgoff_t at, pgoff_t nr)
{
	struct store_test *priv = test->priv;

	nr = walk_run(walk, at, nr);
	ttm_backup_drop(priv->store, walk->handle[at], nr);
	memset(&walk->handle[at], 0, nr * sizeof(walk->handle[0]));
}

/* Whatever the order of operations, the store has what the model of it has. */
static void store_walk(struct kunit *test)
{
	struct store_test *priv = test->priv;
	struct walk *walk = kvzalloc_obj(*walk);
	unsigned int step;
	pgoff_t at;

	KUNIT_ASSERT_NOT_NULL(test, walk);
	walk->buffer = pages_create(test, WALK_ORDER);

	for (step = 0; step < WALK_STEPS; step++) {
		pgoff_t nr = 1 + walk_below(priv, 1U << WALK_ORDER);

		at = walk_below(priv, STORE_PAGES - (1U << WALK_ORDER));
		switch (walk_below(priv, 8)) {
		case 0:
		case 1:
			walk_store(test, walk, at, nr);
			break;
		case 2:
			walk_move(test, walk, at);
			break;
		case 3:
		case 4:
		case 5:
			walk_check(test, walk, at, nr);
			break;
		case 6:
			walk_drop(test, walk, at, nr);
			break;
		default:
			if (step % 64 == 0)
				KUNIT_ASSERT_EQ(test, 0, ttm_backup_sync(priv->store));
		}
	}

	for (at = 0; at < STORE_PAGES; at++) {
		walk_check(test, walk, at, 1);
		walk_drop(test, walk, at, 1);
	}
	__free_pages(walk->buffer, WALK_ORDER);
	kvfree(walk);
}

static int walk_tt_populate(struct ttm_device *bdev, struct ttm_tt *tt,
			    struct ttm_operation_ctx *ctx)
{
	return ttm_tt_is_backed_up(tt) ? ttm_tt_restore(bdev, tt, ctx) :
					 ttm_pool_alloc(&bdev->pool, tt, ctx);
}

static void walk_tt_unpopulate(struct ttm_device *bdev, struct ttm_tt *tt)
{
	ttm_pool_free(&bdev->pool, tt);
}

static struct ttm_device_funcs walk_funcs;

/* A populated tt that is backed up to the store. */
static void tt_in_front(struct kunit *test, struct ttm_tt *tt, size_t size)
{
	struct store_test *priv = test->priv;
	struct ttm_device *bdev = priv->devs->ttm_dev;
	struct ttm_operation_ctx ctx = {};
	struct ttm_buffer_object *bo;

	walk_funcs = *bdev->funcs;
	walk_funcs.ttm_tt_populate = walk_tt_populate;
	walk_funcs.ttm_tt_unpopulate = walk_tt_unpopulate;
	bdev->funcs = &walk_funcs;
	bo = ttm_bo_kunit_init(test, priv->devs, size, NULL);
	KUNIT_ASSERT_EQ(test, 0, ttm_tt_init(tt, bo, TTM_TT_FLAG_EXTERNAL |
					     TTM_TT_FLAG_EXTERNAL_MAPPABLE,
					     ttm_cached, 0));
	KUNIT_ASSERT_EQ(test, 0, ttm_tt_assign_backup(tt, priv->store));
	KUNIT_ASSERT_EQ(test, 0, ttm_tt_populate(bdev, tt, &ctx));
}

/* The same for a tt in front of the store: backed up, restored, or dropped. */
static void store_tt_walk(struct kunit *test)
{
	const struct ttm_backup_flags flags = {};
	struct store_test *priv = test->priv;
	struct ttm_device *bdev = priv->devs->ttm_dev;
	struct ttm_operation_ctx ctx = { .interruptible = true };
	struct ttm_tt tt = {};
	unsigned int step;
	u64 *content;
	pgoff_t i;

	tt_in_front(test, &tt, SZ_256K + SZ_64K + SZ_4K);
	content = kunit_kcalloc(test, tt.num_pages, sizeof(*content), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, content);
	for (i = 0; i < tt.num_pages; i++)
		content_fill(tt.pages[i], content[i]);

	for (step = 0; step < WALK_STEPS; step++) {
		i = walk_below(priv, tt.num_pages);
		switch (walk_below(priv, 9) / 2) {
		case 0:
			if (!ttm_tt_is_populated(&tt))
				break;
			content[i] = prandom_u32_state(&priv->rnd);
			content_fill(tt.pages[i], content[i]);
			break;
		case 1:
			if (!ttm_tt_is_populated(&tt) && !ttm_tt_pages_retained(&tt))
				break;
			KUNIT_ASSERT_GT(test, ttm_tt_backup(bdev, &tt, flags), 0);
			break;
		case 2:
			KUNIT_ASSERT_EQ(test, 0, ttm_tt_populate(bdev, &tt, &ctx));
			break;
		case 4:
			if (!ttm_tt_is_backed_up(&tt))
				break;
			ttm_tt_discard_backup(&tt);
			KUNIT_ASSERT_EQ(test, 0, ttm_tt_populate(bdev, &tt, &ctx));
			for (i = 0; i < tt.num_pages; i++) {
				content[i] = prandom_u32_state(&priv->rnd);
				content_fill(tt.pages[i], content[i]);
			}
			break;
		default:
			if (!ttm_tt_is_populated(&tt))
				break;
			KUNIT_ASSERT_TRUE(test, content_is(tt.pages[i], content[i]));
		}
	}

	KUNIT_ASSERT_EQ(test, 0, ttm_tt_populate(bdev, &tt, &ctx));
	for (i = 0; i < tt.num_pages; i++)
		KUNIT_ASSERT_TRUE(test, content_is(tt.pages[i], content[i]));
	ttm_tt_unpopulate(bdev, &tt);
	ttm_tt_fini(&tt);
}

#ifdef CONFIG_FAULT_INJECTION
/*
 * The n-th allocation fails, for each n until there are not so many: nothing is lost.
 * Which allocations can fail is set in debugfs, for failslab and fail_page_alloc.
 */
static void store_allocation_fails(struct kunit *test)
{
	struct store_test *priv = test->priv;
	const unsigned int order = 3;
	struct page *dst = pages_create(test, order);
	unsigned int n, failed = 0, quiet = 0;
	bool fired;
	pgoff_t i;

	/* By turns moved and copied: both have to come to an end without a failure. */
	for (n = 1; quiet < 2 && n << order < STORE_PAGES; n++) {
		struct page *page = pages_create(test, order);
		unsigned long handle[8];
		bool moved = false;
		long done = 0, ret = 0;

		for (i = 0; i < 1UL << order; i++)
			content_fill(page + i, priv->seed + n + i);

		current->fail_nth = n;
		if (n % 2)
			ret = ttm_backup_insert_folio(priv->store, page, order, false,
						      n << order, GFP_KERNEL, handle);
		moved = n % 2 && !ret;
		while (!moved && done < 1UL << order) {
			ret = ttm_backup_backup_pages(priv->store, page + done,
						      (1UL << order) - done, false,
						      (n << order) + done, GFP_KERNEL,
						      &handle[done]);
			if (ret < 0)
				break;
			for (i = 1; i < ret; i++)
				handle[done + i] = handle[done] + i;
			done += ret;
		}
		fired = !READ_ONCE(current->fail_nth);
		current->fail_nth = 0;
		failed += fired;
		quiet = fired ? 0 : quiet + 1;
		if (ret < 0)
			KUNIT_EXPECT_TRUE(test, ret == -ENOMEM || ret == -ENOSPC);

		if (moved) {
			done = 1UL << order;
			for (i = 1; i < done; i++)
				handle[i] = handle[0] + i;
		} else {
			/* Still there, whatever became of the attempts. */
			for (i = 0; i < 1UL << order; i++)
				KUNIT_ASSERT_TRUE(test, content_is(page + i,
								   priv->seed + n + i));
			__free_pages(page, order);
		}
		for (i = 0; i < done; i++) {
			KUNIT_ASSERT_EQ(test, 1,
					ttm_backup_copy_pages(priv->store, dst, handle[i],
							      1, true, 0));
			KUNIT_ASSERT_TRUE(test, content_is(dst, priv->seed + n + i));
			ttm_backup_drop(priv->store, handle[i], 1);
		}
	}
	__free_pages(dst, order);
	kunit_info(test, "%u allocations failed", failed);
}
#endif

#ifdef CONFIG_FAULT_INJECTION
/* The same for a tt: in its backup, and in its restore, each of which is tried again. */
static void store_tt_allocation_fails(struct kunit *test)
{
	const struct ttm_backup_flags flags = {};
	struct store_test *priv = test->priv;
	struct ttm_device *bdev = priv->devs->ttm_dev;
	struct ttm_operation_ctx ctx = { .interruptible = true, .gfp_retry_mayfail = true };
	unsigned int n, failed = 0, quiet = 0;
	struct ttm_tt tt = {};
	bool fired[2];
	pgoff_t i;
	long ret;

	tt_in_front(test, &tt, SZ_64K + SZ_4K);
	for (i = 0; i < tt.num_pages; i++)
		content_fill(tt.pages[i], priv->seed + i);

	for (n = 1; quiet < 2 && n < 1000; n++) {
		current->fail_nth = n;
		ret = ttm_tt_backup(bdev, &tt, flags);
		fired[0] = !READ_ONCE(current->fail_nth);
		current->fail_nth = 0;
		KUNIT_ASSERT_TRUE(test, ret > 0 || ret == -ENOMEM);
		if (ret < (long)tt.num_pages)
			KUNIT_ASSERT_GT(test, ttm_tt_backup(bdev, &tt, flags), 0);
		KUNIT_ASSERT_EQ(test, 0, ttm_tt_pages_retained(&tt));

		current->fail_nth = n;
		ret = ttm_tt_populate(bdev, &tt, &ctx);
		fired[1] = !READ_ONCE(current->fail_nth);
		current->fail_nth = 0;
		KUNIT_ASSERT_TRUE(test, !ret || ret == -ENOMEM || ret == -EINTR);
		KUNIT_ASSERT_EQ(test, 0, ttm_tt_populate(bdev, &tt, &ctx));

		for (i = 0; i < tt.num_pages; i++)
			KUNIT_ASSERT_TRUE(test, content_is(tt.pages[i], priv->seed + i));
		failed += fired[0] + fired[1];
		quiet = fired[0] || fired[1] ? 0 : quiet + 1;
	}
	KUNIT_EXPECT_EQ(test, 2, quiet);
	kunit_info(test, "%u allocations failed", failed);
	ttm_tt_unpopulate(bdev, &tt);
	ttm_tt_fini(&tt);
}
#endif

static struct kunit_case ttm_backup_cases[] = {
	KUNIT_CASE_PARAM(store_copies, stores_gen_params),
	KUNIT_CASE_PARAM(store_takes_folios, stores_gen_params),
	KUNIT_CASE_PARAM(store_walk, stores_gen_params),
	KUNIT_CASE_PARAM(store_tt_walk, stores_gen_params),
#ifdef CONFIG_FAULT_INJECTION
	KUNIT_CASE_PARAM(store_allocation_fails, stores_gen_params),
	KUNIT_CASE_PARAM(store_tt_allocation_fails, stores_gen_params),
#endif
	{}
};

static struct kunit_suite ttm_backup_suite = {
	.name = "ttm_backup",
	.init = ttm_backup_test_init,
	.exit = ttm_backup_test_exit,
	.test_cases = ttm_backup_cases,
};

kunit_test_suites(&ttm_backup_suite);

MODULE_DESCRIPTION("KUnit tests for TTM's backup stores");
MODULE_LICENSE("GPL");
