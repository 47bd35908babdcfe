/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _XE_VRAM_BACKUP_KUNIT_H_
#define _XE_VRAM_BACKUP_KUNIT_H_

extern struct kunit_suite xe_vram_backup_test_suite;

#endif
