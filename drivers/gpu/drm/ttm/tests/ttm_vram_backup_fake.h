/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A driver with pinned objects whose content, copies and way there a test can look at.
 */
#ifndef TTM_VRAM_BACKUP_FAKE_H
#define TTM_VRAM_BACKUP_FAKE_H

#include <linux/kref.h>
#include <linux/prandom.h>

#include <kunit/test.h>

#include <drm/ttm/ttm_vram_backup.h>

#include "ttm_vram_backup_kunit_helpers.h"

#define FAKE_BYTES	192
#define FAKE_OBJS	48

enum fake_op {
	OP_PREPARE,
	OP_SAVE_BLIT,
	OP_SAVE_CPU,
	OP_RESTORE_BLIT,
	OP_RESTORE_CPU,
	OP_CHECKSUM,
	NUM_OPS,
};

/* Outlives its release while a blit goes on. */
struct fake_copy {
	struct kref kref;
	u8 bytes[FAKE_BYTES];
};

struct fake_dev;

struct fake_obj {
	struct ttm_vram_backup_object base;
	struct fake_dev *dev;
	/* Its place in VRAM. */
	u8 *vram;
	struct fake_copy *copy;
	/* What it has to hold. */
	u64 seed;
	atomic_t refs;
	/* A call that says that it has the lock is under way. */
	bool locked;
	bool dying;
	bool used;
};

struct fake_dev {
	struct ttm_vram_backup base;
	struct kunit *test;
	struct fake_blitter blitter;
	u8 *vram;
	struct fake_obj obj[FAKE_OBJS];
	u64 next_seed;
	unsigned int allocs, releases, calls[NUM_OPS];
	/* How it goes, for one object or all. */
	enum fake_mode mode[NUM_OPS];
	struct fake_obj *only;
	/* Called once, at the begin of an operation after @hook_after others. */
	void (*hook)(struct fake_obj *obj, enum fake_op op);
	enum fake_op hook_op;
	unsigned int hook_after;
	struct fake_obj *hook_obj;
	/* Percent of operations that go wrong in some way, of a random walk. */
	unsigned int chance;
	struct rnd_state rnd;
};

extern const enum ttm_vram_backup_list fake_lists[TTM_VRAM_BACKUP_NUM_LISTS];

static inline struct fake_obj *to_fake(struct ttm_vram_backup_object *obj)
{
	return container_of(obj, struct fake_obj, base);
}

struct fake_dev *fake_dev_create(struct kunit *test);
void fake_dev_destroy(struct fake_dev *dev);
struct fake_obj *fake_add(struct fake_dev *dev, enum ttm_vram_backup_list list,
			  u64 size);
void fake_add_many(struct fake_dev *dev, unsigned int num, u64 size);
bool fake_remove(struct fake_obj *obj);
void fake_forget(struct fake_obj *obj);
bool fake_intact(struct fake_obj *obj);
bool fake_copy_intact(struct fake_obj *obj);
void fake_lose_power(struct fake_dev *dev);
int fake_suspend(struct fake_dev *dev);
int fake_resume(struct fake_dev *dev, enum ttm_vram_backup_engine engine);
int fake_restore_all(struct fake_dev *dev, enum ttm_vram_backup_engine engine);
void fake_expect_whole(struct kunit *test, struct fake_dev *dev);
void fake_expect_states(struct kunit *test, struct fake_dev *dev,
			enum ttm_vram_backup_state state);
void fake_expect_cycle(struct kunit *test, struct fake_dev *dev);
void fake_write_new(struct fake_obj *obj);
void fake_write_all(struct fake_dev *dev);
void fake_all_well(struct fake_dev *dev);

#endif
