// SPDX-License-Identifier: GPL-2.0
/* What the messages of the host ask for. */
#include "device.h"

#define TYPE_REQUEST		0	/* wants a response */
#define TYPE_FAST_REQUEST	2	/* wants one only if it failed */
#define TYPE_EVENT		1

#define EVENT_TLB_DONE		0x7001

#define SLPC_RESET		0
#define SLPC_STATE		4	/* in the shared data */
#define SLPC_STATE_RUNNING	3
#define SLPC_FREQUENCIES	132
#define ERROR_UNSUPPORTED	0x302

struct request {
	struct device *d;
	const u32 *dw;
	u32 count;
	u32 data0;		/* of the response */
};

/* Arguments beyond the message read 0. */
static u32 arg(const struct request *r, u32 n)
{
	return n < r->count ? r->dw[n] : 0;
}

static bool register_context(struct request *r)
{
	return guc_context_register(r->d, arg(r, 2), arg(r, 3), arg(r, 10), false);
}

static bool register_parallel(struct request *r)
{
	return guc_context_register(r->d, arg(r, 2), arg(r, 3), arg(r, 11), true);
}

static bool deregister_context(struct request *r)
{
	guc_context_deregister(r->d, arg(r, 1));
	return true;
}

static bool set_mode(struct request *r)
{
	guc_context_set_enabled(r->d, arg(r, 1), arg(r, 2));
	return true;
}

static bool schedule(struct request *r)
{
	guc_context_schedule(r->d, arg(r, 1));
	return true;
}

static bool policies(struct request *r)
{
	if (r->count > 2)
		guc_context_policies(r->d, r->dw[1], r->dw + 2, r->count - 2);
	return true;
}

static bool invalidate_tlb(struct request *r)
{
	u32 seqno = arg(r, 1);

	if (seqno)
		guc_ct_event(r->d, EVENT_TLB_DONE, &seqno, 1);
	return true;
}

/* Frequencies stand still; the driver only wants to see that power management runs. */
static bool slpc(struct request *r)
{
	u32 rp = regs_peek(r->d, 0x145998), rp0 = rp & 0xff, rpn = rp >> 16 & 0xff;
	u64 shared = arg(r, 2);

	if ((arg(r, 1) >> 8 & 0xff) != SLPC_RESET)
		return true;
	ggtt_write32(r->d, shared + SLPC_STATE, SLPC_STATE_RUNNING);
	ggtt_write32(r->d, shared + SLPC_FREQUENCIES, rpn << 24 | rp0 << 16 | rpn << 8 | rp0);
	return true;
}

/* The response tells how many of the keys were understood: all. */
static bool scheduling_keys(struct request *r)
{
	u32 i;

	for (i = 1; i < r->count; i += 1 + (r->dw[i] & 0xffff))
		r->data0++;
	return true;
}

static bool nothing(struct request *r)
{
	(void)r;
	return true;
}

static const struct {
	u32 action;
	bool (*run)(struct request *r);
	const char *what;
} actions[] = {
	{ 0x0030, nothing,		"log buffer was read" },
	{ 0x0040, nothing,		"log level" },
	{ 0x0506, nothing,		"global scheduling policies" },
	{ 0x0509, scheduling_keys,	"global scheduling policies, as keys" },
	{ 0x1000, schedule,		"context has work" },
	{ 0x1001, set_mode,		"context on or off" },
	{ 0x1005, nothing,		"context priority" },
	{ 0x1006, nothing,		"context time slice" },
	{ 0x1007, nothing,		"context preemption time-out" },
	{ 0x100b, policies,		"context policies, as keys" },
	{ 0x3003, slpc,			"frequency control" },
	{ 0x3004, nothing,		"who controls RC6" },
	{ 0x4502, register_context,	"register a context" },
	{ 0x4503, deregister_context,	"deregister a context" },
	{ 0x4601, register_parallel,	"register a group of contexts" },
	{ 0x550a, nothing,		"where to tell how busy engines are: stays 0" },
	{ 0x550c, nothing,		"where to tell the device's activity: stays 0" },
	{ 0x550d, nothing,		"where to tell a function's activity: stays 0" },
	{ 0x550e, nothing,		"features the driver opts in to" },
	{ 0x7000, invalidate_tlb,	"invalidate TLBs" },
	{ 0x7002, invalidate_tlb,	"invalidate all TLBs" },
};

void guc_request(struct device *d, u32 fence, const u32 *dw, u32 count)
{
	struct request r = { .d = d, .dw = dw, .count = count };
	u32 type = (u32)FIELD(dw[0], 30, 28), action = dw[0] & 0xffff, i;
	bool good = false;

	log_debug(d, "GuC: %04x type %u, %u dwords: %08x %08x %08x", action, type, count, arg(&r, 1),
		  arg(&r, 2), arg(&r, 3));
	for (i = 0; i < ARRAY_LEN(actions); i++)
		if (actions[i].action == action)
			break;
	if (i < ARRAY_LEN(actions))
		good = actions[i].run(&r);
	else
		unmodelled(d, ONCE_GUC_ACTION, action, "message");

	if (!good && type != TYPE_EVENT)
		guc_ct_fail(d, fence, ERROR_UNSUPPORTED);
	else if (type == TYPE_REQUEST)
		guc_ct_respond(d, fence, r.data0);
}
