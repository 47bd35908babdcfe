/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MODEL_TYPES_H
#define MODEL_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;

#define BIT(n)		(1u << (n))
#define KiB		1024ull
#define MiB		(1024ull * KiB)
#define GiB		(1024ull * MiB)
#define PAGE_BYTES	4096u
#define PAGE_MASK	(PAGE_BYTES - 1)
#define ARRAY_LEN(a)	(sizeof(a) / sizeof((a)[0]))

/** FIELD - bits @hi..@lo of @v, shifted down. */
#define FIELD(v, hi, lo) (((v) >> (lo)) & ((1ull << ((hi) - (lo) + 1)) - 1))

static inline u64 make64(u32 lo, u32 hi)
{
	return lo | (u64)hi << 32;
}

/** masked_update - what a masked register holds after @write: its upper half names the bits that change. */
static inline u32 masked_update(u32 old, u32 write)
{
	u32 mask = write >> 16;

	return (old & ~mask) | (write & mask);
}

#endif
