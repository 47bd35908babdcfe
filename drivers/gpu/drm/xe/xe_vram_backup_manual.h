/* SPDX-License-Identifier: MIT */
#ifndef _XE_VRAM_BACKUP_MANUAL_H_
#define _XE_VRAM_BACKUP_MANUAL_H_

struct dentry;
struct xe_device;

void xe_vram_backup_debugfs_register(struct xe_device *xe, struct dentry *root);
int xe_vram_backup_sysfs_init(struct xe_device *xe);

#endif
