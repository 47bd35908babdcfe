// SPDX-License-Identifier: MIT
#include "vram_pattern.h"

#define STEP 0x9e3779b97f4a7c15ull

uint64_t pattern_key(uint64_t seed, uint64_t number)
{
	uint64_t x = seed + (number + 1) * STEP;

	/* Numbers that differ in one bit must give keys that differ in about half of theirs. */
	x = (x ^ x >> 32) * 0xd6e8feb86659fd93ull;
	x = (x ^ x >> 32) * 0xd6e8feb86659fd93ull;
	return x ^ x >> 32;
}

uint64_t pattern_qword(uint64_t key, uint64_t at)
{
	return key + at / 8 * STEP;
}

uint32_t pattern_color(uint64_t key, uint64_t at)
{
	return pattern_key(key, at / PATTERN_BLOCK) >> 16;
}

void pattern_write(void *to, uint64_t key, uint64_t at, uint64_t bytes)
{
	uint64_t value = pattern_qword(key, at);
	uint64_t *p = to;

	for (uint64_t i = 0; i < bytes / 8; i++, value += STEP)
		p[i] = value;
}

static void add_diff(struct pattern_diff *diff, uint64_t at, uint64_t got, uint64_t want)
{
	if (!diff->bytes) {
		diff->first_at = at;
		diff->got = got;
		diff->want = want;
	}
	for (uint64_t wrong = got ^ want; wrong; wrong >>= 8)
		diff->bytes += (wrong & 0xff) != 0;
}

void pattern_compare(const void *data, uint64_t key, uint64_t at, uint64_t bytes, struct pattern_diff *diff)
{
	uint64_t want = pattern_qword(key, at);
	const uint64_t *p = data;

	for (uint64_t i = 0; i < bytes / 8; i++, want += STEP) {
		uint64_t got = p[i];

		if (got != want)
			add_diff(diff, at + i * 8, got, want);
	}
}

static void compare_block(const uint64_t *p, uint64_t want, uint64_t at, uint64_t bytes, struct pattern_diff *diff)
{
	for (uint64_t i = 0; i < bytes / 8; i++) {
		uint64_t got = p[i];

		if (got != want)
			add_diff(diff, at + i * 8, got, want);
	}
}

void pattern_compare_color(const void *data, uint64_t key, uint64_t at, uint64_t bytes, struct pattern_diff *diff)
{
	uint64_t done = 0;

	while (done < bytes) {
		uint64_t here = at + done;
		uint64_t len = PATTERN_BLOCK - here % PATTERN_BLOCK;
		uint32_t color = pattern_color(key, here);

		if (len > bytes - done)
			len = bytes - done;
		compare_block((const uint64_t *)((const char *)data + done), (uint64_t)color << 32 | color,
			      here, len, diff);
		done += len;
	}
}
