/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MODEL_LRC_H
#define MODEL_LRC_H

#include "types.h"

struct device;
struct engine;

/**
 * lrc_load - make the context whose status page is at GGTT address @lrca the engine's
 *
 * Returns false, with a line in the log, where the image is not a usable one.
 */
bool lrc_load(struct device *d, struct engine *e, u32 lrca);

/** lrc_save - write the loaded context back to its image, in mid-batch too, and let go of it. */
void lrc_save(struct device *d, struct engine *e);

/** lrc_drop - let go of the loaded context without saving: what a reset does. */
void lrc_drop(struct device *d, struct engine *e);

/** lrc_tail - the ring's tail as the driver left it in the image. */
u32 lrc_tail(struct device *d, const struct engine *e);

/** lrc_timestamp - ticks the loaded context has run in all. */
u32 lrc_timestamp(const struct device *d, const struct engine *e);

#endif
