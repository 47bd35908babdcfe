// SPDX-License-Identifier: GPL-2.0
/*
 * The session that saves pinned objects: each point where it can fail, and a random walk
 * through all it does.
 */
#include <linux/bits.h>
#include <linux/module.h>
#include <linux/prandom.h>

#include "ttm_backup_kunit_helpers.h"
#include "ttm_vram_backup_fake.h"

#define WALK_STEPS	(IS_ENABLED(CONFIG_KASAN) ? 1000 : 10000)
#define WALK_OBJS	24

#define POINT(name)	BIT_ULL(TTM_VRAM_BACKUP_POINT_##name)
#define BLIT_AND_CPU(name) \
	(POINT(name##_BLIT) | POINT(name##_WAIT) | POINT(name##_CPU))

static int vram_backup_walk_init(struct kunit *test)
{
	test->priv = fake_dev_create(test);

	return 0;
}

static void vram_backup_walk_exit(struct kunit *test)
{
	if (test->priv)
		fake_dev_destroy(test->priv);
}

/* The points of a session without eviction, together where one is behind another. */
static const fake_points point_params[] = {
	POINT(BEGIN),
	POINT(PREFLIGHT),
	POINT(PREPARE_EARLY),
	POINT(PREPARE_LATE),
	POINT(PREPARE_EXTERNAL),
	POINT(SAVE_EXTERNAL_BLIT),
	POINT(SAVE_EXTERNAL_WAIT),
	BLIT_AND_CPU(SAVE_EXTERNAL),
	POINT(SAVE_LATE_BLIT),
	POINT(SAVE_LATE_WAIT),
	BLIT_AND_CPU(SAVE_LATE),
	POINT(SAVE_EARLY_CPU),
	POINT(SUSPENDED),
	POINT(RESTORE_EARLY_CPU),
	POINT(RESTORE_LATE_BLIT),
	POINT(RESTORE_LATE_WAIT),
	BLIT_AND_CPU(RESTORE_LATE),
	POINT(RESTORE_EXTERNAL_BLIT),
	POINT(RESTORE_EXTERNAL_WAIT),
	BLIT_AND_CPU(RESTORE_EXTERNAL),
	~0ULL,
};

static void point_desc(const fake_points *points, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "points %#llx", *points);
}

KUNIT_ARRAY_PARAM(point, point_params, point_desc);

/* The points that the CPU repairs, for which nothing but a count tells. */
#define REPAIRED (POINT(SAVE_EXTERNAL_BLIT) | POINT(SAVE_EXTERNAL_WAIT) | \
		  POINT(SAVE_LATE_BLIT) | POINT(SAVE_LATE_WAIT) | \
		  POINT(RESTORE_EXTERNAL_BLIT) | POINT(RESTORE_EXTERNAL_WAIT) | \
		  POINT(RESTORE_LATE_BLIT) | POINT(RESTORE_LATE_WAIT))

/* A suspend and a resume with failures, and what has to be true of the result. */
static unsigned int cycle_with_faults(struct kunit *test, struct fake_dev *dev,
				      fake_points points, int after, int times)
{
	unsigned int fired, failed = 0;
	int err;

	fake_write_all(dev);
	fake_faults(&dev->base, points, after, times);
	err = fake_suspend(dev);
	fired = fake_fired(&dev->base);
	if (err) {
		KUNIT_EXPECT_NE(test, 0, fired);
		if (points != POINT(BEGIN))
			KUNIT_EXPECT_EQ(test, 0, dev->base.stats.ram);
		fake_expect_whole(test, dev);
		fake_faults(&dev->base, 0, 0, 0);
		return fired;
	}

	err = fake_resume(dev, TTM_VRAM_BACKUP_BLIT);
	fired = fake_fired(&dev->base);
	for (int i = 0; i < FAKE_OBJS; i++) {
		struct fake_obj *obj = &dev->obj[i];

		if (obj->base.state != TTM_VRAM_BACKUP_FAILED) {
			KUNIT_EXPECT_TRUE(test, !obj->used || fake_intact(obj));
			continue;
		}
		KUNIT_EXPECT_TRUE(test, fake_copy_intact(obj));
		failed++;
	}
	KUNIT_EXPECT_EQ(test, failed ? -EIO : 0, err);
	KUNIT_EXPECT_EQ(test, dev->allocs, dev->releases + failed);
	if (!(points & ~REPAIRED)) {
		KUNIT_EXPECT_EQ(test, 0, failed);
		KUNIT_EXPECT_EQ(test, fired, dev->base.stats.retries);
	}
	KUNIT_EXPECT_EQ(test, fired, dev->base.stats.injected);
	fake_faults(&dev->base, 0, 0, 0);
	if (failed) {
		KUNIT_EXPECT_EQ(test, 0, fake_suspend(dev));
		KUNIT_EXPECT_EQ(test, 0, fake_resume(dev, TTM_VRAM_BACKUP_BLIT));
	}
	fake_expect_whole(test, dev);

	return fired;
}

/* Once, some times and for ever, from the first pass to the last. */
static void vram_backup_points(struct kunit *test)
{
	static const int times[] = { 1, 2, -1 };
	fake_points points = *(const fake_points *)test->param_value;
	struct fake_dev *dev = test->priv;

	if (!IS_ENABLED(CONFIG_FAULT_INJECTION))
		kunit_skip(test, "no fault injection");

	/* Each alone on its list, too, so that it is sure which one fails. */
	for (int num = 1; num <= 2; num++) {
		fake_add_many(dev, 3, FAKE_BYTES);
		fake_add_many(dev, 3, 0);
		for (int i = 0; i < ARRAY_SIZE(times); i++) {
			int after = 0;

			while (cycle_with_faults(test, dev, points, after, times[i]))
				after++;
			KUNIT_EXPECT_GE(test, after, 1);
			fake_expect_cycle(test, dev);
		}
	}
}

/* A suspend after a resume that failed, and that is called off, too. */
static void vram_backup_second(struct kunit *test)
{
	struct fake_dev *dev = test->priv;

	if (!IS_ENABLED(CONFIG_FAULT_INJECTION))
		kunit_skip(test, "no fault injection");

	fake_add_many(dev, 9, FAKE_BYTES);
	for (int after = 0; after < 9; after++) {
		fake_write_all(dev);
		KUNIT_EXPECT_EQ(test, 0, fake_suspend(dev));
		fake_faults(&dev->base, BLIT_AND_CPU(RESTORE_LATE) |
			    BLIT_AND_CPU(RESTORE_EXTERNAL) | POINT(RESTORE_EARLY_CPU),
			    after, -1);
		KUNIT_EXPECT_EQ(test, -EIO, fake_resume(dev, TTM_VRAM_BACKUP_BLIT));

		for (int i = 0; i < FAKE_OBJS; i++)
			if (dev->obj[i].used &&
			    dev->obj[i].base.state == TTM_VRAM_BACKUP_PRESENT)
				fake_write_new(&dev->obj[i]);
		fake_faults(&dev->base, POINT(SUSPENDED), 0, -1);
		KUNIT_EXPECT_EQ(test, -EIO, fake_suspend(dev));
		fake_faults(&dev->base, 0, 0, 0);
		for (int i = 0; i < FAKE_OBJS; i++) {
			struct fake_obj *obj = &dev->obj[i];

			if (!obj->used)
				continue;
			if (obj->base.state == TTM_VRAM_BACKUP_FAILED) {
				KUNIT_EXPECT_TRUE(test, fake_copy_intact(obj));
			} else {
				KUNIT_EXPECT_TRUE(test, fake_intact(obj));
				KUNIT_EXPECT_NULL(test, obj->copy);
			}
		}
		KUNIT_EXPECT_EQ(test, 0, fake_suspend(dev));
		KUNIT_EXPECT_EQ(test, 0, fake_resume(dev, TTM_VRAM_BACKUP_BLIT));
		fake_expect_whole(test, dev);
	}
}

struct walk {
	struct kunit *test;
	struct fake_dev *dev;
	unsigned int step, suspends, lost_power, failed;
	/* VRAM has lost its content. */
	bool lost;
};

static u32 walk_below(struct walk *w, u32 end)
{
	return prandom_u32_state(&w->dev->rnd) % end;
}

static bool in_copy(const struct fake_obj *obj)
{
	return obj->base.state == TTM_VRAM_BACKUP_SAVED ||
	       obj->base.state == TTM_VRAM_BACKUP_FAILED;
}

/* What is true at any time. */
static void walk_check(struct walk *w)
{
	struct fake_dev *dev = w->dev;
	unsigned int copies = 0;

	for (int i = 0; i < WALK_OBJS; i++) {
		struct fake_obj *obj = &dev->obj[i];

		copies += !!obj->copy;
		/* It stayed on its list until it was restored. */
		if (obj->used && list_empty(&obj->base.link)) {
			KUNIT_EXPECT_TRUE(w->test, fake_intact(obj));
			KUNIT_EXPECT_NULL(w->test, obj->copy);
			obj->used = false;
		}
		if (!obj->used || !obj->base.size)
			continue;
		if (in_copy(obj))
			KUNIT_EXPECT_TRUE_MSG(w->test, fake_copy_intact(obj),
					      "step %u object %d", w->step, i);
		else
			KUNIT_EXPECT_TRUE_MSG(w->test, fake_intact(obj),
					      "step %u object %d", w->step, i);
		if (obj->base.state == TTM_VRAM_BACKUP_PRESENT)
			KUNIT_EXPECT_NULL(w->test, obj->copy);
		if (!ttm_vram_backup_active(&dev->base))
			KUNIT_EXPECT_NE(w->test, TTM_VRAM_BACKUP_SAVED, obj->base.state);
	}
	KUNIT_EXPECT_EQ(w->test, copies, dev->allocs - dev->releases);
}

static void walk_object(struct walk *w)
{
	struct fake_dev *dev = w->dev;
	struct fake_obj *obj = &dev->obj[walk_below(w, WALK_OBJS)];

	if (!obj->used) {
		obj->used = true;
		fake_write_new(obj);
		ttm_vram_backup_add(&dev->base, &obj->base,
				    walk_below(w, TTM_VRAM_BACKUP_NUM_LISTS),
				    walk_below(w, 8) ? FAKE_BYTES : 0);
		return;
	}
	switch (walk_below(w, 6)) {
	case 0:
		fake_remove(obj);
		break;
	case 1:
		fake_forget(obj);
		break;
	case 2:
		ttm_vram_backup_add(&dev->base, &obj->base, obj->base.list,
				    obj->base.size);
		break;
	default:
		/* Nobody writes to what is saved, or not restored. */
		if (!in_copy(obj))
			fake_write_new(obj);
	}
}

/* Steps that a driver may take, and go back after each of them. */
static int walk_save(struct walk *w)
{
	struct ttm_vram_backup *vb = &w->dev->base;
	int err = 0;

	for (int i = walk_below(w, 3); !err && i > 0; i--) {
		err = walk_below(w, 3) ? ttm_vram_backup_prepare(vb) :
		      ttm_vram_backup_save(vb, walk_below(w, TTM_VRAM_BACKUP_NUM_LISTS));
		walk_object(w);
	}
	/* All of it, now that nobody comes any more. */
	for (int i = 0; !err && i < ARRAY_SIZE(fake_lists); i++)
		err = ttm_vram_backup_save(vb, fake_lists[i]);

	return err ?: walk_below(w, 4) ? ttm_vram_backup_saved(vb) : -EINTR;
}

static void walk_lose_power(struct walk *w)
{
	fake_lose_power(w->dev);
	w->lost_power++;
	for (int i = 0; i < WALK_OBJS; i++)
		if (w->dev->obj[i].used && !in_copy(&w->dev->obj[i]) &&
		    w->dev->obj[i].base.size)
			KUNIT_EXPECT_TRUE_MSG(w->test, fake_intact(&w->dev->obj[i]),
					      "step %u object %d was not saved",
					      w->step, i);
}

static void walk_session(struct walk *w)
{
	struct fake_dev *dev = w->dev;
	struct ttm_vram_backup *vb = &dev->base;
	int err;

	dev->chance = walk_below(w, 3) ? 0 : walk_below(w, 60);
	vb->verify = !walk_below(w, 4);
	KUNIT_EXPECT_EQ(w->test, 0, ttm_vram_backup_begin(vb, walk_below(w, 4)));
	w->suspends++;
	err = walk_save(w);
	walk_check(w);
	if (err) {
		ttm_vram_backup_rollback(vb, -EIO);
		if (!walk_below(w, 3))
			walk_object(w);
		/* Not all sessions that are called off were for nothing. */
		if (!walk_below(w, 3))
			fake_restore_all(dev, walk_below(w, 2));
	} else {
		walk_lose_power(w);
		while (walk_below(w, 3))
			walk_object(w);
		for (int i = walk_below(w, 3); i >= 0; i--) {
			fake_restore_all(dev, walk_below(w, 2));
			walk_check(w);
			walk_object(w);
		}
	}
	err = ttm_vram_backup_end(vb, err);
	KUNIT_EXPECT_EQ(w->test, !!err,
			!!ttm_vram_backup_unrestored(vb, TTM_VRAM_BACKUP_ALL_LISTS));
	w->failed += ttm_vram_backup_unrestored(vb, TTM_VRAM_BACKUP_ALL_LISTS);
	walk_check(w);
	dev->chance = 0;
}

/* Whatever happens: no content is lost, nor a newer one overwritten by an older. */
static void vram_backup_walk(struct kunit *test)
{
	struct walk w = { .test = test, .dev = test->priv };

	prandom_seed_state(&w.dev->rnd, content_seed(test));
	for (; w.step < WALK_STEPS; w.step++) {
		if (walk_below(&w, 8)) {
			walk_object(&w);
			walk_check(&w);
		} else {
			walk_session(&w);
		}
		if (test->status == KUNIT_FAILURE)
			break;
	}
	kunit_info(test, "%u sessions, %u lost VRAM, %u restores failed", w.suspends,
		   w.lost_power, w.failed);

	w.dev->base.verify = false;
	KUNIT_EXPECT_EQ(test, 0, fake_suspend(w.dev));
	KUNIT_EXPECT_EQ(test, 0, fake_resume(w.dev, TTM_VRAM_BACKUP_BLIT));
	fake_expect_whole(test, w.dev);
}

static struct kunit_case vram_backup_walk_cases[] = {
	KUNIT_CASE_PARAM(vram_backup_points, point_gen_params),
	KUNIT_CASE(vram_backup_second),
	KUNIT_CASE_SLOW(vram_backup_walk),
	{}
};

static struct kunit_suite vram_backup_walk_suite = {
	.name = "ttm_vram_backup_walk",
	.init = vram_backup_walk_init,
	.exit = vram_backup_walk_exit,
	.test_cases = vram_backup_walk_cases,
};

kunit_test_suites(&vram_backup_walk_suite);

MODULE_DESCRIPTION("KUnit tests for TTM's VRAM backup: failures, and a random walk");
MODULE_LICENSE("GPL");
