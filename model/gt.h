/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MODEL_GT_H
#define MODEL_GT_H

#include "types.h"

struct device;
struct reg;

/* Registers of the GT as a whole and of the package around it. */
void gt_write_reset(struct device *d, const struct reg *r, u32 offset, u32 value);
void gt_write_pcode(struct device *d, const struct reg *r, u32 offset, u32 value);
u32 gt_read_frequency(struct device *d, const struct reg *r, u32 offset);
u32 gt_read_forcewake_ack(struct device *d, const struct reg *r, u32 offset);
void gt_write_control(struct device *d, const struct reg *r, u32 offset, u32 value);

#endif
