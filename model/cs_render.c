// SPDX-License-Identifier: GPL-2.0
/* The render group: PIPE_CONTROL does what it says, state is passed over, work is not modelled. */
#include "device.h"

#define HEADER_PIPE_CONTROL	0x7a00
#define HEADER_PRIMITIVE	0x7b00
#define HEADER_WALKER		0x7105
#define HEADER_COMPUTE_WALKER	0x7208

#define PC_POST_SYNC(f)		FIELD(f, 15, 14)
#define PC_IN_STATUS_PAGE	BIT(21)
#define PC_GGTT			BIT(24)
#define PC_NOTIFY		BIT(8)

static enum cs_result pipe_control(struct device *d, struct engine *e, const u32 *dw, u32 count)
{
	u32 flags, post_sync;
	u32 data[2];
	bool ggtt;
	u64 va;

	if (count < 6)
		return CS_FAULT;
	flags = dw[1];
	post_sync = (u32)PC_POST_SYNC(flags);
	va = make64(dw[2] & ~3u, dw[3]);
	ggtt = flags & PC_GGTT;
	if (flags & PC_IN_STATUS_PAGE) {
		va = e->cs.lrca + (dw[2] & 0xffc);
		ggtt = true;
	}

	if (post_sync) {
		data[0] = dw[4];
		data[1] = dw[5];
		if (post_sync == 2) {		/* depth count: nothing is drawn here */
			data[0] = 0;
			data[1] = 0;
		} else if (post_sync == 3) {
			data[0] = (u32)device_ticks(d);
			data[1] = (u32)(device_ticks(d) >> 32);
		}
		if (!gtt_write(d, cs_space(&e->cs, ggtt), va, data, sizeof(data)))
			return cs_translation_fault(d, e, va, true);
	}
	if (flags & PC_NOTIFY)
		engine_irq(d, e, IRQ_FLUSH);
	return CS_NEXT;
}

enum cs_result cs_render(struct device *d, struct engine *e, const u32 *dw, u32 count)
{
	u32 header = dw[0] >> 16;

	switch (header) {
	case HEADER_PIPE_CONTROL:
		return pipe_control(d, e, dw, count);
	case HEADER_PRIMITIVE:
	case HEADER_WALKER:
	case HEADER_COMPUTE_WALKER:
		unmodelled(d, ONCE_COMMAND, dw[0], "draws and dispatches are not executed");
		return CS_NEXT;
	}
	return CS_NEXT;
}
