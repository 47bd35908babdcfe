// SPDX-License-Identifier: GPL-2.0
#include "guc_host.h"

u32 mailbox(struct device *d, u32 dw0, u32 dw1, u32 dw2, u32 dw3)
{
	regs_write(d, 0x190240, dw0);
	regs_write(d, 0x190244, dw1);
	regs_write(d, 0x190248, dw2);
	regs_write(d, 0x19024c, dw3);
	regs_write(d, NOTIFY, 1);
	return regs_read(d, 0x190240);
}

static void set(struct device *d, u32 key, u64 value, u32 words)
{
	assert_int_equal(mailbox(d, 0x0508, key << 16 | words, (u32)value, (u32)(value >> 32)),
			 G2H_SUCCESS | 1);
}

void buffers_on(struct device *d)
{
	set(d, 0x902, H2G_RING, 2);
	set(d, 0x903, H2G_DESC, 2);
	set(d, 0x904, CT_DWORDS * 4, 1);
	set(d, 0x905, G2H_RING, 2);
	set(d, 0x906, G2H_DESC, 2);
	set(d, 0x907, CT_DWORDS * 4, 1);
	assert_int_equal(mailbox(d, 0x4509, 1, 0, 0), G2H_SUCCESS);
	regs_write(d, 0x190038, ~0u);
}

void h2g_put(struct device *d, u32 fence, const u32 *dw, u32 count)
{
	u32 *desc = vram32(d, H2G_DESC), *ring = vram32(d, H2G_RING), tail = desc[1], i;

	ring[tail] = fence << 16 | count;
	for (i = 0; i < count; i++)
		ring[(tail + 1 + i) % CT_DWORDS] = dw[i];
	desc[1] = (tail + 1 + count) % CT_DWORDS;
}

void h2g(struct device *d, u32 fence, const u32 *dw, u32 count)
{
	h2g_put(d, fence, dw, count);
	regs_write(d, NOTIFY, 1);
}

bool g2h(struct device *d, struct g2h *m)
{
	u32 *desc = vram32(d, G2H_DESC), *ring = vram32(d, G2H_RING), head = desc[0], i;

	if (head == desc[1])
		return false;
	m->fence = ring[head] >> 16;
	m->count = ring[head] & 0xff;
	assert_true(m->count <= ARRAY_LEN(m->dw));
	for (i = 0; i < m->count; i++)
		m->dw[i] = ring[(head + 1 + i) % CT_DWORDS];
	desc[0] = (head + 1 + m->count) % CT_DWORDS;
	return true;
}
