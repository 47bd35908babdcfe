// SPDX-License-Identifier: GPL-2.0
/*
 * The session that saves pinned objects: what it copies and when, and that no content is
 * lost, whatever fails and whoever comes and goes meanwhile.
 */
#include <linux/module.h>
#include <linux/sched/signal.h>
#include <linux/suspend.h>

#include "../ttm_vram_backup_internal.h"
#include "ttm_vram_backup_fake.h"

#define WINDOW		32
#define BY_BLIT		TTM_VRAM_BACKUP_BLIT
#define BY_CPU		TTM_VRAM_BACKUP_CPU

static int vram_backup_init(struct kunit *test)
{
	test->priv = fake_dev_create(test);

	return 0;
}

static void vram_backup_exit(struct kunit *test)
{
	if (test->priv)
		fake_dev_destroy(test->priv);
}

/* Each step is in its phase, and a second session is kept out of all. */
static void vram_backup_phases(struct kunit *test)
{
	struct fake_dev *dev = test->priv;
	struct ttm_vram_backup *vb = &dev->base;

	fake_add_many(dev, 6, FAKE_BYTES);
#define EXPECT_PHASE(name, step) do {						\
		KUNIT_EXPECT_EQ(test, 0, step);					\
		KUNIT_EXPECT_EQ(test, TTM_VRAM_BACKUP_##name, vb->phase);	\
		KUNIT_EXPECT_EQ(test, -EBUSY,					\
				ttm_vram_backup_begin(vb, TTM_VRAM_BACKUP_MANUAL)); \
		KUNIT_EXPECT_EQ(test, -EBUSY, ttm_vram_backup_set_store(vb, NULL)); \
		KUNIT_EXPECT_EQ(test, -EBUSY, ttm_vram_backup_store_write(vb, "none")); \
	} while (0)
	KUNIT_EXPECT_FALSE(test, ttm_vram_backup_active(vb));
	EXPECT_PHASE(PREPARE, ttm_vram_backup_begin(vb, TTM_VRAM_BACKUP_SUSPEND));
	KUNIT_EXPECT_TRUE(test, ttm_vram_backup_active(vb));
	EXPECT_PHASE(PREPARE, ttm_vram_backup_preflight(vb));
	KUNIT_EXPECT_EQ(test, 6 * FAKE_BYTES, vb->plan.pinned);
	KUNIT_EXPECT_EQ(test, 0, vb->plan.movable);
	EXPECT_PHASE(PREPARE, ttm_vram_backup_prepare(vb));
	fake_expect_states(test, dev, TTM_VRAM_BACKUP_PREPARED);
	KUNIT_EXPECT_EQ(test, 6 * FAKE_BYTES, vb->stats.ram);
	KUNIT_EXPECT_FALSE(test, ttm_vram_backup_closed(vb));
	EXPECT_PHASE(EVICT, ttm_vram_backup_evict(vb, true));
	KUNIT_EXPECT_TRUE(test, ttm_vram_backup_closed(vb));
	EXPECT_PHASE(SAVE_LATE, ttm_vram_backup_save(vb, TTM_VRAM_BACKUP_EXTERNAL));
	EXPECT_PHASE(SAVE_LATE, ttm_vram_backup_save(vb, TTM_VRAM_BACKUP_LATE));
	EXPECT_PHASE(SAVE_EARLY, ttm_vram_backup_save(vb, TTM_VRAM_BACKUP_EARLY));
	fake_expect_states(test, dev, TTM_VRAM_BACKUP_SAVED);
	KUNIT_EXPECT_EQ(test, 6, ttm_vram_backup_unrestored(vb, TTM_VRAM_BACKUP_ALL_LISTS));
	KUNIT_EXPECT_TRUE(test, ttm_vram_backup_closed(vb));
	EXPECT_PHASE(SUSPENDED, ttm_vram_backup_saved(vb));
	KUNIT_EXPECT_TRUE(test, ttm_vram_backup_closed(vb));
	fake_lose_power(dev);
	EXPECT_PHASE(RESTORE_EARLY,
		     ttm_vram_backup_restore(vb, TTM_VRAM_BACKUP_EARLY, BY_CPU));
	/* A display needs its framebuffers before the end. */
	KUNIT_EXPECT_FALSE(test, ttm_vram_backup_closed(vb));
	EXPECT_PHASE(RESTORE_LATE,
		     ttm_vram_backup_restore(vb, TTM_VRAM_BACKUP_LATE, BY_BLIT));
	EXPECT_PHASE(RESTORE_LATE,
		     ttm_vram_backup_restore(vb, TTM_VRAM_BACKUP_EXTERNAL, BY_BLIT));
	KUNIT_EXPECT_FALSE(test, ttm_vram_backup_closed(vb));
	KUNIT_EXPECT_EQ(test, 6 * FAKE_BYTES, vb->stats.ram);
	KUNIT_EXPECT_EQ(test, 0, ttm_vram_backup_end(vb, 0));
	KUNIT_EXPECT_FALSE(test, ttm_vram_backup_closed(vb));
#undef EXPECT_PHASE
	fake_expect_whole(test, dev);
	KUNIT_EXPECT_EQ(test, 6, vb->stats.saved);
	KUNIT_EXPECT_EQ(test, 6, vb->stats.restored);
	KUNIT_EXPECT_EQ(test, 6 * FAKE_BYTES, vb->stats.allocated);
	KUNIT_EXPECT_EQ(test, 6 * FAKE_BYTES, vb->stats.ram_peak);
	KUNIT_EXPECT_EQ(test, 0, vb->stats.ram);
	KUNIT_EXPECT_EQ(test, 8 * FAKE_BYTES, vb->stats.blit_bytes);
	KUNIT_EXPECT_EQ(test, 4 * FAKE_BYTES, vb->stats.cpu_bytes);
	KUNIT_EXPECT_EQ(test, 0, vb->stats.retries + vb->stats.failures);
	KUNIT_EXPECT_EQ(test, 0, vb->stats.error);
	KUNIT_EXPECT_EQ(test, 0, ttm_vram_backup_set_store(vb, NULL));
	for (int i = 0; i < TTM_VRAM_BACKUP_NUM_PHASES; i++)
		KUNIT_EXPECT_STRNEQ(test, "?", ttm_vram_backup_phase_name(i));
}

/* None, one, and more than there can be under way. */
static void vram_backup_numbers(struct kunit *test)
{
	static const unsigned int numbers[] = { 0, 1, WINDOW, WINDOW + 1, 40 };
	struct fake_dev *dev = test->priv;
	unsigned int num = 0;

	for (int i = 0; i < ARRAY_SIZE(numbers); i++) {
		for (; num < numbers[i]; num++)
			KUNIT_ASSERT_NOT_NULL(test, fake_add(dev, TTM_VRAM_BACKUP_LATE,
							     FAKE_BYTES));
		dev->blitter.most = 0;
		fake_expect_cycle(test, dev);
		KUNIT_EXPECT_EQ(test, num, dev->base.stats.saved);
		KUNIT_EXPECT_EQ(test, num, dev->base.stats.restored);
		KUNIT_EXPECT_EQ(test, min(num, WINDOW), dev->blitter.most);
		KUNIT_EXPECT_EQ(test, 0, dev->base.stats.ram);
	}
	KUNIT_EXPECT_EQ(test, 0, dev->calls[OP_SAVE_CPU]);
}

/* No content: nothing to copy, but something to restore, each time. */
static void vram_backup_empty(struct kunit *test)
{
	struct fake_dev *dev = test->priv;

	fake_add_many(dev, 9, 0);
	for (int i = 1; i <= 2; i++) {
		fake_expect_cycle(test, dev);
		KUNIT_EXPECT_EQ(test, 9 * i, dev->calls[OP_RESTORE_CPU]);
	}
	KUNIT_EXPECT_EQ(test, 0, dev->allocs + dev->calls[OP_PREPARE]);
	KUNIT_EXPECT_EQ(test, 0, dev->calls[OP_SAVE_CPU] + dev->calls[OP_SAVE_BLIT]);

	/* Failure is told, and leaves nothing behind. */
	dev->mode[OP_RESTORE_CPU] = FAKE_REFUSED;
	KUNIT_EXPECT_EQ(test, 0, fake_suspend(dev));
	KUNIT_EXPECT_NE(test, 0, fake_restore_all(dev, BY_BLIT));
	KUNIT_EXPECT_EQ(test, 36, dev->calls[OP_RESTORE_CPU] + 9);
	KUNIT_EXPECT_EQ(test, 0, ttm_vram_backup_end(&dev->base, 0));
	fake_all_well(dev);
	fake_expect_cycle(test, dev);
}

/* However a blit fails, the CPU copies. */
static void vram_backup_blit_fails(struct kunit *test)
{
	static const enum fake_mode modes[] = { FAKE_FENCE_ERROR, FAKE_REFUSED };
	struct fake_dev *dev = test->priv;

	fake_add_many(dev, 30, FAKE_BYTES);
	for (int i = 0; i < ARRAY_SIZE(modes); i++) {
		dev->mode[OP_SAVE_BLIT] = modes[i];
		fake_expect_cycle(test, dev);
		KUNIT_EXPECT_EQ(test, 20, dev->base.stats.retries);
		KUNIT_EXPECT_EQ(test, 20 * FAKE_BYTES, dev->base.stats.blit_bytes);
		fake_all_well(dev);

		dev->mode[OP_RESTORE_BLIT] = modes[i];
		fake_expect_cycle(test, dev);
		KUNIT_EXPECT_EQ(test, 20, dev->base.stats.retries);
		KUNIT_EXPECT_EQ(test, 0, dev->base.stats.failures);
		KUNIT_EXPECT_EQ(test, 20 * FAKE_BYTES, dev->base.stats.blit_bytes);
		fake_all_well(dev);
	}
}

/* Fences are the driver's choice, and the blitter that of the caller. */
static void vram_backup_engines(struct kunit *test)
{
	static const enum fake_mode modes[] = { FAKE_NO_FENCE, FAKE_SIGNALED };
	struct fake_dev *dev = test->priv;
	unsigned int blits;

	fake_add_many(dev, 30, FAKE_BYTES);
	for (int i = 0; i < ARRAY_SIZE(modes); i++) {
		dev->mode[OP_SAVE_BLIT] = modes[i];
		dev->mode[OP_RESTORE_BLIT] = modes[i];
		fake_expect_cycle(test, dev);
		KUNIT_EXPECT_EQ(test, 0, dev->base.stats.retries);
	}
	fake_all_well(dev);

	blits = dev->calls[OP_RESTORE_BLIT];
	fake_write_all(dev);
	KUNIT_EXPECT_EQ(test, 0, fake_suspend(dev));
	KUNIT_EXPECT_EQ(test, 0, fake_resume(dev, BY_CPU));
	KUNIT_EXPECT_EQ(test, blits, dev->calls[OP_RESTORE_BLIT]);
	fake_expect_whole(test, dev);
}

/* One that cannot be saved ends it, and VRAM is as it was. */
static void vram_backup_save_fails(struct kunit *test)
{
	struct fake_dev *dev = test->priv;

	fake_add_many(dev, 30, FAKE_BYTES);
	for (int i = 0; i < 30; i++) {
		dev->only = &dev->obj[i];
		dev->mode[OP_SAVE_BLIT] = i % 2 ? FAKE_REFUSED : FAKE_FENCE_ERROR;
		dev->mode[OP_SAVE_CPU] = FAKE_REFUSED;
		KUNIT_EXPECT_EQ(test, -ENXIO, fake_suspend(dev));
		KUNIT_EXPECT_EQ(test, -ENXIO, dev->base.stats.error);
		KUNIT_EXPECT_EQ(test, 1, dev->base.stats.failures);
		KUNIT_EXPECT_EQ(test, 0, dev->base.stats.ram);
		fake_expect_whole(test, dev);
		fake_all_well(dev);
		fake_expect_cycle(test, dev);
	}

	dev->only = &dev->obj[29];
	dev->mode[OP_PREPARE] = FAKE_REFUSED;
	KUNIT_EXPECT_EQ(test, -ENOMEM, fake_suspend(dev));
	KUNIT_EXPECT_EQ(test, 0, dev->base.stats.ram);
	fake_expect_whole(test, dev);
}

/* The copy is kept, and not saved over, until it is restored. */
static void vram_backup_restore_fails(struct kunit *test)
{
	struct fake_dev *dev = test->priv;

	for (int i = 0; i < 6; i++) {
		struct fake_obj *obj = &dev->obj[i];

		if (!i)
			fake_add_many(dev, 6, FAKE_BYTES);
		fake_write_all(dev);
		KUNIT_EXPECT_EQ(test, 0, fake_suspend(dev));
		dev->only = obj;
		dev->mode[OP_RESTORE_BLIT] = i % 2 ? FAKE_REFUSED : FAKE_FENCE_ERROR;
		dev->mode[OP_RESTORE_CPU] = FAKE_REFUSED;
		KUNIT_EXPECT_EQ(test, -ENXIO, fake_restore_all(dev, BY_BLIT));
		KUNIT_EXPECT_EQ(test, TTM_VRAM_BACKUP_FAILED, obj->base.state);
		KUNIT_EXPECT_EQ(test, -EIO, ttm_vram_backup_end(&dev->base, 0));
		KUNIT_EXPECT_EQ(test, -EIO, dev->base.stats.error);
		KUNIT_EXPECT_EQ(test, FAKE_BYTES, dev->base.stats.ram);
		KUNIT_EXPECT_EQ(test, 1,
				ttm_vram_backup_unrestored(&dev->base, TTM_VRAM_BACKUP_ALL_LISTS));
		KUNIT_EXPECT_EQ(test, dev->allocs, dev->releases + 1);
		KUNIT_EXPECT_TRUE(test, fake_copy_intact(obj));
		for (int j = 0; j < 6; j++)
			KUNIT_EXPECT_EQ(test, j != i, fake_intact(&dev->obj[j]));

		/* A suspend that comes to nothing does it no harm. */
		dev->mode[OP_SAVE_CPU] = FAKE_REFUSED;
		dev->mode[OP_SAVE_BLIT] = FAKE_REFUSED;
		dev->only = &dev->obj[(i + 3) % 6];
		KUNIT_EXPECT_EQ(test, -ENXIO, fake_suspend(dev));
		KUNIT_EXPECT_EQ(test, TTM_VRAM_BACKUP_FAILED, obj->base.state);
		KUNIT_EXPECT_TRUE(test, fake_copy_intact(obj));

		/* Nor does another failure, nor one that comes about. */
		dev->only = obj;
		KUNIT_EXPECT_EQ(test, 0, fake_suspend(dev));
		KUNIT_EXPECT_EQ(test, -EIO, fake_resume(dev, BY_BLIT));
		KUNIT_EXPECT_TRUE(test, fake_copy_intact(obj));
		fake_all_well(dev);
		KUNIT_EXPECT_EQ(test, 0, fake_suspend(dev));
		KUNIT_EXPECT_EQ(test, 0, fake_resume(dev, BY_BLIT));
		fake_expect_whole(test, dev);
	}
}

/* A session that ends with no restore at all keeps all copies. */
static void vram_backup_no_restore(struct kunit *test)
{
	struct fake_dev *dev = test->priv;
	struct ttm_vram_backup *vb = &dev->base;

	fake_add_many(dev, 9, FAKE_BYTES);
	KUNIT_EXPECT_EQ(test, 0, fake_suspend(dev));
	KUNIT_EXPECT_EQ(test, -EIO, ttm_vram_backup_end(vb, 0));
	fake_expect_states(test, dev, TTM_VRAM_BACKUP_FAILED);
	KUNIT_EXPECT_EQ(test, 0, dev->releases);

	KUNIT_EXPECT_EQ(test, 0, ttm_vram_backup_begin(vb, TTM_VRAM_BACKUP_MANUAL));
	KUNIT_EXPECT_EQ(test, 0, fake_resume(dev, BY_BLIT));
	fake_expect_whole(test, dev);
}

/* With checksums a bad copy is found, and made again. */
static void vram_backup_verify(struct kunit *test)
{
	static const enum fake_op blits[] = { OP_SAVE_BLIT, OP_RESTORE_BLIT };
	static const enum fake_op cpus[] = { OP_SAVE_CPU, OP_RESTORE_CPU };
	struct fake_dev *dev = test->priv;

	fake_add_many(dev, 9, FAKE_BYTES);
	dev->base.verify = true;
	fake_expect_cycle(test, dev);
	KUNIT_EXPECT_GE(test, dev->calls[OP_CHECKSUM], 27);
	for (int i = 0; i < 2; i++) {
		dev->mode[blits[i]] = FAKE_WRONG;
		fake_expect_cycle(test, dev);
		KUNIT_EXPECT_EQ(test, 6, dev->base.stats.retries);
		KUNIT_EXPECT_EQ(test, 0, dev->base.stats.failures);

		dev->mode[cpus[i]] = FAKE_WRONG;
		fake_write_all(dev);
		if (!i) {
			KUNIT_EXPECT_EQ(test, -EBADMSG, fake_suspend(dev));
		} else {
			KUNIT_EXPECT_EQ(test, 0, fake_suspend(dev));
			KUNIT_EXPECT_EQ(test, -EBADMSG, fake_restore_all(dev, BY_BLIT));
			fake_expect_states(test, dev, TTM_VRAM_BACKUP_FAILED);
			fake_all_well(dev);
			KUNIT_EXPECT_EQ(test, 0, fake_resume(dev, BY_BLIT));
		}
		fake_expect_whole(test, dev);
		fake_all_well(dev);
	}

	/* What the CPU does not reach is not verified, but saved. */
	dev->mode[OP_CHECKSUM] = FAKE_REFUSED;
	fake_expect_cycle(test, dev);
	for (int i = 0; i < FAKE_OBJS; i++)
		KUNIT_EXPECT_FALSE(test, dev->obj[i].base.checked);
	fake_all_well(dev);

	dev->base.verify = false;
	fake_expect_cycle(test, dev);
	for (int i = 0; i < FAKE_OBJS; i++)
		KUNIT_EXPECT_FALSE(test, dev->obj[i].base.checked);
}

/* What is written to early objects later than that is in no copy. */
static void vram_backup_written_late(struct kunit *test)
{
	struct fake_dev *dev = test->priv;
	struct ttm_vram_backup *vb = &dev->base;

	fake_add_many(dev, 9, FAKE_BYTES);
	for (int i = 0; i < 2 * FAKE_OBJS; i++) {
		struct fake_obj *obj = &dev->obj[i / 2];
		bool found = i % 2 && obj->base.list == TTM_VRAM_BACKUP_EARLY;
		u64 saved = obj->seed;

		if (!obj->used)
			continue;
		vb->verify = i % 2;
		KUNIT_EXPECT_EQ(test, 0, ttm_vram_backup_begin(vb, TTM_VRAM_BACKUP_SUSPEND));
		KUNIT_EXPECT_EQ(test, 0, ttm_vram_backup_prepare(vb));
		for (int j = 0; j < ARRAY_SIZE(fake_lists); j++)
			KUNIT_EXPECT_EQ(test, 0, ttm_vram_backup_save(vb, fake_lists[j]));
		fake_write_new(obj);
		KUNIT_EXPECT_EQ(test, found ? -EBADMSG : 0, ttm_vram_backup_saved(vb));
		if (found) {
			ttm_vram_backup_rollback(vb, -EBADMSG);
			KUNIT_EXPECT_EQ(test, 0, ttm_vram_backup_end(vb, -EBADMSG));
		} else {
			obj->seed = saved;
			fake_lose_power(dev);
			KUNIT_EXPECT_EQ(test, 0, fake_resume(dev, BY_BLIT));
		}
		fake_expect_whole(test, dev);
	}
}

/* Copies made for a suspend that is off are void: content may have changed. */
static void vram_backup_rollback(struct kunit *test)
{
	struct fake_dev *dev = test->priv;
	struct ttm_vram_backup *vb = &dev->base;

	fake_add_many(dev, 9, FAKE_BYTES);
	KUNIT_EXPECT_EQ(test, 0, ttm_vram_backup_begin(vb, TTM_VRAM_BACKUP_SUSPEND));
	KUNIT_EXPECT_EQ(test, 0, ttm_vram_backup_prepare(vb));
	for (int round = 0; round < 2; round++) {
		fake_write_all(dev);
		for (int i = 0; i < ARRAY_SIZE(fake_lists); i++)
			KUNIT_EXPECT_EQ(test, 0, ttm_vram_backup_save(vb, fake_lists[i]));
		fake_expect_states(test, dev, TTM_VRAM_BACKUP_SAVED);
		ttm_vram_backup_rollback(vb, -EIO);
		KUNIT_EXPECT_EQ(test, TTM_VRAM_BACKUP_PREPARE, vb->phase);
		fake_expect_states(test, dev, TTM_VRAM_BACKUP_PREPARED);
	}
	/* Nothing is restored then, over content that is newer. */
	fake_write_all(dev);
	KUNIT_EXPECT_EQ(test, 0, fake_restore_all(dev, BY_BLIT));
	KUNIT_EXPECT_EQ(test, 9, dev->allocs);
	KUNIT_EXPECT_EQ(test, 0, ttm_vram_backup_end(vb, -EINTR));
	KUNIT_EXPECT_EQ(test, -EINTR, vb->stats.error);
	fake_expect_whole(test, dev);
	fake_expect_cycle(test, dev);
}

/* When power may be gone copies are all there is, whatever else has failed. */
static void vram_backup_rollback_suspended(struct kunit *test)
{
	struct fake_dev *dev = test->priv;
	struct ttm_vram_backup *vb = &dev->base;

	fake_add_many(dev, 9, FAKE_BYTES);
	KUNIT_EXPECT_EQ(test, 0, fake_suspend(dev));
	ttm_vram_backup_rollback(vb, -EIO);
	KUNIT_EXPECT_EQ(test, TTM_VRAM_BACKUP_SUSPENDED, vb->phase);
	fake_expect_states(test, dev, TTM_VRAM_BACKUP_SAVED);
	KUNIT_EXPECT_EQ(test, 0, dev->releases);
	KUNIT_EXPECT_EQ(test, 0, fake_resume(dev, BY_BLIT));
	fake_expect_whole(test, dev);
	fake_expect_cycle(test, dev);
}

/* What is not on does not end, and does not begin by that. */
static void vram_backup_end_idle(struct kunit *test)
{
	struct fake_dev *dev = test->priv;
	struct ttm_vram_backup *vb = &dev->base;

	fake_add_many(dev, 3, FAKE_BYTES);
	for (int i = 0; i < 2; i++) {
		KUNIT_EXPECT_EQ(test, 0, ttm_vram_backup_end(vb, -EIO));
		KUNIT_EXPECT_FALSE(test, ttm_vram_backup_active(vb));
		KUNIT_EXPECT_EQ(test, 0, vb->stats.error);
		ttm_vram_backup_rollback(vb, -EIO);
		KUNIT_EXPECT_FALSE(test, ttm_vram_backup_active(vb));
		KUNIT_EXPECT_EQ(test, 0, vb->stats.error);
		fake_expect_cycle(test, dev);
	}

	/* Nor does it tell again of what could not be restored. */
	KUNIT_EXPECT_EQ(test, 0, fake_suspend(dev));
	KUNIT_EXPECT_EQ(test, -EIO, ttm_vram_backup_end(vb, 0));
	KUNIT_EXPECT_EQ(test, 0, ttm_vram_backup_end(vb, 0));
	fake_expect_states(test, dev, TTM_VRAM_BACKUP_FAILED);
	KUNIT_EXPECT_EQ(test, 0, ttm_vram_backup_begin(vb, TTM_VRAM_BACKUP_MANUAL));
	KUNIT_EXPECT_EQ(test, 0, fake_resume(dev, BY_BLIT));
	fake_expect_whole(test, dev);
}

/* A wakeup ends a suspend, unless it has ended one before, and nothing else. */
static void vram_backup_wakeup(struct kunit *test)
{
	struct fake_dev *dev = test->priv;
	struct ttm_vram_backup *vb = &dev->base;

	if (!IS_ENABLED(CONFIG_PM_SLEEP))
		kunit_skip(test, "no wakeups");

	KUNIT_EXPECT_EQ(test, 0, ttm_vram_backup_begin(vb, TTM_VRAM_BACKUP_SUSPEND));
	if (!vb->old_wakeup) {
		KUNIT_EXPECT_FALSE(test, ttm_vram_backup_stop(vb, true));
		KUNIT_EXPECT_FALSE(test, vb->woken);
		/* The PM core forgets about it when it freezes tasks the next time. */
		pm_system_wakeup();
		KUNIT_EXPECT_TRUE(test, ttm_vram_backup_stop(vb, true));
		KUNIT_EXPECT_TRUE(test, vb->woken);
		KUNIT_EXPECT_TRUE(test, ttm_vram_backup_stop(vb, false));
		ttm_vram_backup_rollback(vb, -EBUSY);
		KUNIT_EXPECT_FALSE(test, vb->woken);
	}
	ttm_vram_backup_end(vb, -EBUSY);

	pm_system_wakeup();
	for (enum ttm_vram_backup_kind kind = TTM_VRAM_BACKUP_SUSPEND;
	     kind <= TTM_VRAM_BACKUP_MANUAL; kind++) {
		bool system = kind == TTM_VRAM_BACKUP_SUSPEND ||
			      kind == TTM_VRAM_BACKUP_HIBERNATE;

		KUNIT_EXPECT_EQ(test, 0, ttm_vram_backup_begin(vb, kind));
		KUNIT_EXPECT_EQ(test, system, vb->old_wakeup);
		KUNIT_EXPECT_FALSE(test, ttm_vram_backup_stop(vb, true));
		KUNIT_EXPECT_FALSE(test, ttm_vram_backup_stop(vb, false));
		KUNIT_EXPECT_FALSE(test, vb->woken);
		ttm_vram_backup_end(vb, 0);
	}
}

/* Adding one that is there changes nothing; what is on no list can be removed. */
static void vram_backup_lists(struct kunit *test)
{
	struct fake_dev *dev = test->priv;
	struct fake_obj *never = &dev->obj[FAKE_OBJS - 1];
	struct fake_obj *obj = fake_add(dev, TTM_VRAM_BACKUP_LATE, FAKE_BYTES);

	KUNIT_EXPECT_TRUE(test, fake_remove(never));
	fake_forget(never);
	ttm_vram_backup_add(&dev->base, &obj->base, TTM_VRAM_BACKUP_EARLY, 0);
	KUNIT_EXPECT_EQ(test, TTM_VRAM_BACKUP_LATE, obj->base.list);
	KUNIT_EXPECT_EQ(test, FAKE_BYTES, obj->base.size);
	KUNIT_EXPECT_TRUE(test, fake_remove(obj));
	KUNIT_EXPECT_TRUE(test, fake_remove(obj));
	fake_expect_cycle(test, dev);
	KUNIT_EXPECT_EQ(test, 0, dev->allocs);

	/* One on its way out is let go. */
	obj = fake_add(dev, TTM_VRAM_BACKUP_LATE, FAKE_BYTES);
	fake_add_many(dev, 3, FAKE_BYTES);
	obj->dying = true;
	KUNIT_EXPECT_EQ(test, 0, fake_suspend(dev));
	KUNIT_EXPECT_EQ(test, 3, dev->allocs);
	fake_forget(obj);
	KUNIT_EXPECT_EQ(test, 0, fake_resume(dev, BY_BLIT));
	fake_expect_whole(test, dev);
}

/* Between save and restore content is in the copy only. */
static void vram_backup_leaving(struct kunit *test)
{
	struct fake_dev *dev = test->priv;
	struct fake_obj *stays, *leaves, *back, *forgotten;

	for (enum ttm_vram_backup_list list = 0; list < TTM_VRAM_BACKUP_NUM_LISTS; list++) {
		stays = fake_add(dev, list, FAKE_BYTES);
		leaves = fake_add(dev, list, FAKE_BYTES);
		back = fake_add(dev, list, FAKE_BYTES);
		forgotten = fake_add(dev, list, FAKE_BYTES);
		KUNIT_EXPECT_EQ(test, 0, fake_suspend(dev));
		KUNIT_EXPECT_FALSE(test, fake_remove(leaves));
		KUNIT_EXPECT_FALSE(test, fake_remove(leaves));
		KUNIT_EXPECT_FALSE(test, fake_remove(back));
		ttm_vram_backup_add(&dev->base, &back->base, list, FAKE_BYTES);
		fake_forget(forgotten);
		KUNIT_EXPECT_NULL(test, forgotten->copy);
		KUNIT_EXPECT_EQ(test, 3 * FAKE_BYTES, dev->base.stats.ram);

		KUNIT_EXPECT_EQ(test, 0, fake_resume(dev, BY_BLIT));
		fake_expect_whole(test, dev);
		KUNIT_EXPECT_FALSE(test, list_empty(&stays->base.link));
		KUNIT_EXPECT_FALSE(test, list_empty(&back->base.link));
		KUNIT_EXPECT_TRUE(test, list_empty(&leaves->base.link));
		KUNIT_EXPECT_EQ(test, 0, dev->base.stats.ram);

		/* A suspend that is off does not need the copy, nor the object. */
		KUNIT_EXPECT_EQ(test, 0, ttm_vram_backup_begin(&dev->base,
							       TTM_VRAM_BACKUP_SUSPEND));
		KUNIT_EXPECT_EQ(test, 0, ttm_vram_backup_save(&dev->base, list));
		KUNIT_EXPECT_FALSE(test, fake_remove(stays));
		ttm_vram_backup_rollback(&dev->base, -EIO);
		KUNIT_EXPECT_TRUE(test, list_empty(&stays->base.link));
		KUNIT_EXPECT_EQ(test, 0, ttm_vram_backup_end(&dev->base, -EBUSY));
		fake_expect_whole(test, dev);
		fake_remove(back);
		leaves->used = false;
		stays->used = false;
	}
}

/* A failed object that is removed goes when it is restored, in a later session. */
static void vram_backup_leaving_failed(struct kunit *test)
{
	struct fake_dev *dev = test->priv;
	struct fake_obj *obj = fake_add(dev, TTM_VRAM_BACKUP_LATE, FAKE_BYTES);
	struct fake_obj *other = fake_add(dev, TTM_VRAM_BACKUP_LATE, FAKE_BYTES);

	dev->mode[OP_RESTORE_BLIT] = FAKE_REFUSED;
	dev->mode[OP_RESTORE_CPU] = FAKE_REFUSED;
	KUNIT_EXPECT_EQ(test, 0, fake_suspend(dev));
	KUNIT_EXPECT_EQ(test, -EIO, fake_resume(dev, BY_BLIT));
	KUNIT_EXPECT_FALSE(test, fake_remove(obj));
	fake_forget(other);
	KUNIT_EXPECT_EQ(test, 1, dev->releases);
	fake_all_well(dev);
	KUNIT_EXPECT_EQ(test, 0, fake_suspend(dev));
	KUNIT_EXPECT_EQ(test, 0, fake_resume(dev, BY_BLIT));
	KUNIT_EXPECT_TRUE(test, list_empty(&obj->base.link));
	fake_expect_whole(test, dev);
}

static void hook_come_and_go(struct fake_obj *obj, enum fake_op op)
{
	struct fake_dev *dev = obj->dev;

	if (op >= OP_RESTORE_BLIT) {
		fake_forget(dev->hook_obj);
		return;
	}
	fake_add(dev, obj->base.list, FAKE_BYTES);
	fake_remove(dev->hook_obj);
}

/*
 * Objects come and go in the middle of a walk, those that it has come by, those that it
 * has not, and the one that it is at. Those that come are saved by it.
 */
static void vram_backup_walk_changes(struct kunit *test)
{
	const int num = WINDOW + 4;
	const int step = IS_ENABLED(CONFIG_KASAN) ? 5 : 1;
	struct fake_dev *dev = test->priv;

	for (enum fake_op op = OP_PREPARE; op <= OP_RESTORE_CPU; op++) {
		bool early = op == OP_SAVE_CPU || op == OP_RESTORE_CPU;

		for (int i = 0; i < num; i += step) {
			for (int j = 0; j < FAKE_OBJS; j++)
				fake_forget(&dev->obj[j]);
			for (int j = 0; j < num; j++)
				fake_add(dev, early ? TTM_VRAM_BACKUP_EARLY :
					 TTM_VRAM_BACKUP_LATE, FAKE_BYTES);
			dev->hook = hook_come_and_go;
			dev->hook_obj = &dev->obj[i];
			dev->hook_op = op;
			dev->hook_after = num / 2;
			KUNIT_EXPECT_EQ(test, 0, fake_suspend(dev));
			fake_expect_states(test, dev, TTM_VRAM_BACKUP_SAVED);
			KUNIT_EXPECT_EQ(test, 0, fake_resume(dev, BY_BLIT));
			KUNIT_EXPECT_NULL(test, dev->hook);
			fake_expect_whole(test, dev);
			KUNIT_EXPECT_EQ(test, 0, dev->base.stats.ram);
		}
	}
}

static bool may_enter(struct ttm_vram_backup *vb)
{
	bool may = ttm_vram_backup_try_enter(vb);

	if (may)
		ttm_vram_backup_leave(vb);

	return may;
}

static void expect_idle_open(struct kunit *test, struct ttm_vram_backup *vb)
{
	KUNIT_EXPECT_FALSE(test, ttm_vram_backup_active(vb));
	KUNIT_EXPECT_TRUE(test, may_enter(vb));
}

/* A session keeps users out from its begin to its end, or does not begin. */
static void vram_backup_gate(struct kunit *test)
{
	struct fake_dev *dev = test->priv;
	struct ttm_vram_backup *vb = &dev->base;
	int err;

	expect_idle_open(test, vb);
	KUNIT_EXPECT_EQ(test, 0, ttm_vram_backup_end_open(vb, 0));
	expect_idle_open(test, vb);

	for (int i = 0; i < 2; i++) {
		KUNIT_EXPECT_EQ(test, 0, ttm_vram_backup_begin_closed(vb, TTM_VRAM_BACKUP_MANUAL));
		KUNIT_EXPECT_EQ(test, TTM_VRAM_BACKUP_PREPARE, vb->phase);
		KUNIT_EXPECT_FALSE(test, may_enter(vb));
		KUNIT_EXPECT_EQ(test, -EBUSY,
				ttm_vram_backup_begin_closed(vb, TTM_VRAM_BACKUP_MANUAL));
		KUNIT_EXPECT_FALSE(test, may_enter(vb));
		KUNIT_EXPECT_EQ(test, 0, ttm_vram_backup_end_open(vb, -EIO));
		KUNIT_EXPECT_EQ(test, -EIO, vb->stats.error);
		expect_idle_open(test, vb);
	}

	/* Somebody stays in for too long. */
	KUNIT_ASSERT_TRUE(test, ttm_vram_backup_try_enter(vb));
	allow_signal(SIGINT);
	send_sig(SIGINT, current, 1);
	KUNIT_EXPECT_EQ(test, -EINTR, ttm_vram_backup_begin_closed(vb, TTM_VRAM_BACKUP_MANUAL));
	flush_signals(current);
	disallow_signal(SIGINT);
	expect_idle_open(test, vb);
	ttm_vram_backup_leave(vb);

	fake_faults(vb, BIT_ULL(TTM_VRAM_BACKUP_POINT_GATE), 0, 1);
	err = ttm_vram_backup_begin_closed(vb, TTM_VRAM_BACKUP_MANUAL);
	KUNIT_EXPECT_EQ(test, fake_fired(vb) ? -EBUSY : 0, err);
	ttm_vram_backup_end_open(vb, 0);
	fake_all_well(dev);
	expect_idle_open(test, vb);

	ttm_vram_backup_retire(vb);
	KUNIT_EXPECT_EQ(test, -ENODEV, ttm_vram_backup_begin_closed(vb, TTM_VRAM_BACKUP_MANUAL));
	expect_idle_open(test, vb);
	KUNIT_EXPECT_EQ(test, 0, ttm_vram_backup_begin(vb, TTM_VRAM_BACKUP_RUNTIME));
	KUNIT_EXPECT_TRUE(test, may_enter(vb));
	ttm_vram_backup_end(vb, 0);
}

static int close_calls, open_calls, close_error;

static int driver_close(struct ttm_vram_backup *vb)
{
	close_calls++;

	return close_error ?: ttm_vram_backup_close(vb);
}

static void driver_open(struct ttm_vram_backup *vb)
{
	/* For whoever comes in there is no session any more. */
	if (!ttm_vram_backup_active(vb))
		open_calls++;
	ttm_vram_backup_open(vb);
}

/* What a driver does in addition is undone when it was done, and only then. */
static void vram_backup_gate_ops(struct kunit *test)
{
	struct fake_dev *dev = test->priv;
	struct ttm_vram_backup *vb = &dev->base;
	const struct ttm_vram_backup_ops *old = vb->ops;
	struct ttm_vram_backup_ops ops = *old;

	ops.close = driver_close;
	ops.open = driver_open;
	vb->ops = &ops;
	close_calls = 0;
	open_calls = 0;
	close_error = -ENOLINK;
	KUNIT_EXPECT_EQ(test, -ENOLINK,
			ttm_vram_backup_begin_closed(vb, TTM_VRAM_BACKUP_MANUAL));
	expect_idle_open(test, vb);
	KUNIT_EXPECT_EQ(test, 0, ttm_vram_backup_end_open(vb, 0));
	KUNIT_EXPECT_EQ(test, 1, close_calls);
	KUNIT_EXPECT_EQ(test, 0, open_calls);

	close_error = 0;
	KUNIT_EXPECT_EQ(test, 0, ttm_vram_backup_begin_closed(vb, TTM_VRAM_BACKUP_MANUAL));
	KUNIT_EXPECT_FALSE(test, may_enter(vb));
	KUNIT_EXPECT_EQ(test, -EBUSY, ttm_vram_backup_begin_closed(vb, TTM_VRAM_BACKUP_MANUAL));
	KUNIT_EXPECT_EQ(test, 0, ttm_vram_backup_end_open(vb, 0));
	KUNIT_EXPECT_EQ(test, 2, close_calls);
	KUNIT_EXPECT_EQ(test, 1, open_calls);
	expect_idle_open(test, vb);
	vb->ops = old;
}

static int enter_error, entered;

static struct fake_dev *vb_to_fake(struct ttm_vram_backup *vb)
{
	return container_of(vb, struct fake_dev, base);
}

static int manual_save(struct ttm_vram_backup *vb)
{
	return fake_suspend(vb_to_fake(vb));
}

static int manual_restore(struct ttm_vram_backup *vb)
{
	return entered == 1 ? fake_resume(vb_to_fake(vb), BY_BLIT) : -EPROTO;
}

static int manual_enter(struct ttm_vram_backup *vb)
{
	entered += !enter_error;

	return enter_error;
}

static void manual_leave(struct ttm_vram_backup *vb)
{
	entered--;
}

static const struct ttm_vram_backup_manual_ops manual_ops = {
	.enter = manual_enter,
	.leave = manual_leave,
	.save = manual_save,
	.restore = manual_restore,
};

static void expect_all_busy(struct kunit *test, struct ttm_vram_backup *vb)
{
	static const char * const words[] = { "cycle", "backup", "restore", "recover" };

	for (int i = 0; i < ARRAY_SIZE(words); i++)
		KUNIT_EXPECT_EQ_MSG(test, -EBUSY, ttm_vram_backup_trigger(vb, words[i]),
				    "%s", words[i]);
}

/* Whoever asks gets what there is, or is told why not, and nothing changes then. */
static void vram_backup_trigger(struct kunit *test)
{
	struct fake_dev *dev = test->priv;
	struct ttm_vram_backup *vb = &dev->base;

	vb->manual_ops = &manual_ops;
	fake_add_many(dev, 6, FAKE_BYTES);
	KUNIT_EXPECT_EQ(test, -EINVAL, ttm_vram_backup_trigger(vb, ""));
	KUNIT_EXPECT_EQ(test, -EINVAL, ttm_vram_backup_trigger(vb, "back"));
	KUNIT_EXPECT_EQ(test, -EINVAL, ttm_vram_backup_trigger(vb, "cycle cycle"));
	KUNIT_EXPECT_EQ(test, -ENODATA, ttm_vram_backup_trigger(vb, "restore"));
	KUNIT_EXPECT_EQ(test, 0, ttm_vram_backup_trigger(vb, "recover\n"));

	KUNIT_EXPECT_EQ(test, 0, ttm_vram_backup_trigger(vb, "cycle\n"));
	KUNIT_EXPECT_TRUE(test, vb->poison);
	fake_expect_whole(test, dev);

	KUNIT_EXPECT_EQ(test, 0, ttm_vram_backup_trigger(vb, "backup"));
	KUNIT_EXPECT_FALSE(test, vb->poison);
	KUNIT_EXPECT_TRUE(test, ttm_vram_backup_manual(vb));
	KUNIT_EXPECT_FALSE(test, ttm_vram_backup_for_system(vb));
	KUNIT_EXPECT_EQ(test, -EBUSY, ttm_vram_backup_trigger(vb, "backup"));
	KUNIT_EXPECT_EQ(test, -EBUSY, ttm_vram_backup_trigger(vb, "cycle"));
	fake_expect_states(test, dev, TTM_VRAM_BACKUP_SAVED);
	KUNIT_EXPECT_EQ(test, 0, ttm_vram_backup_trigger(vb, "restore"));
	KUNIT_EXPECT_FALSE(test, ttm_vram_backup_manual(vb));
	fake_expect_whole(test, dev);

	KUNIT_EXPECT_EQ(test, 0, ttm_vram_backup_trigger(vb, "backup"));
	enter_error = -ENODEV;
	KUNIT_EXPECT_EQ(test, -ENODEV, ttm_vram_backup_trigger(vb, "restore"));
	fake_expect_states(test, dev, TTM_VRAM_BACKUP_SAVED);
	enter_error = 0;
	KUNIT_EXPECT_EQ(test, 0, ttm_vram_backup_trigger(vb, "recover"));
	fake_expect_whole(test, dev);

	mutex_lock(&vb->trigger_lock);
	expect_all_busy(test, vb);
	mutex_unlock(&vb->trigger_lock);

	KUNIT_EXPECT_EQ(test, 0, ttm_vram_backup_begin(vb, TTM_VRAM_BACKUP_HIBERNATE));
	KUNIT_EXPECT_TRUE(test, ttm_vram_backup_for_system(vb));
	KUNIT_EXPECT_FALSE(test, ttm_vram_backup_manual(vb));
	expect_all_busy(test, vb);
	ttm_vram_backup_end(vb, 0);
	KUNIT_EXPECT_FALSE(test, ttm_vram_backup_for_system(vb));

	dev->mode[OP_RESTORE_BLIT] = FAKE_REFUSED;
	dev->mode[OP_RESTORE_CPU] = FAKE_REFUSED;
	KUNIT_EXPECT_EQ(test, -EIO, ttm_vram_backup_trigger(vb, "cycle"));
	KUNIT_EXPECT_EQ(test, -EIO, ttm_vram_backup_trigger(vb, "restore"));
	KUNIT_EXPECT_EQ(test, -EIO, ttm_vram_backup_trigger(vb, "recover"));
	dev->mode[OP_RESTORE_CPU] = FAKE_LATE;
	memset(dev->calls, 0, sizeof(dev->calls));
	KUNIT_EXPECT_EQ(test, 0, ttm_vram_backup_trigger(vb, "recover"));
	KUNIT_EXPECT_EQ(test, 0, dev->calls[OP_RESTORE_BLIT]);
	KUNIT_EXPECT_EQ(test, 0, entered);
	expect_idle_open(test, vb);
	fake_all_well(dev);
	fake_expect_whole(test, dev);
	fake_expect_cycle(test, dev);
}

static struct kunit_case vram_backup_cases[] = {
	KUNIT_CASE(vram_backup_phases),
	KUNIT_CASE(vram_backup_numbers),
	KUNIT_CASE(vram_backup_empty),
	KUNIT_CASE(vram_backup_blit_fails),
	KUNIT_CASE(vram_backup_engines),
	KUNIT_CASE(vram_backup_save_fails),
	KUNIT_CASE(vram_backup_restore_fails),
	KUNIT_CASE(vram_backup_no_restore),
	KUNIT_CASE(vram_backup_verify),
	KUNIT_CASE(vram_backup_written_late),
	KUNIT_CASE(vram_backup_rollback),
	KUNIT_CASE(vram_backup_rollback_suspended),
	KUNIT_CASE(vram_backup_end_idle),
	KUNIT_CASE(vram_backup_wakeup),
	KUNIT_CASE(vram_backup_lists),
	KUNIT_CASE(vram_backup_leaving),
	KUNIT_CASE(vram_backup_leaving_failed),
	KUNIT_CASE(vram_backup_walk_changes),
	KUNIT_CASE(vram_backup_gate),
	KUNIT_CASE(vram_backup_gate_ops),
	KUNIT_CASE(vram_backup_trigger),
	{}
};

static struct kunit_suite vram_backup_suite = {
	.name = "ttm_vram_backup",
	.init = vram_backup_init,
	.exit = vram_backup_exit,
	.test_cases = vram_backup_cases,
};

kunit_test_suites(&vram_backup_suite);

MODULE_DESCRIPTION("KUnit tests for TTM's VRAM backup");
MODULE_LICENSE("GPL");
