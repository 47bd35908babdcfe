// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of shmem_insert_folio().
 *
 * Memory that was refused must come back to the last bit: the struct pages are compared
 * byte by byte. Loaded from within a memory cgroup the suite also watches its counters;
 * with a limit on it, and with swap space, more tests run.
 */

#include <kunit/test.h>

#include <linux/anon_inodes.h>
#include <linux/delay.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/highmem.h>
#include <linux/kthread.h>
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mount.h>
#include <linux/pagemap.h>
#include <linux/prandom.h>
#include <linux/random.h>
#include <linux/sched/mm.h>
#include <linux/shmem_fs.h>
#include <linux/swap.h>
#include <linux/vmstat.h>

#define FILE_PAGES	(8UL << MAX_PAGECACHE_ORDER)
/* Enough to fill the level of the index that an order 0 file would not have. */
#define FAR_PAGES	BIT(18)
#define TEST_GFP	(GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN)

static ulong seed;
module_param(seed, ulong, 0444);
MODULE_PARM_DESC(seed, "of all random numbers; 0 takes a new one");

static char *reclaim;
module_param(reclaim, charp, 0444);
MODULE_PARM_DESC(reclaim, "memory.reclaim of the memory cgroup that loads the module");

/* Of the task that loads the module; the thread of a test has neither it nor its files. */
static struct mem_cgroup *loader_memcg;
static struct file *reclaim_file;

/* Memory as a driver has it, or an error has given it back. */
struct memory {
	struct folio *folio;
	unsigned int order;
	u64 id;
	struct page *before;
};

struct insert_test {
	struct rnd_state rnd;
	struct file *file;
	u64 last_id;
};

struct usage {
	long file_pages, shmem, thps;
	unsigned long alloced, swapped, nrpages;
	blkcnt_t blocks;
};

struct variant {
	unsigned int order;
	bool compound;
};

static u32 random_below(struct insert_test *t, u32 n)
{
	return prandom_u32_state(&t->rnd) % n;
}

static pgoff_t random_index(struct insert_test *t, unsigned int order)
{
	return (pgoff_t)random_below(t, FILE_PAGES >> order) << order;
}

static loff_t pos_of(pgoff_t index)
{
	return (loff_t)index << PAGE_SHIFT;
}

static u64 next_word(u64 word)
{
	return word * 0x5851f42d4c957f2dULL + 0x14057b7ef767814fULL;
}

static void fill_page(struct page *page, u64 id)
{
	u64 *words = kmap_local_page(page);
	u64 word = id ^ seed;
	unsigned int i;

	for (i = 0; i < PAGE_SIZE / sizeof(*words); i++) {
		word = next_word(word);
		words[i] = word;
	}
	kunmap_local(words);
}

static bool page_holds(struct page *page, u64 id)
{
	u64 *words = kmap_local_page(page);
	u64 word = id ^ seed;
	unsigned int i;

	for (i = 0; i < PAGE_SIZE / sizeof(*words); i++) {
		word = next_word(word);
		if (words[i] != word)
			break;
	}
	kunmap_local(words);
	return i == PAGE_SIZE / sizeof(*words);
}

static bool page_is_zero(struct page *page)
{
	void *addr = kmap_local_page(page);
	bool zero = !memchr_inv(addr, 0, PAGE_SIZE);

	kunmap_local(addr);
	return zero;
}

static struct memory get_memory(struct kunit *test, unsigned int order, bool compound)
{
	struct insert_test *t = test->priv;
	struct memory m = { .order = order, .id = t->last_id + 1 };
	struct page *page;
	unsigned long i;

	page = alloc_pages(GFP_KERNEL | __GFP_NOWARN | __GFP_RETRY_MAYFAIL |
			   (compound ? __GFP_COMP : 0), order);
	KUNIT_ASSERT_NOT_NULL_MSG(test, page, "no memory of order %u", order);

	for (i = 0; i < 1UL << order; i++)
		fill_page(page + i, ++t->last_id);

	/* What a driver keeps there, and what earlier owners may have left behind. */
	set_page_private(page, prandom_u32_state(&t->rnd) | 1);
	for (i = 0; i < 1UL << order && (!i || !compound); i++) {
		page[i].lru.next = (void *)((ulong)prandom_u32_state(&t->rnd) << 1);
		page[i].lru.prev = (void *)(ulong)prandom_u32_state(&t->rnd);
		page[i].__folio_index = prandom_u32_state(&t->rnd);
	}
	m.folio = (struct folio *)page;
	return m;
}

/* The allocator takes it back at the order that it gave it out. */
static void put_memory(struct kunit *test, struct memory *m)
{
	KUNIT_EXPECT_EQ(test, folio_ref_count(m->folio), 1);
	__free_pages(&m->folio->page, m->order);
	m->folio = NULL;
}

static void remember_pages(struct kunit *test, struct memory *m)
{
	size_t size = sizeof(struct page) << m->order;

	m->before = kvmalloc(size, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, m->before);
	memcpy(m->before, &m->folio->page, size);
}

static void expect_same_pages(struct kunit *test, struct memory *m)
{
	struct page *page = &m->folio->page;
	const u8 *now, *was;
	unsigned long i;
	size_t byte;

	for (i = 0; i < 1UL << m->order; i++) {
		if (!memcmp(page + i, m->before + i, sizeof(*page)))
			continue;
		now = (u8 *)(page + i);
		was = (u8 *)(m->before + i);
		for (byte = 0; now[byte] == was[byte]; byte++)
			;
		KUNIT_FAIL(test, "order %u: page %lu differs at byte %zu: %*ph, was %*ph",
			   m->order, i, byte, (int)(sizeof(*page) - byte), now + byte,
			   (int)(sizeof(*page) - byte), was + byte);
		break;
	}
	kvfree(m->before);
	m->before = NULL;
}

/* Counters of the machine, without waiting for what is still with some CPU. */
static long node_count(enum node_stat_item item)
{
	long sum = atomic_long_read(&vm_node_stat[item]);
#ifdef CONFIG_SMP
	int nid, cpu;

	for_each_online_node(nid)
		for_each_online_cpu(cpu)
			sum += per_cpu_ptr(NODE_DATA(nid)->per_cpu_nodestats,
					   cpu)->vm_node_stat_diff[item];
#endif
	return sum;
}

static struct usage usage_of(struct file *file)
{
	struct inode *inode = file_inode(file);
	struct shmem_inode_info *info = SHMEM_I(inode);

	return (struct usage){
		.file_pages = node_count(NR_FILE_PAGES),
		.shmem = node_count(NR_SHMEM),
		.thps = node_count(NR_SHMEM_THPS),
		.alloced = info->alloced,
		.swapped = info->swapped,
		.nrpages = inode->i_mapping->nrpages,
		.blocks = inode->i_blocks,
	};
}

/* Others may have files as well: whether the machine's counters agree, too, is returned. */
static bool expect_usage(struct kunit *test, struct file *file, struct usage was,
			 unsigned long more, unsigned int order)
{
	struct usage now = usage_of(file);

	KUNIT_EXPECT_EQ(test, now.alloced, was.alloced + more);
	KUNIT_EXPECT_EQ(test, now.swapped, was.swapped);
	KUNIT_EXPECT_EQ(test, now.nrpages, was.nrpages + more);
	KUNIT_EXPECT_EQ(test, now.blocks, was.blocks + more * (PAGE_SIZE / SECTOR_SIZE));

	return now.file_pages == was.file_pages + more && now.shmem == was.shmem + more &&
	       now.thps == was.thps + (order && order >= PMD_ORDER ? more : 0);
}

/* Read page @index of the file by way of the page cache. */
static struct page *read_page(struct kunit *test, struct file *file, pgoff_t index)
{
	struct folio *folio = shmem_read_folio_gfp(file->f_mapping, index,
						   mapping_gfp_mask(file->f_mapping));

	KUNIT_ASSERT_FALSE_MSG(test, IS_ERR(folio), "index %lu: error %ld", index,
			       PTR_ERR(folio));
	return folio_file_page(folio, index);
}

static void expect_content(struct kunit *test, struct file *file, pgoff_t index,
			   unsigned long nr, u64 id)
{
	unsigned long i, bad = 0;

	for (i = 0; i < nr; i++) {
		struct page *page = read_page(test, file, index + i);

		if (!page_holds(page, id + i) && !bad++)
			KUNIT_FAIL(test, "index %lu holds something else", index + i);
		put_page(page);
	}
	KUNIT_EXPECT_EQ_MSG(test, bad, 0, "of %lu pages at %lu", nr, index);
}

static void expect_zero(struct kunit *test, struct file *file, pgoff_t index, unsigned long nr)
{
	unsigned long i, bad = 0;

	for (i = 0; i < nr; i++) {
		struct page *page = read_page(test, file, index + i);

		bad += !page_is_zero(page);
		put_page(page);
	}
	KUNIT_EXPECT_EQ_MSG(test, bad, 0, "pages with content after a truncation at %lu", index);
}

static void drop(struct file *file, pgoff_t index, unsigned long nr)
{
	shmem_truncate_range(file_inode(file), pos_of(index), pos_of(index + nr) - 1);
}

static int insert(struct file *file, struct memory *m, pgoff_t index, bool writeback)
{
	return shmem_insert_folio(file, m->folio, m->order, index, writeback, TEST_GFP);
}

static void expect_inserted(struct kunit *test, struct file *file, struct memory *m,
			    pgoff_t index, bool writeback)
{
	KUNIT_ASSERT_EQ_MSG(test, insert(file, m, index, writeback), 0, "order %u at %lu",
			    m->order, index);
	m->folio = NULL;
}

/* An attempt that fails and leaves nothing behind, in the file or in the memory. */
static void expect_refused(struct kunit *test, struct file *file, struct memory *m,
			   pgoff_t index, int error)
{
	bool shmem = shmem_mapping(file->f_mapping);
	struct usage was = {};
	int ret;

	if (shmem)
		was = usage_of(file);
	remember_pages(test, m);
	ret = insert(file, m, index, false);
	KUNIT_EXPECT_EQ_MSG(test, ret, error, "order %u at %lu", m->order, index);
	if (!ret)
		m->folio = NULL;
	KUNIT_ASSERT_NOT_NULL(test, m->folio);
	expect_same_pages(test, m);
	KUNIT_EXPECT_TRUE(test, page_holds(&m->folio->page, m->id));
	KUNIT_EXPECT_TRUE(test, page_holds(folio_page(m->folio, (1UL << m->order) - 1),
					   m->id + (1UL << m->order) - 1));
	if (shmem)
		expect_usage(test, file, was, 0, 0);
}

static void refuse(struct kunit *test, struct file *file, unsigned int order, bool compound,
		   pgoff_t index, int error)
{
	struct memory m = get_memory(test, order, compound);

	expect_refused(test, file, &m, index, error);
	put_memory(test, &m);
}

static void put_file(void *file)
{
	fput(file);
}

static struct file *adopt_file(struct kunit *test, struct file *file)
{
	KUNIT_ASSERT_FALSE_MSG(test, IS_ERR(file), "error %ld", PTR_ERR(file));
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, put_file, file), 0);
	return file;
}

static struct file *new_file(struct kunit *test, unsigned long pages, vma_flags_t flags)
{
	return adopt_file(test, shmem_file_setup("shmem_insert", pos_of(pages), flags));
}

static unsigned int top_order(void)
{
	return IS_ENABLED(CONFIG_TRANSPARENT_HUGEPAGE) ? MAX_PAGECACHE_ORDER : 0;
}

/* All orders, as plain pages and as a folio. */
static struct variant following(struct variant v)
{
	if (v.order && !v.compound)
		return (struct variant){ .order = v.order, .compound = true };
	return (struct variant){ .order = v.order + 1 };
}

static const struct variant first;

static bool valid(struct variant v)
{
	return v.order <= top_order();
}

static const void *next_variant(struct kunit *test, const void *last, char *text)
{
	static struct variant v;

	v = last ? following(v) : first;
	if (!valid(v))
		return NULL;
	snprintf(text, KUNIT_PARAM_DESC_SIZE, "order %u%s", v.order,
		 v.compound ? " compound" : "");
	return &v;
}

/* Insertion, and what follows from it. */

static void check_folio(struct kunit *test, struct file *file, struct folio *folio,
			unsigned int order, pgoff_t index)
{
	struct page *page = &folio->page;
	unsigned long i;

	KUNIT_EXPECT_EQ(test, folio_order(folio), order);
	KUNIT_EXPECT_PTR_EQ(test, folio->mapping, file->f_mapping);
	KUNIT_EXPECT_EQ(test, folio->index, index);
	KUNIT_EXPECT_NULL(test, folio->private);
	KUNIT_EXPECT_TRUE(test, folio_test_uptodate(folio));
	KUNIT_EXPECT_TRUE(test, folio_test_dirty(folio));
	KUNIT_EXPECT_TRUE(test, folio_test_swapbacked(folio));
	KUNIT_EXPECT_FALSE(test, folio_test_locked(folio));
	KUNIT_EXPECT_TRUE(test, mem_cgroup_disabled() || folio_memcg_charged(folio));

	for (i = 1; i < 1UL << order; i++) {
		if (!PageTail(page + i) || compound_head(page + i) != page ||
		    (i > 2 && page_private(page + i))) {
			KUNIT_FAIL(test, "page %lu is no good tail", i);
			break;
		}
	}
	if (order)
		KUNIT_EXPECT_TRUE(test, folio_test_large_rmappable(folio));
	if (order > 1)
		KUNIT_EXPECT_TRUE(test, list_empty(&folio->_deferred_list));
}

static void shmem_insert_orders(struct kunit *test)
{
	const struct variant v = *(const struct variant *)test->param_value;
	struct insert_test *t = test->priv;
	unsigned long nr = 1UL << v.order;
	bool others = true;
	int i;

	for (i = 0; i < 5 && others; i++) {
		struct memory m = get_memory(test, v.order, v.compound);
		pgoff_t index = random_index(t, v.order);
		struct folio *folio = m.folio;
		struct usage was = usage_of(t->file);
		struct page *page;

		expect_inserted(test, t->file, &m, index, false);
		others = !expect_usage(test, t->file, was, nr, v.order);

		page = read_page(test, t->file, index);
		KUNIT_EXPECT_PTR_EQ(test, page, &folio->page);
		check_folio(test, t->file, folio, v.order, index);
		/* The file's, ours, and perhaps that of a list on its way to the LRU. */
		KUNIT_EXPECT_GE(test, folio_ref_count(folio), nr + 1);
		KUNIT_EXPECT_LE(test, folio_ref_count(folio), nr + 2);
		put_page(page);
		expect_content(test, t->file, index, nr, m.id);

		drop(t->file, index, nr);
		others |= !expect_usage(test, t->file, was, 0, 0);
	}
	KUNIT_EXPECT_FALSE_MSG(test, others, "counters of the machine are off every time");
}

static void shmem_insert_truncate_part(struct kunit *test)
{
	const struct variant v = *(const struct variant *)test->param_value;
	struct insert_test *t = test->priv;
	unsigned long nr = 1UL << v.order;
	struct memory m = get_memory(test, v.order, v.compound);
	pgoff_t index = random_index(t, v.order);
	unsigned long from = random_below(t, nr), count = 1 + random_below(t, nr - from);
	struct usage was = usage_of(t->file);

	expect_inserted(test, t->file, &m, index, false);
	drop(t->file, index + from, count);
	expect_content(test, t->file, index, from, m.id);
	expect_zero(test, t->file, index + from, count);
	expect_content(test, t->file, index + from + count, nr - from - count,
		       m.id + from + count);
	drop(t->file, index, nr);
	expect_usage(test, t->file, was, 0, 0);
}

static void shmem_insert_shrink_file(struct kunit *test)
{
	const struct variant v = *(const struct variant *)test->param_value;
	struct insert_test *t = test->priv;
	unsigned long nr = 1UL << v.order, kept = random_below(t, nr);
	struct memory m = get_memory(test, v.order, v.compound);
	struct usage was = usage_of(t->file);

	expect_inserted(test, t->file, &m, nr, false);
	KUNIT_ASSERT_EQ(test, vfs_truncate(&t->file->f_path, pos_of(nr + kept)), 0);
	refuse(test, t->file, v.order, v.compound, nr, -EINVAL);
	KUNIT_ASSERT_EQ(test, vfs_truncate(&t->file->f_path, pos_of(FILE_PAGES)), 0);
	expect_content(test, t->file, nr, kept, m.id);
	expect_zero(test, t->file, nr + kept, nr - kept);
	drop(t->file, nr, nr);
	expect_usage(test, t->file, was, 0, 0);
}

/* What is refused. */

static void shmem_insert_bad_range(struct kunit *test)
{
	struct insert_test *t = test->priv;
	struct variant v;

	for (v = first; valid(v); v = following(v)) {
		unsigned long nr = 1UL << v.order;
		struct file *small = new_file(test, nr, EMPTY_VMA_FLAGS);
		struct memory m = get_memory(test, v.order, v.compound);

		if (v.order) {
			expect_refused(test, t->file, &m, 1, -EINVAL);
			expect_refused(test, t->file, &m, nr / 2, -EINVAL);
			expect_refused(test, t->file, &m, nr + random_below(t, nr - 1) + 1,
				       -EINVAL);
		}
		expect_refused(test, t->file, &m, FILE_PAGES, -EINVAL);
		expect_refused(test, t->file, &m, 0UL - nr, -EINVAL);
		expect_refused(test, small, &m, nr, -EINVAL);
		/* The last byte is missing. */
		KUNIT_ASSERT_EQ(test, vfs_truncate(&small->f_path, pos_of(nr) - 1), 0);
		expect_refused(test, small, &m, 0, -EINVAL);
		KUNIT_ASSERT_EQ(test, vfs_truncate(&small->f_path, pos_of(nr)), 0);
		expect_inserted(test, small, &m, 0, false);
		expect_content(test, small, 0, nr, m.id);
	}
}

static void shmem_insert_bad_order(struct kunit *test)
{
	struct insert_test *t = test->priv;
	struct memory m = get_memory(test, 0, false);
	unsigned int order;

	/* Not looked at closely: nothing else of this memory is there. */
	for (order = top_order() + 1; order < 200; order++)
		KUNIT_EXPECT_EQ(test, shmem_insert_folio(t->file, m.folio, order, 0, false,
							 TEST_GFP), -EINVAL);
	put_memory(test, &m);

	for (order = top_order() + 1; order <= MAX_PAGE_ORDER; order++) {
		refuse(test, t->file, order, false, 0, -EINVAL);
		refuse(test, t->file, order, true, 0, -EINVAL);
	}

	/* A folio says itself how large it is. */
	m = get_memory(test, 2, true);
	m.order = 1;
	expect_refused(test, t->file, &m, 0, -EINVAL);
	m.order = 2;
	put_memory(test, &m);
}

static void shmem_insert_bad_mapping(struct kunit *test)
{
	static const struct file_operations none;
	struct file *other = adopt_file(test, anon_inode_getfile("[shmem_insert]", &none,
								 NULL, O_RDONLY));
	struct file *limited = new_file(test, FILE_PAGES, EMPTY_VMA_FLAGS);
	struct file *low = new_file(test, FILE_PAGES, EMPTY_VMA_FLAGS);
	struct variant v;

	mapping_set_folio_order_range(limited->f_mapping, 0, 3);
	if (IS_ENABLED(CONFIG_ZONE_DMA))
		mapping_set_gfp_mask(low->f_mapping, GFP_KERNEL | GFP_DMA);

	for (v = first; valid(v); v = following(v)) {
		struct memory m = get_memory(test, v.order, v.compound);

		expect_refused(test, other, &m, 0, -EINVAL);
		if (IS_ENABLED(CONFIG_ZONE_DMA) && folio_zonenum(m.folio))
			expect_refused(test, low, &m, 0, -EINVAL);
		if (v.order > 3) {
			expect_refused(test, limited, &m, 0, -EINVAL);
			put_memory(test, &m);
		} else {
			expect_inserted(test, limited, &m, 0, false);
			drop(limited, 0, 1UL << v.order);
		}
	}

	mapping_set_folio_order_range(limited->f_mapping, 0, 0);
	refuse(test, limited, 1, false, 0, -EINVAL);
	refuse(test, limited, MAX_PAGECACHE_ORDER, true, 0, -EINVAL);
}

static void shmem_insert_bad_memory(struct kunit *test)
{
	struct insert_test *t = test->priv;
	/* Without transparent huge pages no folio is large. */
	const unsigned int order = min(2, top_order());
	struct memory m = get_memory(test, order, false);
	struct folio *folio = m.folio;
	pgoff_t index;
	int i;

	folio_lock(folio);
	expect_refused(test, t->file, &m, 0, -EINVAL);
	folio_unlock(folio);

	/* The file's already. */
	expect_inserted(test, t->file, &m, 0, false);
	KUNIT_EXPECT_EQ(test, shmem_insert_folio(t->file, folio, order, 4, false, TEST_GFP),
			-EINVAL);
	expect_content(test, t->file, 0, 1UL << order, m.id);
	drop(t->file, 0, 1UL << order);

	/* Single pages next to each other. */
	m = get_memory(test, 2, false);
	split_page(&m.folio->page, 2);
	expect_refused(test, t->file, &m, 0, -EINVAL);
	for (i = 0, index = 0; i < 4; i++) {
		struct memory single = { .folio = (struct folio *)folio_page(m.folio, i),
					 .id = m.id + i };

		if (i & 1)
			put_memory(test, &single);
		else
			expect_inserted(test, t->file, &single, index++, false);
	}
	expect_content(test, t->file, 0, 1, m.id);
	expect_content(test, t->file, 1, 1, m.id + 2);
	drop(t->file, 0, 2);
}

static void shmem_insert_occupied(struct kunit *test)
{
	struct insert_test *t = test->priv;
	struct variant v;

	for (v = first; valid(v); v = following(v)) {
		unsigned long nr = 1UL << v.order;
		pgoff_t index = random_index(t, v.order);
		const pgoff_t places[] = {
			index, index + nr - 1, index + random_below(t, nr),
		};
		struct memory m = get_memory(test, v.order, v.compound);
		int i;

		for (i = 0; i < ARRAY_SIZE(places); i++) {
			struct memory there = get_memory(test, 0, false);

			expect_inserted(test, t->file, &there, places[i], false);
			expect_refused(test, t->file, &m, index, -EEXIST);
			expect_content(test, t->file, places[i], 1, there.id);
			drop(t->file, places[i], 1);
		}

		/* And the other way round: a part of what is there. */
		expect_inserted(test, t->file, &m, index, false);
		refuse(test, t->file, 0, false, places[2], -EEXIST);
		refuse(test, t->file, v.order, v.compound, index, -EEXIST);
		expect_content(test, t->file, index, nr, m.id);
		drop(t->file, index, nr);
	}
}

static void unmount(void *mnt)
{
	mntput(mnt);
}

static struct file *mounted_file(struct kunit *test, const char *options)
{
	char *data = kunit_kzalloc(test, 64, GFP_KERNEL);
	struct vfsmount *mnt;

	KUNIT_ASSERT_NOT_NULL(test, data);
	strscpy(data, options, 64);
	mnt = vfs_kern_mount(get_fs_type("tmpfs"), 0, "shmem_insert", data);
	KUNIT_ASSERT_FALSE_MSG(test, IS_ERR(mnt), "tmpfs with %s: error %ld", options,
			       PTR_ERR(mnt));
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, unmount, mnt), 0);
	return adopt_file(test, shmem_file_setup_with_mnt(mnt, "shmem_insert",
							  pos_of(FILE_PAGES),
							  EMPTY_VMA_FLAGS));
}

static void shmem_insert_no_space(struct kunit *test)
{
	struct file *file;
	struct variant v;

	if (!IS_ENABLED(CONFIG_TMPFS))
		kunit_skip(test, "no tmpfs to set a limit on");

	/* One page less than four of the largest folios. */
	file = mounted_file(test, "size=8188k");
	for (v = first; valid(v); v = following(v)) {
		unsigned long nr = 1UL << v.order, fits = (2048 - 1) / nr, i;
		struct usage was = usage_of(file);

		if (fits > 64)
			continue;
		for (i = 0; i < fits; i++) {
			struct memory m = get_memory(test, v.order, v.compound);

			expect_inserted(test, file, &m, i * nr, false);
		}
		refuse(test, file, v.order, v.compound, fits * nr, -ENOSPC);
		drop(file, 0, fits * nr);
		expect_usage(test, file, was, 0, 0);
	}
}

/* Running out of memory at every step. */

static unsigned long memcg_pages(void)
{
#ifdef CONFIG_MEMCG
	if (loader_memcg)
		return page_counter_read(&loader_memcg->memory);
#endif
	return 0;
}

static unsigned long memcg_max(void)
{
#ifdef CONFIG_MEMCG
	if (loader_memcg && !mem_cgroup_is_root(loader_memcg))
		return READ_ONCE(loader_memcg->memory.max);
#endif
	return PAGE_COUNTER_MAX;
}

/* CPUs keep some charge in stock, and what is not pages of files is charged as well. */
static unsigned long memcg_slack(void)
{
	return 1024 + 128 * num_possible_cpus();
}

static void shmem_insert_memcg(struct kunit *test)
{
	struct insert_test *t = test->priv;
	unsigned long was, now, i;
	struct variant v;

	if (!memcg_pages() || mem_cgroup_is_root(loader_memcg))
		kunit_skip(test, "not loaded from within a memory cgroup");

	for (v = first; valid(v); v = following(v)) {
		unsigned long nr = 1UL << v.order;

		if (v.order < 7)
			continue;
		was = memcg_pages();
		for (i = 0; i < FILE_PAGES / nr; i++) {
			struct memory m = get_memory(test, v.order, v.compound);

			expect_inserted(test, t->file, &m, i * nr, false);
		}
		now = memcg_pages();
		KUNIT_EXPECT_GE(test, now, was + FILE_PAGES - memcg_slack());
		for (i = 0; i < FILE_PAGES / nr; i++)
			refuse(test, t->file, v.order, v.compound, i * nr, -EEXIST);
		KUNIT_EXPECT_LE(test, memcg_pages(), now + memcg_slack());
		drop(t->file, 0, FILE_PAGES);
		KUNIT_EXPECT_LE(test, memcg_pages(), was + memcg_slack());
	}
}

static void shmem_insert_memcg_limit(struct kunit *test)
{
	struct insert_test *t = test->priv;
	struct file *file = new_file(test, FAR_PAGES, mk_vma_flags(VMA_NORESERVE_BIT));
	struct usage was = usage_of(file);
	unsigned long max = memcg_max();
	struct variant v;

	if (max > FAR_PAGES / 2)
		kunit_skip(test, "not loaded from a memory cgroup with a limit below %lu pages",
			   FAR_PAGES / 2);
	if (get_nr_swap_pages() > 0)
		kunit_skip(test, "swap space would take what is over the limit");

	for (v = first; valid(v); v = following(v)) {
		unsigned long nr = 1UL << v.order, i;
		struct memory m;
		int ret = 0;

		/* One page at a time takes too long. */
		if (v.order && v.order < 4)
			continue;
		for (i = 0; i < max / nr + 1; i++) {
			m = get_memory(test, v.order, v.compound);
			remember_pages(test, &m);
			ret = insert(file, &m, i * nr, false);
			if (ret)
				break;
			kvfree(m.before);
		}
		KUNIT_ASSERT_EQ_MSG(test, ret, -ENOMEM, "order %u", v.order);
		expect_same_pages(test, &m);
		put_memory(test, &m);
		expect_usage(test, file, was, i * nr, v.order);
		drop(file, 0, i * nr);
		expect_usage(test, file, was, 0, 0);
		KUNIT_EXPECT_LT(test, memcg_pages(), max);
	}
	kunit_info(test, "limit of %lu pages reached with %llu pages of memory\n", max,
		   t->last_id);
}

#ifdef CONFIG_FAULT_INJECTION
/*
 * Fails the nth allocation of this task in shmem_insert_folio(). With a probability of 100
 * for tasks that ask for it, which is for user space to set, all later ones fail, too; a
 * single failure finds a second try.
 */
static int insert_failing(struct file *file, struct memory *m, pgoff_t index,
			  unsigned int nth, unsigned int *left)
{
	int ret;

	current->make_it_fail = 1;
	current->fail_nth = nth;
	ret = shmem_insert_folio(file, m->folio, m->order, index, false,
				 GFP_NOWAIT | __GFP_NOWARN);
	*left = current->fail_nth;
	current->fail_nth = 0;
	current->make_it_fail = 0;
	return ret;
}

static void shmem_insert_faults(struct kunit *test)
{
	struct file *file = new_file(test, FAR_PAGES, mk_vma_flags(VMA_NORESERVE_BIT));
	pgoff_t index = FAR_PAGES - (1UL << MAX_PAGECACHE_ORDER);
	unsigned int failed = 0, survived = 0;
	struct variant v;

	for (v = first; valid(v); v = following(v)) {
		unsigned int nth, left = 0;

		for (nth = 1; !left; nth++) {
			struct memory m = get_memory(test, v.order, v.compound);
			struct usage was = usage_of(file);
			int ret;

			KUNIT_ASSERT_LT_MSG(test, nth, 100, "no end of allocations");
			remember_pages(test, &m);
			ret = insert_failing(file, &m, index, nth, &left);
			if (!ret) {
				survived += !left;
				kvfree(m.before);
				expect_content(test, file, index, 1UL << v.order, m.id);
				drop(file, index, 1UL << v.order);
			} else {
				failed++;
				KUNIT_EXPECT_EQ(test, ret, -ENOMEM);
				expect_same_pages(test, &m);
				put_memory(test, &m);
			}
			expect_usage(test, file, was, 0, 0);
		}
	}
	kunit_info(test, "%u insertions failed, %u found a second try\n", failed, survived);
	if (!failed && !survived)
		kunit_skip(test, "no allocation of this task can be made to fail");
	if (!failed)
		kunit_skip(test, "failslab does not fail for tasks that ask for it");
}
#else
static void shmem_insert_faults(struct kunit *test)
{
	kunit_skip(test, "no CONFIG_FAULT_INJECTION");
}
#endif

/* Swap space. */

static unsigned long wait_swapped(struct file *file, unsigned long nr)
{
	int i;

	for (i = 0; i < 100 && SHMEM_I(file_inode(file))->swapped < nr; i++)
		msleep(20);
	return SHMEM_I(file_inode(file))->swapped;
}

/* What is in swap space only leaves the swap cache when memory is reclaimed. */
static void reclaim_memory(void)
{
	static const char amount[] = "256M";
	loff_t pos;
	int i;

	/* It asks for more than there is, and so ends with an error. */
	for (i = 0; i < 3 && reclaim_file; i++) {
		pos = 0;
		kernel_write(reclaim_file, amount, strlen(amount), &pos);
	}
}

static unsigned int swap_entry_order(struct file *file, pgoff_t index)
{
	struct xarray *pages = &file->f_mapping->i_pages;

	return xa_is_value(xa_load(pages, index)) ? xa_get_order(pages, index) : 0;
}

struct placed {
	pgoff_t index;
	unsigned long nr;
	u64 id;
};

/* One of each, the largest first so that all are aligned. Returns the pages used. */
static unsigned long insert_all(struct kunit *test, struct file *file, bool writeback,
				struct placed **placed)
{
	struct placed *next = kunit_kcalloc(test, 2 * MAX_PAGECACHE_ORDER + 2, sizeof(*next),
					    GFP_KERNEL);
	unsigned long at = 0;
	int order, compound;

	KUNIT_ASSERT_NOT_NULL(test, next);
	*placed = next;
	for (order = top_order(); order >= 0; order--) {
		for (compound = 0; compound < (order ? 2 : 1); compound++) {
			struct memory m = get_memory(test, order, compound);

			expect_inserted(test, file, &m, at, writeback);
			*next++ = (struct placed){ at, 1UL << order, m.id };
			at += 1UL << order;
		}
	}
	return at;
}

static void expect_all(struct kunit *test, struct file *file, const struct placed *placed)
{
	for (; placed->nr; placed++)
		expect_content(test, file, placed->index, placed->nr, placed->id);
}

static void need_swap(struct kunit *test)
{
	if (get_nr_swap_pages() < (long)FILE_PAGES)
		kunit_skip(test, "less than %lu pages of swap space", FILE_PAGES);
}

static void shmem_insert_swap(struct kunit *test)
{
	struct insert_test *t = test->priv;
	struct usage was = usage_of(t->file);
	struct placed *placed, *p;
	unsigned long nr;
	unsigned int whole = 0, large = 0;

	need_swap(test);
	nr = insert_all(test, t->file, true, &placed);
	KUNIT_EXPECT_EQ(test, wait_swapped(t->file, nr), nr);
	for (p = placed; p->nr > 1; p++, large++)
		whole += 1UL << swap_entry_order(t->file, p->index) == p->nr;
	kunit_info(test, "%u of %u large folios lie in swap space as a whole\n", whole, large);
	if (!IS_ENABLED(CONFIG_THP_SWAP))
		KUNIT_EXPECT_EQ(test, whole, 0);

	reclaim_memory();
	expect_all(test, t->file, placed);
	KUNIT_EXPECT_EQ(test, SHMEM_I(file_inode(t->file))->alloced, was.alloced + nr);
	KUNIT_EXPECT_EQ(test, SHMEM_I(file_inode(t->file))->swapped, was.swapped);
	drop(t->file, 0, nr);
	expect_usage(test, t->file, was, 0, 0);
}

/* Without @writeback the memory is reclaimed like any other. */
static void shmem_insert_reclaim(struct kunit *test)
{
	struct insert_test *t = test->priv;
	struct usage was = usage_of(t->file);
	struct placed *placed;
	unsigned long nr, swapped;

	need_swap(test);
	if (!reclaim_file)
		kunit_skip(test, "parameter reclaim names no file");
	nr = insert_all(test, t->file, false, &placed);
	KUNIT_EXPECT_EQ(test, SHMEM_I(file_inode(t->file))->swapped, was.swapped);
	reclaim_memory();
	swapped = SHMEM_I(file_inode(t->file))->swapped;
	kunit_info(test, "%lu of %lu pages reclaimed\n", swapped, nr);
	KUNIT_EXPECT_GT(test, swapped, nr / 2);
	expect_all(test, t->file, placed);
	drop(t->file, 0, nr);
	expect_usage(test, t->file, was, 0, 0);
}

static void shmem_insert_swap_occupied(struct kunit *test)
{
	struct insert_test *t = test->priv;
	struct variant v;

	need_swap(test);
	for (v = first; valid(v); v = following(v)) {
		unsigned long nr = 1UL << v.order;
		pgoff_t index = random_index(t, v.order), at = index + random_below(t, nr);
		struct memory there = get_memory(test, 0, false);
		struct memory m = get_memory(test, v.order, v.compound);

		expect_inserted(test, t->file, &there, at, true);
		KUNIT_EXPECT_EQ(test, wait_swapped(t->file, 1), 1);
		expect_refused(test, t->file, &m, index, -EEXIST);
		expect_content(test, t->file, at, 1, there.id);
		drop(t->file, at, 1);

		expect_inserted(test, t->file, &m, index, true);
		KUNIT_EXPECT_EQ(test, wait_swapped(t->file, nr), nr);
		refuse(test, t->file, 0, false, at, -EEXIST);
		refuse(test, t->file, v.order, v.compound, index, -EEXIST);
		expect_content(test, t->file, index, nr, m.id);
		drop(t->file, index, nr);
	}
}

static void shmem_insert_swap_truncate(struct kunit *test)
{
	struct insert_test *t = test->priv;
	struct variant v;

	need_swap(test);
	for (v = first; valid(v); v = following(v)) {
		unsigned long nr = 1UL << v.order;
		unsigned long from = random_below(t, nr), count = 1 + random_below(t, nr - from);
		pgoff_t index = random_index(t, v.order);
		struct memory m = get_memory(test, v.order, v.compound);
		struct usage was = usage_of(t->file);

		expect_inserted(test, t->file, &m, index, true);
		KUNIT_EXPECT_EQ(test, wait_swapped(t->file, nr), nr);
		drop(t->file, index + from, count);
		expect_content(test, t->file, index, from, m.id);
		expect_zero(test, t->file, index + from, count);
		expect_content(test, t->file, index + from + count, nr - from - count,
			       m.id + from + count);
		drop(t->file, index, nr);
		expect_usage(test, t->file, was, 0, 0);
	}
}

static void shmem_insert_noswap(struct kunit *test)
{
	struct placed *placed;
	struct file *file;
	struct usage was;
	unsigned long nr;

	if (!IS_ENABLED(CONFIG_TMPFS))
		kunit_skip(test, "no tmpfs to forbid swap for");
	file = mounted_file(test, "noswap");
	was = usage_of(file);
	nr = insert_all(test, file, true, &placed);
	KUNIT_EXPECT_EQ(test, SHMEM_I(file_inode(file))->swapped, 0);
	KUNIT_EXPECT_EQ(test, file->f_mapping->nrpages, nr);
	expect_all(test, file, placed);
	drop(file, 0, nr);
	expect_usage(test, file, was, 0, 0);
}

/* No room left, and then room in single pages only. */
static void shmem_insert_swap_full(struct kunit *test)
{
	struct insert_test *t = test->priv;
	long free = get_nr_swap_pages();
	struct placed *placed;
	unsigned long nr, swapped, i, filled = 0;
	struct file *filler;
	struct usage was;
	struct page *page;

	need_swap(test);
	if (free > 8 * (long)FILE_PAGES)
		kunit_skip(test, "too much swap space to fill: %ld pages", free);
	filler = new_file(test, free, mk_vma_flags(VMA_NORESERVE_BIT));
	while (filled < free && get_nr_swap_pages() > 0) {
		struct memory m = get_memory(test, 0, false);

		expect_inserted(test, filler, &m, filled++, true);
	}
	was = usage_of(t->file);
	nr = insert_all(test, t->file, true, &placed);
	KUNIT_EXPECT_LE(test, SHMEM_I(file_inode(t->file))->swapped, 32);
	/* There is no sense in splitting a folio that cannot be swapped out. */
	page = read_page(test, t->file, 0);
	KUNIT_EXPECT_EQ(test, folio_order(page_folio(page)), top_order());
	put_page(page);
	expect_all(test, t->file, placed);
	drop(t->file, 0, nr);
	expect_usage(test, t->file, was, 0, 0);

	for (i = 0; i < filled; i += 2)
		drop(filler, i, 1);
	reclaim_memory();
	nr = insert_all(test, t->file, true, &placed);
	swapped = wait_swapped(t->file, nr);
	kunit_info(test, "%lu of %lu pages written to %lu single free pages\n", swapped, nr,
		   filled / 2);
	KUNIT_EXPECT_GT(test, swapped, nr / 2);
	KUNIT_EXPECT_EQ(test, swap_entry_order(t->file, 0), 0);
	reclaim_memory();
	expect_all(test, t->file, placed);
	drop(t->file, 0, nr);
	expect_usage(test, t->file, was, 0, 0);
}

/* Several at once: two insert, one reads, one truncates, resizes and keeps the books. */

#define RACE_INSERTERS	2
#define RACE_PAGES	512UL

struct race_inserter {
	struct race *race;
	u32 start;
	atomic_long_t rounds;
};

struct race {
	struct file *file;
	u32 start;
	atomic_long_t inserted, refused, odd, wrong;
	struct race_inserter inserters[RACE_INSERTERS];
};

static u64 race_word(pgoff_t index)
{
	return next_word(index ^ seed);
}

static void race_mark(struct page *page, pgoff_t index)
{
	u64 *word = kmap_local_page(page);

	*word = race_word(index);
	kunmap_local(word);
}

static int race_insert(void *data)
{
	struct race_inserter *me = data;
	struct race *race = me->race;
	struct rnd_state rnd;

	prandom_seed_state(&rnd, me->start);
	while (!kthread_should_stop()) {
		unsigned int order = prandom_u32_state(&rnd) % 8;
		pgoff_t index = (prandom_u32_state(&rnd) % RACE_PAGES) >> order << order;
		bool compound = prandom_u32_state(&rnd) & 1;
		bool writeback = !(prandom_u32_state(&rnd) & 7);
		struct page *page;
		unsigned long i;
		int ret;

		page = alloc_pages(TEST_GFP | (compound ? __GFP_COMP : 0), order);
		if (page) {
			for (i = 0; i < 1UL << order; i++)
				race_mark(page + i, index + i);
			set_page_private(page, order);
			ret = shmem_insert_folio(race->file, (struct folio *)page, order,
						 index, writeback, TEST_GFP);
			if (!ret) {
				atomic_long_inc(&race->inserted);
			} else {
				if (ret == -EEXIST || ret == -EINVAL)
					atomic_long_inc(&race->refused);
				else
					atomic_long_inc(&race->odd);
				if (page_private(page) != order)
					atomic_long_inc(&race->wrong);
				__free_pages(page, order);
			}
		}
		atomic_long_inc(&me->rounds);
		cond_resched();
	}
	return 0;
}

static int race_read(void *data)
{
	struct race *race = data;
	struct rnd_state rnd;

	prandom_seed_state(&rnd, race->start);
	while (!kthread_should_stop()) {
		pgoff_t index = prandom_u32_state(&rnd) % RACE_PAGES;
		struct folio *folio = shmem_read_folio_gfp(race->file->f_mapping, index,
							   TEST_GFP);
		u64 *word, is;

		if (IS_ERR(folio)) {
			cond_resched();
			continue;
		}
		/* A page that was truncated since has no index of this file. */
		folio_lock(folio);
		if (folio->mapping == race->file->f_mapping) {
			word = kmap_local_page(folio_file_page(folio, index));
			is = *word;
			kunmap_local(word);
			if (is && is != race_word(index))
				atomic_long_inc(&race->wrong);
		}
		folio_unlock(folio);
		folio_put(folio);
		usleep_range(500, 1000);
	}
	return 0;
}

/* Whether all insertions that were under way are over. */
static void race_settle(struct race *race)
{
	long seen[RACE_INSERTERS];
	int i, tries;

	for (i = 0; i < RACE_INSERTERS; i++)
		seen[i] = atomic_long_read(&race->inserters[i].rounds);
	for (i = 0; i < RACE_INSERTERS; i++)
		for (tries = 0; tries < 2000 &&
		     atomic_long_read(&race->inserters[i].rounds) - seen[i] < 2; tries++)
			usleep_range(100, 200);
}

/* The first thing that lies beyond the file's end as a whole, or ULONG_MAX. */
static pgoff_t race_beyond(struct race *race, pgoff_t size)
{
	struct xarray *pages = &race->file->f_mapping->i_pages;
	pgoff_t index = size;

	while (xa_find(pages, &index, ULONG_MAX, XA_PRESENT)) {
		if (round_down(index, 1UL << xa_get_order(pages, index)) >= size)
			return index;
		index++;
	}
	return ULONG_MAX;
}

static void stop_thread(void *thread)
{
	kthread_stop(thread);
}

static void shmem_insert_race(struct kunit *test)
{
	struct insert_test *t = test->priv;
	struct race *race = kunit_kzalloc(test, sizeof(*race), GFP_KERNEL);
	struct task_struct *threads[RACE_INSERTERS + 1];
	unsigned long end;
	struct usage was;
	int i, resized = 0;

	KUNIT_ASSERT_NOT_NULL(test, race);
	race->file = new_file(test, RACE_PAGES, EMPTY_VMA_FLAGS);
	race->start = prandom_u32_state(&t->rnd);
	was = usage_of(race->file);
	for (i = 0; i < ARRAY_SIZE(threads); i++) {
		if (i < RACE_INSERTERS) {
			struct race_inserter *inserter = &race->inserters[i];

			inserter->race = race;
			inserter->start = race->start + i + 1;
			threads[i] = kthread_run(race_insert, inserter, "shmem_insert%d", i);
		} else {
			threads[i] = kthread_run(race_read, race, "shmem_read");
		}
		KUNIT_ASSERT_FALSE(test, IS_ERR(threads[i]));
		KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, stop_thread, threads[i]),
				0);
	}

	for (end = jiffies + 4 * HZ; time_before(jiffies, end);) {
		pgoff_t from = random_below(t, RACE_PAGES), size;

		if (random_below(t, 4)) {
			drop(race->file, from, 1 + random_below(t, RACE_PAGES - from));
			cond_resched();
			continue;
		}
		size = random_below(t, RACE_PAGES);
		KUNIT_ASSERT_EQ(test, vfs_truncate(&race->file->f_path, pos_of(size)), 0);
		race_settle(race);
		KUNIT_ASSERT_EQ_MSG(test, race_beyond(race, size), ULONG_MAX,
				    "beyond %lu pages", size);
		KUNIT_ASSERT_EQ(test, vfs_truncate(&race->file->f_path, pos_of(RACE_PAGES)), 0);
		resized++;
	}
	for (i = 0; i < ARRAY_SIZE(threads); i++)
		kunit_release_action(test, stop_thread, threads[i]);

	drop(race->file, 0, RACE_PAGES);
	expect_usage(test, race->file, was, 0, 0);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&race->wrong), 0);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&race->odd), 0);
	KUNIT_EXPECT_GT(test, atomic_long_read(&race->inserted), 0);
	kunit_info(test, "%ld inserted, %ld refused, size changed %d times\n",
		   atomic_long_read(&race->inserted), atomic_long_read(&race->refused),
		   resized);
}

static int shmem_insert_init(struct kunit *test)
{
	struct insert_test *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, t);
	prandom_seed_state(&t->rnd, seed);
	test->priv = t;
	t->file = new_file(test, FILE_PAGES, EMPTY_VMA_FLAGS);
	/* This thread runs this test only. */
	set_active_memcg(loader_memcg);
	return 0;
}

static int shmem_insert_suite_init(struct kunit_suite *suite)
{
	if (!seed)
		seed = get_random_u32() | 1;
	kunit_info(suite, "seed=%lu\n", seed);
	if (reclaim && *reclaim) {
		struct file *file = filp_open(reclaim, O_WRONLY, 0);

		if (IS_ERR(file)) {
			kunit_err(suite, "%s: error %ld\n", reclaim, PTR_ERR(file));
			return PTR_ERR(file);
		}
		reclaim_file = file;
	}
	loader_memcg = get_mem_cgroup_from_mm(current->mm);
	return 0;
}

static void shmem_insert_suite_exit(struct kunit_suite *suite)
{
	mem_cgroup_put(loader_memcg);
	loader_memcg = NULL;
	if (reclaim_file)
		fput(reclaim_file);
	reclaim_file = NULL;
}

static struct kunit_case shmem_insert_cases[] = {
	KUNIT_CASE_PARAM(shmem_insert_orders, next_variant),
	KUNIT_CASE_PARAM(shmem_insert_truncate_part, next_variant),
	KUNIT_CASE_PARAM(shmem_insert_shrink_file, next_variant),
	KUNIT_CASE(shmem_insert_bad_range),
	KUNIT_CASE(shmem_insert_bad_order),
	KUNIT_CASE(shmem_insert_bad_mapping),
	KUNIT_CASE(shmem_insert_bad_memory),
	KUNIT_CASE(shmem_insert_occupied),
	KUNIT_CASE(shmem_insert_no_space),
	KUNIT_CASE(shmem_insert_memcg),
	KUNIT_CASE_SLOW(shmem_insert_memcg_limit),
	KUNIT_CASE(shmem_insert_faults),
	KUNIT_CASE(shmem_insert_swap),
	KUNIT_CASE(shmem_insert_reclaim),
	KUNIT_CASE(shmem_insert_swap_occupied),
	KUNIT_CASE(shmem_insert_swap_truncate),
	KUNIT_CASE(shmem_insert_noswap),
	KUNIT_CASE_SLOW(shmem_insert_swap_full),
	KUNIT_CASE_SLOW(shmem_insert_race),
	{}
};

static struct kunit_suite shmem_insert_suite = {
	.name = "shmem_insert",
	.suite_init = shmem_insert_suite_init,
	.suite_exit = shmem_insert_suite_exit,
	.init = shmem_insert_init,
	.test_cases = shmem_insert_cases,
};

kunit_test_suite(shmem_insert_suite);

MODULE_DESCRIPTION("Tests of shmem_insert_folio()");
MODULE_LICENSE("GPL");
