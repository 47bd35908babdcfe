/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A driver with objects in VRAM that can move, and whose content a test can look at.
 */
#ifndef TTM_VRAM_BACKUP_EVICT_FAKE_H
#define TTM_VRAM_BACKUP_EVICT_FAKE_H

#include <linux/mm.h>

#include <drm/ttm/ttm_device.h>
#include <drm/ttm/ttm_resource.h>
#include <drm/ttm/ttm_vram_backup.h>

#include "ttm_kunit_helpers.h"
#include "ttm_vram_backup_kunit_helpers.h"

#define EVICT_BO_PAGES	2
#define EVICT_BO_BYTES	(EVICT_BO_PAGES * PAGE_SIZE)
#define EVICT_BOS	48

struct evict_dev;

struct evict_bo {
	struct ttm_buffer_object base;
	struct evict_dev *dev;
	/* Its content while it is in VRAM. NULL if nobody looks at it. */
	u8 *vram;
	u64 seed;
	enum fake_mode blit, cpu;
	int unbind_error;
	/* Its content is not worth a copy. */
	bool drop;
	/* The CPU cannot look at it while it is in VRAM. */
	bool out_of_reach;
	/* Somebody wants it in VRAM again, at once. */
	bool comes_back;
	bool gone;
	unsigned int blits, cpu_copies;
};

struct evict_dev {
	struct ttm_device base;
	struct ttm_vram_backup vb;
	struct ttm_test_devices *devs;
	struct ttm_device_funcs funcs;
	struct ttm_resource_manager *vram;
	struct fake_blitter blitter;
	struct kunit *test;
	struct evict_bo *bo[EVICT_BOS];
	unsigned int num;
	u32 tt_flags;
};

bool evict_bo_in_vram(struct evict_bo *bo);
void evict_bo_set_pinned(struct evict_bo *bo, bool pinned);
struct evict_bo *evict_bo_create(struct evict_dev *dev, u32 mem_type, u64 size,
				 struct dma_resv *resv);
void evict_bos_create(struct evict_dev *dev, unsigned int num);
bool evict_bo_holds(struct evict_bo *bo);
int evict_dev_begin(struct evict_dev *dev);
int evict_dev_evict(struct evict_dev *dev);
void evict_expect_left(struct kunit *test, struct evict_dev *dev);
void evict_expect_content(struct kunit *test, struct evict_dev *dev);
void evict_back_to_vram(struct kunit *test, struct evict_dev *dev);
struct evict_dev *evict_dev_create(struct kunit *test);
void evict_dev_destroy(struct evict_dev *dev);

#endif
