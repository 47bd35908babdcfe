// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "device.h"
#include "gtt.h"

#define GGTT_PRESENT	BIT(0)
#define GGTT_VRAM	BIT(1)
#define PPGTT_PRESENT	BIT(0)
#define PPGTT_LARGE	BIT(7)
#define PPGTT_NULL	BIT(9)
#define PPGTT_VRAM	BIT(11)
#define ADDRESS_MASK	0x7ffffff000ull
#define VA_BITS		48
#define LEVELS		4


static struct place physical(struct device *d, u64 address, u32 bytes, bool vram, bool write)
{
	if (vram)
		return (struct place){ vram_at(d, address, bytes), true };
	return (struct place){ guest_ram_at(d, address, bytes, write), false };
}

/* What null pages lead to: zeros, whatever was written before. */
static u8 *null_page(struct device *d, bool write)
{
	if (!write)
		memset(d->vram.null_page, 0, sizeof(d->vram.null_page));
	return d->vram.null_page;
}

static u64 load_entry(const u8 *p)
{
	return __atomic_load_n((const u64 *)p, __ATOMIC_RELAXED);
}

static struct place ggtt_place(struct device *d, u64 va, u32 bytes, bool write)
{
	u64 index = va / PAGE_BYTES, entry;

	if (index >= d->card->gsm_bytes / sizeof(u64))
		return (struct place){ 0 };
	entry = load_entry(d->regs.bar0 + d->card->gsm_offset + index * sizeof(u64));
	if (!(entry & GGTT_PRESENT))
		return (struct place){ 0 };
	return physical(d, (entry & ADDRESS_MASK) | (va & PAGE_MASK), bytes, entry & GGTT_VRAM, write);
}

static struct place ppgtt_place(struct device *d, u64 root, u64 va, u32 bytes, bool write)
{
	u64 table = root & ADDRESS_MASK;
	int level;

	/* The depth is fixed, so tables that point at each other end the walk too. */
	for (level = LEVELS - 1; level >= 0; level--) {
		u32 shift = 12 + 9 * (u32)level;
		u8 *p = vram_at(d, table + ((va >> shift) & 511) * sizeof(u64), sizeof(u64));
		u64 entry, offset;

		if (!p)
			return (struct place){ 0 };
		entry = load_entry(p);
		if (!(entry & PPGTT_PRESENT))
			return (struct place){ 0 };
		if (level == 0 || (level < 3 && (entry & PPGTT_LARGE))) {
			if (entry & PPGTT_NULL)
				return (struct place){ null_page(d, write) + (va & PAGE_MASK), false };
			offset = va & ((1ull << shift) - 1);
			entry &= ~((1ull << shift) - 1) | PPGTT_VRAM;
			return physical(d, (entry & ADDRESS_MASK & ~((1ull << shift) - 1)) | offset,
					bytes, entry & PPGTT_VRAM, write);
		}
		table = entry & ADDRESS_MASK;
	}
	return (struct place){ 0 };
}

struct place gtt_translate(struct device *d, struct space space, u64 va, u32 bytes, bool write)
{
	va &= (1ull << VA_BITS) - 1;
	if (space.ppgtt)
		return ppgtt_place(d, space.root, va, bytes, write);
	return ggtt_place(d, va, bytes, write);
}

static u32 page_rest(u64 va, u32 bytes)
{
	u32 rest = PAGE_BYTES - (u32)(va & PAGE_MASK);

	return rest < bytes ? rest : bytes;
}

bool gtt_read(struct device *d, struct space space, u64 va, void *data, u32 bytes)
{
	u8 *to = data;

	while (bytes) {
		u32 part = page_rest(va, bytes);
		struct place from = gtt_translate(d, space, va, part, false);

		if (!from.p)
			return false;
		memcpy(to, from.p, part);
		to += part;
		va += part;
		bytes -= part;
	}
	return true;
}

bool gtt_write(struct device *d, struct space space, u64 va, const void *data, u32 bytes)
{
	const u8 *from = data;

	while (bytes) {
		u32 part = page_rest(va, bytes);
		struct place to = gtt_translate(d, space, va, part, true);

		if (!to.p)
			return false;
		memcpy(to.p, from, part);
		from += part;
		va += part;
		bytes -= part;
	}
	return true;
}

u32 ggtt_read32(struct device *d, u64 va)
{
	struct place from = gtt_translate(d, GGTT_SPACE, va & ~3ull, 4, false);

	return from.p ? __atomic_load_n((u32 *)from.p, __ATOMIC_ACQUIRE) : 0;
}

bool ggtt_write32(struct device *d, u64 va, u32 value)
{
	struct place to = gtt_translate(d, GGTT_SPACE, va & ~3ull, 4, true);

	if (!to.p)
		return false;
	__atomic_store_n((u32 *)to.p, value, __ATOMIC_RELEASE);
	return true;
}
