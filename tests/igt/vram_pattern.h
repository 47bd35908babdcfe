/* SPDX-License-Identifier: MIT */
/*
 * Contents that can be told again from a key and a position alone. Every qword differs from
 * its neighbours and from the same place in other objects, so that swapped, shifted or stale
 * data are seen, not only lost ones.
 */
#ifndef VRAM_PATTERN_H
#define VRAM_PATTERN_H

#include <stdint.h>

/* Colour patterns have one colour for each block of this size. */
#define PATTERN_BLOCK 65536u

struct pattern_diff {
	uint64_t bytes;
	uint64_t first_at;
	uint64_t got;
	uint64_t want;
};

uint64_t pattern_key(uint64_t seed, uint64_t number);
uint64_t pattern_qword(uint64_t key, uint64_t at);
uint32_t pattern_color(uint64_t key, uint64_t at);

void pattern_write(void *to, uint64_t key, uint64_t at, uint64_t bytes);

/* Compares bytes that stand at position "at" of their object, and adds what differs. */
void pattern_compare(const void *data, uint64_t key, uint64_t at, uint64_t bytes, struct pattern_diff *diff);
void pattern_compare_color(const void *data, uint64_t key, uint64_t at, uint64_t bytes, struct pattern_diff *diff);

#endif
