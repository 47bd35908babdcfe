/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A blitter for tests, which does nothing before somebody waits for it.
 */
#ifndef TTM_VRAM_BACKUP_KUNIT_HELPERS_H
#define TTM_VRAM_BACKUP_KUNIT_HELPERS_H

#include <linux/dma-fence.h>
#include <linux/types.h>

#include <kunit/test.h>

#include <drm/ttm/ttm_vram_backup.h>

struct workqueue_struct;

/**
 * enum fake_mode - How a copy goes
 * @FAKE_LATE: Well. A blit is done when it is waited for.
 * @FAKE_NO_FENCE: Well, and at once.
 * @FAKE_SIGNALED: Well, and the fence has signaled already.
 * @FAKE_FENCE_ERROR: The fence signals an error, and nothing was copied.
 * @FAKE_REFUSED: It is not begun.
 * @FAKE_WRONG: It is wrong, and nobody says so.
 * @FAKE_NUM_MODES: Their number.
 */
enum fake_mode {
	FAKE_LATE,
	FAKE_NO_FENCE,
	FAKE_SIGNALED,
	FAKE_FENCE_ERROR,
	FAKE_REFUSED,
	FAKE_WRONG,
	FAKE_NUM_MODES,
};

/**
 * struct fake_blitter - The device that copies
 * @wq: Where it does so.
 * @begun: Blits begun.
 * @done: Blits that came to an end.
 * @most: The most that were under way together.
 */
struct fake_blitter {
	struct workqueue_struct *wq;
	atomic_t begun, done;
	int most;
};

/**
 * struct fake_job - What there is to copy
 * @copy: Do it. @wrong says that it is to be done badly.
 * @free: Let go of what it needs, in whatever context.
 */
struct fake_job {
	void (*copy)(struct fake_job *job, bool wrong);
	void (*free)(struct fake_job *job);
};

int fake_blitter_init(struct fake_blitter *blitter);
void fake_blitter_fini(struct fake_blitter *blitter);
int fake_blit(struct fake_blitter *blitter, struct fake_job *job,
	      enum fake_mode mode, struct dma_fence **fence);
int fake_cpu_copy(struct fake_job *job, enum fake_mode mode);
struct dma_fence *fake_fence(void);

u8 fake_byte(u64 seed, size_t at);
void fake_fill(u8 *to, size_t size, u64 seed);
bool fake_is(const u8 *bytes, size_t size, u64 seed);

/* No more points than the session has, its driver's not counted. */
typedef u64 fake_points;

void fake_faults(struct ttm_vram_backup *vb, fake_points points, int after,
		 int times);
unsigned int fake_fired(struct ttm_vram_backup *vb);

#endif
