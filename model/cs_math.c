// SPDX-License-Identifier: GPL-2.0
/* MI_MATH: a small accumulator machine on the engine's 64-bit registers. */
#include "device.h"

#define OP_NOOP		0x000
#define OP_LOAD		0x080
#define OP_LOAD0	0x081
#define OP_LOAD1	0x481
#define OP_LOADINV	0x480
#define OP_ADD		0x100
#define OP_SUB		0x101
#define OP_AND		0x102
#define OP_OR		0x103
#define OP_XOR		0x104
#define OP_SHL		0x105
#define OP_SHR		0x106
#define OP_SAR		0x107
#define OP_STORE	0x180
#define OP_STOREINV	0x580

#define OPERAND_A	0x20
#define OPERAND_B	0x21
#define OPERAND_OUT	0x31
#define OPERAND_ZERO	0x32
#define OPERAND_CARRY	0x33

static u64 read_operand(struct device *d, struct engine *e, u32 operand)
{
	u32 at = e->facts->base + 0x600 + operand * 8;

	if (operand < CS_GPRS)
		return make64(regs_peek(d, at), regs_peek(d, at + 4));
	switch (operand) {
	case OPERAND_A:
		return e->cs.alu_a;
	case OPERAND_B:
		return e->cs.alu_b;
	case OPERAND_OUT:
		return e->cs.alu_out;
	case OPERAND_ZERO:
		return e->cs.alu_zero ? ~0ull : 0;
	case OPERAND_CARRY:
		return e->cs.alu_carry ? ~0ull : 0;
	}
	unmodelled(d, ONCE_COMMAND, 0x0d000000u | operand, "operand of MI_MATH");
	return 0;
}

static void write_operand(struct device *d, struct engine *e, u32 operand, u64 value)
{
	if (operand < CS_GPRS)
		regs_poke64(d, e->facts->base + 0x600 + operand * 8, value);
	else if (operand == OPERAND_A)
		e->cs.alu_a = value;
	else if (operand == OPERAND_B)
		e->cs.alu_b = value;
	else
		unmodelled(d, ONCE_COMMAND, 0x0d000000u | operand, "operand of MI_MATH");
}

static bool compute(struct cs *cs, u32 op)
{
	u64 a = cs->alu_a, b = cs->alu_b, out, shift = b & 63;
	bool carry = false;

	switch (op) {
	case OP_ADD:
		out = a + b;
		carry = out < a;
		break;
	case OP_SUB:
		out = a - b;
		carry = a < b;
		break;
	case OP_AND:
		out = a & b;
		break;
	case OP_OR:
		out = a | b;
		break;
	case OP_XOR:
		out = a ^ b;
		break;
	case OP_SHL:
		out = a << shift;
		break;
	case OP_SHR:
		out = a >> shift;
		break;
	case OP_SAR:
		out = a >> shift;
		if (shift && a >> 63)
			out |= ~0ull << (64 - shift);
		break;
	default:
		return false;
	}
	cs->alu_out = out;
	cs->alu_carry = carry;
	cs->alu_zero = out == 0;
	return true;
}

enum cs_result cs_math(struct device *d, struct engine *e, const u32 *dw, u32 count)
{
	u32 i;

	for (i = 1; i < count; i++) {
		u32 op = dw[i] >> 20, first = (u32)FIELD(dw[i], 19, 10), second = dw[i] & 0x3ff;

		switch (op) {
		case OP_NOOP:
			break;
		case OP_LOAD:
			write_operand(d, e, first, read_operand(d, e, second));
			break;
		case OP_LOADINV:
			write_operand(d, e, first, ~read_operand(d, e, second));
			break;
		case OP_LOAD0:
			write_operand(d, e, first, 0);
			break;
		case OP_LOAD1:
			write_operand(d, e, first, ~0ull);
			break;
		case OP_STORE:
			write_operand(d, e, first, read_operand(d, e, second));
			break;
		case OP_STOREINV:
			write_operand(d, e, first, ~read_operand(d, e, second));
			break;
		default:
			if (!compute(&e->cs, op))
				unmodelled(d, ONCE_COMMAND, 0x0d000000u | op << 12, "operation of MI_MATH");
		}
	}
	return CS_NEXT;
}
