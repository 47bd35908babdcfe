/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MODEL_TESTS_CARD_H
#define MODEL_TESTS_CARD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../device.h"

/*
 * A card as tests find it: 256 MiB of VRAM, 16 MiB of guest RAM, no threads.
 *
 *   GGTT  0          .. 16 MiB: VRAM at the same address
 *         GGTT_RAM   .. 16 MiB: guest RAM
 *   PPGTT 0          .. 1 GiB:  VRAM at the same address, by one large leaf
 *         PPGTT_RAM  .. 16 MiB: guest RAM, by 2 MiB leaves
 *         PPGTT_4K   .. 2 MiB:  one table of 4 KiB leaves, empty
 */
#define TEST_VRAM	(256 * MiB)
#define RAM_BYTES	(16 * MiB)
#define RAM_AT		0x40000000ull
#define GGTT_RAM	0x10000000u
#define PPGTT_RAM	0x100000000ull
#define PPGTT_4K	0x140000000ull
#define PPGTT_ROOT	0xf00000ull
#define TABLE_4K	(PPGTT_ROOT + 4 * PAGE_BYTES)

/* Page table bits. */
#define PTE_PRESENT	1ull
#define PTE_LARGE	(1ull << 7)
#define PTE_NULL	(1ull << 9)
#define PTE_VRAM	(1ull << 11)
#define GGTT_IS_VRAM	2ull

enum { RCS, BCS, VCS, VECS };

#define RCS_BASE	0x2000u
#define BCS_BASE	0x22000u

extern u8 *ram;		/* guest RAM, as the guest sees it */
extern u8 *guest_vram;	/* VRAM likewise; NULL: the card's own mapping does */

/* For cmocka: *state is the struct device. */
int card_setup(void **state);
int card_teardown(void **state);
#define CASE(f) cmocka_unit_test_setup_teardown(f, card_setup, card_teardown)

/** card_new - the same for @card, which need not be a known one; NULL: dg1. */
struct device *card_new(u64 vram_bytes, const struct card *card);
void card_free(struct device *d);

/** card_prepare - give a card that was made elsewhere its RAM and tables. */
void card_prepare(struct device *d);

/** cpu_ns - time this thread has worked: unlike the clock it does not depend on others. */
u64 cpu_ns(void);

/** open_fds - how many descriptors the process has. */
int open_fds(void);

u64 *ggtt_entry(struct device *d, u32 va);
void ppgtt_set(struct device *d, u64 table, u32 index, u64 entry);
u8 *vram(struct device *d, u64 address);
u32 *vram32(struct device *d, u64 address);

/** slices - let the engines run until they sleep, or @limit slices. Returns how many there were. */
u32 slices(struct device *d, u32 limit);

/** settle - the same until they sleep for good, and fail the test if they do not within 2 s. */
void settle(struct device *d);

/* A context with a ring of 16 KiB and an image as drivers make it. */
struct context {
	u32 lrca, ring, tail;
};

#define RING_BYTES	0x4000u
#define IMAGE(c, dword)	((c)->lrca + PAGE_BYTES + 4 * (dword))

void context_init(struct device *d, struct context *c, u32 slot, u32 engine);
void context_emit(struct device *d, struct context *c, const u32 *dw, u32 count);
u32 image_word(struct device *d, const struct context *c, u32 dword);

#define WORDS(...)	(u32[]){ __VA_ARGS__ }, sizeof((u32[]){ __VA_ARGS__ }) / sizeof(u32)
#define EMIT(d, c, ...)	context_emit(d, c, WORDS(__VA_ARGS__))

/** batch - write commands into VRAM, as a batch there. */
void batch(struct device *d, u64 address, const u32 *dw, u32 count);
#define BATCH(d, address, ...) batch(d, address, WORDS(__VA_ARGS__))

/* Submission through the ports. */
#define STATUS_PAGE(engine)	(0x80000u + (engine) * PAGE_BYTES)
#define PORT(c, id)		((u64)(id) << 37 | (c)->lrca | 1)

void ports(struct device *d, u32 engine, u64 first, u64 second);
void csb(struct device *d, u32 engine, u32 slot, u32 *to, u32 *away);
u32 csb_write(struct device *d, u32 engine);

/** run_ring - one context alone on one engine, until it is done or stopped. */
void run_ring(struct device *d, u32 engine, struct context *c);

/* Commands. */
#define MI(op, length)	((u32)(op) << 23 | (length))
#define NOOP		0u
#define BATCH_END	MI(0x0a, 0)
#define BATCH_START	(MI(0x31, 1) | 1u << 8)	/* in the PPGTT */
#define BATCH_CALL	(BATCH_START | 1u << 22)
#define STORE		MI(0x20, 2)		/* MI_STORE_DATA_IMM in the PPGTT */
#define STORE_GGTT	(STORE | 1u << 22)
#define LOAD_REG(n)	MI(0x22, 2 * (n) - 1)
#define STORE_REG	MI(0x24, 2)
#define SEMAPHORE_EQUAL	(MI(0x1c, 2) | 4u << 12 | 1u << 22)	/* of the GGTT */
#define ARB_CHECK	MI(0x05, 0)
#define ARB_OFF		MI(0x08, 0)
#define ARB_ON		MI(0x08, 1)
#define GPR(base, n)	((base) + 0x600u + 8u * (n))

#endif
