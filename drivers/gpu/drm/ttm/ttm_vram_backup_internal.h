/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef _TTM_VRAM_BACKUP_INTERNAL_H_
#define _TTM_VRAM_BACKUP_INTERNAL_H_

#include <linux/types.h>

#include <drm/ttm/ttm_vram_backup.h>

struct file_operations;

void ttm_vram_backup_set_phase(struct ttm_vram_backup *vb,
			       enum ttm_vram_backup_phase phase);
const char *ttm_vram_backup_level(struct ttm_vram_backup *vb, int error);
void ttm_vram_backup_account_ram(struct ttm_vram_backup *vb, s64 bytes);
void ttm_vram_backup_account_copy(struct ttm_vram_backup *vb,
				  enum ttm_vram_backup_engine engine, u64 bytes);
int ttm_vram_backup_gate_init(struct ttm_vram_backup_gate *gate);
int ttm_vram_backup_store_write(struct ttm_vram_backup *vb, const char *text);
int ttm_vram_backup_trigger(struct ttm_vram_backup *vb, const char *word);

extern const struct file_operations ttm_vram_backup_trigger_fops;

#ifdef CONFIG_FAULT_INJECTION
void ttm_vram_backup_fault_init(struct ttm_vram_backup *vb);
#else
static inline void ttm_vram_backup_fault_init(struct ttm_vram_backup *vb)
{
}
#endif

#endif
