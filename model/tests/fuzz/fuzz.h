/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MODEL_TESTS_FUZZ_H
#define MODEL_TESTS_FUZZ_H

#include <stdlib.h>

#include "../../device.h"

/* What a fuzz target is made of; the first function is libFuzzer's. */
int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

/** fuzz_seeds - call @emit with each input that makes sense. */
void fuzz_seeds(void (*emit)(const u8 *data, size_t size));

/* Bytes of an input, taken from the front; past the end they read 0. */
struct input {
	const u8 *at, *end;
};

u8 take8(struct input *in);
u16 take16(struct input *in);
u32 take32(struct input *in);
u64 take64(struct input *in);

/* The same for making seeds. */
struct output {
	u8 bytes[4096];
	size_t used;
};

void put8(struct output *out, u8 value);
void put16(struct output *out, u16 value);
void put32(struct output *out, u32 value);
void put64(struct output *out, u64 value);

/** fuzz_card - the one card of the process, as it was after @prepare, whatever the last input did. */
struct device *fuzz_card(bool keep_files, void (*prepare)(struct device *d));

/** fuzz_check - what must hold between any two steps; ends the process where it does not. */
void fuzz_check(const struct device *d);

#define REQUIRE(condition) do { if (!(condition)) abort(); } while (0)

#endif
