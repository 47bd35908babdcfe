// SPDX-License-Identifier: GPL-2.0
/* The MI commands: what each does, in the order of the table at the end. */
#include "device.h"

#define USE_GGTT	BIT(22)
#define REG_RELATIVE	BIT(19)

/* Post-sync operations of MI_FLUSH_DW. */
#define FLUSH_POST_SYNC(h)	FIELD(h, 15, 14)
#define POST_SYNC_WRITE		1
#define POST_SYNC_TIMESTAMP	3

typedef enum cs_result (*mi_fn)(struct device *d, struct engine *e, const u32 *dw, u32 count);

static u64 address_at(const u32 *dw)
{
	return make64(dw[0] & ~3u, dw[1]);
}

static bool store32(struct device *d, struct engine *e, bool ggtt, u64 va, u32 value)
{
	struct place to = gtt_translate(d, cs_space(&e->cs, ggtt), va & ~3ull, 4, true);

	if (!to.p)
		return false;
	__atomic_store_n((u32 *)to.p, value, __ATOMIC_RELEASE);
	return true;
}

static bool load32(struct device *d, struct engine *e, bool ggtt, u64 va, u32 *value)
{
	struct place from = gtt_translate(d, cs_space(&e->cs, ggtt), va & ~3ull, 4, false);

	if (!from.p)
		return false;
	*value = __atomic_load_n((u32 *)from.p, __ATOMIC_ACQUIRE);
	return true;
}

static enum cs_result mi_nothing(struct device *d, struct engine *e, const u32 *dw, u32 count)
{
	(void)d;
	(void)e;
	(void)dw;
	(void)count;
	return CS_NEXT;
}

static enum cs_result mi_user_interrupt(struct device *d, struct engine *e, const u32 *dw, u32 count)
{
	(void)dw;
	(void)count;
	engine_irq(d, e, IRQ_USER);
	return CS_NEXT;
}

static enum cs_result mi_arb_check(struct device *d, struct engine *e, const u32 *dw, u32 count)
{
	(void)d;
	(void)dw;
	(void)count;
	e->cs.at_arbitration = e->cs.arbitration;
	return CS_NEXT;
}

static enum cs_result mi_arb_on_off(struct device *d, struct engine *e, const u32 *dw, u32 count)
{
	(void)d;
	(void)count;
	e->cs.arbitration = dw[0] & 1;
	return CS_NEXT;
}

static enum cs_result end_batch(struct device *d, struct engine *e)
{
	struct cs *cs = &e->cs;

	if (!cs->depth) {
		log_error(d, "%s: end of batch in the ring at %#x", e->facts->name, cs->ring_head);
		return CS_FAULT;
	}
	cs->depth--;
	if (cs->depth) {
		cs->pc = cs->stack[cs->depth].address;
		cs->ppgtt = cs->stack[cs->depth].ppgtt;
	} else {
		/* It may come from an image that the guest wrote. */
		cs->ring_head = (u32)cs->stack[0].address % cs->ring_bytes & ~3u;
	}
	return CS_JUMPED;
}

static enum cs_result mi_batch_buffer_end(struct device *d, struct engine *e, const u32 *dw, u32 count)
{
	(void)dw;
	(void)count;
	return end_batch(d, e);
}

static enum cs_result mi_batch_buffer_start(struct device *d, struct engine *e, const u32 *dw, u32 count)
{
	struct cs *cs = &e->cs;
	bool second_level = dw[0] & BIT(22);
	/* A batch in a process's space cannot leave it, whatever it says. */
	bool ppgtt = dw[0] & BIT(8) || (cs->depth && cs->ppgtt);

	if (count < 3)
		return CS_FAULT;
	if (dw[0] & BIT(15) && cs->predicate)
		return CS_NEXT;
	if (dw[0] & BIT(16))
		unmodelled(d, ONCE_COMMAND, dw[0] & 0xff810000u, "batch start with an offset");

	if (!cs->depth) {
		cs->stack[0].address = (cs->ring_head + count * 4) % cs->ring_bytes;
		cs->depth = 1;
	} else if (second_level) {
		if (cs->depth == CS_STACK) {
			log_error(d, "%s: batches call each other too deeply", e->facts->name);
			return CS_FAULT;
		}
		cs->stack[cs->depth].address = cs->pc + count * 4;
		cs->stack[cs->depth].ppgtt = cs->ppgtt;
		cs->depth++;
	}
	cs->pc = address_at(dw + 1);
	cs->ppgtt = ppgtt;
	return CS_JUMPED;
}

/* Comparisons of a semaphore, memory on the left. */
static bool compare_semaphore(u32 memory, u32 data, u32 how)
{
	switch (how) {
	case 0:
		return memory > data;
	case 1:
		return memory >= data;
	case 2:
		return memory < data;
	case 3:
		return memory <= data;
	case 4:
		return memory == data;
	default:
		return memory != data;
	}
}

static enum cs_result mi_cond_batch_buffer_end(struct device *d, struct engine *e, const u32 *dw,
					       u32 count)
{
	u32 value;

	if (count < 4)
		return CS_FAULT;
	if (!load32(d, e, dw[0] & USE_GGTT, address_at(dw + 2), &value))
		return cs_translation_fault(d, e, address_at(dw + 2), false);
	/* The condition is what lets the batch go on. */
	if (compare_semaphore(value, dw[1], (u32)FIELD(dw[0], 14, 12)))
		return CS_NEXT;
	return end_batch(d, e);
}

static enum cs_result mi_semaphore_wait(struct device *d, struct engine *e, const u32 *dw, u32 count)
{
	bool poll_register = dw[0] & BIT(16);
	u32 value;

	if (count < 4)
		return CS_FAULT;
	if (poll_register)
		value = regs_read(d, cs_register(e, dw[2], false));
	else if (!load32(d, e, dw[0] & USE_GGTT, address_at(dw + 2), &value))
		return cs_translation_fault(d, e, address_at(dw + 2), false);
	if (compare_semaphore(value, dw[1], (u32)FIELD(dw[0], 14, 12)))
		return CS_NEXT;
	e->cs.at_arbitration = e->cs.arbitration;
	return CS_WAIT;
}

static enum cs_result mi_store_data_imm(struct device *d, struct engine *e, const u32 *dw, u32 count)
{
	u64 va = address_at(dw + 1);

	if (count < 4)
		return CS_FAULT;
	if (count == 4) {
		if (!store32(d, e, dw[0] & USE_GGTT, va, dw[3]))
			return cs_translation_fault(d, e, va, true);
	} else if (!gtt_write(d, cs_space(&e->cs, dw[0] & USE_GGTT), va, dw + 3, (count - 3) * 4)) {
		return cs_translation_fault(d, e, va, true);
	}
	return CS_NEXT;
}

static void write_register(struct device *d, u32 offset, u32 value)
{
	if (regs_host_only(d, offset))
		unmodelled(d, ONCE_COMMAND, offset, "a command writes a register of the host");
	else
		regs_write(d, offset, value);
}

static enum cs_result mi_load_register_imm(struct device *d, struct engine *e, const u32 *dw, u32 count)
{
	u32 i;

	for (i = 1; i + 1 < count; i += 2)
		write_register(d, cs_register(e, dw[i], dw[0] & REG_RELATIVE), dw[i + 1]);
	return CS_NEXT;
}

static enum cs_result mi_store_register_mem(struct device *d, struct engine *e, const u32 *dw, u32 count)
{
	u32 value;

	if (count < 4)
		return CS_FAULT;
	if (dw[0] & BIT(21) && e->cs.predicate)
		return CS_NEXT;
	value = regs_read(d, cs_register(e, dw[1], dw[0] & REG_RELATIVE));
	if (!store32(d, e, dw[0] & USE_GGTT, address_at(dw + 2), value))
		return cs_translation_fault(d, e, address_at(dw + 2), true);
	return CS_NEXT;
}

static enum cs_result mi_load_register_mem(struct device *d, struct engine *e, const u32 *dw, u32 count)
{
	u32 value;

	if (count < 4)
		return CS_FAULT;
	if (!load32(d, e, dw[0] & USE_GGTT, address_at(dw + 2), &value))
		return cs_translation_fault(d, e, address_at(dw + 2), false);
	write_register(d, cs_register(e, dw[1], dw[0] & REG_RELATIVE), value);
	return CS_NEXT;
}

static enum cs_result mi_load_register_reg(struct device *d, struct engine *e, const u32 *dw, u32 count)
{
	if (count < 3)
		return CS_FAULT;
	write_register(d, cs_register(e, dw[2], dw[0] & REG_RELATIVE),
		       regs_read(d, cs_register(e, dw[1], dw[0] & BIT(18))));
	return CS_NEXT;
}

static enum cs_result mi_copy_mem_mem(struct device *d, struct engine *e, const u32 *dw, u32 count)
{
	u32 value;

	if (count < 5)
		return CS_FAULT;
	if (!load32(d, e, dw[0] & USE_GGTT, address_at(dw + 3), &value))
		return cs_translation_fault(d, e, address_at(dw + 3), false);
	if (!store32(d, e, dw[0] & BIT(21), address_at(dw + 1), value))
		return cs_translation_fault(d, e, address_at(dw + 1), true);
	return CS_NEXT;
}

static enum cs_result mi_flush_dw(struct device *d, struct engine *e, const u32 *dw, u32 count)
{
	u32 data[2] = { count > 3 ? dw[3] : 0, count > 4 ? dw[4] : 0 };
	bool ggtt, quad = count > 4;
	u64 va;

	if (count < 3)
		return CS_FAULT;
	va = make64(dw[1] & ~7u, dw[2]);
	ggtt = dw[1] & BIT(2);
	if (dw[0] & BIT(21)) {		/* the address is a place in the status page */
		va = e->cs.lrca + (dw[1] & 0xff8);
		ggtt = true;
	}

	switch (FLUSH_POST_SYNC(dw[0])) {
	case 0:
		break;
	case POST_SYNC_TIMESTAMP:
		data[0] = (u32)device_ticks(d);
		data[1] = (u32)(device_ticks(d) >> 32);
		quad = true;
		/* fall through */
	case POST_SYNC_WRITE:
		if (quad && !store32(d, e, ggtt, va + 4, data[1]))
			return cs_translation_fault(d, e, va, true);
		if (!store32(d, e, ggtt, va, data[0]))
			return cs_translation_fault(d, e, va, true);
		break;
	default:
		unmodelled(d, ONCE_COMMAND, dw[0] & 0xff80c000u, "flush with another post-sync operation");
	}
	if (dw[0] & BIT(8))
		engine_irq(d, e, IRQ_FLUSH);
	return CS_NEXT;
}

/* MI_ATOMIC on one dword, with its operand inline or in the registers. */
static enum cs_result mi_atomic(struct device *d, struct engine *e, const u32 *dw, u32 count)
{
	u32 op = (u32)FIELD(dw[0], 15, 8), operand, gpr = e->facts->base + 0x600;
	struct place at;
	u32 *word, old;

	if (count < 3)
		return CS_FAULT;
	at = gtt_translate(d, cs_space(&e->cs, dw[0] & USE_GGTT), address_at(dw + 1), 4, true);
	if (!at.p)
		return cs_translation_fault(d, e, address_at(dw + 1), true);
	word = (u32 *)at.p;
	operand = dw[0] & BIT(18) && count > 3 ? dw[3] : regs_peek(d, gpr);

	switch (op) {
	case 0x01:
		old = __atomic_fetch_and(word, operand, __ATOMIC_SEQ_CST);
		break;
	case 0x02:
		old = __atomic_fetch_or(word, operand, __ATOMIC_SEQ_CST);
		break;
	case 0x03:
		old = __atomic_fetch_xor(word, operand, __ATOMIC_SEQ_CST);
		break;
	case 0x04:
		old = __atomic_exchange_n(word, operand, __ATOMIC_SEQ_CST);
		break;
	case 0x05:
		old = __atomic_fetch_add(word, 1, __ATOMIC_SEQ_CST);
		break;
	case 0x06:
		old = __atomic_fetch_sub(word, 1, __ATOMIC_SEQ_CST);
		break;
	case 0x07:
		old = __atomic_fetch_add(word, operand, __ATOMIC_SEQ_CST);
		break;
	case 0x08:
		old = __atomic_fetch_sub(word, operand, __ATOMIC_SEQ_CST);
		break;
	default:
		unmodelled(d, ONCE_COMMAND, (dw[0] & 0xff800000u) | op << 8, "atomic operation");
		return CS_NEXT;
	}
	if (dw[0] & BIT(16))
		regs_poke(d, gpr, old);
	return CS_NEXT;
}

static enum cs_result mi_set_predicate(struct device *d, struct engine *e, const u32 *dw, u32 count)
{
	u32 result = regs_peek(d, e->facts->base + 0x3b8) & 1;

	(void)count;
	switch (dw[0] & 0xf) {
	case 0:
		e->cs.predicate = false;
		break;
	case 1:
		e->cs.predicate = result == 0;
		break;
	case 2:
		e->cs.predicate = result != 0;
		break;
	case 0xf:
		e->cs.predicate = true;
		break;
	default:
		unmodelled(d, ONCE_COMMAND, dw[0], "predicate");
	}
	return CS_NEXT;
}

#define ONE 0		/* no length field */
const struct mi_command mi_commands[64] = {
	[0x00] = { "MI_NOOP",			ONE,	mi_nothing },
	[0x01] = { "MI_SET_PREDICATE",		ONE,	mi_set_predicate },
	[0x02] = { "MI_USER_INTERRUPT",		ONE,	mi_user_interrupt },
	[0x03] = { "MI_WAIT_FOR_EVENT",		ONE,	mi_nothing },
	[0x04] = { "MI_FLUSH",			ONE,	mi_nothing },
	[0x05] = { "MI_ARB_CHECK",		ONE,	mi_arb_check },
	[0x07] = { "MI_REPORT_HEAD",		ONE,	mi_nothing },
	[0x08] = { "MI_ARB_ON_OFF",		ONE,	mi_arb_on_off },
	[0x0a] = { "MI_BATCH_BUFFER_END",	ONE,	mi_batch_buffer_end },
	[0x0d] = { "MI_TOPOLOGY_FILTER",	ONE,	mi_nothing },
	[0x1a] = { "MI_MATH",			0xff,	cs_math },
	[0x1b] = { "MI_SEMAPHORE_SIGNAL",	0xff,	mi_nothing },
	[0x1c] = { "MI_SEMAPHORE_WAIT",		0xff,	mi_semaphore_wait },
	[0x20] = { "MI_STORE_DATA_IMM",		0x3ff,	mi_store_data_imm },
	[0x22] = { "MI_LOAD_REGISTER_IMM",	0xff,	mi_load_register_imm },
	[0x24] = { "MI_STORE_REGISTER_MEM",	0xff,	mi_store_register_mem },
	[0x26] = { "MI_FLUSH_DW",		0x3f,	mi_flush_dw },
	[0x29] = { "MI_LOAD_REGISTER_MEM",	0xff,	mi_load_register_mem },
	[0x2a] = { "MI_LOAD_REGISTER_REG",	0xff,	mi_load_register_reg },
	[0x2e] = { "MI_COPY_MEM_MEM",		0xff,	mi_copy_mem_mem },
	[0x2f] = { "MI_ATOMIC",			0xff,	mi_atomic },
	[0x31] = { "MI_BATCH_BUFFER_START",	0xff,	mi_batch_buffer_start },
	[0x36] = { "MI_COND_BATCH_BUFFER_END",	0xff,	mi_cond_batch_buffer_end },
};
